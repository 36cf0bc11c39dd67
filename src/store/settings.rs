//! The settings of the last start, for logging changes, and the contact entered at setup.

use std::collections::HashMap;

use super::{Change, Result, Store, Tx};
use crate::domain::moderation::action::Action;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_checked_log_entry};

/// The row of the first admin's entry at setup; the setting of that name is not stored.
const CONTACT: &str = "contact";

pub(super) async fn keep_contact(tx: &mut Tx, contact: &str) -> Result<()> {
    put(tx, CONTACT, contact).await
}

async fn put(tx: &mut Tx, name: &str, value: &str) -> Result<()> {
    tx.sql(
        "insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = \
         excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute()
    .await?;
    Ok(())
}

impl Store {
    pub async fn contact(&self) -> Result<String> {
        let kept: Option<String> = self
            .read
            .sql("select value from settings where name = $1")
            .bind(CONTACT)
            .fetch_optional_scalar()
            .await?;
        Ok(kept.unwrap_or_default())
    }

    /// Stores the settings and logs which have changed. New settings are not changes.
    pub async fn keep_settings(
        &self,
        settings: &[(&'static str, String)],
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let kept: Vec<(String, String)> = tx.sql("select name, value from settings").fetch_all().await?;
        let kept: HashMap<String, String> = kept.into_iter().collect();
        let news: Vec<_> = settings.iter().filter(|(name, value)| kept.get(*name) != Some(value)).collect();
        if news.is_empty() {
            return Ok(());
        }
        for (name, value) in news {
            put(&mut tx, name, value).await?;
            if let Some(before) = kept.get(*name) {
                let detail = format!("{name}: {before} became {value}");
                append_checked_log_entry(
                    &mut tx,
                    act,
                    LogEntry { detail: &detail, ..LogEntry::of(Action::Set) },
                )
                .await?;
            }
        }
        self.commit(tx, &[Change::Public]).await
    }
}
