use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::{Name, Profile, Role, Theme, UserId};
use crate::domain::inbox::InboxId;
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::mail::content::SecurityEvent;
use crate::domain::moderation::action::Action;
use crate::store::accounts::credentials::lifetime::{CredentialEnd, end_credentials};
use crate::store::accounts::ownership::names::is_reserved;
use crate::store::accounts::{author, inbox, ip_hashes};
use crate::store::mail::security::security_mail;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_checked_log_entry};
use crate::store::settings::choose;
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Credentials {
    pub id: UserId,
    pub name: String,
    /// A PHC string; `None` disables login.
    pub password: Option<String>,
    /// Whether the password logs nobody in.
    pub passkeys_only: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct NewUser<'a> {
    pub name: &'a Name,
    /// A PHC string.
    pub password: &'a str,
    pub role: Role,
    /// `None` outside of requests.
    pub ip_hashes: Option<IpHashes>,
}

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct AboutMember {
    /// Markdown source.
    pub text: String,
    /// Number of edits.
    pub version: i64,
}

#[derive(Debug, Clone, Copy)]
pub struct Preferences<'a> {
    pub about: &'a str,
    /// The version of [`AboutMember`] that was edited.
    pub version: i64,
    pub theme: Theme,
    pub order: CommentOrder,
    pub show_dead: bool,
}

impl Store {
    /// Creates an account with a karma of 1. Fails with `Conflict` if the name is in use, in any case.
    pub async fn create_user(&self, new: NewUser<'_>, now: Timestamp) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let id = insert_user(&mut tx, new, None, now).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(id)
    }

    /// Fails with `Conflict` if the name is in use, in any case.
    pub async fn create_user_with_role(&self, new: NewUser<'_>, now: Timestamp) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let id = insert_user(&mut tx, new, None, now).await?;
        if new.role != Role::Member {
            by_operator(&mut tx, LogEntry { user: Some(id), ..LogEntry::of(new.role.into()) }, now).await?;
        }
        self.commit(tx, &[Change::Public]).await?;
        Ok(id)
    }

    /// Fails with `Conflict` if there is an admin, so that the link works only once.
    pub async fn create_first_admin(
        &self,
        new: NewUser<'_>,
        contact: &str,
        now: Timestamp,
    ) -> Result<UserId> {
        let mut tx = self.begin().await?;
        if tx.sql("select id from users where role = 'admin' limit 1").exists().await? {
            return Err(Error::Conflict);
        }
        let id = insert_user(&mut tx, NewUser { role: Role::Admin, ..new }, None, now).await?;
        // Only the operator has the link.
        by_operator(&mut tx, LogEntry { user: Some(id), ..LogEntry::of(Action::Admin) }, now).await?;
        if !contact.is_empty() {
            choose(&mut tx, "contact", contact).await?;
        }
        self.commit(tx, &[Change::Everything]).await?;
        Ok(id)
    }

    pub async fn has_admin(&self) -> Result<bool> {
        self.read.sql("select id from users where role = 'admin' limit 1").exists().await
    }

    pub async fn first_admin(&self) -> Result<Option<String>> {
        self.read
            .sql("select name from users where role = 'admin' order by id limit 1")
            .fetch_optional_scalar()
            .await
    }

    pub async fn credentials(&self, name: &str) -> Result<Option<Credentials>> {
        self.read
            .sql("select id, name, password, passkeys_only from users where lower(name) = lower($1)")
            .bind(name)
            .fetch_optional()
            .await
    }

    pub async fn profile(&self, name: &str) -> Result<Profile> {
        self.read
            .sql(
                "select id, name, role, karma, created_at, about, banned_at, banned_until, ban_reason, \
             limited_until, shadow_banned_at, deleted_at is not null as deleted, \
             source is not null and claimed_at is null as unclaimed from users where lower(name) = lower($1)",
            )
            .bind(name)
            .fetch_one()
            .await
    }

    /// The user of a name, unless the account was deleted.
    pub async fn user_named(&self, name: &str) -> Result<Option<UserId>> {
        let select = "select id from users where lower(name) = lower($1) and deleted_at is null";
        self.read.sql(select).bind(name).fetch_optional_scalar().await
    }

