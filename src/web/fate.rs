//! What became of a post, on its own page: for its author, and for whoever else may read of it.

use crate::domain::fate::{self, Fate, Gone, Next};
use crate::domain::item::{Item, ItemId, Sight, may_see};
use crate::domain::notification::LogEvent;
use crate::domain::user::{Member, Role};
use crate::store::{Acts, Logged};
use crate::web::error::Error;
use crate::web::log;
use crate::web::pages;
use crate::web::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::When;

/// How far back the acts on one post are looked at.
const ACTS: i64 = 30;

async fn acts_on(app: &App, item: ItemId) -> Result<Vec<Logged>, Error> {
    Ok(app.store.log(Acts { item: Some(item), ..Acts::default() }, ACTS).await?)
}

/// Acts as `member` reads of them.
fn events<'a>(app: &App, member: Option<&Member>, logged: &'a [Logged]) -> Vec<LogEvent<'a>> {
    let event = |act: &'a Logged| LogEvent {
        action: act.act,
        by: log::actor(app, member, act),
        reason: &act.reason,
        detail: &act.detail,
        at: act.at,
    };
    logged.iter().map(event).collect()
}

/// What `_fate.html` shows.
pub struct FateView {
    pub id: ItemId,
    pub what: &'static str,
    pub turns: Vec<(String, Option<When>)>,
    pub next: Vec<Next>,
}

impl FateView {
    /// Some queries, and none but for the author of a post that something may have been done to.
    pub async fn load(app: &App, viewer: &MaybeMember, item: &Item) -> Result<Option<FateView>, Error> {
        let Some(author) = viewer.member().filter(|member| item.is_own(Some(member))) else { return Ok(None) };
        if item.deleted_at.is_some() || !fate::may_have(item, &app.settings().policy) {
            return Ok(None);
        }
        let logged = acts_on(app, item.id).await?;
        let events = events(app, Some(author), &logged);
        let Some(mut fate) = Fate::of(item, &events, author, &viewer.settings.policy, viewer.now) else {
            return Ok(None);
        };
        if fate.next.contains(&Next::Write) && !pages::is_reachable(app, viewer.now).await? {
            fate.next.retain(|next| *next != Next::Write);
        }
        Ok(Some(FateView {
            id: item.id,
            what: fate::what(item),
            turns: fate
                .turns
                .into_iter()
                .map(|turn| (turn.said, turn.at.map(|at| When::new(at, viewer.now))))
                .collect(),
            next: fate.next,
        }))
    }
}

/// Why a post is gone, dead or locked, as far as the viewer may know; of what is dead, its author reads in their [`FateView`].
#[derive(Default)]
pub struct Signs {
    /// Where the viewer sees no more of it than its place.
    pub gone: Option<Gone>,
    pub death: Vec<String>,
    pub lock: Option<Lock>,
}

/// Who locked something and why.
pub struct Lock {
    pub said: String,
    /// What the lock was put on.
    pub on: ItemId,
}

impl Signs {
    /// A query for what is dead or locked where the viewer may read the log, and none for all else. `above` is what the item stands below, the head of the thread first.
    pub async fn load(app: &App, viewer: &MaybeMember, item: &Item, above: &[&Item]) -> Result<Signs, Error> {
        let (member, mut signs) = (viewer.member(), Signs::default());
        let (sight, own) = (may_see(item, member, viewer.now), item.is_own(member));
        let reads_log = app.settings().moderation_log.includes(member);
        if !matches!(sight, Sight::Whole | Sight::Dead(_)) {
            let logged = if reads_log && sight == Sight::Hidden { acts_on(app, item.id).await? } else { Vec::new() };
            signs.gone = Gone::of(item, &events(app, member, &logged), member, viewer.now);
            return Ok(signs);
        }
        if !reads_log {
            return Ok(signs);
        }
        if matches!(sight, Sight::Dead(_)) && !own {
            let logged = acts_on(app, item.id).await?;
            let moderates = member.is_some_and(|member| member.role >= Role::Moderator);
            signs.death = fate::why_dead(item, &events(app, member, &logged), moderates);
        }
        if let Some(locked) = fate::locked_at(item, above).filter(|_| sight == Sight::Whole && !(own && item.locked)) {
            let logged = acts_on(app, locked.id).await?;
            let said = fate::why_locked(&events(app, member, &logged));
            signs.lock = said.map(|said| Lock { said, on: locked.id });
        }
        Ok(signs)
    }
}
