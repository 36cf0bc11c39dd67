//! One item at a time: read, submitted, commented, edited, deleted.

use sqlx::{Sqlite, Transaction};

use super::moderation::{self, Act, Entry};
use super::sites::{self, SiteStance};
use super::{Error, NewVote, Result, Store, origins, rules};
use crate::clock::Timestamp;
use crate::domain::desk::{self, Said};
use crate::domain::item::{Item, ItemId, Kind};
use crate::domain::origin::Origin;
use crate::domain::policy::Policy;
use crate::domain::rule::Stopped;
use crate::domain::site::Stance;
use crate::domain::title::Section;
use crate::domain::url::{RULE_VERSION, StoryUrl};
use crate::domain::user::UserId;
use crate::domain::vote::Dir;

/// `select` of an [`Item`] from `items i`, with its author's name; the argument goes on from there.
macro_rules! select_item {
    ($tail:literal) => {
        concat!(
            "select i.id, i.kind, i.author_id, u.name as author, u.created as author_created, i.time, i.rank_time, ",
            "i.visible_at, i.edited_at, i.parent_id, i.root_id, i.depth, i.place, i.title, i.url, i.site, i.section, ",
            "i.text, i.score, i.ups, i.downs, i.descendants, i.deleted_at, i.dead, i.locked, ",
            "i.flags, i.vouches, i.cleared, i.merged_into, i.pinned, ",
            "i.source is not null as imported ",
            "from items i left join users u on u.id = i.author_id ",
            $tail
        )
    };
}
pub(super) use select_item;

/// A story to be submitted.
#[derive(Debug, Clone)]
pub struct NewStory<'a> {
    pub author: UserId,
    pub title: &'a str,
    pub url: Option<&'a StoryUrl>,
    pub section: Option<Section>,
    pub text: &'a str,
    /// False where the author is shadow-banned: the story is made dead, and its author does not notice.
    pub live: bool,
    /// None: made by no request.
    pub origin: Option<Origin>,
    /// What a rule does to it.
    pub stopped: Option<&'a Stopped>,
}

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    New(ItemId),
    /// The same address is under discussion already; the submission counted as a vote for it where it could.
    Duplicate(ItemId),
    /// Its site is banned, and nothing was written.
    Banned(SiteStance),
}

#[derive(Debug, Clone)]
pub struct NewComment<'a> {
    pub author: UserId,
    pub parent: ItemId,
    pub text: &'a str,
    pub live: bool,
    /// None: made by no request.
    pub origin: Option<Origin>,
    /// What a rule does to it.
    pub stopped: Option<&'a Stopped>,
}

/// What an edit leaves; for a comment only the text counts.
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    pub item: ItemId,
    pub editor: UserId,
    pub title: Option<&'a str>,
    pub url: NewUrl<'a>,
    pub section: Option<Section>,
    pub text: &'a str,
    /// Why a moderator does it.
    pub reason: &'a str,
    /// What a rule does to what it says now.
    pub stopped: Option<&'a Stopped>,
}

/// What an edit makes of a story's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewUrl<'a> {
    Same,
    TakenOut,
    Is(&'a StoryUrl),
}

impl Store {
    pub async fn item(&self, id: ItemId) -> Result<Item> {
        Ok(sqlx::query_as(select_item!("where i.id = $1")).bind(id).fetch_one(&self.read).await?)
    }

    /// The head of the thread that an item stands in; a head's own.
    pub async fn root_of(&self, id: ItemId) -> Result<ItemId> {
        Ok(sqlx::query_scalar("select root_id from items where id = $1").bind(id).fetch_one(&self.read).await?)
    }

    /// Who wrote the item that `id` answers.
    pub async fn parent_author(&self, id: ItemId) -> Result<Option<UserId>> {
        Ok(sqlx::query_scalar("select p.author_id from items i join items p on p.id = i.parent_id where i.id = $1")
            .bind(id)
            .fetch_optional(&self.read)
            .await?
            .flatten())
    }

