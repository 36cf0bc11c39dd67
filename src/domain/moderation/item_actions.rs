//! What moderators may do to an item.

use crate::domain::items::item::{Item, Kind};

/// Why an act on an item is refused. The sentence is what the moderator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    #[error("Only a story can be merged into another.")]
    NotAStory,
    #[error("A story cannot be merged into itself.")]
    Itself,
    #[error("Choose a story that accepts comments.")]
    TakesNoComments,
    #[error("There is no such story here.")]
    NoSuchStory,
    #[error("This is dead or deleted. Restore it first.")]
    Gone,
    #[error("The target story is dead or deleted.")]
    TargetGone,
    #[error("The target story was itself merged into another. Choose that one.")]
    TargetMerged,
    #[error("This was already merged into another story.")]
    Merged,
    #[error("Only a reply to a comment can be moved to the top level.")]
    NotBelow,
    #[error("Only a story can have a second chance.")]
    NoChance,
    #[error("This already ranks higher than a second chance would place it.")]
    OnTheFrontPage,
    #[error("Notices can only be pinned to a story.")]
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
        changes.push(format!("title changed from “{was}” to “{is}”"));
    }
    match (before.url, after.url) {
        (was, is) if was == is => {}
        (Some(was), Some(is)) => changes.push(format!("address changed from {was} to {is}")),
        (Some(was), None) => changes.push(format!("address {was} removed")),
        (None, is) => changes.push(format!("address {} added", is.unwrap_or_default())),
    }
    if before.text != after.text {
        changes.push("text changed".to_owned());
    }
    changes.join("; ")
}
