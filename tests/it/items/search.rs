//! Full-text search: its words, its operators, what it never finds, and its index.

use axum::http::StatusCode;
use std::time::Duration;

use stoa::domain::accounts::user::Role;
use stoa::jobs::{self, update_search_index};
use stoa::search::SearchIndex;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{kill, shadow, submit};

/// The address of a search.
fn path(typed: &str) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    format!("/search?{}", pairs.append_pair("q", typed).finish())
}

/// What is found: the numbers of stories and of comments, in order.
async fn found(browser: &mut Browser, typed: &str) -> Vec<i64> {
    let page = browser.get(&path(typed)).await;
    assert_eq!(page.status, StatusCode::OK, "{typed}");
    posts(&page)
}

fn posts(page: &Page) -> Vec<i64> {
    let rows = page.all("ol.results > li");
    let id = |row: &crate::support::page::Element| -> i64 {
        let own = row.attr("id");
        let inner = row.all("article").first().map(|article| article.attr("id").to_owned());
        let id = if own.is_empty() { inner.unwrap_or_default() } else { own.to_owned() };
        id[1..].parse().expect("a number")
    };
    rows.iter().map(id).collect()
}

#[tokio::test]
async fn words_of_every_script_are_found_in_titles_and_in_comments() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let place = alice.text_story("A place for words", "Nothing else.").await;
    for (text, words, others) in [
        ("全文検索エンジン", &["検索", "検", "エンジン", "全文検索"][..], &["索検"][..]),
        ("Modern C++ and C#", &["C++", "c#", "modern"], &["c", "C+"]),
        ("Moving to .NET 9", &[".NET", "net"], &["ne"]),
        ("Über allem", &["über", "uber", "ÜBER"], &["übe"]),
        ("Le café noir", &["café", "cafe\u{301}", "CAFE"], &["caf"]),
        ("Про ёжика: ёжик", &["ёжик", "ежик", "ЁЖИК"], &["ёж"]),
        ("Node.js in production", &["node.js", "node", "Node.JS"], &["nod"]),
        ("한국어 검색기", &["검색", "검"], &["색검"]),
        ("A brain", &["brain", "bra*"], &["ai", "rain"]),
        ("Self-hosting", &["self-host*", "hosting"], &["self-host", "elf-host*"]),
    ] {
        let story = alice.text_story(text, "Text.").await;
        let comment = alice.reply(place, text).await;
        let mut visitor = app.visitor();
        for word in words {
            let mut both = found(&mut visitor, word).await;
            both.sort_unstable();
            assert_eq!(both, [story, comment], "{word} in {text}");
        }
        for word in others {
            assert!(found(&mut visitor, word).await.is_empty(), "{word} in {text}");
        }
    }
}

#[tokio::test]
async fn each_operator_narrows_what_is_found() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let rust = alice.story("Loom of rust", "https://example.com/rust").await;
    let repo = bob.story("Ask Stoa: loom of threads?", "https://github.com/rust-lang/loom").await;
    let inside = bob.reply(rust, "A loom weaves **data structures** well.").await;
    app.pass(86_400);
    let late = alice.reply(repo, "The loom of structures and data.").await;
    bob.vote(rust, "up").await;
    let mut visitor = app.visitor();
    for (typed, expected) in [
        ("loom", &[rust, repo, inside, late][..]),
        ("loom author:ALICE", &[rust, late]),
        ("loom author:alice author:bob", &[rust, repo, inside, late]),
        ("loom -author:alice", &[repo, inside]),
        ("loom author:nobody", &[]),
        ("site:example.com", &[rust]),
        ("site:github.com", &[repo]),
        ("site:github.com/rust-lang loom", &[repo]),
        ("loom -site:github.com", &[rust, inside, late]),
        ("loom type:comment", &[inside, late]),
        ("loom type:story", &[rust, repo]),
        ("type:ask", &[repo]),
        ("loom before:2026-11-24", &[rust, repo, inside]),
        ("loom after:2026-11-24", &[late]),
        ("loom after:2026 before:2027", &[rust, repo, inside, late]),
        ("loom points>1", &[rust]),
        ("loom points>=1", &[rust, repo]),
        ("loom comments>0", &[rust, repo]),
        ("loom comments>1", &[]),
        ("\"data structures\"", &[inside]),
        ("data structures", &[inside, late]),
        ("loom -threads -weaves", &[rust, late]),
        ("struct*", &[inside, late]),
        ("struct", &[]),
    ] {
        let mut ids = found(&mut visitor, typed).await;
        ids.sort_unstable();
        assert_eq!(ids, expected, "{typed}");
    }
    let within = format!("loom in:{rust}");
    assert_eq!(found(&mut visitor, &within).await, [rust, inside]);
    assert_eq!(found(&mut visitor, &format!("loom type:comment in:{late}")).await, [late]);
    alice.reply(rust, "One more.").await;
    let search = visitor.get(&format!("/item/{rust}")).await.one("#comments a[href^='/search']");
    let form = visitor.get(search.attr("href")).await;
    assert_eq!(form.value("#q"), format!("in:{rust}"));
}

