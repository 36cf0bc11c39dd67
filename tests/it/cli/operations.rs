//! Operating: the command line as a person uses it, through the real program.

use std::process::Command;
use std::time::Duration;

use stoa::domain::accounts::password::PasswordError;
use stoa::domain::accounts::user::NameError;

use crate::support::database::TestConnection;
use crate::support::program::{Folder, PASSWORD, Running};

pub const THREAD: &str = include_str!("../../fixtures/import/thread.json");

#[test]
fn settings_of_the_community_are_reloaded_and_a_mistake_changes_nothing() {
    let folder = Folder::new();
    folder.write("stoa.toml", "site_name = \"Looms\"\n");
    let forum = folder.serve();
    let title = |forum: &Running| {
        let page = forum.get("/");
        let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
        title.expect("a title").0.rsplit("| ").next().expect("a name").to_owned()
    };
    assert_eq!(title(&forum), "Looms");
    folder.write("stoa.toml", "site_name = \"Mills\"\nstories_per_hour = 3\n");
    let said = forum.reload();
    assert!(said.contains("the settings were reloaded") && !said.contains("restart"), "{said}");
    assert_eq!(title(&forum), "Mills");
    let log = forum.get("/log");
    assert!(log.contains("site_name: “Looms” became “Mills”"), "{log}");

    folder.write("stoa.toml", "site_name = \"Hats\"\nstories_per_hour = \"many\"\n");
    let said = forum.reload();
    assert!(said.contains("the settings were not reloaded: ") && said.contains("stories_per_hour"), "{said}");
    assert_eq!(title(&forum), "Mills");
    folder.write("stoa.toml", "site_name = \"Hats\"\ncache_mb = 9\n");
    assert!(forum.reload().contains("these settings need a restart: cache_mb"));
    assert_eq!(title(&forum), "Hats");
    for unfinished in ["", " \n", "# Only a comment.\n"] {
        folder.write("stoa.toml", unfinished);
        let said = forum.reload();
        assert!(said.contains("not reloaded: stoa.toml is missing or has no settings"), "{said}");
        assert_eq!(title(&forum), "Hats", "a file that is just being written resets nothing");
    }
    folder.write("stoa.toml", &"# A line.\n".repeat(110_000));
    assert!(forum.reload().contains("it is larger than 1 MB"));
    std::fs::remove_file(folder.path("stoa.toml")).expect("removed");
    let made = Command::new("mkfifo").arg(folder.path("stoa.toml")).status().expect("a pipe");
    assert!(made.success() && forum.reload().contains("it is not a file"), "nobody waits for a writer");
    assert_eq!(title(&forum), "Hats");
    assert_eq!(forum.stop().0, Some(0));
}

#[test]
fn the_settings_printed_are_settings_that_can_be_read() {
    let folder = Folder::new();
    let defaults = folder.works("config");
    assert!(defaults.contains("listen = \"127.0.0.1:8000\"") && defaults.contains("\n# "));
    let chosen = folder.works("config --site-name Looms --stories-per-hour 3 --signup-mode closed");
    assert_ne!(chosen, defaults);
    folder.write("stoa.toml", &chosen);
    assert_eq!(folder.works("config"), chosen, "what was printed reads back as itself");
    assert!(
        folder.works("config --site-name Mills").contains("site_name = \"Mills\""),
        "a flag wins over the file"
    );
    let output = folder.command("config").env("STOA_SITE_NAME", "Hats").output().expect("its end");
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("site_name = \"Hats\""),
        "the environment does too"
    );
}

#[test]
fn a_bad_setting_is_named_and_ends_with_code_2() {
    let folder = Folder::new();
    for (arguments, name) in [
        ("config --listen nowhere", "--listen"),
        ("config --base-url ftp://example.com", "--base-url"),
        ("config --log-filter stoa=loud=very", "--log-filter"),
        ("config --stories-per-hour many", "--stories-per-hour"),
        ("serve --signup-mode maybe", "--signup-mode"),
        ("config --colour red", "--colour"),
    ] {
        let said = folder.run(arguments);
        assert_eq!(said.code, Some(2), "{arguments}: {said:?}");
        assert!(said.err.contains(name) && said.out.is_empty(), "{arguments}: {said:?}");
    }
    folder.write("stoa.toml", "site_nmae = \"Looms\"\n");
    let said = folder.run("config");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("site_nmae") && said.err.contains("stoa.toml"), "{said:?}");
}

