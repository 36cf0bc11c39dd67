//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

/// A file for SQLite, or the address of a PostgreSQL database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    File(PathBuf),
    Postgres(PostgresUrl),
}

/// A `postgres://` URL, which may hold a password: shown without it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    given: Box<str>,
    shown: Box<str>,
}

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

impl FromStr for DatabaseAddress {
    type Err = String;

    /// Fails with what it must be.
    fn from_str(text: &str) -> Result<DatabaseAddress, String> {
        if SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            // The cause may quote the password.
            let wrong = |_| "must be of the form postgres://USER:PASSWORD@HOST/DATABASE".to_owned();
            let shown = without_secrets(&Url::parse(text).map_err(wrong)?).into();
            return Ok(DatabaseAddress::Postgres(PostgresUrl { given: text.into(), shown }));
        }
        if text.is_empty() || text.contains("://") {
            return Err("must be a file name, or an address that begins with postgres://".to_owned());
        }
        Ok(DatabaseAddress::File(PathBuf::from(text)))
    }
}

impl DatabaseAddress {
    /// The database file, unless the database is PostgreSQL's.
    pub fn file(&self) -> Option<&Path> {
        match self {
            DatabaseAddress::File(path) => Some(path),
            DatabaseAddress::Postgres(_) => None,
        }
    }

    /// The address with its password, as it was given.
    pub fn as_given(&self) -> String {
        match self {
            DatabaseAddress::File(path) => path.to_string_lossy().into_owned(),
            DatabaseAddress::Postgres(url) => url.as_str().to_owned(),
        }
    }
}

impl From<&Path> for DatabaseAddress {
    fn from(path: &Path) -> DatabaseAddress {
        DatabaseAddress::File(path.to_owned())
    }
}

impl From<&PathBuf> for DatabaseAddress {
    fn from(path: &PathBuf) -> DatabaseAddress {
        DatabaseAddress::File(path.clone())
    }
}

impl From<&DatabaseAddress> for DatabaseAddress {
    fn from(address: &DatabaseAddress) -> DatabaseAddress {
        address.clone()
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseAddress::File(path) => path.display().fmt(f),
            DatabaseAddress::Postgres(url) => url.fmt(f),
        }
    }
}

fn without_secrets(url: &Url) -> String {
    let user = if url.username().is_empty() { String::new() } else { format!("{}@", url.username()) };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("postgres://{user}{}{port}{}", url.host_str().unwrap_or_default(), url.path())
}

impl PostgresUrl {
    /// The URL as it was given, with its password.
    pub fn as_str(&self) -> &str {
        &self.given
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_or_a_postgresql_url_shown_without_its_password() {
        for (given, shown) in [
            ("stoa.db", Ok("stoa.db")),
            ("/var/lib/a b.db", Ok("/var/lib/a b.db")),
            ("postgres://stoa:secret@db.example:6432/forum", Ok("postgres://stoa@db.example:6432/forum")),
            (
                "postgresql://stoa:secret@db.example/forum?sslmode=require",
                Ok("postgres://stoa@db.example/forum"),
            ),
            ("postgres:///forum?host=/run/postgresql&password=secret", Ok("postgres:///forum")),
            ("", Err("must be a file name, or an address that begins with postgres://")),
            (
                "mysql://localhost/forum",
                Err("must be a file name, or an address that begins with postgres://"),
            ),
            (
                "postgres://stoa:secret@db:port/",
                Err("must be of the form postgres://USER:PASSWORD@HOST/DATABASE"),
            ),
        ] {
            let read = DatabaseAddress::from_str(given);
            assert_eq!(
                read.clone().map(|address| address.to_string()),
                shown.map(String::from).map_err(String::from)
            );
            let Ok(address) = read else { continue };
            assert_eq!(address.as_given(), given);
            assert!(!format!("{address:?}").contains("secret"));
        }
    }
}
