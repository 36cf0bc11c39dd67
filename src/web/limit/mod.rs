//! Rate limits: the buckets of the table in `domain/rate_limits.rs`, and of logins, links and requests.

mod keyed_limiter;
mod login_limiter;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::response::Response;
use http::header::RETRY_AFTER;

pub use self::keyed_limiter::Reserved;
use self::keyed_limiter::{KeyedLimiter, RetryAfter};
pub use self::login_limiter::LoginLimiter;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::domain::origin::Width;
use crate::domain::policy::Policy;
use crate::domain::rate_limits::{LimitedAction, RateLimit, RateLimitReason, RateLimitScope, RateLimited, links_in};
use crate::domain::user::{Member, UserId};
use crate::web::error::status_of;

const HOUR: Duration = Duration::from_secs(3_600);

/// What a bucket is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LimitKey {
    Account(UserId),
    /// The first address of a network; and whether it counts new accounts and strangers.
    Network(IpAddr, bool),
    Site,
    /// A name that strangers try to log in as, and from which network.
    LoginName(String, Option<IpAddr>),
}

/// Who does something, as rate limits count them.
#[derive(Clone, Copy)]
struct Actor {
    account: Option<UserId>,
    /// A new account, or somebody without one.
    is_new: bool,
    is_limited_by_moderator: bool,
    ip: IpAddr,
}

impl Actor {
    /// The bucket of a limit for them; none where it does not apply to them.
    fn key(&self, scope: RateLimitScope) -> Option<LimitKey> {
        let account = self.account.map(LimitKey::Account);
        let network = |width: Width| LimitKey::Network(width.network(self.ip), self.is_new);
        match scope {
            RateLimitScope::Account => account,
            RateLimitScope::NewAccount { .. } => account.filter(|_| self.is_new),
            RateLimitScope::LimitedAccount => account.filter(|_| self.is_limited_by_moderator),
            RateLimitScope::Address => Some(network(Width::Near)),
            RateLimitScope::Network => self.is_new.then(|| network(Width::Middle)),
            RateLimitScope::Site => self.is_new.then_some(LimitKey::Site),
        }
    }
}

pub struct RateLimiter {
    policy: Policy,
    per_action: Vec<(RateLimit, KeyedLimiter)>,
    links: KeyedLimiter,
    requests: KeyedLimiter,
    pub logins: LoginLimiter,
}

impl RateLimiter {
    pub fn new(config: &Config, clock: &Clock) -> RateLimiter {
        let on = config.limits.is_on();
        let policy = config.policy();
        let limit = |limit: RateLimit| {
            let per = Duration::from_secs(u64::try_from(limit.per).unwrap_or(0));
            (limit, KeyedLimiter::new(limit.times, per, clock, on))
        };
        RateLimiter {
            per_action: policy.rate_limits().into_iter().map(limit).collect(),
            links: KeyedLimiter::new(policy.rates.links_per_hour_new, HOUR, clock, on),
            // Never is no setting of this: it keeps the site in reach of whoever runs it.
            requests: KeyedLimiter::new(config.requests_per_minute.max(1), Duration::from_secs(60), clock, on),
            logins: LoginLimiter::new(config.log_ins_per_hour, clock, on),
            policy,
        }
    }

    fn take(&self, action: LimitedAction, actor: Actor) -> Result<Reserved<'_>, RateLimited> {
        let mut reserved = Reserved::default();
        for (limit, buckets) in self.per_action.iter().filter(|(limit, _)| limit.actions.contains(&action)) {
            if let Some(key) = actor.key(limit.scope) {
                reserved
                    .take(buckets, key, NonZeroU32::MIN)
                    .map_err(|retry_after| limited(RateLimitReason::Limit(*limit, action), retry_after))?;
            }
        }
        Ok(reserved)
    }

    /// An account made or asked for from this address.
    pub fn check_signup(&self, ip: IpAddr) -> Result<Reserved<'_>, RateLimited> {
        self.take(LimitedAction::SignUp, Actor { account: None, is_new: true, is_limited_by_moderator: false, ip })
    }

    /// Whether a member may do something once more, which is counted.
    pub fn check(&self, action: LimitedAction, member: &Member, ip: IpAddr, now: Timestamp) -> Result<(), RateLimited> {
        self.reserve(action, member, ip, now).map(Reserved::commit)
    }

    /// The same, counted once it is done.
    fn reserve(
        &self,
        action: LimitedAction,
        member: &Member,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let is_new = member.is_limited_as_new(&self.policy, now);
        let is_limited_by_moderator = member.is_limited_by_moderator(now);
        self.take(action, Actor { account: Some(member.id), is_new, is_limited_by_moderator, ip })
    }

    /// The same for a text and what it was before, if anything. The links that a new account adds are counted too,
    /// unless the action is refused.
    pub fn check_text(
        &self,
        action: LimitedAction,
        (text, before): (&str, &str),
        member: &Member,
        ip: IpAddr,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let is_new = member.is_limited_as_new(&self.policy, now);
        let more = if is_new { links_in(text).saturating_sub(links_in(before)) } else { 0 };
        let found = u32::try_from(more).unwrap_or(u32::MAX);
        let reason = RateLimitReason::Links { times: self.policy.rates.links_per_hour_new, found };
        let many = NonZeroU32::new(found);
        if many.is_some_and(|many| !self.links.can_ever_hold(many)) {
            return Err(limited(reason, RetryAfter::Never));
        }
        let mut reserved = self.reserve(action, member, ip, now)?;
        if let Some(many) = many {
            let taken = reserved.take(&self.links, LimitKey::Account(member.id), many);
            taken.map_err(|retry_after| limited(reason, retry_after))?;
        }
        Ok(reserved)
    }

    /// A request of any kind.
    pub fn check_request(&self, ip: IpAddr) -> Result<(), RateLimited> {
        let taken = self.requests.take(&LimitKey::Network(ip, false), NonZeroU32::MIN);
        taken.map_err(|retry_after| limited(RateLimitReason::Requests, retry_after))
    }

    /// Drops the buckets that are full again.
    pub fn remove_idle(&self) {
        self.per_action.iter().for_each(|(_, limit)| limit.remove_idle());
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

/// A form that is shown again with its text, as a rate limited response.
pub fn with_status(mut form: Response, limited: &RateLimited) -> Response {
    *form.status_mut() = status_of(limited);
    if let Some(seconds) = limited.wait {
        form.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    form
}
