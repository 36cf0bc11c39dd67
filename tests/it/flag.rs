//! Flags and vouches: what members can do together about what does not belong here, and what moderators make of it.

use axum::http::StatusCode;
use stoa::config::Switch;
use stoa::domain::item::ItemId;
use stoa::domain::user::Role;
use stoa::store::Act;

use crate::app::{Browser, Page, TestApp};

/// A forum where three flags kill, with a story by sam and the members who may flag it.
struct Town {
    app: TestApp,
    sam: Browser,
    members: Vec<Browser>,
    story: i64,
}

impl Town {
    async fn new() -> Town {
        let app = TestApp::with(|settings| settings.flags_to_kill = Some(3)).await;
        let mut members = Vec::new();
        for name in ["ann", "ben", "cem", "dot", "eve"] {
            members.push(app.member(name).await);
            app.set_karma(name, 31).await;
        }
        let mut sam = app.member("sam").await;
        let story = sam.story("Buy cheap watches", "https://watches.example").await;
        Town { app, sam, members, story }
    }

    /// The flags of the first `n` members.
    async fn flag(&mut self, id: i64, n: usize) {
        for member in self.members.iter_mut().take(n) {
            assert_eq!(flag(member, id, "spam").await.status, StatusCode::SEE_OTHER);
        }
    }

    async fn moderator(&self) -> Browser {
        self.app.person("mia", Role::Moderator).await
    }

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
             where f.item_id = i.id and outcome is not 'rejected')",
            "select count(*) from items i where vouches <> (select count(*) from vouches v where v.item_id = i.id)",
            "select count(*) from users u where flags_upheld <> \
             (select count(*) from flags f where f.user_id = u.id and outcome = 'upheld')",
            "select count(*) from users u where flags_rejected <> \
             (select count(*) from flags f where f.user_id = u.id and outcome = 'rejected')",
            "select count(*) from items i where kind = 'story' and descendants <> (select count(*) from items c \
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

async fn kill(browser: &mut Browser, id: i64, on: &str) {
    let page = browser.post(&format!("/item/{id}/kill"), &[("on", on), ("reason", ""), ("goto", "/new")]).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
}

/// Lets somebody see what is dead.
async fn show_dead(browser: &mut Browser) {
    browser.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
}

