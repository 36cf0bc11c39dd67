//! NOTIFY as a signal that there are new changes. It is sent outside of writes, whose commits it would
//! serialise, and losing one costs no more than the interval at which nodes look by themselves.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::store::db::error::Result;

/// What the connection for signals is called, which each node has one of.
const NODE: &str = "stoa node";
const CHANNEL: &str = "stoa_changes";
/// The shortest time between two signals of a node.
const INTERVAL: Duration = Duration::from_millis(50);

/// How many nodes are connected.
pub async fn nodes(pool: &PgPool) -> Result<i64> {
    let select = "select count(*) from pg_stat_activity where application_name = $1 and datname = \
                  current_database()";
    Ok(sqlx::query_scalar(select).bind(NODE).fetch_one(pool).await?)
}

/// A node's own connection for signals.
pub struct WakeUps {
    listener: PgListener,
    /// Whether a signal has to be sent.
    is_due: bool,
    /// When the next signal may be sent.
    next: Instant,
}

impl WakeUps {
    /// Connects with the options of `pool`.
    pub async fn connect(pool: &PgPool) -> Result<WakeUps> {
        let own = PgPoolOptions::new().max_connections(1);
        let options = pool.connect_options().as_ref().clone().application_name(NODE);
        let own = own.connect_with(options).await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(WakeUps { listener, is_due: false, next: Instant::now() })
    }

    /// Waits for a signal; sends one after `written`. Fails if the connection is lost.
    pub async fn wait(&mut self, written: &Notify) -> Result<()> {
        loop {
            tokio::select! {
                heard = self.listener.try_recv() => {
                    return heard?.map(drop).ok_or_else(|| sqlx::Error::PoolClosed.into());
                }
                () = written.notified(), if !self.is_due => self.is_due = true,
                () = sleep_until(self.next), if self.is_due => {
                    let notify = sqlx::query("select pg_notify($1, '')").bind(CHANNEL);
                    notify.execute(&mut self.listener).await?;
                    (self.is_due, self.next) = (false, Instant::now() + INTERVAL);
                }
            }
        }
    }
}
