//! Content rules: their effect on new posts, and their dry run.

use axum::http::StatusCode;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use stoa::domain::accounts::user::Role;

use crate::http::injection::{check, inputs};
use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{add_rule, behind_a_proxy, kill, post_from, shadow};

async fn forum() -> TestApp {
    TestApp::with(behind_a_proxy).await
}

async fn try_rule(moderator: &mut Browser, kind: &str, pattern: &str, effect: &str) -> Page {
    let form = [("kind", kind), ("pattern", pattern), ("effect", effect), ("reason", "spam")];
    moderator.post("/mod/rules", &form).await
}

/// How much the trial of a rule says that it would have hit.
fn hits(page: &Page) -> usize {
    page.number("main section > h2").try_into().expect("a number")
}

/// What the trial of a rule lists, of what it would have hit.
const HIT: &str = "main section li";
/// The rules that stand.
const STANDING: &str = "main li code";

#[tokio::test]
async fn a_post_that_a_rule_queues_stands_and_waits_for_a_moderator_who_reads_why() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    add_rule(&mut chief, "word", "Casino  Bonus", "queue").await;
    let story = alice.text_story("A story", "Get your CASINO-bonus today.").await;
    let comment = alice.reply(story, "And a **casino** bonus for you.").await;
    alice.reply(story, "A casino.").await;
    let queue = chief.get("/mod").await;
    queue.finds(2, "main article[id^='i']");
    for id in [story, comment] {
        let row = queue.one(&format!("#i{id}")).text;
        assert!(row.contains("caught by a rule: it says “casino bonus”"), "{row}");
    }
    let page = app.visitor().get(&format!("/item/{story}")).await;
    assert!(page.says("Get your CASINO-bonus") && page.comments().contains(&comment), "both stand");
    assert!(alice.get("/inbox").await.notices().is_empty(), "their author notices nothing");
}

#[tokio::test]
async fn a_post_that_a_rule_kills_is_dead_from_the_start_and_its_author_is_told() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let talk = chief.text_story("A thread", "Words.").await;
    add_rule(&mut chief, "link", "example.com", "kill").await;
    let story = alice.story("A story of that site", "https://blog.example.com/").await;
    let comment = alice.reply(talk, "See [this](https://example.com/x).").await;
    alice.reply(talk, "See https://notexample.com/ and https://example.com.evil.org/").await;
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.status, StatusCode::FORBIDDEN);
    let thread = app.visitor().get(&format!("/item/{talk}")).await;
    thread.finds(1, "main a[href='https://notexample.com/']");
    thread.finds(0, "main a[href='https://example.com/x']");
    assert_eq!(app.number(&format!("select descendants from items where id = {talk}")).await, 1);
    let told = alice.get("/inbox").await.notices();
    assert_eq!(told.len(), 2, "{told:?}");
    for (told, what) in told.iter().zip(["comment", "story"]) {
        assert!(told.contains(what) && !told.contains("example.com"), "{told}");
    }
    let marks = alice.get(&format!("/item/{comment}")).await.marks(comment);
    assert!(marks.contains(&"[dead]".to_owned()), "they see it, marked: {marks:?}");
    // A moderator brings it back as any other.
    kill(&mut chief, comment, false).await;
    assert_eq!(app.number(&format!("select descendants from items where id = {talk}")).await, 2);
    app.visitor().get(&format!("/item/{talk}")).await.finds(1, "main a[href='https://example.com/x']");
}

#[tokio::test]
async fn a_post_that_a_rule_refuses_comes_back_with_a_sentence_and_what_was_typed() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let story = alice.text_story("A story", "Words.").await;
    let comment = alice.reply(story, "A comment.").await;
    add_rule(&mut chief, "word", "viagra", "refuse").await;
    add_rule(&mut chief, "link", "github.com/spammer", "refuse").await;
    let words = "“viagra” is not allowed here. Please rephrase it, or ask the moderators.";
    let link = "Links to github.com/spammer are not allowed here.";
    let (reply, edit) = (format!("/item/{story}/reply"), format!("/item/{comment}/edit"));
    type Refused<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let forms: [Refused<'_>; 7] = [
        ("/submit", &[("title", "Cheap Viagra"), ("url", ""), ("text", "Kept words")], words),
        ("/submit", &[("title", "Kept words"), ("url", "https://github.com/Spammer/x"), ("text", "")], link),
        ("/submit", &[("title", "Kept words"), ("url", ""), ("text", "v\u{200b}iagra")], words),
        (&reply, &[("text", "Kept words, VIAGRA")], words),
        (&reply, &[("text", "Kept words https://github.com/spammer/y")], link),
        (&edit, &[("text", "Kept words viagra")], words),
        ("/settings", &[("about", "Kept words viagra"), ("theme", "dark"), ("order", "best")], words),
    ];
    for (path, form, sentence) in forms {
        let page = alice.post(path, form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form:?}");
        let errors = page.errors();
        assert!(errors.len() == 1 && errors[0].1.starts_with(sentence), "{path} {form:?}: {errors:?}");
        for (name, value) in form.iter().filter(|(_, value)| value.contains("Kept words")) {
            assert_eq!(page.value(&format!("main form [name={name}]")), *value, "{path}");
        }
    }
    assert_eq!(app.number("select count(*) from items").await, 2);
    let taken = alice.post(&reply, &[("text", "viagras https://github.com/spammers")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "other words and other places");
}

