//! What is logged: a filter of levels and targets, in the syntax that `tracing` and `RUST_LOG` use.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const LEVELS: &str = "off, error, warn, info, debug or trace";
const FORM: &str =
    "write a level (off, error, warn, info, debug or trace), or levels of targets with commas between: info,stoa=debug";

/// Reads a filter such as `info` or `info,stoa=debug`.
///
/// # Errors
/// Says what is wrong where a part has no level. By `tracing`'s own rules a part may be a target alone, so that a mistyped level would
/// be the name of a target that nothing has, and silence everything.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    for part in &parts {
        let (target, level) = part.rsplit_once('=').unwrap_or(("", part));
        if level.is_empty() || level.parse::<LevelFilter>().is_err() {
            return Err(if target.is_empty() {
                format!("“{part}” is not a level ({LEVELS}); for one target, write its name and a level: stoa=debug")
            } else {
                format!("“{level}” in “{part}” is not a level ({LEVELS})")
            });
        }
        let mut name = target.chars().take_while(|c| *c != '[');
        if !name.all(|c| c.is_alphanumeric() || "_-:.".contains(c)) {
            return Err(format!("“{part}” is not a target and its level: {FORM}"));
        }
    }
    EnvFilter::try_new(parts.join(",")).map_err(|_| FORM.to_owned())
}

/// The text of a filter that can be read.
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
    fn a_part_without_a_level_is_refused_and_named() {
        for (text, named) in [
            ("verbose", "“verbose”"),
            ("json", "“json”"),
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
            ("stoa[=debug", "write a level"),
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
