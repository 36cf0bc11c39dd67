//! A mail's texts: plain and HTML, by one pair of templates. An address has a line of its own, so that what
//! people wrote cannot pass for one of ours.

use askama::Template;

use crate::domain::mail::choices::MailList;
use crate::domain::mail::content::{MailContent, MailEntry, one_line};
use crate::domain::text::plural::counted;
use crate::mail::Outgoing;

/// In characters.
const LONGEST_LINE: usize = 300;

#[derive(Debug)]
pub struct Letter {
    pub subject: String,
    paragraphs: Vec<String>,
    link: Option<LetterLink>,
    after: Vec<String>,
    entries: Vec<LetterEntry>,
    more: Option<LetterLink>,
    /// Why somebody gets it.
    reason: String,
    settings: Option<String>,
    pub unsubscribe: Option<String>,
}

#[derive(Debug)]
struct LetterLink {
    label: &'static str,
    url: String,
}

#[derive(Debug)]
struct LetterEntry {
    head: String,
    about: String,
    excerpt: String,
    url: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
pub struct TextLetter<'a> {
    pub letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
pub struct HtmlLetter<'a> {
    pub letter: &'a Letter,
}

impl Letter {
    fn with(subject: impl Into<String>, paragraphs: &[&str], reason: String) -> Letter {
        Letter {
            subject: subject.into(),
            paragraphs: paragraphs.iter().map(|text| (*text).to_owned()).collect(),
            link: None,
            after: Vec::new(),
            entries: Vec::new(),
            more: None,
            reason,
            settings: None,
            unsubscribe: None,
        }
    }

    pub fn test(site_name: &str, base_url: &str) -> Letter {
        let said = format!("Mail from {site_name} works. The site is at {base_url}.");
        let reason = "You get this because the operator sent a test.".to_owned();
        Letter::with(format!("Test mail from {site_name}"), &[&said], reason)
    }

    pub fn new(mail: &Outgoing<'_>, base_url: &str) -> Letter {
        let at = |path: &str| format!("{base_url}{path}");
        let (name, site) = (mail.name, mail.site_name);
        let owner = || format!("You get this because it is about your account {name} on {site}.");
        match mail.content {
            MailContent::Confirm { token } => Letter {
                link: link("Confirm this address", at(&format!("/email/{token}"))),
                after: vec![
                    "The link works once, for a day. If this was not you, do nothing: no mail will be sent \
                     here."
                        .to_owned(),
                ],
                ..Letter::with(
                    "Confirm your e-mail address",
                    &["Somebody, probably you, wants mail from this forum sent to this address."],
                    format!("You get this because the address was entered for the account {name} on {site}."),
                )
            },
            MailContent::Change { token, to } => Letter {
                link: link("Confirm or cancel the change", at(&format!("/email/{token}"))),
                after: vec![
                    "Without an answer, the change is made after 7 days, once the new address is confirmed. \
                     If you did not ask for it, cancel it: your sessions end, and you can set a new password."
                        .to_owned(),
                ],
                ..Letter::with(
                    "Confirm the change of your e-mail address",
                    &[&format!("Mail for your account is to go to {to} instead of here.")],
                    owner(),
                )
            },
            MailContent::Reset { token } => Letter {
                link: link("Set a new password", at(&format!("/reset/{token}"))),
                after: vec![
                    "The link works once, for an hour. If this was not you, do nothing: your password stays \
                     as it is."
                        .to_owned(),
                ],
                ..Letter::with(
                    "Set a new password",
                    &[&format!("Somebody, probably you, asked to set a new password for {name}.")],
                    owner(),
                )
            },
            MailContent::Security { token, event } => Letter {
                link: link("This was not me", at(&format!("/email/{token}"))),
                after: vec![
                    "The link works once, for 7 days. It ends all your sessions, restores this address, and \
                     lets you set a new password. If this was you, there is nothing to do."
                        .to_owned(),
                ],
                ..Letter::with(event.subject(), &[&event.sentence()], owner())
            },
            MailContent::Receipt { token, number } => Letter::receipt(number, site, at(&contact_path(token))),
            MailContent::Answer { token, number, is_decision } => {
                let path = token.as_ref().map_or_else(|| "/banned".to_owned(), |token| contact_path(token));
                Letter::answer(number, *is_decision, site, at(&path))
            }
            MailContent::Inbox { entries, more, token } => Letter::digest(entries, *more, site, base_url)
                .with_entries(entries, base_url, MailList::Inbox.token(token)),
            MailContent::BestOf { entries, token } => {
                let said = "You have not been here for a week. These are the stories that others liked most.";
                let reason = "You get this because you chose mail about the best of the week. It ends by \
                              itself if you stay away."
                    .to_owned();
                let letter = Letter::with(format!("The best of the week on {site}"), &[said], reason);
                letter.with_entries(entries, base_url, MailList::BestOf.token(token))
            }
        }
    }

