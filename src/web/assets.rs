//! The stylesheet, the script and the icon: embedded in the binary, addressed by a hash of their content, kept for ever by browsers.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use sha2::{Digest, Sha256};

use crate::web::error::Error;
use crate::web::path::Path;
use crate::web::state::App;

struct Asset {
    /// Its path under /static/, with the hash.
    name: String,
    content_type: &'static str,
    bytes: Bytes,
}

/// The addresses of the assets, as pages name them.
pub struct Assets {
    pub style: String,
    pub script: String,
    pub favicon: String,
    all: Vec<Asset>,
}

const FILES: [(&str, &str, &str, &[u8]); 3] = [
    ("style", "css", "text/css; charset=utf-8", include_bytes!("../../static/style.css")),
    ("script", "js", "text/javascript; charset=utf-8", include_bytes!("../../static/script.js")),
    ("favicon", "svg", "image/svg+xml", FAVICON),
];
const FAVICON: &[u8] = include_bytes!("../../static/favicon.svg");

impl Assets {
    pub fn new() -> Assets {
        let all = FILES.map(|(stem, extension, content_type, bytes)| {
            let hash: String = Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
            Asset { name: format!("{stem}.{hash}.{extension}"), content_type, bytes: Bytes::from_static(bytes) }
        });
        let [style, script, favicon] = all.each_ref().map(|asset| format!("/static/{}", asset.name));
        Assets { style, script, favicon, all: all.into() }
    }
}

impl Default for Assets {
    fn default() -> Assets {
        Assets::new()
    }
}

impl Asset {
    /// Whether `name` is that of this file, as another version of the forum has or had it.
    fn is_other_version(&self, name: &str) -> bool {
        let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
        match (&parts(&self.name)[..], &parts(name)[..]) {
            ([stem, _, end], [other, hash, kind]) => stem == other && end == kind && !hash.is_empty(),
            _ => false,
        }
    }
}

/// `/static/{name}`. A page that was kept from before an upgrade, or that another server of the site made during one, asks for a file of
/// another version: it gets the present one, to be asked for again.
pub async fn show(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    let find = |is_asked: &dyn Fn(&Asset) -> bool| app.assets.all.iter().find(|asset| is_asked(asset));
    let (asset, keep) = match find(&|asset| asset.name == name) {
        Some(asset) => (asset, "public, max-age=31536000, immutable"),
        None => (find(&|asset| asset.is_other_version(&name)).ok_or(Error::NotFound)?, "no-store"),
    };
    let headers = [(CONTENT_TYPE, asset.content_type), (CACHE_CONTROL, keep)];
    Ok((headers, asset.bytes.clone()).into_response())
}

/// `/favicon.ico`: what browsers ask for unasked.
pub async fn favicon() -> Response {
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, Bytes::from_static(FAVICON)).into_response()
}
