use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::face::first_steps::FirstStep;
use crate::store::accounts::author;
use crate::store::{Change, Result, Store};

impl Store {
    /// Those that were ticked off.
    pub async fn first_steps(&self) -> Result<Vec<FirstStep>> {
        self.read.sql("select name from first_steps").fetch_scalars().await
    }

    /// Ticks one off; again does nothing. Fails with `Refused` if the actor is not an admin.
    pub async fn finish_step(&self, step: FirstStep, admin: UserId, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        author::admin(&mut tx, Some(admin), now).await?;
        tx.sql("insert into first_steps (name, done_at) values ($1, $2) on conflict (name) do nothing")
            .bind(step)
            .bind(now)
            .execute()
            .await?;
        self.commit(tx, &[Change::Everything]).await
    }

    /// Whether anybody was ever invited.
    pub async fn has_invited(&self) -> Result<bool> {
        self.read.sql("select id from invitations limit 1").exists().await
    }
}
