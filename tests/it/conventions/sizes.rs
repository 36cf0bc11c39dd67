//! The bounds of CONTRIBUTING.md, "Sizes", beside those of files and functions in `layering.rs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The most files in a folder of `src`, columns of a line, and comment lines in a hundred.
const FILES: usize = 16;
const COLUMNS: usize = 110;
const COMMENTS: usize = 8;

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

fn sources_of(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    assert!(found.len() > 10, "the sources of {folder} are found");
    found
}

/// The sources of `src` without unit tests.
fn code() -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text).to_owned();
        (path, code)
    };
    sources_of("src")
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with("tests.rs"))
        .map(read)
        .collect()
}

#[test]
fn no_folder_is_too_large() {
    let mut files = BTreeMap::<PathBuf, usize>::new();
    for path in sources_of("src") {
        *files.entry(path.parent().expect("a folder").to_owned()).or_default() += 1;
    }
    files.retain(|_, files| *files > FILES);
    assert!(files.is_empty(), "{files:?}");
}

#[test]
fn no_line_is_too_long() {
    let mut long = Vec::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(sources_of) {
        let code = std::fs::read_to_string(&path).expect("a file");
        for (at, _) in code.lines().enumerate().filter(|(_, line)| line.chars().count() > COLUMNS) {
            long.push(format!("{}:{}", path.display(), at + 1));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn comments_say_only_what_the_code_does_not() {
    let (mut lines, mut comments) = (0, 0);
    for (_, code) in code() {
        let written = || code.lines().map(str::trim).filter(|line| !line.is_empty());
        lines += written().count();
        comments += written().filter(|line| line.starts_with("//")).count();
    }
    assert!(comments * 100 <= lines * COMMENTS, "{comments} of {lines} lines are comments");
}

#[test]
fn the_stylesheet_and_the_script_stay_short() {
    for (file, most, text) in [
        ("style.css", 600, include_str!("../../../static/style.css")),
        ("frame.css", 600, include_str!("../../../static/frame.css")),
        ("lists.css", 600, include_str!("../../../static/lists.css")),
        ("menus.js", 500, include_str!("../../../static/menus.js")),
        ("thread.css", 600, include_str!("../../../static/thread.css")),
        ("script.js", 500, include_str!("../../../static/script.js")),
        ("thread.js", 500, include_str!("../../../static/thread.js")),
        ("write.js", 500, include_str!("../../../static/write.js")),
    ] {
        assert!(text.lines().count() <= most, "{file} has {} lines", text.lines().count());
    }
}
