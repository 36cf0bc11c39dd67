//! What the site counts of itself, and the page on which Prometheus reads it.

mod requests;
mod samples;
mod scrape;

use std::sync::atomic::AtomicBool;

pub use self::requests::RequestMetrics;
use crate::metrics::{Counter, JobMetrics};

#[derive(Default)]
pub struct SiteMetrics {
    /// `None` if nobody reads metrics.
    pub requests: Option<RequestMetrics>,
    /// Visitors' pages that the page cache answered, and those that had to be made.
    pub page_hits: Counter,
    pub page_misses: Counter,
    pub failed_logins: Counter,
    pub timeouts: Counter,
    pub jobs: JobMetrics,
    pub is_stopping: AtomicBool,
}

#[derive(Debug, Clone, Copy)]
pub enum LoginMethod {
    Password,
    Code,
    Passkey,
    RecoveryCode,
}

impl LoginMethod {
    fn as_str(self) -> &'static str {
        match self {
            LoginMethod::Password => "password",
            LoginMethod::Code => "code",
            LoginMethod::Passkey => "passkey",
            LoginMethod::RecoveryCode => "recovery_code",
        }
    }
}

impl SiteMetrics {
    /// A log-in that was wrong. Neither the name nor the address is logged: the request's id, which the
    /// response has too, leads to them in the log of a proxy.
    pub fn login_failed(&self, method: LoginMethod) {
        self.failed_logins.increment();
        tracing::info!(target: "stoa::logins", by = method.as_str(), "a log-in failed");
    }

    pub fn new(are_read: bool) -> SiteMetrics {
        SiteMetrics { requests: are_read.then(RequestMetrics::default), ..SiteMetrics::default() }
    }
}
