//! E-mail: addresses, links in mail, the queue, and what digests are made of.

pub mod addresses;
pub mod best_of;
pub mod inbox_digests;
pub mod links;
pub mod mailboxes;
pub mod queue;
pub mod readers;
pub mod security;
