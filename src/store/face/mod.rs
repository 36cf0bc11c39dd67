//! What a community chose to show of itself: settings, pages and images.

mod first_steps;
pub mod images;
pub mod pages;

use crate::domain::face::first_steps::FirstStep;
use crate::store::{ImageRow, PageRow, Result, Store};

/// What every page shows or depends on, read together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredFace {
    /// Names and texts of settings.
    pub chosen: Vec<(String, String)>,
    pub pages: Vec<PageRow>,
    pub images: Vec<ImageRow>,
    pub steps: Vec<FirstStep>,
}

impl Store {
    pub async fn stored_face(&self) -> Result<StoredFace> {
        Ok(StoredFace {
            chosen: self.chosen_settings().await?,
            pages: self.pages().await?,
            images: self.images().await?,
            steps: self.first_steps().await?,
        })
    }
}