#[tokio::test]
async fn flags_kill_a_spam_story() {
    let mut town = Town::new().await;
    let address = format!("/item/{}", town.story);
    town.flag(town.story, 2).await;
    assert!(town.app.visitor().get("/new").await.has("Buy cheap watches"), "two are not enough");
    assert_eq!(town.of_story("queued_at is not null").await, 1, "moderators are shown it from the first flag on");
    let page = flag(&mut town.members[2], town.story, "spam").await;
    assert_eq!(page.location().as_deref(), Some("/"), "its page is gone for whoever killed it");
    for path in ["/", "/new", "/best"] {
        assert!(!town.app.visitor().get(path).await.has("Buy cheap watches"), "{path}");
    }
    assert_eq!(town.app.visitor().get(&address).await.status, StatusCode::FORBIDDEN);
    assert!(town.sam.get(&address).await.has("[flagged] [dead]"), "its author sees what it has become");
    assert_eq!(town.members[3].vote(town.story, "up").await.status, StatusCode::NOT_FOUND);
    let reply = town.sam.post(&format!("{address}/reply"), &[("text", "But they are cheap.")]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let log = town.app.visitor().get("/log").await;
    assert!(log.has("members’ flags") && log.has("spam"), "{}", log.text());
    assert_eq!(town.app.number("select count(*) from notices where act = 'flag-kill'").await, 1, "sam is told");

    unflag(&mut town.moderator().await, town.story).await;
    show_dead(&mut town.members[0]).await;
    assert_eq!(unflag(&mut town.members[0], town.story).await.status, StatusCode::SEE_OTHER);
    assert!(!town.app.visitor().get("/new").await.has("Buy cheap watches"), "a flag taken back brings nothing back");
    for member in 1..3 {
        show_dead(&mut town.members[member]).await;
        assert_eq!(unflag(&mut town.members[member], town.story).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(town.of_story("flags").await, 0);
    assert!(
        town.app.session("mia").await.get("/mod").await.has("Buy cheap watches"),
        "what is dead still waits for a moderator"
    );
    town.agrees().await;
}

#[tokio::test]
async fn what_many_voted_for_is_not_killed_but_sinks_and_is_marked() {
    let mut town = Town::new().await;
    let (story, other) = (town.story, town.sam.story("A good essay", "https://essays.example").await);
    town.app.sql(&format!("update items set base_points = 12, score = 13 where id = {story}")).await;
    town.app.sql(&format!("update items set base_points = 8, score = 9 where id = {other}")).await;
    let order = |page: Page| page.place_of("Buy cheap watches") < page.place_of("A good essay");
    town.app.store.notice_others().await.expect("noticed");
    assert!(order(town.app.visitor().get("/").await));
    town.flag(story, 4).await;
    let front = town.app.visitor().get("/").await;
    assert!(front.has("[flagged]") && !front.has("[dead]") && front.count("[flagged]") == 1);
    assert!(!order(front), "four flags outweigh four points");
    let comment = town.sam.reply(other, "My own words.").await;
    town.flag(comment, 2).await;
    assert!(town.app.visitor().get(&format!("/item/{other}")).await.has("[flagged]"));
}

#[tokio::test]
async fn vouches_bring_a_good_one_back() {
    let mut town = Town::new().await;
    let story = town.story;
    let comment = town.sam.reply(story, "They are good watches, though.").await;
    town.flag(comment, 3).await;
    assert_eq!(town.of_story("descendants").await, 0, "a dead comment does not count");
    let thread = format!("/item/{story}");
    assert_eq!(vouch(&mut town.members[3], comment).await.status, StatusCode::NOT_FOUND, "the dead are not seen");
    show_dead(&mut town.members[3]).await;
    show_dead(&mut town.members[4]).await;
    assert!(town.members[3].get(&thread).await.has("[flagged] [dead]"));
    assert!(town.members[3].get("/comments").await.has("[flagged] [dead]"));
    assert!(town.members[3].get(&format!("/item/{comment}")).await.has("2 members who vouch for it bring it back"));
    vouch(&mut town.members[3], comment).await;
    vouch(&mut town.members[3], comment).await;
    assert!(!town.app.visitor().get(&thread).await.has("good watches"), "one member vouches once");
    assert!(town.members[3].get(&format!("/item/{comment}")).await.has("You vouched for this."));
    assert!(town.members[3].get("/vouched").await.has("good watches"));
    vouch(&mut town.members[4], comment).await;
    let page = town.app.visitor().get(&thread).await;
    assert!(page.has("good watches") && !page.has("[flagged]"), "two vouches cancel four flags");
    assert_eq!(town.of_story("descendants").await, 1);
    let off = town.members[4].post(&format!("/item/{comment}/vouch"), &[("on", "false")]).await;
    assert_eq!(off.status, StatusCode::SEE_OTHER);
    assert!(town.app.visitor().get(&thread).await.has("good watches"), "what is back stays");
    assert_eq!(town.app.number("select count(*) from notices where act = 'vouch'").await, 1);
    town.agrees().await;
}

#[tokio::test]
async fn vouches_bring_back_what_a_rule_killed_until_a_moderator_has_looked() {
    let mut town = Town::new().await;
    let mut mia = town.moderator().await;
    let rule = [("kind", "word"), ("pattern", "clocks"), ("effect", "kill"), ("reason", "spam"), ("add", "true")];
    mia.post("/mod/rules", &rule).await;
    let story = town.sam.text_story("How old clocks were mended", "Words.").await;
    let looked = town.sam.text_story("Buy cheap clocks", "Words.").await;
    kill(&mut mia, looked, "true").await;
    for member in &mut town.members[..2] {
        show_dead(member).await;
        assert!(member.get(&format!("/item/{story}")).await.has("2 members who vouch for it bring it back"));
        assert_eq!(vouch(member, story).await.status, StatusCode::SEE_OTHER);
        assert_eq!(vouch(member, looked).await.status, StatusCode::FORBIDDEN);
    }
    let new = town.app.visitor().get("/new").await;
    assert!(new.has("How old clocks were mended") && !new.has("Buy cheap clocks"), "{}", new.text());
    town.agrees().await;
}

#[tokio::test]
async fn a_list_of_ones_own_does_not_say_that_nothing_was_flagged_when_all_of_it_is_dead() {
    let mut town = Town::new().await;
    assert!(town.members[0].get("/flagged").await.has("You have flagged nothing yet."));
    town.flag(town.story, 3).await;
    let page = town.members[0].get("/flagged").await;
    assert!(
        page.has("All that stood here is dead or deleted by now.") && page.has("href=\"/settings\""),
        "{}",
        page.text()
    );
    show_dead(&mut town.members[0]).await;
    assert!(town.members[0].get("/flagged").await.has("Buy cheap watches"));
    vouch(&mut town.members[0], town.story).await;
    town.sam.post(&format!("/item/{}/delete", town.story), &[]).await;
    assert!(town.members[0].get("/flagged").await.has("All that stood here is deleted by now."));
}

#[tokio::test]
async fn what_a_moderator_killed_by_hand_needs_a_moderator() {
    let mut town = Town::new().await;
    let (mut mia, story) = (town.moderator().await, town.story);
    kill(&mut mia, story, "true").await;
    show_dead(&mut town.members[0]).await;
    let page = vouch(&mut town.members[0], story).await;
    assert!(page.status == StatusCode::FORBIDDEN && page.has("vouches cannot bring it back"));
    kill(&mut mia, story, "false").await;
    town.flag(story, 0).await;
    let page = flag(&mut town.members[0], story, "spam").await;
    assert!(page.status == StatusCode::FORBIDDEN && page.has("let it stand, so it takes no more flags"));
    let edit = [("title", "Buy very cheap watches"), ("text", "")];
    town.sam.post(&format!("/item/{story}/edit"), &edit).await;
    assert_eq!(flag(&mut town.members[0], story, "spam").await.status, StatusCode::SEE_OTHER, "changed since");
}

#[tokio::test]
async fn a_flag_is_set_changed_and_taken_back() {
    let mut town = Town::new().await;
    let (story, address) = (town.story, format!("/item/{}", town.story));
    let ann = &mut town.members[0];
    assert!(ann.get(&address).await.has("<summary>Flag</summary>"));
    flag(ann, story, "rude").await;
    flag(ann, story, "broken link").await;
    assert!(ann.get(&address).await.has("You flagged this for a broken link."));
    assert!(ann.get(&format!("{address}/flag")).await.has("<option selected>broken link</option>"));
    assert!(ann.get("/flagged").await.has("Buy cheap watches"));
    assert_eq!(town.of_story("flags").await, 100, "it is one flag still");
    let ann = &mut town.members[0];
    unflag(ann, story).await;
    assert!(ann.get("/flagged").await.has("You have flagged nothing yet"));
    assert_eq!(town.of_story("flags").await + town.of_story("queued_at is not null").await, 0);
    let json = town.members[0].post_json(&format!("{address}/flag"), &[("on", "true"), ("reason", "spam")]).await;
    assert_eq!(json, serde_json::json!({ "on": true }), "as the script asks");
    town.agrees().await;
}

#[tokio::test]
async fn a_flag_needs_a_reason_and_keeps_what_was_typed() {
    let mut town = Town::new().await;
    let path = format!("/item/{}/flag", town.story);
    let long = "far too long ".repeat(50);
    for (reason, note, sentence) in [
        ("", "It is an advertisement.", "Choose what is wrong."),
        ("other", "", "Say in a few words what is wrong"),
        ("rude", long.as_str(), "500 characters are enough"),
    ] {
        let form = [("on", "true"), ("reason", reason), ("note", note), ("goto", "/new")];
        let page = town.members[0].post(&path, &form).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.has(sentence) && page.has(note.trim()), "{sentence}");
        assert!(reason.is_empty() || page.has(&format!("<option selected>{reason}</option>")));
    }
    assert_eq!(town.of_story("flags").await, 0);
}

#[tokio::test]
async fn who_cannot_flag_is_told_why_and_shown_no_form() {
    let mut town = Town::new().await;
    let (story, address) = (town.story, format!("/item/{}", town.story));
    let mut new = town.app.member("newt").await;
    for (browser, sentence) in [(&mut new, "Flagging opens at 31 karma."), (&mut town.sam, "cannot flag your own post")]
    {
        assert!(!browser.get(&address).await.has("<summary>Flag</summary>"));
        let page = flag(browser, story, "spam").await;
        assert!(page.status == StatusCode::FORBIDDEN && page.has(sentence), "{}", page.text());
    }
    let page = flag(&mut town.app.visitor(), story, "spam").await;
    assert!(page.status == StatusCode::UNAUTHORIZED && page.has("action=\"/login\""));
    town.app.ban("ann").await;
    let page = flag(&mut town.members[0], story, "spam").await;
    assert!(page.status == StatusCode::UNAUTHORIZED && page.has("action=\"/login\""), "a banned member is nobody");
    assert_eq!(town.of_story("flags").await, 0);
    let mut mia = town.moderator().await;
    assert_eq!(flag(&mut mia, story, "spam").await.status, StatusCode::SEE_OTHER, "moderators need no karma");
}

#[tokio::test]
async fn a_shadow_banned_members_flags_weigh_nothing_and_they_do_not_notice() {
    let mut town = Town::new().await;
    town.app.sql("update users set shadowed_at = 1 where name in ('ann', 'ben', 'cem')").await;
    town.flag(town.story, 3).await;
    assert_eq!(town.of_story("flags").await + town.of_story("queued_at is not null").await, 0);
    assert!(town.members[0].get(&format!("/item/{}", town.story)).await.has("You flagged this as spam."));
    town.agrees().await;
}

#[tokio::test]
async fn a_flagger_whom_moderators_contradict_counts_less() {
    let mut town = Town::new().await;
    let (mut mia, story) = (town.moderator().await, town.story);
    town.flag(story, 2).await;
    let act = Act { actor: Some(town.app.id_of("mia").await), reason: "", at: town.app.now() };
    town.app.store.clear(ItemId(story), act).await.expect("let stand");
    assert_eq!(town.of_story("flags").await + town.of_story("queued_at is not null").await, 0);
    let page = unflag(&mut town.members[0], story).await;
    assert!(page.status == StatusCode::FORBIDDEN && page.has("has decided about your flag"), "it is on record");
    let second = town.sam.story("A good essay", "https://essays.example").await;
    town.flag(second, 3).await;
    assert_eq!(town.weights(second).await, [("ann".to_owned(), 66), ("ben".to_owned(), 66), ("cem".to_owned(), 100)]);
    assert!(town.app.visitor().get("/new").await.has("A good essay"), "three flags are no longer three");
    kill(&mut mia, second, "true").await;
    assert_eq!(town.app.number("select flags_upheld from users where name = 'ann'").await, 1);
    kill(&mut mia, second, "false").await;
    assert_eq!(town.app.number("select flags_upheld * 10 + flags_rejected from users where name = 'ann'").await, 2);
    kill(&mut mia, story, "true").await;
    assert_eq!(town.app.number("select flags_upheld * 10 + flags_rejected from users where name = 'ann'").await, 11);
    assert_eq!(town.weights(second).await[0].1, 66, "what was cast keeps its weight");
    town.agrees().await;
}

#[tokio::test]
async fn a_moderator_confirms_what_flags_killed() {
    let mut town = Town::new().await;
    let mut mia = town.moderator().await;
    town.flag(town.story, 3).await;
    assert_eq!(town.of_story("queued_at is not null").await, 1, "what flags killed waits for a moderator");
    kill(&mut mia, town.story, "true").await;
    assert_eq!(town.of_story("queued_at is not null").await, 0);
    show_dead(&mut town.members[4]).await;
    assert_eq!(vouch(&mut town.members[4], town.story).await.status, StatusCode::FORBIDDEN);
    assert!(town.sam.get(&format!("/item/{}", town.story)).await.has("[dead]"));
    town.agrees().await;
}

#[tokio::test]
async fn flags_cast_at_once_kill_once() {
    let mut town = Town::new().await;
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
    assert_eq!(town.app.number("select count(*) from moderation where act = 'flag-kill'").await, 1);
    assert_eq!(town.app.number(&format!("select flags from items where id = {comment}")).await, 300);
    assert_eq!(town.app.number(&format!("select descendants from items where id = {story}")).await, 0);
    town.agrees().await;
}

#[tokio::test]
async fn flags_have_a_limit_of_their_own() {
    let app = TestApp::with(|settings| {
        settings.limits = Some(Switch::On);
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
