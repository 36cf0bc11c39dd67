//! Prepares mail about inboxes and the best of the week: what a member may see, has not muted and not read.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::sleep;

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::mutes::MuteScope;
use crate::domain::inbox::InboxKind;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::mail::content::{MailContent, MailEntry};
use crate::domain::notification::Notification;
use crate::domain::text;
use crate::domain::text::plural::counted;
use crate::store::{BestOfFor, DigestFor, DigestRow, DueDigests, MailReader, PreparedMail, Result, Store};

/// Characters of a post's text.
const EXCERPT: usize = 200;
/// What one mail tells of.
const MAX_ENTRIES: usize = 20;
const BEST_STORIES: usize = 10;
/// Stories of the week among which each member's are chosen.
const CANDIDATES: usize = 60;
/// Between two batches, so that those who write go first.
const PAUSE: Duration = Duration::from_millis(20);

/// Prepares what is due, in batches; returns the number of mails.
pub async fn prepare(store: &Store, now: Timestamp) -> Result<usize> {
    let mut prepared = 0;
    while let Some(DueDigests { due, digests }) = store.due_digests(now).await? {
        let mails = inbox_mails(store, &digests, now).await?;
        prepared += store.put_digests(&due, &mails, now).await?;
        sleep(PAUSE).await;
    }
    Ok(prepared + best_of(store, now).await?)
}

/// Posts, the stories they are on, and notices.
struct DigestPosts {
    items: HashMap<ItemId, Item>,
    notices: HashMap<i64, Notification>,
    now: Timestamp,
}

async fn inbox_mails(store: &Store, digests: &[DigestFor], now: Timestamp) -> Result<Vec<PreparedMail>> {
    let rows = || digests.iter().flat_map(|digest| &digest.rows);
    let notices: Vec<i64> = rows().filter_map(|row| row.notification_id).collect();
    let notices = store.notifications(&notices).await?;
    let about = notices.iter().filter_map(|notice| notice.item_id);
    let mut ids: Vec<ItemId> = rows().filter_map(|row| row.item_id).chain(about).collect();
    ids.sort_unstable();
    ids.dedup();
    let posts = store.items(&ids).await?;
    let mut roots: Vec<ItemId> = posts.iter().map(|post| post.root_id).collect();
    roots.sort_unstable();
    roots.dedup();
    let items = store.items(&roots).await?.into_iter().chain(posts).map(|item| (item.id, item)).collect();
    let notices = notices.into_iter().map(|notice| (notice.id, notice)).collect();
    let posts = DigestPosts { items, notices, now };
    Ok(digests.iter().filter_map(|digest| posts.mail(digest)).collect())
}

impl DigestPosts {
    /// `None` if nothing is left that the member may see.
    fn mail(&self, DigestFor { reader, rows, is_cut }: &DigestFor) -> Option<PreparedMail> {
        let mut entries: Vec<MailEntry> = rows.iter().filter_map(|row| self.entry(reader, row)).collect();
        let more = *is_cut || entries.len() > MAX_ENTRIES;
        entries.truncate(MAX_ENTRIES);
        let content = MailContent::Inbox { entries, more, token: reader.key.clone() };
        let is_empty = matches!(&content, MailContent::Inbox { entries, .. } if entries.is_empty());
        (!is_empty).then(|| prepared(reader, content))
    }

    fn entry(&self, reader: &MailReader, row: &DigestRow) -> Option<MailEntry> {
        if row.kind == InboxKind::Notice {
            return self.notice(reader, row.notification_id?);
        }
        let post = self.items.get(&row.item_id?)?;
        let root = self.items.get(&post.root_id);
        let is_muted = reader.mutes.matching_with_root(post, root, MuteScope::Lists).is_some();
        if is_muted || !self.sees(reader, post) {
            return None;
        }
        let title = root.filter(|root| self.sees(reader, root)).and_then(|root| root.title.as_deref());
        let author = post.author.as_deref().unwrap_or("somebody");
        Some(MailEntry {
            head: format!("{author} {}", row.kind.phrase()),
            about: title.map(|title| format!("in “{title}”")).unwrap_or_default(),
            excerpt: text::excerpt(&post.text, EXCERPT),
            path: format!("/item/{}", post.id),
        })
    }