#[tokio::test]
async fn an_edit_meets_the_rules_as_a_new_post_does() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let story = alice.text_story("A story", "Words.").await;
    let (first, second) = (alice.reply(story, "First.").await, alice.reply(story, "Second.").await);
    add_rule(&mut chief, "word", "later", "queue").await;
    add_rule(&mut chief, "word", "viagra", "kill").await;
    alice.post(&format!("/item/{story}/edit"), &[("title", "A later story"), ("text", "Words.")]).await;
    alice.post(&format!("/item/{first}/edit"), &[("text", "viagra")]).await;
    alice.post(&format!("/item/{second}/edit"), &[("text", "nothing of it")]).await;
    let row = chief.get("/mod").await.one(&format!("#i{story}")).text;
    assert!(row.contains("“later”"), "{row}");
    let thread = app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!((thread.comments(), thread.comment(second).as_str()), (vec![second], "nothing of it"));
    assert!(!thread.mentions("viagra"), "{}", thread.text());
    assert_eq!(app.number(&format!("select descendants from items where id = {story}")).await, 1);
    let told = alice.get("/inbox").await;
    assert_eq!(told.notices().len(), 1, "{}", told.text());
    told.finds(1, &format!("article[id^='n'] header a[href='/item/{first}']"));
}

#[tokio::test]
async fn moderators_may_quote_what_rules_stop_and_nobody_notices_a_shadow() {
    let app = TestApp::new().await;
    let (mut chief, mut ghost) = (app.person("chief", Role::Moderator).await, app.member("ghost").await);
    shadow(&app, "ghost").await;
    for (word, effect) in [("refused", "refuse"), ("killed", "kill"), ("queued", "queue")] {
        add_rule(&mut chief, "word", word, effect).await;
    }
    let story = chief.text_story("Words that are refused, killed or queued", "Do not use them.").await;
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.status, StatusCode::OK);
    ghost.text_story("A killed story", "Words.").await;
    ghost.text_story("A queued story", "Words.").await;
    let told = ghost.get("/inbox").await;
    assert_eq!(told.notices().len(), 1, "as anybody is told: {}", told.text());
    assert!(
        ghost.get("/new").await.titles().contains(&"A queued story".to_owned()),
        "their author takes it for live"
    );
    chief.get("/mod").await.finds(0, "main article[id^='i']");
}

