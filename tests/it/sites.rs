//! Sites that moderators penalise or ban: whose stories it touches, and whose it leaves alone.

use axum::http::StatusCode;
use stoa::clock::DAY;
use stoa::domain::user::Role;

use crate::app::{Browser, Page, TestApp};

/// A host whose first part is longer than one can be.
const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com";

/// Does something about a site: sees what it would touch, and presses the button.
async fn hold(moderator: &mut Browser, name: &str, stance: &str) -> Page {
    let form = [("name", name), ("stance", stance), ("reason", "spam")];
    let page = moderator.post("/mod/sites", &form).await;
    if stance == "none" {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "lift {name}: {}", page.text());
        return page;
    }
    let over = seen(&page);
    let page = moderator.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{stance} {name}: {}", page.text());
    page
}

/// Since when what the page shows is held of the site, as its form sends it.
fn seen(page: &Page) -> String {
    let text = page.text();
    let after = text.split("name=\"over\" value=\"").nth(1).unwrap_or_else(|| panic!("a form that does it: {text}"));
    after.split('"').next().unwrap_or_default().to_owned()
}

async fn submit(member: &mut Browser, url: &str) -> Page {
    member.post("/submit", &[("title", "A page worth reading"), ("url", url), ("text", "")]).await
}

#[tokio::test]
async fn a_ban_of_a_site_leaves_sites_alone_whose_names_only_look_like_it() {
    let app = TestApp::new().await;
    let (mut chief, mut alice) = (app.person("chief", Role::Moderator).await, app.member("alice").await);
    hold(&mut chief, "https://www.Example.com/some/page", "banned").await;
    for url in ["https://example.com/1", "http://www.EXAMPLE.com./2", "https://blog.example.com/3"] {
        let page = submit(&mut alice, url).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(page.has("Stories from example.com are not taken here: spam"), "{url}: {}", page.text());
        assert!(page.has("A page worth reading") && page.has(url), "what was typed is kept: {}", page.text());
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
    let (mut chief, mut boss) = (app.person("chief", Role::Moderator).await, app.person("boss", Role::Admin).await);
    let form = [("name", "github.io"), ("stance", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert!(page.status == StatusCode::UNPROCESSABLE_ENTITY && page.has("only an admin"), "{}", page.text());
    hold(&mut boss, "github.io", "banned").await;
    let page = submit(&mut chief, "https://someone.github.io/").await;
    assert!(page.has("Stories from github.io are not taken here"), "{}", page.text());
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
        let page = chief.get("/").await;
        let mut titles = ["From the penalised", "From another", "From a place"];
        titles.sort_by_key(|title| page.place_of(title));
        titles.join(", ")
    };
    assert_eq!(order(&mut chief).await, "From a place, From the penalised, From another");
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
    assert_eq!(order(&mut chief).await, "From a place, From the penalised, From another");
}

#[tokio::test]
async fn a_host_of_many_weighs_on_all_below_it() {
    let app = TestApp::new().await;
    let (mut boss, mut alice) = (app.person("boss", Role::Admin).await, app.member("alice").await);
    for url in ["https://one.github.io/", "https://two.github.io/", "https://notgithub.io/", "https://github.com/"] {
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
    let kill = format!("/item/{story}/kill");
    chief.post(&kill, &[("on", "true"), ("reason", "spam")]).await;
    hold(&mut chief, "example.com", "penalised").await;
    chief.post(&kill, &[("on", "false")]).await;
    assert_eq!(app.number("select count(*) from items where penalised").await, 1);
}

#[tokio::test]
async fn everybody_reads_what_is_held_of_a_site_and_moderators_act_there() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    hold(&mut chief, "example.com", "banned").await;
    let page = app.visitor().get("/from/example.com").await;
    assert!(page.has("Stories from example.com are not taken here: spam") && !page.has("action=\"/mod/sites\""));
    let page = chief.get("/from/example.com").await;
    assert!(page.has("action=\"/mod/sites\"") && page.has("value=\"none\"") && !page.has("value=\"banned\""));
    let form = [("name", "example.com"), ("stance", "none"), ("reason", "mended"), ("goto", "/from/example.com")];
    let page = chief.submit("/mod/sites", &form).await;
    assert!(page.has("Nothing from example.com") && !page.has("are not taken here"), "{}", page.text());
    assert!(!app.visitor().get("/from/example.com").await.has("are not taken here"));
    // Below a shared host, what is held of the host shows as well.
    hold(&mut chief, "github.com", "penalised").await;
    let page = app.visitor().get("/from/github.com/someone").await;
    assert!(page.has("Stories from github.com rank lower here: spam"), "{}", page.text());
}

#[tokio::test]
async fn the_list_of_sites_says_what_why_who_and_when() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    assert!(chief.get("/mod/sites").await.has("Nothing is held against any site"));
    for n in 0..31 {
        hold(&mut chief, &format!("site{n:02}.example"), "banned").await;
    }
    app.pass(3_600);
    let page = chief.get("/mod/sites").await;
    assert!(page.has("site00.example") && page.has("by chief") && page.has("1 hour ago") && page.has(">spam<"));
    assert!(!page.has("site30.example") && page.has("href=\"/mod/sites?after=site29.example\""), "{}", page.text());
    assert!(chief.get("/mod/sites?after=site29.example").await.has("site30.example"));
}

#[tokio::test]
async fn each_act_on_a_site_is_in_the_log_with_its_reason() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    for stance in ["penalised", "banned", "none"] {
        hold(&mut chief, "example.com", stance).await;
    }
    for (act, detail) in [("penalise-site", "example.com"), ("ban-site", "example.com"), ("lift-site", "example.com")] {
        let query = format!(
            "select count(*) from moderation where act = '{act}' and detail = '{detail}' and reason = 'spam' \
             and actor_id is not null and not private"
        );
        assert_eq!(app.number(&query).await, 1, "{act}");
    }
}

