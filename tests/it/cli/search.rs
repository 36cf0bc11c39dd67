//! The search index of the real program: killed while it writes, and built by hand.

use std::thread::sleep;
use std::time::Duration;

use crate::cli::operations::THREAD;
use crate::support::program::{Folder, Running};

/// What the page of a search says of the number of results, once it stays the same.
fn counted(forum: &Running) -> String {
    let mut before = String::new();
    for _ in 0..100 {
        let page = forum.get("/search?q=type:comment");
        let count = page.split_once("<p class=\"intro\">").and_then(|(_, rest)| rest.split_once("</p>"));
        let count = count.map(|(count, _)| count.to_owned()).unwrap_or_default();
        if count == before && !count.is_empty() && !page.contains("being built") {
            return count;
        }
        before = count;
        sleep(Duration::from_millis(700));
    }
    panic!("the number of results does not stay: {before}");
}

#[test]
fn a_forum_that_is_killed_while_it_indexes_finds_everything_after_its_next_start() {
    let folder = Folder::new();
    folder.works("generate --stories 200 --comments 1500");
    folder.write("thread.json", THREAD);
    for wait in [50, 400, 900] {
        let forum = folder.serve();
        sleep(Duration::from_millis(wait));
        // With SIGKILL.
        drop(forum);
    }
    let forum = folder.serve();
    counted(&forum);
    folder.works("import thread.json");
    drop(forum);
    let forum = folder.serve();
    let found = counted(&forum);
    folder.refuses("reindex", "", "another process uses the search index");
    forum.stop();
    let said = folder.works("reindex");
    assert!(said.starts_with("Indexed ") && said.contains(" items in "), "{said}");
    assert_eq!(counted(&folder.serve()), found);
}
