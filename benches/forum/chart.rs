//! The chart of a run: the cost of a request of each page, and of the same work on larger sites.

use std::fmt::Write as _;

use crate::report::thousands;
use crate::results::{Results, figure};

const WIDTH: f64 = 776.0;
/// Where the plots begin and end.
const LEFT: f64 = 176.0;
const RIGHT: f64 = 560.0;
/// Where the numbers of each end.
const COLUMNS: [(&str, f64); 3] = [("bare", 620.0), ("visitor", 684.0), ("member", 752.0)];
const ROW: f64 = 28.0;
/// The height of the plot of growth.
const GROWTH: f64 = 190.0;
/// The least distance between two labels.
const LINE: f64 = 17.0;

const STYLE: &str = "<style>\
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif; fill: #333; }\
.title { font-weight: 600; fill: #111; }\
.quiet { fill: #6b6b6b; font-size: 12px; }\
.grid { stroke: #ddd; }\
.bare { fill: #6b6b6b; } .tick { stroke: #6b6b6b; }\
.visitor { fill: #1d5fae; } .visitor-line { stroke: #1d5fae; }\
.member { fill: #b0480f; } .member-line { stroke: #b0480f; }\
line, polyline { fill: none; stroke-width: 1.25; } .tick { stroke-width: 2; }\
.end { text-anchor: end; } .middle { text-anchor: middle; }\
@media (prefers-color-scheme: dark) {\
text { fill: #ccc; } .title { fill: #eee; } .quiet { fill: #999; }\
.grid { stroke: #3a3a3a; } .bare { fill: #999; } .tick { stroke: #999; }\
.visitor { fill: #6ea8ee; } .visitor-line { stroke: #6ea8ee; }\
.member { fill: #f0945c; } .member-line { stroke: #f0945c; }\
}</style>";

/// The rows in the second plot.
const CURVES: [&str; 10] = [
    "front page, visitor",
    "front page, member",
    "650-comment thread, visitor",
    "650-comment thread, member",
    "user page, visitor",
    "front page, after a vote",
    "650-comment thread, after a vote",
    "user page, after a vote",
    "votes",
    "comments",
];

pub fn draw(results: &Results) -> String {
    let pages = results.pages();
    let growth = 84.0 + pages.len() as f64 * ROW + 36.0;
    let grown: Vec<Grown> = grown(results);
    let height = if grown.is_empty() { growth } else { growth + GROWTH + 84.0 };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-8 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\"><title>What a request costs</title>{STYLE}"
    );
    costs(results, &pages, &mut svg);
    if !grown.is_empty() {
        curves(&grown, growth, &mut svg);
    }
    svg.push_str("</svg>\n");
    svg
}

fn label(svg: &mut String, x: f64, y: f64, class: &str, text: &str) {
    let _ = write!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{text}</text>");
}

fn line(svg: &mut String, from: (f64, f64), to: (f64, f64), class: &str) {
    let _ = write!(
        svg,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" class=\"{class}\"/>",
        from.0, from.1, to.0, to.1
    );
}

/// A row for each page with a mark for each viewer, on a logarithmic scale.
fn costs(results: &Results, pages: &[&str], svg: &mut String) {
    label(svg, 0.0, 16.0, "title", "CPU time of a request in milliseconds, page not compressed");
    let cost = |page: &str, who: &str| results.of(page, &format!("{who}, plain"));
    let all = pages.iter().flat_map(|page| ["visitor", "member"].map(|who| cost(page, who))).flatten();
    let values = all.flat_map(|row| [row.more.cpu_ms, row.more.limit_cpu_ms]).flatten();
    let values: Vec<f64> = values.filter(|value| *value > 0.0).collect();
    let low = values.iter().copied().fold(1.0, f64::min).log10().floor();
    let high = values.iter().copied().fold(low, f64::max).log10().ceil();
    let x = |value: f64| LEFT + (value.max(1e-6).log10() - low) / (high - low) * (RIGHT - LEFT);
    let (top, bottom) = (64.0, 70.0 + pages.len() as f64 * ROW);
    for power in low as i32..=high as i32 {
        let at = x(10_f64.powi(power));
        line(svg, (at, top), (at, bottom), "grid");
        label(svg, at, bottom + 18.0, "quiet middle", &format!("{}", 10_f64.powi(power)));
    }
    for (who, end) in COLUMNS {
        label(svg, end, top - 8.0, &format!("{who} end"), who);
    }
    for (nth, page) in pages.iter().enumerate() {
        let y = top + 20.0 + nth as f64 * ROW;
        label(svg, LEFT - 16.0, y + 4.0, "end", page);
        let cpu = |who: &str| match who {
            "bare" => cost(page, "visitor").and_then(|row| row.more.limit_cpu_ms),
            who => cost(page, who).and_then(|row| row.more.cpu_ms),
        };
        for (who, end) in COLUMNS {
            let Some(cpu) = cpu(who) else { continue };
            label(svg, end, y + 4.0, "end", &figure(cpu));
            if who == "bare" {
                line(svg, (x(cpu), y - 8.0), (x(cpu), y + 8.0), "tick");
            } else {
                let _ = write!(svg, "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"5\" class=\"{who}\"/>", x(cpu));
            }
            if nth == 0 {
                // The names stand apart even where the values are equal.
                let (side, class) = if who == "bare" { (-10.0, "bare end") } else { (-6.0, who) };
                let text = if who == "bare" { "a bare handler, same bytes" } else { who };
                label(svg, x(cpu) + side, top - 8.0, class, text);
            }
        }
    }
}

