//! Serves the embedded assets.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::state::App;
use crate::web::view::assets::{Asset, FAVICON};

/// `/static/{name}`. Pages from before an upgrade name older assets; serve the present ones, uncached.
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    let find = |is_asked: &dyn Fn(&Asset) -> bool| app.assets.all.iter().find(|asset| is_asked(asset));
    let (asset, keep) = match find(&|asset| asset.name == name) {
        Some(asset) => (asset, "public, max-age=31536000, immutable"),
        None => (find(&|asset| asset.is_other_version(&name)).ok_or(Error::NotFound)?, "no-store"),
    };
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, keep)];
    Ok((headers, asset.bytes.clone()).into_response())
}

/// `/favicon.ico`, which browsers request by default.
pub async fn favicon() -> Response {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, Bytes::from_static(FAVICON)).into_response()
}
