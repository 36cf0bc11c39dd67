//! A forum that only members can read. Pages that show nothing of it stay open; see `open_paths.rs`.
//! What changes something asks for a session by itself.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::Readers;
use crate::web::error::Error;
use crate::web::extract::session::{MaybeMember, log_in_address};
use crate::web::open_paths;
use crate::web::state::App;

pub async fn require_member(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_open = app.settings().reading == Readers::Everyone
        || !request.method().is_safe()
        || open_paths::is_always_open(request.uri().path());
    if is_open {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match MaybeMember::from_request_parts(&mut parts, &app).await {
        Ok(viewer) if viewer.member.is_some() || is_open_to(&viewer, parts.uri.path()) => {
            next.run(Request::from_parts(parts, body)).await
        }
        // A feed reader cannot log in.
        Ok(_) if parts.uri.path().starts_with("/feed/") => {
            Error::forbidden("Only members can read this forum.").into_response()
        }
        Ok(MaybeMember { banned: Some(_), .. }) => Error::Banned.into_response(),
        Ok(viewer) => Error::LogInFirst(log_in_address(&viewer.here)).into_response(),
        Err(error) => error.into_response(),
    }
}

fn is_open_to(viewer: &MaybeMember, path: &str) -> bool {
    viewer.banned.is_some() && open_paths::is_open_to_banned(path)
}
