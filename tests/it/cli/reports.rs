//! `stoa admin export-reports`: the operator's record of reports of illegal content.

use std::os::unix::fs::PermissionsExt;

use crate::support::program::Folder;

#[test]
fn the_record_of_a_period_is_a_file_of_the_operators_own() {
    let folder = Folder::with_database();
    let export = "admin export-reports --from 2026-01-01 --to";
    assert_eq!(folder.works(&format!("{export} 2026-12-31")).trim(), "", "nobody has reported anything");
    let said = folder.works(&format!("{export} 2026-12-31 --output reports.jsonl"));
    assert!(said.starts_with("Wrote 0 reports to reports.jsonl."), "{said}");
    let mode = std::fs::metadata(folder.path("reports.jsonl")).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "nobody else reads who reported");
    // A record that was made before is not replaced.
    folder.refuses(&format!("{export} 2026-12-31 --output reports.jsonl"), "", "could not write");
    folder.refuses(&format!("{export} 2025-12-31"), "", "the last day is before the first");
    let said = folder.run(&format!("{export} 2026-13-01"));
    assert!(said.code == Some(2) && said.err.contains("must be a day"), "{said:?}");
}
