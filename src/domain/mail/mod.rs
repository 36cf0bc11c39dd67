//! E-mail: addresses, what is sent, to whom and when.

pub mod address;
pub mod choices;
pub mod content;
pub mod delivery;
pub mod links;
