//! Which migrations a database has, and whether this Stoa can use it.

use sqlx::migrate::Migrator;

use super::error::OpenError;
use crate::database_address::DatabaseAddress;

/// Selects the oldest Stoa, by its newest migration, that can still use the database. A migration that older
/// ones cannot live with leaves no such row, or raises its value.
pub(super) const USABLE_FROM: &str = "select cast(value as bigint) from instance where name = 'usable_from'";

pub(super) fn newest(migrations: &Migrator) -> i64 {
    migrations.iter().map(|m| m.version).max().unwrap_or(0)
}

pub(super) fn oldest(migrations: &Migrator) -> i64 {
    migrations.iter().map(|m| m.version).min().unwrap_or(0)
}

/// Fails if the newest migration that a database has, 0 if none, is newer than all `migrations` or older. A
/// newer one may name the oldest Stoa, by its newest migration, that can still use the database.
pub(super) fn check_version(
    applied: i64,
    usable_from: Option<i64>,
    of: &DatabaseAddress,
    migrations: &Migrator,
) -> Result<(), OpenError> {
    if applied > newest(migrations) && usable_from.is_none_or(|from| from > newest(migrations)) {
        return Err(OpenError::Newer(of.clone(), applied));
    }
    if applied != 0 && applied < oldest(migrations) {
        return Err(OpenError::Unreleased(of.clone()));
    }
    Ok(())
}
