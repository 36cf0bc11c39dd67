//! Deleting one's own items.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::domain::items::item::{ItemId, Kind};
use crate::domain::text::Html;
use crate::web::actions;
use crate::web::error::Error;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

#[derive(Template)]
#[template(path = "items/delete.html")]
struct DeletePage<'a> {
    page: Page<'a>,
    id: ItemId,
    what: &'static str,
    title: Option<&'a str>,
    html: Arc<Html>,
    back: LocalRedirect,
}

/// `GET /item/{id}/delete`
pub async fn confirm(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let item = actions::delete::deletable(&app, &asking, id).await?;
    let what = if item.kind == Kind::Comment { "this comment" } else { "this story" };
    let mut page = Page::new(&app, &asking.viewer, "item", format!("Delete {what}"));
    page.robots = false;
    let back = LocalRedirect::to_item(item.id, item.root_id);
    let text = app.renderer(asking.viewer.from).items([&item]).await?.get(id, &item.text, false);
    Ok(html(&DeletePage { page, id, what, title: item.title.as_deref(), html: text, back }))
}

/// `POST /item/{id}/delete`
pub async fn destroy(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let item = actions::delete::delete(&app, &asking, id).await?;
    let to = if item.root_id == id {
        LocalRedirect::new("/")
    } else {
        LocalRedirect::new(&format!("/item/{}", item.root_id))
    };
    Ok(to.redirect())
}
