//! Bounds on the HTML of any text: tags, number, depth, length.

use proptest::prelude::*;

use super::*;
use crate::domain::text::markdown::protect_urls::Prepared;

pub fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|rest| rest.split('>').next())
}

pub fn is_allowed(tag: &str) -> bool {
    let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
    let attributes = tag.split_once(' ').map_or("", |(_, attributes)| attributes);
    let number = |name: &str| {
        let value = attributes.strip_prefix(name).and_then(|rest| rest.strip_suffix('"'));
        value.is_some_and(|value| value.bytes().all(|b| b.is_ascii_digit()))
    };
    let link = || {
        let value = attributes.strip_prefix("href=\"").unwrap_or_default();
        let (href, rest) = value.split_once('"').unwrap_or_default();
        let is_mention = href.strip_prefix("/user/").is_some_and(links::is_name) && rest.is_empty();
        let address = href.replace("&amp;", "&");
        let is_whole = links::href(&address).is_some_and(|href| href == address);
        is_mention || (is_whole && rest == " rel=\"nofollow ugc noopener\"")
            // The sanitiser drops an address that no browser could follow.
            || attributes == "rel=\"nofollow ugc noopener\""
    };
    sanitize::TAGS.contains(&name)
        && (attributes.is_empty()
            || number("start=\"")
            || number("value=\"")
            || (name == "a" && link())
            || ["pre tabindex=\"0\"", "table tabindex=\"0\""].contains(&tag))
}

/// Maximum nesting: eight quotes or list items, each with its list, a table, eight inline elements.
const DEEPEST: i32 = 8 * 2 + 4 + 8;

/// The depth of all elements, of quotes and items, and of inline elements.
fn depths(html: &str) -> (i32, i32, i32) {
    let (mut now, mut most) = ([0; 3], [0; 3]);
    for tag in tags(html) {
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        let step = match tag {
            "br" | "hr" => continue,
            tag if tag.starts_with('/') => -1,
            _ => 1,
        };
        let is_of = [
            true,
            ["blockquote", "li"].contains(&name),
            ["em", "strong", "del", "a", "code"].contains(&name),
        ];
        for n in 0..3 {
            now[n] += if is_of[n] { step } else { 0 };
            most[n] = most[n].max(now[n]);
        }
    }
    assert_eq!(now, [0; 3], "every element ends");
    (most[0], most[1], most[2])
}

#[track_caller]
fn is_bounded(source: &str) {
    let html = render(source);
    let html = html.as_str();
    let (len, start) = (source.len(), source.chars().take(60).collect::<String>());
    assert!(html.len() <= 8 * len + 1024, "{len} bytes become {}: {start}", html.len());
    assert!(tags(html).count() <= 2 * len + 200, "{len} bytes have {} tags: {start}", tags(html).count());
    let events = Prepared::new(source).events().count();
    assert!(events <= 4 * len + 500, "{len} bytes have {events} events: {start}");
    let (all, blocks, inlines) = depths(html);
    assert!(all <= DEEPEST && blocks <= 8 && inlines <= 8, "{all}, {blocks}, {inlines}: {start}");
    for tag in tags(html) {
        assert!(is_allowed(tag), "{tag}: {start}");
    }
}

#[test]
fn hostile_depth_and_length_do_no_harm() {
    let nested: String = (0..400).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect();
    let sources = [
        format!("{} a", ">".repeat(10_000)),
        "- ".repeat(10_000) + "a",
        nested,
        "*_".repeat(10_000) + "a" + &"_*".repeat(10_000),
        "~~*".repeat(10_000) + "a" + &"*~~".repeat(10_000),
        "[".repeat(100_000),
        "&".repeat(100_000),
        "![".repeat(10_000) + &"](http://x.org)".repeat(10_000),
        format!("{}\n{}\n{}", "a|".repeat(3_000), "-|".repeat(3_000), "a\n".repeat(3_000)),
        format!("> {}\n> {}\n{}", "a|".repeat(3_000), "-|".repeat(3_000), "> a\n".repeat(3_000)),
        format!("- {}\n  {}\n{}", "a|".repeat(3_000), "-|".repeat(3_000), "  a\n".repeat(3_000)),
        format!("[a]: <https://x.org/{}>\n\n{}", "a".repeat(3_000), "[a][a]".repeat(2_000)),
        "http://a:99999/".repeat(2_000),
        "http://".repeat(3_000),
        format!("http://{}", "ж".repeat(9_000)),
        "https://x.org/“".repeat(1_000),
    ];
    for source in sources {
        is_bounded(&source);
    }
}

