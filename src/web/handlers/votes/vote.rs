//! Voting, saving and hiding: one-button forms that return to their page.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::domain::items::item::{ItemId, Kind};
use crate::domain::votes::vote::Direction;
use crate::web::actions::vote::CastVote;
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::votes::pending_vote::{self, PendingVote};
use crate::web::state::App;
use crate::web::view::layout::{json, wants_json};

#[derive(Debug, Deserialize)]
pub struct VoteForm {
    dir: String,
    /// Without it, the answer leads to the item in its thread.
    goto: Option<LocalRedirect>,
}

/// `POST /item/{id}/vote`: visitors are redirected to the log-in, which casts the vote.
pub async fn vote(
    State(app): State<App>,
    context: Result<PostContext, Error>,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(vote): Form<VoteForm>,
) -> Result<Response, Error> {
    let dir =
        pending_vote::direction(&vote.dir).ok_or_else(|| Error::bad("A vote must be up, down or none."))?;
    let context = match context {
        Err(Error::LogInFirst(_)) => {
            return Ok(pending_vote::to_log_in_and_vote(vote.goto.as_ref(), &PendingVote::new(id, dir)));
        }
        context => context?,
    };
    let CastVote { item, voted } = actions::vote::vote(&app, &context, id, dir).await?;
    if wants_json(&headers) {
        // Only a comment's author sees its points.
        let shown = (item.kind != Kind::Comment).then_some(voted.score);
        return Ok(json(
            &serde_json::json!({ "points": shown, "dir": voted.dir.map_or("none", Direction::as_str) }),
        ));
    }
    let back = vote.goto.map(|page| page.at_row(item.kind, item.id));
    Ok(back.unwrap_or_else(|| LocalRedirect::to_item(item.id, item.root_id)).redirect())
}

#[derive(Debug, Deserialize)]
pub struct ToggleForm {
    pub on: bool,
    #[serde(default)]
    pub goto: LocalRedirect,
}

/// `POST /item/{id}/save`
pub async fn save(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<ToggleForm>,
) -> Result<Response, Error> {
    let kind = actions::save::save(&app, &asking, id, asked.on).await?;
    Ok(switched(&headers, &ToggleForm { on: asked.on, goto: asked.goto.at_row(kind, id) }))
}

/// `POST /item/{id}/hide`
pub async fn hide(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<ToggleForm>,
) -> Result<Response, Error> {
    actions::save::hide(&app, &asking, id, asked.on).await?;
    // The list that it is gone from says so.
    let goto = if asked.on { asked.goto.with("hid", id) } else { asked.goto };
    Ok(switched(&headers, &ToggleForm { on: asked.on, goto }))
}

/// JSON with the new state for the script, a redirect for forms.
pub fn switched(headers: &HeaderMap, asked: &ToggleForm) -> Response {
    if wants_json(headers) { json(&serde_json::json!({ "on": asked.on })) } else { asked.goto.redirect() }
}
