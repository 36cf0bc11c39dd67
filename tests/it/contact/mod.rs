//! Writing to the moderators: conversations, appeals against bans, and reports of illegal content.

mod appeals;
mod conversations;
mod reports;

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

/// A forum with a moderator, mia.
async fn forum() -> (TestApp, Browser) {
    let app = TestApp::new().await;
    let mia = app.person("mia", Role::Moderator).await;
    (app, mia)
}

/// Sends a message from the contact page; the address where its answer is read.
async fn contact(browser: &mut Browser, text: &str) -> String {
    let page = browser.post("/contact", &[("text", text)]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    page.location().expect("an address")
}

/// The moderators' page of what waits longest.
async fn first_waiting(moderator: &mut Browser) -> String {
    moderator.get("/mod/messages").await.all("main .rows a")[0].attr("href").to_owned()
}

/// What the messages of a conversation say, in order, each after who wrote it.
fn messages(page: &Page) -> Vec<String> {
    let said = |message: &crate::support::page::Element| {
        format!("{}: {}", message.one("h2").text, message.one(".t").text)
    };
    page.all("main article.c").iter().map(said).collect()
}
