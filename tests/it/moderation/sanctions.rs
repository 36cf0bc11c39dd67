//! What moderators can do about a person, as they and the person see it.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{BY_MOLE, flag, kill, read_all, told};
use crate::support::sentences::BANNED_FOR_SPAM;

/// A forum with a member, bob, and a moderator, mia.
async fn forum() -> (TestApp, Browser, Browser) {
    let app = TestApp::new().await;
    let bob = app.member("bob").await;
    let mia = app.person("mia", Role::Moderator).await;
    (app, bob, mia)
}

async fn log_in(app: &TestApp, name: &str) -> Page {
    app.visitor().submit("/login", &[("name", name), ("password", PASSWORD)]).await
}

/// Does something to bob and sees that it was done.
async fn act(mia: &mut Browser, on_bob: &str, form: &[(&str, &str)]) -> Page {
    let page = mia.submit(&format!("/user/bob/{on_bob}"), form).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(!page.message().is_empty() && page.errors().is_empty(), "{}", page.text());
    page
}

async fn last_act(app: &TestApp) -> (String, String, bool) {
    let query =
        "select action, reason || '|' || detail, private from moderation_log order by id desc limit 1";
    app.rows(query).await.remove(0)
}

const SPAM_3: [(&str, &str); 3] = [("on", "true"), ("ban_days", "3"), ("ban_reason", "spam")];
/// The buttons that lift sanctions, shown only while there is something to lift.
const LIFT_BAN: &str = "form[action='/user/bob/ban'] button[name=on][value=false]";
const LIFT_SHADOW: &str = "form[action='/user/bob/shadow'] button[name=on][value=false]";

#[tokio::test]
async fn a_ban_with_an_end_logs_out_at_once_says_why_and_lifts_by_itself() {
    let (app, mut bob, mut mia) = forum().await;
    let story = bob.text_story("Bob's story", "Words.").await;
    let page = act(&mut mia, "ban", &SPAM_3).await;
    let sentence = "This account is banned until 26 November 2026, 12:00 UTC: spam.";
    assert_eq!(page.message(), "You banned bob.");
    assert!(page.says("mia banned bob: until 26 November"), "{}", page.text());
    assert_eq!(page.facts()["banned"], "until 26 November 2026, 12:00 UTC: spam.");
    page.finds(1, LIFT_BAN);
    let said = "main > p";
    assert!(bob.get("/settings").await.location().is_some_and(|to| to.starts_with("/login")), "at once");
    assert_eq!(log_in(&app, "bob").await.message(), sentence);
    assert_eq!(app.visitor().get("/user/bob").await.one(said).text, sentence);
    let shown = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(shown.one("main h1").text, "Bob's story", "what he posted stays");
    app.pass(3 * DAY - 1);
    assert_eq!(log_in(&app, "bob").await.message(), sentence);
    app.pass(1);
    app.visitor().get("/user/bob").await.finds(0, said);
    assert!(bob.get("/settings").await.location().is_some(), "the old session stays ended");
    let mut bob = app.log_in("bob").await;
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK);
    assert_eq!(told(&app, "bob").await, ["A moderator banned you until 26 November 2026, 12:00 UTC: spam."]);
    assert_eq!(last_act(&app).await, ("ban".into(), "spam|until 26 November 2026, 12:00 UTC".into(), false));
    mia.get("/leaders").await.finds(1, "main a[href='/user/bob']");
    let page = mia.get("/user/bob/moderate").await;
    assert!(!page.facts().contains_key("banned"), "nobody had to lift it");
    page.finds(1, "form[action='/user/bob/ban'] button[name=on][value=true]");
    page.finds(0, LIFT_BAN);
    act(&mut mia, "ban", &SPAM_3).await;
}

