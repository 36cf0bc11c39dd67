//! No cyclic dependencies between files, determined from the sources.
//!
//! A file depends on the file that defines an item it names; re-exports are followed, and paths in code count
//! like `use`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What is left out as long as it is still tied: files, and folders with all that is in them.
const STILL_TIED: &[&str] = &[];

/// Cycles of this many files are harmless.
const HARMLESS: usize = 2;

type Names = Vec<String>;
/// What each file names, by the file that defines it.
type Edges = BTreeMap<(String, String), BTreeSet<String>>;

#[derive(Debug, Default)]
struct Module {
    file: String,
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// The paths that its code names, outside of imports.
    paths: BTreeSet<Names>,
}

#[derive(Debug)]
struct Import {
    /// `None` for all of a module.
    name: Option<String>,
    path: Names,
    is_public: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Target {
    Module(Names),
    Item { file: String, name: String },
}

#[derive(Debug, Default)]
struct Tree(BTreeMap<Names, Module>);

impl Tree {
    fn read(root: &Path) -> Tree {
        let mut tree = Tree::default();
        let mut files = Vec::new();
        rust_files(root, &mut files);
        for path in files {
            let file = path.strip_prefix(root).expect("within").to_string_lossy().replace('\\', "/");
            let text = std::fs::read_to_string(&path).expect("a file");
            tree.add_file(&file, &text);
        }
        tree
    }

    fn add_file(&mut self, file: &str, text: &str) {
        let name = file.trim_end_matches(".rs");
        let is_part = |part: &&str| !matches!(*part, "mod" | "lib");
        let module: Names = name.split('/').filter(is_part).map(str::to_owned).collect();
        self.add(file, module, text.parse().expect("Rust"));
    }

    fn add(&mut self, file: &str, module: Names, code: TokenStream) {
        let mut found = Module { file: file.to_owned(), ..Module::default() };
        let tokens: Vec<TokenTree> = code.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let named = tokens.get(at + 1).and_then(ident);
            match (ident(token).as_deref(), named) {
                (Some("mod"), Some(name)) => {
                    if let (Some(TokenTree::Group(body)), false) =
                        (tokens.get(at + 2), is_test(&tokens[..at]))
                    {
                        self.add(file, [module.clone(), vec![name]].concat(), body.stream());
                    }
                    at += 3;
                    continue;
                }
                (
                    Some("struct" | "enum" | "union" | "fn" | "const" | "static" | "type" | "trait"),
                    Some(name),
                ) => {
                    found.items.insert(name);
                }
                (Some("macro_rules"), None) => found.items.extend(tokens.get(at + 2).and_then(ident)),
                _ => {}
            }
            at += 1;
        }
        found.name_all(&without_inline_modules(&tokens));
        self.0.insert(module, found);
    }

    fn find(&self, module: &[String], name: &str, depth: usize) -> Option<Target> {
        let here = self.0.get(module)?;
        let child = [module, &[name.to_owned()]].concat();
        if self.0.contains_key(&child) {
            return Some(Target::Module(child));
        }
        if here.items.contains(name) {
            return Some(Target::Item { file: here.file.clone(), name: name.to_owned() });
        }
        let (globs, named): (Vec<&Import>, Vec<&Import>) =
            here.imports.iter().partition(|i| i.name.is_none());
        let by_name = named.into_iter().filter(|import| import.name.as_deref() == Some(name));
        by_name.filter_map(|import| self.resolve(module, &import.path, depth)).next().or_else(|| {
            globs.into_iter().find_map(|glob| match self.resolve(module, &glob.path, depth)? {
                Target::Module(inside) if inside != module => self.find(&inside, name, depth.checked_sub(1)?),
                _ => None,
            })
        })
    }

