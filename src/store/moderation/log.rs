//! The log of moderation, read; each act writes its own row (see `moderation.rs`).

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::action::Action;
use crate::store::{Result, Store};

/// An act as the log has it; names, for whoever reads it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LogRow {
    pub id: i64,
    /// What it is called in addresses.
    pub token: String,
    pub at: Timestamp,
    /// None: the operator at the command line.
    pub actor: Option<String>,
    pub act: Action,
    pub item_id: Option<ItemId>,
    pub user: Option<String>,
    pub reason: String,
    /// What changed, in words.
    pub detail: String,
    /// For moderators' eyes only.
    pub private: bool,
}

/// Which acts are asked for; what is none does not narrow them.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFilter<'a> {
    pub act: Option<Action>,
    pub actor: Option<UserId>,
    pub user: Option<UserId>,
    pub item: Option<ItemId>,
    /// Those that moderators alone may see, too.
    pub private: bool,
    /// Older than the act of this token.
    pub before: Option<&'a str>,
}

impl Store {
    /// Acts of moderation, latest first.
    pub async fn log(&self, acts: LogFilter<'_>, rows: i64) -> Result<Vec<LogRow>> {
        let mut query = self.read.sql(
            "select m.id, m.token, m.at, a.name as actor, m.act, m.item_id, u.name as user, m.reason, m.detail, m.private \
             from moderation m left join users a on a.id = m.actor_id left join users u on u.id = m.user_id where true",
        );
        if !acts.private {
            query = query.push(" and not m.private");
        }
        if let Some(act) = acts.act {
            query = query.push(" and m.act = ").push_bind(act);
        }
        if let Some(actor) = acts.actor {
            query = query.push(" and m.actor_id = ").push_bind(actor);
        }
        if let Some(user) = acts.user {
            query = query.push(" and m.user_id = ").push_bind(user);
        }
        if let Some(item) = acts.item {
            query = query.push(" and m.item_id = ").push_bind(item);
        }
        if let Some(before) = acts.before {
            query = query.push(" and (m.at, m.id) < (select at, id from moderation where token = ");
            query = query.push_bind(before).push(")");
        }
        query.push(" order by m.at desc, m.id desc limit ").push_bind(rows).fetch_all().await
    }
}
