//! Finished pages for visitors, kept as bytes: the same for every visitor, so rendered and compressed once.
//!
//! A key names everything that the bytes depend on, the number of the last write that they may show among them: a page is never older.
//! Ages and ranks may lag a minute. A request that carries a session never comes here, and no answer that sets a cookie is kept.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, SET_COOKIE, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::domain::items::item::ItemId;
use crate::fair_semaphore::Overloaded;
use crate::store::ThreadGeneration;
use crate::web::admission::{MemoryBudget, SharedReservation, Workers};
use crate::web::cache::encoding::{Encoding, FORMS};
use crate::web::cache::single_flight::SingleFlight;
use crate::web::error::Error;

/// The largest page that is kept, in bytes; one that takes more than half of the room for all is not either.
const LARGEST: usize = 8 * 1024 * 1024;
/// A page that is longer is compressed in the pool, in bytes.
const LONG: usize = 256 * 1024;

/// All that a visitor's page depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    pub target: String,
    pub theme: Option<&'static str>,
    pub as_of: CacheVersion,
    pub minute: i64,
}

/// The state of the store that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheVersion {
    /// After any write.
    Site(u64),
    /// An item's page, on which votes elsewhere make no difference.
    Thread(ThreadGeneration),
}

/// What a page says of itself that shows one thread, as of this; votes elsewhere make no difference to it.
#[derive(Debug, Clone, Copy)]
pub struct ThreadVersion(pub ThreadGeneration);

/// The item that an address is the page of.
pub fn item_of(target: &str) -> Option<ItemId> {
    target.split('?').next()?.strip_prefix("/item/")?.parse().ok()
}

/// What was made for all who asked for a page at the same moment.
#[derive(Clone)]
pub enum RenderedPage {
    Kept(Arc<CachedPage>),
    /// Too large to keep: it goes out to them as it came.
    Large(Arc<(HeaderMap, Vec<Bytes>)>),
    /// Not the same for all: whoever had it made has it.
    Own,
}

/// A page, and its compressed forms once somebody has asked for them.
pub struct CachedPage {
    thread: Option<ThreadVersion>,
    headers: HeaderMap,
    etag: HeaderValue,
    plain: Bytes,
    reservation: SharedReservation,
    forms: [OnceCell<Compressed>; FORMS.len()],
}

struct Compressed {
    bytes: Bytes,
    reservation: SharedReservation,
}

/// In which of [`FORMS`] a page is wanted, which versions of it are known already, and whose work it is to compress it.
pub struct WantedEncodings<'a> {
    pub form: Option<usize>,
    pub known: Vec<HeaderValue>,
    pub workers: Workers<'a>,
    pub memory: &'a MemoryBudget,
}

pub struct PageCache {
    pub kept: Cache<PageKey, Arc<CachedPage>>,
    pub under_way: SingleFlight<PageKey, RenderedPage>,
    pub largest: usize,
    pub rendered: AtomicUsize,
}

impl PageCache {
    /// Keeps up to so many bytes of pages; the least recently asked for go first.
    pub fn new(bytes: u64) -> PageCache {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &PageKey, kept: &Arc<CachedPage>| {
                u32::try_from(kept.bytes() + key.target.len() + 1_024).unwrap_or(u32::MAX)
            })
            // By frequency, the page of before the last write would be kept in favour of the one after it.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        // Where nothing is kept, pages are compressed and have their version nevertheless.
        let half = usize::try_from(bytes / 2).unwrap_or(usize::MAX);
        let largest = if half == 0 { LARGEST } else { LARGEST.min(half) };
        PageCache { kept, under_way: SingleFlight::default(), largest, rendered: AtomicUsize::new(0) }
    }

    /// Keeps a page that was made for `key`, and as that of the thread that it shows: from now on it is looked for as such.
    pub async fn keep(&self, mut key: PageKey, page: &Arc<CachedPage>) {
        self.kept.insert(key.clone(), Arc::clone(page)).await;
        if let Some(ThreadVersion(generation)) = page.thread {
            key.as_of = CacheVersion::Thread(generation);
            self.kept.insert(key, Arc::clone(page)).await;
        }
    }

    /// Answers with a page, and weighs it again where a compressed form was made for that.
    pub async fn answer(
        &self,
        key: PageKey,
        kept: Arc<CachedPage>,
        wanted: &WantedEncodings<'_>,
    ) -> Result<Response, Overloaded> {
        let before = kept.bytes();
        let response = kept.answer(wanted).await;
        if kept.bytes() > before {
            self.kept.insert(key, kept).await;
        }
        response
    }

    /// How many bytes are kept.
    pub async fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks().await;
        self.kept.weighted_size()
    }

    /// How many pages have been rendered to be kept.
    pub fn rendered(&self) -> usize {
        self.rendered.load(Ordering::Relaxed)
    }
}

