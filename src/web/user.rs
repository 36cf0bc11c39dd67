//! People: a profile, what they wrote, and those of most karma.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::age;
use crate::domain::standing;
use crate::domain::text::{self, Html};
use crate::domain::user::Profile;
use crate::store::{Dead, Lineage};
use crate::web::comments::{CommentsPage, flat};
use crate::web::error::Error;
use crate::web::news::{Before, Empty, NewsPage, dead_for, page_of};
use crate::web::page::{Page, html};
use crate::web::path::Path;
use crate::web::session::MaybeMember;
use crate::web::state::App;

/// How many leaders are shown.
const LEADERS: i64 = 100;

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage<'a> {
    page: Page<'a>,
    user: &'a Profile,
    fresh: bool,
    you: bool,
    joined: String,
    joined_iso: String,
    about: Option<Html>,
    /// What everybody is told while the account is banned.
    banned: Option<String>,
    lineage: Lineage,
    /// For moderators who may act on them.
    may_moderate: bool,
}

/// The profile of a name in its own spelling, or the way to that spelling.
pub async fn profile(app: &App, name: &str, rest: &str) -> Result<Result<Profile, Response>, Error> {
    let profile = app.store.profile(name).await?;
    if profile.name != name {
        return Ok(Err(Redirect::permanent(&format!("/user/{}{rest}", profile.name)).into_response()));
    }
    Ok(Ok(profile))
}

/// `/user/{name}`
pub async fn show(State(app): State<App>, viewer: MaybeMember, Path(name): Path<String>) -> Result<Response, Error> {
    let user = match profile(&app, &name, "").await? {
        Ok(user) => user,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let you = viewer.member().is_some_and(|member| member.id == user.id);
    let may_moderate = viewer.member().is_some_and(|member| standing::may_moderate(member, &user).is_ok());
    let banned = user.ban.sentence(viewer.now);
    let about = match user.about.as_str() {
        "" => None,
        about => Some(app.renderer(viewer.from).once(about).await?),
    };
    let mut page = Page::new(&app, &viewer, "user", user.name.as_str()).described(text::excerpt(&user.about, 160));
    page.robots = banned.is_none();
    Ok(html(&UserPage {
        page,
        fresh: !user.unclaimed && viewer.now.since(user.created) < app.settings().policy.new_account_days.seconds(),
        you,
        joined: age::day(user.created),
        joined_iso: age::exact(user.created),
        lineage: app.store.lineage(user.id).await?,
        about,
        banned,
        may_moderate,
        user: &user,
    }))
}

/// `/user/{name}/submissions`
pub async fn submissions(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(at): Query<Before>,
) -> Result<Response, Error> {
    let user = match profile(&app, &name, "/submissions").await? {
        Ok(user) => user,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let items =
        app.store.submissions(user.id, dead_for(&viewer) == Dead::All, viewer.id(), at.cursor(&app).await?).await?;
    let (items, more) = page_of(items, &format!("/user/{}/submissions", user.name));
    let stories = app.rows.write(&items, &viewer, &app).await?;
    Ok(html(&NewsPage {
        page: Page::new(&app, &viewer, "user", format!("Submissions by {}", user.name)),
        intro: Some(format!("Stories that {} submitted, newest first.", user.name)),
        choices: Vec::new(),
        stories,
        first_rank: 1,
        more,
        empty: Empty::new(format!("{} has submitted nothing yet.", user.name), "/new", "See the new stories"),
        site: None,
        welcome: false,
    }))
}

/// `/user/{name}/comments`
pub async fn comments(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(at): Query<Before>,
) -> Result<Response, Error> {
    let user = match profile(&app, &name, "/comments").await? {
        Ok(user) => user,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let items =
        app.store.comments_of(user.id, dead_for(&viewer) == Dead::All, viewer.id(), at.cursor(&app).await?).await?;
    let (items, more) = page_of(items, &format!("/user/{}/comments", user.name));
    let comments = flat(&app, &viewer, &items).await?;
    Ok(html(&CommentsPage {
        page: Page::new(&app, &viewer, "user", format!("Comments by {}", user.name)),
        choices: Vec::new(),
        comments,
        more,
        empty: Empty::new(format!("{} has not commented yet.", user.name), "/comments", "See the newest comments"),
    }))
}

#[derive(Template)]
#[template(path = "leaders.html")]
struct LeadersPage<'a> {
    page: Page<'a>,
    users: Vec<Profile>,
}

/// `/leaders`
pub async fn leaders(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    let users = app.store.leaders(LEADERS, viewer.now).await?;
    Ok(html(&LeadersPage { page: Page::new(&app, &viewer, "leaders", "Leaders"), users }))
}
