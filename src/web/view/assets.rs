//! Embedded assets, addressed by content hash and cached forever by browsers.

use bytes::Bytes;
use sha2::{Digest, Sha256};

pub struct Asset {
    pub name: String,
    pub content_type: &'static str,
    pub bytes: Bytes,
}

pub struct Assets {
    pub style: String,
    pub script: String,
    pub all: Vec<Asset>,
}

/// One stylesheet for browsers, in a file for each part of a page.
pub const STYLE: &str = concat!(
    include_str!("../../../static/style.css"),
    include_str!("../../../static/frame.css"),
    include_str!("../../../static/lists.css"),
    include_str!("../../../static/thread.css"),
);
/// One script for browsers: a module, whose functions may be used before they are declared.
const SCRIPT: &str = concat!(
    include_str!("../../../static/thread.js"),
    include_str!("../../../static/write.js"),
    include_str!("../../../static/live.js"),
    include_str!("../../../static/script.js"),
    include_str!("../../../static/menus.js"),
    include_str!("../../../static/passkeys.js"),
);

const FILES: [(&str, &str, &str, &[u8]); 2] = [
    ("style", "css", "text/css; charset=utf-8", STYLE.as_bytes()),
    ("script", "js", "text/javascript; charset=utf-8", SCRIPT.as_bytes()),
];

impl Assets {
    pub fn new() -> Assets {
        let all = FILES.map(|(stem, extension, content_type, bytes)| {
            Asset::new(stem, extension, content_type, Bytes::from_static(bytes))
        });
        let [style, script] = all.each_ref().map(Asset::path);
        Assets { style, script, all: all.into() }
    }
}

impl Default for Assets {
    fn default() -> Assets {
        Assets::new()
    }
}

/// Names content in an address that browsers keep for ever.
pub fn content_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Asset {
    pub fn new(stem: &str, end: &str, content_type: &'static str, bytes: impl Into<Bytes>) -> Asset {
        let bytes = bytes.into();
        Asset { name: format!("{stem}.{}.{end}", content_hash(&bytes)), content_type, bytes }
    }

    pub fn path(&self) -> String {
        format!("/static/{}", self.name)
    }

    /// Whether `name` is this file in another version of the software.
    pub fn is_other_version(&self, name: &str) -> bool {
        let parts = |name: &str| name.split('.').map(str::to_owned).collect::<Vec<_>>();
        match (&parts(&self.name)[..], &parts(name)[..]) {
            ([stem, _, end], [other, hash, kind]) => stem == other && end == kind && !hash.is_empty(),
            _ => false,
        }
    }
}
