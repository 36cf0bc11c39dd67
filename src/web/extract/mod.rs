//! Request extractors: client address, forms, paths and sessions.

pub mod client_ip;
pub mod form;
pub mod local_redirect;
pub mod path;
pub mod recovered_form;
pub mod session;
