//! The community's settings and face in memory, loaded again when they may have changed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::{Config, SiteSettings};
use crate::domain::face::first_steps::FirstStep;
use crate::domain::face::footer_links::FooterLink;
use crate::domain::face::image::ImageKind;
use crate::domain::face::page::{BuiltInPage, address};
use crate::domain::text::{self, Html};
use crate::store::{self, ImageRow, Store, StoredFace};
use crate::web::face::icons::Icons;
use crate::web::face::style::style_of;
use crate::web::view::assets::Asset;

/// What pages show of the community beside its settings.
pub struct Face {
    /// The style sheet with the community's colour; `None`: the built-in one.
    pub style: Option<Asset>,
    images: Vec<ImageRow>,
    pub icons: Icons,
    /// Of the footer: the community's own pages, then its links.
    pub links: Vec<FooterLink>,
    announcement: Html,
    /// Whether admins are led to the page of first steps.
    pub has_first_steps: bool,
}

impl Face {
    fn new(settings: &SiteSettings, stored: &StoredFace) -> Face {
        let pages =
            stored.pages.iter().filter(|page| page.in_footer && BuiltInPage::of(&page.slug).is_none());
        let mut links: Vec<FooterLink> =
            pages.map(|page| FooterLink { label: page.title.clone(), href: address(&page.slug) }).collect();
        links.extend(settings.footer_links.0.iter().cloned());
        Face {
            style: style_of(settings.accent),
            images: stored.images.clone(),
            icons: Icons::new(settings.accent),
            links,
            announcement: text::render(&settings.announcement),
            has_first_steps: !stored.steps.contains(&FirstStep::All),
        }
    }

    /// The address of the logo or icon, if there is one.
    pub fn image(&self, kind: ImageKind) -> Option<String> {
        let image = self.images.iter().find(|image| image.kind == kind)?;
        Some(format!("/static/{}", image.file_name()))
    }

    /// The announcement as HTML, which is shown while the settings have one.
    pub fn announcement(&self) -> &Html {
        &self.announcement
    }
}

/// The settings and the face made of them.
struct Snapshot {
    /// What flags, environment and file give, and defaults.
    given: Config,
    stored: StoredFace,
    /// With what admins chose.
    config: Config,
    settings: Arc<SiteSettings>,
    face: Arc<Face>,
}

impl Snapshot {
    fn new(given: Config, stored: StoredFace) -> Snapshot {
        let config = given.with_chosen(&stored.chosen);
        let settings = Arc::new(config.site.clone());
        let face = Arc::new(Face::new(&settings, &stored));
        Snapshot { given, stored, config, settings, face }
    }
}

pub struct Community {
    current: RwLock<Snapshot>,
    /// The store's generation of settings that was loaded.
    loaded: AtomicU64,
    loading: tokio::sync::Mutex<()>,
}

impl Community {
    pub fn new(given: Config) -> Community {
        Community {
            current: RwLock::new(Snapshot::new(given, StoredFace::default())),
            loaded: AtomicU64::new(u64::MAX),
            loading: tokio::sync::Mutex::default(),
        }
    }

    fn read<T>(&self, part: impl FnOnce(&Snapshot) -> T) -> T {
        part(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn settings(&self) -> Arc<SiteSettings> {
        self.read(|current| Arc::clone(&current.settings))
    }

    pub fn face(&self) -> Arc<Face> {
        self.read(|current| Arc::clone(&current.face))
    }

    /// The settings in effect, and how those are named that were given.
    pub fn config(&self) -> Config {
        self.read(|current| current.config.clone())
    }

    /// The settings without what admins chose.
    pub fn given(&self) -> Config {
        self.read(|current| current.given.clone())
    }

    /// What admins chose, by name.
    pub fn chosen(&self) -> BTreeMap<String, String> {
        self.read(|current| current.stored.chosen.iter().cloned().collect())
    }

    /// Replaces what flags, environment and file give.
    pub fn give(&self, given: Config) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Snapshot::new(given, current.stored.clone());
    }

    pub fn is_current(&self, store: &Store) -> bool {
        self.loaded.load(Ordering::Acquire) == store.settings_generation()
    }

    /// Loads what admins chose if it may have changed, and then drops what is cached of the pages before.
    pub async fn refresh(&self, store: &Store) -> store::Result<()> {
        let _turn = self.loading.lock().await;
        let generation = store.settings_generation();
        if self.loaded.load(Ordering::Acquire) == generation {
            return Ok(());
        }
        let stored = store.stored_face().await?;
        let mut loaded = generation;
        if self.replace(stored) {
            store.expire_caches();
            // Which moves the generation by one.
            loaded = generation.wrapping_add(1);
        }
        self.loaded.store(loaded, Ordering::Release);
        Ok(())
    }

    /// Whether it differs from what was there.
    fn replace(&self, stored: StoredFace) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_same = current.stored == stored;
        if !is_same {
            *current = Snapshot::new(current.given.clone(), stored);
        }
        !is_same
    }
}
