//! What is kept in memory for visitors: never stale, never somebody else's, rendered once.

use std::io::Read;

use axum::http::{Method, StatusCode};
use fastrand::Rng;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::ASK;

async fn get(browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    browser.send(Method::GET, path, headers, None).await
}

/// A random write by one of the people, on one of the items.
async fn write(rng: &mut Rng, people: &mut [Browser], items: &mut Vec<i64>, nth: usize) {
    let who = rng.usize(0..people.len());
    let item = items[rng.usize(0..items.len())];
    let person = &mut people[who];
    match rng.u8(0..14) {
        0 => items.push(
            person.story(&format!("Story number {nth}"), &format!("https://site-{nth}.example/")).await,
        ),
        1..4 => {
            let page =
                person.post(&format!("/item/{item}/reply"), &[("text", &format!("Comment *{nth}*"))]).await;
            if let Some(id) = page.location().and_then(|to| to.rsplit_once("#c")?.1.parse().ok()) {
                items.push(id);
            }
        }
        4..7 => drop(person.vote(item, ["up", "none", "down"][rng.usize(0..3)]).await),
        7 => {
            let form = [("title", format!("Edited {nth}")), ("text", format!("Edited text {nth}"))];
            let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
            drop(person.post(&format!("/item/{item}/edit"), &form).await);
        }
        8 if nth.is_multiple_of(5) => drop(person.post(&format!("/item/{item}/delete"), &[]).await),
        9 if nth.is_multiple_of(4) => {
            let on = if rng.bool() { "true" } else { "false" };
            drop(
                people[0]
                    .post(&format!("/item/{item}/kill"), &[("on", on), ("reason", "spam"), ("goto", "/")])
                    .await,
            );
        }
        11 => {
            let on = if rng.bool() { "true" } else { "false" };
            drop(people[0].post(&format!("/item/{item}/lock"), &[("on", on), ("reason", "heated")]).await);
        }
        10 => {
            let about = format!("I am {nth}");
            let form =
                [("about", about.as_str()), ("theme", "dark"), ("order", "newest"), ("show_dead", "on")];
            drop(person.post("/settings", &form).await);
        }
        12 => {
            // Comments come to stand in another thread, and back.
            let into = items[rng.usize(0..items.len())].to_string();
            let on = if rng.u8(0..3) > 0 { "true" } else { "false" };
            let form = [("on", on), ("into", into.as_str()), ("reason", "the same"), ("goto", "/")];
            let act = if rng.bool() { "merge" } else { "detach" };
            drop(people[0].post(&format!("/item/{item}/{act}"), &form).await);
        }
        _ => drop(person.post(&format!("/item/{item}/save"), &[("on", "true"), ("goto", "/")]).await),
    }
}

/// The content of a page. Within a minute, the order of a ranked list may lag behind votes.
fn shown(page: &Page, path: &str, minute_passed: bool) -> (StatusCode, Vec<String>) {
    let text = page.text().replace("</li>", "\n</li>\n");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if !minute_passed && ["/", "/ask", "/active"].contains(&path) {
        lines.sort_unstable();
    }
    (page.status, lines)
}

#[tokio::test]
async fn after_any_write_a_visitor_sees_what_a_forum_without_memory_would_show() {
    for seed in 0..6 {
        let mut rng = Rng::with_seed(seed);
        let app = TestApp::new().await;
        let mut forgetful = app.without_memory().visitor();
        let mut people = vec![app.person("mod", Role::Moderator).await];
        for name in ["alice", "bob", "carol"] {
            people.push(app.member(name).await);
        }
        let mut items = vec![people[1].text_story(ASK, "So.").await];
        let mut visitor = app.visitor();
        for nth in 0..40 {
            write(&mut rng, &mut people, &mut items, nth).await;
            // Ages may lag within a minute, so whole ones pass.
            let minutes = rng.i64(0..3);
            app.pass(60 * minutes);
            let item = items[rng.usize(0..items.len())];
            let pages = [
                "/".to_owned(),
                "/new".to_owned(),
                "/comments".to_owned(),
                "/feed/top.atom".to_owned(),
                "/user/alice".to_owned(),
                "/ask".to_owned(),
                format!("/item/{item}"),
                format!("/item/{item}?order=newest"),
            ];
            for path in &pages {
                if rng.bool() {
                    continue;
                }
                let theme = ["theme=dark", "theme=light", "theme=system", "a=b"][rng.usize(0..4)];
                let known = get(&mut visitor, path, &[("cookie", theme)]).await;
                let fresh = get(&mut forgetful, path, &[("cookie", theme)]).await;
                let [known, fresh] = [known, fresh].map(|page| shown(&page, path, minutes > 0));
                assert_eq!(known, fresh, "seed {seed}, write {nth}, {path}");
            }
        }
    }
}

