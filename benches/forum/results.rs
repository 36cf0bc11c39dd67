//! The results: rows, printed as a table and kept as JSON.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::turns::Measured;

const LATEST: &str = "target/bench/latest.json";
const KEPT: &str = "benches/results";

/// A row of the table; it leaves out what does not apply.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Row {
    pub name: String,
    pub unit: String,
    pub value: f64,
    /// What the value is compared with, in the same unit and run: the work without the forum, the same
    /// reading without writes; for growth, the smallest site or thread.
    pub limit: Option<f64>,
    /// Value divided by limit.
    pub ratio: Option<f64>,
    #[serde(flatten)]
    pub more: More,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct More {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nginx: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nginx_ratio: Option<f64>,
    /// CPU milliseconds of a request, user and system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_cpu_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nginx_cpu_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// The encoding that the server chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// The value for each size of site, in items.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<(u32, f64)>,
    /// Everything measured on a site of each size.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_size: Vec<AtSize>,
}

/// The work on a site of one size; a page is compared with the same bytes from a bare handler.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AtSize {
    pub items: u32,
    /// Requests a second.
    pub rate: f64,
    pub cpu_ms: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_cpu_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
}

impl AtSize {
    pub fn new(items: u32, measured: &Measured) -> AtSize {
        let Measured { rate, cpu_ms, p50_ms, p99_ms } = *measured;
        AtSize { items, rate, cpu_ms, p50_ms, p99_ms, ..AtSize::default() }
    }

    pub fn against(mut self, limit: &Measured) -> AtSize {
        self.limit = Some(limit.rate);
        self.ratio = Some(self.rate / limit.rate);
        self.limit_cpu_ms = Some(limit.cpu_ms);
        self
    }
}

impl Row {
    pub fn new(name: impl Into<String>, unit: &str, value: f64) -> Row {
        Row { name: name.into(), unit: unit.to_owned(), value, ..Row::default() }
    }

    /// A row of a rate.
    pub fn rate(name: impl Into<String>, unit: &str, measured: &Measured) -> Row {
        let mut row = Row::new(name, unit, measured.rate);
        row.more.cpu_ms = Some(measured.cpu_ms);
        row.more.p50_ms = Some(measured.p50_ms);
        row.more.p99_ms = Some(measured.p99_ms);
        row
    }

    pub fn against(mut self, limit: f64) -> Row {
        self.limit = Some(limit);
        self.ratio = Some(self.value / limit);
        self
    }

    pub fn against_rate(self, limit: &Measured) -> Row {
        let mut row = self.against(limit.rate);
        row.more.limit_cpu_ms = Some(limit.cpu_ms);
        row
    }

    pub fn and_nginx(mut self, nginx: Option<&Measured>) -> Row {
        self.more.nginx = nginx.map(|nginx| nginx.rate);
        self.more.nginx_ratio = nginx.map(|nginx| self.value / nginx.rate);
        self.more.nginx_cpu_ms = nginx.map(|nginx| nginx.cpu_ms);
        self
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Results {
    pub date: String,
    pub cores: usize,
    pub processor: String,
    pub quick: bool,
    /// The size of the site of the main table.
    #[serde(default)]
    pub items: u32,
    pub rows: Vec<Row>,
}

impl Results {
    pub fn begin(quick: bool, items: u32) -> Results {
        let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Results {
            date: jiff::Timestamp::now().to_string()[..10].to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: model.map(|(_, name)| name.to_owned()).unwrap_or_default(),
            quick,
            items,
            rows: Vec::new(),
        }
    }

    /// Adds a row and prints it.
    pub fn add(&mut self, row: Row) {
        if self.rows.is_empty() {
            println!("{}", head());
        }
        println!("{}", line(&row));
        self.rows.push(row);
    }

    /// Writes the JSON, and that of a whole run into the folder that is kept.
    pub fn write(&self, whole: bool) {
        let json = serde_json::to_string_pretty(self).unwrap();
        std::fs::create_dir_all(Path::new(LATEST).parent().unwrap()).unwrap();
        std::fs::write(LATEST, &json).unwrap();
        if whole {
            std::fs::create_dir_all(KEPT).unwrap();
            std::fs::write(format!("{KEPT}/{}.json", self.date), json + "\n").unwrap();
        }
    }

    /// The newest run that was kept.
    pub fn newest() -> (PathBuf, Results) {
        let kept = std::fs::read_dir(KEPT).unwrap().map(|entry| entry.unwrap().path());
        let newest = kept.filter(|path| path.extension().is_some_and(|end| end == "json")).max();
        let newest = newest.expect("a run of bin/bench that was kept");
        let results = serde_json::from_slice(&std::fs::read(&newest).unwrap()).unwrap();
        (newest, results)
    }
}

fn head() -> String {
    format!(
        "\n{:<52} {:>9} {:<8} {:>9} {:>6} {:>9} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9}",
        "",
        "value",
        "",
        "limit",
        "ratio",
        "nginx",
        "ratio",
        "CPU ms",
        "limit's",
        "nginx's",
        "p50 ms",
        "p99 ms",
        "bytes"
    )
}

fn line(row: &Row) -> String {
    let more = &row.more;
    let whole = |value: Option<f64>| value.map_or_else(String::new, figure);
    let two = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.2}"));
    let three = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
    let sizes = more.sizes.iter().map(|(items, value)| format!(" {items}: {}", figure(*value)));
    let sizes: String = sizes.collect();
    let bytes = more.bytes.map_or_else(String::new, |bytes| bytes.to_string());
    let line = format!(
        "{:<52} {:>9} {:<8} {:>9} {:>6} {:>9} {:>6} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {}{}",
        row.name,
        figure(row.value),
        row.unit,
        whole(row.limit),
        two(row.ratio),
        whole(more.nginx),
        two(more.nginx_ratio),
        three(more.cpu_ms),
        three(more.limit_cpu_ms),
        three(more.nginx_cpu_ms),
        two(more.p50_ms),
        two(more.p99_ms),
        bytes,
        more.encoding.as_deref().unwrap_or_default(),
        sizes,
    );
    line.trim_end().to_owned()
}

/// A number with three significant digits or more.
pub fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}
