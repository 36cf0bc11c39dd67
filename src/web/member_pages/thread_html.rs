//! Cached threads as HTML segments, shared by members with the same [`ViewerTraits`]. A member's page
//! replaces the comments that differ for them: own, voted on, replies to them, new, muted.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::mutes::MuteKind;
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::thread::Node;
use crate::store::{Marks, ThreadGeneration};
use crate::web::cache::muted_comments::MutedComment;
use crate::web::cache::rendered_text::TextRenderer;
use crate::web::cache::threads::weight;
use crate::web::error::Error;
use crate::web::member_pages::comment_slots::{
    CommentsHtml, ThreadItem, ThreadSlice, authors, is_read, sources, write, yield_after,
};
use crate::web::member_pages::gzip_segments::{Segment, SegmentReservations, SharedSegment};
use crate::web::member_pages::viewer_traits::ViewerTraits;
use crate::web::view::comment::ThreadContextView;
use crate::web::view::items::ViewContext;

/// A segment ends with the comment that reaches this size, in bytes: large enough to compress well, small
/// enough that a few own comments leave most of a thread shared.
const PART: usize = 8 * 1024;

/// A thread as rendered for members who took no part in it.
struct RenderedThread {
    nodes: Vec<Node<ThreadItem>>,
    blocks: Vec<CommentBlock>,
    authors: Arc<HashMap<ItemId, UserId>>,
    count: usize,
    places: HashMap<ItemId, usize>,
    /// By member, the comments that differ for them: their own and the replies to them.
    theirs: HashMap<UserId, Vec<usize>>,
    /// Authors of dead or not yet visible comments, who see more than others.
    privy: HashSet<UserId>,
    /// Visible comments, newest first.
    newest: Vec<(Timestamp, usize)>,
    rooms: Arc<SegmentReservations>,
    /// Segments with muted comments, of whoever muted the same; at most as many as there are blocks.
    folded: Mutex<HashMap<FoldedKey, Arc<SharedSegment>>>,
    /// Memory of the items referenced here, in bytes.
    items: usize,
}

/// What a thread shows to one member alone, besides their marks.
#[derive(Clone, Copy)]
pub struct OwnLayer<'a> {
    /// Later comments are new.
    pub since: Option<Timestamp>,
    pub muted: &'a [MutedComment],
}

/// The place of a muted comment in its thread, and by what it is muted.
type MutedPlace = (usize, MuteKind);

/// A block by its number, and which of its comments are muted.
type FoldedKey = (usize, Box<[MutedPlace]>);

struct CommentBlock {
    nodes: Range<usize>,
    ends: Vec<usize>,
    part: Arc<SharedSegment>,
}

/// Copies the items of a small part of a thread, so that it does not keep the whole thread in memory.
fn split_held(mut nodes: Vec<Node<ThreadItem>>, all: &Arc<[Item]>) -> (Vec<Node<ThreadItem>>, usize) {
    let mut held = Arc::clone(all);
    if nodes.len() < all.len() / 2 {
        held = nodes.iter().map(|node| Borrow::<Item>::borrow(&node.item).clone()).collect();
        for (at, node) in nodes.iter_mut().enumerate() {
            node.item = ThreadItem { all: Arc::clone(&held), at };
        }
    }
    (nodes, held.iter().map(weight).sum())
}

impl RenderedThread {
    async fn new(
        thread: &ThreadContextView<'_>,
        nodes: Vec<Node<ThreadItem>>,
        under: ThreadSlice<'_>,
    ) -> askama::Result<RenderedThread> {
        let hidden = |item: &&Item| item.dead.is_some() || item.visible_at > thread.eye.now;
        let mut shown = RenderedThread {
            blocks: Vec::new(),
            authors: Arc::clone(&thread.authors),
            count: 0,
            places: HashMap::with_capacity(nodes.len()),
            theirs: HashMap::new(),
            privy: under.all.iter().filter(hidden).filter_map(|item| item.author_id).collect(),
            newest: Vec::with_capacity(nodes.len()),
            nodes: Vec::new(),
            rooms: Arc::default(),
            folded: Mutex::default(),
            items: 0,
        };
        let mut text = String::with_capacity(PART * 2);
        let (mut ends, mut begin, mut since_yield) = (Vec::new(), 0, 0);
        for (at, node) in nodes.iter().enumerate() {
            let view = thread.comment(node);
            shown.count += usize::from(is_read(node));
            write(&mut text, &view, under.head, thread)?;
            ends.push(text.len());
            shown.add_node(node, at);
            if text.len() >= PART || at + 1 == nodes.len() {
                since_yield = yield_after(since_yield + text.len()).await;
                let part = Arc::new(SharedSegment::new(Bytes::from(
                    std::mem::take(&mut text).into_boxed_str().into_boxed_bytes(),
                )));
                shown.blocks.push(CommentBlock {
                    nodes: begin..at + 1,
                    ends: std::mem::take(&mut ends),
                    part,
                });
                begin = at + 1;
            }
        }
        shown.newest.sort_unstable_by(|a, b| b.cmp(a));
        (shown.nodes, shown.items) = split_held(nodes, under.all);
        Ok(shown)
    }

