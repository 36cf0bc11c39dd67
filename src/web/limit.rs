//! How often: by account and by address, each action in its own buckets. Answers are the seconds to wait.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use crate::clock::Clock;
use crate::config::{Config, Nets};
use crate::domain::item::duration_words;
use crate::domain::origin::Width;
use crate::domain::user::UserId;
use crate::web::error::Error;
use crate::web::state::App;

/// Our clock as the limiter reads it.
#[derive(Debug, Clone)]
struct Ticks(Clock);

impl GovernorClock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.now().0).unwrap_or(0))
    }
}

type Buckets<K> = RateLimiter<K, DashMapStateStore<K>, Ticks, NoOpMiddleware<Duration>>;

/// One action's limit for each key; none where limits are off.
struct Limit<K: std::hash::Hash + Eq + Clone>(Option<(Buckets<K>, Ticks)>);

impl<K: std::hash::Hash + Eq + Clone> Limit<K> {
    fn new(times: u32, per: Duration, clock: &Clock, on: bool) -> Limit<K> {
        let times = NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN);
        let quota = per.checked_div(times.get()).and_then(Quota::with_period).filter(|_| on);
        let ticks = Ticks(clock.clone());
        Limit(quota.map(|quota| (RateLimiter::dashmap_with_clock(quota.allow_burst(times), ticks.clone()), ticks)))
    }

    fn take(&self, key: &K) -> Result<(), Error> {
        let Some((buckets, ticks)) = &self.0 else { return Ok(()) };
        buckets.check_key(key).map_err(|not_until| {
            let wait = not_until.wait_time_from(ticks.now());
            Error::TooMany(wait.as_secs().saturating_add(1))
        })
    }

    fn forget_idle(&self) {
        if let Some((buckets, _)) = &self.0 {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

/// Who tries to log in: tries are counted apart for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Guesser {
    /// A browser that the account has logged in from before.
    Known(UserId),
    Account(String),
    Address(IpAddr),
}

pub struct Limits {
    requests: Limit<IpAddr>,
    stories: Limit<UserId>,
    comments: Limit<UserId>,
    votes: Limit<UserId>,
    flags: Limit<UserId>,
    sign_ups: Limit<IpAddr>,
    log_ins: Limit<Guesser>,
    fetches: Limit<UserId>,
    invitations: Limit<UserId>,
    waiting: Arc<AtomicUsize>,
    trusted: Nets,
}

impl Limits {
    pub fn new(config: &Config, clock: &Clock) -> Limits {
        const HOUR: Duration = Duration::from_secs(3_600);
        let on = config.limits.is_on();
        Limits {
            requests: Limit::new(config.requests_per_minute, Duration::from_secs(60), clock, on),
            stories: Limit::new(config.stories_per_hour, HOUR, clock, on),
            comments: Limit::new(config.comments_per_hour, HOUR, clock, on),
            votes: Limit::new(config.votes_per_hour, HOUR, clock, on),
            flags: Limit::new(config.flags_per_hour, HOUR, clock, on),
            sign_ups: Limit::new(config.sign_ups_per_hour, HOUR, clock, on),
            log_ins: Limit::new(config.log_ins_per_hour, HOUR, clock, on),
            fetches: Limit::new(config.fetches_per_hour, HOUR, clock, on),
            invitations: Limit::new(config.invitations_per_hour, HOUR, clock, on),
            waiting: Arc::default(),
            trusted: config.trusted_proxies.clone(),
        }
    }

    pub fn story(&self, user: UserId) -> Result<(), Error> {
        self.stories.take(&user)
    }

    pub fn comment(&self, user: UserId) -> Result<(), Error> {
        self.comments.take(&user)
    }

    pub fn vote(&self, user: UserId) -> Result<(), Error> {
        self.votes.take(&user)
    }

    pub fn flag(&self, user: UserId) -> Result<(), Error> {
        self.flags.take(&user)
    }

    pub fn fetch(&self, user: UserId) -> Result<(), Error> {
        self.fetches.take(&user)
    }

    pub fn invite(&self, user: UserId) -> Result<(), Error> {
        self.invitations.take(&user)
    }

    pub fn sign_up(&self, address: Address) -> Result<(), Error> {
        self.sign_ups.take(&address.0)
    }

    /// One try at a form that judges or hashes a password, from this address.
    pub fn password_form(&self, address: Address) -> Result<(), Error> {
        self.log_ins.take(&Guesser::Address(address.0))
    }

    /// One try to log in as `name`. A browser that the account knows has a bucket of its own, so that guesses made elsewhere never lock
    /// the owner out; all others share the account's and the address's.
    pub fn log_in(&self, known: Option<UserId>, name: &str, address: Address) -> Result<(), Error> {
        if let Some(user) = known {
            return self.log_ins.take(&Guesser::Known(user));
        }
        self.password_form(address)?;
        self.log_ins.take(&Guesser::Account(name.chars().take(64).flat_map(char::to_lowercase).collect()))
    }

    /// A place in the queue for hashing a password, given back when dropped; refused where the queue is `longest` already.
    pub fn queue_for_hashing(&self, longest: usize) -> Result<Place, Error> {
        let place = Place(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::AcqRel) >= longest {
            return Err(Error::Busy);
        }
        Ok(place)
    }

    /// Drops the buckets that are full again.
    pub fn forget_idle(&self) {
        self.requests.forget_idle();
        self.stories.forget_idle();
        self.comments.forget_idle();
        self.votes.forget_idle();
        self.flags.forget_idle();
        self.sign_ups.forget_idle();
        self.log_ins.forget_idle();
        self.fetches.forget_idle();
        self.invitations.forget_idle();
    }
}

pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Where a request comes from, as limits count it: an IPv4 address, or the /64 of an IPv6 one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(IpAddr);

impl Address {
    /// The address, or the first one of an IPv6 /64.
    pub fn network(self) -> IpAddr {
        self.0
    }
}

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Address, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(address(peer, &parts.headers, &app.limits.trusted))
    }
}

/// The peer's address, or where the peer is a trusted proxy, the last address of X-Forwarded-For that is not one.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &Nets) -> Address {
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical();
    let mut client = peer;
    if trusted.contains(peer) {
        let lines: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
        for part in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            // What a stranger wrote into the header ends the chain that can be believed.
            let Ok(ip) = part.trim().parse::<IpAddr>() else { break };
            client = ip.to_canonical();
            if !trusted.contains(client) {
                break;
            }
        }
    }
    Address(Width::Near.network(client))
}

/// A refusal for a form shown again: the status, the value of `Retry-After`, and the sentence.
pub fn refusal(refused: &Error, what: &str) -> (StatusCode, String, String) {
    let seconds = match refused {
        Error::TooMany(seconds) => *seconds,
        _ => 60,
    };
    let wait = duration_words(i64::try_from(seconds).unwrap_or(i64::MAX));
    let sentence = format!("{what} Please wait {wait} and send it again: what you typed is kept here.");
    (StatusCode::TOO_MANY_REQUESTS, seconds.to_string(), sentence)
}

/// The limit that every request passes, whatever it is for.
pub async fn requests(State(app): State<App>, address: Address, request: Request, next: Next) -> Response {
    match app.limits.requests.take(&address.0) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let trusted: Nets = "10.0.0.0/8".parse().expect("a net");
        for (peer, forwarded, expected) in [
            ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
            let found = address(peer.parse().ok(), &headers, &trusted);
            assert_eq!(found.0, expected.parse::<IpAddr>().expect("an address"), "{peer} {forwarded}");
        }
    }
}
