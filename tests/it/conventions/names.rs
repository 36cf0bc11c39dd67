//! One word, one meaning: docs/wording.md lists the words, ARCHITECTURE.md defines them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Type names that may be defined twice, and why.
const TWICE: [(&str, &str); 1] = [("Error", "`store::Error` and `web::Error`: each is its layer's error")];

/// Words that named something once and have a standard term now. No file, type or function bears them.
const RETIRED: [&str; 66] = [
    "act",
    "answered",
    "asked",
    "asking",
    "attendant",
    "audience",
    "begun",
    "brake",
    "brakes",
    "called",
    "came_from",
    "crowd",
    "deed",
    "desk",
    "doer",
    "doing",
    "door",
    "dressed",
    "eye",
    "fate",
    "fold_log",
    "giver",
    "goto",
    "greet",
    "guarded",
    "habits",
    "held",
    "judged",
    "kept",
    "learn",
    "looks",
    "mine",
    "newcomer",
    "newcomers",
    "news",
    "nobody",
    "notified_author",
    "old",
    "origin",
    "origins",
    "own",
    "patience",
    "person",
    "placed",
    "privy",
    "queued_for",
    "reachable",
    "room",
    "said",
    "seen",
    "shadowed_at",
    "shown",
    "shut",
    "sight",
    "slowed",
    "stance",
    "standing",
    "taken",
    "told",
    "turn",
    "typed",
    "unheard",
    "unslow",
    "void",
    "weigh",
    "written",
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Every name that `src` defines outside tests: its kind ("struct", "fn", "file" ...), the name, and where.
fn definitions() -> Vec<(String, String, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&root.join("src"), &mut paths);
    let mut found = Vec::new();
    for path in paths.iter().filter(|path| !path.ends_with("tests.rs")) {
        let place = path.strip_prefix(&root).expect("within").display().to_string();
        let stem = path.file_stem().expect("a name").to_string_lossy().to_string();
        found.push(("file".to_owned(), stem, place.clone()));
        let text = std::fs::read_to_string(path).expect("a file");
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let words: Vec<&str> = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
            for pair in words.windows(2) {
                if let [kind @ ("struct" | "enum" | "trait" | "type" | "fn"), name] = pair
                    && !name.is_empty()
                    && (*kind == "fn" || !line.starts_with(' '))
                {
                    found.push(((*kind).to_owned(), (*name).to_owned(), place.clone()));
                }
            }
        }
    }
    assert!(found.len() > 1_000, "the names are found");
    found
}

#[test]
fn no_two_types_have_the_same_name() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (kind, name, place) in definitions() {
        if matches!(kind.as_str(), "struct" | "enum" | "trait" | "type") {
            places.entry(name).or_default().push(place);
        }
    }
    places.retain(|name, places| places.len() > 1 && !TWICE.iter().any(|(twice, _)| twice == name));
    let twice: Vec<String> =
        places.into_iter().map(|(name, places)| format!("{name}: {}", places.join(", "))).collect();
    assert!(twice.is_empty(), "defined more than once:\n{}", twice.join("\n"));
}

#[test]
fn retired_words_name_nothing() {
    let snake = |name: &str| {
        let mut out = String::new();
        for (at, c) in name.char_indices() {
            if c.is_uppercase() && at > 0 {
                out.push('_');
            }
            out.extend(c.to_lowercase());
        }
        out
    };
    let wrong: Vec<String> = definitions()
        .into_iter()
        .filter(|(_, name, _)| RETIRED.contains(&snake(name).as_str()))
        .map(|(kind, name, place)| format!("{kind} {name} in {place}"))
        .collect();
    assert!(wrong.is_empty(), "see docs/wording.md for the standard terms:\n{}", wrong.join("\n"));
}
