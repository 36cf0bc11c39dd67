//! How long the database takes, and which statements take long.

use std::sync::Arc;
use std::time::Duration;

use crate::metrics::{Counter, Histogram};

/// The target under which the driver logs statements.
pub const STATEMENT_TARGET: &str = "sqlx::query";
/// Statements and commits that take longer are logged: no page needs one that takes as long.
const SLOW: Duration = Duration::from_millis(500);
/// Characters of a slow statement in the log.
const LONGEST_TEXT: usize = 400;

#[derive(Debug, Default)]
pub struct StatementTimes {
    pub reads: Histogram,
    /// Statements of a transaction.
    pub writes: Histogram,
    /// Beginning a transaction, which waits for that of another writer.
    pub begins: Histogram,
    pub commits: Histogram,
    /// Statements and commits.
    pub slow: Counter,
}

impl StatementTimes {
    pub(super) fn record_commit(&self, took: Duration) {
        self.commits.record(took);
        self.log_if_slow(took, "commit");
    }

    fn log_if_slow(&self, took: Duration, text: &str) {
        if took >= SLOW {
            self.slow.increment();
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let statement: String = text.chars().take(LONGEST_TEXT).collect();
            tracing::warn!(ms, statement, "a slow statement");
        }
    }
}

#[derive(Clone)]
pub(super) struct StatementClock {
    times: Arc<StatementTimes>,
    is_write: bool,
}

impl StatementClock {
    pub fn reads(times: &Arc<StatementTimes>) -> StatementClock {
        StatementClock { times: Arc::clone(times), is_write: false }
    }

    pub fn writes(times: &Arc<StatementTimes>) -> StatementClock {
        StatementClock { times: Arc::clone(times), is_write: true }
    }

    /// Records a statement; `text` has no values, as these are bound.
    pub fn record(&self, took: Duration, text: &str) {
        let StatementTimes { reads, writes, .. } = &*self.times;
        if self.is_write { writes } else { reads }.record(took);
        self.times.log_if_slow(took, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_or_a_commit_that_takes_half_a_second_is_slow() {
        let times = Arc::<StatementTimes>::default();
        let clock = StatementClock::reads(&times);
        clock.record(SLOW - Duration::from_millis(1), "select 1");
        times.record_commit(SLOW - Duration::from_millis(1));
        assert_eq!(times.slow.value(), 0);
        clock.record(SLOW, "select 1");
        times.record_commit(SLOW);
        assert_eq!(times.slow.value(), 2);
    }
}
