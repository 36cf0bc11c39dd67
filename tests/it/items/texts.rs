//! User texts as others see them: visibility, bounded size, links, tables and length.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::Page;
use crate::support::fixtures::with_a_story;

/// Texts of which nothing is seen.
const BLANK: [&str; 8] = ["\u{200B}", "\u{2800}\u{2800}", "\u{3164}", "****", "> ", "---", "* ", "[](x)"];
const UNSEEN: &str = "That would show nothing";

#[track_caller]
fn refuses(page: &Page, typed: &str, field: &str) {
    let typed = typed.escape_unicode();
    assert!(
        page.location().is_none() && !page.all(&format!("#{field}-error")).is_empty(),
        "{typed}: {}",
        page.text()
    );
}

#[tokio::test]
async fn a_post_of_which_nothing_is_seen_is_refused() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let comment = bob.reply(story, "A comment.").await;
    alice.reply(comment, "An answer.").await;
    let before = app.number("select count(*) from items").await;
    for text in BLANK {
        let page = bob.post(&format!("/item/{story}/reply"), &[("text", text)]).await;
        refuses(&page, text, "text");
        assert!(
            page.says(UNSEEN) && page.one("#text").text == text.trim(),
            "what was typed stays: {}",
            page.text()
        );
        let page = bob.post(&format!("/item/{comment}/edit"), &[("text", text)]).await;
        refuses(&page, text, "text");
        for url in ["", "https://example.com/b"] {
            let page = bob.post("/submit", &[("title", "Another story"), ("url", url), ("text", text)]).await;
            refuses(&page, text, "text");
        }
    }
    assert_eq!(app.number("select count(*) from items").await, before);
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.one(&format!("#c{comment} > details > .t")).text, "A comment.");
    let page = bob
        .post("/submit", &[("title", "Another story"), ("url", "https://example.com/b"), ("text", " \n")])
        .await;
    assert!(page.location().is_some(), "a text may be left out where there is an address");
}

#[tokio::test]
async fn a_title_of_which_nothing_is_seen_is_refused() {
    let (_, mut alice, _, _) = with_a_story().await;
    for title in
        ["\u{200B}\u{200B}\u{200B}", "\u{2800} \u{2800}", "\u{3164}\u{3164}\u{3164}", "\u{301}\u{301}\u{301}"]
    {
        let page =
            alice.post("/submit", &[("title", title), ("url", "https://example.com/b"), ("text", "")]).await;
        refuses(&page, title, "title");
    }
}

#[tokio::test]
async fn what_a_moderator_writes_shows_something() {
    let (app, mut alice, _, story) = with_a_story().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    for blank in ["\u{200B}", "\u{2800}", "\u{3164}\u{FE0F}"] {
        for (path, form) in [
            ("/user/alice/warn".to_owned(), vec![("warning", blank)]),
            ("/user/alice/note".to_owned(), vec![("note", blank)]),
            (
                "/user/alice/limit".to_owned(),
                vec![("on", "true"), ("limit_days", "2"), ("limit_reason", blank)],
            ),
            ("/user/alice/ban".to_owned(), vec![("on", "true"), ("ban_days", "2"), ("ban_reason", blank)]),
            (format!("/item/{story}/kill"), vec![("on", "true"), ("reason", "other"), ("note", blank)]),
            (format!("/item/{story}/lock"), vec![("on", "true"), ("reason", blank)]),
            (format!("/item/{story}/pin"), vec![("on", "true"), ("text", blank)]),
            (format!("/item/{story}/flag"), vec![("on", "true"), ("reason", "other"), ("note", blank)]),
        ] {
            let page = mia.post(&path, &form).await;
            assert!(
                page.location().is_none() && page.status != StatusCode::NOT_FOUND,
                "{path}: {}",
                page.text()
            );
        }
    }
    let acts = "select count(*) from moderation_log where action in ('warn', 'note', 'limit', 'ban', 'kill', \
                'lock', 'pin')";
    assert_eq!(app.number(acts).await, 0);
    assert!(alice.get("/inbox").await.all(".warn").is_empty());
}

#[tokio::test]
async fn a_text_of_marks_becomes_no_page_many_times_as_long() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let worst: String = ">>>>>>>>>>>>>>>>#\n\n".repeat(1_100).chars().take(19_990).collect();
    for nth in 0..9 {
        let worst = format!("{worst}{nth}");
        alice.reply(story, &worst).await;
        bob.reply(story, &worst).await;
    }
    for path in [format!("/item/{story}"), "/comments".to_owned()] {
        let page = app.visitor().get(&path).await;
        assert_eq!((page.status, page.comments().len()), (StatusCode::OK, 18));
        assert!(page.body.len() < 18 * (8 * worst.len() + 4_096), "{path} has {} bytes", page.body.len());
    }
}

