//! A forum that is moved into another database: every row arrives, and nothing else is written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use stoa::database_address::DatabaseAddress;
use stoa::store::database_file::key_file;
use stoa::store::{MoveError, MoveProgress, MovedTable, OpenError, Store, move_forum};
use tokio::sync::Notify;

use crate::support::app::{Browser, PASSWORD, TestApp};
use crate::support::database::{self, TestConnection};
use crate::support::fixtures::{BY_MOLE, InUse, invite, is_in};

/// What concerns the processes that run on a database, and what each engine's migrations say of themselves.
const NOT_MOVED: [&str; 4] = ["changes", "leases", "rate_buckets", "_sqlx_migrations"];

const ADDRESS: &str = "203.0.113.77";

/// A text of which no character may be lost.
const ODD: &str = "Zoë 日本 🧵 'single' \"double\" \\back\\ %s \u{1}\u{7f}\r\n\t\u{202e}end ";

/// A forum with rows in every table, and alice's browser.
async fn forum() -> (TestApp, Browser) {
    let InUse { town, essay, comment, .. } = InUse::new().await;
    let (app, mut alice) = (town.app, town.alice);
    app.import(BY_MOLE).await;
    invite(&mut alice).await;
    app.log_in("bob").await;
    app.store.flush_activity().await.expect("saved");
    let (alice_id, bob_id) = (app.id_of("alice").await.0, app.id_of("bob").await.0);
    let odd = format!("'{}'", ODD.replace('\'', "''"));
    for statement in [
        format!("update users set karma = 9223372036854775807, about = {odd} where name = 'alice'"),
        "update users set karma_base = -9223372036854775807, ban_reason = '' where name = 'bob'".to_owned(),
        format!("insert into settings (name, value) values ('odd', {odd})"),
        "insert into checks (id) values (7)".to_owned(),
        format!("insert into saved values ({alice_id}, {essay}, 1)"),
        format!("insert into hidden values ({alice_id}, {essay}, 2)"),
        format!("insert into mutes values ({alice_id}, 'word', {odd}, 2)"),
        format!("insert into follows values ({alice_id}, 'thread', {essay}, 2)"),
        format!("insert into followed_searches values ({alice_id}, {odd}, 2)"),
        format!("insert into vouches values ({alice_id}, {comment}, 3)"),
        format!(
            "insert into ip_hashes (created_at, user_id, address, subnet, network) \
             values (1, {alice_id}, {}, {}, {})",
            app.blob(&[0, 255, 1]),
            app.blob(&[]),
            app.blob(b"\\x'")
        ),
        format!(
            "insert into notes (user_id, author_id, created_at, text) values ({bob_id}, {alice_id}, 1, '')"
        ),
        "insert into rules (kind, pattern, effect, reason, created_at) values ('word', 'ß', 'kill', 'r', 1)"
            .to_owned(),
        format!(
            "insert into password_resets (user_id, token_hash, expires_at) values ({alice_id}, {}, 9)",
            app.blob(b"hash")
        ),
        format!("insert into inbox_feeds values ({alice_id}, {}, 9)", app.blob(b"feed")),
        format!(
            "insert into mailboxes (user_id, address, inbox_mail, key) values ({alice_id}, 'a@example.org', \
             'daily', 'key')"
        ),
        format!(
            "insert into mail_links (token_hash, user_id, purpose, address, expires_at) values ({}, \
             {alice_id}, 'not-me', 'a@example.org', 9)",
            app.blob(b"link")
        ),
        format!(
            "insert into mails (user_id, recipient, kind, content, bulk, created_at) values ({alice_id}, \
             'a@example.org', 'reset', {odd}, true, 9)"
        ),
        format!(
            "insert into totp_secrets (user_id, secret, created_at) values ({alice_id}, {}, 9)",
            app.blob(&[0, 255])
        ),
        "insert into mails (recipient, kind, content, bulk, created_at) values ('ann@example.org', \
         'receipt', '{}', false, 9)"
            .to_owned(),
        format!(
            "insert into conversations (id, kind, receipt, user_id, status, opened_at, last_at) values (7, \
             'contact', 'ABCD-EFGH', {alice_id}, 'waiting', 8, 9)"
        ),
        format!(
            "insert into messages (conversation_id, author_id, by_moderator, kind, text, created_at) values \
             (7, {alice_id}, false, 'message', {odd}, 9)"
        ),
        format!("insert into receipts (token_hash, conversation_id) values ({}, 7)", app.blob(b"receipt")),
        format!("insert into recovery_codes values ({alice_id}, {}, 9)", app.blob(b"hash")),
        format!("insert into pending_logins values ({}, {alice_id}, 9, 1)", app.blob(b"hash")),
        format!(
            "insert into passkeys (user_id, user_handle, credential_id, credential, name, created_at) values \
             ({alice_id}, {}, {}, '{{}}', 'phone', 9)",
            app.blob(b"handle"),
            app.blob(&[0, 255])
        ),
        format!("insert into passkey_challenges values ({}, {alice_id}, '{{}}', 9)", app.blob(b"hash")),
        format!("insert into held_names (name, user_id, held_at) values ('alicia', {alice_id}, 9)"),
        format!(
            "insert into exports (user_id, asked_at, finished_at, archive) values ({alice_id}, 8, 9, {})",
            app.blob(&[80, 75, 0])
        ),
        "update users set renamed_at = 9 where name = 'alice'".to_owned(),
        "insert into monthly_statistics (month, joined, visited, stories, comments, authors, votes, decided) \
         values (0, 1, 2, 3, 4, 5, 6, 7)"
            .to_owned(),
        format!("insert into chosen_settings values ('tagline', {odd})"),
        format!(
            "insert into pages (slug, title, text, in_footer, updated_at) values ('a', 't', {odd}, true, 9)"
        ),
        format!("insert into images values ('logo', 'png', '0a', {})", app.blob(&[0x89, 80, 0])),
        "insert into first_steps values ('backup', 9)".to_owned(),
        "insert into signup_requests (name, password, text, created_at) values ('eve', 'p', 't', 5)"
            .to_owned(),
        // Later items take higher ids than any that there was.
        match app.store.address() {
            DatabaseAddress::File(_) => {
                "update sqlite_sequence set seq = 5000 where name = 'items'".to_owned()
            }
            DatabaseAddress::Postgres(_) => "select setval('items_id_seq', 5000)".to_owned(),
        },
    ] {
        app.sql(&statement).await;
    }
    (app, alice)
}

