//! What an event stream can be about.

use crate::clock::Timestamp;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::title::Section;
use crate::web::cache::ranked_lists::RankedList;

/// Seconds before its cursor from which a topic is read again, as the clocks of nodes differ and commits
/// take a while: a page knows which items it has, so one that is told twice is counted once.
pub const OVERLAP: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    Thread(ItemId),
    Newest,
    /// The first page of a ranked list.
    Ranked(RankedList),
}

impl Topic {
    pub fn list(name: &str) -> Option<Topic> {
        match name {
            "top" => Some(Topic::Ranked(RankedList::Top)),
            "new" => Some(Topic::Newest),
            "active" => Some(Topic::Ranked(RankedList::Active)),
            _ => Section::parse(name).map(|section| Topic::Ranked(RankedList::Section(section))),
        }
    }

    pub fn event(self) -> &'static str {
        if matches!(self, Topic::Thread(_)) { "comments" } else { "stories" }
    }

    /// Where an item is in the order by which a stream resumes, on any node: when it could first be seen.
    pub fn cursor(item: &Item) -> i64 {
        item.visible_at.0
    }

    /// Whether a page with everything up to `after` may lack it.
    pub fn is_after(item: &Item, after: i64) -> bool {
        Topic::cursor(item) > after.saturating_sub(OVERLAP)
    }

    /// Without a cursor, a list is told whole: its page knows what it has.
    pub fn cursor_at(self, now: Timestamp) -> i64 {
        if matches!(self, Topic::Thread(_)) { now.0 } else { 0 }
    }
}
