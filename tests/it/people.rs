//! What moderators can do about a person, as they and the person see it.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::user::Role;

use crate::app::{Browser, PASSWORD, Page, TestApp};

/// A forum with a member, bob, and a moderator, mia.
async fn forum() -> (TestApp, Browser, Browser) {
    let app = TestApp::new().await;
    let bob = app.member("bob").await;
    let mia = app.person("mia", Role::Moderator).await;
    (app, bob, mia)
}

async fn log_in(app: &TestApp, name: &str) -> Page {
    app.visitor().post("/login", &[("name", name), ("password", PASSWORD)]).await
}

/// Does something to bob and sees that it was done.
async fn act(mia: &mut Browser, on_bob: &str, form: &[(&str, &str)]) -> Page {
    let page = mia.submit(&format!("/user/bob/{on_bob}"), form).await;
    assert!(page.status == StatusCode::OK && page.has("role=\"status\">You "), "{}: {}", page.status, page.text());
    page
}

/// What a member was told, the latest first.
async fn told(app: &TestApp, name: &str) -> Vec<String> {
    let query = "select text from notices where user_id = (select id from users where name = $1) order by id desc";
    sqlx::query_scalar(query).bind(name).fetch_all(&mut app.connection().await).await.expect("notices")
}

async fn last_act(app: &TestApp) -> (String, String, bool) {
    let query = "select act, reason || '|' || detail, private from moderation order by id desc limit 1";
    sqlx::query_as(query).fetch_one(&mut app.connection().await).await.expect("an act")
}

const SPAM_3: [(&str, &str); 3] = [("on", "true"), ("ban_days", "3"), ("ban_reason", "spam")];

#[tokio::test]
async fn a_ban_with_an_end_logs_out_at_once_says_why_and_lifts_by_itself() {
    let (app, mut bob, mut mia) = forum().await;
    let story = bob.text_story("Bob's story", "Words.").await;
    let page = act(&mut mia, "ban", &SPAM_3).await;
    let sentence = "This account is banned until 26 November 2026, 12:00 UTC: spam.";
    assert!(page.has("You banned bob.") && page.has("mia banned bob: until 26 November"));
    assert!(page.has("<dt>banned</dt><dd>until 26 November 2026, 12:00 UTC: spam.</dd>"));
    assert!(bob.get("/settings").await.location().is_some_and(|to| to.starts_with("/login")), "at once");
    assert!(log_in(&app, "bob").await.has(sentence));
    assert!(app.visitor().get("/user/bob").await.has(sentence));
    assert!(app.visitor().get(&format!("/item/{story}")).await.has("Bob&#39;s story"), "what he posted stays");
    app.pass(3 * DAY - 1);
    assert!(log_in(&app, "bob").await.has(sentence));
    app.pass(1);
    assert!(!app.visitor().get("/user/bob").await.has("banned"), "nobody had to lift it");
    assert!(bob.get("/settings").await.location().is_some(), "the old session stays ended");
    let mut bob = app.log_in("bob").await;
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK);
    assert_eq!(told(&app, "bob").await, ["A moderator banned you until 26 November 2026, 12:00 UTC: spam."]);
    assert_eq!(last_act(&app).await, ("ban".into(), "spam|until 26 November 2026, 12:00 UTC".into(), false));
    assert!(mia.get("/leaders").await.has("/user/bob"), "he is among the others again");
    let page = mia.get("/user/bob/moderate").await;
    assert!(page.has("Ban bob</button>") && !page.has("Lift the ban"));
    act(&mut mia, "ban", &SPAM_3).await;
}

