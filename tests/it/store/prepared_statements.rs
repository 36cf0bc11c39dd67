//! The statements that requests run, as the store logs them.

use std::fmt::Debug;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// What stands in the environment of the process that collects.
const COLLECTING: &str = "STOA_TEST_COLLECTS_STATEMENTS";

/// Keeps the text of every statement that the store logs, in the order of the log, and the plans that
/// PostgreSQL reports.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>);

impl Statements {
    /// Statements since the last call; logged by the connection's thread, shortly after the response.
    pub async fn taken(&self) -> Vec<String> {
        let len = || self.0.lock().expect("no panic before").len();
        let (mut before, mut unchanged) = (len(), 0);
        while unchanged < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            unchanged = if before == len() { unchanged + 1 } else { 0 };
            before = len();
        }
        std::mem::take(&mut *self.0.lock().expect("no panic before"))
    }

    /// Plans since the last call.
    pub async fn plans(&self) -> Vec<serde_json::Value> {
        self.taken().await;
        let plans = std::mem::take(&mut *self.1.lock().expect("no panic before"));
        plans.iter().map(|plan| serde_json::from_str(plan).expect("JSON")).collect()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut text = Text::default();
            event.record(&mut text);
            let sql = if text.full.trim().is_empty() { text.summary } else { text.full };
            self.0.lock().expect("no panic before").push(sql.trim().to_owned());
        }
        if event.metadata().target() == "sqlx::postgres::notice" {
            let mut text = Text::default();
            event.record(&mut text);
            if let Some((_, plan)) = text.message.split_once(" plan:\n") {
                self.1.lock().expect("no panic before").push(plan.to_owned());
            }
        }
    }
}

#[derive(Default)]
struct Text {
    summary: String,
    full: String,
    message: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.full = value.to_owned(),
            "message" => self.message = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

/// Whether this is the test's own process; if not, the test has already been run and passed in one.
pub fn is_alone(test: &str) -> bool {
    if std::env::var_os(COLLECTING).is_some() {
        return true;
    }
    let this = std::env::current_exe().expect("this program");
    let done = Command::new(this).args(["--exact", test, "--nocapture"]).env(COLLECTING, "yes").output();
    let done = done.expect("runs");
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 passed"), "there is a test {test}");
    false
}

/// Runs a test in a process of its own, so that no other test's statements are collected.
pub fn alone<T: Future<Output = ()>>(test: &str, work: impl FnOnce(Statements) -> T) {
    if !is_alone(test) {
        return;
    }
    let statements = Statements::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(statements.clone()))
        .expect("the first");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work(statements));
}
