//! Settings that are one of a few words.

use super::kinds::{Input, Setting};
use crate::domain::accounts::signup::SignUpMode;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::moderation::first_posts::FirstPosts;

fn choice<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Input {
    Input::Choice(all.iter().map(|value| name(*value)).collect())
}

fn one_of<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, text: &str) -> Result<T, String> {
    all.iter().copied().find(|value| name(*value) == text.trim()).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        match names.split_last() {
            Some((last, others)) => format!("must be {} or {last}", others.join(", ")),
            None => String::new(),
        }
    })
}

fn on_or_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

impl Setting for bool {
    fn parse(text: &str) -> Result<bool, String> {
        one_of(&[true, false], on_or_off, text)
    }

    fn input() -> Input {
        choice(&[true, false], on_or_off)
    }

    fn text(&self) -> String {
        on_or_off(*self).to_owned()
    }
}

impl Setting for SignUpMode {
    fn parse(text: &str) -> Result<SignUpMode, String> {
        one_of(&SignUpMode::ALL, SignUpMode::as_str, text)
    }

    fn input() -> Input {
        choice(&SignUpMode::ALL, SignUpMode::as_str)
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

impl LogFormat {
    const ALL: [LogFormat; 2] = [LogFormat::Text, LogFormat::Json];

    fn as_str(self) -> &'static str {
        match self {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        }
    }
}

impl Setting for LogFormat {
    fn parse(text: &str) -> Result<LogFormat, String> {
        one_of(&LogFormat::ALL, LogFormat::as_str, text)
    }

    fn input() -> Input {
        choice(&LogFormat::ALL, LogFormat::as_str)
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogVisibility {
    Public,
    Members,
    Moderators,
}

impl LogVisibility {
    pub fn includes(self, member: Option<&Member>) -> bool {
        match self {
            LogVisibility::Public => true,
            LogVisibility::Members => member.is_some(),
            LogVisibility::Moderators => member.is_some_and(|member| member.role >= Role::Moderator),
        }
    }
}

impl LogVisibility {
    const ALL: [LogVisibility; 3] =
        [LogVisibility::Public, LogVisibility::Members, LogVisibility::Moderators];

    fn as_str(self) -> &'static str {
        match self {
            LogVisibility::Public => "public",
            LogVisibility::Members => "members",
            LogVisibility::Moderators => "moderators",
        }
    }
}

impl Setting for LogVisibility {
    fn parse(text: &str) -> Result<LogVisibility, String> {
        one_of(&LogVisibility::ALL, LogVisibility::as_str, text)
    }

    fn input() -> Input {
        choice(&LogVisibility::ALL, LogVisibility::as_str)
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

impl Setting for FirstPosts {
    fn parse(text: &str) -> Result<FirstPosts, String> {
        one_of(&FirstPosts::ALL, FirstPosts::as_str, text)
    }

    fn input() -> Input {
        choice(&FirstPosts::ALL, FirstPosts::as_str)
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}

/// Who can read what people post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everyone,
    Members,
}

impl Readers {
    const ALL: [Readers; 2] = [Readers::Everyone, Readers::Members];

    fn as_str(self) -> &'static str {
        match self {
            Readers::Everyone => "everyone",
            Readers::Members => "members",
        }
    }
}

impl Setting for Readers {
    fn parse(text: &str) -> Result<Readers, String> {
        one_of(&Readers::ALL, Readers::as_str, text)
    }

    fn input() -> Input {
        choice(&Readers::ALL, Readers::as_str)
    }

    fn text(&self) -> String {
        self.as_str().to_owned()
    }
}
