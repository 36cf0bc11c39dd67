//! Moderation: who may act on whom.

use crate::domain::item::ItemId;
use crate::domain::text::is_legible;
use crate::domain::user::{Member, Role};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModerationError {
    #[error("Only moderators can do that.")]
    NotAModerator,
    #[error("A moderator cannot act on an admin.")]
    Admin,
    #[error("You cannot moderate yourself.")]
    Yourself,
    #[error(
        "A moderator reads the log and would see a shadow-ban. Ban them, or let an admin take the role back first."
    )]
    Staff,
    #[error("Say for how many days, from 1 to 3650, or that it has no end.")]
    Days,
    #[error("Write the note first, or name their other account.")]
    Nothing,
    #[error("Write the warning first: it is what they read.")]
    NoWarning,
    #[error("That warning is too long: 500 characters are enough.")]
    LongWarning,
    #[error(
        "That warning has characters that do not show, or that turn the direction of what follows. Please type it anew."
    )]
    UnshownWarning,
    #[error("Nobody can log in to this account, so nobody would read it.")]
    NobodyReads,
    #[error("Nobody can log in to this account, so there is nobody to hold back.")]
    NobodyThere,
    #[error("There is no account of that name.")]
    Nobody,
    #[error("That is the same account. Give the name of the other one.")]
    SameAccount,
    #[error("Say why: the reason is kept with the act.")]
    NoReason,
    #[error("Say in your words why: “other” alone tells its author nothing.")]
    NoWords,
    #[error("That reason is too long: 500 characters are enough.")]
    LongReason,
    #[error(
        "That reason has characters that do not show, or that turn the direction of what follows. Please type it anew."
    )]
    UnshownReason,
}

/// Every act that the log knows by its name there, and how it is said before what it was done to: “alice VERB something”.
pub const ACTS: &[(&str, &str)] = &[
    ("kill", "killed"),
    ("unkill", "brought back"),
    ("clear", "let stand"),
    ("flag-kill", "killed"),
    ("vouch", "brought back"),
    ("edit", "edited"),
    ("lock", "locked"),
    ("unlock", "unlocked"),
    ("merge", "merged"),
    ("unmerge", "took"),
    ("detach", "moved up"),
    ("reattach", "moved back"),
    ("second-chance", "gave a second chance to"),
    ("no-second-chance", "took the second chance from"),
    ("pin", "pinned a notice to"),
    ("unpin", "took the notice off"),
    ("ban", "banned"),
    ("unban", "lifted the ban of"),
    ("warn", "warned"),
    ("slow", "slowed down"),
    ("unslow", "stopped slowing down"),
    ("shadow", "shadow-banned"),
    ("unshadow", "lifted the shadow-ban of"),
    ("note", "made a note about"),
    ("penalise-site", "penalised the site"),
    ("ban-site", "banned the site"),
    ("rule-kill", "killed"),
    ("set", "changed the setting"),
    ("add-rule", "added a rule"),
    ("drop-rule", "dropped a rule"),
    ("lift-site", "lifted what was held against the site"),
    ("admit", "approved the request of"),
    ("decline", "declined a request for an account"),
    ("member", "made"),
    ("moderator", "made"),
    ("admin", "made"),
    ("claim", "handed over the imported name"),
    ("password", "set the password of"),
];

/// How the log says an act: “alice BEFORE something AFTER”, or “alice BEFORE something AFTER another END”.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<'a> {
    /// With the blank before it, where one belongs there.
    pub before: String,
    pub after: String,
    /// Another item that the act names.
    pub other: Option<ItemId>,
    pub end: &'static str,
    /// What changed, as far as it is not in the sentence.
    pub detail: &'a str,
}

/// How an act is said that has this `detail`.
pub fn said<'a>(act: &str, detail: &'a str) -> Said<'a> {
    let verb = ACTS.iter().find(|(name, _)| *name == act).map_or(act, |(_, verb)| verb);
    let before = if act == "rule-kill" { format!("’s rule {verb}") } else { format!(" {verb}") };
    let plain =
        |after: &str| Said { before: before.clone(), after: after.to_owned(), other: None, end: "", detail: "" };
    // Such a detail ends with the number of the other item.
    let naming = |after: &str, end| match detail.rsplit(' ').next().and_then(|number| number.parse().ok()) {
        Some(other) => Said { other: Some(other), end, ..plain(after) },
        None => plain(detail),
    };
    match act {
        "merge" => naming("into", ""),
        "unmerge" if detail.is_empty() => plain("out again"),
        "unmerge" => naming("out of", "again"),
        "detach" => naming("from below", ""),
        "reattach" => naming("below", ""),
        "member" => plain("a member"),
        "moderator" => plain("a moderator"),
        "admin" => plain("an admin"),
        "rule-kill" => plain(detail),
        _ => Said { detail, ..plain("") },
    }
}

