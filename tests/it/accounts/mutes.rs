//! Muting: what is muted shows on no list, in a thread it keeps its place, and only its muter can tell.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::store::query_counts::pages;
use crate::support::app::{Browser, Page, TestApp};

/// A word that stands in all that one mute concerns, and in nothing else.
const MARKS: [&str; 4] = ["gantry", "lattice", "zephyr", "quarry"];

/// How the sentence about what is no site begins.
const NOT_A_SITE: &str = "Enter a site as it is shown";

/// What each of these is, as the form sends it.
async fn mute(browser: &mut Browser, kind: &str, value: &str) -> Page {
    browser.post("/settings/muted", &[("kind", kind), ("value", value), ("on", "true"), ("goto", "/")]).await
}

async fn unmute(browser: &mut Browser, kind: &str, value: &str) {
    let form = [("kind", kind), ("value", value), ("on", "false")];
    assert_eq!(browser.post("/settings/muted", &form).await.status, StatusCode::SEE_OTHER);
}

struct Forum {
    app: TestApp,
    /// Who mutes, and who does not.
    mia: Browser,
    nia: Browser,
    /// A story of nobody muted, in whose thread some comments are.
    open: i64,
    /// The threads that are muted; those who ask have taken part in the second.
    threads: [i64; 2],
    items: Vec<i64>,
}

async fn forum() -> Forum {
    let app = TestApp::new().await;
    for name in ["troll", "alice", "mia", "nia"] {
        app.account(name, Role::Member).await;
    }
    // An earlier discussion of the address of the story below.
    let before = app.session("troll").await.story("Gantry before", "https://open.example/").await;
    app.pass(40 * 86_400);
    let (mut troll, mut alice) = (app.session("troll").await, app.session("alice").await);
    let (mut mia, mut nia) = (app.session("mia").await, app.session("nia").await);
    let open = alice.story("An open story", "https://open.example/?again").await;
    app.sql(&format!("update items set url_key = 'the same' where id in ({before}, {open})")).await;
    let mut items = vec![open, before];
    items.push(troll.story("Show: A gantry", "https://shared.example/gantry").await);
    items.push(alice.story("Lattice of a site", "https://lattice.example/").await);
    items.push(alice.story("Ask: What is a Zephyr?", "https://shared.example/zephyr").await);
    let thread = alice.story("Quarry of a thread", "https://shared.example/quarry").await;
    alice.reply(thread, "Quarry in a comment.").await;
    items.push(thread);
    let taken_part_in = alice.text_story("Taken part in", "Words.").await;
    for asker in [&mut mia, &mut nia] {
        let asked = asker.reply(open, "A question.").await;
        items.push(troll.reply(asked, "Gantry in answer.").await);
        items.push(alice.reply(asked, "An answer with a *zephyr*.").await);
        let there = asker.reply(taken_part_in, "A question elsewhere.").await;
        items.push(alice.reply(there, "Quarry in answer.").await);
    }
    let site = items[3];
    items.push(troll.reply(site, "A gantry and a lattice.").await);
    items.push(alice.reply(site, "Lattice in a comment.").await);
    Forum { app, mia, nia, open, threads: [thread, taken_part_in], items }
}

impl Forum {
    async fn mute_all(&mut self) {
        let threads = self.threads.map(|thread| thread.to_string());
        let mutes = [("person", "Troll"), ("site", "lattice.example"), ("word", "ZEPHYR")];
        let threads = threads.iter().map(|thread| ("thread", thread.as_str()));
        for (kind, value) in mutes.into_iter().chain(threads) {
            assert_eq!(mute(&mut self.mia, kind, value).await.location().as_deref(), Some("/"), "{kind}");
        }
        // The mute of a moment ago is named on every page.
        self.app.pass(120);
    }

