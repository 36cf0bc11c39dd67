//! Invitations: who may make them, who comes in by one, and what nobody comes in by.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use stoa::clock::DAY;
use stoa::domain::accounts::password::PasswordError;
use stoa::domain::accounts::signup::{InvitationError, SignUpError, SignUpMode};
use stoa::domain::accounts::user::{NameError, Role};

use crate::http::injection::{check, inputs, short};
use crate::http::roles::table;
use crate::support::app::{PASSWORD, TestApp};
use crate::support::fixtures::{come_in, invite, is_in, link, long_standing, with_sign_up};
use crate::support::sentences::refused;

/// The forms by which invitations are made, and taken back.
const MAKE: &str = "main form[action='/invitations']";
const TAKE_BACK: &str = "main form[action^='/invitations/'][action$='/end']";

#[tokio::test]
async fn somebody_comes_in_by_a_members_link() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let mut alice = long_standing(&app, "alice").await;
    assert!(alice.get("/invitations").await.says("You have not invited anyone yet."));
    let page = alice.post("/invitations", &[]).await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    let link = link(&page);
    assert!(link.len() >= "/invitation/".len() + 43, "256 bits: {link}");
    assert!(page.message().contains("valid until 7 December 2026"), "{}", page.text());
    assert!(page.one("main ul > li").text.contains("open until 7 December 2026"), "{}", page.text());
    assert!(page.mentions(&link));
    let page = alice.get("/invitations").await;
    page.finds(1, TAKE_BACK);
    assert!(!page.mentions(&link), "it is shown once");

    let mut bob = app.visitor();
    let page = bob.get(&link).await;
    assert!(page.says("alice invites you to Stoa"), "{}", page.text());
    page.finds(1, "main p a[href='/user/alice']");
    page.finds(1, "meta[name=robots][content=noindex]");
    assert_eq!(page.header("cache-control"), "no-store");
    let page = come_in(&mut bob, &link, "bob").await;
    assert_eq!((page.status, page.location().as_deref()), (StatusCode::SEE_OTHER, Some("/")));
    assert!(is_in(&mut bob).await);
    let list = alice.get("/invitations").await;
    assert!(
        list.one("main ul > li:has(a[href='/user/bob'])").text.ends_with("used by bob"),
        "{}",
        list.text()
    );
    list.finds(0, TAKE_BACK);
    assert_eq!(
        app.number("select invited_by from users where name = 'bob'").await,
        app.id_of("alice").await.0
    );
    assert_eq!(app.number("select invited from users where name = 'alice'").await, 1);

    for _ in 0..2 {
        let page = come_in(&mut app.visitor(), &link, "carol").await;
        // A link works once.
        refused(&page, StatusCode::NOT_FOUND, SignUpError::Over);
        page.finds(1, "main a[href='/contact']");
    }
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().get("/user/carol").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_will_not_do_is_said_and_the_invitation_stays_good() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let mut alice = long_standing(&app, "alice").await;
    let link = invite(&mut alice).await;
    let mut bob = app.visitor();
    for (name, password, field, why) in [
        ("Alice", PASSWORD, "name", NameError::Taken.to_string()),
        ("bob", "short", "password", PasswordError::Short.to_string()),
        ("", PASSWORD, "name", NameError::Empty.to_string()),
    ] {
        let page = bob.post(&link, &[("name", name), ("password", password)]).await;
        refused(&page, StatusCode::UNPROCESSABLE_ENTITY, why);
        assert_eq!((page.wrong(), page.value("[name=name]").as_str()), (vec![field.to_owned()], name));
        page.finds(1, "main p a[href='/user/alice']");
        page.finds(1, &format!("main form[action='{link}']"));
    }
    assert_eq!(come_in(&mut bob, &link, "bob").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn two_people_with_one_link_make_one_account() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let mut alice = long_standing(&app, "alice").await;
    for round in 0..3 {
        let link = invite(&mut alice).await;
        let [mut one, mut two, mut three] = [app.visitor(), app.visitor(), app.visitor()];
        let names = [format!("one{round}"), format!("two{round}"), format!("three{round}")];
        let answers = tokio::join!(
            come_in(&mut one, &link, &names[0]),
            come_in(&mut two, &link, &names[1]),
            come_in(&mut three, &link, &names[2]),
        );
        let mut answers = [answers.0.status, answers.1.status, answers.2.status];
        answers.sort();
        assert_eq!(answers, [StatusCode::SEE_OTHER, StatusCode::NOT_FOUND, StatusCode::NOT_FOUND]);
        assert_eq!(app.number("select count(*) from users where invited_by is not null").await, round + 1);
    }
    assert_eq!(app.number("select invited from users where name = 'alice'").await, 3);
}