#[tokio::test]
async fn a_ban_for_good_holds_until_somebody_lifts_it() {
    let (app, _, mut mia) = forum().await;
    act(&mut mia, "ban", &[("on", "true"), ("ban_days", "open"), ("ban_reason", "spam")]).await;
    app.pass(3_000 * DAY);
    assert_eq!(log_in(&app, "bob").await.message(), BANNED_FOR_SPAM);
    let mut mia = app.log_in("mia").await;
    act(&mut mia, "ban", &[("on", "false"), ("ban_reason", "A mistake.")]).await;
    assert_eq!(app.log_in("bob").await.get("/settings").await.status, StatusCode::OK);
    let told = told(&app, "bob").await;
    assert_eq!(
        told,
        [
            "A moderator lifted the ban on your account: A mistake.",
            "A moderator banned you permanently: spam."
        ]
    );
    let again = mia.post("/user/bob/ban", &[("on", "false")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "there is none to lift");
    assert_eq!(again.message(), "bob is no longer banned: mia lifted it.");
}

#[tokio::test]
async fn a_ban_is_changed_only_by_who_saw_it() {
    let (app, _, mut mia) = forum().await;
    act(&mut mia, "ban", &SPAM_3).await;
    let since = app.now().0.to_string();
    let over = "form[action='/user/bob/ban'] [name=over]";
    assert_eq!(mia.get("/user/bob/moderate").await.value(over), since);
    app.pass(60);
    // A second press of the button, or another moderator who saw no ban yet.
    let page = mia.post("/user/bob/ban", &SPAM_3).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.wrong(), ["ban_reason"]);
    let said = &page.errors()[0].1;
    assert!(said.contains("12:00 UTC: spam. You set this already."), "{said}");
    assert_eq!((page.value(over), page.value("[name=ban_reason]")), (since.clone(), "spam".to_owned()));
    let page = app.person("max", Role::Moderator).await.post("/user/bob/ban", &SPAM_3).await;
    assert!(page.errors()[0].1.contains("spam. mia set this in the meantime."), "{:?}", page.errors());
    let longer = [("on", "true"), ("ban_days", "30"), ("ban_reason", "more spam"), ("over", since.as_str())];
    assert_eq!(
        act(&mut mia, "ban", &longer).await.facts()["banned"],
        "until 23 December 2026, 12:01 UTC: more spam."
    );
    assert_eq!(mia.post("/user/bob/ban", &longer).await.status, StatusCode::CONFLICT);
    assert_eq!(app.number("select count(*) from moderation_log where action = 'ban'").await, 2);
}

#[tokio::test]
async fn a_form_sent_wrongly_comes_back_with_what_was_typed() {
    let (app, _, mut mia) = forum().await;
    const LONG: &str = match str::from_utf8(&[b'a'; 501]) {
        Ok(long) => long,
        Err(_) => "",
    };
    let typed = "Kept <b>words</b>";
    let (days, why) =
        ("Choose a number of days from 1 to 3,650", "Enter a reason; it is logged with the action.");
    for (path, form, field, mistake) in [
        ("ban", vec![("on", "true"), ("ban_days", "0"), ("ban_reason", typed)], "ban_days", days),
        (
            "ban",
            vec![("on", "true"), ("ban_days", "open"), ("ban_reason", " "), ("note", typed)],
            "ban_reason",
            why,
        ),
        ("limit", vec![("on", "true"), ("limit_days", "x"), ("limit_reason", typed)], "limit_days", days),
        (
            "note",
            vec![("note", typed), ("same_as", "nobody-at-all")],
            "same_as",
            "There is no account with that name.",
        ),
        ("note", vec![("note", typed), ("same_as", "BOB")], "same_as", "That is the same account."),
        ("note", vec![("note", " "), ("same_as", "")], "note", "Enter a note or the name"),
        ("warn", vec![("warning", ""), ("note", typed)], "warning", "Enter the warning"),
        (
            "warn",
            vec![("warning", LONG), ("note", typed)],
            "warning",
            "That warning is too long: the limit is 500 characters",
        ),
        ("shadow", vec![("on", "true"), ("shadow_reason", ""), ("note", typed)], "shadow_reason", why),
    ] {
        let page = mia.post(&format!("/user/bob/{path}"), &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form:?}");
        assert_eq!(page.wrong(), [field], "{path} {form:?}");
        assert!(page.errors()[0].1.starts_with(mistake), "{mistake}: {:?}", page.errors());
        page.finds(1, &format!("details[open] form[action='/user/bob/{path}']"));
        page.finds(1, "main details[open]");
        for (name, value) in form.iter().filter(|(_, value)| *value == typed) {
            assert_eq!(page.value(&format!("[name={name}]")), *value, "{path} {form:?}");
        }
    }
    assert_eq!(app.number("select count(*) from moderation_log").await, 0);
}

