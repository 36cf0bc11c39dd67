//! Bounded queues for slow pages and CPU-bound work.

use std::net::IpAddr;

use super::run_blocking;
use crate::fair_semaphore::{FairPermit, FairSemaphore, Overloaded};
use crate::web::error::Error;

/// Concurrent slow pages: fewer than the store has readers.
const MAX_SLOW_PAGES: usize = 2;
/// Waiting slow pages; each takes tens of milliseconds, so the wait stays short.
const MAX_WAITING: usize = 32;
/// Concurrent render-heavy pages; their finished parts are in memory.
const MAX_LARGE_PAGES: usize = 4;

pub struct WorkQueue {
    places: FairSemaphore,
    running: FairSemaphore,
}

pub struct WorkPermit {
    _running: FairPermit,
    _place: FairPermit,
}

impl WorkQueue {
    pub fn new(limited: bool) -> WorkQueue {
        WorkQueue {
            places: FairSemaphore::new(MAX_SLOW_PAGES + MAX_WAITING, limited),
            running: FairSemaphore::new(MAX_SLOW_PAGES, limited),
        }
    }

    pub fn refused(&self) -> u64 {
        self.places.refused()
    }

    /// Fails with `Overloaded` if the queue or the address's share of it is full.
    pub async fn acquire(&self, address: Option<IpAddr>) -> Result<WorkPermit, Overloaded> {
        let place = self.places.try_acquire(1, address)?;
        Ok(WorkPermit { _running: self.running.acquire(address).await?, _place: place })
    }
}

/// CPU-bound work such as Markdown rendering, run in chunks on the blocking pool.
pub struct WorkerPool {
    pieces: FairSemaphore,
    large_pages: FairSemaphore,
}

impl WorkerPool {
    pub fn new(limited: bool) -> WorkerPool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        WorkerPool {
            pieces: FairSemaphore::new(processors, limited),
            large_pages: FairSemaphore::new(MAX_LARGE_PAGES, limited),
        }
    }

    /// The pool for `address`; `None` for a proxy that names no client.
    pub fn of(&self, address: Option<IpAddr>) -> Workers<'_> {
        Workers { pool: self, address }
    }
}

#[derive(Clone, Copy)]
pub struct Workers<'a> {
    pool: &'a WorkerPool,
    pub address: Option<IpAddr>,
}

impl Workers<'_> {
    /// Runs a chunk of a few milliseconds; split longer work.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        run_blocking(self.pool.pieces.acquire(self.address).await?, work).await
    }

    /// Permit for a render-heavy page.
    pub async fn large_page(self) -> Result<FairPermit, Error> {
        Ok(self.pool.large_pages.acquire(self.address).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn no_more_pieces_are_worked_on_at_once_than_there_are_processors() {
        let pool = Arc::new(WorkerPool::new(false));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let pieces = (0..32).map(|_| {
            let (pool, now, most) = (Arc::clone(&pool), Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                pool.of(Some(IpAddr::from([192, 0, 2, 1]))).run(work).await.expect("done");
            })
        });
        for piece in pieces.collect::<Vec<_>>() {
            piece.await.expect("done");
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(most.load(Ordering::SeqCst) <= processors);
    }

    #[tokio::test]
    async fn one_address_does_not_fill_the_queue() {
        let queue = Arc::new(WorkQueue::new(true));
        let of = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let first = queue.acquire(of(1)).await.expect("free");
        let waiting: Vec<_> = (0..MAX_WAITING)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { queue.acquire(of(1)).await.map(drop) })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(queue.acquire(of(2)).await.is_ok(), "another address has its turn at once");
        drop(first);
        let mut refused = 0;
        for one in waiting {
            refused += usize::from(one.await.expect("no panic").is_err());
        }
        assert_eq!(refused, MAX_WAITING + 1 - (MAX_SLOW_PAGES + MAX_WAITING).div_ceil(4));
    }
}
