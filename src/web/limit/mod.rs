//! Rate limits: the buckets behind the table in `domain/rate_limits.rs`, and those of logins, links and requests.

mod keyed_limiter;
mod login_limiter;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::RETRY_AFTER;

pub use self::keyed_limiter::Reserved;
use self::keyed_limiter::{KeyedLimiter, RetryAfter};
pub use self::login_limiter::LoginLimiter;
use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::domain::origin::Width;
use crate::domain::rate_limits::{LimitedAction, RateLimit, RateLimitReason, RateLimitScope, RateLimited, links_in};
use crate::domain::user::{Member, UserId};
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::recovered_form;
use crate::web::state::App;

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
    from: ClientIp,
}

impl Actor {
    /// The bucket of a limit for them; none where it does not apply to them.
    fn key(&self, scope: RateLimitScope) -> Option<LimitKey> {
        let account = self.account.map(LimitKey::Account);
        let network = |width: Width| LimitKey::Network(width.network(self.from.network()), self.is_new);
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
    per_action: Vec<(RateLimit, KeyedLimiter)>,
    links: KeyedLimiter,
    links_per_hour: u32,
    requests: KeyedLimiter,
    pub logins: LoginLimiter,
}

impl RateLimiter {
    pub fn new(config: &Config, clock: &Clock) -> RateLimiter {
        let on = config.limits.is_on();
        let policy = config.policy();
        let rates = &policy.rates;
        let limit = |limit: RateLimit| {
            let per = Duration::from_secs(u64::try_from(limit.per).unwrap_or(0));
            (limit, KeyedLimiter::new(limit.times, per, clock, on))
        };
        RateLimiter {
            per_action: policy.rate_limits().into_iter().map(limit).collect(),
            links: KeyedLimiter::new(rates.links_per_hour_new, HOUR, clock, on),
            links_per_hour: rates.links_per_hour_new,
            // Never is no setting of this: it keeps the site in reach of whoever runs it.
            requests: KeyedLimiter::new(config.requests_per_minute.max(1), Duration::from_secs(60), clock, on),
            logins: LoginLimiter::new(config.log_ins_per_hour, clock, on),
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
    pub fn check_signup(&self, from: ClientIp) -> Result<Reserved<'_>, RateLimited> {
        self.take(LimitedAction::SignUp, Actor { account: None, is_new: true, is_limited_by_moderator: false, from })
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

impl App {
    /// Whether the limits let a member do something once more, which is counted.
    pub fn check_rate_limit(
        &self,
        action: LimitedAction,
        member: &Member,
        from: ClientIp,
        now: Timestamp,
    ) -> Result<(), RateLimited> {
        self.reserve(action, member, from, now).map(Reserved::commit)
    }

    /// The same, counted once it is done.
    fn reserve(
        &self,
        action: LimitedAction,
        member: &Member,
        from: ClientIp,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let (is_new, is_limited_by_moderator) =
            (member.is_limited_as_new(&self.policy, now), member.is_limited_by_moderator(now));
        self.limits.take(action, Actor { account: Some(member.id), is_new, is_limited_by_moderator, from })
    }

    /// The same for something with a text, whose links are counted too.
    pub fn check_post_rate_limit(
        &self,
        action: LimitedAction,
        text: &str,
        member: &Member,
        from: ClientIp,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        self.check_with_links(action, (text, ""), member, from, now)
    }

    /// The same for a text that was another one `before`.
    pub fn check_edit_rate_limit(
        &self,
        texts: (&str, &str),
        member: &Member,
        from: ClientIp,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        self.check_with_links(LimitedAction::Edit, texts, member, from, now)
    }

    /// Counts the action, and the links of a new account's text that it has more than `before`; none of them where the action is limited, and
    /// no action where there are too many links.
    fn check_with_links(
        &self,
        action: LimitedAction,
        (text, before): (&str, &str),
        member: &Member,
        from: ClientIp,
        now: Timestamp,
    ) -> Result<Reserved<'_>, RateLimited> {
        let more = links_in(text).saturating_sub(links_in(before));
        let found =
            if member.is_limited_as_new(&self.policy, now) { u32::try_from(more).unwrap_or(u32::MAX) } else { 0 };
        let links = &self.limits.links;
        let why = RateLimitReason::Links { times: self.limits.links_per_hour, found };
        let many = NonZeroU32::new(found);
        if many.is_some_and(|many| !links.can_ever_hold(many)) {
            return Err(limited(why, RetryAfter::Never));
        }
        let mut reserved = self.reserve(action, member, from, now)?;
        if let Some(many) = many {
            reserved
                .take(links, LimitKey::Account(member.id), many)
                .map_err(|retry_after| limited(why, retry_after))?;
        }
        Ok(reserved)
    }
}

/// A form that is shown again with its text, as a rate limited response.
pub fn with_form_status(mut form: Response, limited: &RateLimited) -> Response {
    *form.status_mut() = Error::RateLimited(limited.clone()).status();
    if let Some(seconds) = limited.wait {
        form.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    form
}

/// The limit that every request passes, whatever it is for.
pub async fn requests(State(app): State<App>, address: ClientIp, request: Request, next: Next) -> Response {
    match count(&app, address) {
        Ok(()) => next.run(request).await,
        Err(limited) => recovered_form::refuse_early(&app, limited, request).await,
    }
}

/// Why a request is refused that there is no time for. It counts like any other.
pub fn overloaded(app: &App, address: ClientIp) -> Error {
    count(app, address).err().unwrap_or(Error::Busy)
}

fn count(app: &App, address: ClientIp) -> Result<(), Error> {
    let reserved = app.limits.requests.take(&LimitKey::Network(address.network(), false), NonZeroU32::MIN);
    reserved.map_err(|retry_after| Error::RateLimited(limited(RateLimitReason::Requests, retry_after)))
}
