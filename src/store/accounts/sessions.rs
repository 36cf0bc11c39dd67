//! Sessions and known browsers. Only token hashes are stored.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::clock::{HOUR, Timestamp};
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::mutes::Mutes;
use crate::domain::accounts::passkey::PasskeyId;
use crate::domain::accounts::totp::SETUP_TTL;
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::mail::content::SecurityEvent;
use crate::store::accounts::inbox::UnreadRow;
use crate::store::accounts::mutes::LastMute;
use crate::store::accounts::ownership::exports::EXPORT_TTL;
use crate::store::mail::{queue, security::security_mail};
use crate::store::{Change, Error, Result, Store, conversations};

/// Upper limit of the counts in the header.
const COUNTED: i64 = 100;

/// What was verified before a session begins; it begins only while this is still the account's.
#[derive(Debug, Clone, Copy)]
pub enum Verified<'a> {
    /// The hash that the password was verified against.
    Password(&'a str),
    Passkey(PasskeyId),
}

#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    pub token_hash: &'a [u8],
    pub user: UserId,
    pub verified: Verified<'a>,
    pub agent: &'a str,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionRow {
    pub token_hash: Vec<u8>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub agent: String,
}

/// Retention periods in seconds.
#[derive(Debug, Clone, Copy)]
pub struct RetentionPolicy {
    /// After the last login from it.
    pub browsers: i64,
    pub revisions: i64,
    /// Address hashes of posts, votes and accounts.
    pub ip_hashes: i64,
    /// An unused invitation, after its expiry.
    pub invitations: i64,
    pub requests_waiting: i64,
    /// After the decision.
    pub requests_decided: i64,
    /// What an inbox tells.
    pub inbox: i64,
    /// Conversations with the moderators, after their last message.
    pub conversations: i64,
}

/// What each page reminds a member of.
#[derive(Debug, Clone, Copy, Default, sqlx::FromRow)]
pub struct AccountReminders {
    pub offers_recovery_codes: bool,
    /// When their second factor ends because an admin cleared it.
    pub totp_clears_at: Option<Timestamp>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionUser {
    #[sqlx(flatten)]
    pub member: Member,
    #[sqlx(flatten)]
    pub reminders: AccountReminders,
    /// What is unread in their inbox, newest first, at most 100.
    #[sqlx(skip)]
    pub unread: Arc<[UnreadRow]>,
    /// Queued items; for moderators only.
    pub waiting: i64,
    /// Pending requests for an account; for moderators only.
    pub requests: i64,
    /// Conversations that wait for a moderator; for moderators only.
    pub messages: i64,
    #[sqlx(flatten)]
    pub ban: Ban,
    #[sqlx(skip)]
    pub mutes: Arc<Mutes>,
    /// The latest mute, for a moment.
    #[sqlx(skip)]
    pub last_mute: Option<LastMute>,
}

/// A user with what every page of theirs needs; `$3` bounds what is counted.
macro_rules! select_session_user {
    ($last_used_at:literal, $from:literal) => {
        concat!(
            "select u.id, u.name, u.role, u.karma, u.created_at, u.shadow_banned_at, u.limited_until, \
             u.show_dead, u.passkeys_only, u.theme, u.comment_order, u.offers_recovery_codes, \
             (select t.clears_at from totp_secrets t where t.user_id = u.id) as totp_clears_at, ",
            $last_used_at,
            ", exists (select 1 from inbox n where n.user_id = u.id and n.read_at is null) as has_unread, \
             case when u.role = 'member' then 0 else \
              (select count(*) from (select 1 from items q where q.queued_at is not null limit $3) as \
             waiting_items) end as waiting, case when u.role = 'member' then 0 else \
              (select count(*) from (select 1 from signup_requests where decision is null limit $3) as \
             waiting_requests) end as requests, case when u.role = 'member' then 0 else \
              (select count(*) from (select 1 from conversations where status = 'waiting' limit $3) as \
             waiting_conversations) end as messages, u.banned_at, u.banned_until, u.ban_reason, \
             exists (select 1 from mutes m where m.user_id = u.id) as has_mutes from ",
            $from
        )
    };
}

#[derive(sqlx::FromRow)]
struct SessionUserRow {
    #[sqlx(flatten)]
    known: SessionUser,
    last_used_at: Timestamp,
    has_unread: bool,
    has_mutes: bool,
}

impl Store {
    /// Fails with `Conflict` if the password has changed since it was verified, which ended all sessions, or
    /// the passkey was removed.
    pub async fn create_session(&self, session: NewSession<'_>, now: Timestamp) -> Result<()> {
        let (password, passkey) = match session.verified {
            Verified::Password(hash) => (Some(hash), None),
            Verified::Passkey(id) => (None, Some(id)),
        };
        let mut tx = self.begin().await?;
        let begun = tx
            .sql(
                "insert into sessions (token_hash, user_id, created_at, last_used_at, expires_at, agent) \
             select $1, u.id, $3, $3, $4, $5 from users u where u.id = $2 and ((u.password = $6 and not \
             u.passkeys_only) or exists (select 1 from passkeys p where p.id = $7 and p.user_id = u.id))",
            )
            .bind(session.token_hash)
            .bind(session.user)
            .bind(now)
            .bind(session.expires_at)
            .bind(session.agent)
            .bind(password)
            .bind(passkey)
            .execute()
            .await?;
        if begun == 0 {
            return Err(Error::Conflict);
        }
        self.commit(tx, &[]).await
    }

