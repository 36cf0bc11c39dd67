//! Settings given as flags, environment variables or in the file.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Value;

use super::Settings;
use super::kinds::Setting;
use crate::domain::text::shortened;

const PREFIX: &str = "STOA_";

/// In characters.
const LONGEST_QUOTE: usize = 300;

/// Variables used by other files of this repository: browser tests and docker-compose.yml.
const OF_OTHERS: [&str; 4] = ["STOA_BIN", "STOA_DOMAIN", "STOA_SUBNET", "STOA_UPSTREAM"];

pub(super) type Given = BTreeMap<&'static str, String>;

pub(super) enum ValueSource {
    Flag,
    Variable,
    File(PathBuf),
}

impl ValueSource {
    pub fn name(&self, setting: &str) -> String {
        match self {
            ValueSource::Flag => format!("--{}", setting.replace('_', "-")),
            ValueSource::Variable => variable(setting),
            ValueSource::File(file) => format!("{setting} in {}", file.display()),
        }
    }

    pub fn read<T: Setting>(
        &self,
        given: &Given,
        setting: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let read = |text: &String| {
            parse(text).map_err(|wrong| match self.name(setting) {
                name if T::MAY_HOLD_PASSWORD && !text.is_empty() => {
                    ConfigError::Value(format!("{name}: {wrong}"))
                }
                name => ConfigError::value(&name, text, wrong),
            })
        };
        given.get(setting).map(read).transpose()
    }
}

const MAX_FILE_BYTES: u64 = 1_000_000;

fn variable(setting: &str) -> String {
    format!("{PREFIX}{}", setting.to_ascii_uppercase())
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, std::io::Error),
    #[error("{0} is missing or has no settings")]
    Missing(PathBuf),
    #[error("{file}, line {line}: not valid TOML: {wrong}")]
    Syntax { file: PathBuf, line: usize, wrong: String },
    #[error("{0}")]
    Value(String),
    #[error("{0}: {1}")]
    Unknown(String, String),
}

impl ConfigError {
    pub(super) fn value(name: &str, text: &str, wrong: String) -> ConfigError {
        ConfigError::Value(match text {
            "" => format!("{name} is empty: {wrong}"),
            _ => format!("{name} is “{}”: {wrong}", shortened(text.replace('\n', " "), LONGEST_QUOTE)),
        })
    }

    fn unknown(what: String, similar: Option<String>) -> ConfigError {
        let advice = similar.map_or_else(
            || "remove it, or use one that “stoa config” prints".to_owned(),
            |similar| format!("did you mean {similar}?"),
        );
        ConfigError::Unknown(what, advice)
    }
}

pub(super) fn variables(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Given, ConfigError> {
    let mut given = Given::new();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
        let Some(setting) = Settings::NAMES.iter().find(|setting| variable(setting) == name) else {
            if is_of_others(name, &value) {
                continue;
            }
            let what = format!("the environment variable {name} is not a setting");
            return Err(ConfigError::unknown(what, similar(name).map(variable)));
        };
        let not_text = |value: OsString| {
            ConfigError::value(name, &value.to_string_lossy(), "must be UTF-8 text".to_owned())
        };
        given.insert(*setting, value.into_string().map_err(not_text)?);
    }
    Ok(given)
}

/// Whether a variable is set by our other tools, or by Kubernetes or Docker for a service named “stoa…”.
fn is_of_others(name: &str, value: &OsStr) -> bool {
    let of_service =
        ["_SERVICE_HOST", "_SERVICE_PORT", "_TCP", "_UDP"].iter().any(|part| name.contains(part));
    let of_port = ["tcp://", "udp://"].iter().any(|scheme| value.to_string_lossy().starts_with(scheme));
    OF_OTHERS.contains(&name) || name.starts_with("STOA_TEST_") || of_service || of_port
}

/// A running forum reads its settings again, so nothing is read that may block or is far too long.
fn read(file: &Path) -> std::io::Result<String> {
    let about = std::fs::metadata(file)?;
    if !about.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    if about.len() > MAX_FILE_BYTES {
        return Err(std::io::Error::other("it is larger than 1 MB"));
    }
    std::fs::read_to_string(file)
}

pub(super) fn file(file: &Path) -> Result<Given, ConfigError> {
    let text = match read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Given::new()),
        Err(error) => return Err(ConfigError::Read(file.to_owned(), error)),
    };
    let table: toml::Table = toml::from_str(&text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        ConfigError::Syntax { file: file.to_owned(), line, wrong: error.message().replace('\n', ", ") }
    })?;
    let mut given = Given::new();
    for (key, value) in table {
        let Some(setting) = Settings::NAMES.iter().find(|name| **name == key) else {
            let what = format!("“{key}” in {} is not a setting", file.display());
            return Err(ConfigError::unknown(what, similar(&key).map(str::to_owned)));
        };
        given.insert(
            *setting,
            plain(value)
                .map_err(|wrong| ConfigError::Value(format!("{key} in {} is {wrong}", file.display())))?,
        );
    }
    Ok(given)
}

fn plain(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => Ok(value.to_string()),
        Value::Array(_) => Err("a list: must be a string or a number".to_owned()),
        Value::Table(_) => Err("a table: must be a string or a number".to_owned()),
    }
}

/// The setting that was probably meant: another case, dashes, or a few wrong letters.
pub(super) fn similar(typed: &str) -> Option<&'static str> {
    let typed = typed.to_ascii_lowercase().replace('-', "_");
    let typed = typed.strip_prefix("stoa_").unwrap_or(&typed);
    let names = Settings::NAMES.iter().map(|name| (strsim::osa_distance(typed, name), *name));
    names.min().filter(|(wrong, name)| *wrong <= 1 + name.len() / 5).map(|(_, name)| name)
}
