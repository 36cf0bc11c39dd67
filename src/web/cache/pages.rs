//! Full-page cache for visitors, rendered and compressed once.
//!
//! A key names everything the bytes depend on, including the generation of the last visible write, so only
//! ages and ranks can be stale, by up to a minute. Requests with a session and responses with cookies bypass
//! it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED, SET_COOKIE, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::domain::time::relative_time::{http_date, parse_http_date};
use crate::fair_semaphore::Overloaded;
use crate::store::ThreadGeneration;
use crate::web::admission::{MemoryBudget, SharedReservation, Workers};
use crate::web::cache::encoding::{Encoding, FORMS};
use crate::web::cache::single_flight::SingleFlight;
use crate::web::error::Error;

/// Largest cached page in bytes; half of the cache's size is a limit too.
const MAX_CACHED_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Longer pages are compressed in the worker pool, in bytes.
const LARGE_PAGE_BYTES: usize = 256 * 1024;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageKey {
    pub target: String,
    pub theme: Option<&'static str>,
    pub as_of: CacheVersion,
    pub minute: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CacheVersion {
    Site(u64),
    /// Results of a search, which also depend on what the index has read.
    Search {
        site: u64,
        index: u64,
    },
    /// An item's page, invalidated only by writes to its thread.
    Thread(ThreadGeneration),
}

/// Response extension: the page shows one thread at this generation; votes elsewhere do not invalidate it.
#[derive(Debug, Clone, Copy)]
pub struct ThreadVersion(pub ThreadGeneration);

pub fn item_of(target: &str) -> Option<ItemId> {
    target.split('?').next()?.strip_prefix("/item/")?.parse().ok()
}

#[derive(Clone)]
pub enum RenderedPage {
    Kept(Arc<CachedPage>),
    Large(Arc<(HeaderMap, Vec<Bytes>)>),
    /// Not shareable; only the first requester gets it.
    Own,
}

/// A page and its encodings, compressed on first use.
pub struct CachedPage {
    thread: Option<ThreadVersion>,
    headers: HeaderMap,
    etag: HeaderValue,
    modified: Option<Timestamp>,
    plain: Bytes,
    reservation: SharedReservation,
    forms: [OnceCell<Compressed>; FORMS.len()],
}

struct Compressed {
    bytes: Bytes,
    reservation: SharedReservation,
}

/// The client's preferred encoding and known ETags, and the workers that compress.
pub struct WantedEncodings<'a> {
    pub form: Option<usize>,
    pub known: Vec<HeaderValue>,
    /// The time of the version that a client has which knows no ETag.
    pub since: Option<Timestamp>,
    pub workers: Workers<'a>,
    pub memory: &'a MemoryBudget,
}

/// How many addresses have their latest page known.
const LATEST: u64 = 16_384;

pub struct PageCache {
    pub kept: Cache<PageKey, Arc<CachedPage>>,
    /// The key of the latest page of an address and theme, for when no page can be made, and the generation
    /// of what may have been removed from it.
    latest: moka::sync::Cache<(String, Option<&'static str>), (PageKey, u64)>,
    /// When what has this ETag was first made, for pages that name that time.
    first_made: moka::sync::Cache<HeaderValue, Timestamp>,
    pub under_way: SingleFlight<PageKey, RenderedPage>,
    pub largest: usize,
    pub rendered: AtomicUsize,
}

impl PageCache {
    pub fn new(bytes: u64) -> PageCache {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &PageKey, kept: &Arc<CachedPage>| {
                u32::try_from(kept.bytes() + key.target.len() + 1_024).unwrap_or(u32::MAX)
            })
            // LRU: a frequency policy would prefer the stale page to its successor.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        // Even without a cache, pages are compressed and have an ETag.
        let half = usize::try_from(bytes / 2).unwrap_or(usize::MAX);
        let largest = if half == 0 { MAX_CACHED_PAGE_BYTES } else { MAX_CACHED_PAGE_BYTES.min(half) };
        let latest = moka::sync::Cache::builder().max_capacity(LATEST.min(bytes / 1_024)).build();
        let first_made = moka::sync::Cache::builder().max_capacity(LATEST.min(bytes / 1_024)).build();
        let (under_way, rendered) = (SingleFlight::default(), AtomicUsize::new(0));
        PageCache { kept, latest, first_made, under_way, largest, rendered }
    }

    /// Caches a page, under its thread's generation if it shows a single thread.
    pub async fn keep(&self, mut key: PageKey, page: &Arc<CachedPage>, public: u64) {
        self.latest.insert((key.target.clone(), key.theme), (key.clone(), public));
        self.kept.insert(key.clone(), Arc::clone(page)).await;
        if let Some(ThreadVersion(generation)) = page.thread {
            key.as_of = CacheVersion::Thread(generation);
            self.kept.insert(key, Arc::clone(page)).await;
        }
    }

