//! Responses while the database cannot be written.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use crate::web::error::{Error, NoTime, StorageFailed};
use crate::web::extract::recovered_form;
use crate::web::state::App;

/// Gives back a form that cannot be saved. While writes are known to fail, the form is not processed, so that
/// retries do not count towards rate limits.
pub async fn keep_unsaved(State(app): State<App>, request: Request, next: Next) -> Response {
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
    if app.store.is_failing() && !app.store.can_save_now().await {
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
        None => response,
    }
}
