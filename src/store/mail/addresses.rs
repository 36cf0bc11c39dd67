//! Members' addresses: typed, confirmed at both ends, active.

use crate::clock::Timestamp;
use crate::domain::accounts::password_reset::LINK_TTL;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::mail::address::EmailAddress;
use crate::domain::mail::choices::InboxMail;
use crate::domain::mail::content::{MailContent, MailKind, SecurityEvent};
use crate::domain::mail::links::{AddressError, CHANGE_WAITS, CONFIRMATIONS, Confirmed, LinkPurpose};
use crate::store::accounts::credentials::lifetime::{CredentialEnd, end_credentials, end_made_since};
use crate::store::accounts::password_resets::put_password_reset;
use crate::store::mail::links::{MailLink, end_confirmations, make_link, used};
use crate::store::mail::queue::{self, NewMail};
use crate::store::mail::security::security_mail;
use crate::store::{Change, Error, Result, Store, Tx};

/// Changes that are made at once.
const BATCH: i64 = 100;

#[derive(sqlx::FromRow)]
struct AddressRow {
    address: Option<String>,
    refused_at: Option<Timestamp>,
    new_address: Option<String>,
    new_at: Option<Timestamp>,
    new_confirmed: bool,
    old_confirmed: bool,
}

async fn address_row(tx: &mut Tx, user: UserId) -> Result<Option<AddressRow>> {
    let select = "select address, refused_at, new_address, new_at, new_confirmed, old_confirmed from \
                  mailboxes where user_id = $1";
    tx.sql(select).bind(user).fetch_optional().await
}

impl Store {
    /// Sends a link that confirms an address, and asks the address before, if there is one. Fails with
    /// `Refused` if that address is confirmed already, or links were sent too often.
    pub async fn ask_to_confirm(&self, user: UserId, new: &EmailAddress, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let before = address_row(&mut tx, user).await?;
        let old = before.as_ref().and_then(|row| row.address.clone());
        let is_same = old.as_deref().is_some_and(|old| new.is_same(old));
        if is_same && before.is_some_and(|row| row.refused_at.is_none()) {
            return Err(Error::refused(AddressError::Same));
        }
        for counts in [
            queue::caused_by(&mut tx, user, MailKind::Confirm, now).await?,
            queue::sent_to(&mut tx, new.as_str(), MailKind::Confirm, now).await?,
        ] {
            if !CONFIRMATIONS.allows(counts.last_hour, counts.last_day) {
                return Err(Error::refused(AddressError::too_often(counts.last_day)));
            }
        }
        let key = Token::random().map_err(Error::other)?;
        tx.sql(
            "insert into mailboxes (user_id, new_address, new_at, inbox_mail, key) values ($1, $2, $3, $4, \
             $5) on conflict (user_id) do update set new_address = excluded.new_address, new_at = \
             excluded.new_at, new_confirmed = false, old_confirmed = false, new_refused = false",
        )
        .bind(user)
        .bind(new.as_str())
        .bind(now)
        .bind(InboxMail::default())
        .bind(key.as_str())
        .execute()
        .await?;
        end_confirmations(&mut tx, user).await?;
        let token = make_link(&mut tx, user, LinkPurpose::Confirm, new.as_str(), now).await?;
        let content = MailContent::Confirm { token };
        queue::enqueue(
            &mut tx,
            &[NewMail { user: Some(user), recipient: new.as_str(), content: &content }],
            now,
        )
        .await?;
        if let Some(old) = old.filter(|_| !is_same) {
            let token = make_link(&mut tx, user, LinkPurpose::Change, &old, now).await?;
            let content = MailContent::Change { token, to: new.as_str().to_owned() };
            queue::enqueue(&mut tx, &[NewMail { user: Some(user), recipient: &old, content: &content }], now)
                .await?;
        }
        self.commit(tx, &[]).await
    }

    /// Confirms an address, or its change at the address before, and uses up the link. Fails with `NotFound`
    /// if the link is not valid, or no longer.
    pub async fn confirm_address(&self, token_hash: &[u8], now: Timestamp) -> Result<Confirmed> {
        let mut tx = self.begin().await?;
        let link = used(&mut tx, token_hash, now).await?;
        let update = match link.purpose {
            LinkPurpose::Confirm => "update mailboxes set new_confirmed = true where user_id = $1",
            LinkPurpose::Change => "update mailboxes set old_confirmed = true where user_id = $1",
            LinkPurpose::NotMe => return Err(Error::NotFound),
        };
        tx.sql(update).bind(link.user_id).execute().await?;
        let confirmed = settle(&mut tx, link.user_id, now).await?;
        self.commit(tx, &[]).await?;
        Ok(confirmed)
    }