#[tokio::test]
async fn after_any_write_a_member_sees_what_a_forum_without_memory_would_show() {
    for seed in 0..4 {
        let mut rng = Rng::with_seed(seed);
        let app = TestApp::with(|settings| settings.min_karma_to_downvote = Some(2)).await;
        let forgetful = app.without_memory();
        let mut people = vec![app.person("mod", Role::Moderator).await];
        for name in ["alice", "bob", "carol"] {
            people.push(app.member(name).await);
        }
        app.sql("update users set shadow_banned_at = 1 where name = 'carol'").await;
        let mut items = vec![people[1].text_story(ASK, "So.").await];
        for nth in 0..30 {
            // Some threads grow long enough to be kept in several parts.
            for more in 0..rng.usize(0..4) {
                write(&mut rng, &mut people, &mut items, nth * 10 + more).await;
            }
            let seconds = [0, 60, 120, 2_400][rng.usize(0..4)];
            app.pass(seconds);
            // The first thread is the one that most of the comments stand in.
            let item = if rng.bool() { items[0] } else { items[rng.usize(0..items.len())] };
            let viewer = rng.usize(0..people.len());
            // In half of the rounds the viewer does nothing, so that they see only others' writes.
            for _ in 0..[0, 3][nth % 2] {
                let on = items[rng.usize(0..items.len())];
                drop(people[viewer].vote(on, ["up", "up", "down", "none"][rng.usize(0..4)]).await);
            }
            let pages = [
                "/".to_owned(),
                "/new".to_owned(),
                "/active".to_owned(),
                "/comments".to_owned(),
                format!("/item/{item}"),
            ];
            for path in &pages {
                // The first request may hit entries from before the write, the second those of the first.
                for _ in 0..2 {
                    let known = people[viewer].get(path).await;
                    let fresh = forgetful.browser_of(&people[viewer]).get(path).await;
                    let [known, fresh] = [known, fresh].map(|page| shown(&page, path, seconds > 0));
                    assert_eq!(known, fresh, "seed {seed}, write {nth}, {path} for {}", people[viewer].name);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_members_page_is_the_same_compressed() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.story("A story", "https://example.com/").await;
    for nth in 0..60 {
        let person = if nth % 20 == 0 { &mut bob } else { &mut alice };
        person.reply(story, &format!("Comment number {nth}. {}", "Some words more. ".repeat(20))).await;
    }
    let path = format!("/item/{story}");
    let plain = bob.get(&path).await;
    for _ in 0..2 {
        let packed = get(&mut bob, &path, &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert_eq!(packed.header("vary"), "Cookie, Accept-Encoding");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut text).expect("a gzip file");
        assert_eq!(text, plain.text());
        assert!(packed.body.len() * 4 < text.len(), "{} of {}", packed.body.len(), text.len());
    }
}

#[tokio::test]
async fn what_is_kept_is_nobodys_own() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = bob.story("A story of Bob's", "https://example.com/").await;
    let path = format!("/item/{story}");
    let before = app.app.pages.rendered();
    for page in ["/", "/new", &path, "/user/bob"] {
        let shown = alice.get(page).await;
        shown.finds(1, "header a[href='/user/alice']");
        shown.finds(1, "form[action='/logout']");
        assert!(shown.mentions("alice"), "{page} knows its viewer");
    }
    assert_eq!(app.app.pages.rendered(), before, "no member's page is kept");
    for page in ["/", "/new", &path, "/user/bob"] {
        let shown = app.visitor().get(page).await;
        shown.finds(0, "form[action='/logout']");
        assert!(!shown.mentions("alice"), "{page}: {}", shown.text());
        assert!(!shown.headers.contains_key("set-cookie"));
        assert_eq!(shown.header("vary"), "Cookie, Accept-Encoding");
    }
    for cookie in ["session=", "session=nonsense", "other=1"] {
        let shown = get(&mut app.visitor(), "/", &[("cookie", cookie)]).await;
        assert!(shown.status == StatusCode::OK && !shown.mentions("alice"), "{cookie}");
    }
}

#[tokio::test]
async fn a_wave_of_visitors_has_a_page_rendered_once() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/").await;
    let before = app.app.pages.rendered();
    let visits = (0..300).map(|_| {
        let mut visitor = app.visitor();
        tokio::spawn(async move { visitor.get(&format!("/item/{story}")).await.status })
    });
    for visit in visits.collect::<Vec<_>>() {
        assert_eq!(visit.await.expect("an answer"), StatusCode::OK);
    }
    assert_eq!(app.app.pages.rendered() - before, 1);
}

#[tokio::test]
async fn a_vote_elsewhere_leaves_a_threads_page_as_it_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let story = alice.story("A story", "https://example.com/").await;
    let comment = alice.reply(story, "A comment.").await;
    let other = alice.story("Another", "https://example.com/2").await;
    let mut visitor = app.visitor();
    let pages = [format!("/item/{story}"), format!("/item/{comment}"), format!("/item/{story}?order=newest")];
    for path in &pages {
        visitor.get(path).await;
    }
    let before = app.app.pages.rendered();
    bob.vote(other, "up").await;
    for path in &pages {
        assert_eq!(visitor.get(path).await.status, StatusCode::OK);
    }
    assert_eq!(app.app.pages.rendered(), before, "the vote was elsewhere");
    assert_eq!(visitor.get("/new").await.points(other), Some(2), "a list shows the vote at once");
    bob.vote(story, "up").await;
    assert_eq!(visitor.get(&pages[0]).await.points(story), Some(2));
    bob.vote(comment, "up").await;
    for path in &pages {
        visitor.get(path).await;
    }
    assert_eq!(
        app.app.pages.rendered(),
        before + 2 + 3,
        "a vote in the thread makes each of its pages anew, once"
    );
    let another = bob.reply(story, "Another comment.").await;
    assert_eq!(visitor.get(&pages[0]).await.comment(another), "Another comment.");
    assert_eq!(
        alice.get("/user/alice").await.facts()["karma"],
        "4",
        "karma for both, and for the one elsewhere"
    );
}

#[tokio::test]
async fn what_nobody_sees_on_a_page_leaves_the_kept_ones() {
    let app = TestApp::new().await;
    let mut mia = app.person("mia", Role::Moderator).await;
    mia.story("A story", "https://example.com/").await;
    app.account("alice", Role::Member).await;
    app.visitor().get("/").await;
    let before = app.app.pages.rendered();
    let note = [("note", "Talked to them."), ("same_as", "")];
    assert_eq!(mia.post("/user/alice/note", &note).await.status, StatusCode::SEE_OTHER);
    assert_eq!(mia.post("/invitations", &[]).await.status, StatusCode::OK);
    app.pass(3 * stoa::clock::HOUR);
    app.store.purge(stoa::jobs::KEEP, app.now()).await.expect("purged");
    app.pass(-3 * stoa::clock::HOUR);
    app.visitor().get("/").await;
    assert_eq!(app.app.pages.rendered(), before, "nothing had to be rendered");
}

#[tokio::test]
async fn a_comment_that_was_moved_is_seen_in_its_new_thread() {
    let app = TestApp::with(|settings| settings.show_comment_points = Some(true)).await;
    let mut alice = app.member("alice").await;
    let mut bob = app.member("bob").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let (one, other) = (alice.text_story("One", "Text.").await, alice.text_story("Other", "Text.").await);
    let comment = alice.reply(one, "A comment.").await;
    let path = format!("/item/{comment}");
    let mut visitor = app.visitor();
    for _ in 0..2 {
        assert_eq!(visitor.get(&path).await.points(comment), Some(1));
    }
    let merge = |on: String| {
        [("on", on), ("into", other.to_string()), ("reason", "the same".to_owned()), ("goto", "/".to_owned())]
    };
    for (on, root) in [("true", other), ("false", one)] {
        let form = merge(on.to_owned());
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(mia.post(&format!("/item/{one}/merge"), &form).await.status, StatusCode::SEE_OTHER);
        for (dir, points) in [("up", 2), ("none", 1)] {
            for _ in 0..2 {
                visitor.get(&path).await.finds(1, &format!("main a[href='/item/{root}#c{comment}']"));
            }
            bob.vote(comment, dir).await;
            assert_eq!(visitor.get(&path).await.points(comment), Some(points), "{on} {dir}");
        }
    }
}

#[tokio::test]
async fn a_comment_elsewhere_leaves_a_thread_as_it_is_kept_unless_it_names_that_discussion() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let quiet = alice.story("A quiet thread", "https://example.com/quiet").await;
    let busy = alice.story("A busy thread", "https://example.com/busy").await;
    let path = format!("/item/{quiet}");
    let before = app.visitor().get(&path).await.text();
    let rendered = app.app.pages.rendered();
    for n in 0..5 {
        bob.reply(busy, &format!("Comment {n}.")).await;
        assert_eq!(app.visitor().get(&path).await.text(), before);
    }
    assert_eq!(app.app.pages.rendered(), rendered, "nothing of it was made anew");
    bob.reply(quiet, "Here.").await;
    assert_eq!(app.visitor().get(&path).await.comments().len(), 1);

    app.pass(2 * stoa::clock::DAY);
    let again = bob.story("A busy thread, again", "https://example.com/busy").await;
    let path = format!("/item/{again}");
    let named = format!("main a[href='/item/{busy}']");
    for comments in [5, 6, 7] {
        let link = app.visitor().get(&path).await.one(&named).text;
        assert!(link.contains(&format!("{comments} comments")), "{link}");
        alice.reply(busy, &format!("Another, after {comments}.")).await;
    }
}