    /// What `path` is in `module`; nothing for what other packages define.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => Target::Module(Vec::new()),
            "self" => Target::Module(module.to_vec()),
            "super" => Target::Module(module.split_last()?.1.to_vec()),
            name => self.find(module, name, depth)?,
        };
        rest.iter().try_fold(start, |at, name| match at {
            Target::Module(inside) if name == "super" => {
                Some(Target::Module(inside.split_last()?.1.to_vec()))
            }
            Target::Module(inside) => self.find(&inside, name, depth),
            item @ Target::Item { .. } => Some(item),
        })
    }

    fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (module, here) in &self.0 {
            let own = here.imports.iter().filter(|import| !import.is_public && import.name.is_some());
            for path in own.map(|import| &import.path).chain(&here.paths) {
                if let Some(Target::Item { file, name }) = self.resolve(module, path, 16)
                    && file != here.file
                {
                    edges.entry((here.file.clone(), file)).or_default().insert(name);
                }
            }
        }
        edges
    }
}

impl Module {
    /// Collects the imports and paths of `tokens`, groups within them included.
    fn name_all(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.name_all(&group.stream().into_iter().collect::<Vec<_>>()),
                TokenTree::Ident(word) if word == "use" && !is_punct(tokens.get(at), '<') => {
                    let end =
                        tokens.iter().skip(at).position(|token| is_punct(Some(token), ';')).unwrap_or(0);
                    let is_public = is_public(&tokens[..at - 1]);
                    self.import(&tokens[at..at + end], Vec::new(), is_public);
                    at += end;
                }
                TokenTree::Ident(word) => {
                    let before = at.checked_sub(2).and_then(|before| tokens.get(before));
                    let mut path = vec![word.to_string()];
                    while let Some(name) = after_colons(tokens, at) {
                        path.push(name);
                        at += 3;
                    }
                    if !is_punct(before, '.') && !is_punct(before, '\'') {
                        self.paths.insert(path);
                    }
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, tree: &[TokenTree], mut path: Names, is_public: bool) {
        let mut name = None;
        for (at, token) in tree.iter().enumerate() {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    name = tree.get(at + 1).and_then(ident);
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
                TokenTree::Ident(word) => path.push(word.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    return self.imports.push(Import { name: None, path, is_public });
                }
                TokenTree::Group(group) => {
                    let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                    for branch in inside.split(|token| is_punct(Some(token), ',')).filter(|b| !b.is_empty()) {
                        self.import(branch, path.clone(), is_public);
                    }
                    return;
                }
                _ => {}
            }
        }
        let name = name.or_else(|| path.last().cloned());
        self.imports.push(Import { name, path, is_public });
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn after_colons(tokens: &[TokenTree], at: usize) -> Option<String> {
    let colons = is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':');
    tokens.get(at + 2).and_then(ident).filter(|_| colons)
}

fn is_public(before: &[TokenTree]) -> bool {
    let word = match before {
        [.., TokenTree::Ident(word), TokenTree::Group(group)]
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            word
        }
        [.., TokenTree::Ident(word)] => word,
        _ => return false,
    };
    word == "pub"
}

fn is_test(before: &[TokenTree]) -> bool {
    let [.., TokenTree::Group(attribute)] = before else { return false };
    attribute.to_string().replace(' ', "") == "[cfg(test)]"
}

fn without_inline_modules(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let is_body = |at: usize| {
        at.checked_sub(2)
            .is_some_and(|start| tokens[start].to_string() == "mod" && ident(&tokens[start + 1]).is_some())
    };
    let kept = tokens
        .iter()
        .enumerate()
        .filter(|(at, token)| !(matches!(token, TokenTree::Group(_)) && is_body(*at)));
    kept.map(|(_, token)| token.clone()).collect()
}

/// The file of the module around that of `file`, unless that is a whole layer.
fn parent(file: &str, files: &BTreeSet<&str>) -> Option<String> {
    let module = file.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    let (around, _) = module.rsplit_once('/')?;
    around.contains('/').then_some(())?;
    [format!("{around}.rs"), format!("{around}/mod.rs")]
        .into_iter()
        .find(|file| files.contains(file.as_str()))
}