#[test]
fn an_operator_makes_changes_and_bans_accounts() {
    let folder = Folder::with_database();
    assert_eq!(folder.works("admin create Root --role admin"), "Made Root, an admin.\n");
    assert_eq!(folder.works("admin create bob"), "Made bob, a member.\n");
    assert_eq!(folder.works("admin role BOB moderator"), "bob is now moderator.\n");
    assert!(folder.works("admin password bob").starts_with("Set the password of bob"));
    assert!(folder.works("admin ban bob --reason spam").starts_with("Banned bob"));
    folder.refuses("admin ban bob --reason spam", "", "bob is already banned");
    let lifted = "Lifted the ban on bob.\n";
    assert_eq!(folder.works("admin unban bob"), lifted);
    folder.refuses("admin unban bob", "", "bob is not banned");
    assert!(folder.works("admin ban bob --days 3 --reason spam").starts_with("Banned bob until "));
    folder.refuses("admin ban bob --days 0 --reason spam", "", "Choose a number of days");
    assert_eq!(folder.works("admin unban bob"), lifted);
    assert_eq!(folder.works("admin limit bob --reason haste"), "Limited bob until a moderator lifts it.\n");
    assert!(folder.works("admin limit bob --days 1 --reason haste").starts_with("Limited bob until "));
    assert_eq!(folder.works("admin unlimit bob"), "bob can post as often as others again.\n");
    folder.refuses("admin unlimit bob", "", "bob is not limited");
    folder.refuses("admin shadow bob --reason spam", "", "Moderators can see shadow-bans in the log");
    assert_eq!(folder.works("admin role bob member --reason tired"), "bob is now member.\n");
    assert_eq!(folder.works("admin shadow bob --reason spam"), "Shadow-banned bob.\n");
    folder.refuses("admin shadow bob --reason spam", "", "bob is already shadow-banned");
    assert_eq!(folder.works("admin unshadow bob --bring-back"), "Lifted the shadow-ban on bob.\n");
    let last = "Root is the last admin";
    folder.refuses("admin ban Root --reason spam", "", last);
    folder.refuses("admin create BOB", PASSWORD, "the name BOB is taken");
    folder.refuses("admin create b", PASSWORD, &NameError::Length.to_string());
    for short in ["short\n", ""] {
        folder.refuses("admin create carl", short, &PasswordError::Short.to_string());
    }
    folder.refuses("admin role nobody member", "", "there is no user named nobody");
    folder.refuses("admin role Root member", "", last);
    folder.refuses("admin claim bob", PASSWORD, "bob is not an unclaimed imported name");
    folder.refuses("admin kill 99", "", "there is no item 99");
    let log = folder.works("admin log");
    let acts = log.lines().filter_map(|line| Some(line.split_once("(operator)  ")?.1));
    let acts: Vec<&str> = acts.map(|act| act.split(" (until ").next().unwrap_or(act)).collect();
    let expected = [
        "unshadow bob (0 posts restored)",
        "shadow bob: spam",
        "member bob: tired",
        "unlimit bob",
        "limit bob: haste",
        "limit bob: haste",
        "unban bob",
        "ban bob: spam",
        "unban bob",
        "ban bob: spam (permanently)",
        "password bob",
        "moderator bob",
        "admin Root",
    ];
    assert_eq!(acts, expected, "each act is told, the latest first");
    assert_eq!(folder.works("admin revisions 99"), "That item was not changed in the last 90 days.\n");
    let said = folder.run("admin role bob king");
    assert!(said.code == Some(2) && said.err.contains("choose member, moderator or admin"), "{said:?}");
}

#[test]
fn an_operator_invites_people() {
    let folder = Folder::with_database();
    folder.works("admin create bob");
    folder.refuses("admin invite", "", "there is no admin yet: name the inviter");
    folder.works("admin create Root --role admin");
    folder.refuses("admin invite nobody", "", "no user named nobody");
    folder.refuses("admin invite bob --signup-mode closed", "", "signup_mode is closed");
    let said = folder.works("admin invite --base-url https://forum.example");
    assert!(said.starts_with("An invitation from Root, valid for one person until "), "{said}");
    let said = folder.works("admin invite BOB --signup-mode invitation");
    assert!(said.starts_with("An invitation from bob,"), "{said}");
    let running = folder.serve();
    let link = said.lines().find(|line| line.contains("/invitation/")).expect("a link").trim().to_owned();
    let page = running.get(link.trim_start_matches("http://127.0.0.1:8000"));
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("bob</a> invites you"), "{page}");
    folder.works("admin ban bob --reason spam");
    folder.refuses("admin invite bob", "", "bob is banned");
    let (_, err, _) = running.stop();
    assert!(!err.contains(link.rsplit('/').next().expect("a token")), "the log holds no link: {err}");
}

#[test]
fn an_import_run_twice_changes_nothing_and_its_names_can_be_handed_over() {
    let folder = Folder::new();
    folder.write("thread.json", THREAD);
    let first = folder.run("import thread.json");
    assert_eq!(first.code, Some(0), "{first:?}");
    let again = folder.run("import thread.json");
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(first.out.starts_with("Imported 4 items"), "{first:?}");
    assert!(again.out.starts_with("Imported 0 items (4 known)"), "{again:?}");
    folder.refuses("admin password ada", PASSWORD, "Ada was imported and is not claimed yet");
    assert_eq!(folder.works("admin claim ada"), "Ada can log in now.\n");
    assert!(folder.works("admin log").ends_with("(operator)  claim Ada\n"));
    assert_eq!(folder.works("admin kill 1004 --reason spam"), "Killed item 1004.\n");
    folder.refuses("admin kill 1004", "", "item 1004 is already dead");
    let running = folder.serve();
    let page = running.get("/item/1001");
    assert!(
        page.contains("A loom that reads cards") && page.contains("2 comments") && !page.contains("First.")
    );
    assert_eq!(folder.works("admin unkill 1004"), "Restored item 1004.\n");
    let noticed = || {
        std::thread::sleep(Duration::from_millis(100));
        running.get("/item/1001").contains("First.")
    };
    assert!((0..30).any(|_| noticed()), "the running forum notices");
    let said = folder.run("import nothing.json");
    assert!(said.code == Some(1) && said.err.contains("nothing.json"), "{said:?}");
}

