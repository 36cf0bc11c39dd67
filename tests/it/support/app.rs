//! The whole forum in a test: its own database, a clock that the test sets, and browsers with cookies.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::{HeaderName, Method, Request, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use sha2::{Digest, Sha256};
use stoa::cli::import::Import;
use stoa::clock::{Clock, Timestamp};
use stoa::config::{Config, Settings};
use stoa::database_address::DatabaseAddress;
use stoa::domain::accounts::user::{Name, Role, UserId};
use stoa::domain::limits::policy::Policy;
use stoa::fetch::Fetcher;
use stoa::jobs::{IndexingError, update_search_index};
use stoa::store::{ActionContext, NewBan, NewSession, NewUser, Store, Verified};
use stoa::timeouts::Timeouts;
use stoa::web::{self, App};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::support::database::{self, TestConnection, TestDatabase, TestRow};
pub use crate::support::page::Page;

/// When every test begins: 2026-11-23, noon, UTC.
pub const NOON: i64 = 1_795_435_200;
/// Everybody's password.
pub const PASSWORD: &str = "four unrelated words here";
/// Its hash, made once for all tests.
static HASH: LazyLock<String> =
    LazyLock::new(|| stoa::domain::accounts::password::hash(PASSWORD).expect("a hash"));
/// Sessions made so far, so that each has a token of its own.
static SESSIONS: AtomicI64 = AtomicI64::new(0);

pub struct TestApp {
    pub store: Store,
    pub app: App,
    pub dir: TempDir,
    pub config: Config,
    router: Router,
    database: Arc<TestDatabase>,
    time: Arc<AtomicI64>,
    uptime: Arc<AtomicI64>,
}

/// The routes of a forum whose search has read what was written, as its job would have within a second.
fn router_of(app: &App) -> Router {
    let (indexing, turn) = (app.clone(), Arc::new(tokio::sync::Mutex::new(())));
    let read_on = from_fn(move |request: axum::extract::Request, next: Next| {
        let (app, turn) = (indexing.clone(), Arc::clone(&turn));
        async move {
            if ["/search", "/feed/search"].iter().any(|path| request.uri().path().starts_with(path)) {
                let _turn = turn.lock().await;
                let done = update_search_index(&app.store, &app.search_index).await;
                // Some tests break the database.
                assert!(!matches!(done, Err(IndexingError::Search(_))), "{done:?}");
            }
            next.run(request).await
        }
    });
    web::router(app.clone()).expect("a router").layer(read_on)
}

impl TestApp {
    pub async fn new() -> TestApp {
        TestApp::with(|_| {}).await
    }

