//! The log of moderation: every act is in it, and it shows each reader what is for them.

use axum::http::StatusCode;
use stoa::config::LogVisibility;
use stoa::domain::accounts::signup::SignUpMode;
use stoa::domain::accounts::totp::TotpSecret;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::domain::limits::policy::Policy;
use stoa::domain::moderation::action::Action;
use stoa::domain::votes::flag::Reason;
use stoa::store::{NewFlag, NewPage};

use crate::support::app::{PASSWORD, Page};
use crate::support::fixtures::{Town, add_rule, done, show_dead};
use crate::support::page::Element;

impl Town {
    async fn kill(&mut self, id: i64, on: bool, reason: &str) {
        let form = [("on", if on { "true" } else { "false" }), ("reason", reason)];
        self.act(id, "kill", &form).await;
    }

    async fn role(&mut self, name: &str, role: Role) {
        let act = stoa::store::ActionContext {
            actor: Some(self.app.id_of("ada").await),
            reason: "a reason",
            at: self.app.now(),
        };
        self.app.store.set_role(self.app.id_of(name).await, role, act).await.expect("a role");
    }

    /// What flags, vouches and a moderator's word about them bring about.
    async fn judge(&self, act: &str, item: ItemId) {
        let (store, user, at) = (&self.app.store, self.app.id_of("bob").await, self.app.now());
        let policy = Policy { flags_to_kill: 1, vouches_to_restore: 1, ..self.app.policy() };
        if act == "clear" {
            let by_mia = stoa::store::ActionContext {
                actor: Some(self.app.id_of("mia").await),
                reason: "a reason",
                at,
            };
            return store.clear(item, by_mia).await.expect("let stand");
        }
        let flag = NewFlag { user, item, reason: Reason::Spam, note: "" };
        assert!(store.flag(flag, &policy, at).await.expect("flagged"), "killed");
        if act == "vouch" {
            assert!(store.vouch(user, item, &policy, at).await.expect("vouched"), "back");
        }
    }

