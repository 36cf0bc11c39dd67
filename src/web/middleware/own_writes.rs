//! Lets people see their own writes on every node at once. The answer to a write names it in a cookie; a node
//! that has not read it yet does so before it answers from its caches.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderMap, Method};

use crate::store::{WriteMark, uncached};
use crate::web::extract::session::{cookie, cookie_name, cookie_of};
use crate::web::middleware::page_cache;
use crate::web::state::App;

const COOKIE: &str = "written";
/// How long other nodes may take to read a write, in seconds; they look every half second.
const MAX_AGE: i64 = 60;

pub async fn serve(app: &App, request: Request, next: Next) -> Response {
    if app.store.has_nodes() {
        Box::pin(serve_of_node(app, request, next)).await
    } else {
        page_cache::serve(app, request, next).await
    }
}

async fn serve_of_node(app: &App, request: Request, next: Next) -> Response {
    let is_write = request.method() == Method::POST;
    let before = if is_write { app.store.last_write() } else { None };
    let is_current = match earlier_write(app, request.headers()) {
        Some(mark) => app.store.catch_up(&mark).await,
        None => true,
    };
    let answer = page_cache::serve(app, request, next);
    let mut response = if is_current { answer.await } else { uncached(answer).await };
    if is_write
        && let Some(mark) = app.store.last_write().filter(|mark| before.as_ref() != Some(mark))
        // An earlier write has not been read here yet.
        && let mark = if is_current { mark } else { mark.of_any_node() }
        && let Some(value) = cookie(app, cookie_name(app, COOKIE), &mark.to_string(), MAX_AGE)
    {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

fn earlier_write(app: &App, headers: &HeaderMap) -> Option<WriteMark> {
    cookie_of(headers, &cookie_name(app, COOKIE)).and_then(WriteMark::parse)
}
