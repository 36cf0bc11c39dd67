//! `stoa import`: what a file of Hacker News' items becomes.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use proptest::prelude::*;
use stoa::cli::import::{Import, Report, import};
use stoa::clock::{Clock, Timestamp};
use stoa::domain::accounts::user::{Name, Role};
use stoa::domain::items::item::{Item, ItemId};
use stoa::domain::text::render;
use stoa::store::{NewComment, Store};

use crate::support::database::{self, TestConnection};

const NOW: i64 = 1_700_000_000;

/// A forum of its own, with a directory for the files to import.
struct Site {
    dir: tempfile::TempDir,
    store: Store,
}

/// How an import went, and what it said on the way.
struct Outcome {
    report: Report,
    said: String,
}

impl Site {
    async fn new() -> Site {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&database::new_database(dir.path()).await).await.unwrap();
        Site { dir, store }
    }

    /// Imports files of these contents, named 0.json, 1.json and so on.
    async fn import_with(&self, strict: bool, contents: &[&str]) -> Outcome {
        let files: Vec<PathBuf> =
            (0..contents.len()).map(|number| self.dir.path().join(format!("{number}.json"))).collect();
        for (file, content) in files.iter().zip(contents) {
            std::fs::write(file, content).unwrap();
        }
        let clock = Clock::by_hand(Arc::new(AtomicI64::new(NOW)));
        let mut said = Vec::new();
        let report = import(&Import { files, strict }, &self.store, &clock, &mut said, false).await.unwrap();
        let said = String::from_utf8(said).unwrap().replace(&format!("{}/", self.dir.path().display()), "");
        Outcome { report, said }
    }

    async fn import(&self, contents: &[&str]) -> Outcome {
        self.import_with(false, contents).await
    }

    async fn item(&self, id: i64) -> Item {
        self.store.item(ItemId(id)).await.unwrap()
    }

    /// The ids of all items, in order.
    async fn ids(&self) -> Vec<i64> {
        self.rows("select id from items order by id").await.iter().map(|row| row.parse().unwrap()).collect()
    }

    /// Each row as one text.
    async fn rows(&self, query: &str) -> Vec<String> {
        let mut db = TestConnection::to(self.store.address()).await;
        db.texts(query).await.into_iter().map(|row| row.join("|")).collect()
    }

    /// Every row that an import could touch.
    async fn everything(&self) -> Vec<String> {
        let mut all = self.rows("select * from items order by id").await;
        let is_sqlite = self.store.address().file().is_some();
        let sequence = if is_sqlite { "sqlite_sequence where name = 'items'" } else { "items_id_seq" };
        for table in ["users", "votes", "moderation_log", "revisions", sequence] {
            all.extend(self.rows(&format!("select * from {table} order by 1, 2")).await);
        }
        all
    }

    async fn member(&self, name: &str) -> stoa::domain::accounts::user::UserId {
        let name = Name::parse(name).unwrap();
        let new = stoa::store::NewUser { name: &name, password: "phc", role: Role::Member, ip_hashes: None };
        self.store.create_user(new, Timestamp(NOW)).await.unwrap()
    }
}

