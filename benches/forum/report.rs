//! Writes the newest whole run into `docs/`: tables between two marks in `performance.md`, and a chart.

use std::fmt::Write as _;

use crate::results::{AtSize, Results, Row, figure};
use crate::{chart, cold, targets};

const PAGE: &str = "docs/performance.md";
const CHART: &str = "docs/performance.svg";
const BEGIN: &str = "<!-- From here on written by bin/bench --report. -->\n";
const END: &str = "<!-- Up to here. -->\n";

pub fn write() {
    let (from, results) = Results::newest();
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the mark where the tables begin");
    let (_, after) = rest.split_once(END).expect("the mark where the tables end");
    let tables = tables(&results, &from.to_string_lossy());
    std::fs::write(PAGE, format!("{before}{BEGIN}\n{tables}\n{END}{after}")).unwrap();
    std::fs::write(CHART, chart::draw(&results)).unwrap();
    println!("{PAGE} and {CHART} show {}.", from.display());
}

impl Results {
    pub fn named(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The row of a page, a viewer and a form.
    pub fn of(&self, page: &str, kind: &str) -> Option<&Row> {
        self.named(&format!("{page}, {kind}"))
    }

    /// The pages that were measured.
    pub fn pages(&self) -> Vec<&str> {
        self.rows
            .iter()
            .filter_map(|row| row.name.strip_suffix(", visitor, plain"))
            .filter(|page| !page.contains(" to "))
            .collect()
    }

    /// The rows of sites of several sizes, with their names less the range.
    pub fn grown(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows
            .iter()
            .filter(|row| !row.more.sizes.is_empty())
            .map(|row| (row.name.split(", 10^3").next().unwrap_or(&row.name), row))
    }
}

fn tables(results: &Results, from: &str) -> String {
    let mut text = format!(
        "Measured on {} with {} cores ({}), which the load generator shares; all numbers are in\n\
         [{from}](../{from}).\n\n\
         ![CPU time of a request for each page, and the cost on sites of a thousand to a million items]\
         (performance.svg)\n",
        results.date, results.cores, results.processor
    );
    reached(results, &mut text);
    visitors(results, &mut text);
    members(results, &mut text);
    under_load(results, &mut text);
    first_requests(results, &mut text);
    growth(results, &mut text);
    let _ = writeln!(text, "\n### Once\n\n| what | value |\n|---|---:|");
    for row in results.rows.iter().filter(|row| row.limit.is_none() && row.unit != "ms CPU") {
        let _ = writeln!(text, "| {} | {} {} |", row.name, figure(row.value), row.unit);
    }
    text
}

fn reached(results: &Results, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### Targets\n\nWhere a line covers several pages, the value is that of the worst.\n\n\
         | what | target | this run | met |\n|---|---:|---|---|"
    );
    for target in targets::all(results) {
        let (bound, value) = (target.bound(), target.value());
        let _ = writeln!(text, "| {} | {bound} | {value} | {} |", target.what, target.reached());
    }
}

const FORMS: [&str; 4] = ["plain", "gzip", "brotli", "304"];

fn visitors(results: &Results, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### Visitors\n\nRequests a second as a share of those of a bare handler and nginx with the same \
         bytes, in\nthe forms that a browser may request.\n\n\
         | page | bytes, plain | requests a second | p50, p99 ms | CPU ms here, bare, nginx \
         | of bare: {forms} | of nginx: {forms} |\n|---|---:|---:|---:|---:|---|---|",
        forms = FORMS.join(", ")
    );
    for page in results.pages() {
        let Some(plain) = results.of(page, "visitor, plain") else { continue };
        let rows = || FORMS.iter().map(|form| results.of(page, &format!("visitor, {form}")));
        let bare = ratios(rows().map(|row| row.and_then(|row| row.ratio)));
        let nginx = ratios(rows().map(|row| row.and_then(|row| row.more.nginx_ratio)));
        let _ = writeln!(
            text,
            "| {page} | {} | {} | {}, {} | {}, {}, {} | {bare} | {nginx} |",
            thousands(plain.more.bytes.unwrap_or_default()),
            thousands(plain.value as usize),
            cell(plain.more.p50_ms),
            cell(plain.more.p99_ms),
            cell(plain.more.cpu_ms),
            cell(plain.more.limit_cpu_ms),
            cell(plain.more.nginx_cpu_ms),
        );
    }
}

fn members(results: &Results, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### Members\n\nThe last two columns are of the page requested just after the member voted on it, \
         when the\ncaches of the page are stale. The texts are rendered already, and a list's order may be \
         a minute old.\n\n\
         | page | requests a second, plain | of bare | CPU ms, plain | CPU ms, compressed \
         | after a vote: CPU ms, plain | compressed |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for page in results.pages() {
        let Some(plain) = results.of(page, "member, plain") else { continue };
        let compressed = results.of(page, "member, compressed").and_then(|row| row.more.cpu_ms);
        let row_after_vote = |form| results.of(page, &format!("member, {form}, after a vote"));
        let after_vote = |form| cell(row_after_vote(form).map(|row| row.value));
        let _ = writeln!(
            text,
            "| {page} | {} | {} | {} | {} | {} | {} |",
            figure(plain.value),
            ratios([plain.ratio].into_iter()),
            cell(plain.more.cpu_ms),
            cell(compressed),
            after_vote("plain"),
            after_vote("compressed"),
        );
    }
}

