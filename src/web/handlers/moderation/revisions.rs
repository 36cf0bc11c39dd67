//! Earlier revisions of an item.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::domain::items::item::ItemId;
use crate::domain::text;
use crate::store::Revision;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::extract::session::Moderator;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};

#[derive(Template)]
#[template(path = "moderation/revisions.html")]
struct RevisionsPage<'a> {
    page: Page<'a>,
    id: ItemId,
    rows: Vec<RevisionRow>,
}

struct RevisionRow {
    when: TimeView,
    editor: String,
    title: Option<String>,
    url: Option<String>,
    text: String,
}

/// `/item/{id}/history`
pub async fn show(
    State(app): State<App>,
    Moderator { viewer, .. }: Moderator,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let item = app.store.item(id).await?;
    let row = |revision: Revision| RevisionRow {
        when: TimeView::new(revision.created_at, viewer.now),
        editor: revision.editor,
        title: revision.title,
        url: revision.url,
        text: text::without_hidden(&revision.text),
    };
    let rows = app.store.revisions(id).await?.into_iter().map(row).collect();
    let name = match (item.title, item.author) {
        (Some(title), _) => format!("“{title}”"),
        (None, Some(author)) => format!("a comment by {author}"),
        (None, None) => "a comment".to_owned(),
    };
    let mut page = Page::new(&app, &viewer, "mod", format!("History of {name}"));
    page.robots = false;
    Ok(html(&RevisionsPage { page, id, rows }))
}
