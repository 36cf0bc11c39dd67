//! What a ban takes out of sight with it, and what comes back when it is lifted.

use axum::http::StatusCode;
use stoa::clock::{DAY, HOUR};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::fixtures::{flag, told};

/// The ban form's choices: kill recent posts with the ban, restore them when it is lifted.
const TAKE: &str = "form[action='/user/bob/ban'] input[type=checkbox][name=take]";
const BRING_BACK: &str = "form[action='/user/bob/ban'] input[type=checkbox][name=bring_back]";
const BAN: [(&str, &str); 4] =
    [("on", "true"), ("ban_days", "open"), ("ban_reason", "spam"), ("take", "true")];
const LIFT: [(&str, &str); 3] = [("on", "false"), ("ban_reason", "a mistake"), ("bring_back", "true")];

/// A forum where bob wrote a story 31 days ago, then two more, and two comments under a story of alice's.
struct Town {
    app: TestApp,
    alice: Browser,
    mia: Browser,
    old: i64,
    spam: [i64; 2],
    thread: i64,
    comments: [i64; 2],
}

impl Town {
    async fn new() -> Town {
        let app = TestApp::new().await;
        let mut bob = app.member("bob").await;
        let old = bob.text_story("An old story", "Words.").await;
        app.pass(31 * DAY);
        let (mut bob, mut alice) = (app.session("bob").await, app.member("alice").await);
        let spam = [
            bob.text_story("Buy watches", "Words.").await,
            bob.text_story("Buy more watches", "Words.").await,
        ];
        let thread = alice.text_story("A thread", "Words.").await;
        let comments =
            [bob.reply(thread, "Cheap watches.").await, bob.reply(thread, "Cheaper watches.").await];
        app.pass(HOUR);
        let mia = app.person("mia", Role::Moderator).await;
        Town { app, alice, mia, old, spam, thread, comments }
    }

    async fn ban(&mut self, form: &[(&str, &str)]) -> Page {
        self.mia.submit("/user/bob/ban", form).await
    }

    async fn kill(&mut self, item: i64, on: &str) {
        let form = [("on", on), ("reason", "looked at it")];
        assert_eq!(self.mia.post(&format!("/item/{item}/kill"), &form).await.status, StatusCode::SEE_OTHER);
    }

    /// Whether a visitor reads a post.
    async fn in_sight(&self, item: i64) -> bool {
        self.app.visitor().get(&format!("/item/{item}")).await.status == StatusCode::OK
    }

    async fn comments_counted(&self) -> i64 {
        self.app.number(&format!("select descendants from items where id = {}", self.thread)).await
    }
}

#[tokio::test]
async fn a_ban_takes_what_was_posted_in_thirty_days_out_of_sight_in_one_act() {
    let mut town = Town::new().await;
    let page = town.mia.get("/user/bob/moderate").await;
    assert!(!page.one(TAKE).has_attr("checked"), "{}", page.text());
    page.finds(0, BRING_BACK);
    town.app.set_karma("alice", 31).await;
    flag(&mut town.alice, town.spam[0], "spam", "").await;
    let page = town.ban(&BAN).await;
    assert_eq!(page.message(), "You banned bob and killed 4 of their posts.");
    for item in [town.spam, town.comments].concat() {
        assert!(!town.in_sight(item).await, "{item}");
    }
    assert!(town.in_sight(town.old).await && town.in_sight(town.thread).await);
    assert_eq!(town.comments_counted().await, 0);
    assert_eq!(town.app.number("select flags_upheld from users where name = 'alice'").await, 1);
    assert_eq!(town.app.number("select count(*) from items where queued_at is not null").await, 0);
    let killed = "select count(*) from moderation_log where action = 'kill' and reason = 'spam' and not \
                  private \
                  and actor_id = (select id from users where name = 'mia')";
    assert_eq!(town.app.number(killed).await, 4, "each is in the log, with the reason of the ban");
    let kills = town.app.visitor().get("/log?act=kill").await.texts("main ol > li");
    assert_eq!(kills.len(), 4);
    assert!(kills.iter().all(|kill| kill.contains("with the ban of its author")), "{kills:?}");
    let told = told(&town.app, "bob").await;
    assert_eq!(told, ["A moderator banned you permanently and killed 4 of your posts: spam."]);
    let ban = town.app.visitor().get("/log?act=ban").await.one("main ol > li").text;
    assert!(ban.contains("permanently; 4 posts killed"), "{ban}");
}

