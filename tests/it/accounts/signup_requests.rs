//! Asking for an account: what a moderator decides, what whoever asked is told, and what is forgotten.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::user::{Name, Role};
use stoa::jobs::KEEP;
use stoa::store::{Error, NewUser};

use crate::http::injection::{check, inputs, short};
use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{invite, with_sign_up};

const WHY: &str = "I weave, and I would like to talk about looms.";

async fn ask(browser: &mut Browser, name: &str, text: &str) -> Page {
    browser.post("/signup", &[("name", name), ("password", PASSWORD), ("text", text)]).await
}

async fn log_in(browser: &mut Browser, name: &str, password: &str) -> Page {
    browser.post("/login", &[("name", name), ("password", password)]).await
}

async fn decide(moderator: &mut Browser, name: &str, decision: &str, message: &str, app: &TestApp) -> Page {
    let id =
        app.number(&format!("select max(id) from signup_requests where lower(name) = lower('{name}')")).await;
    moderator.post(&format!("/mod/requests/{id}"), &[("decision", decision), ("message", message)]).await
}

/// What stands on the page about a request only once it is declined.
const ASK_AGAIN: &str = "main a[href='/signup']";
/// The field of the form for an account that says why.
const QUESTION: &str = "main form textarea[name=text]";
/// What a moderator sees of each who waits.
const WAITING: &str = "main article h2";

async fn is_somebody(app: &TestApp, name: &str) -> bool {
    app.visitor().get(&format!("/user/{name}")).await.status == StatusCode::OK
}

#[tokio::test]
async fn somebody_asks_is_approved_and_logs_in() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    let mut ada = app.visitor();
    let form = ada.get("/signup").await;
    form.finds(1, QUESTION);
    assert_eq!(form.one("label[for=text]").text, "Why would you like to join?");
    assert_eq!(form.one("#text-help").text, "Only moderators read this.");
    let page = ada.submit("/signup", &[("name", "Ada"), ("password", PASSWORD), ("text", WHY)]).await;
    assert!(
        page.says("Your request is sent") && page.says("Your name is reserved until then"),
        "{}",
        page.text()
    );
    assert!(!is_somebody(&app, "Ada").await && !ada.cookies.contains_key("session"));

    let page = log_in(&mut ada, "ada", PASSWORD).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.says("Awaiting a moderator.") && page.says(WHY), "{}", page.text());
    page.finds(0, ASK_AGAIN);
    assert!(!ada.cookies.contains_key("session"));

    assert_eq!(moderator.get("/").await.number("header a[href='/mod']"), 1);
    assert_eq!(moderator.get("/mod").await.number("main nav a[href='/mod/requests']"), 1);
    let queue = moderator.get("/mod/requests").await;
    assert_eq!(queue.texts(WAITING), ["Ada"]);
    assert!(queue.says(WHY), "{}", queue.text());
    app.pass(3_600);
    let page = decide(&mut moderator, "ada", "approve", "", &app).await;
    assert_eq!(page.location().as_deref(), Some("/mod/requests"));
    let queue = moderator.get("/mod/requests").await;
    queue.finds(0, WAITING);
    assert!(queue.says("No pending requests."), "{}", queue.text());
    assert_eq!(queue.number("main nav a[href='/mod/requests']"), 0);

    let mut ada = app.log_in("ada").await;
    assert_eq!(ada.get("/inbox").await.notices(), ["A moderator approved your request. Welcome."]);
    assert_eq!(app.karma("Ada").await, 1);
    assert_eq!(
        app.number("select created_at from users where name = 'Ada'").await,
        app.now().0,
        "a member from now on"
    );
    assert_eq!(
        app.number("select count(*) from signup_requests where password <> ''").await,
        0,
        "the hash is the account's"
    );
    let acts = "select count(*) from moderation_log where action = 'admit' and actor_id is not null and \
                user_id = \
                (select id from users where name = 'Ada')";
    assert_eq!(app.number(acts).await, 1);
}

