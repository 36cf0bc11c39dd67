//! View models of items: times, votes, permissions and marks.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::accounts::mutes::Mutes;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::item::{DeadReason, Item, ItemId, Kind, Visibility, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::search::MarkedText;
use crate::domain::text::Html;
use crate::domain::text::plural::Grouped;
use crate::domain::time::relative_time;
use crate::domain::votes::vote::{Direction, Vote, may_vote_down};
use crate::store::Marks;
use crate::web::cache::rendered_text::{PageTexts, is_long};
use crate::web::extract::session::MaybeMember;
use crate::web::view::poll::OptionView;

#[derive(Debug, Clone)]
pub struct TimeView {
    pub ago: String,
    pub iso: String,
}

impl TimeView {
    pub fn new(then: Timestamp, now: Timestamp) -> TimeView {
        TimeView { ago: relative_time::ago(then, now), iso: relative_time::exact(then) }
    }
}

#[derive(Debug, Clone)]
pub struct AuthorView {
    pub name: String,
    pub fresh: bool,
    pub you: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct VoteButtons {
    pub up: bool,
    /// After a vote: whether undoing it brings the arrow back.
    pub down: bool,
    /// The viewer's vote: `up`, `down` or `none`.
    pub dir: &'static str,
    pub undo: bool,
    /// A visitor's button, which leads to the log-in.
    pub asks: bool,
}

impl VoteButtons {
    pub(super) const NONE: VoteButtons =
        VoteButtons { up: false, down: false, dir: "none", undo: false, asks: false };
}

/// The viewer, the policy and the viewer's marks: everything that views depend on besides the item.
#[derive(Clone)]
pub struct ViewContext<'a> {
    pub policy: &'a Policy,
    pub texts: Arc<PageTexts>,
    pub member: Option<&'a Member>,
    pub marks: Arc<Marks>,
    pub mutes: Arc<Mutes>,
    pub now: Timestamp,
}

impl<'a> ViewContext<'a> {
    pub fn new(viewer: &'a MaybeMember, marks: Arc<Marks>) -> ViewContext<'a> {
        ViewContext {
            policy: &viewer.settings.policy,
            texts: Arc::default(),
            member: viewer.member.as_ref(),
            marks,
            mutes: Arc::clone(&viewer.mutes),
            now: viewer.now,
        }
    }

    /// The same for another member, without marks and mutes.
    pub fn of<'b>(&'b self, member: &'b Member) -> ViewContext<'b> {
        ViewContext { member: Some(member), marks: Arc::default(), mutes: Arc::default(), ..self.clone() }
    }

    pub fn add(&mut self, texts: PageTexts) {
        Arc::make_mut(&mut self.texts).add(texts);
    }

    pub fn html(&self, item: &Item) -> Arc<Html> {
        self.texts.get(item.id, &item.text, false)
    }

    /// A comment's text, truncated on pages with several items, and whether it is.
    pub fn listed_html(&self, item: &Item) -> (Arc<Html>, bool) {
        let is_cut = is_long(&item.text);
        (self.texts.get(item.id, &item.text, is_cut), is_cut)
    }

    pub fn author(&self, item: &Item) -> Option<AuthorView> {
        let name = item.author.clone()?;
        let fresh = item.author_created.is_some_and(|made| {
            !item.imported
                && item.time.since(made) < self.policy.new_account_days.seconds()
                && self.now.since(made) < self.policy.new_account_days.seconds()
        });
        Some(AuthorView { name, fresh, you: item.is_own(self.member) })
    }

    /// `answers` is the author of the parent.
    pub fn votes(&self, item: &Item, answers: Option<UserId>) -> VoteButtons {
        let Some(member) = self.member else {
            let asks = item.kind != Kind::Job && self.sees(item) == Visibility::Whole;
            return VoteButtons { asks, ..VoteButtons::NONE };
        };
        if let Some(vote) = self.marks.votes.get(&item.id).filter(|vote| !vote.own) {
            return VoteButtons {
                up: false,
                down: item.kind == Kind::Comment && may_vote_down(member, self.policy),
                dir: vote.dir.as_str(),
                undo: vote.may_undo(self.policy, self.now).is_ok(),
                asks: false,
            };
        }
        let mine = answers == Some(member.id);
        let may = |dir| item.may_vote(dir, member, mine, self.policy, self.now).is_ok();
        let down = item.kind == Kind::Comment && may_vote_down(member, self.policy) && may(Direction::Down);
        VoteButtons { up: may(Direction::Up), down, ..VoteButtons::NONE }
    }

    /// The score including the viewer's own vote, whether or not it counts.
    pub fn score(&self, item: &Item) -> i64 {
        item.score + self.marks.votes.get(&item.id).map_or(0, Vote::unseen_points)
    }

    pub fn may_reply(&self, item: &Item, root: &Item) -> bool {
        match self.member {
            Some(member) => item.may_reply(root, member, self.policy, self.now, false).is_ok(),
            // Visitors see the link, which leads to the log-in.
            None => item.is_live() && root.is_live() && !root.locked && !item.locked,
        }
    }

    /// The remaining reply delay, if any.
    pub fn reply_in(&self, item: &Item, root: &Item) -> Option<String> {
        let member = self.member?;
        item.may_reply(root, member, self.policy, self.now, true).ok()?;
        item.reply_opens_in(member, self.policy, self.now)
    }

    pub(super) fn may_edit(&self, item: &Item) -> bool {
        self.member.is_some_and(|member| item.may_edit(member, self.policy, self.now).is_ok())
    }

    pub(super) fn may_delete(&self, item: &Item) -> bool {
        self.member.is_some_and(|member| item.may_delete(member).is_ok())
    }

    /// Whether the viewer may report it as illegal: moderators deal with it themselves.
    pub(super) fn may_report(&self, item: &Item) -> bool {
        let moderates = self.member.is_some_and(|member| member.role >= Role::Moderator);
        self.sees(item) == Visibility::Whole && !moderates && !item.is_own(self.member)
    }

    pub fn sees(&self, item: &Item) -> Visibility {
        may_see(item, self.member, self.now)
    }

    pub fn edited(&self, item: &Item) -> Option<TimeView> {
        item.edited_at.map(|at| TimeView::new(at, self.now))
    }
}

/// The label of a dead or flagged item.
pub fn mark(item: &Item, sight: Visibility, policy: &Policy) -> Option<&'static str> {
    match sight {
        Visibility::Whole if item.is_flagged(policy) => Some("[flagged]"),
        Visibility::Dead(DeadReason::Flagged) => Some("[flagged] [dead]"),
        Visibility::Dead(DeadReason::Killed | DeadReason::Shadow | DeadReason::Removed) => Some("[dead]"),
        Visibility::Dead(DeadReason::Merged) => Some("[dupe]"),
        Visibility::Dead(DeadReason::Held) => Some("[waiting]"),
        Visibility::Dead(DeadReason::Declined) => Some("[declined]"),
        Visibility::Whole | Visibility::Deleted | Visibility::Hidden | Visibility::NotFound => None,
    }
}

