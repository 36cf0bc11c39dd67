//! The week's best, for those who are away.

use std::collections::{HashMap, HashSet};

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::mail::choices::best_of_is_for;
use crate::store::mail::inbox_digests::{PreparedMail, as_new};
use crate::store::mail::queue::{self, NewMail};
use crate::store::mail::readers::MailReader;
use crate::store::{Result, Store};

/// Members whose mail is prepared at once.
const BATCH: i64 = 100;

/// Somebody who is away, with the stories that they have opened, hidden or voted on.
#[derive(Debug)]
pub struct BestOfFor {
    pub reader: MailReader,
    pub known: HashSet<ItemId>,
}

#[derive(Debug)]
pub struct ForBestOf {
    /// When to look at each member again who was due.
    pub next: Vec<(UserId, Timestamp)>,
    pub readers: Vec<BestOfFor>,
}

impl Store {
    /// Members of whom it is time to think, at most a hundred; those who are away come with what they know of
    /// `stories`.
    pub async fn due_best_of(&self, stories: &[ItemId], now: Timestamp) -> Result<ForBestOf> {
        let select = "select user_id from mailboxes where best_of_due_at <= $1 order by best_of_due_at limit \
                      $2";
        let due: Vec<UserId> = self.read.sql(select).bind(now).bind(BATCH).fetch_scalars().await?;
        let readers = self.mail_readers(&due, now).await?;
        // Those who cannot get mail are looked at again after a week.
        let mut next: HashMap<UserId, Timestamp> =
            due.iter().map(|user| (*user, best_of_is_for(Timestamp(0), now).1)).collect();
        let mut away = Vec::new();
        for reader in readers {
            let (is_for, at) = best_of_is_for(reader.last_visit, now);
            next.insert(reader.member.id, at);
            away.extend(is_for.then_some(reader));
        }
        let ids: Vec<UserId> = away.iter().map(|reader| reader.member.id).collect();
        let mut known: HashMap<UserId, HashSet<ItemId>> = HashMap::new();
        for (user, story) in self.known_stories(&ids, stories).await? {
            known.entry(user).or_default().insert(story);
        }
        let with_known = |reader: MailReader| {
            let known = known.remove(&reader.member.id).unwrap_or_default();
            BestOfFor { reader, known }
        };
        let readers = away.into_iter().map(with_known).collect();
        Ok(ForBestOf { next: next.into_iter().collect(), readers })
    }

    async fn known_stories(&self, users: &[UserId], stories: &[ItemId]) -> Result<Vec<(UserId, ItemId)>> {
        let mut found = Vec::new();
        if users.is_empty() || stories.is_empty() {
            return Ok(found);
        }
        for select in [
            "select user_id, root_id from visits where user_id in ",
            "select user_id, item_id from hidden where user_id in ",
            "select user_id, item_id from votes where user_id in ",
        ] {
            let item = if select.contains("root_id") { " and root_id in " } else { " and item_id in " };
            let rows = self.read.sql(select).list(users).push(item).list(stories);
            found.extend(rows.once().fetch_all::<(UserId, ItemId)>().await?);
        }
        Ok(found)
    }

    /// Puts the mails into the queue, unless another process has, and notes when to look again.
    pub async fn put_best_of(
        &self,
        next: &[(UserId, Timestamp)],
        mails: &[PreparedMail],
        now: Timestamp,
    ) -> Result<usize> {
        if next.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let due: Vec<UserId> = tx
            .sql("with more (id, at) as (")
            .values(next, |row, (user, at)| {
                row.bind(*user).bind(*at);
            })
            .push(
                ") update mailboxes set best_of_due_at = more.at from more where mailboxes.user_id = more.id \
                 and mailboxes.best_of_due_at <= ",
            )
            .push_bind(now)
            .push(" returning mailboxes.user_id")
            .once()
            .fetch_scalars()
            .await?;
        let due: HashSet<UserId> = due.into_iter().collect();
        let new = |mail: &PreparedMail| due.contains(&mail.user);
        let mails: Vec<NewMail<'_>> = mails.iter().filter(|mail| new(mail)).map(as_new).collect();
        queue::enqueue(&mut tx, &mails, now).await?;
        self.commit(tx, &[]).await?;
        Ok(mails.len())
    }
}
