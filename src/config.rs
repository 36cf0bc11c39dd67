//! Every setting: its name, default and meaning, once. A setting comes from its flag, else from `STOA_` and its name in the
//! environment, else from `stoa.toml`, else from its default; all are checked once, at start.

mod kinds;
mod log;
mod policy;
mod source;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;

pub use self::kinds::{Audience, Listen, Nets, Switch, within};
use self::kinds::{Setting, base_url, comment, file_name, folder, site_name};
pub use self::source::ConfigError;
use self::source::{Given, Source};
use crate::domain::policy::{Policy, Rates};
use crate::domain::signup::SignUp;

/// Where settings are read from beside flags and environment, if it is there.
pub const FILE: &str = "stoa.toml";

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

/// The most of what is counted; memory in megabytes; days, hours and minutes: a hundred years.
const MOST: u32 = 1_000_000_000;
const MOST_MB: u32 = 1_000_000;
const MOST_DAYS: u32 = 36_500;
const MOST_HOURS: u32 = MOST_DAYS * 24;
const MOST_MINUTES: u32 = MOST_HOURS * 60;

/// Declares the settings: [`Flags`] as typed, [`Settings`] as given by flag, environment or file, each optional, and [`Config`] with the
/// defaults filled in. A name after `@` heads the settings that follow. What stands after a default reads a value where its type does not.
macro_rules! settings {
    (@parse $type:ty) => { <$type as Setting>::parse };
    (@parse $type:ty, $parse:expr) => { $parse };
    ($( $(@ $heading:literal)? #[doc = $doc:literal] $name:ident ($env:literal): $type:ty = $default:expr $(, $parse:expr)?; )*) => {
        /// The flags of settings as they were typed.
        #[derive(Debug, Clone, Default, clap::Args)]
        pub struct Flags {
            $( #[doc = $doc] #[arg(long, global = true, hide = true, allow_negative_numbers = true)] $name: Option<String>, )*
        }

        /// Settings as somebody gave them; what is absent has its default.
        #[derive(Debug, Clone, Default)]
        pub struct Settings {
            $( #[doc = $doc] pub $name: Option<$type>, )*
        }

        /// Every setting, checked.
        #[derive(Debug, Clone)]
        pub struct Config {
            $( #[doc = $doc] pub $name: $type, )*
        }

        impl Flags {
            fn given(self) -> Given {
                let all = [ $( (stringify!($name), self.$name), )* ];
                all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
            }
        }

        impl Settings {
            /// Each setting and its name in the environment.
            const NAMES: &[(&str, &str)] = &[ $( (stringify!($name), $env), )* ];

            fn read(source: &Source, given: &Given) -> Result<Settings, ConfigError> {
                Ok(Settings { $(
                    $name: source.read(given, stringify!($name), settings!(@parse $type $(, $parse)?))?,
                )* })
            }

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
                let mut text = comment(&format!(
                    "The settings in force, as a {FILE}. Each may also be given as a flag (--site-name) or a variable \
                     (STOA_SITE_NAME); a flag goes before a variable, and a variable before the file."
                ));
                $(
                    $( text.push_str(concat!("\n\n#\n# ", $heading, "\n#\n")); )?
                    text.push('\n');
                    text.push_str(&comment($doc.trim_start()));
                    text.push_str(concat!(stringify!($name), " = "));
                    text.push_str(&Setting::to_toml(&self.$name));
                    text.push('\n');
                )*
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
    @ "The server"
    #[doc = " The address, or the name of one, and the port to answer on."]
    listen ("STOA_LISTEN"): Listen = Listen::default();
    #[doc = " The file that everything is kept in."]
    database ("STOA_DATABASE"): PathBuf = PathBuf::from("stoa.db"), file_name;
    #[doc = " The address that people reach the site under, as https://forum.example.org; empty: http:// and the listening address."]
    base_url ("STOA_BASE_URL"): String = String::new(), base_url;
    #[doc = " How many megabytes of pages, texts and threads are kept in memory."]
    cache_mb ("STOA_CACHE_MB"): u32 = 48, within(0..=MOST_MB);
    #[doc = " How many megabytes of long pages may be under way to their readers at once, those kept among them; past that they are told to come back."]
    long_pages_mb ("STOA_LONG_PAGES_MB"): u32 = 64, within(0..=MOST_MB);
    #[doc = " How many connections may be open at once; the next wait until one is closed."]
    connections ("STOA_CONNECTIONS"): u32 = 800, within(1..=1_000_000);
    #[doc = " How many requests may be answered at once, beside those answered from memory; the next are told to come back."]
    requests_at_once ("STOA_REQUESTS_AT_ONCE"): u32 = 256, within(1..=1_000_000);
    #[doc = " Rate limits, on or off; off is for load tests and throw-away sites."]
    limits ("STOA_LIMITS"): Switch = Switch::On;
    #[doc = " Address ranges of proxies whose X-Forwarded-For header is believed, separated by commas."]
    trusted_proxies ("STOA_TRUSTED_PROXIES"): Nets = Nets::default();
    #[doc = " What is logged: off, error, warn, info, debug, trace, or levels of targets, such as info,stoa=debug."]
    log ("STOA_LOG"): String = "info".to_owned(), log::checked;
    @ "The site"
    #[doc = " The name of the site."]
    site_name ("STOA_SITE_NAME"): String = "Stoa".to_owned(), site_name;
    #[doc = " A short name, as in “Ask XY: ...”; empty: the site's name."]
    short_name ("STOA_SHORT_NAME"): String = String::new();
    #[doc = " A line that says what the site is for."]
    tagline ("STOA_TAGLINE"): String = "A forum for one community".to_owned();
    #[doc = " A folder with guidelines.md, privacy.md and contact.md that take the place of the built-in pages; empty: none."]
    pages ("STOA_PAGES"): PathBuf = PathBuf::new(), folder;
    #[doc = " How the contact page says the operator is reached, in Markdown."]
    contact ("STOA_CONTACT"): String = String::new();
    @ "Who may join"
    #[doc = " Who may make an account: open (everybody), invitation (whom a member invites), request (whom a moderator approves) or closed (only the operator makes them)."]
    sign_up ("STOA_SIGN_UP"): SignUp = SignUp::Open;
    #[doc = " How many of a member's invitations may be open at once; 0: only moderators invite."]
    invitations ("STOA_INVITATIONS"): u32 = 5;
    #[doc = " The same for moderators."]
    invitations_moderator ("STOA_INVITATIONS_MODERATOR"): u32 = 50;
    #[doc = " For how many days an invitation is good."]
    invitation_days ("STOA_INVITATION_DAYS"): u32 = 14, within(1..=MOST_DAYS);
    #[doc = " Whether invited people wait for a moderator's approval too, where sign_up is request."]
    invited_need_approval ("STOA_INVITED_NEED_APPROVAL"): Switch = Switch::Off;
    #[doc = " What somebody is asked who requests an account."]
    request_question ("STOA_REQUEST_QUESTION"): String = "Why would you like to join?".to_owned();
    #[doc = " How many requests for an account may wait at once."]
    requests_waiting ("STOA_REQUESTS_WAITING"): u32 = 200;
    @ "Moderation, karma and flags"
    #[doc = " Who may read the log of moderation: public (everybody), members or moderators."]
    moderation_log ("STOA_MODERATION_LOG"): Audience = Audience::Public;
    #[doc = " Whether the log names moderators to others than moderators."]
    moderation_names ("STOA_MODERATION_NAMES"): Switch = Switch::On;
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
    @ "Votes that do not count"
    #[doc = " For how many hours the votes of a new account do not count unless it has more than the first karma; 0: they count at once."]
    young_account_hours ("STOA_YOUNG_ACCOUNT_HOURS"): u32 = 0, within(0..=MOST_HOURS);
    #[doc = " How many of a member's last votes, at most 100, are looked at for whether nearly all went to one author, so that one more to that author does not count; 0: none."]
    ring_votes ("STOA_RING_VOTES"): u32 = 20, within(0..=100);
    @ "Posts and votes"
    #[doc = " How long a vote can be undone, in minutes."]
    undo_minutes ("STOA_UNDO_MINUTES"): u32 = 60, within(0..=MOST_MINUTES);
    #[doc = " How long an author may edit, in minutes."]
    edit_minutes ("STOA_EDIT_MINUTES"): u32 = 120, within(0..=MOST_MINUTES);
    #[doc = " The age in days at which a thread takes no more comments; 0: never."]
    thread_closes_after_days ("STOA_THREAD_CLOSES_AFTER_DAYS"): u32 = 0, within(0..=MOST_DAYS);
    #[doc = " Whether replies deep in a thread wait a little, the deeper the longer."]
    reply_delay ("STOA_REPLY_DELAY"): Switch = Switch::On;
    #[doc = " For how many hours the same address is taken as a vote for the story that is there already."]
    duplicate_hours ("STOA_DUPLICATE_HOURS"): u32 = 8, within(0..=MOST_HOURS);
    #[doc = " The same in days for a story with at least duplicate_points points."]
    duplicate_days ("STOA_DUPLICATE_DAYS"): u32 = 365, within(0..=MOST_DAYS);
    #[doc = " The points from which duplicate_days counts."]
    duplicate_points ("STOA_DUPLICATE_POINTS"): i64 = Policy::default().duplicate_points;
    #[doc = " For how many days an account is marked as new."]
    new_account_days ("STOA_NEW_ACCOUNT_DAYS"): u32 = 14, within(0..=MOST_DAYS);
    #[doc = " Whether everybody sees the points of comments, or only their author."]
    show_comment_points ("STOA_SHOW_COMMENT_POINTS"): Switch = Switch::Off;
    @ "Limits: how much may be done in an hour"
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
    slowed_hours ("STOA_SLOWED_HOURS"): u32 = 4, within(1..=MOST_HOURS);
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
    requests_per_minute ("STOA_REQUESTS_PER_MINUTE"): u32 = 600, within(1..=MOST);
}

impl Settings {
    /// # Errors
    /// Where a value cannot be used; the sentence names its flag.
    pub fn from_flags(flags: Flags) -> Result<Settings, ConfigError> {
        Settings::from_source(&Source::Flag, &flags.given())
    }

    /// # Errors
    /// Where a value cannot be used, or a variable begins with `STOA_` and is no setting.
    pub fn from_variables(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Settings, ConfigError> {
        Settings::from_source(&Source::Variable, &source::variables(variables)?)
    }

    /// # Errors
    /// Where the file cannot be read, a value cannot be used, or a key is no setting. A file that is not there gives nothing.
    pub fn from_file(file: &Path) -> Result<Settings, ConfigError> {
        Settings::from_source(&Source::File(file.to_owned()), &source::file(file)?)
    }

    fn from_source(source: &Source, given: &Given) -> Result<Settings, ConfigError> {
        let mut settings = Settings::read(source, given)?;
        if let Some(listen) = &mut settings.listen {
            listen.given_as = source.name("listen");
        }
        Ok(settings)
    }
}

impl Config {
    /// The effective settings: those of flags, then of variables, then of the file, then the defaults.
    ///
    /// # Errors
    /// Where a setting cannot be used; the sentence names it as it was given.
    pub fn load(
        flags: Flags,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        file: &Path,
    ) -> Result<Config, ConfigError> {
        let given = Settings::from_flags(flags)?.or(Settings::from_variables(variables)?);
        Config::load_with_file(given, file)
    }

    /// The effective settings: those given, then those in the file, then the defaults.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with_file(given: Settings, file: &Path) -> Result<Config, ConfigError> {
        let mut config = given.or(Settings::from_file(file)?).with_defaults();
        if config.base_url.is_empty() {
            let derived = format!("http://{}", config.listen);
            config.base_url = base_url(&derived).map_err(|wrong| ConfigError::value("base_url", &derived, wrong))?;
        }
        if config.short_name.is_empty() {
            config.short_name.clone_from(&config.site_name);
        }
        Ok(config)
    }

    /// What is logged.
    ///
    /// # Errors
    /// Where `log` is no filter, which was refused at start.
    pub fn log_filter(&self) -> Result<EnvFilter, ConfigError> {
        log::filter(&self.log).map_err(|wrong| ConfigError::value("log", &self.log, wrong))
    }

    /// Whether people reach the site over TLS, so that cookies and headers may say so.
    pub fn is_https(&self) -> bool {
        self.base_url.starts_with("https://")
    }
}