#[tokio::test]
async fn a_ban_for_good_holds_until_somebody_lifts_it() {
    let (app, _, mut mia) = forum().await;
    act(&mut mia, "ban", &[("on", "true"), ("ban_days", "open"), ("ban_reason", "spam")]).await;
    app.pass(3_000 * DAY);
    assert!(log_in(&app, "bob").await.has("This account is banned: spam."));
    let mut mia = app.log_in("mia").await;
    act(&mut mia, "ban", &[("on", "false"), ("ban_reason", "A mistake.")]).await;
    assert_eq!(app.log_in("bob").await.get("/settings").await.status, StatusCode::OK);
    let told = told(&app, "bob").await;
    assert_eq!(
        told,
        ["A moderator lifted the ban on your account: A mistake.", "A moderator banned you for good: spam."]
    );
    let again = mia.post("/user/bob/ban", &[("on", "false")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "there is none to lift");
    assert!(again.has("role=\"status\">bob is not banned any more: mia lifted it.</p>"), "{}", again.text());
}

#[tokio::test]
async fn a_ban_is_changed_only_by_who_saw_it() {
    let (app, _, mut mia) = forum().await;
    act(&mut mia, "ban", &SPAM_3).await;
    let since = app.now().0.to_string();
    assert!(mia.get("/user/bob/moderate").await.has(&format!("name=\"over\" value=\"{since}\"")));
    app.pass(60);
    // A second press of the button, or another moderator who saw no ban yet.
    let page = mia.post("/user/bob/ban", &SPAM_3).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("This account is banned until 26 November 2026, 12:00 UTC: spam. Another moderator said so"));
    assert!(page.has(&format!("name=\"over\" value=\"{since}\"")) && page.has("value=\"spam\""), "{}", page.text());
    let longer = [("on", "true"), ("ban_days", "30"), ("ban_reason", "more spam"), ("over", since.as_str())];
    assert!(act(&mut mia, "ban", &longer).await.has("until 23 December 2026, 12:01 UTC: more spam"));
    assert_eq!(mia.post("/user/bob/ban", &longer).await.status, StatusCode::CONFLICT);
    assert_eq!(app.number("select count(*) from moderation where act = 'ban'").await, 2);
}

#[tokio::test]
async fn a_form_sent_wrongly_comes_back_with_what_was_typed() {
    let (app, _, mut mia) = forum().await;
    const LONG: &str = match str::from_utf8(&[b'a'; 501]) {
        Ok(long) => long,
        Err(_) => "",
    };
    let typed = "Kept <b>words</b>";
    let kept = "Kept &#60;b&#62;words&#60;/b&#62;";
    for (path, form, mistake) in [
        ("ban", vec![("on", "true"), ("ban_days", "0"), ("ban_reason", typed)], "Say for how many days"),
        ("ban", vec![("on", "true"), ("ban_days", "open"), ("ban_reason", " "), ("note", typed)], "Say why"),
        ("slow", vec![("on", "true"), ("slow_days", "x"), ("slow_reason", typed)], "Say for how many days"),
        ("note", vec![("note", typed), ("same_as", "nobody-at-all")], "There is no account of that name."),
        ("note", vec![("note", typed), ("same_as", "BOB")], "That is the same account."),
        ("note", vec![("note", " "), ("same_as", "")], "Write the note first"),
        ("warn", vec![("warning", ""), ("note", typed)], "Write the warning first"),
        ("warn", vec![("warning", LONG), ("note", typed)], "That warning is too long: 500 characters"),
        ("shadow", vec![("on", "true"), ("shadow_reason", ""), ("note", typed)], "Say why"),
    ] {
        let page = mia.post(&format!("/user/bob/{path}"), &form).await;
        assert!(
            page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has(mistake),
            "{path} {form:?}: {}",
            page.status
        );
        assert!(page.has("<details open>"), "{path}: the form stands open");
        assert!(page.has(kept) || !form.iter().any(|(_, value)| *value == typed), "{path} {form:?}");
    }
    assert_eq!(app.number("select count(*) from moderation").await, 0);
}

#[tokio::test]
async fn a_warning_reaches_the_person_and_the_log() {
    let (app, mut bob, mut mia) = forum().await;
    app.pass(60);
    act(&mut mia, "warn", &[("warning", "Please be kind to new members")]).await;
    assert_eq!(told(&app, "bob").await, ["A moderator warns you: Please be kind to new members."]);
    let page = bob.get("/").await;
    assert!(page.has("1<span class=\"said\"> unread"), "{}", page.text());
    assert!(bob.get("/replies").await.has("A moderator warns you: Please be kind to new members."));
    assert_eq!(last_act(&app).await, ("warn".into(), "Please be kind to new members|".into(), false));
}

