//! Edits and deletions. Permissions are checked within the write transaction.

use crate::clock::{HOUR, Timestamp};
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{DeadReason, Item, ItemId, Kind};
use crate::domain::items::removal;
use crate::domain::items::title::Section;
use crate::domain::limits::policy::Policy;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::item_actions::{self, ItemContent};
use crate::domain::moderation::rules::RuleMatch;
use crate::domain::moderation::site_restriction::SiteRestriction;
use crate::domain::text;
use crate::domain::url::{RULE_VERSION, StoryUrl};
use crate::store::accounts::author;
use crate::store::accounts::inbox::{self, ToldPost};
use crate::store::items::rows::{adjust_comment_counts, item_in};
use crate::store::moderation::log_entry::{ActionContext, LogEntry};
use crate::store::moderation::sites::RestrictedSite;
use crate::store::moderation::{log_entry, rules, sites};
use crate::store::{Change, Error, Result, Store, Tx};

/// The result of an edit; comments use only the text.
#[derive(Debug, Clone)]
pub struct Edit<'a> {
    pub item: ItemId,
    pub editor: UserId,
    /// The item's version that was edited.
    pub version: i64,
    pub title: Option<&'a str>,
    pub url: NewUrl<'a>,
    pub section: Option<Section>,
    pub text: &'a str,
    pub reason: &'a str,
    pub stopped: Option<&'a RuleMatch>,
    pub policy: &'a Policy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewUrl<'a> {
    Same,
    TakenOut,
    Is(&'a StoryUrl),
}

#[derive(Debug, Clone)]
pub enum Edited {
    Done,
    /// Concurrent edit: the current item. Nothing was written.
    Crossed(Box<Item>),
    /// The new site is banned. Nothing was written.
    Banned(RestrictedSite),
}

/// Seconds after which removing the text of a post with replies queues it.
const SETTLED: i64 = HOUR;

impl Edit<'_> {
    fn is_said_by(&self, item: &Item) -> bool {
        let url = match self.url {
            NewUrl::Same => true,
            NewUrl::TakenOut => item.url.is_none(),
            NewUrl::Is(url) => item.url.as_deref() == Some(url.as_str()),
        };
        url && self.title.is_none_or(|title| item.title.as_deref() == Some(title)) && item.text == self.text
    }
}

impl Store {
    /// Stores a revision and updates the item; edits by others are logged as moderation. An author's edit
    /// resets a moderator's clearance, unless the item is dead. Fails with `Refused` if the editor may not
    /// edit it.
    pub async fn edit(&self, edit: Edit<'_>, now: Timestamp) -> Result<Edited> {
        let mut tx = self.begin().await?;
        let editor = author::writer(&mut tx, edit.editor, now).await?;
        let before = item_in(&mut tx, edit.item).await?;
        before.may_edit(&editor, edit.policy, now).map_err(Error::refused)?;
        if before.version != edit.version {
            let done = edit.is_said_by(&before);
            return Ok(if done { Edited::Done } else { Edited::Crossed(Box::new(before)) });
        }
        if let NewUrl::Is(url) = edit.url
            && let Some(banned) = sites::restriction_on(&mut tx, url)
                .await?
                .filter(|held| held.restriction == SiteRestriction::Banned)
        {
            return Ok(Edited::Banned(banned));
        }
        keep_revision(&mut tx, &before, edit.editor, now).await?;
        let (title, url, text): (Option<String>, Option<String>, String) = tx.sql(
            "update items set title = coalesce($2, title), section = case when kind = 'story' then $3 else \
             section end, text = $4, \
             edited_at = $5, version = version + 1, cleared = cleared and (dead is not null or author_id is \
             distinct from $6) where id = $1 returning title, url, text",
        )
        .bind(edit.item)
        .bind(edit.title)
        .bind(edit.section)
        .bind(edit.text)
        .bind(now)
        .bind(edit.editor)
        .fetch_one()
        .await?;
        let url = match edit.url {
            NewUrl::Same => url,
            NewUrl::TakenOut => set_url(&mut tx, edit.item, None).await?,
            NewUrl::Is(url) => set_url(&mut tx, edit.item, Some(url)).await?,
        };
        if before.author_id == Some(edit.editor) {
            notice_removal(&mut tx, &before, edit.text, now).await?;
        } else {
            let after = ItemContent { title: title.as_deref(), url: url.as_deref(), text: &text };
            let detail = item_actions::changes(content_of(&before), after);
            let act = ActionContext { actor: Some(edit.editor), reason: edit.reason, at: now };
            let entry = LogEntry {
                detail: &detail,
                private: before.dead == Some(DeadReason::Shadow),
                ..LogEntry::of(Action::Edit)
            };
            log_entry::log_and_notify(&mut tx, (edit.item, before.author_id), entry, act).await?;
        }
        let post = ToldPost { id: edit.item, author: before.author_id, at: now };
        inbox::tell_of_edit(&mut tx, post, &before.text, &text).await?;
        rules::stop(&mut tx, edit.item, edit.stopped, now).await?;
        tx.item_changes(edit.item);
        self.commit(tx, &[Change::Public]).await?;
        Ok(Edited::Done)
    }