    /// Performs the action on targets of its own; returns the log's expected link, if any.
    async fn perform(&mut self, act: &str) -> Option<String> {
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
                self.mia
                    .post(&format!("/item/{story}/edit"), &[("title", &title), ("text", "Other words.")])
                    .await;
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
                return Some(format!("/item/{below}"));
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
                let restrictions: &[&str] = match act {
                    "penalise-site" => &["penalised"],
                    "ban-site" => &["banned"],
                    _ => &["banned", "none"],
                };
                for restriction in restrictions {
                    let form = [
                        ("name", site.as_str()),
                        ("restriction", restriction),
                        ("reason", "a reason"),
                        ("sure", "true"),
                    ];
                    done(&mut self.mia, "/mod/sites", &form).await;
                }
                return None;
            }
            "ban" => self.ban(&name, true).await,
            "unban" => {
                self.ban(&name, true).await;
                self.ban(&name, false).await;
            }
            "answer" => self.person(&name, "message", &[("message", "a reason")]).await,
            "resolve" | "reopen" => {
                let own = done(&mut person, "/contact", &[("text", "Some words.")]).await;
                let on = format!("/mod{}/resolve", own.location().expect("its page"));
                done(&mut self.mia, &on, &[("on", "true")]).await;
                if act == "reopen" {
                    done(&mut self.mia, &on, &[("on", "false")]).await;
                }
            }
            "decide-report" => {
                let form = [("ground", "hate"), ("text", "Some words."), ("good_faith", "true")];
                let report = done(&mut person, &format!("/item/{story}/report"), &form).await;
                let on = format!("/mod{}/decide", report.location().expect("its page"));
                done(&mut self.mia, &on, &[("decision", "kept"), ("reason", "a reason")]).await;
                return Some(format!("/item/{story}"));
            }
            "warn" => self.person(&name, "warn", &[("warning", "a reason")]).await,
            "note" => self.person(&name, "note", &[("note", "a reason")]).await,
            "limit" | "unlimit" => {
                self.person(
                    &name,
                    "limit",
                    &[("on", "true"), ("limit_days", "1"), ("limit_reason", "a reason")],
                )
                .await;
                if act == "unlimit" {
                    self.person(&name, "limit", &[("on", "false"), ("limit_reason", "a reason")]).await;
                }
            }
            "shadow" | "unshadow" => {
                self.person(&name, "shadow", &[("on", "true"), ("shadow_reason", "a reason")]).await;
                if act == "unshadow" {
                    self.person(&name, "shadow", &[("on", "false"), ("shadow_reason", "a reason")]).await;
                }
            }
            "add-rule" | "drop-rule" | "rule-kill" => {
                add_rule(&mut self.mia, "word", &format!("word of {act}"), "kill").await;
                if act == "drop-rule" {
                    let id = self.app.number("select max(id) from rules").await;
                    self.mia.post(&format!("/mod/rules/{id}/drop"), &[]).await;
                }
                if act == "rule-kill" {
                    person.text_story("Another story", &format!("With the word of {act}.")).await;
                }
                return None;
            }
            "approve" | "decline-post" | "hold" => {
                let held = format!("update items set dead = 'held', queued_at = 1 where id = {story}");
                self.app.sql(&held).await;
                let decided = if act == "decline-post" { "decline" } else { "approve" };
                let form = [("decision", decided), ("item", &format!("{story}-0")), ("reason", "a reason")];
                self.mia.post("/mod", &form).await;
                if act == "hold" {
                    let undo = [("at", &*self.app.now().0.to_string()), ("decision", "approve")];
                    self.mia.post("/mod/undo", &undo).await;
                }
            }
            "admit" | "decline" => {
                let decision = if act == "admit" { "approve" } else { "decline" };
                let id = self.request(&format!("q-{act}")).await;
                let form = [("decision", decision), ("message", "a reason")];
                done(&mut self.mia, &format!("/mod/requests/{id}"), &form).await;
                return None;
            }
            "set" => {
                let by_operator = |at| stoa::store::ActionContext { actor: None, reason: "", at };
                for karma in ["31", "20"] {
                    let settings = [("min_karma_to_flag", karma.to_owned()), ("a_new_one", "1".to_owned())];
                    self.app.store.keep_settings(&settings, by_operator(self.app.now())).await.expect("kept");
                }
                return None;
            }
            "edit-page" | "delete-page" => {
                let page = NewPage { slug: act, title: act, text: "Words.", in_footer: false, version: None };
                let by_operator = stoa::store::ActionContext { actor: None, reason: "", at: self.app.now() };
                self.app.store.save_page(page, by_operator).await.expect("saved");
                if act == "delete-page" {
                    self.app.store.delete_page(act, by_operator).await.expect("deleted");
                }
                return None;
            }
            "clear" | "flag-kill" | "vouch" => self.judge(act, ItemId(story)).await,
            "member" | "moderator" | "admin" => {
                if act == "member" {
                    self.role(&name, Role::Moderator).await;
                }
                self.role(&name, act.parse().expect("a role")).await;
                return Some(format!("/user/{name}"));
            }
            "claim" => {
                self.app
                    .import(r#"{"id": 1, "type": "story", "by": "mole", "time": 1717243200, "title": "Old"}"#)
                    .await;
                self.app.store.claim("mole", "hash", self.app.now()).await.expect("claimed");
                return Some("/user/mole".to_owned());
            }
            "reset-link" => {
                let page = self.ada.post(&format!("/user/{name}/reset-link"), &[]).await;
                assert_eq!(page.status, StatusCode::OK);
                return Some(format!("/user/{name}"));
            }
            "password" => {
                let user = self.app.id_of(&name).await;
                self.app.store.reset_password(user, "hash", self.app.now()).await.expect("set");
                let page = self.app.visitor().get("/log?act=password").await;
                assert!(!page.mentions(&name), "that is for moderators' eyes");
                return Some(format!("/user/{name}"));
            }
            "rename" => {
                done(&mut person, "/settings/name", &[("name", "renamed"), ("password", PASSWORD)]).await;
                return Some("/user/renamed".to_owned());
            }
            "clear-two-factor" | "keep-two-factor" => {
                let user = self.app.id_of(&name).await;
                let secret = TotpSecret::random().expect("randomness");
                self.app.store.start_totp(user, &secret, self.app.now()).await.expect("started");
                self.app.sql("update totp_secrets set confirmed_at = 1").await;
                done(&mut self.ada, &format!("/user/{name}/clear-two-factor"), &[]).await;
                if act == "keep-two-factor" {
                    done(&mut person, "/settings/two-factor/keep", &[]).await;
                    return None;
                }
                return Some(format!("/user/{name}"));
            }
            other => panic!("there is an act “{other}” that no test performs: say here how it is done"),
        }
        const ON_PEOPLE: [&str; 11] = [
            "ban", "unban", "warn", "note", "limit", "unlimit", "shadow", "unshadow", "answer", "resolve",
            "reopen",
        ];
        let on_person = ON_PEOPLE.contains(&act);
        Some(if on_person { format!("/user/{name}") } else { format!("/item/{story}") })
    }
}

