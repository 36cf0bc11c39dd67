//! Profiles, members' posts and the leaderboard.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::domain::accounts::deletion;
use crate::domain::accounts::mutes::{Mute, MuteScope};
use crate::domain::accounts::user::Profile;
use crate::domain::inbox::FollowKind;
use crate::domain::moderation::sanctions;
use crate::domain::text::{self, Html};
use crate::domain::time::relative_time;
use crate::store::{self, DeadFilter, InviteLineage};
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::items::comments::{CommentsPage, flat};
use crate::web::handlers::items::lists::{StoriesPage, dead_for};
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::list_pages::UnmutedPage;
use crate::web::view::pagination::{EmptyState, PageCursor};

const LEADERS: i64 = 100;

#[derive(Template)]
#[template(path = "accounts/profile.html")]
struct UserPage<'a> {
    page: Page<'a>,
    user: &'a Profile,
    fresh: bool,
    you: bool,
    /// Whether the viewer has muted them; `None` if they cannot.
    muted: Option<bool>,
    joined: String,
    joined_iso: String,
    about: Option<Html>,
    banned: Option<String>,
    lineage: InviteLineage,
    may_moderate: bool,
    /// Whether the viewer follows them; `None` for visitors and for oneself.
    following: Option<bool>,
}

/// The profile, or a redirect to the name's own spelling or to the name that replaced it.
pub async fn profile(app: &App, name: &str, rest: &str) -> Result<Profile, Error> {
    if deletion::is_tombstone(name) {
        return Err(Error::Gone);
    }
    let profile = match app.store.profile(name).await {
        Err(store::Error::NotFound) => {
            let present = app.store.present_name(name).await?.ok_or(Error::NotFound)?;
            return Err(Error::Renamed(format!("/user/{present}{rest}")));
        }
        profile => profile?,
    };
    if profile.name != name {
        return Err(Error::Moved(format!("/user/{}{rest}", profile.name)));
    }
    Ok(profile)
}

/// `/user/{name}`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let user = profile(&app, &name, "").await?;
    let you = viewer.member().is_some_and(|member| member.id == user.id);
    let may_moderate = viewer.member().is_some_and(|member| sanctions::may_moderate(member, &user).is_ok());
    let banned = user.ban.sentence(viewer.now);
    let following = match viewer.id().filter(|_| !you) {
        Some(viewer) => Some(app.store.is_following(viewer, FollowKind::Person, user.id.0).await?),
        None => None,
    };
    let about = match user.about.as_str() {
        "" => None,
        about => Some(app.renderer(viewer.from).once(about).await?),
    };
    let mut page =
        Page::new(&app, &viewer, "user", user.name.as_str()).described(text::excerpt(&user.about, 160));
    page.robots = banned.is_none();
    Ok(html(&UserPage {
        page,
        fresh: !user.unclaimed
            && viewer.now.since(user.created_at) < viewer.settings.policy.new_account_days.seconds(),
        you,
        muted: viewer.id().filter(|_| !you).map(|_| viewer.mutes.contains(&Mute::Person(user.id))),
        joined: relative_time::day(user.created_at),
        joined_iso: relative_time::exact(user.created_at),
        lineage: app.store.lineage(user.id).await?,
        about,
        banned,
        may_moderate,
        following,
        user: &user,
    }))
}

/// `/user/{name}/submissions`
pub async fn submissions(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(at): Query<PageCursor>,
) -> Result<Response, Error> {
    let user = profile(&app, &name, "/submissions").await?;
    let is_all = dead_for(&viewer) == DeadFilter::All;
    let (store, of, by) = (&app.store, user.id, viewer.id());
    let read = |page| async move { Ok(store.submissions(of, is_all, by, page).await?) };
    let (scope, from) = (MuteScope::PageOfPerson(user.id), at.items(&app.store).await?);
    let base = format!("/user/{}/submissions", user.name);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, &base, read).await?;
    let empty = format!("{} has not submitted anything yet.", user.name);
    let empty = EmptyState::new(empty, "/new", "See the new stories");
    let stories = app.row_writer(&viewer).write(&items).await?;
    Ok(html(&StoriesPage {
        page: Page::new(&app, &viewer, "user", format!("Submissions by {}", user.name)),
        intro: Some(format!("Stories that {} submitted, newest first.", user.name)),
        choices: Vec::new(),
        stories,
        first_rank: 1,
        more,
        empty: items
            .all_muted()
            .unwrap_or_else(|| empty.on(at.is_first(), format!("/user/{}/submissions", user.name))),
        site: None,
        welcome: false,
        day: None,
        hidden: None,
    }))
}

/// `/user/{name}/comments`
pub async fn comments(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(at): Query<PageCursor>,
) -> Result<Response, Error> {
    let user = profile(&app, &name, "/comments").await?;
    let is_all = dead_for(&viewer) == DeadFilter::All;
    let (store, of, by) = (&app.store, user.id, viewer.id());
    let read = |page| async move { Ok(store.comments_of(of, is_all, by, page).await?) };
    let (scope, from) = (MuteScope::PageOfPerson(user.id), at.items(&app.store).await?);
    let base = format!("/user/{}/comments", user.name);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, &base, read).await?;
    let comments = flat(&app, &viewer, &items).await?;
    Ok(html(&CommentsPage {
        page: Page::new(&app, &viewer, "user", format!("Comments by {}", user.name)),
        choices: Vec::new(),
        comments,
        more,
        empty: items.all_muted().unwrap_or_else(|| {
            let empty = format!("{} has not commented yet.", user.name);
            EmptyState::new(empty, "/comments", "See the newest comments")
                .on(at.is_first(), format!("/user/{}/comments", user.name))
        }),
    }))
}

#[derive(Template)]
#[template(path = "accounts/leaders.html")]
struct LeadersPage<'a> {
    page: Page<'a>,
    users: Vec<Profile>,
}

/// `/leaders`
pub async fn leaders(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    let users = app.store.leaders(LEADERS, viewer.now).await?;
    Ok(html(&LeadersPage { page: Page::new(&app, &viewer, "leaders", "Leaders"), users }))
}
