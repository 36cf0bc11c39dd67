//! What a member follows, and the buttons that follow and unfollow.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::inbox::{FollowKind, MAX_FOLLOWS, MAX_SEARCHES};
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::store::{Follow, FollowedSearch};
use crate::web::actions;
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::{CurrentMember, address_with};
use crate::web::handlers::votes::vote::{ToggleForm, switched};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::EmptyState;

#[derive(Template)]
#[template(path = "accounts/following.html")]
struct FollowingPage<'a> {
    page: Page<'a>,
    /// Threads, people and searches, each with their heading.
    lists: [(&'static str, Vec<FollowView>); 3],
    most: i64,
    most_searches: i64,
    empty: EmptyState,
}

impl FollowingPage<'_> {
    fn is_empty(&self) -> bool {
        self.lists.iter().all(|(_, rows)| rows.is_empty())
    }
}

struct FollowView {
    /// The address of the thread, the person or the search.
    href: String,
    /// Where it is unfollowed.
    action: String,
    /// What is searched for.
    query: Option<String>,
    name: String,
    since: TimeView,
}

impl FollowView {
    fn of_person(follow: Follow, now: Timestamp) -> Option<FollowView> {
        let since = TimeView::new(follow.created_at, now);
        follow.name.map(|name| FollowView {
            href: format!("/user/{name}"),
            action: format!("/user/{name}/follow"),
            query: None,
            name,
            since,
        })
    }

    fn of_search(search: FollowedSearch, now: Timestamp) -> FollowView {
        FollowView {
            href: address_with("/search", &[("q", &search.query), ("sort", "date")]),
            action: "/search".to_owned(),
            name: search.query.clone(),
            query: Some(search.query),
            since: TimeView::new(search.created_at, now),
        }
    }
}

/// `/following`
pub async fn list(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let follows = app.store.follows(member.id).await?;
    let (threads, people): (Vec<Follow>, Vec<Follow>) =
        follows.into_iter().partition(|follow| follow.kind == FollowKind::Thread);
    let ids: Vec<ItemId> = threads.iter().map(|follow| ItemId(follow.target)).collect();
    let items: HashMap<i64, Item> =
        app.store.items(&ids).await?.into_iter().map(|item| (item.id.0, item)).collect();
    let title = |item: &Item| match may_see(item, Some(&member), viewer.now) {
        Visibility::Whole | Visibility::Dead(_) => item.title.clone(),
        Visibility::Deleted | Visibility::Hidden | Visibility::NotFound => None,
    };
    let thread = |follow: &Follow| FollowView {
        href: format!("/item/{}", follow.target),
        action: format!("/item/{}/follow", follow.target),
        query: None,
        name: items.get(&follow.target).and_then(title).unwrap_or_else(|| "a story that is gone".to_owned()),
        since: TimeView::new(follow.created_at, viewer.now),
    };
    let person = |follow: Follow| FollowView::of_person(follow, viewer.now);
    let search = |search: FollowedSearch| FollowView::of_search(search, viewer.now);
    let searches = app.store.followed_searches(member.id).await?;
    Ok(html(&FollowingPage {
        page: Page::new(&app, &viewer, "inbox", "Following"),
        lists: [
            ("Threads", threads.iter().map(thread).collect()),
            ("People", people.into_iter().filter_map(person).collect()),
            ("Searches", searches.into_iter().map(search).collect()),
        ],
        most: MAX_FOLLOWS,
        most_searches: MAX_SEARCHES,
        empty: EmptyState::new(
            "You do not follow anything yet. The head of each thread, the page of each person and the \
             results of a search have a button “follow”.",
            "/active",
            "See where people are talking",
        ),
    }))
}

/// `POST /item/{id}/follow`
pub async fn thread(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<ToggleForm>,
) -> Result<Response, Error> {
    actions::follow::thread(&app, &asking, id, asked.on).await?;
    Ok(switched(&headers, &asked))
}

/// `POST /user/{name}/follow`
pub async fn user(
    State(app): State<App>,
    asking: CurrentMember,
    Path(name): Path<String>,
    headers: HeaderMap,
    Form(asked): Form<ToggleForm>,
) -> Result<Response, Error> {
    actions::follow::user(&app, &asking, &name, asked.on).await?;
    Ok(switched(&headers, &asked))
}

#[derive(Debug, Deserialize)]
pub struct FollowSearchForm {
    q: String,
    on: bool,
    #[serde(default)]
    goto: LocalRedirect,
}

/// `POST /search`
pub async fn search(
    State(app): State<App>,
    asking: CurrentMember,
    Form(asked): Form<FollowSearchForm>,
) -> Result<Response, Error> {
    actions::follow::search(&app, &asking, &asked.q, asked.on).await?;
    Ok(asked.goto.redirect())
}