#[tokio::test]
async fn one_name_wanted_by_many_at_once_becomes_one_account() {
    let app = with_sign_up(SignUpMode::Open).await;
    let mut alice = long_standing(&app, "alice").await;
    let link = invite(&mut alice).await;
    let [mut one, mut two, mut three] = [app.visitor(), app.visitor(), app.visitor()];
    let form = |name| [("name", name), ("password", PASSWORD)];
    let (spelt, other) = (form("Wanted"), form("wANTED"));
    let answers = tokio::join!(
        one.post("/signup", &spelt),
        two.post("/signup", &other),
        come_in(&mut three, &link, "wanted")
    );
    let answers = [answers.0, answers.1, answers.2];
    assert_eq!(answers.iter().filter(|page| page.status == StatusCode::SEE_OTHER).count(), 1);
    for page in answers.iter().filter(|page| page.status != StatusCode::SEE_OTHER) {
        refused(page, StatusCode::UNPROCESSABLE_ENTITY, NameError::Taken);
    }
    assert_eq!(app.number("select count(*) from users where lower(name) = 'wanted'").await, 1);
}

#[tokio::test]
async fn an_invitation_ends_and_can_be_taken_back_by_its_maker_only() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let (mut alice, mut eve) = (long_standing(&app, "alice").await, long_standing(&app, "eve").await);
    let link = invite(&mut alice).await;
    let id = app.number("select max(id) from invitations").await;
    let end = format!("/invitations/{id}/end");
    assert_eq!(eve.post(&end, &[]).await.status, StatusCode::NOT_FOUND);
    eve.get("/invitations").await.finds(0, "main ul > li");
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    let list = alice.submit(&end, &[]).await;
    assert!(list.one("main ul > li").text.contains("withdrawn on 23 November 2026"), "{}", list.text());
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(come_in(&mut app.visitor(), &link, "bob").await.status, StatusCode::NOT_FOUND);
    assert_eq!(alice.post(&end, &[]).await.status, StatusCode::SEE_OTHER, "twice does no harm");

    let link = invite(&mut alice).await;
    app.pass(14 * DAY - 1);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    app.pass(1);
    assert_eq!(come_in(&mut app.visitor(), &link, "bob").await.status, StatusCode::NOT_FOUND);
    let mut alice = app.session("alice").await;
    let page = alice.get("/invitations").await;
    assert!(page.says("expired on 7 December 2026"), "{}", page.text());
    page.finds(0, TAKE_BACK);
}

