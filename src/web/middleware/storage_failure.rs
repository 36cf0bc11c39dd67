//! What is answered while nothing can be saved.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};

use crate::web::error::{Error, NoTime, StorageFailed};
use crate::web::extract::recovered_form;
use crate::web::state::App;

/// Answers a form that cannot be saved with what somebody wrote in it. While it is known that nothing can be,
/// the form is not even read, so that trying again costs nobody one of the posts that they have in an hour.
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
    // It has come already: this is a copy of where it is.
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
        // Others were writing for too long.
        None if response.extensions().get::<NoTime>().is_some() => {
            recovered_form::refuse(&app, Error::Busy, again).await
        }
        None => response,
    }
}
