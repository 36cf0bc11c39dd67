//! How often a page asks the database: a number of its own, however many rows it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use axum::http::{Method, StatusCode};
use stoa::domain::accounts::user::Role;

use crate::http::roles::table;
use crate::store::prepared_statements::{Statements, alone};
use crate::support::app::{Browser, TestApp};

/// The one whose pages are full of what others did, and who did all that a member may.
const XENIA: &str = "xenia";

/// One more row of everything that pages show.
const ROW: &str = include_str!("row.sql");

struct Forum {
    app: TestApp,
    /// Nothing is kept in it, so that each page is asked for whole.
    forgetful: TestApp,
    story: i64,
    comment: i64,
}

async fn forum() -> Forum {
    let app = TestApp::new().await;
    app.account("chief", Role::Admin).await;
    app.account(XENIA, Role::Member).await;
    let mut xenia = app.session(XENIA).await;
    let story = xenia.text_story("A story of hers", "Words.").await;
    let comment = xenia.reply(story, "A comment.").await;
    app.sql(&format!("update items set pinned = 'A *notice*.' where id = {story}")).await;
    app.set_karma(XENIA, 600).await;
    let forgetful = app.without_memory();
    Forum { app, forgetful, story, comment }
}

impl Forum {
    async fn fill(&self, rows: RangeInclusive<i64>) {
        let xenia = self.app.id_of(XENIA).await.0;
        for n in rows {
            let (story, comment, now) = (self.story, self.comment, self.app.now().0 - 100);
            let numbers =
                [("{n}", n), ("{story}", story), ("{comment}", comment), ("{now}", now), ("{xenia}", xenia)];
            let fill = |row: String, (word, number): (&str, i64)| row.replace(word, &number.to_string());
            self.app.sql(&numbers.into_iter().fold(ROW.to_owned(), fill)).await;
        }
    }

    /// How many statements each page runs, for whom it is a page.
    async fn counts(&self, statements: &Statements) -> BTreeMap<(String, String), usize> {
        let (mut counts, mut browsers) = (BTreeMap::new(), vec![self.forgetful.visitor()]);
        for name in [XENIA, "chief"] {
            browsers.push(self.forgetful.browser_of(&self.app.session(name).await));
        }
        for browser in &mut browsers {
            // A look notes that the session was used, once an hour.
            browser.get("/").await;
            statements.taken().await;
            for path in pages(&[self.story, self.comment, 14_001, 15_001], XENIA) {
                if let Some(count) = count(&self.app, browser, &path, statements).await {
                    counts.insert((path, browser.name.clone()), count);
                }
            }
        }
        counts
    }
}

/// The address of every page that the table of routes has, of each of these items and of this person.
pub fn pages(items: &[i64], person: &str) -> Vec<String> {
    let mut pages = BTreeSet::new();
    for row in table().into_iter().filter(|row| row.method == Method::GET) {
        for item in items {
            let fill = |text: &str| {
                let text = text.replace("{id}", &item.to_string()).replace("{name}", person);
                text.replace("{*site}", "example.com").replace("{token}", "none").replace('+', "%20")
            };
            let query = if row.form.is_empty() { String::new() } else { format!("?{}", fill(row.form)) };
            pages.insert(format!("{}{query}", fill(row.path)));
        }
    }
    pages.into_iter().collect()
}

/// The statements of a page, of two looks that agree.
async fn count(app: &TestApp, browser: &mut Browser, path: &str, statements: &Statements) -> Option<usize> {
    let mut last = None;
    for _ in 0..20 {
        // The order of a ranked list is kept for a minute.
        app.pass(61);
        app.store.flush_activity().await.expect("written");
        statements.taken().await;
        let page = browser.get(path).await;
        assert!(!page.status.is_server_error(), "{path}: {}", page.text());
        let count = Some(statements.taken().await.len());
        if page.status != StatusCode::OK {
            return None;
        }
        if count == last {
            return count;
        }
        last = count;
    }
    panic!("{path} asks another number of times at each look")
}

#[test]
fn a_page_asks_the_database_as_often_for_thirty_rows_as_for_three() {
    alone(
        "store::query_counts::a_page_asks_the_database_as_often_for_thirty_rows_as_for_three",
        |statements| async move {
            let forum = forum().await;
            forum.fill(1..=3).await;
            let few = forum.counts(&statements).await;
            forum.fill(4..=30).await;
            let many = forum.counts(&statements).await;
            assert!(few.len() > 120, "only {} pages were looked at", few.len());
            assert!(few.values().filter(|count| **count > 0).count() > 100, "the statements are counted");
            // On a busy machine a statement of the look before may be logged with the first count.
            let more = few.iter().filter(|(page, count)| many.get(page).is_none_or(|many| many > count));
            let more: Vec<_> =
                more.map(|(page, count)| format!("{page:?}: {count}, then {:?}", many.get(page))).collect();
            assert!(more.is_empty(), "{}", more.join("\n"));
        },
    );
}
