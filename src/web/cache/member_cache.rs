//! Cached member state: sessions, votes, saves, hidden stories and muted comments.
//!
//! Entries record the store generation from before they were read, so a concurrent write invalidates them.
//! Other members' writes do not.

use std::borrow::Borrow;
use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::{Marks, Result, SessionUser, Store, Visit};
use crate::web::cache::muted_comments::MutedComments;
use crate::web::viewer::MaybeMember;

/// Approximate memory of a session without its mutes, and of each unread row of its inbox, in bytes.
const SESSION: usize = 512;
const UNREAD: usize = 40;

#[derive(Clone)]
struct CachedSession {
    found: Arc<SessionUser>,
    said: u64,
    own: u64,
    minute: i64,
}

/// The member's marks in a thread, and the time of their previous visit.
pub struct ThreadMarks {
    pub marks: Arc<Marks>,
    pub visit: Visit,
    own: u64,
    /// Moderators can move items between threads.
    moved: u64,
}

struct ListMarks {
    ids: Box<[ItemId]>,
    marks: Arc<Marks>,
    said: u64,
    own: u64,
}

pub struct MemberCache {
    sessions: Cache<Vec<u8>, CachedSession>,
    threads: Cache<(UserId, ItemId), Arc<ThreadMarks>>,
    lists: Cache<(UserId, String), Arc<ListMarks>>,
    hidden: Cache<UserId, (u64, Arc<[ItemId]>)>,
    pub muted: MutedComments,
}

impl MemberCache {
    /// A cache of at most `bytes`, a fifth per kind of entry.
    pub fn new(bytes: u64) -> MemberCache {
        let bytes = bytes / 5;
        let weight = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
        let marks = |marks: &Marks| {
            let lists = marks.saved.len() + marks.hidden.len();
            256 + 64 * (lists + marks.votes.len() + marks.unseen.len() + marks.own_shadowed_comments.len())
        };
        MemberCache {
            sessions: Cache::builder()
                .max_capacity(bytes)
                .weigher(move |_, kept: &CachedSession| {
                    let found = &kept.found;
                    weight(SESSION + found.mutes.bytes() + UNREAD * found.unread.len())
                })
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            threads: Cache::builder()
                .max_capacity(bytes)
                .weigher(move |_, kept: &Arc<ThreadMarks>| weight(marks(&kept.marks)))
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            lists: Cache::builder()
                .max_capacity(bytes)
                .weigher(move |(_, here): &(UserId, String), kept: &Arc<ListMarks>| {
                    weight(here.len() + marks(&kept.marks) + kept.ids.len() * 8)
                })
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            hidden: Cache::builder()
                .max_capacity(bytes)
                .weigher(move |_, (_, ids): &(u64, Arc<[ItemId]>)| weight(128 + ids.len() * 8))
                .eviction_policy(EvictionPolicy::lru())
                .build(),
            muted: MutedComments::new(bytes),
        }
    }

    pub async fn session(
        &self,
        token_hash: &[u8],
        store: &Store,
        now: Timestamp,
    ) -> Result<Option<Arc<SessionUser>>> {
        let (said, minute) = (store.content_generation(), now.0.div_euclid(MINUTE));
        let holds = |kept: &CachedSession| {
            kept.said == said
                && kept.minute == minute
                && kept.own == store.own_generation(kept.found.member.id)
        };
        if let Some(kept) = self.sessions.get(token_hash).filter(holds) {
            return Ok(Some(kept.found));
        }
        // Read the generation first, so that a concurrent write invalidates the entry; the user may be
        // unknown.
        let known = self.sessions.get(token_hash).map(|kept| kept.found.member.id);
        let own = known.map_or(u64::MAX, |user| store.own_generation(user));
        let Some(found) = store.session(token_hash, now).await?.map(Arc::new) else {
            self.sessions.invalidate(token_hash);
            return Ok(None);
        };
        self.sessions
            .insert(token_hash.to_vec(), CachedSession { found: Arc::clone(&found), said, own, minute });
        Ok(Some(found))
    }

    /// The member's marks in a thread whose newest comment is from `newest`; records the visit.
    pub async fn in_thread(
        &self,
        user: UserId,
        root: ItemId,
        newest: Timestamp,
        store: &Store,
        now: Timestamp,
    ) -> Result<Arc<ThreadMarks>> {
        let (own, moved) = (store.own_generation(user), store.moved());
        let holds =
            |kept: &Arc<ThreadMarks>| kept.own == own && kept.moved == moved && kept.visit.holds(newest, now);
        if let Some(kept) = self.threads.get(&(user, root)).filter(holds) {
            return Ok(kept);
        }
        let visit = store.visit(user, root, newest, now).await?;
        let own = store.own_generation(user);
        let marks = Arc::new(store.thread_marks(user, root).await?);
        let found = Arc::new(ThreadMarks { marks, visit, own, moved });
        self.threads.insert((user, root), Arc::clone(&found));
        Ok(found)
    }

    async fn in_list(&self, user: UserId, here: &str, ids: &[ItemId], store: &Store) -> Result<Arc<Marks>> {
        let (said, own) = (store.content_generation(), store.own_generation(user));
        let key = (user, here.to_owned());
        let holds = |kept: &Arc<ListMarks>| kept.said == said && kept.own == own && *kept.ids == *ids;
        if let Some(kept) = self.lists.get(&key).filter(holds) {
            return Ok(Arc::clone(&kept.marks));
        }
        let marks = Arc::new(store.marks(user, ids).await?);
        self.lists.insert(key, Arc::new(ListMarks { ids: ids.into(), marks: Arc::clone(&marks), said, own }));
        Ok(marks)
    }

    pub async fn marks<T: Borrow<Item>>(
        &self,
        viewer: &MaybeMember,
        items: &[T],
        store: &Store,
    ) -> Result<Arc<Marks>> {
        let Some(user) = viewer.id() else { return Ok(Arc::default()) };
        let ids: Vec<ItemId> = items.iter().map(|item| item.borrow().id).collect();
        self.in_list(user, &viewer.here, &ids, store).await
    }

    /// The latest `rows` stories hidden by `user`, ordered by id.
    pub async fn hidden(&self, user: UserId, rows: i64, store: &Store) -> Result<Arc<[ItemId]>> {
        let own = store.own_generation(user);
        if let Some((_, ids)) = self.hidden.get(&user).filter(|(kept, _)| *kept == own) {
            return Ok(ids);
        }
        let mut ids = store.hidden(user, 0, rows).await?;
        ids.sort_unstable();
        let ids: Arc<[ItemId]> = ids.into();
        self.hidden.insert(user, (own, Arc::clone(&ids)));
        Ok(ids)
    }
}
