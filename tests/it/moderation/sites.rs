//! Sites that moderators penalise or ban: whose stories it touches, and whose it leaves alone.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{self, kill};

/// A host whose first part is longer than one can be.
const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com";

/// Does something about a site: sees what it would touch, and presses the button.
async fn hold(moderator: &mut Browser, name: &str, restriction: &str) -> Page {
    let form = [("name", name), ("restriction", restriction), ("reason", "spam")];
    let page = moderator.post("/mod/sites", &form).await;
    if restriction == "none" {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "lift {name}: {}", page.text());
        return page;
    }
    let over = seen(&page);
    let page =
        moderator.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{restriction} {name}: {}", page.text());
    page
}

/// Since when what the page shows is held of the site, as the form that does it sends it.
fn seen(page: &Page) -> String {
    page.value("main section [name=over]")
}

async fn submit(member: &mut Browser, url: &str) -> Page {
    fixtures::submit(member, "A page worth reading", url, "").await
}

/// What the page of a site says is held of it.
const HELD: &str = "main > p ~ p";
/// The form with which moderators act on the site of a page.
const ACT: &str = "form[action='/mod/sites']";
/// The stories that the page of sites shows before anything is done.
const TOUCHED: &str = "main section li a";

#[tokio::test]
async fn a_ban_of_a_site_leaves_sites_alone_whose_names_only_look_like_it() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    hold(&mut chief, "https://www.Example.com/some/page", "banned").await;
    for url in ["https://example.com/1", "http://www.EXAMPLE.com./2", "https://blog.example.com/3"] {
        let page = submit(&mut alice, url).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(page.wrong(), ["url"], "{url}");
        let held = app.visitor().get("/from/example.com").await.one(HELD).text;
        assert_eq!(page.errors()[0].1, held, "it is said as on the site's own page");
        assert_eq!(
            (page.value("#title").as_str(), page.value("#url").as_str()),
            ("A page worth reading", url)
        );
    }
    for url in [
        "https://notexample.com/",
        "https://example.com.evil.org/",
        "https://evil.org/example.com",
        "https://example.co/",
    ] {
        assert_eq!(submit(&mut alice, url).await.status, StatusCode::SEE_OTHER, "{url}");
    }
    assert_eq!(app.number("select count(*) from items").await, 4);
}

#[tokio::test]
async fn a_ban_of_one_member_of_a_shared_host_leaves_the_others_alone() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    for name in ["https://github.com/Spammer/repository", "bad.github.io", "blog.example.org"] {
        hold(&mut chief, name, "banned").await;
    }
    for (url, taken) in [
        ("https://github.com/spammer/other", false),
        ("https://gist.github.com/spammer/1", false),
        ("https://github.com/spammers/x", true),
        ("https://github.com/features", true),
        ("https://bad.github.io/", false),
        ("https://notbad.github.io/", true),
        ("https://blog.example.org/", false),
        ("https://deep.blog.example.org/", false),
        ("https://notblog.example.org/", true),
        ("https://example.org/", true),
    ] {
        let page = submit(&mut alice, url).await;
        assert_eq!(page.status == StatusCode::SEE_OTHER, taken, "{url}: {}", page.status);
    }
}

