//! Threads as finished parts. Members of one audience share them; a member's own page exchanges the comments that are theirs to see
//! otherwise: what they wrote or voted on, what answers them, what is new to them.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::item::{Item, ItemId, Sight};
use crate::domain::thread::{self, Node, Order};
use crate::domain::user::{Member, UserId};
use crate::store::{Marks, ThreadGeneration};
use crate::web::audience::Audience;
use crate::web::error::Error;
use crate::web::parts::{self, Part, Piece, Rooms};
use crate::web::threads::weight;
use crate::web::view::{CommentView, Eye, Thread};

/// A part of a thread ends with the comment that makes it this long, in bytes: long enough to compress well, short enough that a few
/// comments of one's own leave most of a thread as it is kept.
const PART: usize = 8 * 1024;

/// One item of a thread that is held as a whole.
#[derive(Clone)]
struct At {
    all: Arc<[Item]>,
    at: usize,
}

impl Borrow<Item> for At {
    #[expect(clippy::indexing_slicing, reason = "`at` was counted along `all`")]
    fn borrow(&self) -> &Item {
        &self.all[self.at]
    }
}

/// A thread's comments, ready to be sent.
pub struct Comments {
    pub pieces: Vec<Piece>,
    /// Those that can be read.
    pub count: usize,
    pub unseen: usize,
    pub first_unseen: Option<ItemId>,
    /// The rooms of the thread whose parts they share.
    rooms: Arc<Rooms>,
}

/// A thread as everybody of an audience sees it who has no part in it.
struct Shown {
    nodes: Vec<Node<At>>,
    blocks: Vec<Block>,
    authors: Arc<HashMap<ItemId, UserId>>,
    count: usize,
    /// Where on the page each comment stands.
    places: HashMap<ItemId, usize>,
    /// The comments that look otherwise to somebody: those they wrote, and those that answer them.
    theirs: HashMap<UserId, Vec<usize>>,
    /// Who sees more of this thread than others do: the authors of what is dead, or not to be seen yet.
    privy: HashSet<UserId>,
    /// The comments that can be read, those seen last first.
    newest: Vec<(Timestamp, usize)>,
    rooms: Arc<Rooms>,
    /// What the items take in memory that are held here, in bytes.
    items: usize,
}

struct Block {
    nodes: Range<usize>,
    /// Where each comment ends in the part.
    ends: Vec<usize>,
    part: Arc<Part>,
}

#[derive(Template)]
#[template(path = "_comment.html")]
struct CommentHtml<'a> {
    c: &'a CommentView,
    /// Where an act on the comment comes back to.
    goto: String,
    member: bool,
}

/// The place of a page's comments in its template. It is marked by characters that no text on a page holds, and what follows the first
/// mark stands behind the comments.
pub struct Slot;

const MARK: &str = "\0comments\0";

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

impl askama::filters::HtmlSafe for Slot {}

impl Comments {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The answer to `request`: the page, and the comments in their slot.
    pub async fn inside(self, page: String, request: &HeaderMap) -> Result<Response, Error> {
        let page = Bytes::from(page);
        let text = std::str::from_utf8(&page).unwrap_or_default();
        let pieces = match text.find(MARK) {
            Some(at) => {
                let mut pieces = vec![Piece::Own(page.slice(..at))];
                pieces.extend(self.pieces);
                pieces.push(Piece::Own(page.slice(at + MARK.len()..)));
                pieces
            }
            None => vec![Piece::Own(page)],
        };
        parts::page(pieces, &self.rooms, request).await
    }
}

/// Who wrote each item.
fn authors(all: &[Item]) -> Arc<HashMap<ItemId, UserId>> {
    Arc::new(all.iter().filter_map(|item| Some((item.id, item.author_id?))).collect())
}

/// Which comments: those under `head`, in the thread of `root`, of which `all` is everything.
#[derive(Clone, Copy)]
pub struct Under<'a> {
    pub all: &'a Arc<[Item]>,
    pub root: &'a Item,
    pub head: ItemId,
    pub order: Order,
}

impl<'u> Under<'u> {
    fn arrange(&self, eye: &Eye<'_>) -> Vec<Node<At>> {
        let items: Vec<At> = (0..self.all.len()).map(|at| At { all: Arc::clone(self.all), at }).collect();
        thread::arrange(items, self.head, self.order, eye.now, |item| eye.sees(item))
    }

    /// The comments as one viewer sees them, to whom what came after `since` is new.
    pub fn for_one(self, eye: Eye<'u>, since: Option<Timestamp>) -> Result<(Thread<'u>, Comments), Error> {
        let thread = Thread { eye, root: self.root, authors: authors(self.all), since };
        let comments = self.comments(&thread).map_err(Error::internal)?;
        Ok((thread, comments))
    }

