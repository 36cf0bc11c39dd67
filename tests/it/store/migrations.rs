//! The database file: opened again, opened by an older program, and copied; and its log.

use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use stoa::domain::accounts::user::Role;
use stoa::store::database_file::{self, MAX_WAL_BYTES};
use stoa::store::{OpenError, Store};

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
    let again = Store::open(app.file()).await.expect("opens");
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
         values (99990000, 'later', true, x'00', 1)",
    )
    .await;
    let before = app.dump(&[]).await;
    let refused = Store::open(app.file()).await.expect_err("refused");
    assert!(matches!(&refused, OpenError::Newer(of, 99_990_000) if of == app.store.address()));
    let sentence = refused.to_string();
    for part in
        [app.file().to_str().expect("a path"), "newer Stoa", "99990000", "start that version", "backup"]
    {
        assert!(sentence.contains(part), "“{part}” in: {sentence}");
    }
    assert_eq!(app.dump(&[]).await, before);
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_not_taken_for_the_same() {
    let app = forum().await;
    app.sql("update _sqlx_migrations set checksum = x'00'").await;
    let refused = Store::open(app.file()).await.expect_err("refused");
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
    assert!(database_file::check(&path).await.is_err());
    assert!(Store::open(&app.dir.path().join("no/such/folder/stoa.db")).await.is_err());
}

#[tokio::test]
async fn a_backup_is_a_whole_copy_that_opens() {
    let mut app = forum().await;
    let copy = app.dir.path().join("copy.db");
    database_file::copy(app.file(), &copy).await.expect("backed up");
    let before = app.dump(&[]).await;
    // What comes after the copy is not in it.
    app.member("bob").await;
    assert_ne!(app.dump(&[]).await, before);
    database_file::check(&copy).await.expect("whole");
    app.store = Store::open(&copy).await.expect("opens");
    assert_eq!(app.dump(&[]).await, before);
    assert!(database_file::copy(app.file(), &copy).await.is_err(), "a copy never overwrites a file");
}

/// How large the database's log is, in bytes.
fn log_size(app: &TestApp) -> u64 {
    let mut log = app.file().as_os_str().to_owned();
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
    reader.execute("begin").await;
    let items = "select count(*) from items";
    let before: Vec<(i64,)> = reader.rows(items).await;
    for nth in 0..20 {
        app.sql(&format!(
            "insert into settings (name, value) values ('large {nth}', hex(randomblob(500000)))"
        ))
        .await;
    }
    assert!(log_size(&app) > MAX_WAL_BYTES);
    stoa::jobs::checkpoint_wal(&app.store).await;
    assert!(log_size(&app) > MAX_WAL_BYTES, "somebody still reads what was before");
    let story = app.session("alice").await.text_story("Another story", "Words.").await;
    let seen: Vec<(i64,)> = reader.rows(items).await;
    assert_eq!(seen, before, "nobody is disturbed");

    reader.execute("rollback").await;
    stoa::jobs::checkpoint_wal(&app.store).await;
    assert!(log_size(&app) <= small, "{}", log_size(&app));
    assert_eq!(app.visitor().get(&format!("/item/{story}")).await.one("main h1").text, "Another story");
    assert_eq!(app.number("select count(*) from settings where name like 'large %'").await, 20);
    database_file::check(app.file()).await.expect("whole");
}

#[tokio::test]
async fn a_database_of_an_unreleased_stoa_is_refused_with_what_to_do() {
    let app = forum().await;
    app.sql("delete from _sqlx_migrations where version > 20261129; update _sqlx_migrations set version = 1")
        .await;
    let before = app.dump(&[]).await;
    let refused = Store::open(app.file()).await.expect_err("refused");
    assert!(matches!(&refused, OpenError::Unreleased(of) if of == app.store.address()), "{refused}");
    let sentence = refused.to_string();
    for part in [app.file().to_str().expect("a path"), "unreleased version", "name another database"] {
        assert!(sentence.contains(part), "“{part}” in: {sentence}");
    }
    assert_eq!(app.dump(&[]).await, before);
}

#[tokio::test]
async fn a_backup_leaves_the_database_as_the_forum_that_runs_on_it_knows_it() {
    let app = forum().await;
    app.sql("delete from _sqlx_migrations").await;
    let copy = app.dir.path().join("copy.db");
    database_file::copy(app.file(), &copy).await.expect("backed up");
    for path in [app.file(), &copy] {
        let mut db = SqliteConnectOptions::new().filename(path).connect().await.expect("a connection");
        let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations")
            .fetch_one(&mut db)
            .await
            .expect("a number");
        assert_eq!(applied, 0, "{}", path.display());
    }
}

#[tokio::test]
async fn replies_and_notices_of_before_the_inbox_are_in_it() {
    let app = forum().await;
    let story = app.number("select id from items where kind = 'story'").await;
    let mut bob = app.member("bob").await;
    let read = bob.reply(story, "Read before.").await;
    let mut chief = app.person("chief", Role::Moderator).await;
    app.pass(60);
    let unread = bob.reply(story, "Not yet read.").await;
    chief.post("/user/alice/warn", &[("warning", "Be kind.")]).await;
    let (alice, read_at) = (app.id_of("alice").await.0, app.now().0 - 60);
    app.sql(&format!(
        "drop table inbox; drop table follows; \
         alter table items add column reply_to integer references users (id); \
         create index items_replies on items (reply_to, time desc, id desc) where reply_to is not null; \
         alter table users add column replies_read_at integer not null default 0; \
         update items set reply_to = {alice} where id in ({read}, {unread}); \
         update users set replies_read_at = {read_at}; \
         delete from _sqlx_migrations where version = 20261201",
    ))
    .await;
    Store::open(app.file()).await.expect("migrated").close().await;
    let rows: Vec<(String, Option<i64>, Option<i64>)> = app
        .rows(&format!("select kind, item_id, read_at from inbox where user_id = {alice} order by id"))
        .await;
    let reply = |item, read| ("reply".to_owned(), Some(item), read);
    assert_eq!(rows, [reply(read, Some(read_at)), reply(unread, None), ("notice".to_owned(), None, None)]);
    let page = app.node_at(app.store.address()).await.session("alice").await.get("/inbox").await;
    assert_eq!(page.one("header.site a[href='/inbox'] .count").text, "2 unread");
    for part in ["Not yet read.", "Read before.", "Be kind."] {
        assert!(page.says(part), "{part}: {}", page.text());
    }
}
