//! Writing to the moderators: the contact page with its form, conversations, appeals, and reports of illegal
//! content.

pub mod banned;
pub mod conversation;
pub mod moderating;
pub mod report;
mod view;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::user::UserId;
use crate::domain::conversations::MAX_MESSAGE_CHARS;
use crate::domain::text::Html;
use crate::domain::text::plural::Grouped;
use crate::web::actions::contact::{Sender, SentConversation};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::MaybeMember;
use crate::web::handlers::contact::view::{status_of, title_of};
use crate::web::handlers::pages;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "contact/contact.html")]
struct ContactPage<'a> {
    page: Page<'a>,
    html: Html,
    errors: FormErrors,
    typed: &'a ContactForm,
    /// Whether anybody would read a message.
    is_read: bool,
    has_mail: bool,
    own: Vec<ConversationRow>,
}

/// A row of a member's own conversations.
struct ConversationRow {
    href: String,
    title: String,
    /// The beginning of the latest message.
    words: String,
    status: &'static str,
    when: TimeView,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    text: String,
    email: String,
}

async fn own_conversations(
    app: &App,
    viewer: &MaybeMember,
    user: Option<UserId>,
) -> Result<Vec<ConversationRow>, Error> {
    let Some(user) = user else { return Ok(Vec::new()) };
    let rows = app.store.conversations_of(user).await?.into_iter().map(|row| ConversationRow {
        href: format!("/messages/{}", row.id),
        title: title_of(row.kind, &row.receipt),
        words: row.words(),
        status: status_of(row.kind, row.status, false),
        when: TimeView::new(row.last_at, viewer.now),
    });
    Ok(rows.collect())
}

async fn page(
    app: &App,
    viewer: &MaybeMember,
    typed: &ContactForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    let html = pages::contact_text(app, viewer.now).await?;
    let is_read = pages::has_moderators(app, viewer.now).await?;
    let page =
        Page::new(app, viewer, "", "Contact").described(format!("Contact of {}", viewer.settings.site_name));
    let own = own_conversations(app, viewer, viewer.id()).await?;
    let has_mail = app.mailer.is_some();
    let status = errors.status();
    Ok(html_with(status, &ContactPage { page, html, errors, typed, is_read, has_mail, own }))
}

/// `GET /contact`
pub async fn show(State(app): State<App>, viewer: MaybeMember) -> Result<Response, Error> {
    page(&app, &viewer, &ContactForm::default(), FormErrors::default()).await
}

/// `POST /contact`
pub async fn create(
    State(app): State<App>,
    client_ip: ClientIp,
    RecoverableForm { asking: viewer, typed }: RecoverableForm<ContactForm, MaybeMember>,
) -> Result<Response, Error> {
    // They appeal instead.
    if let Some(banned) = &viewer.banned {
        return Err(Error::forbidden(banned.sentence(viewer.now)));
    }
    let sender = Sender { app: &app, viewer: &viewer, client_ip };
    match sender.contact(&typed.text, &typed.email).await {
        Ok(sent) => Ok(to(&sent).redirect()),
        Err(refusal) => refused(refusal, |errors| page(&app, &viewer, &typed, errors)).await,
    }
}

/// The page of a conversation that was just sent.
fn to(sent: &SentConversation) -> LocalRedirect {
    match &sent.token {
        Some(token) => LocalRedirect::new(&format!("/contact/{}", token.as_str())),
        None => LocalRedirect::new(&format!("/messages/{}", sent.id)),
    }
}
