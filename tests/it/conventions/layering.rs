//! Who may use whom, and the bounds of the house: read from the sources themselves.

use std::path::{Path, PathBuf};

use crate::store::query_plans::texts_of_store;

/// A folder, the words its code must not contain, and why.
///
/// Exception: `domain` and `clock.rs` derive `sqlx::Type` and `sqlx::FromRow`, so that the store needs no
/// duplicates of their types.
const NEVER: [(&str, &[&str], &str); 19] = [
    (
        "domain",
        &[
            "axum",
            "askama",
            "tokio",
            "http::",
            "reqwest",
            "crate::store",
            "crate::web",
            "crate::config",
            "crate::fetch",
            "async fn",
        ],
        PURE,
    ),
    (
        "domain",
        &["sqlx::query", "sqlx::sqlite", "use sqlx", "sqlx::Pool", "sqlx::Row", "sqlx::Error"],
        "all SQL is in store",
    ),
    ("domain", &["SystemTime::", "Instant::", "std::fs", "std::env", "std::net::Tcp", "println!"], PURE),
    (
        "store",
        &["axum", "askama", "crate::web", "crate::cli", "crate::jobs", "crate::fetch", "http::"],
        "store knows no pages",
    ),
    (
        "web",
        &["sqlx", "SystemTime::", "Instant::", "crate::cli", "crate::jobs"],
        "web has no SQL and no clock of its own",
    ),
    (
        "web/actions",
        &["askama", "axum::response", "crate::web::handlers", "crate::web::view", ".html"],
        "what members do is done alike for pages and machines",
    ),
    ("web/error.rs", &["crate::web", "askama"], "error_pages.rs alone makes pages of errors"),
    (
        "server",
        &["sqlx", "askama", "SystemTime::", "crate::store", "crate::web", "crate::cli", "crate::jobs"],
        "connections know nothing of the site",
    ),
    ("metrics", &["axum", "sqlx", "tokio", "crate::"], "what is counted belongs to whoever counts"),
    ("fair_semaphore", &["axum", "sqlx", "crate::"], "a primitive uses nothing of the house"),
    (
        "web/admission",
        &["crate::web::state", "State<", "crate::store"],
        "what is limited is plain data; the layers that use it are in web/middleware",
    ),
    (
        "mail",
        &["axum", "sqlx", "crate::config", "crate::web", "crate::cli", "crate::jobs"],
        "mail knows no pages and no settings",
    ),
    (
        "search",
        &["axum", "askama", "sqlx", "tokio", "crate::store", "crate::web", "crate::config", "crate::jobs"],
        "the index is given items",
    ),
    ("store", &["tantivy", "crate::search"], "the index follows the store"),
    ("web", &["tantivy"], "only search names the index"),
    ("jobs", &["sqlx", "askama", "crate::cli"], "work outside requests goes through store"),
    ("cli", &["sqlx", "askama"], "commands go through store"),
    ("config", &["sqlx", "askama", "crate::store", "crate::web"], "settings know of nobody"),
    (
        "fetch",
        &["sqlx", "askama", "crate::store", "crate::web", "crate::cli"],
        "the client of outgoing requests is by itself",
    ),
];

const PURE: &str = "the rules of a forum are pure";

/// The longest file, function and handler, in lines.
const FILE: usize = 400;
const FUNCTION: usize = 70;
const HANDLER: usize = 40;

struct Source {
    path: String,
    /// Without comments and without the tests at its end.
    code: String,
    lines: usize,
}

fn files(folder: &Path, end: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, end, found);
        } else if path.to_string_lossy().ends_with(end) {
            found.push(path);
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    files(&root().join("src"), ".rs", &mut paths);
    assert!(paths.len() > 40, "the sources are found");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a file");
        let path =
            path.strip_prefix(root().join("src")).expect("within").to_string_lossy().replace('\\', "/");
        let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
        let code = before_tests
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        let lines = text.lines().count();
        Source { path, code, lines }
    };
    paths.into_iter().map(read).filter(|source| !source.path.ends_with("tests.rs")).collect()
}

/// Whether `word` stands in a line by itself, and not as the end of another name.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

fn in_room(source: &Source, room: &str) -> bool {
    source.path == room || source.path.starts_with(&format!("{room}/")) || source.path == format!("{room}.rs")
}

