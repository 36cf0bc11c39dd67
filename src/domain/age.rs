//! Times in words. Everything is UTC: a page is the same bytes for every reader, so none can be in a reader's own zone.

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};

const YEAR: i64 = 365 * DAY;
const MONTH: i64 = YEAR / 12;

/// How long before `now` something was, in its largest whole unit: `just now`, `1 minute ago`, `4 months ago`. A time
/// to come is `just now` too: two machines' clocks differ by seconds.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    const UNITS: [(i64, &str); 5] =
        [(YEAR, "year"), (MONTH, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")];
    let seconds = now.since(then);
    match UNITS.into_iter().find(|(size, _)| seconds >= *size) {
        None => "just now".to_owned(),
        Some((size, unit)) if seconds / size == 1 => format!("1 {unit} ago"),
        Some((size, unit)) => format!("{} {unit}s ago", seconds / size),
    }
}

/// RFC 3339 in UTC, `2025-11-12T10:00:00Z`, for `<time datetime>`; a time that no calendar reaches is the nearest that
/// one does.
pub fn exact(time: Timestamp) -> String {
    calendar(time).to_string()
}

/// The day in UTC: `12 November 2025`.
pub fn day(time: Timestamp) -> String {
    calendar(time).strftime("%-d %B %Y").to_string()
}

/// The minute in UTC: `12 November 2025, 10:00 UTC`.
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
            let clock = time.split(['T', 'Z']).nth(1).and_then(|clock| clock.get(..5)).expect("hours and minutes");
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
