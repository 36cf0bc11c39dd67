//! Event streams: what open pages are told.

mod limits;

mod privacy;
mod updates;

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::http::{Method, StatusCode};
use stoa::jobs;
use tokio::time::{Instant, timeout, timeout_at};

use crate::support::app::{Browser, TestApp};

/// How long an event may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);
/// How long nothing has to be told for a test to believe it.
const QUIET: Duration = Duration::from_millis(700);

/// A forum that tells its event streams.
async fn forum() -> TestApp {
    let app = TestApp::new().await;
    jobs::start(&app.app);
    app
}

/// An open event stream, and what was read of it.
pub struct Listener {
    body: BodyDataStream,
    text: String,
}

/// One event: its name, its data and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldEvent {
    pub name: String,
    pub data: String,
    pub id: Option<String>,
}

impl ToldEvent {
    /// The items that it tells of, in the order of their ids.
    fn ids(&self) -> Vec<i64> {
        let mut ids: Vec<i64> = self.data.split(' ').map(|id| id.parse().expect("an id")).collect();
        ids.sort_unstable();
        ids
    }
}

impl Listener {
    pub async fn open(browser: &mut Browser, path: &str) -> Listener {
        Listener::resume(browser, path, None).await
    }

    /// As a browser connects again after the event with this id.
    pub async fn resume(browser: &mut Browser, path: &str, last: Option<&str>) -> Listener {
        let headers: Vec<(&str, &str)> = last.map(|id| ("last-event-id", id)).into_iter().collect();
        let answer = browser.ask(Method::GET, path, &headers, None).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kind = answer.headers().get("content-type").expect("a type");
        assert_eq!(kind, "text/event-stream", "{path}");
        Listener { body: answer.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event with data, if there is one until then; `None` also at the stream's end.
    pub async fn next_until(&mut self, end: Instant) -> Option<ToldEvent> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = block.lines().filter_map(|line| line.split_once(": "));
                    lines.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
                };
                let told = field("data").map(|data| ToldEvent {
                    name: field("event").expect("a name"),
                    data,
                    id: field("id"),
                });
                self.text = rest.to_owned();
                if told.is_some() {
                    return told;
                }
            }
            let more = timeout_at(end, futures_util::StreamExt::next(&mut self.body)).await.ok()??;
            self.text.push_str(std::str::from_utf8(&more.expect("a part")).expect("UTF-8"));
        }
    }

    pub async fn next(&mut self) -> ToldEvent {
        self.next_until(Instant::now() + LONG).await.expect("an event")
    }

    /// What is told by events of this name until all of these items are.
    pub async fn hears(&mut self, name: &str, items: &[i64]) -> Vec<ToldEvent> {
        let (mut missing, mut all) = (items.to_vec(), Vec::new());
        while !missing.is_empty() {
            let told = self.next().await;
            if told.name == name {
                missing.retain(|id| !told.ids().contains(id));
                all.push(told);
            }
        }
        all
    }

    /// Whether nothing but the inbox's number is told for a while.
    pub async fn is_quiet(&mut self) -> bool {
        let end = Instant::now() + QUIET;
        while let Some(told) = self.next_until(end).await {
            if told.name != "inbox" {
                return false;
            }
        }
        true
    }

    /// Waits until the server ends the stream.
    pub async fn ends(mut self) {
        let all = async { while self.body_part().await.is_some() {} };
        timeout(LONG, all).await.expect("it ends");
    }

    async fn body_part(&mut self) -> Option<()> {
        futures_util::StreamExt::next(&mut self.body).await.map(drop)
    }
}
