//! The settings that admins choose.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;
use stoa::store::{ActionContext, ChosenSetting, Error, StoredFace};

use crate::support::app::{NOON, TestApp};

const FACE: &str = "/mod/settings";
const PEOPLE: &str = "/mod/settings/people";

/// The details of the log's rows, oldest first.
async fn logged(app: &TestApp) -> Vec<(String, String)> {
    app.rows("select action, detail from moderation_log order by id").await
}

#[tokio::test]
async fn what_an_admin_chooses_is_shown_at_once_and_in_the_log() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let brand = async |page: &str, browser: &mut crate::support::app::Browser| {
        browser.get(page).await.one("header .brand bdi").text
    };
    for page in ["/", "/new"] {
        assert_eq!(brand(page, &mut visitor).await, "Stoa");
    }
    let before = logged(&app).await.len();
    let form = [
        ("site_name", "Looms"),
        ("tagline", &stoa::config::SiteSettings::default().tagline),
        ("sections", "comments, new"),
        ("footer_links", "Chat https://chat.example.org\r\nRules /guidelines"),
    ];
    let page = ada.submit(FACE, &form).await;
    assert_eq!(page.one("main p[role=status]").text, "Saved.");
    assert_eq!(page.value("#site_name"), "Looms");
    let reset = "#default-site_name";
    page.finds(1, reset);
    for browser in [&mut visitor, &mut ada] {
        for page in ["/", "/new"] {
            assert_eq!(brand(page, browser).await, "Looms", "{page}");
        }
        let page = browser.get("/").await;
        assert_eq!(page.texts(".sections a"), ["top", "comments", "new"]);
        page.finds(1, "footer a[href='https://chat.example.org']");
    }
    assert_eq!(
        logged(&app).await.split_off(before),
        [
            ("set".to_owned(), "site_name: “Stoa” became “Looms”".to_owned()),
            (
                "set".to_owned(),
                "sections: “new, best, active, ask, show, past, comments” became “comments, new”".to_owned()
            ),
            (
                "set".to_owned(),
                "footer_links: empty became “Chat https://chat.example.org Rules /guidelines”".to_owned()
            ),
        ],
        "only what changed"
    );
    ada.get("/log").await.finds(3, "main ol > li a[href='/user/ada']");

    // The next start knows it.
    let again = app.another_node().await;
    assert_eq!(brand("/", &mut again.visitor()).await, "Looms");
    let page = ada.submit(FACE, &[("site_name", "Other"), ("default[]", "site_name")]).await;
    assert_eq!(page.value("#site_name"), "Stoa");
    page.finds(0, reset);
    assert_eq!(brand("/", &mut visitor).await, "Stoa");
}