#[tokio::test]
async fn a_made_up_site_has_the_same_long_thread_whatever_its_size() {
    let mut threads = Vec::new();
    for stories in [20, 60] {
        let folder = Folder::new();
        let said =
            folder.works(&format!("generate --stories {stories} --comments 100 --users 300 --long 40,7"));
        assert_eq!(said, format!("Made {} stories and 147 comments by 300 people.\n", stories + 2));
        let mut connection = TestConnection::to(&folder.database).await;
        let query = "select u.name || ' at ' || i.depth || ' of ' || i.score || ', ' || i.ups || ', ' \
             || i.downs || ': ' || i.text from items i join users u on u.id = i.author_id \
             where i.root_id = (select id from items where kind = 'story' order by time desc limit 1) \
             and i.kind = 'comment' order by i.id";
        let texts: Vec<(String,)> = connection.rows(query).await;
        assert_eq!(texts.len(), 40);
        threads.push(texts);
    }
    assert_eq!(threads[0], threads[1]);
}

#[test]
fn a_forum_answers_says_how_to_become_its_admin_and_stops_when_told() {
    let folder = Folder::new();
    let running = folder.serve();
    let health = running.get("/healthz");
    assert!(health.starts_with("HTTP/1.1 200") && health.ends_with("ok\n"), "{health}");
    assert!(running.get("/").contains("No stories yet"));
    let second = folder.run(&format!("serve --listen {}", running.address));
    assert!(
        second.code == Some(1)
            && second.err.contains("another program, or another Stoa, listens there already"),
        "{second:?}"
    );
    let (code, err, out) = running.stop();
    assert_eq!(code, Some(0), "{err}");
    assert_eq!((err.matches("/setup/").count(), out.matches("/setup/").count()), (1, 0), "{err}");
    let link = err.lines().find(|line| line.contains("/setup/")).expect("the link");
    assert!(link.trim().starts_with("http://127.0.0.1:"), "it stands alone, not in the log: {link}");
    assert!(!folder.path("stoa.db-wal").exists(), "the log is folded in");

    folder.works("admin create Root --role admin");
    let running = folder.serve();
    let (code, err, _) = running.stop();
    assert!(code == Some(0) && !err.contains("/setup/"), "{err}");
}

#[test]
fn what_the_operator_sets_otherwise_stands_in_the_log() {
    let folder = Folder::new();
    folder.write("stoa.toml", "min_karma_to_flag = 20\ncache_mb = 8\n");
    let running = folder.serve();
    assert!(running.get("/log").contains("No moderation actions yet"), "a first start changes nothing");
    running.stop();
    folder.write("stoa.toml", "min_karma_to_flag = 12\ncache_mb = 9\nsignup_mode = \"closed\"\n");
    let running = folder.serve();
    let log = running.get("/log");
    for said in [
        "the operator changed the setting",
        "min_karma_to_flag: 20 became 12",
        "signup_mode: “open” became “closed”",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("cache_mb"), "what is about the machine is nobody else's business");
}

/// Leaves the database as a later version would.
pub async fn make_newer(folder: &Folder) {
    let newer = "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 select 99990000, 'of a later version', true, checksum, 0 from _sqlx_migrations limit 1";
    TestConnection::to(&folder.database).await.execute(newer).await;
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_alone() {
    let folder = Folder::with_database();
    folder.works("admin create Root --role admin");
    make_newer(&folder).await;
    let database = if folder.database.file().is_some() { "stoa.db" } else { &folder.database.to_string() };
    for arguments in ["serve --listen 127.0.0.1:0", "admin create bob", "admin log"] {
        let words = format!("{database} was written by a newer Stoa (its schema is 99990000)");
        folder.refuses_with(2, arguments, PASSWORD, &words);
    }
}

#[tokio::test]
async fn a_newer_database_is_used_if_it_says_that_this_version_may() {
    let folder = Folder::with_database();
    make_newer(&folder).await;
    let newest = "select max(version) from _sqlx_migrations where version < 99990000";
    for (usable_from, is_used) in [(format!("({newest})"), true), (format!("({newest}) + 1"), false)] {
        let set = format!(
            "insert into instance (name, value) values ('usable_from', cast({usable_from} as text)) \
             on conflict (name) do update set value = excluded.value"
        );
        TestConnection::to(&folder.database).await.execute(&set).await;
        if is_used {
            folder.works("admin create Root --role admin");
            assert!(folder.serve().get("/user/Root").starts_with("HTTP/1.1 200"), "the forum starts");
        } else {
            folder.refuses_with(2, "admin create bob", PASSWORD, " was written by a newer Stoa");
        }
    }
}
