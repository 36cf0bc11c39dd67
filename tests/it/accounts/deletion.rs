//! Deleting an account: what goes, what stays, and what nobody can tell any more.

use axum::http::StatusCode;
use stoa::domain::accounts::deletion::DeletionError;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::fixtures::{invite, is_in};
use crate::support::sentences::refused;

const DELETE: &str = "/settings/delete";

async fn delete(member: &mut Browser, name: &str, posts: &str) -> Page {
    member.post(DELETE, &[("name", name), ("posts", posts), ("password", PASSWORD)]).await
}

/// Tables in which nothing of an account is left.
const EMPTIED: [&str; 21] = [
    "mailboxes",
    "mail_links",
    "mails",
    "sessions",
    "browsers",
    "totp_secrets",
    "recovery_codes",
    "pending_logins",
    "passkeys",
    "passkey_challenges",
    "password_resets",
    "saved",
    "hidden",
    "visits",
    "mutes",
    "follows",
    "followed_searches",
    "inbox",
    "inbox_feeds",
    "notifications",
    "ip_hashes",
];

#[tokio::test]
async fn an_account_is_deleted_by_its_password_its_name_and_a_choice() {
    let app = TestApp::new().await;
    let mut bob = app.member("bob").await;
    bob.get("/settings/account").await.finds(1, &format!("main a[href='{DELETE}']"));
    bob.get(DELETE).await.finds(1, "main a[href='/settings/export']");
    let form = [("name", "rob"), ("posts", ""), ("password", PASSWORD)];
    let wrong = bob.post(DELETE, &form).await;
    refused(&wrong, StatusCode::UNPROCESSABLE_ENTITY, DeletionError::OtherName);
    refused(&wrong, StatusCode::UNPROCESSABLE_ENTITY, DeletionError::NoChoice);
    assert_eq!(wrong.value("#name"), "rob");
    let form = [("name", "bob"), ("posts", "keep"), ("password", "not it at all")];
    let wrong = bob.post(DELETE, &form).await;
    assert_eq!((wrong.status, wrong.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["password".into()]));
    wrong.finds(1, "input[name=posts][value=keep][checked]");
    assert!(is_in(&mut bob).await, "nothing has happened yet");

    let done = delete(&mut bob, "Bob", "keep").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    done.finds(1, "main [role=status]");
    done.finds(0, "header a[href='/inbox']");
    assert!(!is_in(&mut bob).await);
    let login = app.visitor().post("/login", &[("name", "bob"), ("password", PASSWORD)]).await;
    assert_eq!(login.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.member("carl").await.get("/").await.finds(1, "header a[href='/inbox']");
}

#[tokio::test]
async fn posts_stay_readable_without_the_name_of_their_author() {
    let app = TestApp::new().await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    let story = bob.text_story("A story to keep", "Words of a story.").await;
    let comment = carl.reply(story, "A comment below it.").await;
    let answer = bob.reply(comment, "An answer to that.").await;
    bob.vote(comment, "up").await;
    let thread = format!("/item/{story}");
    // Everything is in caches.
    for path in ["/new", &thread, "/comments", "/leaders", "/feed/top.atom"] {
        assert!(app.visitor().get(path).await.mentions("bob"), "{path}");
        carl.get(path).await;
    }
    let score = app.number(&format!("select score from items where id = {comment}")).await;
    delete(&mut bob, "bob", "keep").await;
    for browser in [&mut app.visitor(), &mut carl] {
        for path in ["/", "/new", &thread, "/comments", "/leaders", "/feed/top.atom", "/search?q=keep"] {
            let page = browser.get(path).await;
            assert!(page.status.is_success() && !page.mentions("bob"), "{path}: {}", page.text());
        }
        let page = browser.get(&thread).await;
        assert!(page.mentions("Words of a story.") && page.mentions("An answer to that."));
        assert!(page.one(&format!("#c{answer} header")).text.contains("[deleted]"), "{}", page.text());
    }
    assert_eq!(app.number(&format!("select score from items where id = {comment}")).await, score);
    for path in ["/user/bob", "/user/bob/comments"] {
        assert_eq!(app.visitor().get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let signup = app.visitor().post("/signup", &[("name", "BOB"), ("password", PASSWORD)]).await;
    assert_eq!((signup.status, signup.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["name".into()]));
}

#[tokio::test]
async fn posts_that_nobody_replied_to_go_too_if_their_author_wants() {
    let app = TestApp::new().await;
    let (mut bob, mut carl) = (app.member("bob").await, app.member("carl").await);
    let lonely = bob.text_story("A lonely story", "Nobody came.").await;
    let story = carl.text_story("A story of carl", "Words.").await;
    let answered = bob.reply(story, "Somebody answers this.").await;
    carl.reply(answered, "The answer.").await;
    let chain = bob.reply(story, "The first of a chain.").await;
    let end = bob.reply(chain, "The end of a chain.").await;
    let locked = bob.reply(story, "A locked comment.").await;
    app.sql(&format!("update items set locked = true where id = {locked}")).await;
    assert_eq!(app.number(&format!("select descendants from items where id = {story}")).await, 5);
    delete(&mut bob, "bob", "remove").await;
    let mut visitor = app.visitor();
    for id in [lonely, chain, end] {
        assert_eq!(visitor.get(&format!("/item/{id}")).await.status, StatusCode::GONE, "{id}");
    }
    let page = visitor.get(&format!("/item/{story}")).await;
    assert!(page.mentions("Somebody answers this.") && page.mentions("A locked comment."));
    assert!(!page.mentions("of a chain"), "{}", page.text());
    assert_eq!(app.number(&format!("select descendants from items where id = {story}")).await, 3);
}

#[tokio::test]
async fn nothing_personal_is_left_of_a_deleted_account() {
    let app = TestApp::new().await;
    app.account("bob", Role::Moderator).await;
    let (mut bob, mut carl) = (app.log_in("bob").await, app.member("carl").await);
    let story = carl.text_story("A story", "For @bob.").await;
    for path in ["save", "hide", "follow"] {
        bob.post(&format!("/item/{story}/{path}"), &[("on", "true")]).await;
    }
    carl.post("/user/bob/follow", &[("on", "true")]).await;
    bob.post("/settings/muted", &[("kind", "word"), ("value", "rust"), ("on", "true")]).await;
    bob.post("/settings", &[("about", "My secret life"), ("theme", "dark"), ("order", "best")]).await;
    bob.post("/settings/recovery", &[("password", PASSWORD)]).await;
    bob.get(&format!("/item/{story}")).await;
    bob.vote(story, "up").await;
    app.store.flush_activity().await.expect("written");
    let invitation = invite(&mut bob).await;
    let (id, carls) = (app.id_of("bob").await.0, app.id_of("carl").await.0);
    app.sql(&format!(
        "insert into ip_hashes (created_at, user_id, address, subnet, network) \
         values (1, {id}, {0}, {0}, {0})",
        app.blob(&[1])
    ))
    .await;
    let mail = [
        format!(
            "mailboxes (user_id, address, inbox_mail, key) values ({id}, 'bob@example.org', 'daily', 'k')"
        ),
        format!(
            "mail_links (token_hash, user_id, purpose, address, expires_at) values ({}, {id}, 'not-me', \
             'bob@example.org', 9)",
            app.blob(&[2])
        ),
        format!(
            "mails (user_id, recipient, kind, content, bulk, created_at) values ({id}, 'bob@example.org', \
             'reset', '{{}}', false, 1)"
        ),
    ];
    for row in mail {
        app.sql(&format!("insert into {row}")).await;
    }
    let of = |table: &str, user: i64| format!("select count(*) from {table} where user_id = {user}");
    assert!(app.number(&of("saved", id)).await == 1 && app.number(&of("inbox", id)).await > 0);
    let others = app.number(&of("sessions", carls)).await;
    delete(&mut bob, "bob", "keep").await;
    for table in EMPTIED {
        assert_eq!(app.number(&of(table, id)).await, 0, "{table}");
    }
    assert_eq!(app.number(&of("sessions", carls)).await, others);
    assert_eq!(app.number("select count(*) from follows").await, 0, "nobody follows nobody");
    assert_eq!(app.number(&of("votes", id)).await, 1, "votes keep counting");
    let rows = app.dump(&["held_names", "items"]).await;
    for secret in ["My secret life", "$argon2id$v=19$m=19456", "'bob'"] {
        let left = rows.iter().filter(|row| row.starts_with("users: ") && row.contains(&format!("id={id} ")));
        assert!(left.clone().count() == 1 && left.into_iter().all(|row| !row.contains(secret)), "{secret}");
    }
    assert_eq!(app.visitor().get(&invitation).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_log_and_the_tree_of_invitations_name_no_deleted_account() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    let mut bob = app.person("bob", Role::Moderator).await;
    app.set_karma("bob", 600).await;
    let invitation = invite(&mut bob).await;
    app.visitor().post(&invitation, &[("name", "eve"), ("password", PASSWORD)]).await;
    app.account("carl", Role::Member).await;
    bob.post("/user/carl/warn", &[("warning", "Be kinder.")]).await;
    let mut visitor = app.visitor();
    for path in ["/log", "/feed/log.atom", "/user/eve", "/invited"] {
        assert!(visitor.get(path).await.mentions("bob"), "{path}");
    }
    delete(&mut bob, "bob", "keep").await;
    for path in ["/log", "/feed/log.atom", "/user/eve", "/invited"] {
        let page = visitor.get(path).await;
        assert!(page.mentions("[deleted]") && !page.mentions("bob"), "{path}: {}", page.text());
    }
    let link = visitor
        .get("/user/eve")
        .await
        .one("dl a[href^='/user/']:not([href$='/invited'])")
        .attr("href")
        .to_owned();
    assert_eq!(visitor.get(&link).await.status, StatusCode::GONE, "{link}");
    // Moderators can still tell two deleted accounts apart.
    let id = app.number("select id from users where deleted_at is not null").await;
    let tombstone = format!("/user/[deleted-{id}]");
    assert!(ada.get("/log").await.mentions(&format!("[deleted-{id}] warned")));
    let page = ada.get(&format!("{tombstone}/moderate")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.says("This account was deleted by its owner."));
    assert_eq!(visitor.get(&tombstone).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn the_last_admin_stays() {
    let app = TestApp::new().await;
    let (mut ada, mut eva) = (app.person("ada", Role::Admin).await, app.person("eva", Role::Admin).await);
    let (one, other) = tokio::join!(delete(&mut ada, "ada", "keep"), delete(&mut eva, "eva", "keep"));
    let mut statuses = [one.status, other.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY]);
    let refusal = if one.status == StatusCode::OK { other } else { one };
    refused(&refusal, StatusCode::UNPROCESSABLE_ENTITY, DeletionError::LastAdmin);
    assert_eq!(app.number("select count(*) from users where role = 'admin'").await, 1);
}

#[tokio::test]
async fn no_earlier_name_of_a_deleted_account_stays_in_the_log() {
    let app = TestApp::new().await;
    let (mut bob, mut visitor) = (app.member("weaver").await, app.visitor());
    bob.post("/settings/name", &[("name", "spinner"), ("password", PASSWORD)]).await;
    assert!(visitor.get("/log").await.mentions("weaver"));
    delete(&mut bob, "spinner", "keep").await;
    for path in ["/log", "/feed/log.atom"] {
        let page = visitor.get(path).await;
        assert!(page.mentions("[deleted]") && !page.mentions("weaver"), "{path}: {}", page.text());
    }
}
