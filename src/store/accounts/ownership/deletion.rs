//! Deleting an account. Its row stays, without anything personal, for the votes, posts and actions of it.

use crate::clock::Timestamp;
use crate::domain::accounts::deletion::tombstone;
use crate::domain::accounts::user::{Role, UserId};
use crate::domain::items::item::ItemId;
use crate::store::accounts::credentials::lifetime::{CredentialEnd, end_credentials};
use crate::store::accounts::ownership::names::hold;
use crate::store::items::edits::remove;
use crate::store::items::rows::item_in;
use crate::store::moderation::roles::keep_an_admin;
use crate::store::{Change, Result, Store, conversations};

/// Posts removed in one transaction.
const BATCH: i64 = 100;

/// What is the member's alone; their notifications after the inbox that shows them.
const PERSONAL: [&str; 15] = [
    // Earlier names.
    "update moderation_log set detail = '' where actor_id = $1 and action = 'rename'",
    "delete from mails where user_id = $1",
    "delete from mail_links where user_id = $1",
    "delete from mailboxes where user_id = $1",
    "delete from saved where user_id = $1",
    "delete from hidden where user_id = $1",
    "delete from visits where user_id = $1",
    "delete from mutes where user_id = $1",
    "delete from follows where user_id = $1",
    "delete from followed_searches where user_id = $1",
    "delete from inbox where user_id = $1",
    "delete from notifications where user_id = $1",
    "delete from ip_hashes where user_id = $1",
    "delete from exports where user_id = $1",
    "update votes set ip_hash = null where user_id = $1 and ip_hash is not null",
];

/// Own posts that may go: not locked, and without a reply that was not deleted.
macro_rules! select_unanswered {
    ($kind:literal) => {
        concat!(
            "select i.id from items i where i.author_id = $1 and ",
            $kind,
            " and i.deleted_at is null and not i.locked and not exists (select 1 from items c where \
             c.parent_id = i.id and c.deleted_at is null) order by i.time desc, i.id desc limit $2"
        )
    };
}

impl Store {
    /// Removes some of a member's posts that nobody has replied to, the latest first; returns their number,
    /// which is 0 when none is left.
    pub async fn remove_unanswered(&self, user: UserId, now: Timestamp) -> Result<usize> {
        let mut tx = self.begin().await?;
        let mut found: Vec<ItemId> = Vec::new();
        for query in [
            select_unanswered!("i.kind in ('story', 'job', 'poll')"),
            select_unanswered!("i.kind = 'comment'"),
        ] {
            let of_kind: Vec<ItemId> = tx.sql(query).bind(user).bind(BATCH).fetch_scalars().await?;
            found.extend(of_kind);
        }
        for id in &found {
            let item = item_in(&mut tx, *id).await?;
            remove(&mut tx, &item, user, now).await?;
        }
        self.commit(tx, &[Change::Public]).await?;
        Ok(found.len())
    }

    /// Deletes an account: its name is held, everything personal goes, and its posts and votes belong to
    /// nobody who has a name. Fails with `Conflict` if no admin who can log in would remain.
    pub async fn delete_account(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let (name, role): (String, Role) =
            tx.sql("select name, role from users where id = $1").bind(user).fetch_one().await?;
        tx.sql(
            "update users set name = $2, password = null, about = '', about_version = about_version + 1, \
             role = 'member', show_dead = false, theme = 'system', comment_order = 'best', \
             offers_recovery_codes = false, passkeys_only = false, deleted_at = $3 where id = $1 and \
             deleted_at is null",
        )
        .bind(user)
        .bind(tombstone(user))
        .bind(now)
        .execute()
        .await?;
        if role == Role::Admin {
            keep_an_admin(&mut tx, now).await?;
        }
        hold(&mut tx, &name, user, now).await?;
        end_credentials(&mut tx, user, CredentialEnd::Deletion { at: now }).await?;
        conversations::delete_of(&mut tx, user).await?;
        for statement in PERSONAL {
            tx.sql(statement).bind(user).execute().await?;
        }
        tx.sql("delete from follows where kind = 'person' and target = $1").bind(user).execute().await?;
        self.commit(tx, &[Change::Everything]).await
    }
}