/// An act in the words in which the log is asked for it.
pub fn label(act: &str) -> &str {
    match act {
        "kill" => "killed something",
        "unkill" => "brought something back",
        "clear" => "let something stand",
        "flag-kill" => "members’ flags killed something",
        "vouch" => "members’ vouches brought something back",
        "rule-kill" => "a rule killed something",
        "edit" => "edited something",
        "lock" => "locked something",
        "unlock" => "unlocked something",
        "merge" => "merged a story",
        "unmerge" => "took a merged story out again",
        "detach" => "moved a comment up",
        "reattach" => "moved a comment back",
        "second-chance" => "gave a second chance",
        "no-second-chance" => "took a second chance back",
        "pin" => "pinned a notice",
        "unpin" => "took a notice off",
        "ban" => "banned somebody",
        "unban" => "lifted a ban",
        "warn" => "warned somebody",
        "slow" => "slowed somebody down",
        "unslow" => "stopped slowing somebody down",
        "shadow" => "shadow-banned somebody",
        "unshadow" => "lifted a shadow-ban",
        "note" => "made a note",
        "penalise-site" => "penalised a site",
        "ban-site" => "banned a site",
        "lift-site" => "lifted what was held against a site",
        "set" => "changed a setting",
        "admit" => "approved a request",
        "decline" => "declined a request",
        "member" => "made somebody a member",
        "moderator" => "made somebody a moderator",
        "admin" => "made somebody an admin",
        "claim" => "handed over an imported name",
        "password" => "set a password",
        "add-rule" => "added a rule",
        "drop-rule" => "dropped a rule",
        act => act,
    }
}

/// Whether moderators alone read of each act of this name: telling would undo it, or help to get around it.
pub fn is_private(act: &str) -> bool {
    matches!(act, "shadow" | "unshadow" | "note" | "add-rule" | "drop-rule" | "password")
}

/// Who acted where no single person did: members together.
pub fn together(act: &str) -> Option<&'static str> {
    match act {
        "flag-kill" => Some("members’ flags"),
        "vouch" => Some("members’ vouches"),
        _ => None,
    }
}

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// Whether `actor` may act on somebody, or on the item of somebody, of role `target`.
pub fn may_act_on(actor: &Member, target: Role) -> Result<(), ModerationError> {
    if actor.role < Role::Moderator {
        return Err(ModerationError::NotAModerator);
    }
    if target == Role::Admin && actor.role < Role::Admin {
        return Err(ModerationError::Admin);
    }
    Ok(())
}

/// A reason as typed, trimmed; an act on a person needs one.
pub fn reason(typed: &str, needed: bool) -> Result<&str, ModerationError> {
    let reason = typed.trim();
    if needed && reason.is_empty() {
        return Err(ModerationError::NoReason);
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(ModerationError::LongReason);
    }
    if !is_legible(reason) {
        return Err(ModerationError::UnshownReason);
    }
    Ok(reason)
}

/// The reasons to choose from where something is killed, beside [`OTHER`].
pub const REASONS: [&str; 5] = ["spam", "off-topic", "rude", "duplicate", "broken link"];
/// The reason that needs words.
pub const OTHER: &str = "other";

/// The reason of a kill: what was chosen, what was written, or both; none is needed.
pub fn kill_reason(chosen: &str, words: &str) -> Result<String, ModerationError> {
    let (chosen, words) = (reason(chosen, false)?, reason(words, false)?);
    match (chosen, words) {
        (OTHER, "") => Err(ModerationError::NoWords),
        ("" | OTHER, words) => Ok(words.to_owned()),
        (chosen, "") => Ok(chosen.to_owned()),
        (chosen, words) => reason(&format!("{chosen}: {words}"), false).map(str::to_owned),
    }
}

/// A warning as typed, trimmed: a reason by another name.
pub fn warning(typed: &str) -> Result<&str, ModerationError> {
    reason(typed, true).map_err(|mistake| match mistake {
        ModerationError::NoReason => ModerationError::NoWarning,
        ModerationError::LongReason => ModerationError::LongWarning,
        ModerationError::UnshownReason => ModerationError::UnshownWarning,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_said_around_what_it_was_done_to() {
        let line = |act, detail| {
            let Said { before, after, other, end, detail } = said(act, detail);
            let other = other.map_or_else(String::new, |id| format!("“{id}”"));
            let words = [format!("alma{before}"), "X".to_owned(), after, other, end.to_owned(), detail.to_owned()];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        for (act, detail, expected) in [
            ("kill", "it was dead already", "alma killed X it was dead already"),
            ("rule-kill", "as it was posted", "alma’s rule killed X as it was posted"),
            ("rule-kill", "", "alma’s rule killed X"),
            ("merge", "into item 7", "alma merged X into “7”"),
            ("merge", "into something", "alma merged X into something"),
            ("unmerge", "from item 7", "alma took X out of “7” again"),
            ("unmerge", "", "alma took X out again"),
            ("detach", "from below comment 7", "alma moved up X from below “7”"),
            ("reattach", "below comment 7", "alma moved back X below “7”"),
            ("moderator", "", "alma made X a moderator"),
            ("admin", "", "alma made X an admin"),
            ("unslow", "", "alma stopped slowing down X"),
            ("something else", "", "alma something else X"),
        ] {
            assert_eq!(line(act, detail), expected);
        }
    }

    #[test]
    fn no_act_is_asked_for_by_its_name_in_the_log() {
        for (name, _) in ACTS {
            assert!(label(name) != *name && !label(name).ends_with(" of"), "{name}: {}", label(name));
        }
    }
}
