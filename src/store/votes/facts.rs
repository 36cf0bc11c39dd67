//! What votes are judged by, read for a whole group in a few statements: who votes, on what, how they voted before, and who else came from
//! where they came from. All in the transaction that writes the group, so that of two votes from one address both cannot be the first.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sqlx::{QueryBuilder, Sqlite, Transaction};

use super::super::Result;
use super::group::is_kept_prepared;
use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::origin::NetworkHash;
use crate::domain::standing::Ban;
use crate::domain::tally::{Ballot, Board, Standing, Subject};
use crate::domain::uncounted::{Past, Uncounted, Voter, votes_looked_at};
use crate::domain::user::{Role, UserId};
use crate::domain::vote::Dir;

/// All that the ballots depend on.
pub(super) async fn read(tx: &mut Transaction<'static, Sqlite>, ballots: &[Ballot]) -> Result<Board> {
    let mut board = Board::default();
    let pairs: BTreeSet<(UserId, ItemId)> = ballots.iter().map(|ballot| (ballot.user, ballot.item)).collect();
    let keep = is_kept_prepared(ballots);
    read_pairs(tx, &mut board, &pairs, keep).await?;
    read_past(tx, &mut board, ballots, keep).await?;
    let addresses = board.addresses(ballots);
    read_taken(tx, &mut board, &pairs, addresses, keep).await?;
    if board.may_have_rings(ballots) {
        board.posted_last = posted_last(tx).await?;
    }
    Ok(board)
}

#[derive(sqlx::FromRow)]
struct PairRow {
    user_id: UserId,
    item_id: ItemId,
    root_id: ItemId,
    kind: Kind,
    author_id: Option<UserId>,
    author_role: Option<Role>,
    score: i64,
    role: Role,
    karma: i64,
    created: Timestamp,
    shadowed_at: Option<Timestamp>,
    #[sqlx(flatten)]
    ban: Ban,
    dir: Option<i64>,
    uncounted: Option<Uncounted>,
    own: Option<bool>,
    at: Option<Timestamp>,
    near: Option<Vec<u8>>,
}