    /// `None` if it has ended.
    pub async fn session(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<SessionUser>> {
        let last_used_at = self.looks.session(token_hash);
        let select = select_session_user!(
            "s.last_used_at",
            "sessions s join users u on u.id = s.user_id where s.token_hash = $1 and s.expires_at > $2"
        );
        let query = self.read.sql(select).bind(token_hash).bind(now).bind(COUNTED);
        let Some(row): Option<SessionUserRow> = query.fetch_optional().await? else { return Ok(None) };
        if now.since(last_used_at.unwrap_or(row.last_used_at)) > HOUR {
            self.looks.note_session(token_hash, now);
        }
        self.session_user(row, now).await.map(Some)
    }

    /// The member whose inbox is read under a secret address.
    pub async fn inbox_feed_reader(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<SessionUser>> {
        let select = select_session_user!(
            "cast($2 as bigint) as last_used_at",
            "inbox_feeds f join users u on u.id = f.user_id where f.token_hash = $1"
        );
        let query = self.read.sql(select).bind(token_hash).bind(now).bind(COUNTED);
        match query.fetch_optional().await? {
            Some(row) => self.session_user(row, now).await.map(Some),
            None => Ok(None),
        }
    }

    /// With what their inbox tells and what they muted.
    async fn session_user(&self, row: SessionUserRow, now: Timestamp) -> Result<SessionUser> {
        let mut known = row.known;
        if row.has_unread {
            known.unread = self.unread(known.member.id, now).await?.into();
        }
        if row.has_mutes {
            self.add_mutes(&mut known, now).await?;
        }
        Ok(known)
    }

    /// With what is unread and not muted.
    async fn add_mutes(&self, known: &mut SessionUser, now: Timestamp) -> Result<()> {
        let user = known.member.id;
        let rows = self.mutes(user).await?;
        if let Some(row) = rows.first().filter(|row| row.is_recent(now)) {
            known.last_mute = self.last_mute(row).await?;
        }
        let mutes = Mutes::new(user, rows.into_iter().map(|row| row.mute).collect());
        if !known.unread.is_empty() {
            known.unread = self.unmuted(&known.unread, &mutes).await?.into();
        }
        known.mutes = Arc::new(mutes);
        Ok(())
    }

    pub async fn end_session(&self, token_hash: &[u8]) -> Result<()> {
        let user: Option<UserId> = self
            .read
            .sql("select user_id from sessions where token_hash = $1")
            .bind(token_hash)
            .fetch_optional_scalar()
            .await?;
        match user {
            Some(user) => self.revoke_session(user, token_hash).await.or_else(|error| match error {
                Error::NotFound => Ok(()),
                other => Err(other),
            }),
            None => Ok(()),
        }
    }

    pub async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<SessionRow>> {
        let mut sessions: Vec<SessionRow> = self
            .read
            .sql(
                "select token_hash, created_at, last_used_at, agent from sessions where user_id = $1 and \
                 expires_at > $2 \
             order by last_used_at desc limit 100",
            )
            .bind(user)
            .bind(now)
            .fetch_all()
            .await?;
        for session in &mut sessions {
            session.last_used_at = self.looks.session(&session.token_hash).unwrap_or(session.last_used_at);
        }
        sessions.sort_by_key(|session| Reverse(session.last_used_at));
        Ok(sessions)
    }

    /// Fails with `NotFound` if it is not theirs or has ended.
    pub async fn revoke_session(&self, user: UserId, token_hash: &[u8]) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql("delete from sessions where user_id = $1 and token_hash = $2")
            .bind(user)
            .bind(token_hash)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::NotFound);
        }
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub async fn end_other_sessions(&self, user: UserId, keep: &[u8]) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from sessions where user_id = $1 and token_hash <> $2")
            .bind(user)
            .bind(keep)
            .execute()
            .await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    /// Remembers a browser that logged in. If the account did not know it, its owner is told by mail which
    /// one it was.
    pub async fn remember_browser(
        &self,
        token_hash: &[u8],
        user: UserId,
        name: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let known = tx.sql("select 1 from browsers where token_hash = $1 and user_id = $2");
        if !known.bind(token_hash).bind(user).exists().await? {
            security_mail(&mut tx, user, SecurityEvent::NewDevice(name.to_owned()), now).await?;
        }
        tx.sql(
            "insert into browsers (token_hash, user_id, last_used_at) values ($1, $2, $3) \
             on conflict (token_hash) do update set user_id = excluded.user_id, last_used_at = \
             excluded.last_used_at",
        )
        .bind(token_hash)
        .bind(user)
        .bind(now)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    pub async fn knows_browser(&self, token_hash: &[u8], user: UserId) -> Result<bool> {
        let query = self.read.sql("select 1 from browsers where token_hash = $1 and user_id = $2");
        query.bind(token_hash).bind(user).exists().await
    }

    /// Whose browser it is.
    pub async fn browser_owner(&self, token_hash: &[u8]) -> Result<Option<UserId>> {
        let query = self.read.sql("select user_id from browsers where token_hash = $1");
        query.bind(token_hash).fetch_optional_scalar().await
    }

    pub async fn purge(&self, keep: RetentionPolicy, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        for (statement, before) in [
            ("delete from sessions where expires_at <= $1", now),
            ("delete from password_resets where expires_at <= $1", now),
            ("delete from pending_logins where expires_at <= $1", now),
            ("delete from passkey_challenges where expires_at <= $1", now),
            (
                "delete from totp_secrets where created_at <= $1 and confirmed_at is null",
                now.minus(SETUP_TTL),
            ),
            (
                "delete from exports where finished_at is not null and finished_at <= $1",
                now.minus(EXPORT_TTL),
            ),
            ("delete from browsers where last_used_at < $1", now.minus(keep.browsers)),
            ("delete from revisions where created_at < $1", now.minus(keep.revisions)),
            ("delete from ip_hashes where created_at < $1", now.minus(keep.ip_hashes)),
            (
                "update votes set ip_hash = null where ip_hash is not null and created_at < $1",
                now.minus(keep.ip_hashes),
            ),
            (
                "delete from signup_requests where decided_at < $1 and decision is not null",
                now.minus(keep.requests_decided),
            ),
            // No index by time: ids are in the order of time.
            (
                "delete from inbox where id in (select id from (select id, created_at from inbox order by id \
                 limit 10000) as oldest where created_at < $1)",
                now.minus(keep.inbox),
            ),
        ] {
            tx.sql(statement).bind(before).execute().await?;
        }
        let waited = tx
            .sql("delete from signup_requests where created_at < $1 and decision is null")
            .bind(now.minus(keep.requests_waiting))
            .execute()
            .await?;
        // After the requests, which refer to invitations.
        tx.sql(
            "delete from invitations where expires_at < $1 and used_by is null \
             and not exists (select 1 from signup_requests r where r.invitation_id = invitations.id)",
        )
        .bind(now.minus(keep.invitations))
        .execute()
        .await?;
        conversations::purge(&mut tx, now.minus(keep.conversations)).await?;
        queue::purge(&mut tx, now).await?;
        // Only the number of pending requests is visible on pages; session expiry is checked on use.
        let changes: &[Change] = if waited > 0 { &[Change::Public] } else { &[] };
        self.commit(tx, changes).await
    }
}
