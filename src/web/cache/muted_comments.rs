//! Which comments of a thread a member has muted.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::task::yield_now;

use crate::domain::accounts::mutes::{MuteKind, MuteScope, Mutes};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::Store;

/// Bytes searched for words between yields to other tasks.
const YIELD_AFTER: usize = 256 * 1024;

/// A comment, and by what it is muted.
pub type MutedComment = (ItemId, MuteKind);

struct MutedInThread {
    mutes: Arc<Mutes>,
    /// The newest of the items that were searched.
    newest: ItemId,
    /// The number of these items and of their edits.
    written: (usize, i64),
    /// Moderators can move items between threads.
    moved: u64,
    found: Arc<[MutedComment]>,
}

pub struct MutedComments(Cache<(UserId, ItemId), Arc<MutedInThread>>);

impl MutedComments {
    pub fn new(bytes: u64) -> MutedComments {
        let weigh = |_: &(UserId, ItemId), kept: &Arc<MutedInThread>| {
            u32::try_from(128 + kept.found.len() * 16 + kept.mutes.bytes()).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        MutedComments(kept.build())
    }

    /// In the thread of `root`, whose items are `all`. Only comments that are newer than the last search are
    /// searched, unless one was edited or moved.
    pub async fn of(
        &self,
        (user, mutes): (UserId, &Arc<Mutes>),
        root: ItemId,
        all: &[Item],
        store: &Store,
    ) -> Arc<[MutedComment]> {
        if !mutes.concern_comments() {
            return Arc::default();
        }
        let moved = store.moved();
        let holds = |kept: &Arc<MutedInThread>| {
            kept.moved == moved && kept.mutes == *mutes && kept.written == counts(all, kept.newest)
        };
        let kept = self.0.get(&(user, root)).filter(holds);
        let newest = all.iter().map(|item| item.id).max().unwrap_or(root);
        let (after, before) = match &kept {
            Some(kept) if kept.newest == newest => return Arc::clone(&kept.found),
            Some(kept) => (kept.newest, &*kept.found),
            None => (ItemId(i64::MIN), &[][..]),
        };
        let new = search(all.iter().filter(|item| item.id > after), mutes).await;
        let found: Arc<[MutedComment]> = [before, &new].concat().into();
        let written = counts(all, newest);
        let searched =
            MutedInThread { mutes: Arc::clone(mutes), newest, written, moved, found: Arc::clone(&found) };
        self.0.insert((user, root), Arc::new(searched));
        found
    }
}

fn counts(all: &[Item], until: ItemId) -> (usize, i64) {
    let items = all.iter().filter(|item| item.id <= until);
    items.fold((0, 0), |(count, edits), item| (count + 1, edits + item.version))
}

async fn search(items: impl Iterator<Item = &Item>, mutes: &Mutes) -> Vec<MutedComment> {
    let (mut muted, mut since_yield) = (Vec::new(), 0_usize);
    for item in items.filter(|item| !item.kind.is_root()) {
        muted.extend(mutes.matching(item, MuteScope::InThread).map(|kind| (item.id, kind)));
        since_yield = since_yield.saturating_add(item.text.len());
        if since_yield >= YIELD_AFTER {
            since_yield = 0;
            yield_now().await;
        }
    }
    muted
}
