//! The comments under an item, written for one viewer.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use tokio::task::yield_now;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Sight};
use crate::domain::thread::{self, Node, Order};
use crate::domain::user::UserId;
use crate::web::error::Error;
use crate::web::parts::{self, Piece, Rooms};
use crate::web::pool::Share;
use crate::web::texts::{Renderer, Source};
use crate::web::view::{CommentView, Eye, Thread};

/// How much of a page is written before others have their turn on the thread, in bytes.
const YIELD_AFTER: usize = 256 * 1024;

/// One item of a thread that is held as a whole.
#[derive(Clone)]
pub struct At {
    pub all: Arc<[Item]>,
    pub at: usize,
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
    pub rooms: Arc<Rooms>,
}

#[derive(Template)]
#[template(path = "_comment.html")]
struct CommentHtml<'a> {
    c: &'a CommentView,
    /// Where an act on the comment comes back to.
    goto: String,
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
    pub async fn inside(self, page: String, request: &HeaderMap, share: Share<'_>) -> Result<Response, Error> {
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
        parts::page(pieces, &self.rooms, request, share).await
    }
}

/// Who wrote each item.
pub fn authors(all: &[Item]) -> Arc<HashMap<ItemId, UserId>> {
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
    /// The comments that `eye` sees, as its page prints them.
    pub fn arrange(&self, eye: &Eye<'_>) -> Vec<Node<At>> {
        let items: Vec<At> = (0..self.all.len()).map(|at| At { all: Arc::clone(self.all), at }).collect();
        thread::arrange(items, self.head, self.order, eye.now, |item| eye.sees(item))
    }

    /// The comments as one viewer sees them, to whom what came after `since` is new.
    pub async fn for_one(
        self,
        mut eye: Eye<'u>,
        since: Option<Timestamp>,
        renderer: Renderer<'_>,
    ) -> Result<(Thread<'u>, Comments), Error> {
        let nodes = self.arrange(&eye);
        eye.add(renderer.page(sources(&nodes)).await?);
        let thread = Thread { eye, root: self.root, authors: authors(self.all), since };
        let comments = self.comments(&nodes, &thread).await.map_err(Error::internal)?;
        Ok((thread, comments))
    }

    /// The comments, each written for the one who looks.
    async fn comments(&self, nodes: &[Node<At>], thread: &Thread<'_>) -> askama::Result<Comments> {
        let mut text = String::with_capacity(YIELD_AFTER.min(nodes.len() * 700));
        let mut found = Comments { pieces: Vec::new(), count: 0, unseen: 0, first_unseen: None, rooms: Arc::default() };
        for node in nodes {
            let view = thread.comment(node);
            found.count += usize::from(is_read(node));
            if view.unseen {
                found.unseen += 1;
                found.first_unseen = found.first_unseen.or(Some(view.id));
            }
            write(&mut text, &view, self.head, thread.eye.member.is_some())?;
            if text.len() >= YIELD_AFTER {
                yield_after(text.len()).await;
                found.pieces.push(Piece::Own(Bytes::from(std::mem::take(&mut text))));
            }
        }
        if !text.is_empty() {
            found.pieces.push(Piece::Own(Bytes::from(text)));
        }
        Ok(found)
    }
}

/// Writes one comment, as it stands on the page of `head`.
pub fn write(text: &mut String, comment: &CommentView, head: ItemId, member: bool) -> askama::Result<()> {
    let goto = if member { format!("/item/{head}#c{}", comment.id) } else { String::new() };
    CommentHtml { c: comment, goto }.render_into(text)
}

pub fn is_read(node: &Node<At>) -> bool {
    matches!(node.sight, Sight::Whole | Sight::Dead(_))
}

/// The texts of the comments that can be read.
pub fn sources<'n>(nodes: impl IntoIterator<Item = &'n Node<At>>) -> Vec<Source<'n>> {
    let read = nodes.into_iter().filter(|node| is_read(node));
    read.map(|node| Source::listed(node.item.borrow())).collect()
}

/// Gives others their turn on the thread after so many bytes have been written without; how many there are now.
pub async fn yield_after(since_yield: usize) -> usize {
    if since_yield < YIELD_AFTER {
        return since_yield;
    }
    yield_now().await;
    0
}
