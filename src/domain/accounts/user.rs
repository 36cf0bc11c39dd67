use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;
use crate::domain::accounts::ban::Ban;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::text::plural::Grouped;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct UserId(pub i64);

/// Ordered: each role includes the permissions of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    #[default]
    Member,
    Moderator,
    Admin,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Member, Role::Moderator, Role::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(s: &str) -> Result<Role, String> {
        match s {
            "member" => Ok(Role::Member),
            "moderator" => Ok(Role::Moderator),
            "admin" => Ok(Role::Admin),
            _ => Err(format!("“{s}” is not a role: choose member, moderator or admin")),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    pub fn as_str(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn parse(s: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.as_str() == s)
    }
}

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Member {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub karma: i64,
    pub created_at: Timestamp,
    pub shadow_banned_at: Option<Timestamp>,
    pub limited_until: Option<Timestamp>,
    pub show_dead: bool,
    /// Whether their password logs nobody in, so that they confirm with a passkey what asks for one.
    pub passkeys_only: bool,
    pub theme: Theme,
    pub comment_order: CommentOrder,
}

impl Member {
    /// Whether their flags and vouches count: those of shadow-banned members are stored only. Who is banned
    /// is no member meanwhile.
    pub fn counts(&self) -> bool {
        self.shadow_banned_at.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Profile {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub karma: i64,
    pub created_at: Timestamp,
    /// Markdown source.
    pub about: String,
    #[sqlx(flatten)]
    pub ban: Ban,
    pub limited_until: Option<Timestamp>,
    pub shadow_banned_at: Option<Timestamp>,
    /// Imported and not yet claimed.
    pub unclaimed: bool,
    pub deleted: bool,
}

impl Profile {
    pub fn shown_karma(&self) -> Grouped<i64> {
        Grouped(self.karma)
    }
}

/// A user name: 2–20 of `[A-Za-z0-9_-]`, unique case-insensitively.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("Choose a name.")]
    Empty,
    #[error("Names can have 2 to 20 characters.")]
    Length,
    #[error("Names can contain letters a–z, digits, “_” and “-”.")]
    Character,
    #[error("Names cannot begin with “-”.")]
    Dash,
    #[error("That name is reserved. Please choose another.")]
    Reserved,
    #[error("That name is taken. Please choose another.")]
    Taken,
    #[error(
        "That name is taken by the author of imported posts. If that is you, the operator can assign it to \
         you; otherwise please choose another."
    )]
    Imported,
}

/// Names that could impersonate the site, without separators.
const RESERVED: [&str; 18] = [
    "admin",
    "administrator",
    "admins",
    "anonymous",
    "deleted",
    "mod",
    "moderator",
    "moderators",
    "mods",
    "operator",
    "owner",
    "root",
    "security",
    "staff",
    "stoa",
    "support",
    "system",
    "webmaster",
];

impl Name {
    pub const LONGEST: usize = 20;

    pub fn parse(typed: &str) -> Result<Name, NameError> {
        let name = Name::parse_by_operator(typed)?;
        let letters: String = name.0.chars().filter(|c| !matches!(c, '-' | '_')).collect();
        let is_tombstone =
            letters.strip_prefix("deleted").is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
        if is_tombstone || RESERVED.contains(&letters.to_ascii_lowercase().as_str()) {
            return Err(NameError::Reserved);
        }
        Ok(name)
    }

    /// Like [`Name::parse`], but allows reserved names.
    pub fn parse_by_operator(typed: &str) -> Result<Name, NameError> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(NameError::Character);
        }
        if !(2..=Name::LONGEST).contains(&name.len()) {
            return Err(NameError::Length);
        }
        if name.starts_with('-') {
            return Err(NameError::Dash);
        }
        Ok(Name(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Member {
    Member {
        id: UserId(7),
        name: "mia".to_owned(),
        role: Role::Member,
        karma: 1,
        created_at: Timestamp(0),
        shadow_banned_at: None,
        limited_until: None,
        show_dead: false,
        passkeys_only: false,
        theme: Theme::System,
        comment_order: CommentOrder::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_2_to_20_letters_digits_underscores_and_dashes() {
        for (typed, expected) in [
            ("al", None),
            (" alice ", None),
            ("A_b-9", None),
            ("", Some(NameError::Empty)),
            ("a", Some(NameError::Length)),
            ("aaaaaaaaaaaaaaaaaaaaa", Some(NameError::Length)),
            ("-alice", Some(NameError::Dash)),
            ("al ice", Some(NameError::Character)),
            ("аlice", Some(NameError::Character)),
            ("alice\0", Some(NameError::Character)),
            ("Admin", Some(NameError::Reserved)),
            ("_mod-erator_", Some(NameError::Reserved)),
            ("modern", None),
        ] {
            assert_eq!(Name::parse(typed).err(), expected, "{typed:?}");
        }
        assert!(Name::parse_by_operator("admin").is_ok());
    }
}
