//! Logging in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CACHE_CONTROL;
use serde::Deserialize;

use crate::domain::accounts::password;
use crate::domain::accounts::signup::SignUpMode;
use crate::domain::accounts::user::UserId;
use crate::store::{Credentials, Verified};
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors, busy};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::{Fields, SavedForm};
use crate::web::extract::session::{self, MaybeMember};
use crate::web::handlers::accounts::credentials::second_step;
use crate::web::handlers::accounts::login_destination::{LoginDestination, take};
use crate::web::handlers::accounts::signup::SignupContext;
use crate::web::handlers::accounts::{login_purpose, signup};
use crate::web::handlers::votes::pending_vote::PendingVote;
use crate::web::metrics::LoginMethod;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html, html_with};

#[derive(Debug, Default, Deserialize)]
pub struct LoginQuery {
    goto: Option<LocalRedirect>,
    #[serde(default)]
    vote: String,
    #[serde(default)]
    dir: String,
    /// What the member was about to do, a name of [`login_purpose`].
    #[serde(default)]
    why: String,
}

#[derive(Default)]
pub struct LoginForm {
    name: String,
    password: String,
    why: &'static str,
    pub destination: LoginDestination,
}

impl LoginForm {
    /// An empty form that leads there.
    pub fn leading_to(destination: LoginDestination) -> LoginForm {
        LoginForm { destination, ..LoginForm::default() }
    }

    pub fn new(mut form: Fields) -> LoginForm {
        let (name, password) = (take(&mut form, "name"), take(&mut form, "password"));
        let why = login_purpose::known(&take(&mut form, "why"));
        LoginForm { name, password, why, destination: LoginDestination::take(&mut form) }
    }
}

#[derive(Template)]
#[template(path = "accounts/login.html")]
struct LogInPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    typed: &'a LoginForm,
    /// Why the member was sent here.
    why: Option<String>,
}

impl LogInPage<'_> {
    fn why(&self) -> Option<&str> {
        self.why.as_deref().filter(|_| self.typed.destination.saved.is_none())
    }

    fn sign_up(&self) -> String {
        let leads = &self.typed.destination;
        let goto = leads.pending.map_or_else(|| leads.goto.clone(), PendingVote::not_cast);
        session::address_with("/signup", &[("goto", goto.as_str())])
    }
}

pub async fn again(
    app: &App,
    viewer: &MaybeMember,
    typed: &LoginForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    let mut page = Page::new(app, viewer, "login", "Log in");
    page.robots = false;
    let why = match typed.destination.pending {
        Some(pending) => Some(pending.describe(app).await?.0),
        None => login_purpose::sentence_for(typed.why)
            .or_else(|| login_purpose::of_page(typed.destination.goto.as_str(), &viewer.settings)),
    };
    Ok(html_with(errors.status(), &LogInPage { page, errors, typed, why }))
}

/// Answers a form sent after the session ended; the page carries its input.
pub fn log_in_first(page: Page<'_>, saved: SavedForm) -> Response {
    let destination =
        LoginDestination { goto: saved.action.clone(), saved: Some(saved), ..LoginDestination::default() };
    let typed = LoginForm::leading_to(destination);
    html(&LogInPage { page, errors: FormErrors::default(), typed: &typed, why: None })
}

/// `GET /login`
pub async fn show(
    State(app): State<App>,
    viewer: MaybeMember,
    Query(asked): Query<LoginQuery>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let Some(pending) = PendingVote::parse(&asked.vote, &asked.dir) else {
        let typed = LoginForm {
            why: login_purpose::known(&asked.why),
            ..LoginForm::leading_to(LoginDestination {
                goto: asked.goto.unwrap_or_default(),
                ..LoginDestination::default()
            })
        };
        if viewer.member.is_some() {
            return Ok(typed.destination.goto.redirect());
        }
        if viewer.banned.is_some() {
            return Err(Error::Banned);
        }
        return again(&app, &viewer, &typed, FormErrors::default()).await;
    };
    if viewer.member.is_some() {
        // No GET casts a vote; members vote on the item's page.
        return Ok(pending.not_cast().redirect());
    }
    // The page the vote was on, by Referer.
    let page = asked.goto.or_else(|| session::referring_page(&app, &headers));
    let goto = pending.describe(&app).await?.1.within(page);
    let typed = LoginForm::leading_to(LoginDestination { goto, pending: Some(pending), saved: None });
    let page = again(&app, &viewer, &typed, FormErrors::default()).await?;
    Ok(([(CACHE_CONTROL, "private, no-store")], page).into_response())
}