    /// The pages that list items; of what is muted, the pages of it that somebody opens on purpose are not.
    fn lists(&self) -> Vec<String> {
        let is_list = |path: &String| {
            let on_purpose = ["/item/", "/user/troll", "/settings", "/log", "/invited", "/feed", "/static"];
            !on_purpose.iter().any(|begin| path.starts_with(begin)) && !path.contains("/moderate")
        };
        let mut lists = BTreeSet::from_iter(pages(&[self.open], "alice").into_iter().filter(is_list));
        lists.extend(
            ["/best", "/from/shared.example", "/best?over=all", "/inbox", "/comments/best"]
                .map(str::to_owned),
        );
        lists.extend(MARKS.map(|mark| format!("/search?q={mark}")));
        let day = stoa::domain::time::day::Day::of(self.app.now());
        lists.insert(format!("/past?day={day}"));
        lists.into_iter().collect()
    }
}

/// The marks that a page of somebody's shows.
async fn marks_on(browser: &mut Browser, path: &str) -> BTreeSet<&'static str> {
    let page = browser.get(path).await;
    // A search repeats what was sought.
    let words = page.texts("main li.story, main article, main .earlier").join(" ").to_lowercase();
    MARKS.into_iter().filter(|mark| words.contains(mark)).collect()
}

#[tokio::test]
async fn what_a_member_mutes_shows_on_none_of_their_lists_and_on_everybody_elses() {
    let mut forum = forum().await;
    forum.mute_all().await;
    let mut shown = BTreeMap::new();
    for path in forum.lists() {
        assert_eq!(marks_on(&mut forum.mia, &path).await, BTreeSet::new(), "{path}");
        let others = marks_on(&mut forum.nia, &path).await;
        if !others.is_empty() {
            shown.insert(path, others);
        }
    }
    let all = BTreeSet::from(MARKS);
    for path in ["/", "/new", "/best", "/best?over=all", "/comments", "/comments/best"] {
        assert_eq!(shown.get(path), Some(&all), "{path}");
    }
    for (path, marks) in [
        ("/active", &["lattice", "quarry"][..]),
        ("/ask", &["zephyr"]),
        ("/show", &["gantry"]),
        ("/from/shared.example", &["gantry", "quarry", "zephyr"]),
        ("/user/alice/submissions", &["lattice", "quarry", "zephyr"]),
        ("/user/alice/comments", &["lattice", "quarry", "zephyr"]),
        ("/inbox", &["gantry", "quarry", "zephyr"]),
        ("/search?q=lattice", &["gantry", "lattice"]),
    ] {
        assert_eq!(shown.get(path), Some(&marks.iter().copied().collect()), "{path}");
    }
    assert!(shown.keys().any(|path| path.starts_with("/past?day=")), "{shown:?}");
    // The same with nothing in memory, and at another process.
    let (forgetful, beside) = (forum.app.without_memory(), forum.app.another_node().await);
    for path in forum.lists() {
        for other in [&forgetful, &beside] {
            assert_eq!(marks_on(&mut other.browser_of(&forum.mia), &path).await, BTreeSet::new(), "{path}");
        }
    }
}

#[tokio::test]
async fn a_page_of_what_is_muted_shows_it_to_who_goes_there() {
    let mut forum = forum().await;
    forum.mute_all().await;
    let mia = &mut forum.mia;
    for (path, mark) in [
        ("/user/troll/submissions", "gantry"),
        ("/user/troll/comments", "gantry"),
        ("/from/lattice.example", "lattice"),
    ] {
        assert_eq!(marks_on(mia, path).await, BTreeSet::from([mark]), "{path}");
    }
    let thread = format!("/item/{}", forum.threads[0]);
    assert_eq!(marks_on(mia, &thread).await, BTreeSet::from(["quarry"]));
    let page = mia.get(&thread).await;
    assert!(page.says("You have muted this thread"), "{}", page.text());
    page.finds(1, "main .notice button:not([aria-label])");
    // What somebody keeps, they keep.
    let kept = forum.items[2];
    mia.post(&format!("/item/{kept}/save"), &[("on", "true"), ("goto", "/")]).await;
    assert_eq!(marks_on(mia, "/saved").await, BTreeSet::from(["gantry"]));
}