    fn notice(&self, reader: &MailReader, id: i64) -> Option<MailEntry> {
        let notice = self.notices.get(&id)?;
        let about = notice.item_id.and_then(|id| self.items.get(&id)).filter(|item| {
            let sight = may_see(item, Some(&reader.member), self.now);
            matches!(sight, Visibility::Whole | Visibility::Dead(_))
        });
        let name = |item: &Item| item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, 80));
        Some(MailEntry {
            head: notice.sentence(about.map_or(Kind::Story, |item| item.kind))?,
            about: about.map(|item| format!("(“{}”)", name(item))).unwrap_or_default(),
            excerpt: String::new(),
            path: match (notice.conversation(), about) {
                (Some(conversation), _) => format!("/messages/{conversation}"),
                (None, Some(item)) => format!("/item/{}", item.id),
                (None, None) => "/inbox".to_owned(),
            },
        })
    }

    fn sees(&self, reader: &MailReader, item: &Item) -> bool {
        may_see(item, Some(&reader.member), self.now) == Visibility::Whole
    }
}

fn prepared(reader: &MailReader, content: MailContent) -> PreparedMail {
    PreparedMail { user: reader.member.id, recipient: reader.address.clone(), content }
}

async fn best_of(store: &Store, now: Timestamp) -> Result<usize> {
    let mut stories: Option<Vec<Item>> = None;
    let mut made = 0;
    loop {
        let ids: Vec<ItemId> = match &stories {
            Some(stories) => stories.iter().map(|story| story.id).collect(),
            None => Vec::new(),
        };
        let due = store.due_best_of(&ids, now).await?;
        if due.next.is_empty() {
            return Ok(made);
        }
        let Some(stories) = &stories else {
            // They are read only if anybody is due.
            stories = Some(best_stories(store, now).await?);
            continue;
        };
        let mails: Vec<PreparedMail> =
            due.readers.iter().filter_map(|reader| best_of_mail(reader, stories, now)).collect();
        made += store.put_best_of(&due.next, &mails, now).await?;
        sleep(PAUSE).await;
    }
}

/// The best stories of the week, best first.
async fn best_stories(store: &Store, now: Timestamp) -> Result<Vec<Item>> {
    let best = store.best(Some(now.minus(7 * DAY))).await?;
    let ids: Vec<ItemId> = best.into_iter().map(|(id, _)| id).take(CANDIDATES).collect();
    let mut items: HashMap<ItemId, Item> =
        store.items(&ids).await?.into_iter().map(|item| (item.id, item)).collect();
    Ok(ids.iter().filter_map(|id| items.remove(id)).collect())
}

fn best_of_mail(due: &BestOfFor, stories: &[Item], now: Timestamp) -> Option<PreparedMail> {
    let BestOfFor { reader, known } = due;
    let is_new = |story: &&Item| {
        !known.contains(&story.id)
            && story.author_id != Some(reader.member.id)
            && may_see(story, Some(&reader.member), now) == Visibility::Whole
            && reader.mutes.matching(story, MuteScope::Lists).is_none()
    };
    let entry = |story: &Item| MailEntry {
        head: story.title.clone().unwrap_or_default(),
        about: format!("({}, {})", counted(story.score, "point"), counted(story.descendants, "comment")),
        excerpt: String::new(),
        path: format!("/item/{}", story.id),
    };
    let entries: Vec<MailEntry> = stories.iter().filter(is_new).take(BEST_STORIES).map(entry).collect();
    let token = reader.key.clone();
    (!entries.is_empty()).then(|| prepared(reader, MailContent::BestOf { entries, token }))
}
