//! A bar chart of months, with its table.

/// The height of the drawing, and the width of a month in it; the stylesheet stretches both.
const HEIGHT: i64 = 1_000;
const WIDTH: usize = 10;
const BAR_WIDTH: usize = 7;

pub struct Series {
    pub name: &'static str,
    /// One for each month; `None` if it is not known.
    pub values: Vec<Option<i64>>,
}

/// A series' part of a month's bar.
pub struct BarPart {
    pub x: usize,
    pub y: i64,
    pub height: i64,
    /// The position of its series.
    pub series: usize,
}

pub struct Bar {
    /// The month and its figures.
    pub title: String,
    pub parts: Vec<BarPart>,
}

pub struct Chart {
    pub title: &'static str,
    pub note: &'static str,
    pub names: Vec<&'static str>,
    pub bars: Vec<Bar>,
    /// The value of the highest bar.
    pub highest: String,
    /// The months and their figures, the latest first.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Chart {
    /// Series are stacked; `shown` writes a value.
    pub fn new(
        title: &'static str,
        note: &'static str,
        months: &[String],
        shown: fn(i64) -> String,
        series: &[Series],
    ) -> Chart {
        let of_month = |at: usize| series.iter().map(move |one| one.values.get(at).copied().flatten());
        let highest = (0..months.len()).map(|at| of_month(at).flatten().sum()).max().unwrap_or(0);
        let figures = |at: usize| -> Vec<String> {
            of_month(at).map(|value| value.map_or_else(|| "–".to_owned(), shown)).collect()
        };
        let bars = (0..months.len()).zip(months).map(|(at, month)| Bar {
            title: format!("{month}: {}", figures(at).join(" + ")),
            parts: parts(at, of_month(at), highest),
        });
        let rows = (0..months.len()).zip(months).rev().map(|(at, month)| (month.clone(), figures(at)));
        Chart {
            title,
            note,
            names: series.iter().map(|one| one.name).collect(),
            bars: bars.collect(),
            highest: shown(highest),
            rows: rows.collect(),
        }
    }

    pub fn width(&self) -> usize {
        self.bars.len() * WIDTH
    }

    pub fn height(&self) -> i64 {
        HEIGHT
    }

    pub fn bar_width(&self) -> usize {
        BAR_WIDTH
    }

    /// No month has anything to draw.
    pub fn is_empty(&self) -> bool {
        self.bars.iter().all(|bar| bar.parts.is_empty())
    }

    pub fn first_month(&self) -> &str {
        self.rows.last().map_or("", |(month, _)| month)
    }

    pub fn last_month(&self) -> &str {
        self.rows.first().map_or("", |(month, _)| month)
    }
}

fn parts(at: usize, values: impl Iterator<Item = Option<i64>>, highest: i64) -> Vec<BarPart> {
    let scaled = |value: i64| value.saturating_mul(HEIGHT).checked_div(highest).unwrap_or(0);
    let mut below = 0_i64;
    let mut parts = Vec::new();
    for (series, value) in values.enumerate() {
        let above = below.saturating_add(value.unwrap_or(0));
        let height = scaled(above) - scaled(below);
        if height > 0 {
            parts.push(BarPart { x: at * WIDTH, y: HEIGHT - scaled(above), height, series });
        }
        below = above;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(first: &[Option<i64>], second: &[Option<i64>]) -> Chart {
        let months: Vec<String> = (1..=first.len()).map(|month| format!("Month {month}")).collect();
        let series =
            [("a", first), ("b", second)].map(|(name, values)| Series { name, values: values.into() });
        Chart::new("Things", "", &months, |value| value.to_string(), &series)
    }

    #[test]
    fn bars_are_stacked_and_the_highest_fills_the_drawing() {
        let drawn = chart(&[Some(1), Some(4), None], &[Some(1), Some(0), Some(3)]);
        let parts = |at: usize| -> Vec<(i64, i64, usize)> {
            drawn.bars[at].parts.iter().map(|part| (part.y, part.height, part.series)).collect()
        };
        assert_eq!(parts(0), [(750, 250, 0), (500, 250, 1)]);
        assert_eq!(parts(1), [(0, 1_000, 0)]);
        assert_eq!(parts(2), [(250, 750, 1)]);
        assert_eq!((drawn.highest.as_str(), drawn.width()), ("4", 30));
        assert_eq!((drawn.first_month(), drawn.last_month()), ("Month 1", "Month 3"));
        assert_eq!(drawn.rows[0], ("Month 3".to_owned(), vec!["–".to_owned(), "3".to_owned()]));
        assert!(!drawn.is_empty());
    }

    #[test]
    fn a_chart_of_nothing_is_empty() {
        for values in [&[][..], &[None], &[Some(0), None]] {
            assert!(chart(values, values).is_empty(), "{values:?}");
        }
    }
}
