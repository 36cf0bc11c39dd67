//! The table of changes: what each write touched, in the order of commits, for other processes on the same
//! database. Written in the write's transaction.

use std::fmt::{Display, Formatter, Write};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::Instant;

use super::Store;
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

/// A write as others name it: the process that made it, and its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteMark {
    node: String,
    id: i64,
}

impl WriteMark {
    /// Reads what `to_string` has written.
    pub fn parse(text: &str) -> Option<WriteMark> {
        let (node, id) = text.split_once('.')?;
        Some(WriteMark { node: node.to_owned(), id: id.parse().ok()? })
    }

    /// The same write, which no node takes for its own.
    #[must_use]
    pub fn of_any_node(self) -> WriteMark {
        WriteMark { node: String::new(), ..self }
    }
}

impl Display for WriteMark {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.node, self.id)
    }
}

/// How far this process has read the table.
#[derive(Debug)]
pub struct ChangesCursor {
    /// Names this process's own rows, which it has no need to read.
    node: String,
    /// The id up to which rows have been read.
    read_to: AtomicI64,
    /// The latest row that this process has written; 0 if none.
    last_written: AtomicI64,
    pub(super) written: Notify,
    reading: Mutex<ReadState>,
}

#[derive(Debug)]
struct ReadState {
    /// When the last complete reading began.
    began: Instant,
    /// The latest id at the last purge; 0 before the first.
    at_last_purge: i64,
}

impl ChangesCursor {
    pub async fn at_the_end(read: &ReadPool) -> Result<ChangesCursor> {
        let began = Instant::now();
        let id = latest(read).await?;
        Ok(ChangesCursor {
            node: format!("{:016x}", fastrand::u64(..)),
            read_to: AtomicI64::new(id),
            last_written: AtomicI64::new(0),
            written: Notify::new(),
            reading: Mutex::new(ReadState { began, at_last_purge: 0 }),
        })
    }

    /// Inserts a row and returns its id.
    pub(super) async fn write(&self, tx: &mut Tx, changes: &[Change]) -> Result<i64> {
        tx.take_turn().await?;
        let insert = tx.sql("insert into changes (node, what) values ($1, $2) returning id");
        insert.bind(self.node.as_str()).bind(encode(changes)).fetch_scalar().await
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    pub(super) fn committed(&self, id: i64) {
        self.last_written.fetch_max(id, Ordering::AcqRel);
        self.written.notify_one();
    }

    /// The latest write of this process.
    pub(super) fn last_write(&self) -> Option<WriteMark> {
        let id = self.last_written.load(Ordering::Acquire);
        (id != 0).then(|| WriteMark { node: self.node.clone(), id })
    }

    /// Whether this process has read the table up to this write, or has made it.
    pub(super) fn has(&self, mark: &WriteMark) -> bool {
        mark.node == self.node || mark.id <= self.read_to.load(Ordering::Acquire)
    }

    /// Drops what other processes' changes touch, as of the call. Answers whether there were any. After a
    /// silence of `max_silence`, or if ids went back, changes may have been missed, and everything is
    /// dropped.
    pub(super) async fn apply(
        &self,
        read: &ReadPool,
        generations: &Generations,
        max_silence: Duration,
    ) -> Result<bool> {
        let called = Instant::now();
        let mut reading = self.reading.lock().await;
        // One reading serves all who waited for it.
        if reading.began > called {
            return Ok(false);
        }
        let began = Instant::now();
        let mut found = false;
        loop {
            let from = self.read_to.load(Ordering::Acquire);
            let rows = rows_after(read, from).await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < BATCH);
            let is_silence = began.duration_since(reading.began) > max_silence;
            let newest = if is_silence || rows.is_empty() { latest(read).await? } else { from };
            if is_silence || (1..from).contains(&newest) {
                generations.invalidate(&[Change::Everything]);
                self.read_to.store(newest, Ordering::Release);
                reading.began = began;
                return Ok(true);
            }
            for (id, node, what) in rows {
                if node != self.node {
                    generations.invalidate(&decode(&what));
                    found = true;
                }
                self.read_to.store(id, Ordering::Release);
            }
            if is_last {
                reading.began = began;
                return Ok(found);
            }
        }
    }

