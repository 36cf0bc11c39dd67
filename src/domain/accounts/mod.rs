//! Users and their credentials, bans and sign-up rules.

pub mod ban;
pub mod browser;
pub mod contact;
pub mod deletion;
pub mod ip_hash;
pub mod mutes;
pub mod own_data;
pub mod passkey;
pub mod password;
pub mod password_reset;
pub mod recovery_code;
pub mod rename;
pub mod signup;
pub mod token;
pub mod totp;
pub mod user;
