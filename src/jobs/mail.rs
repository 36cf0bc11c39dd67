//! Preparing digests, by one process at a time, and handing in what is in the queue.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::Instant;

use super::leased::{CLAIM_INTERVAL, end_round, log_failure, while_leased};
use crate::domain::mail::delivery::MailRefusal;
use crate::mail::{CONNECTIONS, Mailer, Outgoing, SendError, digests};
use crate::store::{ClaimedMail, Error};
use crate::web::App;

/// The name of the lease of preparing digests.
const DIGESTS: &str = "digests";
/// In seconds.
const DIGESTS_INTERVAL: i64 = 20;
/// How often the queue is looked at.
const SEND_INTERVAL: Duration = Duration::from_secs(2);
/// Mails that a process claims at once: all are handed in before the lease is over, however slow the server.
const CLAIMED: i64 = 20;

pub(super) async fn prepare_mail_regularly(app: App) {
    let mut rounds = tokio::time::interval(CLAIM_INTERVAL);
    loop {
        rounds.tick().await;
        if let Err(error) = prepare_mail_if_due(&app).await {
            log_failure(&app.store, &error, "could not prepare mail");
        }
    }
}

/// Makes the changes of addresses that are due, and puts into the queue what inboxes tell and the best of the
/// week, unless another process is doing it.
/// Returns the number of mails.
pub async fn prepare_mail_if_due(app: &App) -> Result<usize, Error> {
    let prepare = async {
        if let Err(error) = app.store.make_unanswered_changes(app.clock.now()).await {
            log_failure(&app.store, &error, "could not make the changes of addresses that were not answered");
        }
        digests::prepare(&app.store, app.clock.now()).await
    };
    Ok(while_leased(app, DIGESTS, DIGESTS_INTERVAL, prepare).await?.unwrap_or(0))
}

pub(super) async fn send_mail_regularly(app: App) {
    let mut rounds = tokio::time::interval(SEND_INTERVAL);
    loop {
        rounds.tick().await;
        let (began, accepted) = (Instant::now(), send_mail(&app).await);
        let accepted = end_round(&app, "mail", accepted, "could not read or write the queue of mail");
        if let Some(mails) = accepted.filter(|mails| *mails > 0) {
            let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(mails, ms, "mail was handed in");
        }
    }
}

/// Hands in everything that is due, a few mails at once. Returns how many were accepted.
pub async fn send_mail(app: &App) -> Result<usize, Error> {
    let Some(mailer) = &app.mailer else { return Ok(0) };
    let mut accepted = 0;
    loop {
        let claimed = app.store.claim_mails(CLAIMED, app.clock.now()).await?;
        if claimed.is_empty() {
            return Ok(accepted);
        }
        let users: Vec<_> = claimed.iter().filter_map(|mail| mail.user_id).collect();
        let names = app.store.names(&users).await?;
        let sending = claimed.into_iter().map(|mail| {
            let name = mail.user_id.and_then(|user| names.get(&user)).cloned().unwrap_or_default();
            hand_in(app.clone(), mailer.clone(), mail, name)
        });
        let sent = stream::iter(sending).buffer_unordered(CONNECTIONS);
        for was_accepted in sent.collect::<Vec<_>>().await {
            accepted += usize::from(was_accepted?);
        }
    }
}

async fn hand_in(app: App, mailer: Mailer, mail: ClaimedMail, name: String) -> Result<bool, Error> {
    let sent = match mail.content() {
        Some(content) => {
            let (id, settings) = (mail.stable_id(&app.store), app.settings());
            let (recipient, site_name, at) = (&*mail.recipient, &*settings.site_name, mail.created_at);
            mailer.send(Outgoing { id: &id, recipient, name: &name, site_name, content: &content, at }).await
        }
        None => Err(SendError {
            refusal: MailRefusal::Permanent,
            code: None,
            answer: "another version of Stoa wrote this mail".to_owned(),
        }),
    };
    let Err(SendError { refusal, code, answer }) = sent else {
        app.store.mail_was_sent(mail.id, app.clock.now()).await?;
        return Ok(true);
    };
    let has_failed = app.store.mail_was_refused(&mail, refusal, &answer, app.clock.now()).await?;
    // The answer may quote the address; admins see it on their page.
    tracing::warn!(
        mail = mail.id,
        kind = mail.kind.label(),
        attempts = mail.attempts,
        code,
        has_failed,
        "mail was not accepted"
    );
    Ok(false)
}
