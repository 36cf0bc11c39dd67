//! Dates as a search names them: a year, a month or a day, in UTC.

use crate::clock::Timestamp;
use crate::domain::time::day::Day;

/// The first moment of `2026`, `2026-11` or `2026-11-23`.
pub fn beginning(typed: &str) -> Option<Timestamp> {
    let day = match typed.split('-').count() {
        1 => format!("{typed}-1-1"),
        2 => format!("{typed}-1"),
        _ => typed.to_owned(),
    };
    // Years are written in full.
    let year = typed.split('-').next().unwrap_or_default();
    Day::parse(&day).filter(|_| year.len() == 4).map(Day::start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_a_month_or_a_day_begins() {
        let of = |typed: &str| beginning(typed).map(|time| Day::of(time).to_string());
        assert_eq!(of("2024").as_deref(), Some("2024-01-01"));
        assert_eq!(of("2024-2").as_deref(), Some("2024-02-01"));
        assert_eq!(of("2024-02-29").as_deref(), Some("2024-02-29"));
        for wrong in ["", "nonsense", "24", "2024-13", "2024-02-30", "2024-", "-", "2024-1-1-1", "99999"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
