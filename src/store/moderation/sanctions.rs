//! What moderators do to people: bans, slowing, shadow-bans, warnings and notes. Each leaves its row in the log, in the same
//! transaction, and tells the person where it is not done in private.

use crate::clock::Timestamp;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::{ItemId, Kind};
use crate::domain::moderation::action::Action;
use crate::domain::moderation::sanctions;
use crate::store::moderation::actions::{ActionContext, LogEntry, record};
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::moderation::roles::keep_an_admin;
use crate::store::moderation::{ban_takedown, sites};
use crate::store::{Change, Error, Result, Store, Tx};

/// A ban to be set.
#[derive(Debug, Clone, Copy)]
pub struct NewBan {
    pub user: UserId,
    /// None: for good.
    pub until: Option<Timestamp>,
    /// Since when the ban holds that this one takes the place of, as whoever sets it saw it; none where they saw none.
    pub over: Option<Timestamp>,
    /// Takes what they posted since then out of sight; none: that stays.
    pub taking_since: Option<Timestamp>,
}

/// What a moderator wrote down about a person.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Note {
    pub at: Timestamp,
    pub author: String,
    pub text: String,
    /// Whom it was written about.
    pub about: String,
    /// Where it says that two accounts are one person's: the second.
    pub other: Option<String>,
}

/// One of the last that somebody posted, for whoever judges them.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LastPost {
    pub id: ItemId,
    pub kind: Kind,
    pub time: Timestamp,
    pub title: Option<String>,
    /// Where its text begins, as Markdown source.
    pub text: String,
    pub site: Option<String>,
    pub dead: bool,
    pub deleted: bool,
    /// How many flags stand against it.
    pub flags: i64,
}

/// `select` of the last posts of a kind by author `$1`, `$2` of them.
macro_rules! select_last {
    ($kind:literal) => {
        concat!(
            "select i.id, i.kind, i.time, i.title, substr(i.text, 1, 500) as text, i.site, i.dead is not null as dead, \
             i.deleted_at is not null as deleted, (select count(*) from flags f where f.item_id = i.id \
             and f.outcome is distinct from 'rejected') as flags from items i where i.author_id = $1 and ",
            $kind,
            " order by i.time desc, i.id desc limit $2"
        )
    };
}

/// How many of somebody's last stories, and of their last comments, say how they post.
const LAST: i64 = 50;

/// How many notes about one person are shown.
const NOTES: i64 = 200;