#[tokio::test]
async fn a_link_shared_elsewhere_leads_to_the_page_that_is_kept() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/").await;
    let path = format!("/item/{story}?order=newest");
    let plain = app.visitor().get(&path).await.text();
    let before = app.app.pages.rendered();
    for query in
        ["utm_source=mail&order=newest", "order=newest&fbclid=abc", "&order=newest&&gclid=1&UTM_MEDIUM=x"]
    {
        assert_eq!(app.visitor().get(&format!("/item/{story}?{query}")).await.text(), plain, "{query}");
    }
    assert_eq!(app.app.pages.rendered(), before);
    let found = app.visitor().get("/search?q=fbclid%3D1").await;
    assert_eq!(found.value("#q"), "fbclid=1", "what somebody asks for is not touched");
}

#[tokio::test]
async fn long_pages_under_way_leave_room_for_everything_else() {
    let app = TestApp::with(|settings| settings.response_memory_mb = Some(1)).await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A long one", &"Words, and words. ".repeat(1_000)).await;
    for nth in 0..20 {
        alice.reply(story, &format!("{nth}. {}", "Words, and words. ".repeat(440))).await;
    }
    let path = format!("/item/{story}");
    let on_the_way = app.app.admission.memory.reserve(900 * 1_024, None).expect("room");
    let refused = app.visitor().get(&path).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, "2"));
    assert_eq!(app.visitor().get("/").await.status, StatusCode::OK, "what is short needs no room");
    drop(on_the_way);
    let page = app.visitor().get(&path).await;
    assert!(page.status == StatusCode::OK && page.body.len() > 128 * 1_024, "{}", page.body.len());
    let on_the_way = app.app.admission.memory.reserve(800 * 1_024, None).expect("room");
    assert_eq!(app.visitor().get(&path).await.text(), page.text(), "what is there already needs no more");
    assert_eq!(alice.get("/settings").await.status, StatusCode::OK);
    drop(on_the_way);
}

