//! What the page of statistics shows: counted month by month by a job, and kept.

use std::collections::HashMap;

use crate::clock::{DAY, Timestamp};
use crate::domain::time::month::Month;
use crate::store::{Change, Result, Store};

/// A member's second month is from so many days after joining to so many, the second not included.
const SECOND_MONTH: (i64, i64) = (30 * DAY, 60 * DAY);

/// See the table's migration for what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct MonthStatistics {
    pub month: Timestamp,
    pub joined: i64,
    pub stayed: Option<i64>,
    pub visited: i64,
    pub stories: i64,
    pub comments: i64,
    pub authors: i64,
    pub votes: i64,
    pub decided: i64,
    /// In seconds.
    pub took: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Posts {
    stories: i64,
    comments: i64,
    authors: i64,
}

#[derive(sqlx::FromRow)]
struct Joined {
    joined: i64,
    stayed: i64,
}

/// The lower of the two in the middle, if the number is even.
fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

impl Store {
    /// The months that have been counted, the oldest first.
    pub async fn statistics(&self) -> Result<Vec<MonthStatistics>> {
        self.read
            .sql(
                "select month, joined, stayed, visited, stories, comments, authors, votes, decided, took \
                 from monthly_statistics where month >= 0 order by month",
            )
            .fetch_all()
            .await
    }

    /// Counts every month from the first account or post to now. Reads whole tables, in short statements
    /// where an index allows.
    pub async fn count_statistics(&self, now: Timestamp) -> Result<()> {
        let this_month = Month::of(now);
        let first = Month::of(self.first_activity().await?.unwrap_or(now));
        let votes = self.votes_of_months().await?;
        let mut decisions = self.decisions_of_months().await?;
        let mut counted = Vec::new();
        for month in first.up_to(this_month) {
            let Joined { joined, stayed } = self.joined(month).await?;
            let Posts { stories, comments, authors } = self.posts(month).await?;
            let visited = if month == this_month { self.visited_since(month).await? } else { 0 };
            let took = decisions.remove(&month).unwrap_or_default();
            let is_over = month.end().plus(SECOND_MONTH.1) <= now;
            counted.push(MonthStatistics {
                month: month.start(),
                joined,
                stayed: is_over.then_some(stayed),
                visited,
                stories,
                comments,
                authors,
                votes: votes.get(&month).copied().unwrap_or_default(),
                decided: i64::try_from(took.len()).unwrap_or(i64::MAX),
                took: median(took),
            });
        }
        self.keep_statistics(&counted).await
    }

    async fn keep_statistics(&self, counted: &[MonthStatistics]) -> Result<()> {
        let mut tx = self.begin().await?;
        for month in counted {
            tx.sql(
                "insert into monthly_statistics (month, joined, stayed, visited, stories, comments, \
                 authors, votes, decided, took) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                 on conflict (month) do update set joined = excluded.joined, stayed = excluded.stayed, \
                 visited = case when excluded.visited > monthly_statistics.visited then excluded.visited \
                 else monthly_statistics.visited end, stories = excluded.stories, \
                 comments = excluded.comments, authors = excluded.authors, votes = excluded.votes, \
                 decided = case when excluded.decided >= monthly_statistics.decided then excluded.decided \
                 else monthly_statistics.decided end, \
                 took = case when excluded.decided >= monthly_statistics.decided then excluded.took \
                 else monthly_statistics.took end",
            )
            .bind(month.month)
            .bind(month.joined)
            .bind(month.stayed)
            .bind(month.visited)
            .bind(month.stories)
            .bind(month.comments)
            .bind(month.authors)
            .bind(month.votes)
            .bind(month.decided)
            .bind(month.took)
            .execute()
            .await?;
        }
        self.commit(tx, &[Change::Public]).await
    }

