//! What a community shows of itself on every page: settings, colour, images, links and announcement.

mod community;
pub mod icons;
mod style;

pub use community::{Community, Face};
