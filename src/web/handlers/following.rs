//! What a member follows, and the buttons that follow and unfollow.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::domain::inbox::{FollowKind, MAX_FOLLOWS};
use crate::domain::items::item::{Item, ItemId, Visibility, may_see};
use crate::store::Follow;
use crate::web::actions;
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::path::Path;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::votes::vote::{ToggleForm, switched};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::EmptyState;

#[derive(Template)]
#[template(path = "accounts/following.html")]
struct FollowingPage<'a> {
    page: Page<'a>,
    /// Threads and people, each with their heading.
    lists: [(&'static str, Vec<FollowView>); 2],
    most: i64,
    empty: EmptyState,
}

impl FollowingPage<'_> {
    fn is_empty(&self) -> bool {
        self.lists.iter().all(|(_, rows)| rows.is_empty())
    }
}

struct FollowView {
    /// The address of the thread or the person.
    href: String,
    name: String,
    since: TimeView,
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
        name: items.get(&follow.target).and_then(title).unwrap_or_else(|| "a story that is gone".to_owned()),
        since: TimeView::new(follow.created_at, viewer.now),
    };
    let person = |follow: Follow| {
        let since = TimeView::new(follow.created_at, viewer.now);
        follow.name.map(|name| FollowView { href: format!("/user/{name}"), name, since })
    };
    Ok(html(&FollowingPage {
        page: Page::new(&app, &viewer, "inbox", "Following"),
        lists: [
            ("Threads", threads.iter().map(thread).collect()),
            ("People", people.into_iter().filter_map(person).collect()),
        ],
        most: MAX_FOLLOWS,
        empty: EmptyState::new(
            "You do not follow anything yet. The head of each thread and the page of each person have a \
             button “follow”.",
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
