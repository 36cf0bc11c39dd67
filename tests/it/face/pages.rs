//! The community's own pages, and its words for those that every forum has.

use axum::http::StatusCode;
use stoa::config::Readers;
use stoa::domain::accounts::user::Role;

use crate::support::app::TestApp;

const NEW: &str = "/mod/pages";
const GUIDELINES: &str = "/mod/pages/guidelines";

#[tokio::test]
async fn guidelines_of_the_communitys_own_replace_the_built_in_ones() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let built_in = visitor.get("/guidelines").await.text();
    let form = ada.get(GUIDELINES).await;
    assert!(
        built_in.len() > 500 && form.value("#text").len() > 500,
        "the form begins with the built-in text"
    );
    let own = "#title, #slug, #footer";
    form.finds(0, own);
    ada.get("/mod/pages/new").await.finds(3, own);
    let text = "Be *kind* on {site}.\n\n{moderators}";
    let preview = ada.post(GUIDELINES, &[("text", text), ("preview", "true")]).await;
    assert_eq!((preview.one(".preview em").text, preview.value("#text")), ("kind".into(), text.into()));
    assert_eq!(visitor.get("/guidelines").await.text(), built_in, "nothing is saved yet");
    let page = ada.submit(GUIDELINES, &[("text", text)]).await;
    page.finds(1, "article a[href='/user/ada']");
    assert!(visitor.get("/guidelines").await.says("Be kind on Stoa."));
    let logged: Vec<(String, String)> =
        app.rows("select action, detail from moderation_log where action like '%page'").await;
    assert_eq!(logged, [("edit-page".to_owned(), "“Guidelines”".to_owned())]);
    ada.get(GUIDELINES).await.finds(1, "a[href='/mod/pages/guidelines/delete']");
    ada.get("/mod/pages/guidelines/delete").await.finds(1, "form[action='/mod/pages/guidelines/delete']");
    ada.submit("/mod/pages/guidelines/delete", &[]).await;
    assert_eq!(visitor.get("/guidelines").await.text(), built_in);
}

#[tokio::test]
async fn a_page_is_at_its_address_and_in_the_footer() {
    let app = TestApp::new().await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    let footer = "footer a[href='/pages/about-us']";
    visitor.get("/").await.finds(0, footer);
    let form =
        [("title", "About us"), ("slug", "About-Us"), ("text", "# Looms\n\n<b>x</b>"), ("footer", "true")];
    let page = ada.submit(NEW, &form).await;
    assert_eq!(page.one("h1").text, "About us");
    assert_eq!(visitor.get("/").await.one(footer).text, "About us");
    let page = visitor.get("/pages/about-us").await;
    assert_eq!(page.status, StatusCode::OK);
    page.finds(0, "article b");
    let edit = "/mod/pages/about-us";
    let version = ada.get(edit).await.value("input[name=version]");
    ada.post(edit, &[("title", "About"), ("text", "More."), ("version", &version)]).await;
    visitor.get("/").await.finds(0, footer);
    // From the version before.
    let page = ada.post(edit, &[("title", "About"), ("text", "Mine."), ("version", &version)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!((page.one("#now-text").text, page.value("#text")), ("More.".into(), "Mine.".into()));
    let version = page.value("input[name=version]");
    ada.post(edit, &[("title", "About"), ("text", "Both."), ("version", &version)]).await;
    assert!(visitor.get("/pages/about-us").await.says("Both."));
    ada.post("/mod/pages/about-us/delete", &[]).await;
    assert_eq!(visitor.get("/pages/about-us").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_wrong_page_is_the_form_again() {
    let app = TestApp::new().await;
    let mut ada = app.person("ada", Role::Admin).await;
    ada.post(NEW, &[("title", "Here"), ("slug", "here"), ("text", "Words.")]).await;
    let long = "x".repeat(64 * 1024 + 1);
    for (title, slug, text, field) in [
        (" ", "about", "Words.", "title"),
        ("About", "a b", "Words.", "slug"),
        ("About", "here", "Words.", "slug"),
        ("About", "privacy", "Words.", "slug"),
        ("About", "new", "Words.", "slug"),
        ("About", "about", " ", "text"),
        ("About", "about", &long, "text"),
        ("About", "about", "a\u{202e}b", "text"),
    ] {
        let page = ada.post(NEW, &[("title", title), ("slug", slug), ("text", text)]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{slug}");
        page.finds(1, &format!("#{field}-error"));
        assert_eq!((page.value("#title"), page.value("#slug")), (title.to_owned(), slug.to_owned()));
    }
    for n in 1..50 {
        ada.post(NEW, &[("title", "One"), ("slug", &format!("n{n}")), ("text", "Words.")]).await;
    }
    let page = ada.post(NEW, &[("title", "About"), ("slug", "about"), ("text", "Words.")]).await;
    assert!(page.says("There are 50 pages already"));
    // Those of every forum can still be written.
    assert_eq!(ada.post(GUIDELINES, &[("text", "Be kind.")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_file_goes_before_what_an_admin_writes() {
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("guidelines.md"), "From the file.").expect("written");
    let app = TestApp::with(|settings| settings.pages_dir = Some(folder.path().to_owned())).await;
    let mut ada = app.person("ada", Role::Admin).await;
    let way = |page: &str| format!("main a[href='/mod/pages/{page}']");
    ada.get(NEW).await.finds(1, &way("privacy"));
    assert_eq!(ada.get(GUIDELINES).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ada.post(GUIDELINES, &[("text", "Be kind.")]).await.status, StatusCode::BAD_REQUEST);
    let list = ada.get(NEW).await;
    list.finds(0, &way("guidelines"));
    assert!(list.says("it is a file in pages_dir"));
    assert!(app.visitor().get("/guidelines").await.says("From the file."));
}

#[tokio::test]
async fn where_only_members_read_a_visitor_opens_no_page_but_those_of_every_forum() {
    let app = TestApp::with(|settings| settings.reading = Some(Readers::Members)).await;
    let (mut ada, mut visitor) = (app.person("ada", Role::Admin).await, app.visitor());
    ada.post(NEW, &[("title", "About"), ("slug", "about"), ("text", "Ours."), ("footer", "true")]).await;
    ada.post(GUIDELINES, &[("text", "For all.")]).await;
    assert!(visitor.get("/guidelines").await.says("For all."));
    assert_eq!(visitor.get("/pages/about").await.status, StatusCode::SEE_OTHER);
    let about = "footer a[href='/pages/about']";
    visitor.get("/login").await.finds(0, about);
    ada.get("/").await.finds(1, about);
}
