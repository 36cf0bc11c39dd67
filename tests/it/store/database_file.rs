//! The files that a forum keeps: whose they are, who may read them, and what Stoa leaves alone.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, SqliteConnection};
use stoa::store::database_file::{self, key_file};
use stoa::store::{OpenError, Store};
use tempfile::TempDir;

use crate::support::app::TestApp;

const ADDRESS: &str = "203.0.113.77";

struct Folder(TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a command where files that are made are open to all, were it not for what makes them.
    fn run(&self, arguments: &str) -> Output {
        let shell = format!("umask 000; exec {} {arguments}", env!("CARGO_BIN_EXE_stoa"));
        Command::new("sh").args(["-c", &shell]).current_dir(self.0.path()).env_clear().output().expect("run")
    }

    #[track_caller]
    fn works(&self, arguments: &str) -> String {
        let done = self.run(arguments);
        assert!(done.status.success(), "{arguments}: {done:?}");
        String::from_utf8(done.stdout).expect("UTF-8")
    }

    /// A command that is refused with one line that says this, and changes no file.
    #[track_caller]
    fn refuses(&self, arguments: &str, words: &str) {
        self.refuses_with(1, arguments, words);
    }

    /// The same, with the code that says that the address of the database has to change.
    #[track_caller]
    fn refuses_address(&self, arguments: &str, words: &str) {
        self.refuses_with(2, arguments, words);
    }

    #[track_caller]
    fn refuses_with(&self, code: i32, arguments: &str, words: &str) {
        let before = self.files();
        let done = self.run(arguments);
        let said = String::from_utf8(done.stderr).expect("UTF-8");
        assert_eq!(done.status.code(), Some(code), "{arguments}: {said}");
        let said = said.lines().filter(|line| line.starts_with("stoa: ")).collect::<Vec<_>>();
        assert!(said.len() == 1 && said[0].contains(words), "{arguments}: {said:?}");
        assert_eq!(self.files(), before, "{arguments}");
    }

    /// Every file with its bytes.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.0.path())
            .expect("a folder")
            .flatten()
            .filter(|file| file.path().is_file())
            .map(|file| (file.path(), std::fs::read(file.path()).expect("read")))
            .collect();
        files.sort();
        files
    }

    /// The names of files that others than their owner may read or write.
    fn open_to_others(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).expect("a folder").flatten();
        let is_open = |file: &std::fs::DirEntry| mode(&file.path()) & 0o077 != 0;
        files.filter(is_open).map(|file| file.file_name().to_string_lossy().into_owned()).collect()
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

async fn sql(path: &Path, statements: &str) {
    let mut db = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(false)
        .connect()
        .await
        .expect("a database");
    sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut db).await.expect("good SQL");
    db.close().await.expect("closed");
}

async fn number(path: &Path, query: &str) -> i64 {
    let mut db =
        SqliteConnectOptions::new().filename(path).read_only(true).connect().await.expect("a database");
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&mut db).await.expect("a number")
}

#[tokio::test]
async fn sqlite_is_new_enough() {
    let mut db = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
    let version: String =
        sqlx::query_scalar("select sqlite_version()").fetch_one(&mut db).await.expect("a version");
    let numbers: Vec<u32> = version.split('.').map(|number| number.parse().expect("a number")).collect();
    assert!(numbers >= vec![3, 51, 3], "{version} may damage a log that two connections begin anew at once");
}

#[tokio::test]
async fn only_its_owner_reads_a_database_its_copies_and_its_key() {
    let folder = Folder::new();
    folder.works("generate --stories 3 --comments 5 --users 4");
    folder.works("backup copy.db --with-key");
    let store = Store::open(&folder.path("stoa.db")).await.expect("opens");
    for name in ["stoa.db", "stoa.db-wal", "stoa.db-shm", "stoa.db.key", "copy.db", "copy.db.key"] {
        assert_eq!(mode(&folder.path(name)), 0o600, "{name}");
    }
    store.close().await;
    folder.works("restore copy.db --replace");
    folder.works("restore copy.db --database other.db");
    assert_eq!(folder.open_to_others(), [""; 0]);
}