    /// A forum with other settings than the defaults; limits are off unless `change` turns them on.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> TestApp {
        let fetcher = Fetcher::new("Stoa/test").expect("a client");
        TestApp::with_fetcher(change, fetcher).await
    }

    pub async fn with_fetcher(change: impl FnOnce(&mut Settings), fetcher: Fetcher) -> TestApp {
        let dir = tempfile::tempdir().expect("a directory");
        let address = database::new_database(dir.path()).await;
        let mut settings =
            Settings { database: Some(address.clone()), limits: Some(false), ..Settings::default() };
        change(&mut settings);
        let mut config =
            Config::load_with_file(settings, &dir.path().join("stoa.toml")).expect("good settings");
        config.server.search_dir = dir.path().join("search");
        let (time, uptime) = (Arc::new(AtomicI64::new(NOON)), Arc::new(AtomicI64::new(0)));
        let store = Store::open(&address).await.expect("a database");
        let database = Arc::new(TestDatabase::at(address));
        let clock = Clock::by_hands(Arc::clone(&time), Arc::clone(&uptime));
        let app = App::new(config.clone(), store.clone(), clock, fetcher);
        let router = router_of(&app);
        TestApp { store, app, dir, config, router, database, time, uptime }
    }

    /// Another process on the same database.
    pub async fn another_node(&self) -> TestApp {
        self.on(&self.config.server.database, Arc::clone(&self.database)).await
    }

    /// The same, by another way to the database.
    pub async fn node_at(&self, address: &DatabaseAddress) -> TestApp {
        self.on(address, Arc::clone(&self.database)).await
    }

    /// The same forum, after it was moved to another database.
    pub async fn moved_to(&self, address: &DatabaseAddress) -> TestApp {
        self.on(address, Arc::new(TestDatabase::at(address.clone()))).await
    }

    async fn on(&self, address: &DatabaseAddress, database: Arc<TestDatabase>) -> TestApp {
        let store = Store::open(address).await.expect("a database");
        let (time, uptime) = (Arc::clone(&self.time), Arc::clone(&self.uptime));
        let clock = Clock::by_hands(Arc::clone(&time), Arc::clone(&uptime));
        let fetcher = Fetcher::new("Stoa/test").expect("a client");
        let dir = tempfile::tempdir().expect("a directory");
        let config = self.config_in(dir.path());
        let app = App::new(config.clone(), store.clone(), clock, fetcher);
        let router = router_of(&app);
        TestApp { store, app, dir, config, router, database, time, uptime }
    }

    /// The same forum, of which nothing is kept in memory.
    pub fn without_memory(&self) -> TestApp {
        self.with_other_settings(|config| config.server.cache_mb = 0)
    }

    /// The same forum, started again with other settings.
    pub fn with_other_settings(&self, change: impl FnOnce(&mut Config)) -> TestApp {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = self.config_in(dir.path());
        change(&mut config);
        let fetcher = Fetcher::new("Stoa/test").expect("a client");
        let (time, uptime) = (Arc::clone(&self.time), Arc::clone(&self.uptime));
        let clock = Clock::by_hands(Arc::clone(&time), Arc::clone(&uptime));
        let app = App::new(config.clone(), self.store.clone(), clock, fetcher);
        let router = router_of(&app);
        let (store, database) = (self.store.clone(), Arc::clone(&self.database));
        TestApp { store, app, dir, config, router, database, time, uptime }
    }

    /// The settings of another process, which has a search index of its own.
    fn config_in(&self, dir: &Path) -> Config {
        let mut config = self.config.clone();
        config.server.search_dir = dir.join("search");
        config
    }

    /// The same forum, which waits for nobody longer than this.
    pub fn with_timeouts(&self, timeouts: Timeouts) -> TestApp {
        let dir = tempfile::tempdir().expect("a directory");
        let config = self.config_in(dir.path());
        let (time, uptime) = (Arc::clone(&self.time), Arc::clone(&self.uptime));
        let clock = Clock::by_hands(Arc::clone(&time), Arc::clone(&uptime));
        let fetcher = Fetcher::new("Stoa/test").expect("a client");
        let app = App::with_timeouts(config.clone(), self.store.clone(), clock, fetcher, timeouts);
        let router = router_of(&app);
        let (store, database) = (self.store.clone(), Arc::clone(&self.database));
        TestApp { store, app, dir, config, router, database, time, uptime }
    }

    pub fn policy(&self) -> Policy {
        self.app.settings().policy.clone()
    }

    /// The same person's browser, at this forum.
    pub fn browser_of(&self, person: &Browser) -> Browser {
        Browser { router: self.router.clone(), ..person.clone() }
    }

    pub fn now(&self) -> Timestamp {
        Timestamp(self.time.load(Ordering::Relaxed))
    }

    /// Lets so many seconds pass.
    pub fn pass(&self, seconds: i64) {
        self.uptime.fetch_add(seconds, Ordering::Relaxed);
        self.set_clock(seconds);
    }

    /// Sets the time of day forward, or back, while no time passes.
    pub fn set_clock(&self, seconds: i64) {
        self.time.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Somebody without an account.
    pub fn visitor(&self) -> Browser {
        Browser { router: self.router.clone(), cookies: HashMap::new(), name: String::new() }
    }

    /// Makes an account without logging in.
    pub async fn account(&self, name: &str, role: Role) -> UserId {
        let name = Name::parse_by_operator(name).expect("a name");
        let new = NewUser { name: &name, password: &HASH, role, ip_hashes: None };
        self.store.create_user(new, self.now()).await.expect("a new account")
    }

    /// A new account, logged in.
    pub async fn member(&self, name: &str) -> Browser {
        self.person(name, Role::Member).await
    }

    pub async fn person(&self, name: &str, role: Role) -> Browser {
        self.account(name, role).await;
        self.log_in(name).await
    }

    pub async fn log_in(&self, name: &str) -> Browser {
        let mut browser = self.visitor();
        let page = browser.post("/login", &[("name", name), ("password", PASSWORD)]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{name} logs in: {}", page.text());
        browser.name = name.to_owned();
        browser
    }

    /// A browser with a session made directly, without the cost of hashing a password.
    pub async fn session(&self, name: &str) -> Browser {
        let token = format!("session-of-{name}-{}", SESSIONS.fetch_add(1, Ordering::Relaxed));
        let hash = Sha256::digest(token.as_bytes());
        let expires_at = self.now().plus(86_400);
        let known = self.store.credentials(name).await.expect("a database").expect("an account");
        let verified = known.password.expect("a password");
        let session = NewSession {
            token_hash: &hash,
            user: known.id,
            verified: Verified::Password(&verified),
            agent: "",
            expires_at,
        };
        self.store.create_session(session, self.now()).await.expect("a session");
        let cookie = if self.app.config.is_https() { "__Host-session" } else { "session" };
        let cookies = HashMap::from([(cookie.to_owned(), token)]);
        Browser { cookies, name: name.to_owned(), ..self.visitor() }
    }

    pub async fn id_of(&self, name: &str) -> UserId {
        self.store.profile(name).await.expect("an account").id
    }

    pub async fn ban(&self, name: &str) {
        let act = ActionContext { actor: None, reason: "spam", at: self.now() };
        let ban = NewBan { user: self.id_of(name).await, until: None, over: None, taking_since: None };
        self.store.ban(ban, act).await.expect("banned");
    }

    /// Brings in items of Hacker News, one a line.
    pub async fn import(&self, lines: &str) {
        let file = self.dir.path().join("items.jsonl");
        std::fs::write(&file, lines).expect("written");
        let import = Import { files: vec![file], strict: true };
        let report =
            stoa::cli::import::import(&import, &self.store, &self.app.clock, &mut Vec::new(), false).await;
        report.expect("imported");
    }

    /// Changes the database directly. Caches are not invalidated, so call it before pages are read.
    pub async fn sql(&self, statement: &str) {
        let mut db = self.database.connection().await;
        db.execute(statement).await;
        if db.is_postgres() {
            // What another process writes is told by a row, where no number of the database tells of it.
            db.execute("insert into changes (node, what) values ('test', 'everything')").await;
        }
    }

    /// The number that a query answers.
    pub async fn number(&self, query: &str) -> i64 {
        self.database.connection().await.texts(query).await[0][0].parse().expect("a number")
    }

    pub async fn rows<T: TestRow>(&self, query: &str) -> Vec<T> {
        self.database.connection().await.rows(query).await
    }

    /// Bytes in SQL.
    pub fn blob(&self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if self.store.address().file().is_some() { format!("x'{hex}'") } else { format!("'\\x{hex}'") }
    }

    /// The database file.
    pub fn file(&self) -> &Path {
        self.store.address().file().expect("a file")
    }

    /// A connection of the test's own, whose statements are not logged among the forum's.
    pub async fn connection(&self) -> TestConnection {
        TestConnection::to(self.store.address()).await
    }

    /// Somebody's karma, made so.
    pub async fn set_karma(&self, name: &str, karma: i64) {
        self.sql(&format!("update users set karma = {karma} where name = '{name}'")).await;
    }

    pub async fn karma(&self, name: &str) -> i64 {
        self.store.profile(name).await.expect("an account").karma
    }

    /// Every row of every table as text, without what `except` names: a table, or a column as `table.column`.
    pub async fn dump(&self, except: &[&str]) -> BTreeSet<String> {
        let mut db = self.connection().await;
        let columns = db.columns().await;
        for name in except {
            let names = |(table, column): &(String, String)| {
                *name == table || name.split_once('.') == Some((table.as_str(), column.as_str()))
            };
            assert!(columns.iter().any(names), "there is no {name}");
        }
        let mut rows = BTreeSet::new();
        let tables: BTreeSet<&String> = columns.iter().map(|(table, _)| table).collect();
        for table in tables.into_iter().filter(|table| !except.contains(&table.as_str())) {
            let kept =
                columns.iter().filter(|(t, c)| t == table && !except.contains(&format!("{t}.{c}").as_str()));
            let quoted: Vec<String> = kept.map(|(_, c)| format!("'{c}=' || {}", db.quoted(c))).collect();
            let select = format!("select '{table}: ' || {} from {table}", quoted.join(" || ' ' || "));
            let found: Vec<(String,)> = db.rows(&select).await;
            rows.extend(found.into_iter().map(|(row,)| row));
        }
        rows
    }

    /// Notices whether the forum writes anything at all.
    pub async fn watch(&self) -> Watch {
        let mut watch = Watch { connection: self.connection().await, version: 0 };
        watch.changed().await;
        watch
    }
}

/// A look at the database from beside the forum.
pub struct Watch {
    connection: TestConnection,
    version: i64,
}

impl Watch {
    /// Whether anything was written since this was asked last.
    pub async fn changed(&mut self) -> bool {
        let version = match self.connection {
            TestConnection::Sqlite(_) => "pragma data_version",
            TestConnection::Postgres(_) => "select count(*) from test.writes",
        };
        let version: Vec<(i64,)> = self.connection.rows(version).await;
        std::mem::replace(&mut self.version, version[0].0) != version[0].0
    }
}

/// A browser: it keeps cookies and sends what browsers send.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    pub cookies: HashMap<String, String>,
    pub name: String,
}

