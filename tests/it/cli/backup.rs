//! Copies of a database file, and putting them back.

use crate::cli::operations::{THREAD, make_newer};
use crate::support::program::Folder;

#[test]
fn a_backup_is_whole_and_can_be_put_back() {
    let folder = Folder::with_file();
    folder.write("thread.json", THREAD);
    folder.works("import thread.json");
    let running = folder.serve();
    let said = folder.works("backup copy.db");
    assert!(said.contains("Copied stoa.db to copy.db") && said.contains("checked the copy"), "{said}");
    assert!(!folder.path("copy.db.partial").exists());
    let copy = std::fs::read(folder.path("copy.db")).expect("a copy");
    folder.refuses("backup copy.db", "", "copy.db already exists: choose a new name");
    assert_eq!(std::fs::read(folder.path("copy.db")).expect("a copy"), copy, "it was left alone");

    folder.works("admin kill 1001");
    folder.refuses("restore copy.db", "", "give --replace");
    folder.refuses("restore copy.db --replace", "", "is in use: stop the forum first");
    assert!(running.get("/healthz").ends_with("ok\n"), "the forum goes on");
    assert_eq!(running.stop().0, Some(0));
    folder.write("nonsense.db", "This is no database, however long it is read.");
    folder.refuses("restore nonsense.db --replace", "", "nonsense.db is not a complete Stoa backup");
    let said = folder.works("restore copy.db --replace");
    assert!(said.contains("stoa.db.replaced") && said.contains("Restored stoa.db from copy.db."), "{said}");
    assert!(folder.path("stoa.db.replaced").exists() && !folder.path("stoa.db.partial").exists());
    folder.write("stoa.db", "What a failing disk left of a database.");
    let said = folder.works("restore copy.db --replace");
    assert!(
        said.contains("stoa.db.replaced-2"),
        "a broken database can be replaced, and nothing kept before is lost: {said}"
    );
    let running = folder.serve();
    assert!(running.get("/new").contains("A loom"), "what the backup had is back");
    assert_eq!(running.stop().0, Some(0));
    let elsewhere = folder.works("restore copy.db --database other.db");
    assert!(elsewhere.contains("Restored other.db from copy.db."), "{elsewhere}");
}

#[tokio::test]
async fn a_newer_file_is_not_copied() {
    let folder = Folder::with_database_file();
    folder.works("admin create Root --role admin");
    make_newer(&folder).await;
    let words = "stoa.db was written by a newer Stoa (its schema is 99990000)";
    folder.refuses_with(2, "backup copy.db", "", words);
    assert!(!folder.path("copy.db").exists());
}