/// Syntax with the largest expansion.
const WORST: [&str; 30] = [
    ">>>>>>>>>>>>>>>>#\n\n",
    "> ",
    "- ",
    "- - - - ",
    "1. ",
    "7) ",
    "999999999. ",
    "#\n\n",
    "***\n",
    "---\n",
    "\\\n",
    "  \n",
    "```\n",
    "    a\n",
    "[](/)",
    "![](/)",
    "<a@b.c>",
    "<http://a>",
    "http://a ",
    "@ab ",
    "*a*",
    "**a**~~b~~",
    "`a`",
    "&",
    "\"",
    "&nbsp;",
    "\u{A0}",
    "|a|b|\n|-|-|\n|c|\n",
    "a|b\n-|-\n",
    "a\n\n",
];

#[test]
fn no_text_becomes_html_many_times_as_long() {
    for (n, mark) in WORST.into_iter().enumerate() {
        let lines = format!("{}\n", mark.trim_end());
        for source in [mark.repeat(4_000 / mark.len()), lines.repeat(4_000 / lines.len()), mark.to_owned()] {
            is_bounded(&source);
        }
        for other in &WORST[..n] {
            is_bounded(&format!("{mark}{other}").repeat(500 / (mark.len() + other.len())));
        }
    }
}

#[test]
fn marks_that_would_grow_a_text_too_much_show_as_typed() {
    let worst = ">>>>>>>>>>>>>>>>#\n\n".repeat(1_000);
    let html = render(&format!("*a*\n\n{worst}*b* <c> & \"d\"\n\n\n\n* e\n"));
    let html = html.as_str();
    assert!(html.starts_with("<p><em>a</em></p>\n<blockquote>"), "{}", html.get(..80).unwrap_or_default());
    assert!(html.contains("<p>&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt;#</p>\n"));
    assert!(
        html.trim_end().ends_with("<p><em>b</em> &lt;c&gt; &amp; \"d\"</p>\n<ul>\n<li>e</li>\n</ul>"),
        "{}",
        html.get(html.len() - 80..).unwrap_or_default()
    );
    let links = linked(&"[](/)".repeat(1_000));
    assert!(links.is_empty(), "what shows as typed links to nothing");
}

/// Random Markdown of the worst syntax, repeated and nested.
fn worst_marks() -> impl Strategy<Value = String> {
    let mark = prop_oneof![
        6 => prop::sample::select(WORST.to_vec()).prop_map(str::to_owned),
        2 => r#"[>*_~`\[\]()!<@:|&"'\\ \n.1a-]{1,6}"#,
        1 => Just("\n\n".to_owned()),
    ];
    let run = (mark, 1..40_usize).prop_map(|(mark, times)| mark.repeat(times));
    let line = (run.clone(), run.clone(), run, any::<bool>());
    let part = line.prop_map(
        |(a, b, c, nested)| if nested { format!("{a}{b}{c}{b}{a}") } else { format!("{a}{b}\n{c}\n") },
    );
    (prop::collection::vec(part, 1..6), 1..200_usize)
        .prop_map(|(parts, times)| parts.concat().repeat(times).chars().take(20_000).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_html_of_any_text_is_bounded(source in worst_marks()) {
        is_bounded(&source);
    }
}
