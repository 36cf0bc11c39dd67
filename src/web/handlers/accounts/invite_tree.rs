//! The invitation tree.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::InviteBranch;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::accounts::profile;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::{EmptyState, PageCursor, next_page};

const ROWS: usize = 50;
/// One row more tells whether there is a next page.
const LIMIT: i64 = 51;
/// Ancestors shown; deeper nesting does not fit on a phone.
const ABOVE: usize = 4;

struct BranchView {
    name: String,
    joined: TimeView,
    invited: i64,
}

impl BranchView {
    fn new(branch: InviteBranch, now: Timestamp) -> BranchView {
        BranchView {
            name: branch.name,
            joined: TimeView::new(branch.created_at, now),
            invited: branch.invited,
        }
    }
}

fn cursor(after: PageCursor) -> (Timestamp, UserId) {
    let (at, id) = after.oldest_first();
    (at, UserId(id))
}

fn page_of(mut found: Vec<InviteBranch>, base: &str, now: Timestamp) -> (Vec<BranchView>, Option<String>) {
    let more = next_page(&mut found, ROWS, base, |last| [("at", last.created_at.0), ("after", last.id.0)]);
    (found.into_iter().map(|branch| BranchView::new(branch, now)).collect(), more)
}

#[derive(Template)]
#[template(path = "accounts/invite_tree.html")]
struct InvitedPage<'a> {
    page: Page<'a>,
    people: Vec<BranchView>,
    more: Option<String>,
    empty: EmptyState,
}

/// `/invited`
pub async fn roots(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let found = app.store.roots(cursor(after), LIMIT).await?;
    let (people, more) = page_of(found, "/invited", viewer.now);
    let page = Page::new(&app, &viewer, "invited", "Who invited whom");
    let empty = EmptyState::new("Nobody has joined by invitation yet.", "/leaders", "See the leaders")
        .on(after.is_first(), "/invited");
    Ok(html(&InvitedPage { page, people, more, empty }))
}

#[derive(Template)]
#[template(path = "accounts/invite_branch.html")]
struct BranchPage<'a> {
    page: Page<'a>,
    name: String,
    above: Vec<BranchView>,
    further: bool,
    invited: i64,
    people: Vec<BranchView>,
    more: Option<String>,
}

/// `/user/{name}/invited`
pub async fn branch(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let user = profile::profile(&app, &name, "/invited").await?;
    let steps = i64::try_from(ABOVE).unwrap_or(i64::MAX).saturating_add(1);
    let mut above = app.store.inviters(user.id, steps).await?;
    let further = above.len() > ABOVE;
    let above = above.split_off(usize::from(further));
    let invited = app.store.lineage(user.id).await?.invited;
    let found = app.store.invited_by(user.id, cursor(after), LIMIT).await?;
    let (people, more) = page_of(found, &format!("/user/{}/invited", user.name), viewer.now);
    let title = format!("Whom {} invited", user.name);
    Ok(html(&BranchPage {
        page: Page::new(&app, &viewer, "user", title),
        above: above.into_iter().map(|branch| BranchView::new(branch, viewer.now)).collect(),
        name: user.name,
        further,
        invited,
        people,
        more,
    }))
}
