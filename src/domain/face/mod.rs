//! What a community shows of itself: sections, footer links, pages and images.

pub mod first_steps;
pub mod footer_links;
pub mod image;
pub mod page;
pub mod sections;
