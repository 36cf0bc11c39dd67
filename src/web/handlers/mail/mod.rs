//! Members' e-mail: their address and choices, links in mail, unsubscribing, and passwords that were lost.

pub mod choices;
pub mod links;
pub mod lost_password;
pub mod unsubscribe;