#[tokio::test]
async fn every_act_there_is_stands_in_the_log() {
    let mut forum = Town::with(|settings| settings.signup_mode = Some(SignUpMode::Request)).await;
    for action in Action::logged() {
        let act = action.as_str();
        forum.app.pass(60);
        let leads_to = forum.perform(act).await;
        let row = rows(&forum.mia.get(&format!("/log?act={act}")).await).remove(0);
        let by_operator = {
            use Action::{Claim, DeletePage, EditPage, Password, Set};
            matches!(action, Set | Claim | Password | EditPage | DeletePage)
        };
        let actors = if by_operator {
            &["the operator"][..]
        } else if action == Action::KeepTwoFactor {
            &["p-keep-two-factor"][..]
        } else if action == Action::Rename {
            &["renamed"][..]
        } else {
            &["mia", "ada", "members’ flags", "members’ vouches"]
        };
        let verb = action.phrase("").before;
        assert!(
            actors.iter().any(|actor| row.text.starts_with(&format!("{actor}{verb}"))),
            "{act}: {}",
            row.text
        );
        row.finds(1, "time[datetime]");
        if let Some(leads_to) = leads_to {
            row.finds(1, &format!("a[href='{leads_to}']"));
        }
    }
}

/// The rows of the log, the latest first.
fn rows(page: &Page) -> Vec<Element> {
    page.all("main ol > li[id^='a']")
}

/// The way to what the log says of bob, from his page.
const OF_BOB: &str = "main a[href='/log?person=bob']";

#[tokio::test]
async fn everybody_reads_who_did_what_to_what_and_why() {
    let mut forum = Town::new().await;
    let story = forum.bob.text_story("A story for sale", "Words.").await;
    forum.kill(story, true, "spam").await;
    forum.ban("bob", true).await;
    let mut visitor = forum.app.visitor();
    visitor.get("/").await.finds(1, "footer a[href='/log']");
    let page = visitor.get("/log").await;
    let rows = rows(&page);
    assert_eq!(rows.len(), 2);
    assert!(rows[0].text.starts_with("mia banned bob") && rows[0].text.ends_with("reason: a reason"));
    rows[0].finds(1, "a[href='/user/mia']");
    rows[0].finds(1, "a[href='/user/bob']");
    assert!(rows[1].text.starts_with("mia killed a story"), "{}", rows[1].text);
    assert!(rows[1].text.ends_with("reason: spam"), "{}", rows[1].text);
    rows[1].finds(1, &format!("a[href='/item/{story}']"));
    assert!(!page.mentions("A story for sale"), "what was taken out of sight is not brought back by the log");
    let link = forum.mia.get("/log").await.one(&format!("main ol a[href='/item/{story}']"));
    assert_eq!(link.text, "“A story for sale”", "moderators see which it was");
}

