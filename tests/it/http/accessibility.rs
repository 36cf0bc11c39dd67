//! A page's accessibility tree: roles and names, with link targets and form fields.
//!
//! Roles and names follow HTML-AAM and accname-1.2 as far as needed. Three roles without an ARIA equivalent
//! have names of their own here: `password` and `file` inputs, and `summary`.

use std::fmt::Write;

use axum::http::{HeaderMap, StatusCode};
use scraper::{ElementRef, Html};

use crate::support::page::{Element, Page, count, fold, is_inline, parsed};

/// How the text of a page may differ from one run to the next: the hash in the address of an asset.
const ASSETS: [&str; 2] = ["/static/style.", "/static/script."];

/// The role of an element; empty where it has none that is told.
pub fn role(element: ElementRef<'_>) -> &str {
    if let Some(role) = element.attr("role").and_then(|roles| roles.split_whitespace().next()) {
        return role;
    }
    match element.value().name() {
        "a" | "area" if element.attr("href").is_some() => "link",
        "article" => "article",
        "aside" => "complementary",
        "blockquote" => "blockquote",
        "button" => "button",
        "caption" => "caption",
        "dd" => "definition",
        "details" | "fieldset" | "optgroup" => "group",
        "dialog" => "dialog",
        "dt" => "term",
        "figcaption" => "caption",
        "figure" => "figure",
        "footer" if is_of_the_page(element) => "contentinfo",
        "form" => "form",
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "heading",
        "header" if is_of_the_page(element) => "banner",
        "hr" => "separator",
        "img" if element.attr("alt") != Some("") => "img",
        "input" => role_of_input(element),
        "li" => "listitem",
        "main" => "main",
        "meter" => "meter",
        "nav" => "navigation",
        "ol" | "ul" | "menu" => "list",
        "option" => "option",
        "output" => "status",
        "p" => "paragraph",
        "progress" => "progressbar",
        "search" => "search",
        "section" if !named_by_author(element).is_empty() => "region",
        "select" if element.attr("multiple").is_some() => "listbox",
        "select" => "combobox",
        "summary" => "summary",
        "table" => "table",
        "td" => "cell",
        "textarea" => "textbox",
        "th" if element.attr("scope") == Some("row") => "rowheader",
        "th" => "columnheader",
        "time" => "time",
        "tr" => "row",
        _ => "",
    }
}

fn role_of_input(element: ElementRef<'_>) -> &str {
    match element.attr("type").unwrap_or("text") {
        "button" | "image" | "reset" | "submit" => "button",
        "checkbox" => "checkbox",
        "file" => "file",
        "hidden" => "",
        "number" => "spinbutton",
        "password" => "password",
        "radio" => "radio",
        "range" => "slider",
        "search" => "searchbox",
        _ if element.attr("list").is_some() => "combobox",
        _ => "textbox",
    }
}

/// Whether a header or footer is the page's own, and not that of a part.
fn is_of_the_page(element: ElementRef<'_>) -> bool {
    let mut around = element.ancestors().filter_map(ElementRef::wrap);
    !around.any(|around| matches!(around.value().name(), "article" | "aside" | "main" | "nav" | "section"))
}

/// Whether assistive technology is told nothing of an element and all within.
fn is_left_out(element: ElementRef<'_>) -> bool {
    element.attr("hidden").is_some()
        || element.attr("aria-hidden") == Some("true")
        || matches!(element.value().name(), "head" | "script" | "style" | "template" | "noscript")
}

fn is_in_the_tree(element: ElementRef<'_>) -> bool {
    !is_left_out(element) && !element.ancestors().filter_map(ElementRef::wrap).any(is_left_out)
}

/// The other element of the same page with this id.
fn by_id<'a>(element: ElementRef<'a>, id: &str) -> Option<ElementRef<'a>> {
    everything_around(element).find(|other| other.attr("id") == Some(id))
}

fn everything_around(element: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    element.tree().root().descendants().filter_map(ElementRef::wrap)
}

/// The name that `aria-labelledby` or `aria-label` gives.
fn named_by_author(element: ElementRef<'_>) -> String {
    if let Some(ids) = element.attr("aria-labelledby") {
        return texts_of(element, ids);
    }
    fold(element.attr("aria-label").unwrap_or_default())
}

