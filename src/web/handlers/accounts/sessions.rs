//! A member's active sessions.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::domain::accounts::browser::browser_name;
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::{self, CurrentMember};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html};

pub struct SessionView {
    /// The session's hash in hexadecimal.
    pub id: String,
    pub browser: String,
    pub current: bool,
    pub last_used: TimeView,
    pub since: TimeView,
}

#[derive(Template)]
#[template(path = "accounts/sessions.html")]
struct SessionsPage<'a> {
    page: Page<'a>,
    sessions: Vec<SessionView>,
}

/// `GET /settings/sessions`
pub async fn show(
    State(app): State<App>,
    asking: CurrentMember,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let now = asking.viewer.now;
    let here = session::current(&app, &headers);
    let rows = app.store.sessions(asking.member.id, now).await?;
    let sessions = rows.into_iter().map(|row| SessionView {
        current: Some(&row.token_hash) == here.as_ref(),
        id: hex(&row.token_hash),
        browser: browser_name(&row.agent),
        last_used: TimeView::new(row.last_used_at, now),
        since: TimeView::new(row.created_at, now),
    });
    let sessions = sessions.collect();
    Ok(html(&SessionsPage { page: Page::new(&app, &asking.viewer, "settings", "Sessions"), sessions }))
}

#[derive(Debug, Deserialize)]
pub struct EndForm {
    end: String,
}

/// `POST /settings/sessions`: ends one session, or all others.
pub async fn end(
    State(app): State<App>,
    asking: CurrentMember,
    headers: HeaderMap,
    Form(asked): Form<EndForm>,
) -> Result<Response, Error> {
    let here = session::current(&app, &headers).unwrap_or_default();
    if asked.end == "others" {
        app.store.end_other_sessions(asking.member.id, &here).await?;
    } else {
        let id = unhex(&asked.end).ok_or_else(|| Error::bad("There is no such session."))?;
        app.store.revoke_session(asking.member.id, &id).await?;
    }
    Ok(LocalRedirect::new("/settings/sessions").redirect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
