//! Downloading one's own data.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::domain::time::relative_time;
use crate::store::{self, EXPORT_INTERVAL, EXPORT_TTL};
use crate::web::error::Error;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};

enum ExportState {
    None,
    BeingMade,
    Failed,
    /// With its size, and until when it can be downloaded.
    Made {
        size: String,
        until: String,
    },
}

#[derive(Template)]
#[template(path = "accounts/ownership/export.html")]
struct ExportPage<'a> {
    page: Page<'a>,
    state: ExportState,
    /// When another can be asked for; `None`: now.
    next: Option<String>,
}

fn shown_size(bytes: i64) -> String {
    match bytes {
        ..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// `GET /settings/export`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let now = asking.viewer.now;
    let export = app.store.export(asking.member.id, now).await?;
    let next = export
        .filter(|export| !export.may_be_replaced(now))
        .map(|export| relative_time::minute(export.asked_at.plus(EXPORT_INTERVAL)));
    let state = match export {
        None => ExportState::None,
        Some(export) => match (export.finished_at, export.size) {
            (None, _) => ExportState::BeingMade,
            (Some(_), None) => ExportState::Failed,
            (Some(at), Some(size)) => ExportState::Made {
                size: shown_size(size),
                until: relative_time::minute(at.plus(EXPORT_TTL)),
            },
        },
    };
    let page = Page::new(&app, &asking.viewer, "settings", "Your data");
    Ok(html(&ExportPage { page, state, next }))
}

/// `POST /settings/export`: asks for an archive.
pub async fn create(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    match app.store.ask_for_export(asking.member.id, asking.viewer.now).await {
        // The page says when another can be asked for.
        Ok(()) | Err(store::Error::Conflict) => Ok(LocalRedirect::new("/settings/export").redirect()),
        Err(error) => Err(error.into()),
    }
}

/// `GET /settings/export/file`
pub async fn download(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    let archive = app.store.export_archive(asking.member.id, asking.viewer.now).await?;
    let archive = archive.ok_or(Error::NotFound)?;
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CACHE_CONTROL, "private, no-store".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{}.zip\"", asking.member.name)),
    ];
    Ok((headers, archive).into_response())
}
