//! Permissions rechecked within the write transaction, since a request's member may be a second old: a ban or
//! a removed role applies at once.

use crate::clock::Timestamp;
use crate::domain::accounts::ban::Ban;
use crate::domain::accounts::user::{Member, Role, UserId};
use crate::domain::moderation::permissions;
use crate::domain::moderation::roles::RoleError;
use crate::store::{Error, Result, Tx};

#[derive(sqlx::FromRow)]
struct CurrentAuthor {
    #[sqlx(flatten)]
    member: Member,
    #[sqlx(flatten)]
    ban: Ban,
}

/// Fails with `Refused` if they are banned.
pub(crate) async fn writer(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Member> {
    let CurrentAuthor { member, ban } = tx
        .sql(
            "select id, name, role, karma, created_at, shadow_banned_at, limited_until, show_dead, \
         passkeys_only, theme, comment_order, banned_at, banned_until, ban_reason from users where id = $1",
        )
        .bind(user)
        .fetch_one()
        .await?;
    match ban.sentence(now) {
        Some(sentence) => Err(Error::Refused(sentence)),
        None => Ok(member),
    }
}

/// Fails with `Refused` if they do not moderate, or may not act on `on`.
pub(crate) async fn moderator(tx: &mut Tx, user: UserId, on: Option<UserId>, now: Timestamp) -> Result<()> {
    let member = writer(tx, user, now).await?;
    let role: Option<Role> = match on {
        Some(on) => tx.sql("select role from users where id = $1").bind(on).fetch_optional_scalar().await?,
        None => None,
    };
    permissions::may_act_on(&member, role.unwrap_or_default()).map_err(Error::refused)
}

/// Fails with `Refused` if the actor is not an admin. Without an actor, it is the operator.
pub(crate) async fn admin(tx: &mut Tx, actor: Option<UserId>, now: Timestamp) -> Result<()> {
    match actor {
        Some(actor) if writer(tx, actor, now).await?.role < Role::Admin => {
            Err(Error::refused(RoleError::NotAnAdmin))
        }
        _ => Ok(()),
    }
}
