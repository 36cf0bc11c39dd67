//! Pages of dead and deleted posts with a visible reply.

use stoa::config::{LogVisibility, Settings};
use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};
use crate::support::sentences::{KILLED_BY_MIA, OUT_OF_SIGHT};

/// A thread with alice's comment and bob's reply; mia is a moderator, sam shows dead posts.
struct Town {
    app: TestApp,
    story: i64,
    comment: i64,
    alice: Browser,
    bob: Browser,
    sam: Browser,
    mia: Browser,
}

impl Town {
    async fn with(change: impl FnOnce(&mut Settings)) -> Town {
        let app = TestApp::with(|settings| {
            settings.flags_to_kill = Some(1);
            change(settings);
        })
        .await;
        let (mut alice, mut bob, mut sam) =
            (app.member("alice").await, app.member("bob").await, app.member("sam").await);
        let mia = app.person("mia", Role::Moderator).await;
        app.set_karma("bob", 31).await;
        sam.post("/settings", &[("theme", "system"), ("order", "best"), ("show_dead", "true")]).await;
        let story = bob.text_story("Looms", "Which?").await;
        let comment = alice.reply(story, "Mine.").await;
        bob.reply(comment, "How much is it?").await;
        Town { app, story, comment, alice, bob, sam, mia }
    }

    /// What happens to the comment.
    async fn happens(&mut self, what: &str) {
        let item = format!("/item/{}", self.comment);
        match what {
            "killed" => {
                drop(self.mia.post(&format!("{item}/kill"), &[("on", "true"), ("reason", "spam")]).await)
            }
            "flagged" => {
                drop(self.bob.post(&format!("{item}/flag"), &[("on", "true"), ("reason", "rude")]).await)
            }
            "banned" => {
                let form = [("on", "true"), ("ban_reason", "spam"), ("ban_days", "open"), ("take", "true")];
                drop(self.mia.post("/user/alice/ban", &form).await);
            }
            "deleted" => drop(self.alice.post(&format!("{item}/delete"), &[]).await),
            "shadowed" => {
                self.app.sql(&format!("update items set dead = 'shadow' where id = {}", self.comment)).await;
                self.app.sql("update users set shadow_banned_at = 1 where name = 'alice'").await;
            }
            other => panic!("{other} does not happen"),
        }
    }

