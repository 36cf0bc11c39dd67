//! The event stream of one open page.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header::{CACHE_CONTROL, DATE, HeaderName};
use tokio::sync::broadcast::Receiver;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::clock::Timestamp;
use crate::config::Readers;
use crate::domain::accounts::mutes::{MuteScope, Mutes};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::domain::time::relative_time::http_date;
use crate::fair_semaphore::FairPermit;
use crate::web::error::Error;
use crate::web::live::hub::{Channel, Signal};
use crate::web::live::topic::Topic;
use crate::web::state::App;

/// Proxies and routers close what is silent for longer, usually after a minute.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// How long a stream goes on before its page connects again, in seconds.
const LIFETIME: std::ops::Range<u64> = 3_000..4_200;
/// How long a page waits before it connects again, in milliseconds, spread over all that end at once.
const RETRY: std::ops::Range<u64> = 2_000..8_000;
/// How long until a stream checks whether it may go on, in milliseconds.
const CHECK: std::ops::Range<u64> = 0..2_000;

/// Items that a stream remembers, since what is read again is told once.
const MAX_TOLD: usize = 200;

pub struct EventStream {
    app: App,
    listening: Option<Listening>,
    member: Option<StreamMember>,
    signal: watch::Receiver<Signal>,
    check: Option<Pin<Box<Sleep>>>,
    end: Pin<Box<Sleep>>,
    queue: VecDeque<Event>,
    _permit: FairPermit,
}

struct Listening {
    channel: Arc<Channel>,
    found: Receiver<Arc<[Item]>>,
    /// The cursor up to which the page has everything.
    after: i64,
    told: VecDeque<ItemId>,
}

struct StreamMember {
    id: UserId,
    session: Vec<u8>,
    mutes: Arc<Mutes>,
    unread: usize,
    woken: watch::Receiver<()>,
    _waker: Arc<watch::Sender<()>>,
}

enum Heard {
    Found(Arc<[Item]>),
    Woken,
    Signal,
    CheckIsDue,
    Ended,
}

impl EventStream {
    /// A stream about a topic from a cursor, and the private news of the member with this session.
    pub async fn open(
        app: &App,
        permit: FairPermit,
        topic: Option<(Topic, i64)>,
        member: Option<(UserId, Vec<u8>)>,
    ) -> Result<EventStream, Error> {
        let retry = Event::default().retry(Duration::from_millis(fastrand::u64(RETRY)));
        let mut stream = EventStream {
            app: app.clone(),
            listening: None,
            member: None,
            signal: app.streams.signal(),
            check: None,
            end: Box::pin(sleep(Duration::from_secs(fastrand::u64(LIFETIME)))),
            queue: VecDeque::from([retry]),
            _permit: permit,
        };
        // It listens before it reads, so that nothing is lost in between.
        if let Some((id, session)) = member {
            let waker = app.streams.member(id);
            let (mutes, woken) = (Arc::default(), waker.subscribe());
            stream.member = Some(StreamMember { id, session, mutes, unread: 0, woken, _waker: waker });
            if !stream.look_again(true).await? {
                return Err(Error::SessionEnded);
            }
        }
        if let Some((topic, after)) = topic {
            let channel = app.streams.channel(topic, app.clock.now());
            let found = channel.found.subscribe();
            stream.listening = Some(Listening { channel, found, after, told: VecDeque::new() });
            let updates = app.updates_of(topic, Timestamp(after)).await?;
            stream.tell(&updates);
        }
        Ok(stream)
    }

