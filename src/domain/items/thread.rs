//! Threads: from the items of a discussion, in any order, to the list that a page prints from top to bottom.

#![expect(clippy::indexing_slicing, reason = "every index is one that this file made for the same slice")]

use std::borrow::Borrow;
use std::ops::Range;

use crate::clock::Timestamp;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility};
use crate::domain::items::rank::BestKey;

/// How many levels a page nests; what is deeper stands behind "continue this thread".
pub const MAX_DEPTH: usize = 50;

/// One comment in its place on the page. `T` is the item, or whatever stands for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<T = Item> {
    pub item: T,
    /// `Whole` or `Dead` is a comment to show; anything else only keeps the place of its replies.
    pub sight: Visibility,
    /// 0 for a reply to the page's head.
    pub depth: usize,
    /// Comments below that can be read, here or behind `continues`; kept places are not counted.
    pub below: usize,
    /// How many open levels end after this node, its own among them: 0 if a reply to it follows, else at least 1.
    pub closes: usize,
    /// The comment it answers; none at depth 0.
    pub parent: Option<ItemId>,
    /// The sibling before it and the one after it, as shown.
    pub prev: Option<ItemId>,
    pub next: Option<ItemId>,
    /// The comment at depth 0 that it hangs on, where that is not `parent` already: from depth 2.
    pub top: Option<ItemId>,
    /// Replies to it exist that are too deep for this page; `below` says how many comments that leaves to read.
    pub continues: bool,
}

/// The comments under `head`, a story or a comment, each before its replies: as a page prints them, without the head.
///
/// `items` may come in any order, with the head or without; whatever does not descend from the head is left out. What
/// `seen` does not show as a comment is left out too, unless a comment below it is shown: then it keeps its place. No
/// step recurses, so that the depth of a thread costs no stack; no order depends on that of `items`.
pub fn arrange<T: Borrow<Item>>(
    items: Vec<T>,
    head: ItemId,
    order: CommentOrder,
    now: Timestamp,
    seen: impl Fn(&Item) -> Visibility,
) -> Vec<Node<T>> {
    let mut tree = Tree::grow(&items, head, seen);
    tree.count();
    let sorted = tree.sort(&items, order, now);
    let places = tree.walk(&items, &sorted);
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let mut nodes: Vec<Node<T>> = places
        .into_iter()
        .filter_map(|place| {
            let branch = &tree.branches[place.branch];
            Some(Node {
                item: items[branch.item].take()?,
                sight: branch.sight,
                depth: place.depth,
                below: branch.below,
                closes: 0,
                parent: place.parent,
                prev: place.prev,
                next: place.next,
                top: place.top.filter(|_| place.top != place.parent),
                continues: place.depth + 1 == MAX_DEPTH && branch.below > 0,
            })
        })
        .collect();
    let mut next_depth = 0;
    for node in nodes.iter_mut().rev() {
        node.closes = node.depth + 1 - next_depth;
        next_depth = node.depth;
    }
    nodes
}

/// The items that `id` hangs on, the thread's head first and its parent last, without itself; as far up as `items`
/// reach.
pub fn path<T: Borrow<Item>>(items: &[T], id: ItemId) -> Vec<&T> {
    let mut by_id: Vec<(ItemId, usize)> =
        items.iter().enumerate().map(|(at, item)| (item.borrow().id, at)).collect();
    by_id.sort_unstable();
    let find = |id: ItemId| {
        let (found, at) = *by_id.get(by_id.partition_point(|(other, _)| *other < id))?;
        (found == id).then(|| &items[at])
    };
    let parent_of = |item: &&T| find((*item).borrow().parent_id?);
    // A chain is no longer than the items are many, which ends one that bites its own tail.
    let mut path: Vec<&T> = std::iter::successors(find(id), parent_of).skip(1).take(items.len()).collect();
    path.reverse();
    path
}

/// The descendants of a head, level by level: a branch comes after its parent, and the replies to one branch side by
/// side.
struct Tree {
    /// Where in `branches` the replies to the head are.
    first: Range<usize>,
    branches: Vec<Subtree>,
}

struct Subtree {
    /// The index of its item.
    item: usize,
    parent: Option<usize>,
    replies: Range<usize>,
    sight: Visibility,
    below: usize,
}

impl Subtree {
    fn is_read(&self) -> bool {
        matches!(self.sight, Visibility::Whole | Visibility::Dead(_))
    }

    fn is_shown(&self) -> bool {
        self.is_read() || self.below > 0
    }
}

/// Where a branch stands on the page.
struct Position {
    branch: usize,
    depth: usize,
    parent: Option<ItemId>,
    prev: Option<ItemId>,
    next: Option<ItemId>,
    top: Option<ItemId>,
}

