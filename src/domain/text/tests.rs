use proptest::prelude::*;

use super::size_tests::{is_allowed, tags};
use super::*;

#[track_caller]
fn shows(source: &str, html: &str) {
    assert_eq!(render(source).as_str().trim_end(), html, "{source}");
}

#[test]
fn markdown_as_people_write_it() {
    shows("one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>");
    shows(
        "*a* **b** `c_d` snake_case 2*3",
        "<p><em>a</em> <strong>b</strong> <code>c_d</code> snake_case 2*3</p>",
    );
    shows("# Head *ing*", "<p><strong>Head <em>ing</em></strong></p>");
    shows("```rust\n<x>\n```", "<pre tabindex=\"0\"><code>&lt;x&gt;\n</code></pre>");
    shows("    code", "<pre tabindex=\"0\"><code>code\n</code></pre>");
    shows("text:\n* a\n* b", "<p>text:</p>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>");
    shows("1. a\n1. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>");
    shows(
        "1986. A year\n1990. Another\n1991. The next",
        "<ol start=\"1986\">\n<li>A year</li>\n<li value=\"1990\">Another</li>\n<li>The next</li>\n</ol>",
    );
}

#[test]
fn a_text_mentions_the_names_that_it_links_to() {
    let text =
        "@ann and (@Bob), again @ANN. `@code` [@label](/x)\n\n    @indented\n\n> @quoted\n\n@types/node";
    assert_eq!(mentioned(text), ["ann", "Bob", "quoted"]);
}

#[test]
fn a_quote_ends_where_its_marks_end() {
    let quote = |quoted, answer| format!("<blockquote>\n<p>{quoted}</p>\n</blockquote>\n<p>{answer}</p>");
    shows("> quoted\nmy answer", &quote("quoted", "my answer"));
    shows("> quoted\n     my answer", &quote("quoted", "my answer"));
    shows("> a\n> b\n\nanswer", &quote("a\nb", "answer"));
    shows("> - a\n- b", "<blockquote>\n<ul>\n<li>a</li>\n</ul>\n</blockquote>\n<ul>\n<li>b</li>\n</ul>");
    shows(
        "before\n>> deep\n> less\nnone",
        "<p>before</p>\n<blockquote>\n<blockquote>\n<p>deep</p>\n</blockquote>\n<p>less</p>\n</blockquote>\n\
         <p>none</p>",
    );
    shows("```\n> a\nb\n```", "<pre tabindex=\"0\"><code>&gt; a\nb\n</code></pre>");
    shows("    > a\n    b", "<pre tabindex=\"0\"><code>&gt; a\nb\n</code></pre>");
    shows(
        "- x\n\n  ```\n  > a\n  b\n  ```",
        "<ul>\n<li><p>x</p>\n<pre tabindex=\"0\"><code>&gt; a\nb\n</code></pre>\n</li>\n</ul>",
    );
}

