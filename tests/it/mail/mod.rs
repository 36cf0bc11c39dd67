//! E-mail, handed in to a real SMTP server.

pub mod addresses;
pub mod best_of;
pub mod inbox_digests;
pub mod lost_password;
pub mod many;
pub mod queue;
pub mod security;
pub mod statements;
pub mod unsubscribe;
