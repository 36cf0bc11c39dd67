//! Who invited whom: the tree's beginnings, and the branch of one person.

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
use crate::web::view::pagination::{PageCursor, next_page};

/// Rows of a page.
const ROWS: usize = 50;
/// One row more, which says whether there is another page.
const LIMIT: i64 = 51;
/// How many of those above somebody are shown: a list nested deeper does not fit on a phone.
const ABOVE: usize = 4;

/// Somebody in the tree, as everybody sees them.
struct BranchView {
    name: String,
    joined: TimeView,
    invited: i64,
}

impl BranchView {
    fn new(branch: InviteBranch, now: Timestamp) -> BranchView {
        BranchView { name: branch.name, joined: TimeView::new(branch.created, now), invited: branch.invited }
    }
}

fn cursor(after: PageCursor) -> (Timestamp, UserId) {
    let (at, id) = after.oldest_first();
    (at, UserId(id))
}

/// A page of what was found, and the address of the next, which begins with `base`.
fn page_of(mut found: Vec<InviteBranch>, base: &str, now: Timestamp) -> (Vec<BranchView>, Option<String>) {
    let more = next_page(&mut found, ROWS, base, |last| [("at", last.created.0), ("after", last.id.0)]);
    (found.into_iter().map(|branch| BranchView::new(branch, now)).collect(), more)
}

#[derive(Template)]
#[template(path = "accounts/invite_tree.html")]
struct InvitedPage<'a> {
    page: Page<'a>,
    people: Vec<BranchView>,
    more: Option<String>,
}

/// `/invited`
pub async fn roots(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(after): Query<PageCursor>,
) -> Result<Response, Error> {
    let found = app.store.roots(cursor(after), LIMIT).await?;
    let (people, more) = page_of(found, "/invited", viewer.now);
    Ok(html(&InvitedPage { page: Page::new(&app, &viewer, "invited", "Who invited whom"), people, more }))
}

#[derive(Template)]
#[template(path = "accounts/invite_branch.html")]
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
