//! Votes that did not count: whose, on what, and why.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::text;
use crate::domain::user::UserId;
use crate::domain::vote::Dir;
use crate::store::UncountedVote;
use crate::web::desk;
use crate::web::error::Error;
use crate::web::news::{Choice, ROWS, ROWS_I64};
use crate::web::page::{Page, html};
use crate::web::session::Moderator;
use crate::web::state::App;
use crate::web::view::When;

/// How much of a comment is shown, in characters.
const EXCERPT: usize = 140;

#[derive(Template)]
#[template(path = "votes.html")]
struct VotesPage<'a> {
    page: Page<'a>,
    desk: Vec<Choice>,
    /// Whether this is a later page of the list.
    goes_on: bool,
    rows: Vec<Row>,
    more: Option<String>,
}

struct Row {
    item: ItemId,
    title: String,
    /// Of a comment.
    excerpt: Option<String>,
    dir: &'static str,
    voter: String,
    author: Option<String>,
    why: &'static str,
    when: When,
}

impl Row {
    fn new(vote: UncountedVote, now: Timestamp) -> Row {
        Row {
            item: vote.item_id,
            title: vote.title.unwrap_or_else(|| "[deleted]".to_owned()),
            excerpt: (vote.kind == Kind::Comment).then(|| text::excerpt(&vote.text, EXCERPT)),
            dir: Dir::from_points(vote.dir).map_or("", Dir::as_str),
            voter: vote.voter,
            author: vote.author,
            why: vote.uncounted.sentence(),
            when: When::new(vote.at, now),
        }
    }
}

/// Where the list goes on: after a vote, which is named by when it was cast, by whom, and on what.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct After {
    at: Option<i64>,
    voter: Option<i64>,
    before: Option<ItemId>,
}

impl After {
    fn cursor(self) -> (Timestamp, UserId, ItemId) {
        match (self.at, self.voter, self.before) {
            (Some(at), Some(voter), Some(item)) => (Timestamp(at), UserId(voter), item),
            _ => (Timestamp(i64::MAX), UserId(i64::MAX), ItemId(i64::MAX)),
        }
    }
}

/// `/mod/votes`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<After>,
) -> Result<Response, Error> {
    let mut votes = app.store.uncounted_votes(after.cursor(), ROWS_I64.saturating_add(1)).await?;
    let full = votes.len() > ROWS;
    votes.truncate(ROWS);
    let more = votes
        .last()
        .filter(|_| full)
        .map(|last| format!("/mod/votes?at={}&voter={}&before={}", last.at.0, last.user_id.0, last.item_id));
    let mut page = Page::new(&app, &viewer, "mod", "Votes that do not count");
    page.robots = false;
    let rows = votes.into_iter().map(|vote| Row::new(vote, viewer.now)).collect();
    Ok(html(&VotesPage { page, desk: desk::bar(&member, "votes"), goes_on: after.at.is_some(), rows, more }))
}