    /// Submits a story, with its author's own first point; or, where a live story of the same address is young enough, votes for that
    /// one instead. Two submissions at once cannot both become stories, and none comes after its site was banned.
    pub async fn submit(&self, story: NewStory<'_>, policy: &Policy, now: Timestamp) -> Result<Submission> {
        let mut tx = self.begin().await?;
        let stance = match story.url {
            Some(url) => sites::stance_on(&mut tx, url).await?,
            None => None,
        };
        if let Some(banned) = stance.clone().filter(|held| held.stance == Stance::Banned) {
            return Ok(Submission::Banned(banned));
        }
        if let Some(url) = story.url
            && let Some(duplicate) = duplicate_of(&mut tx, url, story.author, policy, now).await?
        {
            let vote = NewVote { user: story.author, item: duplicate, dir: Some(Dir::Up), origin: story.origin };
            let (roots, people) = super::votes::vote_up_once(&mut tx, vote, policy, now).await?;
            self.commit_votes(tx, roots, people).await?;
            return Ok(Submission::Duplicate(duplicate));
        }
        let site = story.url.map(StoryUrl::site);
        let id: ItemId = sqlx::query_scalar(
            "insert into items (kind, author_id, time, rank_time, visible_at, root_id, depth, title, url, url_key, site, domain, \
             rule_version, section, text, score, dead, penalised) \
             values ('story', $1, $2, $2, $2, 0, 0, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11, $12) returning id",
        )
        .bind(story.author)
        .bind(now)
        .bind(story.title)
        .bind(story.url.map(StoryUrl::as_str))
        .bind(story.url.map(StoryUrl::key))
        .bind(site.as_ref().map(|s| s.name.as_str()))
        .bind(site.as_ref().map(|s| s.domain.as_str()))
        .bind(story.url.map(|_| RULE_VERSION))
        .bind(story.section)
        .bind(story.text)
        .bind((!story.live).then_some("shadow"))
        .bind(stance.is_some())
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("update items set root_id = id where id = $1").bind(id).execute(&mut *tx).await?;
        own_vote(&mut tx, story.author, id, now).await?;
        origins::note(&mut tx, story.origin.as_ref(), story.author, Some(id), now).await?;
        rules::stop(&mut tx, id, story.stopped, now).await?;
        self.commit(tx).await?;
        Ok(Submission::New(id))
    }

    /// Adds a comment with its author's own first point, and counts it on the head of its thread.
    ///
    /// # Errors
    /// `NotFound` where what it answers takes no comments any more.
    pub async fn comment(&self, comment: NewComment<'_>, now: Timestamp) -> Result<ItemId> {
        let mut tx = self.begin().await?;
        let (root, depth, to): (ItemId, i64, Option<UserId>) = sqlx::query_as(
            "select p.root_id, p.depth, p.author_id from items p join items r on r.id = p.root_id \
             where p.id = $1 and p.deleted_at is null and r.deleted_at is null and not p.locked and not r.locked \
             and (p.dead is null or p.author_id = $2) and (r.dead is null or r.author_id = $2)",
        )
        .bind(comment.parent)
        .bind(comment.author)
        .fetch_one(&mut *tx)
        .await?;
        let id: ItemId = sqlx::query_scalar(
            "insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, reply_to, text, score, dead) \
             values ('comment', $1, $2, $2, $2, $3, $4, $5, $6, $7, 1, $8) returning id",
        )
        .bind(comment.author)
        .bind(now)
        .bind(comment.parent)
        .bind(root)
        .bind(depth.saturating_add(1))
        .bind(to.filter(|to| *to != comment.author))
        .bind(comment.text)
        .bind((!comment.live).then_some("shadow"))
        .fetch_one(&mut *tx)
        .await?;
        own_vote(&mut tx, comment.author, id, now).await?;
        origins::note(&mut tx, comment.origin.as_ref(), comment.author, Some(id), now).await?;
        if comment.live {
            count_descendants(&mut tx, root, 1).await?;
        }
        rules::stop(&mut tx, id, comment.stopped, now).await?;
        self.commit(tx).await?;
        Ok(id)
    }

    /// Keeps what the item was as a revision and writes what it now is; by another than its author, it is an act of moderation. What its
    /// author changes, a moderator has not let stand: it can be flagged again.
    ///
    /// # Errors
    /// `Conflict` where it was deleted meanwhile.
    pub async fn edit(&self, edit: Edit<'_>, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let before = keep_revision(&mut tx, edit.item, edit.editor, now).await?;
        let after: Option<(Option<String>, Option<String>, String)> = sqlx::query_as(
            "update items set title = coalesce($2, title), section = case when kind = 'story' then $3 else section end, text = $4, \
             edited_at = $5, cleared = cleared and author_id is distinct from $6 where id = $1 and deleted_at is null \
             returning title, url, text",
        )
        .bind(edit.item)
        .bind(edit.title)
        .bind(edit.section)
        .bind(edit.text)
        .bind(now)
        .bind(edit.editor)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((title, url, text)) = after else { return Err(Error::Conflict) };
        let url = match edit.url {
            NewUrl::Same => url,
            NewUrl::TakenOut => set_url(&mut tx, edit.item, None).await?,
            NewUrl::Is(url) => set_url(&mut tx, edit.item, Some(url)).await?,
        };
        if before.author_id != Some(edit.editor) {
            let after = Said { title: title.as_deref(), url: url.as_deref(), text: &text };
            let detail = desk::changes(before.said(), after);
            let act = Act { actor: Some(edit.editor), reason: edit.reason, at: now };
            let entry = Entry { detail: &detail, private: before.shadowed, ..Entry::of("edit") };
            moderation::done_to(&mut tx, (edit.item, before.kind, before.author_id), entry, act).await?;
        }
        rules::stop(&mut tx, edit.item, edit.stopped, now).await?;
        self.commit(tx).await
    }

