//! Every route with every role: who is let in, who is led to the log-in page, who is refused.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::recovery_code::RecoveryCode;
use stoa::domain::accounts::token::Token;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::{Name, Role, UserId};
use stoa::domain::conversations::ConversationKind;
use stoa::domain::conversations::report::IllegalGround;
use stoa::domain::face::image::{ImageFormat, ImageKind};
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::domain::votes::flag::Reason;
use stoa::store::{
    ActionContext, ImageRow, NewComment, NewConversation, NewFlag, NewPage, NewSignupRequest, NewStory,
};

use crate::support::app::{Browser, PASSWORD, Page, TestApp};
use crate::support::authenticator::{Authenticator, with_passkeys};
use crate::support::fixtures::shadow;

/// The one table of addresses, read so that a new one without an expectation here fails.
const ROUTES: &str = include_str!("../../../src/web/routes.rs");

/// Method, path, its parameters, the form (for a GET: the query), and the responses: one for all; or one for
/// visitors and one for members; or one for each of [`Who`], where somebody who is banned may be left out:
/// what leads a visitor to the log-in leads them to why they are banned, and a form is refused.
///
/// page 200, done 303 (not to the log-in), login 303 or, with input, 401, banned 303 to why they are, moved
/// 308, bad 400, no 403, none 404, gone 410, again 422, late 409 (already done).
const TABLE: &str = include_str!("routes.txt");

pub struct Row {
    pub method: Method,
    pub path: &'static str,
    pub on: &'static str,
    pub form: &'static str,
    answers: Vec<&'static str>,
}

pub fn table() -> Vec<Row> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &'static str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut answers = match &words[4..] {
            [all] => vec![*all; 7],
            [nobody, members] => [vec![*nobody], vec![*members; 6]].concat(),
            each => each.to_vec(),
        };
        if answers.len() == 7 {
            let banned = match (answers[0], words[0]) {
                ("login", "GET") => "banned",
                ("login", _) => "no",
                (other, _) => other,
            };
            answers.insert(1, banned);
        }
        assert_eq!(answers.len(), 8, "{line}");
        let form = if words[3] == "-" { "" } else { words[3] };
        Row { method: words[0].parse().expect("a method"), path: words[1], on: words[2], form, answers }
    };
    lines.map(row).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Visitor,
    /// Logged in, and banned.
    Banned,
    New,
    /// With the karma to vote down.
    Other,
    Shadowed,
    Author,
    Moderator,
    Admin,
}

impl Who {
    pub const ALL: [Who; 8] = [
        Who::Visitor,
        Who::Banned,
        Who::New,
        Who::Other,
        Who::Shadowed,
        Who::Author,
        Who::Moderator,
        Who::Admin,
    ];

    /// The column of the table.
    fn column(self) -> usize {
        Who::ALL.iter().position(|who| *who == self).unwrap_or(0)
    }

    fn role(self) -> Role {
        match self {
            Who::Moderator => Role::Moderator,
            Who::Admin => Role::Admin,
            _ => Role::Member,
        }
    }
}

impl Row {
    pub fn answer(&self, who: Who) -> &'static str {
        self.answers[who.column()]
    }

    /// Somebody for whom it is done, if it is done for anybody.
    pub fn doer(&self) -> Option<Who> {
        Who::ALL.into_iter().find(|who| self.answer(*who) == "done")
    }
}

/// One request of the table, on people and items of its own.
pub struct Case {
    pub browser: Browser,
    pub path: String,
    pub form: Vec<(String, String)>,
}

impl Case {
    pub async fn send(&mut self, method: Method, headers: &[(&str, &str)]) -> Page {
        let form: Vec<(&str, &str)> =
            self.form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        if method == Method::POST {
            return self.browser.send(method, &self.path, headers, Some(&form)).await;
        }
        let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let path = if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) };
        self.browser.send(method, &path, headers, None).await
    }
}

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A forum that has an admin already.
pub async fn forum() -> TestApp {
    let app = TestApp::with(with_passkeys).await;
    app.account("chief", Role::Admin).await;
    app
}

async fn browser(app: &TestApp, who: Who, name: &str) -> Browser {
    match who {
        Who::Visitor => return app.visitor(),
        Who::Banned => app.ban(name).await,
        Who::Other | Who::Shadowed => app.set_karma(name, 600).await,
        Who::New | Who::Author | Who::Moderator | Who::Admin => {}
    }
    if who == Who::Shadowed {
        app.sql(&format!("update users set shadow_banned_at = 1 where name = '{name}'")).await;
    }
    app.session(name).await
}