#[test]
fn raw_html_shows_as_typed() {
    shows("a <b>c</b>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>");
    shows("<div>\n*x*", "<p>&lt;div&gt;\n<em>x</em></p>");
    shows("<script>alert(1)</script>\n\nend", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>end</p>");
    shows("<!-- a\n\nb", "<p>&lt;!-- a</p>\n<p>b</p>");
    shows("    <div>", "<pre tabindex=\"0\"><code>&lt;div&gt;\n</code></pre>");
}

#[test]
fn links_are_marked_and_lead_to_the_web_to_mail_or_to_this_site() {
    let rel = "rel=\"nofollow ugc noopener\"";
    let link = |href: &str, label: &str| format!("<p><a href=\"{href}\" {rel}>{label}</a></p>");
    shows("[a](https://x.org)", &link("https://x.org", "a"));
    shows("![alt](https://x.org/i.png)", &link("https://x.org/i.png", "alt"));
    shows("![](https://x.org/i.png)", &link("https://x.org/i.png", "https://x.org/i.png"));
    shows("<a@x.org>", &link("mailto:a@x.org", "a@x.org"));
    shows("https://x.org/_a_/*b*c", &link("https://x.org/_a_/*b*c", "https://x.org/_a_/*b*c"));
    shows(
        "https://x.org/?a=1&copy;=2",
        &link("https://x.org/?a=1&amp;copy;=2", "https://x.org/?a=1&amp;copy;=2"),
    );
    shows("*https://x.org*", &format!("<p><em><a href=\"https://x.org\" {rel}>https://x.org</a></em></p>"));
    shows(
        "(https://x.org/a_(b)).",
        &format!("<p>(<a href=\"https://x.org/a_(b)\" {rel}>https://x.org/a_(b)</a>).</p>"),
    );
    let long = format!("https://x.org/{}", "a".repeat(60));
    shows(&long, &link(&long, &format!("https://x.org/{}…", "a".repeat(45))));
    shows("`https://x.org`", "<p><code>https://x.org</code></p>");
    shows("[a](javascript:alert(1)) [b](item) [c](data:x)", "<p>a b c</p>");
    shows("[a](/item/1)", &link("/item/1", "a"));
    shows("[a](//x.org) [b](/\\\\x.org)", "<p>a b</p>");
    shows("[1]: https://x.org", &format!("<p>[1]: <a href=\"https://x.org\" {rel}>https://x.org</a></p>"));
    shows("[a][1]\n\n[1]: https://x.org", &link("https://x.org", "a"));
}

#[test]
fn a_mention_links_to_the_member() {
    shows(
        "@ann and *@bob*",
        "<p><a href=\"/user/ann\">@ann</a> and <em><a href=\"/user/bob\">@bob</a></em></p>",
    );
    shows("`@ann` a@b.co *b*@ann", "<p><code>@ann</code> a@b.co <em>b</em>@ann</p>");
    shows(
        "https://x.org/@ann",
        "<p><a href=\"https://x.org/@ann\" rel=\"nofollow ugc noopener\">https://x.org/@ann</a></p>",
    );
}

#[test]
fn characters_that_deceive_are_dropped() {
    shows("a\u{202E}b\u{0}c &#x202E;d", "<p>abc d</p>");
}

#[test]
fn strikethrough_takes_two_tildes() {
    shows("~~a~~ b~~c~~", "<p><del>a</del> b<del>c</del></p>");
    shows("~5 minutes, ~10 km~ ~/bin", "<p>~5 minutes, ~10 km~ ~/bin</p>");
    shows("a~b ~~c~d", "<p>a~b ~~c~d</p>");
    shows(
        "~~https://x.org~~",
        "<p><del><a href=\"https://x.org\" rel=\"nofollow ugc noopener\">https://x.org</a></del></p>",
    );
    assert_eq!(plain("~~a~~b ~c~ ~~*d*~~"), "ab ~c~ d");
}

#[test]
fn tables_are_shown() {
    let table = "<table tabindex=\"0\">\n<thead>\n<tr><th>a</th><th><em>b</em></th></tr></thead>\n<tbody>\n\
                 <tr><td>1</td><td>&lt;b&gt;</td></tr>\n<tr><td>2</td><td></td></tr>\n</tbody></table>";
    shows("a | *b*\n--|:-:\n1 | <b>\n2", table);
    shows("| a | *b* |\n|---|---|\n| 1 | <b> | 3 |\n| 2", table);
    shows("|a|\n|-|", "<table tabindex=\"0\">\n<thead>\n<tr><th>a</th></tr></thead>\n</table>");
    shows("a | b\n\n--- | ---", "<p>a | b</p>\n<p>--- | ---</p>");
    shows("`a | b` c | d", "<p><code>a | b</code> c | d</p>");
    assert_eq!(plain("a | *b*\n--|--\n1 | 2"), "a b 1 2");
    let wide = format!("{}\n{}\n{}", "a|".repeat(100), "-|".repeat(100), "a\n".repeat(100));
    assert!(!render(&wide).as_str().contains("<table"), "far more cells than were written");
}

#[test]
fn a_text_of_marks_alone_is_blank() {
    for source in [
        "",
        " \n\t\n",
        "****",
        "***",
        "---",
        "> ",
        ">\n>\n> ",
        "- ",
        "* \n* ",
        "1. ",
        "#",
        "## ",
        "```\n```",
        "~~~",
        "    \n",
        "` `",
        "[](x)",
        "![](x)",
        "[\u{200B}](/item/1)",
        "[](javascript:a)",
        "\u{200B}",
        "\u{2800}\u{2800}",
        "\u{3164}",
        "&nbsp;",
        "&#8203; &zwj;",
        "**\u{AD}**",
        "\u{301}",
        "\u{202E}",
        "\u{0}",
        "| |\n|-|\n| |",
        "> - 1. \n",
    ] {
        assert!(is_blank(source), "{}", source.escape_debug());
    }
    for source in [
        "a",
        "**",
        "[](https://x.org)",
        "![](/a)",
        "`.`",
        "    .",
        "@ann",
        "<b>",
        "[1]: x",
        "~",
        "\u{200B}.\u{200B}",
        "👍",
        "&",
        "\\",
    ] {
        assert!(!is_blank(source), "{source}");
    }
}

#[test]
fn an_excerpt_is_plain_folded_and_cut_between_graphemes() {
    assert_eq!(excerpt("# A\n\n> *b*  c\n\n- `d`\n- e", 100), "A b c d e");
    assert_eq!(excerpt("one two three", 8), "one two…");
    assert_eq!(excerpt("exact", 5), "exact");
    assert_eq!(excerpt(&format!("{}exactly", "\u{200B}".repeat(9)), 6), "exact…");
    assert_eq!(excerpt("ab👩‍👩‍👧‍👧cd", 5), "ab…");
    assert_eq!(excerpt("abc", 0), "");
}

#[test]
fn hacker_news_html_becomes_readable_markdown() {
    let long = format!("https://x.org/{}", "a".repeat(60));
    let table = [
        ("one<p>two", "one\n\ntwo"),
        ("<p>one</p><p></p><p>two</p>", "one\n\ntwo"),
        ("it&#x27;s &lt; 3 &amp; &quot;so&quot; https:&#x2F;&#x2F;x.org", "it's < 3 & \"so\" https://x.org"),
        ("an <i>important </i>word", "an *important* word"),
        ("a<i>b</i><i>c</i> <b>d</b>", "a*bc* **d**"),
        ("&gt; quoted<p>answer", "> quoted\n\nanswer"),
        ("&gt; <i>one\ntwo</i>", "> *one\n> two*"),
        ("<i>&gt; quoted</i>", "> *quoted*"),
        ("* a<p>* b", "* a\n\n* b"),
        ("1. a<p>2. b", "1. a\n\n2. b"),
        ("x <pre><code>  if a:\n    b\n</code></pre>y", "x\n\n```\nif a:\n  b\n```\n\ny"),
        ("<pre><code>```</code></pre>", "````\n```\n````"),
        (
            "see <a href=\"https:&#x2F;&#x2F;x.org\" rel=\"nofollow\">https:&#x2F;&#x2F;x.org</a>.",
            "see https://x.org.",
        ),
        ("<a href=\"https://x.org/a b\">https://x.org/a b</a>", "[https://x.org/a b](<https://x.org/a b>)"),
        ("<a href=\"https://x.org/\">the [site]</a>", "[the \\[site\\]](https://x.org/)"),
        ("<a href=\"https://x.org\">https://x.org</a><i>b</i>", "<https://x.org>*b*"),
        ("snake_case 2*3 @ann a # b [1] C++ 5 > 4", "snake_case 2*3 @ann a # b [1] C++ 5 > 4"),
        ("*not* _this_ `or` [that](x)", "\\*not\\* \\_this\\_ \\`or\\` [that\\](x)"),
        ("# a<p>+ b<p>1) c<p>---<p>~~~<p>===", "\\# a\n\n\\+ b\n\n1\\) c\n\n\\---\n\n\\~~~\n\n\\==="),
        ("1986. A year", "1986\\. A year"),
        ("&amp;amp; &lt;a href=x&gt; \\*", "\\&amp; \\<a href=x> \\\\*"),
        ("a<br>b", "a\\\nb"),
        ("<span>kept</span>", "kept"),
        ("a | b\n-- | --\nc<p>|-|<p>- | -", "a | b\n\\-- | --\nc\n\n|-|\n\n\\- | -"),
        ("~5 ~~struck~~ ~6 <p>~~once", "~5 \\~~struck\\~~ ~6\n\n~~once"),
        ("<a href=\"https://a@x.org/abc\">https://a@x.org/a...</a>", "https://a@x.org/abc"),
    ];
    for (html, markdown) in table {
        assert_eq!(from_hn_html(html), markdown, "{html}");
    }
    let cut = format!("<a href=\"{long}\">https://x.org/aaaa...</a>");
    assert_eq!(from_hn_html(&cut), long);
}

/// The text of rendered HTML.
fn words(html: &str) -> String {
    let mut text = String::new();
    for (n, part) in html.split('<').enumerate() {
        text.push_str(if n == 0 { part } else { part.split_once('>').map_or("", |(_, after)| after) });
    }
    let text =
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{A0}").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const HTML_AND_MARKDOWN: &str =
    r#"([<>&*_`\[\]()!#@:/"'\\ \n.1a-]|http://|javascript:|<a href="|-->|<!--|&#60;|\t|\PC){0,60}"#;
const PLAIN_TEXT: &str = r"([*_`\[\]()!#@:/&<>+=~|$^{}\\ \n.;,-]|amp;|http|[a-z0-9]|é|—|1\. ){0,60}";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn only_allowed_tags_come_out(source in HTML_AND_MARKDOWN) {
        let html = render(&source);
        for tag in tags(html.as_str()) {
            prop_assert!(is_allowed(tag), "{tag} in {html}");
        }
        let _ = excerpt(&source, 20);
        let _ = from_hn_html(&source);
    }

    #[test]
    fn plain_text_keeps_its_words(text in PLAIN_TEXT) {
        // Quote and list markers are not words, so these lines get another beginning.
        let is_marker = |c: char| c.is_ascii_digit() || ">*-".contains(c);
        let unmarked = |line: &str| {
            let is_block = line.trim_start().starts_with(is_marker);
            if is_block { format!("x{line}") } else { line.to_owned() }
        };
        let lines = text.split('\n').map(unmarked);
        let text = lines.collect::<Vec<_>>().join("\n").replace("://", ":/");
        let markdown = from_hn_html(&escaped(&text));
        let expected = text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(render(&markdown).as_str()), expected, "{}", markdown);
    }

    #[test]
    fn marked_up_text_keeps_its_words(html in "(<i>|</i>|<b>|</b>|<p>|<br>|&gt; |\n|[a-c \
                                               .\"(),*_]|<code>x</code>|<a \
                                               href=\"https://x[.]org/y_\">https://x[.]org/y_</a>|<a \
                                               href=\"https://x[.]org/\">z</a>){0,30}") {
        let html = format!("x {}", html.replace("&gt; ", "x&gt; ").replace('*', "x*"));
        let blocks = html.replace("<p>", " <p>").replace("<br>", " <br>");
        let markdown = from_hn_html(&html);
        prop_assert_eq!(words(render(&markdown).as_str()), words(&blocks), "{} {}", html, markdown);
    }
}
