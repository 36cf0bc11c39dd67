//! What was to be reached, and whether a run reached it.

use crate::report::thousands;
use crate::results::{Results, Row, figure};

/// Pages that should cost a visitor no more than their bytes; those that are made for each who asks are not among them.
const FOR_VISITORS: [&str; 5] = ["front page", "650-comment thread", "3,000-comment thread", "user page", "feed"];
const FORMS: [&str; 3] = ["plain", "gzip", "brotli"];
/// What should cost the same on a site of any size.
const OF_ANY_SIZE: [&str; 5] = ["front page", "650-comment thread", "user page", "votes", "comments"];

pub struct Target {
    pub what: &'static str,
    pub bound: Bound,
    /// None where the run did not measure it.
    pub value: Option<f64>,
    /// Which of several it is the value of: the one that comes worst.
    pub of: Option<String>,
    pub unit: &'static str,
}

#[derive(Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(bound) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        }
    }

    /// Whether the first is nearer to being too little or too much.
    fn is_worse(self, value: f64, than: f64) -> bool {
        match self {
            Bound::AtLeast(_) => value < than,
            Bound::AtMost(_) => value > than,
        }
    }
}

impl Target {
    fn one(what: &'static str, bound: Bound, unit: &'static str, value: Option<f64>) -> Target {
        Target { what, bound, value, of: None, unit }
    }

    fn worst(what: &'static str, bound: Bound, values: impl Iterator<Item = (String, Option<f64>)>) -> Target {
        let known = values.filter_map(|(of, value)| Some((of, value?)));
        let worst = known.reduce(|worst, next| if bound.is_worse(next.1, worst.1) { next } else { worst });
        let (of, value) = worst.unzip();
        Target { what, bound, value, of, unit: "" }
    }

    pub fn bound(&self) -> String {
        let (sign, bound) = match self.bound {
            Bound::AtLeast(bound) => ("≥", bound),
            Bound::AtMost(bound) => ("≤", bound),
        };
        let bound = if bound < 1_000.0 { bound.to_string() } else { thousands(bound as usize) };
        format!("{sign} {bound}{}", self.unit)
    }

    pub fn value(&self) -> String {
        let Some(value) = self.value else { return "not measured".to_owned() };
        let of = self.of.as_ref().map_or_else(String::new, |of| format!(" ({of})"));
        let value = match value {
            value if value >= 1_000.0 => thousands(value as usize),
            value if self.unit.is_empty() => format!("{value:.2}"),
            value => figure(value),
        };
        format!("{value}{}{of}", self.unit)
    }

    pub fn reached(&self) -> &'static str {
        self.value.map_or("–", |value| if self.bound.holds(value) { "yes" } else { "no" })
    }
}

/// All that is to be reached, with what this run has.
pub fn all(results: &Results) -> Vec<Target> {
    let mut targets = Vec::from(pages(results));
    targets.extend(growth(results));
    let ratio = |name: &str| results.named(name).and_then(|row| row.ratio);
    let value = |name: &str| results.named(name).map(|row| row.value);
    let largest = |name: &str| results.grown().find(|(grown, _)| *grown == name).map(|(_, row)| row.value);
    let one = Target::one;
    targets.extend([
        one("votes a second, of one connection's transactions", Bound::AtLeast(0.5), "", ratio("votes")),
        one("comments a second, likewise", Bound::AtLeast(0.25), "", ratio("comments")),
        one("items a second of an import", Bound::AtLeast(20_000.0), "", value("import")),
        one("memory after the start with a million items", Bound::AtMost(64.0), " MB", largest("resident after start")),
        one("memory after the whole load", Bound::AtMost(160.0), " MB", value("resident after everything")),
        one(
            "start to first answer with a million items",
            Bound::AtMost(500.0),
            " ms",
            largest("start to first answer"),
        ),
    ]);
    targets
}

fn pages(results: &Results) -> [Target; 7] {
    let forms = || FOR_VISITORS.into_iter().flat_map(|page| FORMS.map(|form| (page, form)));
    let visitors = |of: fn(&Row) -> Option<f64>| {
        forms().map(move |(page, form)| {
            let row = results.of(page, &format!("visitor, {form}"));
            (format!("{page}, {form}"), row.and_then(of))
        })
    };
    let unchanged = FOR_VISITORS.into_iter().map(|page| {
        let row = results.of(page, "visitor, 304");
        (page.to_owned(), row.and_then(|row| row.ratio))
    });
    let ratio = |page| results.of(page, "member, plain").and_then(|row| row.ratio);
    let cpu = |page| results.of(page, "member, compressed").and_then(|row| row.more.cpu_ms);
    let at_least = Bound::AtLeast;
    [
        Target::worst("visitors' pages in all forms, of the bare handler", at_least(0.9), visitors(|row| row.ratio)),
        Target::worst("the same, of nginx", at_least(0.9), visitors(|row| row.more.nginx_ratio)),
        Target::worst("pages that have not changed (304), of the bare handler", at_least(0.9), unchanged),
        Target::one("a member's front page, plain, of the bare handler", at_least(0.5), "", ratio("front page")),
        Target::one("the same, compressed, processor time", Bound::AtMost(0.5), " ms", cpu("front page")),
        Target::one(
            "a member's 650 comments, plain, of the bare handler",
            at_least(0.35),
            "",
            ratio("650-comment thread"),
        ),
        Target::one("the same, compressed, processor time", Bound::AtMost(3.0), " ms", cpu("650-comment thread")),
    ]
}

fn growth(results: &Results) -> [Target; 3] {
    let bound = Bound::AtMost(1.15);
    let grown = |anew: bool| {
        let rows = results.grown().filter(move |(name, row)| row.unit == "ms CPU" && name.ends_with("a vote") == anew);
        let these = rows.filter(|(name, _)| OF_ANY_SIZE.iter().any(|one| name.split(", ").next() == Some(one)));
        these.map(|(name, row)| (name.to_owned(), row.ratio))
    };
    let longer = results.rows.iter().filter_map(|row| {
        let kind = row.name.strip_prefix("650 to 3,000 comments, ")?;
        Some((kind.to_owned(), row.ratio))
    });
    [
        Target::worst(
            "cost with a million items, of that with a thousand: pages, votes, comments",
            bound,
            grown(false),
        ),
        Target::worst("the same for pages just after a vote", bound, grown(true)),
        Target::worst("cost of 3,000 comments, of that of 650", Bound::AtMost(5.5), longer),
    ]
}