#[tokio::test]
async fn a_range_keeps_strangers_out_and_leaves_those_alone_who_are_known() {
    let app = forum().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    let (mut alice, mut known) = (app.member("alice").await, app.member("known").await);
    app.set_karma("known", 31).await;
    add_rule(&mut chief, "range", "203.0.113.77/24", "refuse").await;
    add_rule(&mut chief, "range", "2001:db8:1:2::5", "queue").await;
    let is_refused = |page: &Page| {
        let errors = page.errors();
        page.status == StatusCode::UNPROCESSABLE_ENTITY
            && errors.len() == 1
            && errors[0].1.starts_with("Posting from your network is blocked at the moment")
    };
    let join = |name| [("name", name), ("password", PASSWORD)];
    let page = post_from(&mut app.visitor(), "203.0.113.5", "/signup", &join("stranger")).await;
    assert!(is_refused(&page), "{}", page.text());
    assert_eq!(page.value("#name"), "stranger");
    let page = post_from(&mut app.visitor(), "203.0.114.5", "/signup", &join("neighbour")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "the network beside it");
    let story = [("title", "A story"), ("url", ""), ("text", "Words.")];
    let page = post_from(&mut alice, "203.0.113.9", "/submit", &story).await;
    assert!(is_refused(&page) && page.value("#text") == "Words.", "{}", page.text());
    let old = alice.text_story("Another", "Words.").await;
    let edited = [("title", "Another"), ("text", "Other words.")];
    let page = post_from(&mut alice, "203.0.113.9", &format!("/item/{old}/edit"), &edited).await;
    assert!(is_refused(&page) && page.value("#text") == "Other words.", "{}", page.text());
    assert_eq!(post_from(&mut known, "203.0.113.9", "/submit", &story).await.status, StatusCode::SEE_OTHER);
    assert_eq!(post_from(&mut chief, "203.0.113.9", "/submit", &story).await.status, StatusCode::SEE_OTHER);
    // A range that queues lets people in, and holds up what they post.
    let mut late = app.visitor();
    let page = post_from(&mut late, "2001:db8:1:2:ffff::1", "/signup", &join("late")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let page = post_from(&mut late, "2001:db8:1:2:eeee::1", "/submit", &story).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let row = chief.get("/mod").await.one(&format!("#i{}", page.item())).text;
    assert!(row.contains("rule: it comes from 2001:db8:1:2::/64"), "{row}");
}

#[tokio::test]
async fn a_name_that_a_rule_refuses_is_not_taken() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    add_rule(&mut chief, "word", "viagra", "refuse").await;
    let page = app.visitor().post("/signup", &[("name", "Cheap-Viagra"), ("password", PASSWORD)]).await;
    assert_eq!((page.status, page.errors().len()), (StatusCode::UNPROCESSABLE_ENTITY, 1));
    assert!(page.errors()[0].1.contains("“viagra”"), "{:?}", page.errors());
    assert_eq!(app.number("select count(*) from users where name like 'cheap%'").await, 0);
    let page = app.visitor().post("/signup", &[("name", "viagrafan"), ("password", PASSWORD)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_rule_is_tried_before_it_stands_and_stands_only_when_it_is_added() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    alice.text_story("An old casino", "Words.").await;
    app.pass(31 * 86_400);
    let story = alice.text_story("A story", "Of a casino.").await;
    let comment = alice.reply(story, "Casinos are not meant, a casino is.").await;
    alice.reply(story, "Casinos are not meant.").await;
    chief.reply(story, "What a moderator says of a casino meets no rule.").await;
    let page = try_rule(&mut chief, "word", "CASINO!", "kill").await;
    assert!(page.status == StatusCode::OK && hits(&page) == 2, "{}", page.text());
    page.finds(2, HIT);
    for id in [story, comment] {
        page.finds(1, &format!("{HIT} a[href='/item/{id}']"));
    }
    assert_eq!(page.value("main section [name=pattern]"), "casino");
    page.finds(1, "main section button[name=add]");
    let page = chief.get("/mod/rules").await;
    page.finds(0, STANDING);
    assert!(page.says("None."), "nothing stands yet: {}", page.text());
    alice.text_story("Another casino", "Words.").await;
    assert_eq!(app.number("select count(*) from items where dead is not null").await, 0);

    add_rule(&mut chief, "word", "casino", "kill").await;
    assert_eq!(chief.get("/mod/rules").await.texts(STANDING), ["casino"]);
    alice.text_story("A third casino", "Words.").await;
    assert_eq!(app.number("select count(*) from items where dead is not null").await, 1);
    let id = app.number("select id from rules").await;
    chief.post(&format!("/mod/rules/{id}/drop"), &[]).await;
    alice.text_story("A fourth casino", "Words.").await;
    assert_eq!(app.number("select count(*) from items where dead is not null").await, 1, "it stands no more");
    chief.get("/mod/rules").await.finds(0, STANDING);
}

#[tokio::test]
async fn the_trial_of_a_range_lists_what_came_from_there() {
    let app = forum().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    let (mut alice, mut known) = (app.member("alice").await, app.member("known").await);
    app.set_karma("known", 31).await;
    let story = |title| [("title", title), ("url", ""), ("text", "Words.")];
    post_from(&mut alice, "203.0.113.5", "/submit", &story("From the network")).await;
    post_from(&mut alice, "203.0.114.5", "/submit", &story("From beside it")).await;
    post_from(&mut known, "203.0.113.6", "/submit", &story("By somebody known")).await;
    let join = [("name", "stranger"), ("password", PASSWORD)];
    post_from(&mut app.visitor(), "203.0.113.200", "/signup", &join).await;
    let refuse = try_rule(&mut chief, "range", "203.0.113.0/24", "refuse").await;
    assert_eq!(hits(&refuse), 2, "{}", refuse.text());
    let mut listed = refuse.texts(HIT);
    listed.sort();
    assert!(listed[0].starts_with("From the network"), "{listed:?}");
    assert!(listed[1].contains("a new account") && listed[1].contains("stranger"), "{listed:?}");
    refuse.finds(2, HIT);
    assert_eq!(
        hits(&try_rule(&mut chief, "range", "203.0.113.0/24", "queue").await),
        1,
        "which lets people in"
    );
    assert_eq!(hits(&try_rule(&mut chief, "range", "203.0.0.0/16", "refuse").await), 3);
    assert_eq!(hits(&try_rule(&mut chief, "range", "203.0.113.5", "refuse").await), 1);
    app.pass(31 * 86_400);
    assert_eq!(hits(&try_rule(&mut chief, "range", "203.0.0.0/16", "refuse").await), 0);
}

#[tokio::test]
async fn a_trial_finds_what_the_rule_then_stops_and_nothing_else() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let story = alice.text_story("A thread for all of them", "Words.").await;
    let reply = format!("/item/{story}/reply");
    let text = "(casino|Casino|cas\u{200b}ino|ca\\*s\\*ino|casinos|bonus|\\*\\*casino\\*\\*|\
                https://(www\\.|not)?example\\.com/x|\\[casino\\]\\(https://example\\.com\\)|, |\\. |\n\n| \
                ){3,14}";
    let strategy = proptest::string::string_regex(text).expect("a strategy");
    let mut runner = TestRunner::deterministic();
    let mut texts: Vec<String> = (0..60)
        .map(|n| format!("n{n} {}", strategy.new_tree(&mut runner).expect("a text").current()))
        .collect();
    texts.push("A Casino *bonus* it is, and not a casino, bonus".to_owned());
    for (kind, pattern) in [("word", "casino"), ("word", "casino bonus"), ("link", "example.com")] {
        // What was posted for the rule before is out of reach.
        app.pass(31 * 86_400);
        for text in &texts {
            assert_eq!(alice.post(&reply, &[("text", text)]).await.status, StatusCode::SEE_OTHER, "{text}");
        }
        let tried = hits(&try_rule(&mut chief, kind, pattern, "queue").await);
        add_rule(&mut chief, kind, pattern, "queue").await;
        let queued = || app.number("select count(*) from items where queued_at is not null");
        let before = queued().await;
        // After that the same words are not what was sent before.
        app.pass(11 * 60);
        for text in &texts {
            alice.post(&reply, &[("text", text)]).await;
        }
        assert_eq!(i64::try_from(tried), Ok(queued().await - before), "{kind} {pattern}");
        assert!(tried > 0 && tried < texts.len(), "{kind} {pattern}: {tried}");
        let id = app.number("select id from rules").await;
        chief.post(&format!("/mod/rules/{id}/drop"), &[]).await;
    }
}

#[tokio::test]
async fn a_trial_of_a_large_site_says_how_far_it_looked() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let story = alice.text_story("A casino", "Words.").await;
    app.sql(&format!(
        "insert into items (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, text, \
         score) with recursive n(i) as (select 1 union all select i + 1 from n where i < 2100) \
         select 'comment', (select id from users where name = 'alice'), {now} - i * 600, 0, 0, {story}, \
         {story}, 1, 'a casino', 1 from n",
        now = app.now().0
    ))
    .await;
    let page = try_rule(&mut chief, "word", "casino", "queue").await;
    assert_eq!(hits(&page), 2_001);
    let said = page.texts("main section > p").join(" ");
    assert!(said.contains("Only posts since 9 November 2026"), "{said}");
    assert!(said.contains("These are the newest 50."), "{said}");
    page.finds(50, &format!("{HIT} a[href^='/item/']"));
}