#[tokio::test]
async fn a_muted_comment_keeps_its_place_in_the_thread_as_one_line() {
    let mut forum = forum().await;
    let mut bob = forum.app.member("bob").await;
    let (by_troll, with_word) = (forum.items[6], forum.items[7]);
    let below = bob.reply(by_troll, "Said below.").await;
    let address = format!("/item/{}", forum.open);
    // So that its place is in memory for those who mute nothing, and for mia as it was.
    forum.nia.get(&address).await;
    forum.mia.get(&address).await;
    forum.mute_all().await;
    for app in [&forum.app, &forum.app.without_memory()] {
        let page = app.browser_of(&forum.mia).get(&address).await;
        page.finds(4, "article.c.muted");
        page.finds(0, "main .earlier");
        for (id, label) in [(by_troll, "[muted person]"), (with_word, "[muted word]")] {
            let head = page.one(&format!("#c{id} > header")).text;
            assert!(head.starts_with(label), "{head}");
            assert!(!head.contains("troll"), "{head}");
            // It opens by itself, and what it says is nowhere else.
            page.finds(1, &format!("#c{id} > details[open] > details.shown:not([open]) > summary"));
            page.finds(1, &format!("#c{id} > details > details.shown > .t"));
            page.finds(0, &format!("#c{id} > details > .t"));
        }
        // Its replies stay, below it.
        page.finds(1, &format!("#c{by_troll} > details > #c{below} > details > .t"));
        // On its own page it is read; above its answers it stays folded.
        let own = app.browser_of(&forum.mia).get(&format!("/item/{by_troll}")).await;
        assert!(own.one(&format!("main > #c{by_troll} > .t")).text.contains("Gantry"), "{}", own.text());
        let answer = app.browser_of(&forum.mia).get(&format!("/item/{below}")).await;
        page_folds(&answer);
    }
    for mut browser in [forum.nia.clone(), forum.app.session("troll").await, forum.app.visitor()] {
        let page = browser.get(&address).await;
        page.finds(0, "article.c.muted");
        page.finds(1, "main .earlier");
        for id in [by_troll, with_word] {
            page.finds(1, &format!("#c{id} > details > .t"));
        }
    }
}

fn page_folds(page: &Page) {
    page.finds(1, "main > details.above:not([open]) > article.above");
    assert_eq!(page.one("main > details.above > summary").text, "A comment by a person you muted");
}

#[tokio::test]
async fn a_list_from_which_much_is_muted_has_full_pages_and_ends_where_it_ends() {
    let app = TestApp::new().await;
    for name in ["troll", "alice", "mia"] {
        app.account(name, Role::Member).await;
    }
    let (mut troll, mut alice) = (app.session("troll").await, app.session("alice").await);
    let mut mia = app.session("mia").await;
    let mut expected = Vec::new();
    for n in 0..40 {
        troll.story(&format!("Noise {n}"), &format!("https://example.com/noise-{n}")).await;
        troll.story(&format!("More noise {n}"), &format!("https://example.com/more-{n}")).await;
        expected.push(alice.story(&format!("Story {n}"), &format!("https://example.com/{n}")).await);
        app.pass(60);
    }
    expected.reverse();
    mute(&mut mia, "person", "troll").await;
    for path in ["/", "/new", "/from/example.com", "/past?day=2026-11-23"] {
        let first = mia.get(path).await;
        let mut found = first.stories();
        assert_eq!(found.len(), 30, "{path}");
        let more = first.one("a[rel='next']").attr("href").to_owned();
        let second = mia.get(&more).await;
        found.extend(second.stories());
        second.finds(0, "a[rel='next']");
        found.sort_unstable_by(|a, b| b.cmp(a));
        assert_eq!(found, expected, "{path}");
    }
    // By number alone, as after the order has been forgotten.
    assert_eq!(mia.get("/?p=2").await.stories().len(), 10);
    mute(&mut mia, "person", "alice").await;
    let page = mia.get("/").await;
    assert!(page.says("You have muted everything here."), "{}", page.text());
    page.finds(1, ".empty a[href='/settings/muted']");
}