#[tokio::test]
async fn the_log_is_for_those_whom_the_site_lets_read_it() {
    for (audience, visitor, member) in [
        (LogVisibility::Public, StatusCode::OK, StatusCode::OK),
        (LogVisibility::Members, StatusCode::SEE_OTHER, StatusCode::OK),
        (LogVisibility::Moderators, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN),
    ] {
        let mut forum = Town::with(|settings| settings.moderation_log = Some(audience)).await;
        forum.ban("bob", true).await;
        let mut alice = forum.alice.clone();
        let mut nobody = forum.app.visitor();
        for path in ["/log", "/log?person=bob", "/feed/log.atom"] {
            assert_eq!(nobody.get(path).await.status, visitor, "{audience:?} {path}");
            assert_eq!(alice.get(path).await.status, member, "{audience:?} {path}");
            assert_eq!(forum.mia.get(path).await.status, StatusCode::OK, "{audience:?} {path}");
        }
        for (browser, status) in [(&mut nobody, visitor), (&mut alice, member)] {
            // A link to the log is one that can be followed.
            browser.get("/user/bob").await.finds(usize::from(status == StatusCode::OK), OF_BOB);
        }
    }
}

#[tokio::test]
async fn where_moderators_are_not_named_the_log_does_not_give_them_away() {
    let mut forum = Town::with(|settings| settings.moderation_names = Some(false)).await;
    forum.ban("bob", true).await;
    for mut browser in [forum.app.visitor(), forum.alice.clone()] {
        let page = browser.get("/log").await;
        assert!(rows(&page)[0].text.starts_with("a moderator banned"), "{}", page.text());
        assert!(!page.mentions("mia"), "{}", page.text());
        page.finds(0, "[name=moderator]");
        assert!(!browser.get("/feed/log.atom").await.has("mia"));
        let (hers, anothers) =
            (browser.get("/log?moderator=mia").await, browser.get("/log?moderator=ada").await);
        assert_eq!(rows(&hers).len(), rows(&anothers).len(), "nor does asking for one");
    }
    // Among themselves they are.
    let page = forum.ada.get("/log").await;
    page.finds(1, "main ol a[href='/user/mia']");
    page.finds(1, "[name=moderator]");
}

#[tokio::test]
async fn private_acts_are_for_moderators() {
    let mut forum = Town::new().await;
    forum.ban("bob", true).await;
    forum.app.sql("update moderation_log set private = true, detail = 'A secret.'").await;
    let mut visitor = forum.app.visitor();
    for path in ["/log", "/log?person=bob", "/log?act=ban", "/log?moderator=mia", "/feed/log.atom"] {
        assert!(!visitor.get(path).await.text().contains("A secret."), "{path}");
    }
    let row = rows(&forum.mia.get("/log").await).remove(0);
    assert!(row.text.contains("A secret."), "{}", row.text);
    assert_eq!(row.one("b").text, "only moderators see this");
    let feed = forum.mia.get("/feed/log.atom").await;
    assert!(!feed.has("A secret."), "a feed may be read by others");
}