#[tokio::test]
async fn results_are_counted_ordered_marked_and_paged_to_the_end() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let first = alice.text_story("Something else", "The word loom is only in the text <b>here</b>.").await;
    let mut all = vec![first];
    for nth in 0..64 {
        app.pass(60);
        all.push(alice.text_story(&format!("A loom, number {nth}"), "About the loom.").await);
    }
    let mut visitor = app.visitor();
    let best = visitor.get(&path("loom")).await;
    assert!(best.says("65 results"), "{}", best.words());
    assert_ne!(posts(&best)[0], first);
    for sort in ["", "&sort=date"] {
        let (mut next, mut ids) = (format!("{}{sort}", path("loom")), Vec::new());
        for _ in 0..3 {
            let page = visitor.get(&next).await;
            ids.extend(posts(&page));
            next =
                page.all("a[rel=next]").first().map(|more| more.attr("href").to_owned()).unwrap_or_default();
        }
        assert!(next.is_empty(), "{next}");
        if sort.is_empty() {
            assert_eq!(ids.last(), Some(&first), "words in titles count more");
            ids.sort_unstable();
        } else {
            ids.reverse();
        }
        assert_eq!(ids, all, "{sort}");
    }
    let text = visitor.get(&path("text loom")).await;
    assert_eq!(text.texts("mark"), ["loom", "text"]);
    assert!(text.says("only in the text <b>here</b>."), "{}", text.words());
    text.finds(0, "main b");
}

#[tokio::test]
async fn any_text_is_a_search() {
    let app = TestApp::new().await;
    app.member("alice").await.text_story("A story of looms", "Words.").await;
    let mut visitor = app.visitor();
    for typed in [
        "\"looms",
        "looms\"",
        "-",
        "author:",
        "author:\"",
        "author:\0",
        "site:/",
        "in:99999999999999999999",
        "points>",
        "a*",
        "\0",
        "🎉",
        "(looms OR",
        "looms AND +x:y~2^3",
        "<script>alert(1)</script>",
        "\u{202E}looms",
        &"looms ".repeat(150),
        &"検".repeat(150),
    ] {
        let page = visitor.get(&path(typed)).await;
        assert_eq!(page.status, StatusCode::OK, "{typed}");
        page.finds(1, "main form[action='/search'] input[name=q]");
        page.finds(0, "main script");
    }
    let page = visitor.get(&path("looms before:nonsense")).await;
    assert_eq!(page.titles(), ["A story of looms"]);
    let told = "“before:nonsense” was left out: a date is written 2026, 2026-11 or 2026-11-23.";
    assert!(page.says(told), "{}", page.words());
    assert!(visitor.get(&path("author:zoe")).await.says("Nobody here has the name “zoe”."));
}

