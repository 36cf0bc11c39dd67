use crate::domain::items::item::{Item, Kind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ItemActionError {
    #[error("Only a story can be merged into another.")]
    NotAStory,
    #[error("A story cannot be merged into itself.")]
    Itself,
    #[error("Choose a story that accepts comments.")]
    TakesNoComments,
    #[error("There is no such story here.")]
    NoSuchStory,
    #[error("This is dead or deleted. Restore it first.")]
    DeadOrDeleted,
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

/// Whether `item` may be merged into `into`. Merged items are excluded, which prevents cycles.
pub fn may_merge(item: &Item, into: &Item) -> Result<(), ItemActionError> {
    if item.kind != Kind::Story {
        return Err(ItemActionError::NotAStory);
    }
    if item.merged_into.is_some() {
        return Err(ItemActionError::Merged);
    }
    if !item.is_live() {
        return Err(ItemActionError::DeadOrDeleted);
    }
    if item.id == into.id {
        return Err(ItemActionError::Itself);
    }
    if into.merged_into.is_some() {
        return Err(ItemActionError::TargetMerged);
    }
    if !matches!(into.kind, Kind::Story | Kind::Poll) {
        return Err(ItemActionError::TakesNoComments);
    }
    if into.is_live() { Ok(()) } else { Err(ItemActionError::TargetGone) }
}

/// Whether a comment may be moved with its replies to the top of the thread.
pub fn may_detach(item: &Item) -> Result<(), ItemActionError> {
    if item.kind == Kind::Comment && item.depth > 1 { Ok(()) } else { Err(ItemActionError::NotBelow) }
}

pub fn may_have_second_chance(item: &Item) -> Result<(), ItemActionError> {
    if !matches!(item.kind, Kind::Story | Kind::Poll) {
        return Err(ItemActionError::NoChance);
    }
    if item.is_live() { Ok(()) } else { Err(ItemActionError::DeadOrDeleted) }
}

pub fn may_pin(item: &Item) -> Result<(), ItemActionError> {
    if item.kind.is_root() { Ok(()) } else { Err(ItemActionError::NoThread) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemContent<'a> {
    pub title: Option<&'a str>,
    pub url: Option<&'a str>,
    pub text: &'a str,
}

/// Describes an edit; for a text only that it changed.
pub fn changes(before: ItemContent<'_>, after: ItemContent<'_>) -> String {
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
