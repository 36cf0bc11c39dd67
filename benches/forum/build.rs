//! How long a release build takes, from nothing and after one line has changed. It is done on a copy of the
//! sources in a target directory of its own; dependencies are fetched before.

use std::fs::{copy, create_dir_all, read_to_string, write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// The file that is changed.
const CHANGED: &str = "src/lib.rs";

pub fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let sources = Command::new("git").args(["ls-files", "-z"]).output().unwrap().stdout;
    let sources = String::from_utf8(sources).unwrap();
    for file in sources.split_terminator('\0').filter(|file| Path::new(file).exists()) {
        let to = folder.path().join(file);
        create_dir_all(to.parent().unwrap()).unwrap();
        copy(file, to).unwrap();
    }
    let cargo = |arguments: &[&str]| {
        let began = Instant::now();
        let mut command = Command::new("cargo");
        command.args(arguments).args(["--locked", "--quiet"]).current_dir(folder.path());
        command.env("CARGO_TARGET_DIR", folder.path().join("target"));
        assert!(command.status().unwrap().success(), "{command:?}");
        began.elapsed().as_secs_f64()
    };
    cargo(&["fetch"]);
    println!("a release build from nothing     {:>6.0} s (target: 600 s)", cargo(&["build", "--release"]));
    let changed = folder.path().join(CHANGED);
    write(&changed, read_to_string(&changed).unwrap() + "\npub const CHANGED: u8 = 1;\n").unwrap();
    println!("after one line has changed       {:>6.0} s (target: 30 s)", cargo(&["build", "--release"]));
}
