//! `stoa admin send-test-mail`: whether the SMTP server of the settings takes mail.

use anyhow::{Context, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::mail::address::EmailAddress;
use crate::mail::{Mailer, SendError};

/// Sends a mail at once, past the queue; fails with what the server said and what to check.
pub async fn send(address: &str, config: &Config, clock: &Clock) -> anyhow::Result<String> {
    let address = EmailAddress::parse(address)?;
    let server = &config.server;
    let mailer = Mailer::new(&server.smtp_url, &server.mail_from, &server.base_url)
        .context("smtp_url is not set, so no mail is sent: “stoa config” says what it is like")?;
    let (smtp, from) = (&server.smtp_url, &server.mail_from);
    match mailer.send_test(address.as_str(), &config.site.site_name, clock.now()).await {
        Ok(answer) => Ok(format!(
            "{smtp} accepted a mail from {from} to {address}: {answer}\nIf it does not arrive, look among \
             spam and in that server's log, and check the SPF and DKIM records of the sender's domain."
        )),
        Err(error) => {
            bail!("{smtp} did not accept a mail from {from} to {address}: {}. {}", error.answer, hint(&error))
        }
    }
}

fn hint(error: &SendError) -> &'static str {
    match error.code {
        None => "Check the host and the port in smtp_url, and whether this machine may connect to it.",
        Some(530 | 534 | 535 | 538) => {
            "Check the user name and the password in smtp_url, and its tls=required."
        }
        Some(400..500) => "The server refuses for now: try again later, or look in its log.",
        Some(_) => "Check the address, and whether that server may send mail from mail_from.",
    }
}