/// The texts of the elements that an attribute lists by id.
fn texts_of(element: ElementRef<'_>, ids: &str) -> String {
    let texts = ids.split_whitespace().filter_map(|id| by_id(element, id)).map(content_of);
    texts.collect::<Vec<_>>().join(" ")
}

/// What an element says of itself, by the names of what stands in it.
fn content_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    read(element, &mut text);
    fold(&text)
}

fn read(element: ElementRef<'_>, text: &mut String) {
    for child in element.children() {
        if let Some(words) = child.value().as_text() {
            text.push_str(words);
        }
        let Some(inner) = ElementRef::wrap(child).filter(|inner| !is_left_out(*inner)) else { continue };
        let apart = if is_inline(inner.value().name()) { "" } else { " " };
        text.push_str(apart);
        let own = named_by_author(inner);
        match inner.value().name() {
            _ if !own.is_empty() => text.push_str(&own),
            "img" => text.push_str(inner.attr("alt").unwrap_or_default()),
            "input" | "select" | "textarea" => {}
            _ => read(inner, text),
        }
        text.push_str(apart);
    }
}

/// The first child with this tag.
fn child<'a>(element: ElementRef<'a>, tag: &str) -> Option<ElementRef<'a>> {
    element.child_elements().find(|child| child.value().name() == tag)
}

/// The labels of a field: those that name its id, and one around it.
fn labels(element: ElementRef<'_>) -> String {
    let id = element.attr("id");
    let is_label = |other: &ElementRef<'_>| {
        other.value().name() == "label"
            && ((id.is_some() && other.attr("for") == id)
                || element.ancestors().any(|around| around.id() == other.id() && other.attr("for").is_none()))
    };
    everything_around(element).filter(is_label).map(content_of).collect::<Vec<_>>().join(" ")
}

fn is_field(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "input" | "select" | "textarea")
}

/// The name of an element, as it is told along with its role.
pub fn name(element: ElementRef<'_>) -> String {
    let own = named_by_author(element);
    if !own.is_empty() {
        return own;
    }
    let native = match element.value().name() {
        "input" if role_of_input(element) == "button" => element.attr("value").unwrap_or_default().to_owned(),
        "input" | "meter" | "progress" | "select" | "textarea" => labels(element),
        "img" => element.attr("alt").unwrap_or_default().to_owned(),
        "fieldset" => child(element, "legend").map(content_of).unwrap_or_default(),
        "table" => child(element, "caption").map(content_of).unwrap_or_default(),
        "figure" => child(element, "figcaption").map(content_of).unwrap_or_default(),
        _ if is_named_by_content(role(element)) => content_of(element),
        _ => String::new(),
    };
    if !native.is_empty() {
        return fold(&native);
    }
    let title = element.attr("title").or_else(|| element.attr("placeholder"));
    fold(title.unwrap_or_default())
}

fn is_named_by_content(role: &str) -> bool {
    matches!(
        role,
        "button"
            | "cell"
            | "columnheader"
            | "heading"
            | "link"
            | "option"
            | "row"
            | "rowheader"
            | "summary"
            | "switch"
            | "tab"
            | "time"
    )
}

/// What the line of an element says after its role and name.
fn particulars(element: ElementRef<'_>, role: &str) -> String {
    let mut said = String::new();
    let mut say = |words: &str| write!(said, " {words}").expect("a string takes all");
    let attr = |name| element.attr(name);
    match element.value().name() {
        "a" => say(&format!("→ {}", attr("href").unwrap_or_default())),
        "form" => {
            let method = attr("method").unwrap_or("get").to_uppercase();
            say(&format!("{method} {}", attr("action").unwrap_or("to this page")));
        }
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => say(element.value().name()),
        "time" => say(attr("datetime").unwrap_or_default()),
        "ol" if attr("start").is_some_and(|start| start != "1") => {
            say(&format!("from {}", attr("start").unwrap_or("")))
        }
        "details" if attr("open").is_some() => say("open"),
        "button" | "input" | "select" | "textarea" => particulars_of_field(element, &mut say),
        _ => {}
    }
    if let Some(page) = attr("aria-current") {
        say(&format!("current={page}"));
    }
    for state in ["aria-expanded", "aria-pressed", "aria-live"] {
        if let Some(value) = attr(state) {
            say(&format!("{}={value}", state.trim_start_matches("aria-")));
        }
    }
    if attr("aria-invalid") == Some("true") {
        say("invalid");
    }
    if let Some(ids) = attr("aria-describedby") {
        say(&format!("described by {ids}"));
        for missing in ids.split_whitespace().filter(|id| by_id(element, id).is_none()) {
            say(&format!("(there is no {missing})"));
        }
    }
    if attr("autofocus").is_some() {
        say("focused");
    }
    if role == "option" && attr("selected").is_some() {
        say("selected");
    }
    said
}