impl Browser {
    /// Goes on at another node.
    pub fn at(&mut self, node: &TestApp) -> &mut Browser {
        self.router = node.router.clone();
        self
    }

    /// Goes on at these routes.
    pub fn on(self, router: Router) -> Browser {
        Browser { router, ..self }
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[], None).await
    }

    /// Gets a page, following redirects.
    pub async fn visit(&mut self, path: &str) -> Page {
        let mut page = self.get(path).await;
        for _ in 0..5 {
            let Some(to) = page.location() else { break };
            page = self.get(&to).await;
        }
        page
    }

    /// Posts a form from a page of the site.
    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin")], Some(form)).await
    }

    /// Posts a form and goes where it leads.
    pub async fn submit(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let page = self.post(path, form).await;
        match page.location() {
            Some(to) => self.visit(&to).await,
            None => page,
        }
    }

    /// As the script asks.
    pub async fn post_json(&mut self, path: &str, form: &[(&str, &str)]) -> serde_json::Value {
        let headers = [("sec-fetch-site", "same-origin"), (ACCEPT.as_str(), "application/json")];
        let page = self.send(Method::POST, path, &headers, Some(form)).await;
        serde_json::from_slice(&page.body).expect("JSON")
    }

    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Page {
        let body = form.map(|form| {
            let mut pairs = url::form_urlencoded::Serializer::new(String::new());
            pairs.extend_pairs(form);
            pairs.finish()
        });
        self.send_raw(method, path, headers, body.map(String::into_bytes)).await
    }

    /// Sends a form's body as it stands.
    pub async fn send_raw(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Page {
        let response = self.ask(method, path, headers, body).await;
        let (parts, body) = response.into_parts();
        // An event stream has no end.
        let is_stream = parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Body::empty() } else { body };
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Page::new(parts.status, parts.headers, body)
    }

    /// The answer, of whose body nothing is read yet.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Response {
        let mut request = Request::builder().method(method).uri(path.split('#').next().unwrap_or("/"));
        if body.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()))
        {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HOST.as_str())) {
            request = request.header(HOST, "127.0.0.1:8000");
        }
        for (name, value) in headers {
            request = request.header(name.parse::<HeaderName>().expect("a header's name"), *value);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        for line in response.headers().get_all(SET_COOKIE) {
            let pair = line.to_str().expect("ASCII").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// Submits a story by its address and answers its id.
    pub async fn story(&mut self, title: &str, url: &str) -> i64 {
        let page = self.post("/submit", &[("title", title), ("url", url), ("text", "")]).await;
        page.item()
    }

    /// Submits a story with a text and answers its id.
    pub async fn text_story(&mut self, title: &str, text: &str) -> i64 {
        let page = self.post("/submit", &[("title", title), ("url", ""), ("text", text)]).await;
        page.item()
    }

    /// Replies to an item and answers the comment's id.
    pub async fn reply(&mut self, to: i64, text: &str) -> i64 {
        let page = self.post(&format!("/item/{to}/reply"), &[("text", text)]).await;
        let location = page.location().unwrap_or_else(|| panic!("a comment: {}", page.text()));
        location.rsplit_once("#c").expect("a comment's address").1.parse().expect("an id")
    }

    pub async fn vote(&mut self, id: i64, dir: &str) -> Page {
        self.post(&format!("/item/{id}/vote"), &[("dir", dir), ("goto", "/")]).await
    }
}
