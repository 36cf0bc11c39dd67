//! All settings: name, type, default, meaning and bounds. Precedence: flag, environment (`STOA_*`),
//! `stoa.toml`, what an admin chose, default. All are validated when they are read.

mod choices;
mod chosen;
mod derived;
mod face;
mod kinds;
mod log_filter;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use self::choices::{LogFormat, LogVisibility, Readers};
pub use self::chosen::{ChoiceError, SettingEntry};
use self::face::{announcement, contact, one_line, security_contact};
pub use self::kinds::{CidrList, Input, Listen, within};
use self::kinds::{
    MAX_COUNT, Setting, base_url, comment, directory, longest, mail_from, no_reply, path, site_name,
};
pub use self::source::ConfigError;
use self::source::{Given, ValueSource};
use crate::database_address::DatabaseAddress;
use crate::domain::accent::Accent;
use crate::domain::accounts::signup::SignUpMode;
use crate::domain::face::footer_links::FooterLinks;
use crate::domain::face::sections::HeaderSections;
use crate::domain::limits::policy::{
    Days, Hours, Minutes, Period, Policy, declare_settings, policy_settings,
};
use crate::domain::moderation::first_posts::FirstPosts;
use crate::domain::time::day::Day;
use crate::domain::votes::uncounted::MAX_VOTE_RING_WINDOW;
use crate::smtp_url::SmtpUrl;

pub const FILE: &str = "stoa.toml";

const MAX_MB: u32 = 1_000_000;

