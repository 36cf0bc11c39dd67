//! What every handler reaches: settings, store, clock, limits, the fetcher, and the copies that lists are
//! made from.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use crate::clock::Clock;
use crate::config::{Config, ServerSettings, SiteSettings};
use crate::fetch::Fetcher;
use crate::patience::Patience;
use crate::store::Store;
use crate::web::assets::Assets;
use crate::web::cache::Pages;
use crate::web::crowd::{Crowd, Line};
use crate::web::hashing::Hashing;
use crate::web::limit::Limits;
use crate::web::lists::Lists;
use crate::web::own::Own;
use crate::web::pool::Pool;
use crate::web::refusals::Refusals;
use crate::web::room::Room;
use crate::web::rows::Rows;
use crate::web::rules::KeptRules;
use crate::web::setup::SetupLink;
use crate::web::shown::ShownThreads;
use crate::web::texts::{Renderer, Texts};
use crate::web::threads::Threads;

/// A cheap handle on everything that requests share.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub config: ServerSettings,
    settings: RwLock<Arc<SiteSettings>>,
    pub patience: Patience,
    pub store: Store,
    pub clock: Clock,
    pub limits: Limits,
    pub crowd: Crowd,
    pub fetcher: Fetcher,
    pub assets: Assets,
    pub lists: Lists,
    pub pages: Pages,
    pub own: Own,
    pub rows: Rows,
    pub shown: ShownThreads,
    pub texts: Texts,
    pub threads: Threads,
    pub rules: KeptRules,
    pub setup: SetupLink,
    pub hashing: Hashing,
    pub room: Room,
    /// Before pages that take long and are not kept.
    pub heavy: Line,
    pub pool: Pool,
    pub refusals: Refusals,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// How many passwords may be hashed at once: each takes 19 MiB and a core.
const HASHING: usize = 2;
/// The same on a machine of less than 1 GB.
const HASHING_SMALL: usize = 1;
/// How many pages that take long may be made at once: fewer than there are readers of the store, so that
/// others find one free.
const HEAVY: usize = 2;
/// How many may wait for it: at some tens of milliseconds each, nobody for longer than they would.
const HEAVY_WAITING: usize = 32;

impl App {
    pub fn new(config: Config, store: Store, clock: Clock, fetcher: Fetcher) -> App {
        App::with_patience(config, store, clock, fetcher, Patience::default())
    }

    pub fn with_patience(config: Config, store: Store, clock: Clock, fetcher: Fetcher, patience: Patience) -> App {
        let permits = if small_machine() { HASHING_SMALL } else { HASHING };
        let Config { server: config, site } = config;
        // Sixteenths of what may be kept in memory.
        let share = |parts: u64| u64::from(config.cache_mb) * (1024 * 1024 / 16) * parts;
        App(Arc::new(Shared {
            settings: RwLock::new(Arc::new(site)),
            limits: Limits::new(&clock, config.limits),
            crowd: Crowd::new(config.max_concurrent_requests, config.limits),
            room: Room::new(config.response_memory_mb, config.limits),
            assets: Assets::new(),
            lists: Lists::new(config.cache_mb > 0),
            pages: Pages::new(share(5)),
            rows: Rows::new(share(1)),
            own: Own::new(share(1)),
            shown: ShownThreads::new(share(3)),
            texts: Texts::new(share(3)),
            threads: Threads::new(share(3)),
            rules: KeptRules::default(),
            setup: SetupLink::new(clock.uptime()),
            hashing: Hashing::new(permits, config.limits),
            heavy: Line::new(HEAVY, HEAVY_WAITING),
            pool: Pool::new(config.limits),
            refusals: Refusals::default(),
            config,
            patience,
            store,
            clock,
            fetcher,
        }))
    }

    /// The community's settings as they are now.
    pub fn settings(&self) -> Arc<SiteSettings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the community's settings; whatever was cached under the old ones is stale then. A page that
    /// is being made at that moment may show the old ones until the minute is over.
    pub fn replace_settings(&self, settings: SiteSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
        self.store.expire_caches();
    }

    /// What renders texts for whoever asks from an address; for a proxy that stands for many, none.
    pub fn renderer(&self, from: Option<IpAddr>) -> Renderer<'_> {
        Renderer { texts: &self.texts, share: self.pool.of(from) }
    }
}

/// Whether the machine has less than 1 GB of memory; where that cannot be told, it has not.
fn small_machine() -> bool {
    let total = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    });
    total.is_some_and(|kib| kib < 1_000_000)
}