#[tokio::test]
async fn what_is_not_public_is_neither_found_nor_counted() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A quokka", "Text.").await;
    let other = alice.text_story("Another quokka", "Text.").await;
    let comment = bob.reply(story, "My quokka is dead.").await;
    let deleted = bob.reply(story, "A quokka that goes.").await;
    let mut visitor = app.visitor();
    let count = async |visitor: &mut Browser| {
        let page = visitor.get(&path("quokka")).await;
        (page.number("main p.intro"), posts(&page).len())
    };
    assert_eq!(count(&mut visitor).await, (4, 4));
    kill(&mut mia, comment, true).await;
    bob.post(&format!("/item/{deleted}/delete"), &[]).await;
    assert_eq!(count(&mut visitor).await, (2, 2));
    assert_eq!(found(&mut mia, "quokka dead").await, Vec::<i64>::new());
    kill(&mut mia, comment, false).await;
    assert_eq!(count(&mut visitor).await, (3, 3));
    let merge = format!("/item/{other}/merge");
    mia.post(&merge, &[("into", &story.to_string())]).await;
    assert_eq!(count(&mut visitor).await, (2, 2));
    let edit = format!("/item/{comment}/edit");
    bob.submit(&edit, &[("text", "A wombat instead."), ("version", "0")]).await;
    assert_eq!(found(&mut visitor, "quokka").await, [story]);
    assert_eq!(found(&mut visitor, "wombat").await, [comment]);
    shadow(&app, "bob").await;
    let hidden = submit(&mut bob, "A hidden quokka", "", "Text.").await.item();
    assert_eq!(found(&mut visitor, "quokka").await, [story]);
    assert_eq!(found(&mut bob, "quokka").await, [hidden, story]);
    mia.post("/user/bob/shadow", &[("on", "false"), ("shadow_reason", "no"), ("bring_back", "true")]).await;
    let mut both = found(&mut visitor, "quokka").await;
    both.sort_unstable();
    assert_eq!(both, [story, hidden]);
}

#[tokio::test]
async fn a_folder_with_files_of_others_is_left_alone() {
    let app = TestApp::new().await;
    let folder = app.app.search_index.directory().join("index");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("thesis.txt"), "Years of work.").expect("written");
    let done = update_search_index(&app.store, &app.app.search_index).await;
    assert!(done.is_err_and(|error| error.to_string().contains("choose another search_dir")));
    assert!(folder.join("thesis.txt").exists());
}

#[tokio::test]
async fn a_damaged_index_is_built_again_and_a_missing_one_too() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A lasting loom", "Text.").await;
    assert_eq!(found(&mut app.visitor(), "loom").await, [story]);
    let folder = app.app.search_index.directory().join("index");
    let damage = |how: fn(&std::path::Path)| {
        app.app.search_index.close();
        std::fs::read_dir(&folder).expect("a folder").flatten().for_each(|file| how(&file.path()));
    };
    let spoil = |path: &std::path::Path| std::fs::write(path, "spoilt").expect("written");
    let shorten = |path: &std::path::Path| {
        let bytes = std::fs::read(path).expect("read");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    };
    let flip = |path: &std::path::Path| {
        if path.extension().is_some_and(|end| end != "json") {
            let mut bytes = std::fs::read(path).expect("read");
            bytes.iter_mut().take(8).for_each(|byte| *byte = !*byte);
            std::fs::write(path, bytes).expect("written");
        }
    };
    let remove = |path: &std::path::Path| std::fs::remove_file(path).expect("removed");
    for how in [spoil as fn(&std::path::Path), shorten, flip, remove] {
        damage(how);
        update_search_index(&app.store, &app.app.search_index).await.expect("an index");
        assert_eq!(found(&mut app.visitor(), "loom").await, [story]);
    }
}

#[tokio::test]
async fn changes_that_were_missed_are_read_from_the_posts_themselves() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.text_story("An early loom", "Text.").await;
    assert_eq!(found(&mut app.visitor(), "loom").await.len(), 1);
    let late = alice.text_story("A late loom", "Text.").await;
    app.sql("delete from changes").await;
    alice.text_story("Another story", "Text.").await;
    assert_eq!(found(&mut app.visitor(), "late loom").await, [late]);
}

#[tokio::test]
async fn a_browser_is_told_how_to_search() {
    let app = TestApp::new().await;
    let mut visitor = app.visitor();
    let page = visitor.get("/").await;
    assert_eq!(page.one("link[rel=search]").attr("href"), "/opensearch.xml");
    let description = visitor.get("/opensearch.xml").await;
    assert_eq!(description.header("content-type"), "application/opensearchdescription+xml");
    assert!(description.text().contains("/search?q={searchTerms}\""), "{}", description.text());
}

