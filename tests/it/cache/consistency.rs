//! Cache consistency against an uncached forum: after random actions, also by another process, no page is
//! stale or another member's, in any encoding.

use std::collections::HashMap;

use axum::http::{Method, StatusCode};
use fastrand::Rng;
use stoa::clock::Timestamp;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::store::{ActionContext, NewComment, Store};

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::ASK;

const NAMES: [&str; 5] = ["chief", "mia", "alice", "bob", "carol"];

struct Forum {
    app: TestApp,
    forgetful: TestApp,
    /// The same file, opened by another process.
    beside: Store,
    people: Vec<Browser>,
    items: Vec<i64>,
    /// The one that most happens to at the moment.
    focus: i64,
    rng: Rng,
    nth: usize,
    /// What a visitor got under which name of its version.
    versions: HashMap<String, (String, String)>,
    unchanged: usize,
}

async fn forum(seed: u64) -> Forum {
    let app = TestApp::with(|settings| settings.flags_to_kill = Some(2)).await;
    let mut people = Vec::new();
    for (name, role) in
        NAMES.into_iter().zip([Role::Admin, Role::Moderator, Role::Member, Role::Member, Role::Member])
    {
        app.account(name, role).await;
    }
    app.sql("update users set karma = 600").await;
    for name in NAMES {
        people.push(app.session(name).await);
    }
    let items = vec![people[2].text_story(ASK, "So.").await];
    let beside = Store::open(app.store.address()).await.expect("the same database");
    let (forgetful, rng) = (app.without_memory(), Rng::with_seed(seed));
    let focus = items[0];
    Forum {
        app,
        forgetful,
        beside,
        people,
        items,
        focus,
        rng,
        nth: 0,
        versions: HashMap::new(),
        unchanged: 0,
    }
}