#[tokio::test]
async fn somebody_is_slowed_down_until_an_end_or_until_it_is_lifted() {
    let (app, mut bob, mut mia) = forum().await;
    let page = act(&mut mia, "slow", &[("on", "true"), ("slow_days", "7"), ("slow_reason", "a flood")]).await;
    assert!(page.has("<dt>slowed</dt><dd>until 30 November 2026, 12:00 UTC</dd>"));
    assert_eq!(bob.get("/settings").await.status, StatusCode::OK, "he stays logged in");
    app.pass(7 * DAY);
    assert!(!mia.get("/user/bob/moderate").await.has("<dt>slowed</dt>"));
    let page = mia.post("/user/bob/slow", &[("on", "false")]).await;
    assert!(page.status == StatusCode::CONFLICT && page.has("bob is not slowed down."), "{}", page.text());
    let page = act(&mut mia, "slow", &[("on", "true"), ("slow_days", "open"), ("slow_reason", "again")]).await;
    assert!(page.has("<dt>slowed</dt><dd>until a moderator lifts it</dd>"));
    let page = act(&mut mia, "slow", &[("on", "false")]).await;
    assert!(!page.has("<dt>slowed</dt>"));
    let told = told(&app, "bob").await;
    assert_eq!(told[0], "You can post as often as others again.");
    let first =
        "A moderator slowed you down until 30 November 2026, 12:00 UTC, so that you can post less often: a flood.";
    assert_eq!(told[2], first);
}

