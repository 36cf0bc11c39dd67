//! Comments that moderators move: duplicates merged into one story, branches moved up, and both undone.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::moderation::permissions::ModerationError;
use stoa::domain::moderation::site_restriction::{SiteName, SiteRestriction};
use stoa::store::ActionContext;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::sentences::refused;

async fn merge(moderator: &mut Browser, id: i64, into: &str) -> Page {
    moderator
        .post(&format!("/item/{id}/merge"), &[("on", "true"), ("into", into), ("reason", "the same news")])
        .await
}

async fn unmerge(moderator: &mut Browser, id: i64) -> Page {
    moderator.post(&format!("/item/{id}/merge"), &[("on", "false")]).await
}

async fn detach(moderator: &mut Browser, id: i64, on: bool) -> Page {
    let on = if on { "true" } else { "false" };
    moderator.post(&format!("/item/{id}/detach"), &[("on", on), ("reason", "off-topic")]).await
}

/// The ids of a thread's comments as its page shows them.
fn shown(page: &Page) -> BTreeSet<i64> {
    page.comments().into_iter().collect()
}

/// How many comments the head of a story says it has.
fn said(page: &Page) -> i64 {
    page.number("article a[href='#comments']")
}

#[tokio::test]
async fn a_duplicate_joins_the_other_story_and_its_address_leads_there() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("The news", "https://example.com/news").await;
    let first = bob.reply(story, "The first word.").await;
    let title = "The same news";
    let duplicate = bob.story(title, "https://example.org/the-same").await;
    let top = alice.reply(duplicate, "Said under the duplicate.").await;
    let below = bob.reply(top, "And answered there.").await;
    alice.vote(duplicate, "up").await;
    bob.vote(story, "up").await;
    let karma = (app.karma("alice").await, app.karma("bob").await);

    let page = merge(&mut mia, duplicate, &format!("http://127.0.0.1:8000/item/{story}#comments")).await;
    assert_eq!(page.location().as_deref(), Some(format!("/item/{story}").as_str()), "{}", page.text());
    let mut visitor = app.visitor();
    for mut browser in [app.visitor(), bob.clone(), mia.clone()] {
        let old = browser.get(&format!("/item/{duplicate}")).await;
        assert_eq!(old.status, StatusCode::PERMANENT_REDIRECT);
        assert_eq!(old.location().as_deref(), Some(format!("/item/{story}").as_str()));
    }
    let page = visitor.get(&format!("/item/{story}")).await;
    assert_eq!(shown(&page), BTreeSet::from([first, top, below]));
    assert_eq!(said(&page), 3);
    assert_eq!(page.points(story), Some(2), "its votes are its own: nobody counts twice");
    assert_eq!((app.karma("alice").await, app.karma("bob").await), karma);
    for list in [
        "/",
        "/new",
        "/best",
        "/active",
        "/from/example.org",
        "/user/bob/submissions",
        "/feed/top.atom",
        "/search?q=same",
    ] {
        assert!(!visitor.get(list).await.text().contains(title), "{list}");
    }
    let page = visitor.get(&format!("/item/{below}")).await;
    assert_eq!(
        page.one(&format!("h1 + p a[href='/item/{story}']")).text,
        "The news",
        "the new story is named"
    );
    let page = bob.get("/user/bob/submissions").await;
    assert!(page.marks(duplicate).contains(&"[dupe]".to_owned()), "its author sees what became of it");
    let notice = bob.get("/inbox").await.one("article[id^='n']");
    assert!(notice.text.contains("the same news"), "why: {}", notice.text);
    notice.finds(1, &format!("div a[href='/item/{story}']"));
    assert!(alice.get("/inbox").await.comments().contains(&below));
    let logged = visitor.get(&format!("/log?item={duplicate}")).await.one("main ol > li").text;
    assert!(logged.starts_with("mia merged ") && logged.contains("into “The news”"), "{logged}");
    assert!(logged.ends_with("reason: the same news"), "{logged}");

    alice.reply(top, "Said after the merge.").await;
    assert_eq!(said(&visitor.get(&format!("/item/{story}")).await), 4);
    let typed = "A long reply, typed before.";
    let late = alice.post(&format!("/item/{duplicate}/reply"), &[("text", typed)]).await;
    refused(
        &late,
        StatusCode::FORBIDDEN,
        "This was merged into another story; the discussion continues there.",
    );
    assert_eq!(late.one("main textarea[readonly]").text, typed, "what was typed is theirs to keep");
}