#[tokio::test]
async fn the_log_is_narrowed_by_act_moderator_person_and_item() {
    let mut forum = Town::new().await;
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
    // An item's page leads to its acts, a person's too.
    page.finds(1, &format!("main a[href='/log?item={story}']"));
    visitor.get("/user/bob").await.finds(1, OF_BOB);
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_kept_and_said() {
    let forum = Town::new().await;
    let no_item = "That is not an item number or an item&#39;s address on this site.";
    for (query, field, kept, sentence) in [
        ("act=conjure", "act", "", "There is no such action."),
        ("moderator=nobody-here", "moderator", "nobody-here", "There is no user named “nobody-here”."),
        ("person=no+one", "person", "no one", "There is no user named “no one”."),
        ("item=twelve", "item", "twelve", no_item),
        (
            "item=https%3A%2F%2Felsewhere.example%2Fitem%2F1",
            "item",
            "https://elsewhere.example/item/1",
            no_item,
        ),
    ] {
        let page = forum.app.visitor().get(&format!("/log?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(page.errors(), [(field.to_owned(), sentence.to_owned())], "{query}");
        assert_eq!((page.wrong(), page.value(&format!("#{field}")).as_str()), (vec![field.to_owned()], kept));
    }
}

#[tokio::test]
async fn every_act_is_on_one_page_of_the_log_and_on_no_other() {
    let mut forum = Town::new().await;
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
            next = page.more();
            assert!(seen.len() <= 65, "it ends");
        }
        assert_eq!(seen.len(), 65, "{query}");
        for (n, row) in seen.iter().rev().enumerate() {
            assert!(row.text.contains(&format!("number {n},")), "{}", row.text);
        }
    }
    let end = forum.app.visitor().get("/log?before=1").await;
    assert!(rows(&end).is_empty() && end.says("The log ends here."), "{}", end.text());
}

#[tokio::test]
async fn the_feed_of_the_log_tells_what_was_done_and_why() {
    let mut forum = Town::new().await;
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
    let mut forum = Town::new().await;
    let story = forum.bob.text_story("The first of its titles", "Words.").await;
    forum.act(story, "edit", &[("title", "Another title"), ("text", "Words.")]).await;
    let said = "title changed from “The first of its titles” to “Another title”";
    let mut visitor = forum.app.visitor();
    let mut alice = forum.alice.clone();
    let mut carl = forum.app.member("carl").await;
    show_dead(&mut carl).await;
    // Of a page and of a feed, whatever it stands in.
    let tells = |page: &Page, words: &str| page.text().contains(words);
    assert!(tells(&visitor.get("/log").await, said) && tells(&visitor.get("/feed/log.atom").await, said));
    forum.kill(story, true, "spam").await;
    for browser in [&mut visitor, &mut alice] {
        for path in ["/log", "/feed/log.atom"] {
            let log = browser.get(path).await;
            assert!(tells(&log, "mia edited") || !rows(&log).is_empty(), "{path}: {}", log.text());
            assert!(!tells(&log, "of its titles") && !tells(&log, "Another title"), "{path}: {}", log.text());
        }
    }
    assert!(tells(&carl.get("/log").await, said), "who chose to see what is dead");
    assert!(tells(&forum.bob.get("/log").await, said), "the author");
    forum.kill(story, false, "").await;
    assert!(tells(&visitor.get("/log").await, said));
    forum.bob.post(&format!("/item/{story}/delete"), &[]).await;
    for browser in [&mut visitor, &mut alice, &mut carl, &mut forum.bob] {
        assert!(!tells(&browser.get("/log").await, "of its titles"), "it is deleted");
    }
    assert!(tells(&forum.mia.get("/log").await, said), "moderators see all of it");
}

#[tokio::test]
async fn what_is_done_to_posts_of_somebody_shadow_banned_is_for_moderators() {
    let mut forum = Town::new().await;
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
            assert!(rows(&log).is_empty() && !log.text().contains("<entry>"), "{path}: {}", log.text());
            assert!(!log.text().contains("unseen"), "{path}: {}", log.text());
        }
    }
    assert_eq!(forum.app.number("select count(*) from notifications").await, 0, "and nobody is told");
    let page = forum.mia.get("/log").await;
    assert!(rows(&page).len() >= 8 && page.mentions("unseen"), "moderators read it");
}

#[tokio::test]
async fn the_feed_of_the_log_is_kept_by_nobody_for_somebody_else() {
    let mut forum = Town::with(|settings| settings.moderation_log = Some(LogVisibility::Members)).await;
    let feed = forum.bob.get("/feed/log.atom").await;
    assert_eq!(feed.header("cache-control"), "private, no-cache");
    assert!(
        feed.headers
            .get_all("vary")
            .iter()
            .any(|vary| vary.to_str().is_ok_and(|vary| vary.contains("Cookie")))
    );
}

