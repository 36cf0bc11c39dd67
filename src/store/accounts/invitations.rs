//! Invitations: created, revoked, used once. Only token hashes are stored.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::accounts::author;
use crate::store::accounts::users::{NewUser, insert_user};
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Invitation {
    pub id: i64,
    pub expires_at: Timestamp,
    /// The new account's name.
    pub used_by: Option<String>,
    pub revoked_at: Option<Timestamp>,
    /// A request for an account uses it and is pending.
    pub asked: bool,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Inviter {
    pub id: UserId,
    pub name: String,
}

#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct ValidInvitation {
    pub id: i64,
    pub inviter: UserId,
}

/// Selects the invitation with token hash `$1` if valid at `$2`: unused, not revoked, not expired, not in a
/// pending request, and its inviter not banned. Shadow-banned inviters are allowed, so as not to reveal the
/// ban.
macro_rules! select_good {
    ($columns:literal) => {
        concat!(
            "select ",
            $columns,
            " from invitations i join users u on u.id = i.inviter_id \
             where i.token_hash = $1 and i.used_by is null and i.revoked_at is null and i.expires_at > $2 \
             and (u.banned_at is null or u.banned_until <= $2) \
             and not exists (select 1 from signup_requests r where r.invitation_id = i.id and r.decision is \
             null)"
        )
    };
}

/// Fails with `NotFound` if it is not valid.
pub(crate) async fn good_invitation(
    tx: &mut Tx,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<ValidInvitation> {
    tx.sql(select_good!("i.id, u.id as inviter")).bind(token_hash).bind(now).fetch_one().await
}

impl Store {
    /// Creates an invitation and returns its id. Fails with `Conflict` if `most` are open.
    pub async fn invite(
        &self,
        inviter: UserId,
        token_hash: &[u8],
        expires_at: Timestamp,
        most: i64,
        now: Timestamp,
    ) -> Result<i64> {
        let mut tx = self.begin().await?;
        author::writer(&mut tx, inviter, now).await?;
        let open: i64 = tx.sql(
            "select count(*) from invitations where inviter_id = $1 and used_by is null and revoked_at is \
             null and expires_at > $2",
        )
        .bind(inviter)
        .bind(now)
        .fetch_scalar()
        .await?;
        if open >= most {
            return Err(Error::Conflict);
        }
        let id = tx
            .sql(
                "insert into invitations (token_hash, inviter_id, created_at, expires_at) values ($1, $2, \
                 $3, $4) \
             returning id",
            )
            .bind(token_hash)
            .bind(inviter)
            .bind(now)
            .bind(expires_at)
            .fetch_scalar()
            .await?;
        self.commit(tx, &[]).await?;
        Ok(id)
    }

    pub async fn invitations(&self, inviter: UserId, before: i64, rows: i64) -> Result<Vec<Invitation>> {
        self.read
            .sql(
                "select i.id, i.expires_at, u.name as used_by, i.revoked_at, \
             exists (select 1 from signup_requests r where r.invitation_id = i.id and r.decision is null) as \
                 asked \
             from invitations i left join users u on u.id = i.used_by \
             where i.inviter_id = $1 and i.id < $2 order by i.id desc limit $3",
            )
            .bind(inviter)
            .bind(before)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Fails with `NotFound` if it is not `inviter`'s; with `Conflict` if it is used or revoked.
    pub async fn take_back_invitation(&self, id: i64, inviter: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        let open: bool = tx
            .sql(
                "select used_by is null and revoked_at is null from invitations where id = $1 and \
                  inviter_id = $2",
            )
            .bind(id)
            .bind(inviter)
            .fetch_scalar()
            .await?;
        if !open {
            return Err(Error::Conflict);
        }
        tx.sql("update invitations set revoked_at = $2 where id = $1").bind(id).bind(now).execute().await?;
        self.commit(tx, &[Change::Public]).await
    }

    /// The inviter of a valid invitation.
    pub async fn inviter(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<Inviter>> {
        self.read.sql(select_good!("u.id, u.name")).bind(token_hash).bind(now).fetch_optional().await
    }

    /// Creates the account and uses up the invitation atomically. Fails with `NotFound` if the invitation is
    /// no longer valid; with `Conflict` if the name is in use.
    pub async fn accept_invitation(
        &self,
        token_hash: &[u8],
        new: NewUser<'_>,
        now: Timestamp,
    ) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let invitation = good_invitation(&mut tx, token_hash, now).await?;
        let user = insert_user(&mut tx, new, Some(invitation.inviter), now).await?;
        tx.sql("update invitations set used_by = $2 where id = $1")
            .bind(invitation.id)
            .bind(user)
            .execute()
            .await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(user)
    }
}
