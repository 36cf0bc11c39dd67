//! What a community shows of itself, as its admins choose it.

mod images;
mod pages;
mod settings;
mod start;