#[tokio::test]
async fn a_shadow_ban_is_noticed_by_nobody_but_moderators() {
    let (app, mut bob, mut mia) = forum().await;
    let story = app.member("alice").await.text_story("Alice's story", "Words.").await;
    let before = bob.get("/user/bob").await.text();
    let page = act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    assert!(page.has("<dt>shadow-banned</dt>"));
    assert_eq!(last_act(&app).await, ("shadow".into(), "spam|".into(), true), "private in the log");
    assert!(told(&app, "bob").await.is_empty());
    assert_eq!(bob.get("/user/bob").await.text(), before, "the page is as it was");
    bob.reply(story, "Unseen words.").await;
    let own = bob.text_story("Bob's unseen story", "Words.").await;
    bob.vote(story, "up").await;
    let page = bob.get(&format!("/item/{story}")).await;
    assert!(page.has("Unseen words.") && page.has("you upvoted") && page.has("1 comment<"), "{}", page.text());
    for mut other in [app.visitor(), app.session("alice").await] {
        let page = other.get(&format!("/item/{story}")).await;
        assert!(!page.has("Unseen words.") && page.has("1 point<"), "{}", page.text());
        assert!(!other.get("/new").await.has("unseen story"));
        assert_ne!(other.get(&format!("/item/{own}")).await.status, StatusCode::OK);
        assert!(!other.get("/user/bob").await.has("shadow"));
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
    assert_eq!(last_act(&app).await, ("unshadow".into(), "|4 posts came back".into(), true));
    let mut visitor = app.visitor();
    for (id, words) in [(story, "Under another's."), (own, "Under his own.")] {
        let page = visitor.get(&format!("/item/{id}")).await;
        assert!(page.has(words) && page.has("1 comment<") && !page.has("Deleted again."), "{}", page.text());
    }
    assert!(visitor.get(&format!("/item/{story}")).await.has("1 point<"), "the vote stays uncounted");
    assert!(told(&app, "bob").await.is_empty());
}

#[tokio::test]
async fn what_was_posted_under_a_shadow_ban_stays_dead_otherwise() {
    let (app, mut mia, story, own) = shadowed().await;
    act(&mut mia, "shadow", &[("on", "false"), ("shadow_reason", "")]).await;
    let mut visitor = app.visitor();
    assert!(!visitor.get(&format!("/item/{story}")).await.has("Under another"));
    assert_ne!(visitor.get(&format!("/item/{own}")).await.status, StatusCode::OK);
    let new = app.session("bob").await.reply(story, "Seen again.").await;
    let page = visitor.get(&format!("/item/{story}")).await;
    assert!(page.has("Seen again.") && page.has(&format!("c{new}")) && page.has("1 comment<"));
}

#[tokio::test]
async fn a_note_that_two_accounts_are_one_persons_stands_with_both() {
    let (app, _, mut mia) = forum().await;
    app.account("bob2", Role::Member).await;
    let form = [("note", "Same phrases, same hours."), ("same_as", "BOB2")];
    let page = act(&mut mia, "note", &form).await;
    app.pass(60);
    act(&mut mia, "note", &[("note", "Talked to him."), ("same_as", "")]).await;
    assert!(page.has("The same person as <a href=\"/user/bob2\">bob2</a>"));
    let page = mia.get("/user/bob/moderate").await;
    assert!(page.place_of("Talked to him.") < page.place_of("Same phrases"), "newest first");
    let page = mia.get("/user/bob2/moderate").await;
    assert!(page.has("The same person as <a href=\"/user/bob\">bob</a>") && page.has("Same phrases"));
    assert!(!page.has("Talked to him."));
    assert_eq!(last_act(&app).await, ("note".into(), "|".into(), true), "the log does not show what was noted");
    assert!(!app.session("bob").await.get("/user/bob").await.has("Same phrases"));
    assert!(told(&app, "bob").await.is_empty());
}

#[tokio::test]
async fn a_moderator_finds_the_page_from_the_person_and_others_do_not() {
    let (app, mut bob, mut mia) = forum().await;
    app.account("chief", Role::Admin).await;
    let link = |name: &str| format!("href=\"/user/{name}/moderate\"");
    assert!(mia.get("/user/bob").await.has(&link("bob")));
    assert!(!mia.get("/user/mia").await.has(&link("mia")), "nobody moderates themselves");
    assert!(!mia.get("/user/chief").await.has(&link("chief")), "nor an admin");
    assert!(!bob.get("/user/mia").await.has(&link("mia")) && !app.visitor().get("/user/bob").await.has(&link("bob")));
    assert_eq!(mia.get("/user/BOB/moderate").await.location().as_deref(), Some("/user/bob/moderate"));
}

#[tokio::test]
async fn what_comes_back_after_a_shadow_ban_meets_what_is_held_of_its_site_and_stays_dead_where_a_rule_killed_it() {
    let (app, mut bob, mut mia) = forum().await;
    let rule = [("kind", "word"), ("pattern", "watches"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    mia.post("/mod/rules", &rule).await;
    act(&mut mia, "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let weighed = bob.story("From a site that ranks lower by then", "https://example.com/1").await;
    let free = bob.story("From another", "https://example.org/1").await;
    let killed = bob.text_story("Buy my watches", "Cheap.").await;
    let comment = bob.reply(free, "Watches, too.").await;
    let page = mia
        .post("/mod/sites", &[("name", "example.com"), ("stance", "penalised"), ("reason", "spam"), ("sure", "true")])
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    act(&mut mia, "shadow", &[("on", "false"), ("bring_back", "true"), ("shadow_reason", "")]).await;
    assert_eq!(last_act(&app).await.1, "|2 posts came back");
    assert_eq!(app.number("select id from items where penalised").await, weighed);
    let mut visitor = app.visitor();
    assert_eq!(visitor.get(&format!("/item/{weighed}")).await.status, StatusCode::OK);
    assert_ne!(visitor.get(&format!("/item/{killed}")).await.status, StatusCode::OK);
    let page = visitor.get(&format!("/item/{free}")).await;
    assert!(page.has("0 comments<") && !page.has(&format!("id=\"c{comment}\"")), "{}", page.text());
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
    assert!(page.has("1 point<"), "{}", page.text());
    bob.reply(first, "Words.").await;
    let page = bob.get(&format!("/item/{first}")).await;
    assert!(page.has("1 comment<") && !page.has("0 comments on"), "{}", page.text());
}

#[tokio::test]
async fn an_act_that_another_moderator_was_first_to_do_is_answered_with_the_page_as_it_is_now() {
    let (app, _, mut mia) = forum().await;
    let mut max = app.person("max", Role::Moderator).await;
    let form = [("on", "true"), ("shadow_reason", "spam")];
    act(&mut max, "shadow", &form).await;
    let page = mia.post("/user/bob/shadow", &form).await;
    assert!(page.status == StatusCode::CONFLICT && page.has("bob is shadow-banned already."), "{}", page.text());
    assert!(page.has("Lift the shadow-ban</button>"));
    act(&mut max, "shadow", &[("on", "false")]).await;
    let page = mia.post("/user/bob/shadow", &[("on", "false"), ("bring_back", "true")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("bob is not shadow-banned any more: max lifted it.") && page.has("Shadow-ban bob</button>"));
    act(&mut max, "ban", &SPAM_3).await;
    let since = app.now().0.to_string();
    act(&mut max, "ban", &[("on", "false")]).await;
    let page = mia.post("/user/bob/ban", &[&SPAM_3[..], &[("over", since.as_str())]].concat()).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("bob is not banned any more") && page.has("<details open>") && page.has("value=\"spam\""));
}

#[tokio::test]
async fn the_page_about_a_person_shows_what_they_posted_last() {
    let (app, mut bob, mut mia) = forum().await;
    assert!(mia.get("/user/bob/moderate").await.has("bob has posted nothing yet."));
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
    mia.post(&format!("/item/{}/kill", ids[3]), &[("on", "true"), ("reason", "spam")]).await;
    let mut ann = app.member("ann").await;
    app.set_karma("ann", 31).await;
    ann.post(&format!("/item/{}/flag", ids[2]), &[("on", "true"), ("reason", "spam"), ("note", "")]).await;
    app.sql("update users set invited_by = (select id from users where name = 'ann') where name = 'bob'").await;
    let page = mia.get("/user/bob/moderate").await;
    assert!(page.has("1 of the last 6 posts is dead; 1 flag stands against them."), "{}", page.text());
    assert!(page.has("<a href=\"/from/shop.example\">shop.example</a> (4)"));
    assert!(page.has(&format!("[dead]</b> <a href=\"/item/{}\">Story 3</a>", ids[3])));
    assert!(page.has("[deleted]</b>") && !page.has("Never mind."));
    assert!(
        page.has(&format!("<a href=\"/item/{comment}\">A ")) && page.has("Story 1") && !page.has("Story 0"),
        "five"
    );
    assert!(page.has("<dt>invited by</dt><dd><a href=\"/user/ann\">ann</a></dd>"));
    assert!(page.place_of("Story 3") < page.place_of("<h2>Acts</h2>"));
}

#[tokio::test]
async fn older_and_longer_notes_are_folded() {
    let (app, _, mut mia) = forum().await;
    for n in 1..=5 {
        app.pass(60);
        act(&mut mia, "note", &[("note", &format!("Note {n}."))]).await;
    }
    let page = mia.get("/user/bob/moderate").await;
    let fold = page.place_of("<summary>2 older notes</summary>");
    assert!(page.place_of("Note 3.") < fold && fold < page.place_of("Note 2.") && fold < page.place_of("Note 1."));
    app.pass(60);
    let page = act(&mut mia, "note", &[("note", &"A long story. ".repeat(100))]).await;
    assert!(page.has("<summary>A long story. A long story."), "{}", page.text());
}

#[tokio::test]
async fn what_makes_no_sense_for_an_account_that_nobody_can_log_in_to_is_refused() {
    let (app, _, mut mia) = forum().await;
    app.import(
        "{\"id\": 1, \"type\": \"story\", \"by\": \"mole\", \"time\": 1717243200, \"title\": \"Old\", \"score\": 2}\n",
    )
    .await;
    let page = mia.get("/user/mole/moderate").await;
    assert!(page.has("Nobody can log in to this account") && page.has("action=\"/user/mole/note\""));
    for (path, form, sentence) in [
        ("warn", vec![("warning", "Be kind.")], "Nobody can log in to this account, so nobody would read it."),
        ("ban", vec![("on", "true"), ("ban_days", "3"), ("ban_reason", "spam")], "there is nobody to hold back"),
        ("slow", vec![("on", "true"), ("slow_days", "3"), ("slow_reason", "spam")], "there is nobody to hold back"),
        ("shadow", vec![("on", "true"), ("shadow_reason", "spam")], "there is nobody to hold back"),
    ] {
        assert!(!page.has(&format!("action=\"/user/mole/{path}\"")), "{path} is not offered");
        let answer = mia.post(&format!("/user/mole/{path}"), &form).await;
        assert!(answer.status == StatusCode::FORBIDDEN && answer.has(sentence), "{path}: {}", answer.text());
    }
    app.ban("mole").await;
    assert!(mia.get("/user/mole/moderate").await.has("Lift the ban</button>"), "an old ban can be lifted");
    assert!(mia.submit("/user/mole/ban", &[("on", "false")]).await.has("You lifted the ban of mole."));
}

#[tokio::test]
async fn the_form_of_a_shadow_ban_says_what_others_see() {
    let (_app, _, mut mia) = forum().await;
    let page = mia.get("/user/bob/moderate").await;
    assert!(page.has("what they post is dead for everybody else") && page.has("enough vouches bring a post back"));
}