#[tokio::test]
async fn who_is_muted_is_not_followed_any_more() {
    let app = TestApp::new().await;
    let (mut mia, _) = (app.member("mia").await, app.member("troll").await);
    mia.post("/user/troll/follow", &[("on", "true")]).await;
    assert_eq!(mia.get("/following").await.texts("ul.rows a[href^='/user/']"), ["troll"]);
    mute(&mut mia, "person", "troll").await;
    app.pass(120);
    assert!(mia.get("/following").await.texts("ul.rows a[href^='/user/']").is_empty());
}

#[tokio::test]
async fn a_member_mutes_from_a_post_and_takes_it_back_at_once_or_later() {
    let mut forum = forum().await;
    let story = forum.items[2];
    let mia = &mut forum.mia;
    let link = format!("/item/{story}/mute");
    mia.get("/").await.finds(1, &format!("#i{story} a[href='{link}']"));
    let referer = [("referer", "http://forum.test/new"), ("host", "forum.test")];
    let page = mia.send(axum::http::Method::GET, &link, &referer, None).await;
    let buttons = page.texts("main .rows button");
    assert_eq!(buttons, ["Mute troll", "Mute shared.example", "Mute this thread"]);
    let fields = page.one("main .rows li:first-child form");
    let value = |name: &str| fields.one(&format!("[name={name}]")).attr("value").to_owned();
    assert_eq!([value("kind"), value("value"), value("goto")], ["person", "troll", "/new"]);
    let there = mute(mia, "person", "troll").await;
    assert_eq!(there.location().as_deref(), Some("/"));
    let page = mia.get("/").await;
    assert_eq!(page.one("main form.muting [role=status]").text, "You muted troll.");
    assert!(page.stories().iter().all(|id| *id != story));
    assert_eq!(
        mia.get("/user/troll").await.one("#mute form[action='/settings/muted'] button").text,
        "Unmute troll"
    );
    let undo = page.one("main form.muting");
    let value = |name: &str| undo.one(&format!("[name={name}]")).attr("value").to_owned();
    unmute(mia, &value("kind"), &value("value")).await;
    let page = mia.get("/").await;
    assert!(page.stories().contains(&story));
    page.finds(0, "main form.muting");
    // A minute later, the settings are the way.
    mute(mia, "site", "https://www.shared.example/page").await;
    forum.app.pass(61);
    mia.get("/new").await.finds(0, "main form.muting");
    let settings = mia.get("/settings/muted").await;
    assert_eq!(settings.texts("main h2"), ["Sites"]);
    assert_eq!(settings.one("main .rows a[href='/from/shared.example']").text, "shared.example");
    unmute(mia, "site", &settings.value("main .rows [name=value]")).await;
    assert!(mia.get("/new").await.stories().contains(&story));
}

#[tokio::test]
async fn what_cannot_be_muted_is_said_and_what_was_typed_is_kept() {
    let mut forum = forum().await;
    for (kind, value, sentence) in [
        ("person", "mia", "You cannot mute yourself"),
        ("person", "nobody-here", "Nobody here has that name"),
        ("person", "two words", "Enter a name as it is shown"),
        ("word", "!", "Enter a word or phrase of 2 to 60 letters and digits"),
        ("site", "no site", NOT_A_SITE),
        ("site", "co.uk", NOT_A_SITE),
        ("site", "https://", NOT_A_SITE),
    ] {
        let page = mute(&mut forum.mia, kind, value).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{value}");
        assert!(page.one("#value-error").text.contains(sentence), "{value}: {}", page.text());
        assert_eq!(page.value("#value"), value);
        assert_eq!(page.one("#kind option[selected]").attr("value"), kind);
    }
    assert_eq!(mute(&mut forum.mia, "thread", "9999999").await.status, StatusCode::NOT_FOUND);
    assert_eq!(mute(&mut forum.mia, "weather", "rain").await.status, StatusCode::BAD_REQUEST);
    let user = forum.app.id_of("mia").await.0;
    let rows = |kind: &str, from: u32, to: u32| {
        let row = |n| format!("({user}, '{kind}', '{kind}{n}', 1)");
        let rows: Vec<String> = (from..to).map(row).collect();
        format!("insert into mutes (user_id, kind, value, created_at) values {}", rows.join(", "))
    };
    forum.app.sql(&rows("word", 0, 100)).await;
    let page = mute(&mut forum.mia, "word", "another").await;
    assert!(page.one("#value-error").text.contains("You have muted 100 words"), "{}", page.text());
    assert_eq!(mute(&mut forum.mia, "word", "word7").await.status, StatusCode::SEE_OTHER, "it is muted");
    forum.app.sql(&rows("site", 0, 100)).await;
    let page = mute(&mut forum.mia, "person", "troll").await;
    assert!(page.one("#value-error").text.contains("You have muted 200 things"), "{}", page.text());
}