#[tokio::test]
async fn a_long_comment_is_cut_beside_others_and_whole_on_its_own_page() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let paragraphs =
        |count| (0..count).map(|n| format!("Paragraph {n:03}.")).collect::<Vec<_>>().join("\n\n");
    let long = bob.reply(story, &format!("{}\n\nThe end.", paragraphs(600))).await;
    let short = bob.reply(story, &"a".repeat(8_000)).await;
    let code = bob.reply(story, &format!("```\n{}\n```\n\nThe end.", "let x = 1;\n".repeat(800))).await;
    let answer = alice.reply(long, "An answer.").await;
    for browser in [&mut app.visitor(), &mut alice] {
        let page = browser.get(&format!("/item/{story}")).await;
        let links =
            page.all(".c > details > p > a").into_iter().filter(|link| link.text == "Read the whole comment");
        let places: Vec<String> = links.map(|link| link.attr("href").to_owned()).collect();
        assert_eq!(places, [format!("/item/{long}"), format!("/item/{code}")]);
        let text = page.one(&format!("#c{long} > details > .t")).text;
        assert!(
            text.ends_with(". …") && text.contains("Paragraph 400.") && !text.contains("The end."),
            "{text}"
        );
        assert_eq!(page.one(&format!("#c{short} > details > .t")).text.len(), 8_000);
        assert_eq!(
            page.one(&format!("#c{code} > details > .t > p")).text,
            "…",
            "the code ends in front of it"
        );
        for path in ["/comments".to_owned(), "/user/bob/comments".to_owned(), format!("/item/{answer}")] {
            let page = browser.get(&path).await;
            let cut = page.one(&format!("article:has(a[href='/item/{long}']):not(#c{answer})"));
            cut.finds(1, &format!("p > a[href='/item/{long}']"));
            assert!(
                cut.text.contains("Paragraph 400.") && !cut.text.contains("Paragraph 599."),
                "{path}: {}",
                cut.text
            );
        }
        for id in [long, code] {
            let page = browser.get(&format!("/item/{id}")).await;
            assert!(page.says("The end.") && !page.says("Read the whole comment"), "{}", page.text());
        }
    }
}

#[tokio::test]
async fn links_in_a_text_end_where_a_reader_sees_them_end() {
    let (app, _, mut bob, story) = with_a_story().await;
    let text = "“https://example.com/s”, 「https://example.com/t」 https://x.org/。 «https://x.org/u» \
                (https://x.org/a_(b)).\n\n\
                https://пример.рф/путь [x](<https://example.com/a b>)\n\n\
                https://google.com@evil.example/ [y](https://google.com@evil.example/) \
                <https://google.com@evil.example/>";
    let comment = bob.reply(story, text).await;
    let page = app.visitor().get(&format!("/item/{comment}")).await;
    let links = page.all(".t a");
    let hrefs: Vec<&str> = links.iter().map(|link| link.attr("href")).collect();
    let host = "https://%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.%D1%80%D1%84/%D0%BF%D1%83%D1%82%D1%8C";
    assert_eq!(
        hrefs,
        [
            "https://example.com/s",
            "https://example.com/t",
            "https://x.org/",
            "https://x.org/u",
            "https://x.org/a_(b)",
            host,
            "https://example.com/a%20b"
        ]
    );
    assert_eq!(links[5].text, "https://пример.рф/путь", "the label stays readable");
}

#[tokio::test]
async fn strikethrough_and_tables_are_shown() {
    let (app, _, mut bob, story) = with_a_story().await;
    let comment = bob
        .reply(story, "~~old~~ new in ~5 minutes\n\nname | points\n--- | ---\nann | 3\nbob | ~~4~~ 5")
        .await;
    let page = app.visitor().get(&format!("/item/{comment}")).await;
    assert_eq!(page.one(".t p > del").text, "old");
    assert!(page.says("new in ~5 minutes"));
    assert_eq!(page.texts(".t thead th"), ["name", "points"]);
    assert_eq!(page.texts(".t tbody td"), ["ann", "3", "bob", "4 5"]);
    assert_eq!(page.one(".t table").attr("tabindex"), "0", "a wide one is scrolled with the keyboard too");
}