fn particulars_of_field(element: ElementRef<'_>, say: &mut impl FnMut(&str)) {
    let attr = |name| element.attr(name);
    if let Some(name) = attr("name") {
        let pressed = matches!(role(element), "button" | "radio" | "checkbox");
        match attr("value").filter(|_| pressed) {
            Some(value) => say(&format!("{name}={value}")),
            None => say(name),
        }
    }
    let kind = attr("type").unwrap_or_default();
    if matches!(kind, "url" | "email" | "tel" | "number") {
        say(&format!("type={kind}"));
    }
    let value = Element::of(element).value;
    if !matches!(element.value().name(), "button")
        && !matches!(kind, "checkbox" | "radio")
        && !value.is_empty()
    {
        say(&format!("value={value:?}"));
    }
    for mark in ["checked", "disabled", "required", "readonly", "formnovalidate"] {
        if attr(mark).is_some() {
            say(mark);
        }
    }
    for particular in ["autocomplete", "maxlength", "inputmode", "formaction"] {
        if let Some(value) = attr(particular) {
            say(&format!("{particular}={value}"));
        }
    }
}

/// A line of the tree, and the lines below it.
struct Branch {
    line: String,
    below: Vec<Branch>,
    is_text: bool,
}

/// Adds an element's children in page order; text between elements becomes a line of its own.
fn grow(element: ElementRef<'_>, into: &mut Vec<Branch>, words: &mut String) {
    for child in element.children() {
        if let Some(text) = child.value().as_text() {
            words.push_str(text);
        }
        let Some(inner) = ElementRef::wrap(child).filter(|inner| !is_left_out(*inner)) else { continue };
        let role = role(inner);
        let is_hidden_field = inner.value().name() == "input" && inner.attr("type") == Some("hidden");
        if is_hidden_field {
            rest(into, words);
            let attr = |name| inner.attr(name).unwrap_or_default();
            let line = format!("hidden {}={:?}", attr("name"), attr("value"));
            into.push(Branch { line, below: Vec::new(), is_text: false });
        } else if inner.value().name() == "label" && !inner.child_elements().any(is_field) {
            // A field tells its label as its name.
            words.push(' ');
        } else if role.is_empty() || role == "presentation" || role == "none" {
            let apart = if is_inline(inner.value().name()) { "" } else { " " };
            words.push_str(apart);
            grow(inner, into, words);
            words.push_str(apart);
        } else {
            rest(into, words);
            into.push(branch(inner, role));
        }
    }
}

/// Makes a line of the words that were met since the last one.
fn rest(into: &mut Vec<Branch>, words: &mut String) {
    let line = fold(&std::mem::take(words));
    if !line.is_empty() {
        into.push(Branch { line, below: Vec::new(), is_text: true });
    }
}

fn branch(element: ElementRef<'_>, role: &str) -> Branch {
    let name = name(element);
    let mut below = Vec::new();
    let mut words = String::new();
    if !matches!(element.value().name(), "textarea" | "option") {
        grow(element, &mut below, &mut words);
        rest(&mut below, &mut words);
    }
    let mut line = role.to_owned();
    if role != "row" && !name.is_empty() {
        write!(line, " {name:?}").expect("a string takes all");
    }
    line.push_str(&particulars(element, role));
    if is_named_by_content(role) && role != "row" {
        below.retain(|one| !one.is_text);
    } else if let [only] = &below[..]
        && only.is_text
    {
        write!(line, ": {}", only.line).expect("a string takes all");
        below.clear();
    }
    Branch { line, below, is_text: false }
}

fn print(branches: &[Branch], depth: usize, tree: &mut String) {
    for one in branches {
        let mark = if one.is_text { "| " } else { "" };
        writeln!(tree, "{}{mark}{}", "  ".repeat(depth), one.line).expect("a string takes all");
        print(&one.below, depth + 1, tree);
    }
}

