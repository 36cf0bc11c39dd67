//! The outermost middleware: request ids, canonical addresses, security headers and failure logging.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{
    CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};

use crate::web::error::{Error, Sandboxed};
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::local_redirect::{LocalRedirect, MAX_REDIRECT_BYTES};
use crate::web::extract::session;
use crate::web::middleware::admission::overloaded;
use crate::web::middleware::refusal::Refusal;
use crate::web::middleware::request_end::RunningRequest;
use crate::web::middleware::{canonical_url, own_writes};
use crate::web::route_table::RoutePatterns;
use crate::web::state::App;

/// Own assets only; nothing inline.
const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; manifest-src \
                   'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For images that admins upload: an SVG opened by itself runs nothing and loads nothing.
const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// Longest raw address, in bytes, before unknown query parameters are dropped.
const LONGEST_RAW: usize = 8_000;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers requests that were refused before routing.
pub async fn refusals(State(app): State<App>, from: ClientIp, request: Request, next: Next) -> Response {
    match request.extensions().get() {
        Some(Refusal::Host) => Error::bad("A request must name exactly one host.").into_response(),
        Some(Refusal::TooLong) => StatusCode::URI_TOO_LONG.into_response(),
        Some(Refusal::Overloaded) => overloaded(&app, from).into_response(),
        None => next.run(request).await,
    }
}

pub async fn outer(
    State((app, patterns)): State<(App, Arc<RoutePatterns>)>,
    mut request: Request,
    next: Next,
) -> Response {
    // Never accept the client's id: it would be forged in the log.
    let id = HeaderValue::from_str(&format!("{:032x}", fastrand::u128(..)))
        .unwrap_or_else(|_| HeaderValue::from_static("0"));
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let running = RunningRequest::begin(&app, &patterns, &request, &id);
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let mut response = match arrive(&app, &mut request) {
        Some(redirect) => redirect,
        None => unless_panicking(own_writes::serve(&app, request, next)).await,
    };
    say_length(&mut response);
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    log_failure(&app, (&method, uri.path()), &id, response.status());
    let policy = if response.extensions().get::<Sandboxed>().is_some() { SANDBOX } else { CSP };
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    secure(headers, policy, app.config.is_https());
    match running {
        Some(running) => running.measured(response),
        None => response,
    }
}

/// Logs a failure, or the first refusal for want of room in a while; other refusals are counted.
fn log_failure(app: &App, (method, path): (&Method, &str), id: &HeaderValue, status: StatusCode) {
    let refusals = &app.admission.refusals;
    match status {
        StatusCode::TOO_MANY_REQUESTS => refusals.rate_limited(),
        StatusCode::SERVICE_UNAVAILABLE if !refusals.is_first() => {}
        StatusCode::SERVICE_UNAVAILABLE => {
            let (path, request_id) = (shown_path(path), id.to_str().unwrap_or_default());
            tracing::warn!(%method, path, request_id, status = status.as_u16(), "a request was refused");
        }
        status if status.is_server_error() => {
            let (path, request_id) = (shown_path(path), id.to_str().unwrap_or_default());
            tracing::error!(%method, path, request_id, status = status.as_u16(), "a request failed");
        }
        _ => {}
    }
}