    /// Ends all other sessions and forgets all other browsers.
    pub async fn set_password(
        &self,
        user: UserId,
        password: &str,
        keep: Option<&[u8]>,
        browser: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let end = CredentialEnd::Password { session: keep, browser };
        put_password(&mut tx, user, password, end).await?;
        security_mail(&mut tx, user, SecurityEvent::PasswordChanged, now).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Sets a password as the operator, ends all sessions and passkeys and forgets all browsers; logged for
    /// moderators.
    pub async fn reset_password(&self, user: UserId, password: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        put_password(&mut tx, user, password, CredentialEnd::LostPassword).await?;
        security_mail(&mut tx, user, SecurityEvent::PasswordSetByOperator, now).await?;
        by_operator(&mut tx, LogEntry { user: Some(user), ..LogEntry::of(Action::Password) }, now).await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// Enables login for an imported account. Fails with `NotFound` if there is no such name; with `Conflict`
    /// if it was not imported or is already claimed.
    pub async fn claim(&self, name: &str, password: &str, now: Timestamp) -> Result<UserId> {
        let profile = self.profile(name).await?;
        if !profile.unclaimed {
            return Err(Error::Conflict);
        }
        let mut tx = self.begin().await?;
        let done = tx
            .sql("update users set password = $2, claimed_at = $3 where id = $1 and claimed_at is null")
            .bind(profile.id)
            .bind(password)
            .bind(now)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::Conflict);
        }
        // What the name was told while nobody could read it.
        inbox::read_all(&mut tx, profile.id, InboxId::MAX, now).await?;
        by_operator(&mut tx, LogEntry { user: Some(profile.id), ..LogEntry::of(Action::Claim) }, now).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(profile.id)
    }

    pub async fn about(&self, user: UserId) -> Result<AboutMember> {
        self.read
            .sql("select about as text, about_version as version from users where id = $1")
            .bind(user)
            .fetch_one()
            .await
    }

    /// Saves the settings page. If the profile was changed since `version`, nothing is written and the
    /// current one is returned. Fails with `Refused` if they are banned.
    pub async fn set_preferences(
        &self,
        user: UserId,
        new: Preferences<'_>,
        now: Timestamp,
    ) -> Result<Option<AboutMember>> {
        let mut tx = self.begin().await?;
        author::writer(&mut tx, user, now).await?;
        let before: AboutMember = tx
            .sql("select about as text, about_version as version from users where id = $1")
            .bind(user)
            .fetch_one()
            .await?;
        let changes = before.text != new.about;
        if changes && before.version != new.version {
            return Ok(Some(before));
        }
        tx.sql(
            "update users set about = $2, about_version = $3, theme = $4, comment_order = $5, show_dead = $6 \
             where id = $1",
        )
        .bind(user)
        .bind(new.about)
        .bind(before.version.saturating_add(i64::from(changes)))
        .bind(new.theme)
        .bind(new.order)
        .bind(new.show_dead)
        .execute()
        .await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(None)
    }

    pub async fn set_theme(&self, user: UserId, theme: Theme) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update users set theme = $2 where id = $1").bind(user).bind(theme).execute().await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub async fn set_order(&self, user: UserId, order: CommentOrder) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("update users set comment_order = $2 where id = $1").bind(user).bind(order).execute().await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// By karma, without banned accounts.
    pub async fn leaders(&self, rows: i64, now: Timestamp) -> Result<Vec<Profile>> {
        self.read
            .sql(
                "select id, name, role, karma, created_at, '' as about, banned_at, banned_until, ban_reason, \
             limited_until, shadow_banned_at, deleted_at is not null as deleted, \
             source is not null and claimed_at is null as unclaimed from users where (banned_at is null or \
             banned_until <= $2) and deleted_at is null order by karma desc, id limit $1",
            )
            .bind(rows)
            .bind(now)
            .fetch_all()
            .await
    }
}

async fn by_operator(tx: &mut Tx, entry: LogEntry<'_>, at: Timestamp) -> Result<()> {
    append_checked_log_entry(tx, ActionContext { actor: None, reason: "", at }, entry).await
}

/// Sets a password, which logs in from then on.
pub(crate) async fn put_password(
    tx: &mut Tx,
    user: UserId,
    password: &str,
    end: CredentialEnd<'_>,
) -> Result<()> {
    tx.sql("update users set password = $2, passkeys_only = false where id = $1")
        .bind(user)
        .bind(password)
        .execute()
        .await?;
    end_credentials(tx, user, end).await
}

/// Creates an account within the transaction that authorises it.
pub(crate) async fn insert_user(
    tx: &mut Tx,
    new: NewUser<'_>,
    inviter: Option<UserId>,
    now: Timestamp,
) -> Result<UserId> {
    if is_reserved(tx, new.name.as_str(), None).await? {
        return Err(Error::Conflict);
    }
    let id = tx
        .sql(
            "insert into users (name, password, role, karma, karma_base, created_at, invited_by, \
             offers_recovery_codes) values ($1, $2, $3, 1, 1, $4, $5, $6) returning id",
        )
        .bind(new.name.as_str())
        .bind(new.password)
        .bind(new.role)
        .bind(now)
        .bind(inviter)
        .bind(new.ip_hashes.is_some())
        .fetch_scalar()
        .await?;
    if let Some(inviter) = inviter {
        tx.sql("update users set invited = invited + 1 where id = $1").bind(inviter).execute().await?;
    }
    ip_hashes::note(tx, new.ip_hashes.as_ref(), id, None, now).await?;
    Ok(id)
}
