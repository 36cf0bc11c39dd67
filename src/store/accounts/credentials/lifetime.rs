//! Which credentials of an account end with what: the one place that knows.

use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::store::{Result, Tx};

/// What ends credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CredentialEnd<'a> {
    Ban,
    /// Another role, of which a link or a log-in that has begun is to know nothing.
    Role,
    /// Another password, set by whoever knew the one before; the session and the browser stay that set it.
    Password {
        session: Option<&'a [u8]>,
        browser: Option<&'a [u8]>,
    },
    /// Another password, because the one before was lost: nobody knows what else was.
    LostPassword,
    /// All of them, and open invitations.
    Deletion {
        at: Timestamp,
    },
}

/// Tables of credentials that begin something and are used within an hour.
const STARTED: [&str; 3] = [
    "delete from password_resets where user_id = $1",
    "delete from pending_logins where user_id = $1",
    "delete from passkey_challenges where user_id = $1",
];

/// Those that the end of the account ends, and [`end_made_since`].
const LASTING: [&str; 2] =
    ["delete from totp_secrets where user_id = $1", "delete from recovery_codes where user_id = $1"];

const PASSKEYS: &str = "delete from passkeys where user_id = $1";
const INBOX_FEEDS: &str = "delete from inbox_feeds where user_id = $1";

/// Ends passkeys, a second factor and recovery codes that somebody else may have made since a moment.
pub(crate) async fn end_made_since(tx: &mut Tx, user: UserId, since: Timestamp) -> Result<()> {
    for statement in [
        "delete from totp_secrets where user_id = $1 and coalesce(confirmed_at, created_at) >= $2",
        "delete from recovery_codes where user_id = $1 and created_at >= $2",
        "delete from passkeys where user_id = $1 and created_at >= $2",
    ] {
        tx.sql(statement).bind(user).bind(since).execute().await?;
    }
    Ok(())
}

pub(super) async fn end_started(tx: &mut Tx, user: UserId) -> Result<()> {
    for statement in STARTED {
        tx.sql(statement).bind(user).execute().await?;
    }
    Ok(())
}

/// Ends what `why` ends. Second factors and recovery codes stay: a ban and a role concern the session, and a
/// new password that and the address of the inbox as a feed. Passkeys, which open the account alone as
/// sessions do, end with a lost password.
pub(crate) async fn end_credentials(tx: &mut Tx, user: UserId, why: CredentialEnd<'_>) -> Result<()> {
    end_started(tx, user).await?;
    // What is cached of their sessions, and their event streams, end with these.
    tx.touch(user);
    if matches!(why, CredentialEnd::Role) {
        return Ok(());
    }
    tx.sql(INBOX_FEEDS).bind(user).execute().await?;
    let (session, browser) = match why {
        CredentialEnd::Role | CredentialEnd::Ban => {
            tx.sql("delete from sessions where user_id = $1").bind(user).execute().await?;
            return Ok(());
        }
        CredentialEnd::Password { session, browser } => (session, browser),
        CredentialEnd::LostPassword => {
            tx.sql(PASSKEYS).bind(user).execute().await?;
            (None, None)
        }
        CredentialEnd::Deletion { at } => {
            for statement in LASTING.into_iter().chain([PASSKEYS]) {
                tx.sql(statement).bind(user).execute().await?;
            }
            tx.sql(
                "update invitations set revoked_at = $2 where inviter_id = $1 and used_by is null and \
                 revoked_at is null",
            )
            .bind(user)
            .bind(at)
            .execute()
            .await?;
            (None, None)
        }
    };
    tx.sql("delete from sessions where user_id = $1 and ($2 is null or token_hash <> $2)")
        .bind(user)
        .bind(session)
        .execute()
        .await?;
    tx.sql("delete from browsers where user_id = $1 and ($2 is null or token_hash <> $2)")
        .bind(user)
        .bind(browser)
        .execute()
        .await
        .map(drop)
}
