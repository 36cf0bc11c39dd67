//! `stoa move`, as an operator types it.

use std::io::{BufRead, BufReader};

use crate::support::database;
use crate::support::program::Folder;

#[test]
fn a_forum_is_moved_with_a_summary_of_its_tables() {
    let folder = Folder::with_file();
    folder.works("generate --stories 20 --comments 60 --users 12 --long 5");
    folder.works("admin create Root --role admin");
    let said = folder.run("move --from stoa.db --to new.db");
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.err.starts_with("Copying stoa.db as it is now: ") && said.err.lines().count() == 1,
        "{said:?}"
    );
    let rows = |table: &str| {
        let line = said.out.lines().find(|line| line.split_whitespace().next() == Some(table));
        line.unwrap_or_else(|| panic!("{table}: {said:?}")).split_whitespace().nth(1).map(str::to_owned)
    };
    assert_eq!(rows("items").as_deref(), Some("86"));
    assert_eq!(rows("rules").as_deref(), Some("0"));
    assert!(
        said.out.contains(" rows from stoa.db to new.db and checked that every row is the same"),
        "{said:?}"
    );
    folder.works("backup copy.db --database new.db");
    assert!(folder.works("admin log --database new.db").contains("admin Root"));
    let again = folder.run("move --from stoa.db --to new.db");
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.err.starts_with("stoa: the same forum is in stoa.db and in new.db: "), "{again:?}");
    folder.works("generate --stories 1 --comments 0 --users 1 --long 1 --database other.db");
    let other = folder.run("move --from stoa.db --to other.db");
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.err.starts_with("stoa: other.db is not empty, as its table users has rows"), "{other:?}");
}

#[test]
fn a_move_that_cannot_be_made_ends_with_code_2_and_one_line() {
    let folder = Folder::with_database_file();
    for (arguments, words) in [
        ("--from none.db --to new.db", "there is no database at none.db"),
        ("--from stoa.db --to stoa.db", "the same forum is in stoa.db and in stoa.db"),
        ("--from none.jsonl --to new.db", "there is no database at none.jsonl"),
        ("--from mysql://u:secret@h/f --to new.db", "--from must be a file name"),
        ("--from stoa.db --to postgres://u:secret@h:port/f", "--to must be of the form postgres://USER"),
        ("--from stoa.db --to postgres://u:secret@127.0.0.1:1/f", "no PostgreSQL answers there"),
    ] {
        let said = folder.run(&format!("move {arguments}"));
        assert_eq!(said.code, Some(2), "{arguments}: {said:?}");
        assert!(said.err.starts_with("stoa: ") && said.err.lines().count() == 1, "{arguments}: {said:?}");
        assert!(said.err.contains(words) && !said.err.contains("secret"), "{arguments}: {said:?}");
        assert!(!folder.path("new.db").exists(), "{arguments}");
    }
}

/// Kills a move as soon as it says that it copies.
fn kill_a_move(folder: &Folder, to: &str) {
    let mut child = folder.command("move --from stoa.db --to").arg(to).spawn().expect("the program");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("its voice")).read_line(&mut line).expect("a line");
    child.kill().expect("killed");
    assert!(line.starts_with("Copying") && !child.wait().expect("its end").success(), "{line}");
}

#[tokio::test]
async fn after_a_move_was_killed_every_command_refuses_the_target_and_says_what_to_do() {
    let folder = Folder::with_file();
    folder.works("generate --stories 100 --comments 3000 --users 50 --long 5");
    let postgres = database::empty_postgres().await.map(|address| address.as_given());
    for to in std::iter::once("half.db".to_owned()).chain(postgres) {
        kill_a_move(&folder, &to);
        for command in ["serve --listen 127.0.0.1:0", "admin log", "generate", "import none.jsonl"] {
            let output = folder.command(command).args(["--database", &to]).output().expect("its end");
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command}: {err}");
            assert!(err.contains("has not ended: if it was interrupted, "), "{command}: {err}");
        }
        let output = folder.command("move --from stoa.db --to").arg(&to).output().expect("its end");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && err.contains("and move again"), "{err}");
    }
    for ending in ["", "-journal", ".key"] {
        let _ = std::fs::remove_file(folder.path(&format!("half.db{ending}")));
    }
    folder.works("move --from stoa.db --to half.db");
}
