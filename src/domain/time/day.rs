use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::{DAY, Timestamp};

/// A UTC day, formatted as `2026-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    const FIRST: Date = Date::constant(1970, 1, 1);

    pub fn of(time: Timestamp) -> Day {
        let moment = jiff::Timestamp::from_second(time.0.max(0)).unwrap_or(jiff::Timestamp::MAX);
        Day(moment.to_zoned_datetime(TimeZone::UTC).date())
    }

    /// `2026-11-23` or `2026-1-9`. `None` for invalid days and those before 1970.
    pub fn parse(typed: &str) -> Option<Day> {
        let parts: Vec<&str> = typed.trim().split('-').collect();
        let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let number = |part: &str| Some(part).filter(is_number)?.parse::<i16>().ok();
        let [year, month, day] = parts[..] else { return None };
        let month_and_day = (i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?);
        let date = Date::new(number(year)?, month_and_day.0, month_and_day.1).ok()?;
        (date >= Day::FIRST && date.year() <= 9_000).then_some(Day(date))
    }

    pub fn start(self) -> Timestamp {
        Timestamp(self.0.to_zoned_datetime(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second()))
    }

    pub fn end(self) -> Timestamp {
        self.start().plus(DAY)
    }

    pub(super) fn first_of_month(self) -> Day {
        Day(self.0.first_of_month())
    }

    /// As jiff's `strftime` does it.
    pub(super) fn format(self, format: &str) -> String {
        self.0.strftime(format).to_string()
    }

    /// Adds days and months, clamped to the month's last day.
    pub fn shifted(self, days: i32, months: i32) -> Option<Day> {
        let date = self.0.checked_add(months.months().days(days)).ok()?;
        (date >= Day::FIRST).then_some(Day(date))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_24_hours_of_utc() {
        let day = Day::parse("2024-02-29").expect("a day");
        assert_eq!(day.start(), Timestamp(1_709_164_800));
        assert_eq!(Day::of(day.start()), day);
        assert_eq!(Day::of(day.end()).to_string(), "2024-03-01");
        assert_eq!(Day::of(day.end().minus(1)), day);
    }

    #[test]
    fn neighbours_stay_in_the_calendar() {
        let day = Day::parse("2024-03-31").expect("a day");
        assert_eq!(Day::parse(" 2024-3-31 "), Some(day));
        let shifted = |days, months| day.shifted(days, months).map(|d| d.to_string());
        assert_eq!(shifted(-1, 0).as_deref(), Some("2024-03-30"));
        assert_eq!(shifted(0, -1).as_deref(), Some("2024-02-29"));
        assert_eq!(shifted(0, 12).as_deref(), Some("2025-03-31"));
        assert_eq!(Day::parse("1970-01-01").and_then(|d| d.shifted(-1, 0)), None);
        for wrong in
            ["", "yesterday", "2024-02-30", "1969-12-31", "99999-01-01", "2024-3-1-1", "+2024-3-1", "--"]
        {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }
}
