//! Profiles, members' posts and the leaderboard.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::domain::accounts::deletion;
use crate::domain::accounts::mutes::{Mute, MuteScope};
use crate::domain::accounts::user::{Profile, UserId};
use crate::domain::inbox::FollowKind;
use crate::domain::moderation::sanctions;
use crate::domain::text::plural::Grouped;
use crate::domain::text::{self, Html};
use crate::domain::time::relative_time;
use crate::store::{self, DeadFilter, InviteLineage, ItemCursor};
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::items::comments::{CommentsPage, flat};
use crate::web::handlers::items::lists::{StoriesPage, dead_for};
use crate::web::member_pages::list_rows::StoryListHtml;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::list_pages::UnmutedPage;
use crate::web::view::pagination::{EmptyState, PageCursor, Tab};
use crate::web::view::single_comment::SingleCommentView;
use crate::web::view::unmuted::Unmuted;

const LEADERS: i64 = 100;
/// The newest posts of each kind that a profile shows.
const LATEST: i64 = 5;
/// Posts are counted up to this number.
const MOST_COUNTED: i64 = 10_000;

/// The newest stories or comments of a person.
struct Latest<R> {
    rows: R,
    /// How many there are, such as `1,808` or `more than 10,000`.
    count: String,
    is_none: bool,
    is_all: bool,
}

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
    choices: Vec<Tab>,
    stories: Latest<StoryListHtml>,
    comments: Latest<Vec<SingleCommentView>>,
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

impl<R> Latest<R> {
    fn new(rows: R, count: i64) -> Latest<R> {
        let text = if count > MOST_COUNTED {
            format!("more than {}", Grouped(MOST_COUNTED))
        } else {
            Grouped(count).to_string()
        };
        Latest { rows, count: text, is_none: count == 0, is_all: count <= LATEST }
    }
}

/// A person's pages; with their private lists if it is the viewer.
pub fn tabs(page: &Page<'_>, name: &str, is_own: bool, current: &str) -> Vec<Tab> {
    let of_all = [
        ("profile", format!("/user/{name}")),
        ("submissions", format!("/user/{name}/submissions")),
        ("comments", format!("/user/{name}/comments")),
    ];
    let own = ["saved", "upvoted", "hidden", "flagged", "vouched", "invitations"];
    let own = own.map(|list| (list, format!("/{list}")));
    let log = page.log_open.then(|| ("moderation", format!("/log?person={name}")));
    let all = of_all.into_iter().chain(own.into_iter().filter(|_| is_own)).chain(log);
    all.map(|(name, href)| Tab { current: name == current, name: name.to_owned(), href }).collect()
}

/// The dead items of `author` that the viewer sees: their own all.
fn dead_of(viewer: &MaybeMember, author: UserId) -> DeadFilter {
    match viewer.id().filter(|id| *id == author) {
        Some(own) => DeadFilter::Own(own),
        None => dead_for(viewer),
    }
}

/// The newest posts of `user` as the viewer sees them.
async fn latest(
    app: &App,
    viewer: &MaybeMember,
    user: &Profile,
) -> Result<(Latest<StoryListHtml>, Latest<Vec<SingleCommentView>>), Error> {
    let (dead, scope) = (dead_of(viewer, user.id), MuteScope::PageOfPerson(user.id));
    let first = ItemCursor::first(LATEST);
    let stories = app.store.submissions(user.id, dead, first).await?;
    let comments = app.store.comments_of(user.id, dead, first).await?;
    let counts = app.store.post_counts(user.id, dead, MOST_COUNTED + 1).await?;
    let stories = app.row_writer(viewer).write(&Unmuted::of(stories, viewer, scope)).await?;
    let comments = flat(app, viewer, &app.unmuted_comments(comments, viewer, scope).await?).await?;
    Ok((Latest::new(stories, counts.0), Latest::new(comments, counts.1)))
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
    let following = is_following(&app, viewer.id().filter(|_| !you), user.id).await?;
    let about = match user.about.as_str() {
        "" => None,
        about => Some(app.renderer(viewer.from).once(about).await?),
    };
    let page =
        Page::new(&app, &viewer, "user", user.name.as_str()).described(text::excerpt(&user.about, 160));
    let mut page = page.fed_by(format!("/feed/user/{}", user.name));
    page.robots = banned.is_none();
    let (stories, comments) = latest(&app, &viewer, &user).await?;
    Ok(html(&UserPage {
        choices: tabs(&page, &user.name, you, "profile"),
        page,
        stories,
        comments,
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

async fn is_following(app: &App, viewer: Option<UserId>, person: UserId) -> Result<Option<bool>, Error> {
    match viewer {
        Some(viewer) => Ok(Some(app.store.is_following(viewer, FollowKind::Person, person.0).await?)),
        None => Ok(None),
    }
}

/// `/user/{name}/submissions`
pub async fn submissions(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(name): Path<String>,
    Query(at): Query<PageCursor>,
) -> Result<Response, Error> {
    let user = profile(&app, &name, "/submissions").await?;
    let (store, of, by) = (&app.store, user.id, viewer.id());
    let dead = dead_of(&viewer, of);
    let read = |page| async move { Ok(store.submissions(of, dead, page).await?) };
    let (scope, from) = (MuteScope::PageOfPerson(user.id), at.items(&app.store).await?);
    let base = format!("/user/{}/submissions", user.name);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, &base, read).await?;
    let empty = format!("{} has not submitted anything yet.", user.name);
    let empty = EmptyState::new(empty, "/new", "See the new stories");
    let stories = app.row_writer(&viewer).write(&items).await?;
    let page = Page::new(&app, &viewer, "user", format!("Submissions by {}", user.name));
    let page = page.fed_by(format!("/feed/user/{}/submissions", user.name));
    Ok(html(&StoriesPage {
        choices: tabs(&page, &user.name, by == Some(user.id), "submissions"),
        page,
        intro: None,
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
    let (store, of, by) = (&app.store, user.id, viewer.id());
    let dead = dead_of(&viewer, of);
    let read = |page| async move { Ok(store.comments_of(of, dead, page).await?) };
    let (scope, from) = (MuteScope::PageOfPerson(user.id), at.items(&app.store).await?);
    let base = format!("/user/{}/comments", user.name);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, &base, read).await?;
    let comments = flat(&app, &viewer, &items).await?;
    let page = Page::new(&app, &viewer, "user", format!("Comments by {}", user.name));
    let page = page.fed_by(format!("/feed/user/{}/comments", user.name));
    Ok(html(&CommentsPage {
        choices: tabs(&page, &user.name, by == Some(user.id), "comments"),
        page,
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
