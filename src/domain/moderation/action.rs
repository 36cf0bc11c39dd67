//! Moderation actions, with their texts and effects.

use crate::domain::accounts::user::Role;
use crate::domain::items::item::ItemId;

/// Declares the enum with each action's name and specification.
macro_rules! actions {
    ($($action:ident $name:literal {
        before: $before:literal, label: $label:literal $(, $field:ident: $value:expr)*
    })+) => {
        /// An action by a moderator, the operator, a rule or members together. Their names are stored: never
        /// rename or remove one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
        #[sqlx(type_name = "text")]
        pub enum Action {
            $(
                #[sqlx(rename = $name)]
                $action,
            )+
        }

        impl Action {
            pub const ALL: &[Action] = &[$(Action::$action),+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Action::$action => $name,)+
                }
            }

            pub const fn spec(self) -> ActionSpec {
                match self {
                    $(Action::$action => ActionSpec {
                        before: $before, label: $label, $($field: $value,)* ..PLAIN
                    },)+
                }
            }
        }
    };
}

actions! {
    Kill "kill" { before: " killed", label: "killed something", adverse: true,
        undo: undo("kill", false, "Restore"), told: author("killed", "") }
    Unkill "unkill" { before: " restored", label: "restored something",
        undo: undo("kill", true, "Kill again"), told: author("restored", "") }
    Clear "clear" { before: " approved", label: "approved something",
        told: author("reviewed", " and kept it") }
    Approve "approve" { before: " approved", label: "approved a waiting post",
        told: author("approved", ": everybody can see it now") }
    DeclinePost "decline-post" { before: " declined", label: "declined a waiting post", adverse: true,
        told: author("declined", ", so it was not published") }
    Hold "hold" { before: " put back in the queue", label: "put a post back in the queue",
        told: author("put", " back in the queue: it waits for approval") }
    FlagKill "flag-kill" { before: " killed", label: "members’ flags killed something", adverse: true,
        together: Some("members’ flags"), told: author("flagged", ", so it was killed") }
    Vouch "vouch" { before: " restored", label: "members’ vouches restored something",
        together: Some("members’ vouches"), told: author("vouched for", ", so it was restored") }
    RuleKill "rule-kill" { before: "’s rule killed", label: "a rule killed something", after: After::Detail,
        adverse: true, told: author("killed", "") }
    Edit "edit" { before: " edited", label: "edited something", adverse: true, quotes: true,
        told: author("edited", "") }
    Lock "lock" { before: " locked", label: "locked something", adverse: true,
        undo: undo("lock", false, "Unlock"),
        told: Recipient::Author("locked", ": its thread is closed to new comments",
            ": it and its replies can no longer be replied to") }
    Unlock "unlock" { before: " unlocked", label: "unlocked something",
        told: Recipient::Author("unlocked", ": its thread is open to new comments again",
            ": it and its replies can be replied to again") }
    Merge "merge" { before: " merged", label: "merged a story", after: After::Other("into"), adverse: true,
        undo: undo("merge", false, "Undo merge"),
        told: author("merged", " into another story about the same thing; its comments were moved there") }
    Unmerge "unmerge" { before: " unmerged", label: "unmerged a story", after: After::Other("from"),
        told: author("undid the merge of", "") }
    Detach "detach" { before: " moved up", label: "moved a comment up", after: After::Other("from below"),
        adverse: true, undo: undo("detach", false, "Move it back"),
        told: author("moved", " and its replies to the top level") }
    Reattach "reattach" { before: " moved back", label: "moved a comment back", after: After::Other("below"),
        told: author("moved", " back to its original place") }
    SecondChance "second-chance" { before: " gave a second chance to", label: "gave a second chance",
        undo: undo("second-chance", false, "Undo"),
        told: author("gave", " a second chance: it is on the front page as if it were new") }
    NoSecondChance "no-second-chance" { before: " removed the second chance from",
        label: "removed a second chance", adverse: true,
        told: author("removed the second chance from", ": it ranks by its original date again") }
    Pin "pin" { before: " pinned a notice to", label: "pinned a notice", quotes: true,
        undo: undo("pin", false, "Remove notice"), told: author("pinned a notice to", "") }
    Unpin "unpin" { before: " removed the notice from", label: "removed a notice", quotes: true,
        told: author("removed the notice from", "") }
    Ban "ban" { before: " banned", label: "banned somebody", adverse: true,
        told: Recipient::Member("A moderator banned you", " permanently", "killed") }
    Unban "unban" { before: " lifted the ban on", label: "lifted a ban",
        told: Recipient::Member("A moderator lifted the ban on your account", "", "restored") }
    Warn "warn" { before: " warned", label: "warned somebody", adverse: true,
        told: Recipient::Member("A moderator warned you", "", "") }
    Limit "limit" { before: " limited", label: "limited somebody", adverse: true,
        told: Recipient::Member(
            "A moderator limited how often you can post", " until a moderator lifts it", "") }
    Unlimit "unlimit" { before: " lifted the limit on", label: "lifted a limit",
        told: Recipient::Member("You can post as often as others again", "", "") }
    Shadow "shadow" { before: " shadow-banned", label: "shadow-banned somebody", private: true }
    Unshadow "unshadow" { before: " lifted the shadow-ban on", label: "lifted a shadow-ban", private: true }
    Note "note" { before: " made a note about", label: "made a note", private: true }
    PenaliseSite "penalise-site" { before: " penalised the site", label: "penalised a site" }
    BanSite "ban-site" { before: " banned the site", label: "banned a site" }
    LiftSite "lift-site" { before: " lifted the restriction on the site",
        label: "lifted the restriction on a site" }
    Set "set" { before: " changed the setting", label: "changed a setting" }
    EditPage "edit-page" { before: " wrote the page", label: "wrote a page" }
    DeletePage "delete-page" { before: " deleted the page", label: "deleted a page" }
    AddRule "add-rule" { before: " added a rule", label: "added a rule", private: true }
    DeleteRule "drop-rule" { before: " deleted a rule", label: "deleted a rule", private: true }
    Admit "admit" { before: " approved the request of", label: "approved a request",
        told: Recipient::Member("A moderator approved your request. Welcome", "", "") }
    Decline "decline" { before: " declined a request for an account", label: "declined a request" }
    Member "member" { before: " made", label: "made somebody a member", after: After::Words("a member"),
        told: Recipient::Role("a member") }
    Moderator "moderator" { before: " made", label: "made somebody a moderator",
        after: After::Words("a moderator"), told: Recipient::Role("a moderator") }
    Admin "admin" { before: " made", label: "made somebody an admin", after: After::Words("an admin"),
        told: Recipient::Role("an admin") }
    Claim "claim" { before: " handed over the imported name", label: "handed over an imported name" }
    ResetLink "reset-link" { before: " made a link to set the password of", label: "made a password link",
        private: true, adverse: true,
        told: Recipient::Member("An admin made a link by which your password can be set", "", "") }
    ClearTwoFactor "clear-two-factor" { before: " is clearing the second factor of",
        label: "is clearing a second factor", private: true, adverse: true,
        told: Recipient::Member("An admin is clearing your second factor, because they were told that you \
            have lost it; if you have not, you can stop it on any page. Log-ins ask for a code", "", "") }
    KeepTwoFactor "keep-two-factor" { before: " kept the second factor of", label: "kept a second factor",
        private: true }
    TwoFactorOn "two-factor-on" { before: " turned on two-factor log-in", label: "two-factor log-in on",
        of_account: true, told: to_owner("You turned on two-factor log-in") }
    TwoFactorOff "two-factor-off" { before: " turned off two-factor log-in", label: "two-factor log-in off",
        of_account: true, told: to_owner(
            "Two-factor log-in was turned off. If that was not you, change your password and turn it on \
            again") }
    RecoveryCodes "recovery-codes" { before: " made recovery codes", label: "recovery codes made",
        of_account: true, told: to_owner(
            "You made new recovery codes; the earlier ones no longer work. If that was not you, change \
            your password and make others") }
    RecoveryLogin "recovery-login" { before: " logged in with a recovery code", label: "recovery code used",
        of_account: true, told: to_owner(
            "You logged in with a recovery code. If that was not you, change your password and make new \
            codes") }
    RecoveryPassword "recovery-password" { before: " set a password with a recovery code",
        label: "password recovered", of_account: true, told: to_owner(
            "Your password was set with a recovery code. If that was not you, write to the moderators") }
    PasskeyAdded "passkey-added" { before: " added a passkey", label: "passkey added",
        of_account: true, told: to_owner(
            "You added a passkey, which logs in without your password. If that was not you, remove it and \
            change your password") }
    PasskeyRemoved "passkey-removed" { before: " removed a passkey", label: "passkey removed",
        of_account: true, told: to_owner("You removed a passkey") }
    PasskeysOnly "passkeys-only" { before: " ended the log-in by password", label: "log-in by passkeys only",
        of_account: true, told: to_owner(
            "Your password logs you in no longer; your passkeys do. If that was not you, set a new \
            password") }
    Rename "rename" { before: " changed their name, which was", label: "changed a name",
        after: After::Detail }
    Answer "answer" { before: " wrote to", label: "wrote to somebody", after: After::Detail,
        private: true,
        told: Recipient::Conversation("The moderators wrote to you") }
    Resolve "resolve" { before: " resolved a conversation with", label: "resolved a conversation",
        after: After::Detail, private: true }
    Reopen "reopen" { before: " reopened a conversation with", label: "reopened a conversation",
        after: After::Detail, private: true }
    DecideReport "decide-report" { before: " decided on a report of", label: "decided on a report",
        private: true, told: Recipient::Conversation("The moderators decided on your report") }
    Password "password" { before: " set the password of", label: "set a password", private: true }
}