    /// Deletes an item: what it said moves to a revision, its place stays where something visible hangs on it.
    pub async fn delete(&self, id: ItemId, by: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        keep_revision(&mut tx, id, by, now).await?;
        let gone: Option<(ItemId, Kind, bool)> = sqlx::query_as(
            "update items set deleted_at = $2, text = '', title = null, url = null, url_key = null, site = null, domain = null, \
             section = null, queued_at = null, queued_for = null where id = $1 and deleted_at is null returning root_id, kind, dead is null",
        )
        .bind(id)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((root, kind, live)) = gone else { return Err(Error::Conflict) };
        if kind == Kind::Comment && live {
            count_descendants(&mut tx, root, -1).await?;
        }
        self.commit(tx).await
    }
}

/// The story of the same address that is under discussion; somebody shadow-banned finds their own, as anybody else would.
async fn duplicate_of(
    tx: &mut Transaction<'static, Sqlite>,
    url: &StoryUrl,
    author: UserId,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<ItemId>> {
    Ok(sqlx::query_scalar(
        "select t.id from items i join items t on t.id = coalesce(i.merged_into, i.id) \
         where i.url_key = $1 and i.time >= $2 and (i.time >= $3 or i.score >= $4) and i.kind = 'story' \
         and (t.dead is null or (t.dead = 'shadow' and t.author_id = $5)) and t.deleted_at is null order by i.time desc limit 1",
    )
    .bind(url.key())
    .bind(now.minus(policy.duplicate_window_popular))
    .bind(now.minus(policy.duplicate_window))
    .bind(policy.duplicate_points)
    .bind(author)
    .fetch_optional(&mut **tx)
    .await?)
}

async fn own_vote(tx: &mut Transaction<'static, Sqlite>, author: UserId, id: ItemId, now: Timestamp) -> Result<()> {
    sqlx::query("insert into votes (user_id, item_id, dir, counted, own, at) values ($1, $2, 1, true, true, $3)")
        .bind(author)
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What an item said before it is changed.
#[derive(sqlx::FromRow)]
struct Before {
    kind: Kind,
    author_id: Option<UserId>,
    title: Option<String>,
    url: Option<String>,
    text: String,
    /// Of a shadow-banned author, who takes it for live.
    shadowed: bool,
}

impl Before {
    fn said(&self) -> Said<'_> {
        Said { title: self.title.as_deref(), url: self.url.as_deref(), text: &self.text }
    }
}

async fn keep_revision(
    tx: &mut Transaction<'static, Sqlite>,
    id: ItemId,
    by: UserId,
    now: Timestamp,
) -> Result<Before> {
    let before: Before = sqlx::query_as(
        "select kind, author_id, title, url, text, coalesce(dead = 'shadow', false) as shadowed from items where id = $1",
    )
    .bind(id)
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query("insert into revisions (item_id, editor_id, at, title, url, text) values ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(by)
        .bind(now)
        .bind(&before.title)
        .bind(&before.url)
        .bind(&before.text)
        .execute(&mut **tx)
        .await?;
    Ok(before)
}

/// Gives a story another address, or none, with all that is made of it.
async fn set_url(tx: &mut Transaction<'static, Sqlite>, id: ItemId, url: Option<&StoryUrl>) -> Result<Option<String>> {
    let site = url.map(StoryUrl::site);
    let kept = sqlx::query_scalar(
        "update items set url = $2, url_key = $3, site = $4, domain = $5, rule_version = $6, penalised = false where id = $1 returning url",
    )
    .bind(id)
    .bind(url.map(StoryUrl::as_str))
    .bind(url.map(StoryUrl::key))
    .bind(site.as_ref().map(|s| s.name.as_str()))
    .bind(site.as_ref().map(|s| s.domain.as_str()))
    .bind(url.map(|_| RULE_VERSION))
    .fetch_one(&mut **tx)
    .await?;
    sites::weigh_story(tx, id).await?;
    Ok(kept)
}

pub(super) async fn count_descendants(tx: &mut Transaction<'static, Sqlite>, root: ItemId, by: i64) -> Result<()> {
    sqlx::query("update items set descendants = descendants + $2 where id = $1")
        .bind(root)
        .bind(by)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
