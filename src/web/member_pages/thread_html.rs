//! Cached threads as HTML segments, shared by members with the same [`ViewerTraits`]. A member's page
//! replaces the comments that differ for them: own, voted on, replies to them, new.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::thread::Node;
use crate::store::{Marks, ThreadGeneration};
use crate::web::cache::rendered_text::TextRenderer;
use crate::web::cache::threads::weight;
use crate::web::error::Error;
use crate::web::member_pages::comment_slots::{
    CommentsHtml, ThreadItem, ThreadSlice, authors, is_read, sources, write, yield_after,
};
use crate::web::member_pages::gzip_segments::{Segment, SegmentReservations, SharedSegment};
use crate::web::member_pages::viewer_traits::ViewerTraits;
use crate::web::view::items::{ThreadContextView, ViewContext};

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
    /// Memory of the items referenced here, in bytes.
    items: usize,
}

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

    /// The thread's comments for this viewer; those after `since` are marked new.
    async fn comments<'e>(
        &self,
        under: ThreadSlice<'e>,
        mut eye: ViewContext<'e>,
        user: UserId,
        since: Option<Timestamp>,
        renderer: TextRenderer<'_>,
    ) -> Result<(ThreadContextView<'e>, CommentsHtml), Error> {
        let mut other = self.unseen(user, since);
        let first = other.iter().min().and_then(|at| self.node(*at)).map(|(_, item)| item.id);
        let count = other.len();
        other.extend(self.theirs.get(&user).into_iter().flatten());
        other.extend(self.marked(&eye.marks));
        other.sort_unstable();
        other.dedup();
        eye.add(renderer.page(sources(other.iter().filter_map(|at| self.nodes.get(*at)))).await?);
        let thread = ThreadContextView { eye, root: under.root, authors: Arc::clone(&self.authors), since };
        let comments = CommentsHtml {
            pieces: self.pieces(&thread, &other, under.head).await.map_err(Error::internal)?,
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

    /// The cached segments, with the comments of `other` (in page order) rendered anew.
    async fn pieces(
        &self,
        thread: &ThreadContextView<'_>,
        other: &[usize],
        head: ItemId,
    ) -> askama::Result<Vec<Segment>> {
        let (mut other, mut since_yield) = (other.iter().copied().peekable(), 0);
        let mut pieces = Vec::with_capacity(self.blocks.len() + 2);
        for block in &self.blocks {
            if other.peek().is_none_or(|at| *at >= block.nodes.end) {
                pieces.push(Segment::Shared(Arc::clone(&block.part)));
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
                        write(&mut written, &thread.comment(node), head, thread)?;
                        bytes.extend_from_slice(written.as_bytes());
                    }
                    None => bytes.extend_from_slice(kept.get(begin..end).unwrap_or_default()),
                }
                begin = end;
            }
            since_yield = yield_after(since_yield + bytes.len()).await;
            pieces.push(Segment::Own(Bytes::from(bytes)));
        }
        Ok(pieces)
    }

    fn bytes(&self) -> usize {
        // The compressed form adds about a quarter.
        let parts: usize = self.blocks.iter().map(|block| block.part.plain().len()).sum();
        parts / 4 * 5 + self.nodes.len() * 320 + self.authors.len() * 32 + self.items
    }
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
        since: Option<Timestamp>,
        generation: ThreadGeneration,
        renderer: TextRenderer<'_>,
    ) -> Result<(ThreadContextView<'e>, CommentsHtml), Error> {
        let Some(kept) = &self.0 else { return under.for_one(eye, since, renderer).await };
        let shown =
            get(kept, under, &eye, ViewerTraits::of(member, eye.policy), generation, renderer).await?;
        if shown.privy.contains(&member.id) {
            return under.for_one(eye, since, renderer).await;
        }
        shown.comments(under, eye, member.id, since, renderer).await
    }
}

/// The thread for these traits; concurrent requests share one rendering.
async fn get(
    kept: &Cache<ThreadKey, Arc<RenderedThread>>,
    under: ThreadSlice<'_>,
    eye: &ViewContext<'_>,
    traits: ViewerTraits,
    generation: ThreadGeneration,
    renderer: TextRenderer<'_>,
) -> Result<Arc<RenderedThread>, Error> {
    let ThreadSlice { head, order, .. } = under;
    let key = ThreadKey { head, order, traits, generation, minute: eye.now.0.div_euclid(MINUTE) };
    let make = async {
        let anybody = traits.anybody(eye.policy);
        let mut eye = eye.of(&anybody);
        let nodes = under.arrange(&eye);
        eye.add(renderer.page(sources(&nodes)).await?);
        let thread = ThreadContextView { eye, root: under.root, authors: authors(under.all), since: None };
        RenderedThread::new(&thread, nodes, under).await.map(Arc::new).map_err(Error::internal)
    };
    // The cause was logged where it occurred.
    kept.try_get_with(key, make).await.map_err(|_: Arc<Error>| Error::Internal)
}