#[tokio::test]
async fn an_approval_brings_a_message_too_and_leaves_the_moderator_where_they_were() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    ask(&mut app.visitor(), "Ada", WHY).await;
    let id = app.number("select id from signup_requests where name = 'Ada'").await;
    let form =
        [("decision", "approve"), ("message", "Begin in /ask."), ("goto", "/mod/requests?at=1&after=2")];
    let page = moderator.post(&format!("/mod/requests/{id}"), &form).await;
    assert_eq!(page.location().as_deref(), Some("/mod/requests?at=1&after=2"));
    let said = moderator.get("/mod/requests").await.message();
    assert!(said.starts_with("You approved the request of") && said.contains("Ada"), "{said}");
    let again = moderator.post(&format!("/mod/requests/{id}"), &form).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let mut ada = app.log_in("ada").await;
    let told = ada.get("/inbox").await.notices();
    assert!(told.len() == 1 && told[0].ends_with(". Begin in /ask."), "{told:?}");
}

#[tokio::test]
async fn the_name_is_theirs_while_they_wait() {
    let app = with_sign_up(SignUpMode::Request).await;
    app.account("marta", Role::Moderator).await;
    let mut moderator = app.session("marta").await;
    ask(&mut app.visitor(), "Ada", WHY).await;
    let link = invite(&mut moderator).await;
    let typed = "I am the real one.";
    for name in ["Ada", "aDA"] {
        let page = ask(&mut app.visitor(), name, typed).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!((page.wrong(), page.value(QUESTION).as_str()), (vec!["name".to_owned()], typed));
        let page = app.visitor().post(&link, &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!((page.status, page.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["name".to_owned()]));
        let name = Name::parse(name).expect("a name");
        let new = NewUser { name: &name, password: "hash", role: Role::Member, ip_hashes: None };
        assert!(
            matches!(app.store.create_user(new, app.now()).await, Err(Error::Conflict)),
            "for the operator too"
        );
    }
    let page = ask(&mut app.visitor(), "MARTA", WHY).await;
    assert_eq!(page.wrong(), ["name"]);
    assert_eq!(app.number("select count(*) from signup_requests").await, 1);
}

#[tokio::test]
async fn a_name_asked_for_by_many_at_once_is_one_person_s() {
    let app = with_sign_up(SignUpMode::Request).await;
    let [mut one, mut two, mut three] = [app.visitor(), app.visitor(), app.visitor()];
    let pages =
        tokio::join!(ask(&mut one, "Ada", WHY), ask(&mut two, "ADA", WHY), ask(&mut three, "ada", WHY));
    let mut answers = [pages.0.status, pages.1.status, pages.2.status];
    answers.sort();
    let (done, taken) = (StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answers, [done, taken, taken]);
    assert_eq!(app.number("select count(*) from signup_requests").await, 1);
}

#[tokio::test]
async fn who_does_not_know_the_password_learns_nothing_of_a_request() {
    let app = with_sign_up(SignUpMode::Request).await;
    ask(&mut app.visitor(), "ada", WHY).await;
    let mut answers = Vec::new();
    for name in ["ada", "bob"] {
        let page = log_in(&mut app.visitor(), name, "quite another password").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        answers.push(page.text().replace(name, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(app.visitor().get("/user/ada").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_request_says_why_and_what_will_not_do_is_kept() {
    let app = with_sign_up(SignUpMode::Request).await;
    let long = "x".repeat(2_001);
    for (name, text, field, words) in [
        ("ada", " \n", "text", "Write a few words"),
        ("ada", long.as_str(), "text", "That is 2,001 characters"),
        ("a", WHY, "name", ""),
    ] {
        let page = ask(&mut app.visitor(), name, text).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(page.wrong(), [field]);
        assert!(page.errors()[0].1.contains(words), "{words}: {:?}", page.errors());
        assert_eq!((page.value(QUESTION).trim(), page.value("#name").as_str()), (text.trim(), name));
        assert!(!page.mentions(PASSWORD), "{}", page.text());
    }
    let app = TestApp::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Request);
        settings.request_question = Some("What do you <weave>?".to_owned());
    })
    .await;
    assert_eq!(app.visitor().get("/signup").await.one("label[for=text]").text, "What do you <weave>?");
}

#[tokio::test]
async fn whoever_is_declined_reads_why_and_may_ask_again() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    ask(&mut app.visitor(), "ada", WHY).await;
    let page = decide(&mut moderator, "ada", "decline", "Tell us more, *please*.", &app).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let page = log_in(&mut app.visitor(), "ADA", PASSWORD).await;
    for words in ["A moderator declined it", "Tell us more, please.", WHY] {
        assert!(page.says(words), "{words}: {}", page.text());
    }
    assert_eq!(page.one("main em").text, "please");
    page.finds(1, ASK_AGAIN);
    assert!(!is_somebody(&app, "ada").await);

    let page = ask(&mut app.visitor(), "ada", "Much more.").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "the name is free again");
    let page = log_in(&mut app.visitor(), "ada", PASSWORD).await;
    assert!(page.says("Much more.") && !page.says(WHY), "the latest counts: {}", page.text());
    page.finds(0, ASK_AGAIN);
    decide(&mut moderator, "ada", "approve", "", &app).await;
    app.log_in("ada").await;

    let log: Vec<String> =
        app.dump(&[]).await.into_iter().filter(|row| row.starts_with("moderation_log: ")).collect();
    let decline = log.iter().find(|row| row.contains("action='decline'")).expect("in the log");
    assert!(
        !decline.contains("ada") && !decline.contains("Tell us") && decline.contains("user_id=NULL"),
        "{decline}"
    );
}

#[tokio::test]
async fn an_invitation_is_kept_as_long_as_the_request_that_it_came_with() {
    let app = with_sign_up(SignUpMode::Request).await;
    let (inviter, now) = (app.account("chief", Role::Admin).await.0, app.now());
    app.sql(&format!(
        "insert into invitations (id, token_hash, inviter_id, created_at, expires_at) \
         values (1, {}, {inviter}, 1, 2)",
        app.blob(&[0])
    ))
    .await;
    app.sql(&format!(
        "insert into signup_requests (name, password, text, created_at, invitation_id, decision, decided_at) \
         values ('ada', '', 'Hello.', 1, 1, 'declined', {0})",
        now.0
    ))
    .await;
    for (days, left) in [(30, 1), (31, 0)] {
        app.store.purge(KEEP, now.plus(days * DAY)).await.expect("purged");
        for table in ["signup_requests", "invitations"] {
            let rows = app.number(&format!("select count(*) from {table}")).await;
            assert_eq!(rows, left, "{table} after {days} days");
        }
    }
}

#[tokio::test]
async fn requests_are_forgotten_in_time() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    for name in ["ada", "bob", "carol"] {
        ask(&mut app.visitor(), name, WHY).await;
    }
    decide(&mut moderator, "ada", "decline", "No.", &app).await;
    decide(&mut moderator, "bob", "approve", "", &app).await;
    for (days, left) in [(30, 3), (31, 1), (90, 1), (91, 0)] {
        let now = app.now().plus(days * DAY);
        app.store.purge(KEEP, now).await.expect("purged");
        assert_eq!(app.number("select count(*) from signup_requests").await, left, "after {days} days");
    }
    assert!(is_somebody(&app, "bob").await);
    let refused = log_in(&mut app.visitor(), "ada", PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "nothing is known of it");
    assert_eq!(
        ask(&mut app.visitor(), "carol", WHY).await.status,
        StatusCode::SEE_OTHER,
        "nobody waits by that name"
    );
}

