//! Small acts on an item: vote, save, hide. Each is a form of one button that comes back to its page.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::origin::Origin;
use crate::domain::rate_limits::LimitedAction;
use crate::domain::user::Member;
use crate::domain::vote::{Dir, Voted};
use crate::store::NewVote;
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::form::Form;
use crate::web::goto::Goto;
use crate::web::page::{json, wants_json};
use crate::web::path::Path;
use crate::web::pending::{self, Pending};
use crate::web::session::{self, CurrentMember, MaybeMember};
use crate::web::state::App;

#[derive(Debug, Deserialize)]
pub struct Vote {
    dir: String,
    #[serde(default)]
    goto: Goto,
}

/// An item that `member` may see, whole or marked.
pub async fn seen(app: &App, id: ItemId, member: &Member) -> Result<Item, Error> {
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(member), app.clock.now()))?;
    Ok(item)
}

/// Casts a vote or takes it back, where `member` may; answers what was voted on, and what the vote leaves.
pub async fn cast(
    app: &App,
    member: &Member,
    (from, origin): (ClientIp, Origin),
    (id, dir): (ItemId, Option<Dir>),
    now: Timestamp,
) -> Result<(Kind, Voted), Error> {
    let settings = app.settings();
    app.limits.check(LimitedAction::Vote, member, from.ip(), &settings.policy, now)?;
    let item = seen(app, id, member).await?;
    let vote = NewVote { user: member.id, item: id, dir, origin: Some(origin) };
    Ok((item.kind, app.store.vote(vote, &settings.policy, now).await?))
}

/// `POST /item/{id}/vote`: of a visitor, the way to the log-in that casts it.
pub async fn vote(
    State(app): State<App>,
    viewer: MaybeMember,
    from: ClientIp,
    Path(id): Path<ItemId>,
    (headers, origin): (HeaderMap, Origin),
    Form(vote): Form<Vote>,
) -> Result<Response, Error> {
    let dir = pending::direction(&vote.dir).ok_or_else(|| Error::bad("A vote goes up, down or none."))?;
    let Some(member) = viewer.member() else {
        return Ok(session::to_log_in_and_vote(&vote.goto, &Pending::new(id, dir)));
    };
    let (kind, voted) = cast(&app, member, (from, origin), (id, dir), viewer.now).await?;
    if wants_json(&headers) {
        // A comment's points are its author's to see.
        let shown = (kind != Kind::Comment).then_some(voted.score);
        return Ok(json(&serde_json::json!({ "points": shown, "dir": voted.dir.map_or("none", Dir::as_str) })));
    }
    Ok(vote.goto.redirect())
}

#[derive(Debug, Deserialize)]
pub struct Switched {
    pub on: bool,
    #[serde(default)]
    pub goto: Goto,
}

/// `POST /item/{id}/save`
pub async fn save(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<Switched>,
) -> Result<Response, Error> {
    let item = seen(&app, id, &asking.member).await?;
    app.store.save(asking.member.id, item.id, asked.on, asking.viewer.now).await?;
    Ok(switched(&headers, &asked))
}

/// `POST /item/{id}/hide`
pub async fn hide(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<Switched>,
) -> Result<Response, Error> {
    let item = seen(&app, id, &asking.member).await?;
    if !item.kind.is_root() {
        return Err(Error::bad("Only stories can be hidden; a comment can be collapsed."));
    }
    app.store.hide(asking.member.id, item.id, asked.on, asking.viewer.now).await?;
    Ok(switched(&headers, &asked))
}

/// The answer to a switch: to the script how it stands now, to a browser the page it came from.
pub fn switched(headers: &HeaderMap, asked: &Switched) -> Response {
    if wants_json(headers) { json(&serde_json::json!({ "on": asked.on })) } else { asked.goto.redirect() }
}
