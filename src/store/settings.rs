//! The community's settings as the forum was last started with, of which the log says what has changed; and what was said at set-up.

use std::collections::HashMap;

use super::{Change, Result, Store, Tx};
use crate::domain::moderation::action::Action;
use crate::store::moderation::actions::{ActionContext, LogEntry, record};

/// The row of what the first admin said at set-up; the operator's own setting of that name is not kept.
const CONTACT: &str = "contact";

/// Keeps what the first admin said of how people reach whoever runs the forum.
pub(super) async fn keep_contact(tx: &mut Tx, contact: &str) -> Result<()> {
    tx.sql(
        "insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
    )
    .bind(CONTACT)
    .bind(contact)
    .execute()
    .await?;
    Ok(())
}

impl Store {
    /// What the first admin said of how people reach whoever runs the forum; empty where they said nothing.
    pub async fn contact(&self) -> Result<String> {
        let kept: Option<String> = self
            .read
            .sql("select value from settings where name = $1")
            .bind(CONTACT)
            .fetch_optional_scalar()
            .await?;
        Ok(kept.unwrap_or_default())
    }

    /// Keeps the settings of this start, each a name and a value as `stoa.toml` has it, and puts into the log which of them are others
    /// than before. A setting that was not known before, as all are at the first start, is no change.
    pub async fn keep_settings(
        &self,
        settings: &[(&'static str, String)],
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let kept: Vec<(String, String)> = tx.sql("select name, value from settings").fetch_all().await?;
        let kept: HashMap<String, String> = kept.into_iter().collect();
        let mut news = settings.iter().filter(|(name, value)| kept.get(*name) != Some(value)).peekable();
        if news.peek().is_none() {
            return Ok(());
        }
        for (name, value) in news {
            tx.sql(
                "insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
            )
            .bind(*name)
            .bind(value)
            .execute()
            .await?;
            if let Some(before) = kept.get(*name) {
                let detail = format!("{name}: {before} became {value}");
                record(&mut tx, act, LogEntry { detail: &detail, ..LogEntry::of(Action::Set) }).await?;
            }
        }
        self.commit(tx, &[Change::Public]).await
    }
}