async fn item(app: &TestApp, on: &str, author: UserId, own: UserId) -> ItemId {
    let now = app.now();
    let story = NewStory {
        author,
        title: "A story",
        url: None,
        section: None,
        text: "Words.",
        ip_hashes: None,
        stopped: None,
    };
    let policy = &app.policy();
    let stoa::store::Submission::New(story) = app.store.submit(story, policy, now).await.expect("a story")
    else {
        panic!("a new story")
    };
    let comment = |author| {
        let comment =
            NewComment { author, parent: story, text: "Some words.", ip_hashes: None, stopped: None, policy };
        async move { app.store.comment(comment, now).await.expect("a comment").id }
    };
    let act = ActionContext { actor: None, reason: "", at: now };
    match on {
        "comment" | "unclaimed" => comment(author).await,
        "admins" => comment(app.id_of("chief").await).await,
        "shadowed" => {
            app.sql(&format!("update users set shadow_banned_at = 1 where id = {}", own.0)).await;
            let shadowed = comment(own).await;
            app.sql(&format!("update users set shadow_banned_at = null where id = {}", own.0)).await;
            shadowed
        }
        "dead" => {
            let dead = comment(author).await;
            app.store.kill(dead, true, act).await.expect("killed");
            dead
        }
        "held" => {
            let held = comment(author).await;
            app.sql(&format!("update items set dead = 'held', queued_at = 1 where id = {held}")).await;
            held
        }
        "flagged" => {
            let flagged = comment(author).await;
            let flag = NewFlag { user: own, item: flagged, reason: Reason::Rude, note: "" };
            let policy = Policy { flags_to_kill: 1, ..policy.clone() };
            assert!(app.store.flag(flag, &policy, now).await.expect("flagged"), "killed");
            flagged
        }
        "deleted" => {
            let deleted = comment(author).await;
            app.store.delete(deleted, author, now).await.expect("deleted");
            deleted
        }
        "missing" => ItemId(9_999_999),
        _ => story,
    }
}

/// An invitation that is good; its token and its number.
async fn invitation(app: &TestApp, inviter: &str) -> (String, String) {
    let token = Token::random().expect("randomness");
    let inviter = app.id_of(inviter).await;
    let made = app.store.invite(inviter, &token.hash(), app.now().plus(60), 9, app.now()).await;
    (token.as_str().to_owned(), made.expect("an invitation").to_string())
}

/// The token of a link by which `name` can set a new password.
async fn lost_password(app: &TestApp, name: &str) -> String {
    let token = Token::random().expect("randomness");
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    let (user, until) = (app.id_of(name).await, app.now().plus(60));
    app.store.make_password_reset(user, &token.hash(), until, act).await.expect("made");
    token.as_str().to_owned()
}

/// The token under which the inbox of `name` is a feed.
async fn inbox_feed(app: &TestApp, name: &str) -> String {
    let token = Token::random().expect("randomness");
    app.store.make_inbox_feed(app.id_of(name).await, &token.hash(), app.now()).await.expect("made");
    token.as_str().to_owned()
}

/// Gives somebody an address, and returns the token of a link that was mailed there.
async fn mailed_link(app: &TestApp, name: &str, purpose: &str) -> String {
    let (token, user) = (Token::random().expect("randomness"), app.id_of(name).await.0);
    let (address, hash) = (format!("{name}@example.org"), app.blob(&token.hash()));
    app.sql(&format!(
        "insert into mailboxes (user_id, address, new_address, new_at, inbox_mail, key) values ({user}, \
         '{address}', 'new-{address}', {}, 'daily', 'key-of-{name}')",
        app.now().0
    ))
    .await;
    app.sql(&format!(
        "insert into mail_links (token_hash, user_id, purpose, address, expires_at) values ({hash}, {user}, \
         '{purpose}', '{address}', {})",
        i64::MAX
    ))
    .await;
    token.as_str().to_owned()
}

/// A mail that the server did not accept; its number.
async fn refused_mail(app: &TestApp) -> String {
    let user = app.id_of("chief").await.0;
    app.sql(&format!(
        "insert into mails (user_id, recipient, kind, content, bulk, created_at, next_attempt_at, \
         last_error) values ({user}, 'chief@example.org', 'reset', '{{}}', false, 1, 2, '451 Later')"
    ))
    .await;
    app.number("select max(id) from mails").await.to_string()
}

async fn coded(app: &TestApp, name: &str) {
    let code = RecoveryCode::parse("abcd-efgh-jkmn-pqrs").expect("a code");
    app.store.replace_recovery_codes(app.id_of(name).await, &[code], app.now()).await.expect("made");
}

