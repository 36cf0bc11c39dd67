use crate::clock::Timestamp;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::user::{Role, UserId};
use crate::store::accounts::author;
use crate::store::accounts::credentials::lifetime::{CredentialEnd, end_credentials};
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry};
use crate::store::moderation::notifications::{Terms, notify};
use crate::store::{Change, Error, Result, Store, Tx};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TeamMember {
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    #[sqlx(flatten)]
    pub ban: Ban,
    /// `None` if not in the log.
    pub since: Option<Timestamp>,
    /// `None`: the operator.
    pub actor: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ModeratorName {
    pub name: String,
    pub role: Role,
}

const TEAM: i64 = 500;

/// A condition on users; `$1` is now.
macro_rules! can_log_in {
    () => {
        " and (banned_at is null or banned_until <= $1) and password is not null"
    };
}

impl Store {
    /// In no particular order.
    pub async fn team(&self) -> Result<Vec<TeamMember>> {
        self.read
            .sql(
                "select u.name, u.role, u.created_at, u.banned_at, u.banned_until, u.ban_reason, \
                 m.created_at as since, \
             a.name as actor \
             from users u left join moderation_log m on m.id = (select l.id from moderation_log l where \
                 l.user_id = \
             u.id and l.action = u.role \
             order by l.created_at desc, l.id desc limit 1) left join users a on a.id = m.actor_id \
             where u.role in ('moderator', 'admin') limit $1",
            )
            .bind(TEAM)
            .fetch_all()
            .await
    }

    /// Whether `user` is the only admin who can log in.
    pub async fn is_last_admin(&self, user: UserId, now: Timestamp) -> Result<bool> {
        let other: Option<UserId> = self
            .read
            .sql(concat!("select id from users where role = 'admin'", can_log_in!(), " and id <> $2 limit 1"))
            .bind(now)
            .bind(user)
            .fetch_optional_scalar()
            .await?;
        Ok(other.is_none())
    }

    /// Those who can log in, in no particular order.
    pub async fn moderators(&self, now: Timestamp) -> Result<Vec<ModeratorName>> {
        self.read
            .sql(concat!(
                "select name, role from users where role in ('moderator', 'admin')",
                can_log_in!(),
                " limit $2"
            ))
            .bind(now)
            .bind(TEAM)
            .fetch_all()
            .await
    }

    /// Sets a role and notifies the user. Fails with `Conflict` if they have it, if no admin who can log in
    /// would remain, if the actor is no longer an admin, or if the user is shadow-banned.
    pub async fn set_role(&self, user: UserId, role: Role, act: ActionContext<'_>) -> Result<()> {
        let mut tx = self.begin().await?;
        if let Some(actor) = act.actor
            && author::writer(&mut tx, actor, act.at).await?.role < Role::Admin
        {
            return Err(Error::Conflict);
        }
        let before = role_of(&mut tx, user).await?;
        let given = tx
            .sql(
                "update users set role = $2 where id = $1 and role <> $2 and deleted_at is null and \
                 ($2 = 'member' or shadow_banned_at is null)",
            )
            .bind(user)
            .bind(role)
            .execute()
            .await?;
        if given == 0 {
            return Err(Error::Conflict);
        }
        if before == Role::Admin {
            keep_an_admin(&mut tx, act.at).await?;
        }
        end_credentials(&mut tx, user, CredentialEnd::Role).await?;
        let entry = LogEntry { user: Some(user), ..LogEntry::of(role.into()) };
        append_log_entry(&mut tx, act, entry).await?;
        notify(&mut tx, user, entry, Terms::default(), act).await?;
        self.commit(tx, &[Change::Public]).await
    }
}

async fn role_of(tx: &mut Tx, user: UserId) -> Result<Role> {
    tx.sql("select role from users where id = $1").bind(user).fetch_scalar().await
}

/// Refuses to remove the last admin. Writes are serialised, so two at once cannot both pass.
pub(crate) async fn keep_an_admin(tx: &mut Tx, now: Timestamp) -> Result<()> {
    let admin: Option<UserId> = tx
        .sql(concat!("select id from users where role = 'admin'", can_log_in!(), " limit 1"))
        .bind(now)
        .fetch_optional_scalar()
        .await?;
    admin.map(|_| ()).ok_or(Error::Conflict)
}
