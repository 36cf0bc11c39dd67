//! What tests begin with, where several of them do.

mod town;

use std::cmp::Reverse;

use axum::http::{Method, StatusCode};
use stoa::clock::Timestamp;
use stoa::config::Settings;
use stoa::domain::items::item::Kind;
pub use town::{
    Flaggers, InUse, Town, come_in, is_in, long_standing, members, one_flag_kills, with_a_story, with_sign_up,
};

use crate::support::app::{Browser, Page, TestApp};

/// A story of an import: of its author, mole, nobody has the password.
pub const BY_MOLE: &str = "{\"id\": 1, \"type\": \"story\", \"by\": \"mole\", \"time\": \
                           1717243200, \"title\": \"Old\", \"score\": 2}\n";

/// The title of a story that asks everybody something.
pub const ASK: &str = "Ask: how does it begin?";

/// A forum behind a proxy, so that a test can say where a request comes from.
pub fn behind_a_proxy(settings: &mut Settings) {
    settings.trusted_proxies = Some("127.0.0.1".parse().expect("an address"));
}

/// Posts a form from an address of the network, at a forum behind a proxy.
pub async fn post_from(browser: &mut Browser, address: &str, path: &str, form: &[(&str, &str)]) -> Page {
    let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", address)];
    browser.send(Method::POST, path, &headers, Some(form)).await
}

/// Posts a form that leads on.
pub async fn done(browser: &mut Browser, path: &str, form: &[(&str, &str)]) -> Page {
    let page = browser.post(path, form).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{path} {form:?}: {}", page.text());
    page
}

pub async fn submit(browser: &mut Browser, title: &str, url: &str, text: &str) -> Page {
    browser.post("/submit", &[("title", title), ("url", url), ("text", text)]).await
}

pub async fn flag(member: &mut Browser, id: i64, reason: &str, note: &str) {
    let form = [("on", "true"), ("reason", reason), ("note", note)];
    done(member, &format!("/item/{id}/flag"), &form).await;
}

/// Kills a post, or brings it back.
pub async fn kill(moderator: &mut Browser, id: i64, on: bool) {
    let form = [("on", if on { "true" } else { "false" }), ("reason", "spam")];
    done(moderator, &format!("/item/{id}/kill"), &form).await;
}

/// Lets somebody see what is dead.
pub async fn show_dead(browser: &mut Browser) {
    let form = [("about", ""), ("theme", "system"), ("order", "best"), ("show_dead", "true")];
    done(browser, "/settings", &form).await;
}

/// Adds a rule of the moderators.
pub async fn add_rule(moderator: &mut Browser, kind: &str, pattern: &str, effect: &str) {
    let form =
        [("kind", kind), ("pattern", pattern), ("effect", effect), ("reason", "spam"), ("add", "true")];
    done(moderator, "/mod/rules", &form).await;
}

/// The path of a new invitation's link.
pub async fn invite(browser: &mut Browser) -> String {
    link(&browser.post("/invitations", &[]).await)
}

/// The path of the invitation's link that a page shows.
pub fn link(page: &Page) -> String {
    let link = page.value("#link");
    link.strip_prefix("http://127.0.0.1:8000")
        .unwrap_or_else(|| panic!("a link of this site: {link}"))
        .to_owned()
}

/// What a member was told, the latest first.
pub async fn told(app: &TestApp, name: &str) -> Vec<String> {
    let latest = (Timestamp(i64::MAX), i64::MAX);
    let rows = app.store.inbox(app.id_of(name).await, false, latest, 100, app.now()).await.expect("an inbox");
    let ids: Vec<i64> = rows.iter().filter_map(|row| row.notification_id).collect();
    let mut told = app.store.notifications(&ids).await.expect("notifications");
    told.sort_by_key(|notification| Reverse((notification.created_at, notification.id)));
    told.iter().filter_map(|notification| notification.sentence(Kind::Story)).collect()
}

/// Marks the whole inbox as read, as its page offers.
pub async fn read_all(member: &mut Browser) {
    let last = member.get("/inbox").await.one("button[name=last]").attr("value").to_owned();
    let page = member.post("/inbox/read", &[("last", &last)]).await;
    assert_eq!(page.location().as_deref(), Some("/inbox"));
}

pub async fn score(app: &TestApp, id: i64) -> i64 {
    app.number(&format!("select score from items where id = {id}")).await
}

/// Shadow-bans a member, without an act of a moderator.
pub async fn shadow(app: &TestApp, name: &str) {
    app.sql(&format!("update users set shadow_banned_at = 1 where name = '{name}'")).await;
}
