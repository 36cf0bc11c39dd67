//! All HTTP: the table of addresses is `routes.rs`; here are the layers that every request passes.

mod account;
mod act;
mod actions;
mod arrival;
mod assets;
mod audience;
mod cache;
mod canonical;
mod comment;
mod comments;
mod crowd;
mod delete;
mod desk;
mod edit;
mod encoding;
mod error;
mod fair_semaphore;
mod fate;
mod feed;
mod flag;
mod flat;
mod flights;
mod form;
mod goto;
mod hashing;
mod invitations;
mod invited;
mod item;
mod limit;
mod lists;
mod log;
mod login;
mod mine;
mod news;
mod old;
mod origin;
mod outer;
mod own;
mod page;
mod pages;
mod parts;
mod path;
mod pending;
mod poll;
mod pool;
mod purpose;
mod ranked;
mod referer;
mod refusals;
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

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware;
use axum::response::Response;
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

pub use state::App;

/// The largest body of a request, in bytes: a full text, each character of four bytes, percent-encoded.
const LARGEST_BODY: usize = 20_000 * 4 * 3 + 16_384;

/// The whole site as one service.
///
/// # Errors
/// Where the configured base address cannot be an origin.
pub fn router(app: App) -> anyhow::Result<Router> {
    let cross_site = CsrfLayer::new().add_trusted_origin(&app.config.base_url)?;
    let compressed = SizeAbove::new(512).and(NotForContentType::IMAGES);
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let path = outer::shown_path(request.uri().path());
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("");
            tracing::info_span!("request", method = %request.method(), path, id)
        })
        .on_response(|response: &Response, latency: Duration, _: &Span| {
            tracing::debug!(status = response.status().as_u16(), ?latency, "answered");
        })
        // The outermost layer says what failed, of whatever was answered in front of this one too.
        .on_failure(());
    let site = routes::routes()
        .layer(middleware::from_fn_with_state(app.clone(), written::keep_unsaved))
        .layer(middleware::from_fn_with_state(app.clone(), referer::cross_site))
        .layer(cross_site)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(app.clone(), limit::requests))
        .layer(middleware::from_fn_with_state(app.clone(), crowd::requests))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, app.patience.answer))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(middleware::from_fn(outer::refusals))
        .layer(middleware::from_fn_with_state(app.clone(), error::pages))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressed))
        .layer(trace)
        .with_state(app.clone());
    // A request takes its own copy of a route with all the layers around it, so what is kept is looked for before that, in one layer.
    Ok(Router::new().fallback_service(site).layer(middleware::from_fn_with_state(app, outer::outer)))
}
