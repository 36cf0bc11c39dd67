//! The searches that members follow, and telling them of new results.

use std::collections::HashSet;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::inbox::{FollowError, MAX_FOLLOWERS, MAX_SEARCHES};
use crate::domain::items::item::{Item, ItemId};
use crate::store::accounts::author;
use crate::store::accounts::inbox::{ToldPost, tell_of_result};
use crate::store::{Change, Error, Result, Store};

#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FollowedSearch {
    pub query: String,
    pub created_at: Timestamp,
}

impl Store {
    /// Follows, or does nothing if that is so already. Fails with `Refused` if they follow too many, or too
    /// many follow it.
    pub async fn follow_search(&self, user: UserId, query: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        author::writer(&mut tx, user, now).await?;
        let own = "select count(*) from followed_searches where user_id = $1 and query <> $2";
        let own: i64 = tx.sql(own).bind(user).bind(query).fetch_scalar().await?;
        if own >= MAX_SEARCHES {
            return Err(Error::refused(FollowError::TooManySearches));
        }
        let others = "select count(*) from followed_searches where query = $1 and user_id <> $2";
        let others: i64 = tx.sql(others).bind(query).bind(user).fetch_scalar().await?;
        if others >= MAX_FOLLOWERS {
            return Err(Error::refused(FollowError::TooManyFollowers));
        }
        tx.sql(
            "insert into followed_searches (user_id, query, created_at) values ($1, $2, $3) on conflict do \
             nothing",
        )
        .bind(user)
        .bind(query)
        .bind(now)
        .execute()
        .await?;
        self.commit(tx, &[]).await
    }

    pub async fn unfollow_search(&self, user: UserId, query: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let delete = "delete from followed_searches where user_id = $1 and query = $2";
        tx.sql(delete).bind(user).bind(query).execute().await?;
        self.commit(tx, &[]).await
    }

    pub async fn follows_search(&self, user: UserId, query: &str) -> Result<bool> {
        let select = "select 1 from followed_searches where user_id = $1 and query = $2";
        self.read.sql(select).bind(user).bind(query).exists().await
    }

    /// All that a member follows, latest first.
    pub async fn followed_searches(&self, user: UserId) -> Result<Vec<FollowedSearch>> {
        let query = self.read.sql("select query, created_at from followed_searches where user_id = $1");
        let mut searches: Vec<FollowedSearch> = query.bind(user).fetch_all().await?;
        searches.sort_by_key(|search| std::cmp::Reverse(search.created_at));
        Ok(searches)
    }

    /// Some of the searches that anybody follows, each once, in order, after this one.
    pub async fn searches_after(&self, query: &str, rows: i64) -> Result<Vec<String>> {
        let select = "select distinct query from followed_searches where query > $1 order by query limit $2";
        self.read.sql(select).bind(query).bind(rows).fetch_scalars().await
    }

    /// Tells those who follow a search of the results that are newer than that and of which their inboxes
    /// have not told.
    pub async fn tell_of_results(&self, query: &str, results: &[Item], now: Timestamp) -> Result<()> {
        if results.is_empty() {
            return Ok(());
        }
        let untold = self.read.sql(
            "select i.id from items i where exists (select 1 from followed_searches f where f.created_at <= \
             i.time and f.user_id is distinct from i.author_id and not exists (select 1 from inbox n where \
             n.user_id = f.user_id and n.item_id = i.id) and f.query in ",
        );
        let ids = results.iter().map(|item| item.id);
        let untold: HashSet<ItemId> = untold
            .list([query])
            .push(") and i.id in ")
            .list(ids)
            .fetch_scalars()
            .await?
            .into_iter()
            .collect();
        if untold.is_empty() {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        // The newest is to have the newest row.
        for item in results.iter().rev().filter(|item| untold.contains(&item.id)) {
            let post = ToldPost { id: item.id, author: item.author_id, at: now };
            tell_of_result(&mut tx, &post, query).await?;
        }
        self.commit(tx, &[Change::Lists]).await
    }
}
