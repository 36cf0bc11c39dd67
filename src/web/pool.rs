//! Work that keeps a processor busy, such as rendering texts: done off the threads that answer, a few pieces at a time, and the pieces of
//! one address in turn, so that whoever asks for much waits behind themselves.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use crate::web::error::Error;

/// One address may have this part of all permits: a quarter.
const SHARE: usize = 4;
/// How many pages that need much work may be in the making at once: what is ready of them is in memory.
const LARGE: usize = 4;

/// Permits for all, and of them no more than a share for one address; both are given in the order in which they were asked for.
struct Permits {
    all: Arc<Semaphore>,
    share: usize,
    /// None where limits are off.
    queues: Option<Queues>,
}

type Queues = Arc<Mutex<HashMap<IpAddr, Queue>>>;

/// The permits of one address, and how many of its requests have one or wait for one.
struct Queue {
    permits: Arc<Semaphore>,
    users: usize,
}

/// A use of an address's queue, which is forgotten with its last one.
struct Use {
    queues: Queues,
    address: IpAddr,
    permits: Arc<Semaphore>,
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get_mut(&self.address) {
            queue.users = queue.users.saturating_sub(1);
            if queue.users == 0 {
                queues.remove(&self.address);
            }
        }
    }
}

/// A permit, given back when dropped.
pub struct Permit {
    _one: OwnedSemaphorePermit,
    _of_address: Option<(OwnedSemaphorePermit, Use)>,
}

impl Permits {
    fn new(all: usize, limited: bool) -> Permits {
        Permits {
            all: Arc::new(Semaphore::new(all)),
            share: all.div_ceil(SHARE),
            queues: limited.then(Queues::default),
        }
    }

    fn queue(&self, address: IpAddr) -> Option<Use> {
        let queues = self.queues.as_ref()?;
        let mut known = queues.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Queue { permits: Arc::new(Semaphore::new(self.share)), users: 0 };
        let queue = known.entry(address).or_insert_with(new);
        queue.users += 1;
        Some(Use { queues: Arc::clone(queues), address, permits: Arc::clone(&queue.permits) })
    }

    /// A permit for an address, or where nobody's share is to be counted, for none.
    async fn permit(&self, address: Option<IpAddr>) -> Result<Permit, Error> {
        let of_address = match address.and_then(|address| self.queue(address)) {
            Some(queue) => {
                let one = Arc::clone(&queue.permits).acquire_owned().await.map_err(Error::internal)?;
                Some((one, queue))
            }
            None => None,
        };
        let one = Arc::clone(&self.all).acquire_owned().await.map_err(Error::internal)?;
        Ok(Permit { _one: one, _of_address: of_address })
    }
}

pub struct Pool {
    pieces: Permits,
    large: Permits,
}

impl Pool {
    pub fn new(limited: bool) -> Pool {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Pool { pieces: Permits::new(processors, limited), large: Permits::new(LARGE, limited) }
    }

    /// The pool as `address` uses it; none is a proxy that stands for many.
    pub fn of(&self, address: Option<IpAddr>) -> Share<'_> {
        Share { pool: self, address }
    }
}

/// The pool, for one address.
#[derive(Clone, Copy)]
pub struct Share<'a> {
    pool: &'a Pool,
    pub address: Option<IpAddr>,
}

impl Share<'_> {
    /// Does a piece of work that takes milliseconds; what takes longer is to come in pieces, so that others have their turn between.
    pub async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permit = self.pool.pieces.permit(self.address).await?;
        // The work goes on when whoever asked goes away, and so does its permit.
        let done = spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.map_err(Error::internal)
    }

    /// Whoever makes a page that needs much work holds this while they do.
    pub async fn large(self) -> Result<Permit, Error> {
        self.pool.large.permit(self.address).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test]
    async fn an_address_waits_behind_itself_and_nobody_else_behind_it() {
        let permits = Permits::new(4, true);
        let first = permits.permit(address(1)).await.expect("one");
        let second = permits.permit(address(1));
        tokio::pin!(second);
        assert!(tokio::time::timeout(Duration::from_millis(10), &mut second).await.is_err(), "a quarter is one");
        let others = [permits.permit(address(2)).await, permits.permit(None).await, permits.permit(None).await];
        assert!(others.iter().all(Result::is_ok), "a proxy that names nobody has as many as there are");
        drop(first);
        assert!(second.await.is_ok());
        drop(others);
        let queues = permits.queues.as_ref().expect("limited").lock().expect("no panic");
        assert!(queues.is_empty(), "nothing is remembered of whoever waits no more");
    }

    #[tokio::test]
    async fn whoever_goes_away_leaves_the_queue() {
        let permits = Permits::new(1, true);
        let first = permits.permit(address(1)).await.expect("one");
        drop(tokio::time::timeout(Duration::from_millis(1), permits.permit(address(1))).await);
        drop(tokio::time::timeout(Duration::from_millis(1), permits.permit(address(2))).await);
        drop(first);
        assert!(permits.permit(address(2)).await.is_ok());
        assert!(permits.queues.as_ref().expect("limited").lock().expect("no panic").is_empty());
    }

    #[tokio::test]
    async fn no_more_pieces_are_worked_on_at_once_than_there_are_processors() {
        let pool = Arc::new(Pool::new(false));
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let pieces = (0..32).map(|_| {
            let (pool, now, most) = (Arc::clone(&pool), Arc::clone(&now), Arc::clone(&most));
            tokio::spawn(async move {
                let work = move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(2));
                    now.fetch_sub(1, Ordering::SeqCst);
                };
                pool.of(address(1)).run(work).await.expect("done");
            })
        });
        for piece in pieces.collect::<Vec<_>>() {
            piece.await.expect("done");
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        assert!(most.load(Ordering::SeqCst) <= processors);
    }
}
