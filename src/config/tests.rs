use super::*;

/// The settings given by flags, variables and a file.
fn load(flags: &[&str], variables: &[(&str, &str)], toml: &str) -> Result<Config, String> {
    #[derive(clap::Parser)]
    #[command(no_binary_name = true)]
    struct Typed {
        #[command(flatten)]
        flags: Flags,
    }
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("stoa.toml");
    std::fs::write(&file, toml).expect("written");
    let typed = <Typed as clap::Parser>::try_parse_from(flags).map_err(|e| e.to_string())?;
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(typed.flags, variables, &file).map_err(|e| {
        let said = e.to_string();
        assert!(!said.contains('\n'), "one sentence: {said}");
        said.replace(&dir.path().display().to_string(), "").replace("/stoa.toml", "stoa.toml")
    })
}

fn from_file(toml: &str) -> Result<Config, String> {
    load(&[], &[], toml)
}

/// Each source for a setting, with the setting's name there.
fn each_way(name: &str, value: &str) -> [(String, Result<Config, String>); 3] {
    let flag = format!("--{}", name.replace('_', "-"));
    let variable = format!("STOA_{}", name.to_uppercase());
    let line = format!("{name} = {}", toml::Value::String(value.to_owned()));
    [
        (flag.clone(), load(&[&format!("{flag}={value}")], &[], "")),
        (variable.clone(), load(&[], &[(&variable, value)], "")),
        (format!("{name} in stoa.toml"), from_file(&line)),
    ]
}

#[test]
fn without_any_setting_the_forum_answers_on_this_machine() {
    let config = Config::load_with_file(Settings::default(), Path::new("nowhere.toml")).expect("defaults");
    assert_eq!(config.server.base_url, "http://127.0.0.1:8000");
    assert_eq!(config.site.policy, Policy::default());
    assert!(!config.server.is_https());
}

#[test]
fn a_flag_goes_before_a_variable_and_a_variable_before_the_file() {
    let file = "site_name = \"File\"\nshort_name = \"F\"\ntagline = \"From the file\"";
    let variables = [("STOA_SITE_NAME", "Variable"), ("STOA_SHORT_NAME", "V"), ("HOME", "/root")];
    let config = load(&["--site-name", "Flag"], &variables, file).expect("good");
    assert_eq!(
        (&*config.site.site_name, &*config.site.short_name, &*config.site.tagline),
        ("Flag", "V", "From the file")
    );
}

#[test]
fn what_an_admin_chose_goes_after_what_is_given_and_before_the_default() {
    let given = load(&[], &[("STOA_SITE_NAME", "Variable")], "tagline = \"From the file\"").expect("good");
    assert_eq!(given.given_as.get("site_name").map(String::as_str), Some("STOA_SITE_NAME"));
    assert!(given.given_as.get("tagline").is_some_and(|name| name.starts_with("tagline in ")));
    let chosen = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let config = given.with_chosen(&[
        chosen("site_name", "Chosen"),
        chosen("tagline", "Chosen"),
        chosen("short_name", "Chosen"),
        chosen("flags_to_kill", "3"),
        // What another version may have left.
        chosen("accent", "pale"),
        chosen("weather", "fine"),
        chosen("database", "other.db"),
    ]);
    let site = &config.site;
    assert_eq!(
        (&*site.site_name, &*site.tagline, &*site.short_name),
        ("Variable", "From the file", "Chosen")
    );
    assert_eq!((site.policy.flags_to_kill, site.accent), (3, Accent::default()));
    assert_eq!(config.server.database, given.server.database);
}

#[test]
fn every_setting_can_be_given_in_each_way_as_config_prints_it() {
    let printed = from_file("contact = \"me\"").expect("good").to_toml();
    let table: toml::Table = toml::from_str(&printed).expect("TOML");
    assert_eq!(table.len(), Settings::NAMES.len());
    for name in Settings::NAMES {
        let value = table.get(*name).expect(name);
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        for (way, config) in each_way(name, &text) {
            let again: toml::Table = toml::from_str(&config.expect(&way).to_toml()).expect("TOML");
            assert_eq!(again.get(*name), Some(value), "{way}");
        }
    }
}

