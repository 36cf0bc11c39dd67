use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::items::rank::{CANDIDATES, StoryFacts, is_lightweight};
use crate::domain::items::title::Section;
use crate::domain::votes::flag;
use crate::store::items::rows::select_item;
use crate::store::{Result, Store};

/// The newest comments that determine active threads.
const ACTIVE_COMMENTS: i64 = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadFilter {
    No,
    /// The viewer's own, which shadow-banned authors see as live.
    Own(UserId),
    /// The viewer's own, and others' but for what waits for approval.
    Shown(UserId),
    /// For moderators.
    All,
}

impl DeadFilter {
    /// Whether everything by `author` is shown that they have not deleted.
    fn is_all_of(self, author: UserId) -> bool {
        self == DeadFilter::All || self.owner() == Some(author)
    }

    fn owner(self) -> Option<UserId> {
        match self {
            DeadFilter::Own(user) | DeadFilter::Shown(user) => Some(user),
            DeadFilter::No | DeadFilter::All => None,
        }
    }
}

/// Keyset pagination: items before this one, or from the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemCursor {
    pub before: (Timestamp, ItemId),
    pub rows: i64,
}

impl ItemCursor {
    pub fn first(rows: i64) -> ItemCursor {
        ItemCursor { before: (Timestamp(i64::MAX), ItemId(i64::MAX)), rows }
    }
}

#[derive(sqlx::FromRow)]
struct FactsRow {
    id: ItemId,
    kind: Kind,
    rank_time: Timestamp,
    score: i64,
    descendants: i64,
    url: Option<String>,
    penalised: bool,
    flags: i64,
    vouches: i64,
    cleared: bool,
}

/// `select` of a [`FactsRow`]; takes the rest of the statement.
macro_rules! select_facts {
    ($tail:literal) => {
        concat!(
            "select id, kind, rank_time, score, descendants, url, penalised, flags, vouches, cleared from \
             items ",
            $tail
        )
    };
}

/// Those posts that others see who ask for dead ones.
macro_rules! shown_dead {
    ($which:literal) => {
        concat!($which, " and coalesce(dead, '') not in ('held', 'declined', 'removed')")
    };
}

/// `select` of a page of an author's [`Item`]s by a condition.
macro_rules! select_of_author {
    ($which:expr) => {
        concat!(
            select_item!("where i.author_id = $1 and "),
            $which,
            " and i.deleted_at is null and (i.time, i.id) < ($2, $3) order by i.time desc, i.id desc limit $4"
        )
    };
}

macro_rules! count_of_author {
    ($which:expr) => {
        concat!(
            "select count(*) from (select 1 from items where author_id = $1 and ",
            $which,
            " and deleted_at is null limit $2) as counted"
        )
    };
}

impl From<FactsRow> for StoryFacts {
    fn from(row: FactsRow) -> StoryFacts {
        StoryFacts {
            id: row.id,
            score: row.score,
            rank_time: row.rank_time,
            comments: row.descendants,
            flags: flag::effective_weight(row.flags, row.vouches, row.cleared),
            has_url: row.url.is_some(),
            lightweight: row.url.as_deref().is_some_and(is_lightweight),
            kind_is_job: row.kind == Kind::Job,
            penalised: row.penalised,
        }
    }
}

