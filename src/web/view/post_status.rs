//! The status of a post, for its author and other readers.

use crate::domain::accounts::user::Role;
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::domain::moderation::post_status::{self, AuthorOption, PostStatus, RemovedPost};
use crate::domain::notification::LogEvent;
use crate::store::{LogFilter, LogRow};
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::moderation::log;
use crate::web::handlers::pages;
use crate::web::state::App;
use crate::web::view::items::TimeView;

/// Log rows considered per post.
const ACTS: i64 = 30;

async fn acts_on(app: &App, item: ItemId) -> Result<Vec<LogRow>, Error> {
    Ok(app.store.log(LogFilter { item: Some(item), ..LogFilter::default() }, ACTS).await?)
}

fn events<'a>(viewer: &MaybeMember, logged: &'a [LogRow]) -> Vec<LogEvent<'a>> {
    let event = |act: &'a LogRow| LogEvent {
        action: act.action,
        by: log::actor(&viewer.settings, viewer.member(), act),
        reason: &act.reason,
        detail: &act.detail,
        at: act.created_at,
    };
    logged.iter().map(event).collect()
}

pub struct PostStatusView {
    pub id: ItemId,
    pub what: &'static str,
    pub turns: Vec<(String, Option<TimeView>)>,
    pub next: Vec<AuthorOption>,
}

impl PostStatusView {
    /// Loads the status; queries only for the author of a post that may have been acted on.
    pub async fn load(app: &App, viewer: &MaybeMember, item: &Item) -> Result<Option<PostStatusView>, Error> {
        let Some(author) = viewer.member().filter(|member| item.is_own(Some(member))) else {
            return Ok(None);
        };
        if item.deleted_at.is_some() || !post_status::may_have(item, &viewer.settings.policy) {
            return Ok(None);
        }
        let logged = acts_on(app, item.id).await?;
        let events = events(viewer, &logged);
        let Some(mut fate) = PostStatus::of(item, &events, author, &viewer.settings.policy, viewer.now)
        else {
            return Ok(None);
        };
        if fate.next.contains(&AuthorOption::Write) && !pages::is_reachable(app, viewer.now).await? {
            fate.next.retain(|next| *next != AuthorOption::Write);
        }
        Ok(Some(PostStatusView {
            id: item.id,
            what: post_status::what(item),
            turns: fate
                .turns
                .into_iter()
                .map(|turn| (turn.said, turn.at.map(|at| TimeView::new(at, viewer.now))))
                .collect(),
            next: fate.next,
        }))
    }
}

/// Why a post is gone, dead or locked, if the viewer may know. Its author has [`PostStatusView`].
#[derive(Default)]
pub struct StatusNotices {
    /// Set if the viewer sees only a placeholder.
    pub gone: Option<RemovedPost>,
    pub death: Vec<String>,
    pub lock: Option<LockNotice>,
}

pub struct LockNotice {
    pub said: String,
    pub on: ItemId,
}

impl StatusNotices {
    /// At most one query, and only for dead or locked items. `above` lists the parents, root first.
    pub async fn load(
        app: &App,
        viewer: &MaybeMember,
        item: &Item,
        above: &[&Item],
    ) -> Result<StatusNotices, Error> {
        let (member, mut signs) = (viewer.member(), StatusNotices::default());
        let (sight, own) = (may_see(item, member, viewer.now), item.is_own(member));
        let reads_log = viewer.settings.moderation_log.includes(member);
        if !matches!(sight, Visibility::Whole | Visibility::Dead(_)) {
            let logged = if reads_log && sight == Visibility::Hidden {
                acts_on(app, item.id).await?
            } else {
                Vec::new()
            };
            signs.gone = RemovedPost::of(item, &events(viewer, &logged), member, viewer.now);
            return Ok(signs);
        }
        if !reads_log {
            return Ok(signs);
        }
        if matches!(sight, Visibility::Dead(_)) && !own {
            let logged = acts_on(app, item.id).await?;
            let moderates = member.is_some_and(|member| member.role >= Role::Moderator);
            signs.death = post_status::why_dead(item, &events(viewer, &logged), moderates);
        }
        if let Some(locked) = post_status::locked_at(item, above)
            .filter(|_| sight == Visibility::Whole && !(own && item.locked))
        {
            let logged = acts_on(app, locked.id).await?;
            let said = post_status::why_locked(&events(viewer, &logged));
            signs.lock = said.map(|said| LockNotice { said, on: locked.id });
        }
        Ok(signs)
    }
}
