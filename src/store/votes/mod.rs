//! Votes. The vote, the score and the author's karma change in one transaction, so that a score always equals
//! the base points plus counted votes. Permissions (`domain::votes::vote`) and counting
//! (`domain::votes::uncounted`) are evaluated in it.

mod context;
pub mod flags;

use super::{Change, Db, Error, Result, Store, Tx};
use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::limits::policy::Policy;
use crate::domain::votes::uncounted::Uncounted;
use crate::domain::votes::vote::{Direction, ScoreDelta, Vote, VoteResult};
use crate::store::accounts::author;
use crate::store::items::rows::locked_item;

/// Without `dir`, undoes the vote.
#[derive(Debug, Clone, Copy)]
pub struct NewVote {
    pub user: UserId,
    pub item: ItemId,
    pub dir: Option<Direction>,
    /// `None` outside of requests.
    pub ip_hashes: Option<IpHashes>,
}

#[derive(sqlx::FromRow)]
struct UncountedRow {
    dir: i64,
    counted: bool,
    own: bool,
    created_at: Timestamp,
}

async fn vote_of(db: impl Into<Db<'_>>, user: UserId, item: ItemId) -> Result<Option<Vote>> {
    let row: Option<UncountedRow> = db
        .into()
        .sql("select dir, counted, own, created_at from votes where user_id = $1 and item_id = $2")
        .bind(user)
        .bind(item)
        .fetch_optional()
        .await?;
    Ok(row.and_then(|row| {
        let dir = Direction::from_points(row.dir)?;
        Some(Vote { dir, at: row.created_at, own: row.own, counted: row.counted })
    }))
}

impl Store {
    /// Casts, changes or undoes a vote. Uncounted votes are stored without effect. Fails with `Refused` if
    /// the member may not vote.
    pub async fn vote(&self, new: NewVote, policy: &Policy, now: Timestamp) -> Result<VoteResult> {
        let mut tx = self.begin_beside(Some(new.user)).await?;
        let member = author::writer(&mut tx, new.user, now).await?;
        let item = locked_item(&mut tx, new.item).await?;
        let voted = cast(&mut tx, (&member, &item), new, policy, now).await?;
        if voted.changed {
            self.commit(tx, &changes(&item, new.user)).await?;
        }
        Ok(voted)
    }
}

pub(super) fn changes(item: &Item, voter: UserId) -> [Change; 3] {
    let author = item.author_id.unwrap_or(voter);
    [Change::Thread(item.root_id), Change::Member(voter), Change::Member(author)]
}

pub(super) async fn cast(
    tx: &mut Tx,
    (member, item): (&Member, &Item),
    new: NewVote,
    policy: &Policy,
    now: Timestamp,
) -> Result<VoteResult> {
    let before = vote_of(&mut *tx, member.id, item.id).await?;
    let changed = before.map(|vote| vote.dir) != new.dir;
    if let Some(before) = before.filter(|vote| changed || vote.own) {
        before.may_undo(policy, now).map_err(Error::refused)?;
    }
    let after = match new.dir {
        _ if !changed => before,
        None => {
            take_back(tx, member.id, item.id).await?;
            None
        }
        Some(dir) => {
            // The parent's author only matters for downvotes.
            let answers_member = dir == Direction::Down
                && crate::store::votes::context::parent_author(tx, item).await? == Some(member.id);
            item.may_vote(dir, member, answers_member, policy, now).map_err(Error::refused)?;
            Some(put(tx, (member, item), (dir, new.ip_hashes), policy, now).await?)
        }
    };
    let delta =
        ScoreDelta::between(before.map_or(0, |vote| vote.points()), after.map_or(0, |vote| vote.points()));
    add(tx, item, delta).await?;
    let unseen = after.map_or(0, |vote| vote.unseen_points());
    Ok(VoteResult { score: item.score + delta.score + unseen, dir: after.map(|vote| vote.dir), changed })
}

async fn put(
    tx: &mut Tx,
    (member, item): (&Member, &Item),
    (dir, ip_hashes): (Direction, Option<IpHashes>),
    policy: &Policy,
    now: Timestamp,
) -> Result<Vote> {
    let ip_hash = ip_hashes.and_then(|ip_hashes| ip_hashes.identifying());
    let uncounted =
        crate::store::votes::context::judge(tx, (member, item), (dir, ip_hash), policy, now).await?;
    tx.sql(
        "insert into votes (user_id, item_id, dir, counted, uncounted_reason, created_at, ip_hash) values \
         ($1, $2, $3, $4, $5, \
         $6, $7) \
         on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, \
         uncounted_reason = excluded.uncounted_reason, created_at = excluded.created_at, ip_hash = \
         excluded.ip_hash",
    )
    .bind(member.id)
    .bind(item.id)
    .bind(dir.points())
    .bind(uncounted.is_none())
    .bind(uncounted)
    .bind(now)
    .bind(ip_hash.map(|ip_hash| ip_hash.as_bytes().to_vec()))
    .execute()
    .await?;
    Ok(Vote { dir, at: now, own: false, counted: uncounted.is_none() })
}

async fn take_back(tx: &mut Tx, user: UserId, item: ItemId) -> Result<()> {
    tx.sql("delete from votes where user_id = $1 and item_id = $2").bind(user).bind(item).execute().await?;
    Ok(())
}

/// Updates an item's sums and its author's karma; poll options give none.
async fn add(tx: &mut Tx, item: &Item, delta: ScoreDelta) -> Result<()> {
    if delta == ScoreDelta::default() {
        return Ok(());
    }
    tx.sql("update items set score = score + $2, ups = ups + $3, downs = downs + $4 where id = $1")
        .bind(item.id)
        .bind(delta.score)
        .bind(delta.ups)
        .bind(delta.downs)
        .execute()
        .await?;
    if let Some(author) = item.author_id.filter(|_| item.kind != Kind::Pollopt) {
        tx.sql("update users set karma = karma + $2 where id = $1")
            .bind(author)
            .bind(delta.score)
            .execute()
            .await?;
    }
    Ok(())
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UncountedVote {
    pub user_id: UserId,
    pub item_id: ItemId,
    pub created_at: Timestamp,
    pub dir: i64,
    pub uncounted_reason: Uncounted,
    pub voter: String,
    /// `None` if the author is unknown.
    pub author: Option<String>,
    pub kind: Kind,
    pub title: Option<String>,
    /// Markdown source.
    pub text: String,
}

impl Store {
    pub async fn vote_of(&self, user: UserId, item: ItemId) -> Result<Option<Vote>> {
        vote_of(&self.read, user, item).await
    }

    /// Latest first, before a key of time, voter and item.
    pub async fn uncounted_votes(
        &self,
        before: (Timestamp, UserId, ItemId),
        rows: i64,
    ) -> Result<Vec<UncountedVote>> {
        self.read
            .sql(
                "select v.user_id, v.item_id, v.created_at, v.dir, v.uncounted_reason, u.name as voter, \
                 a.name as author, \
             i.kind, r.title, i.text \
             from votes v join users u on u.id = v.user_id join items i on i.id = v.item_id join items r on \
             r.id = i.root_id left join users a on a.id = i.author_id \
             where v.uncounted_reason is not null and (v.created_at, v.user_id, v.item_id) < ($1, $2, $3) \
             order by v.created_at desc, v.user_id desc, v.item_id desc limit $4",
            )
            .bind(before.0)
            .bind(before.1)
            .bind(before.2)
            .bind(rows)
            .fetch_all()
            .await
    }
}