/// The parent of a comment, its own id, the index of its item.
type ParentLink = (ItemId, ItemId, usize);

/// The comments that answer something, those to one parent side by side; each id once, so that nothing can be reached
/// twice.
fn links<T: Borrow<Item>>(items: &[T], head: ItemId) -> Vec<ParentLink> {
    let link = |(at, item): (usize, &T)| {
        let item: &Item = item.borrow();
        let comment = item.kind == Kind::Comment && item.id != head;
        comment.then_some((item.parent_id?, item.id, at))
    };
    let mut links: Vec<ParentLink> = items.iter().enumerate().filter_map(link).collect();
    links.sort_unstable_by_key(|(parent, id, _)| (*id, *parent));
    links.dedup_by_key(|(_, id, _)| *id);
    links.sort_unstable();
    links
}

impl Tree {
    fn grow<T: Borrow<Item>>(items: &[T], head: ItemId, seen: impl Fn(&Item) -> Visibility) -> Tree {
        let links = links(items, head);
        let mut branches: Vec<Subtree> = Vec::with_capacity(links.len());
        let answer = |branches: &mut Vec<Subtree>, to: ItemId, parent: Option<usize>| {
            let start = branches.len();
            let from = links.partition_point(|(other, _, _)| *other < to);
            branches.extend(links[from..].iter().take_while(|(other, _, _)| *other == to).map(
                |(_, _, item)| Subtree {
                    item: *item,
                    parent,
                    replies: 0..0,
                    sight: seen(items[*item].borrow()),
                    below: 0,
                },
            ));
            start..branches.len()
        };
        let first = answer(&mut branches, head, None);
        let mut grown = 0;
        while grown < branches.len() {
            let id = items[branches[grown].item].borrow().id;
            branches[grown].replies = answer(&mut branches, id, Some(grown));
            grown += 1;
        }
        Tree { first, branches }
    }

    /// Children come after their parents, so that from the end each branch is complete when it is added to its parent.
    fn count(&mut self) {
        for at in (0..self.branches.len()).rev() {
            let branch = &self.branches[at];
            let read = branch.below + usize::from(branch.is_read());
            if let Some(parent) = branch.parent {
                self.branches[parent].below += read;
            }
        }
    }

    /// The indices of the branches, with every group of siblings in its order.
    fn sort<T: Borrow<Item>>(&self, items: &[T], order: CommentOrder, now: Timestamp) -> Vec<usize> {
        // The first two decide; the standing, which is total, decides where they are equal.
        let key = |branch: &Subtree| {
            let item: &Item = items[branch.item].borrow();
            let lead = match order {
                CommentOrder::Best => (0, 0),
                CommentOrder::Newest => (item.time.0.saturating_neg(), item.id.0.saturating_neg()),
                CommentOrder::Oldest => (item.time.0, item.id.0),
                CommentOrder::Replies => (i64::try_from(branch.below).map_or(i64::MIN, |below| -below), 0),
            };
            (lead, BestKey::of(item, now))
        };
        let keys: Vec<_> = self.branches.iter().map(key).collect();
        let mut sorted: Vec<usize> = (0..self.branches.len()).collect();
        let groups = self.branches.iter().map(|branch| &branch.replies);
        for group in groups.chain([&self.first]) {
            sorted[group.clone()].sort_unstable_by_key(|at| keys[*at]);
        }
        sorted
    }

    /// Every shown branch within the depth, before its replies.
    fn walk<T: Borrow<Item>>(&self, items: &[T], sorted: &[usize]) -> Vec<Position> {
        let id = |at: usize| items[self.branches[at].item].borrow().id;
        let mut places = Vec::with_capacity(self.branches.len());
        let mut waiting: Vec<Position> = Vec::new();
        let mut shown: Vec<usize> = Vec::new();
        let mut wait = |waiting: &mut Vec<Position>, group: &Range<usize>, under: Option<&Position>| {
            shown.clear();
            shown.extend(sorted[group.clone()].iter().filter(|at| self.branches[**at].is_shown()));
            for (nth, at) in shown.iter().enumerate().rev() {
                let parent = under.map(|place| id(place.branch));
                waiting.push(Position {
                    branch: *at,
                    depth: under.map_or(0, |place| place.depth + 1),
                    parent,
                    prev: nth.checked_sub(1).map(|before| id(shown[before])),
                    next: shown.get(nth + 1).map(|after| id(*after)),
                    top: under.and_then(|place| place.top).or(parent),
                });
            }
        };
        wait(&mut waiting, &self.first, None);
        while let Some(place) = waiting.pop() {
            if place.depth + 1 < MAX_DEPTH {
                wait(&mut waiting, &self.branches[place.branch].replies, Some(&place));
            }
            places.push(place);
        }
        places
    }
}

#[cfg(test)]
pub(crate) mod tests;