/// Who votes, on what, and the vote that stands there.
async fn read_pairs(
    tx: &mut Transaction<'static, Sqlite>,
    board: &mut Board,
    pairs: &BTreeSet<(UserId, ItemId)>,
    keep: bool,
) -> Result<()> {
    let mut query = QueryBuilder::new("with asked (user_id, item_id) as (");
    query.push_values(pairs, |mut values, (user, item)| {
        values.push_bind(*user).push_bind(*item);
    });
    query.push(
        ") select asked.user_id, asked.item_id, i.root_id, i.kind, i.author_id, w.role as author_role, i.score, \
         u.role, u.karma, u.created, u.shadowed_at, u.banned_at, u.banned_until, u.ban_reason, \
         v.dir, v.uncounted, v.own, v.at, v.near \
         from asked join users u on u.id = asked.user_id join items i on i.id = asked.item_id \
         left join users w on w.id = i.author_id \
         left join votes v on v.user_id = asked.user_id and v.item_id = asked.item_id",
    );
    let rows: Vec<PairRow> = query.build_query_as().persistent(keep).fetch_all(&mut **tx).await?;
    for row in rows {
        let author_moderates = row.author_role.is_some_and(|role| role >= Role::Moderator);
        let (root, author) = (row.root_id, row.author_id);
        let subject = Subject { root, kind: row.kind, author, author_moderates, score: row.score };
        board.items.insert(row.item_id, subject);
        let shadowed = row.shadowed_at.is_some();
        let voter = Voter { role: row.role, karma: row.karma, created: row.created, ban: row.ban, shadowed };
        board.voters.insert(row.user_id, voter);
        if let (Some(dir), Some(own), Some(at)) = (row.dir.and_then(Dir::from_points), row.own, row.at) {
            let near = row.near.as_deref().and_then(NetworkHash::from_bytes);
            let vote = Standing { dir, uncounted: row.uncounted, own, at, near };
            board.votes.insert((row.user_id, row.item_id), vote);
        }
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct PastRow {
    user_id: UserId,
    item_id: ItemId,
    author_id: Option<UserId>,
    dir: i64,
    at: Timestamp,
}

/// How those voted before whom it may concern.
async fn read_past(
    tx: &mut Transaction<'static, Sqlite>,
    board: &mut Board,
    ballots: &[Ballot],
    keep: bool,
) -> Result<()> {
    let mut casts: BTreeMap<UserId, i64> = BTreeMap::new();
    for ballot in ballots.iter().filter(|ballot| ballot.dir.is_some()) {
        if board.voters.get(&ballot.user).is_some_and(|voter| voter.role < Role::Moderator) {
            *casts.entry(ballot.user).or_default() += 1;
        }
    }
    let Some(most_casts) = casts.values().max().copied() else { return Ok(()) };
    // Each ballot may take one of the earlier votes away.
    let looked_at = ballots.iter().map(|ballot| votes_looked_at(&ballot.policy)).max().unwrap_or(0);
    let back = ballots.iter().filter(|ballot| ballot.dir.is_none()).count();
    let limit = i64::try_from(looked_at.saturating_add(back)).unwrap_or(i64::MAX).saturating_add(most_casts);
    let mut query = QueryBuilder::new("with asked (user_id) as (");
    query.push_values(casts.keys(), |mut values, user| {
        values.push_bind(*user);
    });
    query
        .push(
            ") select v.user_id, v.item_id, i.author_id, v.dir, v.at from asked join votes v on v.user_id = asked.user_id \
             and v.item_id in (select p.item_id from votes p where p.user_id = asked.user_id and not p.own \
             order by p.at desc, p.item_id limit ",
        )
        .push_bind(limit)
        .push(") join items i on i.id = v.item_id");
    let rows: Vec<PastRow> = query.build_query_as().persistent(keep).fetch_all(&mut **tx).await?;
    for row in rows {
        if let Some(dir) = Dir::from_points(row.dir) {
            let past = Past { item: row.item_id, author: row.author_id, dir, at: row.at };
            board.past.entry(row.user_id).or_default().push(past);
        }
    }
    for past in board.past.values_mut() {
        past.sort_unstable_by_key(|vote| (std::cmp::Reverse(vote.at), vote.item));
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct TakenRow {
    item_id: ItemId,
    near: Vec<u8>,
}

/// Which of these addresses the item's author wrote from lately, or somebody voted on it from whose vote is not on the board.
async fn read_taken(
    tx: &mut Transaction<'static, Sqlite>,
    board: &mut Board,
    pairs: &BTreeSet<(UserId, ItemId)>,
    addresses: HashSet<(ItemId, NetworkHash)>,
    keep: bool,
) -> Result<()> {
    if addresses.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("with asked (item_id, near) as (");
    query.push_values(addresses, |mut values, (item, near)| {
        values.push_bind(item).push_bind(near.as_bytes().to_vec());
    });
    query.push("), known (user_id, item_id) as (");
    query.push_values(pairs, |mut values, (user, item)| {
        values.push_bind(*user).push_bind(*item);
    });
    query.push(
        ") select asked.item_id, asked.near from asked join items i on i.id = asked.item_id \
         where exists (select 1 from votes v where v.item_id = asked.item_id and v.near = asked.near \
         and (v.user_id, v.item_id) not in (select user_id, item_id from known)) \
         or exists (select 1 from (select o.near from origins o where o.user_id = i.author_id \
         order by o.at desc limit 20) as last_origins where last_origins.near = asked.near)",
    );
    let rows: Vec<TakenRow> = query.build_query_as().persistent(keep).fetch_all(&mut **tx).await?;
    board.taken.extend(rows.iter().filter_map(|row| Some((row.item_id, NetworkHash::from_bytes(&row.near)?))));
    Ok(())
}

/// The authors of the newest 50 stories and the newest 50 comments.
async fn posted_last(tx: &mut Transaction<'static, Sqlite>) -> Result<Vec<Option<UserId>>> {
    Ok(sqlx::query_scalar(
        "select author_id from (select s.author_id from items s where s.dead is null and s.deleted_at is null \
         and s.kind in ('story', 'job', 'poll') order by s.time desc, s.id desc limit 50) as newest_stories union all \
         select author_id from (select c.author_id from items c where c.dead is null and c.deleted_at is null \
         and c.kind = 'comment' order by c.time desc, c.id desc limit 50) as newest_comments",
    )
    .fetch_all(&mut **tx)
    .await?)
}
