//! How often: the counting behind the table of brakes in `domain/policy.rs`, and what is counted apart from it.

mod address;
mod buckets;
mod tries;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;

pub use self::address::Address;
pub use self::buckets::Taken;
use self::buckets::{Empty, Limit, Rate};
pub use self::tries::Tries;
use crate::clock::{Clock, Timestamp};
use crate::domain::brake::{BRAKES, Deed, Held, Whose, Why, links_in};
use crate::domain::origin::Width;
use crate::domain::policy::Policy;
use crate::domain::user::{Member, UserId};
use crate::web::error::Error;
use crate::web::state::App;
use crate::web::written;

const HOUR: Duration = Duration::from_secs(3_600);

/// What a bucket is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    Account(UserId),
    /// The first address of a network; and whether it counts new accounts and strangers.
    Network(IpAddr, bool),
    Site,
    /// A name that strangers try to log in as, and from which network.
    Name(String, Option<IpAddr>),
}

/// Who does something, as brakes count them.
#[derive(Clone, Copy)]
struct Doer {
    account: Option<UserId>,
    /// A new account, or somebody without one.
    is_new: bool,
    is_slowed: bool,
    from: Address,
}

impl Doer {
    /// The bucket that a brake takes from for them; none where it does not hold for them.
    fn key(&self, whose: Whose) -> Option<Key> {
        let account = self.account.map(Key::Account);
        let network = |width: Width| Key::Network(width.network(self.from.network()), self.is_new);
        match whose {
            Whose::Account => account,
            Whose::NewAccount { .. } => account.filter(|_| self.is_new),
            Whose::SlowedAccount => account.filter(|_| self.is_slowed),
            Whose::Address => Some(network(Width::Near)),
            Whose::Network => self.is_new.then(|| network(Width::Middle)),
            Whose::Site => self.is_new.then_some(Key::Site),
        }
    }
}

pub struct Limits {
    /// The buckets of each row of the table.
    brakes: [Limit; BRAKES],
    links: Limit,
    requests: Limit,
    pub tries: Tries,
}

impl Limits {
    pub fn new(clock: &Clock, on: bool) -> Limits {
        let limit = || Limit::new(clock, on);
        Limits {
            brakes: std::array::from_fn(|_| limit()),
            links: limit(),
            requests: limit(),
            tries: Tries::new(clock, on),
        }
    }

    fn take(&self, deed: Deed, doer: Doer, policy: &Policy) -> Result<Taken<'_>, Held> {
        let mut taken = Taken::default();
        let rows = policy.brakes().into_iter().zip(&self.brakes);
        for (brake, limit) in rows.filter(|(brake, _)| brake.deeds.contains(&deed)) {
            if let Some(key) = doer.key(brake.whose) {
                let per = Duration::from_secs(u64::try_from(brake.per).unwrap_or(0));
                let rate = Rate { times: brake.times, per };
                taken.take(limit, key, NonZeroU32::MIN, rate).map_err(|empty| held(Why::Brake(brake, deed), empty))?;
            }
        }
        Ok(taken)
    }

    /// An account made or asked for from this address.
    pub fn sign_up(&self, from: Address, policy: &Policy) -> Result<Taken<'_>, Held> {
        self.take(Deed::SignUp, Doer { account: None, is_new: true, is_slowed: false, from }, policy)
    }

    /// Drops the buckets that are full again.
    pub fn forget_idle(&self) {
        self.brakes.iter().for_each(Limit::forget_idle);
        self.links.forget_idle();
        self.requests.forget_idle();
        self.tries.forget_idle();
    }
}

fn held(why: Why, empty: Empty) -> Held {
    let wait = match empty {
        Empty::For(seconds) => Some(seconds),
        Empty::Always => None,
    };
    Held { why, wait }
}

impl App {
    /// Whether the brakes let a member do something once more, which is counted.
    pub fn brake(&self, deed: Deed, member: &Member, from: Address, now: Timestamp) -> Result<(), Held> {
        self.reserve(deed, member, from, now).map(Taken::spend)
    }

    /// The same, counted once it is done.
    fn reserve(&self, deed: Deed, member: &Member, from: Address, now: Timestamp) -> Result<Taken<'_>, Held> {
        let policy = &self.settings().policy;
        let (is_new, is_slowed) = (member.is_braked(policy, now), member.is_slowed(now));
        self.limits.take(deed, Doer { account: Some(member.id), is_new, is_slowed, from }, policy)
    }

    /// The same for something with a text, whose links are counted too.
    pub fn brake_post(
        &self,
        deed: Deed,
        text: &str,
        member: &Member,
        from: Address,
        now: Timestamp,
    ) -> Result<Taken<'_>, Held> {
        self.brake_with_links(deed, (text, ""), member, from, now)
    }

    /// The same for a text that was another one `before`.
    pub fn brake_edit(
        &self,
        texts: (&str, &str),
        member: &Member,
        from: Address,
        now: Timestamp,
    ) -> Result<Taken<'_>, Held> {
        self.brake_with_links(Deed::Edit, texts, member, from, now)
    }

    /// Counts the deed, and the links of a new account's text that it has more than `before`; none of them where the deed is held up, and
    /// no deed where there are too many links.
    fn brake_with_links(
        &self,
        deed: Deed,
        (text, before): (&str, &str),
        member: &Member,
        from: Address,
        now: Timestamp,
    ) -> Result<Taken<'_>, Held> {
        let more = links_in(text).saturating_sub(links_in(before));
        let policy = &self.settings().policy;
        let found = if member.is_braked(policy, now) { u32::try_from(more).unwrap_or(u32::MAX) } else { 0 };
        let links = &self.limits.links;
        let rate = Rate { times: policy.new_account_links_per_hour, per: HOUR };
        let why = Why::Links { times: rate.times, found };
        let many = NonZeroU32::new(found);
        if found > rate.times && self.config.limits {
            return Err(held(why, Empty::Always));
        }
        let mut taken = self.reserve(deed, member, from, now)?;
        if let Some(many) = many {
            taken.take(links, Key::Account(member.id), many, rate).map_err(|empty| held(why, empty))?;
        }
        Ok(taken)
    }
}

/// The status of an answer to somebody whom a brake holds up.
pub fn status(held: &Held) -> StatusCode {
    match (held.wait, held.why) {
        (Some(_), _) => StatusCode::TOO_MANY_REQUESTS,
        (None, Why::Links { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        (None, _) => StatusCode::FORBIDDEN,
    }
}

/// A form that is shown again, with its text, to somebody whom a brake holds up.
pub fn on_form(mut form: Response, held: &Held) -> Response {
    *form.status_mut() = status(held);
    if let Some(seconds) = held.wait {
        form.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    form
}

/// The limit that every request passes, whatever it is for.
pub async fn requests(State(app): State<App>, address: Address, request: Request, next: Next) -> Response {
    match count(&app, address) {
        Ok(()) => next.run(request).await,
        Err(held) => written::refused(&app, held, request).await,
    }
}

/// Why a request is refused that there is no time for. It counts like any other.
pub fn overloaded(app: &App, address: Address) -> Error {
    count(app, address).err().unwrap_or(Error::Busy)
}

fn count(app: &App, address: Address) -> Result<(), Error> {
    let rate = Rate { times: app.settings().requests_per_minute_per_ip, per: Duration::from_secs(60) };
    let taken = app.limits.requests.take(&Key::Network(address.network(), false), NonZeroU32::MIN, rate);
    taken.map(drop).map_err(|empty| Error::Held(held(Why::Requests, empty)))
}