#[tokio::test]
async fn only_an_admin_acts_on_a_host_where_many_have_sites() {
    let app = TestApp::new().await;
    let (mut chief, mut boss) =
        (app.person("chief", Role::Moderator).await, app.person("boss", Role::Admin).await);
    let form = [("name", "github.io"), ("restriction", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert_eq!((page.status, page.wrong()), (StatusCode::UNPROCESSABLE_ENTITY, vec!["name".to_owned()]));
    assert!(page.errors()[0].1.contains("only an admin"), "{:?}", page.errors());
    hold(&mut boss, "github.io", "banned").await;
    let page = submit(&mut chief, "https://someone.github.io/").await;
    assert_eq!(page.wrong(), ["url"]);
    assert!(page.errors()[0].1.contains("github.io"), "{:?}", page.errors());
    assert_eq!(submit(&mut chief, "https://notgithub.io/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn stories_of_a_penalised_site_rank_lower_until_it_is_lifted() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let penalised = alice.story("From the penalised", "https://blog.example.com/1").await;
    let other = alice.story("From another", "https://notexample.com/1").await;
    let place = alice.story("From a place", "https://github.com/someone/x").await;
    app.sql(&format!("update items set score = 20 where id in ({penalised}, {place})")).await;
    app.sql(&format!("update items set score = 15 where id = {other}")).await;
    let order = async |chief: &mut Browser| {
        let mut titles = chief.get("/").await.titles();
        titles.retain(|title| title.starts_with("From "));
        titles.join(", ")
    };
    let unheld = "From a place, From the penalised, From another";
    assert_eq!(order(&mut chief).await, unheld);
    hold(&mut chief, "example.com", "penalised").await;
    assert_eq!(order(&mut chief).await, "From a place, From another, From the penalised");
    hold(&mut chief, "github.com/someone", "banned").await;
    assert_eq!(order(&mut chief).await, "From another, From a place, From the penalised");
    let late = alice.story("Later from the penalised", "https://example.com/2").await;
    let penalised_now = || app.number("select count(*) from items where penalised");
    assert_eq!(penalised_now().await, 3, "a new story of the site too: {late}");
    // What is held of the host itself stays when that of the domain goes.
    hold(&mut chief, "blog.example.com", "penalised").await;
    hold(&mut chief, "example.com", "none").await;
    hold(&mut chief, "github.com/someone", "none").await;
    assert_eq!(penalised_now().await, 1);
    hold(&mut chief, "blog.example.com", "none").await;
    assert_eq!(penalised_now().await, 0);
    assert_eq!(order(&mut chief).await, unheld);
}

#[tokio::test]
async fn a_host_of_many_weighs_on_all_below_it() {
    let app = TestApp::new().await;
    let (mut boss, mut alice) = (app.person("boss", Role::Admin).await, app.member("alice").await);
    for url in
        ["https://one.github.io/", "https://two.github.io/", "https://notgithub.io/", "https://github.com/"]
    {
        submit(&mut alice, url).await;
    }
    hold(&mut boss, "github.io", "penalised").await;
    assert_eq!(app.number("select count(*) from items where penalised").await, 2);
    hold(&mut boss, "github.io", "none").await;
    assert_eq!(app.number("select count(*) from items where penalised").await, 0);
}

#[tokio::test]
async fn a_story_brought_back_ranks_as_its_site_does_by_then() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    let story = alice.story("A story", "https://example.com/1").await;
    kill(&mut chief, story, true).await;
    hold(&mut chief, "example.com", "penalised").await;
    kill(&mut chief, story, false).await;
    assert_eq!(app.number("select count(*) from items where penalised").await, 1);
}

#[tokio::test]
async fn everybody_reads_what_is_held_of_a_site_and_moderators_act_there() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    hold(&mut chief, "example.com", "banned").await;
    let page = app.visitor().get("/from/example.com").await;
    assert_eq!(page.one(HELD).text, "Stories from example.com are not accepted here: spam");
    page.finds(0, ACT);
    let restrictions = |page: &Page| {
        let buttons = page.all(&format!("{ACT} button[name=restriction]"));
        buttons.iter().map(|button| button.attr("value").to_owned()).collect::<Vec<_>>()
    };
    let page = chief.get("/from/example.com").await;
    page.finds(1, ACT);
    assert_eq!(restrictions(&page), ["penalised", "none"], "it is banned already");
    let form = [
        ("name", "example.com"),
        ("restriction", "none"),
        ("reason", "mended"),
        ("goto", "/from/example.com"),
    ];
    let page = chief.submit("/mod/sites", &form).await;
    assert!(page.one("main h1").text.contains("example.com"), "it leads back to the site: {}", page.text());
    assert_eq!(restrictions(&page), ["penalised", "banned"]);
    page.finds(0, HELD);
    app.visitor().get("/from/example.com").await.finds(0, HELD);
    // Below a shared host, what is held of the host shows as well.
    hold(&mut chief, "github.com", "penalised").await;
    let page = app.visitor().get("/from/github.com/someone").await;
    assert_eq!(page.one(HELD).text, "Stories from github.com rank lower here: spam");
}

#[tokio::test]
async fn the_list_of_sites_says_what_why_who_and_when() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    let page = chief.get("/mod/sites").await;
    page.finds(0, "main li");
    assert!(page.says("No restricted sites"), "{}", page.text());
    for n in 0..31 {
        hold(&mut chief, &format!("site{n:02}.example"), "banned").await;
    }
    app.pass(3_600);
    let page = chief.get("/mod/sites").await;
    let rows = page.texts("main li");
    assert_eq!(rows.len(), 30);
    for part in ["site00.example", "banned", "spam", "by chief", "1 hour ago"] {
        assert!(rows[0].contains(part), "{part}: {}", rows[0]);
    }
    assert_eq!(page.one("a[rel=next]").attr("href"), "/mod/sites?after=site29.example");
    let last = chief.get("/mod/sites?after=site29.example").await;
    assert!(last.one("main li").text.starts_with("site30.example"));
    last.finds(0, "a[rel=next]");
}

#[tokio::test]
async fn each_act_on_a_site_is_in_the_log_with_its_reason() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    for restriction in ["penalised", "banned", "none"] {
        hold(&mut chief, "example.com", restriction).await;
    }
    for (act, detail) in
        [("penalise-site", "example.com"), ("ban-site", "example.com"), ("lift-site", "example.com")]
    {
        let query = format!(
            "select count(*) from moderation_log where action = '{act}' and detail = '{detail}' and reason = \
             'spam' \
             and actor_id is not null and not private"
        );
        assert_eq!(app.number(&query).await, 1, "{act}");
    }
}

