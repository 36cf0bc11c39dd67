//! Types and parsers of what a community shows of itself.

use super::kinds::{Input, Setting};
use crate::domain::accent::Accent;
use crate::domain::accounts::contact;
use crate::domain::face::footer_links::FooterLinks;
use crate::domain::face::sections::HeaderSections;
use crate::domain::mail::address::EmailAddress;
use crate::domain::text::is_legible;
use crate::domain::time::day::Day;

/// In characters.
const LONGEST_LINE: usize = 200;
const LONGEST_ANNOUNCEMENT: usize = 500;

fn line(text: &str, longest: usize) -> Result<String, String> {
    if text.chars().count() <= longest && is_legible(text) && !text.contains(['\n', '\r', '\t']) {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("must be one line of up to {longest} characters"))
    }
}

/// May be empty.
pub fn one_line(text: &str) -> Result<String, String> {
    line(text, LONGEST_LINE)
}

/// May be empty.
pub fn announcement(text: &str) -> Result<String, String> {
    line(text, LONGEST_ANNOUNCEMENT)
}

/// May be empty.
pub fn contact(text: &str) -> Result<String, String> {
    let wrong = |_| "must be up to 2,000 visible characters".to_owned();
    contact::contact(text).map(str::to_owned).map_err(wrong)
}

pub fn security_contact(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_address =
        EmailAddress::parse(text).is_ok() || url::Url::parse(text).is_ok_and(|url| url.scheme() == "https");
    let is_plain = text.is_ascii() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if text.is_empty() || (is_address && is_plain) {
        return Ok(text.to_owned());
    }
    Err("must be an e-mail address, or an address that begins with https://".to_owned())
}

impl Setting for Accent {
    fn parse(text: &str) -> Result<Accent, String> {
        text.parse().map(Accent).map_err(|wrong: crate::domain::accent::ColourError| wrong.to_string())
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn input() -> Input {
        Input::Colour
    }
}

impl Setting for HeaderSections {
    fn parse(text: &str) -> Result<HeaderSections, String> {
        text.parse()
    }

    fn text(&self) -> String {
        self.text()
    }
}

impl Setting for FooterLinks {
    fn parse(text: &str) -> Result<FooterLinks, String> {
        text.parse()
    }

    fn text(&self) -> String {
        self.text()
    }

    fn input() -> Input {
        Input::Lines
    }
}

impl Setting for Option<Day> {
    fn parse(text: &str) -> Result<Option<Day>, String> {
        match text.trim() {
            "" => Ok(None),
            text => Day::parse(text).map(Some).ok_or_else(|| "must be a day such as 2026-12-24".to_owned()),
        }
    }

    fn text(&self) -> String {
        self.map(|day| day.to_string()).unwrap_or_default()
    }

    fn input() -> Input {
        Input::Day
    }
}
