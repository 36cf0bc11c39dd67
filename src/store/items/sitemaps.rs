//! The stories that sitemaps list.

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::store::{Result, Store};

impl Store {
    pub async fn first_story_time(&self) -> Result<Option<Timestamp>> {
        let select = "select min(time) from items where dead is null and deleted_at is null and kind in \
                      ('story', 'job', 'poll')";
        self.read.sql(select).fetch_scalar().await
    }

    /// The newest stories from one moment to another, which is not included.
    pub async fn stories_between(&self, from: Timestamp, to: Timestamp, most: i64) -> Result<Vec<ItemId>> {
        let select = "select id from items where dead is null and deleted_at is null and kind in ('story', \
                      'job', 'poll') and time >= $1 and time < $2 order by time desc, id desc limit $3";
        self.read.sql(select).bind(from).bind(to).bind(most).fetch_scalars().await
    }
}
