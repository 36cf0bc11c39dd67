//! What an author learns of what became of their post: on its page, and among their replies.

use axum::http::StatusCode;
use stoa::config::{LogVisibility, Settings};
use stoa::domain::items::item::{ItemError, ItemId};
use stoa::store::ActionContext;

use crate::support::fixtures::{Town, add_rule, flag, one_flag_kills, show_dead};
use crate::support::sentences::{OUT_OF_SIGHT, refused};

/// Where an author reads what became of their post.
const ABOUT: &str = "main aside[aria-label^='What became of your ']";

async fn town() -> Town {
    Town::with(one_flag_kills).await
}

#[tokio::test]
async fn an_author_reads_on_the_posts_page_what_happened_by_whom_why_and_what_they_may_do() {
    let mut town = town().await;
    let story = town.alice.text_story("Buy my things", "Cheap.").await;
    let path = format!("/item/{story}");
    town.alice.get(&path).await.finds(0, ABOUT);
    town.act(story, "kill", &[("on", "true"), ("reason", "spam")]).await;
    town.app.pass(7_200);
    let page = town.alice.get(&path).await;
    let about = page.one(ABOUT);
    // What a moderator killed by hand, members do not bring back: nothing is said of vouches.
    let said = "mia killed your story. Reason: spam. 2 hours ago \
                Only you, moderators and members who show dead posts can see it. \
                You can delete it. If this is a mistake, write to the moderators.";
    assert_eq!(about.text, said);
    let links: Vec<_> = about.all("a").iter().map(|link| link.attr("href").to_owned()).collect();
    assert_eq!(links, [format!("{path}/delete"), "/contact".to_owned()]);
    assert_eq!(town.app.visitor().get(&path).await.status, StatusCode::FORBIDDEN);
    assert_eq!(town.bob.get(&path).await.status, StatusCode::FORBIDDEN);
    show_dead(&mut town.bob).await;
    for mut other in [town.bob.clone(), town.mia.clone()] {
        let page = other.get(&path).await;
        assert!(page.marks(story).contains(&"[dead]".to_owned()), "{}", page.text());
        page.finds(0, ABOUT);
    }
    town.act(story, "kill", &[("on", "false"), ("reason", "")]).await;
    town.alice.get(&path).await.finds(0, ABOUT);
}

#[tokio::test]
async fn what_an_author_reads_of_the_log_is_what_the_log_shows_them() {
    let names_off: fn(&mut Settings) = |settings| settings.moderation_names = Some(false);
    let closed: fn(&mut Settings) = |settings| settings.moderation_log = Some(LogVisibility::Moderators);
    let members: fn(&mut Settings) = |settings| settings.moderation_log = Some(LogVisibility::Members);
    for (change, who) in [(names_off, "A moderator"), (closed, "A moderator"), (members, "mia")] {
        let mut town = Town::with(change).await;
        let comment = town.bob.text_story("A story", "Words.").await;
        let comment = town.alice.reply(comment, "Words.").await;
        town.act(comment, "lock", &[("on", "true"), ("reason", "heated")]).await;
        let page = town.alice.get(&format!("/item/{comment}")).await;
        let said = format!(
            "{who} locked your comment: it and its replies can no longer be replied to. Reason: heated."
        );
        assert!(page.one(ABOUT).text.contains(&said), "{}", page.text());
        assert_eq!(page.mentions("mia"), who == "mia");
    }
}

#[tokio::test]
async fn whoever_is_shadow_banned_reads_nothing_of_it() {
    let mut town = town().await;
    town.shadow("alice", true).await;
    let story = town.alice.text_story("Unseen", "Words.").await;
    let comment = town.alice.reply(story, "Unseen, too.").await;
    for id in [story, comment] {
        town.alice.get(&format!("/item/{id}")).await.finds(0, ABOUT);
    }
    town.mia.post(&format!("/item/{story}/kill"), &[("on", "false")]).await;
    town.alice.get(&format!("/item/{story}")).await.finds(0, ABOUT);
    assert_eq!(town.app.number("select count(*) from notifications").await, 0);
}