impl Forum {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.rng.usize(0..from.len())]
    }

    fn item(&mut self) -> i64 {
        if self.rng.u8(0..3) > 0 { self.focus } else { self.items[self.rng.usize(0..self.items.len())] }
    }

    /// Turns to another item, whose page somebody and a visitor have in memory when the next deed comes.
    async fn turn(&mut self) {
        // Half of what happens, happens to the same few.
        let most = if self.rng.bool() { self.items.len().min(3) } else { self.items.len() };
        self.focus = self.items[self.rng.usize(0..most)];
        let who = self.rng.usize(0..NAMES.len());
        let path = format!("/item/{}", self.focus);
        self.people[who].get(&path).await;
        self.app.visitor().get(&path).await;
    }

    /// One deed of somebody's: who, where and what.
    fn deed(&mut self) -> (usize, String, Vec<(&'static str, String)>) {
        let (nth, item, other) = (self.nth, self.item(), self.item());
        let (on, person) = (self.pick(&["true", "true", "false"]), self.pick(&NAMES[2..]));
        let (anybody, staff) = (self.rng.usize(0..NAMES.len()), self.rng.usize(0..2));
        let form = |pairs: &[(&'static str, &str)]| {
            pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        let on_item = |act: &str| format!("/item/{item}/{act}");
        let on_person = |act: &str| format!("/user/{person}/{act}");
        let dark = self.pick(&["dark", "light", "system"]);
        match self.rng.u8(0..28) {
            0 => {
                let url = format!("https://site-{}.example/{nth}", nth % 3);
                (
                    anybody,
                    "/submit".to_owned(),
                    form(&[("title", &format!("Story number {nth}")), ("url", &url)]),
                )
            }
            1..4 => (anybody, on_item("reply"), form(&[("text", &format!("Comment *{nth}* of the words."))])),
            4..7 => (
                anybody,
                on_item("vote"),
                form(&[("dir", self.pick(&["up", "up", "down", "none"])), ("goto", "/")]),
            ),
            7 => (
                anybody,
                on_item("edit"),
                form(&[("title", &format!("Edited {nth}")), ("text", &format!("Edited {nth}"))]),
            ),
            8 if nth.is_multiple_of(4) => (anybody, on_item("delete"), Vec::new()),
            9 | 10 => (anybody, on_item("flag"), form(&[("on", on), ("reason", "rude"), ("goto", "/")])),
            11 => (anybody, on_item("vouch"), form(&[("on", on), ("goto", "/")])),
            12 => (anybody, on_item("hide"), form(&[("on", on), ("goto", "/")])),
            13 => (anybody, on_item("save"), form(&[("on", on), ("goto", "/")])),
            14 => (staff, on_item("kill"), form(&[("on", on), ("reason", "spam"), ("goto", "/")])),
            15 => (staff, on_item("clear"), form(&[("reason", "fine"), ("goto", "/")])),
            16 => (staff, on_item("lock"), form(&[("on", on), ("reason", "heated")])),
            17 => (staff, on_item("pin"), form(&[("on", on), ("text", &format!("Notice *{nth}*"))])),
            18 => (staff, on_item("second-chance"), form(&[("on", on), ("reason", "good")])),
            19 => (staff, on_item("merge"), form(&[("on", on), ("into", &other.to_string())])),
            20 => (staff, on_item("detach"), form(&[("on", on), ("reason", "aside")])),
            21 => {
                let act = self.pick(&["ban", "limit", "shadow"]);
                let reason = format!("reason {nth}");
                let reasons =
                    [("ban_reason", reason.as_str()), ("limit_reason", &reason), ("shadow_reason", &reason)];
                let more = [("on", on), ("ban_days", "1"), ("limit_days", "1"), ("bring_back", "true")];
                (staff, on_person(act), form(&[&reasons[..], &more].concat()))
            }
            22 => (staff, on_person("warn"), form(&[("warning", "Be kind.")])),
            23 => (
                0,
                on_person("role"),
                form(&[("role", self.pick(&["member", "moderator"])), ("reason", "so")]),
            ),
            24 => {
                let (restriction, name) =
                    (self.pick(&["banned", "penalised", "none"]), format!("site-{}.example", nth % 3));
                (
                    staff,
                    "/mod/sites".to_owned(),
                    form(&[("name", &name), ("restriction", restriction), ("reason", "so")]),
                )
            }
            25 => {
                let (effect, pattern) = (self.pick(&["kill", "queue"]), format!("*{}*", nth % 10));
                let rule = [
                    ("kind", "word"),
                    ("pattern", pattern.as_str()),
                    ("effect", effect),
                    ("reason", "so"),
                    ("add", "true"),
                ];
                (staff, "/mod/rules".to_owned(), form(&rule))
            }
            26 => {
                let kind = self.pick(&["person", "word", "thread", "site"]);
                let (word, site) = ((nth % 10).to_string() + "1", format!("site-{}.example", nth % 3));
                let value = match kind {
                    "person" => person.to_owned(),
                    "word" => word,
                    "thread" => item.to_string(),
                    _ => site,
                };
                let muted = [("kind", kind), ("value", value.as_str()), ("on", on), ("goto", "/")];
                (anybody, "/settings/muted".to_owned(), form(&muted))
            }
            _ => {
                let (order, about) = (self.pick(&["best", "newest", "oldest"]), format!("I am {nth}"));
                let mut form: Vec<_> = form(&[("about", &about), ("theme", dark), ("order", order)]);
                if self.rng.bool() {
                    form.push(("show_dead", "on".to_owned()));
                }
                (anybody, "/settings".to_owned(), form)
            }
        }
    }

    async fn act(&mut self) {
        self.nth += 1;
        if self.rng.u8(0..12) == 0 {
            return self.act_beside().await;
        }
        let (who, path, form) = self.deed();
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = self.people[who].post(&path, &pairs).await;
        assert!(!page.status.is_server_error(), "{path} {pairs:?}: {}", page.text());
        let made = page.location().filter(|_| path == "/submit" || path.ends_with("/reply"));
        let made = made.map(|to| to.rsplit_once("#c").map_or(to.clone(), |(_, id)| id.to_owned()));
        self.items.extend(made.and_then(|to| to.trim_start_matches("/item/").parse::<i64>().ok()));
        // Whoever may come back does.
        if path.ends_with("/ban") && page.status == StatusCode::SEE_OTHER {
            for (browser, name) in
                self.people.iter_mut().zip(NAMES).filter(|(_, name)| path.contains(&format!("/{name}/")))
            {
                *browser = self.app.session(name).await;
            }
        }
    }

    /// A command or another forum on the same database; this one looks each second.
    async fn act_beside(&mut self) {
        let (item, at) = (ItemId(self.item()), self.app.now());
        let act = ActionContext { actor: None, reason: "from beside", at };
        match self.rng.u8(0..3) {
            0 => drop(self.beside.kill(item, self.rng.bool(), act).await),
            1 => drop(self.beside.lock(item, self.rng.bool(), act).await),
            _ => {
                let author = self.app.id_of("bob").await;
                let (text, policy) = ("From beside.", &self.app.policy());
                let comment =
                    NewComment { author, parent: item, text, ip_hashes: None, stopped: None, policy };
                drop(self.beside.comment(comment, Timestamp(at.0)).await);
            }
        }
        self.app.store.detect_external_writes().await.expect("noticed");
    }

    /// Some pages; without those whose order may lag a minute, where none has passed.
    fn pages(&mut self, passed: bool) -> Vec<String> {
        let ranked = "/ /best /best?over=week /active /ask /show /past /comments/best /leaders \
                      /search?q=story&sort=date /feed/top.atom";
        let others = "/new /from/site-1.example /comments /log /log?person=bob /invited /user/alice \
                      /user/bob/submissions \
                      /user/bob/comments /user/alice/invited /feed/log.atom /hidden /saved /upvoted /flagged \
                      /vouched /mod /mod/sites /mod/rules";
        let all: Vec<&str> =
            others.split_whitespace().chain(ranked.split_whitespace().filter(|_| passed)).collect();
        let order = self.pick(&["newest", "oldest"]);
        let mut pages = vec![format!("/item/{}", self.focus), format!("/item/{}?order={order}", self.item())];
        pages.extend((0..3).map(|_| self.pick(&all).to_owned()));
        pages
    }

    /// Somebody's page, as it is and as it would be if nothing were kept.
    async fn compare(&mut self, seed: u64, path: &str) {
        let who = self.rng.usize(0..NAMES.len() * 2);
        let visitor = self.app.visitor();
        let mut browser = self.people.get(who).cloned().unwrap_or(visitor);
        let is_visitor = browser.name.is_empty();
        let theme = self.pick(&["theme=dark", "theme=light", "a=b"]);
        let encoding = self.pick(&["", "gzip", "br", "gzip, deflate, br, zstd"]);
        let mut headers = Vec::new();
        if is_visitor {
            headers.push(("cookie", theme));
        }
        let fresh = browser_get(&mut self.forgetful.browser_of(&browser), path, &headers).await;
        if !encoding.is_empty() {
            headers.push(("accept-encoding", encoding));
        }
        let what = format!("seed {seed}, deed {}, {path} for “{}” in “{encoding}”", self.nth, browser.name);
        // The first look may find what the last deed left in memory, the second what the first one put there.
        for _ in 0..2 {
            let page = browser_get(&mut browser, path, &headers).await;
            assert_eq!((page.status, page.unpacked()), (fresh.status, fresh.text()), "{what}");
        }
        if is_visitor {
            self.ask_whether_changed(&mut browser, (path, theme), &headers, &fresh, &what).await;
        }
    }

    /// How many posts of each type visitors find, and the newest of them.
    async fn searches(&self) -> Vec<(Vec<String>, Vec<String>)> {
        let mut found = Vec::new();
        for kind in ["story", "comment", "ask"] {
            let page = self.app.visitor().get(&format!("/search?q=type:{kind}&sort=date")).await;
            let rows = page.all("ol.results > li").iter().map(|row| row.text.clone()).collect();
            found.push((page.texts("main p.intro"), rows));
        }
        found
    }

    /// A browser that has a version already is sent the page again unless it is the same.
    async fn ask_whether_changed(
        &mut self,
        browser: &mut Browser,
        (path, theme): (&str, &str),
        headers: &[(&str, &str)],
        fresh: &Page,
        what: &str,
    ) {
        let at = format!("{path} {theme}");
        if let Some((etag, text)) = self.versions.get(&at) {
            let headers = [headers, &[("if-none-match", etag.as_str())]].concat();
            let page = browser_get(browser, path, &headers).await;
            if page.status == StatusCode::NOT_MODIFIED {
                assert_eq!((text, page.body.len()), (&fresh.text(), 0), "{what} has changed");
                self.unchanged += 1;
            } else {
                assert_eq!((page.status, page.unpacked()), (fresh.status, fresh.text()), "{what}");
            }
        }
        let page = browser_get(browser, path, headers).await;
        if !page.header("etag").is_empty() {
            self.versions.insert(at, (page.header("etag").to_owned(), fresh.text()));
        }
    }
}

async fn browser_get(browser: &mut Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    browser.send(Method::GET, path, headers, None).await
}

#[tokio::test]
async fn after_deeds_of_all_kinds_nobody_sees_a_stale_page_or_anothers() {
    let mut unchanged = 0;
    for seed in 0..3 {
        let mut forum = forum(seed).await;
        for _ in 0..80 {
            forum.turn().await;
            for _ in 0..forum.rng.usize(1..3) {
                forum.act().await;
            }
            // Within a minute, ages and ranks may lag.
            let passed = [0, 0, 60, 120, 3_000][forum.rng.usize(0..5)];
            forum.app.pass(passed);
            for path in forum.pages(passed > 0) {
                forum.compare(seed, &path).await;
            }
        }
        unchanged += forum.unchanged;
        let (before, index) = (forum.searches().await, &forum.app.app.search_index);
        index.close();
        std::fs::remove_dir_all(index.directory()).expect("removed");
        assert_eq!(before, forum.searches().await, "seed {seed}: as an index that is built anew finds it");
    }
    assert!(unchanged > 5, "some versions were the newest: {unchanged}");
}