/// A module whose submodules name its items is one thing with them.
fn whole(edges: &Edges) -> BTreeMap<String, String> {
    let files: BTreeSet<&str> = edges.keys().flat_map(|(from, to)| [from.as_str(), to.as_str()]).collect();
    let bound = edges.keys().filter(|(from, to)| parent(from, &files).as_ref() == Some(to)).cloned();
    bound.collect()
}

/// The file that stands for what `file` is one thing with.
fn one<'a>(file: &'a str, whole: &'a BTreeMap<String, String>) -> &'a str {
    whole.get(file).map_or(file, |around| one(around, whole))
}

fn cycles(edges: &Edges) -> Vec<BTreeSet<String>> {
    let whole = whole(edges);
    let mut next: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        next.entry(one(from, &whole).to_owned()).or_default().insert(one(to, &whole).to_owned());
    }
    let reach = |start: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(file) = open.pop() {
            open.extend(next.get(file).into_iter().flatten().filter(|file| seen.insert((*file).clone())));
        }
        seen
    };
    let reached: BTreeMap<&String, BTreeSet<String>> = next.keys().map(|file| (file, reach(file))).collect();
    let around = |file: &String| -> BTreeSet<String> {
        let back = |other: &&String| reached.get(other).is_some_and(|from| from.contains(file));
        reached[file].iter().filter(back).cloned().collect()
    };
    let all: BTreeSet<BTreeSet<String>> = reached.keys().map(|file| around(file)).collect();
    all.into_iter().filter(|cycle| cycle.len() > HARMLESS).collect()
}

fn told(cycle: &BTreeSet<String>, edges: &Edges) -> String {
    let whole = whole(edges);
    let inside = |file: &String| cycle.contains(one(file, &whole));
    let mut lines = vec![format!("a cycle of {}: {cycle:?}", cycle.len())];
    for ((from, to), items) in edges.iter().filter(|((from, to), _)| inside(from) && inside(to)) {
        let items: Vec<&str> = items.iter().map(String::as_str).collect();
        lines.push(format!("  {from} -> {to}: {}", items.join(", ")));
    }
    lines.join("\n")
}

#[test]
fn no_three_files_depend_on_each_other_in_a_cycle() {
    let tree = Tree::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let mut edges = tree.edges();
    assert!(edges.len() > 500, "{} edges are found", edges.len());
    let is_left_out = |file: &str| STILL_TIED.iter().any(|tied| file.starts_with(tied));
    edges.retain(|(from, to), _| !is_left_out(from) && !is_left_out(to));
    let found: Vec<String> = cycles(&edges).iter().map(|cycle| told(cycle, &edges)).collect();
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

#[test]
fn a_cycle_is_found_through_re_exports_and_paths_in_code() {
    let mut tree = Tree::default();
    tree.add_file("lib.rs", "mod web;");
    tree.add_file("web/mod.rs", "mod a; mod b; mod c; mod d; pub use b::{self, Two as Second};");
    tree.add_file("web/a.rs", "use super::{Second, d}; pub struct One(Second); fn f() { d::Four; }");
    tree.add_file("web/b.rs", "pub struct Two; fn f() { let x = vec![crate::web::c::Three]; }");
    tree.add_file("web/c.rs", "use crate::web::a::*; pub const Three: Option<One> = None;");
    tree.add_file("web/d.rs", "pub struct Four; #[cfg(test)] mod tests { use super::super::a::One; }");
    let edges = tree.edges();
    let cycle = ["web/a.rs", "web/b.rs", "web/c.rs"].map(str::to_owned);
    assert_eq!(cycles(&edges), [BTreeSet::from(cycle)], "{edges:?}");
    let with_two = tree.edges().into_keys().filter(|(_, to)| to == "web/b.rs").count();
    assert_eq!(with_two, 1, "a re-export by itself is no dependency");
}
