//! Finished pages for visitors, kept as bytes: the same for every visitor, so rendered and compressed once.
//!
//! A key names everything that the bytes depend on, the number of the last write that they may show among them: a page is never older.
//! Ages and ranks may lag a minute. A request that carries a session never comes here, and no answer that sets a cookie is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, SET_COOKIE,
    VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use moka::future::Cache;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::clock::MINUTE;
use crate::domain::item::ItemId;
use crate::domain::user::Theme;
use crate::store::ThreadGeneration;
use crate::web::crowd;
use crate::web::encoding::{FORMS, Form, best_form};
use crate::web::error::Error;
use crate::web::room::{Room, Shared};
use crate::web::session::{self, theme_cookie};
use crate::web::state::App;

/// The largest page that is kept, in bytes.
const LARGEST: usize = 8 * 1024 * 1024;
/// The longest address whose page is kept, in bytes.
const LONGEST_TARGET: usize = 512;

/// All that a visitor's page depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    target: String,
    theme: Option<&'static str>,
    as_of: AsOf,
    minute: i64,
}

/// The state of the store that a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum AsOf {
    /// After any write.
    Site(u64),
    /// An item's page, on which votes elsewhere make no difference.
    Thread(ThreadGeneration),
}

/// What a page says of itself that shows one thread, as of this; votes elsewhere make no difference to it.
#[derive(Debug, Clone, Copy)]
pub struct OfThread(pub ThreadGeneration);

/// The item that an address is the page of.
fn item_of(target: &str) -> Option<ItemId> {
    target.split('?').next()?.strip_prefix("/item/")?.parse().ok()
}

/// A page, and its compressed forms once somebody has asked for them.
struct Kept {
    thread: Option<OfThread>,
    headers: HeaderMap,
    etag: HeaderValue,
    plain: Bytes,
    room: Shared,
    forms: [OnceCell<Compressed>; FORMS.len()],
}

struct Compressed {
    bytes: Bytes,
    room: Shared,
}

/// In which of [`FORMS`] a page is wanted, and which version of it is known already.
struct Wanted {
    form: Option<usize>,
    known: Option<HeaderValue>,
}

pub struct Pages {
    kept: Cache<Key, Arc<Kept>>,
    rendered: AtomicUsize,
}