#[tokio::test]
async fn without_an_index_the_page_says_so_and_the_forum_goes_on() {
    let app = TestApp::new().await;
    app.member("alice").await.text_story("A loom", "Text.").await;
    let router = stoa::web::router(app.app.clone()).expect("a router");
    let mut visitor = app.visitor().on(router);
    let page = visitor.get(&path("loom")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.message(), "Search is not available at the moment. Try again in a minute.");
    assert_eq!(visitor.get("/feed/search.rss?q=loom").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(visitor.get("/new").await.titles(), ["A loom"]);
    // Nothing can be written there.
    let blocked = app.with_other_settings(|config| config.server.search_dir = "/dev/null/search".into());
    update_search_index(&blocked.store, &blocked.app.search_index).await.expect_err("no directory");
    assert_eq!(blocked.visitor().get("/new").await.titles(), ["A loom"]);
}

#[tokio::test]
async fn two_processes_do_not_share_an_index() {
    let app = TestApp::new().await;
    app.member("alice").await.text_story("A loom", "Text.").await;
    assert_eq!(found(&mut app.visitor(), "loom").await.len(), 1);
    let directory = app.app.search_index.directory().to_owned();
    let other = SearchIndex::new(directory);
    let refused = update_search_index(&app.store, &other).await.expect_err("in use").to_string();
    assert!(refused.contains("give each its own search_dir"), "{refused}");
}

#[tokio::test]
async fn what_is_killed_leaves_the_results_within_a_second_at_each_process() {
    let one = TestApp::new().await;
    let other = one.another_node().await;
    for node in [&one, &other] {
        jobs::start(&node.app);
    }
    let mut alice = one.member("alice").await;
    let mut mia = one.person("mia", Role::Moderator).await;
    let story = alice.text_story("A loom", "Text.").await;
    let comment = alice.reply(story, "About that loom.").await;
    let pages = [&one, &other].map(|node| {
        let router = stoa::web::router(node.app.clone()).expect("a router");
        node.visitor().on(router)
    });
    let within = async |number: usize, seconds: u64| {
        for mut visitor in pages.clone() {
            let began = tokio::time::Instant::now();
            while visitor.get(&path("loom")).await.all("ol.results > li").len() != number {
                assert!(began.elapsed() < Duration::from_secs(seconds), "not {number} results in time");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    // At first the index is made.
    within(2, 20).await;
    kill(&mut mia, comment, true).await;
    within(1, 2).await;
    let page = pages[1].clone().get(&path("loom")).await;
    assert_eq!((page.number("main p.intro"), posts(&page)), (1, vec![story]));
}

#[tokio::test]
async fn of_very_many_results_a_thousand_are_counted_and_by_date_all_are_listed() {
    let app = TestApp::new().await;
    let line = |id: i64| {
        let (title, time) = (format!("Looms and mills, part {id}"), 1_700_000_000 + id);
        serde_json::json!({
            "id": id, "type": "story", "by": "weaver", "time": time, "title": title, "text": "So."
        })
    };
    let lines: Vec<String> = (1..=1_050).map(|id| line(id).to_string()).collect();
    app.import(&lines.join("\n")).await;
    let mut visitor = app.visitor();
    for typed in ["looms", "looms mills", "\"looms and mills\""] {
        let page = visitor.get(&path(typed)).await;
        assert_eq!(page.texts("main p.intro"), ["More than 1,000 results"], "{typed}");
        page.finds(1, "main a[rel=next]");
        let last = visitor.get(&format!("{}&from=990", path(typed))).await;
        assert_eq!(posts(&last).len(), 10, "{typed}");
        last.finds(0, "main a[rel=next]");
    }
    let (mut next, mut listed) = (Some(format!("{}&sort=date", path("\"looms and mills\""))), Vec::new());
    while let Some(address) = next {
        let page = visitor.get(&address).await;
        listed.extend(posts(&page));
        next = page.all("main a[rel=next]").first().map(|more| more.attr("href").to_owned());
    }
    assert!(listed.iter().copied().eq((1..=1_050).rev()), "{} are listed", listed.len());
}
