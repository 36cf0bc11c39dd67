//! What the owner of an account does with the whole of it: another name, its data, its end.

pub mod deletion;
pub mod export;
pub mod rename;
