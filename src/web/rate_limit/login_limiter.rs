//! Rate limits for log-ins and sign-ups.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::keyed_limiter::{KeyedLimiter, Rate};
use super::reserved::Reserved;
use super::{HOUR, LimitKey};
use crate::clock::{Clock, Timestamp};
use crate::domain::accounts::ip_hash::Prefix;
use crate::domain::accounts::user::UserId;
use crate::domain::limits::rate_limits::{RateLimitReason, RateLimited};
use crate::metrics::Counter;
use crate::store::{self, Store};

/// A network's limit as a multiple of an address's.
const NETWORK_FACTOR: u32 = 4;
/// An account's limit for strangers as a multiple of an address's; see [`BESIEGED_FRACTION`].
const ACCOUNT_FACTOR: u32 = 10;
/// The fraction of an address's limit that each wider network then has, so that the owner can still log in.
const BESIEGED_FRACTION: u32 = 10;
/// Wrong codes of an account in an hour, from browsers that it does not know: of a million codes, three are
/// right at a time.
const STRANGERS_CODES: u32 = 10;
const ONE: NonZeroU32 = NonZeroU32::MIN;

pub struct LoginLimiter {
    usual: KeyedLimiter,
    network: KeyedLimiter,
    account: KeyedLimiter,
    besieged: KeyedLimiter,
    codes: KeyedLimiter,
    refused: Counter,
}

impl LoginLimiter {
    pub fn new(clock: &Clock, on: bool) -> LoginLimiter {
        let limit = |name| KeyedLimiter::new(name, clock, on);
        LoginLimiter {
            usual: limit("log-ins"),
            network: limit("log-ins of a network"),
            account: limit("log-ins to an account"),
            besieged: limit("log-ins to a besieged account"),
            codes: limit("codes of an account"),
            refused: Counter::default(),
        }
    }

    pub fn refused(&self) -> u64 {
        self.refused.value()
    }

    /// Counts what one of its limits refused.
    fn counted<T>(&self, checked: Result<T, RateLimited>) -> Result<T, RateLimited> {
        checked.inspect_err(|_| self.refused.increment())
    }

    /// An attempt from an address, for any account.
    pub fn check_address(&self, ip: IpAddr, times: u32) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        self.counted(self.reserve_address(&mut reserved, ip, times))?;
        Ok(reserved)
    }

    /// A login attempt. Known browsers count separately, so that attempts elsewhere never lock the owner out.
    fn check_login(
        &self,
        known: Option<UserId>,
        name: &str,
        ip: IpAddr,
        times: u32,
    ) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        if let Some(user) = known {
            take(&mut reserved, &self.usual, LimitKey::Account(user), times)?;
            return Ok(reserved);
        }
        self.reserve_address(&mut reserved, ip, times)?;
        let name: String = name.chars().take(64).flat_map(char::to_lowercase).collect();
        take(
            &mut reserved,
            &self.usual,
            LimitKey::LoginName(name.clone(), Some(Prefix::Subnet.network(ip))),
            times,
        )?;
        let all = times.saturating_mul(ACCOUNT_FACTOR);
        if take(&mut reserved, &self.account, LimitKey::LoginName(name.clone(), None), all).is_err() {
            let by_network = LimitKey::LoginName(name, Some(Prefix::Network.network(ip)));
            take(&mut reserved, &self.besieged, by_network, times / BESIEGED_FRACTION)?;
        }
        Ok(reserved)
    }

    /// The same on all nodes together. What the account's bucket of all nodes refuses is asked for again, as
    /// a besieged account has other buckets.
    pub async fn check_shared_login(
        &self,
        store: &Store,
        now: Timestamp,
        (known, name): (Option<UserId>, &str),
        ip: IpAddr,
        times: u32,
    ) -> store::Result<Result<Reserved<'_>, RateLimited>> {
        let reserved = self.check_login(known, name, ip, times);
        let reserved = match Reserved::share(reserved, store, now).await? {
            Err(_) => Reserved::share(self.check_login(known, name, ip, times), store, now).await?,
            reserved => reserved,
        };
        Ok(self.counted(reserved))
    }

    /// A code of a second factor, on all nodes together. Only somebody who knows the password gets here, so
    /// that strangers share one limit; known browsers have another.
    pub async fn check_shared_code(
        &self,
        store: &Store,
        now: Timestamp,
        (known, user): (Option<UserId>, UserId),
        ip: IpAddr,
        times: u32,
    ) -> store::Result<Result<Reserved<'_>, RateLimited>> {
        let mut reserved = Reserved::default();
        let taken = match known {
            Some(user) => take(&mut reserved, &self.usual, LimitKey::Account(user), times),
            None => self.reserve_address(&mut reserved, ip, times).and_then(|()| {
                take(&mut reserved, &self.codes, LimitKey::Account(user), STRANGERS_CODES.min(times))
            }),
        };
        Ok(self.counted(Reserved::share(taken.map(|()| reserved), store, now).await?))
    }

    /// A challenge for a passkey, on all nodes together. It does not say whose; `known` is the owner of the
    /// browser that asks.
    pub async fn check_shared_challenge(
        &self,
        store: &Store,
        now: Timestamp,
        known: Option<UserId>,
        ip: IpAddr,
        times: u32,
    ) -> store::Result<Result<Reserved<'_>, RateLimited>> {
        let mut reserved = Reserved::default();
        let taken = match known {
            Some(user) => take(&mut reserved, &self.usual, LimitKey::Account(user), times),
            None => self.reserve_address(&mut reserved, ip, times),
        };
        Ok(self.counted(Reserved::share(taken.map(|()| reserved), store, now).await?))
    }

    fn reserve_address<'a>(
        &'a self,
        reserved: &mut Reserved<'a>,
        ip: IpAddr,
        times: u32,
    ) -> Result<(), RateLimited> {
        let all = times.saturating_mul(NETWORK_FACTOR);
        take(reserved, &self.network, LimitKey::Prefix(Prefix::Subnet.network(ip), true), all)?;
        take(reserved, &self.usual, LimitKey::Prefix(ip, true), times)
    }

    pub fn remove_idle(&self) {
        [&self.usual, &self.network, &self.account, &self.besieged, &self.codes]
            .into_iter()
            .for_each(KeyedLimiter::remove_idle);
    }
}

/// Takes one of `times` per hour; at least one, or the operator could be locked out.
fn take<'a>(
    reserved: &mut Reserved<'a>,
    limit: &'a KeyedLimiter,
    key: LimitKey,
    times: u32,
) -> Result<(), RateLimited> {
    let rate = Rate { times: times.max(1), per: HOUR };
    reserved.take(limit, key, ONE, rate, RateLimitReason::Tries)
}