/// Takes the hash out of the addresses of assets.
fn without_hashes(mut tree: String) -> String {
    for asset in ASSETS {
        let mut from = 0;
        while let Some(at) = tree[from..].find(asset) {
            let hash = from + at + asset.len();
            let length = tree[hash..].find('.').unwrap_or(0);
            tree.replace_range(hash..hash + length, "HASH");
            from = hash;
        }
    }
    tree
}

/// The elements of this role in the order of the page, each with its name.
fn of_role<'a>(html: &'a Html, wanted: &str) -> Vec<(String, ElementRef<'a>)> {
    let all = html.root_element().descendants().filter_map(ElementRef::wrap);
    let found = all.filter(|element| role(*element) == wanted && is_in_the_tree(*element));
    found.map(|element| (name(element), element)).collect()
}

fn with_name(html: &Html, role: &str, name: &str) -> Vec<Element> {
    let found = of_role(html, role).into_iter().filter(|(its, _)| its == name);
    found.map(|(_, element)| Element::of(element)).collect()
}

#[track_caller]
fn only(html: &Html, role: &str, name: &str) -> Element {
    let found = with_name(html, role, name);
    match <[Element; 1]>::try_from(found) {
        Ok([one]) => one,
        Err(found) => {
            panic!("{} of {role} {name:?}, not one; there are {:?}", found.len(), names(html, role))
        }
    }
}

fn names(html: &Html, role: &str) -> Vec<String> {
    of_role(html, role).into_iter().map(|(name, _)| name).collect()
}

impl Page {
    /// The elements of a role that have exactly this name, in the order of the page.
    pub fn role(&self, role: &str, name: &str) -> Vec<Element> {
        with_name(self.document(), role, name)
    }

    /// The one element of a role that has this name; none, or more, fails.
    #[track_caller]
    pub fn one_role(&self, role: &str, name: &str) -> Element {
        only(self.document(), role, name)
    }

    /// Fails unless exactly so many elements of a role have this name.
    #[track_caller]
    pub fn finds_role(&self, number: usize, role: &str, name: &str) {
        let document = self.document();
        let found = with_name(document, role, name).len();
        assert_eq!(found, number, "{role} {name:?}; there are {:?}", names(document, role));
    }

    /// The address of the page after this one.
    pub fn more(&self) -> Option<String> {
        self.all("main a[rel=next]").first().map(|link| link.attr("href").to_owned())
    }

    /// All elements of a role, whatever their names.
    pub fn roles(&self, role: &str) -> Vec<Element> {
        of_role(self.document(), role).into_iter().map(|(_, element)| Element::of(element)).collect()
    }

    /// The names of all elements of a role, in the order of the page.
    pub fn names(&self, role: &str) -> Vec<String> {
        names(self.document(), role)
    }

    /// The whole page as an indented tree of roles and names.
    pub fn tree(&self) -> String {
        let title = self.texts("title").concat();
        format!("document {title:?}\n{}", self.tree_of("body"))
    }

    /// The tree of the one part that `selector` finds.
    #[track_caller]
    pub fn tree_of(&self, selector: &str) -> String {
        let document = self.document();
        let found: Vec<ElementRef<'_>> = document.select(&parsed(selector)).collect();
        assert_eq!(found.len(), 1, "{selector} finds one in {}", self.text());
        let (mut branches, mut words) = (Vec::new(), String::new());
        match role(found[0]) {
            "" => {
                grow(found[0], &mut branches, &mut words);
                rest(&mut branches, &mut words);
            }
            role => branches.push(branch(found[0], role)),
        }
        let mut tree = String::new();
        print(&branches, 0, &mut tree);
        without_hashes(tree)
    }
}

impl Element {
    /// The one element of a role within that has this name.
    #[track_caller]
    pub fn one_role(&self, role: &str, name: &str) -> Element {
        only(&Html::parse_fragment(&self.html), role, name)
    }

    /// Fails unless `selector` finds exactly so many elements in it.
    #[track_caller]
    pub fn finds(&self, number: usize, selector: &str) {
        let found = count(&Html::parse_fragment(&self.html), selector);
        assert_eq!(found, number, "{selector} in {}", self.html);
    }
}

fn page(body: &str) -> Page {
    let body = format!("<title>A page</title><body>{body}");
    Page::new(StatusCode::OK, HeaderMap::new(), body.into_bytes())
}

