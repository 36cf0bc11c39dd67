//! Sanctions: bans, limits, shadow-bans, warnings and notes. Logged and, unless private, notified in the same
//! transaction.

use crate::clock::Timestamp;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::sanctions;
use crate::store::accounts::credentials::lifetime::{CredentialEnd, end_credentials};
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_checked_log_entry};
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::moderation::roles::keep_an_admin;
use crate::store::moderation::{ban_takedown, sites};
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone, Copy)]
pub struct NewBan {
    pub user: UserId,
    /// `None`: permanent.
    pub until: Option<Timestamp>,
    /// Start of the ban the moderator was looking at, for optimistic locking. `None` if they saw no ban.
    pub over: Option<Timestamp>,
    /// Kill the posts since then; `None` for no posts.
    pub taking_since: Option<Timestamp>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Note {
    pub created_at: Timestamp,
    pub author: String,
    pub text: String,
    pub about: String,
    /// The second account, if the note links two accounts of one person.
    pub other: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LastPost {
    pub id: ItemId,
    pub kind: Kind,
    pub time: Timestamp,
    pub title: Option<String>,
    /// The beginning of its Markdown source.
    pub text: String,
    pub site: Option<String>,
    pub dead: bool,
    pub deleted: bool,
    /// Number of flags against it that no moderator rejected.
    pub flags: i64,
}

/// `select` of the last `$2` posts of a kind by author `$1`.
macro_rules! select_last {
    ($kind:literal) => {
        concat!(
            "select i.id, i.kind, i.time, i.title, substr(i.text, 1, 500) as text, i.site, i.dead is not \
             null as dead, \
             i.deleted_at is not null as deleted, (select count(*) from flags f where f.item_id = i.id \
             and f.outcome is distinct from 'rejected') as flags from items i where i.author_id = $1 and ",
            $kind,
            " order by i.time desc, i.id desc limit $2"
        )
    };
}

/// The posts of each kind that are shown.
const LAST: i64 = 50;

const NOTES: i64 = 200;

pub(crate) async fn ban_of(tx: &mut Tx, user: UserId) -> Result<Ban> {
    tx.sql("select banned_at, banned_until, ban_reason from users where id = $1").bind(user).fetch_one().await
}

impl Store {
    /// Bans a user and ends their sessions, or changes the active ban; returns the number of posts killed.
    /// Fails with `Conflict` if another ban is active than the one seen, or no admin who can log in would
    /// remain.
    pub async fn ban(&self, ban: NewBan, act: ActionContext<'_>) -> Result<usize> {
        let mut tx = self.begin().await?;
        let standing = ban_of(&mut tx, ban.user).await?;
        if standing.since(act.at) != ban.over {
            return Err(Error::Conflict);
        }
        let role: Role = tx
            .sql(
                "update users set banned_at = $2, banned_until = $3, ban_reason = $4 where id = $1 \
                  returning role",
            )
            .bind(ban.user)
            .bind(act.at)
            .bind(ban.until)
            .bind(act.reason)
            .fetch_scalar()
            .await?;
        if role == Role::Admin {
            keep_an_admin(&mut tx, act.at).await?;
        }
        end_credentials(&mut tx, ban.user, CredentialEnd::Ban).await?;
        let taken = match ban.taking_since {
            Some(since) => ban_takedown::take(&mut tx, ban.user, since, act).await?,
            None => 0,
        };
        let end = ban.until.map_or_else(|| "permanently".to_owned(), |until| sanctions::until(Some(until)));
        let changed = if ban.over.is_some() { sanctions::CHANGED } else { "" };
        let mut detail = format!("{changed}{end}");
        if taken > 0 {
            detail = format!("{detail}; {} killed", sanctions::posts(taken));
        }
        let entry = LogEntry { detail: &detail, ..LogEntry::of(Action::Ban) };
        let terms = Terms { until: ban.until, posts: taken, ..Terms::default() };
        done_to_member(&mut tx, ban.user, entry, terms, act).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(taken)
    }

    /// Lifts a ban; with `bring_back` restores the posts killed with it, except those decided on since.
    /// Returns their number. Fails with `Conflict` if there is none.
    pub async fn unban(&self, user: UserId, bring_back: bool, act: ActionContext<'_>) -> Result<usize> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql(
                "update users set banned_at = null, banned_until = null, ban_reason = null \
             where id = $1 and banned_at is not null and (banned_until is null or banned_until > $2)",
            )
            .bind(user)
            .bind(act.at)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        let back = if bring_back { ban_takedown::bring_back(&mut tx, user, act).await? } else { 0 };
        let detail = if back > 0 { format!("{} restored", sanctions::posts(back)) } else { String::new() };
        let entry = LogEntry { detail: &detail, ..LogEntry::of(Action::Unban) };
        done_to_member(&mut tx, user, entry, Terms { posts: back, ..Terms::default() }, act).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(back)
    }

    /// Limits a user until `until`, or indefinitely.
    pub async fn limit(&self, user: UserId, until: Option<Timestamp>, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update users set limited_until = $2 where id = $1")
            .bind(user)
            .bind(sanctions::limited_until(until))
            .execute()
            .await?;
        let end = sanctions::until(until);
        let entry = LogEntry { detail: &end, ..LogEntry::of(Action::Limit) };
        done_to_member(&mut tx, user, entry, Terms { until, ..Terms::default() }, act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Fails with `Conflict` if they are not limited.
    pub async fn unlimit(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update users set limited_until = null where id = $1 and limited_until > $2")
            .bind(user)
            .bind(act.at)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        done_to_member(&mut tx, user, LogEntry::of(Action::Unlimit), Terms::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Shadow-bans a user without notice: new posts are dead to others, votes do not count. Fails with
    /// `Conflict` if nothing would change, or they moderate.
    pub async fn shadow(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql(
                "update users set shadow_banned_at = $2 where id = $1 and shadow_banned_at is null and role \
                 = 'member'",
            )
            .bind(user)
            .bind(act.at)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        append_checked_log_entry(&mut tx, act, LogEntry { user: Some(user), ..LogEntry::of(Action::Shadow) })
            .await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Lifts a shadow-ban; `bring_back` restores the posts made under it. Votes stay uncounted. Fails with
    /// `Conflict` if there is none.
    pub async fn unshadow(&self, user: UserId, bring_back: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update users set shadow_banned_at = null where id = $1 and shadow_banned_at is not null")
            .bind(user)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        let mut detail = "what was posted under it stays dead".to_owned();
        if bring_back {
            let posts = bring_back_shadowed(&mut tx, user).await?;
            detail = format!("{} restored", sanctions::posts(posts));
        }
        append_checked_log_entry(
            &mut tx,
            act,
            LogEntry { user: Some(user), detail: &detail, ..LogEntry::of(Action::Unshadow) },
        )
        .await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Sends the action's reason as a warning.
    pub async fn warn(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        done_to_member(&mut tx, user, LogEntry::of(Action::Warn), Terms::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Adds a moderator's note on `user`; with `other`, that both accounts are one person's. The text is not
    /// logged, since moderators can be subjects of notes.
    pub async fn note(
        &self,
        user: UserId,
        other: Option<UserId>,
        text: &str,
        by: UserId,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql(
            "insert into notes (user_id, author_id, created_at, text, other_id) values ($1, $2, $3, $4, $5)",
        )
        .bind(user)
        .bind(by)
        .bind(now)
        .bind(text)
        .bind(other)
        .execute()
        .await?;
        let act = ActionContext { actor: Some(by), reason: "", at: now };
        append_checked_log_entry(&mut tx, act, LogEntry { user: Some(user), ..LogEntry::of(Action::Note) })
            .await?;
        self.commit(tx, &[]).await
    }

    /// Up to 50 stories and 50 comments, newest first, dead and deleted included.
    pub async fn last_posts(&self, user: UserId) -> Result<Vec<LastPost>> {
        let of = |query| self.read.sql(query).bind(user).bind(LAST).fetch_all();
        let mut posts: Vec<LastPost> = of(select_last!("i.kind in ('story', 'job', 'poll')")).await?;
        posts.extend(of(select_last!("i.kind = 'comment'")).await?);
        posts.sort_by_key(|post| std::cmp::Reverse((post.time, post.id)));
        Ok(posts)
    }

    pub async fn notes(&self, user: UserId) -> Result<Vec<Note>> {
        self.read
            .sql(
                "select n.id as id, n.created_at as created_at, w.name as author, n.text, a.name as about, \
             o.name as other from \
             notes n join users w on w.id = n.author_id \
             join users a on a.id = n.user_id left join users o on o.id = n.other_id where n.user_id = $1 \
             union all \
             select n.id as id, n.created_at as created_at, w.name as author, n.text, a.name as about, \
             o.name as other from \
             notes n join users w on w.id = n.author_id \
             join users a on a.id = n.user_id join users o on o.id = n.other_id where n.other_id = $1 order \
             by created_at desc, id desc limit $2",
            )
            .bind(user)
            .bind(NOTES)
            .fetch_all()
            .await
    }
}

pub(crate) async fn done_to_member(
    tx: &mut Tx,
    user: UserId,
    entry: LogEntry<'_>,
    terms: Terms<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    let entry = LogEntry { user: Some(user), ..entry };
    append_checked_log_entry(tx, act, entry).await?;
    notify(tx, user, entry, terms, act).await
}

/// Restores posts that a shadow-ban made dead, with counts and site restrictions; returns their number.
async fn bring_back_shadowed(tx: &mut Tx, user: UserId) -> Result<usize> {
    tx.sql(
        "update items set descendants = descendants + (select count(*) from items c where c.author_id = $1 \
         and c.dead = 'shadow' and c.deleted_at is null and c.kind = 'comment' and c.root_id = items.id) \
         where id in (select s.root_id from items s where s.author_id = $1 and s.dead = 'shadow')",
    )
    .bind(user)
    .execute()
    .await?;
    let back: Vec<(ItemId, bool)> = tx
        .sql(
            "update items set dead = null where author_id = $1 and dead = 'shadow' returning id, url is not \
              null",
        )
        .bind(user)
        .fetch_all()
        .await?;
    back.iter().for_each(|(id, _)| tx.item_changes(*id));
    for (story, _) in back.iter().filter(|(_, links)| *links) {
        sites::weigh_story(tx, *story).await?;
    }
    Ok(back.len())
}
