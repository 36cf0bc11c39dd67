//! Every setting: its name, default and meaning, once. A setting comes from its flag, else from `STOA_` and its name in the
//! environment, else from `stoa.toml`, else from its default; all are checked once, at start.

mod kinds;
mod log;
mod policy;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tracing_subscriber::EnvFilter;
use url::Url;

use self::kinds::Setting;
pub use self::kinds::{Audience, Nets, Switch};
use crate::domain::policy::{Policy, Rates};
use crate::domain::signup::SignUp;

/// Where settings are read from beside flags and environment, if it is there.
const FILE: &str = "stoa.toml";

/// The settings that are about the machine and who runs it, and nobody's business else.
const OF_MACHINE: [&str; 12] = [
    "listen",
    "database",
    "base_url",
    "cache_mb",
    "long_pages_mb",
    "connections",
    "requests_at_once",
    "limits",
    "trusted_proxies",
    "log",
    "pages",
    "contact",
];

/// Declares the settings: [`Settings`] as given by flag, environment or file, each optional, and [`Config`] with the defaults filled in.
macro_rules! settings {
    ($( #[doc = $doc:literal] $name:ident ($env:literal): $type:ty = $default:expr; )*) => {
        /// Settings as somebody gave them; what is absent has its default.
        #[derive(Debug, Clone, Default, clap::Args, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Settings {
            $(
                #[doc = $doc]
                #[arg(long, env = $env, global = true, help_heading = "Settings")]
                pub $name: Option<$type>,
            )*
        }

        /// Every setting, checked.
        #[derive(Debug, Clone)]
        pub struct Config {
            $( #[doc = $doc] pub $name: $type, )*
        }

        impl Settings {
            fn or(self, other: Settings) -> Settings {
                Settings { $( $name: self.$name.or(other.$name), )* }
            }

            fn with_defaults(self) -> Config {
                Config { $( $name: self.$name.unwrap_or_else(|| $default), )* }
            }
        }

        impl Config {
            /// The effective settings as a `stoa.toml` with each one's meaning.
            pub fn to_toml(&self) -> String {
                let mut text = String::new();
                $(
                    text.push_str("#");
                    text.push_str($doc);
                    text.push('\n');
                    text.push_str(concat!(stringify!($name), " = "));
                    text.push_str(&Setting::to_toml(&self.$name));
                    text.push_str("\n\n");
                )*
                text.truncate(text.trim_end().len());
                text.push('\n');
                text
            }

            /// The settings that a community lives by, each with its value as `stoa.toml` has it; not those of the machine.
            pub fn of_community(&self) -> Vec<(&'static str, String)> {
                let all = [ $( (stringify!($name), Setting::to_toml(&self.$name)), )* ];
                all.into_iter().filter(|(name, _)| !OF_MACHINE.contains(name)).collect()
            }
        }
    };
}

settings! {
    #[doc = " The address and port to answer on."]
    listen ("STOA_LISTEN"): SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8000));
    #[doc = " The file that everything is kept in."]
    database ("STOA_DATABASE"): PathBuf = PathBuf::from("stoa.db");
    #[doc = " The address that people reach the site under, as https://forum.example.org; empty: http:// and the listening address."]
    base_url ("STOA_BASE_URL"): String = String::new();
    #[doc = " How many megabytes of pages, texts and threads are kept in memory."]
    cache_mb ("STOA_CACHE_MB"): u32 = 48;
    #[doc = " How many megabytes of long pages may be under way to their readers at once, those kept among them; past that they are told to come back."]
    long_pages_mb ("STOA_LONG_PAGES_MB"): u32 = 64;
    #[doc = " How many connections may be open at once; the next wait until one is closed."]
    connections ("STOA_CONNECTIONS"): u32 = 800;
    #[doc = " How many requests may be answered at once, beside those answered from memory; the next are told to come back."]
    requests_at_once ("STOA_REQUESTS_AT_ONCE"): u32 = 256;
    #[doc = " Rate limits, on or off; off is for load tests and throw-away sites."]
    limits ("STOA_LIMITS"): Switch = Switch::On;
    #[doc = " Address ranges of proxies whose X-Forwarded-For header is believed, separated by commas."]
    trusted_proxies ("STOA_TRUSTED_PROXIES"): Nets = Nets::default();
    #[doc = " What is logged: off, error, warn, info, debug, trace, or levels of targets, such as info,stoa=debug."]
    log ("STOA_LOG"): String = "info".to_owned();
    #[doc = " The name of the site."]
    site_name ("STOA_SITE_NAME"): String = "Stoa".to_owned();
    #[doc = " A short name, as in “Ask XY: ...”; empty: the site's name."]
    short_name ("STOA_SHORT_NAME"): String = String::new();
    #[doc = " A line that says what the site is for."]
    tagline ("STOA_TAGLINE"): String = "A forum for one community".to_owned();
    #[doc = " A folder with guidelines.md, privacy.md and contact.md that take the place of the built-in pages; empty: none."]
    pages ("STOA_PAGES"): PathBuf = PathBuf::new();
    #[doc = " How the contact page says the operator is reached, in Markdown."]
    contact ("STOA_CONTACT"): String = String::new();
    #[doc = " Who may make an account: open (everybody), invitation (whom a member invites), request (whom a moderator approves) or closed (only the operator makes them)."]
    sign_up ("STOA_SIGN_UP"): SignUp = SignUp::Open;
    #[doc = " How many of a member's invitations may be open at once; 0: only moderators invite."]
    invitations ("STOA_INVITATIONS"): u32 = 5;
    #[doc = " The same for moderators."]
    invitations_moderator ("STOA_INVITATIONS_MODERATOR"): u32 = 50;
    #[doc = " For how many days an invitation is good."]
    invitation_days ("STOA_INVITATION_DAYS"): u32 = 14;
    #[doc = " Who may read the log of moderation: public (everybody), members or moderators."]
    moderation_log ("STOA_MODERATION_LOG"): Audience = Audience::Public;
    #[doc = " Whether the log names moderators to others than moderators."]
    moderation_names ("STOA_MODERATION_NAMES"): Switch = Switch::On;
    #[doc = " Whether invited people wait for a moderator's approval too, where sign_up is request."]
    invited_need_approval ("STOA_INVITED_NEED_APPROVAL"): Switch = Switch::Off;
    #[doc = " What somebody is asked who requests an account."]
    request_question ("STOA_REQUEST_QUESTION"): String = "Why would you like to join?".to_owned();
    #[doc = " How many requests for an account may wait at once."]
    requests_waiting ("STOA_REQUESTS_WAITING"): u32 = 200;
    #[doc = " Karma from which a member may vote comments down."]
    karma_downvote ("STOA_KARMA_DOWNVOTE"): i64 = Policy::default().karma_downvote;
    #[doc = " Karma from which a member may flag."]
    karma_flag ("STOA_KARMA_FLAG"): i64 = Policy::default().karma_flag;
    #[doc = " Karma from which a member may vouch for what is dead."]
    karma_vouch ("STOA_KARMA_VOUCH"): i64 = Policy::default().karma_vouch;
    #[doc = " How many flags kill a story or a comment; 0: none do."]
    flags_to_kill ("STOA_FLAGS_TO_KILL"): i64 = Policy::default().flags_to_kill;
    #[doc = " The points from which flags no longer kill."]
    flags_kill_below ("STOA_FLAGS_KILL_BELOW"): i64 = Policy::default().flags_kill_below;
    #[doc = " How many members who vouch bring back what is dead; 0: only moderators do."]
    vouches_to_restore ("STOA_VOUCHES_TO_RESTORE"): i64 = Policy::default().vouches_to_restore;
    #[doc = " Karma from which rules about address ranges leave a member alone."]
    karma_past_ranges ("STOA_KARMA_PAST_RANGES"): i64 = Policy::default().karma_past_ranges;
    #[doc = " Karma from which a member's vote counts though the author, or another who voted on the same, came from the same address."]
    karma_past_address ("STOA_KARMA_PAST_ADDRESS"): i64 = Policy::default().karma_past_address;
    #[doc = " For how many hours the votes of a new account do not count unless it has more than the first karma; 0: they count at once."]
    young_account_hours ("STOA_YOUNG_ACCOUNT_HOURS"): u32 = 0;
    #[doc = " How many of a member's last votes, at most 100, are looked at for whether nearly all went to one author, so that one more to that author does not count; 0: none."]
    ring_votes ("STOA_RING_VOTES"): u32 = 20;
    #[doc = " How long a vote can be undone, in minutes."]
    undo_minutes ("STOA_UNDO_MINUTES"): u32 = 60;
    #[doc = " How long an author may edit, in minutes."]
    edit_minutes ("STOA_EDIT_MINUTES"): u32 = 120;
    #[doc = " The age in days at which a thread takes no more comments; 0: never."]
    thread_closes_after_days ("STOA_THREAD_CLOSES_AFTER_DAYS"): u32 = 0;
    #[doc = " Whether replies deep in a thread wait a little, the deeper the longer."]
    reply_delay ("STOA_REPLY_DELAY"): Switch = Switch::On;
    #[doc = " For how many hours the same address is taken as a vote for the story that is there already."]
    duplicate_hours ("STOA_DUPLICATE_HOURS"): u32 = 8;
    #[doc = " The same in days for a story with at least duplicate_points points."]
    duplicate_days ("STOA_DUPLICATE_DAYS"): u32 = 365;
    #[doc = " The points from which duplicate_days counts."]
    duplicate_points ("STOA_DUPLICATE_POINTS"): i64 = Policy::default().duplicate_points;
    #[doc = " For how many days an account is marked as new."]
    new_account_days ("STOA_NEW_ACCOUNT_DAYS"): u32 = 14;
    #[doc = " Whether everybody sees the points of comments, or only their author."]
    show_comment_points ("STOA_SHOW_COMMENT_POINTS"): Switch = Switch::Off;
    #[doc = " How many stories an account may submit in an hour."]
    stories_per_hour ("STOA_STORIES_PER_HOUR"): u32 = Rates::default().stories_per_hour;
    #[doc = " How many comments an account may post in an hour."]
    comments_per_hour ("STOA_COMMENTS_PER_HOUR"): u32 = Rates::default().comments_per_hour;
    #[doc = " How many edits of posts and of the profile an account may make in an hour."]
    edits_per_hour ("STOA_EDITS_PER_HOUR"): u32 = Rates::default().edits_per_hour;
    #[doc = " How many votes an account may cast in an hour."]
    votes_per_hour ("STOA_VOTES_PER_HOUR"): u32 = Rates::default().votes_per_hour;
    #[doc = " How many flags and vouches an account may cast in an hour."]
    flags_per_hour ("STOA_FLAGS_PER_HOUR"): u32 = Rates::default().flags_per_hour;
    #[doc = " How many page titles an account may have fetched in an hour."]
    fetches_per_hour ("STOA_FETCHES_PER_HOUR"): u32 = Rates::default().fetches_per_hour;
    #[doc = " How many invitations an account may make in an hour."]
    invitations_per_hour ("STOA_INVITATIONS_PER_HOUR"): u32 = Rates::default().invitations_per_hour;
    #[doc = " Karma from which the brakes on new accounts leave an account alone that is younger than new_account_days."]
    karma_past_brakes ("STOA_KARMA_PAST_BRAKES"): i64 = Policy::default().karma_past_brakes;
    #[doc = " How many stories a new account may submit in an hour; 0: none."]
    stories_per_hour_new ("STOA_STORIES_PER_HOUR_NEW"): u32 = Rates::default().stories_per_hour_new;
    #[doc = " How many comments a new account may post in an hour; 0: none."]
    comments_per_hour_new ("STOA_COMMENTS_PER_HOUR_NEW"): u32 = Rates::default().comments_per_hour_new;
    #[doc = " How many votes a new account may cast in an hour; 0: none."]
    votes_per_hour_new ("STOA_VOTES_PER_HOUR_NEW"): u32 = Rates::default().votes_per_hour_new;
    #[doc = " How many links a new account may post in texts in an hour; 0: none."]
    links_per_hour_new ("STOA_LINKS_PER_HOUR_NEW"): u32 = Rates::default().links_per_hour_new;
    #[doc = " How many stories and comments somebody may post in slowed_hours whom a moderator slowed down."]
    posts_slowed ("STOA_POSTS_SLOWED"): u32 = Rates::default().posts_slowed;
    #[doc = " The hours of posts_slowed."]
    slowed_hours ("STOA_SLOWED_HOURS"): u32 = 4;
    #[doc = " How many stories may come from one address (IPv6: one /64) in an hour; new accounts and others are counted apart."]
    stories_per_hour_address ("STOA_STORIES_PER_HOUR_ADDRESS"): u32 = Rates::default().stories_per_hour_address;
    #[doc = " The same for comments."]
    comments_per_hour_address ("STOA_COMMENTS_PER_HOUR_ADDRESS"): u32 = Rates::default().comments_per_hour_address;
    #[doc = " The same for votes."]
    votes_per_hour_address ("STOA_VOTES_PER_HOUR_ADDRESS"): u32 = Rates::default().votes_per_hour_address;
    #[doc = " The same for flags and vouches."]
    flags_per_hour_address ("STOA_FLAGS_PER_HOUR_ADDRESS"): u32 = Rates::default().flags_per_hour_address;
    #[doc = " How many stories and comments the new accounts of one network (IPv4: a /24, IPv6: a /48) may post in an hour."]
    posts_per_hour_network ("STOA_POSTS_PER_HOUR_NETWORK"): u32 = Rates::default().posts_per_hour_network;
    #[doc = " How many stories and comments all new accounts together may post in an hour."]
    posts_per_hour_site ("STOA_POSTS_PER_HOUR_SITE"): u32 = Rates::default().posts_per_hour_site;
    #[doc = " How many accounts may be made from one address (IPv6: one /64) in an hour."]
    sign_ups_per_hour ("STOA_SIGN_UPS_PER_HOUR"): u32 = Rates::default().sign_ups_per_hour;
    #[doc = " The same for one network (IPv4: a /24, IPv6: a /48)."]
    sign_ups_per_hour_network ("STOA_SIGN_UPS_PER_HOUR_NETWORK"): u32 = Rates::default().sign_ups_per_hour_network;
    #[doc = " The same for the whole site."]
    sign_ups_per_hour_site ("STOA_SIGN_UPS_PER_HOUR_SITE"): u32 = Rates::default().sign_ups_per_hour_site;
    #[doc = " How often somebody may try to log in to an account, and to log in or sign up from an address, in an hour."]
    log_ins_per_hour ("STOA_LOG_INS_PER_HOUR"): u32 = 30;
    #[doc = " How many requests an address may make in a minute, beside those answered from memory."]
    requests_per_minute ("STOA_REQUESTS_PER_MINUTE"): u32 = 600;
}

