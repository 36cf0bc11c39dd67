//! Signing up: by oneself, or with an invitation.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::origin::Origin;
use crate::domain::user::{Name, NameError, Role, UserId};
use crate::store::{self, NewUser};
use crate::web::account::Back;
use crate::web::error::Error;
use crate::web::form::{Form, Mistakes};
use crate::web::goto::Goto;
use crate::web::limit::Address;
use crate::web::page::{Page, html_with};
use crate::web::session::{self, MaybeMember};
use crate::web::state::App;

/// What somebody typed who wants an account.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    goto: Goto,
}

/// A way in: the address that its form is sent to, and who invites.
#[derive(Debug, Clone, Copy)]
pub struct Entrance<'a> {
    pub action: &'a str,
    pub inviter: Option<&'a str>,
}

impl Entrance<'_> {
    const OPEN: Entrance<'static> = Entrance { action: "/signup", inviter: None };
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignUpPage<'a> {
    page: Page<'a>,
    /// Why there is no form.
    shut: Option<String>,
    entrance: Entrance<'a>,
    errors: Mistakes,
    name: &'a str,
    goto: &'a Goto,
}

/// The sign-up form, with what is wrong in what was typed before.
pub fn form(
    app: &App,
    viewer: &MaybeMember,
    entrance: Entrance<'_>,
    (name, goto): (&str, &Goto),
    errors: Mistakes,
) -> Response {
    let mut page = Page::new(app, viewer, "login", "Sign up");
    page.robots = entrance.inviter.is_none();
    html_with(errors.status(), &SignUpPage { page, shut: None, entrance, errors, name, goto })
}

/// The page of somebody who cannot sign up, and why.
pub fn shut(app: &App, viewer: &MaybeMember, status: StatusCode, why: impl ToString) -> Response {
    let mut page = Page::new(app, viewer, "login", "Sign up");
    page.robots = false;
    let (errors, goto) = (Mistakes::default(), Goto::default());
    let shut = Some(why.to_string());
    html_with(status, &SignUpPage { page, shut, entrance: Entrance::OPEN, errors, name: "", goto: &goto })
}

/// `GET /signup`
pub async fn new(State(app): State<App>, viewer: MaybeMember, Query(back): Query<Back>) -> Response {
    if viewer.member.is_some() {
        return back.goto.redirect();
    }
    match app.config.sign_up.admits(false) {
        Ok(()) => form(&app, &viewer, Entrance::OPEN, ("", &back.goto), Mistakes::default()),
        Err(why) => shut(&app, &viewer, StatusCode::OK, why),
    }
}

/// `POST /signup`
pub async fn create(
    State(app): State<App>,
    viewer: MaybeMember,
    address: Address,
    origin: Origin,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    app.config.sign_up.admits(false).map_err(Error::forbidden)?;
    let (name, hash) = match check(&app, &viewer, address, Entrance::OPEN, &typed).await? {
        Ok(good) => good,
        Err(form) => return Ok(form),
    };
    let new = NewUser { name: &name, password: &hash, role: Role::Member, origin: Some(origin) };
    let made = app.store.create_user(new, app.clock.now()).await;
    enter(&app, (&viewer, &headers), Entrance::OPEN, &typed, made).await
}

/// What was typed, if it will do, with the password hashed; else the form again.
pub async fn check(
    app: &App,
    viewer: &MaybeMember,
    address: Address,
    entrance: Entrance<'_>,
    typed: &Typed,
) -> Result<Result<(Name, String), Response>, Error> {
    let mut errors = Mistakes::default();
    let name = errors.check("name", Name::parse(&typed.name));
    app.limits.password_form(address)?;
    errors.check("password", app.check_password(&typed.password, &typed.name).await?);
    if let Some(name) = &name
        && app.store.is_taken(name).await?
    {
        errors.add("name", NameError::Taken);
    }
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        return Ok(Err(form(app, viewer, entrance, (&typed.name, &typed.goto), errors)));
    };
    app.limits.sign_up(address)?;
    let hash = app.hash_password(typed.password.clone()).await?;
    Ok(Ok((name, hash)))
}

/// Logs the new account in; or shows the form again, where somebody took the name at the same moment.
pub async fn enter(
    app: &App,
    (viewer, headers): (&MaybeMember, &HeaderMap),
    entrance: Entrance<'_>,
    typed: &Typed,
    made: Result<UserId, store::Error>,
) -> Result<Response, Error> {
    match made {
        Ok(user) => session::begin(app, headers, user, &typed.goto).await,
        Err(store::Error::Conflict) => {
            let taken = Mistakes::one("name", NameError::Taken);
            Ok(form(app, viewer, entrance, (&typed.name, &typed.goto), taken))
        }
        Err(error) => Err(error.into()),
    }
}
