//! What admins choose while the forum runs, where neither flags nor environment nor file give it.

use super::kinds::{Input, Setting};
use super::{Config, SiteSettings};

/// Of settings whose names are no words for people.
const LABELS: [(&str, &str); 12] = [
    ("ai_crawlers", "AI crawlers"),
    ("max_open_invitations", "Open invitations of a member"),
    ("max_open_invitations_moderator", "Open invitations of a moderator"),
    ("invitation_ttl_days", "Days until an invitation ends"),
    ("max_pending_signup_requests", "Sign-up requests that wait"),
    ("min_karma_to_downvote", "Karma to downvote"),
    ("min_karma_to_flag", "Karma to flag"),
    ("min_karma_to_vouch", "Karma to vouch"),
    ("ip_rules_exempt_karma", "Karma from which rules for IP addresses end"),
    ("min_karma_shared_ip_vote", "Karma to vote from a shared IP address"),
    ("min_account_age_to_count_votes_hours", "Hours until an account’s votes count"),
    ("new_account_limits_exempt_karma", "Karma from which limits of new accounts end"),
];

/// A setting as a form and `stoa config` show it.
#[derive(Debug, Clone)]
pub struct SettingEntry {
    pub name: &'static str,
    pub heading: &'static str,
    pub is_of_community: bool,
    pub meaning: &'static str,
    pub text: String,
    pub toml: String,
    pub input: Input,
}

impl SettingEntry {
    pub(super) fn new<T: Setting>(
        name: &'static str,
        (heading, is_of_community): (Option<&'static str>, bool),
        meaning: &'static str,
        value: &T,
    ) -> SettingEntry {
        // The only text of several lines.
        let input = if name == "contact" { Input::Lines } else { T::input() };
        let (text, toml, heading) = (value.text(), value.to_toml(), heading.unwrap_or_default());
        SettingEntry { name, heading, is_of_community, meaning, text, toml, input }
    }

    /// As people read it: “Site name”.
    pub fn label(&self) -> String {
        if let Some((_, label)) = LABELS.iter().find(|(name, _)| *name == self.name) {
            return (*label).to_owned();
        }
        let words = self.name.replace('_', " ").replace("per ip", "per IP address");
        let words = words.replace("per hour global", "per hour, altogether").replace("signup", "sign-up");
        let words = words.replace("per subnet", "per network");
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

/// Gives each setting the heading that it is declared under.
pub(super) fn repeat_headings(entries: &mut [SettingEntry]) {
    let mut heading = "";
    for entry in entries {
        if entry.heading.is_empty() {
            entry.heading = heading;
        }
        heading = entry.heading;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    #[error("There is no such setting.")]
    Unknown,
    #[error("This is given by {0}, which goes before what is chosen here.")]
    Given(String),
    #[error("{0}")]
    Wrong(String),
}

impl Config {
    pub fn of_community(&self) -> Vec<SettingEntry> {
        self.entries().into_iter().filter(|entry| entry.is_of_community).collect()
    }

    /// Applies what an admin chose.
    pub fn choose(&mut self, name: &str, text: &str) -> Result<(), ChoiceError> {
        let known = Config::default().of_community();
        let entry = known.iter().find(|entry| entry.name == name).ok_or(ChoiceError::Unknown)?;
        if let Some(given) = self.given_as.get(name) {
            return Err(ChoiceError::Given(given.clone()));
        }
        self.set(name, text).map_err(|wrong| ChoiceError::Wrong(format!("{} {wrong}.", entry.label())))
    }

    /// The settings with what was chosen. What another version of Stoa took, and this one does not, is left
    /// out.
    #[must_use]
    pub fn with_chosen(&self, chosen: &[(String, String)]) -> Config {
        let mut config = self.clone();
        for (name, text) in chosen {
            if let Err(error) = config.choose(name, text)
                && !matches!(error, ChoiceError::Given(_))
            {
                tracing::warn!(name, %error, "a chosen setting is not used");
            }
        }
        config
    }

    /// Community settings in their form for the log and for the next start to compare with.
    pub fn community_values(&self) -> Vec<(&'static str, String)> {
        self.of_community().into_iter().map(|entry| (entry.name, entry.toml)).collect()
    }
}

impl SiteSettings {
    /// The announcement, until the end of its last day.
    pub fn announcement_at(&self, now: crate::clock::Timestamp) -> Option<&str> {
        let is_over = self.announcement_until.is_some_and(|day| day.end() <= now);
        (!self.announcement.is_empty() && !is_over).then_some(self.announcement.as_str())
    }
}
