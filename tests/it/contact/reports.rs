//! Reports that a post is illegal: by anybody, decided with reasons, and kept for the operator.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;
use stoa::domain::time::day::Day;

use crate::contact::{first_waiting, forum, messages};
use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{done, shadow, told};
use crate::support::smtp::MailingApp;

/// The form as somebody without an account sends it.
pub const REPORT: [(&str, &str); 5] = [
    ("ground", "hate"),
    ("text", "It calls for hatred, against section 130."),
    ("name", "Ann Other"),
    ("email", "ann@example.org"),
    ("good_faith", "true"),
];

async fn decide(moderator: &mut Browser, desk: &str, decision: &str, reason: &str) {
    done(moderator, &format!("{desk}/decide"), &[("decision", decision), ("reason", reason)]).await;
}

/// Bob's comment.
async fn comment(app: &TestApp) -> i64 {
    let mut bob = app.member("bob").await;
    let story = bob.text_story("A story", "Words.").await;
    bob.reply(story, "Hateful words.").await
}

async fn report(browser: &mut Browser, item: i64, form: &[(&str, &str)]) -> Page {
    browser.post(&format!("/item/{item}/report"), form).await
}

#[tokio::test]
async fn somebody_without_an_account_reports_a_comment_and_gets_a_decision() {
    let forum = MailingApp::new().await;
    let app = &forum.app;
    let (mut mia, mut max) =
        (app.person("mia", Role::Moderator).await, app.person("max", Role::Moderator).await);
    let (item, mut ann) = (comment(app).await, app.visitor());
    let page = ann.get(&format!("/item/{item}")).await;
    page.finds(1, &format!("main a[href='/item/{item}/report']"));
    let receipt = report(&mut ann, item, &REPORT).await.location().expect("a receipt");
    assert!(ann.get(&receipt).await.says("Your report has arrived."));
    assert_eq!(forum.one_mail().await.to, ["ann@example.org"]);
    let page = mia.get(&format!("/item/{item}/moderate")).await;
    let desk = page.one("main .notice a[href^='/mod/messages/']").attr("href").to_owned();
    assert_eq!(mia.get(&desk).await.facts()["from"], "Ann Other (no account)");
    let found = async || app.visitor().get("/search?q=hateful").await.all("ol.results > li").len();
    assert_eq!(found().await, 1);
    decide(&mut mia, &desk, "removed", "It incites to hatred.").await;
    assert_eq!(found().await, 0);
    // The one who reported learns what was decided, by whom not, and how to object.
    let page = ann.get(&receipt).await;
    let decision = messages(&page).pop().expect("a decision");
    assert!(decision.starts_with("a moderator: Decision: the post was removed."), "{decision}");
    assert!(decision.contains("It incites to hatred.") && decision.contains("no automated means were used"));
    assert!(page.says("You can object until") && !page.mentions("mia"));
    assert!(forum.one_mail().await.subject().starts_with("A decision on your report"));
    // The author learns why, and not who reported; nor does the log.
    assert_eq!(app.visitor().get(&format!("/item/{item}")).await.status, StatusCode::FORBIDDEN);
    let mut bob = app.session("bob").await;
    let notice = "A moderator killed your comment. Reason: It incites to hatred.";
    assert!(bob.get("/inbox").await.says(notice));
    for path in ["/inbox", "/log", &format!("/item/{item}")] {
        let page = bob.get(path).await;
        assert!(!page.mentions("Ann Other") && !page.mentions("report of"), "{path}: {}", page.words());
    }
    assert!(mia.get("/log").await.says("mia decided on a report of"), "moderators see it");
    // An objection opens it again, for somebody else.
    done(&mut ann, &receipt, &[("text", "I meant another one."), ("objection", "true")]).await;
    let page = mia.get(&desk).await;
    assert!(page.says("You decided on this report.") && page.facts()["claimed by"] == "nobody");
    assert!(max.get(&desk).await.all("main > p.notice").is_empty());
    decide(&mut max, &desk, "other", "It stays removed, and bob is warned.").await;
    assert_eq!(messages(&ann.get(&receipt).await).len(), 4);
}