fn fixture(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn story(id: i64) -> String {
    format!(r#"{{"id":{id},"type":"story","by":"ada","time":1600000000,"title":"Story {id}","score":3}}"#)
}

fn comment(id: i64, parent: i64) -> String {
    format!(r#"{{"id":{id},"type":"comment","by":"bob","time":1600000001,"parent":{parent},"text":"c{id}"}}"#)
}

#[tokio::test]
async fn a_thread_keeps_its_ids_times_authors_points_tree_and_order() {
    let site = Site::new().await;
    let outcome = site.import(&[&fixture("thread.jsonl")]).await;
    assert_eq!((outcome.report.new, outcome.report.bad, outcome.said.as_str()), (4, 0, ""));
    let head = site.item(1001).await;
    assert_eq!(head.title.as_deref(), Some("Show HN: A loom that reads cards & weaves"));
    assert_eq!(head.section.map(|section| section.as_str()), Some("show"));
    assert_eq!(
        (head.url.as_deref(), head.site.as_deref()),
        (Some("https://example.com/loom"), Some("example.com"))
    );
    assert_eq!((head.author.as_deref(), head.score, head.ups, head.descendants), (Some("Ada"), 12, 0, 3));
    for (id, parent, depth, place, time, author) in [
        (1002, 1001, 1, Some(1), 1_600_000_100, "bertha"),
        (1003, 1002, 2, Some(0), 1_600_000_200, "Ada"),
        (1004, 1001, 1, Some(0), 1_600_000_300, "carl"),
    ] {
        let item = site.item(id).await;
        assert_eq!(
            (item.parent_id, item.root_id, item.depth),
            (Some(ItemId(parent)), head.id, depth),
            "{id}"
        );
        assert_eq!((item.import_rank, item.score, item.author.as_deref()), (place, 1, Some(author)), "{id}");
        assert_eq!([item.time, item.rank_time, item.visible_at], [Timestamp(time); 3], "{id}");
    }
    assert!(site.rows("select * from inbox").await.is_empty(), "an import tells nobody");
    assert!(site.rows("select * from votes").await.is_empty(), "points are a base, not votes");
}

#[tokio::test]
async fn the_text_means_what_it_meant() {
    let site = Site::new().await;
    site.import(&[&fixture("thread.jsonl")]).await;
    let html = render(&site.item(1002).await.text);
    let html = html.as_str();
    assert!(html.contains("<em>real</em>"), "{html}");
    assert!(html.contains("*flowers*"), "what was no mark-up stays none: {html}");
    assert!(html.contains(r#"href="https://example.com/f""#), "{html}");
    let html = render(&site.item(1003).await.text);
    assert!(html.as_str().contains("<code>card 1\ncard 2\n</code></pre>"), "{}", html.as_str());
}

#[tokio::test]
async fn lines_a_list_and_a_nested_document_give_the_same_thread() {
    let lines = fixture("thread.jsonl");
    let list = format!("[{}]", lines.trim().replace('\n', ",\n"));
    let nested = fixture("thread.json");
    let on_one_line = nested.replace('\n', "");
    let mut threads = Vec::new();
    for content in [lines, list, nested, on_one_line] {
        let site = Site::new().await;
        let outcome = site.import(&[&content]).await;
        assert_eq!(outcome.said, "");
        threads.push(site.everything().await);
    }
    assert!(threads[0].len() > 4);
    for thread in &threads[1..] {
        assert_eq!(thread, &threads[0]);
    }
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let site = Site::new().await;
    site.member("carl").await;
    let files = [fixture("thread.jsonl"), fixture("poll.jsonl")];
    let files = [files[0].as_str(), files[1].as_str(), files[0].as_str()];
    let first = site.import(&files).await;
    assert_eq!((first.report.new, first.report.known), (11, 4));
    let (before, generation) = (site.everything().await, site.store.generation());
    let second = site.import(&files).await;
    assert_eq!((second.report.new, second.report.known, second.report.bad), (0, 15, 0));
    assert_eq!(site.everything().await, before);
    assert_eq!(site.store.generation(), generation, "no page that is kept is dropped");
}

#[tokio::test]
async fn two_imports_at_once_write_each_item_once() {
    let site = Site::new().await;
    let file = fixture("thread.jsonl");
    let files = [file.as_str()];
    let generation = site.store.generation();
    let (one, other) = tokio::join!(site.import(&files), site.import(&files));
    assert_eq!((one.report.new + other.report.new, one.report.known + other.report.known), (4, 4));
    assert_eq!(site.rows("select karma from users where name = 'Ada'").await, ["12"]);
    assert_eq!(site.store.generation(), generation + 1, "what found nothing new is no write");
}

#[tokio::test]
async fn polls_jobs_deleted_and_dead_items_stay_what_they_were() {
    let site = Site::new().await;
    site.import(&[&fixture("poll.jsonl")]).await;
    assert_eq!(
        site.rows(
            "select id, kind, parent_id, import_rank, score, deleted_at, dead, text, author_id is null from \
             items \
             order by id"
        )
        .await,
        [
            "2001|poll|null|null|5|null|null||0",
            "2002|pollopt|2001|1|3|null|null|Tape|0",
            "2003|pollopt|2001|0|7|null|null|Cards|0",
            "2004|comment|2001|0|1|1600001100|null||1",
            "2005|comment|2001|1|1|null|killed|Buy tape|0",
            "2006|comment|2004|0|1|null|null|Why?|0",
            "2010|job|null|null|1|null|null||0",
        ]
    );
    assert_eq!(site.item(2001).await.descendants, 1, "neither the deleted nor the dead comment counts");
    let nested = r#"{"id":1,"type":"poll","author":"ada","created_at_i":9,"title":"t","points":2,
        "options":[{"id":2,"author":"ada","created_at_i":9,"text":"a","points":4}],
        "children":[{"id":3,"type":"comment","author":null,"text":null,"created_at_i":9,"children":[]}]}"#;
    site.import(&[nested]).await;
    assert_eq!(
        site.rows("select id, kind, parent_id, score, deleted_at from items where id < 9 order by id").await,
        ["1|poll|null|2|null", "2|pollopt|1|4|null", "3|comment|1|1|9"]
    );
}

#[tokio::test]
async fn where_a_record_contradicts_itself_the_surer_part_counts() {
    let site = Site::new().await;
    let nested = r#"{"id":1,"type":"story","by":"ada","author":null,"created_at_i":9,"title":"t","children":[
        {"id":2,"type":"comment","author":"bob","created_at_i":9,"text":"t","parent_id":77},
        {"id":3,"type":"comment","author":"bob","created_at_i":9,"text":"gone","deleted":true}]}"#;
    assert_eq!(site.import(&[nested]).await.said, "");
    let query = "select i.id, u.name, parent_id, text from items i left join users u on u.id = i.author_id \
                 order by i.id";
    assert_eq!(site.rows(query).await, ["1|ada|null|", "2|bob|1|t", "3|bob|1|"]);
}

#[tokio::test]
async fn a_parent_may_come_later_or_be_there_already() {
    let site = Site::new().await;
    let outcome = site.import(&[&[comment(3, 2), comment(2, 1)].join("\n"), &story(1)]).await;
    assert_eq!((outcome.report.new, outcome.said.as_str()), (3, ""));
    assert_eq!((site.item(3).await.depth, site.item(1).await.descendants), (2, 2));
    let more = site.import(&[&[comment(5, 4), comment(4, 3), comment(6, 1)].join("\n")]).await;
    assert_eq!((more.report.new, more.said.as_str()), (3, ""));
    let deepest = site.item(5).await;
    assert_eq!((deepest.depth, deepest.root_id), (4, ItemId(1)));
    assert_eq!(site.item(1).await.descendants, 5);
}

#[tokio::test]
async fn a_bad_record_is_named_and_its_thread_left_out_whole() {
    let no_time = "item 12: time must be a positive number";
    let no_id = "id must be a positive number";
    for (bad, reason) in [
        (r#"{"id":12,"type":"comment","by":"bob","time":9,"parent":11,"text":"a"#, "the record is cut short"),
        (r#"{"id":12,"parent":11,"type":"comment" "by":"bob"}"#, "this is not JSON (at column 39)"),
        (r#"{"id":12,"type":"comment","by":"bob","time":0,"parent":11}"#, no_time),
        (r#"{"id":12,"type":"comment","by":"bob","time":"x","parent":11}"#, no_time),
        (
            r#"{"id":12,"type":"comment","by":"bob","time":1800000000,"parent":11}"#,
            "item 12: time is in the future",
        ),
        (r#"{"id":"x","type":"comment","by":"bob","time":9,"parent":11}"#, no_id),
        (r#"{"id":9000000000000000000,"type":"comment","by":"bob","time":9,"parent":11}"#, no_id),
        (r#"{"id":12,"type":"comment","text":"t","time":9,"parent":11}"#, "item 12: it has no author"),
        (
            r#"{"id":12,"type":"comment","by":"a b","time":9,"parent":11}"#,
            "item 12: author \"a b\" is not a valid user name",
        ),
        (r#"{"id":12,"type":"essay","by":"bob","time":9,"parent":11}"#, "item 12: unknown type \"essay\""),
        (r#"{"id":12,"by":"bob","time":9,"parent":11}"#, "item 12: it has no type"),
        (
            r#"{"id":12,"type":"comment","by":"bob","time":9,"parent":11,"text":[1]}"#,
            "item 12: text must be a string",
        ),
        (
            r#"{"id":12,"type":"comment","by":"bob","time":9,"parent":11,"score":1.5}"#,
            "item 12: points must be a whole number within ±1,000,000,000",
        ),
        (
            r#"{"id":12,"type":"comment","by":"bob","time":9,"parent":11,"kids":"none"}"#,
            "its children are not a list",
        ),
    ] {
        let site = Site::new().await;
        let after = [comment(13, 12), comment(14, 11), comment(15, 10)].join("\n");
        let file = format!("{}\n{}\n{bad}\n{after}", story(10), story(11));
        let outcome = site.import(&[&file]).await;
        assert_eq!(outcome.said.lines().next(), Some(format!("0.json:3: {reason}").as_str()), "{bad}");
        assert!(!site.ids().await.contains(&11) && !site.ids().await.contains(&14), "{bad}");
        assert!(site.ids().await.starts_with(&[10, 15]), "{bad}");
        assert_eq!(site.item(10).await.descendants, 1);
    }
}

#[tokio::test]
async fn a_message_quotes_the_start_of_a_long_value() {
    let site = Site::new().await;
    let said = site.import(&[&comment(2, 1).replace("bob", &"b".repeat(1 << 20))]).await.said;
    let expected = format!("\"{}…\" is not a valid user name\n", "b".repeat(299));
    assert_eq!(said, format!("0.json:1: item 2: author {expected}"));
}

#[tokio::test]
async fn what_is_no_json_ends_the_reading_of_a_list() {
    let site = Site::new().await;
    let file = format!("[{},\n{},\n{},\n{}]", story(1), comment(2, 9), r#"{"id":3 "x":1}"#, story(4));
    assert_eq!(
        site.import(&[&file]).await.said,
        "0.json:2: item 2: its parent 9 is neither in the files nor in the database\n\
         0.json:3: this is not JSON (at column 9)\n\
         0.json:3: what follows in this file is not read: it cannot be told where an item begins\n"
    );
    assert_eq!(site.ids().await, [1]);
}

#[tokio::test]
async fn a_bad_record_holds_back_what_is_new_anywhere_in_its_thread() {
    let site = Site::new().await;
    site.import(&[&[story(1), comment(2, 1), story(3)].join("\n")]).await;
    let before = site.everything().await;
    // The parent of 5 is known, and not in this file: its thread is still the one of the bad record.
    let file = [story(1), comment(4, 1).replace("bob", "b b"), comment(5, 2)].join("\n");
    let outcome = site.import(&[&file]).await;
    assert_eq!((outcome.report.new, outcome.report.skipped, outcome.report.bad), (0, 1, 1));
    assert_eq!(site.everything().await, before);
}

#[tokio::test]
async fn a_line_cut_within_a_number_costs_no_other_thread() {
    let site = Site::new().await;
    let cut = r#"{"id":3,"type":"comment","parent":1"#;
    let outcome = site.import(&[&[&story(1), &story(10), cut, &comment(4, 1)].join("\n")]).await;
    assert_eq!((outcome.report.new, outcome.report.bad), (3, 1));
}

#[tokio::test]
async fn each_kind_is_asked_for_what_it_needs() {
    let no_item = "this is not a JSON object";
    for (bad, reason) in [
        (r#"{"id":1,"type":"story","by":"ada","time":9}"#, "item 1: this story has no title"),
        (r#"{"id":1,"type":"job","by":"ada","time":9,"title":" "}"#, "item 1: this job has no title"),
        (r#"{"id":1,"type":"comment","by":"ada","time":9}"#, "item 1: this comment has no parent"),
        (r#"{"id":1,"type":"pollopt","by":"ada","time":9,"text":"a"}"#, "item 1: it belongs to no poll"),
        (
            r#"{"id":1,"type":"comment","by":"ada","time":9,"parent":7}"#,
            "item 1: its parent 7 is neither in the files nor in the database",
        ),
        ("7", no_item),
        (r#""item""#, no_item),
        ("id,type,by", "this is not JSON (at column 1)"),
    ] {
        let site = Site::new().await;
        let outcome = site.import(&[&format!("{}\n{bad}\n{}", story(20), story(21))]).await;
        assert_eq!(outcome.said, format!("0.json:2: {reason}\n"));
        assert_eq!(site.ids().await, [20, 21], "{bad}");
    }
}

#[tokio::test]
async fn a_record_nested_in_a_document_is_named_by_its_own_line() {
    let site = Site::new().await;
    let nested = fixture("thread.json").replace("\"bertha\"", "\"ber tha\"");
    let outcome = site.import(&[&story(1), &nested]).await;
    assert_eq!(outcome.said, "1.json:18: item 1002: author \"ber tha\" is not a valid user name\n");
    assert_eq!(site.ids().await, [1]);
    let cut = fixture("thread.json");
    let outcome = site.import(&[&cut[..cut.len() / 2]]).await;
    assert_eq!((outcome.report.new, outcome.report.skipped), (0, 1));
    assert!(outcome.said.ends_with(": the record is cut short\n"), "{}", outcome.said);
}

#[tokio::test]
async fn what_goes_in_a_circle_is_named_once_and_left_out() {
    let site = Site::new().await;
    let outcome = site
        .import(&[&[comment(1, 2), comment(2, 3), comment(3, 1), comment(4, 1), story(5)].join("\n")])
        .await;
    assert_eq!(outcome.said, "0.json:3: item 3: its chain of parents is circular\n");
    assert_eq!(site.ids().await, [5]);
}

#[tokio::test]
async fn strict_stops_at_the_first_bad_record_and_writes_nothing() {
    for bad in ["{", r#"{"id":2,"type":"story"}"#, &comment(2, 99)] {
        let site = Site::new().await;
        let file = [&story(1), bad, &comment(3, 98)].join("\n");
        let outcome = site.import_with(true, &[&file]).await;
        assert_eq!(outcome.said.lines().count(), 1, "{}", outcome.said);
        assert!(outcome.said.starts_with("0.json:2: "), "{}", outcome.said);
        assert_eq!(outcome.report.to_string(), "Stopped at the first bad record. Nothing was imported.");
        assert!(site.ids().await.is_empty());
    }
    let site = Site::new().await;
    assert_eq!(site.import_with(true, &[&story(1)]).await.report.new, 1);
}

#[tokio::test]
async fn authors_become_accounts_that_nobody_can_log_in_to() {
    let site = Site::new().await;
    let late = story(1).replace("ada", "Ada").replace("1600000000", "1600000900");
    let no_points = story(3).replace(r#","score":3"#, "");
    site.import(&[&[late, story(2), no_points, comment(4, 1)].join("\n")]).await;
    assert_eq!(
        site.rows(
            "select name, password, karma, karma_base, created_at, source, claimed_at, role from users \
                   order by id"
        )
        .await,
        ["Ada|null|5|5|1600000000|hn|null|member", "bob|null|1|1|1600000001|hn|null|member"],
        "one account for both spellings; 1 and 2 for each story of 3 points"
    );
    assert!(site.store.profile("ADA").await.unwrap().unclaimed);
    let earlier = story(5).replace("ada", "ADA").replace("1600000000", "1500000000");
    site.import(&[&earlier]).await;
    assert_eq!(
        site.rows("select name, karma, karma_base, created_at from users order by id limit 1").await,
        ["Ada|7|7|1500000000"]
    );
}

#[tokio::test]
async fn nothing_is_put_into_a_members_mouth() {
    let site = Site::new().await;
    let bob = site.member("Bob").await;
    site.import(&[&story(1)]).await;
    site.store.claim("ada", "phc", Timestamp(NOW)).await.unwrap();
    let outcome = site.import(&[&[story(2), comment(3, 2), comment(4, 2)].join("\n")]).await;
    assert_eq!(
        site.item(2).await.author.as_deref(),
        Some("ada"),
        "a name handed over is still the one of the source"
    );
    assert_eq!(site.item(3).await.author.as_deref(), Some("bob-hn"));
    assert_ne!(site.item(3).await.author_id, Some(bob));
    assert_eq!(
        outcome.said,
        "The name bob belongs to a member here, so what bob wrote there appears under bob-hn.\n"
    );
    site.member("bob-hn2").await;
    site.import(&[&comment(5, 2)]).await;
    assert_eq!(site.item(5).await.author_id, site.item(3).await.author_id, "the same account again");
    assert_eq!(site.store.profile("ada").await.unwrap().karma, 5, "and what came in later counts for it");
}

#[tokio::test]
async fn an_id_that_is_taken_is_replaced_and_new_posts_come_after_all() {
    let site = Site::new().await;
    let ada = site.member("carol").await;
    let title = |title| stoa::store::NewStory {
        author: ada,
        title,
        url: None,
        section: None,
        text: "",
        ip_hashes: None,
        stopped: None,
    };
    let policy = stoa::domain::limits::policy::Policy::default();
    for name in ["One", "Two"] {
        site.store.submit(title(name), &policy, Timestamp(NOW)).await.unwrap();
    }
    site.import(&[&[story(1), comment(2, 1), comment(50, 2)].join("\n")]).await;
    assert_eq!(
        site.rows("select id, source_id, parent_id, root_id from items order by id").await,
        ["1|null|null|1", "2|null|null|2", "50|50|52|51", "51|1|null|51", "52|2|51|51"]
    );
    let (parent, policy) = (ItemId(50), &policy);
    let new = NewComment { author: ada, parent, text: "new", ip_hashes: None, stopped: None, policy };
    assert_eq!(site.store.comment(new, Timestamp(NOW)).await.unwrap().id, ItemId(53));
    let before = site.everything().await;
    site.import(&[&[story(1), comment(2, 1), comment(50, 2)].join("\n")]).await;
    assert_eq!(site.everything().await, before);
}

#[tokio::test]
async fn an_address_that_is_none_of_the_web_is_dropped_and_counted() {
    let site = Site::new().await;
    let with = |id, url: &str| story(id).replace("{", &format!(r#"{{"url":"{url}","#));
    let outcome = site
        .import(&[&[with(1, "javascript:alert(1)"), with(2, ""), with(3, "https://example.com/")].join("\n")])
        .await;
    assert_eq!((outcome.report.new, outcome.report.not_web), (3, 1));
    assert_eq!(
        site.rows("select id, url, site from items").await,
        ["1|null|null", "2|null|null", "3|https://example.com/|example.com"]
    );
}

#[tokio::test]
async fn a_thread_may_nest_to_10_000_and_no_nesting_breaks_the_reader() {
    let nest = |levels: usize| {
        let open = r#"{"id":N,"type":"comment","author":"a","created_at_i":9,"text":"t","children":["#;
        let head =
            r#"{"id":1,"type":"story","author":"a","created_at_i":9,"title":"t","children":["#.to_owned();
        (2..2 + levels).fold(head, |out, id| out + &open.replace('N', &id.to_string()))
            + &"]}".repeat(levels + 1)
    };
    for (levels, new) in [(9_999, 10_000), (10_001, 0), (100_000, 0)] {
        let site = Site::new().await;
        let outcome = site.import(&[&nest(levels)]).await;
        assert_eq!(outcome.report.new, new, "{levels}");
        let expected = if new > 0 { "" } else { "0.json:1: its comments are nested deeper than 10000\n" };
        // A machine that takes its time is told how far it is.
        let is_progress = |line: &&str| line.starts_with("Reading: ") || line.starts_with("Writing: ");
        let said: String = outcome.said.split_inclusive('\n').filter(|line| !is_progress(line)).collect();
        assert_eq!(said, expected);
    }
    let site = Site::new().await;
    let lines = (2..10_004).map(|id| comment(id, id - 1)).fold(story(1), |out, line| out + "\n" + &line);
    let outcome = site.import(&[&lines]).await;
    assert_eq!(outcome.said, "0.json:10002: item 10002: it is nested deeper than 10000\n");
    let other = story(1).replace("{", &format!(r#"{{"x":{}{},"#, "[".repeat(200_000), "]".repeat(200_000)));
    assert_eq!(site.import(&[&other]).await.report.new, 1, "what is not asked for may be anything");
}

#[tokio::test]
async fn the_summary_tells_what_was_done() {
    let site = Site::new().await;
    let first = site.import(&[&[story(1), comment(2, 1)].join("\n")]).await;
    let summary = first.report.to_string();
    assert!(summary.starts_with("Imported 2 items in ") && summary.ends_with(" s."), "{summary}");
    let second = site.import(&[&[story(1), comment(2, 1), story(3), comment(4, 9)].join("\n")]).await;
    let summary = second.report.to_string();
    assert!(summary.starts_with("Imported 1 item (1 thread skipped, 2 known) in "), "{summary}");
    assert!(summary.ends_with(" s. 1 bad record was listed above."), "{summary}");
    assert_eq!(
        site.import(&["", "null\n"]).await.report.bad,
        0,
        "what the interface does not show is no fault"
    );
}

/// A tree of `parents`: the item of number n hangs on one before it.
fn tree() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let parents = prop::collection::vec(any::<prop::sample::Index>(), 0..40);
    parents.prop_flat_map(|parents| {
        let parents: Vec<usize> = parents.iter().enumerate().map(|(at, index)| index.index(at + 1)).collect();
        let order: Vec<usize> = (0..=parents.len()).collect();
        (Just(parents), Just(order).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_tree_keeps_its_shape_and_order_whatever_the_order_of_its_lines((parents, order) in tree()) {
        let id = |number: usize| 100 + i64::try_from(number).unwrap();
        // Siblings stand newest first, so that neither the ids nor the lines tell their order.
        let kids = |of: usize| -> Vec<i64> {
            (0..parents.len()).rev().filter(|at| parents[*at] == of).map(|at| id(at + 1)).collect()
        };
        let line = |number: usize| {
            let item = if number == 0 { story(id(0)) } else { comment(id(number), id(parents[number - 1])) };
            item.replace("{", &format!("{{\"kids\":{:?},", kids(number)))
        };
        let file: Vec<String> = order.iter().map(|number| line(*number)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let site = Site::new().await;
            let outcome = site.import(&[&file.join("\n")]).await;
            assert_eq!((outcome.report.new, outcome.said.as_str()), (order.len(), ""));
            for number in 0..order.len() {
                let parent = id(number);
                let query = format!("select id from items where parent_id = {parent} order by import_rank");
                let expected: Vec<String> = kids(number).iter().map(i64::to_string).collect();
                assert_eq!(site.rows(&query).await, expected);
                let item = site.item(parent).await;
                let above = if number == 0 { None } else { Some(site.item(id(parents[number - 1])).await) };
                assert_eq!(item.depth, above.map_or(0, |above| above.depth + 1));
                assert_eq!(item.root_id, ItemId(id(0)));
            }
            assert_eq!(site.item(id(0)).await.descendants, i64::try_from(parents.len()).unwrap());
        });
    }
}