#[tokio::test]
async fn a_member_has_a_few_open_at_once_and_moderators_more() {
    let app = TestApp::with(|settings| {
        settings.signup_mode = Some(SignUpMode::Invitation);
        settings.max_open_invitations = Some(2);
        settings.max_open_invitations_moderator = Some(3);
    })
    .await;
    let mut alice = long_standing(&app, "alice").await;
    let (first, _) = (invite(&mut alice).await, invite(&mut alice).await);
    let page = alice.post("/invitations", &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let why = "You have the maximum number of open invitations.";
    assert!(page.one("[role=alert]").text.contains(why), "{}", page.text());
    come_in(&mut app.visitor(), &first, "bob").await;
    invite(&mut alice).await;
    assert_eq!(alice.post("/invitations", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.pass(14 * DAY);
    let mut alice = app.session("alice").await;
    invite(&mut alice).await;

    let mut bob = app.log_in("bob").await;
    assert!(bob.post("/invitations", &[]).await.status == StatusCode::OK, "14 days old now");
    let mut moderator = app.person("moderator", Role::Moderator).await;
    for _ in 0..3 {
        invite(&mut moderator).await;
    }
    assert_eq!(moderator.post("/invitations", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Many at once are still no more.
    let mut dave = long_standing(&app, "dave").await;
    let mut copies = [dave.clone(), dave.clone(), dave.clone(), dave.clone()];
    let [a, b, c, d] = &mut copies;
    tokio::join!(
        a.post("/invitations", &[]),
        b.post("/invitations", &[]),
        c.post("/invitations", &[]),
        d.post("/invitations", &[])
    );
    dave.get("/invitations").await.finds(2, TAKE_BACK);
}

#[tokio::test]
async fn new_accounts_invite_nobody_yet_and_some_sites_leave_it_to_moderators() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    long_standing(&app, "alice").await.get("/invitations").await.finds(1, MAKE);
    let mut fresh = app.member("fresh").await;
    let page = fresh.get("/invitations").await;
    refused(&page, StatusCode::OK, "New accounts cannot invite yet. Yours can in 14 days.");
    page.finds(0, MAKE);
    let page = fresh.post("/invitations", &[]).await;
    refused(&page, StatusCode::FORBIDDEN, InvitationError::New("14 days".to_owned()));

    let app = TestApp::with(|settings| settings.max_open_invitations = Some(0)).await;
    let mut alice = long_standing(&app, "alice").await;
    refused(&alice.get("/invitations").await, StatusCode::OK, "Only moderators invite people here.");
    assert_eq!(alice.post("/invitations", &[]).await.status, StatusCode::FORBIDDEN);
    invite(&mut app.person("moderator", Role::Moderator).await).await;
}

#[tokio::test]
async fn a_banned_inviters_invitations_are_void() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let link = invite(&mut long_standing(&app, "eve").await).await;
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK);
    app.sql(&format!("update users set banned_at = {} where name = 'eve'", app.now().0)).await;
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(come_in(&mut app.visitor(), &link, "friend").await.status, StatusCode::NOT_FOUND);
    app.sql("update users set banned_at = null where name = 'eve'").await;
    assert_eq!(come_in(&mut app.visitor(), &link, "friend").await.status, StatusCode::SEE_OTHER, "lifted");
}

#[tokio::test]
async fn an_invitation_is_for_somebody_without_an_account() {
    let app = with_sign_up(SignUpMode::Open).await;
    let mut alice = long_standing(&app, "alice").await;
    let link = invite(&mut alice).await;
    assert!(alice.get(&link).await.says("You have an account already"));
    assert_eq!(come_in(&mut alice, &link, "second").await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.visitor().get("/user/second").await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.visitor().get(&link).await.status, StatusCode::OK, "and it is still good");
}

/// Whether visitors with and without a valid invitation can create an account in each mode, by any route.
#[tokio::test]
async fn no_other_way_leads_round_the_mode() {
    for mode in SignUpMode::ALL {
        let app = with_sign_up(mode).await;
        app.account("chief", Role::Admin).await;
        let mut inviter = long_standing(&app, "inviter").await;
        let good = match mode {
            SignUpMode::Closed => "/invitation/guessed".to_owned(),
            _ => invite(&mut inviter).await,
        };
        let paths: BTreeSet<&str> = table().iter().map(|row| row.path).collect();
        let mut makers = BTreeSet::new();
        for path in paths {
            for (token, invited) in [("guessed", false), (good.trim_start_matches("/invitation/"), true)] {
                if invited && !path.contains("/invitation/") {
                    continue;
                }
                let address = path.replace("{token}", token).replace("{id}", "1").replace("{name}", "chief");
                for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                    let before = app.number("select count(*) from users").await;
                    let name = format!("sneaky{before}");
                    let form = [
                        ("name", name.as_str()),
                        ("password", PASSWORD),
                        ("text", "Let me in."),
                        ("on", "true"),
                    ];
                    let query = format!("{address}?name={name}&password={}", PASSWORD.replace(' ', "+"));
                    let mut visitor = app.visitor();
                    let page = match method {
                        Method::GET => visitor.get(&query).await,
                        _ => visitor.send(method.clone(), &address, &[], Some(&form)).await,
                    };
                    check(&page, &format!("{method} {address}"));
                    if app.number("select count(*) from users").await != before {
                        makers.insert((method.to_string(), path));
                        app.sql("update invitations set used_by = null").await;
                    } else {
                        assert!(!is_in(&mut visitor).await, "{method} {address}");
                    }
                }
            }
        }
        let expected: &[&str] = match mode {
            SignUpMode::Open => &["/invitation/{token}", "/signup"],
            SignUpMode::Invitation | SignUpMode::Request => &["/invitation/{token}"],
            SignUpMode::Closed => &[],
        };
        let expected: BTreeSet<_> = expected.iter().map(|path| ("POST".to_owned(), *path)).collect();
        assert_eq!(makers, expected, "{mode:?}");
    }
}

#[tokio::test]
async fn a_closed_site_takes_nobody_by_an_invitation_made_before() {
    let open = with_sign_up(SignUpMode::Open).await;
    let link = invite(&mut long_standing(&open, "alice").await).await;
    let closed = open.with_other_settings(|config| config.site.signup_mode = SignUpMode::Closed);
    let page = closed.visitor().get(&link).await;
    refused(&page, StatusCode::FORBIDDEN, SignUpError::Closed);
    page.finds(0, "main form");
    assert_eq!(come_in(&mut closed.visitor(), &link, "bob").await.status, StatusCode::FORBIDDEN);
    let mut alice = closed.session("alice").await;
    let page = alice.get("/invitations").await;
    refused(&page, StatusCode::OK, InvitationError::Closed);
    page.finds(0, MAKE);
    page.finds(1, TAKE_BACK);
    assert_eq!(alice.post("/invitations", &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        come_in(&mut open.visitor(), &link, "bob").await.status,
        StatusCode::SEE_OTHER,
        "opened again"
    );
}

#[tokio::test]
async fn each_mode_says_how_people_get_in() {
    for (mode, sign_up, log_in, leads_to) in [
        (SignUpMode::Open, "Create account", "Sign up", "/signup?goto=%2F"),
        (
            SignUpMode::Invitation,
            "New accounts here are by invitation: a member can send you a link.",
            "by invitation",
            "/signup",
        ),
        (SignUpMode::Request, "Send request", "Request an account", "/signup"),
        (SignUpMode::Closed, "This site is not accepting new accounts at the moment.", "contact", "/contact"),
    ] {
        let app = with_sign_up(mode).await;
        let page = app.visitor().get("/signup").await;
        assert!(page.status == StatusCode::OK && page.says(sign_up), "{mode:?}: {}", page.text());
        let has_form = matches!(mode, SignUpMode::Open | SignUpMode::Request);
        page.finds(usize::from(has_form), "main form[action='/signup']");
        page.finds(usize::from(!has_form), "main a[href='/contact']");
        assert_eq!(
            app.visitor().get("/login").await.one("main").one_role("link", log_in).attr("href"),
            leads_to,
            "{mode:?}"
        );
        app.visitor().get("/").await.finds(usize::from(mode == SignUpMode::Open), "main a[href='/signup']");
    }
}

#[tokio::test]
async fn the_database_holds_no_link_that_lets_somebody_in() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let link = invite(&mut long_standing(&app, "alice").await).await;
    let token = link.trim_start_matches("/invitation/");
    assert!(!app.dump(&[]).await.iter().any(|row| row.contains(token)));
}

#[tokio::test]
async fn no_forged_link_opens_anything() {
    let app = with_sign_up(SignUpMode::Invitation).await;
    let mut alice = long_standing(&app, "alice").await;
    let link = invite(&mut alice).await;
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let mut forged: Vec<String> =
        inputs().iter().map(|input| format!("/invitation/{}", encode(input))).collect();
    forged.retain(|path| path.len() < 20_000);
    forged.extend([link[..link.len() - 1].to_owned(), format!("{link}x"), link.to_lowercase()]);
    for path in forged {
        // What is written otherwise than this site writes addresses leads to the one that it would have.
        let path = app.visitor().get(&path).await.location().unwrap_or(path);
        for page in [app.visitor().get(&path).await, come_in(&mut app.visitor(), &path, "eve").await] {
            check(&page, &short(&path));
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", short(&path));
        }
    }
    for input in inputs() {
        let page =
            app.visitor().post(&link, &[("name", &input), ("password", &input), ("goto", &input)]).await;
        check(&page, &short(&input));
        assert!(!page.text().contains("<script>alert"), "{}", short(&input));
        let mut page = alice.post(&format!("/invitations/{}/end", encode(&short(&input))), &[]).await;
        if let Some(way) = page.location() {
            page = alice.post(&way, &[]).await;
        }
        check(&page, &short(&input));
        assert!(page.status.is_client_error());
    }
}
