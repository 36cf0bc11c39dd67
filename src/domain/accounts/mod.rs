//! Users and their credentials, bans and sign-up rules.

pub mod ban;
pub mod contact;
pub mod ip_hash;
pub mod mutes;
pub mod password;
pub mod password_reset;
pub mod recovery_code;
pub mod signup;
pub mod token;
pub mod totp;
pub mod user;
