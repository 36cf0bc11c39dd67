//! What identifies a forum whatever its address becomes, made at its first start.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::engine::Connections;
use super::error::{Error, Result};
use super::statement::ReadPool;
use crate::domain::accounts::ip_hash::IpHashKey;
use crate::domain::accounts::token::Token;

pub(super) type Secret = [u8; 32];

/// Selects the mark of a forum that is still being moved here.
pub(super) const MOVING: &str = "select 1 from instance where name = 'moving'";

pub(super) async fn site_id(read: &ReadPool, write: &Connections) -> Result<String> {
    let mut id = [0_u8; 16];
    fill(&mut id).map_err(Error::other)?;
    let id = id.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let select = "select value from instance where name = 'id'";
    let insert = "insert into instance (name, value) values ('id', $1) on conflict do nothing";
    load_or_insert(read, write, (select, insert), &id).await
}

/// The token of the first admin's link, which every node prints.
pub(super) async fn setup_token(read: &ReadPool, write: &Connections) -> Result<Token> {
    let fresh = Token::random().map_err(Error::other)?;
    let select = "select value from secrets where name = 'setup_token'";
    let insert = "insert into secrets (name, value) values ('setup_token', $1) on conflict do nothing";
    load_or_insert(read, write, (select, insert), fresh.as_str()).await.map(Token::of)
}

/// The key of the address hashes, where it is no file beside the database.
pub(super) async fn ip_hash_key(read: &ReadPool, write: &Connections) -> Result<IpHashKey> {
    let select = "select value from secrets where name = 'ip_hash_key'";
    let insert = "insert into secrets (name, value) values ('ip_hash_key', $1) on conflict do nothing";
    let text =
        load_or_insert(read, write, (select, insert), &encode(&fresh().map_err(Error::other)?)).await?;
    let wrong = || Error::other(std::io::Error::other("the row ip_hash_key of the table secrets is no key"));
    Ok(IpHashKey::new(decode(&text).ok_or_else(wrong)?))
}

/// What is in the database, or `fresh`. If two processes open it at once, the first one's value wins.
async fn load_or_insert(
    read: &ReadPool,
    write: &Connections,
    (select, insert): (&'static str, &'static str),
    fresh: &str,
) -> Result<String> {
    if let Some(value) = read.sql(select).fetch_optional_scalar().await? {
        return Ok(value);
    }
    let mut tx = write.begin().await?;
    tx.sql(insert).bind(fresh).execute().await?;
    let value = tx.sql(select).fetch_scalar().await?;
    tx.commit().await?;
    Ok(value)
}

pub(super) fn fresh() -> std::io::Result<Secret> {
    let mut secret = [0; 32];
    fill(&mut secret)?;
    Ok(secret)
}

fn fill(bytes: &mut [u8]) -> std::io::Result<()> {
    getrandom::fill(bytes).map_err(|e| std::io::Error::other(e.to_string()))
}

pub(super) fn encode(secret: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(secret)
}

pub(super) fn decode(text: &str) -> Option<Secret> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
