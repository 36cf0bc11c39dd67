//! The inputs that fuzzing began with or found, each of which holds what any input does.

use std::path::PathBuf;

use crate::fuzzing::properties;

/// The most files of one corpus, and the most bytes of all of them.
const MOST_FILES: usize = 200;
const MOST_BYTES: usize = 64 << 10;

#[track_caller]
fn all_hold(target: &str, property: fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!((1..=MOST_FILES).contains(&files.len()), "{target} has {} files", files.len());
    let mut bytes = 0;
    for file in files {
        let input = std::fs::read(&file).unwrap();
        bytes += input.len();
        if std::panic::catch_unwind(|| property(&input)).is_err() {
            panic!("{} does not hold", file.display());
        }
    }
    assert!(bytes <= MOST_BYTES, "{target} has {bytes} bytes");
}

#[test]
fn texts_hold() {
    all_hold("text", properties::text);
}

#[test]
fn links_hold() {
    all_hold("links", properties::links);
}

#[test]
fn titles_hold() {
    all_hold("titles", properties::titles);
}

#[test]
fn keys_of_addresses_hold() {
    all_hold("url_keys", properties::url_keys);
}

#[test]
fn lines_of_imports_hold() {
    all_hold("import_lines", properties::import_lines);
}

#[test]
fn searches_hold() {
    all_hold("searches", properties::searches);
}

#[test]
fn forms_hold() {
    all_hold("forms", properties::forms);
}
