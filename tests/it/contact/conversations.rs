//! Private conversations with the moderators, with and without an account.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;

use crate::contact::reports::REPORT;
use crate::contact::{contact, first_waiting, forum, messages};
use crate::support::app::{PASSWORD, TestApp};
use crate::support::fixtures::{behind_a_proxy, done, post_from, shadow, told};
use crate::support::smtp::MailingApp;

#[tokio::test]
async fn a_member_writes_and_is_answered_in_private() {
    let (app, mut mia) = forum().await;
    let (mut bob, mut eve) = (app.member("bob").await, app.member("eve").await);
    let own = contact(&mut bob, "Who may *edit* a title?").await;
    let page = bob.get(&own).await;
    assert_eq!(messages(&page), ["you: Who may edit a title?"]);
    page.finds(1, ".t em");
    assert_eq!(page.header("cache-control"), "private, no-store");
    // The moderators are told that it waits.
    assert!(mia.get("/").await.says("1 pending"));
    let desk = first_waiting(&mut mia).await;
    assert_eq!(messages(&mia.get(&desk).await), ["bob: Who may edit a title?"]);
    done(&mut mia, &format!("{desk}/answer"), &[("text", "Moderators.")]).await;
    assert!(!mia.get("/").await.says("1 pending"), "nothing waits");
    assert_eq!(told(&app, "bob").await, ["The moderators wrote to you."]);
    let inbox = bob.get("/inbox").await;
    assert_eq!(inbox.one("main a[href^='/messages/']").attr("href"), own);
    let page = bob.get(&own).await;
    assert_eq!(messages(&page).last().map(String::as_str), Some("a moderator: Moderators."));
    assert!(!page.mentions("mia"), "a member does not learn who");
    done(&mut bob, &own, &[("text", "Thanks.")]).await;
    assert!(bob.get("/contact").await.says("The moderators have not answered yet."));
    done(&mut mia, &format!("{desk}/resolve"), &[("on", "true")]).await;
    let late = bob.post(&own, &[("text", "One more.")]).await;
    assert!(late.status == StatusCode::UNPROCESSABLE_ENTITY && late.says("This conversation is resolved."));
    assert_eq!(late.one("main textarea").text, "One more.", "it is kept");
    done(&mut mia, &format!("{desk}/resolve"), &[("on", "false")]).await;
    done(&mut bob, &own, &[("text", "One more.")]).await;
    // Nobody else reads any of it.
    for browser in [&mut eve, &mut app.visitor()] {
        for path in [&own, &desk] {
            let page = browser.get(path).await;
            assert!(!page.text().contains("a title?"), "{path}: {}", page.text());
        }
        for path in ["/log", "/feed/log.atom", "/user/bob", "/log?person=bob"] {
            let page = browser.get(path).await;
            assert!(!page.mentions("wrote to") && !page.mentions("conversation"), "{path}");
        }
    }
    let log = mia.get("/log?person=bob").await;
    assert!(log.says("mia wrote to bob") && log.says("mia resolved a conversation with bob"));
    assert!(!log.mentions("Moderators."), "the log does not quote it");
}

