//! The log of moderation: every act is in it, and it shows each reader what is for them.

use axum::http::StatusCode;
use stoa::config::{Audience, Settings, Switch};
use stoa::domain::flag::Reason;
use stoa::domain::item::ItemId;
use stoa::domain::moderation::{ACTS, label, said};
use stoa::domain::policy::Policy;
use stoa::domain::signup::SignUp;
use stoa::domain::user::Role;
use stoa::store::NewFlag;

use crate::app::{Browser, PASSWORD, Page, TestApp};

/// People and what they wrote, for acts to be done to.
struct Forum {
    app: TestApp,
    mia: Browser,
    ada: Browser,
    bob: Browser,
}

async fn forum(change: impl FnOnce(&mut Settings)) -> Forum {
    let app = TestApp::with(change).await;
    let (mia, ada) = (app.person("mia", Role::Moderator).await, app.person("ada", Role::Admin).await);
    let bob = app.member("bob").await;
    Forum { app, mia, ada, bob }
}

impl Forum {
    async fn kill(&mut self, id: i64, on: bool, reason: &str) {
        let form = [("on", if on { "true" } else { "false" }), ("reason", reason)];
        let page = self.mia.post(&format!("/item/{id}/kill"), &form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }

    /// A moderator's act on an item.
    async fn act(&mut self, id: i64, what: &str, form: &[(&str, &str)]) {
        let page = self.mia.post(&format!("/item/{id}/{what}"), form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{what}: {}", page.text());
    }

    async fn ban(&mut self, name: &str, on: bool) {
        let form = [("on", if on { "true" } else { "false" }), ("ban_days", "open"), ("ban_reason", "a reason")];
        self.person(name, "ban", &form).await;
    }

    /// A moderator's act on a person.
    async fn person(&mut self, name: &str, what: &str, form: &[(&str, &str)]) {
        let page = self.mia.post(&format!("/user/{name}/{what}"), form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{what}: {}", page.text());
    }

    async fn rule(&mut self, pattern: &str, effect: &str) {
        let form =
            [("kind", "word"), ("pattern", pattern), ("effect", effect), ("reason", "a reason"), ("add", "true")];
        let page = self.mia.post("/mod/rules", &form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }

    /// Somebody asks for an account, and a moderator decides.
    async fn request(&mut self, name: &str, decision: &str) {
        let form = [("name", name), ("password", PASSWORD), ("text", "I would like to talk about looms.")];
        self.app.visitor().post("/signup", &form).await;
        let id = self.app.number("select max(id) from requests").await;
        let form = [("decision", decision), ("message", "a reason")];
        let page = self.mia.post(&format!("/mod/requests/{id}"), &form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }

    async fn role(&mut self, name: &str, role: Role) {
        let act = stoa::store::Act { actor: Some(self.app.id_of("ada").await), reason: "a reason", at: self.app.now() };
        self.app.store.set_role(self.app.id_of(name).await, role, act).await.expect("a role");
    }

    /// What flags, vouches and a moderator's word about them bring about.
    async fn judge(&self, act: &str, item: ItemId) {
        let (store, user, at) = (&self.app.store, self.app.id_of("bob").await, self.app.now());
        let policy = Policy { flags_to_kill: 1, vouches_to_restore: 1, ..self.app.app.policy.clone() };
        if act == "clear" {
            let by_mia = stoa::store::Act { actor: Some(self.app.id_of("mia").await), reason: "a reason", at };
            return store.clear(item, by_mia).await.expect("let stand");
        }
        let flag = NewFlag { user, item, reason: Reason::Spam, note: "", counted: true };
        assert!(store.flag(flag, &policy, at).await.expect("flagged"), "killed");
        if act == "vouch" {
            assert!(store.vouch(user, item, &policy, at).await.expect("vouched"), "back");
        }
    }

    /// Does the act of this name, on something and somebody of its own, and answers what the log should say of it.
    async fn perform(&mut self, act: &str) -> String {
        let name = format!("p-{act}");
        let mut person = self.app.member(&name).await;
        let title = format!("A story for {act}");
        let story = person.text_story(&title, "Words.").await;
        match act {
            "kill" => self.kill(story, true, "a reason").await,
            "unkill" => {
                self.kill(story, true, "").await;
                self.kill(story, false, "a reason").await;
            }
            "edit" => {
                self.mia.post(&format!("/item/{story}/edit"), &[("title", &title), ("text", "Other words.")]).await;
            }
            "lock" | "unlock" => {
                self.act(story, "lock", &[("reason", "a reason")]).await;
                if act == "unlock" {
                    self.act(story, "lock", &[("on", "false")]).await;
                }
            }
            "merge" | "unmerge" => {
                let other = person.text_story("The better one", "Words.").await.to_string();
                self.act(story, "merge", &[("into", &other), ("reason", "a reason")]).await;
                if act == "unmerge" {
                    self.act(story, "merge", &[("on", "false")]).await;
                }
            }
            "detach" | "reattach" => {
                let above = person.reply(story, "Above.").await;
                let below = person.reply(above, "Below.").await;
                self.act(below, "detach", &[("reason", "a reason")]).await;
                if act == "reattach" {
                    self.act(below, "detach", &[("on", "false")]).await;
                }
                return format!("{} <a href=\"/item/{below}\">", said(act, "").before);
            }
            "second-chance" | "no-second-chance" => {
                for n in 0..30 {
                    let other = self.bob.text_story(&format!("Story {n} above it"), "Words.").await;
                    self.mia.vote(other, "up").await;
                }
                self.app.pass(3_600);
                self.act(story, "second-chance", &[("reason", "a reason")]).await;
                if act == "no-second-chance" {
                    self.act(story, "second-chance", &[("on", "false")]).await;
                }
            }
            "pin" | "unpin" => {
                self.act(story, "pin", &[("text", "A notice.")]).await;
                if act == "unpin" {
                    self.act(story, "pin", &[("on", "false")]).await;
                }
            }
            "penalise-site" | "ban-site" | "lift-site" => {
                let site = format!("{act}.example");
                let stances: &[&str] = match act {
                    "penalise-site" => &["penalised"],
                    "ban-site" => &["banned"],
                    _ => &["banned", "none"],
                };
                for stance in stances {
                    let form = [("name", site.as_str()), ("stance", stance), ("reason", "a reason"), ("sure", "true")];
                    let page = self.mia.post("/mod/sites", &form).await;
                    assert_eq!(page.status, StatusCode::SEE_OTHER, "{act}: {}", page.text());
                }
                return said(act, "").before;
            }
            "ban" => self.ban(&name, true).await,
            "unban" => {
                self.ban(&name, true).await;
                self.ban(&name, false).await;
            }
            "warn" => self.person(&name, "warn", &[("warning", "a reason")]).await,
            "note" => self.person(&name, "note", &[("note", "a reason")]).await,
            "slow" | "unslow" => {
                self.person(&name, "slow", &[("on", "true"), ("slow_days", "1"), ("slow_reason", "a reason")]).await;
                if act == "unslow" {
                    self.person(&name, "slow", &[("on", "false"), ("slow_reason", "a reason")]).await;
                }
            }
            "shadow" | "unshadow" => {
                self.person(&name, "shadow", &[("on", "true"), ("shadow_reason", "a reason")]).await;
                if act == "unshadow" {
                    self.person(&name, "shadow", &[("on", "false"), ("shadow_reason", "a reason")]).await;
                }
            }
            "add-rule" | "drop-rule" | "rule-kill" => {
                self.rule(&format!("word of {act}"), "kill").await;
                if act == "drop-rule" {
                    let id = self.app.number("select max(id) from rules").await;
                    self.mia.post(&format!("/mod/rules/{id}/drop"), &[]).await;
                }
                if act == "rule-kill" {
                    person.text_story("Another story", &format!("With the word of {act}.")).await;
                }
                return said(act, "").before;
            }
            "admit" | "decline" => {
                let decision = if act == "admit" { "approve" } else { "decline" };
                self.request(&format!("q-{act}"), decision).await;
                return said(act, "").before;
            }
            "set" => {
                let by_operator = |at| stoa::store::Act { actor: None, reason: "", at };
                for karma in ["31", "20"] {
                    let settings = [("karma_flag", karma.to_owned()), ("a_new_one", "1".to_owned())];
                    self.app.store.keep_settings(&settings, by_operator(self.app.now())).await.expect("kept");
                }
                return "the operator changed the setting".to_owned();
            }
            "clear" | "flag-kill" | "vouch" => self.judge(act, ItemId(story)).await,
            "member" | "moderator" | "admin" => {
                if act == "member" {
                    self.role(&name, Role::Moderator).await;
                }
                self.role(&name, act.parse().expect("a role")).await;
                return format!("{} <a href=\"/user/{name}\">", said(act, "").before);
            }
            "claim" => {
                self.app
                    .import(r#"{"id": 1, "type": "story", "by": "mole", "time": 1717243200, "title": "Old"}"#)
                    .await;
                self.app.store.claim("mole", "hash", self.app.now()).await.expect("claimed");
                return "the operator handed over the imported name <a href=\"/user/mole\">".to_owned();
            }
            "password" => {
                let user = self.app.id_of(&name).await;
                self.app.store.reset_password(user, "hash", self.app.now()).await.expect("set");
                assert!(!self.app.visitor().get("/log?act=password").await.has(&name), "that is for moderators' eyes");
                return format!("the operator set the password of <a href=\"/user/{name}\">");
            }
            other => panic!("there is an act “{other}” that no test performs: say here how it is done"),
        }
        let on_person = matches!(act, "ban" | "unban" | "warn" | "note" | "slow" | "unslow" | "shadow" | "unshadow");
        let on = if on_person { format!("/user/{name}") } else { format!("/item/{story}") };
        format!("{} <a href=\"{on}\">", said(act, "").before)
    }
}

#[tokio::test]
async fn every_act_there_is_stands_in_the_log() {
    let mut forum = forum(|settings| settings.sign_up = Some(SignUp::Request)).await;
    for (act, _) in ACTS {
        forum.app.pass(60);
        let line = forum.perform(act).await;
        let log = forum.mia.get(&format!("/log?act={act}")).await;
        assert!(log.has(&line), "{act}: “{line}” is not in {}", log.text());
        assert!(
            [">mia</a>", ">ada</a>", "members’ ", "the operator "].iter().any(|actor| log.has(actor)),
            "{act} has its actor"
        );
        assert!(log.has("<time datetime="), "{act} has its time");
    }
}

/// The rows of the log, the latest first, as text.
fn rows(page: &Page) -> Vec<String> {
    page.text().split("<li id=\"a").skip(1).map(|row| row.split("</li>").next().unwrap_or(row).to_owned()).collect()
}

#[tokio::test]
async fn everybody_reads_who_did_what_to_what_and_why() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("A story for sale", "Words.").await;
    forum.kill(story, true, "spam").await;
    forum.ban("bob", true).await;
    let mut visitor = forum.app.visitor();
    assert!(visitor.get("/").await.has("href=\"/log\""), "the way is in the footer");
    let page = visitor.get("/log").await;
    let rows = rows(&page);
    assert_eq!(rows.len(), 2);
    for shown in ["/user/mia", "banned", "/user/bob", "because: a reason"] {
        assert!(rows[0].contains(shown), "{shown}: {}", rows[0]);
    }
    for shown in ["killed", "because: spam", &format!("<a href=\"/item/{story}\">a story</a>")] {
        assert!(rows[1].contains(shown), "{shown}: {}", rows[1]);
    }
    assert!(!page.has("A story for sale"), "what was taken out of sight is not brought back by the log");
    assert!(forum.mia.get("/log").await.has("“A story for sale”"), "moderators see which it was");
}

#[tokio::test]
async fn the_log_is_for_those_whom_the_site_lets_read_it() {
    for (audience, visitor, member) in [
        (Audience::Public, StatusCode::OK, StatusCode::OK),
        (Audience::Members, StatusCode::SEE_OTHER, StatusCode::OK),
        (Audience::Moderators, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
    ] {
        let mut forum = forum(|settings| settings.moderation_log = Some(audience)).await;
        forum.ban("bob", true).await;
        let mut alice = forum.app.member("alice").await;
        let mut nobody = forum.app.visitor();
        for path in ["/log", "/log?person=bob", "/feed/log.atom"] {
            assert_eq!(nobody.get(path).await.status, visitor, "{audience:?} {path}");
            assert_eq!(alice.get(path).await.status, member, "{audience:?} {path}");
            assert_eq!(forum.mia.get(path).await.status, StatusCode::OK, "{audience:?} {path}");
        }
        for (browser, status) in [(&mut nobody, visitor), (&mut alice, member)] {
            let linked = browser.get("/user/bob").await.has("href=\"/log?person=bob\"");
            assert_eq!(linked, status == StatusCode::OK, "{audience:?}: a link to the log is one that can be followed");
        }
    }
}

#[tokio::test]
async fn where_moderators_are_not_named_the_log_does_not_give_them_away() {
    let mut forum = forum(|settings| settings.moderation_names = Some(Switch::Off)).await;
    forum.ban("bob", true).await;
    for mut browser in [forum.app.visitor(), forum.app.member("alice").await] {
        let page = browser.get("/log").await;
        assert!(page.has("a moderator banned"), "{}", page.text());
        assert!(!page.has("mia") && !page.has("By moderator"));
        assert!(!browser.get("/feed/log.atom").await.has("mia"));
        let (hers, anothers) = (browser.get("/log?moderator=mia").await, browser.get("/log?moderator=ada").await);
        assert_eq!(rows(&hers).len(), rows(&anothers).len(), "nor does asking for one");
    }
    assert!(forum.ada.get("/log").await.has("/user/mia"), "among themselves they are");
}

#[tokio::test]
async fn private_acts_are_for_moderators() {
    let mut forum = forum(|_| {}).await;
    forum.ban("bob", true).await;
    forum.app.sql("update moderation set private = true, detail = 'A secret.'").await;
    let mut visitor = forum.app.visitor();
    for path in ["/log", "/log?person=bob", "/log?act=ban", "/log?moderator=mia", "/feed/log.atom"] {
        assert!(!visitor.get(path).await.has("A secret."), "{path}");
    }
    let page = forum.mia.get("/log").await;
    assert!(page.has("A secret.") && page.has("only moderators see this"));
    assert!(!forum.mia.get("/feed/log.atom").await.has("A secret."), "a feed may be read by others");
}

#[tokio::test]
async fn the_log_is_narrowed_by_act_moderator_person_and_item() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("A story", "Words.").await;
    let other = forum.bob.text_story("Another story", "Words.").await;
    forum.kill(story, true, "one").await;
    forum.kill(story, false, "two").await;
    forum.kill(other, true, "three").await;
    forum.app.member("carl").await;
    forum.ban("carl", true).await;
    let form = [("on", "true"), ("ban_days", "open"), ("ban_reason", "four")];
    forum.ada.post("/user/bob/ban", &form).await;
    let mut visitor = forum.app.visitor();
    for (query, expected) in [
        ("", 5),
        ("act=kill", 2),
        ("moderator=MIA", 4),
        ("moderator=ada&act=", 1),
        ("person=bob", 1),
        ("moderator=mia&person=bob", 0),
        (&format!("item={story}"), 2),
        (&format!("item=%2Fitem%2F{story}&act=unkill"), 1),
        (&format!("item={story}&act=ban"), 0),
    ] {
        let page = visitor.get(&format!("/log?{query}")).await;
        assert_eq!((page.status, rows(&page).len()), (StatusCode::OK, expected), "{query}");
    }
    let page = forum.mia.get(&format!("/item/{story}")).await;
    assert!(page.has(&format!("href=\"/log?item={story}\"")), "an item's page leads to its acts");
    assert!(visitor.get("/user/bob").await.has("href=\"/log?person=bob\""), "a person's too");
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_kept_and_said() {
    let forum = forum(|_| {}).await;
    for (query, kept, sentence) in [
        ("act=conjure", "", "There is no such act."),
        ("moderator=nobody-here", "value=\"nobody-here\"", "Nobody here is called “nobody-here”."),
        ("person=no+one", "value=\"no one\"", "Nobody here is called “no one”."),
        ("item=twelve", "value=\"twelve\"", "neither the number of an item nor the address"),
        ("item=https%3A%2F%2Felsewhere.example%2Fitem%2F1", "elsewhere.example", "neither the number"),
    ] {
        let page = forum.app.visitor().get(&format!("/log?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.has(sentence) && page.has(kept), "{query}: {}", page.text());
    }
}

#[tokio::test]
async fn every_act_is_on_one_page_of_the_log_and_on_no_other() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("A story", "Words.").await;
    for n in 0..65 {
        forum.app.pass(i64::from(n % 2 == 0));
        forum.kill(story, n % 2 == 0, &format!("number {n},")).await;
    }
    for query in ["", "act=&item=1&moderator=mia"] {
        let query = query.replace('1', &story.to_string());
        let (mut seen, mut next) = (Vec::new(), Some(format!("/log?{query}")));
        while let Some(path) = next {
            let page = forum.app.visitor().get(&path).await;
            seen.extend(rows(&page));
            let text = page.text();
            let href = text.split("<p class=\"next\"><a href=\"").nth(1).and_then(|rest| rest.split('"').next());
            next = href.map(|href| href.replace("&#38;", "&"));
            assert!(seen.len() <= 65, "it ends");
        }
        assert_eq!(seen.len(), 65, "{query}");
        for (n, row) in seen.iter().rev().enumerate() {
            assert!(row.contains(&format!("number {n},")), "{row}");
        }
    }
    assert!(forum.app.visitor().get("/log?before=1").await.has("The log ends here."));
}

#[tokio::test]
async fn the_feed_of_the_log_tells_what_was_done_and_why() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("Bread & <b>circuses</b>", "Words.").await;
    forum.mia.post(&format!("/item/{story}/edit"), &[("title", "Bread"), ("text", "Words.")]).await;
    forum.ban("bob", true).await;
    let feed = forum.app.visitor().get("/feed/log.atom").await;
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    for shown in ["<title>mia banned bob</title>", "a reason", "<title>mia edited “Bread”</title>"] {
        assert!(feed.has(shown), "{shown}: {}", feed.text());
    }
}

#[tokio::test]
async fn the_log_does_not_tell_what_a_post_said_that_is_out_of_sight() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("The first of its titles", "Words.").await;
    forum.act(story, "edit", &[("title", "Another title"), ("text", "Words.")]).await;
    let said = "the title “The first of its titles” became “Another title”";
    let mut visitor = forum.app.visitor();
    let mut alice = forum.app.member("alice").await;
    let mut carl = forum.app.member("carl").await;
    carl.post("/settings", &[("about", ""), ("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    assert!(visitor.get("/log").await.has(said) && visitor.get("/feed/log.atom").await.has(said));
    forum.kill(story, true, "spam").await;
    for browser in [&mut visitor, &mut alice] {
        for path in ["/log", "/feed/log.atom"] {
            let log = browser.get(path).await;
            assert!(
                log.has("edited") && !log.has("of its titles") && !log.has("Another title"),
                "{path}: {}",
                log.text()
            );
        }
    }
    assert!(carl.get("/log").await.has(said), "who chose to see what is dead");
    assert!(forum.bob.get("/log").await.has(said), "the author");
    forum.kill(story, false, "").await;
    assert!(visitor.get("/log").await.has(said));
    forum.bob.post(&format!("/item/{story}/delete"), &[]).await;
    for browser in [&mut visitor, &mut alice, &mut carl, &mut forum.bob] {
        assert!(!browser.get("/log").await.has("of its titles"), "it is deleted");
    }
    assert!(forum.mia.get("/log").await.has(said), "moderators see all of it");
}

#[tokio::test]
async fn what_is_done_to_posts_of_somebody_shadow_banned_is_for_moderators() {
    let mut forum = forum(|_| {}).await;
    forum.person("bob", "shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let story = forum.bob.text_story("A story unseen", "Words.").await;
    let comment = forum.bob.reply(story, "Unseen, too.").await;
    let deep = forum.bob.reply(comment, "Deeper.").await;
    forum.act(story, "edit", &[("title", "Another title"), ("text", "Words.")]).await;
    forum.act(story, "pin", &[("text", "A notice.")]).await;
    forum.act(story, "pin", &[("on", "false")]).await;
    forum.act(deep, "detach", &[("reason", "off topic")]).await;
    for id in [story, comment] {
        forum.act(id, "lock", &[("reason", "heated")]).await;
        forum.act(id, "lock", &[("on", "false")]).await;
    }
    let mut visitor = forum.app.visitor();
    for browser in [&mut visitor, &mut forum.bob] {
        for path in ["/log", "/feed/log.atom", &format!("/log?item={story}")] {
            let log = browser.get(path).await;
            assert!(
                !log.has("unseen") && !log.has(" locked <") && !log.has(&format!("/item/{story}\"")),
                "{}",
                log.text()
            );
        }
    }
    assert_eq!(forum.app.number("select count(*) from notices").await, 0, "and nobody is told");
    assert!(rows(&forum.mia.get("/log").await).len() >= 8, "moderators read it");
}

#[tokio::test]
async fn the_feed_of_the_log_is_kept_by_nobody_for_somebody_else() {
    let mut forum = forum(|settings| settings.moderation_log = Some(Audience::Members)).await;
    let feed = forum.bob.get("/feed/log.atom").await;
    assert_eq!(feed.header("cache-control"), "private, no-cache");
    assert!(feed.headers.get_all("vary").iter().any(|vary| vary.to_str().is_ok_and(|vary| vary.contains("Cookie"))));
}

#[tokio::test]
async fn an_act_is_said_as_a_sentence_around_what_it_was_done_to() {
    let mut forum = forum(|_| {}).await;
    let story = forum.bob.text_story("A story", "Words.").await;
    let other = forum.bob.text_story("The better one", "Words.").await;
    forum.act(story, "merge", &[("into", &other.to_string()), ("reason", "")]).await;
    forum.app.pass(60);
    forum.act(story, "merge", &[("on", "false")]).await;
    forum.rule("watches", "kill").await;
    forum.app.pass(60);
    forum.bob.text_story("Buy it", "Watches.").await;
    forum.app.pass(60);
    forum.role("bob", Role::Moderator).await;
    let feed = forum.app.visitor().get("/feed/log.atom").await;
    let log = forum.app.visitor().get("/log").await;
    for (in_log, in_feed) in [
        (
            format!(
                "</a> merged <a href=\"/item/{story}\">“A story”</a> into <a href=\"/item/{other}\">“The better one”</a>"
            ),
            "mia merged “A story” into “The better one”<",
        ),
        (
            format!(
                "</a> took <a href=\"/item/{story}\">“A story”</a> out of <a href=\"/item/{other}\">“The better one”</a> again"
            ),
            "mia took “A story” out of “The better one” again<",
        ),
        ("mia</a>’s rule killed <a href=".to_owned(), "mia’s rule killed a story "),
        ("</a> as it was posted".to_owned(), " as it was posted</title>"),
        (
            "ada</a> made <a href=\"/user/bob\">bob</a> a moderator".to_owned(),
            "<title>ada made bob a moderator</title>",
        ),
    ] {
        assert!(log.has(&in_log), "{in_log}: {}", log.text());
        assert!(feed.has(in_feed), "{in_feed}: {}", feed.text());
    }
}

#[tokio::test]
async fn the_log_is_asked_for_acts_in_words_and_says_what_it_is_narrowed_to() {
    let mut forum = forum(|_| {}).await;
    let mut visitor = forum.app.visitor();
    let (open, desk) = (visitor.get("/log").await, forum.mia.get("/log").await);
    for (act, _) in ACTS {
        let private = ["shadow", "unshadow", "note", "add-rule", "drop-rule", "password"].contains(act);
        let option = format!("<option value=\"{act}\">{}</option>", label(act));
        assert!(desk.has(&option), "{act}: {}", desk.text());
        assert_eq!(open.has(&option), !private, "{act} is offered to those who may see it");
    }
    assert!(open.has("<option value=\"set\">changed a setting</option>") && !open.has("Show all"));
    let page = visitor.get("/log?act=kill&moderator=mia&person=bob&item=7").await;
    let said = "Only: killed something; by mia; on bob; on item 7. <a href=\"/log\">Show all</a>";
    assert!(page.has(said), "{}", page.text());
    assert!(
        page.has("<details class=\"narrow\">") && page.has("<option value=\"kill\" selected>"),
        "and the form is shut"
    );
    let wrong = visitor.get("/log?person=nobody-here").await;
    assert!(wrong.has("<details class=\"narrow\" open>") && wrong.has("Show all"), "save where it is to be mended");
    let unnamed = forum.app.with_other_settings(|config| config.moderation_names = Switch::Off);
    let page = unnamed.visitor().get("/log?moderator=mia&act=kill").await;
    assert!(page.has("Only: killed something. <a"), "{}", page.text());
}