#[tokio::test]
async fn the_address_of_a_merged_story_submitted_again_is_a_vote_for_the_other() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("The news", "https://example.com/news").await;
    let duplicate = bob.story("The same news", "https://example.org/the-same").await;
    merge(&mut mia, duplicate, &story.to_string()).await;
    let mut carl = app.member("carl").await;
    assert_eq!(carl.story("Once more", "https://example.org/the-same").await, story);
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.points(story), Some(2));
}

#[tokio::test]
async fn a_merge_is_undone_with_what_was_said_since() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("The news", "https://example.com/news").await;
    let duplicate = bob.story("Other news", "https://example.org/other").await;
    let here = bob.reply(story, "Here.").await;
    let there = alice.reply(duplicate, "There.").await;
    let deep = bob.reply(there, "Deeper there.").await;
    merge(&mut mia, duplicate, &story.to_string()).await;
    let since = alice.reply(deep, "Since.").await;
    detach(&mut mia, deep, true).await;
    let desk = mia.get(&format!("/item/{story}")).await;
    let way_back = desk.one(&format!("form[action='/item/{duplicate}/merge']"));
    assert!(way_back.text.contains("Other news"), "{}", way_back.text);
    unmerge(&mut mia, duplicate).await;
    let mut visitor = app.visitor();
    let (one, other) =
        (visitor.get(&format!("/item/{story}")).await, visitor.get(&format!("/item/{duplicate}")).await);
    assert_eq!((shown(&one), said(&one)), (BTreeSet::from([here]), 1));
    assert_eq!((shown(&other), said(&other)), (BTreeSet::from([there, deep, since]), 3));
    assert!(visitor.get("/new").await.stories().contains(&duplicate));
    detach(&mut mia, deep, false).await;
    let page = visitor.get(&format!("/item/{there}")).await;
    assert_eq!(shown(&page), BTreeSet::from([there, deep, since]), "moved back below what it answered");
}