#[tokio::test]
async fn a_database_that_others_could_read_is_taken_from_their_eyes() {
    let folder = Folder::new();
    folder.works("generate --stories 1 --comments 1");
    std::fs::write(folder.path("stoa.db.before-20270101"), "old").expect("written");
    std::fs::write(folder.path("stoa.db.txt"), "the operator's own").expect("written");
    for name in ["stoa.db", "stoa.db.before-20270101", "stoa.db.txt"] {
        std::fs::set_permissions(folder.path(name), std::fs::Permissions::from_mode(0o644)).expect("opened");
    }
    folder.works("admin log");
    assert_eq!(folder.open_to_others(), ["stoa.db.txt"], "what is none of Stoa's is left alone");
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = Folder::new();
    let other = folder.path("other.db");
    sql(
        &other,
        "create table songs (id integer primary key, name text); insert into songs values (1, 'One')",
    )
    .await;
    // One that keeps a log, one of another program that uses the same library, one that is marked and empty.
    sql(&folder.path("logged.db"), "pragma journal_mode = wal; create table songs (id integer primary key)")
        .await;
    sql(
        &folder.path("migrated.db"),
        "create table _sqlx_migrations (version bigint primary key, description text, installed_on \
         timestamp, success boolean, checksum blob, execution_time bigint); \
         insert into _sqlx_migrations values (1, 'forum', 0, true, x'00', 0); create table users (id); \
         create table items (id)",
    )
    .await;
    sql(&folder.path("marked.db"), "pragma application_id = 7").await;
    for name in ["other.db", "logged.db", "migrated.db", "marked.db"] {
        for command in [
            "serve --listen 127.0.0.1:0",
            "generate",
            "import none.json",
            "admin log",
            "backup copy.db",
            "restore other.db --replace",
        ] {
            folder
                .refuses_address(&format!("{command} --database {name}"), "is a database of another program");
        }
    }
    folder.refuses("restore other.db", "is not a complete Stoa backup; nothing was changed");
    assert_eq!(number(&other, "select count(*) from songs").await, 1);
}

#[tokio::test]
async fn what_is_no_database_is_refused_with_a_sentence() {
    let folder = Folder::new();
    std::fs::write(folder.path("letter.txt"), "Dear forum, ".repeat(100)).expect("written");
    std::fs::write(folder.path("short"), "S").expect("written");
    std::fs::create_dir(folder.path("folder")).expect("a folder");
    let made = Command::new("mkfifo").arg(folder.path("pipe")).status().expect("a command");
    assert!(made.success());
    for (name, words) in [
        ("letter.txt", "letter.txt is not a database: name another file"),
        ("short", "short is not a database"),
        ("folder", "folder is a folder: name a file in it, such as folder/stoa.db"),
        ("pipe", "pipe is not a file"),
        ("letter.txt/stoa.db", "cannot read letter.txt/stoa.db"),
        ("no/such/stoa.db", "cannot create the database no/such/stoa.db"),
    ] {
        folder.refuses_address(&format!("generate --database {name}"), words);
    }
    for name in ["letter.txt", "short", "folder", "pipe"] {
        folder.refuses_address(&format!("backup copy.db --database {name}"), name);
        folder.refuses(&format!("restore {name}"), name);
    }
    // Names that SQLite would take for something else than a file.
    for name in [":memory:", "file:forum.db?mode=memory"] {
        folder.works(&format!("generate --stories 1 --comments 1 --database '{name}'"));
        assert!(folder.path(name).is_file(), "{name}");
    }
    // An empty file is no more than nothing.
    std::fs::write(folder.path("empty.db"), "").expect("written");
    folder.refuses_address("admin log --database empty.db", "there is no database at empty.db");
    folder.works("generate --stories 1 --comments 1 --database empty.db");
}

#[tokio::test]
async fn a_command_that_needs_a_database_makes_none() {
    let folder = Folder::new();
    for command in [
        "admin create bob",
        "admin password bob",
        "admin claim bob",
        "admin invite",
        "admin role bob admin",
        "admin ban bob --reason spam",
        "admin kill 1",
        "admin log",
        "admin revisions 1",
        "backup copy.db",
    ] {
        folder.refuses_address(command, "there is no database at stoa.db");
    }
    assert!(folder.run("config").status.success());
    assert!(folder.files().is_empty(), "{:?}", folder.files());
}