#[tokio::test]
async fn a_report_needs_a_ground_words_a_name_and_good_faith() {
    let forum = MailingApp::new().await;
    let app = &forum.app;
    let (item, mut ann) = (comment(app).await, app.visitor());
    let page = report(&mut ann, item, &[("text", "")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.wrong(), ["ground", "text", "name", "email", "good_faith"]);
    for without in ["ground", "text", "name", "email", "good_faith"] {
        let form: Vec<_> = REPORT.into_iter().filter(|(name, _)| *name != without).collect();
        let page = report(&mut ann, item, &form).await;
        assert_eq!(page.wrong(), [without]);
        assert!(without == "text" || page.one("#text").text.contains("section 130"), "it is kept");
    }
    let abuse = [("ground", "child-abuse"), ("text", "A link to it."), ("good_faith", "true")];
    assert_eq!(report(&mut ann, item, &abuse).await.status, StatusCode::SEE_OTHER, "nobody has to say who");
    let mut carl = app.member("carl").await;
    let form = [("ground", "fraud"), ("text", "A scam."), ("good_faith", "true")];
    let own = report(&mut carl, item, &form).await.location().expect("his conversation");
    assert!(own.starts_with("/messages/"), "a member is known by the account");
    assert_eq!(report(&mut carl, item, &form).await.location().as_deref(), Some(&*own), "sent twice is once");
}

#[tokio::test]
async fn one_objects_once_and_within_six_months() {
    let (app, mut mia) = forum().await;
    let (item, mut ann) = (comment(&app).await, app.visitor());
    let receipt = report(&mut ann, item, &REPORT).await.location().expect("a receipt");
    let object = [("text", "Look again."), ("objection", "true")];
    let early = ann.post(&receipt, &object).await;
    assert!(early.status == StatusCode::UNPROCESSABLE_ENTITY && early.says("once it is made"));
    let desk = first_waiting(&mut mia).await;
    decide(&mut mia, &desk, "kept", "It is an opinion.").await;
    assert_eq!(app.visitor().get(&format!("/item/{item}")).await.status, StatusCode::OK);
    app.pass(183 * DAY);
    done(&mut ann, &receipt, &object).await;
    let again = ann.post(&receipt, &[("text", "And again."), ("objection", "true")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut max = app.person("max", Role::Moderator).await;
    decide(&mut max, &desk, "kept", "It still is.").await;
    app.pass(184 * DAY);
    let late = ann.post(&receipt, &object).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_dead_already_or_an_admins_is_decided_as_far_as_the_moderator_may() {
    let (app, mut mia) = forum().await;
    let item = comment(&app).await;
    report(&mut app.visitor(), item, &REPORT).await;
    let desk = first_waiting(&mut mia).await;
    app.sql(&format!("update items set dead = 'killed' where id = {item}")).await;
    decide(&mut mia, &desk, "removed", "It was hateful.").await;
    let mut ada = app.person("ada", Role::Admin).await;
    let story = ada.text_story("Of an admin", "Words.").await;
    report(&mut app.visitor(), story, &REPORT).await;
    let desk = first_waiting(&mut mia).await;
    let page = mia.post(&format!("{desk}/decide"), &[("decision", "removed"), ("reason", "Hateful.")]).await;
    assert!(page.says("A moderator cannot act on an admin.") && page.one("#reason").text == "Hateful.");
    assert_eq!(app.number("select count(*) from messages where kind = 'removed'").await, 1);
    // A shadow-banned author is not told.
    let mut eve = app.member("eve").await;
    let story = eve.text_story("Of eve", "Words.").await;
    report(&mut app.visitor(), story, &REPORT).await;
    shadow(&app, "eve").await;
    app.sql(&format!("update items set dead = 'shadow' where id = {story}")).await;
    let desk =
        mia.get("/mod/messages").await.all("main .rows a").last().expect("one").attr("href").to_owned();
    decide(&mut mia, &desk, "removed", "Hateful.").await;
    assert!(told(&app, "eve").await.is_empty());
}

#[tokio::test]
async fn where_only_members_read_visitors_write_and_report_nothing() {
    let app = TestApp::with(|settings| settings.reading = Some(Readers::Members)).await;
    app.account("mia", Role::Moderator).await;
    let item = comment(&app).await;
    let mut ann = app.visitor();
    let page = report(&mut ann, item, &REPORT).await;
    assert!(page.location().is_some_and(|to| to.starts_with("/login")), "{}", page.text());
    let page = ann.post("/contact", &[("text", "I would like to join.")]).await;
    assert_eq!(ann.get(&page.location().expect("a receipt")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_operator_exports_the_reports_of_a_period() {
    let (app, mut mia) = forum().await;
    let (item, mut ann) = (comment(&app).await, app.visitor());
    report(&mut ann, item, &REPORT).await;
    let desk = first_waiting(&mut mia).await;
    decide(&mut mia, &desk, "kept", "It is an opinion.").await;
    let (today, tomorrow) = (Day::of(app.now()).start(), Day::of(app.now()).end());
    let records = app.store.reports_between(today, tomorrow).await.expect("read");
    let line = serde_json::to_value(&records).expect("JSON");
    let record = &line[0];
    for (field, expected) in [
        ("ground", "hate"),
        ("reported_by", "Ann Other"),
        ("email", "ann@example.org"),
        ("status", "resolved"),
    ] {
        assert_eq!(record[field], expected, "{field}");
    }
    assert_eq!(record["item_id"], item);
    let kinds: Vec<_> =
        record["messages"].as_array().expect("a list").iter().map(|m| m["kind"].clone()).collect();
    assert_eq!(kinds, ["message", "kept"]);
    assert_eq!(record["messages"][1]["author"], "mia");
    assert_eq!(record["reported_at"], "2026-11-23T12:00:00Z");
    assert!(app.store.reports_between(tomorrow, tomorrow.plus(DAY)).await.expect("read").is_empty());
}

#[tokio::test]
async fn what_was_removed_as_illegal_stays_removed_and_is_decided_once() {
    let (app, mut mia) = forum().await;
    let item = comment(&app).await;
    let author = format!("select u.name from users u join items i on i.author_id = u.id where i.id = {item}");
    let author = app.rows::<(String,)>(&author).await.remove(0).0;
    report(&mut app.visitor(), item, &REPORT).await;
    let ban = format!("/user/{author}/ban");
    mia.post(&ban, &[("ban_reason", "spam"), ("on", "true"), ("take", "true")]).await;
    let desk = first_waiting(&mut mia).await;
    let page = mia.post(&format!("{desk}/resolve"), &[("on", "true")]).await;
    assert!(page.says("A report is resolved by a decision"), "{}", page.words());
    decide(&mut mia, &desk, "removed", "It was unlawful.").await;
    let again = [("decision", "kept"), ("reason", "On second thoughts.")];
    let page = mia.post(&format!("{desk}/decide"), &again).await;
    assert!(page.says("This report was decided meanwhile."), "{}", page.words());
    mia.post(&ban, &[("on", "false"), ("bring_back", "true")]).await;
    let dead = format!("select count(*) from items where id = {item} and dead = 'removed'");
    assert_eq!(app.number(&dead).await, 1, "the end of a ban brings it not back");
    // Nor does whoever shows dead posts read it.
    let mut eve = app.member("eve").await;
    app.sql("update users set show_dead = true where name = 'eve'").await;
    for path in [&format!("/item/{item}"), "/comments", &format!("/user/{author}/comments")] {
        assert!(!eve.get(path).await.mentions("Hateful words."), "{path}");
    }
    assert!(mia.get(&format!("/item/{item}")).await.mentions("Hateful words."));
}

#[tokio::test]
async fn a_moderator_does_not_learn_who_reported_a_post_of_theirs() {
    let (app, mut mia) = forum().await;
    let mut nora = app.person("nora", Role::Moderator).await;
    let story = nora.text_story("By a moderator", "Words.").await;
    report(&mut app.visitor(), story, &REPORT).await;
    let desk = first_waiting(&mut mia).await;
    assert_eq!(nora.get(&desk).await.status, StatusCode::FORBIDDEN);
    let form = [("decision", "kept"), ("reason", "It is mine.")];
    assert_eq!(nora.post(&format!("{desk}/decide"), &form).await.status, StatusCode::FORBIDDEN);
    let selector = format!("main a[href='{desk}']");
    nora.get(&format!("/item/{story}/moderate")).await.finds(0, &selector);
    mia.get(&format!("/item/{story}/moderate")).await.finds(1, &selector);
}

#[tokio::test]
async fn moderators_see_what_else_was_reported_and_a_member_reports_a_post_once() {
    let (app, mut mia) = forum().await;
    let (item, mut eve) = (comment(&app).await, app.member("eve").await);
    let form = [("ground", "hate"), ("text", "I agree."), ("good_faith", "true")];
    assert_eq!(report(&mut eve, item, &form).await.status, StatusCode::SEE_OTHER);
    let again = [("ground", "hate"), ("text", "And once more."), ("good_faith", "true")];
    let page = report(&mut eve, item, &again).await;
    assert!(page.says("You have reported this already.") && page.one("#text").text == "And once more.");
    let desk = first_waiting(&mut mia).await;
    assert!(!mia.get(&desk).await.facts().contains_key("also reported"));
    // Without mail nobody is asked for an address.
    let unreachable = [REPORT[0], REPORT[1], REPORT[2], REPORT[4]];
    let page = report(&mut app.visitor(), item, &unreachable).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    assert!(mia.get(&desk).await.facts()["also reported"].starts_with("Report "));
    let page = mia.get("/mod/messages").await;
    assert!(page.says("I agree.") && page.says("It calls for hatred"), "{}", page.words());
}
