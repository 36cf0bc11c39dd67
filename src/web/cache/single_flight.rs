//! Coalesces concurrent identical work.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OnceCell;

/// Flights by key, held weakly: a cache might retain evicted values after their last waiter.
pub struct SingleFlight<K, V>(Mutex<HashMap<K, Weak<OnceCell<V>>>>);

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> SingleFlight<K, V> {
        SingleFlight(Mutex::default())
    }
}

struct FlightGuard<'f, K: Hash + Eq, V>(&'f SingleFlight<K, V>, K);

impl<K: Hash + Eq, V> Drop for FlightGuard<'_, K, V> {
    fn drop(&mut self) {
        let FlightGuard(flights, key) = self;
        let mut flights = flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        if flights.get(key).is_some_and(|flight| flight.strong_count() == 0) {
            flights.remove(key);
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> SingleFlight<K, V> {
    /// Runs `work` once for all concurrent callers; if the first one is cancelled, the next takes over.
    pub async fn join(&self, key: K, work: impl Future<Output = V>) -> V {
        // Declared before the flight, so that it is dropped after it.
        let _leaving = FlightGuard(self, key.clone());
        let flight = self.flight(key);
        flight.get_or_init(|| work).await.clone()
    }

    fn flight(&self, key: K) -> Arc<OnceCell<V>> {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(under_way) = flights.get(&key).and_then(Weak::upgrade) {
            return under_way;
        }
        let flight = Arc::default();
        flights.insert(key, Arc::downgrade(&flight));
        flight
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn ask(
        flights: &Arc<SingleFlight<u8, Arc<str>>>,
        begun: &Arc<AtomicUsize>,
        go_on: &Arc<tokio::sync::Notify>,
    ) -> tokio::task::JoinHandle<Arc<str>> {
        let (flights, begun, go_on) = (Arc::clone(flights), Arc::clone(begun), Arc::clone(go_on));
        tokio::spawn(async move {
            let work = async {
                begun.fetch_add(1, Ordering::Relaxed);
                go_on.notified().await;
                Arc::from("done")
            };
            flights.join(1, work).await
        })
    }

    #[tokio::test]
    async fn work_is_done_once_for_all_and_nothing_of_it_stays() {
        let (flights, begun, go_on) =
            <(Arc<SingleFlight<u8, Arc<str>>>, Arc<AtomicUsize>, Arc<_>)>::default();
        let asking: Vec<_> = (0..20).map(|_| ask(&flights, &begun, &go_on)).collect();
        tokio::task::yield_now().await;
        go_on.notify_one();
        let mut done = Vec::new();
        for one in asking {
            done.push(Arc::downgrade(&one.await.expect("no panic")));
        }
        assert_eq!(begun.load(Ordering::Relaxed), 1);
        assert!(done.iter().all(|done| done.strong_count() == 0), "nobody holds it");
        assert!(flights.0.lock().expect("no panic").is_empty());
    }

    #[tokio::test]
    async fn the_next_one_does_the_work_of_whoever_went_away() {
        let (flights, begun, go_on) =
            <(Arc<SingleFlight<u8, Arc<str>>>, Arc<AtomicUsize>, Arc<_>)>::default();
        let [first, next] = [0; 2].map(|_| ask(&flights, &begun, &go_on));
        tokio::task::yield_now().await;
        first.abort();
        assert!(first.await.is_err());
        tokio::task::yield_now().await;
        go_on.notify_one();
        assert_eq!(&*next.await.expect("no panic"), "done");
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        let alone = ask(&flights, &begun, &go_on);
        tokio::task::yield_now().await;
        alone.abort();
        assert!(alone.await.is_err());
        assert!(
            flights.0.lock().expect("no panic").is_empty(),
            "nor does anything stay of work that nobody waits for"
        );
    }
}
