use crate::clock::{MINUTE, Timestamp};
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{DeadReason, Item, ItemId};
use crate::domain::items::title::Section;
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::rules::{Effect, RuleMatch};
use crate::domain::moderation::site_restriction::SiteRestriction;
use crate::domain::url::{RULE_VERSION, StoryUrl};
use crate::domain::votes::vote::Direction;
use crate::store::accounts::inbox::{self, ToldPost};
use crate::store::accounts::{author, ip_hashes};
use crate::store::items::rows::{adjust_comment_counts, item_in, select_item};
use crate::store::moderation::sites::RestrictedSite;
use crate::store::moderation::{rules, sites};
use crate::store::{Change, Db, Error, NewVote, Result, Store, Tx, votes};

#[derive(Debug, Clone)]
pub struct NewStory<'a> {
    pub author: UserId,
    pub title: &'a str,
    pub url: Option<&'a StoryUrl>,
    pub section: Option<Section>,
    pub text: &'a str,
    /// `None` outside of requests.
    pub ip_hashes: Option<IpHashes>,
    pub stopped: Option<&'a RuleMatch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    New(ItemId),
    /// A repeated submission: the id of the first.
    Again(ItemId),
    /// The same URL is under discussion.
    Duplicate(ItemId, KnownUrl),
    /// The site is banned. Nothing was written.
    Banned(RestrictedSite),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownUrl {
    Own,
    Voted,
    VotedBefore,
}

#[derive(Debug, Clone)]
pub struct NewComment<'a> {
    pub author: UserId,
    pub parent: ItemId,
    pub text: &'a str,
    /// `None` outside of requests.
    pub ip_hashes: Option<IpHashes>,
    pub stopped: Option<&'a RuleMatch>,
    pub policy: &'a Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommentResult {
    pub id: ItemId,
    /// A repeated submission: this is the first one.
    pub again: bool,
}

impl Store {
    pub async fn item(&self, id: ItemId) -> Result<Item> {
        self.read.sql(select_item!("where i.id = $1")).bind(id).fetch_one().await
    }

    /// The root of an item's thread.
    pub async fn root_of(&self, id: ItemId) -> Result<ItemId> {
        self.read.sql("select root_id from items where id = $1").bind(id).fetch_scalar().await
    }

    /// Submits a story with its author's implicit vote, or votes for a recent live story of the same URL.
    /// Atomic: no concurrent duplicates, and bans apply at once.
    pub async fn submit(&self, story: NewStory<'_>, policy: &Policy, now: Timestamp) -> Result<Submission> {
        let mut tx = self.begin().await?;
        let author = author::writer(&mut tx, story.author, now).await?;
        let restriction = match story.url {
            Some(url) => sites::restriction_on(&mut tx, url).await?,
            None => None,
        };
        if let Some(banned) = restriction.clone().filter(|held| held.restriction == SiteRestriction::Banned) {
            return Ok(Submission::Banned(banned));
        }
        if let Some(first) = first_story(&mut tx, &story, now).await? {
            return Ok(first);
        }
        if let Some(url) = story.url
            && let Some((duplicate, by)) = duplicate_of(&mut tx, url, story.author, policy, now).await?
        {
            if by == Some(story.author) {
                return Ok(Submission::Duplicate(duplicate, KnownUrl::Own));
            }
            let vote = NewVote {
                user: story.author,
                item: duplicate,
                dir: Some(Direction::Up),
                ip_hashes: story.ip_hashes,
            };
            let duplicated = item_in(&mut tx, duplicate).await?;
            // Stories cannot be downvoted, so an existing vote is up and nothing changes.
            let voted = votes::cast(&mut tx, (&author, &duplicated), vote, policy, now).await?;
            if !voted.changed {
                return Ok(Submission::Duplicate(duplicate, KnownUrl::VotedBefore));
            }
            self.commit(tx, &votes::changes(&duplicated, story.author)).await?;
            return Ok(Submission::Duplicate(duplicate, KnownUrl::Voted));
        }
        let id = put_story(&mut tx, &story, (author.shadow_banned_at.is_none(), restriction.is_some()), now)
            .await?;
        own_vote(&mut tx, story.author, id, now).await?;
        if author.shadow_banned_at.is_some() || !waits(story.stopped) {
            let post = ToldPost { id, author: Some(story.author), at: now };
            inbox::tell_of_story(&mut tx, post, story.text).await?;
        }
        ip_hashes::note(&mut tx, story.ip_hashes.as_ref(), story.author, Some(id), now).await?;
        rules::stop(&mut tx, id, story.stopped, now).await?;
        tx.item_changes(id);
        self.commit(tx, &[Change::Public]).await?;
        Ok(Submission::New(id))
    }

