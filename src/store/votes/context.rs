//! The context for judging a vote: the voter's earlier votes, shared addresses, and recent posts.

use super::super::{Result, Tx};
use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHash;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::items::item::{Item, ItemId};
use crate::domain::limits::policy::Policy;
use crate::domain::votes::uncounted::{
    PriorVote, Uncounted, VoteContext, is_dominant_author, is_shared_address_suspicious, may_be_ring,
    prior_votes_needed, uncounted,
};
use crate::domain::votes::vote::Direction;

pub(super) async fn parent_author(tx: &mut Tx, item: &Item) -> Result<Option<UserId>> {
    let Some(parent) = item.parent_id else { return Ok(None) };
    tx.sql("select author_id from items where id = $1").bind(parent).fetch_scalar().await
}

/// `None` if the vote counts.
pub(super) async fn judge(
    tx: &mut Tx,
    (voter, item): (&Member, &Item),
    (dir, ip_hash): (Direction, Option<IpHash>),
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<Uncounted>> {
    let past = match voter.role {
        Role::Member => past(tx, voter.id, policy).await?,
        Role::Moderator | Role::Admin => Vec::new(),
    };
    let same_address = match ip_hash.filter(|_| is_shared_address_suspicious(voter, policy)) {
        Some(ip_hash) => is_shared(tx, item, voter.id, ip_hash).await?,
        None => false,
    };
    // The author's role only matters for rings.
    let (author_moderates, posted_last) = match dir {
        Direction::Up if may_be_ring(&past, item.author_id, policy) => {
            (author_moderates(tx, item).await?, posted_last(tx).await?)
        }
        Direction::Up | Direction::Down => (false, Vec::new()),
    };
    let author_prevails = is_dominant_author(item.author_id, &posted_last);
    let about = VoteContext {
        item: item.id,
        author: item.author_id,
        author_moderates,
        author_prevails,
        same_address,
    };
    Ok(uncounted(voter, dir, about, &past, policy, now))
}

async fn author_moderates(tx: &mut Tx, item: &Item) -> Result<bool> {
    let role: Option<Role> =
        tx.sql("select role from users where id = $1").bind(item.author_id).fetch_optional_scalar().await?;
    Ok(role.is_some_and(|role| role >= Role::Moderator))
}

#[derive(sqlx::FromRow)]
struct PastRow {
    item_id: ItemId,
    author_id: Option<UserId>,
    dir: i64,
    created_at: Timestamp,
}

async fn past(tx: &mut Tx, user: UserId, policy: &Policy) -> Result<Vec<PriorVote>> {
    // One of them may be the vote that is being changed.
    let limit = i64::try_from(prior_votes_needed(policy).saturating_add(1)).unwrap_or(i64::MAX);
    let rows: Vec<PastRow> = tx
        .sql(
            "select v.item_id, i.author_id, v.dir, v.created_at from votes v join items i on i.id = \
             v.item_id \
         where v.user_id = $1 and not v.own order by v.created_at desc, v.item_id limit $2",
        )
        .bind(user)
        .bind(limit)
        .fetch_all()
        .await?;
    let past = |row: PastRow| {
        Some(PriorVote {
            item: row.item_id,
            author: row.author_id,
            dir: Direction::from_points(row.dir)?,
            at: row.created_at,
        })
    };
    Ok(rows.into_iter().filter_map(past).collect())
}

/// Whether the author or another voter on the item recently used the address.
async fn is_shared(tx: &mut Tx, item: &Item, voter: UserId, ip_hash: IpHash) -> Result<bool> {
    tx.sql(
        "select 1 where exists (select 1 from votes where item_id = $1 and ip_hash = $2 and user_id <> $3) \
         or exists (select 1 from (select address from ip_hashes where user_id = $4 order by created_at desc \
         limit 20) as last_hashes where last_hashes.address = $2)",
    )
    .bind(item.id)
    .bind(ip_hash.as_bytes().to_vec())
    .bind(voter)
    .bind(item.author_id)
    .exists()
    .await
}

/// The authors of the newest 50 stories and 50 comments.
async fn posted_last(tx: &mut Tx) -> Result<Vec<Option<UserId>>> {
    tx.sql(
        "select author_id from (select s.author_id from items s where s.dead is null and s.deleted_at is \
         null \
         and s.kind in ('story', 'job', 'poll') order by s.time desc, s.id desc limit 50) as newest_stories \
         union all \
         select author_id from (select c.author_id from items c where c.dead is null and c.deleted_at is \
         null and c.kind = 'comment' order by c.time desc, c.id desc limit 50) as newest_comments",
    )
    .fetch_scalars()
    .await
}
