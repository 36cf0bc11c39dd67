//! Flags and vouches. The row, the item's totals and the effects change in one transaction. Weights and
//! thresholds are in `domain::votes::flag`.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{DeadReason, ItemId, Kind};
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::action::Action;
use crate::domain::text::plural::counted;
use crate::domain::votes::flag::{self, Flag, FlagEffect, Reason};
use crate::store::accounts::author;
use crate::store::items::rows::adjust_comment_counts;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, PostRef};
use crate::store::moderation::{log_entry, sites};
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone)]
pub struct NewFlag<'a> {
    pub user: UserId,
    pub item: ItemId,
    pub reason: Reason,
    pub note: &'a str,
}

/// A member's flag and vouch on an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFlag {
    pub flag: Option<Flag>,
    pub vouched: bool,
}

#[derive(sqlx::FromRow)]
struct MemberFlagRow {
    reason: Option<Reason>,
    note: Option<String>,
    outcome: Option<FlagEffect>,
    vouched: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FlagWithAuthor {
    pub item_id: ItemId,
    pub name: String,
    pub reason: Reason,
    pub note: String,
    /// In hundredths.
    pub weight: i64,
    pub created_at: Timestamp,
    pub outcome: Option<FlagEffect>,
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OwnFlag {
    pub item_id: ItemId,
    pub reason: Reason,
    pub created_at: Timestamp,
    pub outcome: Option<FlagEffect>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct FlaggedItem {
    pub kind: Kind,
    pub root_id: ItemId,
    pub author_id: Option<UserId>,
    pub dead: Option<DeadReason>,
    pub deleted: bool,
    pub cleared: bool,
}

#[derive(sqlx::FromRow)]
struct FlagTotals {
    flags: i64,
    vouches: i64,
    cleared: bool,
    score: i64,
}

impl Store {
    pub async fn cast_by(&self, user: UserId, item: ItemId) -> Result<MemberFlag> {
        let row: MemberFlagRow = self
            .read
            .sql(
                "select f.reason, f.note, f.outcome, v.item_id is not null as vouched from items i \
             left join flags f on f.user_id = $1 and f.item_id = i.id \
             left join vouches v on v.user_id = $1 and v.item_id = i.id where i.id = $2",
            )
            .bind(user)
            .bind(item)
            .fetch_one()
            .await?;
        let flag = row.reason.map(|reason| Flag {
            reason,
            note: row.note.unwrap_or_default(),
            outcome: row.outcome,
        });
        Ok(MemberFlag { flag, vouched: row.vouched })
    }

    pub async fn flags_on(&self, items: &[ItemId]) -> Result<Vec<FlagWithAuthor>> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let query = self.read.sql(
            "select f.item_id, u.name, f.reason, f.note, f.weight, f.created_at, f.outcome from flags f \
             join users u on u.id = f.user_id where f.item_id in ",
        );
        let mut flags: Vec<FlagWithAuthor> = query.list(items).fetch_all().await?;
        flags.sort_by(|a, b| (a.created_at, a.item_id, &a.name).cmp(&(b.created_at, b.item_id, &b.name)));
        Ok(flags)
    }

    /// Casts a flag or changes its reason, and queues the item if the weight is not zero; at the threshold it
    /// kills. Returns whether the item is now dead. Fails with `Conflict` if the item is dead or a moderator
    /// has decided.
    pub async fn flag(&self, new: NewFlag<'_>, policy: &Policy, now: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        let counts = author::writer(&mut tx, new.user, now).await?.counts();
        let subject = subject(&mut tx, new.item).await?;
        if subject.dead.is_some() || subject.deleted || subject.cleared {
            return Err(Error::Conflict);
        }
        let weight = if counts { weight_of(&mut tx, new.user).await? } else { 0 };
        let done = tx
            .sql(
                "insert into flags (user_id, item_id, reason, note, weight, created_at) values ($1, $2, $3, \
                 $4, $5, \
                 $6) \
             on conflict (user_id, item_id) do update set reason = excluded.reason, note = excluded.note \
             where flags.outcome is null",
            )
            .bind(new.user)
            .bind(new.item)
            .bind(new.reason)
            .bind(new.note)
            .bind(weight)
            .bind(now)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        let sums = add_up(&mut tx, new.item).await?;
        if sums.flags > 0 {
            tx.sql("update items set queued_at = $2 where id = $1 and queued_at is null")
                .bind(new.item)
                .bind(now)
                .execute()
                .await?;
        }
        let killed =
            flag::kills(flag::effective_weight(sums.flags, sums.vouches, sums.cleared), sums.score, policy);
        if killed {
            kill_by_flags(&mut tx, new.item, &subject, now).await?;
        }
        self.commit(tx, &[Change::Public]).await?;
        Ok(killed)
    }

    /// Withdraws a flag. Killed items stay dead; items without flags leave the queue. Fails with `Conflict`
    /// if a moderator has decided on it.
    pub async fn unflag(&self, user: UserId, item: ItemId) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from flags where user_id = $1 and item_id = $2 and outcome is null")
            .bind(user)
            .bind(item)
            .execute()
            .await?;
        let decided: Option<FlagEffect> = tx
            .sql("select outcome from flags where user_id = $1 and item_id = $2")
            .bind(user)
            .bind(item)
            .fetch_optional_scalar()
            .await?;
        if decided.is_some() {
            return Err(Error::Conflict);
        }
        if add_up(&mut tx, item).await?.flags == 0 {
            // What flags killed still needs a review.
            tx.sql(
                "update items set queued_at = null where id = $1 and queue_reason is null and dead is null",
            )
            .bind(item)
            .execute()
            .await?;
        }
        self.commit(tx, &[Change::Public]).await
    }

    /// Casts a vouch, which restores the item at the threshold; returns whether it is now live. Fails with
    /// `Conflict` if it is live, or a moderator killed it.
    pub async fn vouch(&self, user: UserId, item: ItemId, policy: &Policy, now: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        author::writer(&mut tx, user, now).await?;
        let subject = subject(&mut tx, item).await?;
        if subject.dead.is_none() || subject.deleted || subject.is_killed_by_hand() {
            return Err(Error::Conflict);
        }
        tx.sql(
            "insert into vouches (user_id, item_id, created_at) values ($1, $2, $3) on conflict do nothing",
        )
        .bind(user)
        .bind(item)
        .bind(now)
        .execute()
        .await?;
        let restored = flag::restores(add_up(&mut tx, item).await?.vouches, policy);
        if restored {
            restore(&mut tx, item, &subject, now).await?;
        }
        self.commit(tx, &[Change::Public]).await?;
        Ok(restored)
    }

    /// Withdraws a vouch. Restored items stay live.
    pub async fn unvouch(&self, user: UserId, item: ItemId) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from vouches where user_id = $1 and item_id = $2")
            .bind(user)
            .bind(item)
            .execute()
            .await?;
        add_up(&mut tx, item).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Clears an item: rejects its flags, prevents new ones and removes it from the queue. Fails with
    /// `Conflict` if it is dead (see [`Store::kill`]) or already cleared.
    pub async fn clear(&self, item: ItemId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let subject = subject(&mut tx, item).await?;
        if subject.dead.is_some() || subject.deleted || subject.cleared {
            return Err(Error::Conflict);
        }
        decide(&mut tx, item, FlagEffect::Rejected).await?;
        log_entry::log_and_notify(&mut tx, subject.of(item), LogEntry::of(Action::Clear), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Latest first.
    pub async fn flagged(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<OwnFlag>> {
        self.read
            .sql(
                "select item_id, reason, created_at, outcome from flags where user_id = $1 order by \
                 created_at desc, item_id \
             limit $2 offset $3",
            )
            .bind(user)
            .bind(rows)
            .bind(skip)
            .fetch_all()
            .await
    }

    /// Latest first.
    pub async fn vouched(&self, user: UserId, skip: i64, rows: i64) -> Result<Vec<ItemId>> {
        let query = "select item_id from vouches where user_id = $1 order by created_at desc, item_id limit \
                     $2 offset $3";
        self.own_list(query, user, skip, rows).await
    }
}

impl FlaggedItem {
    /// Killed by a moderator, so vouches cannot restore it.
    pub fn is_killed_by_hand(&self) -> bool {
        matches!(self.dead, Some(DeadReason::Merged | DeadReason::Removed))
            || (self.dead == Some(DeadReason::Killed) && self.cleared)
    }

    fn of(&self, item: ItemId) -> PostRef {
        (item, self.author_id)
    }
}

pub(crate) async fn subject(tx: &mut Tx, item: ItemId) -> Result<FlaggedItem> {
    tx.sql(
        "select kind, root_id, author_id, dead, deleted_at is not null as deleted, cleared from items \
            where id = $1",
    )
    .bind(item)
    .fetch_one()
    .await
}

/// Sets the outcome of an item's flags, overriding any earlier one, with flaggers' records and totals, and
/// removes it from the queue.
pub(crate) async fn decide(tx: &mut Tx, item: ItemId, outcome: FlagEffect) -> Result<()> {
    let (more, fewer, was) = match outcome {
        FlagEffect::Upheld => (
            "update users set flags_upheld = flags_upheld + 1 where id in \
             (select user_id from flags where item_id = $1 and outcome is distinct from 'upheld')",
            "update users set flags_rejected = flags_rejected - 1 where id in \
             (select user_id from flags where item_id = $1 and outcome = $2)",
            FlagEffect::Rejected,
        ),
        FlagEffect::Rejected => (
            "update users set flags_rejected = flags_rejected + 1 where id in \
             (select user_id from flags where item_id = $1 and outcome is distinct from 'rejected')",
            "update users set flags_upheld = flags_upheld - 1 where id in \
             (select user_id from flags where item_id = $1 and outcome = $2)",
            FlagEffect::Upheld,
        ),
    };
    tx.sql(more).bind(item).execute().await?;
    tx.sql(fewer).bind(item).bind(was).execute().await?;
    tx.sql("update flags set outcome = $2 where item_id = $1").bind(item).bind(outcome).execute().await?;
    tx.sql("update items set cleared = true, queued_at = null, queue_reason = null where id = $1")
        .bind(item)
        .execute()
        .await?;
    add_up(tx, item).await?;
    Ok(())
}

/// Updates the item's totals. Flags and vouches of shadow-banned members have no weight.
async fn add_up(tx: &mut Tx, item: ItemId) -> Result<FlagTotals> {
    tx.sql(
        "update items set flags = (select coalesce(cast(sum(weight) as bigint), 0) from flags \
         where item_id = $1 and outcome is distinct from 'rejected'), \
         vouches = (select count(*) from vouches v join users u on u.id = v.user_id \
         where v.item_id = $1 and u.shadow_banned_at is null) where id = $1 returning flags, vouches, \
         cleared, \
         score",
    )
    .bind(item)
    .fetch_one()
    .await
}

async fn weight_of(tx: &mut Tx, user: UserId) -> Result<i64> {
    let (upheld, rejected): (i64, i64) =
        tx.sql("select flags_upheld, flags_rejected from users where id = $1").bind(user).fetch_one().await?;
    Ok(flag::weight(upheld, rejected))
}

async fn kill_by_flags(tx: &mut Tx, item: ItemId, subject: &FlaggedItem, now: Timestamp) -> Result<()> {
    let flags: Vec<(Reason, i64)> = tx
        .sql("select reason, weight from flags where item_id = $1 and outcome is distinct from 'rejected'")
        .bind(item)
        .fetch_all()
        .await?;
    tx.sql("update items set dead = 'flagged' where id = $1").bind(item).execute().await?;
    tx.item_changes(item);
    if subject.kind == Kind::Comment {
        adjust_comment_counts(tx, subject.root_id, -1).await?;
    }
    let mostly = flag::mostly(&flags).unwrap_or(Reason::Other);
    let detail = counted(flags.len(), "flag").to_string();
    let act = ActionContext { actor: None, reason: mostly.as_str(), at: now };
    log_entry::log_and_notify(
        tx,
        subject.of(item),
        LogEntry { detail: &detail, ..LogEntry::of(Action::FlagKill) },
        act,
    )
    .await
}

async fn restore(tx: &mut Tx, item: ItemId, subject: &FlaggedItem, now: Timestamp) -> Result<()> {
    tx.sql("update items set dead = null where id = $1").bind(item).execute().await?;
    tx.item_changes(item);
    if subject.kind == Kind::Comment {
        adjust_comment_counts(tx, subject.root_id, 1).await?;
    }
    sites::weigh_story(tx, item).await?;
    // Shadow-banned authors see it as live and must not learn otherwise.
    let private = subject.dead == Some(DeadReason::Shadow);
    let act = ActionContext { actor: None, reason: "", at: now };
    log_entry::log_and_notify(tx, subject.of(item), LogEntry { private, ..LogEntry::of(Action::Vouch) }, act)
        .await
}