#[tokio::test]
async fn a_form_about_a_site_that_cannot_be_taken_says_why_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    let no_name = "That is not the name of a site.";
    for (name, restriction, reason, field, sentence) in [
        ("", "banned", "spam", "name", "Enter a site, such as example.com."),
        ("co.uk", "banned", "spam", "name", "co.uk is a public suffix"),
        ("*.example.com", "banned", "spam", "name", no_name),
        (LONG, "banned", "spam", "name", "That name is too long"),
        ("two words", "banned", "spam", "name", no_name),
        ("https://youtube.com/watch?v=1", "banned", "spam", "name", "does not name a user of youtube.com"),
        ("example.com", "banned", " ", "reason", ""),
        ("example.com", "burned", "spam", "", "Choose what to do"),
    ] {
        let page = chief
            .post("/mod/sites", &[("name", name), ("restriction", restriction), ("reason", reason)])
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let errors = page.errors();
        assert!(
            errors.len() == 1 && errors[0].0 == field && errors[0].1.contains(sentence),
            "{name}: {errors:?}"
        );
        assert_eq!(page.value("#name"), name, "it is kept");
    }
    let page = chief
        .post("/mod/sites", &[("name", "example.com"), ("restriction", "none"), ("reason", "why")])
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT, "there is nothing to lift");
    assert_eq!(page.message(), "example.com is not restricted.");
    assert_eq!(app.number("select count(*) from moderation_log").await, 0);
}

#[tokio::test]
async fn a_ban_holds_however_the_address_is_written_and_on_whichever_host_of_the_same_pages() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    for name in ["github.com/spammer", "medium.com/@spammer", "twitter.com/spammer"] {
        hold(&mut chief, name, "banned").await;
    }
    for url in [
        "https://github.com/%73pammer/b",
        "https://gist.github.com/%53PAMMER/b",
        "https://medium.com/%40spammer/a",
        "https://x.com/spammer/status/1",
        "https://twitter.com/spammer/status/1",
        "https://mobile.twitter.com/spammer/status/1",
        "https://mobile.x.com/spammer/st%61tus/1",
    ] {
        let page = submit(&mut alice, url).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(page.wrong(), ["url"], "{url}");
        let said = &page.errors()[0].1;
        assert!(
            said.contains("spam") && (said.contains("/spammer") || said.contains("/@spammer")),
            "{url}: {said}"
        );
    }
    for url in ["https://github.com/%2573pammer/b", "https://x.com/somebody", "https://twitter.com/another"] {
        assert_eq!(submit(&mut alice, url).await.status, StatusCode::SEE_OTHER, "{url}");
    }
    let first = alice.story("A page", "https://example.com/abc").await;
    assert_eq!(alice.story("The same", "https://example.com/%61bc").await, first, "one page is one story");
}

