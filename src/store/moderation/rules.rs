use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::{IpHash, Prefix};
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::rules::{Effect, Pattern, RuleKind, RuleMatch};
use crate::store::items::rows::adjust_comment_counts;
use crate::store::moderation::approvals;
use crate::store::moderation::log_entry::{self, ActionContext, LogEntry};
use crate::store::{Change, Result, Store, Tx};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RuleRow {
    pub id: i64,
    pub kind: RuleKind,
    pub pattern: String,
    pub effect: Effect,
    pub reason: String,
    pub created_at: Timestamp,
    pub actor_id: Option<UserId>,
    /// `None`: the operator at the command line.
    pub actor: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RuleSubject {
    /// `None` for an account.
    pub item: Option<ItemId>,
    pub kind: Option<Kind>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
    pub created_at: Timestamp,
    pub author: String,
    pub role: Role,
    pub karma: i64,
}

/// `select` of [`RuleSubject`] from items of a kind since `$1`, at most `$2`.
macro_rules! select_posted {
    ($kind:literal) => {
        concat!(
            "select i.id as item, i.kind, i.title, i.url, i.text, i.time as created_at, u.name as author, \
             u.role, \
             u.karma ",
            "from items i join users u on u.id = i.author_id where ",
            $kind,
            " and i.time >= $1 and i.deleted_at is null and i.source is null and (i.dead is null or i.dead \
             <> 'shadow') ",
            "order by i.time desc, i.id desc limit $2"
        )
    };
}

/// `select` of [`RuleSubject`] by the network's hash `$1` since `$2`, at most `$3`.
macro_rules! select_by_ip_hash {
    ($prefix:literal) => {
        concat!(
            "select o.item_id as item, i.kind, i.title, i.url, coalesce(i.text, '') as text, o.created_at, \
             u.name as \
             author, u.role, ",
            "u.karma from ip_hashes o join users u on u.id = o.user_id left join items i on i.id = o.item_id \
             where o.",
            $prefix,
            " = $1 and o.created_at >= $2 order by o.created_at desc limit $3"
        )
    };
}

impl Store {
    pub async fn rules(&self) -> Result<Vec<RuleRow>> {
        self.read
            .sql(
                "select r.id, r.kind, r.pattern, r.effect, r.reason, r.created_at, r.actor_id, u.name as \
                 actor from \
                 rules r left join users u on u.id = r.actor_id order by r.id",
            )
            .fetch_all()
            .await
    }

    /// Fails with `Conflict` if the pattern has a rule.
    pub async fn add_rule(&self, pattern: &Pattern, effect: Effect, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "insert into rules (kind, pattern, effect, reason, created_at, actor_id) values ($1, $2, $3, $4, \
             $5, $6)",
        )
        .bind(pattern.kind())
        .bind(pattern.to_string())
        .bind(effect)
        .bind(act.reason)
        .bind(act.at)
        .bind(act.actor)
        .execute()
        .await?;
        record(&mut tx, Action::AddRule, (pattern.kind(), &pattern.to_string(), effect), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Fails with `NotFound` if there is no such rule.
    pub async fn drop_rule(&self, id: i64, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let (kind, pattern, effect): (RuleKind, String, Effect) = tx
            .sql("delete from rules where id = $1 returning kind, pattern, effect")
            .bind(id)
            .fetch_one()
            .await?;
        record(&mut tx, Action::DeleteRule, (kind, &pattern, effect), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Up to so many stories and as many comments since a moment, newest first, without imported and
    /// shadow-banned ones.
    pub async fn posted_since(
        &self,
        since: Timestamp,
        rows: i64,
    ) -> Result<(Vec<RuleSubject>, Vec<RuleSubject>)> {
        let of = |query| self.read.sql(query).bind(since).bind(rows).fetch_all();
        let stories = of(select_posted!("i.kind in ('story', 'job', 'poll')")).await?;
        let comments = of(select_posted!("i.kind = 'comment'")).await?;
        Ok((stories, comments))
    }

    /// Posts and new accounts from a network since a moment, newest first.
    pub async fn posted_from(
        &self,
        prefix: Prefix,
        network: IpHash,
        since: Timestamp,
        rows: i64,
    ) -> Result<Vec<RuleSubject>> {
        let query = match prefix {
            Prefix::Address => select_by_ip_hash!("address"),
            Prefix::Subnet => select_by_ip_hash!("subnet"),
            Prefix::Network => select_by_ip_hash!("network"),
        };
        self.read.sql(query).bind(network.as_bytes()).bind(since).bind(rows).fetch_all().await
    }
}

/// Private: publishing patterns would help to evade them.
async fn record(
    tx: &mut Tx,
    action: Action,
    (kind, pattern, effect): (RuleKind, &str, Effect),
    act: ActionContext<'_>,
) -> Result<()> {
    let detail = format!("{} {pattern}: {}", kind.as_str(), effect.as_str());
    log_entry::append_checked_log_entry(tx, act, LogEntry { detail: &detail, ..LogEntry::of(action) }).await
}

/// Applies a matched rule: queues, holds or kills the item. Its author is notified of a kill, which outlasts
/// a shadow-ban.
pub(crate) async fn stop(tx: &mut Tx, id: ItemId, stopped: Option<&RuleMatch>, now: Timestamp) -> Result<()> {
    let Some(stopped) = stopped else { return Ok(()) };
    match stopped.effect {
        Effect::Hold => return approvals::hold(tx, id, &stopped.why, now).await,
        Effect::Queue => return queue(tx, id, &stopped.why, now).await,
        Effect::Kill | Effect::Refuse => {}
    }
    let before: Option<(ItemId, Kind, UserId, bool, bool)> = tx
        .sql(
            "select root_id, kind, author_id, edited_at is not null, dead is null from items \
         where id = $1 and (dead is null or dead in ('shadow', 'held')) and deleted_at is null",
        )
        .bind(id)
        .fetch_optional()
        .await?;
    let Some((root, kind, author, edited, live)) = before else { return Ok(()) };
    tx.sql("update items set dead = 'killed', queued_at = null, queue_reason = null where id = $1")
        .bind(id)
        .execute()
        .await?;
    tx.item_changes(id);
    if kind == Kind::Comment && live {
        adjust_comment_counts(tx, root, -1).await?;
    }
    let act = ActionContext { actor: stopped.by, reason: "", at: now };
    let entry = LogEntry {
        detail: if edited { "when it was edited" } else { "when it was posted" },
        ..LogEntry::of(Action::RuleKill)
    };
    log_entry::append_log_entry(tx, act, LogEntry { item: Some(id), ..entry }).await?;
    // A rule's creator who no longer moderates may be the author, and is notified.
    log_entry::notify_author(
        tx,
        Some(author),
        LogEntry { item: Some(id), ..entry },
        ActionContext { actor: None, ..act },
    )
    .await
}

pub(crate) async fn queue(tx: &mut Tx, id: ItemId, why: &str, now: Timestamp) -> Result<()> {
    tx.sql(
        "update items set queued_at = $2, queue_reason = $3 where id = $1 and queued_at is null and dead is \
            null",
    )
    .bind(id)
    .bind(now)
    .bind(why)
    .execute()
    .await?;
    Ok(())
}
