//! Words, links and address ranges that posts are held against, and what was posted that a rule would have met.

use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::{IpHash, Prefix};
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::rules::{Effect, Pattern, RuleKind, RuleMatch};
use crate::store::items::rows::count_descendants;
use crate::store::moderation::actions;
use crate::store::moderation::actions::{ActionContext, LogEntry};
use crate::store::{Change, Result, Store, Tx};

/// A rule that stands, with whose it is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RuleRow {
    pub id: i64,
    pub kind: RuleKind,
    pub pattern: String,
    pub effect: Effect,
    pub reason: String,
    pub at: Timestamp,
    pub actor_id: Option<UserId>,
    /// None: the operator at the command line.
    pub actor: Option<String>,
}

/// What somebody posted, or that they made an account.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct RuleSubject {
    /// None: an account was made.
    pub item: Option<ItemId>,
    pub kind: Option<Kind>,
    pub title: Option<String>,
    pub url: Option<String>,
    pub text: String,
    pub at: Timestamp,
    pub author: String,
    pub role: Role,
    pub karma: i64,
}

/// `select` of [`Posted`] from items of a kind, for `$1` the moment and `$2` how many.
macro_rules! select_posted {
    ($kind:literal) => {
        concat!(
            "select i.id as item, i.kind, i.title, i.url, i.text, i.time as at, u.name as author, u.role, u.karma ",
            "from items i join users u on u.id = i.author_id where ",
            $kind,
            " and i.time >= $1 and i.deleted_at is null and i.source is null and (i.dead is null or i.dead <> 'shadow') ",
            "order by i.time desc, i.id desc limit $2"
        )
    };
}

/// `select` of [`Posted`] by where it came from, for `$1` the network's hash, `$2` the moment and `$3` how many.
macro_rules! select_origin {
    ($width:literal) => {
        concat!(
            "select o.item_id as item, i.kind, i.title, i.url, coalesce(i.text, '') as text, o.at, u.name as author, u.role, ",
            "u.karma from origins o join users u on u.id = o.user_id left join items i on i.id = o.item_id where o.",
            $width,
            " = $1 and o.at >= $2 order by o.at desc limit $3"
        )
    };
}

impl Store {
    /// All rules, the oldest first.
    pub async fn rules(&self) -> Result<Vec<RuleRow>> {
        self.read
            .sql(
                "select r.id, r.kind, r.pattern, r.effect, r.reason, r.at, r.actor_id, u.name as actor from rules r \
             left join users u on u.id = r.actor_id order by r.id",
            )
            .fetch_all()
            .await
    }

    /// # Errors
    /// `Conflict` where the same pattern has a rule already.
    pub async fn add_rule(&self, pattern: &Pattern, effect: Effect, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "insert into rules (kind, pattern, effect, reason, at, actor_id) values ($1, $2, $3, $4, $5, $6)",
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

    /// # Errors
    /// `NotFound` where there is no such rule.
    pub async fn drop_rule(&self, id: i64, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let (kind, pattern, effect): (RuleKind, String, Effect) = tx
            .sql("delete from rules where id = $1 returning kind, pattern, effect")
            .bind(id)
            .fetch_one()
            .await?;
        record(&mut tx, Action::DropRule, (kind, &pattern, effect), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// What was posted here since a moment, newest first: at most so many stories, and as many comments. What a shadow-banned author
    /// posted is not among it, nor what an import brought.
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

    /// What came from a network since a moment, newest first: posts and new accounts.
    pub async fn posted_from(
        &self,
        width: Prefix,
        network: IpHash,
        since: Timestamp,
        rows: i64,
    ) -> Result<Vec<RuleSubject>> {
        let query = match width {
            Prefix::Near => select_origin!("near"),
            Prefix::Middle => select_origin!("middle"),
            Prefix::Wide => select_origin!("wide"),
        };
        self.read.sql(query).bind(network.as_bytes()).bind(since).bind(rows).fetch_all().await
    }
}

/// A rule's pattern is for moderators' eyes: who knew it would write around it.
async fn record(
    tx: &mut Tx,
    action: Action,
    (kind, pattern, effect): (RuleKind, &str, Effect),
    act: ActionContext<'_>,
) -> Result<()> {
    let detail = format!("{} {pattern}: {}", kind.as_str(), effect.as_str());
    actions::record(tx, act, LogEntry { detail: &detail, ..LogEntry::of(action) }).await
}

/// Does what a rule says about an item that was just written: into the queue, or out of sight, of which its author is told. Somebody
/// shadow-banned is told as anybody is, and what a rule killed stays dead when their ban is lifted.
pub(crate) async fn stop(tx: &mut Tx, id: ItemId, stopped: Option<&RuleMatch>, now: Timestamp) -> Result<()> {
    let Some(stopped) = stopped else { return Ok(()) };
    if !stopped.killed {
        return queue(tx, id, &stopped.why, now).await;
    }
    let before: Option<(ItemId, Kind, UserId, bool, bool)> = tx
        .sql(
            "select root_id, kind, author_id, edited_at is not null, dead is null from items \
         where id = $1 and (dead is null or dead = 'shadow') and deleted_at is null",
        )
        .bind(id)
        .fetch_optional()
        .await?;
    let Some((root, kind, author, edited, live)) = before else { return Ok(()) };
    tx.sql("update items set dead = 'killed' where id = $1").bind(id).execute().await?;
    if kind == Kind::Comment && live {
        count_descendants(tx, root, -1).await?;
    }
    let act = ActionContext { actor: stopped.by, reason: "", at: now };
    let entry = LogEntry {
        detail: if edited { "as it was edited" } else { "as it was posted" },
        ..LogEntry::of(Action::RuleKill)
    };
    actions::write_down(tx, act, LogEntry { item: Some(id), ..entry }).await?;
    // Whoever made the rule and is no moderator any more may be the author, and is told like anybody.
    actions::tell(
        tx,
        Some(author),
        LogEntry { item: Some(id), ..entry },
        ActionContext { actor: None, ..act },
    )
    .await
}

/// Brings a live item before the moderators, and says why.
pub(crate) async fn queue(tx: &mut Tx, id: ItemId, why: &str, now: Timestamp) -> Result<()> {
    tx.sql("update items set queued_at = $2, queued_for = $3 where id = $1 and queued_at is null and dead is null")
        .bind(id)
        .bind(now)
        .bind(why)
        .execute()
        .await?;
    Ok(())
}