#[tokio::test]
async fn a_warning_reaches_the_person_and_the_log() {
    let (app, mut bob, mut mia) = forum().await;
    app.pass(60);
    act(&mut mia, "warn", &[("warning", "Please be kind to new members")]).await;
    assert_eq!(told(&app, "bob").await, ["A moderator warned you: Please be kind to new members."]);
    assert_eq!(bob.get("/").await.number("header a[href='/inbox']"), 1, "one is unread");
    assert_eq!(bob.get("/inbox").await.notices(), told(&app, "bob").await);
    read_all(&mut bob).await;
    assert_eq!(bob.get("/").await.number("header a[href='/inbox']"), 0);
    assert_eq!(last_act(&app).await, ("warn".into(), "Please be kind to new members|".into(), false));
}

#[tokio::test]
async fn a_member_is_limited_until_an_end_or_until_it_is_lifted() {
    let (app, mut bob, mut mia) = forum().await;
    let page =
        act(&mut mia, "limit", &[("on", "true"), ("limit_days", "7"), ("limit_reason", "a flood")]).await;
    assert_eq!(page.facts()["limited"], "until 30 November 2026, 12:00 UTC");
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK, "he stays logged in");
    app.pass(7 * DAY);
    assert!(!mia.get("/user/bob/moderate").await.facts().contains_key("limited"));
    let page = mia.post("/user/bob/limit", &[("on", "false")]).await;
    assert_eq!((page.status, page.message().as_str()), (StatusCode::CONFLICT, "bob is not limited."));
    let page =
        act(&mut mia, "limit", &[("on", "true"), ("limit_days", "open"), ("limit_reason", "again")]).await;
    assert_eq!(page.facts()["limited"], "until a moderator lifts it");
    let page = act(&mut mia, "limit", &[("on", "false")]).await;
    assert!(!page.facts().contains_key("limited"));
    let told = told(&app, "bob").await;
    assert_eq!(told[0], "You can post as often as others again.");
    let first = "A moderator limited how often you can post until 30 November 2026, 12:00 UTC: a flood.";
    assert_eq!(told[2], first);
}

#[tokio::test]
async fn a_shadow_ban_is_noticed_by_nobody_but_moderators() {
    let (app, mut bob, mut mia) = forum().await;
    let story = app.member("alice").await.text_story("Alice's story", "Words.").await;
    let before = bob.get("/user/bob").await.text();
    let page = act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    assert!(page.facts().contains_key("shadow-banned") && page.mentions("shadow"));
    assert_eq!(last_act(&app).await, ("shadow".into(), "spam|".into(), true), "private in the log");
    assert!(told(&app, "bob").await.is_empty());
    assert_eq!(bob.get("/user/bob").await.text(), before, "the page is as it was");
    let comment = bob.reply(story, "Unseen words.").await;
    let own = bob.text_story("Bob's unseen story", "Words.").await;
    bob.vote(story, "up").await;
    let page = bob.get(&format!("/item/{story}")).await;
    assert!(page.comments() == [comment] && page.mentions("Unseen words."), "{}", page.text());
    assert_eq!((page.vote_on(story).as_deref(), page.comment_count(story)), (Some("up"), 1));
    assert!(bob.get("/new").await.mentions("unseen story"));
    for mut other in [app.visitor(), app.session("alice").await] {
        let page = other.get(&format!("/item/{story}")).await;
        assert!(page.comments().is_empty() && !page.mentions("Unseen words."), "{}", page.text());
        assert_eq!(page.points(story), Some(1));
        assert!(!other.get("/new").await.mentions("unseen story"));
        assert_ne!(other.get(&format!("/item/{own}")).await.status, StatusCode::OK);
        assert!(!other.get("/user/bob").await.mentions("shadow"));
    }
}

/// A shadow-banned bob who wrote a story, a comment under it and two elsewhere, one of which he deleted.
async fn shadowed() -> (TestApp, Browser, i64, i64) {
    let (app, mut bob, mut mia) = forum().await;
    let story = app.member("alice").await.text_story("Alice's story", "Words.").await;
    act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let own = bob.text_story("Bob's story", "Words.").await;
    bob.reply(own, "Under his own.").await;
    bob.reply(story, "Under another's.").await;
    let deleted = bob.reply(story, "Deleted again.").await;
    bob.post(&format!("/item/{deleted}/delete"), &[]).await;
    bob.vote(story, "up").await;
    (app, mia, story, own)
}