#[tokio::test]
async fn each_wrong_value_has_its_sentence_and_nothing_is_stored() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    let long = "x".repeat(501);
    for (path, name, value, wrong) in [
        (FACE, "site_name", " ", "Site name must be a name of up to 80 characters on one line."),
        (FACE, "tagline", "a\nb", "Tagline must be one line of up to 200 characters."),
        (FACE, "accent", "pale", "Accent must be a colour such as #0b6e5f."),
        (FACE, "announcement", &long, "Announcement must be one line of up to 500 characters."),
        (FACE, "announcement_until", "soon", "Announcement until must be a day such as 2026-12-24."),
        (FACE, "sections", "hot", "Sections must be some of new, best,"),
        (FACE, "footer_links", "Run javascript:alert(1)", "Footer links must lead to addresses"),
        (FACE, "contact", &"x".repeat(2_001), "Contact must be up to 2,000 visible characters."),
        (PEOPLE, "signup_mode", "maybe", "Sign-up mode must be open, invitation, request or closed."),
        (PEOPLE, "first_posts", "0", "First posts must be a whole number from 1 to 1000."),
        ("/mod/settings/posts", "flags_to_kill", "x", "Flags to kill must be a whole number"),
        ("/mod/settings/limits", "stories_per_hour", "-5", "Stories per hour must be a whole number from 0"),
    ] {
        let page = ada.post(path, &[(name, value)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let said = page.one(&format!("#{name}-error")).text;
        assert!(said.starts_with(wrong), "{name}: {said}");
        let field = page.one(&format!("#{name}[aria-invalid=true]"));
        let is_kept = field.text == value || (field.has_attr("value") && field.attr("value") == value);
        assert!(is_kept || name == "signup_mode", "{name}: what was typed is kept");
    }
    assert!(app.store.stored_face().await.expect("read") == StoredFace::default());
    for (path, form) in [
        (FACE, [("site_name", "Looms"), ("accent", "pale")]),
        (PEOPLE, [("reading", "members"), ("first_posts", "-1")]),
    ] {
        assert_eq!(ada.post(path, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(app.app.settings().reading, Readers::Everyone, "all or nothing");
    // Settings of the server, and names that are none, are not in the form.
    ada.post(FACE, &[("base_url", "https://evil.example"), ("nothing", "x"), ("first_posts", "9")]).await;
    assert_eq!(app.number("select count(*) from chosen_settings").await, 0);
    assert_eq!(ada.get("/mod/settings/nothing").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_the_operator_gives_is_fixed() {
    let app = TestApp::with(|settings| {
        settings.site_name = Some("Looms".to_owned());
        settings.given_as.insert("site_name", "STOA_SITE_NAME".to_owned());
    })
    .await;
    let mut ada = app.person("ada", Role::Admin).await;
    let page = ada.get(FACE).await;
    page.finds(0, "#site_name");
    assert!(page.one("main .fixed").text.ends_with(": Looms"));
    assert!(page.says("it is given by STOA_SITE_NAME"));
    let page = ada.post(FACE, &[("site_name", "Other")]).await;
    assert!(page.says("This is given by STOA_SITE_NAME, which goes before what is chosen here."));
    // What was chosen before counts no more, and again once it is not given.
    app.sql("insert into chosen_settings (name, value) values ('site_name', 'Chosen')").await;
    app.store.expire_caches();
    let brand = "header .brand bdi";
    assert_eq!(app.visitor().get("/").await.one(brand).text, "Looms");
    let other = app.with_other_settings(|config| {
        config.given_as.remove("site_name");
    });
    assert_eq!(other.visitor().get("/").await.one(brand).text, "Chosen");
    // A reload of the file keeps what was chosen.
    other
        .app
        .replace_settings(stoa::config::Config { server: other.config.server.clone(), ..Default::default() });
    assert_eq!(other.visitor().get("/").await.one(brand).text, "Chosen");
}

#[tokio::test]
async fn only_admins_choose_even_if_they_were_admins_a_moment_ago() {
    let app = TestApp::new().await;
    let (mut ada, mut mia) = (app.person("ada", Role::Admin).await, app.person("mia", Role::Moderator).await);
    let way = "main nav a[href='/mod/settings']";
    mia.get("/mod").await.finds(0, way);
    ada.get("/mod").await.finds(1, way);
    // The session in memory is a moment older than the database.
    app.connection().await.execute("update users set role = 'member' where name = 'ada'").await;
    assert_eq!(ada.post(FACE, &[("site_name", "Looms")]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.number("select count(*) from chosen_settings").await, 0);
}

#[tokio::test]
async fn two_admins_at_once_overwrite_nothing_unseen() {
    let app = TestApp::new().await;
    let (mut ada, mut bea) = (app.person("ada", Role::Admin).await, app.person("bea", Role::Admin).await);
    let version = ada.get(FACE).await.value("input[name=version]");
    bea.post(FACE, &[("tagline", "By bea"), ("version", &version)]).await;
    let form = [
        ("site_name", "Looms"),
        ("tagline", &stoa::config::SiteSettings::default().tagline),
        ("version", &version),
    ];
    let page = ada.post(FACE, &form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.says("Somebody else changed these settings meanwhile.") && page.says("It is now: By bea"));
    assert_eq!(
        (page.value("#site_name"), app.app.settings().tagline.clone()),
        ("Looms".into(), "By bea".into())
    );
    let version = page.value("input[name=version]");
    ada.submit(FACE, &[("site_name", "Looms"), ("tagline", "By bea"), ("version", &version)]).await;
    assert_eq!(app.visitor().get("/").await.one("header .brand bdi").text, "Looms");
}

#[tokio::test]
async fn an_announcement_ends_by_itself_or_by_an_admin() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let page = ada.post(FACE, &[("announcement", "Meeting *today*")]).await;
    assert_eq!(page.one("#announcement_until-error").text, "Please choose the last day of the announcement.");
    let page = ada.post(FACE, &[("announcement", "Meeting"), ("announcement_until", "2026-11-22")]).await;
    assert!(page.one("#announcement_until-error").text.starts_with("2026-11-22 is over."));
    ada.post(FACE, &[("announcement", "Meeting *today*"), ("announcement_until", "2026-11-23")]).await;
    let notice = "main aside[aria-label=Announcement]";
    for browser in [&mut visitor, &mut ada] {
        assert_eq!(browser.get("/").await.one(&format!("{notice} em")).text, "today");
    }
    let midnight = NOON + 12 * 3_600;
    app.pass(midnight - app.now().0 - 1);
    visitor.get("/").await.finds(1, notice);
    app.pass(1);
    for browser in [&mut visitor, &mut ada] {
        browser.get("/").await.finds(0, notice);
    }
    ada.post(FACE, &[("announcement_until", "2026-12-24")]).await;
    visitor.get("/").await.finds(1, notice);
    ada.post(FACE, &[("announcement", "")]).await;
    visitor.get("/").await.finds(0, notice);
}

#[tokio::test]
async fn the_accent_is_in_the_one_style_sheet_of_its_own_address() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let link = "link[rel=stylesheet]";
    let before = visitor.get("/").await.one(link).attr("href").to_owned();
    let page = ada.submit(FACE, &[("accent", "#ffd400")]).await;
    let note = "main form p.notice";
    assert!(page.one(note).text.starts_with("#ffd400 is too pale to be read on a light page"));
    let after = visitor.get("/").await.one(link).attr("href").to_owned();
    assert_ne!(before, after);
    let sheet = visitor.get(&after).await;
    assert!(sheet.text().contains("--accent: light-dark(#846d00, #ffd400);"), "the nearest tone, and itself");
    assert!(sheet.header("cache-control").contains("immutable"));
    ada.submit(FACE, &[("accent", "#A8261C")]).await.finds(0, note);
    let old = visitor.get(&after).await;
    assert_eq!((old.status, old.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(old.text().contains("light-dark(#a8261c,"), "pages from before have the colour of now");
    ada.submit(FACE, &[("default[]", "accent")]).await;
    assert_eq!(visitor.get("/").await.one(link).attr("href"), before, "browsers have it still");
}

#[tokio::test]
async fn of_two_choices_at_the_same_moment_the_second_is_refused() {
    let app = TestApp::new().await;
    let ada = app.account("ada", Role::Admin).await;
    let act = ActionContext { actor: Some(ada), reason: "", at: app.now() };
    let choice = |text: &str| {
        let (before, after) = ("\"Stoa\"".to_owned(), format!("{text:?}"));
        [ChosenSetting { name: "site_name", text: Some(text.to_owned()), before, after }]
    };
    let known = BTreeMap::new();
    app.store.choose_settings(&choice("Looms"), &known, act).await.expect("the first");
    let second = app.store.choose_settings(&choice("Spindles"), &known, act).await;
    assert!(matches!(second, Err(Error::Conflict)), "{second:?}");
    assert_eq!(app.number("select count(*) from chosen_settings where value = 'Looms'").await, 1);
}
