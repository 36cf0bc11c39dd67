//! The invitation tree.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::accounts::ownership::shown_name;
use crate::store::{Result, Store};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InviteBranch {
    pub id: UserId,
    pub name: String,
    pub created_at: Timestamp,
    /// Accounts created by their invitations.
    pub invited: i64,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct InviteLineage {
    pub inviter: Option<String>,
    pub invited: i64,
}

impl Store {
    pub async fn lineage(&self, user: UserId) -> Result<InviteLineage> {
        self.read.sql(concat!(
            "select ",
            shown_name!("i"),
            " as inviter, u.invited from users u left join users i on i.id = u.invited_by where u.id = $1",
        ))
        .bind(user)
        .fetch_one()
        .await
    }

    /// Uninvited accounts that have invited others, oldest first.
    pub async fn roots(&self, after: (Timestamp, UserId), rows: i64) -> Result<Vec<InviteBranch>> {
        self.read
            .sql(concat!(
                "select u.id, ",
                shown_name!("u"),
                " as name, u.created_at, u.invited from users u where u.invited_by is null and u.invited > 0 \
                 and (u.created_at, u.id) > ($1, $2) order by u.created_at, u.id limit $3",
            ))
            .bind(after.0)
            .bind(after.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    /// Accounts invited by a user, oldest first.
    pub async fn invited_by(
        &self,
        inviter: UserId,
        after: (Timestamp, UserId),
        rows: i64,
    ) -> Result<Vec<InviteBranch>> {
        self.read
            .sql(concat!(
                "select u.id, ",
                shown_name!("u"),
                " as name, u.created_at, u.invited from users u where u.invited_by = $1 \
                 and (u.created_at, u.id) > ($2, $3) order by u.created_at, u.id limit $4",
            ))
            .bind(inviter)
            .bind(after.0)
            .bind(after.1)
            .bind(rows)
            .fetch_all()
            .await
    }

    pub async fn inviters(&self, user: UserId, steps: i64) -> Result<Vec<InviteBranch>> {
        let mut found: Vec<InviteBranch> = self
            .read
            .sql(concat!(
                "with recursive up (id, step) as ( \
             select invited_by, 1 from users where id = $1 and invited_by is not null union all \
             select u.invited_by, up.step + 1 from up join users u on u.id = up.id \
             where u.invited_by is not null and up.step < $2) \
             select u.id, ",
                shown_name!("u"),
                " as name, u.created_at, u.invited from up join users u on u.id = up.id",
            ))
            .bind(user)
            .bind(steps)
            .fetch_all()
            .await?;
        // An inviter's account is older and has the lower id.
        found.sort_by_key(|branch| branch.id);
        Ok(found)
    }
}