/// The key as a file has it.
fn key(path: &Path) -> String {
    std::fs::read_to_string(key_file(path)).expect("a key")
}

#[tokio::test]
async fn the_key_of_addresses_hashes_lies_beside_the_database_and_in_no_copy_of_it() {
    let app = TestApp::new().await;
    let path = app.file().to_owned();
    let hash = |store: &Store| store.ip_hash_key().hashes(ADDRESS.parse().expect("an address")).address;
    let again = Store::open(&path).await.expect("opens");
    assert_eq!(hash(&again), hash(&app.store), "it is the same each time");
    again.close().await;

    let folder = Folder::new();
    let copy = folder.path("copy.db");
    database_file::copy(&path, &copy).await.expect("copied");
    assert!(!key_file(&copy).exists());
    let restored = Store::open(&copy).await.expect("opens");
    assert_ne!(hash(&restored), hash(&app.store), "a backup without its key begins a new one");
    restored.close().await;

    std::fs::remove_file(key_file(&copy)).expect("removed");
    database_file::copy_key(&path, &key_file(&copy)).expect("copied");
    let restored = Store::open(&copy).await.expect("opens");
    assert_eq!(hash(&restored), hash(&app.store), "with it, it knows what it knew");
    restored.close().await;

    std::fs::write(key_file(&copy), "not a key\n").expect("written");
    let refused = Store::open(&copy).await.expect_err("refused");
    assert!(matches!(refused, OpenError::WrongKey(_)), "{refused}");
}

#[tokio::test]
async fn two_that_open_a_database_without_a_key_at_once_have_one() {
    let folder = Folder::new();
    let path = folder.path("stoa.db");
    Store::open(&path).await.expect("a database").close().await;
    for _ in 0..8 {
        std::fs::remove_file(key_file(&path)).expect("removed");
        let stores = tokio::join!(Store::open(&path), Store::open(&path));
        let (one, other) = (stores.0.expect("opens"), stores.1.expect("opens"));
        let hash = |store: &Store| store.ip_hash_key().hashes(ADDRESS.parse().expect("an address")).address;
        assert_eq!(hash(&one), hash(&other));
        one.close().await;
        other.close().await;
    }
}

/// A database as good as any, and a copy of it with something done to it.
async fn changed(folder: &Folder, statements: &str) {
    let copy = folder.path("copy.db");
    let _ = std::fs::remove_file(&copy);
    database_file::copy(&folder.path("stoa.db"), &copy).await.expect("copied");
    sql(&copy, statements).await;
}

#[tokio::test]
async fn a_backup_that_is_not_as_stoa_makes_them_is_not_put_back() {
    let folder = Folder::new();
    folder.works("generate --stories 5 --comments 20 --users 6");
    let unknown = "migration 20261129 is unknown or incomplete";
    for (statements, words) in [
        (
            "create trigger t after insert on items begin update users set role = 'admin'; end",
            "it has the trigger t, which Stoa did not make",
        ),
        ("create view v as select * from users", "it has the view v, which Stoa did not make"),
        ("create table extra (id)", "it has the table extra, which Stoa did not make"),
        ("create index extra on items (text)", "it has the index extra, which Stoa did not make"),
        ("drop index items_ranked", "it lacks the index items_ranked"),
        ("drop table visits", "it lacks the table visits"),
        (
            "drop index items_ranked; create index items_ranked on items (id)",
            "its index items_ranked differs from Stoa's",
        ),
        ("alter table users add column extra text", "its table users differs from Stoa's"),
        (
            "update votes set user_id = 9999 where rowid = (select min(rowid) from votes)",
            "it has a row with a broken reference, the first in table votes to users",
        ),
        ("update _sqlx_migrations set checksum = x'00'", unknown),
        ("update _sqlx_migrations set success = false", unknown),
        (
            "delete from _sqlx_migrations where version > 20261129; update _sqlx_migrations set version = 3",
            "it was written by an unreleased version of Stoa",
        ),
        (
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (99990000, '', true, x'00', 1)",
            "it was written by a newer Stoa (its schema is 99990000)",
        ),
    ] {
        changed(&folder, statements).await;
        folder.refuses(
            "restore copy.db --replace",
            &format!("copy.db is not a complete Stoa backup; nothing was changed: {words}"),
        );
        folder.refuses("restore copy.db --database new.db", words);
    }
    // Bytes of a page that were changed.
    changed(&folder, "select 1").await;
    let copy = folder.path("copy.db");
    let mut bytes = std::fs::read(&copy).expect("read");
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 2_000].fill(0xFF);
    std::fs::write(&copy, bytes).expect("written");
    folder.refuses("restore copy.db --replace", "copy.db is not a complete Stoa backup");
}

