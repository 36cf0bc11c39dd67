//! Requests for an account. A pending request reserves its name.

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Name, Role, UserId};
use crate::domain::moderation::action::Action;
use crate::store::accounts::invitations::good_invitation;
use crate::store::accounts::ownership::names::is_reserved;
use crate::store::accounts::users::{NewUser, insert_user};
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_checked_log_entry};
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::{Change, Error, Result, Store};

#[derive(Debug, Clone, Copy)]
pub struct NewSignupRequest<'a> {
    pub name: &'a Name,
    /// A PHC string, copied to the account.
    pub password: &'a str,
    pub text: &'a str,
    /// The invitation's token hash.
    pub invitation: Option<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestOutcome {
    Waits,
    Full,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PendingRequest {
    pub id: i64,
    pub name: String,
    pub text: String,
    pub created_at: Timestamp,
    pub inviter: Option<String>,
    pub inviter_shadowed: bool,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SignupRequest {
    pub password: String,
    pub text: String,
    pub created_at: Timestamp,
    /// `None`: pending.
    pub declined_at: Option<Timestamp>,
    pub message: String,
}

impl Store {
    /// Stores a request, if fewer than `most` are pending. Fails with `Conflict` if the name is in use; with
    /// `NotFound` if the invitation is no longer valid.
    pub async fn request_account(
        &self,
        new: NewSignupRequest<'_>,
        most: i64,
        now: Timestamp,
    ) -> Result<RequestOutcome> {
        let mut tx = self.begin().await?;
        let taken = tx.sql("select 1 from users where lower(name) = lower($1)").bind(new.name.as_str());
        if taken.exists().await? || is_reserved(&mut tx, new.name.as_str(), None).await? {
            return Err(Error::Conflict);
        }
        let invitation = match new.invitation {
            Some(token_hash) => Some(good_invitation(&mut tx, token_hash, now).await?.id),
            None => None,
        };
        let waiting: i64 = tx
            .sql(
                "select count(*) from (select 1 from signup_requests where decision is null limit $1) as \
                  waiting_requests",
            )
            .bind(most)
            .fetch_scalar()
            .await?;
        if waiting >= most {
            return Ok(RequestOutcome::Full);
        }
        tx.sql(
            "insert into signup_requests (name, password, text, created_at, invitation_id) values ($1, $2, \
             $3, $4, $5)",
        )
        .bind(new.name.as_str())
        .bind(new.password)
        .bind(new.text)
        .bind(now)
        .bind(invitation)
        .execute()
        .await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(RequestOutcome::Waits)
    }

    /// The latest request for a name, in any case, that was not approved.
    pub async fn request_of(&self, name: &str) -> Result<Option<SignupRequest>> {
        self.read
            .sql(
                "select password, text, created_at, decided_at as declined_at, message from signup_requests \
             where lower(name) = lower($1) and (decision is null or decision = 'declined') order by id desc \
                 limit 1",
            )
            .bind(name)
            .fetch_optional()
            .await
    }

    /// Whether there is such a request, pending or decided.
    pub async fn has_request(&self, id: i64) -> Result<bool> {
        self.read.sql("select 1 from signup_requests where id = $1").bind(id).exists().await
    }

    pub async fn requests(&self, after: (Timestamp, i64), rows: i64) -> Result<Vec<PendingRequest>> {
        self.read
            .sql(
                "select r.id, r.name, r.text, r.created_at, u.name as inviter, u.shadow_banned_at is not \
                 null as \
             inviter_shadowed from signup_requests r \
             left join invitations i on i.id = r.invitation_id left join users u on u.id = i.inviter_id \
             where r.decision is null and (r.created_at, r.id) > ($1, $2) order by r.created_at, r.id limit \
                 $3",
            )
            .bind(after.0)
            .bind(after.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Creates the account and notifies its owner. Fails with `NotFound` if the request is not pending; with
    /// `Conflict` if the name is in use.
    pub async fn approve_request(&self, id: i64, message: &str, act: ActionContext<'_>) -> Result<UserId> {
        let mut tx = self.begin().await?;
        let (name, password, invitation): (String, String, Option<i64>) = tx
            .sql(
                "select name, password, invitation_id from signup_requests where id = $1 and decision is \
                  null",
            )
            .bind(id)
            .fetch_one()
            .await?;
        // The hash now belongs to the account.
        tx.sql(
            "update signup_requests set decision = 'approved', decided_at = $2, actor_id = $3, password = '' \
             where \
             id = $1",
        )
        .bind(id)
        .bind(act.at)
        .bind(act.actor)
        .execute()
        .await?;
        let inviter: Option<UserId> = tx
            .sql(
                "select inviter_id from invitations where id = $1 and used_by is null and revoked_at is null",
            )
            .bind(invitation)
            .fetch_optional_scalar()
            .await?;
        let name = Name::parse_by_operator(&name).map_err(|_| Error::Conflict)?;
        let new = NewUser { name: &name, password: &password, role: Role::Member, ip_hashes: None };
        let user = insert_user(&mut tx, new, inviter, act.at).await?;
        if inviter.is_some() {
            tx.sql("update invitations set used_by = $2 where id = $1")
                .bind(invitation)
                .bind(user)
                .execute()
                .await?;
        }
        let entry = LogEntry { user: Some(user), ..LogEntry::of(Action::Admit) };
        append_checked_log_entry(&mut tx, act, entry).await?;
        notify(&mut tx, user, entry, Terms { detail: message, ..Terms::default() }, act).await?;
        self.commit(tx, &[Change::Public]).await?;
        Ok(user)
    }

    /// Declines a request; the applicant reads `message` on login. The log omits the name, since requests are
    /// deleted. Fails with `NotFound` if the request is not pending.
    pub async fn decline_request(&self, id: i64, message: &str, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx
            .sql(
                "update signup_requests set decision = 'declined', decided_at = $2, actor_id = $3, message = \
                 $4 \
             where id = $1 and decision is null",
            )
            .bind(id)
            .bind(act.at)
            .bind(act.actor)
            .bind(message)
            .execute()
            .await?;
        if done == 0 {
            return Err(Error::NotFound);
        }
        append_checked_log_entry(&mut tx, act, LogEntry::of(Action::Decline)).await?;
        self.commit(tx, &[Change::Public]).await
    }
}