/// Sets Content-Length if known, also for HEAD.
fn say_length(response: &mut Response) {
    let is_bodiless = matches!(response.status(), StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT);
    if let Some(length) = response.body().size_hint().exact().filter(|_| !is_bodiless) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

fn secure(headers: &mut HeaderMap, policy: &'static str, is_https: bool) {
    const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
    const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    // With no-referrer, forms sent over plain HTTP would have `Origin: null`.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        PERMISSIONS,
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    );
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    if is_https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Redirects to the canonical address, or rewrites the request to it as the cache key.
fn arrive(app: &App, request: &mut Request) -> Option<Response> {
    let client_ip = ClientIp::of_request(app, request.headers(), request.extensions());
    request.extensions_mut().insert(client_ip);
    // HEAD is a GET without its body.
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    if !names_host(request) {
        request.extensions_mut().insert(Refusal::Host);
        return None;
    }
    if length(request) > LONGEST_RAW {
        request.extensions_mut().insert(Refusal::TooLong);
        return None;
    }
    let uri = request.uri();
    if let Some(path) = canonical_url::path(uri.path()) {
        let to = uri.query().map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        // Do not redirect to an address that browsers would read as another site.
        if LocalRedirect::new(&to).as_str() == to {
            return Some(Redirect::permanent(&to).into_response());
        }
    }
    if request.method() == Method::GET
        && let Some(query) = uri.query()
        && let Some(known) = canonical_url::query(
            uri.path(),
            query,
            session::is_named(app, request.headers()),
            app.clock.now(),
        )
        && let Some(uri) = with_query(uri, &known)
    {
        *request.uri_mut() = uri;
    }
    if length(request) > MAX_REDIRECT_BYTES {
        request.extensions_mut().insert(Refusal::TooLong);
    }
    None
}

fn length(request: &Request) -> usize {
    request.uri().path_and_query().map_or(0, |address| address.as_str().len())
}

/// Whether the request names exactly one host: the Host header, or the authority in HTTP/2.
fn names_host(request: &Request) -> bool {
    let mut named = request.headers().get_all(HOST).iter();
    match (named.next(), named.next()) {
        (Some(host), None) => is_host(host),
        (None, _) => {
            request.version() < Version::HTTP_11
                || request.version() > Version::HTTP_11 && request.uri().authority().is_some()
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether it is a host with an optional port.
fn is_host(value: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(value.as_bytes()) else { return false };
    let (host, whole) = (authority.host(), authority.as_str());
    let port = whole.strip_prefix(host);
    let is_port = |port: &str| port.strip_prefix(':').is_some_and(|number| number.parse::<u16>().is_ok());
    !host.is_empty() && port.is_some_and(|port| port.is_empty() || is_port(port))
}

fn with_query(uri: &Uri, query: &str) -> Option<Uri> {
    let path = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

/// A path for the log, with secret tokens removed.
pub fn shown_path(path: &str) -> String {
    /// The length of a token; other path segments are shorter.
    const MAX_SHOWN_SEGMENT: usize = 32;
    let parts: Vec<&str> = path.split('/').collect();
    let is_secret_folder = |part: &str| {
        ["setup", "invitation", "reset", "email", "unsubscribe", "contact"]
            .iter()
            .any(|name| part.eq_ignore_ascii_case(name))
    };
    let shown = parts.iter().enumerate().map(|(at, part)| {
        let after_folder = at > 0 && parts.get(at - 1).is_some_and(|folder| is_secret_folder(folder));
        if part.len() >= MAX_SHOWN_SEGMENT || (after_folder && !part.is_empty()) { "…" } else { part }
    });
    shown.collect::<Vec<_>>().join("/")
}

/// Catches panics outside the error page middleware; answers in plain text.
async fn unless_panicking(answer: impl Future<Output = Response>) -> Response {
    let mut answer = pin!(answer);
    poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))).unwrap_or_else(|_| {
            tracing::error!("a layer panicked");
            let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            let sentence = "Something broke. Please try again.\n";
            Poll::Ready((StatusCode::INTERNAL_SERVER_ERROR, plain, sentence).into_response())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_a_name_or_an_address_perhaps_with_a_port() {
        for (host, expected) in [
            ("forum.example", true),
            ("forum.example:8000", true),
            ("FORUM_1.example", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("[2001:db8::1]:8000", true),
            ("", false),
            (":8000", false),
            ("forum.example:", false),
            ("forum.example:x", false),
            ("forum.example:99999", false),
            ("forum.example:80:80", false),
            ("user@forum.example", false),
            ("forum.example/path", false),
            ("forum.example, other.example", false),
            ("forum example", false),
            ("http://forum.example", false),
            ("[::1", false),
            ("::1", false),
        ] {
            assert_eq!(is_host(&HeaderValue::from_static(host)), expected, "{host:?}");
        }
        assert!(!is_host(&HeaderValue::from_bytes(b"f\xc3\xb6rum.example").expect("a value")));
    }

    #[test]
    fn the_log_has_no_secret_of_an_address() {
        let token = "Zm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm9vYmFyZm8";
        for (path, shown) in [
            ("/item/1/reply".to_owned(), "/item/1/reply"),
            ("/".to_owned(), "/"),
            ("/setup/short".to_owned(), "/setup/…"),
            (format!("/setup/{token}"), "/setup/…"),
            ("/reset/short".to_owned(), "/reset/…"),
            ("/email/short".to_owned(), "/email/…"),
            ("/unsubscribe/short.inbox".to_owned(), "/unsubscribe/…"),
            (format!("/Invitation/{token}/"), "/Invitation/…/"),
            (format!("/%73etup/{token}"), "/%73etup/…"),
            (format!("//invitation//{token}"), "//invitation//…"),
        ] {
            assert_eq!(shown_path(&path), shown);
        }
    }
}
