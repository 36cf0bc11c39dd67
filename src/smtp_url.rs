//! Where mail is handed in.

use std::fmt;
use std::str::FromStr;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use url::Url;

/// An SMTP server as a URL, which may hold a password: shown without it. Empty: no mail is sent.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SmtpUrl(String);

const FORM: &str = "must be of the form smtps://USER:PASSWORD@HOST:465, \
                    smtp://USER:PASSWORD@HOST:587?tls=required, or smtp://127.0.0.1:25";
const PLAIN: &str = "would send the password unencrypted: add ?tls=required, or use smtps://";

impl SmtpUrl {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The URL as it was given, with its password.
    pub fn as_given(&self) -> &str {
        &self.0
    }

    /// A client of this server; `None` if there is none.
    pub fn transport(&self) -> Option<AsyncSmtpTransportBuilder> {
        if self.is_empty() {
            return None;
        }
        AsyncSmtpTransport::<Tokio1Executor>::from_url(&self.0).ok()
    }
}

/// Whether the server is on this machine.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

impl FromStr for SmtpUrl {
    type Err = String;

    /// Fails with what it must be, and never repeats it.
    fn from_str(text: &str) -> Result<SmtpUrl, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(SmtpUrl::default());
        }
        let wrong = || FORM.to_owned();
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_query = |query| matches!(query, "tls=required" | "tls=opportunistic");
        let is_known = match url.scheme() {
            "smtps" => url.query().is_none(),
            "smtp" => url.query().is_none_or(is_query),
            _ => false,
        };
        let has_half = url.username().is_empty() != url.password().is_none();
        if !is_known || !url.has_host() || has_half || url.fragment().is_some() {
            return Err(wrong());
        }
        let is_plain = url.scheme() == "smtp" && url.query().is_none();
        if is_plain && url.password().is_some() && !is_local(&url) {
            return Err(PLAIN.to_owned());
        }
        let given = SmtpUrl(text.to_owned());
        if given.transport().is_some() { Ok(given) } else { Err(wrong()) }
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(url) = Url::parse(&self.0) else { return Ok(()) };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_a_url_shown_without_its_password() {
        for (given, shown) in [
            ("", Ok("")),
            ("smtps://stoa:secret@mail.example:465", Ok("smtps://mail.example:465")),
            ("smtps://mail.example", Ok("smtps://mail.example")),
            ("smtp://stoa:secret@mail.example:587?tls=required", Ok("smtp://mail.example:587")),
            ("smtp://mail.example:587?tls=opportunistic", Ok("smtp://mail.example:587")),
            (" smtp://127.0.0.1:1025 ", Ok("smtp://127.0.0.1:1025")),
            ("smtp://stoa:secret@[::1]:1025", Ok("smtp://[::1]:1025")),
            ("smtp://stoa:secret@localhost:25", Ok("smtp://localhost:25")),
            ("smtp://stoa:secret@mail.example:587", Err(PLAIN)),
            ("smtp://stoa:secret@127.0.0.1.example", Err(PLAIN)),
            ("smtp://mail.example?tls=maybe", Err(FORM)),
            ("smtp://mail.example?tsl=required", Err(FORM)),
            ("smtps://secret@mail.example", Err(FORM)),
            ("smtps://:secret@mail.example", Err(FORM)),
            ("https://stoa:secret@mail.example", Err(FORM)),
            ("mail.example:25", Err(FORM)),
            ("smtp://stoa:secret@mail:port", Err(FORM)),
            ("smtp://", Err(FORM)),
        ] {
            let read = SmtpUrl::from_str(given);
            assert_eq!(
                read.clone().map(|url| url.to_string()),
                shown.map(String::from).map_err(String::from),
                "{given}"
            );
            assert!(!format!("{read:?}").contains("secret"));
            assert!(read.is_err() || read.is_ok_and(|url| url.as_given() == given.trim()));
        }
    }
}