#[tokio::test]
async fn a_ban_leaves_posts_alone_unless_somebody_says_otherwise() {
    let mut town = Town::new().await;
    let page = town.ban(&BAN[..3]).await;
    assert!(town.in_sight(town.spam[0]).await && town.comments_counted().await == 2, "{}", page.message());
    // There is nothing to bring back.
    page.finds(0, BRING_BACK);
    // A ban that stands can take them later, and a form that comes back keeps the tick.
    let over = town.app.now().0.to_string();
    let page = town.ban(&[("on", "true"), ("ban_days", "open"), ("take", "true"), ("over", &over)]).await;
    assert_eq!(page.wrong(), ["ban_reason"]);
    assert!(page.one(TAKE).has_attr("checked"), "{}", page.text());
    let page = town.ban(&[&BAN[..], &[("over", &over)]].concat()).await;
    assert!(page.message().contains('4'), "{}", page.message());
    assert!(page.says("mia banned bob: now permanently; 4 posts"), "{}", page.text());
    page.finds(1, BRING_BACK);
    let over = town.app.now().0.to_string();
    town.app.pass(60);
    let page = town.ban(&[&BAN[..], &[("over", &over)]].concat()).await;
    assert_eq!(page.message(), "You banned bob. They had no visible posts in the last 30 days.");
    let page = town.ban(&LIFT).await;
    let said = "You lifted the ban on bob and restored 4 posts.";
    assert_eq!(page.message(), said, "by whichever change of the ban");
}

#[tokio::test]
async fn lifting_the_ban_brings_back_what_it_took_and_nobody_decided_about_since() {
    let mut town = Town::new().await;
    let (own, other) = (town.comments[0], town.comments[1]);
    town.kill(own, "true").await;
    town.ban(&BAN).await;
    // One was decided about anew, and is dead by that.
    town.kill(other, "false").await;
    town.kill(other, "true").await;
    let page = town.mia.get("/user/bob/moderate").await;
    let choice = page.one(BRING_BACK);
    assert!(choice.has_attr("checked"), "{}", page.text());
    assert_eq!(page.number(&format!("label[for='{}']", choice.attr("id"))), 2);
    let page = town.ban(&LIFT).await;
    assert!(page.message().contains("2 posts"), "{}", page.message());
    assert!(town.in_sight(town.spam[0]).await && town.in_sight(town.spam[1]).await);
    assert!(!town.in_sight(own).await && !town.in_sight(other).await && town.comments_counted().await == 0);
    let told = told(&town.app, "bob").await;
    assert_eq!(
        told[0],
        "A moderator lifted the ban on your account and restored 2 of your posts: a mistake."
    );
    assert_eq!(
        town.app
            .number("select count(*) from moderation_log where action = 'unkill' and reason = 'a mistake'")
            .await,
        2
    );
}

#[tokio::test]
async fn what_an_earlier_ban_took_stays_when_a_later_one_is_lifted() {
    let mut town = Town::new().await;
    town.ban(&[("on", "true"), ("ban_days", "1"), ("ban_reason", "spam"), ("take", "true")]).await;
    town.app.pass(DAY);
    let later = town.app.session("bob").await.text_story("Watches once more", "Words.").await;
    town.mia = town.app.session("mia").await;
    town.ban(&BAN).await;
    let page = town.ban(&LIFT).await;
    assert!(page.message().ends_with("and restored 1 post."), "{}", page.message());
    assert!(town.in_sight(later).await && !town.in_sight(town.spam[0]).await);
    // Lifted without, all stays as it is.
    town.ban(&BAN).await;
    let page = town.ban(&LIFT[..2]).await;
    assert!(!page.message().is_empty() && !town.in_sight(later).await, "{}", page.text());
    assert!(!page.facts().contains_key("banned"), "{}", page.text());
}

#[tokio::test]
async fn a_ban_takes_the_newest_thousand() {
    let mut town = Town::new().await;
    let rows = "with recursive n (n) as (select 1 union all select n + 1 from n where n < 1000) insert into \
                items \
                (kind, author_id, time, rank_time, visible_at, parent_id, root_id, depth, text, base_points, \
                score) \
                select 'comment', (select id from users where name = 'bob'), t, t, t, PARENT, PARENT, 1, \
                'More watches.', 1, 1 \
                from n cross join (select time + 1 as t from items where id = PARENT) as p";
    town.app.sql(&rows.replace("PARENT", &town.thread.to_string())).await;
    let count = "select count(*) from items where dead = 'killed'";
    let page = town.ban(&BAN).await;
    assert!(page.message().contains("killed the newest 1,000 of their posts"), "{}", page.message());
    assert_eq!(town.app.number(count).await, 1_000);
    assert!(town.in_sight(town.spam[0]).await, "the older ones");
    let said = town.ban(&LIFT).await.message();
    assert!(said.contains("1,000"), "{said}");
    assert_eq!(town.app.number(count).await, 0);
}
