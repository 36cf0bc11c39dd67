use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use super::links;

/// Sanitised HTML, the only type that templates print unescaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub const TAGS: [&str; 19] = [
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

pub const LINK_REL: &str = "nofollow ugc noopener";

static GATE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut gate = Builder::empty();
    gate.tags(HashSet::from(TAGS))
        .clean_content_tags(HashSet::new())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("ol", HashSet::from(["start"])),
            ("li", HashSet::from(["value"])),
        ]))
        .tag_attribute_values(HashMap::from([("a", HashMap::from([("rel", HashSet::from([LINK_REL]))]))]))
        // Wide code and tables scroll within their block, which must be focusable.
        .set_tag_attribute_values(HashMap::from([
            ("pre", HashMap::from([("tabindex", "0")])),
            ("table", HashMap::from([("tabindex", "0")])),
        ]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Custom(Box::new(local_page)))
        .link_rel(None);
    gate
});

fn local_page(href: &str) -> Option<Cow<'_, str>> {
    links::is_local(href).then_some(Cow::Borrowed(href))
}

/// The parser's tree needs shallow nesting, which the caller guarantees.
pub fn sanitise(html: &str) -> Html {
    Html(GATE.clean(html).to_string())
}