/// Gives accounts a second factor and a recovery code; the token of a log-in that waits for the first one's
/// code, and that code.
async fn secured(app: &TestApp, names: [&str; 2]) -> (String, String) {
    let (secret, token) = (TotpSecret::random().expect("randomness"), Token::random().expect("randomness"));
    for name in names {
        coded(app, name).await;
        let user = app.id_of(name).await;
        // Twice, if both are one.
        let _ = app.store.start_totp(user, &secret, app.now()).await;
        app.sql(&format!("update totp_secrets set confirmed_at = 1 where user_id = {}", user.0)).await;
    }
    let verified = app.store.credentials(names[0]).await.expect("a database").expect("an account");
    let who = (verified.id, verified.password.as_deref().expect("a password"));
    app.store.begin_pending_login(&token.hash(), who, app.now().plus(60)).await.expect("begun");
    (token.as_str().to_owned(), secret.code(app.now()))
}

/// Gives an account a passkey; what it answers to a log-in, and its number.
async fn keyed(app: &TestApp, name: &str) -> (String, String) {
    coded(app, name).await;
    let mut passkey = Authenticator::of(&mut app.session(name).await, "phone").await;
    let challenge = app.visitor().post_json("/login/passkey/challenge", &[]).await;
    (passkey.answer(&challenge), app.number("select max(id) from passkeys").await.to_string())
}

/// Somebody who waits for an account; the number of their request.
async fn request(app: &TestApp, name: &str) -> String {
    let parsed = Name::parse(name).expect("a name");
    let new = NewSignupRequest { name: &parsed, password: "hash", text: "Let me in.", invitation: None };
    app.store.request_account(new, 1_000, app.now()).await.expect("a request");
    let requests = app.store.requests((app.now(), 0), 1_000).await.expect("listed");
    requests.iter().find(|waiting| waiting.name == name).expect("it waits").id.to_string()
}

/// Puts something into a member's inbox; its number there.
async fn told(app: &TestApp, name: &str) -> String {
    let user = app.id_of(name).await.0;
    app.sql(&format!("insert into inbox (user_id, kind, created_at) values ({user}, 'notice', 1)")).await;
    app.number("select max(id) from inbox").await.to_string()
}

/// A page of the community's own; the last part of its address.
async fn own_page(app: &TestApp, slug: &str) -> String {
    let page = NewPage { slug, title: "About", text: "Words.", in_footer: false, version: None };
    // Few enough of them, however many cases there are.
    app.sql("delete from pages").await;
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    app.store.save_page(page, act).await.expect("saved");
    slug.to_owned()
}

async fn put_logo(app: &TestApp) {
    let logo = ImageRow { kind: ImageKind::Logo, format: ImageFormat::Svg, hash: "0a".to_owned() };
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    app.store.put_image(&logo, b"<svg></svg>", act).await.expect("put");
}

/// A member's conversation with the moderators; its number.
async fn conversation(app: &TestApp, name: &str) -> String {
    let user = Some(app.id_of(name).await);
    let new = NewConversation {
        kind: ConversationKind::Contact,
        user,
        name: "",
        email: "",
        item: None,
        ground: None,
        text: "A message.",
    };
    app.store.open_conversation(new, None, false, app.now()).await.expect("opened").to_string()
}

/// A conversation of somebody without an account; its number and the token of its receipt.
async fn outsider(app: &TestApp) -> (String, String) {
    let token = Token::random().expect("randomness");
    let new = NewConversation {
        kind: ConversationKind::Contact,
        user: None,
        name: "Ann",
        email: "ann@example.org",
        item: None,
        ground: None,
        text: "A message.",
    };
    let id = app.store.open_conversation(new, Some(&token), true, app.now()).await.expect("opened");
    (id.to_string(), token.as_str().to_owned())
}

/// A report that an item is illegal; its number.
pub async fn report(app: &TestApp, item: ItemId) -> String {
    let token = Token::random().expect("randomness");
    let new = NewConversation {
        kind: ConversationKind::Report,
        user: None,
        name: "Ann",
        email: "ann@example.org",
        item: Some(item),
        ground: Some(IllegalGround::Hate),
        text: "It is hateful.",
    };
    app.store.open_conversation(new, Some(&token), true, app.now()).await.expect("opened").to_string()
}

/// Makes of an account one that an import made, into which nobody can log in yet.
async fn unclaimed(app: &TestApp, name: &str) -> UserId {
    app.sql(&format!("update users set source = 'hn', password = null where name = '{name}'")).await;
    app.id_of(name).await
}

