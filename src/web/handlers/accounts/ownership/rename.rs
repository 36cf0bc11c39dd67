//! Changing one's name.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::rename::may_rename;
use crate::domain::accounts::user::{Name, NameError};
use crate::store;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::CurrentMember;
use crate::web::handlers::accounts::credentials::confirm::check_password;
use crate::web::handlers::accounts::settings::SavedQuery;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RenameForm {
    name: String,
    password: String,
}

#[derive(Template)]
#[template(path = "accounts/ownership/rename.html")]
struct RenamePage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    typed: &'a RenameForm,
    name: &'a str,
    /// Why it cannot be changed yet.
    not_yet: Option<String>,
    saved: bool,
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    typed: &RenameForm,
    errors: FormErrors,
    saved: bool,
) -> Result<Response, Error> {
    let renamed_at = app.store.renamed_at(asking.member.id).await?;
    let not_yet = may_rename(renamed_at, asking.viewer.now).err().map(|error| error.to_string());
    let page = Page::new(app, &asking.viewer, "settings", "Change name");
    let name = &asking.member.name;
    Ok(html_with(errors.status(), &RenamePage { page, errors, typed, name, not_yet, saved }))
}

/// `GET /settings/name`
pub async fn show(
    State(app): State<App>,
    asking: CurrentMember,
    Query(asked): Query<SavedQuery>,
) -> Result<Response, Error> {
    page(&app, &asking, &RenameForm::default(), FormErrors::default(), asked.is_saved()).await
}

/// `POST /settings/name`
pub async fn update(
    State(app): State<App>,
    address: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<RenameForm>,
) -> Result<Response, Error> {
    match rename(&app, &asking, address, &typed).await {
        Ok(()) => Ok(LocalRedirect::new("/settings/name?saved=yes").redirect()),
        Err(refusal) => refused(refusal, |errors| page(&app, &asking, &typed, errors, false)).await,
    }
}

async fn rename(
    app: &App,
    asking: &CurrentMember,
    address: ClientIp,
    typed: &RenameForm,
) -> Result<(), FormRefusal> {
    let at_name = |error: &dyn std::fmt::Display| FormErrors::one("name", error);
    let name = Name::parse(&typed.name).map_err(|error| at_name(&error))?;
    check_password(app, &asking.member, address, &typed.password).await?;
    match app.store.rename(asking.member.id, &name, asking.viewer.now).await {
        Ok(()) => Ok(()),
        Err(store::Error::Conflict) => Err(at_name(&NameError::Taken).into()),
        Err(store::Error::Refused(sentence)) => Err(at_name(&sentence).into()),
        Err(error) => Err(error.into()),
    }
}