#[test]
fn elements_have_the_roles_and_names_that_browsers_tell() {
    for (markup, role, name) in [
        ("<a href=/x>to <b>x</b></a>", "link", "to x"),
        ("<a href=/x aria-label=there>x</a>", "link", "there"),
        (
            "<a href=/x>the <span aria-hidden=true>★</span> way <img src=y alt=home></a>",
            "link",
            "the way home",
        ),
        ("<button>go</button>", "button", "go"),
        ("<input type=submit value=go>", "button", "go"),
        ("<h3>One <small>two</small></h3>", "heading", "One two"),
        ("<label for=f>Name</label><input id=f>", "textbox", "Name"),
        ("<label>Name <input></label>", "textbox", "Name"),
        ("<label for=f>Name</label><textarea id=f>words</textarea>", "textbox", "Name"),
        ("<label for=f>Which</label><select id=f><option>one</select>", "combobox", "Which"),
        ("<label for=f>Which</label><select id=f><option>one</select>", "option", "one"),
        ("<input type=search placeholder=words>", "searchbox", "words"),
        ("<input type=checkbox id=f><label for=f>Sure</label>", "checkbox", "Sure"),
        ("<input type=radio aria-label=this>", "radio", "this"),
        ("<input type=password title=secret>", "password", "secret"),
        ("<fieldset><legend>Both</legend></fieldset>", "group", "Both"),
        ("<section aria-labelledby=h><h2 id=h>News</h2></section>", "region", "News"),
        ("<table><caption>Karma</caption><tr><td>1</table>", "table", "Karma"),
        ("<table><tr><th>Name</table>", "columnheader", "Name"),
        ("<table><tr><th scope=row>Name</table>", "rowheader", "Name"),
        ("<figure><figcaption>A loom</figcaption></figure>", "figure", "A loom"),
        ("<nav aria-label=You></nav>", "navigation", "You"),
        ("<header></header>", "banner", ""),
        ("<footer></footer>", "contentinfo", ""),
        ("<div role=alert>Wrong</div>", "alert", ""),
        ("<output>done</output>", "status", ""),
        ("<form role=search aria-label=Titles></form>", "search", "Titles"),
        ("<details><summary>More</summary></details>", "summary", "More"),
    ] {
        let page = page(markup);
        assert!(page.names(role).contains(&name.to_owned()), "{markup}: {:?}", page.names(role));
        assert_eq!(page.role(role, name).len(), 1, "{markup}");
    }
    for (markup, role) in [
        ("<a>nowhere</a>", "link"),
        ("<section><p>words</p></section>", "region"),
        ("<article><header>by</header></article>", "banner"),
        ("<img alt='' src=x>", "img"),
        ("<button hidden>go</button>", "button"),
        ("<div aria-hidden=true><button>go</button></div>", "button"),
        ("<template><button>go</button></template>", "button"),
        ("<input type=hidden name=goto>", "textbox"),
    ] {
        assert_eq!(page(markup).roles(role), [], "{markup}");
    }
}

#[test]
fn a_tree_tells_where_links_lead_and_what_forms_send() {
    let body = "<main><h1>Log in</h1>
        <form method=post action=/login><input type=hidden name=goto value=/new>
        <label for=n>Name</label><p id=e>Choose a name.</p>
        <input id=n name=name value='a b' required autocomplete=username aria-invalid=true
        aria-describedby='e f'>
        <select name=theme aria-label=Theme><option value=a>A<option value=b selected>B</select>
        <textarea name=text aria-label=Text>\n\nwords</textarea>
        <input type=checkbox name=sure value=true checked aria-label=Sure>
        <button name=on value=true>Log <b>in</b></button></form>
        <p>New? <a href=/signup>Sign up</a> <time datetime=2026>now</time>, or <em>not</em>.</p>
        <ul><li>one<li>two</ul><svg aria-hidden=true></svg>
        <a href='/static/style.abc123.css'>style</a></main>";
    let expected = r#"document "A page"
main
  heading "Log in" h1
  form POST /login
    hidden goto="/new"
    paragraph: Choose a name.
    textbox "Name" name value="a b" required autocomplete=username invalid described by e f (there is no f)
    combobox "Theme" theme value="b"
      option "A"
      option "B" selected
    textbox "Text" text value="\nwords"
    checkbox "Sure" sure=true checked
    button "Log in" on=true
  paragraph
    | New?
    link "Sign up" → /signup
    time "now" 2026
    | , or not.
  list
    listitem: one
    listitem: two
  link "style" → /static/style.HASH.css
"#;
    assert_eq!(page(body).tree(), expected);
}
