//! The web server: router and middleware; `routes.rs` lists the routes.

mod actions;
mod admission;
mod cache;
mod error;
mod export;
mod extract;
mod face;
mod feeds;
mod handlers;
mod live;
mod member_pages;
mod metrics;
mod middleware;
mod open_paths;
mod rate_limit;
mod route_table;
mod routes;
mod setup_link;
mod state;
mod structured_data;
mod view;
mod viewer;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
pub use state::App;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::csrf::CsrfLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use crate::web::route_table::RoutePatterns;

/// The whole site as one service; fails if the configured base URL is not a valid origin.
pub fn router(app: App) -> anyhow::Result<Router> {
    let cross_site = CsrfLayer::new().add_trusted_origin(&app.config.base_url)?;
    let compressed = SizeAbove::new(512).and(NotForContentType::IMAGES).and(NotForContentType::SSE);
    let trace = TraceLayer::new_for_http()
        .make_span_with(|request: &Request| {
            let path = middleware::outer::shown_path(request.uri().path());
            let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or("");
            tracing::info_span!("request", method = %request.method(), path, id)
        })
        .on_response(|response: &Response, latency: Duration, _: &Span| {
            tracing::debug!(status = response.status().as_u16(), ?latency, "answered");
        })
        // The outermost layer logs failures.
        .on_failure(());
    let (routes, from_mail_programs) = (routes::routes(), routes::from_mail_programs());
    let patterns = Arc::new(RoutePatterns::of(&[&routes, &from_mail_programs])?);
    let site = routes
        .router
        .fallback(handlers::pages::not_found)
        .layer(from_fn_with_state(app.clone(), middleware::members_only::require_member))
        .layer(from_fn_with_state(app.clone(), middleware::form_recovery::recover))
        .layer(from_fn_with_state(app.clone(), middleware::referer::cross_site))
        .layer(cross_site)
        .merge(from_mail_programs.router)
        .layer(DefaultBodyLimit::max(admission::MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), middleware::admission::rate_limit))
        .layer(from_fn_with_state(app.clone(), middleware::admission::admit))
        .layer(from_fn_with_state(app.clone(), middleware::admission::in_time))
        .layer(CatchPanicLayer::custom(middleware::error_pages::panicked))
        .layer(from_fn_with_state(app.clone(), middleware::outer::refusals))
        .layer(from_fn_with_state(app.clone(), middleware::error_pages::pages))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(compressed))
        .layer(trace)
        .with_state(app.clone());
    // axum clones a route with all its layers per request, so the cache is consulted before, in one layer.
    Ok(Router::new()
        .fallback_service(site)
        .layer(from_fn_with_state((app, patterns), middleware::outer::outer)))
}
