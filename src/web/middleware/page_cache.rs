//! Answers visitors from the page cache.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, StatusCode};

use crate::clock::MINUTE;
use crate::config::Readers;
use crate::domain::accounts::user::Theme;
use crate::domain::time::relative_time::parse_http_date;
use crate::web::cache::encoding::best_form;
use crate::web::cache::pages::{CacheVersion, PageKey, RenderedPage, WantedEncodings, item_of};
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::session::{self, theme_cookie};
use crate::web::member_pages::gzip_segments::chained;
use crate::web::middleware::refusal::{Refusal, refuse};
use crate::web::state::App;

/// Longest cached address, in bytes.
const LONGEST_TARGET: usize = 512;

/// The generation a page rendered now would have. Reads only in-memory counters.
fn as_of(target: &str, app: &App) -> CacheVersion {
    if ["/search?", "/feed/search"].iter().any(|path| target.starts_with(path)) {
        let (site, index) = (app.store.generation(), app.search_index.generation());
        return CacheVersion::Search { site, index };
    }
    match item_of(target).and_then(|id| app.threads.known_root(id, &app.store)) {
        Some(root) => CacheVersion::Thread(app.store.thread_generation(root)),
        None => CacheVersion::Site(app.store.generation()),
    }
}

/// The cache key of a visitor's page; `None` for other methods, uncached paths and members, and where only
/// members read.
fn key(app: &App, request: &Request) -> Option<PageKey> {
    let headers = request.headers();
    let target = request.uri().path_and_query()?.as_str();
    if app.settings().reading == Readers::Members {
        return None;
    }
    let path = request.uri().path();
    let is_uncached = ["/static/", "/feed/inbox/"].iter().any(|start| path.starts_with(start));
    let is_page = request.method() == Method::GET
        && !is_uncached
        && path != "/events"
        && target.len() <= LONGEST_TARGET;
    if !is_page || request.extensions().get::<Refusal>().is_some() || session::is_named(app, headers) {
        return None;
    }
    Some(PageKey {
        target: target.to_owned(),
        theme: theme_cookie(headers).filter(|theme| *theme != Theme::System).map(Theme::as_str),
        as_of: as_of(target, app),
        minute: app.clock.now().0.div_euclid(MINUTE),
    })
}

/// Answers from the cache, or renders and caches the page. While the database's server is gone, the latest
/// page that was kept is shown.
pub async fn serve(app: &App, request: Request, next: Next) -> Response {
    if !app.community.is_current(&app.store) {
        Box::pin(app.refresh_settings()).await;
    }
    let Some(key) = key(app, &request) else { return next.run(request).await };
    let headers = request.headers();
    let known: Vec<_> = headers.get_all(IF_NONE_MATCH).iter().cloned().collect();
    let since = headers.get(IF_MODIFIED_SINCE).filter(|_| known.is_empty());
    let since = since.and_then(|date| parse_http_date(date.to_str().ok()?));
    let address = ClientIp::of_request(app, headers, request.extensions());
    let workers = app.admission.workers.of(address.fair_key());
    let wanted =
        WantedEncodings { form: best_form(headers), known, since, workers, memory: &app.admission.memory };
    // Boxed, like all that a kept page does not need: what is awaited in place is moved with the request.
    let latest = || {
        Box::pin(async {
            let (key, kept) = app.pages.latest(&key, app.store.public_generation()).await?;
            app.pages.answer(&key, kept, &wanted).await.ok()
        })
    };
    if app.store.is_unreachable()
        && let Some(latest) = latest().await
    {
        return latest;
    }
    let response = match app.pages.kept.get(&key).await {
        Some(kept) => match app.pages.answer(&key, kept, &wanted).await {
            Ok(response) => {
                app.metrics.page_hits.increment();
                return response;
            }
            Err(_) => Box::pin(refuse(request, next, Refusal::Overloaded)).await,
        },
        None => {
            app.metrics.page_misses.increment();
            Box::pin(made(app, &key, request, next, &wanted)).await
        }
    };
    let is_failure = response.status() == StatusCode::SERVICE_UNAVAILABLE && app.store.may_be_unreachable();
    if is_failure { latest().await.unwrap_or(response) } else { response }
}

async fn made(
    app: &App,
    key: &PageKey,
    request: Request,
    next: Next,
    wanted: &WantedEncodings<'_>,
) -> Response {
    let (parts, body) = request.into_parts();
    let again = Request::from_parts(parts.clone(), Body::empty());
    // An item's thread may become known during rendering, so flights use a key that does not depend on it.
    let as_of = match key.as_of {
        CacheVersion::Search { .. } => key.as_of,
        _ => CacheVersion::Site(app.store.generation()),
    };
    let flight = PageKey { as_of, ..key.clone() };
    match make(app, flight, Request::from_parts(parts, body), next.clone()).await {
        Ok(RenderedPage::Kept(kept)) => match app.pages.answer(key, kept, wanted).await {
            Ok(response) => response,
            Err(_) => refuse(again, next, Refusal::Overloaded).await,
        },
        Ok(RenderedPage::Large(page)) => {
            let mut response = Response::new(chained(page.1.iter().cloned()));
            response.headers_mut().clone_from(&page.0);
            response
        }
        // Another request's response turned out to be private.
        Ok(RenderedPage::Own) => next.run(again).await,
        Err(response) => response,
    }
}

/// Renders and caches a page; a private response is returned to this request only.
async fn make(app: &App, key: PageKey, mut request: Request, next: Next) -> Result<RenderedPage, Response> {
    request.headers_mut().remove(ACCEPT_ENCODING);
    let mut other = None;
    let work = async {
        // A flight that just ended may have cached it.
        if let Some(kept) = app.pages.kept.get(&key).await {
            return RenderedPage::Kept(kept);
        }
        app.pages.rendered.fetch_add(1, Ordering::Relaxed);
        // Read before the page is made, so that what is removed meanwhile is noticed.
        let public = app.store.public_generation();
        match app.pages.shared(next.run(request).await).await {
            Ok(made) => {
                if let RenderedPage::Kept(page) = &made {
                    app.pages.keep(key.clone(), page, public).await;
                }
                made
            }
            Err(response) => {
                other = Some(response);
                RenderedPage::Own
            }
        }
    };
    let made = app.pages.under_way.join(key.clone(), work).await;
    other.map_or(Ok(made), Err)
}
