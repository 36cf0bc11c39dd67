//! Limits of tries at a form that judges or hashes a password.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::keyed_limiter::{KeyedLimiter, Rate, Reserved};
use super::{HOUR, LimitKey, limited};
use crate::clock::Clock;
use crate::domain::accounts::ip_hash::Prefix;
use crate::domain::accounts::user::UserId;
use crate::domain::limits::rate_limits::{RateLimitReason, RateLimited};

/// How many times as often as one address a network may try.
const NETWORK_FACTOR: u32 = 4;
/// How many times as often all strangers together may try one account, before [`BESIEGED_FRACTION`].
const ACCOUNT_FACTOR: u32 = 10;
/// The part of an address's tries that each wider network then has, so that the owner gets in.
const BESIEGED_FRACTION: u32 = 10;
const ONE: NonZeroU32 = NonZeroU32::MIN;

pub struct LoginLimiter {
    usual: KeyedLimiter,
    network: KeyedLimiter,
    account: KeyedLimiter,
    besieged: KeyedLimiter,
}

impl LoginLimiter {
    pub fn new(clock: &Clock, on: bool) -> LoginLimiter {
        let limit = || KeyedLimiter::new(clock, on);
        LoginLimiter { usual: limit(), network: limit(), account: limit(), besieged: limit() }
    }

    /// One try of somebody unknown from an address, whatever account it is at.
    pub fn check_address(&self, ip: IpAddr, times: u32) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        self.reserve_address(&mut reserved, ip, times)?;
        Ok(reserved)
    }

    /// One try to log in as `name`. A browser that the account knows is counted by itself, so that guesses made
    /// elsewhere never lock the owner out.
    pub fn check_login(
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
            LimitKey::LoginName(name.clone(), Some(Prefix::Middle.network(ip))),
            times,
        )?;
        let all = times.saturating_mul(ACCOUNT_FACTOR);
        if take(&mut reserved, &self.account, LimitKey::LoginName(name.clone(), None), all).is_err() {
            let wide = LimitKey::LoginName(name, Some(Prefix::Wide.network(ip)));
            take(&mut reserved, &self.besieged, wide, times / BESIEGED_FRACTION)?;
        }
        Ok(reserved)
    }

    fn reserve_address<'a>(
        &'a self,
        reserved: &mut Reserved<'a>,
        ip: IpAddr,
        times: u32,
    ) -> Result<(), RateLimited> {
        let all = times.saturating_mul(NETWORK_FACTOR);
        take(reserved, &self.network, LimitKey::Network(Prefix::Middle.network(ip), true), all)?;
        take(reserved, &self.usual, LimitKey::Network(ip, true), times)
    }

    pub fn remove_idle(&self) {
        [&self.usual, &self.network, &self.account, &self.besieged]
            .into_iter()
            .for_each(KeyedLimiter::remove_idle);
    }
}

/// Takes of `times` an hour; never is no setting of this, for whoever runs the site would not get in.
fn take<'a>(
    reserved: &mut Reserved<'a>,
    limit: &'a KeyedLimiter,
    key: LimitKey,
    times: u32,
) -> Result<(), RateLimited> {
    let rate = Rate { times: times.max(1), per: HOUR };
    reserved.take(limit, key, ONE, rate).map_err(|retry_after| limited(RateLimitReason::Tries, retry_after))
}