    /// The latest page of an address that is still kept, however old, unless something public but votes and
    /// comments has changed since.
    pub async fn latest(&self, key: &PageKey, public: u64) -> Option<(PageKey, Arc<CachedPage>)> {
        let (latest, _) =
            self.latest.get(&(key.target.clone(), key.theme)).filter(|(_, of)| *of == public)?;
        let page = self.kept.get(&latest).await?;
        Some((latest, page))
    }

    /// Dates a page that names when it was made: content that was made before keeps its time.
    fn date(&self, headers: &mut HeaderMap, etag: &HeaderValue) -> Option<Timestamp> {
        let made = parse_http_date(headers.get(LAST_MODIFIED)?.to_str().ok()?)?;
        let first = self.first_made.get_with(etag.clone(), || made);
        headers.insert(LAST_MODIFIED, HeaderValue::from_str(&http_date(first)).ok()?);
        Some(first)
    }

    pub async fn answer(
        &self,
        key: &PageKey,
        kept: Arc<CachedPage>,
        wanted: &WantedEncodings<'_>,
    ) -> Result<Response, Overloaded> {
        let before = kept.bytes();
        let response = kept.answer(wanted).await;
        if kept.bytes() > before {
            self.kept.insert(key.clone(), kept).await;
        }
        response
    }

    /// The response as a shareable page, or unchanged if it is private.
    pub async fn shared(&self, response: Response) -> Result<RenderedPage, Response> {
        let headers = response.headers();
        let is_text = headers.get(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            [&b"text/html"[..], b"application/atom+xml", b"application/rss+xml", b"application/feed+json"]
                .iter()
                .any(|shared| kind.starts_with(shared))
        });
        let is_private = headers.contains_key(SET_COOKIE)
            || headers.get(CACHE_CONTROL).is_none_or(|control| control.as_bytes().ends_with(b"no-store"));
        if response.status() != StatusCode::OK
            || !is_text
            || is_private
            || headers.contains_key(CONTENT_ENCODING)
        {
            return Err(response);
        }
        let (mut head, body) = response.into_parts();
        let parts = whole(body).await.map_err(|error| Error::internal(error).into_response())?;
        head.headers.remove(CONTENT_LENGTH);
        head.headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
        if parts.iter().map(Bytes::len).sum::<usize>() > self.largest {
            return Ok(RenderedPage::Large(Arc::new((head.headers, parts))));
        }
        // Copy: the received buffer may be larger and tied to a memory reservation.
        let plain = Bytes::from(parts.concat());
        let etag = etag_of(&plain);
        head.headers.insert(ETAG, etag.clone());
        let modified = self.date(&mut head.headers, &etag);
        let thread = head.extensions.get().copied();
        let (headers, reservation) = (head.headers, SharedReservation::default());
        Ok(RenderedPage::Kept(Arc::new(CachedPage {
            thread,
            headers,
            etag,
            modified,
            plain,
            reservation,
            forms: Default::default(),
        })))
    }

    pub async fn bytes(&self) -> u64 {
        self.kept.run_pending_tasks().await;
        self.kept.weighted_size()
    }

    pub fn rendered(&self) -> usize {
        self.rendered.load(Ordering::Relaxed)
    }
}

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

    /// Fails with `Overloaded` if the memory budget is used up.
    async fn answer(&self, wanted: &WantedEncodings<'_>) -> Result<Response, Overloaded> {
        let is_unchanged = self.modified.zip(wanted.since).is_some_and(|(modified, since)| modified == since);
        if is_unchanged || wanted.known.iter().any(|known| names(known, &self.etag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            for name in [ETAG, LAST_MODIFIED, VARY, CACHE_CONTROL] {
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

    /// The page in one of [`FORMS`], compressed on first use; `None` on failure (it is then sent plain).
    async fn compressed(&self, form: usize, workers: Workers<'_>) -> Option<(&Compressed, &'static str)> {
        let (Encoding { name, compress }, cell) = (FORMS.get(form)?, self.forms.get(form)?);
        let make = || async {
            let plain = self.plain.clone();
            let bytes = if plain.len() > LARGE_PAGE_BYTES {
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

/// Weak, as all encodings of a page share it.
pub fn etag_of(plain: &[u8]) -> HeaderValue {
    let hash: String = Sha256::digest(plain).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

/// Weak comparison of `If-None-Match`: all encodings of a page share a tag.
pub fn names(known: &HeaderValue, etag: &HeaderValue) -> bool {
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
