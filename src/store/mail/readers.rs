//! Those for whom mail is prepared, many at once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::mutes::{Mute, MuteKind, Mutes};
use crate::domain::accounts::user::{Member, UserId};
use crate::domain::mail::choices::{InboxMail, next_digest};
use crate::domain::mail::content::MailKind;
use crate::store::{Result, Store};

/// A member who can get mail: with a confirmed address that nobody has refused, and not banned.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MailReader {
    #[sqlx(flatten)]
    pub member: Member,
    pub address: String,
    pub inbox_mail: InboxMail,
    /// The secret of the links that unsubscribe.
    pub key: String,
    /// Mails about their inbox since the last digest was due.
    pub mailed: i64,
    pub last_visit: Timestamp,
    #[sqlx(skip)]
    pub mutes: Arc<Mutes>,
}

impl Store {
    pub(super) async fn mail_readers(&self, ids: &[UserId], now: Timestamp) -> Result<Vec<MailReader>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut readers: Vec<MailReader> = self
            .read
            .sql(
                "select u.id, u.name, u.role, u.karma, u.created_at, u.shadow_banned_at, u.limited_until, \
                 u.show_dead, u.passkeys_only, u.theme, u.comment_order, b.address, b.inbox_mail, b.key, \
                 (select count(*) from mails m where m.user_id = u.id and m.kind = ",
            )
            .push_bind(MailKind::Inbox)
            .push(" and m.created_at > ")
            .push_bind(next_digest(now).minus(DAY))
            .push(
                ") as mailed, coalesce((select max(visits.at) from (select s.last_used_at as at from \
                 sessions s where s.user_id = u.id union all select w.last_used_at from browsers w where \
                 w.user_id = u.id) as visits), b.verified_at, 0) as last_visit from mailboxes b join users u \
                 on u.id = b.user_id where b.address is not null and b.refused_at is null and u.password is \
                 not null and (u.banned_at is null or u.banned_until <= ",
            )
            .push_bind(now)
            .push(") and b.user_id in ")
            .list(ids)
            .once()
            .fetch_all()
            .await?;
        let mut mutes = self.mutes_of(ids).await?;
        for reader in &mut readers {
            reader.mutes = mutes.remove(&reader.member.id).unwrap_or_default();
        }
        Ok(readers)
    }

    async fn mutes_of(&self, ids: &[UserId]) -> Result<HashMap<UserId, Arc<Mutes>>> {
        let select = self.read.sql("select user_id, kind, value from mutes where user_id in ").list(ids);
        let rows: Vec<(UserId, MuteKind, String)> = select.once().fetch_all().await?;
        let mut all: HashMap<UserId, Vec<Mute>> = HashMap::new();
        for (user, kind, value) in rows {
            all.entry(user).or_default().extend(Mute::stored(kind, &value));
        }
        Ok(all.into_iter().map(|(user, mutes)| (user, Arc::new(Mutes::new(user, mutes)))).collect())
    }
}