#[derive(Debug, Clone, Copy)]
pub struct ActionSpec {
    before: &'static str,
    after: After,
    pub label: &'static str,
    /// For moderators only: publishing it would defeat it or help to evade it.
    pub private: bool,
    /// The notification offers an appeal.
    pub adverse: bool,
    /// What a member did with their own account, of which they alone are told: it is in no log.
    pub of_account: bool,
    /// Its detail quotes the item, so it needs the item's visibility.
    pub quotes: bool,
    pub together: Option<&'static str>,
    pub undo: Option<Undo>,
    pub(crate) told: Recipient,
}

const PLAIN: ActionSpec = ActionSpec {
    before: "",
    after: After::Words(""),
    label: "",
    private: false,
    adverse: false,
    of_account: false,
    quotes: false,
    together: None,
    undo: None,
    told: Recipient::Nobody,
};

/// The log's text after the target.
#[derive(Debug, Clone, Copy)]
enum After {
    /// Followed by the detail.
    Words(&'static str),
    Detail,
    /// Followed by another item, whose number ends the detail.
    Other(&'static str),
}

/// The inverse of an action on an item; `None` if it needs a reason or a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undo {
    pub path: &'static str,
    pub on: bool,
    pub label: &'static str,
}

/// Who is notified, and the text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Recipient {
    Nobody,
    /// “WHO verb your story rest.”: the verb, the rest for a story and for a comment.
    Author(&'static str, &'static str, &'static str),
    /// The text, the duration if permanent, and what happened to their posts.
    Member(&'static str, &'static str, &'static str),
    Role(&'static str),
    /// The text; the detail names the conversation.
    Conversation(&'static str),
}

const fn author(verb: &'static str, rest: &'static str) -> Recipient {
    Recipient::Author(verb, rest, rest)
}

const fn to_owner(said: &'static str) -> Recipient {
    Recipient::Member(said, "", "")
}

const fn undo(path: &'static str, on: bool, label: &'static str) -> Option<Undo> {
    Some(Undo { path, on, label })
}

/// A log entry: “alice BEFORE target AFTER”, or “alice BEFORE target AFTER other”.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPhrase<'a> {
    /// Includes a leading space if it needs one.
    pub before: &'static str,
    pub after: &'a str,
    pub other: Option<ItemId>,
    pub detail: &'a str,
}

impl Action {
    pub fn parse(name: &str) -> Option<Action> {
        Action::ALL.iter().copied().find(|action| action.as_str() == name)
    }

    /// Those that the log has.
    pub fn logged() -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(|action| !action.spec().of_account)
    }

    pub fn phrase(self, detail: &str) -> LogPhrase<'_> {
        let ActionSpec { before, after, .. } = self.spec();
        let phrase = LogPhrase { before, after: "", other: None, detail: "" };
        match after {
            After::Words(after) => LogPhrase { after, detail, ..phrase },
            After::Detail => LogPhrase { after: detail, ..phrase },
            After::Other(after) => match detail.rsplit(' ').next().and_then(|number| number.parse().ok()) {
                Some(other) => LogPhrase { after, other: Some(other), ..phrase },
                None => LogPhrase { after: detail, ..phrase },
            },
        }
    }
}

impl From<Role> for Action {
    fn from(role: Role) -> Action {
        match role {
            Role::Member => Action::Member,
            Role::Moderator => Action::Moderator,
            Role::Admin => Action::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_said_around_what_it_was_done_to() {
        let line = |action: Action, detail| {
            let LogPhrase { before, after, other, detail } = action.phrase(detail);
            let other = other.map_or_else(String::new, |id| format!("“{id}”"));
            let words = [&format!("alma{before}"), "X", after, &other, detail];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        };
        for (action, detail, expected) in [
            (Action::Kill, "it was dead already", "alma killed X it was dead already"),
            (Action::RuleKill, "when it was posted", "alma’s rule killed X when it was posted"),
            (Action::RuleKill, "", "alma’s rule killed X"),
            (Action::Merge, "into item 7", "alma merged X into “7”"),
            (Action::Merge, "into something", "alma merged X into something"),
            (Action::Unmerge, "from item 7", "alma unmerged X from “7”"),
            (Action::Unmerge, "", "alma unmerged X"),
            (Action::Detach, "from below comment 7", "alma moved up X from below “7”"),
            (Action::Reattach, "below comment 7", "alma moved back X below “7”"),
            (Action::Moderator, "", "alma made X a moderator"),
            (Action::Admin, "", "alma made X an admin"),
            (Action::Unlimit, "", "alma lifted the limit on X"),
        ] {
            assert_eq!(line(action, detail), expected);
        }
    }

    #[test]
    fn each_action_has_a_name_and_a_label_of_its_own() {
        for action in Action::ALL {
            let (name, label) = (action.as_str(), action.spec().label);
            assert_eq!(Action::parse(name), Some(*action));
            assert!(label != name && !label.ends_with(" of"), "{name}: {label}");
            assert_eq!(Action::ALL.iter().filter(|other| other.spec().label == label).count(), 1, "{label}");
        }
        assert_eq!(Action::parse("something else"), None);
        for role in Role::ALL {
            assert_eq!(Action::from(role).as_str(), role.as_str());
        }
    }
}