#[tokio::test]
async fn what_was_posted_under_a_shadow_ban_comes_back_when_the_moderator_wants_it() {
    let (app, mut mia, story, own) = shadowed().await;
    act(&mut mia, "shadow", &[("on", "false"), ("bring_back", "true"), ("shadow_reason", "")]).await;
    assert_eq!(last_act(&app).await, ("unshadow".into(), "|4 posts restored".into(), true));
    let mut visitor = app.visitor();
    for (id, words) in [(story, "Under another's."), (own, "Under his own.")] {
        let page = visitor.get(&format!("/item/{id}")).await;
        assert_eq!((page.comments().len(), page.comment_count(id)), (1, 1), "what was deleted stays so");
        assert_eq!(page.comment(page.comments()[0]), words);
    }
    let page = visitor.get(&format!("/item/{story}")).await;
    assert_eq!(page.points(story), Some(1), "the vote stays uncounted");
    assert!(told(&app, "bob").await.is_empty());
}

#[tokio::test]
async fn what_was_posted_under_a_shadow_ban_stays_dead_otherwise() {
    let (app, mut mia, story, own) = shadowed().await;
    act(&mut mia, "shadow", &[("on", "false"), ("shadow_reason", "")]).await;
    let mut visitor = app.visitor();
    let page = visitor.get(&format!("/item/{story}")).await;
    assert!(page.comments().is_empty() && !page.mentions("Under another"), "{}", page.text());
    assert_ne!(visitor.get(&format!("/item/{own}")).await.status, StatusCode::OK);
    let new = app.session("bob").await.reply(story, "Seen again.").await;
    let page = visitor.get(&format!("/item/{story}")).await;
    assert_eq!((page.comments(), page.comment_count(story)), (vec![new], 1));
    assert_eq!(page.comment(new), "Seen again.");
}

#[tokio::test]
async fn a_note_that_two_accounts_are_one_persons_stands_with_both() {
    let (app, _, mut mia) = forum().await;
    app.account("bob2", Role::Member).await;
    let form = [("note", "Same phrases, same hours."), ("same_as", "BOB2")];
    let page = act(&mut mia, "note", &form).await;
    app.pass(60);
    act(&mut mia, "note", &[("note", "Talked to him."), ("same_as", "")]).await;
    page.finds(1, "main li a[href='/user/bob2']");
    // The newest first.
    mia.get("/user/bob/moderate").await.in_order("main li", &["Talked to him.", "Same phrases"]);
    let page = mia.get("/user/bob2/moderate").await;
    page.finds(1, "main li a[href='/user/bob']");
    assert!(page.mentions("Same phrases") && !page.mentions("Talked to him."), "{}", page.text());
    assert_eq!(
        last_act(&app).await,
        ("note".into(), "|".into(), true),
        "the log does not show what was noted"
    );
    assert!(!app.session("bob").await.get("/user/bob").await.mentions("Same phrases"));
    assert!(told(&app, "bob").await.is_empty());
}

#[tokio::test]
async fn a_moderator_finds_the_page_from_the_person_and_others_do_not() {
    let (app, mut bob, mut mia) = forum().await;
    app.account("chief", Role::Admin).await;
    // Nobody moderates themselves, nor an admin.
    let link = |name: &str| format!("a[href='/user/{name}/moderate']");
    for (name, links) in [("bob", 1), ("mia", 0), ("chief", 0)] {
        mia.get(&format!("/user/{name}")).await.finds(links, &link(name));
    }
    bob.get("/user/mia").await.finds(0, &link("mia"));
    app.visitor().get("/user/bob").await.finds(0, &link("bob"));
    assert_eq!(mia.get("/user/BOB/moderate").await.location().as_deref(), Some("/user/bob/moderate"));
}