/// A new database of the other engine, where there are both.
async fn beside(address: &DatabaseAddress, folder: &Path, name: &str) -> DatabaseAddress {
    let postgres = match address {
        DatabaseAddress::File(_) => database::empty_postgres().await,
        DatabaseAddress::Postgres(_) => None,
    };
    postgres.unwrap_or_else(|| DatabaseAddress::File(folder.join(name)))
}

async fn moved(from: &DatabaseAddress, to: &DatabaseAddress) -> Vec<MovedTable> {
    move_forum(from, to, &mut |_| {}).await.expect("moved")
}

async fn refused(from: &DatabaseAddress, to: &DatabaseAddress) -> MoveError {
    move_forum(from, to, &mut |_| {}).await.expect_err("refused")
}

#[tokio::test]
async fn a_forum_that_is_moved_there_and_back_is_the_same() {
    let (app, alice) = forum().await;
    let first = app.store.address();
    let second = beside(first, app.dir.path(), "second.db").await;
    let third = beside(&second, app.dir.path(), "third.db").await;
    let fourth = beside(&third, app.dir.path(), "fourth.db").await;
    let mut progress = Vec::new();
    let tables = move_forum(first, &second, &mut |now| progress.push(now)).await.expect("moved");
    let total = tables.iter().map(|table| table.rows).sum();
    assert_eq!(progress.first(), Some(&MoveProgress::Copying { total }));
    assert!(progress.contains(&MoveProgress::Comparing { total }));
    let told = progress.iter().map(|now| if let MoveProgress::Rows(rows) = now { *rows } else { 0 });
    assert_eq!(told.sum::<u64>(), 2 * total, "every row is copied and read again");
    assert_eq!(moved(&second, &third).await, tables);
    assert_eq!(moved(&third, &fourth).await, tables);

    let mut forums = Vec::new();
    for address in [first, &second, &third, &fourth] {
        forums.push(app.moved_to(address).await);
    }
    for (one, other) in [(0, 2), (1, 3)] {
        let (one, other) = (forums[one].dump(&NOT_MOVED).await, forums[other].dump(&NOT_MOVED).await);
        let differing: Vec<_> = one.symmetric_difference(&other).collect();
        assert!(differing.is_empty() && one.len() > 40, "{differing:#?}");
    }
    let ip = ADDRESS.parse().expect("an address");
    for forum in &forums[1..] {
        assert_eq!(forum.store.site_id(), app.store.site_id());
        assert_eq!(forum.store.setup_token(), app.store.setup_token());
        let address = |store: &Store| store.ip_hash_key().hashes(ip).address;
        assert_eq!(address(&forum.store), address(&app.store), "addresses are recognised");
        let odd: Vec<(String,)> = forum.rows("select value from settings where name = 'odd'").await;
        assert_eq!(odd, [(ODD.to_owned(),)]);

        let mut alice = forum.browser_of(&alice);
        assert!(is_in(&mut alice).await, "she is still logged in");
        assert!(alice.text_story("After the move", "Words.").await > 5000);
        invite(&mut alice).await;
        let mut visitor = forum.visitor();
        visitor.post("/signup", &[("name", "fay"), ("password", PASSWORD)]).await;
        assert!(is_in(&mut visitor).await, "people can join");
    }
}

