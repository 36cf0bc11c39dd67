//! CSRF protection for browsers that send only a Referer.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HOST, HeaderValue, ORIGIN, REFERER};
use url::{Origin, Url};

use crate::web::state::App;

/// Refuses cross-site requests by Referer. `Sec-Fetch-Site` and `Origin` were checked before; without any of
/// the three headers, the request is allowed.
pub async fn cross_site(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_judged =
        request.method().is_safe() || headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN);
    if is_judged {
        return next.run(request).await;
    }
    let host =
        request.uri().authority().map(|authority| authority.as_str()).or_else(|| text(headers.get(HOST)));
    let ours = sites(&app.config.base_url, host);
    if headers.get_all(REFERER).iter().all(|referer| is_of(referer, &ours)) {
        return next.run(request).await;
    }
    StatusCode::FORBIDDEN.into_response()
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value?.to_str().ok()
}

/// The site's own origin, and the one in the request's Host header.
fn sites(base_url: &str, host: Option<&str>) -> Vec<Origin> {
    let scheme = base_url.split_once("://").map_or("http", |(scheme, _)| scheme);
    let named = host.map(|host| format!("{scheme}://{host}"));
    [Some(base_url), named.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(|site| Some(Url::parse(site).ok()?.origin()))
        .collect()
}

fn is_of(referer: &HeaderValue, sites: &[Origin]) -> bool {
    let page = text(Some(referer)).and_then(|referer| Url::parse(referer).ok());
    page.is_some_and(|page| sites.contains(&page.origin()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_the_site_is_its_own() {
        let ours = sites("https://forum.example", Some("backend.example:8000"));
        for (referer, expected) in [
            ("https://forum.example/item/1", true),
            ("https://FORUM.example:443/", true),
            ("https://backend.example:8000/item/1?q=2", true),
            ("http://forum.example/", false),
            ("https://forum.example:8443/", false),
            ("https://forum.example.evil.example/", false),
            ("https://evil.example/https://forum.example/", false),
            ("https://forum.example@evil.example/", false),
            ("https://backend.example/", false),
            ("http://backend.example:8000/", false),
            ("null", false),
            ("about:blank", false),
            ("data:text/html,x", false),
            ("/item/1", false),
            ("forum.example", false),
            ("", false),
            ("https://", false),
        ] {
            assert_eq!(is_of(&HeaderValue::from_static(referer), &ours), expected, "{referer:?}");
        }
        let of_bytes = HeaderValue::from_bytes(b"https://forum.example/\xff").expect("a value");
        assert!(!is_of(&of_bytes, &ours));
    }
}
