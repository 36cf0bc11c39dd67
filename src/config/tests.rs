use super::*;

fn load(toml: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("stoa.toml");
    std::fs::write(&file, toml).expect("written");
    Config::load_with_file(Settings::default(), &file)
}

#[test]
fn without_any_setting_the_forum_answers_on_this_machine() {
    let config = Config::load_with_file(Settings::default(), Path::new("nowhere.toml")).expect("defaults");
    assert_eq!(config.base_url, "http://127.0.0.1:8000");
    assert_eq!(config.policy(), Policy::default());
    assert!(!config.is_https());
}

#[test]
fn a_flag_goes_before_the_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("stoa.toml");
    std::fs::write(&file, "site_name = \"File\"\ntagline = \"From the file\"").expect("written");
    let given = Settings { site_name: Some("Flag".to_owned()), ..Settings::default() };
    let config = Config::load_with_file(given, &file).expect("good");
    assert_eq!((config.site_name.as_str(), config.tagline.as_str()), ("Flag", "From the file"));
}

#[test]
fn what_config_prints_reads_back_the_same() {
    let config = load("trusted_proxies = \"10.0.0.0/8, ::1\"\nsite_name = \"A \\\"quoted\\\" name\"").expect("good");
    let again = load(&config.to_toml()).expect("reads back");
    assert_eq!(config.to_toml(), again.to_toml());
    assert_eq!(again.trusted_proxies.0.len(), 2);
}

#[test]
fn a_wrong_setting_is_named() {
    for (toml, named) in [
        ("base_url = \"forum.example.org\"", "base_url"),
        ("base_url = \"https://example.org/forum\"", "base_url"),
        ("site_name = \" \"", "site_name"),
        ("pages = \"/no/such/folder\"", "pages"),
        ("colour = \"red\"", "colour"),
        ("log = \"stoa=loud=very\"", "log"),
        ("log = \"verbose\"", "“verbose” is not a level (off, error, warn, info, debug or trace)"),
        ("limits = \"maybe\"", "limits"),
        ("trusted_proxies = \"everybody\"", "everybody"),
    ] {
        let error = load(toml).expect_err(toml).to_string();
        assert!(error.contains(named), "{toml}: {error}");
    }
}