/// Declares [`Flags`] as typed, [`Settings`] as given by one source, all optional, and [`Config`] with
/// defaults filled in, with a struct per group.
macro_rules! settings {
    (@parse $type:ty) => { <$type as Setting>::parse };
    (@parse $type:ty, $parse:expr) => { $parse };
    (@place $config:ident server $name:ident) => { $config.server.$name };
    (@place $config:ident site $name:ident) => { $config.site.$name };
    (@place $config:ident policy $name:ident) => { $config.site.policy.$name };
    (@declare Policy $($declared_in_domain:tt)*) => {};
    (@declare SiteSettings $items:tt) => {
        declare_settings! {
            /// What a community chooses; it can be replaced while the server runs.
            SiteSettings with policy: Policy, $items
        }
    };
    (@declare $group:ident $items:tt) => {
        declare_settings! {
            /// How the server runs, from its start to its end.
            $group $items
        }
    };
    ($( [$part:ident] $group:ident {
        $( $(@ $heading:literal)? $(#[doc = $doc:literal])+
           $name:ident: $type:ty = $default:expr $(, $parse:expr)?; )*
    } )*) => {
        $( settings! { @declare $group { $( $(#[doc = $doc])+ $name: $type = $default; )* } } )*

        #[derive(Debug, Clone, Default, clap::Args)]
        pub struct Flags { $( $(
            $(#[doc = $doc])+
            #[arg(long, global = true, hide = true, allow_negative_numbers = true)]
            $name: Option<String>,
        )* )* }

        #[derive(Debug, Clone, Default)]
        pub struct Settings {
            $( $( $(#[doc = $doc])+ pub $name: Option<$type>, )* )*
            /// Names of settings as they were given.
            pub given_as: GivenAs,
        }

        impl Flags {
            fn given(self) -> Given {
                let all = [ $( $( (stringify!($name), self.$name), )* )* ];
                all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
            }
        }

        impl Settings {
            const NAMES: &[&str] = &[ $( $( stringify!($name), )* )* ];

            fn read(source: &ValueSource, given: &Given) -> Result<Settings, ConfigError> {
                Ok(Settings {
                    $( $(
                        $name: source.read(given, stringify!($name), settings!(@parse $type $(, $parse)?))?,
                    )* )*
                    given_as: given.keys().map(|name| (*name, source.name(name))).collect(),
                })
            }

            fn or(self, other: Settings) -> Settings {
                let mut given_as = other.given_as;
                given_as.extend(self.given_as);
                Settings { $( $( $name: self.$name.or(other.$name), )* )* given_as }
            }

            fn with_defaults(self) -> Config {
                let mut config = Config { given_as: self.given_as, ..Config::default() };
                $( $( if let Some(value) = self.$name {
                    config.given_as.entry(stringify!($name)).or_insert_with(|| stringify!($name).to_owned());
                    settings!(@place config $part $name) = value;
                } )* )*
                config
            }
        }

        impl Config {
            pub fn entries(&self) -> Vec<SettingEntry> {
                let mut entries = vec![ $( $( SettingEntry::new(
                    stringify!($name),
                    ([$($heading)?].first().copied(), stringify!($group) != "ServerSettings"),
                    concat!($($doc),+).trim(),
                    &settings!(@place self $part $name),
                ), )* )* ];
                chosen::repeat_headings(&mut entries);
                entries
            }

            /// Sets one setting of the community, as if it were given so. Fails with what it must be.
            fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
                match name {
                    $( $( stringify!($name) => {
                        let parse = settings!(@parse $type $(, $parse)?);
                        settings!(@place self $part $name) = parse(text)?;
                    } )* )*
                    _ => return Err("is not a setting".to_owned()),
                }
                Ok(())
            }
        }
    };
}

policy_settings!(settings! {
    [server] ServerSettings {
        @ "Server"
        /// The IP address or host name and the port to listen on. For a host name, its first usable
        /// address is used, IPv4 first.
        listen: Listen = Listen::default();
        /// The database: a file for SQLite, or the address of a PostgreSQL database, such as
        /// postgres://stoa:PASSWORD@HOST/stoa.
        database: DatabaseAddress = DatabaseAddress::File("stoa.db".into());
        /// The directory of the search index, which no other process may use; empty: beside the SQLite
        /// database, or stoa-search where Stoa is started.
        search_dir: PathBuf = PathBuf::new(), path;
        /// The address of the site, such as https://forum.example.org; empty: http:// and the listening
        /// address.
        base_url: String = String::new(), base_url;
        /// Memory for cached pages, texts and threads, in MB.
        cache_mb: u32 = 48, within(0..=MAX_MB);
        /// Memory for large responses in flight, in MB, cached ones included; further requests get 503.
        response_memory_mb: u32 = 64, within(0..=MAX_MB);
        /// How many connections may be open at once; beyond that, an idle or slow connection is closed to
        /// make room.
        max_connections: u32 = 800, within(1..=1_000_000);
        /// How many open pages are told of what is new, beside max_connections; others show it when they are
        /// loaded again.
        max_event_streams: u32 = 2000, within(0..=1_000_000);
        /// How many requests may be in progress at once, apart from cached pages; further requests get 503.
        max_concurrent_requests: u32 = 256, within(1..=1_000_000);
        /// Whether rate limits and limits per IP address apply; off is for load tests.
        limits: bool = true;
        /// IP ranges of proxies whose X-Forwarded-For header is trusted, separated by commas.
        trusted_proxies: CidrList = CidrList::default();
        /// What is logged: a level (off, error, warn, info, debug or trace) and levels of targets, such as
        /// info,stoa=debug; without the first, info.
        log_filter: String = "info".to_owned(), crate::config::log_filter::checked;
        /// How the log is written: text, or json, which is one object a line.
        log_format: LogFormat = LogFormat::Text;
        /// The IP address or host name and the port at which Prometheus reads metrics, for nobody else to
        /// reach, such as 127.0.0.1:9464; empty: nowhere.
        metrics_listen: Option<Listen> = None;
        /// The SMTP server that takes mail, such as smtps://stoa:PASSWORD@HOST:465; empty: no mail is sent.
        smtp_url: SmtpUrl = SmtpUrl::default();
        /// The address that mail comes from; empty: no-reply at the host of base_url.
        mail_from: String = String::new(), mail_from;
        /// A directory with guidelines.md, privacy.md or contact.md to replace the built-in pages; empty:
        /// none.
        pages_dir: PathBuf = PathBuf::new(), directory;
    }
    [site] SiteSettings {
        @ "Site"
        /// The name of the site.
        site_name: String = "Stoa".to_owned(), site_name;
        /// A short name, as in “Ask XY: ...”; empty: the name of the site.
        short_name: String = String::new(), one_line;
        /// One line that says what the site is for.
        tagline: String = "A forum for one community".to_owned(), one_line;
        /// The colour of links and buttons, such as #0b6e5f; where it could not be read, the nearest tone
        /// that can is used.
        accent: Accent = Accent::default();
        /// How to reach the operator, in Markdown, for the contact page.
        contact: String = String::new(), contact;

        @ "Announcement"
        /// What is announced above every page, one line in Markdown; empty: nothing.
        announcement: String = String::new(), announcement;
        /// The last day of the announcement, in UTC, such as 2026-12-24; empty: until it is removed.
        announcement_until: Option<Day> = None;

        @ "Header and footer"
        /// The sections in the header after “top”, in order: some of new, best, active, ask, show, past and
        /// comments, separated by commas.
        sections: HeaderSections = HeaderSections::default();
        /// Up to 8 links in the footer, each a line of a label and an address, such as: Chat
        /// https://chat.example.org
        footer_links: FooterLinks = FooterLinks::default();

        @ "Reading"
        /// Who can read what people post: everyone or members.
        reading: Readers = Readers::Everyone;
        /// Whether robots.txt allows crawlers that collect texts for AI to read what people post.
        ai_crawlers: bool = true;

        @ "Moderation log"
        /// Who can read the moderation log: public (everybody), members or moderators.
        moderation_log: LogVisibility = LogVisibility::Public;
        /// Whether the moderation log shows moderators' names to everybody, not only to moderators.
        moderation_names: bool = true;

        @ "Contact"
        /// Where to report security problems, for security.txt: an e-mail or https address; empty: the
        /// contact page.
        security_contact: String = String::new(), security_contact;
        /// For how many days after its last message a conversation with the moderators is kept, unless it
        /// waits for one.
        conversation_days: Days = Period(365), within(Period(190)..=longest());

        @ "Logins and requests"
        /// Login attempts per hour for an account, and login and sign-up attempts per hour from an IP
        /// address.
        login_attempts_per_hour: u32 = 30, within(1..=MAX_COUNT);
        /// Requests per minute from one IP address, apart from cached pages.
        requests_per_minute_per_ip: u32 = 600, within(1..=MAX_COUNT);

        @ "Sign-up"
        /// Who can create an account: open (everybody), invitation (people invited by a member), request
        /// (people approved by a moderator) or closed (only the operator can).
        signup_mode: SignUpMode = SignUpMode::Open;
        /// What people who request an account are asked.
        request_question: String = "Why would you like to join?".to_owned(), one_line;

        @ "Approval"
        /// Which first posts of an account wait for a moderator's approval: none, links (those with a link)
        /// or all.
        hold_first_posts: FirstPosts = FirstPosts::None;
        /// How many posts of an account are its first.
        first_posts: u32 = 2, within(1..=1_000);
    }
});

/// The settings that flags, environment or file give, each as it is named there.
pub type GivenAs = BTreeMap<&'static str, String>;

#[derive(Debug, Clone, Default)]
pub struct Config {
    pub server: ServerSettings,
    pub site: SiteSettings,
    pub given_as: GivenAs,
}

impl Settings {
    pub fn from_flags(flags: Flags) -> Result<Settings, ConfigError> {
        Settings::from_source(&ValueSource::Flag, &flags.given())
    }

    pub fn from_variables(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Settings, ConfigError> {
        Settings::from_source(&ValueSource::Variable, &source::variables(variables)?)
    }

    /// A missing file gives no settings. Fails if the file cannot be read, a value is invalid, or a key is
    /// not a setting.
    pub fn from_file(file: &Path) -> Result<Settings, ConfigError> {
        Settings::from_source(&ValueSource::File(file.to_owned()), &source::file(file)?)
    }

    /// Fills in defaults, and what is derived from other settings.
    fn into_config(self) -> Result<Config, ConfigError> {
        let mut config = self.with_defaults();
        let server = &mut config.server;
        if let Some(metrics) = server.metrics_listen.as_ref().filter(|metrics| metrics.is_at(&server.listen))
        {
            let wrong = "must be another address than that of the site, which everybody reaches".to_owned();
            return Err(ConfigError::value(&metrics.given_as, &metrics.to_string(), wrong));
        }
        if server.base_url.is_empty() {
            let derived = format!("http://{}", server.listen);
            server.base_url =
                base_url(&derived).map_err(|wrong| ConfigError::value("base_url", &derived, wrong))?;
        }
        if server.mail_from.is_empty() {
            server.mail_from = no_reply(&server.base_url);
        }
        Ok(config)
    }

    fn from_source(source: &ValueSource, given: &Given) -> Result<Settings, ConfigError> {
        let mut settings = Settings::read(source, given)?;
        if let Some(listen) = &mut settings.listen {
            listen.given_as = source.name("listen");
        }
        if let Some(Some(listen)) = &mut settings.metrics_listen {
            listen.given_as = source.name("metrics_listen");
        }
        Ok(settings)
    }
}

impl Config {
    /// Merges flags, environment, file and defaults. Fails if a setting is invalid; the message names it as
    /// it was given.
    pub fn load(
        flags: Flags,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        file: &Path,
    ) -> Result<Config, ConfigError> {
        let given = Settings::from_flags(flags)?.or(Settings::from_variables(variables)?);
        Config::load_with_file(given, file)
    }

    /// Like [`Config::load`] for a running forum, which a file that is being replaced must not reset to the
    /// defaults: it fails if the file is missing or has no settings.
    pub fn reload(
        flags: Flags,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        file: &Path,
    ) -> Result<Config, ConfigError> {
        let given = Settings::from_flags(flags)?.or(Settings::from_variables(variables)?);
        // Read once, as it may be replaced meanwhile.
        let in_file = source::file(file)?;
        if in_file.is_empty() {
            return Err(ConfigError::Missing(file.to_owned()));
        }
        given.or(Settings::from_source(&ValueSource::File(file.to_owned()), &in_file)?).into_config()
    }

    /// The names of the server's settings that differ from those it runs with.
    pub fn changes_of_server(&self, running: &ServerSettings) -> Vec<&'static str> {
        let running = Config { server: running.clone(), ..self.clone() };
        let both = self.entries().into_iter().zip(running.entries());
        both.filter(|(new, old)| new.text != old.text).map(|(new, _)| new.name).collect()
    }

    pub fn load_with_file(given: Settings, file: &Path) -> Result<Config, ConfigError> {
        given.or(Settings::from_file(file)?).into_config()
    }

    pub fn to_toml(&self) -> String {
        let mut text = comment(&format!(
            "The effective settings, as a {FILE}. Each can also be given as a flag (--site-name) or an \
             environment variable (STOA_SITE_NAME); flags override variables, and variables override this \
             file."
        ));
        let mut last = "";
        for SettingEntry { heading, name, meaning, toml, .. } in self.entries() {
            if std::mem::replace(&mut last, heading) != heading {
                text.push_str(&format!("\n\n#\n# {heading}\n#\n"));
            }
            text.push_str(&format!("\n{}{name} = {toml}\n", comment(meaning)));
        }
        text
    }
}
