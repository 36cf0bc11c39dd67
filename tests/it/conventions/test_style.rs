//! Conventions of the tests' sources, so that changes of wording or markup affect few of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A string as the source has it, without its quotes; and where it stands.
struct Literal {
    text: String,
    place: String,
}

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("within").to_string_lossy().replace('\\', "/");
                found.push((name, std::fs::read_to_string(&path).expect("a file")));
            }
        }
    }
    assert!(found.len() > 40, "the tests are found");
    found
}

/// The strings of a source, without those of its comments. Raw strings are left out: they hold data.
fn literals(name: &str, source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if raw(rest).is_some() => raw(rest).unwrap_or_default(),
            '\'' if rest.starts_with("'\"'") || rest.starts_with("'\\") => 3,
            '"' => {
                let text = within_quotes(&rest[1..]);
                found.push(Literal { text: fold(text), place: format!("{name}:{line}") });
                text.len() + 2
            }
            other => other.len_utf8(),
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// How long the raw string is that stands at the beginning, if one does.
fn raw(rest: &str) -> Option<usize> {
    let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
    let begin = 1 + hashes + 1;
    rest[1 + hashes..].starts_with('"').then_some(())?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(begin + rest[begin..].find(&end)? + end.len())
}

fn within_quotes(rest: &str) -> &str {
    let mut escaped = false;
    let end = rest.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    &rest[..end.expect("a string ends")]
}

fn fold(text: &str) -> String {
    text.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a string is long enough to be a sentence, and neither SQL nor what an operator types.
fn is_sentence(text: &str) -> bool {
    let others = ["select ", "insert ", "update ", "delete ", "with ", "pragma ", "drop ", "admin "];
    let words = text.split(' ').filter(|word| word.chars().next().is_some_and(char::is_alphanumeric));
    words.count() >= 5 && !others.iter().any(|other| text.starts_with(other))
}

/// Texts are asserted only in the tests about them. Others compare the reason (`ItemError::Dead`), the role,
/// or a name from `fixtures` or `sentences`.
#[test]
fn a_sentence_stands_in_one_place_of_the_tests() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, source) in sources() {
        for literal in literals(&name, &source).into_iter().filter(|literal| is_sentence(&literal.text)) {
            places.entry(literal.text).or_default().push(literal.place);
        }
    }
    assert!(places.len() > 200, "{} sentences are found", places.len());
    let twice: Vec<_> = places.into_iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:#?}");
}

/// The selectors that a source looks for and does not find, as it writes them.
fn found_nowhere(source: &str) -> Vec<&str> {
    let calls = source.match_indices(".finds(0, ").map(|(at, call)| &source[at + call.len()..]);
    calls.map(|rest| rest.split([';', '\n']).next().unwrap_or(rest).trim_end_matches(')')).collect()
}

/// What stands for a selector in the source: a string, or the name of what makes one.
fn key(argument: &str) -> &str {
    let argument = argument.trim_start_matches('&');
    let argument = argument.trim_start_matches("format!(");
    if let Some(rest) = argument.strip_prefix('"') {
        return &argument[..within_quotes(rest).len() + 2];
    }
    argument.split(|c: char| !is_of_name(c)).next().unwrap_or(argument)
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a line has this string, or this name and not as a part of another.
fn has(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let around = [line[..at].chars().next_back(), line[at + key.len()..].chars().next()];
        key.starts_with('"') || !around.into_iter().flatten().any(is_of_name)
    })
}

/// A negative assertion needs a positive one with the same selector, or it would survive a change of markup.
#[test]
fn what_a_page_does_not_show_another_page_of_the_same_file_shows() {
    let mut alone = Vec::new();
    let mut looked_for = 0;
    for (name, source) in sources().into_iter().filter(|(name, _)| !name.ends_with("test_style.rs")) {
        for argument in found_nowhere(&source) {
            looked_for += 1;
            let key = key(argument);
            // The names of elements are those of HTML, and do not change.
            if key.starts_with('"') && !key.contains(['[', '#', '.', ':']) {
                continue;
            }
            let makes =
                [format!("let {key} "), format!("let {key}:"), format!("const {key}:"), format!("fn {key}(")];
            let finds = |line: &&str| {
                has(line, key)
                    && !line.contains(".finds(0, ")
                    && !makes.iter().any(|make| line.contains(make))
            };
            if !source.lines().any(|line| finds(&line)) {
                alone.push(format!("{name}: {argument}"));
            }
        }
    }
    assert!(looked_for > 80, "{looked_for} are looked for");
    assert!(alone.is_empty(), "nothing shows that these would find anything: {alone:#?}");
}

#[test]
fn strings_are_told_from_what_stands_around_them() {
    let source = r##"// "a comment"
        let a = '"'; let b = "one \"two\""; // "another"
        let c = r#"raw "data" here"#; let d = "three \
          four"; let e = '\''; let f = "five";"##;
    let found: Vec<String> = literals("a.rs", source).into_iter().map(|literal| literal.text).collect();
    assert_eq!(found, [r#"one \"two\""#, "three four", "five"]);
    assert!(is_sentence("Please say why you did.") && !is_sentence("select a from b where c"));
    assert!(!is_sentence("#c{id} > details > div"));
    let calls = found_nowhere(
        "p.finds(0, WAY);\n p.one(X).finds(0, &format!(\"{a} b\"));\n p.finds(0, &way(\"c\", 1));",
    );
    assert_eq!(calls.iter().map(|call| key(call)).collect::<Vec<_>>(), ["WAY", "\"{a} b\"", "way"]);
    assert!(has("let a = way(1);", "way") && !has("let away = 1;", "way"));
}
