//! Second factors, recovery codes and what else opens an account.

pub mod confirm;
pub mod overview;
pub mod passkey_login;
pub mod passkeys;
pub mod passkeys_only;
mod qr_code;
pub mod recovery;
pub mod second_step;
pub mod two_factor;
