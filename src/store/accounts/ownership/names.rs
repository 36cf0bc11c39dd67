//! Changing names. Earlier ones are held for their owner, and lead to the present one.

use crate::clock::Timestamp;
use crate::domain::accounts::rename::{RenameError, may_rename};
use crate::domain::accounts::user::{Name, NameError, UserId};
use crate::domain::moderation::action::Action;
use crate::store::accounts::author;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry};
use crate::store::{Change, Error, Result, Store, Tx};

impl Store {
    /// When somebody last changed their name.
    pub async fn renamed_at(&self, user: UserId) -> Result<Option<Timestamp>> {
        self.read.sql("select renamed_at from users where id = $1").bind(user).fetch_scalar().await
    }

    /// The present name of whoever had this one before; `None` if nobody had, or the account is deleted.
    pub async fn present_name(&self, held: &str) -> Result<Option<String>> {
        self.read
            .sql(
                "select u.name from held_names h join users u on u.id = h.user_id where lower(h.name) = \
                 lower($1) and u.deleted_at is null",
            )
            .bind(held)
            .fetch_optional_scalar()
            .await
    }

    /// Changes a name, and holds the earlier one; logged. Fails with `Conflict` if another account has the
    /// name, had it, or asks for it; with `Refused` if it is too soon or they are banned.
    pub async fn rename(&self, user: UserId, name: &Name, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let before = author::writer(&mut tx, user, now).await?.name;
        if before == name.as_str() {
            return Err(Error::refused(RenameError::Same));
        }
        let renamed_at =
            tx.sql("select renamed_at from users where id = $1").bind(user).fetch_scalar().await?;
        may_rename(renamed_at, now).map_err(Error::refused)?;
        if is_reserved(&mut tx, name.as_str(), Some(user)).await? {
            return Err(Error::Conflict);
        }
        tx.sql("delete from held_names where lower(name) = lower($1) and user_id = $2")
            .bind(name.as_str())
            .bind(user)
            .execute()
            .await?;
        tx.sql("update users set name = $2, renamed_at = $3 where id = $1")
            .bind(user)
            .bind(name.as_str())
            .bind(now)
            .execute()
            .await?;
        if !before.eq_ignore_ascii_case(name.as_str()) {
            hold(&mut tx, &before, user, now).await?;
        }
        let act = ActionContext { actor: Some(user), reason: "", at: now };
        append_log_entry(&mut tx, act, LogEntry { detail: &before, ..LogEntry::of(Action::Rename) }).await?;
        self.commit(tx, &[Change::Everything]).await
    }

    /// Whether a name is in use, was, or is asked for.
    pub async fn name_conflict(&self, name: &Name) -> Result<Option<NameError>> {
        let imported: Option<bool> = self
            .read
            .sql(
                "select source is not null and claimed_at is null from users where lower(name) = lower($1) \
                 union all select false from signup_requests where lower(name) = lower($1) and decision is \
                 null union all select false from held_names where lower(name) = lower($1)",
            )
            .bind(name.as_str())
            .fetch_optional_scalar()
            .await?;
        Ok(imported.map(|imported| if imported { NameError::Imported } else { NameError::Taken }))
    }
}

/// Whether a name is asked for in a request, or held for somebody else than `user`. Those in use are kept
/// apart by their index.
pub(crate) async fn is_reserved(tx: &mut Tx, name: &str, user: Option<UserId>) -> Result<bool> {
    let waiting = tx.sql("select 1 from signup_requests where lower(name) = lower($1) and decision is null");
    if waiting.bind(name).exists().await? {
        return Ok(true);
    }
    let held =
        tx.sql("select 1 from held_names where lower(name) = lower($1) and user_id is distinct from $2");
    held.bind(name).bind(user).exists().await
}

/// Keeps a name from everybody but its owner.
pub(super) async fn hold(tx: &mut Tx, name: &str, user: UserId, now: Timestamp) -> Result<()> {
    tx.sql("insert into held_names (name, user_id, held_at) values ($1, $2, $3)")
        .bind(name)
        .bind(user)
        .bind(now)
        .execute()
        .await
        .map(drop)
}
