//! Posts killed with a ban, and restored with it. Each is logged like a moderator's kill; the author is
//! notified once, of the ban.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::sanctions::{CHANGED, MAX_TAKEDOWN_POSTS, TAKEDOWN_PERIOD, WITH_BAN};
use crate::store::moderation::actions::set_killed;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry};
use crate::store::{Db, Result, Store, Tx};

macro_rules! select_live {
    ($kind:literal) => {
        concat!(
            "select id, time from items where author_id = $1 and ",
            $kind,
            " and time >= $2 and dead is null and deleted_at is null order by time desc, id desc limit $3"
        )
    };
}

/// Posts by `$1` since `$3` that were killed with the ban begun at `$2` and not decided on since.
macro_rules! select_taken {
    ($kind:literal) => {
        concat!(
            "select i.id from items i join moderation_log m on m.id = (select l.id from moderation_log l \
             where \
             l.item_id = i.id \
             and l.action in ('kill', 'unkill') order by l.created_at desc, l.id desc limit 1) where \
             i.author_id = $1 \
             and ",
            $kind,
            " and i.time >= $3 and i.dead = 'killed' and i.deleted_at is null and m.action = 'kill' and \
             m.detail = $4 and m.created_at >= $2"
        )
    };
}

impl Store {
    /// How many posts lifting the ban would restore.
    pub async fn taken_with_ban(&self, user: UserId) -> Result<usize> {
        let Some(began) = began(&self.read, user).await? else { return Ok(0) };
        let of = |query| of_kind(&self.read, query, user, began);
        let stories = of(select_taken!("i.kind in ('story', 'job', 'poll')")).await?;
        let comments = of(select_taken!("i.kind = 'comment'")).await?;
        Ok(stories.len().saturating_add(comments.len()))
    }
}

/// Kills the newest 1,000 live posts since a moment; returns their number.
pub(crate) async fn take(
    tx: &mut Tx,
    user: UserId,
    since: Timestamp,
    act: ActionContext<'_>,
) -> Result<usize> {
    let mut posts: Vec<(ItemId, Timestamp)> = Vec::new();
    for query in [select_live!("kind in ('story', 'job', 'poll')"), select_live!("kind = 'comment'")] {
        let most = i64::try_from(MAX_TAKEDOWN_POSTS).unwrap_or(i64::MAX);
        let found: Vec<(ItemId, Timestamp)> =
            tx.sql(query).bind(user).bind(since).bind(most).fetch_all().await?;
        posts.extend(found);
    }
    posts.sort_by_key(|(id, time)| std::cmp::Reverse((*time, *id)));
    posts.truncate(MAX_TAKEDOWN_POSTS);
    for (id, _) in &posts {
        one(tx, *id, true, act).await?;
    }
    Ok(posts.len())
}

/// Restores the posts killed with the current or just lifted ban; returns their number.
pub(crate) async fn bring_back(tx: &mut Tx, user: UserId, act: ActionContext<'_>) -> Result<usize> {
    let Some(began) = began(&mut *tx, user).await? else { return Ok(0) };
    let mut posts = Vec::new();
    for query in [select_taken!("i.kind in ('story', 'job', 'poll')"), select_taken!("i.kind = 'comment'")] {
        posts.extend(of_kind(&mut *tx, query, user, began).await?);
    }
    for id in &posts {
        one(tx, *id, false, act).await?;
    }
    Ok(posts.len())
}

async fn one(tx: &mut Tx, id: ItemId, on: bool, act: ActionContext<'_>) -> Result<()> {
    let (_, entry) = set_killed(tx, id, on).await?;
    let detail = if on { WITH_BAN } else { "as the ban ended" };
    append_log_entry(tx, act, LogEntry { item: Some(id), detail, ..entry }).await
}

/// The start of the latest ban, ignoring changes to it.
async fn began(db: impl Into<Db<'_>>, user: UserId) -> Result<Option<Timestamp>> {
    db.into()
        .sql(
            "select created_at from moderation_log where user_id = $1 and action = 'ban' and substr(detail, \
             1, length($2)) \
             <> $2 order by created_at desc, id desc limit 1",
        )
        .bind(user)
        .bind(CHANGED)
        .fetch_optional_scalar()
        .await
}

async fn of_kind(
    db: impl Into<Db<'_>>,
    query: &'static str,
    user: UserId,
    began: Timestamp,
) -> Result<Vec<ItemId>> {
    db.into()
        .sql(query)
        .bind(user)
        .bind(began)
        .bind(began.minus(TAKEDOWN_PERIOD))
        .bind(WITH_BAN)
        .fetch_scalars()
        .await
}
