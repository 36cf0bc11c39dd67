//! Explains on the log-in page what the member was about to do.

use crate::config::{LogVisibility, Readers, SiteSettings};

/// Purposes by their name in addresses, with their sentence.
const PURPOSES: [(&str, &str); 19] = [
    ("submit", "Log in to submit a story."),
    ("reply", "Log in to comment."),
    ("change", "Log in to change what you wrote."),
    ("flag", "Log in to flag this."),
    ("vouch", "Log in to vouch for this."),
    ("save", "Log in to save this."),
    ("hide", "Log in to hide this."),
    ("mute", "Log in to mute this."),
    ("follow", "Log in to follow this."),
    ("order", "Log in to save your comment order."),
    ("inbox", "Log in to see your inbox."),
    ("list", "Log in to see your own list."),
    ("invite", "Log in to invite people."),
    ("settings", "Log in to see and change your settings."),
    ("log", "Log in to read the moderation log; on this site only members can."),
    ("read", "Log in to read; on this site only members can."),
    ("moderate", "Log in as a moderator to do this."),
    ("reset", "Log in with your new password, then enter your second factor."),
    ("member", "Log in first: this is for members."),
];

/// The purpose of that name, or an empty string.
pub fn known(typed: &str) -> &'static str {
    PURPOSES.into_iter().find(|(name, _)| *name == typed).map_or("", |(name, _)| name)
}

pub fn sentence_for(name: &str) -> Option<String> {
    PURPOSES.into_iter().find(|(known, _)| *known == name).map(|(_, said)| said.to_owned())
}

/// The purpose of a members-only path.
pub fn of(path: &str) -> &'static str {
    of_known(path).unwrap_or("member")
}

/// The sentence for a page; `None` if it is public.
pub fn of_page(goto: &str, settings: &SiteSettings) -> Option<String> {
    let path = goto.split(['?', '#']).next().unwrap_or_default();
    let name = match of_known(path) {
        None if path == "/log" && settings.moderation_log == LogVisibility::Members => "log",
        None if settings.reading == Readers::Members => "read",
        name => name?,
    };
    sentence_for(name)
}

fn of_known(path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match parts[..] {
        ["submit", ..] => "submit",
        ["item", _, "reply"] => "reply",
        ["item", _, "edit" | "delete"] => "change",
        ["item", _, "flag"] => "flag",
        ["item", _, "vouch"] => "vouch",
        ["item", _, "save"] => "save",
        ["item", _, "hide"] => "hide",
        ["item", _, "mute"] => "mute",
        ["item", _, "order"] => "order",
        ["inbox", ..] => "inbox",
        ["item" | "user", _, "follow"] => "follow",
        ["following"] => "list",
        ["saved" | "hidden" | "upvoted" | "flagged" | "vouched"] => "list",
        ["invitations", ..] => "invite",
        ["settings", ..] => "settings",
        ["mod", ..] | ["item", _, "moderate" | "history"] => "moderate",
        ["item", _, "kill" | "clear" | "lock" | "merge" | "detach" | "second-chance" | "pin"] => "moderate",
        [
            "user",
            _,
            "moderate" | "note" | "warn" | "limit" | "ban" | "shadow" | "role" | "reset-link"
            | "clear-two-factor",
        ] => "moderate",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_a_sentence() {
        for (path, name) in [
            ("/submit", "submit"),
            ("/submit/title", "submit"),
            ("/item/5/reply", "reply"),
            ("/item/5/save", "save"),
            ("/settings/password", "settings"),
            ("/mod/new", "moderate"),
            ("/user/alice/ban", "moderate"),
            ("/something/new", "member"),
        ] {
            assert_eq!(of(path), name);
            assert!(sentence_for(name).is_some_and(|said| said.starts_with("Log in ")), "{name}");
        }
        for path in ["/", "/item/5", "/user/alice", "/new"] {
            assert_eq!(of_known(path), None, "{path}");
        }
    }
}