    /// “This was not me”: cancels a change of address, restores the address that the mail went to, ends all
    /// sessions, forgets all browsers, and ends all such links and what second factor and recovery codes were
    /// made since the mail. The password can then be set once by `reset_hash`. Fails with
    /// `NotFound` if the link is not valid, or no longer.
    pub async fn was_not_me(&self, token_hash: &[u8], reset_hash: &[u8], now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let link = used(&mut tx, token_hash, now).await?;
        let made_at = link.made_at();
        let MailLink { user_id: user, address, .. } = link;
        // All, as some may have gone to an address of whoever it was.
        tx.sql("delete from mail_links where user_id = $1").bind(user).execute().await?;
        forget_new(&mut tx, user).await?;
        if !is_taken(&mut tx, user, &address).await? {
            let restore =
                "update mailboxes set address = $2, verified_at = $3, refused_at = null where user_id = $1";
            tx.sql(restore).bind(user).bind(&*address).bind(now).execute().await?;
        }
        let all = CredentialEnd::Password { session: None, browser: None };
        end_credentials(&mut tx, user, all).await?;
        end_made_since(&mut tx, user, made_at).await?;
        put_password_reset(&mut tx, user, reset_hash, now.plus(LINK_TTL)).await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Removes a member's address with their choices, and tells them there.
    pub async fn remove_address(&self, user: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        security_mail(&mut tx, user, SecurityEvent::AddressRemoved, now).await?;
        forget_new(&mut tx, user).await?;
        tx.sql("update inbox set mail_at = null where user_id = $1 and mail_at is not null")
            .bind(user)
            .execute()
            .await?;
        // The row stays, so that the address can be restored.
        tx.sql(
            "update mailboxes set address = null, verified_at = null, refused_at = null, best_of_due_at = \
             null where user_id = $1",
        )
        .bind(user)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    /// Makes the changes that the address before has not answered in time. Returns their number.
    pub async fn make_unanswered_changes(&self, now: Timestamp) -> Result<usize> {
        let select = "select user_id from mailboxes where new_at <= $1 order by new_at limit $2";
        let select = self.read.sql(select).bind(now.minus(CHANGE_WAITS)).bind(BATCH);
        let users: Vec<UserId> = select.fetch_scalars().await?;
        for user in &users {
            let mut tx = self.begin().await?;
            if !matches!(settle(&mut tx, *user, now).await?, Confirmed::Active(_)) {
                forget_new(&mut tx, *user).await?;
            }
            self.commit(tx, &[]).await?;
        }
        Ok(users.len())
    }
}

/// Whether another account has confirmed this address.
async fn is_taken(tx: &mut Tx, user: UserId, address: &str) -> Result<bool> {
    let taken =
        "select 1 from mailboxes where address is not null and lower(address) = lower($1) and user_id <> $2";
    tx.sql(taken).bind(address).bind(user).exists().await
}

async fn forget_new(tx: &mut Tx, user: UserId) -> Result<()> {
    end_confirmations(tx, user).await?;
    tx.sql(
        "update mailboxes set new_address = null, new_at = null, new_confirmed = false, old_confirmed = \
         false, new_refused = false where user_id = $1",
    )
    .bind(user)
    .execute()
    .await
    .map(drop)
}

/// Makes the new address the account's if all have confirmed it. Fails with `NotFound` if there is none.
async fn settle(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Confirmed> {
    let row = address_row(tx, user).await?.ok_or(Error::NotFound)?;
    let (Some(new), Some(asked_at)) = (row.new_address, row.new_at) else { return Err(Error::NotFound) };
    let until = asked_at.plus(CHANGE_WAITS);
    let is_change = row.address.as_deref().is_some_and(|old| !old.eq_ignore_ascii_case(&new));
    if !row.new_confirmed {
        return Ok(Confirmed::WaitsForNew(new));
    }
    if is_change && !row.old_confirmed && now < until {
        return Ok(Confirmed::WaitsForOld(new, until));
    }
    if is_taken(tx, user, &new).await? {
        forget_new(tx, user).await?;
        return Ok(Confirmed::Taken);
    }
    if is_change {
        security_mail(tx, user, SecurityEvent::AddressChanged(new.clone()), now).await?;
    }
    tx.sql("update mailboxes set address = $2, verified_at = $3, refused_at = null where user_id = $1")
        .bind(user)
        .bind(&*new)
        .bind(now)
        .execute()
        .await?;
    forget_new(tx, user).await?;
    Ok(Confirmed::Active(new))
}
