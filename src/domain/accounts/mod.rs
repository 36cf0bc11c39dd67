//! Users and their credentials, bans and sign-up rules.

pub mod ban;
pub mod browser;
pub mod contact;
pub mod ip_hash;
pub mod mutes;
pub mod password;
pub mod password_reset;
pub mod signup;
pub mod token;
pub mod user;