#[tokio::test]
async fn what_is_kept_in_memory_is_weighed_as_it_is_whatever_address_it_is_asked_under() {
    let app = TestApp::with(|settings| settings.cache_mb = Some(16)).await;
    let mut alice = app.member("alice").await;
    for n in 0..30 {
        alice.story(&format!("Story number {n}"), &format!("https://example.com/{n}")).await;
    }
    let mut bob = app.member("bob").await;
    // A story that is not there begins the same list, of which each row says where it stands.
    let asked = |n: usize| format!("/new?before={}", 1_000 + n);
    let first = bob.get(&asked(0)).await;
    let (kept, length) = (app.app.rows.bytes(), first.body.len() as u64);
    assert!(length > 20_000 && kept > length / 2, "{kept} bytes are kept of a page of {length}");
    for n in 1..60 {
        assert_eq!(bob.get(&asked(n)).await.status, StatusCode::OK);
        let kept = app.app.rows.bytes();
        assert!(kept <= 1024 * 1024, "a sixteenth of all: {kept}");
    }
    let mut visitor = app.visitor();
    let before = app.app.pages.bytes().await;
    let plain = visitor.get("/active").await.body.len() as u64;
    let compressed = get(&mut visitor, "/active", &[("accept-encoding", "br")]).await.body.len() as u64;
    let kept = app.app.pages.bytes().await - before;
    assert!(
        (plain + compressed..plain + compressed + 2_048).contains(&kept),
        "{kept} for {plain} and {compressed}"
    );
}

