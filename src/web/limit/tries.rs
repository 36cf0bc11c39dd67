//! Tries at a form that judges or hashes a password.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::buckets::{Limit, Taken};
use super::{Address, HOUR, Key, held};
use crate::clock::Clock;
use crate::domain::brake::{Held, Why};
use crate::domain::origin::Width;
use crate::domain::user::UserId;

/// How many times as often as one address a network may try.
const NETWORK: u32 = 4;
/// How many times as often all strangers together may try one account before each of the wider networks has [`SIEGED`].
const ACCOUNT: u32 = 10;
/// The part of an address's tries that a wider network has at an account that is tried from everywhere: its owner gets in from a new
/// browser all the same.
const SIEGED: u32 = 10;
const ONE: NonZeroU32 = NonZeroU32::MIN;

pub struct Tries {
    usual: Limit,
    network: Limit,
    account: Limit,
    sieged: Limit,
}

impl Tries {
    /// `times` an hour; never is no setting of this, for whoever runs the site would not get in.
    pub fn new(times: u32, clock: &Clock, on: bool) -> Tries {
        let limit = |times: u32| Limit::new(times.max(1), HOUR, clock, on);
        Tries {
            usual: limit(times),
            network: limit(times.saturating_mul(NETWORK)),
            account: limit(times.saturating_mul(ACCOUNT)),
            sieged: limit(times / SIEGED),
        }
    }

    /// One try of somebody unknown from an address, whatever account it is at.
    pub fn from(&self, address: Address) -> Result<Taken<'_>, Held> {
        let mut taken = Taken::default();
        self.take_from(&mut taken, address.network())?;
        Ok(taken)
    }

    /// One try to log in as `name`. A browser that the account knows is counted by itself, so that guesses made elsewhere never lock the
    /// owner out.
    pub fn log_in(&self, known: Option<UserId>, name: &str, address: Address) -> Result<Taken<'_>, Held> {
        let mut taken = Taken::default();
        if let Some(user) = known {
            take(&mut taken, &self.usual, Key::Account(user))?;
            return Ok(taken);
        }
        let ip = address.network();
        self.take_from(&mut taken, ip)?;
        let name: String = name.chars().take(64).flat_map(char::to_lowercase).collect();
        take(&mut taken, &self.usual, Key::Name(name.clone(), Some(Width::Middle.network(ip))))?;
        if take(&mut taken, &self.account, Key::Name(name.clone(), None)).is_err() {
            take(&mut taken, &self.sieged, Key::Name(name, Some(Width::Wide.network(ip))))?;
        }
        Ok(taken)
    }

    fn take_from<'a>(&'a self, taken: &mut Taken<'a>, ip: IpAddr) -> Result<(), Held> {
        take(taken, &self.network, Key::Network(Width::Middle.network(ip), true))?;
        take(taken, &self.usual, Key::Network(ip, true))
    }

    pub fn forget_idle(&self) {
        [&self.usual, &self.network, &self.account, &self.sieged].into_iter().for_each(Limit::forget_idle);
    }
}

fn take<'a>(taken: &mut Taken<'a>, limit: &'a Limit, key: Key) -> Result<(), Held> {
    taken.take(limit, key, ONE).map_err(|empty| held(Why::Tries, empty))
}