#[tokio::test]
async fn every_table_of_the_schema_is_moved_and_has_rows_to_show_it() {
    let (app, _) = forum().await;
    let to = beside(app.store.address(), app.dir.path(), "moved.db").await;
    let of_forum = |name: &String| !name.starts_with("sqlite_") && !NOT_MOVED.contains(&name.as_str());
    let columns = app.connection().await.columns().await;
    let schema: BTreeSet<String> = columns.into_iter().map(|(table, _)| table).filter(of_forum).collect();
    let tables: BTreeMap<String, u64> =
        moved(app.store.address(), &to).await.into_iter().map(|table| (table.name, table.rows)).collect();
    assert_eq!(tables.keys().cloned().collect::<BTreeSet<_>>(), schema);
    let mut copy = TestConnection::to(&to).await;
    for (table, rows) in tables {
        assert!(rows > 0, "give {table} a row in the forum above");
        // The key may be a file, and is not counted.
        let select = format!(
            "select count(*) from {table}{}",
            if table == "secrets" { " where name <> 'ip_hash_key'" } else { "" }
        );
        assert_eq!(copy.rows::<(i64,)>(&select).await, [(i64::try_from(rows).expect("few"),)], "{table}");
    }
}

#[tokio::test]
async fn a_target_that_is_no_empty_database_is_refused_and_left_as_it_was() {
    let (app, _) = forum().await;
    let from = app.store.address();
    let other = TestApp::new().await;
    other.member("zoe").await;
    let before = (app.dump(&[]).await, other.dump(&[]).await);
    let error = refused(from, other.store.address()).await;
    assert!(
        matches!(&error, MoveError::NotEmpty(at, table) if at == other.store.address() && table == "users")
    );
    assert!(error.is_of_address());
    assert!(matches!(refused(from, from).await, MoveError::Same(..)));
    let again: DatabaseAddress = match from {
        DatabaseAddress::File(path) => {
            let folder = path.parent().expect("a folder");
            DatabaseAddress::File(folder.join("..").join(folder.file_name().expect("a name")).join("stoa.db"))
        }
        DatabaseAddress::Postgres(url) => {
            url.as_str().replace("postgres://", "postgresql://").parse().expect("an address")
        }
    };
    assert_ne!(&again, from, "written in another way");
    assert!(matches!(refused(from, &again).await, MoveError::Same(..)));
    assert_eq!((app.dump(&[]).await, other.dump(&[]).await), before);

    let new = app.dir.path().join("new.db");
    let stray = key_file(&new);
    std::fs::write(&stray, "of another database").expect("written");
    assert!(matches!(refused(from, &new.as_path().into()).await, MoveError::StrayKey(at) if at == stray));
    assert_eq!(std::fs::read_to_string(&stray).expect("a file"), "of another database");
    std::fs::remove_file(&stray).expect("removed");
    assert!(!new.exists());
}

