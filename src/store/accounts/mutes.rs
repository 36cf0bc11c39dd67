use std::cmp::Reverse;
use std::collections::HashMap;

use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::mutes::{
    MAX_MUTED_WORDS, MAX_MUTES, Mute, MuteError, MuteKind, MuteScope, Mutes,
};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId};
use crate::store::accounts::inbox::UnreadRow;
use crate::store::{Change, Error, Result, Store};

/// How long the latest mute is shown, in seconds.
const SHOWN: i64 = MINUTE;

#[derive(Debug, Clone, PartialEq)]
pub struct MuteRow {
    pub mute: Mute,
    pub created_at: Timestamp,
}

impl MuteRow {
    pub(super) fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.created_at) < SHOWN
    }
}

/// The latest mute, which pages offer to undo for a minute.
#[derive(Debug, Clone)]
pub struct LastMute {
    pub kind: MuteKind,
    /// As the form that undoes it sends it.
    pub value: String,
    pub name: String,
    created_at: Timestamp,
}

impl LastMute {
    pub fn is_shown(&self, now: Timestamp) -> bool {
        now.since(self.created_at) < SHOWN
    }
}

impl Store {
    /// Latest first.
    pub async fn mutes(&self, user: UserId) -> Result<Vec<MuteRow>> {
        let rows: Vec<(MuteKind, String, Timestamp)> = self
            .read
            .sql("select kind, value, created_at from mutes where user_id = $1 order by kind, value")
            .bind(user)
            .fetch_all()
            .await?;
        let row = |(kind, value, created_at): (MuteKind, String, Timestamp)| {
            Some(MuteRow { mute: Mute::stored(kind, &value)?, created_at })
        };
        let mut rows: Vec<MuteRow> = rows.into_iter().filter_map(row).collect();
        rows.sort_by_key(|row| Reverse(row.created_at));
        Ok(rows)
    }

    /// Fails with `Refused` if there are too many.
    pub async fn mute(&self, user: UserId, mute: &Mute, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "insert into mutes (user_id, kind, value, created_at) values ($1, $2, $3, $4) on conflict do \
             nothing",
        )
        .bind(user)
        .bind(mute.kind())
        .bind(mute.value())
        .bind(now)
        .execute()
        .await?;
        // Muting somebody unfollows them.
        if let Mute::Person(person) = mute {
            tx.sql("delete from follows where user_id = $1 and kind = 'person' and target = $2")
                .bind(user)
                .bind(*person)
                .execute()
                .await?;
        }
        let kinds: Vec<MuteKind> =
            tx.sql("select kind from mutes where user_id = $1").bind(user).fetch_scalars().await?;
        let words = kinds.iter().filter(|kind| **kind == MuteKind::Word).count();
        if mute.kind() == MuteKind::Word && words > MAX_MUTED_WORDS {
            return Err(Error::refused(MuteError::TooManyWords));
        }
        if kinds.len() > MAX_MUTES {
            return Err(Error::refused(MuteError::Full));
        }
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub async fn unmute(&self, user: UserId, mute: &Mute) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from mutes where user_id = $1 and kind = $2 and value = $3")
            .bind(user)
            .bind(mute.kind())
            .bind(mute.value())
            .execute()
            .await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub(super) async fn last_mute(&self, row: &MuteRow) -> Result<Option<LastMute>> {
        let (kind, value) = (row.mute.kind(), row.mute.value());
        let (value, name) = match &row.mute {
            Mute::Person(id) => match self.names(&[*id]).await?.remove(id) {
                Some(name) => (name.clone(), name),
                None => return Ok(None),
            },
            Mute::Thread(_) => (value, "a thread".to_owned()),
            Mute::Site(_) => (value.clone(), value),
            Mute::Word(_) => (value.clone(), format!("“{value}”")),
        };
        Ok(Some(LastMute { kind, value, name, created_at: row.created_at }))
    }

    /// The names of these users.
    pub async fn names(&self, ids: &[UserId]) -> Result<HashMap<UserId, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let names: Vec<(UserId, String)> =
            self.read.sql("select id, name from users where id in ").list(ids).fetch_all().await?;
        Ok(names.into_iter().collect())
    }

    /// The unread rows of an inbox without those on muted posts and on posts of muted stories.
    pub(super) async fn unmuted(&self, rows: &[UnreadRow], mutes: &Mutes) -> Result<Vec<UnreadRow>> {
        let mut ids: Vec<ItemId> = rows.iter().flat_map(|row| [row.item_id, row.root_id]).flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        let posts: HashMap<ItemId, Item> =
            self.items(&ids).await?.into_iter().map(|post| (post.id, post)).collect();
        let post = |id: Option<ItemId>| id.and_then(|id| posts.get(&id));
        let is_muted = |row: &UnreadRow| {
            let root = post(row.root_id);
            post(row.item_id)
                .is_some_and(|post| mutes.matching_with_root(post, root, MuteScope::Lists).is_some())
        };
        Ok(rows.iter().filter(|row| !is_muted(row)).copied().collect())
    }
}
