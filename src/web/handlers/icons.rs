//! Icons, the picture for shared links, and the manifest that names them.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use crate::domain::face::image::ImageKind;
use crate::web::error::Error;
use crate::web::extract::path::Path;
use crate::web::face::icons::Picture;
use crate::web::state::App;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const A_DAY: &str = "public, max-age=86400";

async fn answer(app: &App, picture: Picture, keep: &'static str) -> Result<Response, Error> {
    let bytes = app.face().icons.bytes(picture).await.map_err(Error::internal)?;
    Ok(([(CONTENT_TYPE, picture.content_type()), (CACHE_CONTROL, keep)], bytes).into_response())
}

/// `/icons/{name}`. Pages from before a change of the accent name another colour: the present one is shown,
/// uncached.
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    let picture = Picture::named(&name).ok_or(Error::NotFound)?;
    let is_present = app.face().icons.address(picture).ends_with(&format!("/{name}"));
    answer(&app, picture, if is_present { FOR_EVER } else { "no-store" }).await
}

/// `/favicon.ico`, which browsers request by default: the community's own icon, or the mark.
pub async fn favicon(State(app): State<App>) -> Result<Response, Error> {
    match app.face().image(ImageKind::Icon) {
        Some(own) => Ok(Redirect::temporary(&own).into_response()),
        None => answer(&app, Picture::Icon, A_DAY).await,
    }
}

/// `/site.webmanifest`, for a home screen.
pub async fn manifest(State(app): State<App>) -> Response {
    let (settings, face) = (app.settings(), app.face());
    let icon = |picture: Picture, sizes: &str, purpose: &str| {
        json!({
            "src": face.icons.address(picture),
            "sizes": sizes,
            "type": picture.content_type(),
            "purpose": purpose,
        })
    };
    let icons = match face.image(ImageKind::Icon) {
        Some(own) => vec![json!({ "src": own, "type": "image/png" })],
        None => vec![
            icon(Picture::Icon, "any", "any"),
            icon(Picture::Icon192, "192x192", "any"),
            icon(Picture::Icon512, "512x512", "any"),
            icon(Picture::Icon512, "512x512", "maskable"),
        ],
    };
    let manifest = json!({
        "name": settings.site_name,
        "short_name": settings.short_name(),
        "description": settings.tagline,
        "start_url": "/",
        "display": "minimal-ui",
        "theme_color": settings.accent.on_light().to_string(),
        "background_color": "#fcfdfc",
        "icons": icons,
    });
    ([(CONTENT_TYPE, "application/manifest+json"), (CACHE_CONTROL, "no-cache")], manifest.to_string())
        .into_response()
}
