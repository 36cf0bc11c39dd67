use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::accounts::inbox;
use crate::store::accounts::pending_activity::ActivityBatch;
use crate::store::{Bindable, Change, Error, Result, Store, Tx};

impl Store {
    /// Flushes pending activity. Activity stays pending on `Busy` and `Storage`. Whatever can never be
    /// written is dropped.
    pub async fn flush_activity(&self) -> Result<()> {
        let _turn = self.looks.turn.lock().await;
        while !self.looks.is_empty() {
            let mut tx = self.begin().await?;
            // Taken once the writer is free, to batch as much as possible.
            let batch = self.looks.batch();
            let written = match write(&mut tx, &batch).await {
                // Members already see these values from memory here, but not on other nodes.
                Ok(()) if self.has_nodes() => self.commit_for_others(tx, &members(&batch)).await,
                Ok(()) => self.commit(tx, &[]).await,
                failed => failed,
            };
            if !matches!(written, Err(Error::Busy | Error::Storage(_))) {
                self.looks.forget(batch);
            }
            written?;
        }
        Ok(())
    }
}

/// Whose pages show what is written.
fn members(batch: &ActivityBatch) -> Vec<Change> {
    let visitors = batch.visits.iter().map(|((user, _), _)| user.0);
    let users: BTreeSet<i64> = visitors.chain(batch.seen.iter().map(|((user, _), _)| user.0)).collect();
    users.into_iter().map(|user| Change::Member(UserId(user))).collect()
}

async fn write(tx: &mut Tx, batch: &ActivityBatch) -> Result<()> {
    if !batch.visits.is_empty() {
        tx.sql("insert into visits (user_id, root_id, unread_since, last_seen_at) ")
            .values(&batch.visits, |row, ((user, root), (since, last))| {
                row.bind(*user).bind(*root).bind(*since).bind(*last);
            })
            .push(
                " on conflict (user_id, root_id) do update set unread_since = excluded.unread_since, \
                 last_seen_at = excluded.last_seen_at",
            )
            .once()
            .execute()
            .await?;
    }
    let sessions =
        " update sessions set last_used_at = more.at from more where sessions.token_hash = more.id";
    put(tx, &batch.sessions, sessions).await?;
    for (key, mark) in &batch.seen {
        inbox::read_seen(tx, *key, *mark).await?;
    }
    Ok(())
}

async fn put<'a, K>(tx: &mut Tx, moments: &'a [(K, Timestamp)], update: &'static str) -> Result<()>
where
    &'a K: Bindable<'a>,
{
    if moments.is_empty() {
        return Ok(());
    }
    let values = tx.sql("with more (id, at) as (").values(moments, |row, (id, at)| {
        row.bind(id).bind(*at);
    });
    values.push(")").push(update).once().execute().await?;
    Ok(())
}