#[tokio::test]
async fn rules_are_for_moderators_eyes() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    add_rule(&mut chief, "word", "secretword", "kill").await;
    alice.text_story("A secretword", "Words.").await;
    let id = app.number("select id from rules").await;
    chief.post(&format!("/mod/rules/{id}/drop"), &[]).await;
    let of = |act: &str| {
        format!(
            "select count(*) from moderation_log where action = '{act}' and private and actor_id is not null"
        )
    };
    assert_eq!((app.number(&of("add-rule")).await, app.number(&of("drop-rule")).await), (1, 1));
    let open = app.number(
        "select count(*) from moderation_log where action = 'rule-kill' and not private and item_id is not \
         null",
    );
    assert_eq!(open.await, 1, "what a rule does to a post is for everybody to see");
    let leaks =
        "select count(*) from moderation_log where not private and detail || reason like '%secretword%'";
    assert_eq!(app.number(leaks).await, 0);
    assert_eq!(
        app.number("select count(*) from notifications where detail || reason like '%secretword%'").await,
        0
    );
}

#[tokio::test]
async fn a_rule_that_cannot_be_taken_is_refused_in_a_sentence_and_kept_as_typed() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    add_rule(&mut chief, "word", "there already", "queue").await;
    let long = "a".repeat(101);
    let no_word = "Enter at least one word.";
    let there = "That rule already exists. Delete it first to change it.";
    for (kind, pattern, effect, reason, field, sentence) in [
        ("word", "", "queue", "spam", "pattern", "Enter the word, the site or the network"),
        ("word", long.as_str(), "queue", "spam", "pattern", "up to 100 characters"),
        ("word", "?!…", "queue", "spam", "pattern", no_word),
        ("word", "\u{202e}\u{301}", "queue", "spam", "pattern", no_word),
        ("word", "There, already!", "queue", "spam", "pattern", there),
        ("link", "co.uk", "queue", "spam", "pattern", "co.uk"),
        ("link", "github.io", "queue", "spam", "pattern", "github.io"),
        ("range", "203.0.112.0/20", "queue", "spam", "pattern", "Only single addresses"),
        ("range", "example.com", "queue", "spam", "pattern", "That is not a network."),
        ("other", "words", "queue", "spam", "kind", "Choose a rule type."),
        ("word", "words", "other", "spam", "effect", "Choose what the rule does."),
        ("word", "words", "queue", " ", "reason", ""),
    ] {
        let form =
            [("kind", kind), ("pattern", pattern), ("effect", effect), ("reason", reason), ("add", "true")];
        let page = chief.post("/mod/rules", &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{kind} {pattern}");
        assert_eq!(page.wrong(), [field], "{kind} {pattern}");
        assert!(page.errors()[0].1.contains(sentence), "{kind} {pattern}: {:?}", page.errors());
        assert_eq!(page.value("#pattern"), pattern);
    }
    // What is wrong with the name of a site is said as on the page of sites.
    for name in ["co.uk", "github.io"] {
        let rule = try_rule(&mut chief, "link", name, "queue").await.errors();
        let form = [("name", name), ("restriction", "banned"), ("reason", "spam")];
        assert_eq!(rule[0].1, chief.post("/mod/sites", &form).await.errors()[0].1);
    }
    assert_eq!(app.number("select count(*) from rules").await, 1);
}