pub async fn case(app: &TestApp, row: &Row, who: Who) -> Case {
    let n = COUNT.fetch_add(1, Ordering::Relaxed);
    let (author, name, ghost) = (format!("author{n}"), format!("{who:?}{n}"), format!("ghost{n}"));
    let author_id = app.account(&author, if who == Who::Author { who.role() } else { Role::Member }).await;
    let ghost_id = app.account(&ghost, Role::Member).await;
    let name = if who == Who::Author { author.clone() } else { name };
    if who != Who::Author {
        app.account(&name, who.role()).await;
    }
    let own = if who == Who::Shadowed { app.id_of(&name).await } else { ghost_id };
    let writer = if row.on == "unclaimed" { unclaimed(app, &ghost).await } else { author_id };
    let id = item(app, row.on, writer, own).await.to_string();
    let person = match row.on {
        "admins" => {
            app.account(&format!("chief{n}"), Role::Admin).await;
            format!("chief{n}")
        }
        "banned" => {
            app.ban(&ghost).await;
            ghost.clone()
        }
        "limited" => {
            app.sql(&format!("update users set limited_until = {} where name = '{ghost}'", i64::MAX)).await;
            ghost.clone()
        }
        "unseen" => {
            shadow(app, &ghost).await;
            ghost.clone()
        }
        "unclaimed" => ghost.clone(),
        "self" => name.clone(),
        "missing" => "nobody-of-that-name".to_owned(),
        "picture" => "0b6e5f-share.png".to_owned(),
        "asset" => app.app.assets.style.trim_start_matches("/static/").to_owned(),
        _ => author.clone(),
    };
    let link = app.app.setup.path();
    let mut code = String::new();
    let (token, id) = match row.on {
        "invited" => invitation(app, if row.path.contains("{token}") { &author } else { &name }).await,
        "lost" => (lost_password(app, &author).await, id),
        "confirm" | "change" | "not-me" => (mailed_link(app, &author, row.on).await, id),
        "subscribed" => {
            mailed_link(app, &author, "confirm").await;
            (format!("key-of-{author}.inbox"), id)
        }
        "exported" => {
            let user = app.id_of(&name).await;
            app.store.ask_for_export(user, app.now()).await.expect("asked");
            app.store.finish_export(user, b"PK", app.now()).await.expect("made");
            (String::new(), id)
        }
        "receipt" => (outsider(app).await.1, id),
        "coded" => {
            coded(app, &author).await;
            (String::new(), id)
        }
        "secured" => {
            let (token, totp) = secured(app, [&author, &name]).await;
            code = totp;
            (token, id)
        }
        "keyed" => {
            let (answer, passkey) =
                keyed(app, if row.path.starts_with("/login") { &author } else { &name }).await;
            code = answer;
            (String::new(), passkey)
        }
        _ => ("guessed".to_owned(), id),
    };
    let slug = if row.on == "page" { own_page(app, &format!("page{n}")).await } else { "missing".to_owned() };
    if row.on == "image" {
        put_logo(app).await;
    }
    let id = if row.on == "refused" { refused_mail(app).await } else { id };
    let id = if row.on == "told" { told(app, &name).await } else { id };
    let id = match row.on {
        "own" => conversation(app, &name).await,
        "theirs" => conversation(app, &ghost).await,
        "stranger" => outsider(app).await.0,
        "report" => report(app, ItemId(id.parse().expect("a number"))).await,
        _ => id,
    };
    let id = if row.on == "request" { request(app, &format!("asks{n}")).await } else { id };
    let feed = match row.on {
        "list-feed" => "new.atom".to_owned(),
        "replies" => "replies.json".to_owned(),
        "log-feed" => "log.rss".to_owned(),
        "inbox-feed" => format!("{}.atom", inbox_feed(app, &author).await),
        "user-feed" => format!("{author}.json"),
        "-" => "comments.atom".to_owned(),
        _ => format!("{id}.rss"),
    };
    let fill = |text: &str| {
        text.replace("{*site}", "example.com")
            .replace("{*feed}", "example.com.rss")
            .replace("{feed}", &feed)
            .replace("{id}", &id)
            .replace("{name}", &person)
            .replace("{fresh}", &format!("fresh{n}"))
            .replace("{slug}", &slug)
            .replace("{group}", "people")
            .replace("{kind}", "logo")
            .replace("{password}", PASSWORD)
            .replace("/setup/{token}", &link)
            .replace("{token}", &token)
            .replace("{code}", &code)
    };
    let form = url::form_urlencoded::parse(row.form.as_bytes());
    let form = form.map(|(field, value)| (field.into_owned(), fill(&value))).collect();
    Case { browser: browser(app, who, &name).await, path: fill(row.path), form }
}