    /// `None` if there is neither an account nor a post.
    async fn first_activity(&self) -> Result<Option<Timestamp>> {
        self.read
            .sql(
                "select min(at) from (select min(created_at) as at from users where source is null \
                 union all select min(time) as at from items where kind in ('story', 'job', 'poll') \
                 union all select min(time) as at from items where kind = 'comment') as firsts",
            )
            .fetch_scalar()
            .await
    }

    async fn joined(&self, month: Month) -> Result<Joined> {
        self.read
            .sql(
                "select count(*) as joined, count(*) filter (where \
                 exists (select 1 from votes v where v.user_id = u.id and not v.own \
                  and v.created_at >= u.created_at + $3 and v.created_at < u.created_at + $4) \
                 or exists (select 1 from items i where i.author_id = u.id \
                  and i.kind in ('story', 'job', 'poll') \
                  and i.time >= u.created_at + $3 and i.time < u.created_at + $4) \
                 or exists (select 1 from items i where i.author_id = u.id and i.kind = 'comment' \
                  and i.time >= u.created_at + $3 and i.time < u.created_at + $4)) as stayed \
                 from users u where u.source is null and u.created_at >= $1 and u.created_at < $2",
            )
            .bind(month.start())
            .bind(month.end())
            .bind(SECOND_MONTH.0)
            .bind(SECOND_MONTH.1)
            .fetch_one()
            .await
    }

    async fn posts(&self, month: Month) -> Result<Posts> {
        self.read
            .sql(
                "select count(*) filter (where kind <> 'comment') as stories, \
                 count(*) filter (where kind = 'comment') as comments, count(distinct author_id) as authors \
                 from (select kind, author_id from items where kind in ('story', 'job', 'poll') \
                 and dead is null and deleted_at is null and time >= $1 and time < $2 \
                 union all select kind, author_id from items where kind = 'comment' \
                 and dead is null and deleted_at is null and time >= $1 and time < $2) as posts",
            )
            .bind(month.start())
            .bind(month.end())
            .fetch_one()
            .await
    }

    async fn visited_since(&self, month: Month) -> Result<i64> {
        self.read
            .sql("select count(distinct user_id) from sessions where last_used_at >= $1")
            .bind(month.start())
            .fetch_scalar()
            .await
    }

    async fn votes_of_months(&self) -> Result<HashMap<Month, i64>> {
        let days: Vec<(i64, i64)> = self
            .read
            .sql("select created_at / 86400 as day, count(*) from votes where not own group by day")
            .fetch_all()
            .await?;
        let mut months = HashMap::new();
        for (day, votes) in days {
            *months.entry(Month::of(Timestamp(day.saturating_mul(DAY)))).or_default() += votes;
        }
        Ok(months)
    }

    /// For each month in which a moderator decided on flagged or reported posts, the seconds from the first
    /// flag, or from the report.
    async fn decisions_of_months(&self) -> Result<HashMap<Month, Vec<i64>>> {
        let decisions: Vec<(Timestamp, Timestamp)> = self
            .read
            .sql(
                "select f.first, min(l.created_at) as decided from \
                 (select item_id, min(created_at) as first from flags group by item_id) as f \
                 join moderation_log l on l.item_id = f.item_id and l.created_at >= f.first \
                 and l.actor_id is not null and l.action in ('kill', 'clear', 'unkill', 'lock', 'edit') \
                 group by f.item_id, f.first \
                 union all select c.opened_at as first, min(m.created_at) as decided from conversations c \
                 join messages m on m.conversation_id = c.id and m.kind in ('removed', 'kept', 'other') \
                 where c.kind = 'report' group by c.id, c.opened_at",
            )
            .fetch_all()
            .await?;
        let mut months: HashMap<Month, Vec<i64>> = HashMap::new();
        for (told, decided) in decisions {
            months.entry(Month::of(decided)).or_default().push(decided.since(told));
        }
        Ok(months)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (numbers, middle) in
            [(vec![], None), (vec![7], Some(7)), (vec![9, 1], Some(1)), (vec![5, 100, 1], Some(5))]
        {
            assert_eq!(median(numbers.clone()), middle, "{numbers:?}");
        }
    }
}
