//! What moderators may do to an item, and the words in which its author learns of it.

use crate::domain::item::{Item, Kind};

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

/// What the author of a story or a comment is told of an act on it.
pub fn told(act: &str, kind: Kind, reason: &str) -> Option<String> {
    let what = if kind == Kind::Comment { "comment" } else { "story" };
    let told = match act {
        "lock" if kind == Kind::Comment => {
            "A moderator locked your comment: it and what answers it take no more replies."
        }
        "lock" => "A moderator locked your story: its thread takes no more comments.",
        "unlock" => "A moderator unlocked your STORY: it takes comments again.",
        "merge" => {
            "A moderator merged your story into an earlier or better one of the same; its comments stand there now."
        }
        "unmerge" => "A moderator took your story out of the one that it was merged into.",
        "detach" => "A moderator moved your comment, with what answers it, up to the story.",
        "reattach" => "A moderator moved your comment back to what it answered.",
        "second-chance" => "A moderator gave your story a second chance: it is on the front page as if it were new.",
        "pin" => "A moderator pinned a notice above the thread of your story.",
        _ => return None,
    };
    Some(because(&told.replace("STORY", what), reason))
}

/// What the author is told whose item a moderator edited.
pub fn told_of_edit(kind: Kind, changes: &str, reason: &str) -> String {
    let what = if kind == Kind::Comment { "comment" } else { "story" };
    let told = if changes.is_empty() {
        format!("A moderator edited your {what}.")
    } else {
        format!("A moderator edited your {what}: {changes}.")
    };
    because(&told, reason)
}

/// A sentence with the reason after it, if one was given.
fn because(told: &str, reason: &str) -> String {
    let end = if reason.ends_with(['.', '!', '?', '…']) { "" } else { "." };
    if reason.is_empty() { told.to_owned() } else { format!("{told} The reason: {reason}{end}") }
}
