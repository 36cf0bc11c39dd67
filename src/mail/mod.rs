//! Makes mail of its content and hands it in to the operator's SMTP server.

pub mod digests;
mod letter;

use std::time::{Duration, UNIX_EPOCH};

use askama::Template;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use self::letter::{HtmlLetter, Letter, TextLetter};
use crate::clock::Timestamp;
use crate::domain::mail::content::{MailContent, one_line};
use crate::domain::mail::delivery::MailRefusal;
use crate::smtp_url::SmtpUrl;

/// How long the server may take for one command, and for a whole mail.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
const MAIL_TIMEOUT: Duration = Duration::from_secs(100);
/// Connections at once. Each is for one mail, so that no reply can be taken for that to another.
pub const CONNECTIONS: usize = 4;
/// In characters.
const LONGEST_SUBJECT: usize = 120;

/// The client of the operator's SMTP server. Without one, no mail is sent.
#[derive(Debug, Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    base_url: String,
}

/// One mail, to whom and about what.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The same each time that it is tried, so that it can be recognised if it arrives twice.
    pub id: &'a str,
    pub recipient: &'a str,
    /// The account's name.
    pub name: &'a str,
    pub site_name: &'a str,
    pub content: &'a MailContent,
    pub at: Timestamp,
}

/// Why a mail was not accepted, with what the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendError {
    pub refusal: MailRefusal,
    /// The code of the server's reply, if it gave one.
    pub code: Option<u16>,
    pub answer: String,
}

impl SendError {
    fn unsendable(why: impl std::fmt::Display) -> SendError {
        let answer = format!("This mail cannot be sent: {why}");
        SendError { refusal: MailRefusal::Permanent, code: None, answer }
    }

    fn of(error: &SmtpError) -> SendError {
        let says = std::error::Error::source(error).map_or_else(|| error.to_string(), full);
        let says = one_line(&says, 400);
        match error.status().map(u16::from) {
            Some(code) => SendError {
                refusal: MailRefusal::of_reply(code, &says),
                code: Some(code),
                answer: format!("{code} {says}"),
            },
            None => SendError { refusal: MailRefusal::Temporary, code: None, answer: says },
        }
    }
}

/// An error with its causes.
fn full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

impl Mailer {
    /// `None` without a server.
    pub fn new(server: &SmtpUrl, from: &str, base_url: &str) -> Option<Mailer> {
        let transport = server.transport()?.timeout(Some(COMMAND_TIMEOUT)).build();
        Some(Mailer { transport, from: from.parse().ok()?, base_url: base_url.to_owned() })
    }

    /// Hands a mail in. The server has accepted it once this returns its answer.
    pub async fn send(&self, mail: Outgoing<'_>) -> Result<String, SendError> {
        let letter = Letter::new(&mail, &self.base_url);
        self.hand_in(&mail, &letter).await
    }

    /// Sends a mail that says that mail works.
    pub async fn send_test(
        &self,
        recipient: &str,
        site_name: &str,
        at: Timestamp,
    ) -> Result<String, SendError> {
        let content = MailContent::Confirm { token: String::new() };
        let id = format!("test.{}", at.0);
        let mail = Outgoing { id: &id, recipient, name: "", site_name, content: &content, at };
        self.hand_in(&mail, &Letter::test(site_name, &self.base_url)).await
    }

    async fn hand_in(&self, mail: &Outgoing<'_>, letter: &Letter) -> Result<String, SendError> {
        let message = self.message(mail, letter)?;
        let sent = tokio::time::timeout(MAIL_TIMEOUT, self.transport.send(message)).await;
        match sent {
            Ok(Ok(reply)) => {
                Ok(format!("{} {}", u16::from(reply.code()), reply.message().collect::<String>()))
            }
            Ok(Err(error)) => Err(SendError::of(&error)),
            Err(_) => Err(SendError {
                refusal: MailRefusal::Temporary,
                code: None,
                answer: format!("no answer within {} seconds", MAIL_TIMEOUT.as_secs()),
            }),
        }
    }

    fn message(&self, mail: &Outgoing<'_>, letter: &Letter) -> Result<Message, SendError> {
        let to: Address = mail.recipient.parse().map_err(SendError::unsendable)?;
        let seconds = Duration::from_secs(u64::try_from(mail.at.0).unwrap_or_default());
        let id = format!("<{}@{}>", mail.id, self.from.domain());
        let from = Mailbox::new(Some(one_line(mail.site_name, 80)), self.from.clone());
        let mut message = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(one_line(&letter.subject, LONGEST_SUBJECT))
            .message_id(Some(id))
            .date(UNIX_EPOCH + seconds)
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()));
        if let Some(link) = &letter.unsubscribe {
            message = message
                .raw_header(header("List-Unsubscribe", format!("<{link}>")))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
                .raw_header(header("Precedence", "bulk".to_owned()));
        }
        let text = TextLetter { letter }.render().map_err(SendError::unsendable)?;
        let html = HtmlLetter { letter }.render().map_err(SendError::unsendable)?;
        message.multipart(MultiPart::alternative_plain_html(text, html)).map_err(SendError::unsendable)
    }
}

fn header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}
