//! `stoa admin`, where accounts are made and passwords are set.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::program::Folder;

const PASSWORD: &str = "four unrelated words here";

/// Runs a command in a pseudo-terminal, typing each answer at its prompt without echo. Returns the exit code
/// and the terminal's output.
fn on_a_terminal(folder: &Folder, arguments: &str, answers: &[(&str, &str)]) -> (Option<i32>, String) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("ours");
    let name = ptsname(&terminal, Vec::new()).expect("its name");
    let other = rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())
        .expect("its other end");
    let end = || Stdio::from(other.try_clone().expect("the same end"));
    // It reads passwords from the terminal that controls it.
    let mut command = Command::new(
        ["/usr/bin/setsid", "/bin/setsid"].into_iter().find(|p| Path::new(p).exists()).expect("setsid"),
    );
    command.args(["--ctty", "--wait", env!("CARGO_BIN_EXE_stoa")]).args(arguments.split_whitespace());
    command.current_dir(folder.path("")).env_clear().envs(folder.environment());
    command.stdin(end()).stdout(end()).stderr(end());
    let mut child = command.spawn().expect("the program");

    let mut keyboard = File::from(terminal.try_clone().expect("the same terminal"));
    let mut screen = File::from(terminal);
    let shown = Arc::<Mutex<String>>::default();
    let seen = Arc::clone(&shown);
    std::thread::spawn(move || {
        let mut bytes = [0; 1024];
        while let Ok(len @ 1..) = screen.read(&mut bytes) {
            seen.lock().expect("seen").push_str(&String::from_utf8_lossy(&bytes[..len]));
        }
    });
    let shows = |words: &str| shown.lock().expect("shown").contains(words);
    let echoes =
        |keyboard: &File| tcgetattr(keyboard).expect("its modes").local_modes.contains(LocalModes::ECHO);
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        for _ in 0..600 {
            if is_so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{what} never came: {}", shown.lock().expect("shown"));
    };
    for (question, answer) in answers {
        until(question, &|| shows(question) && !echoes(&keyboard));
        keyboard.write_all(answer.as_bytes()).expect("typed");
    }
    let code = child.wait().expect("its end").code();
    assert!(echoes(&keyboard), "the terminal shows again what is typed");
    // What comes last on the terminal comes after all that the command showed.
    File::from(other.try_clone().expect("the same end")).write_all(b"(over)").expect("shown");
    until("the end", &|| shows("(over)"));
    let shown = shown.lock().expect("shown").replace("(over)", "");
    (code, shown)
}

#[test]
fn an_account_is_a_members_unless_another_role_is_asked_for() {
    let folder = Folder::with_database();
    for (arguments, said) in [
        ("admin create ann", "Made ann, a member.\n"),
        ("admin create ben --role member", "Made ben, a member.\n"),
        ("admin create cleo --role moderator", "Made cleo, a moderator.\n"),
    ] {
        assert_eq!(folder.works(arguments), said);
    }
    let running = folder.serve();
    let (_, err, _) = running.stop();
    assert!(err.contains("/setup/"), "none of them is an admin, so the first can still be made: {err}");
    assert_eq!(folder.works("admin create dora --role admin"), "Made dora, an admin.\n");
    let running = folder.serve();
    let (_, err, _) = running.stop();
    assert!(!err.contains("/setup/"), "{err}");
}

#[test]
fn a_password_typed_in_a_terminal_does_not_show_and_is_asked_for_twice() {
    let folder = Folder::with_database();
    let line = format!("{PASSWORD}\r");
    let twice = [("Password for bob: ", line.as_str()), ("The same password again: ", line.as_str())];
    let (code, shown) = on_a_terminal(&folder, "admin create bob", &twice);
    assert!(code == Some(0) && shown.contains("Made bob, a member."), "{shown}");
    assert!(!shown.contains("four") && !shown.contains("words"), "{shown}");
    let (code, shown) = on_a_terminal(&folder, "admin password bob", &twice);
    assert!(code == Some(0) && shown.contains("Set the password of"), "{shown}");
    assert!(!shown.contains("four") && !shown.contains("words"), "{shown}");
}

#[test]
fn a_password_mistyped_weak_or_given_up_in_a_terminal_sets_none() {
    let folder = Folder::with_database();
    let line = format!("{PASSWORD}\r");
    let other =
        [("Password for bob: ", line.as_str()), ("The same password again: ", "four unrelated words her\r")];
    let (code, shown) = on_a_terminal(&folder, "admin create bob", &other);
    assert!(code == Some(1) && shown.contains("the two passwords differ, and none was set"), "{shown}");
    let (code, shown) = on_a_terminal(&folder, "admin create bob", &[("Password for bob: ", "short\r")]);
    assert!(code == Some(1) && shown.contains("at least 8 characters"), "{shown}");
    assert!(!shown.contains("again"), "a password that is not good is not asked for twice: {shown}");
    for key in ["\u{3}", "\u{4}"] {
        let (code, shown) = on_a_terminal(&folder, "admin create bob", &[("Password for bob: ", key)]);
        assert!(code == Some(1) && shown.contains("no password was set"), "{shown}");
    }
    assert_eq!(folder.works("admin create bob"), "Made bob, a member.\n", "none of these made him");
}