/// What an answer is for every visitor, or the answer, where it is not for all. Only up to so many bytes of a page are kept.
pub async fn shared(response: Response, largest: usize) -> Result<RenderedPage, Response> {
    let headers = response.headers();
    let is_text = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"text/html") || kind.starts_with(b"application/atom+xml")
    });
    let is_private = headers.contains_key(SET_COOKIE)
        || headers.get(CACHE_CONTROL).is_none_or(|control| control.as_bytes().ends_with(b"no-store"));
    if response.status() != StatusCode::OK || !is_text || is_private || headers.contains_key(CONTENT_ENCODING)
    {
        return Err(response);
    }
    let (mut head, body) = response.into_parts();
    let parts = whole(body).await.map_err(|error| Error::internal(error).into_response())?;
    head.headers.remove(CONTENT_LENGTH);
    head.headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
    if parts.iter().map(Bytes::len).sum::<usize>() > largest {
        return Ok(RenderedPage::Large(Arc::new((head.headers, parts))));
    }
    // A copy of its own, no longer than the page: as it comes, it may hold the room of an answer under way.
    let plain = Bytes::from(parts.concat());
    let hash: String = Sha256::digest(&plain).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = HeaderValue::from_str(&format!("W/\"{hash}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
    head.headers.insert(ETAG, etag.clone());
    let thread = head.extensions.get().copied();
    let (headers, reservation) = (head.headers, SharedReservation::default());
    Ok(RenderedPage::Kept(Arc::new(CachedPage {
        thread,
        headers,
        etag,
        plain,
        reservation,
        forms: Default::default(),
    })))
}

/// All of a body, in the parts in which it comes.
async fn whole(mut body: Body) -> Result<Vec<Bytes>, axum::Error> {
    let mut parts = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        parts.extend(frame?.into_data());
    }
    Ok(parts)
}

impl CachedPage {
    fn bytes(&self) -> usize {
        let forms: usize = self.forms.iter().filter_map(OnceCell::get).map(|form| form.bytes.len()).sum();
        self.plain.len() + forms
    }

    /// # Errors
    /// `Overloaded` where there is no memory for it.
    async fn answer(&self, wanted: &WantedEncodings<'_>) -> Result<Response, Overloaded> {
        if wanted.known.iter().any(|known| names(known, &self.etag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            for name in [ETAG, VARY, CACHE_CONTROL] {
                if let Some(value) = self.headers.get(&name) {
                    response.headers_mut().insert(name, value.clone());
                }
            }
            return Ok(response);
        }
        let compressed = match wanted.form {
            Some(form) => self.compressed(form, wanted.workers).await,
            None => None,
        };
        let (body, named) = match compressed {
            Some((Compressed { bytes, reservation: shared }, name)) => {
                (wanted.memory.body(bytes, shared, wanted.workers.address)?, Some(name))
            }
            None => (wanted.memory.body(&self.plain, &self.reservation, wanted.workers.address)?, None),
        };
        let mut response = Response::new(body);
        *response.headers_mut() = self.headers.clone();
        if let Some(named) = named {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(named));
        }
        Ok(response)
    }

    /// The page in one of [`FORMS`], compressed when it is first asked for; none where that cannot be, so that the page goes out plain.
    async fn compressed(&self, form: usize, workers: Workers<'_>) -> Option<(&Compressed, &'static str)> {
        let (Encoding { name, compress }, cell) = (FORMS.get(form)?, self.forms.get(form)?);
        let make = || async {
            let plain = self.plain.clone();
            let bytes = if plain.len() > LONG {
                workers.run(move || compress(&plain)).await.ok()?
            } else {
                tokio::task::spawn_blocking(move || compress(&plain)).await.ok()?
            };
            let bytes = bytes.ok()?;
            Some(Compressed {
                bytes: Bytes::from(bytes.into_boxed_slice()),
                reservation: SharedReservation::default(),
            })
        };
        let made = cell.get_or_try_init(|| async { make().await.ok_or(()) }).await;
        Some((made.ok()?, *name))
    }
}

/// Whether an `If-None-Match` names this version: tags compare weakly, as what is compressed otherwise is the same page.
fn names(known: &HeaderValue, etag: &HeaderValue) -> bool {
    fn opaque(tag: &[u8]) -> &[u8] {
        tag.strip_prefix(b"W/").unwrap_or(tag)
    }
    let ours = opaque(etag.as_bytes());
    known
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || opaque(tag) == ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_weakly() {
        let ours = HeaderValue::from_static("W/\"abc\"");
        for (known, expected) in [
            ("W/\"abc\"", true),
            ("\"abc\"", true),
            ("*", true),
            ("\"x\", \"abc\"", true),
            ("\"x\",W/\"abc\" ,\"y\"", true),
            ("\"abcd\"", false),
            ("\"x\", \"y\"", false),
            ("abc", false),
            ("w/\"abc\"", false),
            ("\"*\"", false),
            ("", false),
        ] {
            assert_eq!(names(&HeaderValue::from_static(known), &ours), expected, "{known}");
        }
    }
}
