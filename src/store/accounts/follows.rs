//! The threads and people that members follow.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::inbox::{FollowError, FollowKind, MAX_FOLLOWERS, MAX_FOLLOWS};
use crate::store::accounts::author;
use crate::store::{Change, Error, Result, Store};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Follow {
    pub kind: FollowKind,
    /// The id of the thread's root or of the person.
    pub target: i64,
    pub created_at: Timestamp,
    /// The person's.
    pub name: Option<String>,
}

impl Store {
    /// Follows, or does nothing if that is so already. Fails with `Refused` if they follow too much, or too
    /// many follow it.
    pub async fn follow(&self, user: UserId, kind: FollowKind, target: i64, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        author::writer(&mut tx, user, now).await?;
        let own = "select count(*) from follows where user_id = $1 and (kind <> $2 or target <> $3)";
        let own: i64 = tx.sql(own).bind(user).bind(kind).bind(target).fetch_scalar().await?;
        if own >= MAX_FOLLOWS {
            return Err(Error::refused(FollowError::TooMany));
        }
        let others = "select count(*) from follows where kind = $1 and target = $2 and user_id <> $3";
        let others: i64 = tx.sql(others).bind(kind).bind(target).bind(user).fetch_scalar().await?;
        if others >= MAX_FOLLOWERS {
            return Err(Error::refused(FollowError::TooManyFollowers));
        }
        tx.sql(
            "insert into follows (user_id, kind, target, created_at) values ($1, $2, $3, $4) on conflict do \
             nothing",
        )
        .bind(user)
        .bind(kind)
        .bind(target)
        .bind(now)
        .execute()
        .await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub async fn unfollow(&self, user: UserId, kind: FollowKind, target: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.sql("delete from follows where user_id = $1 and kind = $2 and target = $3")
            .bind(user)
            .bind(kind)
            .bind(target)
            .execute()
            .await?;
        self.commit(tx, &[Change::Member(user)]).await
    }

    pub async fn is_following(&self, user: UserId, kind: FollowKind, target: i64) -> Result<bool> {
        let query = self.read.sql("select 1 from follows where user_id = $1 and kind = $2 and target = $3");
        query.bind(user).bind(kind).bind(target).exists().await
    }

    /// All that a member follows, latest first.
    pub async fn follows(&self, user: UserId) -> Result<Vec<Follow>> {
        let query = self.read.sql(
            "select f.kind, f.target, f.created_at, u.name from follows f left join users u on f.kind = \
             'person' and u.id = f.target where f.user_id = $1",
        );
        let mut follows: Vec<Follow> = query.bind(user).fetch_all().await?;
        follows.sort_by_key(|follow| std::cmp::Reverse(follow.created_at));
        Ok(follows)
    }
}