#[test]
fn what_config_prints_reads_back_the_same_and_fits_a_terminal() {
    let config = from_file("trusted_proxies = \"10.0.0.0/8, ::1\"\nsite_name = \"A \\\"quoted\\\" name\"")
        .expect("good");
    let printed = config.to_toml();
    let again = from_file(&printed).expect("reads back");
    assert_eq!(printed, again.to_toml());
    assert_eq!(again.server.trusted_proxies.0.len(), 2);
    for line in printed.lines() {
        assert!(line.chars().count() <= 80 && line.trim_end() == line, "{line}");
    }
}

const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_has_every_setting_with_its_default() {
    let mut table = String::new();
    for SettingEntry { heading, name, meaning, text: value, .. } in Config::default().entries() {
        if heading.starts_with("Rate limits") {
            let forms = ["", " with comments"].map(|what| format!("| {value}{what} `{name}` |"));
            let forms = forms.into_iter().chain([format!("`{name}` ({value})")]).collect::<Vec<_>>();
            assert!(forms.iter().any(|form| README.contains(form)), "{name}: {value}");
        } else {
            let value = if value.is_empty() { String::new() } else { format!(" `{value}`") };
            table.push_str(&format!("| `{name}` |{value} | {meaning} |\n"));
        }
    }
    assert!(README.contains(&table), "the table of settings should be:\n{table}");
}

const ADDRESS: &str = "must be an address and a port, such as 127.0.0.1:8000, [::1]:8000 or localhost:8000";
const NAME: &str = "must be a name of up to 80 characters on one line";
const BASE: &str = "must be an address such as https://forum.example.org, without a path";

#[test]
fn a_value_that_cannot_be_used_is_named_as_it_was_given_with_what_it_should_be() {
    for (name, value, wrong) in [
        ("listen", "nowhere", ADDRESS),
        ("listen", ":8000", ADDRESS),
        ("listen", "8000", ADDRESS),
        ("listen", "localhost:", ADDRESS),
        ("listen", "localhost:http", ADDRESS),
        ("listen", "localhost:+80", ADDRESS),
        ("listen", "localhost:70000", ADDRESS),
        ("listen", "::1:8000", ADDRESS),
        ("listen", "256.1.1.1:8000", ADDRESS),
        ("listen", "http://localhost:8000", ADDRESS),
        ("listen", "", ADDRESS),
        ("base_url", "forum.example.org", BASE),
        ("base_url", "https://example.org/forum", BASE),
        ("base_url", "ftp://example.org", BASE),
        ("base_url", "https://:secret@example.org", BASE),
        ("database", "", "must be a file name"),
        ("cache_mb", "many", "must be a whole number from 0 to 1000000"),
        ("cache_mb", "-1", "must be a whole number from 0 to 1000000"),
        ("cache_mb", "1.5", "must be a whole number from 0 to 1000000"),
        ("cache_mb", "", "must be a whole number from 0 to 1000000"),
        ("max_connections", "0", "must be a whole number from 1 to 1000000"),
        ("login_attempts_per_hour", "0", "must be a whole number from 1 to 1000000000"),
        ("vote_ring_window", "101", "must be a whole number from 0 to 100"),
        ("post_edit_minutes", "2h", "must be a whole number from 0 to 52560000"),
        ("stories_per_hour", "4294967296", "must be a whole number from 0 to 1000000000"),
        ("min_karma_to_flag", "none", "must be a whole number from -1000000000 to 1000000000"),
        (
            "min_karma_to_flag",
            "99999999999999999999",
            "must be a whole number from -1000000000 to 1000000000",
        ),
        ("limits", "maybe", "must be on or off"),
        ("signup_mode", "Everyone", "must be open, invitation, request or closed"),
        ("moderation_log", "me", "must be public, members or moderators"),
        ("trusted_proxies", "10.0.0.1, everybody", "“everybody” is not an IP address or a range"),
        ("log_filter", "verbose", "“verbose” is not a level (off, error, warn, info, debug or trace)"),
        ("site_name", " ", NAME),
        ("site_name", "\u{13441}", NAME),
        ("site_name", "Two\nlines", NAME),
        ("site_name", "Turned \u{202E}round", NAME),
        ("site_name", &"x".repeat(81), NAME),
        ("pages_dir", "/no/such/folder", "no such directory"),
        ("accent", "red", "must be a colour such as #0b6e5f"),
        ("announcement", "Two\nlines", "must be one line of up to 500 characters"),
        ("announcement_until", "soon", "must be a day such as 2026-12-24"),
        ("sections", "new, hot", "“hot” is none of them"),
        ("footer_links", "Run javascript:alert(1)", "“javascript:alert(1)” is none of them"),
    ] {
        for (way, config) in each_way(name, value) {
            let said = config.map(|config| config.to_toml()).expect_err(&format!("{way} = {value}"));
            let given = if value.is_empty() {
                format!("{way} is empty: ")
            } else {
                format!("{way} is “{}”: ", value.replace('\n', " "))
            };
            assert!(said.starts_with(&given) && said.contains(wrong), "{way} = {value}: {said}");
        }
    }
}

