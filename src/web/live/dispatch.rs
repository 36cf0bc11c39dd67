//! Reads what is new for event streams after writes: once for a topic, however many streams it has.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use crate::clock::Timestamp;
use crate::domain::inbox::InboxId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::{Change, DeadFilter, ItemCursor};
use crate::web::error::Error;
use crate::web::live::hub::{Channel, ChannelState, Touched};
use crate::web::live::topic::{OVERLAP, Topic};
use crate::web::member_pages::list_rows::in_order;
use crate::web::state::App;
use crate::web::view::pagination::{PAGE_SIZE, PAGE_SIZE_I64};

const GATHERED: Duration = Duration::from_millis(50);
/// The shortest time between two readings of a thread, and of a list, whose order takes longer to make.
const THREAD_INTERVAL: Duration = Duration::from_millis(200);
const LIST_INTERVAL: Duration = Duration::from_secs(1);
pub const MAX_FOUND: i64 = 200;
/// Rows of inboxes that are read again, as commits are not in the order of their ids; and rows read at once,
/// of which one post writes up to about a thousand.
const INBOX_OVERLAP: InboxId = 1_000;
const INBOX_ROWS: i64 = 4_000;

#[derive(Debug, Default)]
struct KnownInboxRows {
    last: InboxId,
    ids: HashSet<InboxId>,
}

impl Touched {
    fn add(&mut self, change: Change) {
        match change {
            Change::Thread(root) => drop(self.threads.insert(root)),
            Change::Member(user) => drop(self.members.insert(user)),
            Change::Lists => self.lists = true,
            // Beside it stands what changes with the item.
            Change::Item(_) => {}
            Change::Public | Change::Moved => (self.lists, self.all_threads) = (true, true),
            Change::Everything => (self.lists, self.all_threads, self.everything) = (true, true, true),
        }
    }
}

impl App {
    /// Tells event streams what is new, for ever.
    pub async fn tell_event_streams(&self) {
        let mut changes = self.store.watch_changes();
        let mut inboxes = None;
        loop {
            let mut touched = Touched::default();
            match changes.recv().await {
                Ok(change) => touched.add(change),
                Err(RecvError::Lagged(_)) => touched.add(Change::Everything),
                Err(RecvError::Closed) => return,
            }
            sleep(GATHERED).await;
            loop {
                match changes.try_recv() {
                    Ok(change) => touched.add(change),
                    Err(TryRecvError::Lagged(_)) => touched.add(Change::Everything),
                    Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                }
            }
            if touched.lists
                && let Err(error) = self.add_told_members(&mut inboxes, &mut touched).await
            {
                tracing::warn!(?error, "event streams: the inboxes could not be read");
            }
            for channel in self.streams.touch(&touched) {
                let app = self.clone();
                tokio::spawn(async move { app.read_channel(&channel).await });
            }
        }
    }

    async fn add_told_members(
        &self,
        known: &mut Option<KnownInboxRows>,
        touched: &mut Touched,
    ) -> Result<(), Error> {
        if !self.streams.has_members() {
            *known = None;
            return Ok(());
        }
        let known = match known {
            Some(known) => known,
            // What was written just before counts as new.
            None => {
                let last = self.store.last_inbox_row().await?;
                known.insert(KnownInboxRows { last, ids: HashSet::new() })
            }
        };
        let from = known.last.saturating_sub(INBOX_OVERLAP);
        let rows = self.store.inbox_rows_after(from, INBOX_ROWS).await?;
        let is_new = |id: &InboxId| !known.ids.contains(id);
        touched.members.extend(rows.iter().filter(|(id, _)| is_new(id)).map(|(_, user)| *user));
        known.last = rows.first().map_or(known.last, |(id, _)| known.last.max(*id));
        known.ids = rows.into_iter().map(|(id, _)| id).collect();
        Ok(())
    }

    /// Reads what is new of a topic and gives it to its streams, again if that fails; the next reading waits
    /// for a while.
    async fn read_channel(&self, channel: &Channel) {
        let mut state = channel.state.lock().await;
        loop {
            let Ok(turn) = self.streams.readings.acquire().await else { return };
            // What is written from here on needs another reading.
            channel.is_due.store(false, Ordering::Release);
            let read = self.updates_of(channel.topic, state.until).await;
            drop(turn);
            let has_failed = read.is_err();
            match read {
                Ok(items) => {
                    let new = state.take_new(channel.topic, items);
                    let _ = if new.is_empty() { Ok(0) } else { channel.found.send(new) };
                }
                Err(error) => tracing::warn!(?error, topic = ?channel.topic, "event streams: reading failed"),
            }
            let is_thread = matches!(channel.topic, Topic::Thread(_));
            sleep(if is_thread { THREAD_INTERVAL } else { LIST_INTERVAL }).await;
            if !has_failed || channel.found.receiver_count() == 0 {
                return;
            }
        }
    }

    /// What a page may lack that has everything up to `until`: the newest comments of a thread, or the
    /// stories of the first page of a list, as visitors see them.
    pub async fn updates_of(&self, topic: Topic, until: Timestamp) -> Result<Vec<Item>, Error> {
        let now = self.clock.now();
        let mut items = match topic {
            Topic::Thread(root) => self.store.comments_since(root, until.minus(OVERLAP), MAX_FOUND).await?,
            Topic::Newest => {
                self.store.newest(DeadFilter::No, None, ItemCursor::first(PAGE_SIZE_I64)).await?
            }
            Topic::Ranked(list) => {
                let order = self.lists.get(list, &self.store, now).await?;
                let ids: Vec<ItemId> = order.ids.iter().copied().take(PAGE_SIZE).collect();
                in_order(self.store.items(&ids).await?, &ids)
            }
        };
        items.retain(|item| item.is_live() && item.visible_at <= now);
        Ok(items)
    }
}

impl ChannelState {
    fn take_new(&mut self, topic: Topic, items: Vec<Item>) -> Arc<[Item]> {
        if let Topic::Thread(_) = topic {
            self.until = items.iter().map(|item| item.visible_at).fold(self.until, Timestamp::max);
        }
        let before = std::mem::replace(&mut self.ids, items.iter().map(|item| item.id).collect());
        items.into_iter().filter(|item| !before.contains(&item.id)).collect()
    }
}