impl Store {
    /// Bans a person, whose sessions end at once, or changes the ban that holds. What is to go out of sight with it is killed, and answered
    /// as a number; the person is told of it by the ban's own notice.
    ///
    /// # Errors
    /// `Conflict` where another ban holds than the one that was seen, or where no admin would be left to log in.
    pub async fn ban(&self, ban: NewBan, act: ActionContext<'_>) -> Result<usize> {
        let mut tx = self.begin().await?;
        let standing: Ban = tx
            .sql("select banned_at, banned_until, ban_reason from users where id = $1")
            .bind(ban.user)
            .fetch_one()
            .await?;
        if standing.since(act.at) != ban.over {
            return Err(Error::Conflict);
        }
        let role: Role = tx
            .sql("update users set banned_at = $2, banned_until = $3, ban_reason = $4 where id = $1 returning role")
            .bind(ban.user)
            .bind(act.at)
            .bind(ban.until)
            .bind(act.reason)
            .fetch_scalar()
            .await?;
        if role == Role::Admin {
            keep_an_admin(&mut tx, act.at).await?;
        }
        tx.sql("delete from sessions where user_id = $1").bind(ban.user).execute().await?;
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

    /// Lifts a ban before its end. What it took out of sight comes back where `bring_back` says so, save what a moderator has decided about
    /// since; answers how much that was.
    ///
    /// # Errors
    /// `Conflict` where none holds.
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

    /// Slows a person down until `until`, or for as long as nobody lifts it.
    pub async fn slow(&self, user: UserId, until: Option<Timestamp>, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update users set slowed_until = $2 where id = $1")
            .bind(user)
            .bind(sanctions::slowed_until(until))
            .execute()
            .await?;
        let end = sanctions::until(until);
        let entry = LogEntry { detail: &end, ..LogEntry::of(Action::Slow) };
        done_to_member(&mut tx, user, entry, Terms { until, ..Terms::default() }, act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Lets a person post as often as others again.
    ///
    /// # Errors
    /// `Conflict` where they can already.
    pub async fn unslow(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update users set slowed_until = null where id = $1 and slowed_until > $2")
            .bind(user)
            .bind(act.at)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        done_to_member(&mut tx, user, LogEntry::of(Action::Unslow), Terms::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Shadow-bans a person, who is not told: what they post from now on is dead for everybody else, and their votes do not count.
    ///
    /// # Errors
    /// `Conflict` where it is so already, or they moderate.
    pub async fn shadow(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql(
                "update users set shadowed_at = $2 where id = $1 and shadowed_at is null and role = 'member'",
            )
            .bind(user)
            .bind(act.at)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        record(&mut tx, act, LogEntry { user: Some(user), ..LogEntry::of(Action::Shadow) }).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Lifts a shadow-ban. What was posted under it comes back at its own time and place where `bring_back` says so, and stays dead
    /// otherwise; votes cast under it stay uncounted.
    ///
    /// # Errors
    /// `Conflict` where there is none.
    pub async fn unshadow(&self, user: UserId, bring_back: bool, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update users set shadowed_at = null where id = $1 and shadowed_at is not null")
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
        record(
            &mut tx,
            act,
            LogEntry { user: Some(user), detail: &detail, ..LogEntry::of(Action::Unshadow) },
        )
        .await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Warns a person with the sentence that is the act's reason.
    pub async fn warn(&self, user: UserId, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        done_to_member(&mut tx, user, LogEntry::of(Action::Warn), Terms::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Keeps a moderator's note about `user`; with `other`, it says that the two accounts are one person's. Its text stays out of the log,
    /// so that a moderator does not read there what others wrote about them.
    pub async fn note(
        &self,
        user: UserId,
        other: Option<UserId>,
        text: &str,
        by: UserId,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("insert into notes (user_id, author_id, at, text, other_id) values ($1, $2, $3, $4, $5)")
            .bind(user)
            .bind(by)
            .bind(now)
            .bind(text)
            .bind(other)
            .execute()
            .await?;
        let act = ActionContext { actor: Some(by), reason: "", at: now };
        record(&mut tx, act, LogEntry { user: Some(user), ..LogEntry::of(Action::Note) }).await?;
        self.commit(tx, &[]).await
    }

    /// The last that somebody posted, dead and deleted too, newest first: up to 50 stories and 50 comments.
    pub async fn last_posts(&self, user: UserId) -> Result<Vec<LastPost>> {
        let of = |query| self.read.sql(query).bind(user).bind(LAST).fetch_all();
        let mut posts: Vec<LastPost> = of(select_last!("i.kind in ('story', 'job', 'poll')")).await?;
        posts.extend(of(select_last!("i.kind = 'comment'")).await?);
        posts.sort_by_key(|post| std::cmp::Reverse((post.time, post.id)));
        Ok(posts)
    }

    /// The notes that name `user`, newest first.
    pub async fn notes(&self, user: UserId) -> Result<Vec<Note>> {
        self.read.sql(
            "select n.id as id, n.at as at, w.name as author, n.text, a.name as about, o.name as other from notes n join users w on w.id = n.author_id \
             join users a on a.id = n.user_id left join users o on o.id = n.other_id where n.user_id = $1 union all \
             select n.id as id, n.at as at, w.name as author, n.text, a.name as about, o.name as other from notes n join users w on w.id = n.author_id \
             join users a on a.id = n.user_id join users o on o.id = n.other_id where n.other_id = $1 order by at desc, id desc limit $2",
        )
        .bind(user)
        .bind(NOTES)
        .fetch_all()
        .await
    }
}

/// Writes what was done to a member into the log, and tells them.
async fn done_to_member(
    tx: &mut Tx,
    user: UserId,
    entry: LogEntry<'_>,
    terms: Terms<'_>,
    act: ActionContext<'_>,
) -> Result<()> {
    let entry = LogEntry { user: Some(user), ..entry };
    record(tx, act, entry).await?;
    notify(tx, user, entry, terms, act).await
}

/// Brings back what a shadow-ban kept dead, counts it in its threads, weighs its stories by what is held of their sites by now, and answers
/// how much it was.
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
        .sql("update items set dead = null where author_id = $1 and dead = 'shadow' returning id, url is not null")
        .bind(user)
        .fetch_all()
        .await?;
    for (story, _) in back.iter().filter(|(_, links)| *links) {
        sites::weigh_story(tx, *story).await?;
    }
    Ok(back.len())
}
