//! The progress of a long command: a bar on a terminal, plain lines elsewhere.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressStyle};

const EVERY: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    Items,
    Rows,
}

pub struct Progress {
    bar: Option<ProgressBar>,
    verb: &'static str,
    unit: Unit,
    total: u64,
    done: u64,
    began: Instant,
    said: Duration,
}

impl Progress {
    /// `total` is in `unit`; zero if unknown.
    pub fn new(verb: &'static str, unit: Unit, total: u64, is_terminal: bool) -> Progress {
        let bar = is_terminal.then(|| {
            let bar = ProgressBar::new(total).with_message(verb);
            let template = match unit {
                Unit::Bytes => "{msg} [{wide_bar}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
                Unit::Items => "{msg} [{wide_bar}] {human_pos} of {human_len} items, {per_sec}, {eta} left",
                Unit::Rows => "{msg} [{wide_bar}] {human_pos} of {human_len} rows, {per_sec}, {eta} left",
            };
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        Progress { bar, verb, unit, total, done: 0, began: started(), said: Duration::ZERO }
    }

    pub fn add(&mut self, more: u64, out: &mut dyn Write) -> io::Result<()> {
        self.done = self.done.saturating_add(more);
        match &self.bar {
            Some(bar) => bar.set_position(self.done),
            None => {
                let elapsed = self.began.elapsed();
                if elapsed.saturating_sub(self.said) >= EVERY {
                    self.said = elapsed;
                    writeln!(out, "{}", line(self.verb, self.unit, self.done, self.total, elapsed))?;
                }
            }
        }
        Ok(())
    }

    pub fn end(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "only a duration is measured")]
pub fn started() -> Instant {
    Instant::now()
}

fn line(verb: &str, unit: Unit, done: u64, total: u64, elapsed: Duration) -> String {
    let of = |n: u64| match unit {
        Unit::Bytes => HumanBytes(n).to_string(),
        Unit::Items | Unit::Rows => HumanCount(n).to_string(),
    };
    let noun = match unit {
        Unit::Bytes => "",
        Unit::Items => " items",
        Unit::Rows => " rows",
    };
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u64::try_from(u128::from(done) * 1000 / milliseconds).unwrap_or(u64::MAX);
    let left = total.saturating_sub(done).checked_div(rate).unwrap_or(0);
    let left = HumanDuration(Duration::from_secs(left));
    format!("{verb}: {} of {}{noun}, {} a second, {left} left", of(done), of(total), of(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_tells_the_rate_and_the_time_left() {
        for (unit, done, total, seconds, expected) in [
            (
                Unit::Items,
                12_000,
                24_000,
                2,
                "Writing: 12,000 of 24,000 items, 6,000 a second, 2 seconds left",
            ),
            (Unit::Rows, 50, 100, 1, "Writing: 50 of 100 rows, 50 a second, 1 second left"),
            (Unit::Items, 0, 10, 5, "Writing: 0 of 10 items, 0 a second, 0 seconds left"),
            (
                Unit::Bytes,
                2_097_152,
                4_194_304,
                1,
                "Writing: 2.00 MiB of 4.00 MiB, 2.00 MiB a second, 1 second left",
            ),
        ] {
            assert_eq!(line("Writing", unit, done, total, Duration::from_secs(seconds)), expected);
        }
    }
}
