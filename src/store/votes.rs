//! Votes. The vote's row, the item's score and its author's karma change in one transaction, so that a score is always the imported
//! base and the counted votes, whoever votes at the same moment. What a vote is worth is `domain::vote`'s to say.

use sqlx::{Sqlite, Transaction};

use super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::user::UserId;
use crate::domain::vote::{Dir, Vote};

/// What stands after a vote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voted {
    pub score: i64,
    pub dir: Option<Dir>,
}

#[derive(sqlx::FromRow)]
struct Row {
    dir: i64,
    counted: bool,
    own: bool,
    at: Timestamp,
}

impl Store {
    /// The vote of `user` on `item`, if there is one.
    pub async fn vote_of(&self, user: UserId, item: ItemId) -> Result<Option<Vote>> {
        let row: Option<Row> =
            sqlx::query_as("select dir, counted, own, at from votes where user_id = $1 and item_id = $2")
                .bind(user)
                .bind(item)
                .fetch_optional(&self.read)
                .await?;
        Ok(row.and_then(|row| Some(Vote { dir: Dir::from_points(row.dir)?, at: row.at, own: row.own })))
    }

    /// Casts, turns or (with no `dir`) takes back a vote. A vote that does not count is kept and changes nothing else.
    ///
    /// # Errors
    /// `Conflict` for the author's own first point, which stays as it is.
    pub async fn vote(
        &self,
        user: UserId,
        item: ItemId,
        dir: Option<Dir>,
        counted: bool,
        now: Timestamp,
    ) -> Result<Voted> {
        let mut tx = self.begin().await?;
        let before = row(&mut tx, user, item).await?;
        if before.as_ref().is_some_and(|row| row.own) {
            return Err(Error::Conflict);
        }
        let had = before.as_ref().filter(|row| row.counted).map_or(0, |row| row.dir);
        let same = before.as_ref().map(|row| row.dir) == dir.map(Dir::points);
        if !same {
            write(&mut tx, user, item, dir, counted, now).await?;
            let has = dir.filter(|_| counted).map_or(0, Dir::points);
            tally(&mut tx, item, had, has).await?;
        }
        let score = sqlx::query_scalar("select score from items where id = $1").bind(item).fetch_one(&mut *tx).await?;
        self.commit_of(tx, Some(user)).await?;
        Ok(Voted { score, dir })
    }
}

/// The vote that a second submission of the same address is: cast unless there is one already, or the story is their own.
pub(super) async fn vote_up_once(
    tx: &mut Transaction<'static, Sqlite>,
    user: UserId,
    item: ItemId,
    counted: bool,
    now: Timestamp,
) -> Result<()> {
    let author: Option<UserId> =
        sqlx::query_scalar("select author_id from items where id = $1").bind(item).fetch_one(&mut **tx).await?;
    if author != Some(user) && row(tx, user, item).await?.is_none() {
        write(tx, user, item, Some(Dir::Up), counted, now).await?;
        tally(tx, item, 0, i64::from(counted)).await?;
    }
    Ok(())
}

async fn row(tx: &mut Transaction<'static, Sqlite>, user: UserId, item: ItemId) -> Result<Option<Row>> {
    Ok(sqlx::query_as("select dir, counted, own, at from votes where user_id = $1 and item_id = $2")
        .bind(user)
        .bind(item)
        .fetch_optional(&mut **tx)
        .await?)
}

async fn write(
    tx: &mut Transaction<'static, Sqlite>,
    user: UserId,
    item: ItemId,
    dir: Option<Dir>,
    counted: bool,
    now: Timestamp,
) -> Result<()> {
    let Some(dir) = dir else {
        sqlx::query("delete from votes where user_id = $1 and item_id = $2")
            .bind(user)
            .bind(item)
            .execute(&mut **tx)
            .await?;
        return Ok(());
    };
    sqlx::query(
        "insert into votes (user_id, item_id, dir, counted, at) values ($1, $2, $3, $4, $5) \
         on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, at = excluded.at",
    )
    .bind(user)
    .bind(item)
    .bind(dir.points())
    .bind(counted)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves an item's score, and its author's karma, from a counted vote of `had` points to one of `has`; 0 is no vote.
async fn tally(tx: &mut Transaction<'static, Sqlite>, item: ItemId, had: i64, has: i64) -> Result<()> {
    if had == has {
        return Ok(());
    }
    let ups = i64::from(has == 1) - i64::from(had == 1);
    let downs = i64::from(has == -1) - i64::from(had == -1);
    let author: Option<UserId> = sqlx::query_scalar(
        "update items set score = score + $2, ups = ups + $3, downs = downs + $4 where id = $1 \
         returning case when kind = 'pollopt' then null else author_id end",
    )
    .bind(item)
    .bind(has - had)
    .bind(ups)
    .bind(downs)
    .fetch_one(&mut **tx)
    .await?;
    if let Some(author) = author {
        sqlx::query("update users set karma = karma + $2 where id = $1")
            .bind(author)
            .bind(has - had)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