#[tokio::test]
async fn whose_post_waits_for_moderators_by_a_rule_reads_nothing_of_it() {
    let mut town = town().await;
    add_rule(&mut town.mia, "word", "watches", "queue").await;
    let story = town.alice.text_story("Buy my watches", "Cheap.").await;
    town.mia.get("/mod").await.finds(1, &format!("article#i{story}"));
    town.alice.get(&format!("/item/{story}")).await.finds(0, ABOUT);
    assert_eq!(town.told("clear").await, 0);
    town.act(story, "clear", &[]).await;
    assert_eq!(
        town.told("clear").await,
        1,
        "that a moderator let it stand is in the log for everybody, and told"
    );
}

#[tokio::test]
async fn each_act_on_a_post_is_told_to_its_author_once_with_the_reason_and_leads_there() {
    let mut town = town().await;
    add_rule(&mut town.mia, "word", "watches", "kill").await;
    let other = town.bob.text_story("The better story", "Words.").await;
    for (act, words) in [
        ("kill", "A moderator killed your story. Reason: why."),
        ("unkill", "A moderator restored your story. Reason: why."),
        ("clear", "A moderator reviewed your story and kept it. Reason: why."),
        ("flag-kill", "Members flagged your story as spam, so it was killed."),
        ("vouch", "Members vouched for your story, so it was restored."),
        ("rule-kill", "A moderation rule killed your story when it was posted."),
        ("edit", "A moderator edited your story: text changed. Reason: why."),
        ("lock", "A moderator locked your story: its thread is closed to new comments. Reason: why."),
        ("unlock", "A moderator unlocked your story: its thread is open to new comments again."),
        (
            "merge",
            "A moderator merged your story into another story about the same thing; its comments were moved \
             there. Reason: why.",
        ),
        ("unmerge", "A moderator undid the merge of your story."),
        ("detach", "A moderator moved your comment and its replies to the top level. Reason: why."),
        ("reattach", "A moderator moved your comment back to its original place."),
        ("second-chance", "A moderator gave your story a second chance"),
        ("no-second-chance", "A moderator removed the second chance from your story"),
        ("pin", "A moderator pinned a notice to your story."),
        ("unpin", "A moderator removed the notice from your story."),
    ] {
        town.app.pass(60);
        let (title, text) =
            (format!("A story for {act}"), if act == "rule-kill" { "Watches." } else { "Words." });
        let story = town.alice.text_story(&title, text).await;
        let (why, into) = (("reason", "why"), other.to_string());
        let id = match act {
            "detach" | "reattach" => {
                let above = town.bob.reply(story, "Above.").await;
                town.alice.reply(above, &title).await
            }
            _ => story,
        };
        let moderated =
            ActionContext { actor: Some(town.app.id_of("mia").await), reason: "", at: town.app.now() };
        match act {
            "flag-kill" => flag(&mut town.bob, id, "spam", "").await,
            "vouch" => {
                flag(&mut town.bob, id, "spam", "").await;
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
        let notices = town.alice.get("/inbox").await.all("article[id^='n']");
        let notice = notices.iter().find(|notice| notice.text.contains(words));
        let notice = notice.unwrap_or_else(|| panic!("{act}: {notices:#?}"));
        let about = notice.one("header a");
        assert_eq!(
            (about.attr("href"), about.text.as_str()),
            (format!("/item/{id}").as_str(), title.as_str()),
            "{act}"
        );
        let against =
            ["kill", "flag-kill", "rule-kill", "edit", "lock", "merge", "detach", "no-second-chance"];
        // Whether a mistake can be told, whether the page says more, and where the thread goes on.
        let page_says = !matches!(act, "merge" | "no-second-chance") && against.contains(&act);
        notice.finds(usize::from(against.contains(&act)), "article > p a[href='/contact']");
        notice.finds(usize::from(page_says), &format!("article > p a[href='/item/{id}']"));
        notice.finds(usize::from(act == "merge"), &format!("article > div a[href='/item/{other}']"));
        let head =
            if matches!(act, "flag-kill" | "vouch") { "about your post" } else { "from the moderators" };
        assert!(notice.one("header").text.starts_with(head), "{act}: {}", notice.text);
    }
    assert_eq!(
        town.app
            .number(
                "select count(*) from notifications where user_id <> (select id from users where name = \
                     'alice')"
            )
            .await,
        0
    );
}

#[tokio::test]
async fn moderators_are_not_told_of_what_they_do_to_their_own_posts() {
    let mut town = town().await;
    let story = town.mia.text_story("A story of mine", "Words.").await;
    town.act(story, "clear", &[]).await;
    town.act(story, "lock", &[("on", "true"), ("reason", "done")]).await;
    town.act(story, "kill", &[("on", "true"), ("reason", "a mistake")]).await;
    assert_eq!(town.app.number("select count(*) from notifications").await, 0);
    assert!(town.mia.get(&format!("/item/{story}")).await.one(ABOUT).text.contains("a mistake"));
}

#[tokio::test]
async fn a_locked_comment_says_so_in_its_thread_and_on_its_page() {
    let mut town = town().await;
    let story = town.bob.text_story("A story", "Words.").await;
    let open = town.bob.reply(story, "Beside it.").await;
    let locked = town.alice.reply(story, "A hot word.").await;
    let below = town.bob.reply(locked, "A hotter one.").await;
    town.act(locked, "lock", &[("on", "true"), ("reason", "heated")]).await;
    for mut reader in [town.app.visitor(), town.alice.clone(), town.bob.clone(), town.mia.clone()] {
        let thread = reader.get(&format!("/item/{story}")).await;
        // The comment and what answers it.
        thread.finds(2, "article > header > em");
        for (id, marked) in [(open, false), (locked, true), (below, true)] {
            let page = reader.get(&format!("/item/{id}")).await;
            assert_eq!(page.marks(id).contains(&"locked".to_owned()), marked, "{id}");
        }
    }
    let page = town.bob.get(&format!("/item/{below}")).await;
    assert!(
        page.one(ABOUT).text.contains("A moderator locked the thread above your comment"),
        "{}",
        page.text()
    );
    town.act(locked, "lock", &[("on", "false")]).await;
    town.bob.get(&format!("/item/{story}")).await.finds(0, "article > header > em");
}

#[tokio::test]
async fn whoever_meets_a_lock_reads_by_whom_and_why_where_they_may_read_the_log() {
    let names_off: fn(&mut Settings) = |settings| settings.moderation_names = Some(false);
    let closed: fn(&mut Settings) = |settings| settings.moderation_log = Some(LogVisibility::Moderators);
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
        let notice = "main p.notice";
        // It is kept in memory as it is open.
        visitor.get(&format!("/item/{story}")).await.finds(0, notice);
        for (on, pages) in [(above, vec![above, below]), (story, vec![story, above, below])] {
            town.act(on, "lock", &[("on", "true"), ("reason", "heated")]).await;
            for id in pages {
                for mut reader in [town.app.visitor(), town.app.browser_of(&town.bob)] {
                    let page = reader.get(&format!("/item/{id}")).await;
                    if reader.name == "bob" && id == above {
                        continue;
                    }
                    refused(&page, StatusCode::OK, "This thread is locked.");
                    assert_eq!(page.mentions("heated"), said.is_some(), "{id}: {}", page.text());
                    let notice = page.one(notice);
                    assert!(notice.text.contains(said.unwrap_or_default()), "{id}: {}", notice.text);
                    notice.finds(usize::from(said.is_some()), &format!("a[href='/log?item={on}']"));
                }
            }
        }
        let page = town.alice.get(&format!("/item/{story}")).await;
        assert!(
            page.one("main aside, main p.notice").text.contains("locked"),
            "it is said once: {}",
            page.text()
        );
        town.act(story, "lock", &[("on", "false"), ("reason", "")]).await;
        let page = visitor.get(&format!("/item/{story}")).await;
        page.finds(0, notice);
        assert!(!page.mentions("heated"), "and it is gone when the lock is");
    }
}

#[tokio::test]
async fn whoever_sees_what_is_dead_reads_what_put_it_out_of_sight() {
    let mut town = town().await;
    show_dead(&mut town.bob).await;
    let carl = town.app.member("carl").await;
    let story = town.alice.text_story("A story", "Words.").await;
    add_rule(&mut town.mia, "word", "watches", "kill").await;
    let flagged = "Members flagged this as spam, so it was killed.";
    for (how, said) in [
        ("flag", vec![flagged]),
        ("kill", vec!["mia killed this. Reason: rude."]),
        ("rule", vec!["A moderation rule killed this when it was posted."]),
        ("both", vec![flagged, "mia reviewed this and kept it dead. Reason: rude."]),
    ] {
        let text = if how == "rule" { "Buy watches." } else { "A comment." };
        let id = town.alice.reply(story, text).await;
        if matches!(how, "flag" | "both") {
            flag(&mut town.bob, id, "spam", "").await;
        }
        if matches!(how, "kill" | "both") {
            town.act(id, "kill", &[("on", "true"), ("reason", "rude")]).await;
        }
        let path = format!("/item/{id}");
        for mut reader in [town.bob.clone(), town.mia.clone()] {
            let page = reader.get(&path).await;
            let closed = ItemError::Dead.to_string();
            assert_eq!(page.texts("main p.notice"), [&said[..], &[&closed]].concat(), "{how}");
            page.in_order("main p.notice, main .t", &[said[0], text]);
        }
        for mut reader in [town.app.visitor(), carl.clone()] {
            let page = reader.get(&path).await;
            refused(&page, StatusCode::FORBIDDEN, OUT_OF_SIGHT);
            assert_eq!(page.one("h1").text, "Dead");
            assert!(!page.mentions(text), "{how}");
        }
    }
}

#[tokio::test]
async fn a_shadow_ban_is_named_as_the_cause_to_moderators_alone() {
    let mut town = town().await;
    show_dead(&mut town.bob).await;
    town.shadow("alice", true).await;
    let story = town.alice.text_story("Unseen", "Words.").await;
    for (mut reader, told) in [(town.bob, false), (town.mia, true), (town.alice, false)] {
        let page = reader.get(&format!("/item/{story}")).await;
        assert_eq!(page.mentions("shadow-ban"), told, "{}: {}", reader.name, page.text());
        // Nor is anything said that is not so.
        let closed = usize::from(reader.name != "alice");
        page.finds(usize::from(told) + closed, "main p.notice");
    }
}

#[tokio::test]
async fn a_notice_above_a_thread_says_whose_it_is_and_is_short() {
    let mut town = town().await;
    let story = town.alice.text_story("A story", "Words.").await;
    town.act(story, "pin", &[("on", "true"), ("text", "Keep to the story.")]).await;
    let page = town.app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.one_role("complementary", "From the moderators").one("div").text, "Keep to the story.");
    let long = "long ".repeat(300);
    let page = town.mia.post(&format!("/item/{story}/pin"), &[("on", "true"), ("text", &long)]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = "That is 1499 characters; a notice can have up to 1000. Please shorten it.";
    assert!(page.says(said) && page.value("#pin-text").trim_end() == long.trim_end(), "{}", page.text());
    let page = town.app.visitor().get(&format!("/item/{story}")).await;
    assert_eq!(page.one("main aside div").text, "Keep to the story.", "it stands as it was");
}

#[tokio::test]
async fn what_members_wrote_stands_in_a_notification_as_they_wrote_it() {
    let mut town = town().await;
    let story = town.alice.text_story("WHO wrote your STORY", "Words.").await;
    let form = [("title", "your STORY, by WHO"), ("text", "Words."), ("reason", "your STORY?")];
    town.act(story, "edit", &form).await;
    let said = "A moderator edited your story: title changed from “WHO wrote your STORY” to “your STORY, by \
                WHO”. Reason: your STORY?";
    let page = town.alice.get("/inbox").await;
    assert_eq!(
        (page.notices(), page.one("article header a").text.as_str()),
        (vec![said.to_owned()], "your STORY, by WHO")
    );
    // The sentence is not stored, so that a better one shows for what was told before, too.
    assert_eq!(
        town.app.number("select count(*) from notifications where detail || reason like '%edited%'").await,
        0
    );
}