    fn receipt(number: &str, site: &str, url: String) -> Letter {
        let said = format!(
            "Your message has arrived and has the number {number}. The moderators will answer it, and you \
             will get mail when they do."
        );
        let keep = "Keep this address to yourself: anyone who has it can read and answer. If this was not \
                    you, do nothing.";
        let reason = format!("You get this because the address was given to the moderators of {site}.");
        Letter {
            link: link("See your message and the answer", url),
            after: vec![keep.to_owned()],
            ..Letter::with(format!("Your message to the moderators: {number}"), &[&said], reason)
        }
    }

    fn answer(number: &str, is_decision: bool, site: &str, url: String) -> Letter {
        let (subject, said) = if is_decision {
            ("A decision on your report", "The moderators have decided on your report")
        } else {
            ("An answer from the moderators", "The moderators have answered your message")
        };
        let said = format!("{said} with the number {number}.");
        let reason = format!("You get this because you wrote to the moderators of {site}.");
        let letter = Letter::with(format!("{subject}: {number}"), &[&said], reason);
        Letter { link: link("Read it and reply", url), ..letter }
    }

    fn digest(entries: &[MailEntry], more: bool, site: &str, base_url: &str) -> Letter {
        let subject = match entries {
            [only] => format!("{} {}", only.head, only.about),
            many => format!("{} in your inbox on {site}", counted(many.len() as u64, "message")),
        };
        let more = more.then(|| link("See all in your inbox", format!("{base_url}/inbox"))).flatten();
        let reason = "You get this because you chose mail about your inbox.".to_owned();
        Letter { more, ..Letter::with(subject, &[], reason) }
    }

    fn with_entries(self, entries: &[MailEntry], base_url: &str, token: String) -> Letter {
        let line = |text: &str| one_line(text, LONGEST_LINE);
        let entry = |entry: &MailEntry| LetterEntry {
            head: line(&entry.head),
            about: line(&entry.about),
            excerpt: line(&entry.excerpt),
            url: format!("{base_url}{}", entry.path),
        };
        Letter {
            entries: entries.iter().map(entry).collect(),
            settings: Some(format!("{base_url}/settings/email")),
            unsubscribe: Some(format!("{base_url}/unsubscribe/{token}")),
            ..self
        }
    }
}

/// Where somebody without an account reads their conversation.
fn contact_path(token: &str) -> String {
    format!("/contact/{token}")
}

fn link(label: &'static str, url: String) -> Option<LetterLink> {
    Some(LetterLink { label, url })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_title_is_neither_a_line_of_the_text_nor_markup() {
        let entries = vec![MailEntry {
            head: "mia replied to you".to_owned(),
            about: "in “<b>Win</b>\nhttps://evil.example/\u{202E}”".to_owned(),
            excerpt: "One\r\nhttps://evil.example/ <img src=x>".to_owned(),
            path: "/item/7".to_owned(),
        }];
        let content = MailContent::Inbox { entries, more: false, token: "key".to_owned() };
        let mail = Outgoing {
            id: "1",
            recipient: "bob@example.org",
            name: "bob",
            site_name: "Forum",
            content: &content,
            at: Timestamp(0),
        };
        let letter = Letter::new(&mail, "https://forum.example");
        let text = TextLetter { letter: &letter }.render().expect("a text");
        let addresses: Vec<&str> = text.lines().filter(|line| line.starts_with("http")).collect();
        assert_eq!(
            addresses,
            [
                "https://forum.example/item/7",
                "https://forum.example/settings/email",
                "https://forum.example/unsubscribe/key.inbox"
            ]
        );
        let html = HtmlLetter { letter: &letter }.render().expect("HTML");
        assert!(!html.contains("<img") && !html.contains("<b>") && !text.contains('\u{202E}'), "{html}");
        assert_eq!(html.matches("href=\"https://forum.example/").count(), 3);
        assert_eq!(html.matches("href=").count(), 3);
    }
}
