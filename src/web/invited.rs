//! Who invited whom: the tree's beginnings, and the branch of one person.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::user::UserId;
use crate::store::Branch;
use crate::web::error::Error;
use crate::web::page::{Page, html};
use crate::web::path::Path;
use crate::web::session::MaybeMember;
use crate::web::state::App;
use crate::web::user;
use crate::web::view::When;

/// Rows of a page.
const ROWS: usize = 50;
/// How many of those above somebody are shown: a list nested deeper does not fit on a phone.
const ABOVE: usize = 4;

/// Somebody in the tree, as everybody sees them.
struct BranchView {
    name: String,
    joined: When,
    invited: i64,
}

impl BranchView {
    fn new(branch: Branch, now: Timestamp) -> BranchView {
        BranchView { name: branch.name, joined: When::new(branch.created, now), invited: branch.invited }
    }
}

/// Where a list goes on: after somebody who joined at a moment.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct After {
    at: Option<i64>,
    after: Option<i64>,
}

impl After {
    fn cursor(self) -> (Timestamp, UserId) {
        (Timestamp(self.at.unwrap_or(i64::MIN)), UserId(self.after.unwrap_or(i64::MIN)))
    }
}

/// One row more than a page has, which says whether there is another.
fn rows() -> i64 {
    i64::try_from(ROWS).unwrap_or(i64::MAX).saturating_add(1)
}

/// A page of what was found, and the address of the next, which begins with `base`.
fn page_of(mut found: Vec<Branch>, base: &str, now: Timestamp) -> (Vec<BranchView>, Option<String>) {
    let full = found.len() > ROWS;
    found.truncate(ROWS);
    let more = found.last().filter(|_| full).map(|last| format!("{base}?at={}&after={}", last.created.0, last.id.0));
    (found.into_iter().map(|branch| BranchView::new(branch, now)).collect(), more)
}

#[derive(Template)]
#[template(path = "invited.html")]
struct InvitedPage<'a> {
    page: Page<'a>,
    people: Vec<BranchView>,
    more: Option<String>,
}

/// `/invited`
pub async fn roots(State(app): State<App>, viewer: MaybeMember, Query(after): Query<After>) -> Result<Response, Error> {
    let found = app.store.roots(after.cursor(), rows()).await?;
    let (people, more) = page_of(found, "/invited", viewer.now);
    Ok(html(&InvitedPage { page: Page::new(&app, &viewer, "invited", "Who invited whom"), people, more }))
}

#[derive(Template)]
#[template(path = "branch.html")]
struct BranchPage<'a> {
    page: Page<'a>,
    name: String,
    /// Those above, the nearest last.
    above: Vec<BranchView>,
    /// There are more above those.
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
    Query(after): Query<After>,
) -> Result<Response, Error> {
    let user = user::profile(&app, &name, "/invited").await?;
    let steps = i64::try_from(ABOVE).unwrap_or(i64::MAX).saturating_add(1);
    let mut above = app.store.inviters(user.id, steps).await?;
    let further = above.len() > ABOVE;
    let above = above.split_off(usize::from(further));
    let invited = app.store.lineage(user.id).await?.invited;
    let found = app.store.invited_by(user.id, after.cursor(), rows()).await?;
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
