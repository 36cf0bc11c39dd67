//! Second factors, recovery codes and what else opens an account.

pub mod confirm;
pub mod overview;
mod qr_code;
pub mod recovery;
pub mod second_step;
pub mod two_factor;
