//! A semaphore of which one address may hold a share only.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::web::error::Error;

/// One address may hold this part of all permits: a quarter.
const SHARE: usize = 4;

pub struct FairSemaphore {
    all: usize,
    left: Arc<Semaphore>,
    /// How many permits each address holds; none are counted where limits are off.
    held: Option<Held>,
}

type Held = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Permits, given back when dropped.
#[derive(Debug)]
pub struct FairPermit {
    many: usize,
    _permit: OwnedSemaphorePermit,
    of: Option<(Held, IpAddr)>,
}

impl FairPermit {
    pub fn many(&self) -> usize {
        self.many
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        let Some((held, address)) = &self.of else { return };
        let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(many) = held.get_mut(address) {
            *many = many.saturating_sub(self.many);
            if *many == 0 {
                held.remove(address);
            }
        }
    }
}

impl FairSemaphore {
    pub fn new(all: usize, limited: bool) -> FairSemaphore {
        let all = all.clamp(1, Semaphore::MAX_PERMITS);
        FairSemaphore { all, left: Arc::new(Semaphore::new(all)), held: limited.then(Held::default) }
    }

    pub fn all(&self) -> usize {
        self.all
    }

    pub fn left(&self) -> usize {
        self.left.available_permits()
    }

    /// So many permits for an address, or for none where nobody's share is to be counted. An address that holds none may have as many as
    /// it needs at once.
    ///
    /// # Errors
    /// `Busy` where there are not as many, or the address would hold more than its share.
    pub fn take(&self, many: usize, address: Option<IpAddr>) -> Result<FairPermit, Error> {
        let permits = u32::try_from(many).map_err(|_| Error::Busy)?;
        let permit = Arc::clone(&self.left).try_acquire_many_owned(permits).map_err(|_| Error::Busy)?;
        let (Some(held), Some(address)) = (&self.held, address) else {
            return Ok(FairPermit { many, _permit: permit, of: None });
        };
        let mut counts = held.lock().unwrap_or_else(PoisonError::into_inner);
        let before = counts.get(&address).copied().unwrap_or(0);
        if before > 0 && before + many > self.all.div_ceil(SHARE) {
            return Err(Error::Busy);
        }
        counts.insert(address, before + many);
        Ok(FairPermit { many, _permit: permit, of: Some((Arc::clone(held), address)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_more_than_a_quarter_and_all_together_no_more_than_there_is() {
        let stock = FairSemaphore::new(8, true);
        let address = |last: u8| Some(IpAddr::from([192, 0, 2, last]));
        let mut taken = vec![stock.take(1, address(1)).expect("one"), stock.take(1, address(1)).expect("two")];
        assert!(stock.take(1, address(1)).is_err(), "a quarter is two");
        for last in 2..5 {
            taken.push(stock.take(2, address(last)).expect("their share"));
        }
        assert!(stock.take(1, address(5)).is_err() && stock.take(1, None).is_err(), "nothing is left");
        taken.remove(0);
        assert!(stock.take(2, address(1)).is_err(), "one is left");
        drop(stock.take(1, address(1)).expect("given back"));
        assert!(stock.take(1, None).is_ok());
        taken.clear();
        assert!(stock.take(8, None).is_ok(), "who stands for many has no share");
        assert!(stock.take(5, address(1)).is_ok(), "more than a share goes out by itself");
        assert!(stock.held.as_ref().is_some_and(|held| held.lock().expect("counts").is_empty()));
    }
}