#[tokio::test]
async fn nobody_bans_a_site_without_having_seen_what_is_here_from_it() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    alice.story("Long ago", "https://blog.example.com/0").await;
    app.pass(31 * DAY);
    let (mut alice, mut chief) = (app.session("alice").await, app.person("chief", Role::Moderator).await);
    for n in 1..=4 {
        app.pass(60);
        alice.story(&format!("Story {n} from there"), &format!("https://blog{n}.example.com/{n}")).await;
    }
    alice.story("From another", "https://notexample.com/").await;
    let before = app.dump(&[]).await;
    for (restriction, words) in [("banned", "Ban example.com"), ("penalised", "Penalise example.com")] {
        let form = [
            ("name", "example.com"),
            ("restriction", restriction),
            ("reason", "no <good>"),
            ("goto", "/from/example.com"),
        ];
        let page = chief.post("/mod/sites", &form).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.one("main section > h2").text, "example.com: 4 stories in the last 30 days");
        assert_eq!(page.texts(TOUCHED), ["Story 4 from there", "Story 3 from there", "Story 2 from there"]);
        let expected = [
            ("name", "example.com"),
            ("reason", "no <good>"),
            ("sure", "true"),
            ("goto", "/from/example.com"),
        ];
        for (name, value) in expected {
            assert_eq!(page.value(&format!("main section {ACT} [name={name}]")), value);
        }
        let button = page.one(&format!("main section {ACT} button[name=restriction]"));
        assert_eq!((button.attr("value"), button.text.as_str()), (restriction, words));
    }
    assert_eq!(app.dump(&[]).await, before, "nothing is held yet");
    let form = [("name", "unheard-of.example"), ("restriction", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert_eq!(page.one("main section > h2").text, "unheard-of.example: no stories in the last 30 days");
    page.finds(0, TOUCHED);
    let form = [("name", "blog.example.com"), ("restriction", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert!(page.one("main section > h2").text.contains("no stories"), "{}", page.text());
    assert_eq!(page.texts(TOUCHED), ["Long ago"], "an old one");
    let form = [("name", "blog1.example.com"), ("restriction", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert_eq!(page.one("main section > h2").text, "blog1.example.com: 1 story in the last 30 days");
}

#[tokio::test]
async fn what_another_moderator_decided_meanwhile_is_shown_and_not_undone_unseen() {
    let app = TestApp::new().await;
    let (mut chief, mut mia) =
        (app.person("chief", Role::Moderator).await, app.person("mia", Role::Moderator).await);
    let form = [("name", "example.com"), ("restriction", "penalised"), ("reason", "mostly dull")];
    let over = seen(&chief.post("/mod/sites", &form).await);
    assert_eq!(over, "");
    hold(&mut mia, "example.com", "banned").await;
    let page = chief.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let held = app.visitor().get("/from/example.com").await;
    assert!(page.says("example.com was changed in the meantime."), "{}", page.text());
    let said = page.one("main section > h2 + p").text;
    assert!(said.starts_with(&held.one(HELD).text) && said.contains("Set by mia"), "{said}");
    assert_eq!(page.value("#reason"), "mostly dull");
    assert_eq!(
        app.number("select count(*) from sites where restriction = 'banned'").await,
        1,
        "it is not undone"
    );
    let over = seen(&page);
    let page = chief.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "now it was seen: {}", page.text());
    hold(&mut mia, "example.com", "none").await;
    let page = chief
        .post("/mod/sites", &[("name", "example.com"), ("restriction", "none"), ("reason", "mended")])
        .await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert_eq!(page.message(), "example.com is no longer restricted: mia lifted it.");
}
