//! Properties of all routes: access, privacy, limits, forms and headers.

pub mod accessibility;
pub mod addresses;
pub mod cache_privacy;
pub mod crawlers;
pub mod cross_site;
pub mod form_fuzz;
pub mod form_recovery;
pub mod injection;
pub mod mass_assignment;
pub mod metrics;
pub mod page_size;
pub mod protocol;
pub mod rate_limits;
pub mod responses;
pub mod roles;
pub mod site_settings;
pub mod traces;
