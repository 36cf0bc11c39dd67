use std::fmt;

use crate::clock::Timestamp;
use crate::domain::time::day::Day;

/// A UTC month; displayed as `November 2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Day);

impl Month {
    /// The first month for times before 1970.
    pub fn of(time: Timestamp) -> Month {
        Month(Day::of(time).first_of_month())
    }

    /// `2026-11`
    pub fn name(self) -> String {
        self.0.format("%Y-%m")
    }

    /// Reads what `name` has written.
    pub fn parse(name: &str) -> Option<Month> {
        Day::parse(&format!("{name}-01")).map(Month).filter(|month| month.name() == name)
    }

    pub fn start(self) -> Timestamp {
        self.0.start()
    }

    /// The first second of the next month.
    pub fn end(self) -> Timestamp {
        self.next().map_or(Timestamp(i64::MAX), Month::start)
    }

    /// `None` at the end of the calendar.
    pub fn next(self) -> Option<Month> {
        self.0.shifted(0, 1).map(Month)
    }

    /// Every month from this one to the last, both included.
    pub fn up_to(self, last: Month) -> impl Iterator<Item = Month> {
        std::iter::successors(Some(self), |month| month.next()).take_while(move |month| *month <= last)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format("%B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar() {
        let of = |day: &str| Month::of(Day::parse(day).expect("a day").end().minus(1));
        let december = of("2023-12-31");
        assert_eq!(december.to_string(), "December 2023");
        assert_eq!(december.start(), Day::parse("2023-12-01").expect("a day").start());
        assert_eq!(december.end(), of("2024-01-15").start());
        let names: Vec<String> = december.up_to(of("2024-02-29")).map(|month| month.to_string()).collect();
        assert_eq!(names, ["December 2023", "January 2024", "February 2024"]);
        assert_eq!(of("2024-02-01").up_to(december).count(), 0);
        assert_eq!((december.name().as_str(), Month::parse("2023-12")), ("2023-12", Some(december)));
        for wrong in ["", "2023", "2023-1", "2023-13", "2023-12-01", "x"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Month::of(Timestamp(-5)).start(), Timestamp(0));
    }
}
