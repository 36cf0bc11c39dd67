//! All HTTP: the table of addresses is `routes.rs`; here are the layers that every request passes.

mod account;
mod act;
mod assets;
mod audience;
mod cache;
mod comment;
mod comments;
mod crowd;
mod delete;
mod desk;
mod edit;
mod encoding;
mod error;
mod fate;
mod feed;
mod flag;
mod form;
mod goto;
mod invitations;
mod invited;
mod item;
mod limit;
mod lists;
mod log;
mod mine;
mod news;
mod old;
mod origin;
mod own;
mod page;
mod pages;
mod parts;
mod path;
mod poll;
mod pool;
mod replies;
mod room;
mod routes;
mod rows;
mod rules;
mod search;
mod session;
mod sessions;
mod setup;
mod shadowed;
mod shown;
mod signup;
mod state;
mod submit;
mod texts;
mod threads;
mod under;
mod user;
mod view;
mod written;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::Level;

use crate::domain::url::kept_query;
pub use state::App;

/// The largest body of a request, in bytes: a full text, each character of four bytes, percent-encoded.
const LARGEST_BODY: usize = 20_000 * 4 * 3 + 16_384;

/// What a page may load: its own stylesheet, script and images, nothing inline, nothing from elsewhere.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The whole site as one service.
///
/// # Errors
/// Where the configured base address cannot be an origin.
pub fn router(app: App) -> anyhow::Result<Router> {
    let cross_site = CsrfLayer::new().add_trusted_origin(&app.config.base_url)?;
    let compressed = SizeAbove::new(512).and(NotForContentType::IMAGES);
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            // The path of a set-up link is a secret, and so is an invitation's.
            let path = request.uri().path();
            let secret = ["/setup/", "/invitation/"].into_iter().find(|folder| path.starts_with(folder));
            let path = secret.unwrap_or(path);
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("");
            tracing::info_span!("request", method = %request.method(), path, id)
        })
        .on_response(DefaultOnResponse::new().level(Level::DEBUG));
    let site = routes::routes()
        .layer(middleware::from_fn_with_state(app.clone(), written::keep_unsaved))
        .layer(cross_site)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), limit::requests))
        .layer(middleware::from_fn_with_state(app.clone(), crowd::requests))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, app.patience.answer))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn(short_address))
        .layer(middleware::from_fn_with_state(app.clone(), error::pages))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressed))
        .layer(middleware::from_fn_with_state(app.clone(), security_headers))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(trace)
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(middleware::map_request(without_request_id))
        .with_state(app.clone());
    // A request takes its own copy of a route with all the layers around it, so what is kept is looked for before that.
    Ok(Router::new()
        .fallback_service(site)
        .layer(middleware::from_fn_with_state(app, cache::serve))
        .layer(middleware::map_request(without_tracking)))
}

/// A request's id is ours to give: somebody else's would stand in the log.
async fn without_request_id(mut request: Request) -> Request {
    request.headers_mut().remove("x-request-id");
    request
}

/// A link that somebody shared elsewhere leads to the very page, under one name: what was hung on to it to follow people goes.
async fn without_tracking(mut request: Request) -> Request {
    let uri = request.uri();
    let Some(query) = uri.query() else { return request };
    let kept = kept_query(query);
    if kept.len() < query.len() && request.method() == Method::GET {
        let path = if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{kept}", uri.path()) };
        if let Ok(path) = path.parse() {
            *request.uri_mut() = path;
        }
    }
    request
}

/// Every row of a list says where it stands, several times over: an address without end would be a page without end.
async fn short_address(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length > goto::LONGEST {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    next.run(request).await
}

async fn security_headers(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
    const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // With no-referrer, a form sent over plain http would name its origin as null.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS, HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"));
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    if app.config.is_https() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}