#[test]
fn values_that_can_be_used_are_taken_in_each_way() {
    for (name, value, printed) in [
        ("listen", "localhost:8000", "\"localhost:8000\""),
        ("listen", "0.0.0.0:80", "\"0.0.0.0:80\""),
        ("listen", "[::1]:8000", "\"[::1]:8000\""),
        ("listen", "forum-1.internal:0", "\"forum-1.internal:0\""),
        ("base_url", "https://Forum.Example.org/", "\"https://forum.example.org\""),
        ("cache_mb", " 48 ", "48"),
        ("min_karma_to_downvote", "-5", "-5"),
        ("limits", "off", "\"off\""),
        ("signup_mode", "closed", "\"closed\""),
        ("moderation_log", "members", "\"members\""),
        ("trusted_proxies", "10.0.0.1,172.16.0.0/12,", "\"10.0.0.1/32, 172.16.0.0/12\""),
        ("log_filter", "warn,stoa=debug", "\"warn,stoa=debug\""),
        ("tagline", "", "\"\""),
        ("accent", "0B6", "\"#00bb66\""),
        ("announcement_until", "2026-1-9", "\"2026-01-09\""),
        ("sections", "Best,new", "\"best, new\""),
        ("footer_links", " Home  / ", "\"Home /\""),
        ("pages_dir", "/tmp", "\"/tmp\""),
    ] {
        for (way, config) in each_way(name, value) {
            let all = config.unwrap_or_else(|said| panic!("{way} = {value}: {said}")).to_toml();
            assert!(all.contains(&format!("\n{name} = {printed}\n")), "{way} = {value}: {all}");
        }
    }
    let config = load(&["--min-karma-to-flag", "-5"], &[], "cache_mb = 8\nsite_name = 2001").expect("good");
    assert_eq!(
        (config.site.policy.min_karma_to_flag, config.server.cache_mb, &*config.site.site_name),
        (-5, 8, "2001")
    );
}

#[test]
fn a_name_that_listens_is_looked_up_and_its_older_address_comes_first() {
    let config = from_file("listen = \"localhost:8000\"").expect("good");
    assert_eq!(config.server.base_url, "http://localhost:8000");
    assert_eq!(config.server.listen.addresses().expect("an address")[0].to_string(), "127.0.0.1:8000");
}

