//! Tries at a form that judges or hashes a password.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::buckets::{Limit, Rate, Taken};
use super::{Address, HOUR, Key, held};
use crate::clock::Clock;
use crate::domain::brake::{Held, Why};
use crate::domain::origin::Width;
use crate::domain::user::UserId;

/// How many times as often as one address a network may try.
const NETWORK: u32 = 4;
/// How many times as often all strangers together may try one account before each of the wider networks has
/// [`SIEGED`].
const ACCOUNT: u32 = 10;
/// The part of an address's tries that a wider network has at an account that is tried from everywhere: its
/// owner gets in from a new browser all the same.
const SIEGED: u32 = 10;
const ONE: NonZeroU32 = NonZeroU32::MIN;

pub struct Tries {
    usual: Limit,
    network: Limit,
    account: Limit,
    sieged: Limit,
}

impl Tries {
    pub fn new(clock: &Clock, on: bool) -> Tries {
        let limit = || Limit::new(clock, on);
        Tries { usual: limit(), network: limit(), account: limit(), sieged: limit() }
    }

    /// One try of somebody unknown from an address, whatever account it is at.
    pub fn from(&self, address: Address, times: u32) -> Result<Taken<'_>, Held> {
        let mut taken = Taken::default();
        self.take_from(&mut taken, address.network(), times)?;
        Ok(taken)
    }

    /// One try to log in as `name`. A browser that the account knows is counted by itself, so that guesses
    /// made elsewhere never lock the owner out.
    pub fn log_in(&self, known: Option<UserId>, name: &str, address: Address, times: u32) -> Result<Taken<'_>, Held> {
        let mut taken = Taken::default();
        if let Some(user) = known {
            take(&mut taken, &self.usual, Key::Account(user), times)?;
            return Ok(taken);
        }
        let ip = address.network();
        self.take_from(&mut taken, ip, times)?;
        let name: String = name.chars().take(64).flat_map(char::to_lowercase).collect();
        take(&mut taken, &self.usual, Key::Name(name.clone(), Some(Width::Middle.network(ip))), times)?;
        let all = times.saturating_mul(ACCOUNT);
        if take(&mut taken, &self.account, Key::Name(name.clone(), None), all).is_err() {
            take(&mut taken, &self.sieged, Key::Name(name, Some(Width::Wide.network(ip))), times / SIEGED)?;
        }
        Ok(taken)
    }

    fn take_from<'a>(&'a self, taken: &mut Taken<'a>, ip: IpAddr, times: u32) -> Result<(), Held> {
        let all = times.saturating_mul(NETWORK);
        take(taken, &self.network, Key::Network(Width::Middle.network(ip), true), all)?;
        take(taken, &self.usual, Key::Network(ip, true), times)
    }

    pub fn forget_idle(&self) {
        [&self.usual, &self.network, &self.account, &self.sieged].into_iter().for_each(Limit::forget_idle);
    }
}

/// Takes from a bucket of `times` an hour; never is no setting of this, for whoever runs the site would not
/// get in.
fn take<'a>(taken: &mut Taken<'a>, limit: &'a Limit, key: Key, times: u32) -> Result<(), Held> {
    let rate = Rate { times: times.max(1), per: HOUR };
    taken.take(limit, key, ONE, rate).map_err(|empty| held(Why::Tries, empty))
}
