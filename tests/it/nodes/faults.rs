//! A database server that goes away and comes back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use stoa::jobs;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};

use crate::nodes::two_nodes;
use crate::support::app::{Browser, TestApp};

/// A way to the server that can be closed.
struct Way {
    folder: TempDir,
    is_open: Arc<AtomicBool>,
}

impl Way {
    fn to(server: PathBuf) -> Way {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let is_open = Arc::new(AtomicBool::new(true));
        let open = Arc::clone(&is_open);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.expect("a connection");
                tokio::spawn(carry(client, server.clone(), Arc::clone(&open)));
            }
        });
        Way { folder, is_open }
    }

    fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Relaxed);
    }
}

async fn carry(mut client: UnixStream, server: PathBuf, is_open: Arc<AtomicBool>) {
    if !is_open.load(Ordering::Relaxed) {
        return;
    }
    let mut server = UnixStream::connect(server).await.expect("the server");
    let closed = async {
        while is_open.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        () = closed => {}
    }
}

/// A node of the same forum whose way to the server can be closed; the address names the socket's folder.
async fn node_behind(app: &TestApp) -> (Way, TestApp) {
    let address = app.config.server.database.as_given().to_owned();
    let (before, folder) = address.split_once("host=").expect("a socket");
    let way = Way::to(Path::new(folder).join(".s.PGSQL.5432"));
    let address = format!("{before}host={}", way.folder.path().display());
    let node = app.node_at(&address.parse().expect("an address")).await;
    (way, node)
}

async fn until_ok(browser: &mut Browser, path: &str) {
    for _ in 0..300 {
        if browser.get(path).await.status == StatusCode::OK {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{path} is never answered again");
}

#[tokio::test]
async fn without_the_server_visitors_read_on_and_nothing_typed_is_lost_and_then_all_goes_on() {
    let Some((one, _)) = two_nodes().await else { return };
    let (way, node) = node_behind(&one).await;
    jobs::start(&node.app);
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let path = format!("/item/{story}");
    alice.at(&node).get(&path).await;
    for path in ["/", &path] {
        assert_eq!(node.visitor().get(path).await.status, StatusCode::OK);
    }

    way.set_open(false);
    for minutes in [0, 1, 30] {
        node.pass(60 * minutes);
        for path in ["/", &path] {
            let page = node.visitor().get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path} after {minutes} minutes");
            assert!(page.says("A story"), "{path}");
        }
    }
    let page = alice.post(&format!("{path}/reply"), &[("text", "Typed meanwhile.")]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.one("textarea[name=text]").text, "Typed meanwhile.");
    let unknown = node.visitor().get("/newest-is-not-kept").await;
    assert!(unknown.status == StatusCode::SERVICE_UNAVAILABLE || unknown.status == StatusCode::NOT_FOUND);

    // What another node writes meanwhile is read afterwards.
    let mut bob = one.member("bob").await;
    let comment = bob.reply(story, "Said meanwhile.").await;
    way.set_open(true);
    until_ok(&mut alice, "/settings").await;
    let article = format!("#c{comment}");
    for _ in 0..300 {
        if !node.visitor().get(&path).await.all(&article).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    node.visitor().get(&path).await.finds(1, &article);
    let own = alice.reply(story, "Typed again.").await;
    alice.get(&path).await.finds(1, &format!("#c{own}"));
}

#[tokio::test]
async fn a_node_that_waited_in_vain_for_other_writers_writes_again_when_they_are_done() {
    let Some((one, _)) = two_nodes().await else { return };
    let mut alice = one.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    let mut writer = one.connection().await;
    writer.hold_writes().await;
    let page = alice.post(&format!("/item/{story}/reply"), &[("text", "Too long a wait.")]).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.one("textarea[name=text]").text, "Too long a wait.");
    writer.execute("rollback").await;
    drop(writer);
    for n in 0..3 {
        alice.reply(story, &format!("Comment {n}.")).await;
    }
}