/// Why the settings cannot be used. The sentence names the setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0} is wrong: {1}")]
    File(PathBuf, String),
    #[error("base_url is “{0}”: it should be an address such as https://forum.example.org, without a path")]
    BaseUrl(String),
    #[error("log is “{0}”: {1}")]
    Log(String, String),
    #[error("site_name is empty: give the site a name")]
    SiteName,
    #[error("pages is {0}, and there is no such folder")]
    Pages(PathBuf),
}

impl Config {
    /// The effective settings: those given, then those in `stoa.toml` of the working directory, then the defaults.
    pub fn load(given: Settings) -> Result<Config, ConfigError> {
        Config::load_with_file(given, Path::new(FILE))
    }

    pub fn load_with_file(given: Settings, file: &Path) -> Result<Config, ConfigError> {
        let from_file = match std::fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text)
                .map_err(|e| ConfigError::File(file.to_owned(), e.to_string().trim_end().to_owned()))?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Settings::default(),
            Err(e) => return Err(ConfigError::Read(file.to_owned(), e)),
        };
        let mut config = given.or(from_file).with_defaults();
        if config.base_url.is_empty() {
            config.base_url = format!("http://{}", config.listen);
        }
        config.base_url = base_url(&config.base_url)?;
        config.log_filter()?;
        if config.site_name.trim().is_empty() {
            return Err(ConfigError::SiteName);
        }
        if config.short_name.is_empty() {
            config.short_name.clone_from(&config.site_name);
        }
        if !config.pages.as_os_str().is_empty() && !config.pages.is_dir() {
            return Err(ConfigError::Pages(config.pages));
        }
        Ok(config)
    }

    /// What is logged.
    ///
    /// # Errors
    /// Where `log` is no filter, which was refused at start.
    pub fn log_filter(&self) -> Result<EnvFilter, ConfigError> {
        log::filter(&self.log).map_err(|wrong| ConfigError::Log(self.log.clone(), wrong))
    }

    /// Whether people reach the site over TLS, so that cookies and headers may say so.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}

/// An origin without a slash at its end: `https://forum.example.org`.
fn base_url(typed: &str) -> Result<String, ConfigError> {
    let wrong = || ConfigError::BaseUrl(typed.to_owned());
    let url = Url::parse(typed).map_err(|_| wrong())?;
    let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}
