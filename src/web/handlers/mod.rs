//! Route handlers, grouped like the domain.

pub mod accounts;
pub mod contact;
pub mod crawlers;
pub mod events;
pub mod face;
pub mod feeds;
pub mod following;
pub mod hn_redirects;
pub mod icons;
pub mod inbox;
pub mod inbox_feed;
pub mod items;
pub mod mail;
pub mod moderation;
pub mod pages;
pub mod search;
pub mod static_files;
pub mod statistics;
pub mod votes;
