//! Flags and vouches: their combined effect, and moderators' decisions on them.

use axum::http::StatusCode;
use stoa::domain::accounts::user::Role;
use stoa::domain::items::item::ItemId;
use stoa::store::ActionContext;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{Flaggers, add_rule, kill, show_dead, with_a_story};
use crate::support::sentences::refused;

impl Flaggers {
    /// A number of the story's row.
    async fn of_story(&self, column: &str) -> i64 {
        self.app.number(&format!("select {column} from items where id = {}", self.story)).await
    }

    /// Who flagged an item, and what that weighs.
    async fn weights(&self, id: i64) -> Vec<(String, i64)> {
        let flags = self.app.store.flags_on(&[ItemId(id)]).await.expect("flags");
        flags.into_iter().map(|flag| (flag.name, flag.weight)).collect()
    }

    /// Whether the counts that are kept are those of the rows.
    async fn agrees(&self) {
        let wrong = [
            "select count(*) from items i where flags <> (select coalesce(sum(weight), 0) from flags f \
             where f.item_id = i.id and outcome is distinct from 'rejected')",
            "select count(*) from items i where vouches <> (select count(*) from vouches v where v.item_id = \
             i.id)",
            "select count(*) from users u where flags_upheld <> \
             (select count(*) from flags f where f.user_id = u.id and outcome = 'upheld')",
            "select count(*) from users u where flags_rejected <> \
             (select count(*) from flags f where f.user_id = u.id and outcome = 'rejected')",
            "select count(*) from items i where kind = 'story' and descendants <> (select count(*) from \
             items c \
             where c.root_id = i.id and c.kind = 'comment' and c.dead is null and c.deleted_at is null)",
        ];
        for query in wrong {
            assert_eq!(self.app.number(query).await, 0, "{query}");
        }
    }
}

async fn flag(browser: &mut Browser, id: i64, reason: &str) -> Page {
    let form = [("on", "true"), ("reason", reason), ("note", ""), ("goto", "/new")];
    browser.post(&format!("/item/{id}/flag"), &form).await
}

async fn unflag(browser: &mut Browser, id: i64) -> Page {
    browser.post(&format!("/item/{id}/flag"), &[("on", "false"), ("goto", "/new")]).await
}

async fn vouch(browser: &mut Browser, id: i64) -> Page {
    browser.post(&format!("/item/{id}/vouch"), &[("on", "true"), ("goto", "/new")]).await
}

/// The button by which somebody flags a post, or takes a flag back.
fn button(act: &str, id: i64, on: bool) -> String {
    format!("#panel form[action='/item/{id}/{act}'] button[name=on][value={on}]")
}

/// Whether a visitor finds a story among the new ones.
async fn is_listed(app: &TestApp, story: i64) -> bool {
    app.visitor().get("/new").await.stories().contains(&story)
}