    /// Deletes an item: its content becomes a revision; a placeholder stays if it has visible replies. Fails
    /// with `Conflict` if it is already deleted; with `Refused` if `by` may not delete it.
    pub async fn delete(&self, id: ItemId, by: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let author = author::writer(&mut tx, by, now).await?;
        let item = item_in(&mut tx, id).await?;
        if item.deleted_at.is_some() {
            return Err(Error::Conflict);
        }
        item.may_delete(&author).map_err(Error::refused)?;
        remove(&mut tx, &item, by, now).await?;
        self.commit(tx, &[Change::Public]).await
    }
}

/// Empties an item, and keeps what it was as a revision.
pub(crate) async fn remove(tx: &mut Tx, item: &Item, by: UserId, now: Timestamp) -> Result<()> {
    keep_revision(tx, item, by, now).await?;
    tx.sql(
        "update items set deleted_at = $2, text = '', title = null, url = null, url_key = null, site = \
         null, domain = null, section = null, queued_at = null, queue_reason = null where id = $1",
    )
    .bind(item.id)
    .bind(now)
    .execute()
    .await?;
    if item.kind == Kind::Comment && item.dead.is_none() {
        adjust_comment_counts(tx, item.root_id, -1).await?;
    }
    tx.item_changes(item.id);
    Ok(())
}

fn content_of(item: &Item) -> ItemContent<'_> {
    ItemContent { title: item.title.as_deref(), url: item.url.as_deref(), text: &item.text }
}

async fn keep_revision(tx: &mut Tx, item: &Item, by: UserId, now: Timestamp) -> Result<()> {
    tx.sql(
        "insert into revisions (item_id, editor_id, created_at, title, url, text) values ($1, $2, $3, $4, \
         $5, $6)",
    )
    .bind(item.id)
    .bind(by)
    .bind(now)
    .bind(&item.title)
    .bind(&item.url)
    .bind(&item.text)
    .execute()
    .await?;
    Ok(())
}

/// Queues a post whose author removes nearly all of a text with replies.
async fn notice_removal(tx: &mut Tx, before: &Item, new: &str, now: Timestamp) -> Result<()> {
    if now.since(before.time) < SETTLED {
        return Ok(());
    }
    // Compare with the earliest version, since text can be removed little by little.
    let first: Option<String> = tx
        .sql("select text from revisions where item_id = $1 order by created_at, id limit 1")
        .bind(before.id)
        .fetch_optional_scalar()
        .await?;
    let new = text::plain(new);
    let earlier = [first.as_deref().unwrap_or_default(), &before.text];
    if !earlier.into_iter().any(|text| removal::is_nearly_all(&text::plain(text), &new)) {
        return Ok(());
    }
    let reply = tx.sql(
        "select 1 from items where parent_id = $1 and kind = 'comment' and dead is null and deleted_at is \
         null limit 1",
    );
    if reply.bind(before.id).exists().await? {
        let why = "check of edits: its author took away nearly all of a text that has replies";
        rules::queue(tx, before.id, why, now).await?;
    }
    Ok(())
}

async fn set_url(tx: &mut Tx, id: ItemId, url: Option<&StoryUrl>) -> Result<Option<String>> {
    let site = url.map(StoryUrl::site);
    let kept = tx
        .sql(
            "update items set url = $2, url_key = $3, site = $4, domain = $5, rule_version = $6, penalised = \
         false where id = $1 returning url",
        )
        .bind(id)
        .bind(url.map(StoryUrl::as_str))
        .bind(url.map(StoryUrl::key))
        .bind(site.as_ref().map(|s| s.name.as_str()))
        .bind(site.as_ref().map(|s| s.domain.as_str()))
        .bind(url.map(|_| RULE_VERSION))
        .fetch_scalar()
        .await?;
    sites::weigh_story(tx, id).await?;
    Ok(kept)
}
