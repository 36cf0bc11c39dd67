//! Lists of comments: newest and best.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;

use crate::domain::accounts::mutes::MuteScope;
use crate::domain::items::item::{Item, ItemId, Visibility};
use crate::web::cache::ranked_lists::RankedList;
use crate::web::cache::rendered_text::TextSource;
use crate::web::error::Error;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::items::lists::dead_for;
use crate::web::state::App;
use crate::web::view::items::ViewContext;
use crate::web::view::layout::{Page, html};
use crate::web::view::list_pages::{RankedPage, UnmutedPage};
use crate::web::view::pagination::{EmptyState, PageCursor, PageQuery, Tab};
use crate::web::view::single_comment::SingleCommentView;
use crate::web::view::unmuted::Unmuted;

#[derive(Template)]
#[template(path = "items/comments.html")]
pub struct CommentsPage<'a> {
    pub page: Page<'a>,
    pub choices: Vec<Tab>,
    pub comments: Vec<SingleCommentView>,
    pub more: Option<String>,
    pub empty: EmptyState,
}

/// Comments with their stories, as the viewer sees them. Two more queries, regardless of their number.
pub async fn flat(
    app: &App,
    viewer: &MaybeMember,
    items: &Unmuted<Item>,
) -> Result<Vec<SingleCommentView>, Error> {
    flat_in(app, viewer, items, &roots_and_parents(app, items).await?).await
}

pub async fn roots_and_parents(app: &App, items: &[Item]) -> Result<HashMap<ItemId, Item>, Error> {
    let mut around: Vec<ItemId> =
        items.iter().flat_map(|item| [Some(item.root_id), item.parent_id]).flatten().collect();
    around.sort_unstable();
    around.dedup();
    Ok(app.store.items(&around).await?.into_iter().map(|item| (item.id, item)).collect())
}

/// The same; `around` has their roots and parents.
pub async fn flat_in(
    app: &App,
    viewer: &MaybeMember,
    items: &Unmuted<Item>,
    around: &HashMap<ItemId, Item>,
) -> Result<Vec<SingleCommentView>, Error> {
    let mut eye = ViewContext::new(viewer, app.own.marks(viewer, items, &app.store).await?);
    let seen: Vec<&Item> = items
        .iter()
        .filter(|item| matches!(eye.sees(item), Visibility::Whole | Visibility::Dead(_)))
        .collect();
    let texts = seen.iter().map(|item| TextSource::listed(item)).collect();
    eye.add(app.renderer(viewer.from).page(texts).await?);
    Ok(seen
        .into_iter()
        .map(|item| {
            let answers = item.parent_id.and_then(|id| around.get(&id)).and_then(|parent| parent.author_id);
            SingleCommentView::new(item, around.get(&item.root_id), &eye, answers)
        })
        .collect())
}

fn choices(best: bool) -> Vec<Tab> {
    let choice =
        |name: &str, href: &str, current| Tab { name: name.to_owned(), href: href.to_owned(), current };
    vec![choice("newest", "/comments", !best), choice("best of the week", "/comments/best", best)]
}

/// `/comments`
pub async fn newest(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(at): Query<PageCursor>,
) -> Result<Response, Error> {
    let (store, dead) = (&app.store, dead_for(&viewer));
    let read = |page| async move { Ok(store.newest_comments(dead, page).await?) };
    let (scope, from) = (MuteScope::Lists, at.items(&app.store).await?);
    let UnmutedPage { items, more } = app.unmuted_page((&viewer, scope), from, "/comments", read).await?;
    let empty = EmptyState::new("Nobody has commented yet.", "/new", "See the new stories");
    Ok(html(&CommentsPage {
        comments: flat(&app, &viewer, &items).await?,
        page: Page::new(&app, &viewer, "comments", "Newest comments").fed_by("/feed/comments"),
        choices: choices(false),
        more,
        empty: items.all_muted().unwrap_or(empty.on(at.is_first(), "/comments")),
    }))
}

/// `/comments/best`
pub async fn best(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(at): Query<PageQuery>,
) -> Result<Response, Error> {
    let RankedPage { items, more, .. } =
        app.ranked_comments(&viewer, RankedList::BestComments, "/comments/best", at).await?;
    let empty =
        EmptyState::new("No comments in the last seven days.", "/comments", "See the newest comments");
    Ok(html(&CommentsPage {
        comments: flat(&app, &viewer, &items).await?,
        page: Page::new(&app, &viewer, "comments", "Best comments").of_list(at).fed_by("/feed/best-comments"),
        choices: choices(true),
        more,
        empty: items.all_muted().unwrap_or(empty.on(at.is_first(), "/comments/best")),
    }))
}
