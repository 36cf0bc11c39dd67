use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::action::Action;
use crate::store::accounts::ownership::shown_name;
use crate::store::{Result, Store};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LogRow {
    pub id: i64,
    /// The id in URLs.
    pub token: String,
    pub created_at: Timestamp,
    /// `None`: the operator at the command line.
    pub actor: Option<String>,
    pub action: Action,
    pub item_id: Option<ItemId>,
    pub user: Option<String>,
    pub reason: String,
    pub detail: String,
    /// For moderators only.
    pub private: bool,
}

/// `None` fields do not filter.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogFilter<'a> {
    pub act: Option<Action>,
    pub actor: Option<UserId>,
    pub user: Option<UserId>,
    pub item: Option<ItemId>,
    pub private: bool,
    /// Older than the entry of this token.
    pub before: Option<&'a str>,
}

/// `select` of a [`LogRow`], with what names its actor and its user; takes the rest of the statement.
macro_rules! select_log {
    ($actor:expr, $user:expr, $tail:literal) => {
        concat!(
            "select m.id, m.token, m.created_at, ",
            $actor,
            " as actor, m.action, m.item_id, ",
            $user,
            " as user, m.reason, m.detail, m.private from moderation_log m left join users a on a.id = \
             m.actor_id left join users u on u.id = m.user_id ",
            $tail
        )
    };
}

impl Store {
    pub async fn log(&self, acts: LogFilter<'_>, rows: i64) -> Result<Vec<LogRow>> {
        let mut query = self.read.sql(if acts.private {
            select_log!("a.name", "u.name", "where true")
        } else {
            select_log!(shown_name!("a"), shown_name!("u"), "where not m.private")
        });
        if let Some(act) = acts.act {
            query = query.push(" and m.action = ").push_bind(act);
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
            query = query.push(
                " and (m.created_at, m.id) < (select created_at, id from moderation_log where token = ",
            );
            query = query.push_bind(before).push(")");
        }
        query.push(" order by m.created_at desc, m.id desc limit ").push_bind(rows).fetch_all().await
    }
}
