//! Concurrency limits, in total and per address, each a [`FairSemaphore`].

mod memory_budget;
mod password_queue;
mod refusals;
mod request_body;
mod work_queue;

use std::net::IpAddr;

use http::Method;
use tokio::task::spawn_blocking;

pub use self::memory_budget::{CachedPart, MemoryBudget, SharedReservation};
pub use self::password_queue::{PasswordQueue, Requester};
use self::refusals::{Refusals, RequestLines};
pub use self::request_body::{MAX_BODY_BYTES, read_body};
pub use self::work_queue::{WorkPermit, WorkQueue, WorkerPool, Workers};
use crate::config::ServerSettings;
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::web::error::Error;

/// An eighth of the request permits is reserved for writes.
const WRITES_FRACTION: usize = 8;
/// Memory for request bodies being received, in kilobytes.
const BODIES_KB: usize = 32 * 1_024;

pub struct Admission {
    pub requests: FairSemaphore,
    pub bodies: FairSemaphore,
    pub memory: MemoryBudget,
    pub passwords: PasswordQueue,
    /// For slow, uncached pages.
    pub slow_pages: WorkQueue,
    pub workers: WorkerPool,
    pub refusals: Refusals,
    pub request_lines: RequestLines,
}

impl Admission {
    pub fn new(config: &ServerSettings) -> Admission {
        let limited = config.limits;
        let requests = usize::try_from(config.max_concurrent_requests).unwrap_or(usize::MAX);
        Admission {
            requests: FairSemaphore::new(requests, limited),
            bodies: FairSemaphore::new(BODIES_KB, limited),
            memory: MemoryBudget::new(config.response_memory_mb, limited),
            passwords: PasswordQueue::new(password_queue::max_running(), limited),
            slow_pages: WorkQueue::new(limited),
            workers: WorkerPool::new(limited),
            refusals: Refusals::default(),
            request_lines: RequestLines::default(),
        }
    }

    /// Acquires a request permit; `Overloaded` if none is free or the address has its share.
    pub fn admit(&self, method: &Method, address: Option<IpAddr>) -> Result<FairPermit, Overloaded> {
        if method.is_safe() && self.requests.available() <= self.requests.size() / WRITES_FRACTION {
            return Err(self.requests.refuse());
        }
        self.requests.try_acquire(1, address)
    }
}

impl From<Overloaded> for Error {
    fn from(_: Overloaded) -> Error {
        Error::Busy
    }
}

/// Runs blocking work. It continues if the client disconnects, so it owns its permit.
pub async fn run_blocking<T: Send + 'static>(
    permit: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(move || {
        let done = work();
        drop(permit);
        done
    });
    done.await.map_err(Error::internal)
}