#[tokio::test]
async fn hostile_patterns_and_texts_cost_little_and_break_nothing() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    for pattern in inputs() {
        for kind in ["word", "link", "range"] {
            let form =
                [("kind", kind), ("pattern", pattern.as_str()), ("effect", "queue"), ("reason", "spam")];
            let page = chief.post("/mod/rules", &form).await;
            check(&page, "a rule is tried");
            let page = chief.post("/mod/rules", &[form.as_slice(), &[("add", "true")]].concat()).await;
            check(&page, "a rule is added");
        }
    }
    assert!(app.number("select count(*) from rules").await > 10);
    check(&chief.get("/mod/rules").await, "the rules");
    let story = alice.text_story("A story", "Words.").await;
    for text in inputs() {
        let page = alice.post(&format!("/item/{story}/reply"), &[("text", text.as_str())]).await;
        check(&page, "a comment");
    }
}

#[tokio::test]
async fn the_page_of_rules_speaks_of_networks_and_counts_in_words() {
    let app = forum().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    let mut alice = app.member("alice").await;
    let form = [("title", "Buy my loom"), ("text", "A loom.")];
    post_from(&mut alice, "203.0.113.7", "/submit", &form).await;
    let page = try_rule(&mut chief, "word", "loom", "queue").await;
    assert_eq!(page.one("main section > h2").text, "It would have matched 1 post in the last 30 days");
    let page = try_rule(&mut chief, "word", "nothing of it", "queue").await;
    assert_eq!(page.one("main section > h2").text, "It would have matched 0 posts in the last 30 days");
    let page = try_rule(&mut chief, "range", "203.0.113.0/24", "queue").await;
    assert_eq!(page.one("main section > p").text, "network “203.0.113.0/24”: queue");
    add_rule(&mut chief, "range", "203.0.113.0/24", "queue").await;
    let page = chief.get("/mod/rules").await;
    let rule = page.one("main li:has(code)").text;
    assert!(rule.contains("network 203.0.113.0/24"), "{rule}");
    let labels: String =
        page.all("[aria-label]").iter().map(|named| named.attr("aria-label").to_owned()).collect();
    let shown = format!("{} {labels}", page.words());
    assert!(!shown.contains("range"), "a thing has one name: {shown}");
    assert!(page.one("#pattern-help").text.contains("people with 31 karma or more are exempt"));
}
