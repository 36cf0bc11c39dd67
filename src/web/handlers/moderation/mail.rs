//! Mail that waits and mail that was refused, for admins.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::time::relative_time;
use crate::store::{MailId, QueueLength, RefusedMail};
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::session::Admin;
use crate::web::handlers::moderation::tabs;
use crate::web::state::App;
use crate::web::view::layout::{Page, html};
use crate::web::view::pagination::Tab;

#[derive(Template)]
#[template(path = "moderation/mail.html")]
struct MailQueuePage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    is_on: bool,
    queue: QueueLength,
    /// How long the oldest has waited.
    oldest: Option<String>,
    refused: Vec<RefusedMailView>,
}

struct RefusedMailView {
    row: RefusedMail,
    written: String,
    /// When it is tried again; `None` if it has failed.
    next: Option<String>,
}

/// `GET /mod/mail`
pub async fn list(State(app): State<App>, admin: Admin) -> Result<Response, Error> {
    let (queue, now) = (app.store.queue_length().await?, admin.viewer.now);
    let view = |row: RefusedMail| RefusedMailView {
        written: relative_time::ago(row.created_at, now),
        next: row.next_attempt_at.map(relative_time::minute),
        row,
    };
    Ok(html(&MailQueuePage {
        page: Page::new(&app, &admin.viewer, "mod", "Mail"),
        desk: tabs::bar(&admin.member, "mail"),
        is_on: app.mailer.is_some(),
        oldest: queue.oldest.map(|oldest| relative_time::ago(oldest, now)),
        queue,
        refused: app.store.refused_mails().await?.into_iter().map(view).collect(),
    }))
}

#[derive(Debug, Deserialize)]
pub struct MailForm {
    /// Whether it is tried again, or dropped.
    retry: bool,
}

/// `POST /mod/mail/{id}`
pub async fn update(
    State(app): State<App>,
    admin: Admin,
    Path(id): Path<MailId>,
    Form(asked): Form<MailForm>,
) -> Result<Response, Error> {
    if asked.retry {
        app.store.retry_mail(id, admin.viewer.now).await?;
    } else {
        app.store.drop_mail(id).await?;
        tracing::info!(mail = id, admin = %admin.member.name, "a mail was dropped");
    }
    Ok(LocalRedirect::new("/mod/mail").redirect())
}