#[tokio::test]
async fn a_form_about_a_site_that_cannot_be_taken_says_why_and_keeps_what_was_typed() {
    let app = TestApp::new().await;
    let mut chief = app.person("chief", Role::Moderator).await;
    for (name, stance, reason, sentence) in [
        ("", "banned", "spam", "Name a site, such as example.com."),
        ("co.uk", "banned", "spam", "co.uk is not a site"),
        ("*.example.com", "banned", "spam", "That is not the name of a site."),
        (LONG, "banned", "spam", "No site has a name that long"),
        ("two words", "banned", "spam", "That is not the name of a site."),
        ("https://youtube.com/watch?v=1", "banned", "spam", "does not say whose place on youtube.com it is"),
        ("example.com", "banned", " ", "Say why: the reason is kept with the act."),
        ("example.com", "burned", "spam", "Choose what to do"),
    ] {
        let page = chief.post("/mod/sites", &[("name", name), ("stance", stance), ("reason", reason)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(page.has(sentence), "{name}: {}", page.text());
        assert!(page.has(&format!("value=\"{name}\"")), "{name} is kept: {}", page.text());
    }
    let page = chief.post("/mod/sites", &[("name", "example.com"), ("stance", "none"), ("reason", "why")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "there is nothing to lift");
    assert!(page.has("role=\"status\">Nothing is held against example.com.</p>"), "{}", page.text());
    assert_eq!(app.number("select count(*) from moderation").await, 0);
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
        assert!(page.has("are not taken here: spam"), "{url}: {}", page.text());
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
    for (stance, button) in [("banned", "Ban example.com</button>"), ("penalised", "Penalise example.com</button>")] {
        let form =
            [("name", "example.com"), ("stance", stance), ("reason", "no <good>"), ("goto", "/from/example.com")];
        let page = chief.post("/mod/sites", &form).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.has("example.com: 4 stories in the last 30 days") && page.has(button), "{}", page.text());
        assert!(page.place_of("Story 4 from there") < page.place_of("Story 2 from there"), "the newest first");
        assert!(!page.has("Story 1 from there") && !page.has("Long ago") && !page.has("From another"));
        assert!(
            page.has("name=\"reason\" value=\"no &#60;good&#62;\"")
                && page.has("name=\"goto\" value=\"/from/example.com\"")
        );
    }
    assert_eq!(app.dump(&[]).await, before, "nothing is held yet");
    let form = [("name", "unheard-of.example"), ("stance", "banned"), ("reason", "spam")];
    assert!(chief.post("/mod/sites", &form).await.has("unheard-of.example: no stories in the last 30 days"));
    let form = [("name", "blog.example.com"), ("stance", "banned"), ("reason", "spam")];
    let page = chief.post("/mod/sites", &form).await;
    assert!(
        page.has("blog.example.com: no stories in the last 30 days") && page.has("Long ago"),
        "an old one: {}",
        page.text()
    );
    let form = [("name", "blog1.example.com"), ("stance", "banned"), ("reason", "spam")];
    assert!(chief.post("/mod/sites", &form).await.has("blog1.example.com: 1 story in the last 30 days"));
}

#[tokio::test]
async fn what_another_moderator_decided_meanwhile_is_shown_and_not_undone_unseen() {
    let app = TestApp::new().await;
    let (mut chief, mut mia) = (app.person("chief", Role::Moderator).await, app.person("mia", Role::Moderator).await);
    let form = [("name", "example.com"), ("stance", "penalised"), ("reason", "mostly dull")];
    let over = seen(&chief.post("/mod/sites", &form).await);
    assert_eq!(over, "");
    hold(&mut mia, "example.com", "banned").await;
    let page = chief.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("Another moderator has decided about example.com meanwhile."), "{}", page.text());
    assert!(
        page.has("Stories from example.com are not taken here: spam") && page.has("So said mia"),
        "{}",
        page.text()
    );
    assert!(
        page.has("value=\"mostly dull\"") && app.visitor().get("/from/example.com").await.has("are not taken here")
    );
    let over = seen(&page);
    let page = chief.post("/mod/sites", &[&form[..], &[("sure", "true"), ("over", &over)]].concat()).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "now it was seen: {}", page.text());
    hold(&mut mia, "example.com", "none").await;
    let page = chief.post("/mod/sites", &[("name", "example.com"), ("stance", "none"), ("reason", "mended")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.has("Nothing is held against example.com any more: mia lifted it."), "{}", page.text());
}
