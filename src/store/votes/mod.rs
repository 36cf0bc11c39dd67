//! Votes. The vote's row, the item's score and its author's karma change in one transaction, so that a score is always the imported
//! base and the counted votes, whoever votes at the same moment. What votes come to is `domain::tally`'s to say, and which of them count
//! `domain::uncounted`'s; those that come together are written together, by `group`.

mod facts;
mod group;

use std::collections::BTreeSet;

use sqlx::{Sqlite, Transaction};
use tokio::sync::oneshot;

pub(super) use group::Ballots;

use super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::origin::Origin;
use crate::domain::policy::Policy;
use crate::domain::tally::{Ballot, Voted};
use crate::domain::uncounted::Uncounted;
use crate::domain::user::UserId;
use crate::domain::vote::{Dir, Vote};

/// A vote to be cast; with no `dir`, one to be taken back.
#[derive(Debug, Clone, Copy)]
pub struct NewVote {
    pub user: UserId,
    pub item: ItemId,
    pub dir: Option<Dir>,
    /// None: made by no request.
    pub origin: Option<Origin>,
}

impl NewVote {
    fn ballot(self, policy: &Policy, at: Timestamp) -> Ballot {
        let near = self.origin.and_then(|origin| origin.telling());
        Ballot { user: self.user, item: self.item, dir: self.dir, near, at, policy: policy.clone() }
    }
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
        Ok(row.and_then(|row| {
            let dir = Dir::from_points(row.dir)?;
            Some(Vote { dir, at: row.at, own: row.own, counted: row.counted })
        }))
    }

    /// Casts, turns or (with no `dir`) takes back a vote. Whether it counts is `domain::uncounted`'s to say; a vote that does not is kept and
    /// changes nothing else. It is written in one transaction with those that wait beside it, and answered once that is committed.
    ///
    /// # Errors
    /// `Conflict` for the author's own first point, which stays as it is.
    pub async fn vote(&self, new: NewVote, policy: &Policy, now: Timestamp) -> Result<Voted> {
        let (answer, answered) = oneshot::channel();
        self.ballots.put(new.ballot(policy, now), answer);
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
    new: NewVote,
    policy: &Policy,
    now: Timestamp,
) -> Result<(Vec<ItemId>, BTreeSet<UserId>)> {
    let author: Option<UserId> =
        sqlx::query_scalar("select author_id from items where id = $1").bind(new.item).fetch_one(&mut **tx).await?;
    if author == Some(new.user) {
        return Ok((Vec::new(), BTreeSet::new()));
    }
    // A story takes no vote down, so one that stands is up already, and nothing changes.
    let (_, board) = group::write(tx, &[new.ballot(policy, now)]).await?;
    Ok((board.roots(), board.people()))
}

/// A vote that did not count, as moderators see it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UncountedVote {
    pub user_id: UserId,
    pub item_id: ItemId,
    pub at: Timestamp,
    pub dir: i64,
    pub uncounted: Uncounted,
    pub voter: String,
    /// None where nobody is known as the item's author.
    pub author: Option<String>,
    pub kind: Kind,
    /// Of the story that the item is or stands under.
    pub title: Option<String>,
    /// The item's own text, as Markdown source.
    pub text: String,
}

impl Store {
    /// Votes that did not count, latest first, from before one that is named by when it was cast, by whom and on what.
    pub async fn uncounted_votes(&self, before: (Timestamp, UserId, ItemId), rows: i64) -> Result<Vec<UncountedVote>> {
        Ok(sqlx::query_as(
            "select v.user_id, v.item_id, v.at, v.dir, v.uncounted, u.name as voter, a.name as author, i.kind, r.title, i.text \
             from votes v join users u on u.id = v.user_id join items i on i.id = v.item_id join items r on r.id = i.root_id \
             left join users a on a.id = i.author_id \
             where v.uncounted is not null and (v.at, v.user_id, v.item_id) < ($1, $2, $3) \
             order by v.at desc, v.user_id desc, v.item_id desc limit $4",
        )
        .bind(before.0)
        .bind(before.1)
        .bind(before.2)
        .bind(rows)
        .fetch_all(&self.read)
        .await?)
    }
}
