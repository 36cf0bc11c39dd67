//! Shared application state.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, ServerSettings, SiteSettings};
use crate::domain::accounts::passkey::{PasskeysOff, RelyingParty};
use crate::fetch::Fetcher;
use crate::mail::Mailer;
use crate::search::SearchIndex;
use crate::store::Store;
use crate::timeouts::Timeouts;
use crate::web::actions::content_rules::CachedRules;
use crate::web::admission::Admission;
use crate::web::cache::member_cache::MemberCache;
use crate::web::cache::pages::PageCache;
use crate::web::cache::ranked_lists::RankedLists;
use crate::web::cache::rendered_text::{RenderedTexts, TextRenderer};
use crate::web::cache::threads::ThreadCache;
use crate::web::face::{Community, Face};
use crate::web::live::hub::EventStreams;
use crate::web::member_pages::list_rows::{ListRowCache, RowWriter};
use crate::web::member_pages::thread_html::ThreadHtmlCache;
use crate::web::metrics::SiteMetrics;
use crate::web::rate_limit::RateLimiter;
use crate::web::setup_link::SetupLink;
use crate::web::view::assets::Assets;
use crate::web::viewer::MaybeMember;

/// How long a request waits for settings that may have changed.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub struct App(Arc<AppInner>);

pub struct AppInner {
    pub config: ServerSettings,
    pub community: Community,
    pub timeouts: Timeouts,
    pub store: Store,
    pub clock: Clock,
    pub limits: RateLimiter,
    pub admission: Admission,
    pub fetcher: Fetcher,
    /// `None`: no mail is sent.
    pub mailer: Option<Mailer>,
    pub assets: Assets,
    pub lists: RankedLists,
    pub pages: PageCache,
    pub own: MemberCache,
    pub rows: ListRowCache,
    pub shown: ThreadHtmlCache,
    pub texts: RenderedTexts,
    pub threads: ThreadCache,
    pub rules: CachedRules,
    pub streams: EventStreams,
    pub setup: SetupLink,
    pub metrics: SiteMetrics,
    pub search_index: SearchIndex,
}

impl Deref for App {
    type Target = AppInner;

    fn deref(&self) -> &AppInner {
        &self.0
    }
}

impl App {
    pub fn new(config: Config, store: Store, clock: Clock, fetcher: Fetcher) -> App {
        App::with_timeouts(config, store, clock, fetcher, Timeouts::default())
    }

    pub fn with_timeouts(
        config: Config,
        store: Store,
        clock: Clock,
        fetcher: Fetcher,
        timeouts: Timeouts,
    ) -> App {
        let community = Community::new(config.clone());
        let config = config.server;
        // Sixteenths of the configured cache size.
        let share = |parts: u64| u64::from(config.cache_mb) * (1024 * 1024 / 16) * parts;
        App(Arc::new(AppInner {
            community,
            limits: RateLimiter::new(&clock, config.limits),
            admission: Admission::new(&config),
            mailer: Mailer::new(&config.smtp_url, &config.mail_from, &config.base_url),
            assets: Assets::new(),
            lists: RankedLists::new(config.cache_mb > 0),
            pages: PageCache::new(share(5)),
            rows: ListRowCache::new(share(1)),
            own: MemberCache::new(share(1)),
            shown: ThreadHtmlCache::new(share(3)),
            texts: RenderedTexts::new(share(3)),
            threads: ThreadCache::new(share(3)),
            rules: CachedRules::default(),
            metrics: SiteMetrics::new(config.metrics_listen.is_some()),
            streams: EventStreams::new(config.max_event_streams, config.limits),
            search_index: SearchIndex::new(config.search_directory()),
            setup: SetupLink::new(store.setup_token(), clock.uptime()),
            config,
            timeouts,
            store,
            clock,
            fetcher,
        }))
    }

    pub fn row_writer<'a>(&'a self, viewer: &'a MaybeMember) -> RowWriter<'a> {
        RowWriter { rows: &self.rows, store: &self.store, own: &self.own, viewer }
    }

    pub fn settings(&self) -> Arc<SiteSettings> {
        self.community.settings()
    }

    /// The site as authenticators of passkeys know it.
    pub fn relying_party(&self) -> Result<RelyingParty, PasskeysOff> {
        RelyingParty::new(&self.config.base_url, &self.settings().site_name)
    }

    pub fn face(&self) -> Arc<Face> {
        self.community.face()
    }

    /// Replaces the settings that flags, environment and file give, and invalidates caches. A page being
    /// rendered at that moment may show the old ones for up to a minute.
    pub fn replace_settings(&self, given: Config) {
        self.community.give(given);
        self.store.expire_caches();
    }

    /// Loads what admins chose, if it may have changed. While the database cannot be read, what was loaded
    /// last is used.
    pub async fn refresh_settings(&self) {
        if self.community.is_current(&self.store) || self.store.is_unreachable() {
            return;
        }
        match tokio::time::timeout(REFRESH_TIMEOUT, self.community.refresh(&self.store)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the settings could not be read"),
            Err(_) => tracing::warn!("the settings could not be read in time"),
        }
    }

    /// The text renderer; `from` is `None` behind a proxy that names no client.
    pub fn renderer(&self, from: Option<IpAddr>) -> TextRenderer<'_> {
        TextRenderer { texts: &self.texts, workers: self.admission.workers.of(from) }
    }
}
