//! The database file: opened again, opened by an older program, and copied; and its log.

use std::path::{Path, PathBuf};

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use stoa::clock::Timestamp;
use stoa::domain::accounts::user::UserId;
use stoa::domain::items::item::ItemId;
use stoa::domain::votes::uncounted::Uncounted;
use stoa::store::{MAX_WAL_BYTES, OpenError, Store};
use tempfile::TempDir;

use crate::support::app::TestApp;

async fn forum() -> TestApp {
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    alice.reply(story, "A comment.").await;
    app
}

#[tokio::test]
async fn opening_a_database_again_changes_nothing() {
    let app = forum().await;
    let before = app.dump(&[]).await;
    let again = Store::open(app.store.path()).await.expect("opens");
    assert_eq!(app.dump(&[]).await, before);
    again.close().await;
    let beside: Vec<_> =
        std::fs::read_dir(app.dir.path()).expect("a folder").flatten().map(|f| f.file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().contains("before")), "{beside:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_stoa_is_refused_with_what_to_do() {
    let app = forum().await;
    app.sql(
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
         values (9000, 'later', true, x'00', 1)",
    )
    .await;
    let before = app.dump(&[]).await;
    let refused = Store::open(app.store.path()).await.expect_err("refused");
    assert!(matches!(&refused, OpenError::Newer(path, 9000) if path == app.store.path()));
    let sentence = refused.to_string();
    for part in
        [app.store.path().to_str().expect("a path"), "newer Stoa", "9000", "start that version", "backup"]
    {
        assert!(sentence.contains(part), "“{part}” in: {sentence}");
    }
    assert_eq!(app.dump(&[]).await, before);
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_not_taken_for_the_same() {
    let app = forum().await;
    app.sql("update _sqlx_migrations set checksum = x'00'").await;
    let refused = Store::open(app.store.path()).await.expect_err("refused");
    assert!(matches!(refused, OpenError::Migrate(..)), "{refused}");
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let app = TestApp::new().await;
    let path = app.dir.path().join("letter.txt");
    std::fs::write(&path, "Dear forum, this is not a database at all. ".repeat(100)).expect("written");
    let before = std::fs::read(&path).expect("read");
    let refused = Store::open(&path).await.expect_err("refused");
    assert!(refused.to_string().contains("letter.txt"), "{refused}");
    assert_eq!(std::fs::read(&path).expect("read"), before);
    assert!(Store::check(&path).await.is_err());
    assert!(Store::open(&app.dir.path().join("no/such/folder/stoa.db")).await.is_err());
}

#[tokio::test]
async fn a_backup_is_a_whole_copy_that_opens() {
    let mut app = forum().await;
    let copy = app.dir.path().join("copy.db");
    Store::copy(app.store.path(), &copy).await.expect("backed up");
    let before = app.dump(&[]).await;
    // What comes after the copy is not in it.
    app.member("bob").await;
    assert_ne!(app.dump(&[]).await, before);
    Store::check(&copy).await.expect("whole");
    app.store = Store::open(&copy).await.expect("opens");
    assert_eq!(app.dump(&[]).await, before);
    assert!(Store::copy(app.store.path(), &copy).await.is_err(), "a copy never overwrites a file");
}

/// How large the database's log is, in bytes.
fn log_size(app: &TestApp) -> u64 {
    let mut log = app.store.path().as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).expect("a log").len()
}

#[tokio::test]
async fn a_log_that_grew_while_somebody_read_is_small_after_the_next_look() {
    let app = forum().await;
    stoa::jobs::checkpoint_wal(&app.store).await;
    let small = log_size(&app);
    assert!(small > 0, "a small log is left alone");

    let mut reader = app.connection().await;
    sqlx::query("begin").execute(&mut reader).await.expect("a transaction");
    let items = "select count(*) from items";
    let before: i64 = sqlx::query_scalar(items).fetch_one(&mut reader).await.expect("a number");
    for nth in 0..20 {
        app.sql(&format!("insert into secrets (name, value) values ('large {nth}', randomblob(1000000))"))
            .await;
    }
    assert!(log_size(&app) > MAX_WAL_BYTES);
    stoa::jobs::checkpoint_wal(&app.store).await;
    assert!(log_size(&app) > MAX_WAL_BYTES, "somebody still reads what was before");
    let story = app.session("alice").await.text_story("Another story", "Words.").await;
    let seen: i64 = sqlx::query_scalar(items).fetch_one(&mut reader).await.expect("a number");
    assert_eq!(seen, before, "nobody is disturbed");

    sqlx::query("rollback").execute(&mut reader).await.expect("the end");
    stoa::jobs::checkpoint_wal(&app.store).await;
    assert!(log_size(&app) <= small, "{}", log_size(&app));
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.one("main h1").text, "Another story");
    assert_eq!(app.number("select count(*) from secrets where name like 'large %'").await, 20);
    Store::check(app.store.path()).await.expect("whole");
}

