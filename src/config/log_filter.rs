use tracing_subscriber::EnvFilter;

const NAMES: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
const LEVELS: &str = "off, error, warn, info, debug or trace";
const FORM: &str = "must be a level (off, error, warn, info, debug or trace), or levels of targets, \
                    separated by commas: info,stoa=debug";

/// Parses a filter such as `info` or `info,stoa=debug`. The default level of other targets is `info`. Fails
/// if a part has no level: `tracing` would take a mistyped level for a target and silence everything.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    for part in &parts {
        let (target, level) = part.rsplit_once('=').unwrap_or(("", part));
        if !NAMES.iter().any(|name| level.eq_ignore_ascii_case(name)) {
            return Err(if target.is_empty() {
                format!("“{part}” is not a level ({LEVELS}); a target needs a level: stoa=debug")
            } else {
                format!("“{level}” in “{part}” is not a level ({LEVELS})")
            });
        }
        let mut name = target.chars().take_while(|c| *c != '[');
        if !name.all(|c| c.is_alphanumeric() || "_-:.".contains(c)) {
            return Err(format!("“{part}” is not a target with a level: {FORM}"));
        }
    }
    let default = if parts.iter().all(|part| part.contains('=')) { "info," } else { "" };
    EnvFilter::try_new(format!("{default}{}", parts.join(","))).map_err(|_| FORM.to_owned())
}

pub(super) fn checked(text: &str) -> Result<String, String> {
    filter(text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn levels_and_levels_of_targets_are_filters() {
        for text in [
            "error",
            "INFO",
            "off",
            "info,stoa=debug",
            " warn , stoa::web=trace ",
            "stoa=off,hyper=warn,info",
            "[request]=debug",
            "stoa[request{method=GET}]=debug,warn",
        ] {
            assert!(filter(text).is_ok(), "{text}: {:?}", filter(text).err());
        }
    }

    #[test]
    fn targets_that_are_not_named_are_logged_from_info_on() {
        for (text, level) in
            [("hyper=warn", "info"), ("stoa=off,hyper=warn", "info"), ("error,stoa=debug", "error")]
        {
            let parts = filter(text).expect(text).to_string();
            assert!(parts.split(',').any(|part| part == level), "{text}: {parts}");
        }
    }

    #[test]
    fn a_part_without_a_level_is_refused_and_named() {
        for (text, named) in [
            ("verbose", "“verbose”"),
            ("json", "“json”"),
            ("5", "“5”"),
            ("info,stoa=3", "“3” in “stoa=3”"),
            ("stoa", "“stoa”"),
            ("", "“”"),
            ("info,", "“”"),
            ("info,debgu", "“debgu”"),
            ("inof,stoa=debug", "“inof”"),
            ("info,stoa=debgu", "“debgu” in “stoa=debgu”"),
            ("stoa=", "“” in “stoa=”"),
            ("stoa=loud=very", "“very”"),
            ("info;stoa=debug", "“info;stoa=debug”"),
            ("info stoa=debug", "“info stoa=debug”"),
            ("stoa[=debug", "must be a level"),
            ("[request]", "“[request]”"),
            ("[request{a=1}]=loud", "“loud”"),
        ] {
            let error = filter(text).expect_err(text);
            assert!(
                error.contains(named) && error.contains("off, error, warn, info, debug or trace"),
                "{text}: {error}"
            );
        }
    }
}
