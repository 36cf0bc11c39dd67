//! The log of `stoa serve`, as an operator reads it.

use serde_json::{Map, Value, json};

use crate::support::program::{Folder, Running};

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

/// What an operator sees of four requests: the routes of these, and nothing of their paths.
fn visit(running: &Running) {
    running.get("/item/12345?secret=67890");
    running.get("/setup/a-link-of-somebody");
    running.get("/nothing%0aINFO%20forged");
    // The second time from the page cache.
    running.get("/new");
    running.get("/new");
}

#[test]
fn each_request_has_a_line_with_its_route_and_nothing_of_its_path() {
    let folder = Folder::new();
    let running = folder.serve();
    visit(&running);
    let (_, err, _) = running.stop();
    let lines: Vec<&str> = err.lines().filter(|line| line.contains(" stoa::requests: answered ")).collect();
    let of = |route: &str| {
        let route = format!("method=\"GET\" route=\"{route}\" status=");
        lines.iter().filter(|line| line.contains(&route)).count()
    };
    let routes = ["/item/{id}", "/setup/{token}", "other", "/new", "/healthz"];
    assert_eq!(routes.map(of), [1, 1, 1, 2, 1], "{err}");
    for field in [" ms=", " sent_ms=", " bytes=", " request_id=\""] {
        assert!(lines.iter().all(|line| line.contains(field)), "{field}: {err}");
    }
    for part in ["12345", "67890", "a-link-of", "forged", "127.0.0.1\""] {
        assert!(!err.contains(part), "{part}: {err}");
    }
}

#[test]
fn as_json_each_line_is_one_flat_object() {
    let folder = Folder::new();
    let running = folder.serve_with("--log-format json --log-filter debug");
    visit(&running);
    let (_, err, _) = running.stop();
    // The link of the first admin is for a person.
    let lines = err.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Map<String, Value>> =
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    for line in &lines {
        assert!(line.values().all(|value| !value.is_object() && !value.is_array()), "{line:?}");
        let named = ["timestamp", "level", "target"].map(|name| line[name].is_string());
        assert_eq!(named, [true; 3], "{line:?}");
    }
    let request = lines.iter().find(|line| line.get("route") == Some(&json!("/item/{id}"))).expect("a line");
    assert_eq!((&request["level"], &request["target"]), (&json!("INFO"), &json!("stoa::requests")));
    assert_eq!((&request["method"], &request["status"]), (&json!("GET"), &json!(404)));
    assert!(
        request["ms"].is_f64() && request["bytes"].as_u64().is_some_and(|bytes| bytes > 100),
        "{request:?}"
    );
    assert!(err.lines().all(|line| !line.starts_with("INFO")), "{err}");
}

#[test]
fn request_lines_can_be_turned_off_alone() {
    let folder = Folder::new();
    let running = folder.serve_with("--log-filter info,stoa::requests=off");
    visit(&running);
    let (_, err, _) = running.stop();
    assert!(err.contains("Stoa answers at") && !err.contains("stoa::requests"), "{err}");
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