pub struct StoryView {
    pub id: ItemId,
    pub title: String,
    pub href: String,
    pub site: Option<String>,
    pub is_link: bool,
    /// `None` for jobs.
    pub points: Option<Grouped<i64>>,
    pub author: Option<AuthorView>,
    pub when: TimeView,
    /// The age on narrow screens.
    pub short_age: String,
    pub edited: Option<TimeView>,
    pub comments: i64,
    pub unseen: i64,
    /// `[flagged]`, `[dead]` or both.
    pub mark: Option<&'static str>,
    pub is_dead: bool,
    /// Whether the viewer sees its content.
    pub is_shown: bool,
    pub locked: bool,
    pub votes: VoteButtons,
    pub saved: bool,
    pub followed: bool,
    pub hidden: bool,
    pub may_edit: bool,
    pub may_delete: bool,
    pub may_report: bool,
    /// The text, on the story's own page.
    pub html: Option<Arc<Html>>,
    pub options: Vec<OptionView>,
    pub earlier: Vec<EarlierDiscussion>,
    /// The title and a passage of the text, with what a search found.
    pub found_title: Vec<MarkedText>,
    pub found_text: Vec<MarkedText>,
}

impl StoryView {
    pub fn new(item: &Item, eye: &ViewContext<'_>) -> StoryView {
        let sight = eye.sees(item);
        let shown = matches!(sight, Visibility::Whole | Visibility::Dead(_));
        let own_page = format!("/item/{}", item.id);
        let url = item.url.clone().filter(|_| shown);
        StoryView {
            id: item.id,
            title: match sight {
                Visibility::Whole | Visibility::Dead(_) => {
                    item.title.clone().unwrap_or_else(|| "(no title)".to_owned())
                }
                Visibility::Deleted => "[deleted]".to_owned(),
                Visibility::Hidden | Visibility::NotFound => "[dead]".to_owned(),
            },
            is_link: url.is_some(),
            href: url.unwrap_or(own_page),
            site: item.site.clone().filter(|_| shown),
            points: (item.kind != Kind::Job && shown).then_some(Grouped(eye.score(item))),
            author: eye.author(item).filter(|_| shown),
            when: TimeView::new(item.rank_time, eye.now),
            short_age: relative_time::ago_short(item.rank_time, eye.now),
            edited: eye.edited(item).filter(|_| shown),
            comments: item
                .descendants
                .saturating_add(eye.marks.own_shadowed_comments.get(&item.id).copied().unwrap_or(0)),
            unseen: eye.marks.unseen.get(&item.id).copied().unwrap_or(0),
            mark: mark(item, sight, eye.policy),
            is_dead: matches!(sight, Visibility::Dead(_)),
            is_shown: shown,
            locked: item.locked,
            votes: eye.votes(item, None),
            saved: eye.marks.saved.contains(&item.id),
            followed: eye.marks.followed == Some(item.id),
            hidden: eye.marks.hidden.contains(&item.id),
            may_edit: eye.may_edit(item),
            may_delete: eye.may_delete(item),
            may_report: eye.may_report(item),
            html: (shown && !item.text.is_empty()).then(|| eye.html(item)),
            options: Vec::new(),
            earlier: Vec::new(),
            found_title: Vec::new(),
            found_text: Vec::new(),
        }
    }

    pub fn talk(&self) -> Grouped<i64> {
        Grouped(self.comments)
    }

    pub fn row(item: &Item, eye: &ViewContext<'_>) -> StoryView {
        // Rows show no text, so none is rendered.
        let bare = Item { text: String::new(), ..item.clone() };
        StoryView::new(&bare, eye)
    }
}

pub struct EarlierDiscussion {
    pub id: ItemId,
    pub when: TimeView,
    pub comments: Grouped<i64>,
}
