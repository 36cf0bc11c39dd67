use std::fmt::Write;

use sqlx::sqlite::SqlitePool;

pub(super) async fn id(pool: &SqlitePool) -> Result<String, sqlx::Error> {
    let kept = "select value from instance where name = 'id'";
    if let Some(id) = sqlx::query_scalar(kept).fetch_optional(pool).await? {
        return Ok(id);
    }
    let mut fresh = [0_u8; 16];
    getrandom::fill(&mut fresh).map_err(|e| std::io::Error::other(e.to_string()))?;
    let fresh = fresh.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    // If two processes open a database at once, the first one's id wins.
    sqlx::query("insert into instance (name, value) values ('id', $1) on conflict do nothing")
        .bind(fresh)
        .execute(pool)
        .await?;
    sqlx::query_scalar(kept).fetch_one(pool).await
}
