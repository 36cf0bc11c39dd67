//! A comment as its viewer sees it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::{MuteKind, MuteScope};
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::domain::items::rank;
use crate::domain::items::thread::{DEEP, Node};
use crate::domain::text::Html;
use crate::domain::text::plural::Grouped;
use crate::web::view::items::{AuthorView, TimeView, ViewContext, VoteButtons, mark};

/// What a folded comment says instead of its author and its text.
pub fn muted_by(kind: MuteKind) -> &'static str {
    if kind == MuteKind::Person { "by a person you muted" } else { "with a word you muted" }
}

pub struct CommentView {
    pub id: ItemId,
    pub html: Arc<Html>,
    /// Only the beginning of the text; the whole is on its own page.
    pub is_cut: bool,
    /// `None` if only a placeholder is shown.
    pub author: Option<AuthorView>,
    /// Shown instead of the author: `[deleted]` or `[dead]`.
    pub gone: &'static str,
    pub op: bool,
    pub when: TimeView,
    pub edited: Option<TimeView>,
    pub points: Option<Grouped<i64>>,
    pub unseen: bool,
    pub mark: Option<&'static str>,
    /// It or a parent is locked.
    pub locked: bool,
    pub low: bool,
    pub fade: u8,
    pub depth: usize,
    /// Comments that fold with it, including itself.
    pub count: usize,
    pub closes: usize,
    pub root: Option<ItemId>,
    pub parent: Option<ItemId>,
    /// The author of the parent, in a deep comment.
    pub in_reply_to: Option<String>,
    pub prev: Option<ItemId>,
    pub next: Option<ItemId>,
    pub continues: bool,
    pub votes: VoteButtons,
    pub may_reply: bool,
    /// The remaining reply delay, if any.
    pub reply_in: Option<String>,
    pub may_edit: bool,
    pub may_delete: bool,
    pub may_flag: bool,
    /// As illegal; who may flag finds it on the page of the flag.
    pub may_report: bool,
    pub may_moderate: bool,
    pub may_mute: bool,
    /// By what it is muted, so that only its place is in view.
    pub muted: Option<MuteKind>,
}

impl CommentView {
    pub fn name(&self) -> &str {
        self.author.as_ref().map_or("nobody", |author| author.name.as_str())
    }

    pub fn what(&self) -> String {
        format!("the comment by {}", self.name())
    }

    pub fn is_deep(&self) -> bool {
        self.depth >= DEEP
    }

    /// The level of its heading; those of the page and of the thread are above it. Screen readers know nine.
    pub fn level(&self) -> usize {
        self.depth.saturating_add(3).min(9)
    }

    /// Of its element, whose name goes to six.
    pub fn heading(&self) -> usize {
        self.level().min(6)
    }

    /// Whether its “more” leads to a report. Visitors find that on the comment's own page, so that threads
    /// stay small.
    pub fn has_report(&self) -> bool {
        self.may_report && !self.votes.asks
    }

    /// Whether there is anything behind its “more”.
    pub fn has_more(&self) -> bool {
        let ways = [self.parent, self.prev, self.next];
        let acts = [self.may_edit, self.may_delete, self.may_flag, self.may_moderate, self.has_report()];
        ways.iter().any(Option::is_some) || acts.contains(&true)
    }
}

/// What the comments of one page share.
pub struct ThreadContextView<'a> {
    pub eye: ViewContext<'a>,
    pub root: &'a Item,
    /// The author of each item, to find whom a comment answers.
    pub authors: Arc<HashMap<ItemId, UserId>>,
    /// Later comments are new to the viewer.
    pub since: Option<Timestamp>,
}

impl ThreadContextView<'_> {
    /// A comment on its own, in full even if it is muted, without replies.
    pub fn alone(&self, item: &Item) -> CommentView {
        let whole = |item: &Item| (self.eye.html(item), false);
        CommentView { muted: None, ..self.comment_with(&self.node(item), whole) }
    }

    /// An excerpt of the comment that another answers.
    pub fn above(&self, item: &Item) -> CommentView {
        self.comment(&self.node(item))
    }

    fn node<'i>(&self, item: &'i Item) -> Node<&'i Item> {
        Node {
            sight: self.eye.sees(item),
            item,
            depth: 0,
            below: 0,
            closes: 0,
            parent: None,
            in_reply_to: None,
            prev: None,
            next: None,
            top: None,
            continues: false,
        }
    }

    pub fn comment<T: Borrow<Item>>(&self, node: &Node<T>) -> CommentView {
        self.comment_with(node, |item| self.eye.listed_html(item))
    }

    fn comment_with<T>(&self, node: &Node<T>, html: impl FnOnce(&Item) -> (Arc<Html>, bool)) -> CommentView
    where
        T: Borrow<Item>,
    {
        let item = node.item.borrow();
        let eye = &self.eye;
        let sight = node.sight;
        let shown = matches!(sight, Visibility::Whole | Visibility::Dead(_));
        let own = item.is_own(eye.member);
        let answers = item.parent_id.and_then(|parent| self.authors.get(&parent).copied());
        let may_flag = eye.member.is_some_and(|member| item.may_flag(member, eye.policy, eye.now).is_ok());
        let low = shown && rank::fade(eye.score(item)) >= 4;
        let (html, is_cut) = if shown { html(item) } else { (Arc::default(), false) };
        CommentView {
            id: item.id,
            html,
            is_cut,
            author: eye.author(item).filter(|_| shown),
            gone: if sight == Visibility::Deleted || shown { "[deleted]" } else { "[dead]" },
            op: shown && item.author_id.is_some() && item.author_id == self.root.author_id,
            when: TimeView::new(item.time, eye.now),
            edited: eye.edited(item).filter(|_| shown),
            points: (shown && (own || eye.policy.show_comment_points))
                .then(|| Grouped(rank::displayed_score(eye.score(item)))),
            unseen: shown && !own && self.since.is_some_and(|since| item.visible_at > since),
            mark: mark(item, sight, eye.policy),
            locked: shown && item.locked,
            low,
            fade: if shown { rank::fade(eye.score(item)) } else { 0 },
            depth: node.depth,
            count: node.below.saturating_add(1),
            closes: node.closes,
            root: node.top,
            parent: node.parent,
            in_reply_to: node.in_reply_to.clone(),
            prev: node.prev,
            next: node.next,
            continues: node.continues,
            votes: if shown { eye.votes(item, answers) } else { VoteButtons::NONE },
            may_reply: eye.may_reply(item, self.root),
            reply_in: eye.reply_in(item, self.root),
            may_edit: eye.may_edit(item),
            may_delete: eye.may_delete(item),
            may_mute: shown && !own && eye.member.is_some(),
            muted: if shown { eye.mutes.matching(item, MuteScope::InThread) } else { None },
            may_flag,
            may_report: !may_flag && eye.may_report(item),
            may_moderate: shown && eye.member.is_some_and(|member| member.role >= Role::Moderator),
        }
    }
}