#[tokio::test]
async fn a_backup_of_a_database_that_was_tampered_with_says_so_and_is_kept() {
    let folder = Folder::new();
    folder.works("generate --stories 5 --comments 20 --users 6");
    sql(&folder.path("stoa.db"), "create trigger t after insert on items begin select 1; end").await;
    let done = folder.run("backup copy.db");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("but `stoa restore` would refuse it: it has the trigger t"), "{said}");
    assert!(folder.path("copy.db").exists(), "it is better than none");
}

#[tokio::test]
async fn a_database_that_was_copied_as_a_file_is_put_back_with_its_log() {
    let folder = Folder::new();
    let app = TestApp::new().await;
    let mut alice = app.member("alice").await;
    let story = alice.text_story("A story", "Words.").await;
    for ending in ["", "-wal"] {
        let from = format!("{}{ending}", app.file().display());
        std::fs::copy(from, folder.path(&format!("raw.db{ending}"))).expect("copied");
    }
    let before = folder.files();
    folder.works("restore raw.db");
    let raw = |files: Vec<(PathBuf, Vec<u8>)>| {
        files.into_iter().filter(|(path, _)| path.to_string_lossy().contains("raw.db")).collect::<Vec<_>>()
    };
    assert_eq!(raw(folder.files()), before, "the backup is as it was");
    let store = Store::open(&folder.path("stoa.db")).await.expect("opens");
    store.item(stoa::domain::items::item::ItemId(story)).await.expect("what its log held");
    store.close().await;
}

#[tokio::test]
async fn a_restore_keeps_the_key_or_takes_that_of_the_backup() {
    let folder = Folder::new();
    folder.works("generate --stories 1 --comments 1");
    let ours = key(&folder.path("stoa.db"));
    folder.works("backup copy.db");
    folder.works("restore copy.db --replace");
    assert_eq!(key(&folder.path("stoa.db")), ours, "its own backup knows the same addresses");

    folder.works("generate --stories 1 --comments 1 --database other.db");
    folder.works("backup theirs.db --with-key --database other.db");
    folder.works("restore theirs.db --replace");
    assert_eq!(key(&folder.path("stoa.db")), key(&folder.path("other.db")));
    assert_eq!(key(&folder.path("stoa.db.replaced-2")), ours, "what was replaced keeps its own");
    folder.works("admin log --database stoa.db.replaced-2");
    std::fs::write(folder.path("theirs.db.key"), "broken").expect("written");
    folder.refuses("restore theirs.db --replace", "theirs.db.key does not contain a valid IP hash key");
}

#[tokio::test]
async fn a_log_of_another_mode_is_not_left_behind_by_a_look() {
    let folder = Folder::new();
    let path = folder.path("foreign.db");
    let options = SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut theirs = options.connect().await.expect("a database");
    sqlx::query("create table songs (id integer primary key)").execute(&mut theirs).await.expect("a table");
    // While the other program runs and all is in its log.
    let refused = Store::open(&path).await.expect_err("refused");
    assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");
    sqlx::query("insert into songs values (1)").execute(&mut theirs).await.expect("it goes on");
    theirs.close().await.expect("closed");
    assert_eq!(folder.files().len(), 1, "nothing stands beside it");
}
