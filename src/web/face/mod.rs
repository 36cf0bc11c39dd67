//! What a community shows of itself on every page: settings, colour, images, links and announcement.

mod community;
mod style;

pub use community::{Community, Face};
