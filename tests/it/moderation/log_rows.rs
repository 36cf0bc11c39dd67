//! What a row of the log names, and what its address tells.

use stoa::domain::accounts::user::Role;

use crate::support::app::{Browser, Page, TestApp};

/// A forum with a moderator, mia, and two stories with a comment of bob's and an answer of alice's.
struct Town {
    app: TestApp,
    mia: Browser,
    story: i64,
    better: i64,
    comment: i64,
    answer: i64,
}

impl Town {
    async fn new() -> Town {
        let app = TestApp::new().await;
        let (mut alice, mut bob) = (app.member("alice").await, app.member("bob").await);
        let mia = app.person("mia", Role::Moderator).await;
        let story = alice.text_story("The news", "Words.").await;
        let better = alice.text_story("The news, well told", "Words.").await;
        let comment = bob.reply(better, "Off the point.").await;
        let answer = alice.reply(comment, "Quite.").await;
        Town { app, mia, story, better, comment, answer }
    }

    async fn act(&mut self, path: &str, form: &[(&str, &str)]) {
        self.app.pass(60);
        let page = self.mia.post(path, form).await;
        assert!(page.status.is_redirection(), "{path}: {}", page.words());
    }

    /// Kills one story so often, with as many bans by shadow between.
    async fn busy(&mut self, times: usize) {
        for n in 0..times {
            let on = (n % 2 == 0).to_string();
            self.act(&format!("/item/{}/kill", self.story), &[("on", &on), ("reason", "again")]).await;
            self.act("/user/bob/shadow", &[("on", &on), ("shadow_reason", "spam")]).await;
        }
    }
}

/// The first row of the log, as it is read, and where its links lead.
fn first(log: &Page) -> (String, Vec<String>) {
    let row = log.all("ol.rows > li").swap_remove(0);
    let links = row.all("a").iter().map(|link| link.attr("href").to_owned()).collect();
    (row.text, links)
}

#[tokio::test]
async fn the_other_post_of_an_act_is_named_and_linked() {
    let mut town = Town::new().await;
    let (story, better) = (town.story, town.better);
    let (comment, answer) = (town.comment, town.answer);
    let into = better.to_string();
    let links = |ids: [i64; 2]| ids.map(|id| format!("/item/{id}"));
    for (path, form, said, ids) in [
        (
            format!("/item/{story}/merge"),
            vec![("into", into.as_str())],
            "merged “The news” into “The news, well told”",
            [story, better],
        ),
        (
            format!("/item/{story}/merge"),
            vec![("on", "false")],
            "unmerged “The news” from “The news, well told”",
            [story, better],
        ),
        (
            format!("/item/{answer}/detach"),
            vec![("on", "true"), ("reason", "off")],
            "moved up a comment by alice from below a comment by bob",
            [answer, comment],
        ),
        (
            format!("/item/{answer}/detach"),
            vec![("on", "false")],
            "moved back a comment by alice below a comment by bob",
            [answer, comment],
        ),
    ] {
        town.act(&path, &form).await;
        for page in [town.app.visitor().get("/log").await, town.mia.get("/log").await] {
            let (row, to) = first(&page);
            assert!(row.contains(&format!("mia {said} ")), "{row}");
            assert_eq!(to[1..], links(ids), "{row}");
        }
        assert!(town.app.visitor().get("/feed/log.atom").await.has(&format!("<title>mia {said}</title>")));
        // The same is said above what the moderator sees next.
        let last = town.mia.get("/mod").await.one(".last").text;
        let said = said.replace(" by alice", "").replace(" by bob", "");
        assert!(last.contains(&format!("You {said}")), "{last}");
    }
}

#[tokio::test]
async fn what_a_reader_may_not_see_is_not_named_and_still_no_number() {
    let mut town = Town::new().await;
    let (comment, story) = (town.comment, town.story);
    town.act(&format!("/item/{comment}/kill"), &[("on", "true"), ("reason", "rude")]).await;
    let (row, _) = first(&town.app.visitor().get("/log").await);
    assert!(row.contains("mia killed a comment on “The news, well told” "), "{row}");
    town.act(&format!("/item/{story}/kill"), &[("on", "true"), ("reason", "old")]).await;
    let (row, _) = first(&town.app.visitor().get("/log").await);
    assert!(row.contains("mia killed a story ") && !row.contains(&story.to_string()), "{row}");
    let page = town.app.visitor().get(&format!("/log?item={comment}")).await;
    assert!(page.says("Only: on a comment on “The news, well told”."), "{}", page.words());
    let page = town.mia.get(&format!("/log?item={story}")).await;
    assert!(page.says("Only: on “The news”."), "{}", page.words());
}

#[tokio::test]
async fn an_act_that_was_done_before_is_told_with_the_others_name() {
    let mut town = Town::new().await;
    let (path, into) = (format!("/item/{}/merge", town.story), town.better.to_string());
    town.act(&path, &[("into", &into)]).await;
    let again = town.mia.post(&path, &[("into", &into)]).await;
    assert!(!again.says(&format!("item {into}")), "{}", again.words());
}

#[tokio::test]
async fn no_address_of_the_log_tells_of_acts_that_moderators_alone_read() {
    let mut town = Town::new().await;
    town.busy(40).await;
    let mut visitor = town.app.visitor();
    let (first, mut seen) = (visitor.get("/log").await, 0);
    let mut page = visitor.get("/log").await;
    loop {
        let rows = page.all("ol.rows > li");
        seen += rows.len();
        for row in &rows {
            let id = row.attr("id");
            assert!(
                id.len() > 20 && id[1..].parse::<i64>().is_err(),
                "a row's name says nothing of its place: {id}"
            );
        }
        let Some(more) = page.all("p.next > a").pop() else { break };
        let before = more.attr("href").split_once("before=").expect("a place").1.to_owned();
        assert!(before.parse::<i64>().is_err(), "{before}");
        page = visitor.get(more.attr("href")).await;
    }
    assert_eq!(seen, 40, "all public acts are found, each once");
    assert_eq!(first.all("ol.rows > li").len(), 30);
    let feed = visitor.get("/feed/log.atom").await;
    assert_eq!(feed.text().matches("<entry>").count(), 30);
    for entry in feed.text().split("<entry>").skip(1) {
        let id = entry.split_once("<id>").and_then(|(_, rest)| rest.split_once("</id>")).expect("an id").0;
        let name = id.rsplit(['#', '/', ':']).next().expect("a name");
        assert!(name.trim_start_matches('a').parse::<i64>().is_err(), "{id}");
    }
    assert!(visitor.get("/log?before=1").await.says("The log ends here."));
}
