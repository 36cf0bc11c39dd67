//! The log of `stoa serve`, as an operator reads it.

use crate::support::program::Folder;

#[test]
fn the_log_in_a_file_or_a_pipe_has_no_colour_codes() {
    let folder = Folder::new();
    let running = folder.serve_with("--log-filter debug");
    running.get("/");
    let (code, err, out) = running.stop();
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(err.contains(" INFO ") && err.contains("Stoa answers at"), "{err}");
    assert!(!err.contains('\u{1b}'), "{err:?}");
}

#[test]
fn a_mistyped_level_is_refused_at_start_with_those_that_there_are() {
    let folder = Folder::new();
    for log in ["verbose", "json", "info,debgu", "info,stoa=debgu", "stoa", ""] {
        let mut command = folder.command("serve --listen 127.0.0.1:0");
        let output = command.arg(format!("--log-filter={log}")).output().expect("its end");
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{log}: {err}");
        assert!(
            err.starts_with("stoa: ") && err.contains("off, error, warn, info, debug or trace"),
            "{log}: {err}"
        );
    }
    assert!(!folder.path("stoa.db").exists(), "nothing was begun");
}

#[test]
fn levels_of_targets_say_what_is_logged() {
    let folder = Folder::new();
    let (_, err, _) = folder.serve_with("--log-filter warn,stoa::cli=info").stop();
    assert!(err.contains("Stoa answers at"), "{err}");
    let (_, err, _) = folder.serve_with("--log-filter info,stoa=off").stop();
    assert!(!err.contains("Stoa answers at"), "{err}");
}
