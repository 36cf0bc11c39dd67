//! A member's e-mail address, and what they want sent there.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::mail::address::EmailAddress;
use crate::domain::mail::choices::InboxMail;
use crate::domain::mail::links::CHANGE_WAITS;
use crate::domain::time::relative_time;
use crate::store::{self, MailboxRow};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::credentials::confirm::check_password;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Template)]
#[template(path = "mail/settings.html")]
struct EmailPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    /// Whether the operator has set up mail.
    is_on: bool,
    name: &'a str,
    mailbox: MailboxRow,
    typed: &'a str,
    saved: bool,
}

impl EmailPage<'_> {
    fn choices(&self) -> [InboxMail; 3] {
        InboxMail::ALL
    }

    /// Until when the address before can answer a change.
    fn waits_until(&self) -> String {
        let until = self.mailbox.new_at.map(|at| at.plus(CHANGE_WAITS));
        until.map(relative_time::minute).unwrap_or_default()
    }
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    typed: Option<&str>,
    errors: FormErrors,
    saved: bool,
) -> Result<Response, Error> {
    let mailbox = app.store.mailbox(asking.member.id).await?;
    let page = Page::new(app, &asking.viewer, "settings", "E-mail");
    let known = mailbox.new_address.clone().or_else(|| mailbox.address.clone()).unwrap_or_default();
    let (typed, name) = (typed.unwrap_or(&known), asking.member.name.as_str());
    let (status, is_on) = (errors.status(), app.mailer.is_some());
    let shown = html_with(status, &EmailPage { page, errors, is_on, name, mailbox, typed, saved });
    Ok(([(CACHE_CONTROL, "private, no-store")], shown).into_response())
}

#[derive(Debug, Deserialize)]
pub struct EmailQuery {
    saved: Option<String>,
}

/// `GET /settings/email`
pub async fn show(
    State(app): State<App>,
    asking: CurrentMember,
    Query(asked): Query<EmailQuery>,
) -> Result<Response, Error> {
    page(&app, &asking, None, FormErrors::default(), asked.saved.is_some()).await
}

#[derive(Debug, Deserialize)]
pub struct EmailForm {
    /// Empty: to be removed.
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /settings/email`: sends a link that confirms the address, or removes it.
pub async fn update(
    State(app): State<App>,
    address: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<EmailForm>,
) -> Result<Response, Error> {
    let again = |errors| page(&app, &asking, Some(&typed.email), errors, false);
    match change(&app, &asking, address, &typed).await {
        Ok(()) => Ok(LocalRedirect::new("/settings/email").redirect()),
        Err(refusal) => refused(refusal, again).await,
    }
}

async fn change(
    app: &App,
    asking: &CurrentMember,
    address: ClientIp,
    typed: &EmailForm,
) -> Result<(), FormRefusal> {
    let (member, now) = (&asking.member, asking.viewer.now);
    if typed.email.trim().is_empty() {
        check_password(app, member, address, &typed.password).await?;
        return Ok(app.store.remove_address(member.id, now).await?);
    }
    if app.mailer.is_none() {
        let sentence = "This forum sends no mail, so an address could not be confirmed.";
        return Err(FormErrors::one("email", sentence).into());
    }
    let new = EmailAddress::parse(&typed.email).map_err(|error| FormErrors::one("email", error))?;
    check_password(app, member, address, &typed.password).await?;
    match app.store.ask_to_confirm(member.id, &new, now).await {
        Err(store::Error::Refused(sentence)) => Err(FormErrors::one("email", sentence).into()),
        done => Ok(done?),
    }
}

#[derive(Debug, Deserialize)]
pub struct MailChoicesForm {
    #[serde(default)]
    inbox: String,
    best_of: Option<String>,
}

/// `POST /settings/email/choices`
pub async fn choose(
    State(app): State<App>,
    asking: CurrentMember,
    Form(typed): Form<MailChoicesForm>,
) -> Result<Response, Error> {
    let Some(inbox) = InboxMail::parse(&typed.inbox) else {
        let errors = FormErrors::one("inbox", "Choose when you want mail about your inbox.");
        return page(&app, &asking, None, errors, false).await;
    };
    app.store.choose_mail(asking.member.id, inbox, typed.best_of.is_some(), asking.viewer.now).await?;
    Ok(LocalRedirect::new("/settings/email?saved=yes").redirect())
}