    async fn all(&mut self) -> [(&'static str, Page); 5] {
        let path = format!("/item/{}", self.comment);
        [
            ("a visitor", self.app.without_memory().visitor().get(&path).await),
            ("bob", self.bob.get(&path).await),
            ("sam", self.sam.get(&path).await),
            ("alice", self.alice.get(&path).await),
            ("mia", self.mia.get(&path).await),
        ]
    }
}

#[tokio::test]
async fn a_comments_own_page_says_what_became_of_it_and_whose_it_is_to_who_may_know() {
    const FLAGGED: &str = "Members flagged this as rude, so it was killed.";
    const BANNED: &str = "mia killed this with the ban of its author. Reason: spam.";
    const DELETED: &str = "The author deleted this comment.";
    let (dead, whole, gone) = ("Dead comment", "Comment by alice", "Deleted comment");
    let cases = [
        (
            "killed",
            [
                (dead, KILLED_BY_MIA),
                (dead, KILLED_BY_MIA),
                (whole, KILLED_BY_MIA),
                (whole, "killed your comment"),
                (whole, KILLED_BY_MIA),
            ],
        ),
        (
            "flagged",
            [(dead, FLAGGED), (dead, FLAGGED), (whole, FLAGGED), (whole, "flagged your"), (whole, FLAGGED)],
        ),
        // Whoever is banned is logged out.
        ("banned", [(dead, BANNED), (dead, BANNED), (whole, BANNED), (dead, BANNED), (whole, BANNED)]),
        (
            "shadowed",
            [(dead, OUT_OF_SIGHT), (dead, OUT_OF_SIGHT), (whole, ""), (whole, ""), (whole, "shadow-ban")],
        ),
        (
            "deleted",
            [
                (gone, DELETED),
                (gone, DELETED),
                (gone, DELETED),
                ("Your deleted comment", "You deleted this comment."),
                ("Deleted comment by alice", DELETED),
            ],
        ),
    ];
    for (what, expected) in cases {
        let mut town = Town::with(|_| {}).await;
        town.happens(what).await;
        for ((who, page), (heading, said)) in town.all().await.into_iter().zip(expected) {
            let case = format!("{what}, as {who} reads it: {}", page.words());
            assert_eq!(page.one("main h1").text, heading, "{case}");
            let title = page.one("title").text;
            // Without the number of what is unread.
            let title = title.split_once(") ").map_or(title.as_str(), |(_, title)| title);
            assert_eq!(title, format!("{heading} on Looms | Stoa"), "{case}");
            assert!(page.says(said), "{said}: {case}");
            let may_know = heading.contains("alice") || (who == "alice" && what != "banned");
            assert_eq!(page.words().contains("alice"), may_know, "{case}");
            assert!(!page.says("by nobody"), "{case}");
            let (is_dead, is_deleted) = (heading == dead, what == "deleted");
            assert_eq!(
                page.says("[dead]"),
                is_dead || page.texts("main em").iter().any(|em| em.contains("[dead]")),
                "{case}"
            );
            assert_eq!(page.says("[deleted]"), is_deleted, "{case}");
            assert!(!page.says("shadow") || who == "mia", "{case}");
            page.finds(
                usize::from(!is_dead && !is_deleted && said.is_empty() && who == "alice"),
                "meta[name=description]",
            );
        }
    }
}

#[tokio::test]
async fn whoever_may_not_read_the_log_reads_that_it_is_dead_and_not_by_whom() {
    let mut town = Town::with(|settings| settings.moderation_log = Some(LogVisibility::Moderators)).await;
    town.happens("killed").await;
    let page = town.bob.get(&format!("/item/{}", town.comment)).await;
    assert!(page.says(OUT_OF_SIGHT), "{}", page.words());
    assert!(!page.says("mia") && !page.says("spam"), "{}", page.words());
}

#[tokio::test]
async fn a_storys_page_says_what_became_of_it() {
    for (what, heading, said) in
        [("kill", "Dead story", KILLED_BY_MIA), ("delete", "Deleted story", "The author deleted this story.")]
    {
        let mut town = Town::with(|_| {}).await;
        let path = format!("/item/{}", town.story);
        let (who, form): (_, &[_]) = if what == "kill" {
            (&mut town.mia, &[("on", "true"), ("reason", "spam")])
        } else {
            (&mut town.bob, &[])
        };
        who.post(&format!("{path}/{what}"), form).await;
        let page = town.app.visitor().get(&path).await;
        assert_eq!(
            (page.one("main h1").text.as_str(), page.one("title").text.as_str()),
            (heading, format!("{heading} | Stoa").as_str())
        );
        assert!(page.says(said) && page.says("Mine."), "{}", page.words());
        assert!(page.all("main .lead .by").is_empty(), "{what}");
        let comment = town.app.visitor().get(&format!("/item/{}", town.comment)).await;
        assert_eq!(comment.one("title").text, "Comment by alice | Stoa");
    }
}

#[tokio::test]
async fn what_stands_above_a_comment_is_called_dead_or_deleted_as_it_is() {
    for (what, mark) in [("killed", "[dead]"), ("deleted", "[deleted]")] {
        let mut town = Town::with(|_| {}).await;
        let reply = town.bob.reply(town.comment, "Or is it sold?").await;
        town.happens(what).await;
        let page = town.app.visitor().get(&format!("/item/{reply}")).await;
        assert!(page.one("article.above header").text.starts_with(mark), "{}", page.words());
    }
}

#[tokio::test]
async fn a_comment_without_an_author_is_by_nobody_in_particular() {
    let town = Town::with(|_| {}).await;
    town.app.sql(&format!("update items set author_id = null where id = {}", town.comment)).await;
    let mut visitor = town.app.without_memory().visitor();
    let page = visitor.get(&format!("/item/{}", town.comment)).await;
    assert_eq!(page.one("main h1").text, "Comment");
    assert_eq!(page.one("title").text, "Comment on Looms | Stoa");
    let thread = visitor.get(&format!("/item/{}", town.story)).await;
    assert_eq!(thread.one(&format!("#c{} > header h3", town.comment)).text, "[deleted]");
    let label = |id: i64| thread.one(&format!("#c{id} > details > summary")).attr("aria-label").to_owned();
    assert_eq!(
        (label(town.comment).as_str(), label(town.comment + 1).as_str()),
        ("Fold 2 comments", "Fold 1 comment, depth 2")
    );
}