/// With the page to return to, or the vote to cast.
fn leads_to_log_in(to: &str) -> bool {
    ["/login?goto=", "/login?vote="].iter().any(|begin| to.starts_with(begin))
}

/// A response in a word of the table.
fn word(path: &str, page: &Page) -> String {
    match page.status {
        StatusCode::OK => "page".to_owned(),
        StatusCode::SEE_OTHER if path != "/banned" && page.location().as_deref() == Some("/banned") => {
            "banned".to_owned()
        }
        StatusCode::SEE_OTHER if page.location().as_deref().is_some_and(leads_to_log_in) => {
            "login".to_owned()
        }
        StatusCode::UNAUTHORIZED if page.all("form[action='/login']").len() == 1 => "login".to_owned(),
        StatusCode::SEE_OTHER => "done".to_owned(),
        StatusCode::PERMANENT_REDIRECT => "moved".to_owned(),
        StatusCode::BAD_REQUEST => "bad".to_owned(),
        StatusCode::FORBIDDEN => "no".to_owned(),
        StatusCode::NOT_FOUND => "none".to_owned(),
        StatusCode::GONE => "gone".to_owned(),
        StatusCode::UNPROCESSABLE_ENTITY => "again".to_owned(),
        StatusCode::CONFLICT => "late".to_owned(),
        other => other.to_string(),
    }
}

/// Each route with its methods, as `routes.rs` has them.
fn routes() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    for part in ROUTES.split(".route(").skip(1) {
        let part = part.split(".fallback(").next().unwrap_or(part);
        let path = part.split('"').nth(1).expect("a path");
        let handlers = part.split_once(',').expect("handlers").1;
        for other in ["put(", "patch(", "delete(", "any(", "on("] {
            let named = handlers.split(other).next().is_some_and(|before| before.len() < handlers.len());
            assert!(!named, "{path}: this test does not know the method of {handlers}");
        }
        for (call, method) in [("get(", "GET"), ("::list(", "GET"), ("plain(", "GET"), ("post(", "POST")] {
            if handlers.contains(call) {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
    routes
}

#[test]
fn every_route_has_its_expectation() {
    let expected: BTreeSet<_> =
        table().iter().map(|row| (row.path.to_owned(), row.method.to_string())).collect();
    assert!(expected.len() > 60, "the table is read");
    assert_eq!(expected, routes());
}

#[tokio::test]
async fn every_role_gets_its_answer_from_every_route() {
    let app = forum().await;
    let mut watch = app.watch().await;
    let mut wrong = Vec::new();
    for row in table() {
        for who in Who::ALL {
            let mut case = case(&app, &row, who).await;
            watch.changed().await;
            let page = case.send(row.method.clone(), &[("sec-fetch-site", "same-origin")]).await;
            let (found, expected) = (word(row.path, &page), row.answer(who));
            let refused =
                matches!(expected, "login" | "banned" | "bad" | "no" | "none" | "gone" | "again" | "late");
            if found != expected {
                wrong.push(format!(
                    "{} {} on {} {}, {who:?}: {found}, not {expected}",
                    row.method, row.path, row.on, row.form
                ));
            } else if row.method == Method::POST && refused && watch.changed().await {
                wrong.push(format!(
                    "{} {} on {}, {who:?}: refused, yet something was written",
                    row.method, row.path, row.on
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_address_takes_only_its_own_methods() {
    let app = TestApp::new().await;
    let routes = routes();
    for (path, _) in &routes {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let concrete = path
                .replace("{id}", "1")
                .replace("{name}", "a")
                .replace("{group}", "people")
                .replace("{kind}", "logo")
                .replace("{slug}", "a")
                .replace("{token}", "a")
                .replace("{feed}", "top.atom")
                .replace("{*feed}", "a.b.atom")
                .replace("{*site}", "a.b");
            let headers = [("sec-fetch-site", "same-origin")];
            let page = app.visitor().send(method.parse().expect("a method"), &concrete, &headers, None).await;
            let is_route = routes.contains(&(path.clone(), method.to_owned()));
            assert_eq!(
                page.status == StatusCode::METHOD_NOT_ALLOWED,
                !is_route,
                "{method} {path}: {}",
                page.status
            );
        }
    }
}