impl Store {
    pub async fn story_facts(&self) -> Result<Vec<StoryFacts>> {
        let rows: Vec<FactsRow> = self
            .read
            .sql(select_facts!(
                "where dead is null and deleted_at is null and kind in ('story', 'job', 'poll') \
             order by rank_time desc, id desc limit $1"
            ))
            .bind(CANDIDATES)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(StoryFacts::from).collect())
    }

    pub async fn facts_of(&self, story: ItemId) -> Result<StoryFacts> {
        let row: FactsRow = self.read.sql(select_facts!("where id = $1")).bind(story).fetch_one().await?;
        Ok(row.into())
    }

    pub async fn section_facts(&self, section: Section) -> Result<Vec<StoryFacts>> {
        let rows: Vec<FactsRow> = self
            .read
            .sql(select_facts!(
                "where section = $1 and dead is null and deleted_at is null and section is not null \
             order by rank_time desc, id desc limit $2"
            ))
            .bind(section)
            .bind(CANDIDATES)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(StoryFacts::from).collect())
    }

    /// `from` is inclusive.
    pub async fn facts_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<StoryFacts>> {
        let rows: Vec<FactsRow> = self
            .read
            .sql(select_facts!(
                "where dead is null and deleted_at is null and kind in ('story', 'job', 'poll') and time >= \
                 $1 and time < $2 order by time desc, id desc limit $3"
            ))
            .bind(from)
            .bind(to)
            .bind(CANDIDATES)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(StoryFacts::from).collect())
    }

    /// Stories by score, of all time or since a moment. The unary plus makes SQLite use the index on time
    /// rather than on score.
    pub async fn best(&self, since: Option<Timestamp>) -> Result<Vec<(ItemId, i64)>> {
        let rows = match since {
            None => self.read.sql(
                "select id, score from items where dead is null and deleted_at is null and kind in ('story', \
                 'job', 'poll') order by score desc, id desc limit $1",
            )
            .bind(CANDIDATES)
            .fetch_all()
            .await?,
            Some(since) => self.read.sql(
                "select id, score from items where dead is null and deleted_at is null and kind in ('story', \
                 'job', 'poll') and time >= $1 order by +score desc, id desc limit $2",
            )
            .bind(since)
            .bind(CANDIDATES)
            .fetch_all()
            .await?,
        };
        Ok(rows)
    }

    pub async fn best_comments(&self, since: Timestamp) -> Result<Vec<(ItemId, i64)>> {
        self.read.sql(
            "select id, score from items where dead is null and deleted_at is null and kind = 'comment' and \
             time >= $1 order by +score desc, id desc limit $2",
        )
        .bind(since)
        .bind(CANDIDATES)
        .fetch_all()
        .await
    }

    pub async fn comment_times(&self) -> Result<Vec<(ItemId, Timestamp)>> {
        self.read
            .sql(
                "select root_id, time from items where dead is null and deleted_at is null and kind = \
                 'comment' order by time desc limit $1",
            )
            .bind(ACTIVE_COMMENTS)
            .fetch_all()
            .await
    }

    /// In no particular order.
    pub async fn items(&self, ids: &[ItemId]) -> Result<Vec<Item>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.read.sql(select_item!("where i.id in ")).list(ids).fetch_all().await
    }

    /// Without those that `viewer` hid.
    pub async fn newest(
        &self,
        dead: DeadFilter,
        viewer: Option<UserId>,
        page: ItemCursor,
    ) -> Result<Vec<Item>> {
        let query = if dead == DeadFilter::No {
            self.read.sql(select_item!(
                "where i.dead is null and i.deleted_at is null and i.kind in ('story', 'job', 'poll') \
                 and (i.time, i.id) < ($1, $2) \
                 and not exists (select 1 from hidden h where h.user_id = $4 and h.item_id = i.id) \
                 order by i.time desc, i.id desc limit $3"
            ))
        } else {
            self.read.sql(select_item!(
                "where i.kind in ('story', 'job', 'poll') and i.deleted_at is null and (i.time, i.id) < ($1, \
                 $2) and (i.dead is null or $5 is null or i.author_id = $5 or ($6 and i.dead not in \
                 ('held', 'declined', 'removed'))) \
                 and not exists (select 1 from hidden h where h.user_id = $4 and h.item_id = i.id) \
                 order by i.time desc, i.id desc limit $3"
            ))
        };
        let query = query.bind(page.before.0).bind(page.before.1).bind(page.rows).bind(viewer);
        let shown = matches!(dead, DeadFilter::Shown(_));
        let query = if dead == DeadFilter::No { query } else { query.bind(dead.owner()).bind(shown) };
        query.fetch_all().await
    }

    pub async fn newest_comments(&self, dead: DeadFilter, page: ItemCursor) -> Result<Vec<Item>> {
        let query = if dead == DeadFilter::No {
            self.read.sql(select_item!(
                "where i.dead is null and i.deleted_at is null and i.kind = 'comment' and (i.time, i.id) < \
                 ($1, $2) order by i.time desc, i.id desc limit $3"
            ))
        } else {
            self.read.sql(select_item!(
                "where i.kind = 'comment' and i.deleted_at is null and (i.time, i.id) < ($1, $2) \
                 and (i.dead is null or $4 is null or i.author_id = $4 or ($5 and i.dead not in \
                 ('held', 'declined', 'removed'))) \
                 order by i.time desc, i.id desc limit $3"
            ))
        };
        let query = query.bind(page.before.0).bind(page.before.1).bind(page.rows);
        let shown = matches!(dead, DeadFilter::Shown(_));
        let query = if dead == DeadFilter::No { query } else { query.bind(dead.owner()).bind(shown) };
        query.fetch_all().await
    }

    /// Of a site, or of a whole domain if `site` has no path, without those that `viewer` hid.
    pub async fn from_site(&self, site: &str, viewer: Option<UserId>, page: ItemCursor) -> Result<Vec<Item>> {
        let query = if site.contains('/') {
            select_item!(
                "where i.site = $1 and i.dead is null and i.deleted_at is null and (i.time, i.id) < ($2, $3) \
                 and not exists (select 1 from hidden h where h.user_id = $5 and h.item_id = i.id) \
                 order by i.time desc, i.id desc limit $4"
            )
        } else {
            select_item!(
                "where i.domain = $1 and i.dead is null and i.deleted_at is null and (i.time, i.id) < ($2, \
                 $3) and not exists (select 1 from hidden h where h.user_id = $5 and h.item_id = i.id) \
                 order by i.time desc, i.id desc limit $4"
            )
        };
        self.read
            .sql(query)
            .bind(site)
            .bind(page.before.0)
            .bind(page.before.1)
            .bind(page.rows)
            .bind(viewer)
            .fetch_all()
            .await
    }

    pub async fn submissions(&self, author: UserId, dead: DeadFilter, page: ItemCursor) -> Result<Vec<Item>> {
        let query = match dead {
            dead if dead.is_all_of(author) => select_of_author!("i.kind in ('story', 'job', 'poll')"),
            DeadFilter::Shown(_) => select_of_author!(shown_dead!("kind in ('story', 'job', 'poll')")),
            _ => select_of_author!("i.kind in ('story', 'job', 'poll') and i.dead is null"),
        };
        self.by_author(query, author, page).await
    }

    pub async fn comments_of(&self, author: UserId, dead: DeadFilter, page: ItemCursor) -> Result<Vec<Item>> {
        let query = match dead {
            dead if dead.is_all_of(author) => select_of_author!("i.kind = 'comment'"),
            DeadFilter::Shown(_) => select_of_author!(shown_dead!("kind = 'comment'")),
            _ => select_of_author!("i.kind = 'comment' and i.dead is null"),
        };
        self.by_author(query, author, page).await
    }

    /// How many stories and comments are by the author, each counted up to `most`.
    pub async fn post_counts(&self, author: UserId, dead: DeadFilter, most: i64) -> Result<(i64, i64)> {
        let (stories, comments) = match dead {
            dead if dead.is_all_of(author) => {
                (count_of_author!("kind in ('story', 'job', 'poll')"), count_of_author!("kind = 'comment'"))
            }
            DeadFilter::Shown(_) => (
                count_of_author!(shown_dead!("kind in ('story', 'job', 'poll')")),
                count_of_author!(shown_dead!("kind = 'comment'")),
            ),
            _ => (
                count_of_author!("kind in ('story', 'job', 'poll') and dead is null"),
                count_of_author!("kind = 'comment' and dead is null"),
            ),
        };
        let count = |query| self.read.sql(query).bind(author).bind(most).fetch_scalar();
        Ok((count(stories).await?, count(comments).await?))
    }

    /// The newest posts of a shadow-banned author: up to 300 stories, or those of a site, and 300 comments.
    pub async fn shadowed_posts(&self, author: UserId, site: Option<&str>) -> Result<Vec<Item>> {
        let stories = self.read.sql(select_item!(
            "where i.author_id = $1 and i.kind in ('story', 'job', 'poll') and i.dead = 'shadow' and \
             i.deleted_at is null \
             and ($2 is null or i.site = $2 or i.domain = $2) order by i.time desc, i.id desc limit 300"
        ));
        let mut posts: Vec<Item> = stories.bind(author).bind(site).fetch_all().await?;
        if site.is_none() {
            let comments = self.read.sql(select_item!(
                "where i.author_id = $1 and i.kind = 'comment' and i.dead = 'shadow' and i.deleted_at is \
                 null order by i.time desc, i.id desc limit 300"
            ));
            posts.extend(comments.bind(author).fetch_all::<Item>().await?);
        }
        Ok(posts)
    }

    async fn by_author(&self, query: &'static str, author: UserId, page: ItemCursor) -> Result<Vec<Item>> {
        self.read
            .sql(query)
            .bind(author)
            .bind(page.before.0)
            .bind(page.before.1)
            .bind(page.rows)
            .fetch_all()
            .await
    }
}