    /// Records for whom a comment differs.
    fn add_node(&mut self, node: &Node<ThreadItem>, at: usize) {
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

    fn node(&self, at: usize) -> Option<(&Node<ThreadItem>, &Item)> {
        self.nodes.get(at).map(|node| (node, node.item.borrow()))
    }

    /// Comments after `since` by others.
    fn unseen(&self, user: UserId, since: Option<Timestamp>) -> Vec<usize> {
        let Some(since) = since else { return Vec::new() };
        let new = self.newest.iter().take_while(|(seen, _)| *seen > since).map(|(_, at)| *at);
        new.filter(|at| self.node(*at).is_some_and(|(_, item)| item.author_id != Some(user))).collect()
    }

    /// The thread's comments for this viewer.
    async fn comments<'e>(
        &self,
        under: ThreadSlice<'e>,
        mut eye: ViewContext<'e>,
        user: UserId,
        own: OwnLayer<'_>,
        renderer: TextRenderer<'_>,
    ) -> Result<(ThreadContextView<'e>, CommentsHtml), Error> {
        let since = own.since;
        let mut other = self.unseen(user, since);
        let first = other.iter().min().and_then(|at| self.node(*at)).map(|(_, item)| item.id);
        let count = other.len();
        other.extend(self.theirs.get(&user).into_iter().flatten());
        other.extend(self.marked(&eye.marks));
        other.sort_unstable();
        other.dedup();
        let mut muted: Vec<MutedPlace> =
            own.muted.iter().filter_map(|(id, kind)| Some((*self.places.get(id)?, *kind))).collect();
        muted.sort_unstable_by_key(|(at, _)| *at);
        let places = other.iter().copied().chain(muted.iter().map(|(at, _)| *at));
        eye.add(renderer.page(sources(places.filter_map(|at| self.nodes.get(at)))).await?);
        let thread = ThreadContextView { eye, root: under.root, authors: Arc::clone(&self.authors), since };
        let comments = CommentsHtml {
            pieces: self.pieces(&thread, (&other, &muted), under.head).await.map_err(Error::internal)?,
            count: self.count,
            unseen: count,
            first_unseen: first,
            rooms: Arc::clone(&self.rooms),
        };
        Ok((thread, comments))
    }

    fn marked<'a>(&'a self, marks: &'a Marks) -> impl Iterator<Item = usize> + 'a {
        marks.votes.keys().filter_map(|id| self.places.get(id).copied())
    }

    /// The cached segments, with the comments of `other` and the muted ones (in page order) rendered anew.
    async fn pieces(
        &self,
        thread: &ThreadContextView<'_>,
        (other, muted): (&[usize], &[MutedPlace]),
        head: ItemId,
    ) -> askama::Result<Vec<Segment>> {
        let (mut since_yield, mut pieces) = (0, Vec::with_capacity(self.blocks.len() + 2));
        for (nth, block) in self.blocks.iter().enumerate() {
            let other = within(other, &block.nodes, |at| *at);
            let muted = within(muted, &block.nodes, |(at, _)| *at);
            let places = || {
                let mut places: Vec<usize> =
                    muted.iter().map(|(at, _)| *at).chain(other.iter().copied()).collect();
                places.sort_unstable();
                places
            };
            let piece = match (other, muted) {
                ([], []) => Segment::Shared(Arc::clone(&block.part)),
                ([], _) => {
                    self.folded((nth, muted.into()), || self.render(thread, block, &places(), head))?
                }
                _ => Segment::Own(self.render(thread, block, &places(), head)?),
            };
            if let Segment::Own(bytes) = &piece {
                since_yield = yield_after(since_yield + bytes.len()).await;
            }
            pieces.push(piece);
        }
        Ok(pieces)
    }

    /// A segment that differs by its muted comments alone.
    fn folded(
        &self,
        key: FoldedKey,
        render: impl FnOnce() -> askama::Result<Bytes>,
    ) -> askama::Result<Segment> {
        let lock = || self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = lock().get(&key) {
            return Ok(Segment::Shared(Arc::clone(part)));
        }
        let bytes = render()?;
        let mut folded = lock();
        if folded.len() >= self.blocks.len() {
            return Ok(Segment::Own(bytes));
        }
        let part = Arc::new(SharedSegment::new(bytes));
        folded.insert(key, Arc::clone(&part));
        Ok(Segment::Shared(part))
    }