#[tokio::test]
async fn a_source_that_is_no_forum_is_refused_and_no_target_is_made() {
    let dir = tempfile::tempdir().expect("a folder");
    let to = dir.path().join("new.db");
    let missing = refused(&dir.path().join("missing.db").as_path().into(), &to.as_path().into()).await;
    assert!(matches!(missing, MoveError::Open(OpenError::Missing(_))), "{missing}");
    if let Some(empty) = database::empty_postgres().await {
        let refused = refused(&empty, &to.as_path().into()).await;
        assert!(matches!(refused, MoveError::Open(OpenError::Empty(_))), "{refused}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn a_move_that_was_interrupted_leaves_a_target_that_says_so() {
    let (app, _) = forum().await;
    let from = app.store.address();
    let to = beside(from, app.dir.path(), "half.db").await;
    let stop = Notify::new();
    let mut on_progress = |now| {
        if let MoveProgress::Rows(_) = now {
            stop.notify_one();
        }
    };
    tokio::select! {
        biased;
        () = stop.notified() => {}
        done = move_forum(from, &to, &mut on_progress) => panic!("it was not interrupted: {done:?}"),
    }
    for opened in [Store::open(&to).await, Store::open_existing(&to).await] {
        let error = opened.expect_err("refused");
        assert!(matches!(&error, OpenError::Moving(at) if *at == to) && error.is_of_address(), "{error}");
        assert!(error.to_string().contains("move again"), "{error}");
    }
    for (one, other) in [(from, &to), (&to, from)] {
        let error = refused(one, other).await;
        assert!(matches!(&error, MoveError::Open(OpenError::Moving(_))), "{error}");
    }
    if let Some(file) = to.file() {
        let copy = app.dir.path().join("copy.db");
        let error = stoa::store::database_file::copy(file, &copy).await.expect_err("refused");
        assert!(matches!(error, OpenError::Moving(_)) && !copy.exists(), "{error}");
        let refused = stoa::store::database_file::check(file).await.expect_err("refused");
        assert_eq!(refused.to_string(), "a move into it has not ended");
    }
}

#[tokio::test]
async fn a_copy_that_differs_is_refused_with_the_name_of_the_table() {
    let (app, _) = forum().await;
    let from = app.store.address();
    let dir = tempfile::tempdir().expect("a folder");
    let to = database::new_database(dir.path()).await;
    Store::open(&to).await.expect("a database").close().await;
    let changes_what_is_written = match &to {
        DatabaseAddress::File(_) => {
            "create trigger t after insert on settings begin update settings set value = 'x'; end"
        }
        DatabaseAddress::Postgres(_) => {
            "create function change() returns trigger language plpgsql as \
             'begin new.value = ''x''; return new; end'; \
             create trigger t before insert on settings for each row execute function change()"
        }
    };
    TestConnection::to(&to).await.execute(changes_what_is_written).await;
    let error = refused(from, &to).await;
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("the table settings of the copy differs"), "{error}: {cause}");
    assert!(!error.is_of_address());
    let refused = Store::open(&to).await.expect_err("refused");
    assert!(matches!(refused, OpenError::Moving(_)), "nobody takes it for a forum: {refused}");
}

#[tokio::test]
async fn a_value_that_the_other_engine_cannot_hold_is_refused_with_the_name_of_the_table() {
    for (value, words) in [("x'00'", "another type"), ("'a' || char(0)", "NUL")] {
        let dir = tempfile::tempdir().expect("a folder");
        let from = DatabaseAddress::File(dir.path().join("stoa.db"));
        Store::open(&from).await.expect("a database").close().await;
        let insert = format!("insert into settings (name, value) values ('odd', {value})");
        TestConnection::to(&from).await.execute(&insert).await;
        let to = beside(&from, dir.path(), "new.db").await;
        if words == "NUL" && to.file().is_some() {
            moved(&from, &to).await;
            continue;
        }
        let error = refused(&from, &to).await;
        let cause = std::error::Error::source(&error).expect("a cause").to_string();
        assert!(cause.contains(words) && cause.contains("settings"), "{cause}");
    }
}