#[tokio::test]
async fn muted_replies_are_not_counted_and_moderators_stay_heard() {
    let mut forum = forum().await;
    let unread = "header.site a[href='/inbox'] .count";
    assert_eq!(forum.mia.get("/").await.one(unread).text, "3 unread");
    mute(&mut forum.mia, "person", "troll").await;
    assert_eq!(forum.mia.get("/").await.one(unread).text, "2 unread");
    mute(&mut forum.mia, "thread", &forum.threads[1].to_string()).await;
    mute(&mut forum.mia, "word", "zephyr").await;
    forum.mia.get("/").await.finds(0, unread);
    // A moderator who is muted warns all the same.
    let mut chief = forum.app.person("chief", Role::Admin).await;
    mute(&mut forum.mia, "person", "chief").await;
    chief.post("/user/mia/warn", &[("warning", "Be kind.")]).await;
    assert_eq!(forum.mia.get("/").await.one(unread).text, "1 unread");
    assert!(forum.mia.get("/inbox").await.says("Be kind."));
    // Who mutes sees the queue as it is.
    mute(&mut chief, "person", "troll").await;
    let (queued, at) = (forum.items[2], forum.app.now().0);
    let queue = format!("update items set queued_at = {at}, queue_reason = 'a rule' where id = {queued}");
    forum.app.sql(&queue).await;
    assert!(chief.get("/mod").await.mentions("gantry"), "{}", chief.get("/mod").await.words());
}

#[tokio::test]
async fn an_inbox_tells_nothing_of_what_is_muted_not_even_as_what_was_answered() {
    let app = TestApp::new().await;
    for name in ["troll", "mia"] {
        app.account(name, Role::Member).await;
    }
    let (mut alice, mut troll) = (app.member("alice").await, app.session("troll").await);
    let mut mia = app.session("mia").await;
    let story = alice.story("Bread ovens", "https://bread.example/").await;
    let secret = troll.reply(story, "Gantry for @mia.").await;
    alice.reply(secret, "An answer that tells @mia.").await;
    let unread = "header.site a[href='/inbox'] .count";
    let said = async |mia: &mut Browser| {
        let page = mia.get("/inbox?show=unread").await;
        (page.all(unread).len(), page.all("main article").len(), page.mentions("Gantry"))
    };
    assert_eq!(said(&mut mia).await, (1, 2, true));
    for (kind, value, expected) in [
        ("person", "troll", (1, 1, false)),
        ("word", "gantry", (1, 1, false)),
        ("word", "bread ovens", (0, 0, false)),
        ("site", "bread.example", (0, 0, false)),
    ] {
        mute(&mut mia, kind, value).await;
        assert_eq!(said(&mut mia).await, expected, "{kind} {value}");
        if expected.1 == 1 {
            assert_eq!(mia.get("/").await.one(unread).text, "1 unread", "{kind}");
        }
        unmute(&mut mia, kind, value).await;
    }
    assert_eq!(said(&mut mia).await, (1, 2, true));
}
