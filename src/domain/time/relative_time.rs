//! Times in words, in UTC, so that a page is the same for every viewer.

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::domain::text::plural::counted;

const YEAR: i64 = 365 * DAY;
const MONTH: i64 = YEAR / 12;
const THIRTY_DAYS: i64 = 30 * DAY;

/// Age in its largest whole unit: `just now`, `1 minute ago`, `4 months ago`. Future times are `just now`,
/// because of clock skew.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    match largest_unit(then, now) {
        None => "just now".to_owned(),
        Some((number, unit, _)) => format!("{} ago", counted(number, unit)),
    }
}

/// The same for narrow screens: `now`, `1 min`, `4 mo`.
pub fn ago_short(then: Timestamp, now: Timestamp) -> String {
    match largest_unit(then, now) {
        None => "now".to_owned(),
        Some((number, _, short)) => format!("{number} {short}"),
    }
}

fn largest_unit(then: Timestamp, now: Timestamp) -> Option<(i64, &'static str, &'static str)> {
    const UNITS: [(i64, &str, &str); 5] = [
        (YEAR, "year", "y"),
        (MONTH, "month", "mo"),
        (DAY, "day", "d"),
        (HOUR, "hour", "h"),
        (MINUTE, "minute", "min"),
    ];
    let seconds = now.since(then);
    let (size, unit, short) = UNITS.into_iter().find(|(size, ..)| seconds >= *size)?;
    Some((seconds / size, unit, short))
}

/// An exact duration: `2 hours`, `14 days`, `1 hour 30 minutes`.
pub fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")];
    let mut rest = seconds.max(0);
    let mut words = Vec::new();
    for (size, unit) in UNITS {
        if rest >= size {
            words.push(counted(rest / size, unit).to_string());
        }
        rest %= size;
    }
    if words.is_empty() { counted(0, "second").to_string() } else { words.join(" ") }
}

/// The time left, rounded up: to the minute below a day, to the hour below 30 days.
pub fn left(seconds: i64) -> String {
    let step = match seconds {
        ..MINUTE => 1,
        MINUTE..DAY => MINUTE,
        DAY..THIRTY_DAYS => HOUR,
        THIRTY_DAYS.. => DAY,
    };
    let over = seconds.rem_euclid(step);
    span(if over == 0 { seconds } else { seconds.saturating_add(step - over) })
}

/// RFC 3339 in UTC, `2025-11-12T10:00:00Z`, for `<time datetime>`; clamped to the calendar's range.
pub fn exact(time: Timestamp) -> String {
    calendar(time).to_string()
}

/// RFC 9110's date, `Wed, 12 Nov 2025 10:00:00 GMT`; clamped to the years from 0 to 9999.
pub fn http_date(time: Timestamp) -> String {
    let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&calendar(time)).unwrap_or_default()
}

/// Reads what [`http_date`] writes.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(moment.as_second()))
}

/// As [`exact`] writes it.
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&exact(*self))
    }
}

/// `12 November 2025`, in UTC.
pub fn day(time: Timestamp) -> String {
    calendar(time).strftime("%-d %B %Y").to_string()
}

/// `12 November 2025, 10:00 UTC`.
pub fn minute(time: Timestamp) -> String {
    calendar(time).strftime("%-d %B %Y, %H:%M UTC").to_string()
}