    /// The comments, each written for the one who looks.
    fn comments(&self, thread: &Thread<'_>) -> askama::Result<Comments> {
        let mut text = String::with_capacity(self.all.len() * 700);
        let mut found = Comments { pieces: Vec::new(), count: 0, unseen: 0, first_unseen: None, rooms: Arc::default() };
        for node in self.arrange(&thread.eye) {
            let view = thread.comment(&node);
            found.count += usize::from(is_read(&node));
            if view.unseen {
                found.unseen += 1;
                found.first_unseen = found.first_unseen.or(Some(view.id));
            }
            write(&mut text, &view, self.head, thread.eye.member.is_some())?;
        }
        if !text.is_empty() {
            found.pieces.push(Piece::Own(Bytes::from(text)));
        }
        Ok(found)
    }
}

/// Writes one comment, as it stands on the page of `head`.
fn write(text: &mut String, comment: &CommentView, head: ItemId, member: bool) -> askama::Result<()> {
    let goto = if member { format!("/item/{head}#c{}", comment.id) } else { String::new() };
    CommentHtml { c: comment, goto, member }.render_into(text)
}

/// The nodes as they are kept, and what their items take in memory: a small part of a thread must not hold the whole of it.
fn held(mut nodes: Vec<Node<At>>, all: &Arc<[Item]>) -> (Vec<Node<At>>, usize) {
    let mut held = Arc::clone(all);
    if nodes.len() < all.len() / 2 {
        held = nodes.iter().map(|node| Borrow::<Item>::borrow(&node.item).clone()).collect();
        for (at, node) in nodes.iter_mut().enumerate() {
            node.item = At { all: Arc::clone(&held), at };
        }
    }
    (nodes, held.iter().map(weight).sum())
}

fn is_read(node: &Node<At>) -> bool {
    matches!(node.sight, Sight::Whole | Sight::Dead(_))
}

impl Shown {
    fn new(thread: &Thread<'_>, under: Under<'_>) -> askama::Result<Shown> {
        let nodes = under.arrange(&thread.eye);
        let hidden = |item: &&Item| item.dead.is_some() || item.visible_at > thread.eye.now;
        let mut shown = Shown {
            blocks: Vec::new(),
            authors: Arc::clone(&thread.authors),
            count: 0,
            places: HashMap::with_capacity(nodes.len()),
            theirs: HashMap::new(),
            privy: under.all.iter().filter(hidden).filter_map(|item| item.author_id).collect(),
            newest: Vec::with_capacity(nodes.len()),
            nodes: Vec::new(),
            rooms: Arc::default(),
            items: 0,
        };
        let mut text = String::with_capacity(PART * 2);
        let (mut ends, mut begin) = (Vec::new(), 0);
        for (at, node) in nodes.iter().enumerate() {
            let view = thread.comment(node);
            shown.count += usize::from(is_read(node));
            write(&mut text, &view, under.head, true)?;
            ends.push(text.len());
            shown.learn(node, at);
            if text.len() >= PART || at + 1 == nodes.len() {
                let part =
                    Arc::new(Part::new(Bytes::from(std::mem::take(&mut text).into_boxed_str().into_boxed_bytes())));
                shown.blocks.push(Block { nodes: begin..at + 1, ends: std::mem::take(&mut ends), part });
                begin = at + 1;
            }
        }
        shown.newest.sort_unstable_by(|a, b| b.cmp(a));
        (shown.nodes, shown.items) = held(nodes, under.all);
        Ok(shown)
    }

    /// Notes to whom a comment looks otherwise.
    fn learn(&mut self, node: &Node<At>, at: usize) {
        let item: &Item = node.item.borrow();
        self.places.insert(item.id, at);
        if is_read(node) {
            self.newest.push((item.visible_at, at));
        }
        let answers = item.parent_id.and_then(|parent| self.authors.get(&parent).copied());
        for user in [item.author_id, answers].into_iter().flatten() {
            self.theirs.entry(user).or_default().push(at);
        }
    }

    fn node(&self, at: usize) -> Option<(&Node<At>, &Item)> {
        self.nodes.get(at).map(|node| (node, node.item.borrow()))
    }