    /// Adds a comment with its author's implicit vote, unless it was just sent. Fails with `Refused`
    /// if the parent is closed to comments.
    pub async fn comment(&self, comment: NewComment<'_>, now: Timestamp) -> Result<CommentResult> {
        let mut tx = self.begin_beside(Some(comment.author)).await?;
        let author = author::writer(&mut tx, comment.author, now).await?;
        let (to, root) = item_and_root(&mut tx, comment.parent).await?;
        if let Some(id) = first_comment(&mut tx, &comment, now).await? {
            return Ok(CommentResult { id, again: true });
        }
        to.may_reply(&root, &author, comment.policy, now, true).map_err(Error::refused)?;
        let live = author.shadow_banned_at.is_none();
        let id: ItemId = tx
            .sql(
                "insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, \
             text, score, dead) values ('comment', $1, $2, $2, $2, $3, $4, $5, $6, 1, $7) returning id",
            )
            .bind(comment.author)
            .bind(now)
            .bind(comment.parent)
            .bind(root.id)
            .bind(to.depth.saturating_add(1))
            .bind(comment.text)
            .bind((!live).then_some(DeadReason::Shadow))
            .fetch_scalar()
            .await?;
        own_vote(&mut tx, comment.author, id, now).await?;
        if !live || !waits(comment.stopped) {
            let post = ToldPost { id, author: Some(comment.author), at: now };
            inbox::tell_of_comment(&mut tx, post, to.author_id, root.id, comment.text).await?;
        }
        ip_hashes::note(&mut tx, comment.ip_hashes.as_ref(), comment.author, Some(id), now).await?;
        if live {
            adjust_comment_counts(&mut tx, root.id, 1).await?;
        }
        rules::stop(&mut tx, id, comment.stopped, now).await?;
        tx.item_changes(id);
        // Pages of earlier discussions show the number of comments.
        if has_other_discussions(&mut tx, &root).await? {
            self.commit(tx, &[Change::Public]).await?;
        } else {
            self.commit(tx, &[Change::Thread(root.id), Change::Lists]).await?;
        }
        Ok(CommentResult { id, again: false })
    }

    pub async fn item_and_root(&self, id: ItemId) -> Result<(Item, Item)> {
        item_and_root(&self.read, id).await
    }

    pub async fn submitted_before(&self, story: &NewStory<'_>, now: Timestamp) -> Result<Option<ItemId>> {
        let first = first_story(&self.read, story, now).await?;
        Ok(first.and_then(|first| if let Submission::Again(id) = first { Some(id) } else { None }))
    }

    pub async fn commented_before(&self, comment: &NewComment<'_>, now: Timestamp) -> Result<Option<ItemId>> {
        first_comment(&self.read, comment, now).await
    }
}

async fn item_and_root(db: impl Into<Db<'_>>, id: ItemId) -> Result<(Item, Item)> {
    let both = select_item!(
        "where i.id in (select cast($1 as bigint) union all select root_id from items where id = $1)"
    );
    let found: Vec<Item> = db.into().sql(both).bind(id).fetch_all().await?;
    let find = |id: ItemId| found.iter().find(|item| item.id == id).cloned().ok_or(Error::NotFound);
    let item = find(id)?;
    let root = find(item.root_id)?;
    Ok((item, root))
}

/// Seconds in which identical posts by one author are duplicates.
const SENT_TWICE: i64 = 10 * MINUTE;

/// Whether the post waits for approval; members are told of it when it is published.
fn waits(stopped: Option<&RuleMatch>) -> bool {
    stopped.is_some_and(|stopped| stopped.effect == Effect::Hold)
}