#[tokio::test]
async fn a_page_that_has_not_changed_is_not_sent_again() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("A story", "https://example.com/").await;
    let mut visitor = app.visitor();
    let first = visitor.get("/").await;
    let etag = first.header("etag").to_owned();
    let again = get(&mut visitor, "/", &[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header("etag"), etag);
    let another = alice.story("Another", "https://example.com/2").await;
    let changed = get(&mut visitor, "/", &[("if-none-match", &etag)]).await;
    assert!(changed.status == StatusCode::OK && changed.stories().contains(&another), "{}", changed.text());
}

#[tokio::test]
async fn each_compressed_form_holds_the_same_page() {
    let app = TestApp::new().await;
    app.member("alice").await.story("A story", "https://example.com/").await;
    let mut visitor = app.visitor();
    let plain = visitor.get("/").await.body;
    let gzip = get(&mut visitor, "/", &[("accept-encoding", "gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    let mut unzipped = Vec::new();
    flate2::read::GzDecoder::new(&gzip.body[..]).read_to_end(&mut unzipped).expect("gzip");
    assert_eq!(unzipped, plain);
    let brotli = get(&mut visitor, "/", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(brotli.header("content-encoding"), "br");
    let mut unpacked = Vec::new();
    brotli::Decompressor::new(&brotli.body[..], 4_096).read_to_end(&mut unpacked).expect("brotli");
    assert_eq!(unpacked, plain);
}

#[tokio::test]
async fn what_another_process_writes_is_noticed() {
    let app = TestApp::new().await;
    let story = app.member("alice").await.story("A story", "https://example.com/").await;
    assert_eq!(app.visitor().get("/").await.stories(), [story]);
    let other = stoa::store::Store::open(app.store.address()).await.expect("the same database");
    let act = stoa::store::ActionContext { actor: None, reason: "", at: app.now() };
    other.kill(stoa::domain::items::item::ItemId(story), true, act).await.expect("killed");
    app.store.detect_external_writes().await.expect("noticed");
    assert!(app.visitor().get("/").await.stories().is_empty());
}