#[tokio::test]
async fn somebody_without_an_account_comes_back_by_the_receipt() {
    let (app, mut mia) = forum().await;
    let mut ann = app.visitor();
    let receipt = contact(&mut ann, "I cannot log in.").await;
    let token = receipt.trim_start_matches("/contact/");
    let page = ann.get(&receipt).await;
    let number = page.one("main .notice strong").text;
    assert_eq!(page.value("#keep"), format!("http://127.0.0.1:8000{receipt}"));
    page.finds(1, "meta[name=robots][content=noindex]");
    assert_eq!(page.header("cache-control"), "private, no-store");
    let stored = app.dump(&[]).await;
    assert!(!stored.iter().any(|row| row.contains(token)), "only a hash of it is stored");
    let desk = first_waiting(&mut mia).await;
    let page = mia.get(&desk).await;
    assert!(page.says(&number) && page.says("somebody without an account") && !page.text().contains(token));
    done(&mut mia, &format!("{desk}/answer"), &[("text", "Use a recovery code.")]).await;
    assert_eq!(
        messages(&app.visitor().get(&receipt).await),
        ["you: I cannot log in.", "a moderator: Use a recovery code."]
    );
    done(&mut ann, &receipt, &[("text", "That worked.")]).await;
    // Other addresses lead nowhere.
    let id = desk.rsplit('/').next().expect("a number");
    for wrong in [format!("{receipt}x"), format!("/contact/{id}"), format!("/contact/{number}")] {
        assert_eq!(app.visitor().get(&wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
        let page = app.visitor().post(&wrong, &[("text", "Forged.")]).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let mut bob = app.member("bob").await;
    assert_eq!(
        bob.post(&format!("/messages/{id}"), &[("text", "Forged.")]).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(app.number("select count(*) from messages").await, 3);
}

#[tokio::test]
async fn mail_tells_of_the_receipt_and_of_answers_and_quotes_nothing() {
    let forum = MailingApp::new().await;
    let mut mia = forum.app.person("mia", Role::Moderator).await;
    let mut ann = forum.app.visitor();
    let form = [("text", "Buy my pills at https://evil.example/"), ("email", "ann@example.org")];
    done(&mut ann, "/contact", &form).await;
    let mail = forum.one_mail().await;
    assert_eq!(mail.to, ["ann@example.org"]);
    assert!(!mail.text.contains("evil.example") && !mail.html.contains("pills"), "{}", mail.text);
    let link = mail.link("/contact/");
    assert!(ann.get(&link).await.says("Your message has arrived."));
    let desk = first_waiting(&mut mia).await;
    done(&mut mia, &format!("{desk}/answer"), &[("text", "No, thank you.")]).await;
    let mail = forum.one_mail().await;
    assert!(mail.subject().starts_with("An answer from the moderators") && !mail.text.contains("thank you"));
    assert_ne!(mail.link("/contact/"), link, "each mail has a link of its own");
    assert!(ann.get(&mail.link("/contact/")).await.says("No, thank you."));
    // A stranger's address gets few of them, whoever enters it.
    for nth in 0..6 {
        let text = format!("Message {nth}");
        let form = [("text", &*text), ("email", "Ann@example.org")];
        done(&mut forum.app.visitor(), "/contact", &form).await;
    }
    assert_eq!(forum.deliver().await.len(), 1, "two an hour");
}

#[tokio::test]
async fn a_flood_is_refused_and_stored_texts_are_bounded() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        behind_a_proxy(settings);
    })
    .await;
    app.account("mia", Role::Moderator).await;
    let mut sent = 0;
    for nth in 0..15 {
        let text = format!("Message {nth}");
        let page = post_from(&mut app.visitor(), "203.0.113.5", "/contact", &[("text", &text)]).await;
        match page.status {
            StatusCode::SEE_OTHER => sent += 1,
            refused => {
                assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
                assert_eq!(page.one("main textarea").text, text, "it comes back");
            }
        }
    }
    assert_eq!(sent, 10);
    let page = post_from(&mut app.visitor(), "198.51.100.7", "/contact", &[("text", "Me too.")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "another address has its own share");
    let long = "x".repeat(5_001);
    let page = post_from(&mut app.visitor(), "198.51.100.7", "/contact", &[("text", &long)]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("the limit is 5,000"));
    // A flood from several networks leaves room for reports.
    app.account("bob", Role::Member).await;
    let story = app.session("bob").await.text_story("A story", "Words.").await;
    for nth in 0..70 {
        let from = format!("203.0.{}.9", 114 + nth / 8);
        post_from(&mut app.visitor(), &from, "/contact", &[("text", &format!("Flood {nth}"))]).await;
    }
    let page = post_from(&mut app.visitor(), "192.0.2.77", "/contact", &[("text", "Late.")]).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let to = format!("/item/{story}/report");
    let page = post_from(&mut app.visitor(), "192.0.2.78", &to, &REPORT).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    app.pass(2 * 3_600);
    app.sql("update conversations set status = 'resolved'").await;
    // When very many wait, nobody without an account can add to them.
    let insert = "insert into conversations (kind, receipt, status, opened_at, last_at) values ('contact', \
                  'N{n}', 'waiting', 1, 1)";
    for nth in 0..500 {
        app.sql(&insert.replace("{n}", &nth.to_string())).await;
    }
    let page = post_from(&mut app.visitor(), "192.0.2.7", "/contact", &[("text", "Me too.")]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("Too many messages are waiting"));
}

#[tokio::test]
async fn a_member_has_few_open_conversations_and_waits_for_answers() {
    let (app, _mia) = forum().await;
    let mut bob = app.member("bob").await;
    let first = contact(&mut bob, "The same.").await;
    assert_eq!(contact(&mut bob, "The same.").await, first, "sent twice, it is one");
    for nth in 1..5 {
        contact(&mut bob, &format!("Message {nth}")).await;
    }
    let page = bob.post("/contact", &[("text", "A sixth.")]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("which is the limit"));
    for nth in 1..10 {
        done(&mut bob, &first, &[("text", &format!("And {nth}"))]).await;
    }
    let page = bob.post(&first, &[("text", "And so on.")]).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.says("Please wait for an answer."));
    assert_eq!(app.number("select count(*) from messages").await, 14);
}

#[tokio::test]
async fn one_moderator_claims_and_nobody_deals_with_their_own() {
    let (app, mut mia) = forum().await;
    let mut max = app.person("max", Role::Moderator).await;
    contact(&mut app.visitor(), "Hello.").await;
    let desk = first_waiting(&mut mia).await;
    done(&mut mia, &format!("{desk}/claim"), &[("on", "true")]).await;
    let page = max.post(&format!("{desk}/claim"), &[("on", "true")]).await;
    assert!(page.status == StatusCode::CONFLICT && page.says("mia has claimed this already."));
    assert_eq!(max.get(&desk).await.facts()["claimed by"], "mia");
    assert_eq!(mia.get(&desk).await.facts()["claimed by"], "you");
    done(&mut max, &format!("{desk}/claim"), &[("on", "false")]).await;
    done(&mut max, &format!("{desk}/claim"), &[("on", "true")]).await;
    contact(&mut max, "I have a question too.").await;
    let own = mia.get("/mod/messages").await.all("main .rows a").last().expect("his").attr("href").to_owned();
    for (path, form) in [("answer", ("text", "Yes.")), ("resolve", ("on", "true")), ("claim", ("on", "true"))]
    {
        let page = max.post(&format!("{own}/{path}"), &[form]).await;
        assert!(page.status == StatusCode::FORBIDDEN && page.says("your own conversation"), "{path}");
    }
}

#[tokio::test]
async fn moderators_write_first_and_a_shadow_ban_shows_in_nothing() {
    let (app, mut mia) = forum().await;
    let mut bob = app.member("bob").await;
    shadow(&app, "bob").await;
    let page = done(&mut mia, "/user/bob/message", &[("message", "Please use *plain* titles.")]).await;
    let page = mia.get(&page.location().expect("back")).await;
    assert_eq!(page.message(), "You wrote to bob.");
    let own = bob.get("/inbox").await.one("main a[href^='/messages/']").attr("href").to_owned();
    assert_eq!(messages(&bob.get(&own).await), ["a moderator: Please use plain titles."]);
    done(&mut bob, &own, &[("text", "I will.")]).await;
    let desk = first_waiting(&mut mia).await;
    assert_eq!(messages(&mia.get(&desk).await).len(), 2);
    let page = bob.get("/contact").await;
    assert!(!page.mentions("shadow") && page.says("Your conversations with the moderators"));
}

#[tokio::test]
async fn conversations_end_with_the_account_and_with_time() {
    let (app, mut mia) = forum().await;
    let mut bob = app.member("bob").await;
    let own = contact(&mut bob, "Words of bob.").await;
    let receipt = contact(&mut app.visitor(), "Words of a visitor.").await;
    stoa::jobs::make_exports(&app.app).await.expect("nothing to make");
    bob.post("/settings/export", &[]).await;
    stoa::jobs::make_exports(&app.app).await.expect("made");
    let data = app.store.own_data(app.id_of("bob").await).await.expect("read");
    assert_eq!(data.messages.len(), 1);
    assert_eq!((&*data.messages[0].text, data.messages[0].by_moderator), ("Words of bob.", false));
    for _ in 0..2 {
        let desk = first_waiting(&mut mia).await;
        done(&mut mia, &format!("{desk}/answer"), &[("text", "Yes.")]).await;
    }
    assert!(bob.get(&own).await.says("The moderators have answered."));
    app.store.delete_account(app.id_of("bob").await, app.now()).await.expect("deleted");
    assert_eq!(app.number("select count(*) from conversations where kind = 'contact'").await, 1);
    let desk = mia.get("/mod/messages?show=answered").await.one("main .rows a").attr("href").to_owned();
    let waits = contact(&mut app.visitor(), "Nobody answers this.").await;
    app.pass(366 * DAY);
    stoa::jobs::purge_if_due(&app.app).await.expect("purged");
    assert_eq!(app.visitor().get(&receipt).await.status, StatusCode::NOT_FOUND);
    assert_eq!(mia.get(&desk).await.status, StatusCode::SEE_OTHER, "the session is over");
    assert_eq!(app.visitor().get(&waits).await.status, StatusCode::OK, "what waits is kept");
    assert_eq!(app.number("select count(*) from messages").await, 1);
}

#[tokio::test]
async fn a_page_that_a_moderator_has_open_never_leads_to_another_person() {
    let (app, mut mia) = forum().await;
    let mut hal = app.member("hal").await;
    contact(&mut hal, "About my illness.").await;
    let desk = first_waiting(&mut mia).await;
    let gone = [("name", "hal"), ("posts", "keep"), ("password", PASSWORD)];
    hal.post("/settings/delete", &gone).await;
    let mut ivy = app.member("ivy").await;
    let own = contact(&mut ivy, "Something else.").await;
    let page = mia.post(&format!("{desk}/answer"), &[("text", "Dear Hal")]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert_eq!(messages(&ivy.get(&own).await).len(), 1);
}
