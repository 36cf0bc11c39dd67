//! What moderators may do to an item, and the words in which its author learns of it.

use crate::domain::flag::Reason;
use crate::domain::item::{Item, Kind};
use crate::domain::standing::WITH_BAN;

/// Why an act on an item is refused. The sentence is what the moderator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    #[error("Only a story can be merged into another.")]
    NotAStory,
    #[error("A story cannot be merged into itself.")]
    Itself,
    #[error("That is a comment or takes none: name the story whose thread the comments are to join.")]
    TakesNoComments,
    #[error("There is no such story here.")]
    NoSuchStory,
    #[error("This is dead or deleted: bring it back first.")]
    Gone,
    #[error("The story that you name is dead or deleted.")]
    TargetGone,
    #[error("The story that you name was itself merged into another: name that one.")]
    TargetMerged,
    #[error("This was merged into another story already.")]
    Merged,
    #[error("Only a comment that answers another can be moved up to the story.")]
    NotBelow,
    #[error("Only a story can have a second chance.")]
    NoChance,
    #[error("This stands on the front page already, higher than a second chance would place it.")]
    OnTheFrontPage,
    #[error("A notice stands above a thread: pin it to the story.")]
    NoThread,
}

/// Whether `item` may be merged into `into` as a duplicate. What is merged takes no further part, so that no circle can come about.
pub fn may_merge(item: &Item, into: &Item) -> Result<(), DeskError> {
    if item.kind != Kind::Story {
        return Err(DeskError::NotAStory);
    }
    if item.merged_into.is_some() {
        return Err(DeskError::Merged);
    }
    if !item.is_live() {
        return Err(DeskError::Gone);
    }
    if item.id == into.id {
        return Err(DeskError::Itself);
    }
    if into.merged_into.is_some() {
        return Err(DeskError::TargetMerged);
    }
    if !matches!(into.kind, Kind::Story | Kind::Poll) {
        return Err(DeskError::TakesNoComments);
    }
    if into.is_live() { Ok(()) } else { Err(DeskError::TargetGone) }
}

/// Whether a comment, with what answers it, may be moved up to the head of its thread.
pub fn may_detach(item: &Item) -> Result<(), DeskError> {
    if item.kind == Kind::Comment && item.depth > 1 { Ok(()) } else { Err(DeskError::NotBelow) }
}

/// Whether a story may be placed on the front page again.
pub fn may_have_second_chance(item: &Item) -> Result<(), DeskError> {
    if !matches!(item.kind, Kind::Story | Kind::Poll) {
        return Err(DeskError::NoChance);
    }
    if item.is_live() { Ok(()) } else { Err(DeskError::Gone) }
}

pub fn may_pin(item: &Item) -> Result<(), DeskError> {
    if item.kind.is_root() { Ok(()) } else { Err(DeskError::NoThread) }
}

/// The parts of an item that an edit may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    pub title: Option<&'a str>,
    pub url: Option<&'a str>,
    pub text: &'a str,
}

/// What an edit changed, in words; of a text only that it did.
pub fn changes(before: Said<'_>, after: Said<'_>) -> String {
    let mut changes = Vec::new();
    if let (Some(was), Some(is)) = (before.title, after.title)
        && was != is
    {
        changes.push(format!("the title “{was}” became “{is}”"));
    }
    match (before.url, after.url) {
        (was, is) if was == is => {}
        (Some(was), Some(is)) => changes.push(format!("the address {was} became {is}")),
        (Some(was), None) => changes.push(format!("the address {was} was taken out")),
        (None, is) => changes.push(format!("the address {} was put in", is.unwrap_or_default())),
    }
    if before.text != after.text {
        changes.push("the text was changed".to_owned());
    }
    changes.join("; ")
}

/// What turns an act on an item back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Back {
    /// The last part of its address.
    pub act: &'static str,
    /// What its form says.
    pub on: bool,
    /// Its button. It is an act like any other: who brings back what was flagged rejects the flags.
    pub label: &'static str,
}

/// What turns an act on an item back; none for what needs a reason, or a look.
pub fn back(act: &str) -> Option<Back> {
    let (act, on, label) = match act {
        "kill" => ("kill", false, "Bring back"),
        "unkill" => ("kill", true, "Kill it after all"),
        "lock" => ("lock", false, "Unlock"),
        "merge" => ("merge", false, "Take it out again"),
        "detach" => ("detach", false, "Move it back"),
        "second-chance" => ("second-chance", false, "Take it back"),
        "pin" => ("pin", false, "Take it off"),
        _ => return None,
    };
    Some(Back { act, on, label })
}