#[tokio::test]
async fn what_cannot_be_merged_is_said_and_what_was_typed_is_kept() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let mut ada = app.person("ada", Role::Admin).await;
    let story = alice.text_story("A story", "Words.").await;
    let other = alice.text_story("Another story", "Words.").await;
    let merged = alice.text_story("A merged story", "Words.").await;
    let dead = alice.text_story("A dead story", "Words.").await;
    let deleted = alice.text_story("A deleted story", "Words.").await;
    let comment = alice.reply(story, "A comment.").await;
    merge(&mut mia, merged, &other.to_string()).await;
    mia.post(&format!("/item/{dead}/kill"), &[("on", "true")]).await;
    alice.post(&format!("/item/{deleted}/delete"), &[]).await;
    let before = app.dump(&[]).await;
    for (id, into, sentence) in [
        (story, story.to_string(), "cannot be merged into itself"),
        (story, merged.to_string(), "was itself merged"),
        (story, dead.to_string(), "dead or deleted"),
        (story, deleted.to_string(), "dead or deleted"),
        (story, comment.to_string(), "Choose a story that accepts comments"),
        (story, "999999".to_owned(), "no such story"),
        (story, "the other one".to_owned(), "not an item number"),
        (story, "https://elsewhere.example/item/1".to_owned(), "not an item number"),
        (story, String::new(), "Enter an item number"),
        (merged, story.to_string(), "already merged into another story"),
        (dead, story.to_string(), "Restore it first"),
        (comment, story.to_string(), "Only a story"),
    ] {
        let page = merge(&mut mia, id, &into).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{id} into {into}");
        assert!(page.says(sentence), "{id} into {into}: {}", page.text());
        if id == story {
            assert_eq!(page.value("#merge-into"), into, "it is kept");
        }
    }
    assert_eq!(app.dump(&[]).await, before, "nothing was done");
    assert_eq!(unmerge(&mut mia, story).await.status, StatusCode::CONFLICT);
    for on in ["true", "false"] {
        let page = mia.post(&format!("/item/{merged}/kill"), &[("on", on)]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "a merged story is neither killed nor brought back");
    }
    let theirs = ada.text_story("An admin's story", "Words.").await;
    assert_eq!(merge(&mut mia, theirs, &story.to_string()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(merge(&mut ada, theirs, &story.to_string()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_branch_moves_up_to_the_story_and_back() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("A story", "Words.").await;
    let above = bob.reply(story, "On the story.").await;
    let branch = alice.reply(above, "Off it.").await;
    let leaf = bob.reply(branch, "Further off.").await;
    let page = mia.post(&format!("/item/{branch}/detach"), &[("on", "true"), ("reason", "")]).await;
    refused(&page, StatusCode::UNPROCESSABLE_ENTITY, ModerationError::NoReason);
    assert_eq!(
        detach(&mut mia, above, true).await.status,
        StatusCode::BAD_REQUEST,
        "it stands there already"
    );
    assert_eq!(detach(&mut mia, branch, true).await.status, StatusCode::SEE_OTHER);
    let mut visitor = app.visitor();
    let page = visitor.get(&format!("/item/{above}")).await;
    assert_eq!(shown(&page), BTreeSet::from([above]), "nothing answers it any more");
    assert_eq!(shown(&visitor.get(&format!("/item/{branch}")).await), BTreeSet::from([branch, leaf]));
    assert_eq!(app.number(&format!("select depth from items where id = {leaf}")).await, 2);
    let logged = visitor.get(&format!("/log?item={branch}")).await.one("main ol > li");
    logged.finds(1, &format!("a[href='/item/{above}']"));
    assert!(alice.get("/inbox").await.notices()[0].contains("off-topic"));
    let way_back = format!("form[action='/item/{branch}/detach']:has(a[href='/item/{above}'])");
    let form = mia.get(&format!("/item/{branch}")).await.one(&way_back);
    assert_eq!(form.one("a").text, "another comment");
    form.finds(1, "button[name=on][value=false]");
    assert_eq!(detach(&mut mia, branch, false).await.status, StatusCode::SEE_OTHER);
    assert_eq!(shown(&visitor.get(&format!("/item/{above}")).await), BTreeSet::from([above, branch, leaf]));
    assert_eq!(app.number(&format!("select depth from items where id = {leaf}")).await, 3);
    mia.get(&format!("/item/{branch}")).await.finds(0, &way_back);
}

/// A comment as the database has it.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    parent_id: Option<i64>,
    root_id: i64,
    depth: i64,
    kind: String,
}

/// Holds all threads to what a tree is, and each count to what a visitor sees.
async fn check(app: &TestApp, comments: usize, after: &str) {
    let rows: Vec<Row> = app.rows("select id, parent_id, root_id, depth, kind from items").await;
    let by_id: BTreeMap<i64, &Row> = rows.iter().map(|row| (row.id, row)).collect();
    let (stories, all): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.kind == "story");
    assert_eq!(all.len(), comments, "{after}: no comment is lost");
    for row in all {
        let parent = by_id[&row.parent_id.expect("it answers something")];
        // Each is one deeper than what it answers, so that no circle is possible.
        assert_eq!(
            (row.root_id, row.depth),
            (parent.root_id, parent.depth + 1),
            "{after}: comment {}",
            row.id
        );
    }
    let mut visitor = app.visitor();
    let mut seen = BTreeSet::new();
    for story in stories {
        let page = visitor.get(&format!("/item/{}", story.id)).await;
        if page.status == StatusCode::OK {
            let here = shown(&page);
            let visible = page.all("article[id^='c'] > header a[href^='/user/']").len();
            assert_eq!(usize::try_from(said(&page)), Ok(visible), "{after}: story {}", story.id);
            seen.extend(here);
        } else {
            let to = page.location().unwrap_or_else(|| panic!("{after}: {} {}", page.status, page.text()));
            assert_eq!(visitor.get(&to).await.status, StatusCode::OK, "{after}: it leads on in one step");
        }
    }
    assert!(seen.len() <= comments, "{after}");
}

#[tokio::test]
async fn however_moderators_move_comments_about_threads_stay_trees_and_counts_true() {
    for seed in 0..6 {
        let mut random = fastrand::Rng::with_seed(seed);
        let app = TestApp::new().await;
        let mut people = [app.member("alice").await, app.member("bob").await, app.member("carl").await];
        let mut mia = app.person("mia", Role::Moderator).await;
        let (mut stories, mut comments) = (Vec::new(), Vec::new());
        for n in 0..4 {
            stories.push(people[n % 3].text_story(&format!("Story {n}"), "Words.").await);
        }
        for n in 0..20 {
            let at = random.usize(..stories.len() + comments.len());
            let to = *stories.iter().chain(&comments).nth(at).expect("an item");
            comments.push(people[random.usize(..3)].reply(to, &format!("Comment {n}.")).await);
        }
        for step in 0..40 {
            let (story, other) = (stories[random.usize(..4)], stories[random.usize(..4)]);
            let comment = comments[random.usize(..comments.len())];
            let what = match random.usize(..7) {
                0 => (
                    format!("/item/{story}/merge"),
                    vec![("on", "true".to_owned()), ("into", other.to_string())],
                ),
                1 => (format!("/item/{story}/merge"), vec![("on", "false".to_owned())]),
                2 | 3 => (
                    format!("/item/{comment}/detach"),
                    vec![("on", "true".to_owned()), ("reason", "why".to_owned())],
                ),
                4 => (format!("/item/{comment}/detach"), vec![("on", "false".to_owned())]),
                5 => (format!("/item/{comment}/kill"), vec![("on", random.bool().to_string())]),
                _ => (format!("/item/{comment}/reply"), vec![("text", format!("One more, {step}."))]),
            };
            let form: Vec<(&str, &str)> =
                what.1.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let by = if what.0.ends_with("/reply") { &mut people[random.usize(..3)] } else { &mut mia };
            let page = by.post(&what.0, &form).await;
            assert!(!page.status.is_server_error(), "{}", page.text());
            if what.0.ends_with("/reply") && page.status == StatusCode::SEE_OTHER {
                let to = page.location().expect("an address");
                comments.push(to.rsplit_once("#c").expect("a comment").1.parse().expect("an id"));
            }
            check(&app, comments.len(), &format!("seed {seed}, step {step}, {what:?}: {}", page.status))
                .await;
        }
    }
}

#[tokio::test]
async fn votes_on_what_was_merged_show_as_ones_own_at_once() {
    let app = TestApp::new().await;
    let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.text_story("The news", "Words.").await;
    let duplicate = alice.text_story("The same news", "Words.").await;
    let comment = alice.reply(duplicate, "A comment.").await;
    bob.vote(comment, "up").await;
    let voted = |page: Page| {
        let article = page.all(&format!("#c{comment}")).pop()?;
        Some(article.all("footer button[name=dir][value=none]").len() == 1)
    };
    for _ in 0..2 {
        assert_eq!(voted(bob.get(&format!("/item/{story}")).await), None, "it stands elsewhere");
    }
    merge(&mut mia, duplicate, &story.to_string()).await;
    assert_eq!(voted(bob.get(&format!("/item/{story}")).await), Some(true), "as voted on, in its new thread");
    unmerge(&mut mia, duplicate).await;
    assert_eq!(voted(bob.get(&format!("/item/{duplicate}")).await), Some(true), "and in its old one");
}

#[tokio::test]
async fn a_story_taken_out_of_a_merge_weighs_what_is_held_of_its_site_by_now() {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let mut mia = app.person("mia", Role::Moderator).await;
    let story = alice.story("The news", "https://example.com/news").await;
    let duplicate = alice.story("The same news", "https://example.org/the-same").await;
    merge(&mut mia, duplicate, &story.to_string()).await;
    let site = SiteName::parse("example.org").expect("a site");
    let act = ActionContext { actor: None, reason: "", at: app.now() };
    app.store.set_restriction(&site, Some(SiteRestriction::Penalised), None, act).await.expect("penalised");
    assert_eq!(app.number(&format!("select penalised from items where id = {duplicate}")).await, 0);
    unmerge(&mut mia, duplicate).await;
    assert_eq!(app.number(&format!("select penalised from items where id = {duplicate}")).await, 1);
}
