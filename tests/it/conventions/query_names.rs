//! The table of query parameters in `routes.rs` is complete; a missing name would never reach its handler.

use std::collections::BTreeSet;
use std::path::Path;

const ROUTES: &str = include_str!("../../../src/web/routes.rs");

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => sources(&path, found),
            path => found.push(std::fs::read_to_string(path).expect("text")),
        }
    }
}

/// The names of a struct's fields, where a source has it.
fn fields(source: &str, name: &str) -> Option<Vec<String>> {
    let body = source.split_once(&format!("struct {name} {{\n"))?.1.split_once("\n}")?.0;
    let fields = body.lines().filter_map(|line| line.trim().trim_start_matches("pub ").split_once(": "));
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    Some(fields.map(|(name, _)| name).filter(is_name).map(str::to_owned).collect())
}

#[test]
fn every_name_that_a_page_asks_for_is_in_the_table() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut all);
    let mut names = BTreeSet::new();
    for source in &all {
        for part in source.split("Query<").skip(1) {
            let name = part.split('>').next().expect("a type");
            let own = fields(source, name);
            let elsewhere = all.iter().filter_map(|source| fields(source, name)).flatten();
            names.extend(own.unwrap_or_else(|| elsewhere.collect()));
        }
    }
    assert!(names.len() > 25 && names.contains("order") && names.contains("moderator"), "{names:?}");
    let missing: Vec<_> = names.iter().filter(|name| !ROUTES.contains(&format!("(\"{name}\", "))).collect();
    assert!(missing.is_empty(), "add {missing:?} to `routes::query`, for the addresses that take them");
}