#[test]
fn a_mistyped_name_is_refused_with_the_one_that_was_meant() {
    for (toml, said) in [
        ("site_nmae = \"Looms\"", "“site_nmae” in stoa.toml is not a setting: did you mean site_name?"),
        ("site-name = \"Looms\"", "“site-name” in stoa.toml is not a setting: did you mean site_name?"),
        (
            "STOA_LOG_FILTER = \"warn\"",
            "“STOA_LOG_FILTER” in stoa.toml is not a setting: did you mean log_filter?",
        ),
        (
            "colour = \"red\"",
            "“colour” in stoa.toml is not a setting: remove it, or use one that “stoa config” prints",
        ),
        ("[server]\nlisten = \"x\"", "“server” in stoa.toml is not a setting: remove it"),
        ("site_name = [\"Looms\"]", "site_name in stoa.toml is a list: must be a string or a number"),
        (
            "[log_filter]\nlevel = \"info\"",
            "log_filter in stoa.toml is a table: must be a string or a number",
        ),
        ("\nlimits = off", "stoa.toml, line 2: not valid TOML: "),
        ("cache_mb = 1\ncache_mb = 2", "stoa.toml, line 2: not valid TOML: duplicate key"),
    ] {
        let error = from_file(toml).map(|config| config.to_toml()).expect_err(toml);
        assert!(error.starts_with(said), "{toml}: {error}");
    }
    for (variable, said) in [
        (
            "STOA_SITE_NMAE",
            "the environment variable STOA_SITE_NMAE is not a setting: did you mean STOA_SITE_NAME?",
        ),
        ("STOA_LISTENS", "the environment variable STOA_LISTENS is not a setting: did you mean STOA_LISTEN?"),
        ("STOA_COLOUR", "the environment variable STOA_COLOUR is not a setting: remove it, or use"),
        ("STOA_PORT", "the environment variable STOA_PORT is not a setting: remove it, or use"),
    ] {
        let error = load(&[], &[(variable, "8000")], "").map(|config| config.to_toml()).expect_err(variable);
        assert!(error.starts_with(said), "{variable}: {error}");
    }
    let error = load(&["--site-nmae", "x"], &[], "").map(|config| config.to_toml()).expect_err("unknown");
    assert!(error.contains("a similar argument exists: '--site-name'"), "{error}");
}

#[test]
fn one_slip_in_any_name_finds_the_setting_that_was_meant() {
    for name in Settings::NAMES {
        let letters: Vec<char> = name.chars().collect();
        for at in 1..letters.len() {
            let mut swapped = letters.clone();
            swapped.swap(at - 1, at);
            let mut without = letters.clone();
            without.remove(at);
            for slip in [swapped, without] {
                let slip: String = slip.into_iter().collect();
                let is_name = Settings::NAMES.contains(&slip.as_str());
                assert!(
                    is_name || source::similar(&slip) == Some(*name),
                    "{slip}: {:?}",
                    source::similar(&slip)
                );
            }
        }
    }
}

#[test]
fn variables_of_our_tools_and_of_kubernetes_are_no_mistyped_settings() {
    for (name, value) in [
        ("STOA_BIN", "/usr/local/bin/stoa"),
        ("STOA_DOMAIN", "forum.example.org"),
        ("STOA_SUBNET", "172.30.83.0/24"),
        ("STOA_UPSTREAM", "stoa:8000"),
        ("STOA_SERVICE_HOST", "10.0.0.11"),
        ("STOA_WEB_SERVICE_PORT_HTTP", "8000"),
        ("STOA_PORT", "tcp://10.0.0.11:8000"),
        ("STOA_PORT_8000_TCP_ADDR", "10.0.0.11"),
        ("STOAT", "1"),
    ] {
        assert!(load(&[], &[(name, value)], "").is_ok(), "{name}");
    }
}

#[test]
fn a_password_in_a_wrong_address_is_not_repeated() {
    for address in [
        "postgres://stoa:pa/ss@db/stoa",
        "postgres://stoa:pass@db:port/stoa",
        "mysql://stoa:pass@db/stoa",
        "postgres://db:port/stoa?password=pass",
    ] {
        for (way, config) in each_way("database", address) {
            let said = config.map(|config| config.to_toml()).expect_err(&format!("{way} = {address}"));
            let said = said.to_string();
            assert!(said.starts_with(&format!("{way}: must be ")) && !said.contains("pa/ss"), "{said}");
            assert!(!said.contains("pass@") && !said.contains("=pass"), "{said}");
        }
    }
}
