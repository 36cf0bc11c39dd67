//! Which servers Stoa runs on.

use sqlx::postgres::PgConnection;

use crate::database_address::DatabaseAddress;
use crate::store::db::error::OpenError;

/// The oldest major version.
const OLDEST: u32 = 15;

/// Fails if the server is not PostgreSQL or too old, or if the database cannot hold any text.
pub(super) async fn check(connection: &mut PgConnection, address: &DatabaseAddress) -> Result<(), OpenError> {
    let failed = |e| OpenError::Open(address.clone(), e);
    let version: String =
        sqlx::query_scalar("select version()").fetch_one(&mut *connection).await.map_err(failed)?;
    if !is_supported(&version) {
        return Err(OpenError::Server(address.clone(), version));
    }
    let encoding: String = sqlx::query_scalar("select current_setting('server_encoding')")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if encoding == "UTF8" { Ok(()) } else { Err(OpenError::Encoding(address.clone(), encoding)) }
}

/// Whether `version()` is that of PostgreSQL 15 or newer; others speak its protocol but lack some of its SQL.
fn is_supported(version: &str) -> bool {
    let others = ["Greenplum", "Redshift"];
    let number = version.strip_prefix("PostgreSQL ").and_then(|rest| rest.split(' ').next());
    let major = number.and_then(|number| {
        let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let (major, rest) = number.split_at(digits);
        let is_plain = rest.strip_prefix('.').is_none_or(|minor| minor.bytes().all(|b| b.is_ascii_digit()));
        let is_early = ["beta", "rc", "devel"].iter().any(|stage| rest.starts_with(stage));
        (is_early || (is_plain && !rest.contains('-'))).then(|| major.parse::<u32>().ok())?
    });
    major.is_some_and(|major| major >= OLDEST) && !others.iter().any(|other| version.contains(other))
}

#[cfg(test)]
mod tests {
    use super::is_supported;

    #[test]
    fn postgresql_from_15_on_is_supported_and_nothing_that_only_speaks_its_protocol() {
        for (version, supported) in [
            ("PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc", true),
            ("PostgreSQL 15 on aarch64-unknown-linux-musl, compiled by gcc", true),
            ("PostgreSQL 18beta2 on x86_64-pc-linux-gnu, compiled by gcc", true),
            ("PostgreSQL 14.11 on x86_64-pc-linux-gnu, compiled by gcc", false),
            ("PostgreSQL 15.12-YB-2025.1.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang", false),
            ("PostgreSQL 16.0-RisingWave-2.4.0 (abc)", false),
            ("PostgreSQL 15.2 (Greenplum Database 8.0.0) on x86_64-pc-linux-gnu", false),
            ("PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC 3.4.2, Redshift 1.0.12103", false),
            ("CockroachDB CCL v24.1.0 (x86_64-pc-linux-gnu)", false),
            ("", false),
        ] {
            assert_eq!(is_supported(version), supported, "{version}");
        }
    }
}