fn calendar(time: Timestamp) -> jiff::Timestamp {
    let (first, last) = (jiff::Timestamp::MIN, jiff::Timestamp::MAX);
    let second = time.0.clamp(first.as_second(), last.as_second());
    jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_whole_unit() {
        let now = Timestamp(1_762_941_600);
        for (seconds, words) in [
            (-3_600, "just now"),
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (119, "1 minute ago"),
            (120, "2 minutes ago"),
            (HOUR - 1, "59 minutes ago"),
            (HOUR, "1 hour ago"),
            (DAY - 1, "23 hours ago"),
            (DAY, "1 day ago"),
            (30 * DAY, "30 days ago"),
            (31 * DAY, "1 month ago"),
            (61 * DAY, "2 months ago"),
            (YEAR - 1, "11 months ago"),
            (YEAR, "1 year ago"),
            (2 * YEAR - 1, "1 year ago"),
            (3 * YEAR, "3 years ago"),
        ] {
            assert_eq!(ago(now.minus(seconds), now), words, "{seconds} seconds");
        }
        for (seconds, words) in [
            (-3_600, "now"),
            (59, "now"),
            (119, "1 min"),
            (HOUR, "1 h"),
            (DAY - 1, "23 h"),
            (30 * DAY, "30 d"),
            (61 * DAY, "2 mo"),
            (3 * YEAR, "3 y"),
        ] {
            assert_eq!(ago_short(now.minus(seconds), now), words, "{seconds} seconds");
        }
    }

    #[test]
    fn a_length_of_time_is_said_as_it_is() {
        for (seconds, words) in [
            (-5, "0 seconds"),
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "1 minute 30 seconds"),
            (5 * MINUTE, "5 minutes"),
            (HOUR, "1 hour"),
            (90 * MINUTE, "1 hour 30 minutes"),
            (120 * MINUTE, "2 hours"),
            (DAY, "1 day"),
            (36 * HOUR, "1 day 12 hours"),
            (14 * DAY, "14 days"),
            (365 * DAY, "365 days"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn no_less_is_said_to_be_left_than_is() {
        for (seconds, words) in [
            (-5, "0 seconds"),
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (59 * MINUTE + 1, "1 hour"),
            (HOUR + 1, "1 hour 1 minute"),
            (2 * HOUR - 60, "1 hour 59 minutes"),
            (2 * HOUR - 59, "2 hours"),
            (2 * HOUR - 1, "2 hours"),
            (2 * HOUR, "2 hours"),
            (DAY - 1, "1 day"),
            (DAY + 1, "1 day 1 hour"),
            (13 * DAY + 5 * HOUR, "13 days 5 hours"),
            (14 * DAY - HOUR + 1, "14 days"),
            (14 * DAY - 1, "14 days"),
            (14 * DAY, "14 days"),
            (30 * DAY - 1, "30 days"),
            (90 * DAY + 1, "91 days"),
        ] {
            assert_eq!(left(seconds), words, "{seconds} seconds");
        }
        assert!(left(i64::MAX).ends_with(" seconds"));
    }

    #[test]
    fn a_time_has_an_exact_form_and_a_day() {
        for (seconds, time, date) in [
            (1_762_941_600, "2025-11-12T10:00:00Z", "12 November 2025"),
            (1_160_418_111, "2006-10-09T18:21:51Z", "9 October 2006"),
            (1_762_991_999, "2025-11-12T23:59:59Z", "12 November 2025"),
            (1_762_992_000, "2025-11-13T00:00:00Z", "13 November 2025"),
            (1_709_164_800, "2024-02-29T00:00:00Z", "29 February 2024"),
            (-1, "1969-12-31T23:59:59Z", "31 December 1969"),
        ] {
            assert_eq!(exact(Timestamp(seconds)), time);
            assert_eq!(day(Timestamp(seconds)), date);
            let clock =
                time.split(['T', 'Z']).nth(1).and_then(|clock| clock.get(..5)).expect("hours and minutes");
            assert_eq!(minute(Timestamp(seconds)), format!("{date}, {clock} UTC"));
        }
    }

    #[test]
    fn a_time_beyond_every_calendar_is_still_a_time() {
        assert!(exact(Timestamp(i64::MAX)).starts_with("9999-12-30T"));
        assert!(exact(Timestamp(i64::MIN)).starts_with("-009999-01-0"));
        assert_eq!(ago(Timestamp(i64::MAX), Timestamp(i64::MIN)), "just now");
        assert!(ago(Timestamp(i64::MIN), Timestamp(i64::MAX)).ends_with(" years ago"));
        assert!(day(Timestamp(i64::MAX)).ends_with(" December 9999"));
    }
}