    /// A block with the comments at these places, in page order, as this viewer sees them.
    fn render(
        &self,
        thread: &ThreadContextView<'_>,
        block: &CommentBlock,
        places: &[usize],
        head: ItemId,
    ) -> askama::Result<Bytes> {
        let (kept, mut places) = (block.part.plain(), places.iter().copied().peekable());
        let mut bytes = Vec::with_capacity(kept.len() + 2_048);
        let (mut written, mut begin) = (String::new(), 0);
        for (at, end) in block.nodes.clone().zip(block.ends.iter().copied()) {
            let is_other = std::iter::from_fn(|| places.next_if_eq(&at)).count() > 0;
            match self.nodes.get(at).filter(|_| is_other) {
                Some(node) => {
                    written.clear();
                    write(&mut written, &thread.comment(node), head, thread)?;
                    bytes.extend_from_slice(written.as_bytes());
                }
                None => bytes.extend_from_slice(kept.get(begin..end).unwrap_or_default()),
            }
            begin = end;
        }
        Ok(Bytes::from(bytes))
    }

    fn folded_bytes(&self) -> usize {
        let folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        folded.values().map(|part| part.plain().len() / 4 * 5).sum()
    }

    fn bytes(&self) -> usize {
        // The compressed form adds about a quarter.
        let parts: usize = self.blocks.iter().map(|block| block.part.plain().len()).sum();
        parts / 4 * 5 + self.folded_bytes() + self.nodes.len() * 320 + self.authors.len() * 32 + self.items
    }
}

/// Those of `places`, in page order, that are in a block.
fn within<'a, T>(places: &'a [T], block: &Range<usize>, at: impl Fn(&T) -> usize) -> &'a [T] {
    let begin = places.partition_point(|place| at(place) < block.start);
    let end = places.partition_point(|place| at(place) < block.end);
    places.get(begin..end).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct ThreadKey {
    head: ItemId,
    order: CommentOrder,
    traits: ViewerTraits,
    generation: ThreadGeneration,
    minute: i64,
}

/// `None` disables caching; each comment is rendered for its viewer.
pub struct ThreadHtmlCache(Option<Cache<ThreadKey, Arc<RenderedThread>>>);

impl ThreadHtmlCache {
    pub fn new(bytes: u64) -> ThreadHtmlCache {
        let weigh =
            |_: &ThreadKey, shown: &Arc<RenderedThread>| u32::try_from(shown.bytes()).unwrap_or(u32::MAX);
        let kept = Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        ThreadHtmlCache((bytes > 0).then(|| kept.build()))
    }

    /// The thread's comments for this viewer; those after `since` are marked new.
    pub async fn for_member<'e>(
        &self,
        under: ThreadSlice<'e>,
        eye: ViewContext<'e>,
        member: &Member,
        own: OwnLayer<'_>,
        generation: ThreadGeneration,
        renderer: TextRenderer<'_>,
    ) -> Result<(ThreadContextView<'e>, CommentsHtml), Error> {
        let Some(kept) = &self.0 else { return under.for_one(eye, own.since, renderer).await };
        let key = ThreadKey {
            head: under.head,
            order: under.order,
            traits: ViewerTraits::of(member, eye.policy),
            generation,
            minute: eye.now.0.div_euclid(MINUTE),
        };
        let shown = get(kept, under, &eye, key, renderer).await?;
        if shown.privy.contains(&member.id) {
            return under.for_one(eye, own.since, renderer).await;
        }
        let before = shown.folded_bytes();
        let comments = shown.comments(under, eye, member.id, own, renderer).await?;
        if shown.folded_bytes() > before {
            // Weighed again.
            kept.insert(key, shown).await;
        }
        Ok(comments)
    }
}

/// The thread for these traits; concurrent requests share one rendering.
async fn get(
    kept: &Cache<ThreadKey, Arc<RenderedThread>>,
    under: ThreadSlice<'_>,
    eye: &ViewContext<'_>,
    key: ThreadKey,
    renderer: TextRenderer<'_>,
) -> Result<Arc<RenderedThread>, Error> {
    let make = async {
        let anybody = key.traits.anybody(eye.policy);
        let mut eye = eye.of(&anybody);
        let nodes = under.arrange(&eye);
        eye.add(renderer.page(sources(&nodes)).await?);
        let thread = ThreadContextView { eye, root: under.root, authors: authors(under.all), since: None };
        RenderedThread::new(&thread, nodes, under).await.map(Arc::new).map_err(Error::internal)
    };
    // The cause was logged where it occurred.
    kept.try_get_with(key, make).await.map_err(|_: Arc<Error>| Error::Internal)
}
