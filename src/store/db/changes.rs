//! The table of changes: what each write touched, in the order of commits, for other processes on the same
//! database. Written in the write's transaction.

use std::fmt::Write;

use tokio::sync::Mutex;

use super::engine::Tx;
use super::error::Result;
use super::generations::{Change, Generations};
use super::statement::ReadPool;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;

/// Rows read at once.
const BATCH: i64 = 1_000;
/// Rows kept at most.
const MAX_ROWS: i64 = 1_000_000;

/// How far this process has read the table.
#[derive(Debug)]
pub struct ChangesCursor {
    /// Names this process's own rows, which it has no need to read.
    node: String,
    position: Mutex<ReadPosition>,
}

#[derive(Debug)]
struct ReadPosition {
    id: i64,
    /// Whether changes may have been missed, because the table could not be read.
    has_gap: bool,
    /// The latest id at the last purge.
    at_last_purge: i64,
}

impl ChangesCursor {
    pub async fn at_the_end(read: &ReadPool) -> Result<ChangesCursor> {
        let id = latest(read).await?;
        Ok(ChangesCursor {
            node: format!("{:016x}", fastrand::u64(..)),
            position: Mutex::new(ReadPosition { id, has_gap: false, at_last_purge: id }),
        })
    }

    pub(super) async fn write(&self, tx: &mut Tx, changes: &[Change]) -> Result<()> {
        let insert = tx.sql("insert into changes (node, what) values ($1, $2)");
        insert.bind(self.node.as_str()).bind(encode(changes)).execute().await.map(drop)
    }

    /// Drops what other processes' new changes touch. Answers whether there were any. If the table cannot be
    /// read, everything is dropped as soon as it can.
    pub(super) async fn apply(&self, read: &ReadPool, generations: &Generations) -> Result<bool> {
        let mut position = self.position.lock().await;
        if position.has_gap {
            position.id = latest(read).await?;
            position.has_gap = false;
            generations.invalidate(&[Change::Everything]);
            return Ok(true);
        }
        let mut found = false;
        loop {
            let rows = rows_after(read, position.id).await.inspect_err(|_| position.has_gap = true)?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < BATCH);
            for (id, node, what) in rows {
                if node != self.node {
                    generations.invalidate(&decode(&what));
                    found = true;
                }
                position.id = id;
            }
            if is_last {
                return Ok(found);
            }
        }
    }

    /// The id up to which changes may be deleted: of those that were there at the last call, and of all
    /// beyond a million.
    pub(super) async fn purgeable(&self, read: &ReadPool) -> Result<i64> {
        let newest = latest(read).await?;
        let mut position = self.position.lock().await;
        Ok(std::mem::replace(&mut position.at_last_purge, newest).max(newest - MAX_ROWS))
    }
}

/// Deletes some changes up to this id; false if there were none.
pub(super) async fn purge(tx: &mut Tx, until: i64) -> Result<bool> {
    let delete =
        "delete from changes where id in (select id from changes where id <= $1 order by id limit $2)";
    Ok(tx.sql(delete).bind(until).bind(BATCH).execute().await? > 0)
}

async fn latest(read: &ReadPool) -> Result<i64> {
    read.sql("select coalesce(max(id), 0) from changes").fetch_scalar().await
}

async fn rows_after(read: &ReadPool, id: i64) -> Result<Vec<(i64, String, String)>> {
    let select = "select id, node, what from changes where id > $1 order by id limit $2";
    read.sql(select).bind(id).bind(BATCH).fetch_all().await
}

fn encode(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        if !text.is_empty() {
            text.push(' ');
        }
        // Writing to a string cannot fail.
        let _ = match change {
            Change::Thread(root) => write!(text, "thread:{}", root.0),
            Change::Member(user) => write!(text, "member:{}", user.0),
            Change::Lists => write!(text, "lists"),
            Change::Public => write!(text, "public"),
            Change::Moved => write!(text, "moved"),
            Change::Everything => write!(text, "everything"),
        };
    }
    text
}

/// What a newer Stoa calls a change by a word of its own may be anything.
fn decode(text: &str) -> Vec<Change> {
    let one = |word: &str| {
        let (kind, id) = word.split_once(':').unwrap_or((word, "0"));
        Some(match (kind, id.parse().ok()?) {
            ("thread", id) => Change::Thread(ItemId(id)),
            ("member", id) => Change::Member(UserId(id)),
            ("lists", _) => Change::Lists,
            ("public", _) => Change::Public,
            ("moved", _) => Change::Moved,
            _ => return None,
        })
    };
    text.split(' ').map(|word| one(word).unwrap_or(Change::Everything)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_read_as_it_was_written_and_an_unknown_one_as_everything() {
        let (thread, member) = (Change::Thread(ItemId(12)), Change::Member(UserId(7)));
        let all = [thread, member, Change::Lists, Change::Public, Change::Moved, Change::Everything];
        assert_eq!(encode(&all), "thread:12 member:7 lists public moved everything");
        assert_eq!(decode(&encode(&all)), all);
        assert_eq!(decode("thread:x weather"), [Change::Everything, Change::Everything]);
    }
}