#[tokio::test]
async fn flags_kill_a_spam_story() {
    let mut town = Flaggers::new().await;
    let address = format!("/item/{}", town.story);
    town.flag(town.story, 2).await;
    assert!(is_listed(&town.app, town.story).await, "two are not enough");
    assert_eq!(
        town.of_story("(queued_at is not null)").await,
        1,
        "moderators are shown it from the first flag on"
    );
    let page = flag(&mut town.members[2], town.story, "spam").await;
    assert_eq!(page.location().as_deref(), Some("/"), "its page is gone for whoever killed it");
    for path in ["/", "/new", "/best"] {
        assert!(town.app.visitor().get(path).await.stories().is_empty(), "{path}");
    }
    assert_eq!(town.app.visitor().get(&address).await.status, StatusCode::FORBIDDEN);
    let marks = town.sam.get(&address).await.marks(town.story);
    assert_eq!(marks, ["[flagged] [dead]", "you"], "its author sees what it has become");
    assert_eq!(town.members[3].vote(town.story, "up").await.status, StatusCode::NOT_FOUND);
    let reply = town.sam.post(&format!("{address}/reply"), &[("text", "But they are cheap.")]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let logged = town.app.visitor().get("/log").await.one("main ol > li").text;
    assert!(logged.starts_with("members’ flags") && logged.contains("spam"), "{logged}");
    assert_eq!(
        town.app.number("select count(*) from notifications where action = 'flag-kill'").await,
        1,
        "sam is told"
    );

    unflag(&mut town.moderator().await, town.story).await;
    show_dead(&mut town.members[0]).await;
    assert_eq!(unflag(&mut town.members[0], town.story).await.status, StatusCode::SEE_OTHER);
    assert!(!is_listed(&town.app, town.story).await, "a flag taken back brings nothing back");
    for member in 1..3 {
        show_dead(&mut town.members[member]).await;
        assert_eq!(unflag(&mut town.members[member], town.story).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(town.of_story("flags").await, 0);
    // What is dead still waits for a moderator.
    town.app.session("mia").await.get("/mod").await.finds(1, &format!("article#i{}", town.story));
    town.agrees().await;
}

#[tokio::test]
async fn what_many_voted_for_is_not_killed_but_sinks_and_is_marked() {
    let mut town = Flaggers::new().await;
    let (story, other) = (town.story, town.sam.story("A good essay", "https://essays.example").await);
    town.app.sql(&format!("update items set base_points = 12, score = 13 where id = {story}")).await;
    town.app.sql(&format!("update items set base_points = 8, score = 9 where id = {other}")).await;
    town.app.store.detect_external_writes().await.expect("noticed");
    assert_eq!(town.app.visitor().get("/").await.stories(), [story, other]);
    town.flag(story, 4).await;
    let front = town.app.visitor().get("/").await;
    assert_eq!((front.marks(story), front.marks(other)), (vec!["[flagged]".to_owned()], vec![]));
    assert_eq!(front.stories(), [other, story], "four flags outweigh four points");
    let comment = town.sam.reply(other, "My own words.").await;
    town.flag(comment, 2).await;
    assert_eq!(town.app.visitor().get(&format!("/item/{other}")).await.marks(comment), ["OP", "[flagged]"]);
}

#[tokio::test]
async fn vouches_bring_a_good_one_back() {
    let mut town = Flaggers::new().await;
    let story = town.story;
    let comment = town.sam.reply(story, "They are good watches, though.").await;
    town.flag(comment, 3).await;
    assert_eq!(town.of_story("descendants").await, 0, "a dead comment does not count");
    let thread = format!("/item/{story}");
    assert_eq!(
        vouch(&mut town.members[3], comment).await.status,
        StatusCode::NOT_FOUND,
        "the dead are not seen"
    );
    show_dead(&mut town.members[3]).await;
    show_dead(&mut town.members[4]).await;
    for path in [&thread, "/comments"] {
        let marks = town.members[3].get(path).await.marks(comment);
        assert!(marks.contains(&"[flagged] [dead]".to_owned()), "{path}: {marks:?}");
    }
    let own_page = format!("/item/{comment}");
    let (to_vouch, to_undo) = (button("vouch", comment, true), button("vouch", comment, false));
    let page = town.members[3].get(&own_page).await;
    page.finds(1, &to_vouch);
    page.finds(0, &to_undo);
    vouch(&mut town.members[3], comment).await;
    vouch(&mut town.members[3], comment).await;
    assert!(town.app.visitor().get(&thread).await.comments().is_empty(), "one member vouches once");
    let page = town.members[3].get(&own_page).await;
    page.finds(0, &to_vouch);
    page.finds(1, &to_undo);
    assert_eq!(town.members[3].get("/vouched").await.comments(), [comment]);
    vouch(&mut town.members[4], comment).await;
    let page = town.app.visitor().get(&thread).await;
    assert_eq!(page.comments(), [comment]);
    assert_eq!(page.marks(comment), ["OP"], "two vouches cancel four flags");
    assert_eq!(town.of_story("descendants").await, 1);
    let off = town.members[4].post(&format!("/item/{comment}/vouch"), &[("on", "false")]).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    assert_eq!(town.app.visitor().get(&thread).await.comments(), [comment], "what is back stays");
    assert_eq!(town.app.number("select count(*) from notifications where action = 'vouch'").await, 1);
    town.agrees().await;
}

#[tokio::test]
async fn vouches_bring_back_what_a_rule_killed_until_a_moderator_has_looked() {
    let mut town = Flaggers::new().await;
    let mut mia = town.moderator().await;
    add_rule(&mut mia, "word", "clocks", "kill").await;
    let story = town.sam.text_story("How old clocks were mended", "Words.").await;
    let looked = town.sam.text_story("Buy cheap clocks", "Words.").await;
    kill(&mut mia, looked, true).await;
    for member in &mut town.members[..2] {
        show_dead(member).await;
        member.get(&format!("/item/{story}")).await.finds(1, &button("vouch", story, true));
        assert_eq!(vouch(member, story).await.status, StatusCode::SEE_OTHER);
        assert_eq!(vouch(member, looked).await.status, StatusCode::FORBIDDEN);
    }
    assert!(is_listed(&town.app, story).await && !is_listed(&town.app, looked).await);
    town.agrees().await;
}

#[tokio::test]
async fn a_list_of_ones_own_does_not_say_that_nothing_was_flagged_when_all_of_it_is_dead() {
    let mut town = Flaggers::new().await;
    assert!(town.members[0].get("/flagged").await.says("You have not flagged anything yet."));
    town.flag(town.story, 3).await;
    let page = town.members[0].get("/flagged").await;
    assert!(page.says("Everything that was here is dead or has been deleted."), "{}", page.text());
    page.finds(1, "main a[href='/settings']");
    show_dead(&mut town.members[0]).await;
    assert_eq!(town.members[0].get("/flagged").await.stories(), [town.story]);
    vouch(&mut town.members[0], town.story).await;
    town.sam.post(&format!("/item/{}/delete", town.story), &[]).await;
    assert!(town.members[0].get("/flagged").await.says("Everything that was here has been deleted."));
}

#[tokio::test]
async fn what_a_moderator_killed_by_hand_needs_a_moderator() {
    let mut town = Flaggers::new().await;
    let (mut mia, story) = (town.moderator().await, town.story);
    kill(&mut mia, story, true).await;
    show_dead(&mut town.members[0]).await;
    let page = vouch(&mut town.members[0], story).await;
    refused(&page, StatusCode::FORBIDDEN, "A moderator killed this, so vouches cannot restore it.");
    kill(&mut mia, story, false).await;
    town.flag(story, 0).await;
    let page = flag(&mut town.members[0], story, "spam").await;
    refused(
        &page,
        StatusCode::FORBIDDEN,
        "A moderator reviewed this and kept it, so it cannot be flagged again.",
    );
    let edit = [("title", "Buy very cheap watches"), ("text", "")];
    town.sam.post(&format!("/item/{story}/edit"), &edit).await;
    assert_eq!(
        flag(&mut town.members[0], story, "spam").await.status,
        StatusCode::SEE_OTHER,
        "changed since"
    );
}

#[tokio::test]
async fn a_flag_is_set_changed_and_taken_back() {
    let mut town = Flaggers::new().await;
    let (story, address) = (town.story, format!("/item/{}", town.story));
    let ann = &mut town.members[0];
    ann.get(&address).await.finds(1, &button("flag", story, true));
    flag(ann, story, "rude").await;
    flag(ann, story, "broken link").await;
    let page = ann.get(&address).await;
    assert!(page.says("You flagged this for a broken link."), "{}", page.text());
    page.finds(0, &button("flag", story, true));
    page.finds(1, &button("flag", story, false));
    assert_eq!(ann.get(&format!("{address}/flag")).await.value("[name=reason]"), "broken link");
    assert_eq!(ann.get("/flagged").await.stories(), [story]);
    assert_eq!(town.of_story("flags").await, 100, "it is one flag still");
    let ann = &mut town.members[0];
    unflag(ann, story).await;
    assert!(ann.get("/flagged").await.stories().is_empty());
    assert_eq!(town.of_story("flags").await + town.of_story("(queued_at is not null)").await, 0);
    let json =
        town.members[0].post_json(&format!("{address}/flag"), &[("on", "true"), ("reason", "spam")]).await;
    assert_eq!(json, serde_json::json!({ "on": true }), "as the script asks");
    town.agrees().await;
}

#[tokio::test]
async fn a_flag_needs_a_reason_and_keeps_what_was_typed() {
    let mut town = Flaggers::new().await;
    let path = format!("/item/{}/flag", town.story);
    let long = "far too long ".repeat(50);
    for (reason, note, sentence) in [
        ("", "It is an advertisement.", "Choose a reason."),
        ("other", "", "Say in a few words what is wrong"),
        ("rude", long.as_str(), "the limit is 500 characters"),
    ] {
        let form = [("on", "true"), ("reason", reason), ("note", note), ("goto", "/new")];
        let page = town.members[0].post(&path, &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.says(sentence), "{sentence}: {}", page.text());
        assert_eq!(page.value("[name=note]").trim(), note.trim());
        assert_eq!(page.value("[name=reason]"), reason);
    }
    assert_eq!(town.of_story("flags").await, 0);
}

#[tokio::test]
async fn who_cannot_flag_is_told_why_and_shown_no_form() {
    let mut town = Flaggers::new().await;
    let (story, address) = (town.story, format!("/item/{}", town.story));
    let mut new = town.app.member("newt").await;
    town.members[0].get(&address).await.finds(1, &button("flag", story, true));
    for (browser, sentence) in [
        (&mut new, "You need 31 karma to flag."),
        (&mut town.sam, "You cannot flag your own post. You can delete it."),
    ] {
        browser.get(&address).await.finds(0, &button("flag", story, true));
        let page = flag(browser, story, "spam").await;
        refused(&page, StatusCode::FORBIDDEN, sentence);
    }
    // A banned member is nobody.
    town.app.ban("ann").await;
    for browser in [&mut town.app.visitor(), &mut town.members[0]] {
        let page = flag(browser, story, "spam").await;
        assert_eq!(page.status, StatusCode::UNAUTHORIZED);
        page.finds(1, "form[action='/login']");
    }
    assert_eq!(town.of_story("flags").await, 0);
    let mut mia = town.moderator().await;
    assert_eq!(flag(&mut mia, story, "spam").await.status, StatusCode::SEE_OTHER, "moderators need no karma");
}

#[tokio::test]
async fn a_shadow_banned_members_flags_weigh_nothing_and_they_do_not_notice() {
    let mut town = Flaggers::new().await;
    town.app.sql("update users set shadow_banned_at = 1 where name in ('ann', 'ben', 'cem')").await;
    town.flag(town.story, 3).await;
    assert_eq!(town.of_story("flags").await + town.of_story("(queued_at is not null)").await, 0);
    let page = town.members[0].get(&format!("/item/{}", town.story)).await;
    page.finds(1, &button("flag", town.story, false));
    town.agrees().await;
}

#[tokio::test]
async fn a_flagger_whom_moderators_contradict_counts_less() {
    let mut town = Flaggers::new().await;
    let (mut mia, story) = (town.moderator().await, town.story);
    town.flag(story, 2).await;
    let act = ActionContext { actor: Some(town.app.id_of("mia").await), reason: "", at: town.app.now() };
    town.app.store.clear(ItemId(story), act).await.expect("let stand");
    assert_eq!(town.of_story("flags").await + town.of_story("(queued_at is not null)").await, 0);
    let page = unflag(&mut town.members[0], story).await;
    // It is on record.
    refused(
        &page,
        StatusCode::FORBIDDEN,
        "A moderator has already acted on your flag, so it cannot be undone.",
    );
    let second = town.sam.story("A good essay", "https://essays.example").await;
    town.flag(second, 3).await;
    assert_eq!(
        town.weights(second).await,
        [("ann".to_owned(), 66), ("ben".to_owned(), 66), ("cem".to_owned(), 100)]
    );
    assert!(is_listed(&town.app, second).await, "three flags are no longer three");
    kill(&mut mia, second, true).await;
    assert_eq!(town.app.number("select flags_upheld from users where name = 'ann'").await, 1);
    kill(&mut mia, second, false).await;
    assert_eq!(
        town.app.number("select flags_upheld * 10 + flags_rejected from users where name = 'ann'").await,
        2
    );
    kill(&mut mia, story, true).await;
    assert_eq!(
        town.app.number("select flags_upheld * 10 + flags_rejected from users where name = 'ann'").await,
        11
    );
    assert_eq!(town.weights(second).await[0].1, 66, "what was cast keeps its weight");
    town.agrees().await;
}

#[tokio::test]
async fn a_moderator_confirms_what_flags_killed() {
    let mut town = Flaggers::new().await;
    let mut mia = town.moderator().await;
    town.flag(town.story, 3).await;
    assert_eq!(town.of_story("(queued_at is not null)").await, 1, "what flags killed waits for a moderator");
    kill(&mut mia, town.story, true).await;
    assert_eq!(town.of_story("(queued_at is not null)").await, 0);
    show_dead(&mut town.members[4]).await;
    assert_eq!(vouch(&mut town.members[4], town.story).await.status, StatusCode::FORBIDDEN);
    assert_eq!(town.sam.get(&format!("/item/{}", town.story)).await.marks(town.story), ["[dead]", "you"]);
    town.agrees().await;
}

#[tokio::test]
async fn flags_cast_at_once_kill_once() {
    let mut town = Flaggers::new().await;
    let (story, comment) = (town.story, town.sam.reply(town.story, "Really cheap.").await);
    let mut tasks = tokio::task::JoinSet::new();
    for member in &town.members {
        for _ in 0..2 {
            let mut member = member.clone();
            tasks.spawn(async move { flag(&mut member, comment, "spam").await.status });
        }
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(|status| !status.is_server_error()), "{answers:?}");
    assert_eq!(town.app.number("select count(*) from moderation_log where action = 'flag-kill'").await, 1);
    assert_eq!(town.app.number(&format!("select flags from items where id = {comment}")).await, 300);
    assert_eq!(town.app.number(&format!("select descendants from items where id = {story}")).await, 0);
    town.agrees().await;
}

#[tokio::test]
async fn flags_have_a_limit_of_their_own() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(true);
        settings.flags_per_hour = Some(2);
    })
    .await;
    let mut sam = app.member("sam").await;
    let story = sam.story("A story", "https://example.com").await;
    let mut ann = app.member("ann").await;
    app.set_karma("ann", 31).await;
    flag(&mut ann, story, "spam").await;
    unflag(&mut ann, story).await;
    let page = flag(&mut ann, story, "spam").await;
    assert!(page.status == StatusCode::TOO_MANY_REQUESTS && !page.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_comment_in_its_thread_has_the_way_to_flag_it_for_who_may() {
    let (app, mut alice, mut bob, story) = with_a_story().await;
    let comment = bob.reply(story, "A comment.").await;
    let path = format!("/item/{story}");
    let link = format!("#c{comment} > details > footer > details a[href='/item/{comment}/flag']");
    for (karma, found) in [(30, 0), (31, 1), (499, 1), (500, 1)] {
        app.set_karma("alice", karma).await;
        alice.get(&path).await.finds(found, &link);
    }
    assert_eq!(alice.get(&format!("/item/{comment}/flag")).await.status, StatusCode::OK);
    app.set_karma("bob", 500).await;
    bob.get(&path).await.finds(0, &link);
    app.visitor().get(&path).await.finds(0, &link);
    app.person("mia", Role::Moderator).await.get(&path).await.finds(0, &link);
}
