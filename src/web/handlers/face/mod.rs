//! The admins' pages about the community: settings, pages, images and first steps.

pub mod images;
pub mod pages;
pub mod settings;
pub mod source;
pub mod start;