    /// The comments as `user` sees them, whose eye and visit `thread` has.
    fn comments(&self, thread: &Thread<'_>, user: UserId, head: ItemId) -> askama::Result<Comments> {
        let unseen: Vec<usize> = match thread.since {
            Some(since) => {
                let new = self.newest.iter().take_while(|(seen, _)| *seen > since).map(|(_, at)| *at);
                new.filter(|at| self.node(*at).is_some_and(|(_, item)| item.author_id != Some(user))).collect()
            }
            None => Vec::new(),
        };
        let first = unseen.iter().min().and_then(|at| self.node(*at)).map(|(_, item)| item.id);
        let count = unseen.len();
        let mut other = unseen;
        other.extend(self.theirs.get(&user).into_iter().flatten());
        other.extend(self.marked(&thread.eye.marks));

        other.sort_unstable();
        other.dedup();
        Ok(Comments {
            pieces: self.pieces(thread, &other, head)?,
            count: self.count,
            unseen: count,
            first_unseen: first,
            rooms: Arc::clone(&self.rooms),
        })
    }

    /// Where the comments stand that a member has voted on.
    fn marked<'a>(&'a self, marks: &'a Marks) -> impl Iterator<Item = usize> + 'a {
        marks.votes.keys().filter_map(|id| self.places.get(id).copied())
    }

    /// The kept parts, each comment of `other`, which are in the page's order, written anew.
    fn pieces(&self, thread: &Thread<'_>, other: &[usize], head: ItemId) -> askama::Result<Vec<Piece>> {
        let mut other = other.iter().copied().peekable();
        let mut pieces = Vec::with_capacity(self.blocks.len() + 2);
        for block in &self.blocks {
            if other.peek().is_none_or(|at| *at >= block.nodes.end) {
                pieces.push(Piece::Shared(Arc::clone(&block.part)));
                continue;
            }
            let kept = block.part.plain();
            let mut bytes = Vec::with_capacity(kept.len() + 2_048);
            let mut written = String::new();
            let mut begin = 0;
            for (at, end) in block.nodes.clone().zip(block.ends.iter().copied()) {
                match self.nodes.get(at).filter(|_| other.next_if_eq(&at).is_some()) {
                    Some(node) => {
                        written.clear();
                        write(&mut written, &thread.comment(node), head, true)?;
                        bytes.extend_from_slice(written.as_bytes());
                    }
                    None => bytes.extend_from_slice(kept.get(begin..end).unwrap_or_default()),
                }
                begin = end;
            }
            pieces.push(Piece::Own(Bytes::from(bytes)));
        }
        Ok(pieces)
    }

    fn bytes(&self) -> usize {
        // With the compressed forms, some quarter as much again.
        let parts: usize = self.blocks.iter().map(|block| block.part.plain().len()).sum();
        parts / 4 * 5 + self.nodes.len() * 320 + self.authors.len() * 32 + self.items
    }
}

/// All that a kept thread depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    head: ItemId,
    order: Order,
    audience: Audience,
    generation: ThreadGeneration,
    minute: i64,
}

/// The kept threads; none where nothing may be kept, and each comment is written for its viewer.
pub struct ShownThreads(Option<Cache<Key, Arc<Shown>>>);

impl ShownThreads {
    /// Keeps up to so many bytes; the least recently read go first.
    pub fn new(bytes: u64) -> ShownThreads {
        let weigh = |_: &Key, shown: &Arc<Shown>| u32::try_from(shown.bytes()).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        ShownThreads((bytes > 0).then(|| kept.build()))
    }

    /// The comments as a member sees them, of whom `eye` is and to whom what came after `since` is new.
    pub async fn for_member<'e>(
        &self,
        under: Under<'e>,
        eye: Eye<'e>,
        member: &Member,
        since: Option<Timestamp>,
        generation: ThreadGeneration,
    ) -> Result<(Thread<'e>, Comments), Error> {
        let Some(kept) = &self.0 else { return under.for_one(eye, since) };
        let shown = get(kept, under, &eye, Audience::of(member, eye.policy), generation).await?;
        if shown.privy.contains(&member.id) {
            return under.for_one(eye, since);
        }
        let thread = Thread { eye, root: under.root, authors: Arc::clone(&shown.authors), since };
        let comments = shown.comments(&thread, member.id, under.head).map_err(Error::internal)?;
        Ok((thread, comments))
    }
}

/// The thread for an audience; made once for all who ask at the same moment.
async fn get(
    kept: &Cache<Key, Arc<Shown>>,
    under: Under<'_>,
    eye: &Eye<'_>,
    audience: Audience,
    generation: ThreadGeneration,
) -> Result<Arc<Shown>, Error> {
    let Under { head, order, .. } = under;
    let key = Key { head, order, audience, generation, minute: eye.now.0.div_euclid(MINUTE) };
    let make = async {
        let anybody = audience.anybody(eye.policy);
        let thread = Thread { eye: eye.of(&anybody), root: under.root, authors: authors(under.all), since: None };
        Shown::new(&thread, under).map(Arc::new)
    };
    kept.try_get_with(key, make).await.map_err(Error::internal)
}