/// What the log says of a kill of what flags, a rule or an import had killed: it is a moderator's decision from now on.
pub const DEAD_ALREADY: &str = "it was dead already";

/// Whether an act is one against the person who is told of it, so that they may ask whether it was a mistake.
pub fn is_adverse(act: &str) -> bool {
    matches!(
        act,
        "kill"
            | "flag-kill"
            | "rule-kill"
            | "lock"
            | "merge"
            | "detach"
            | "no-second-chance"
            | "edit"
            | "ban"
            | "slow"
            | "warn"
    )
}

/// An act on a story or a comment, as its author is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// As the log names it.
    pub act: &'a str,
    pub kind: Kind,
    /// Who did it, as a sentence begins.
    pub by: &'a str,
    pub reason: &'a str,
    /// What changed, as the log says it.
    pub detail: &'a str,
}

impl Told<'_> {
    /// The sentence, and the reason after it; none of an act that is not on a post.
    pub fn sentence(&self) -> Option<String> {
        self.sentence_about(if self.kind == Kind::Comment { "your comment" } else { "your story" })
    }

    /// The same, as others read it on the post's page.
    pub fn sentence_for_others(&self) -> Option<String> {
        self.sentence_about("this")
    }

    fn sentence_about(&self, what: &str) -> Option<String> {
        let detail = if self.detail.is_empty() { String::new() } else { format!(": {}", self.detail) };
        let said = match self.act {
            "edit" => format!("WHO edited your STORY{detail}."),
            "rule-kill" => {
                format!("A rule of the moderators took your STORY out of sight {}", self.detail).trim_end().to_owned()
                    + "."
            }
            "flag-kill" => {
                let why = Reason::parse(self.reason).map_or("", Reason::after_flagged);
                format!("Members flagged your STORY{why}, and it was taken out of sight.")
            }
            "kill" if self.detail == WITH_BAN => {
                let whose = if what == "this" { "the ban of its author" } else { "your ban" };
                format!("WHO took your STORY out of sight with {whose}.")
            }
            "kill" if self.detail == DEAD_ALREADY => "WHO looked at your STORY, and it stays out of sight.".to_owned(),
            act => said(act, self.kind == Kind::Comment)?.to_owned(),
        };
        // What members' flags mostly said is in the sentence itself.
        let reason = if self.act == "flag-kill" { "" } else { self.reason };
        Some(because(&said.replace("your STORY", what).replacen("WHO", self.by, 1), reason))
    }
}

/// The sentence of an act that says the same each time; WHO and STORY stand for what they say.
fn said(act: &str, is_comment: bool) -> Option<&'static str> {
    Some(match act {
        "kill" => "WHO took your STORY out of sight.",
        "unkill" => "WHO brought your STORY back.",
        "clear" => "WHO looked at your STORY and let it stand.",
        "vouch" => "Members vouched for your STORY, and it is back.",
        "lock" if is_comment => "WHO locked your STORY: it and what answers it take no more replies.",
        "lock" => "WHO locked your STORY: its thread takes no more comments.",
        "unlock" if is_comment => "WHO unlocked your STORY: it takes replies again.",
        "unlock" => "WHO unlocked your STORY: it takes comments again.",
        "merge" => "WHO merged your STORY into another on the same thing; its comments stand there now.",
        "unmerge" => "WHO took your STORY out of the one that it was merged into.",
        "detach" => "WHO moved your STORY, with what answers it, up to the story.",
        "reattach" => "WHO moved your STORY back to what it answered.",
        "second-chance" => "WHO gave your STORY a second chance: it is on the front page as if it were new.",
        "no-second-chance" => "WHO took back the second chance of your STORY: it ranks by its own age again.",
        "pin" => "WHO pinned a notice above the thread of your STORY.",
        "unpin" => "WHO took the notice off the thread of your STORY.",
        _ => return None,
    })
}

/// A sentence with the reason after it, if one was given.
fn because(told: &str, reason: &str) -> String {
    let end = if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    if reason.is_empty() { told.to_owned() } else { format!("{told} The reason: {reason}{end}") }
}
