//! What an author learns of what became of their post: on its page, and among their replies.

use axum::http::StatusCode;
use stoa::config::{Audience, Settings, Switch};
use stoa::domain::item::ItemId;
use stoa::domain::user::Role;
use stoa::store::Act;

use crate::app::{Browser, TestApp};

/// A forum with an author, alice; other members; and a moderator, mia. One flag kills, and one vouch brings back.
struct Town {
    app: TestApp,
    alice: Browser,
    bob: Browser,
    mia: Browser,
}

impl Town {
    async fn with(change: impl FnOnce(&mut Settings)) -> Town {
        let app = TestApp::with(|settings| {
            settings.flags_to_kill = Some(1);
            settings.vouches_to_restore = Some(1);
            change(settings);
        })
        .await;
        let (alice, bob) = (app.member("alice").await, app.member("bob").await);
        app.set_karma("bob", 31).await;
        let mia = app.person("mia", Role::Moderator).await;
        Town { app, alice, bob, mia }
    }

    async fn new() -> Town {
        Town::with(|_| {}).await
    }

    /// A moderator's act on a post; `kill` is one, and so are those with a form of their own.
    async fn act(&mut self, id: i64, act: &str, form: &[(&str, &str)]) {
        let page = self.mia.post(&format!("/item/{id}/{act}"), form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{act}: {}", page.text());
    }

    async fn flag(&mut self, id: i64) {
        let page = self.bob.post(&format!("/item/{id}/flag"), &[("on", "true"), ("reason", "spam")]).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    }

    /// How often alice was told of an act.
    async fn told(&self, act: &str) -> i64 {
        let query = format!(
            "select count(*) from notices n join users u on u.id = n.user_id where name = 'alice' and act = '{act}'"
        );
        self.app.number(&query).await
    }
}

const ABOUT: &str = "aria-label=\"What became of your ";

#[tokio::test]
async fn an_author_reads_on_the_posts_page_what_happened_by_whom_why_and_what_they_may_do() {
    let mut town = Town::new().await;
    let story = town.alice.text_story("Buy my things", "Cheap.").await;
    let path = format!("/item/{story}");
    assert!(!town.alice.get(&path).await.has(ABOUT), "nothing has happened yet");
    town.act(story, "kill", &[("on", "true"), ("reason", "spam")]).await;
    town.app.pass(7_200);
    let page = town.alice.get(&path).await;
    for words in [
        "mia took your story out of sight. The reason: spam.",
        "2 hours ago</time>",
        "still see it.",
        &format!("You can <a href=\"{path}/delete\">delete it</a>."),
        "If this is a mistake, <a href=\"/contact\">write to the moderators</a>.",
    ] {
        assert!(page.has(words), "{words}: {}", page.text());
    }
    assert!(!page.has("vouch"), "what a moderator killed by hand, members do not bring back");
    assert_eq!(town.app.visitor().get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(town.bob.get(&path).await.status, StatusCode::FORBIDDEN);
    town.bob.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    for mut other in [town.bob.clone(), town.mia.clone()] {
        let page = other.get(&path).await;
        assert!(page.has("[dead]") && !page.has(ABOUT), "{}", page.text());
    }
    town.act(story, "kill", &[("on", "false"), ("reason", "")]).await;
    assert!(!town.alice.get(&path).await.has(ABOUT));
}

#[tokio::test]
async fn what_an_author_reads_of_the_log_is_what_the_log_shows_them() {
    let names_off: fn(&mut Settings) = |settings| settings.moderation_names = Some(Switch::Off);
    let closed: fn(&mut Settings) = |settings| settings.moderation_log = Some(Audience::Moderators);
    let members: fn(&mut Settings) = |settings| settings.moderation_log = Some(Audience::Members);
    for (change, who) in [(names_off, "A moderator"), (closed, "A moderator"), (members, "mia")] {
        let mut town = Town::with(change).await;
        let comment = town.bob.text_story("A story", "Words.").await;
        let comment = town.alice.reply(comment, "Words.").await;
        town.act(comment, "lock", &[("on", "true"), ("reason", "heated")]).await;
        let page = town.alice.get(&format!("/item/{comment}")).await;
        let said =
            format!("{who} locked your comment: it and what answers it take no more replies. The reason: heated.");
        assert!(page.has(&said), "{}", page.text());
        assert_eq!(page.has("mia"), who == "mia");
    }
}

#[tokio::test]
async fn whoever_is_shadow_banned_reads_nothing_of_it() {
    let mut town = Town::new().await;
    town.mia.post("/user/alice/shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let story = town.alice.text_story("Unseen", "Words.").await;
    let comment = town.alice.reply(story, "Unseen, too.").await;
    for id in [story, comment] {
        assert!(!town.alice.get(&format!("/item/{id}")).await.has(ABOUT));
    }
    town.mia.post(&format!("/item/{story}/kill"), &[("on", "false")]).await;
    assert!(!town.alice.get(&format!("/item/{story}")).await.has(ABOUT));
    assert_eq!(town.app.number("select count(*) from notices").await, 0);
}

#[tokio::test]
async fn whose_post_waits_for_moderators_by_a_rule_reads_nothing_of_it() {
    let mut town = Town::new().await;
    let rule = [("kind", "word"), ("pattern", "watches"), ("effect", "queue"), ("reason", "spam"), ("add", "true")];
    town.mia.post("/mod/rules", &rule).await;
    let story = town.alice.text_story("Buy my watches", "Cheap.").await;
    assert!(town.mia.get("/mod").await.has("Buy my watches"));
    assert!(!town.alice.get(&format!("/item/{story}")).await.has(ABOUT));
    assert_eq!(town.told("clear").await, 0);
    town.act(story, "clear", &[]).await;
    assert_eq!(town.told("clear").await, 1, "that a moderator let it stand is in the log for everybody, and told");
}

#[tokio::test]
async fn each_act_on_a_post_is_told_to_its_author_once_with_the_reason_and_leads_there() {
    let mut town = Town::new().await;
    let rule = [("kind", "word"), ("pattern", "watches"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    town.mia.post("/mod/rules", &rule).await;
    let other = town.bob.text_story("The better story", "Words.").await;
    for (act, words) in [
        ("kill", "A moderator took your story out of sight. The reason: why."),
        ("unkill", "A moderator brought your story back. The reason: why."),
        ("clear", "A moderator looked at your story and let it stand. The reason: why."),
        ("flag-kill", "Members flagged your story as spam, and it was taken out of sight."),
        ("vouch", "Members vouched for your story, and it is back."),
        ("rule-kill", "A rule of the moderators took your story out of sight as it was posted."),
        ("edit", "A moderator edited your story: the text was changed. The reason: why."),
        ("lock", "A moderator locked your story: its thread takes no more comments. The reason: why."),
        ("unlock", "A moderator unlocked your story: it takes comments again."),
        (
            "merge",
            "A moderator merged your story into another on the same thing; its comments stand there now. The reason: why.",
        ),
        ("unmerge", "A moderator took your story out of the one that it was merged into."),
        ("detach", "A moderator moved your comment, with what answers it, up to the story. The reason: why."),
        ("reattach", "A moderator moved your comment back to what it answered."),
        ("second-chance", "A moderator gave your story a second chance"),
        ("no-second-chance", "A moderator took back the second chance of your story"),
        ("pin", "A moderator pinned a notice above the thread of your story."),
        ("unpin", "A moderator took the notice off the thread of your story."),
    ] {
        town.app.pass(60);
        let (title, text) = (format!("A story for {act}"), if act == "rule-kill" { "Watches." } else { "Words." });
        let story = town.alice.text_story(&title, text).await;
        let (why, into) = (("reason", "why"), other.to_string());
        let id = match act {
            "detach" | "reattach" => {
                let above = town.bob.reply(story, "Above.").await;
                town.alice.reply(above, &title).await
            }
            _ => story,
        };
        let moderated = Act { actor: Some(town.app.id_of("mia").await), reason: "", at: town.app.now() };
        match act {
            "flag-kill" => town.flag(id).await,
            "vouch" => {
                town.flag(id).await;
                town.mia.post(&format!("/item/{id}/vouch"), &[("on", "true")]).await;
            }
            "rule-kill" => {}
            "second-chance" | "no-second-chance" => {
                let later = town.app.now().plus(60);
                town.app.store.give_second_chance(ItemId(id), Some(later), moderated).await.expect("given");
                if act == "no-second-chance" {
                    town.app.store.give_second_chance(ItemId(id), None, moderated).await.expect("taken");
                }
            }
            _ => {
                let edit = [("title", title.as_str()), ("text", "Other words."), why];
                let (first, form): (&str, &[(&str, &str)]) = match act {
                    "kill" | "unkill" => ("kill", &[("on", "true"), why]),
                    "lock" | "unlock" => ("lock", &[("on", "true"), why]),
                    "merge" | "unmerge" => ("merge", &[("on", "true"), ("into", &into), why]),
                    "detach" | "reattach" => ("detach", &[("on", "true"), why]),
                    "pin" | "unpin" => ("pin", &[("on", "true"), ("text", "A notice.")]),
                    "clear" => ("clear", &[why]),
                    _ => ("edit", &edit),
                };
                town.act(id, first, form).await;
                if act.starts_with("un") || act == "reattach" {
                    town.act(id, first, &[("on", "false"), why]).await;
                }
            }
        }
        assert_eq!(town.told(act).await, 1, "{act}");
        let replies = town.alice.get("/replies").await;
        let notice = replies.text();
        let notice =
            notice.split("<article").find(|row| row.contains(words)).unwrap_or_else(|| panic!("{act}: {notice}"));
        assert!(notice.contains(&format!("<a href=\"/item/{id}\">{title}</a>")), "{act}: {notice}");
        let against = ["kill", "flag-kill", "rule-kill", "edit", "lock", "merge", "detach", "no-second-chance"];
        assert_eq!(notice.contains("Was this a mistake?"), against.contains(&act), "{act}: {notice}");
        let next = format!("<a href=\"/item/{id}\">See what you can do</a>");
        let page_says = !matches!(act, "merge" | "no-second-chance") && against.contains(&act);
        assert_eq!(notice.contains(&next), page_says, "{act}: {notice}");
        let goes_on = format!("It goes on in <a href=\"/item/{other}\">The better story</a>.");
        assert_eq!(notice.contains(&goes_on), act == "merge", "{act}: {notice}");
        let head = if matches!(act, "flag-kill" | "vouch") { "about your post" } else { "from the moderators" };
        assert!(notice.contains(&format!("<header>{head} ")), "{act}: {notice}");
    }
    assert_eq!(
        town.app
            .number("select count(*) from notices where user_id <> (select id from users where name = 'alice')")
            .await,
        0
    );
}

#[tokio::test]
async fn moderators_are_not_told_of_what_they_do_to_their_own_posts() {
    let mut town = Town::new().await;
    let story = town.mia.text_story("A story of mine", "Words.").await;
    town.act(story, "clear", &[]).await;
    town.act(story, "lock", &[("on", "true"), ("reason", "done")]).await;
    town.act(story, "kill", &[("on", "true"), ("reason", "a mistake")]).await;
    assert_eq!(town.app.number("select count(*) from notices").await, 0);
    assert!(
        town.mia.get(&format!("/item/{story}")).await.has("mia took your story out of sight. The reason: a mistake.")
    );
}

#[tokio::test]
async fn a_locked_comment_says_so_in_its_thread_and_on_its_page() {
    let mut town = Town::new().await;
    let story = town.bob.text_story("A story", "Words.").await;
    let open = town.bob.reply(story, "Beside it.").await;
    let locked = town.alice.reply(story, "A hot word.").await;
    let below = town.bob.reply(locked, "A hotter one.").await;
    town.act(locked, "lock", &[("on", "true"), ("reason", "heated")]).await;
    for mut reader in [town.app.visitor(), town.alice.clone(), town.bob.clone(), town.mia.clone()] {
        let thread = reader.get(&format!("/item/{story}")).await;
        assert_eq!(thread.count("<em>locked</em>"), 2, "the comment and what answers it");
        for (id, marked) in [(open, false), (locked, true), (below, true)] {
            let page = reader.get(&format!("/item/{id}")).await;
            assert_eq!(page.has("<em>locked</em>"), marked, "{id}");
        }
    }
    let page = town.bob.get(&format!("/item/{below}")).await;
    assert!(page.has("A moderator locked what your comment stands under"), "{}", page.text());
    town.act(locked, "lock", &[("on", "false")]).await;
    assert!(!town.bob.get(&format!("/item/{story}")).await.has("<em>locked</em>"));
}

#[tokio::test]
async fn whoever_meets_a_lock_reads_by_whom_and_why_where_they_may_read_the_log() {
    let names_off: fn(&mut Settings) = |settings| settings.moderation_names = Some(Switch::Off);
    let closed: fn(&mut Settings) = |settings| settings.moderation_log = Some(Audience::Moderators);
    for (change, said) in [
        ((|_| {}) as fn(&mut Settings), Some("mia locked it: heated.")),
        (names_off, Some("A moderator locked it: heated.")),
        (closed, None),
    ] {
        let mut town = Town::with(change).await;
        let story = town.alice.text_story("A story", "Words.").await;
        let above = town.bob.reply(story, "Above.").await;
        let below = town.alice.reply(above, "Below.").await;
        let mut visitor = town.app.visitor();
        assert!(!visitor.get(&format!("/item/{story}")).await.has("locked"), "kept in memory as it is open");
        for (on, pages) in [(above, vec![above, below]), (story, vec![story, above, below])] {
            town.act(on, "lock", &[("on", "true"), ("reason", "heated")]).await;
            for id in pages {
                for mut reader in [town.app.visitor(), town.app.browser_of(&town.bob)] {
                    let page = reader.get(&format!("/item/{id}")).await;
                    if reader.name == "bob" && id == above {
                        continue;
                    }
                    assert!(page.has("This thread is locked, so it takes no new comments."), "{}", page.text());
                    assert_eq!(page.has("heated"), said.is_some(), "{id}: {}", page.text());
                    let linked = format!("{} <a href=\"/log?item={on}\">See the log</a>", said.unwrap_or_default());
                    assert_eq!(page.has(&linked), said.is_some(), "{id}: {}", page.text());
                }
            }
        }
        let page = town.alice.get(&format!("/item/{story}")).await;
        assert_eq!(page.count("takes no more comments") + page.count("takes no new comments"), 1, "{}", page.text());
        town.act(story, "lock", &[("on", "false"), ("reason", "")]).await;
        assert!(!visitor.get(&format!("/item/{story}")).await.has("heated"), "and it is gone when the lock is");
    }
}

#[tokio::test]
async fn whoever_sees_what_is_dead_reads_what_put_it_out_of_sight() {
    let mut town = Town::new().await;
    town.bob.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    let carl = town.app.member("carl").await;
    let story = town.alice.text_story("A story", "Words.").await;
    let rule = [("kind", "word"), ("pattern", "watches"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    town.mia.post("/mod/rules", &rule).await;
    for (how, said) in [
        ("flag", vec!["Members flagged this as spam, and it was taken out of sight."]),
        ("kill", vec!["mia took this out of sight. The reason: rude."]),
        ("rule", vec!["A rule of the moderators took this out of sight as it was posted."]),
        (
            "both",
            vec![
                "Members flagged this as spam, and it was taken out of sight.",
                "mia looked at this, and it stays out of sight.",
            ],
        ),
    ] {
        let text = if how == "rule" { "Buy watches." } else { "A comment." };
        let id = town.alice.reply(story, text).await;
        if matches!(how, "flag" | "both") {
            town.flag(id).await;
        }
        if matches!(how, "kill" | "both") {
            town.act(id, "kill", &[("on", "true"), ("reason", "rude")]).await;
        }
        let path = format!("/item/{id}");
        for mut reader in [town.bob.clone(), town.mia.clone()] {
            let page = reader.get(&path).await;
            for said in &said {
                assert!(page.place_of(said) < page.place_of(text), "{how}: above the text");
            }
        }
        for mut reader in [town.app.visitor(), carl.clone()] {
            let page = reader.get(&path).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN);
            assert!(
                page.has("Out of sight") && page.has("Members’ flags, a rule or a moderator took this out of sight.")
            );
            assert!(!page.has("Not allowed") && !page.has(text));
        }
    }
}

#[tokio::test]
async fn a_shadow_ban_is_named_as_the_cause_to_moderators_alone() {
    let mut town = Town::new().await;
    town.bob.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
    town.mia.post("/user/alice/shadow", &[("on", "true"), ("shadow_reason", "spam")]).await;
    let story = town.alice.text_story("Unseen", "Words.").await;
    for (mut reader, told) in [(town.bob, false), (town.mia, true), (town.alice, false)] {
        let page = reader.get(&format!("/item/{story}")).await;
        assert_eq!(page.has("shadow-ban"), told, "{}: {}", reader.name, page.text());
        assert!(!page.has("came here dead"), "nor is anything said that is not so");
    }
}

#[tokio::test]
async fn a_notice_above_a_thread_says_whose_it_is_and_is_short() {
    let mut town = Town::new().await;
    let story = town.alice.text_story("A story", "Words.").await;
    town.act(story, "pin", &[("on", "true"), ("text", "Keep to the story.")]).await;
    let page = town.app.visitor().get(&format!("/item/{story}")).await;
    assert!(page.has("aria-labelledby=\"pinned\"><p id=\"pinned\">From the moderators</p>"), "{}", page.text());
    let long = "long ".repeat(300);
    let page = town.mia.post(&format!("/item/{story}/pin"), &[("on", "true"), ("text", &long)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = "That is 1499 characters; a notice is up to 1000. Please shorten it.";
    assert!(page.has(said) && page.has(long.trim_end()), "{}", page.text());
    assert!(town.app.visitor().get(&format!("/item/{story}")).await.has("Keep to the story."), "it stands as it was");
}