    /// The id before which changes may be deleted: of those that were there at the last call, and of all
    /// beyond a million.
    pub(super) async fn purgeable(&self, read: &ReadPool) -> Result<i64> {
        let newest = latest(read).await?;
        let mut reading = self.reading.lock().await;
        Ok(std::mem::replace(&mut reading.at_last_purge, newest).max(newest - MAX_ROWS))
    }
}

/// Deletes some changes before this id; false if there were none. The one at it is kept, so that a reader of
/// an index finds whether it has missed any.
pub(super) async fn purge(tx: &mut Tx, until: i64) -> Result<bool> {
    let delete =
        "delete from changes where id in (select id from changes where id < $1 order by id limit $2)";
    Ok(tx.sql(delete).bind(until).bind(BATCH).execute().await? > 0)
}

/// Changes in their order, with their ids and processes.
pub struct ChangeRows {
    pub rows: Vec<(i64, String, Vec<Change>)>,
    /// Whether there were no more.
    pub is_last: bool,
}

impl Store {
    /// The latest change, by its id and its process; of id 0 if there is none.
    pub async fn latest_change(&self) -> Result<(i64, String)> {
        let select = "select id, node from changes where id = (select max(id) from changes)";
        Ok(self.read.sql(select).fetch_optional().await?.unwrap_or_default())
    }

    /// The id of the latest change that this process knows of.
    pub fn known_change(&self) -> i64 {
        let (written, read) = (&self.changes.last_written, &self.changes.read_to);
        written.load(Ordering::Acquire).max(read.load(Ordering::Acquire))
    }

    /// The changes after one, of all processes, some at a time. `None` if that one is not there, so that some
    /// after it may have been deleted.
    pub(in crate::store) async fn changes_after(
        &self,
        read_to: &(i64, String),
    ) -> Result<Option<ChangeRows>> {
        let (id, node) = read_to;
        let rows = rows_after(&self.read, id.saturating_sub(1)).await?;
        let is_last = i64::try_from(rows.len()).is_ok_and(|rows| rows < BATCH);
        let is_there = match rows.first() {
            Some((first, of, _)) if *id > 0 => first == id && of == node,
            Some((first, ..)) => *first == 1,
            None => *id == 0,
        };
        let rows = rows.into_iter().filter(|(other, ..)| other > id);
        let rows = rows.map(|(id, node, what)| (id, node, decode(&what)));
        Ok(is_there.then(|| ChangeRows { rows: rows.collect(), is_last }))
    }
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
            Change::Item(id) => write!(text, "item:{}", id.0),
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
            ("item", id) => Change::Item(ItemId(id)),
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
    fn a_mark_reads_as_it_was_written() {
        let mark = WriteMark { node: "00ff".to_owned(), id: 12 };
        assert_eq!(mark.to_string(), "00ff.12");
        assert_eq!(WriteMark::parse("00ff.12"), Some(mark));
        for wrong in ["", ".", "12", "00ff.", "00ff.x", "00ff.99999999999999999999"] {
            assert_eq!(WriteMark::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_change_is_read_as_it_was_written_and_an_unknown_one_as_everything() {
        let (thread, member) = (Change::Thread(ItemId(12)), Change::Member(UserId(7)));
        let (item, lists) = (Change::Item(ItemId(13)), Change::Lists);
        let all = [thread, item, member, lists, Change::Public, Change::Moved, Change::Everything];
        assert_eq!(encode(&all), "thread:12 item:13 member:7 lists public moved everything");
        assert_eq!(decode(&encode(&all)), all);
        assert_eq!(decode("thread:x weather"), [Change::Everything, Change::Everything]);
    }
}
