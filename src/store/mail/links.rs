//! Links in mail that do something once. Only hashes of their tokens are stored.

use crate::clock::Timestamp;
use crate::domain::accounts::token::Token;
use crate::domain::accounts::user::UserId;
use crate::domain::mail::links::LinkPurpose;
use crate::store::{Error, Result, Store, Tx};

#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MailLink {
    pub user_id: UserId,
    pub name: String,
    pub purpose: LinkPurpose,
    /// The address that the mail went to.
    pub address: String,
    /// The address that is being confirmed.
    pub new_address: Option<String>,
    expires_at: Timestamp,
}

impl MailLink {
    /// When it was made.
    pub(super) fn made_at(&self) -> Timestamp {
        self.expires_at.minus(self.purpose.ttl())
    }
}

/// Makes a link and returns its token.
pub(super) async fn make_link(
    tx: &mut Tx,
    user: UserId,
    purpose: LinkPurpose,
    address: &str,
    now: Timestamp,
) -> Result<String> {
    let token = Token::random().map_err(Error::other)?;
    tx.sql(
        "insert into mail_links (token_hash, user_id, purpose, address, expires_at) values ($1, $2, $3, $4, \
         $5)",
    )
    .bind(token.hash())
    .bind(user)
    .bind(purpose)
    .bind(address)
    .bind(now.plus(purpose.ttl()))
    .execute()
    .await?;
    Ok(token.as_str().to_owned())
}

/// Ends the links that confirm an address.
pub(super) async fn end_confirmations(tx: &mut Tx, user: UserId) -> Result<()> {
    let delete = "delete from mail_links where user_id = $1 and purpose <> 'not-me'";
    tx.sql(delete).bind(user).execute().await.map(drop)
}

macro_rules! select_link {
    () => {
        "select l.user_id, u.name, l.purpose, l.address, b.new_address, l.expires_at from mail_links l \
         join users u on u.id = l.user_id left join mailboxes b on b.user_id = l.user_id where \
         l.token_hash = $1 and l.expires_at > $2"
    };
}

impl Store {
    /// A link, if it is valid.
    pub async fn mail_link(&self, token_hash: &[u8], now: Timestamp) -> Result<Option<MailLink>> {
        self.read.sql(select_link!()).bind(token_hash).bind(now).fetch_optional().await
    }
}

/// Uses a link up. Fails with `NotFound` if it is not valid, or no longer.
pub(super) async fn used(tx: &mut Tx, token_hash: &[u8], now: Timestamp) -> Result<MailLink> {
    let link = tx.sql(select_link!()).bind(token_hash).bind(now).fetch_one().await?;
    tx.sql("delete from mail_links where token_hash = $1").bind(token_hash).execute().await?;
    Ok(link)
}