/// The cost by size as multiples of the cost on the smallest site.
struct Grown<'a> {
    name: &'a str,
    points: Vec<(u32, f64)>,
}

fn grown(results: &Results) -> Vec<Grown<'_>> {
    let rows = results.grown().map(|(name, row)| (name.strip_suffix(", plain").unwrap_or(name), row));
    rows.filter(|(name, _)| CURVES.contains(name))
        .map(|(name, row)| {
            let first = row.more.sizes.first().map_or(1.0, |(_, value)| *value);
            let points = row.more.sizes.iter().map(|(items, value)| (*items, value / first));
            Grown { name, points: points.collect() }
        })
        .collect()
}

fn curves(grown: &[Grown<'_>], top: f64, svg: &mut String) {
    label(
        svg,
        0.0,
        top + 16.0,
        "title",
        "The same work on larger sites: CPU time as a multiple of that with 1,000 items",
    );
    let (top, bottom) = (top + 40.0, top + 40.0 + GROWTH);
    let values = grown.iter().flat_map(|one| &one.points).map(|(_, value)| *value);
    let highest = values.fold(1.5, f64::max).ceil();
    let y = |value: f64| bottom - value / highest * GROWTH;
    let right = RIGHT - 66.0;
    let sizes: Vec<u32> = grown[0].points.iter().map(|(items, _)| *items).collect();
    let x = |nth: usize| 40.0 + nth as f64 / (sizes.len() - 1) as f64 * (right - 40.0);
    for value in 0..=highest as i32 {
        line(svg, (40.0, y(f64::from(value))), (right, y(f64::from(value))), "grid");
        label(svg, 32.0, y(f64::from(value)) + 4.0, "quiet end", &format!("{value}×"));
    }
    for (nth, items) in sizes.iter().enumerate() {
        label(svg, x(nth), bottom + 18.0, "quiet middle", &thousands(*items as usize));
    }
    let last = |one: &Grown<'_>| one.points.last().map_or(1.0, |(_, value)| *value);
    let mut order: Vec<&Grown<'_>> = grown.iter().collect();
    order.sort_by(|a, b| last(b).total_cmp(&last(a)));
    // Labels keep their order and distance, around the middle of their places.
    let mut places: Vec<f64> = order.iter().map(|one| y(last(one))).collect();
    let middle = places.iter().sum::<f64>() / places.len() as f64;
    let first = (middle - LINE * (places.len() - 1) as f64 / 2.0).max(top);
    for (nth, place) in places.iter_mut().enumerate() {
        *place = first + nth as f64 * LINE;
    }
    for (one, place) in order.into_iter().zip(places) {
        let who = if one.name.ends_with("member") || one.name == "votes" || one.name == "comments" {
            "member"
        } else {
            "visitor"
        };
        let points = one.points.iter().enumerate();
        let points = points.map(|(nth, (_, value))| format!("{:.1},{:.1} ", x(nth), y(*value)));
        let points = points.collect::<String>();
        let _ = write!(svg, "<polyline points=\"{}\" class=\"{who}-line\"/>", points.trim_end());
        line(svg, (right + 2.0, y(last(one))), (right + 14.0, place), "grid");
        label(svg, right + 18.0, place + 4.0, who, &format!("{} {:.2}", one.name, last(one)));
    }
}