#[test]
fn each_room_uses_only_what_it_may() {
    let mut wrong = Vec::new();
    let sources = sources();
    for (room, never, why) in NEVER {
        assert!(sources.iter().any(|source| in_room(source, room)), "{room} is there");
        for source in sources.iter().filter(|source| in_room(source, room)) {
            for line in source.code.lines() {
                for word in never.iter().filter(|word| names(line, word)) {
                    wrong.push(format!("src/{} names {word} ({why}): {}", source.path, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names of the database engine. Derives are generic over engines and allowed in `domain` and `store`.
#[test]
fn only_the_stores_seam_names_the_engine() {
    let engine = ["sqlx", "Sqlite", "SQLite", "sqlite_", "\"pragma ", "\"vacuum "];
    let (mut found, mut wrong) = (0, Vec::new());
    for source in sources() {
        for line in source.code.lines().map(str::trim) {
            let is_derive =
                ["#[derive(", "#[sqlx(", "#[cfg_attr("].iter().any(|begins| line.starts_with(begins));
            let may_derive =
                in_room(&source, "domain") || in_room(&source, "store") || source.path == "clock.rs";
            if !engine.iter().any(|word| line.contains(word)) || (is_derive && may_derive) {
                continue;
            }
            found += 1;
            if !in_room(&source, "store/db") {
                wrong.push(format!("src/{}: {line}", source.path));
            }
        }
    }
    assert!(found > 50, "the seam is found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What SQLite reads and PostgreSQL refuses, or the other way round: outside the seam, no statement has it.
#[test]
fn statements_are_written_for_every_engine() {
    let words = [
        "insert or ",
        "rowid",
        "collate",
        "datetime(",
        "strftime(",
        "instr(",
        "hex(",
        "group_concat",
        "json_",
        "ifnull(",
        "total(",
        " glob ",
        "x'",
        "limit -1",
        "sum(",
        "now()",
        "::",
        " ilike ",
        "for update",
    ];
    let texts = texts_of_store();
    let texts = texts.iter().filter(|(file, _)| !file.starts_with("db/"));
    let wrong: Vec<String> = texts
        .flat_map(|(file, text)| {
            let plain = text.replace("cast(sum(", "");
            words
                .into_iter()
                .filter(move |word| plain.contains(word))
                .map(move |word| format!("{file}: {word} in {text}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// So `jobs` and `cli` can start the site and cannot name a handler.
#[test]
fn web_shows_the_site_as_a_whole_and_no_handler() {
    let sources = sources();
    let web = sources.iter().find(|source| source.path == "web/mod.rs").expect("web");
    let shown: Vec<&str> = web.code.lines().filter(|line| line.starts_with("pub ")).collect();
    assert_eq!(shown, ["pub use state::App;", "pub fn router(app: App) -> anyhow::Result<Router> {"]);
}

#[test]
fn no_sql_stands_outside_the_store() {
    let verbs = ["select ", "insert into ", "update users", "update items", "delete from ", "pragma "];
    for source in sources().iter().filter(|source| !in_room(source, "store")) {
        for line in source.code.lines() {
            let quoted = line.split('"').skip(1).step_by(2);
            for text in quoted {
                assert!(
                    !verbs.iter().any(|verb| text.starts_with(verb)),
                    "src/{}: {}",
                    source.path,
                    line.trim()
                );
            }
        }
    }
}

#[test]
fn the_stores_public_methods_speak_of_the_forum_only() {
    for source in sources().iter().filter(|source| in_room(source, "store")) {
        for part in source.code.split("pub fn ").skip(1).chain(source.code.split("pub async fn ").skip(1)) {
            let signature = part.split(['{', ';']).next().unwrap_or(part);
            for word in ["sqlx", "Sqlite", "Transaction", "Pool", "QueryBuilder", "Row>"] {
                assert!(!names(signature, word), "src/{}: pub fn {}", source.path, signature.trim());
            }
        }
    }
}

/// Whether a line begins a function, whoever may call it and whatever else is said of it.
fn is_function(line: &str) -> bool {
    let mut rest = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
        Some(within) => within.split_once(')').map_or(rest, |(_, rest)| rest),
        None => rest,
    });
    rest = rest.trim_start();
    while let Some(after) = ["const ", "async ", "unsafe "].iter().find_map(|word| rest.strip_prefix(word)) {
        rest = after;
    }
    rest.starts_with("fn ")
}

#[test]
fn a_function_is_known_whoever_may_call_it() {
    for head in [
        "fn",
        "pub fn",
        "pub async fn",
        "pub(crate) fn",
        "pub(crate) async fn",
        "pub(in crate::web) const fn",
    ] {
        assert!(is_function(&format!("{head} name() {{")), "{head}");
    }
    for line in [
        "let fn_name = 1;",
        "pub struct Fn;",
        "/// fn in words",
        "const N: usize = 1;",
        "pub const N: i64 = 1;",
    ] {
        assert!(!is_function(line), "{line}");
    }
}

/// Each function of a source: whether it is a handler, its head and how many lines it has.
fn functions(code: &str) -> Vec<(bool, String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let head = line.trim_start();
        if !is_function(head) {
            continue;
        }
        let indent = line.len().saturating_sub(head.len());
        let close = format!("{}}}", " ".repeat(indent));
        let length = lines.iter().skip(at).position(|line| *line == close).map_or(1, |end| end + 1);
        let body = lines.iter().skip(at).take(length).take_while(|line| !line.ends_with('{')).count() + 1;
        let signature = lines.iter().skip(at).take(body).copied().collect::<String>();
        let is_handler = head.starts_with("pub async fn ") && signature.contains("State(app)");
        found.push((is_handler, head.to_owned(), length));
    }
    found
}

#[test]
fn nothing_is_longer_than_can_be_read_at_once() {
    let mut wrong = Vec::new();
    let (mut all, mut handlers) = (0, 0);
    for source in sources() {
        if source.lines > FILE {
            wrong.push(format!("src/{} has {} lines", source.path, source.lines));
        }
        for (is_handler, head, length) in functions(&source.code) {
            let most = if is_handler { HANDLER } else { FUNCTION };
            if length > most {
                wrong.push(format!("src/{} {head} has {length} lines", source.path));
            }
            all += 1;
            handlers += usize::from(is_handler);
        }
    }
    assert!(all > 300 && handlers > 40, "{all} functions and {handlers} handlers are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn templates_hold_nothing_that_the_policy_of_content_forbids() {
    let mut paths = Vec::new();
    files(&root().join("templates"), ".html", &mut paths);
    assert!(paths.len() > 20, "the templates are found");
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a file");
        let name = path.display();
        let plain = text.to_lowercase();
        for forbidden in
            ["|safe", "| safe", " style=", "<style", "javascript:", "{% autoescape", "escape=\"none\""]
        {
            assert!(!plain.contains(forbidden), "{name} has {forbidden}");
        }
        for (at, _) in plain.match_indices(" on") {
            let rest: String = plain[at + 3..].chars().take_while(char::is_ascii_lowercase).collect();
            assert!(
                rest.is_empty() || !plain[at + 3 + rest.len()..].starts_with('='),
                "{name} has on{rest}="
            );
        }
        // What search engines read is data, which no browser runs.
        let plain = plain.replace("<script type=\"application/ld+json\">{{ data }}</script>", "");
        for script in plain.split("<script").skip(1) {
            let (attributes, inside) = script.split_once('>').expect("an end");
            assert!(attributes.contains("src=\""), "{name} has a script of its own");
            assert!(inside.starts_with("</script>"), "{name} has a script inside");
        }
    }
}

#[test]
fn only_the_sanitised_html_and_what_templates_made_is_printed_as_it_is() {
    let marks: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            source.code.lines().map(|line| format!("{}: {}", source.path, line.trim())).collect::<Vec<_>>()
        })
        .filter(|line| {
            line.contains("HtmlSafe") || line.contains("filters::Safe") || line.contains("PreEscaped")
        })
        .collect();
    let mut marks = marks;
    marks.sort();
    assert_eq!(
        marks,
        [
            "web/member_pages/comment_slots.rs: impl askama::filters::HtmlSafe for CommentsSlot {}",
            "web/member_pages/list_rows.rs: impl askama::filters::HtmlSafe for StoryListHtml {}",
            "web/structured_data.rs: impl askama::filters::HtmlSafe for JsonLd {}",
            "web/view/layout.rs: impl askama::filters::HtmlSafe for Html {}",
        ]
    );
}
