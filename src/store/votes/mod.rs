//! Votes. The vote's row, the item's score and its author's karma change in one transaction, so that a score is always the imported
//! base and the counted votes, whoever votes at the same moment. What a vote is worth is `domain::tally`'s to say; votes that come
//! together are written together, by `group`.

mod group;

use std::collections::BTreeSet;

use sqlx::{Sqlite, Transaction};
use tokio::sync::oneshot;

pub(super) use group::Ballots;

use super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::ItemId;
use crate::domain::tally::{Ballot, Voted};
use crate::domain::user::UserId;
use crate::domain::vote::{Dir, Vote};

#[derive(sqlx::FromRow)]
struct Row {
    dir: i64,
    own: bool,
    at: Timestamp,
}

impl Store {
    /// The vote of `user` on `item`, if there is one.
    pub async fn vote_of(&self, user: UserId, item: ItemId) -> Result<Option<Vote>> {
        let row: Option<Row> = sqlx::query_as("select dir, own, at from votes where user_id = $1 and item_id = $2")
            .bind(user)
            .bind(item)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.and_then(|row| Some(Vote { dir: Dir::from_points(row.dir)?, at: row.at, own: row.own })))
    }

    /// Casts, turns or (with no `dir`) takes back a vote. A vote that does not count is kept and changes nothing else. It is written in
    /// one transaction with those that wait beside it, and answered once that is committed.
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
        let (answer, answered) = oneshot::channel();
        self.ballots.put(Ballot { user, item, dir, counted, at: now }, answer);
        // In a task of its own: somebody who goes away leaves their vote to be written, and those of others with it.
        let store = self.clone();
        tokio::spawn(async move { store.write_group().await });
        answered.await.map_err(|_| Error::Other(sqlx::Error::WorkerCrashed))?
    }
}

/// The vote that a second submission of the same address is: cast unless there is one already, or the story is their own. Answers the heads
/// of threads and the people that it concerns.
pub(super) async fn vote_up_once(
    tx: &mut Transaction<'static, Sqlite>,
    user: UserId,
    item: ItemId,
    counted: bool,
    now: Timestamp,
) -> Result<(Vec<ItemId>, BTreeSet<UserId>)> {
    let author: Option<UserId> =
        sqlx::query_scalar("select author_id from items where id = $1").bind(item).fetch_one(&mut **tx).await?;
    if author == Some(user) {
        return Ok((Vec::new(), BTreeSet::new()));
    }
    // A story takes no vote down, so one that stands is up already, and nothing changes.
    let (_, board) = group::write(tx, &[Ballot { user, item, dir: Some(Dir::Up), counted, at: now }]).await?;
    Ok((board.roots(), board.people()))
}
