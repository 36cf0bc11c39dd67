//! A comment outside its thread.

use std::sync::Arc;

use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::items::rank;
use crate::domain::text::Html;
use crate::domain::text::plural::Grouped;
use crate::web::view::items::{AuthorView, StoryView, TimeView, ViewContext, VoteButtons, mark};

pub struct SingleCommentView {
    pub id: ItemId,
    pub html: Arc<Html>,
    /// Only the beginning is shown.
    pub is_cut: bool,
    pub author: Option<AuthorView>,
    pub when: TimeView,
    pub edited: Option<TimeView>,
    pub points: Option<Grouped<i64>>,
    pub mark: Option<&'static str>,
    pub fade: u8,
    pub parent: ItemId,
    pub story_id: ItemId,
    pub story_title: String,
    pub votes: VoteButtons,
    pub may_reply: bool,
    pub may_mute: bool,
    /// The remaining reply delay, if any.
    pub reply_in: Option<String>,
}

impl SingleCommentView {
    /// `root` is the thread's root, if the viewer may see it.
    pub fn new(
        item: &Item,
        root: Option<&Item>,
        eye: &ViewContext<'_>,
        answers: Option<UserId>,
    ) -> SingleCommentView {
        let own = item.is_own(eye.member);
        let (html, is_cut) = eye.listed_html(item);
        let title = root.map(|root| StoryView::row(root, eye).title);
        SingleCommentView {
            id: item.id,
            html,
            is_cut,
            author: eye.author(item),
            when: TimeView::new(item.time, eye.now),
            edited: eye.edited(item),
            points: (own || eye.policy.show_comment_points)
                .then(|| Grouped(rank::displayed_score(eye.score(item)))),
            mark: mark(item, eye.sees(item), eye.policy),
            fade: rank::fade(eye.score(item)),
            parent: item.parent_id.unwrap_or(item.root_id),
            story_id: item.root_id,
            story_title: title.unwrap_or_else(|| "[deleted]".to_owned()),
            votes: eye.votes(item, answers),
            may_mute: !own && eye.member.is_some(),
            may_reply: root.is_some_and(|root| eye.may_reply(item, root)),
            reply_in: root.and_then(|root| eye.reply_in(item, root)),
        }
    }

    pub fn what(&self) -> String {
        let name = self.author.as_ref().map_or("nobody", |author| author.name.as_str());
        format!("the comment by {name}")
    }
}
