//! The operator's record of reports of illegal content.

use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::conversations::ConversationId;
use crate::store::{Result, Store};

/// A report as it is exported.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct ReportRecord {
    #[serde(skip)]
    pub id: ConversationId,
    pub number: String,
    pub item_id: i64,
    pub ground: String,
    /// The account of the one who reported, or the name that they gave.
    pub reported_by: String,
    pub has_account: bool,
    pub email: String,
    /// waiting, answered or resolved.
    pub status: String,
    pub reported_at: Timestamp,
    #[sqlx(skip)]
    pub messages: Vec<ReportMessage>,
}

/// The report itself, an answer, a decision with its reasons, or an objection.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct ReportMessage {
    pub kind: String,
    pub by_moderator: bool,
    pub author: Option<String>,
    pub text: String,
    pub at: Timestamp,
}

impl Store {
    /// Reports that were sent from one moment until another, in order, with all that followed.
    pub async fn reports_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ReportRecord>> {
        let mut records: Vec<ReportRecord> = self
            .read
            .sql(
                "select c.id, c.receipt as number, c.item_id, c.ground, coalesce(u.name, c.name) as \
                 reported_by, c.user_id is not null as has_account, c.email, c.status, c.opened_at as \
                 reported_at from conversations c left join users u on u.id = c.user_id where c.kind = \
                 'report' and c.opened_at >= $1 and c.opened_at < $2 order by c.opened_at, c.id",
            )
            .bind(from)
            .bind(to)
            .fetch_all()
            .await?;
        for record in &mut records {
            record.messages = self
                .read
                .sql(
                    "select m.kind, m.by_moderator, u.name as author, m.text, m.created_at as at from \
                     messages m left join users u on u.id = m.author_id where m.conversation_id = $1 order \
                     by m.id",
                )
                .bind(record.id)
                .fetch_all()
                .await?;
        }
        Ok(records)
    }
}
