//! A post's status as its author reads it: what happened, why, and the options.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{DeadReason, Item, Kind, Reader, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::action::Action;
use crate::domain::notification::LogEvent;
use crate::domain::text::with_reason;
use crate::domain::time::relative_time;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEvent {
    pub said: String,
    pub at: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorOption {
    Edit(Option<String>),
    Wait(String),
    Delete,
    Write,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostStatus {
    pub turns: Vec<StatusEvent>,
    pub next: Vec<AuthorOption>,
}

/// Whether the author may need to be informed. Excludes shadow-bans and posts queued by a rule, which would
/// reveal what the rules match.
pub fn may_have(item: &Item, policy: &Policy) -> bool {
    let moved_up = item.kind == Kind::Comment && item.depth == 1;
    is_dead(item)
        || item.waits()
        || item.locked
        || item.is_flagged(policy)
        || item.edited_at.is_some()
        || moved_up
}

/// Dead as far as the author may know.
fn is_dead(item: &Item) -> bool {
    use DeadReason::{Declined, Flagged, Killed, Removed};
    matches!(item.dead, Some(Killed | Flagged | Declined | Removed))
}

impl PostStatus {
    /// The status from the log's events, latest first; `None` if nothing happened.
    pub fn of(
        item: &Item,
        events: &[LogEvent<'_>],
        author: &Member,
        policy: &Policy,
        now: Timestamp,
    ) -> Option<PostStatus> {
        let turns = turns(item, events, policy);
        (!turns.is_empty()).then(|| PostStatus { turns, next: next(item, events, author, policy, now) })
    }
}

fn event_of(item: &Item, event: &LogEvent<'_>) -> Option<StatusEvent> {
    Some(StatusEvent { said: event.for_author(item.kind)?, at: Some(event.at) })
}

/// The actions that made it dead, first first, given the latest first.
fn deaths<'a>(events: &'a [LogEvent<'a>]) -> Vec<&'a LogEvent<'a>> {
    let since = events.iter().take_while(|event| {
        !matches!(event.action, Action::Unkill | Action::Vouch | Action::Approve | Action::Hold)
    });
    let kills = |event: &&LogEvent<'_>| {
        matches!(event.action, Action::Kill | Action::FlagKill | Action::RuleKill | Action::DeclinePost)
    };
    let mut deaths: Vec<_> = since.filter(kills).collect();
    deaths.reverse();
    deaths
}

pub fn why_dead(item: &Item, events: &[LogEvent<'_>], for_moderators: bool) -> Vec<String> {
    match item.dead {
        Some(DeadReason::Killed | DeadReason::Flagged | DeadReason::Declined | DeadReason::Removed) => {
            let said: Vec<String> =
                deaths(events).into_iter().filter_map(|event| event.for_others(item.kind)).collect();
            if said.is_empty() {
                vec!["This was already dead when it was imported.".to_owned()]
            } else {
                said
            }
        }
        Some(DeadReason::Shadow) if for_moderators => {
            vec!["This is dead because its author is shadow-banned.".to_owned()]
        }
        Some(DeadReason::Held) if for_moderators => {
            vec!["This waits for approval. Only its author and moderators see it.".to_owned()]
        }
        Some(DeadReason::Shadow | DeadReason::Merged | DeadReason::Held) | None => Vec::new(),
    }
}

/// The text of a placeholder for a dead or deleted post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedPost {
    /// For example `Dead comment`, or `Deleted story by alice` if the viewer may know the author.
    pub heading: String,
    pub said: Vec<String>,
}

impl RemovedPost {
    /// `None` if the viewer may see the item itself.
    pub fn of(
        item: &Item,
        events: &[LogEvent<'_>],
        viewer: Reader<'_>,
        now: Timestamp,
    ) -> Option<RemovedPost> {
        let what = what(item);
        match may_see(item, viewer, now) {
            Visibility::Whole | Visibility::Dead(_) => None,
            Visibility::Deleted if item.is_own(viewer) => Some(RemovedPost {
                heading: format!("Your deleted {what}"),
                said: vec![format!("You deleted this {what}.")],
            }),
            Visibility::Deleted => {
                let moderates = viewer.is_some_and(|viewer| viewer.role >= Role::Moderator);
                let by = item
                    .author
                    .as_ref()
                    .filter(|_| moderates)
                    .map_or_else(String::new, |name| format!(" by {name}"));
                // An import does not record who deleted a post without an author.
                let said = match item.author_id {
                    None => format!("This {what} was deleted before it was imported."),
                    Some(_) => format!("The author deleted this {what}."),
                };
                Some(RemovedPost { heading: format!("Deleted {what}{by}"), said: vec![said] })
            }
            Visibility::Hidden | Visibility::NotFound => {
                let removed = item.dead == Some(DeadReason::Removed);
                let known = removed || matches!(item.dead, Some(DeadReason::Killed | DeadReason::Flagged));
                let events = if known { events } else { &[] };
                let mut said: Vec<String> =
                    deaths(events).into_iter().filter_map(|event| event.for_others(item.kind)).collect();
                if said.is_empty() {
                    said.push(KILLED_BY_SOMEBODY.to_owned());
                }
                if !removed {
                    said.push(READABLE.to_owned());
                }
                Some(RemovedPost { heading: format!("Dead {what}"), said })
            }
        }
    }
}

/// Used without a visible log entry, and so does not reveal a shadow-ban.
pub const KILLED_BY_SOMEBODY: &str = "Members’ flags, a rule or a moderator killed this.";
pub const READABLE: &str =
    "Members who turn on “Show dead stories and comments” in their settings can read it.";

pub fn what(item: &Item) -> &'static str {
    if item.kind == Kind::Comment { "comment" } else { "story" }
}

pub fn why_locked(events: &[LogEvent<'_>]) -> Option<String> {
    let event = last_in_force(events, Action::Lock, Action::Unlock)?;
    Some(with_reason(&format!("{} locked it", event.by), Some(event.reason)))
}

/// The item whose lock applies to `item`; `above` are its ancestors, root first.
pub fn locked_at<'a>(item: &'a Item, above: &[&'a Item]) -> Option<&'a Item> {
    let root = above.first().copied().filter(|root| root.locked);
    root.or_else(|| {
        std::iter::once(item).chain(above.iter().rev().copied()).take_while(|item| item.locked).last()
    })
}

/// The last such action, unless it was undone.
fn last_in_force<'a>(
    events: &'a [LogEvent<'a>],
    action: Action,
    undoing: Action,
) -> Option<&'a LogEvent<'a>> {
    events
        .iter()
        .find(|event| [action, undoing].contains(&event.action))
        .filter(|event| event.action == action)
}

fn turns(item: &Item, events: &[LogEvent<'_>], policy: &Policy) -> Vec<StatusEvent> {
    let what = what(item);
    let plain = |said: String| StatusEvent { said, at: None };
    let mut turns = Vec::new();
    if is_dead(item) {
        turns.extend(deaths(events).into_iter().filter_map(|event| event_of(item, event)));
        if turns.is_empty() {
            turns.push(plain(format!("Your {what} was already dead when it was imported.")));
        }
        let who = if matches!(item.dead, Some(DeadReason::Declined | DeadReason::Removed)) {
            "Only you and moderators can see it."
        } else {
            "Only you, moderators and members who show dead posts can see it."
        };
        turns.push(plain(who.to_owned()));
    } else if item.waits() {
        turns.push(plain(format!(
            "Your {what} waits for a moderator’s approval. Until then only you and moderators see it; you \
             will be told what they decide."
        )));
    } else if item.is_flagged(policy) {
        turns.push(plain(format!(
            "Members flagged your {what}, so it is marked and ranks lower. A moderator may review it and \
             keep it."
        )));
    }
    if item.locked {
        let around = match item.kind {
            Kind::Comment => "A moderator locked the thread above your comment, so it cannot be replied to.",
            _ => "Your story is locked: its thread is closed to new comments.",
        };
        let own = last_in_force(events, Action::Lock, Action::Unlock).and_then(|event| event_of(item, event));
        turns.push(own.unwrap_or_else(|| plain(around.to_owned())));
    }
    turns.extend(
        last_in_force(events, Action::Detach, Action::Reattach).and_then(|event| event_of(item, event)),
    );
    turns.extend(
        events.iter().find(|event| event.action == Action::Edit).and_then(|event| event_of(item, event)),
    );
    turns
}

fn next(
    item: &Item,
    events: &[LogEvent<'_>],
    author: &Member,
    policy: &Policy,
    now: Timestamp,
) -> Vec<AuthorOption> {
    let (dead, flagged, waits) = (is_dead(item), item.is_flagged(policy), item.waits());
    let edited = events.iter().any(|event| event.action == Action::Edit);
    let mut next = Vec::new();
    if (flagged || edited || waits) && item.may_edit(author, policy, now).is_ok() {
        let left = item.editable_until(policy).since(now);
        next.push(AuthorOption::Edit((author.role == Role::Member).then(|| relative_time::left(left))));
    }
    let may_be_vouched_for = dead && !matches!(item.dead, Some(DeadReason::Declined | DeadReason::Removed));
    if may_be_vouched_for && !item.cleared && policy.vouches_to_restore > 0 {
        next.push(AuthorOption::Wait(vouches(item.vouches, policy.vouches_to_restore)));
    }
    if (dead || flagged || waits) && item.may_delete(author).is_ok() {
        next.push(AuthorOption::Delete);
    }
    // Moderators have their own actions below the post.
    if author.role == Role::Member {
        next.push(AuthorOption::Write);
    }
    next
}

fn vouches(cast: i64, needed: i64) -> String {
    let whole =
        if needed == 1 { "1 vouch restores it".to_owned() } else { format!("{needed} vouches restore it") };
    match cast {
        0 => format!("{whole}."),
        1 => format!("{whole}; it has 1 so far."),
        _ => format!("{whole}; it has {cast} so far."),
    }
}

#[cfg(test)]
mod tests;