/// A database as the first Stoa would have it, in a folder of its own.
async fn old_database() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a folder");
    let old = dir.path().join("old");
    std::fs::create_dir(&old).expect("a folder");
    for (name, text) in [
        ("0001_forum.sql", include_str!("../../../migrations/sqlite/0001_forum.sql")),
        ("0002_community.sql", include_str!("../../../migrations/sqlite/0002_community.sql")),
    ] {
        std::fs::write(old.join(name), text).expect("written");
    }
    let database = dir.path().join("stoa.db");
    let options = SqliteConnectOptions::new().filename(&database).create_if_missing(true);
    let mut db = options.connect().await.expect("a database");
    Migrator::new(old).await.expect("the migrations").run(&mut db).await.expect("as it was");
    db.close().await.expect("closed");
    (dir, database)
}

async fn connect(database: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(database).connect().await.expect("a connection")
}

/// The copies of what was before that stand beside a database.
fn copies(dir: &TempDir) -> Vec<PathBuf> {
    let beside = std::fs::read_dir(dir.path()).expect("a folder").flatten().map(|file| file.path());
    beside.filter(|path| path.to_string_lossy().contains("stoa.db.before-")).collect()
}

#[tokio::test]
async fn votes_of_before_that_did_not_count_say_why_after_the_upgrade() {
    let (dir, database) = old_database().await;
    let mut db = connect(&database).await;
    let rows = "insert into users (id, name, karma, karma_base, created, replies_read_at) values (1, 'a', 1, \
                1, 1, 1), (2, 'b', 1, 1, 1, 1); \
                insert into items (id, kind, author_id, time, rank_time, visible_at, root_id, depth, score) \
                values (1, 'story', 1, 1, 1, 1, 1, 0, 1), (2, 'story', 2, 1, 1, 1, 2, 0, 2); \
                insert into votes (user_id, item_id, dir, counted, own, at) \
                values (1, 1, 1, true, true, 1), (2, 2, 1, true, true, 1), (1, 2, 1, true, false, 2), (2, 1, \
                1, false, false, 3)";
    sqlx::raw_sql(rows).execute(&mut db).await.expect("rows");
    db.close().await.expect("closed");

    let store = Store::open(&database).await.expect("brought up to date");
    let before = (Timestamp(i64::MAX), UserId(i64::MAX), ItemId(i64::MAX));
    let uncounted = store.uncounted_votes(before, 10).await.expect("votes");
    let found: Vec<_> =
        uncounted.iter().map(|vote| (vote.voter.as_str(), vote.item_id, vote.uncounted)).collect();
    assert_eq!(found, [("b", ItemId(1), Uncounted::Shadowed)]);
    assert_eq!(copies(&dir).len(), 1, "a copy of what it was stands beside it");
    store.close().await;
}

#[tokio::test]
async fn a_copy_that_was_not_finished_is_not_taken_for_one() {
    let (dir, database) = old_database().await;
    // Such a folder keeps the copy from being written.
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
    let names = std::fs::read_dir(migrations).expect("a folder").flatten().map(|file| file.file_name());
    let number = |name: std::ffi::OsString| name.to_string_lossy().split('_').next()?.parse::<u32>().ok();
    let newest = names.filter_map(number).max().expect("a migration");
    let partial = dir.path().join(format!("stoa.db.before-{newest:04}.partial"));
    std::fs::create_dir(&partial).expect("a folder");
    let refused = Store::open(&database).await.expect_err("nothing is done without a copy");
    assert!(matches!(refused, OpenError::Backup(..)), "{refused}");
    assert_eq!(copies(&dir), [partial.as_path()]);
    std::fs::remove_dir(&partial).expect("removed");
    std::fs::write(&partial, "Half of a database, as a full disk leaves it.").expect("written");

    Store::open(&database).await.expect("brought up to date").close().await;
    let whole = dir.path().join(format!("stoa.db.before-{newest:04}"));
    assert_eq!(copies(&dir), [whole.as_path()]);
    let mut copy = connect(&whole).await;
    let version: i64 = sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(&mut copy)
        .await
        .expect("a number");
    assert_eq!(version, 2, "as it was before");
}

#[tokio::test]
async fn a_backup_leaves_the_database_as_the_forum_that_runs_on_it_knows_it() {
    let (dir, database) = old_database().await;
    let copy = dir.path().join("copy.db");
    Store::copy(&database, &copy).await.expect("backed up");
    for path in [&database, &copy] {
        let mut db = connect(path).await;
        let version: i64 = sqlx::query_scalar("select max(version) from _sqlx_migrations")
            .fetch_one(&mut db)
            .await
            .expect("a number");
        assert_eq!(version, 2, "{}", path.display());
    }
    assert!(copies(&dir).is_empty());
}
