use crate::clock::Timestamp;
use crate::store::{Result, Store};

/// `select` of the time of one live story.
macro_rules! select_time {
    ($tail:literal) => {
        concat!(
            "select time from items where dead is null and deleted_at is null and kind in ('story', 'job', \
             'poll') and ",
            $tail,
            " limit 1"
        )
    };
}

impl Store {
    /// The times of the last story before `from` and of the first one at or after `to`.
    pub async fn stories_around(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
        let before = self.read.sql(select_time!("time < $1 order by time desc, id desc")).bind(from);
        let after = self.read.sql(select_time!("time >= $1 order by time, id")).bind(to);
        Ok((before.fetch_optional_scalar().await?, after.fetch_optional_scalar().await?))
    }
}
