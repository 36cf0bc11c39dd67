#![expect(clippy::indexing_slicing, reason = "every index is one that this file made for the same slice")]

use std::borrow::Borrow;
use std::ops::Range;

use crate::clock::Timestamp;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility};
use crate::domain::items::rank::BestKey;

/// Maximum nesting on one page; deeper replies are behind "continue this thread".
pub const MAX_DEPTH: usize = 50;

/// From this depth on, a narrow screen does not indent any further.
pub const DEEP: usize = 6;

/// A comment and its position. `T` is an item or something that borrows one.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<T = Item> {
    pub item: T,
    /// `Whole` or `Dead` is shown; anything else is a placeholder above replies.
    pub sight: Visibility,
    /// 0 for replies to the page's head.
    pub depth: usize,
    /// Readable descendants, here or behind `continues`, without placeholders.
    pub below: usize,
    /// Levels that end after this node, its own included: 0 if its reply follows.
    pub closes: usize,
    pub parent: Option<ItemId>,
    /// The author of the parent, from depth [`DEEP`] on, if the parent is shown.
    pub in_reply_to: Option<String>,
    pub prev: Option<ItemId>,
    pub next: Option<ItemId>,
    /// Its ancestor at depth 0, from depth 2 on.
    pub top: Option<ItemId>,
    /// Replies too deep for this page exist; `below` counts them too.
    pub continues: bool,
}

/// The descendants of `head` in display order. `items` may be in any order, with or without the head;
/// unrelated items are ignored. Items that `seen` hides become placeholders if a descendant is shown, and are
/// left out otherwise. No recursion, so depth costs no stack.
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
    let parents: Vec<Option<String>> = places.iter().map(|place| tree.deep_parent(&items, place)).collect();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let mut nodes: Vec<Node<T>> = places
        .into_iter()
        .zip(parents)
        .filter_map(|(place, in_reply_to)| {
            let branch = &tree.branches[place.branch];
            Some(Node {
                item: items[branch.item].take()?,
                sight: branch.sight,
                depth: place.depth,
                below: branch.below,
                closes: 0,
                parent: place.parent,
                in_reply_to,
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

/// The ancestors of `id`, root first, as far as `items` contains them.
pub fn path<T: Borrow<Item>>(items: &[T], id: ItemId) -> Vec<&T> {
    let mut by_id: Vec<(ItemId, usize)> =
        items.iter().enumerate().map(|(at, item)| (item.borrow().id, at)).collect();
    by_id.sort_unstable();
    let find = |id: ItemId| {
        let (found, at) = *by_id.get(by_id.partition_point(|(other, _)| *other < id))?;
        (found == id).then(|| &items[at])
    };
    let parent_of = |item: &&T| find((*item).borrow().parent_id?);
    // Bounded by the number of items, so that a cycle ends.
    let mut path: Vec<&T> = std::iter::successors(find(id), parent_of).skip(1).take(items.len()).collect();
    path.reverse();
    path
}

/// The descendants of a head in breadth-first order, siblings adjacent.
struct Tree {
    first: Range<usize>,
    branches: Vec<Subtree>,
}

struct Subtree {
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

struct Position {
    branch: usize,
    depth: usize,
    parent: Option<ItemId>,
    prev: Option<ItemId>,
    next: Option<ItemId>,
    top: Option<ItemId>,
}

type ParentLink = (ItemId, ItemId, usize);

/// Parent links sorted by parent, with unique ids, so that nothing is reachable twice.
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

    /// Children come after their parents, so in reverse every branch is complete before it is added to its
    /// parent.
    fn count(&mut self) {
        for at in (0..self.branches.len()).rev() {
            let branch = &self.branches[at];
            let read = branch.below + usize::from(branch.is_read());
            if let Some(parent) = branch.parent {
                self.branches[parent].below += read;
            }
        }
    }

    /// Whom a deep comment answers.
    fn deep_parent<T: Borrow<Item>>(&self, items: &[T], place: &Position) -> Option<String> {
        let parent = &self.branches[self.branches[place.branch].parent.filter(|_| place.depth >= DEEP)?];
        items[parent.item].borrow().author.clone().filter(|_| parent.is_read())
    }

    fn sort<T: Borrow<Item>>(&self, items: &[T], order: CommentOrder, now: Timestamp) -> Vec<usize> {
        // The first two are optional; `BestKey` is a total order.
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
