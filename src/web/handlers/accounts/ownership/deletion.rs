//! Deleting one's account.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::deletion::{DeletionError, OwnPosts};
use crate::domain::accounts::user::Role;
use crate::store;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, FormRefusal, refused};
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{self, CurrentMember};
use crate::web::handlers::accounts::credentials::confirm::check_password;
use crate::web::state::App;
use crate::web::view::layout::{Page, html, html_with};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeletionForm {
    name: String,
    posts: String,
    password: String,
}

#[derive(Template)]
#[template(path = "accounts/ownership/deletion.html")]
struct DeletionPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    name: &'a str,
    typed: &'a DeletionForm,
    is_last_admin: bool,
}

#[derive(Template)]
#[template(path = "accounts/ownership/deleted.html")]
struct DeletedPage<'a> {
    page: Page<'a>,
}

async fn page(
    app: &App,
    asking: &CurrentMember,
    typed: &DeletionForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    let member = &asking.member;
    let is_last_admin =
        member.role == Role::Admin && app.store.is_last_admin(member.id, asking.viewer.now).await?;
    let page = Page::new(app, &asking.viewer, "settings", "Delete account");
    Ok(html_with(errors.status(), &DeletionPage { page, errors, name: &member.name, typed, is_last_admin }))
}

/// `GET /settings/delete`
pub async fn show(State(app): State<App>, asking: CurrentMember) -> Result<Response, Error> {
    page(&app, &asking, &DeletionForm::default(), FormErrors::default()).await
}

/// `POST /settings/delete`: at once.
pub async fn delete(
    State(app): State<App>,
    address: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<DeletionForm>,
) -> Result<Response, Error> {
    if let Err(refusal) = carry_out(&app, &asking, address, &typed).await {
        return refused(refusal, |errors| page(&app, &asking, &typed, errors)).await;
    }
    let mut page = Page::for_nobody(&app, Arc::clone(&asking.viewer.settings), "Account deleted");
    page.robots = false;
    let mut response = html(&DeletedPage { page });
    session::forget(&app, &mut response);
    Ok(response)
}

async fn carry_out(
    app: &App,
    asking: &CurrentMember,
    address: ClientIp,
    typed: &DeletionForm,
) -> Result<(), FormRefusal> {
    let CurrentMember { member, viewer } = asking;
    let mut errors = FormErrors::default();
    let posts = errors.check("posts", OwnPosts::parse(&typed.posts).ok_or(DeletionError::NoChoice));
    if !typed.name.trim().eq_ignore_ascii_case(&member.name) {
        errors.add("name", DeletionError::OtherName);
    }
    let Some(posts) = posts.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    check_password(app, member, address, &typed.password).await?;
    let last_admin = || FormErrors::one("", DeletionError::LastAdmin);
    if member.role == Role::Admin && app.store.is_last_admin(member.id, viewer.now).await? {
        return Err(last_admin().into());
    }
    while posts == OwnPosts::RemoveUnanswered && app.store.remove_unanswered(member.id, viewer.now).await? > 0
    {
    }
    match app.store.delete_account(member.id, viewer.now).await {
        Ok(()) => Ok(()),
        Err(store::Error::Conflict) => Err(last_admin().into()),
        Err(error) => Err(error.into()),
    }
}
