//! Keeps what was written in a form that is refused, and knows whether the database can be written.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use crate::web::error::{Error, ErrorText, NoTime, StorageFailed};
use crate::web::extract::recovered_form::{self, SavedForm};
use crate::web::state::App;
use crate::web::view::layout::wants_json;

fn is_bare_error(response: &Response) -> bool {
    let extensions = response.extensions();
    extensions.get::<ErrorText>().is_some() && extensions.get::<SavedForm>().is_none()
}

/// Their outcome is a cookie, so they need no database, or do what they can without it.
const COOKIE_FORMS: [&str; 2] = ["/theme", "/logout"];

/// Gives back a form that is refused, and reports that a page cannot be read from the database. While writes
/// are known to fail, the form is not processed, so that retries do not count towards rate limits.
pub async fn recover(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        let response = next.run(request).await;
        return match response.extensions().get::<StorageFailed>() {
            Some(StorageFailed(cause)) => {
                app.store.storage_failed(cause);
                Error::Unread.into_response()
            }
            None => response,
        };
    }
    let (parts, body) = request.into_parts();
    // The body is in memory already; this does not copy it.
    let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
    let again = Request::from_parts(parts.clone(), Body::from(body.clone()));
    let needs_database = !COOKIE_FORMS.contains(&parts.uri.path());
    if needs_database && app.store.is_failing() && !app.store.can_save_now().await {
        return recovered_form::refuse(&app, Error::Unsaved(String::new()), again).await;
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    match response.extensions().get::<StorageFailed>() {
        Some(StorageFailed(cause)) => {
            app.store.storage_failed(cause);
            recovered_form::refuse(&app, Error::Unsaved(cause.clone()), again).await
        }
        None if response.extensions().get::<NoTime>().is_some() => {
            recovered_form::refuse(&app, Error::Busy, again).await
        }
        None if is_bare_error(&response) && !wants_json(again.headers()) => {
            recovered_form::keep_written(&app, response, again).await
        }
        None => response,
    }
}
