//! What became of a post, for its author on its own page.

use crate::domain::fate::{self, Deed, Fate, Next};
use crate::domain::item::{Item, ItemId, Kind};
use crate::store::Acts;
use crate::web::error::Error;
use crate::web::log;
use crate::web::session::MaybeMember;
use crate::web::state::App;
use crate::web::view::When;

/// How far back the acts on one post are looked at.
const ACTS: i64 = 30;

/// What `_fate.html` shows.
pub struct FateView {
    pub id: ItemId,
    pub what: &'static str,
    pub turns: Vec<(String, Option<When>)>,
    pub next: Vec<Next>,
}

impl FateView {
    /// One query, and none but for the author of a post that something may have been done to.
    pub async fn load(app: &App, viewer: &MaybeMember, item: &Item) -> Result<Option<FateView>, Error> {
        let Some(author) = viewer.member().filter(|member| item.is_own(Some(member))) else { return Ok(None) };
        if item.deleted_at.is_some() || !fate::may_have(item, &app.policy) {
            return Ok(None);
        }
        let logged = app.store.log(Acts { item: Some(item.id), ..Acts::default() }, ACTS).await?;
        let deeds: Vec<Deed<'_>> = logged
            .iter()
            .map(|act| Deed {
                act: &act.act,
                by: log::actor(app, author, act),
                reason: &act.reason,
                detail: &act.detail,
                at: act.at,
            })
            .collect();
        let fate = Fate::of(item, &deeds, author, &app.policy, viewer.now);
        Ok(fate.map(|fate| FateView {
            id: item.id,
            what: if item.kind == Kind::Comment { "comment" } else { "story" },
            turns: fate
                .turns
                .into_iter()
                .map(|turn| (turn.said, turn.at.map(|at| When::new(at, viewer.now))))
                .collect(),
            next: fate.next,
        }))
    }
}