impl Pages {
    /// Keeps up to so many bytes of pages; the least recently asked for go first.
    pub fn new(bytes: u64) -> Pages {
        let kept = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &Key, kept: &Arc<Kept>| {
                u32::try_from(kept.bytes() + key.target.len() + 1_024).unwrap_or(u32::MAX)
            })
            // By frequency, the page of before the last write would be kept in favour of the one after it.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Pages { kept, rendered: AtomicUsize::new(0) }
    }

    /// Keeps a page that was made for `key` as that of the thread that it shows, too: from now on it is looked for as such.
    async fn learn(&self, mut key: Key, kept: &Arc<Kept>) {
        if let (AsOf::Site(_), Some(OfThread(generation))) = (key.as_of, kept.thread) {
            key.as_of = AsOf::Thread(generation);
            self.kept.insert(key, Arc::clone(kept)).await;
        }
    }

    /// Answers with a kept page, and weighs it again where a compressed form was made for that.
    async fn answer(&self, key: Key, kept: Arc<Kept>, request: &Wanted, room: &Room) -> Result<Response, Error> {
        let before = kept.bytes();
        let response = kept.answer(request.form, request.known.as_ref(), room).await;
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

/// What the page at `target` would be as of, if it were made now; asked of memory alone, so that it costs nothing.
fn as_of(target: &str, app: &App) -> AsOf {
    match item_of(target).and_then(|id| app.threads.known_root(id, &app.store)) {
        Some(root) => AsOf::Thread(app.store.thread_generation(root)),
        None => AsOf::Site(app.store.generation()),
    }
}

/// The key of a visitor's page; none where the request is for something else, or somebody's.
fn key(app: &App, request: &Request) -> Option<Key> {
    let headers = request.headers();
    let target = request.uri().path_and_query()?.as_str();
    let is_page = request.method() == Method::GET && !target.starts_with("/static/") && target.len() <= LONGEST_TARGET;
    if !is_page || session::current(app, headers).is_some() {
        return None;
    }
    Some(Key {
        target: target.to_owned(),
        theme: theme_cookie(headers).filter(|theme| *theme != Theme::System).map(Theme::as_str),
        as_of: as_of(target, app),
        minute: app.clock.now().0.div_euclid(MINUTE),
    })
}

/// Answers a visitor from what is kept, or keeps what it had to have rendered.
pub async fn serve(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(key) = key(&app, &request) else { return next.run(request).await };
    let headers = request.headers();
    let wanted = Wanted { form: best_form(headers), known: headers.get(IF_NONE_MATCH).cloned() };
    if let Some(kept) = app.pages.kept.get(&key).await {
        return match app.pages.answer(key, kept, &wanted, &app.room).await {
            Ok(response) => response,
            Err(_) => crowd::refuse(request, next).await,
        };
    }
    let (parts, body) = request.into_parts();
    let again = Request::from_parts(parts.clone(), Body::empty());
    // Which thread an item stands in may become known while its page is made: all who wait for it wait for the same.
    let flight = Key { as_of: AsOf::Site(app.store.generation()), ..key.clone() };
    match make(&app, flight, Request::from_parts(parts, body), next.clone()).await {
        Ok(Some(kept)) => match app.pages.answer(key, kept, &wanted, &app.room).await {
            Ok(response) => response,
            Err(_) => crowd::refuse(again, next).await,
        },
        // Somebody else asked first for what turned out not to be kept.
        Ok(None) => next.run(again).await,
        Err(response) => response,
    }
}

/// Has a page rendered and keeps it, once for all who wait for it; or gives the answer that cannot be kept to whoever had it made.
async fn make(app: &App, key: Key, mut request: Request, next: Next) -> Result<Option<Arc<Kept>>, Response> {
    request.headers_mut().remove(ACCEPT_ENCODING);
    let (mut other, made) = (None, key.clone());
    let rendered = async {
        app.pages.rendered.fetch_add(1, Ordering::Relaxed);
        match keep(next.run(request).await).await {
            Ok(kept) => {
                let kept = Arc::new(kept);
                app.pages.learn(made, &kept).await;
                Some(kept)
            }
            Err(response) => {
                other = Some(response);
                None
            }
        }
    };
    let found = app.pages.kept.optionally_get_with(key, rendered).await;
    match other {
        Some(response) => Err(response),
        None => Ok(found),
    }
}

/// The page of an answer that is the same for every visitor, or the answer.
async fn keep(response: Response) -> Result<Kept, Response> {
    let headers = response.headers();
    let is_text = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.starts_with(b"text/html") || kind.starts_with(b"application/atom+xml")
    });
    let is_private = headers.contains_key(SET_COOKIE)
        || headers.get(CACHE_CONTROL).is_none_or(|control| control.as_bytes().ends_with(b"no-store"));
    if response.status() != StatusCode::OK || !is_text || is_private || headers.contains_key(CONTENT_ENCODING) {
        return Err(response);
    }
    let (mut parts, body) = response.into_parts();
    let Ok(plain) = to_bytes(body, LARGEST).await else {
        return Err(Error::Internal.into_response());
    };
    // A copy of its own, no longer than the page: as it comes, it may hold the room of an answer under way.
    let plain = Bytes::copy_from_slice(&plain);
    let hash: String = Sha256::digest(&plain).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = HeaderValue::from_str(&format!("W/\"{hash}\"")).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""));
    for own in [CONTENT_LENGTH, HeaderName::from_static("x-request-id")] {
        parts.headers.remove(own);
    }
    parts.headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Encoding"));
    parts.headers.insert(ETAG, etag.clone());
    let thread = parts.extensions.get().copied();
    Ok(Kept { thread, headers: parts.headers, etag, plain, room: Shared::default(), forms: Default::default() })
}

impl Kept {
    fn bytes(&self) -> usize {
        let forms: usize = self.forms.iter().filter_map(OnceCell::get).map(|form| form.bytes.len()).sum();
        self.plain.len() + forms
    }

    /// # Errors
    /// `Busy` where there is no room for it.
    async fn answer(&self, form: Option<usize>, known: Option<&HeaderValue>, room: &Room) -> Result<Response, Error> {
        if known.is_some_and(|known| names(known, &self.etag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            for name in [ETAG, VARY, CACHE_CONTROL] {
                if let Some(value) = self.headers.get(&name) {
                    response.headers_mut().insert(name, value.clone());
                }
            }
            return Ok(response);
        }
        let compressed = match form {
            Some(form) => self.compressed(form).await,
            None => None,
        };
        let (body, named) = match compressed {
            Some((Compressed { bytes, room: shared }, name)) => (room.body(bytes, shared)?, Some(name)),
            None => (room.body(&self.plain, &self.room)?, None),
        };
        let mut response = Response::new(body);
        *response.headers_mut() = self.headers.clone();
        if let Some(named) = named {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(named));
        }
        Ok(response)
    }

    /// The page in one of [`FORMS`], compressed when it is first asked for; none where that cannot be, so that the page goes out plain.
    async fn compressed(&self, form: usize) -> Option<(&Compressed, &'static str)> {
        let (Form { name, compress }, cell) = (FORMS.get(form)?, self.forms.get(form)?);
        let make = || async {
            let plain = self.plain.clone();
            let bytes = tokio::task::spawn_blocking(move || compress(&plain)).await.ok()?.ok()?;
            Some(Compressed { bytes: Bytes::from(bytes.into_boxed_slice()), room: Shared::default() })
        };
        let made = cell.get_or_try_init(|| async { make().await.ok_or(()) }).await;
        Some((made.ok()?, *name))
    }
}

/// Whether an `If-None-Match` names this version.
fn names(known: &HeaderValue, etag: &HeaderValue) -> bool {
    let Ok(known) = known.to_str() else { return false };
    known.split(',').any(|one| one.trim().as_bytes() == etag.as_bytes()) || known == "*"
}
