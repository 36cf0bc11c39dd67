//! What is logged: a filter of levels and targets, in the syntax that `tracing` and `RUST_LOG` use.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

const LEVELS: &str = "off, error, warn, info, debug or trace";

/// Reads a filter such as `info` or `info,stoa=debug`.
///
/// # Errors
/// Says what is wrong where a part has no level. Part of a filter may be a target alone by `tracing`'s own rules, so that a mistyped
/// level would be the name of a target that nothing has, and silence everything.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    for part in parts(text) {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level);
        if level.is_empty() || level.parse::<LevelFilter>().is_err() {
            return Err(if part == level {
                format!("“{part}” is not a level ({LEVELS}); for one target, write its name and a level: stoa=debug")
            } else {
                format!("“{level}” in “{part}” is not a level ({LEVELS})")
            });
        }
    }
    EnvFilter::try_new(text)
        .map_err(|_| format!("write a level ({LEVELS}), or levels of targets with commas between: info,stoa=debug"))
}

/// The parts between commas; a comma within the braces of a span's fields parts nothing.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    let between = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    };
    text.split(between).map(str::trim).collect()
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
            "stoa[request{method=GET,path=/new}]=debug,warn",
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
            ("info;stoa=debug", "levels of targets"),
            ("[request]", "“[request]”"),
            ("[request{a=1,b=2}]=loud", "“loud”"),
        ] {
            let error = filter(text).expect_err(text);
            assert!(error.contains(named) && error.contains("off, error, warn, info, debug or trace"), "{text}: {error}");
        }
    }
}