/// The account, if this browser is known to it.
pub async fn of_known_browser(
    app: &App,
    headers: &HeaderMap,
    account: Option<UserId>,
) -> Result<Option<UserId>, Error> {
    match account {
        Some(found) if session::is_known_browser(app, headers, found).await? => Ok(Some(found)),
        _ => Ok(None),
    }
}

/// `POST /login`
pub async fn log_in(
    State(app): State<App>,
    comer: SignupContext,
    Form(form): Form<Fields>,
) -> Result<Response, Error> {
    let (typed, SignupContext { viewer, address, headers, .. }) = (LoginForm::new(form), &comer);
    let name: String = typed.name.trim().chars().take(100).collect();
    if typed.password.len() > password::MAX_PASSWORD_BYTES {
        let long = FormErrors::one("", password::PasswordError::Long);
        return again(&app, viewer, &typed, long).await;
    }
    let known = app.store.credentials(&name).await?;
    let browser = of_known_browser(&app, headers, known.as_ref().map(|found| found.id)).await?;
    let times = viewer.settings.login_attempts_per_hour;
    let (logins, who) = (&app.limits.logins, (browser, &*name));
    let tried = match logins.check_shared_login(&app.store, viewer.now, who, address.ip(), times).await? {
        Ok(tried) => tried,
        Err(held) => {
            let form = again(&app, viewer, &typed, FormErrors::rate_limited(&held, &held)).await?;
            return Ok(rate_limit::with_status(form, &held));
        }
    };
    // A pending sign-up can log in to see its request.
    let request = app.store.request_of(&name).await?.filter(|_| known.is_none());
    let hash = match (&known, &request) {
        (Some(found), _) => found.password.clone(),
        (None, request) => request.as_ref().map(|request| request.password.clone()),
    };
    let key = address.fair_key();
    let requester = browser.map_or(Requester::Stranger(key), |user| Requester::Known(Some(user), key));
    let (turn, passwords) = ((requester, tried), &app.admission.passwords);
    let right = match passwords.verify(turn, typed.password.clone(), hash.clone()).await {
        Err(Error::Busy) => return Ok(busy(again(&app, viewer, &typed, FormErrors::busy()).await?)),
        right => right?,
    };
    match (known, request) {
        (Some(found), _) if right => let_in(&app, &comer, typed, (found, hash.unwrap_or_default())).await,
        (None, Some(request)) if right => signup::request(&app, viewer, request).await,
        _ => wrong(&app, viewer, &typed).await,
    }
}

async fn wrong(app: &App, viewer: &MaybeMember, typed: &LoginForm) -> Result<Response, Error> {
    app.metrics.login_failed(LoginMethod::Password);
    let sentence = "Wrong name or password. Check both, then try again.";
    again(app, viewer, typed, FormErrors::one("", sentence)).await
}

/// Completes the log-in after the password check, or asks for the second factor; `verified` is its hash.
async fn let_in(
    app: &App,
    comer: &SignupContext,
    typed: LoginForm,
    (found, verified): (Credentials, String),
) -> Result<Response, Error> {
    let SignupContext { viewer, headers, .. } = comer;
    if found.passkeys_only {
        let sentence = "You chose to log in with passkeys only. Log in with one, or set a new password.";
        return again(app, viewer, &typed, FormErrors::one("", sentence)).await;
    }
    if app.store.has_second_factor(found.id, viewer.now).await? {
        return second_step::ask(app, viewer, typed, (found.id, &verified)).await;
    }
    match session::begin(app, headers, found.id, Verified::Password(&verified)).await? {
        Some(begun) => Ok(typed.destination.reach(app, comer, begun).await),
        None => again(app, viewer, &typed, password_changed()).await,
    }
}

pub fn password_changed() -> FormErrors {
    FormErrors::one("", "Your password was just changed. Log in with the new one.")
}

/// `POST /logout`
pub async fn log_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    session::end(&app, &headers, &LocalRedirect::default()).await
}