#[tokio::test]
async fn no_more_wait_than_can_be_read() {
    let app = TestApp::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Request);
        settings.max_pending_signup_requests = Some(2);
    })
    .await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    let [mut one, mut two, mut three] = [app.visitor(), app.visitor(), app.visitor()];
    tokio::join!(ask(&mut one, "ada", WHY), ask(&mut two, "bob", WHY), ask(&mut three, "carol", WHY));
    assert_eq!(app.number("select count(*) from signup_requests").await, 2);
    let page = ask(&mut app.visitor(), "dora", WHY).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.says("There are too many pending requests."), "{}", page.text());
    assert_eq!(page.value(QUESTION), WHY);
    let waiting = app.number("select min(id) from signup_requests").await;
    moderator.post(&format!("/mod/requests/{waiting}"), &[("decision", "decline")]).await;
    assert_eq!(ask(&mut app.visitor(), "dora", WHY).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_moderators_at_once_make_one_account() {
    let app = with_sign_up(SignUpMode::Request).await;
    let (mut one, mut two) = (app.person("one", Role::Moderator).await, app.person("two", Role::Admin).await);
    ask(&mut app.visitor(), "ada", WHY).await;
    let pages = tokio::join!(
        decide(&mut one, "ada", "approve", "", &app),
        decide(&mut two, "ada", "decline", "No.", &app)
    );
    let mut answers = [pages.0.status, pages.1.status];
    answers.sort();
    assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::CONFLICT]);
    let late = if pages.0.status == StatusCode::CONFLICT { &pages.0 } else { &pages.1 };
    assert!(late.says("has already been decided"), "{}", late.text());
    let unknown = one.post("/mod/requests/999", &[("decision", "approve")]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let made = i64::from(is_somebody(&app, "ada").await);
    assert_eq!(
        app.number("select count(*) from moderation_log where action in ('admit', 'decline')").await,
        1
    );
    assert_eq!(app.number("select count(*) from moderation_log where action = 'admit'").await, made);
    assert_eq!(decide(&mut one, "ada", "approve", "", &app).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_invitation_stands_for_approval_unless_the_site_says_otherwise() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    let link = invite(&mut moderator).await;
    let form = app.visitor().get(&link).await;
    form.finds(1, "main form input[name=name]");
    form.finds(0, QUESTION);
    app.visitor().post(&link, &[("name", "bob"), ("password", PASSWORD)]).await;
    assert!(is_somebody(&app, "bob").await);

    let app = TestApp::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Request);
        settings.invited_need_approval = Some(true);
    })
    .await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    let link = invite(&mut moderator).await;
    let page = app.visitor().get(&link).await;
    page.finds(1, "main p a[href='/user/moderator']");
    page.finds(1, QUESTION);
    let form = |name| [("name", name), ("password", PASSWORD), ("text", WHY)];
    let page = app.visitor().post(&link, &form("bob")).await;
    assert_eq!(page.location().as_deref(), Some("/signup?sent=yes"));
    assert!(!is_somebody(&app, "bob").await);
    let page = app.visitor().post(&link, &form("carol")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND, "the link is bob's while bob waits");
    let invitations = moderator.get("/invitations").await;
    assert!(invitations.one("main li").text.contains("used for a request"), "{}", invitations.text());
    invitations.finds(0, "main li a[href='/user/carol']");
    moderator.get("/mod/requests").await.finds(1, "main article p a[href='/user/moderator']");

    decide(&mut moderator, "bob", "decline", "", &app).await;
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK, "good again");
    app.visitor().post(&link, &form("carol")).await;
    decide(&mut moderator, "carol", "approve", "", &app).await;
    assert_eq!(
        app.number("select invited_by from users where name = 'carol'").await,
        app.id_of("moderator").await.0
    );
    moderator.get("/invitations").await.finds(1, "main li a[href='/user/carol']");
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_waits_from_before_is_decided_in_every_mode_but_closed() {
    for mode in [SignUpMode::Open, SignUpMode::Invitation, SignUpMode::Closed] {
        let before = with_sign_up(SignUpMode::Request).await;
        before.account("moderator", Role::Moderator).await;
        ask(&mut before.visitor(), "ada", WHY).await;
        ask(&mut before.visitor(), "bob", WHY).await;
        let app = before.with_other_settings(|config| config.site.signup_mode = mode);
        let mut moderator = app.session("moderator").await;
        let waits = log_in(&mut app.visitor(), "ada", PASSWORD).await;
        assert_eq!(waits.status, StatusCode::OK, "{mode:?}");
        assert!(waits.says(WHY), "{mode:?}: {}", waits.text());
        waits.finds(0, ASK_AGAIN);
        let is_closed = mode == SignUpMode::Closed;
        assert_eq!(waits.says("Log in again later"), !is_closed, "{mode:?}: {}", waits.text());
        assert_eq!(waits.says("Your request cannot be approved until that changes."), is_closed, "{mode:?}");
        let page = decide(&mut moderator, "ada", "approve", "", &app).await;
        assert_eq!(page.status == StatusCode::FORBIDDEN, is_closed, "{mode:?}: {}", page.status);
        assert_eq!(is_somebody(&app, "ada").await, !is_closed, "{mode:?}");
        let queue = moderator.get("/mod/requests").await;
        assert_eq!(queue.texts(WAITING).contains(&"ada".to_owned()), is_closed, "{mode:?}");
        queue.finds(queue.all(WAITING).len(), "button[name=decision][value=decline]");
        queue.finds(usize::from(!is_closed), "button[name=decision][value=approve]");
        assert_eq!(decide(&mut moderator, "bob", "decline", "", &app).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn an_import_does_not_take_the_name_of_somebody_who_waits() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    ask(&mut app.visitor(), "ada", WHY).await;
    app.import("{\"id\":1,\"type\":\"story\",\"by\":\"Ada\",\"time\":1,\"title\":\"A story\",\"score\":1}\n")
        .await;
    app.visitor().get("/item/1").await.finds(1, "#i1 a[href='/user/Ada-hn']");
    assert_eq!(decide(&mut moderator, "ada", "approve", "", &app).await.status, StatusCode::SEE_OTHER);
    let mut ada = app.log_in("ada").await;
    let (own, you) = (ada.text_story("Her own story", "Words.").await, "you".to_owned());
    assert!(ada.get(&format!("/item/{own}")).await.marks(own).contains(&you));
    assert!(!ada.get("/item/1").await.marks(1).contains(&you), "it is not hers");
    let page = ask(&mut app.visitor(), "ADA-hn", WHY).await;
    assert!(page.errors()[0].1.contains("taken by the author of imported posts"), "{:?}", page.errors());
}

#[tokio::test]
async fn a_long_queue_is_read_in_pages() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    for n in 0..31 {
        let row = format!("'name{n}', 'hash', 'Words {n}.', {}", app.now().0 + n / 2);
        app.sql(&format!("insert into signup_requests (name, password, text, created_at) values ({row})"))
            .await;
    }
    let first = moderator.get("/mod/requests").await;
    let expected: Vec<String> = (0..30).map(|n| format!("name{n}")).collect();
    assert_eq!(first.texts(WAITING), expected, "who asked first stands first");
    let rest = moderator.get(first.one("a[rel=next]").attr("href")).await;
    assert_eq!(rest.texts(WAITING), ["name30"]);
    rest.finds(0, "a[rel=next]");
}

#[tokio::test]
async fn no_typed_text_breaks_a_request_or_its_answer() {
    let app = with_sign_up(SignUpMode::Request).await;
    let mut moderator = app.person("moderator", Role::Moderator).await;
    for (n, input) in inputs().into_iter().enumerate() {
        let what = short(&input);
        let name = format!("ada{n}");
        check(&ask(&mut app.visitor(), &input, &input).await, &what);
        let page = ask(&mut app.visitor(), &name, &input).await;
        check(&page, &what);
        if page.status != StatusCode::SEE_OTHER {
            assert!(input.trim().is_empty() || input.chars().count() > 2_000, "{what}: {}", page.text());
            ask(&mut app.visitor(), &name, WHY).await;
        }
        for path in ["/mod/requests".to_owned(), format!("/mod/requests?at={}&after=1", short(&input).len())]
        {
            let page = moderator.get(&path).await;
            check(&page, &what);
            let text = page.text();
            assert!(!text.contains('\0') && !text.contains("\u{202e}gpj"), "{what}");
        }
        check(&decide(&mut moderator, &name, &what.replace('\0', ""), "", &app).await, &what);
        let page = decide(&mut moderator, &name, "decline", &input, &app).await;
        check(&page, &what);
        if page.status == StatusCode::UNPROCESSABLE_ENTITY {
            decide(&mut moderator, &name, "decline", "No.", &app).await;
        }
        check(&log_in(&mut app.visitor(), &name, PASSWORD).await, &what);
    }
    for path in ["/mod/requests/abc", "/mod/requests/99999999999999999999999", "/mod/requests/-1"] {
        let page = moderator.post(path, &[("decision", "approve")]).await;
        check(&page, path);
        assert!(page.status.is_client_error(), "{path}");
    }
}
