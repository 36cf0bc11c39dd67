//! Renders an item's comments for one viewer.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use askama::Template;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use tokio::task::yield_now;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::domain::items::thread::{self, Node};
use crate::web::admission::Workers;
use crate::web::cache::rendered_text::{TextRenderer, TextSource};
use crate::web::error::Error;
use crate::web::member_pages::gzip_segments::{self, Segment, SegmentReservations};
use crate::web::view::comment::{CommentView, ThreadContextView};
use crate::web::view::items::ViewContext;

/// Bytes rendered between yields to other tasks.
const YIELD_AFTER: usize = 256 * 1024;

/// An item of a thread, by index into the shared slice.
#[derive(Clone)]
pub struct ThreadItem {
    pub all: Arc<[Item]>,
    pub at: usize,
}

impl Borrow<Item> for ThreadItem {
    #[expect(clippy::indexing_slicing, reason = "`at` was counted along `all`")]
    fn borrow(&self) -> &Item {
        &self.all[self.at]
    }
}

pub struct CommentsHtml {
    pub pieces: Vec<Segment>,
    pub count: usize,
    pub unseen: usize,
    pub first_unseen: Option<ItemId>,
    /// The memory reservations of the shared segments.
    pub rooms: Arc<SegmentReservations>,
}

#[derive(Template)]
#[template(path = "items/_comment.html")]
struct CommentHtml<'a> {
    c: &'a CommentView,
    /// The page to return to after an action on the comment; empty: the whole thread.
    goto: String,
}

/// Marks where a page's comments belong in its template.
#[derive(Clone, Default)]
pub struct CommentsSlot(Arc<AtomicBool>);

impl fmt::Display for CommentsSlot {
    /// Records the position and writes nothing.
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl askama::filters::HtmlSafe for CommentsSlot {}

pub struct PageAround {
    before: String,
    after: String,
    slot: CommentsSlot,
}

impl fmt::Write for PageAround {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let half = if self.slot.0.load(Ordering::Relaxed) { &mut self.after } else { &mut self.before };
        half.push_str(text);
        Ok(())
    }
}

impl PageAround {
    /// Renders a page and splits it at the slot.
    pub fn render(page: &impl Template, slot: &CommentsSlot) -> askama::Result<PageAround> {
        let before = String::with_capacity(16_384);
        let mut around = PageAround { before, after: String::new(), slot: slot.clone() };
        page.render_into(&mut around)?;
        Ok(around)
    }
}

impl CommentsHtml {
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub async fn inside(
        self,
        page: PageAround,
        request: &HeaderMap,
        workers: Workers<'_>,
    ) -> Result<Response, Error> {
        let mut pieces = vec![Segment::Own(Bytes::from(page.before))];
        pieces.extend(self.pieces);
        pieces.push(Segment::Own(Bytes::from(page.after)));
        gzip_segments::page(pieces, &self.rooms, request, workers).await
    }
}

pub fn authors(all: &[Item]) -> Arc<HashMap<ItemId, UserId>> {
    Arc::new(all.iter().filter_map(|item| Some((item.id, item.author_id?))).collect())
}

/// Selects the comments below `head` in the thread of `root`, whose items are `all`.
#[derive(Clone, Copy)]
pub struct ThreadSlice<'a> {
    pub all: &'a Arc<[Item]>,
    pub root: &'a Item,
    pub head: ItemId,
    pub order: CommentOrder,
}

impl<'u> ThreadSlice<'u> {
    /// The comments that `eye` sees, in page order.
    pub fn arrange(&self, eye: &ViewContext<'_>) -> Vec<Node<ThreadItem>> {
        let items: Vec<ThreadItem> =
            (0..self.all.len()).map(|at| ThreadItem { all: Arc::clone(self.all), at }).collect();
        thread::arrange(items, self.head, self.order, eye.now, |item| eye.sees(item))
    }

    /// The comments for one viewer; those after `since` are new to them.
    pub async fn for_one(
        self,
        mut eye: ViewContext<'u>,
        since: Option<Timestamp>,
        renderer: TextRenderer<'_>,
    ) -> Result<(ThreadContextView<'u>, CommentsHtml), Error> {
        let nodes = self.arrange(&eye);
        eye.add(renderer.page(sources(&nodes)).await?);
        let thread = ThreadContextView { eye, root: self.root, authors: authors(self.all), since };
        let comments = self.comments(&nodes, &thread).await.map_err(Error::internal)?;
        Ok((thread, comments))
    }

    async fn comments(
        &self,
        nodes: &[Node<ThreadItem>],
        thread: &ThreadContextView<'_>,
    ) -> askama::Result<CommentsHtml> {
        let mut text = String::with_capacity(YIELD_AFTER.min(nodes.len() * 700));
        let mut found = CommentsHtml {
            pieces: Vec::new(),
            count: 0,
            unseen: 0,
            first_unseen: None,
            rooms: Arc::default(),
        };
        for node in nodes {
            let view = thread.comment(node);
            found.count += usize::from(is_read(node));
            if view.unseen {
                found.unseen += 1;
                found.first_unseen = found.first_unseen.or(Some(view.id));
            }
            write(&mut text, &view, self.head, thread)?;
            if text.len() >= YIELD_AFTER {
                yield_after(text.len()).await;
                found.pieces.push(Segment::Own(Bytes::from(std::mem::take(&mut text))));
            }
        }
        if !text.is_empty() {
            found.pieces.push(Segment::Own(Bytes::from(text)));
        }
        Ok(found)
    }
}

/// Renders one comment on the page of `head`. A vote in the whole thread returns there without being told.
pub fn write(
    text: &mut String,
    comment: &CommentView,
    head: ItemId,
    thread: &ThreadContextView<'_>,
) -> askama::Result<()> {
    let is_told = thread.eye.member.is_some() && head != thread.root.id;
    let goto = if is_told { format!("/item/{head}#c{}", comment.id) } else { String::new() };
    CommentHtml { c: comment, goto }.render_into(text)
}

pub fn is_read(node: &Node<ThreadItem>) -> bool {
    matches!(node.sight, Visibility::Whole | Visibility::Dead(_))
}

pub fn sources<'n>(nodes: impl IntoIterator<Item = &'n Node<ThreadItem>>) -> Vec<TextSource<'n>> {
    let read = nodes.into_iter().filter(|node| is_read(node));
    read.map(|node| TextSource::listed(node.item.borrow())).collect()
}

/// Yields to other tasks after [`YIELD_AFTER`] bytes; returns the bytes since the last yield.
pub async fn yield_after(since_yield: usize) -> usize {
    if since_yield < YIELD_AFTER {
        return since_yield;
    }
    yield_now().await;
    0
}
