//! Votes that did not count, and why.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::text;
use crate::domain::votes::vote::Direction;
use crate::store::UncountedVote;
use crate::web::error::Error;
use crate::web::extract::session::Moderator;
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PAGE_LIMIT, PAGE_SIZE, PageCursor, Tab, next_page};

/// Length of an excerpt, in characters.
const EXCERPT: usize = 140;

#[derive(Template)]
#[template(path = "moderation/uncounted_votes.html")]
struct UncountedVotesPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    rows: Vec<UncountedVoteRow>,
    more: Option<String>,
    empty: EmptyState,
}

struct UncountedVoteRow {
    item: ItemId,
    title: String,
    excerpt: Option<String>,
    dir: &'static str,
    voter: String,
    author: Option<String>,
    why: &'static str,
    when: TimeView,
}

impl UncountedVoteRow {
    fn new(vote: UncountedVote, now: Timestamp) -> UncountedVoteRow {
        UncountedVoteRow {
            item: vote.item_id,
            title: vote.title.unwrap_or_else(|| "[deleted]".to_owned()),
            excerpt: (vote.kind == Kind::Comment).then(|| text::excerpt(&vote.text, EXCERPT)),
            dir: Direction::from_points(vote.dir).map_or("", Direction::as_str),
            voter: vote.voter,
            author: vote.author,
            why: vote.uncounted_reason.sentence(),
            when: TimeView::new(vote.created_at, now),
        }
    }
}

/// `/mod/votes`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, member }: Moderator,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let mut votes = app.store.uncounted_votes(after.votes(), PAGE_LIMIT).await?;
    let key = |last: &UncountedVote| {
        [("at", last.created_at.0), ("voter", last.user_id.0), ("before", last.item_id.0)]
    };
    let more = next_page(&mut votes, PAGE_SIZE, "/mod/votes", key);
    let mut page = Page::new(&app, &viewer, "mod", "Votes that do not count");
    page.robots = false;
    let rows = votes.into_iter().map(|vote| UncountedVoteRow::new(vote, viewer.now)).collect();
    let empty = EmptyState::new(
        "Every vote counts so far: no vote rings, grudges or duplicate accounts detected.",
        "/mod",
        "Go to the queue",
    );
    Ok(html(&UncountedVotesPage {
        page,
        desk: moderation::tabs::bar(&member, "votes"),
        rows,
        more,
        empty: empty.on(after.is_first(), "/mod/votes"),
    }))
}
