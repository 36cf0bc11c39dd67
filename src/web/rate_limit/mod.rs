//! Rate limits: those of `domain/limits/rate_limits.rs`, and of log-ins, links and requests.

mod keyed_limiter;
mod login_limiter;
mod reserved;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::response::Response;
use http::header::RETRY_AFTER;

use self::keyed_limiter::{KeyedLimiter, Rate, RetryAfter};
pub use self::login_limiter::LoginLimiter;
pub use self::reserved::Reserved;
use crate::clock::{Clock, Timestamp};
use crate::domain::accounts::ip_hash::Prefix;
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::limits::policy::Policy;
use crate::domain::limits::rate_limits::{
    LimitedAction, RATE_LIMITS, RateLimitReason, RateLimitScope, RateLimited, links_in,
};
use crate::web::error::status_of;

const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LimitKey {
    Account(UserId),
    /// An address or network, by its first address; `true` for new accounts and visitors.
    Prefix(IpAddr, bool),
    Site,
    /// An account name, and the network of the attempts.
    LoginName(String, Option<IpAddr>),
}

#[derive(Clone, Copy)]
struct Actor {
    account: Option<UserId>,
    /// A new account or a visitor.
    is_new: bool,
    is_limited_by_moderator: bool,
    ip: IpAddr,
}

impl Actor {
    fn visitor(ip: IpAddr) -> Actor {
        Actor { account: None, is_new: true, is_limited_by_moderator: false, ip }
    }

    /// The bucket's key; `None` if the limit does not apply.
    fn key(&self, scope: RateLimitScope) -> Option<LimitKey> {
        let account = self.account.map(LimitKey::Account);
        let network = |prefix: Prefix| LimitKey::Prefix(prefix.network(self.ip), self.is_new);
        match scope {
            RateLimitScope::Account => account,
            RateLimitScope::NewAccount { .. } => account.filter(|_| self.is_new),
            RateLimitScope::LimitedAccount => account.filter(|_| self.is_limited_by_moderator),
            RateLimitScope::Address => Some(network(Prefix::Address)),
            RateLimitScope::Subnet => self.is_new.then(|| network(Prefix::Subnet)),
            RateLimitScope::Site => self.is_new.then_some(LimitKey::Site),
        }
    }
}

/// Rates are passed with each call, because they can be reconfigured.
pub struct RateLimiter {
    /// In the order of [`Policy::rate_limits`].
    per_action: [KeyedLimiter; RATE_LIMITS],
    links: KeyedLimiter,
    requests: KeyedLimiter,
    pub logins: LoginLimiter,
}

impl RateLimiter {
    pub fn new(clock: &Clock, on: bool) -> RateLimiter {
        let limit = |name: &str| KeyedLimiter::new(name, clock, on);
        RateLimiter {
            per_action: std::array::from_fn(|nth| limit(&format!("actions {nth}"))),
            links: limit("links"),
            requests: limit("requests"),
            logins: LoginLimiter::new(clock, on),
        }
    }

    fn take(
        &self,
        action: LimitedAction,
        actor: Actor,
        policy: &Policy,
    ) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        let limits = policy.rate_limits().into_iter().zip(&self.per_action);
        for (limit, buckets) in limits.filter(|(limit, _)| limit.actions.contains(&action)) {
            if let Some(key) = actor.key(limit.scope) {
                let per = Duration::from_secs(u64::try_from(limit.per).unwrap_or(0));
                let rate = Rate { times: limit.times, per };
                let why = RateLimitReason::Limit(limit, action);
                reserved.take(buckets, key, NonZeroU32::MIN, rate, why)?;
            }
        }
        Ok(reserved)
    }

    pub fn check_signup(&self, ip: IpAddr, policy: &Policy) -> Result<Reserved<'_>, RateLimited> {
        self.take(LimitedAction::SignUp, Actor::visitor(ip), policy)
    }

    pub fn check_lost_password(&self, ip: IpAddr, policy: &Policy) -> Result<(), RateLimited> {
        self.take(LimitedAction::LostPassword, Actor::visitor(ip), policy).map(Reserved::keep)
    }

    /// What somebody without an account writes to the moderators.
    pub fn check_visitor(
        &self,
        action: LimitedAction,
        ip: IpAddr,
        policy: &Policy,
    ) -> Result<(), RateLimited> {
        self.take(action, Actor::visitor(ip), policy).map(Reserved::keep)
    }

    pub fn check(
        &self,
        action: LimitedAction,
        member: &Member,
        ip: IpAddr,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<(), RateLimited> {
        self.reserve(action, member, ip, policy, now).map(Reserved::keep)
    }

    /// The same, committed by the caller once the action is done.
    fn reserve(
        &self,
        action: LimitedAction,
        member: &Member,
        ip: IpAddr,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let is_new = member.is_limited_as_new(policy, now);
        let is_limited_by_moderator = member.is_limited_by_moderator(now);
        self.take(action, Actor { account: Some(member.id), is_new, is_limited_by_moderator, ip }, policy)
    }

    /// The same for a text and its previous version; links added by a new account are limited too.
    pub fn check_text(
        &self,
        action: LimitedAction,
        (text, before): (&str, &str),
        member: &Member,
        ip: IpAddr,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let is_new = member.is_limited_as_new(policy, now);
        let more = if is_new { links_in(text).saturating_sub(links_in(before)) } else { 0 };
        let found = u32::try_from(more).unwrap_or(u32::MAX);
        let rate = Rate { times: policy.new_account_links_per_hour, per: HOUR };
        let reason = RateLimitReason::Links { times: rate.times, found };
        let many = NonZeroU32::new(found);
        if many.is_some_and(|many| !self.links.can_ever_hold(many, rate)) {
            return Err(limited(reason, RetryAfter::Never));
        }
        let mut reserved = self.reserve(action, member, ip, policy, now)?;
        if let Some(many) = many {
            reserved.take(&self.links, LimitKey::Account(member.id), many, rate, reason)?;
        }
        Ok(reserved)
    }

    pub fn check_request(&self, ip: IpAddr, times: u32) -> Result<(), RateLimited> {
        // With 0, nobody could reach the site to change it.
        let rate = Rate { times: times.max(1), per: Duration::from_secs(60) };
        let taken = self.requests.take(&LimitKey::Prefix(ip, false), NonZeroU32::MIN, rate);
        taken.map(drop).map_err(|retry_after| limited(RateLimitReason::Requests, retry_after))
    }

    /// How often each kind of limit refused something.
    pub fn refused(&self) -> [(&'static str, u64); 3] {
        let actions = self.per_action.iter().chain([&self.links]).map(KeyedLimiter::refused).sum();
        [("requests", self.requests.refused()), ("logins", self.logins.refused()), ("actions", actions)]
    }

    pub fn remove_idle(&self) {
        self.per_action.iter().for_each(KeyedLimiter::remove_idle);
        self.links.remove_idle();
        self.requests.remove_idle();
        self.logins.remove_idle();
    }
}

fn limited(why: RateLimitReason, retry_after: RetryAfter) -> RateLimited {
    let wait = match retry_after {
        RetryAfter::Seconds(seconds) => Some(seconds),
        RetryAfter::Never => None,
    };
    RateLimited { why, wait }
}

/// Adds status and headers of a rate limited response to a form.
pub fn with_status(mut form: Response, limited: &RateLimited) -> Response {
    *form.status_mut() = status_of(limited);
    if let Some(seconds) = limited.wait {
        form.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    form
}