#[tokio::test]
async fn an_act_is_said_as_a_sentence_around_what_it_was_done_to() {
    let mut forum = Town::new().await;
    let story = forum.bob.text_story("A story", "Words.").await;
    let other = forum.bob.text_story("The better one", "Words.").await;
    forum.act(story, "merge", &[("into", &other.to_string()), ("reason", "")]).await;
    forum.app.pass(60);
    forum.act(story, "merge", &[("on", "false")]).await;
    add_rule(&mut forum.mia, "word", "watches", "kill").await;
    forum.app.pass(60);
    let killed = forum.bob.text_story("Buy it", "Watches.").await;
    forum.app.pass(60);
    forum.role("bob", Role::Moderator).await;
    let feed = forum.app.visitor().get("/feed/log.atom").await;
    let log = forum.app.visitor().get("/log").await;
    let rows = rows(&log);
    for (row, actor, on, sentence) in [
        (&rows[0], "ada", "/user/bob".to_owned(), format!("{} made bob a moderator", forum.ada.name)),
        (
            &rows[1],
            "mia",
            format!("/item/{killed}"),
            "mia’s rule killed a story when it was posted".to_owned(),
        ),
        (
            &rows[2],
            "mia",
            format!("/item/{story}"),
            "mia unmerged “A story” from “The better one”".to_owned(),
        ),
        (&rows[3], "mia", format!("/item/{story}"), "mia merged “A story” into “The better one”".to_owned()),
    ] {
        assert!(row.text.starts_with(&sentence), "{sentence}: {}", row.text);
        row.finds(1, &format!("a[href='/user/{actor}']"));
        row.finds(1, &format!("a[href='{on}']"));
        assert!(feed.has(&format!("<title>{sentence}</title>")), "{sentence}: {}", feed.text());
    }
}

#[tokio::test]
async fn the_log_is_asked_for_acts_in_words_and_says_what_it_is_narrowed_to() {
    let mut forum = Town::new().await;
    let mut visitor = forum.app.visitor();
    let (open, desk) = (visitor.get("/log").await, forum.mia.get("/log").await);
    for action in Action::logged() {
        let act = action.as_str();
        let private = [
            "shadow",
            "unshadow",
            "note",
            "add-rule",
            "drop-rule",
            "password",
            "reset-link",
            "clear-two-factor",
            "keep-two-factor",
            "answer",
            "resolve",
            "reopen",
            "decide-report",
        ]
        .contains(&act);
        let option = format!("#act option[value='{act}']");
        assert_eq!(desk.one(&option).text, action.spec().label);
        // It is offered to those who may see it.
        open.finds(usize::from(!private), &option);
    }
    assert_eq!(open.one("#act option[value=set]").text, "changed a setting");
    let (all, shut, lies_open) =
        ("main a[href='/log']", "main details:not([open]) #act", "main details[open] #act");
    open.finds(0, all);
    let page = visitor.get("/log?act=kill&moderator=mia&person=bob&item=7").await;
    let narrowed = "main > p:has(a[href='/log'])";
    assert_eq!(page.one(narrowed).text, "Only: killed something; by mia; on bob; on item 7. Show all");
    // Above, and where no act is like that.
    page.finds(2, all);
    page.finds(1, shut);
    assert_eq!(page.value("#act"), "kill");
    // The form is shut, save where it is to be mended.
    let wrong = visitor.get("/log?person=nobody-here").await;
    wrong.finds(1, lies_open);
    wrong.finds(1, all);
    let unnamed = forum.app.with_other_settings(|config| config.site.moderation_names = false);
    let page = unnamed.visitor().get("/log?moderator=mia&act=kill").await;
    assert_eq!(page.one(narrowed).text, "Only: killed something. Show all");
}
