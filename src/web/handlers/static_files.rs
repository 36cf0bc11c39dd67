//! Serves the embedded assets.

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::domain::face::image::ImageKind;
use crate::store::ImageFile;
use crate::web::error::{Error, Sandboxed};
use crate::web::extract::path::Path;
use crate::web::state::App;
use crate::web::view::assets::Asset;

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `/static/{name}`. Pages from before an upgrade or another colour name older assets; serve the present
/// ones, uncached.
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    let face = app.face();
    if let Some(kind) = ImageKind::ALL.into_iter().find(|kind| name.split('.').next() == Some(kind.as_str()))
    {
        return image(&app, kind, &name).await;
    }
    let find = |is_asked: &dyn Fn(&Asset) -> bool| {
        face.style.iter().chain(&app.assets.all).find(|asset| is_asked(asset))
    };
    let (asset, keep) = match find(&|asset| asset.name == name) {
        Some(asset) => (asset, FOR_EVER),
        None => (find(&|asset| asset.is_other_version(&name)).ok_or(Error::NotFound)?, "no-store"),
    };
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, keep)];
    Ok((headers, asset.bytes.clone()).into_response())
}

/// The logo or icon at that address, or the one that replaced it.
async fn image(app: &App, kind: ImageKind, name: &str) -> Result<Response, Error> {
    let ImageFile { about, bytes } = app.store.image(kind).await?.ok_or(Error::NotFound)?;
    let keep = if about.file_name() == name { FOR_EVER } else { "no-store" };
    let headers = [(CONTENT_TYPE, about.format.content_type()), (CACHE_CONTROL, keep)];
    Ok((headers, Extension(Sandboxed), bytes).into_response())
}
