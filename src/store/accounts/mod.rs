//! Users, sessions, invitations and sign-up requests.

pub mod activity;
pub mod author;
pub mod credentials;
pub mod followed_searches;
pub mod follows;
pub mod inbox;
pub mod inbox_feeds;
pub mod invitations;
pub mod invite_tree;
pub mod ip_hashes;
pub mod mutes;
pub mod ownership;
pub mod password_resets;
pub mod pending_activity;
pub mod sessions;
pub mod signup_requests;
pub mod users;