/// Rows with a limit that are neither pages nor growth.
fn under_load(results: &Results, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### Writes, and reading while others write\n\nThe limit of reading is the same without writes. \
         In the busy thread there is a vote a second, and a\ncomment elsewhere every five seconds. The CPU \
         time of a stampede is that of the whole wave and its\nconnections; a test asserts that the page is \
         rendered once.\n\n\
         | what | value | limit | ratio | CPU ms | p50, p99 ms |\n|---|---:|---:|---:|---:|---:|"
    );
    let is_page = |row: &Row| row.more.bytes.is_some() || row.unit == "ms CPU" || !row.more.sizes.is_empty();
    for row in results.rows.iter().filter(|row| row.limit.is_some() && !is_page(row)) {
        let _ = writeln!(
            text,
            "| {} | {} {} | {} | {} | {} | {}, {} |",
            row.name,
            figure(row.value),
            row.unit,
            cell(row.limit),
            ratios([row.ratio].into_iter()),
            cell(row.more.cpu_ms),
            cell(row.more.p50_ms),
            cell(row.more.p99_ms),
        );
    }
}

fn first_requests(results: &Results, text: &mut String) {
    let mut rows = results.rows.iter().filter(|row| row.name.ends_with(cold::FIRST_REQUEST)).peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(
        text,
        "\n### First requests\n\nEach page is requested once, as a crawler does; nothing of it is in memory \
         before.\n\n\
         | page | CPU ms | p50, p99 ms |\n|---|---:|---:|"
    );
    for row in rows {
        let page = row.name.trim_end_matches(cold::FIRST_REQUEST).trim_end_matches(", ");
        let (p50, p99) = (cell(row.more.p50_ms), cell(row.more.p99_ms));
        let _ = writeln!(text, "| {page} | {} | {p50}, {p99} |", figure(row.value));
    }
}

fn growth(results: &Results, text: &mut String) {
    let sizes = results.grown().next().map(|(_, row)| row.more.sizes.as_slice()).unwrap_or_default();
    let head: String = sizes.iter().map(|(items, _)| format!(" {} |", thousands(*items as usize))).collect();
    let _ = writeln!(
        text,
        "\n### Growth\n\nThe same work on sites of very different sizes, in turn: CPU milliseconds of a \
         request. The ratio is that\nof the largest site to the smallest. Compressed is what a browser \
         requests.\n\n\
         | work |{head} ratio | compressed, on the largest | ratio |\n|---|{}---:|---:|---:|",
        "---:|".repeat(sizes.len())
    );
    for (name, row) in results.grown().filter(|(name, _)| !name.ends_with(", compressed")) {
        let values = row.more.sizes.iter().map(|(_, value)| format!(" {} |", figure(*value)));
        let values: String = values.collect();
        let unit = if row.unit == "ms CPU" { String::new() } else { format!(", {}", row.unit) };
        let page = name.strip_suffix(", plain").unwrap_or(name);
        let compressed = results.grown().find(|(other, _)| other.strip_suffix(", compressed") == Some(page));
        let compressed = compressed.map(|(_, row)| row);
        let _ = writeln!(
            text,
            "| {page}{unit} |{values} {} | {} | {} |",
            ratios([row.ratio].into_iter()),
            cell(compressed.map(|row| row.value)),
            ratios([compressed.and_then(|row| row.ratio)].into_iter())
        );
    }
    rates(results, text);
    let _ = writeln!(text, "\n| thread | 650 comments | 3,000 comments | ratio |\n|---|---:|---:|---:|");
    for row in &results.rows {
        let Some(kind) = row.name.strip_prefix("650 to 3,000 comments, ") else { continue };
        let _ = writeln!(
            text,
            "| {kind} | {} | {} | {} |",
            cell(row.limit),
            figure(row.value),
            ratios([row.ratio].into_iter())
        );
    }
}

/// Writes a second on a site of each size.
fn rates(results: &Results, text: &mut String) {
    let written = |row: &&Row| row.more.by_size.iter().any(|at_size| at_size.limit.is_none());
    for (nth, row) in results.rows.iter().filter(written).enumerate() {
        let name = row.name.split(", 10^3").next().unwrap_or(&row.name);
        let each = |of: fn(&AtSize) -> String| row.more.by_size.iter().map(of).collect::<String>();
        if nth == 0 {
            let head = each(|at_size| format!(" {} |", thousands(at_size.items as usize)));
            let _ = writeln!(text, "\n| a second |{head}\n|---|{}", "---:|".repeat(row.more.by_size.len()));
        }
        let _ = writeln!(text, "| {name} |{}", each(|at_size| format!(" {} |", figure(at_size.rate))));
    }
}

fn cell(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), figure)
}

fn ratios(values: impl Iterator<Item = Option<f64>>) -> String {
    let each = values.map(|value| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}")));
    each.collect::<Vec<_>>().join(", ")
}

/// 10000 as 10,000.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}