    pub fn response(self) -> Response {
        let date = http_date(self.app.clock.now());
        let events = stream::unfold(self, |mut stream| async {
            let event = stream.next().await?;
            Some((Ok::<_, Infallible>(event), stream))
        });
        let sse = Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT));
        // nginx would hold events back to send them together.
        let unbuffered = (HeaderName::from_static("x-accel-buffering"), "no");
        ([(DATE, date.as_str()), (CACHE_CONTROL, "no-store"), unbuffered], sse).into_response()
    }

    /// The next event; `None` ends the stream. Boxes what is rarely awaited, so that an idle stream is small.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            match self.hear().await {
                Heard::Found(items) => self.tell(&items),
                Heard::Woken => {
                    if !Box::pin(self.may_go_on(false)).await {
                        return None;
                    }
                }
                Heard::CheckIsDue => {
                    self.check = None;
                    if !Box::pin(self.may_go_on(true)).await {
                        return None;
                    }
                }
                Heard::Signal => {
                    if self.signal.borrow_and_update().is_stopped {
                        return None;
                    }
                    let wait = Duration::from_millis(fastrand::u64(CHECK));
                    self.check.get_or_insert_with(|| Box::pin(sleep(wait)));
                }
                Heard::Ended => return None,
            }
        }
    }

    async fn hear(&mut self) -> Heard {
        let found = async {
            match &mut self.listening {
                Some(listening) => listening.found.recv().await.map_or(Heard::Ended, Heard::Found),
                None => pending().await,
            }
        };
        let woken = async {
            match &mut self.member {
                Some(member) => member.woken.changed().await.map_or(Heard::Ended, |()| Heard::Woken),
                None => pending().await,
            }
        };
        let check = async {
            match &mut self.check {
                Some(check) => check.await,
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            changed = self.signal.changed() => changed.map_or(Heard::Ended, |()| Heard::Signal),
            () = &mut self.end => Heard::Ended,
            () = check => Heard::CheckIsDue,
            heard = woken => heard,
            heard = found => heard,
        }
    }

    /// Queues what the page does not know and its member does not want left out.
    fn tell(&mut self, items: &[Item]) {
        let Some(listening) = &mut self.listening else { return };
        let topic = listening.channel.topic;
        let member = self.member.as_ref();
        let is_told = |item: &&Item| {
            let scope =
                if matches!(topic, Topic::Thread(_)) { MuteScope::InThread } else { MuteScope::Lists };
            let is_own = |member: &StreamMember| item.author_id == Some(member.id);
            Topic::is_after(item, listening.after)
                && !listening.told.contains(&item.id)
                && !member.is_some_and(|one| is_own(one) || one.mutes.matching(item, scope).is_some())
        };
        let new: Vec<&Item> = items.iter().filter(is_told).collect();
        let Some(last) = new.iter().map(|item| Topic::cursor(item)).max() else { return };
        listening.after = listening.after.max(last);
        listening.told.extend(new.iter().map(|item| item.id));
        listening.told.drain(..listening.told.len().saturating_sub(MAX_TOLD));
        let ids: Vec<String> = new.iter().map(|item| item.id.to_string()).collect();
        let event = Event::default().event(topic.event()).id(listening.after.to_string()).data(ids.join(" "));
        self.queue.push_back(event);
    }

    /// Whether it is still allowed; what cannot be read ends it, and its page asks again.
    async fn may_go_on(&mut self, is_all: bool) -> bool {
        if is_all {
            self.app.refresh_settings().await;
        }
        if self.member.is_none() {
            return self.app.settings().reading == Readers::Everyone;
        }
        self.look_again(false).await.unwrap_or(false)
    }

    /// Reads the session again, and tells what is unread if that changed, or at first. False if it ended.
    async fn look_again(&mut self, is_first: bool) -> Result<bool, Error> {
        let Some(member) = &mut self.member else { return Ok(true) };
        let now = self.app.clock.now();
        let _turn = self.app.streams.readings.acquire().await.map_err(Error::internal)?;
        let Some(found) = self.app.own.session(&member.session, &self.app.store, now).await? else {
            return Ok(false);
        };
        if found.ban.holds(now) {
            return Ok(false);
        }
        member.mutes = Arc::clone(&found.mutes);
        if is_first || member.unread != found.unread.len() {
            member.unread = found.unread.len();
            self.queue.push_back(Event::default().event("inbox").data(member.unread.to_string()));
        }
        Ok(true)
    }
}
