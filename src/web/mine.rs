//! The lists that a member alone sees: what they saved, hid, voted for, flagged and vouched for.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::domain::item::{Item, ItemId, Sight, may_see};
use crate::web::comments;
use crate::web::error::Error;
use crate::web::news::{Empty, Numbered, ROWS, ROWS_I64, in_order};
use crate::web::page::{Page, html};
use crate::web::rows::Stories;
use crate::web::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::FlatView;

#[derive(Template)]
#[template(path = "own.html")]
struct OwnPage<'a> {
    page: Page<'a>,
    stories: Stories,
    comments: Vec<FlatView>,
    more: Option<String>,
    empty: Empty,
}

/// Which of a member's own lists.
#[derive(Clone, Copy)]
enum Own {
    Saved,
    Hidden,
    Upvoted,
    Flagged,
    Vouched,
}

async fn own(app: &App, asking: CurrentMember, which: Own, at: Numbered) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let skip = i64::try_from(at.skip()).unwrap_or(0);
    let rows = ROWS_I64.saturating_add(1);
    let (ids, path, title, what) = match which {
        Own::Saved => (app.store.saved(member.id, skip, rows).await?, "/saved", "Saved", "You have saved nothing yet."),
        Own::Hidden => {
            (app.store.hidden(member.id, skip, rows).await?, "/hidden", "Hidden", "You have hidden nothing.")
        }
        Own::Upvoted => {
            (app.store.upvoted(member.id, skip, rows).await?, "/upvoted", "Upvoted", "You have voted for nothing yet.")
        }
        Own::Flagged => {
            (app.store.flagged(member.id, skip, rows).await?, "/flagged", "Flagged", "You have flagged nothing yet.")
        }
        Own::Vouched => (
            app.store.vouched(member.id, skip, rows).await?,
            "/vouched",
            "Vouched",
            "You have vouched for nothing yet.",
        ),
    };
    let more = (ids.len() > ROWS).then(|| at.next(path));
    let ids: Vec<ItemId> = ids.into_iter().take(ROWS).collect();
    let items = in_order(app.store.items(&ids).await?, &ids);
    let visible =
        items.iter().filter(|item| matches!(may_see(item, Some(&member), viewer.now), Sight::Whole | Sight::Dead(_)));
    let (stories, others): (Vec<Item>, Vec<Item>) = visible.cloned().partition(|item| item.kind.is_root());
    let page = Page::new(app, &viewer, "", title);
    let flat = comments::flat(app, &viewer, &others).await?;
    let empty = match (ids.is_empty(), member.show_dead) {
        (true, _) => Empty::new(what, "/", "Go to the front page").on(at),
        (false, true) => Empty::new("All that stood here is deleted by now.", "/", "Go to the front page"),
        (false, false) => Empty::new(
            "All that stood here is dead or deleted by now. Your settings can show you what is dead.",
            "/settings",
            "Go to the settings",
        ),
    };
    Ok(html(&OwnPage { page, stories: app.rows.write(&stories, &viewer, app).await?, comments: flat, more, empty }))
}

/// `/saved`
pub async fn saved(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Saved, at).await
}

/// `/hidden`
pub async fn hidden(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Hidden, at).await
}

/// `/upvoted`
pub async fn upvoted(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Upvoted, at).await
}

/// `/flagged`
pub async fn flagged(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Flagged, at).await
}

/// `/vouched`
pub async fn vouched(
    State(app): State<App>,
    asking: CurrentMember,
    Query(at): Query<Numbered>,
) -> Result<Response, Error> {
    own(&app, asking, Own::Vouched, at).await
}
