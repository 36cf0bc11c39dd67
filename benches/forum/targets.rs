//! The targets, and whether a run met them.

use crate::report::thousands;
use crate::results::{Results, Row, figure};
use crate::table::MEMBER;
use crate::targets::Bound::{AtLeast, AtMost};
use crate::{cold, flood, mixed_load, observed, own_pages, searches, streams};

/// Pages that should cost a visitor little more than their bytes.
const FOR_VISITORS: [&str; 5] = ["front page", THREAD, "3,000-comment thread", "user page", "feed"];
const THREAD: &str = "650-comment thread";
const START: &str = "start to first answer";
const FORMS: [&str; 3] = ["plain", "gzip", "brotli"];
/// Work that should cost the same on a site of any size.
const OF_ANY_SIZE: [&str; 5] = ["front page", THREAD, "user page", "votes", "comments"];

pub struct Target {
    pub what: &'static str,
    pub bound: Bound,
    /// None if the run did not measure it.
    pub value: Option<f64>,
    /// Which of several rows this is the value of: the worst.
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

    /// Whether `value` is further from the target than `than`.
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

    fn worst(
        what: &'static str,
        bound: Bound,
        unit: &'static str,
        values: impl Iterator<Item = (String, Option<f64>)>,
    ) -> Target {
        let known = values.filter_map(|(of, value)| Some((of, value?)));
        let worst = known.reduce(|worst, next| if bound.is_worse(next.1, worst.1) { next } else { worst });
        let (of, value) = worst.unzip();
        Target { what, bound, value, of, unit }
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

/// All targets, with the values of this run.
pub fn all(results: &Results) -> Vec<Target> {
    let mut targets = Vec::from(pages(results));
    targets.extend(mixed(results));
    targets.extend(cold_pages(results));
    targets.extend(growth(results));
    let ratio = |name: &str| results.named(name).and_then(|row| row.ratio);
    let value = |name: &str| results.named(name).map(|row| row.value);
    let largest = |name: &str| results.grown().find(|(grown, _)| *grown == name).map(|(_, row)| row.value);
    let one = Target::one;
    let log = results.rows.iter().filter(|row| row.name.starts_with(flood::LOG));
    let log = log.map(|row| (row.name.clone(), Some(row.value)));
    let inbox = MEMBER.map(|(form, _)| {
        let row = results.of(own_pages::INBOX, &format!("member, {form}"));
        (form.to_owned(), row.and_then(|row| row.more.cpu_ms))
    });
    let inbox = inbox.into_iter();
    let observed = results.rows.iter().filter(|row| row.name.starts_with(observed::OBSERVED));
    let observed = observed.map(|row| (row.name.clone(), row.ratio));
    targets.extend([
        one("votes, of the same statements in a loop", AtLeast(0.5), "", ratio("votes")),
        one("comments, of the same statements in a loop", AtLeast(0.25), "", ratio("comments")),
        one("items a second of an import", AtLeast(20_000.0), "", value("import")),
        Target::worst("page of the inbox, CPU time", AtMost(1.0), " ms", inbox),
        one("3,000 comments with 50 muted words, of without", AtMost(1.3), "", ratio(own_pages::MUTING)),
        one("memory after start, a million items", AtMost(64.0), " MB", largest("resident after start")),
        one("memory after the whole load", AtMost(160.0), " MB", value("resident after everything")),
        one("start to first response, a million items", AtMost(500.0), " ms", largest(START)),
        Target::worst("front page with request log and metrics, of without", AtLeast(0.95), "", observed),
        Target::worst(
            "searches of a million items, p99",
            AtMost(20.0),
            " ms",
            searches(results, |row| row.more.p99_ms),
        ),
        Target::worst(
            "the same, cost, of that with 100,000",
            AtMost(3.0),
            "",
            searches(results, |row| row.ratio),
        ),
        one("memory with the index of a million items", AtMost(96.0), " MB", value(searches::RESIDENT)),
        one("building that index", AtMost(180.0), " s", value(searches::BUILDING)),
        one("front page while it is built, of after that", AtLeast(0.8), "", ratio(searches::MEANWHILE)),
        one("memory of 5,000 idle event streams", AtMost(100.0), " MB", value(streams::MEMORY)),
        one("a comment until all of them hear of it", AtMost(1_000.0), " ms", value(streams::TOLD)),
        Target::worst("log of a flood of refusals from one address", AtMost(1_000.0), " B/s", log),
    ]);
    targets
}

fn searches(
    results: &Results,
    value: fn(&Row) -> Option<f64>,
) -> impl Iterator<Item = (String, Option<f64>)> {
    let rows = results.rows.iter().filter_map(|row| Some((row.name.strip_prefix(searches::SEARCH)?, row)));
    rows.map(move |(name, row)| (name.to_owned(), value(row)))
}

fn pages(results: &Results) -> [Target; 6] {
    let forms = FOR_VISITORS.into_iter().flat_map(|page| FORMS.map(|form| (page, form)));
    let visitors = forms.map(|(page, form)| {
        let row = results.of(page, &format!("visitor, {form}"));
        (format!("{page}, {form}"), row.and_then(|row| row.ratio))
    });
    let unchanged = FOR_VISITORS.into_iter().map(|page| {
        let row = results.of(page, "visitor, 304");
        (page.to_owned(), row.and_then(|row| row.ratio))
    });
    let ratio = |page| results.of(page, "member, plain").and_then(|row| row.ratio);
    let cpu = |page| results.of(page, "member, compressed").and_then(|row| row.more.cpu_ms);
    [
        Target::worst("visitors' pages, all forms, of the bare handler", AtLeast(0.9), "", visitors),
        Target::worst("unchanged pages (304), of the bare handler", AtLeast(0.9), "", unchanged),
        Target::one("member's front page, plain, of the bare handler", AtLeast(0.5), "", ratio("front page")),
        Target::one("the same, compressed, CPU time", AtMost(0.5), " ms", cpu("front page")),
        Target::one("member's 650 comments, plain, of the bare handler", AtLeast(0.35), "", ratio(THREAD)),
        Target::one("the same, compressed, CPU time", AtMost(3.0), " ms", cpu(THREAD)),
    ]
}

/// Reading while others write.
fn mixed(results: &Results) -> [Target; 4] {
    let busy = || results.of(mixed_load::BUSY_THREAD, "compressed");
    let more = |of: fn(&Row) -> Option<f64>| busy().and_then(of);
    let visitors = ["plain", "compressed"].map(|form| {
        let row = results.of(mixed_load::VISITORS, form);
        (form.to_owned(), row.and_then(|row| row.ratio))
    });
    [
        Target::one("busy thread, members, compressed, of calm", AtLeast(0.85), "", more(|row| row.ratio)),
        Target::one("the same, CPU time", AtMost(0.5), " ms", more(|row| row.more.cpu_ms)),
        Target::one("the same, p99", AtMost(25.0), " ms", more(|row| row.more.p99_ms)),
        Target::worst(
            "visitors' 650 comments while 20 comments a second are posted elsewhere, of calm",
            AtLeast(0.9),
            "",
            visitors.into_iter(),
        ),
    ]
}

/// Pages that nothing of is in memory yet.
fn cold_pages(results: &Results) -> [Target; 2] {
    [
        ("first request of a story with 20 comments, CPU time", cold::STORY),
        ("first request of a comment's page, CPU time", cold::COMMENT_PAGE),
    ]
    .map(|(what, page)| {
        let forms = ["plain", "compressed"].into_iter().map(|form| {
            let row = results.of(page, &format!("{form}, {}", cold::FIRST_REQUEST));
            (form.to_owned(), row.map(|row| row.value))
        });
        Target::worst(what, AtMost(0.8), " ms", forms)
    })
}

fn growth(results: &Results) -> [Target; 3] {
    let bound = AtMost(1.15);
    let grown = |after_vote: bool| {
        let these = results.grown().filter(move |(name, row)| {
            let page = name.split(", ").next().unwrap_or(name);
            row.unit == "ms CPU" && name.ends_with("a vote") == after_vote && OF_ANY_SIZE.contains(&page)
        });
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
            "",
            grown(false),
        ),
        Target::worst("the same for pages just after a vote", bound, "", grown(true)),
        Target::worst("cost of 3,000 comments, of that of 650", AtMost(5.5), "", longer),
    ]
}