/// Dead comments are skipped, except for shadow-banned authors, who see theirs as live.
async fn first_comment(
    db: impl Into<Db<'_>>,
    comment: &NewComment<'_>,
    now: Timestamp,
) -> Result<Option<ItemId>> {
    db.into().sql(
        "select id from items where author_id = $1 and kind = 'comment' and time >= $2 and parent_id = $3 \
         and text = $4 \
         and deleted_at is null and (dead is null or dead in ('shadow', 'held')) order by time, id limit 1",
    )
    .bind(comment.author)
    .bind(now.minus(SENT_TWICE))
    .bind(comment.parent)
    .bind(comment.text)
    .fetch_optional_scalar()
    .await
}

async fn first_story(
    db: impl Into<Db<'_>>,
    story: &NewStory<'_>,
    now: Timestamp,
) -> Result<Option<Submission>> {
    let found: Vec<(ItemId, Option<String>, String)> = db
        .into()
        .sql(
            "select id, title, text from items where author_id = $1 and kind in ('story', 'job', 'poll') and \
         time >= $2 \
         and url_key is not distinct from $3 and deleted_at is null and (dead is null or dead in ('shadow', \
         'held')) \
         order by time, id limit 100",
        )
        .bind(story.author)
        .bind(now.minus(SENT_TWICE))
        .bind(story.url.map(StoryUrl::key))
        .fetch_all()
        .await?;
    let same =
        found.iter().find(|(_, title, text)| title.as_deref() == Some(story.title) && *text == story.text);
    let own = found.first().filter(|_| story.url.is_some());
    Ok(match (same, own) {
        (Some((id, ..)), _) => Some(Submission::Again(*id)),
        (None, Some((id, ..))) => Some(Submission::Duplicate(*id, KnownUrl::Own)),
        (None, None) => None,
    })
}

async fn put_story(
    tx: &mut Tx,
    story: &NewStory<'_>,
    (live, penalised): (bool, bool),
    now: Timestamp,
) -> Result<ItemId> {
    let site = story.url.map(StoryUrl::site);
    let id: ItemId = tx
        .sql(
            "insert into items (kind, author_id, time, rank_time, visible_at, root_id, depth, title, url, \
         url_key, site, domain, rule_version, section, text, score, dead, penalised) \
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
        .bind((!live).then_some(DeadReason::Shadow))
        .bind(penalised)
        .fetch_scalar()
        .await?;
    tx.sql("update items set root_id = id where id = $1").bind(id).execute().await?;
    Ok(id)
}

/// The live story of the same URL; shadow-banned authors also match their own.
async fn duplicate_of(
    tx: &mut Tx,
    url: &StoryUrl,
    author: UserId,
    policy: &Policy,
    now: Timestamp,
) -> Result<Option<(ItemId, Option<UserId>)>> {
    tx.sql(
        "select t.id, t.author_id from items i join items t on t.id = coalesce(i.merged_into, i.id) \
         where i.url_key = $1 and i.time >= $2 and (i.time >= $3 or i.score >= $4) and i.kind = 'story' \
         and (t.dead is null or (t.dead = 'shadow' and t.author_id = $5)) and t.deleted_at is null order by \
         i.time desc limit 1",
    )
    .bind(url.key())
    .bind(now.minus(policy.duplicate_url_days.seconds()))
    .bind(now.minus(policy.duplicate_url_hours.seconds()))
    .bind(policy.duplicate_url_points)
    .bind(author)
    .fetch_optional()
    .await
}

/// Whether other threads have the same URL and show this one's number of comments.
async fn has_other_discussions(tx: &mut Tx, root: &Item) -> Result<bool> {
    if root.url.is_none() {
        return Ok(false);
    }
    tx.sql(
        "select 1 from items where url_key = (select url_key from items where id = $1) and id <> $1 limit 1",
    )
    .bind(root.id)
    .exists()
    .await
}

async fn own_vote(tx: &mut Tx, author: UserId, id: ItemId, now: Timestamp) -> Result<()> {
    tx.sql(
        "insert into votes (user_id, item_id, dir, counted, own, created_at) values ($1, $2, 1, true, \
            true, $3)",
    )
    .bind(author)
    .bind(id)
    .bind(now)
    .execute()
    .await?;
    Ok(())
}
