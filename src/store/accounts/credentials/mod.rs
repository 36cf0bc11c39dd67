//! What opens an account beside its password, and when it ends.

pub mod lifetime;
pub mod passkeys;
pub mod pending_logins;
pub mod recovery_codes;
pub mod totp;
