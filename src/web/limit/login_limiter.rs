//! Limits of tries at a form that judges or hashes a password.

use std::net::IpAddr;
use std::num::NonZeroU32;

use super::keyed_limiter::{KeyedLimiter, Reserved};
use super::{HOUR, LimitKey, limited};
use crate::clock::Clock;
use crate::domain::origin::Width;
use crate::domain::rate_limits::{RateLimitReason, RateLimited};
use crate::domain::user::UserId;

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
    /// `times` an hour; never is no setting of this, for whoever runs the site would not get in.
    pub fn new(times: u32, clock: &Clock, on: bool) -> LoginLimiter {
        let limit = |times: u32| KeyedLimiter::new(times.max(1), HOUR, clock, on);
        LoginLimiter {
            usual: limit(times),
            network: limit(times.saturating_mul(NETWORK_FACTOR)),
            account: limit(times.saturating_mul(ACCOUNT_FACTOR)),
            besieged: limit(times / BESIEGED_FRACTION),
        }
    }

    /// One try of somebody unknown from an address, whatever account it is at.
    pub fn check_address(&self, ip: IpAddr) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        self.reserve_address(&mut reserved, ip)?;
        Ok(reserved)
    }

    /// One try to log in as `name`. A browser that the account knows is counted by itself, so that guesses made
    /// elsewhere never lock the owner out.
    pub fn check_login(&self, known: Option<UserId>, name: &str, ip: IpAddr) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        if let Some(user) = known {
            take(&mut reserved, &self.usual, LimitKey::Account(user))?;
            return Ok(reserved);
        }
        self.reserve_address(&mut reserved, ip)?;
        let name: String = name.chars().take(64).flat_map(char::to_lowercase).collect();
        take(&mut reserved, &self.usual, LimitKey::LoginName(name.clone(), Some(Width::Middle.network(ip))))?;
        if take(&mut reserved, &self.account, LimitKey::LoginName(name.clone(), None)).is_err() {
            take(&mut reserved, &self.besieged, LimitKey::LoginName(name, Some(Width::Wide.network(ip))))?;
        }
        Ok(reserved)
    }

    fn reserve_address<'a>(&'a self, reserved: &mut Reserved<'a>, ip: IpAddr) -> Result<(), RateLimited> {
        take(reserved, &self.network, LimitKey::Network(Width::Middle.network(ip), true))?;
        take(reserved, &self.usual, LimitKey::Network(ip, true))
    }

    pub fn remove_idle(&self) {
        [&self.usual, &self.network, &self.account, &self.besieged].into_iter().for_each(KeyedLimiter::remove_idle);
    }
}

fn take<'a>(reserved: &mut Reserved<'a>, limit: &'a KeyedLimiter, key: LimitKey) -> Result<(), RateLimited> {
    reserved.take(limit, key, ONE).map_err(|retry_after| limited(RateLimitReason::Tries, retry_after))
}
