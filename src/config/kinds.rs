//! Setting types and their parsers.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

use crate::clock::DAY;
use crate::database_address::DatabaseAddress;
use crate::domain::limits::policy::Period;
use crate::domain::mail::address::EmailAddress;
use crate::domain::text::{has_visible, is_legible};
use crate::smtp_url::SmtpUrl;

pub(super) const MAX_COUNT: u32 = 1_000_000_000;

/// Maximum width of a comment in the output of `stoa config`.
const LINE: usize = 78;

/// In characters.
const LONGEST_NAME: usize = 80;

pub(super) trait Setting: Sized {
    /// Whether errors must not repeat what was given.
    const MAY_HOLD_PASSWORD: bool = false;

    fn parse(text: &str) -> Result<Self, String>;

    /// As [`Setting::parse`] reads it.
    fn text(&self) -> String;

    fn input() -> Input {
        Input::Line
    }

    fn to_toml(&self) -> String {
        match Self::input() {
            Input::Number => self.text(),
            _ => quoted(&self.text()),
        }
    }
}

/// How a setting is typed in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Line,
    Lines,
    Number,
    Colour,
    Day,
    Choice(Vec<&'static str>),
}

fn quoted(s: &str) -> String {
    toml::Value::String(s.to_owned()).to_string()
}

pub(super) fn comment(text: &str) -> String {
    let mut lines = String::new();
    let mut width = LINE;
    for word in text.split_whitespace() {
        let len = word.chars().count() + 1;
        if width + len > LINE {
            lines.push_str(if lines.is_empty() { "#" } else { "\n#" });
            width = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        width += len;
    }
    lines.push('\n');
    lines
}

/// A parser for whole numbers within a range.
pub fn within<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: FromStr + PartialOrd + Display + Clone,
{
    move |text| match text.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {} to {}", range.start(), range.end())),
    }
}

macro_rules! whole_numbers {
    ($($type:ty: $range:expr),*) => { $(
        impl Setting for $type {
            fn parse(text: &str) -> Result<$type, String> {
                within($range)(text)
            }

            fn text(&self) -> String {
                self.to_string()
            }

            fn input() -> Input {
                Input::Number
            }
        }
    )* };
}

whole_numbers! {
    u32: 0..=MAX_COUNT,
    usize: 0..=usize::MAX,
    i64: -i64::from(MAX_COUNT)..=i64::from(MAX_COUNT)
}

impl<const UNIT: i64> Setting for Period<UNIT> {
    fn parse(text: &str) -> Result<Period<UNIT>, String> {
        within(Period(0)..=longest())(text)
    }

    fn text(&self) -> String {
        self.to_string()
    }

    fn input() -> Input {
        Input::Number
    }
}

/// A hundred years.
pub(super) fn longest<const UNIT: i64>() -> Period<UNIT> {
    Period(u32::try_from(36_500 * DAY / UNIT).unwrap_or(u32::MAX))
}

impl Setting for String {
    fn parse(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn text(&self) -> String {
        self.clone()
    }
}

pub(super) fn site_name(text: &str) -> Result<String, String> {
    let is_name = has_visible(text) && is_legible(text) && !text.contains(['\n', '\r', '\t']);
    if is_name && text.chars().count() <= LONGEST_NAME {
        Ok(text.to_owned())
    } else {
        Err(format!("must be a name of up to {LONGEST_NAME} characters on one line"))
    }
}

/// An origin without a trailing slash: `https://forum.example.org`; may be empty.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let wrong = || "must be an address such as https://forum.example.org, without a path".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err(wrong());
    }
    Ok(url.origin().ascii_serialization())
}

impl Setting for PathBuf {
    fn parse(text: &str) -> Result<PathBuf, String> {
        Ok(PathBuf::from(text))
    }

    fn text(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

impl Setting for DatabaseAddress {
    const MAY_HOLD_PASSWORD: bool = true;

    fn parse(text: &str) -> Result<DatabaseAddress, String> {
        text.parse()
    }

    fn text(&self) -> String {
        self.as_given().to_string()
    }
}

impl Setting for SmtpUrl {
    const MAY_HOLD_PASSWORD: bool = true;

    fn parse(text: &str) -> Result<SmtpUrl, String> {
        text.parse()
    }

    fn text(&self) -> String {
        self.as_given().to_owned()
    }
}

/// The sender of mail; may be empty.
pub(super) fn mail_from(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let wrong = |_| "must be an e-mail address, such as no-reply@forum.example.org".to_owned();
    EmailAddress::parse(text).map(|address| address.to_string()).map_err(wrong)
}

/// The sender of mail, by the site's address. No mail comes from an IP address.
pub(super) fn no_reply(base_url: &str) -> String {
    let url = Url::parse(base_url).ok();
    let name = url.as_ref().and_then(Url::domain).unwrap_or("localhost");
    format!("no-reply@{name}")
}

/// An existing directory, or empty.
pub(super) fn directory(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || Path::new(text).is_dir() {
        Ok(PathBuf::from(text))
    } else {
        Err("no such directory".to_owned())
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

/// A port and an IP address or host name, which is resolved at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    text: String,
    /// The setting's name as given, for error messages.
    pub given_as: String,
}

impl Default for Listen {
    fn default() -> Listen {
        Listen { text: "127.0.0.1:8000".to_owned(), given_as: "listen".to_owned() }
    }
}

impl Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl Listen {
    /// Whether it says the same as another.
    pub(super) fn is_at(&self, other: &Listen) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }

    /// The host's addresses, IPv4 first. Fails if it has none.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        let mut addresses: Vec<SocketAddr> = self.text.to_socket_addrs()?.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        Ok(addresses)
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Listen, String> {
        let text = text.trim();
        let is_name = |(host, port): (&str, &str)| {
            let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
            is_port && !host.contains(':') && matches!(Host::parse(host), Ok(Host::Domain(_)))
        };
        if text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(is_name) {
            Ok(Listen { text: text.to_owned(), ..Listen::default() })
        } else {
            Err("must be an address and a port, such as 127.0.0.1:8000, [::1]:8000 or localhost:8000"
                .to_owned())
        }
    }
}

impl Setting for Listen {
    fn parse(text: &str) -> Result<Listen, String> {
        text.parse()
    }

    fn text(&self) -> String {
        self.text.clone()
    }
}

impl Setting for Option<Listen> {
    fn parse(text: &str) -> Result<Option<Listen>, String> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        Listen::parse(text).map(Some).map_err(|error| error.replace(":8000", ":9100"))
    }

    fn text(&self) -> String {
        self.as_ref().map(Listen::text).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CidrList(pub Vec<IpNet>);

impl CidrList {
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&ip.to_canonical()))
    }
}

impl FromStr for CidrList {
    type Err = String;

    fn from_str(text: &str) -> Result<CidrList, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let net = |part: &str| {
            part.parse::<IpNet>().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                format!(
                    "“{part}” is not an IP address or a range such as 172.16.0.0/12; separate several \
                         with commas"
                )
            })
        };
        parts.map(net).collect::<Result<_, _>>().map(CidrList)
    }
}

impl Setting for CidrList {
    fn parse(text: &str) -> Result<CidrList, String> {
        text.parse()
    }

    fn text(&self) -> String {
        let nets: Vec<String> = self.0.iter().map(IpNet::to_string).collect();
        nets.join(", ")
    }
}