#[tokio::test]
async fn what_comes_back_after_a_shadow_ban_meets_its_sites_restriction_and_stays_dead_if_a_rule_killed_it() {
    let (app, mut bob, mut mia) = forum().await;
    let rule =
        [("kind", "word"), ("pattern", "watches"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    mia.post("/mod/rules", &rule).await;
    act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let weighed = bob.story("From a site that ranks lower by then", "https://example.com/1").await;
    let free = bob.story("From another", "https://example.org/1").await;
    let killed = bob.text_story("Buy my watches", "Cheap.").await;
    let comment = bob.reply(free, "Watches, too.").await;
    let page = mia
        .post(
            "/mod/sites",
            &[("name", "example.com"), ("restriction", "penalised"), ("reason", "spam"), ("sure", "true")],
        )
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    act(&mut mia, "shadow", &[("on", "false"), ("bring_back", "true"), ("shadow_reason", "")]).await;
    assert_eq!(last_act(&app).await.1, "|2 posts restored");
    assert_eq!(app.number("select id from items where penalised").await, weighed);
    let mut visitor = app.visitor();
    assert_eq!(visitor.get(&format!("/item/{weighed}")).await.status, StatusCode::OK);
    assert_ne!(visitor.get(&format!("/item/{killed}")).await.status, StatusCode::OK);
    let page = visitor.get(&format!("/item/{free}")).await;
    assert_eq!((page.comment_count(free), page.comments()), (0, vec![]));
    assert_eq!(mia.get(&format!("/item/{free}")).await.comments(), [comment], "moderators see it");
}

#[tokio::test]
async fn whoever_is_shadow_banned_lands_on_their_own_story_as_others_would() {
    let (app, mut bob, mut mia) = forum().await;
    act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let first = bob.story("A page", "https://example.com/page").await;
    assert_eq!(bob.story("The same page", "https://example.com/page?utm_source=a").await, first);
    let others = app.member("alice").await.story("The same page", "https://example.com/page").await;
    assert_ne!(others, first, "for others it is new");
    let page = bob.get(&format!("/item/{first}")).await;
    assert_eq!(page.points(first), Some(1));
    bob.reply(first, "Words.").await;
    let page = bob.get(&format!("/item/{first}")).await;
    assert_eq!(page.comment_count(first), 1);
    let described = page.one("meta[name=description]");
    assert!(described.attr("content").starts_with("1 comment"), "{described:?}");
}

#[tokio::test]
async fn an_act_that_another_moderator_was_first_to_do_is_answered_with_the_page_as_it_is_now() {
    let (app, _, mut mia) = forum().await;
    let mut max = app.person("max", Role::Moderator).await;
    let form = [("on", "true"), ("shadow_reason", "spam")];
    act(&mut max, "shadow", &form).await;
    let page = mia.post("/user/bob/shadow", &form).await;
    assert_eq!(
        (page.status, page.message().as_str()),
        (StatusCode::CONFLICT, "bob is shadow-banned already.")
    );
    page.finds(1, LIFT_SHADOW);
    act(&mut max, "shadow", &[("on", "false")]).await;
    let page = mia.post("/user/bob/shadow", &[("on", "false"), ("bring_back", "true")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.message(), "bob is no longer shadow-banned: max lifted it.");
    page.finds(0, LIFT_SHADOW);
    page.finds(1, "form[action='/user/bob/shadow'] button[name=on][value=true]");
    act(&mut max, "ban", &SPAM_3).await;
    let since = app.now().0.to_string();
    act(&mut max, "ban", &[("on", "false")]).await;
    let page = mia.post("/user/bob/ban", &[&SPAM_3[..], &[("over", since.as_str())]].concat()).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.wrong(), ["ban_reason"]);
    let said = &page.errors()[0].1;
    assert!(said.contains("the ban that you saw was lifted"), "{said}");
    page.finds(1, "details[open] form[action='/user/bob/ban']");
    assert_eq!(page.value("[name=ban_reason]"), "spam");
}

#[tokio::test]
async fn the_page_about_a_person_shows_what_they_posted_last() {
    let (app, mut bob, mut mia) = forum().await;
    assert!(mia.get("/user/bob/moderate").await.says("bob has posted nothing yet."));
    let mut ids = Vec::new();
    for n in 0..4 {
        app.pass(60);
        ids.push(bob.story(&format!("Story {n}"), &format!("https://shop.example/{n}")).await);
    }
    app.pass(60);
    let comment = bob.reply(ids[0], "A <b>short</b> comment.").await;
    app.pass(60);
    let deleted = bob.reply(ids[0], "Never mind.").await;
    bob.post(&format!("/item/{deleted}/delete"), &[]).await;
    kill(&mut mia, ids[3], true).await;
    let mut ann = app.member("ann").await;
    app.set_karma("ann", 31).await;
    flag(&mut ann, ids[2], "spam", "").await;
    app.sql("update users set invited_by = (select id from users where name = 'ann') where name = 'bob'")
        .await;
    let page = mia.get("/user/bob/moderate").await;
    assert!(page.says("1 of the last 6 posts is dead; 1 active flag."), "{}", page.text());
    page.finds(1, "main a[href='/from/shop.example']");
    assert!(page.says("shop.example (4)"), "{}", page.text());
    let listed = page.all("main li a[href^='/item/']");
    let five = [deleted, comment, ids[3], ids[2], ids[1]].map(|id| format!("/item/{id}"));
    assert_eq!(listed.iter().map(|link| link.attr("href")).collect::<Vec<_>>(), five, "the last five");
    assert!(listed[1].text.starts_with("A ") && listed[2].text == "Story 3", "{listed:?}");
    for (id, mark) in [(deleted, "[deleted]"), (ids[3], "[dead]")] {
        assert_eq!(page.one(&format!("main li p:has(a[href='/item/{id}']) b")).text, mark);
    }
    assert!(!page.mentions("Never mind.") && !page.mentions("Story 0"), "{}", page.text());
    assert_eq!(page.facts()["invited by"], "ann");
    page.finds(1, "main dd a[href='/user/ann']");
    // What they posted stands above what can be done about it.
    page.finds(1, "main ul:has(a[href^='/item/']) ~ details form[action='/user/bob/ban']");
}

#[tokio::test]
async fn older_and_longer_notes_are_folded() {
    let (app, _, mut mia) = forum().await;
    for n in 1..=5 {
        app.pass(60);
        act(&mut mia, "note", &[("note", &format!("Note {n}."))]).await;
    }
    let page = mia.get("/user/bob/moderate").await;
    assert_eq!(page.one("main details:has(li) > summary").text, "2 older notes");
    assert_eq!(page.texts("main details li p:first-child"), ["Note 2.", "Note 1."]);
    assert_eq!(page.texts("main > ul li p:first-child")[..3], ["Note 5.", "Note 4.", "Note 3."]);
    app.pass(60);
    let page = act(&mut mia, "note", &[("note", &"A long story. ".repeat(100))]).await;
    let begins = page.one("main > ul li summary").text;
    assert!(begins.starts_with("A long story. A long story."), "{begins}");
}

#[tokio::test]
async fn what_makes_no_sense_for_an_account_that_nobody_can_log_in_to_is_refused() {
    let (app, _, mut mia) = forum().await;
    app.import(BY_MOLE).await;
    let page = mia.get("/user/mole/moderate").await;
    assert!(page.says("so it cannot be warned or limited"), "{}", page.text());
    page.finds(1, "form[action='/user/mole/note']");
    let bobs = mia.get("/user/bob/moderate").await;
    let form_of = |name: &str, act: &str| format!("form[action='/user/{name}/{act}']");
    let nobody = "This account was imported and not claimed, so it cannot post.";
    for (path, form, sentence) in [
        (
            "warn",
            vec![("warning", "Be kind.")],
            "This account was imported and not claimed, so nobody would see it.",
        ),
        ("ban", vec![("on", "true"), ("ban_days", "3"), ("ban_reason", "spam")], nobody),
        ("limit", vec![("on", "true"), ("limit_days", "3"), ("limit_reason", "spam")], nobody),
        ("shadow", vec![("on", "true"), ("shadow_reason", "spam")], nobody),
    ] {
        bobs.finds(1, &form_of("bob", path));
        page.finds(0, &form_of("mole", path));
        let answer = mia.post(&format!("/user/mole/{path}"), &form).await;
        assert!(answer.status == StatusCode::FORBIDDEN && answer.says(sentence), "{path}: {}", answer.text());
    }
    app.ban("mole").await;
    // An old ban can be lifted.
    mia.get("/user/mole/moderate")
        .await
        .finds(1, "form[action='/user/mole/ban'] button[name=on][value=false]");
    let page = mia.submit("/user/mole/ban", &[("on", "false")]).await;
    assert_eq!(page.message(), "You lifted the ban on mole.");
    assert_eq!(
        app.number("select count(*) from users where name = 'mole' and banned_at is not null").await,
        0
    );
}

#[tokio::test]
async fn the_form_of_a_shadow_ban_says_what_others_see() {
    let (_app, _, mut mia) = forum().await;
    let page = mia.get("/user/bob/moderate").await;
    let help = page.one("#shadow_reason-help").text;
    assert!(help.contains("what they post is dead for everybody else"), "{help}");
    assert!(help.contains("enough vouches restore a post"), "{help}");
}
