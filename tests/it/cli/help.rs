//! What the commands say of themselves, and of arguments that they cannot use.

use crate::support::program::Folder;

/// The help of a command and of all below it, as a terminal of 80 columns shows it.
fn helps(folder: &Folder, command: &str, found: &mut Vec<(String, String)>) {
    let output = folder.command(&format!("{command} --help")).env("COLUMNS", "80").output().expect("its end");
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && help.contains("Usage: stoa"), "{command}: {help}");
    let below = help.split("Commands:\n").nth(1).unwrap_or_default();
    let below: Vec<String> = below
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|name| name != "help")
        .collect();
    found.push((command.to_owned(), help));
    for name in below {
        helps(folder, format!("{command} {name}").trim(), found);
    }
}

#[test]
fn the_help_of_each_command_fits_a_terminal_and_explains_every_argument() {
    let folder = Folder::new();
    let mut found = Vec::new();
    helps(&folder, "", &mut found);
    let commands: Vec<&str> = found.iter().map(|(command, _)| command.as_str()).collect();
    for command in
        ["serve", "config", "restore", "admin create", "admin role", "admin unshadow", "admin revisions"]
    {
        assert!(commands.contains(&command), "{commands:?}");
    }
    for (command, help) in &found {
        let lines: Vec<&str> = help.lines().collect();
        assert!(lines.len() <= 45, "stoa {command} --help is {} lines long", lines.len());
        assert!(
            help.contains("“stoa config” prints them all"),
            "stoa {command} --help leads to the settings"
        );
        for (nth, line) in lines.iter().enumerate() {
            assert!(line.chars().count() <= 80, "stoa {command} --help: {line}");
            let is_argument =
                line.starts_with("  <") || line.starts_with("  [") || line.trim_start().starts_with("--");
            let explained = line.trim_end().contains("  ") && line.trim().contains("  ")
                || lines.get(nth + 1).is_some_and(|next| next.starts_with("          "));
            assert!(!is_argument || explained, "stoa {command} --help does not explain {line}");
        }
    }
}

#[test]
fn an_argument_that_cannot_be_used_is_told_with_what_it_should_be() {
    let folder = Folder::new();
    for (arguments, sentence) in [
        (
            "generate --stories many",
            "'many' for '--stories <STORIES>': must be a whole number from 1 to 10000000",
        ),
        ("generate --users 0", "'0' for '--users <USERS>': must be a whole number from 1 to 10000000"),
        (
            "generate --comments -1",
            "'-1' for '--comments <COMMENTS>': must be a whole number from 0 to 100000000",
        ),
        ("generate --long 650,long", "'long' for '--long <LONG>': must be a whole number from 0 to 1000000"),
        (
            "generate --seed x",
            "'x' for '--seed <SEED>': must be a whole number from 0 to 18446744073709551615",
        ),
        ("admin log --rows -3", "'-3' for '--rows <ROWS>': must be a whole number from 1 to 65535"),
        (
            "admin ban bob --days soon --reason x",
            "'soon' for '--days <DAYS>': must be a whole number from 0 to 65535",
        ),
        (
            "admin limit bob --days 1.5 --reason x",
            "'1.5' for '--days <DAYS>': must be a whole number from 0 to 65535",
        ),
        ("admin kill first", "'first' for '<ITEM>': must be an item's number, as in its address: /item/1234"),
        ("admin unkill 0", "'0' for '<ITEM>': must be an item's number"),
        ("admin revisions /item/12", "'/item/12' for '<ITEM>': must be an item's number"),
        ("admin role bob king", "moderator or admin"),
        ("admin craete bob", "a similar subcommand exists: 'create'"),
        ("serve --lisen 127.0.0.1:8000", "a similar argument exists: '--listen'"),
    ] {
        let said = folder.run(arguments);
        assert_eq!(said.code, Some(2), "{arguments}: {said:?}");
        assert!(said.err.contains(sentence) && !said.err.contains("digit"), "{arguments}: {}", said.err);
    }
}
