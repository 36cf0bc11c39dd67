//! The community's settings: what admins chose, and what was last in effect, for logging changes.

use std::collections::{BTreeMap, HashMap};

use super::{Change, Db, Error, Result, Store, Tx};
use crate::domain::moderation::action::Action;
use crate::domain::text::shortened;
use crate::store::accounts::author;
use crate::store::moderation::log_entry::{ActionContext, LogEntry, append_log_entry};

/// Of one value in the log, in characters.
const LONGEST_LOGGED: usize = 300;

/// A setting that an admin chose, or set back to its default.
#[derive(Debug, Clone)]
pub struct ChosenSetting {
    pub name: &'static str,
    /// As typed; `None`: the default.
    pub text: Option<String>,
    /// In the form of `stoa.toml`.
    pub before: String,
    pub after: String,
}

/// As names and texts.
async fn chosen(db: Db<'_>) -> Result<Vec<(String, String)>> {
    db.sql("select name, value from chosen_settings").fetch_all().await
}

pub(super) async fn choose(tx: &mut Tx, name: &str, text: &str) -> Result<()> {
    tx.sql(
        "insert into chosen_settings (name, value) values ($1, $2) on conflict (name) do update set value = \
         excluded.value",
    )
    .bind(name)
    .bind(text)
    .execute()
    .await?;
    Ok(())
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

/// A value as people read it in the log.
fn logged(toml: &str) -> String {
    match toml.trim_matches('"').trim() {
        "" => "empty".to_owned(),
        text if text.len() == toml.len() => shortened(text.to_owned(), LONGEST_LOGGED),
        text => format!("“{}”", shortened(text.replace('\n', " "), LONGEST_LOGGED)),
    }
}

pub(super) async fn log(
    tx: &mut Tx,
    name: &str,
    before: &str,
    after: &str,
    act: ActionContext<'_>,
) -> Result<()> {
    let detail = format!("{name}: {} became {}", logged(before), logged(after));
    append_log_entry(tx, act, LogEntry { detail: &detail, ..LogEntry::of(Action::Set) }).await
}

impl Store {
    /// What admins chose, as names and texts.
    pub async fn chosen_settings(&self) -> Result<Vec<(String, String)>> {
        chosen((&self.read).into()).await
    }

    /// Stores what an admin chose and logs it; `known` is what was chosen when they chose. Fails with
    /// `Refused` if the actor is not an admin, with `Conflict` if one of these settings was changed
    /// meanwhile.
    pub async fn choose_settings(
        &self,
        changes: &[ChosenSetting],
        known: &BTreeMap<String, String>,
        act: ActionContext<'_>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, act.actor, act.at).await?;
        let present: BTreeMap<String, String> = chosen((&mut tx).into()).await?.into_iter().collect();
        if changes.iter().any(|change| present.get(change.name) != known.get(change.name)) {
            return Err(Error::Conflict);
        }
        for ChosenSetting { name, text, before, after } in changes {
            match text {
                Some(text) => choose(&mut tx, name, text).await?,
                None => {
                    tx.sql("delete from chosen_settings where name = $1").bind(*name).execute().await?;
                }
            }
            put(&mut tx, name, after).await?;
            log(&mut tx, name, before, after, act).await?;
        }
        self.commit(tx, &[Change::Everything]).await
    }

    /// Stores the settings in effect and logs which have changed. New settings are not changes.
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
                log(&mut tx, name, before, value, act).await?;
            }
        }
        self.commit(tx, &[Change::Public]).await
    }
}
