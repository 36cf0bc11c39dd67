//! The second step of a log-in: a code of the authenticator app, or a recovery code.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::CACHE_CONTROL;

use crate::clock::MINUTE;
use crate::domain::accounts::recovery_code::RecoveryCode;
use crate::domain::accounts::token::{self, Token};
use crate::domain::accounts::user::UserId;
use crate::store::{self, PassedLogin, PendingLogin, Verified};
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::recovered_form::Fields;
use crate::web::extract::session::{self, MaybeMember};
use crate::web::handlers::accounts::login::{self, LoginForm, of_known_browser, password_changed};
use crate::web::handlers::accounts::login_destination::{LoginDestination, take};
use crate::web::handlers::accounts::signup::SignupContext;
use crate::web::metrics::LoginMethod;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

/// How long a log-in waits for its second step, in seconds.
const TTL: i64 = 5 * MINUTE;

#[derive(Template)]
#[template(path = "accounts/credentials/second_step.html")]
struct SecondStepPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    token: &'a str,
    code: &'a str,
    destination: &'a LoginDestination,
}

struct SecondStepForm {
    token: String,
    code: String,
    destination: LoginDestination,
}

fn page(app: &App, viewer: &MaybeMember, form: &SecondStepForm, errors: FormErrors) -> Response {
    let mut page = Page::new(app, viewer, "login", "Log in: second step");
    page.robots = false;
    let SecondStepForm { token, code, destination } = form;
    let step = SecondStepPage { page, token, code, destination, errors };
    ([(CACHE_CONTROL, "no-store")], html_with(step.errors.status(), &step)).into_response()
}

/// Asks for the second factor after the right password, `verified` being its hash.
pub async fn ask(
    app: &App,
    viewer: &MaybeMember,
    typed: LoginForm,
    (user, verified): (UserId, &str),
) -> Result<Response, Error> {
    let token = Token::random().map_err(Error::internal)?;
    let until = viewer.now.plus(TTL);
    match app.store.begin_pending_login(&token.hash(), (user, verified), until).await {
        Ok(()) => {
            let (token, destination) = (token.as_str().to_owned(), typed.destination);
            let form = SecondStepForm { token, code: String::new(), destination };
            Ok(page(app, viewer, &form, FormErrors::default()))
        }
        Err(store::Error::Conflict) => login::again(app, viewer, &typed, password_changed()).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /login/code`
pub async fn log_in(
    State(app): State<App>,
    comer: SignupContext,
    Form(mut fields): Form<Fields>,
) -> Result<Response, Error> {
    let (token, code) = (take(&mut fields, "pending"), take(&mut fields, "code"));
    let form = SecondStepForm { token, code, destination: LoginDestination::take(&mut fields) };
    let (token_hash, viewer) = (token::hash(&form.token), &comer.viewer);
    let Some(pending) = app.store.pending_login(&token_hash, viewer.now).await? else {
        return begin_anew(&app, viewer, form).await;
    };
    match pass(&app, &comer, &pending, (&token_hash, &form.code)).await {
        Ok(PassedLogin { user_id, password }) => {
            match session::begin(&app, &comer.headers, user_id, Verified::Password(&password)).await? {
                Some(begun) => Ok(form.destination.reach(&app, &comer, begun).await),
                None => begin_anew(&app, viewer, form).await,
            }
        }
        Err(FormRefusal::Error(Error::NotFound)) => begin_anew(&app, viewer, form).await,
        Err(refusal) => refused(refusal, async |errors| Ok(page(&app, viewer, &form, errors))).await,
    }
}

async fn pass(
    app: &App,
    comer: &SignupContext,
    pending: &PendingLogin,
    (token_hash, typed): (&[u8], &str),
) -> Result<PassedLogin, FormRefusal> {
    let SignupContext { viewer, address, headers, .. } = comer;
    let code: String = typed.chars().filter(|c| !c.is_whitespace()).take(40).collect();
    let is_totp = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let sentence = "Enter the six digits that your app shows now, or one of your recovery codes.";
    let recovery = RecoveryCode::parse(&code).map_err(|_| FormErrors::one("code", sentence));
    let (logins, times) = (&app.limits.logins, viewer.settings.login_attempts_per_hour);
    let known = of_known_browser(app, headers, Some(pending.user_id)).await?;
    let who = (known, pending.user_id);
    let tried = logins.check_shared_code(&app.store, viewer.now, who, address.ip(), times).await??;
    let passed = match recovery {
        _ if is_totp => app.store.pass_with_totp(token_hash, &code, viewer.now).await,
        Ok(recovery) => app.store.pass_with_recovery_code(token_hash, &recovery.hash(), viewer.now).await,
        Err(neither) => return Err(neither.into()),
    };
    match passed {
        Ok(passed) => Ok(passed),
        Err(store::Error::Refused(sentence)) => {
            tried.commit().await;
            app.metrics.login_failed(LoginMethod::Code);
            Err(FormErrors::one("code", sentence).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The first step again, leading to the same.
/// `GET /login/code`, a reload: a log-in begins with the password.
pub async fn start_over() -> Redirect {
    Redirect::to("/login")
}

async fn begin_anew(app: &App, viewer: &MaybeMember, form: SecondStepForm) -> Result<Response, Error> {
    let sentence = "This log-in has ended: it waits for five minutes and for five codes. Please begin again.";
    let typed = LoginForm::leading_to(form.destination);
    login::again(app, viewer, &typed, FormErrors::one("", sentence)).await
}
