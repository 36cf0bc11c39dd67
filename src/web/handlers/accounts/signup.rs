//! Signing up: openly, by invitation, or by a request that a moderator approves.

use askama::Template;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::accounts::signup::{SignUpError, SignUpOutcome};
use crate::domain::accounts::user::{Name, NameError, Role};
use crate::domain::accounts::{signup, token};
use crate::domain::moderation::rules::RuleInput;
use crate::domain::text::Html;
use crate::store::{self, NewSignupRequest, NewUser, RequestOutcome};
use crate::web::actions::PostContext;
use crate::web::admission::Requester;
use crate::web::error::{Error, ErrorText};
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, busy};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::{self, CurrentMember, MaybeMember};
use crate::web::rate_limit::{self, Reserved};
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html, html_with};

#[derive(Debug, Default, Deserialize)]
pub struct SignupForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// The reason for joining, if a moderator decides.
    #[serde(default)]
    text: String,
    #[serde(default)]
    goto: LocalRedirect,
}

pub struct SignupContext {
    pub viewer: MaybeMember,
    pub address: ClientIp,
    pub headers: HeaderMap,
}

impl FromRequestParts<App> for SignupContext {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<SignupContext, Error> {
        let viewer = MaybeMember::from_request_parts(parts, app).await?;
        let Ok(address) = ClientIp::from_request_parts(parts, app).await;
        Ok(SignupContext { viewer, address, headers: parts.headers.clone() })
    }
}

impl SignupContext {
    pub fn context_of(&self, viewer: &MaybeMember) -> Option<PostContext> {
        let asking = CurrentMember { viewer: viewer.clone(), member: viewer.member.clone()? };
        Some(PostContext { asking, client_ip: self.address })
    }
}

/// A way to sign up: the form's action, its outcome, and the invitation's token and inviter.
#[derive(Debug, Clone, Copy)]
pub struct SignupFlow<'a> {
    pub action: &'a str,
    pub way: SignUpOutcome,
    pub invitation: Option<(&'a str, &'a str)>,
}

impl SignupFlow<'_> {
    fn alone(app: &App) -> Result<SignupFlow<'static>, SignUpError> {
        let settings = app.settings();
        let way = settings.signup_mode.way(false, &settings.policy)?;
        Ok(SignupFlow { action: "/signup", way, invitation: None })
    }

    fn title(&self) -> &'static str {
        match self.way {
            SignUpOutcome::Account => "Sign up",
            SignUpOutcome::Request => "Request an account",
        }
    }

    fn inviter(&self) -> Option<&str> {
        self.invitation.map(|(_, name)| name)
    }

    fn by_request(&self) -> bool {
        self.way == SignUpOutcome::Request
    }
}

#[derive(Template)]
#[template(path = "accounts/signup.html")]
struct SignUpPage<'a> {
    page: Page<'a>,
    entrance: SignupFlow<'a>,
    question: &'a str,
    errors: FormErrors,
    typed: &'a SignupForm,
}

pub fn form(
    app: &App,
    viewer: &MaybeMember,
    entrance: SignupFlow<'_>,
    typed: &SignupForm,
    errors: FormErrors,
) -> Response {
    let mut page = Page::new(app, viewer, "signup", entrance.title());
    page.robots = entrance.invitation.is_none();
    let question = &viewer.settings.request_question;
    html_with(errors.status(), &SignUpPage { page, entrance, question, errors, typed })
}

#[derive(Template)]
#[template(path = "accounts/signup_closed.html")]
struct SignupClosedPage<'a> {
    page: Page<'a>,
    why: String,
}

pub fn signup_closed(app: &App, viewer: &MaybeMember, status: StatusCode, why: SignUpError) -> Response {
    let mut page = Page::new(app, viewer, "signup", "Sign up");
    page.robots = false;
    html_with(status, &SignupClosedPage { page, why: why.to_string() })
}

/// Refuses a sent form like [`signup_closed`], or, if a text was written in it, on the error page, which
/// shows it.
pub fn refused(
    app: &App,
    viewer: &MaybeMember,
    (status, why): (StatusCode, SignUpError),
    typed: &SignupForm,
) -> Response {
    if typed.text.trim().is_empty() {
        return signup_closed(app, viewer, status, why);
    }
    let mut refusal = status.into_response();
    refusal.extensions_mut().insert(ErrorText { title: ErrorText::of(status).title, what: why.to_string() });
    refusal
}

#[derive(Debug, Deserialize)]
pub struct RequestForm {
    #[serde(default)]
    goto: LocalRedirect,
    sent: Option<String>,
}

/// `GET /signup`
pub async fn new(State(app): State<App>, viewer: MaybeMember, Query(asked): Query<RequestForm>) -> Response {
    if viewer.member.is_some() {
        return asked.goto.redirect();
    }
    match SignupFlow::alone(&app) {
        Ok(SignupFlow { way: SignUpOutcome::Request, .. }) if asked.sent.is_some() => {
            let mut page = Page::new(&app, &viewer, "signup", "Your request is sent");
            page.robots = false;
            html(&RequestPage { page, request: None })
        }
        Ok(entrance) => {
            let typed = SignupForm { goto: asked.goto, ..SignupForm::default() };
            form(&app, &viewer, entrance, &typed, FormErrors::default())
        }
        Err(why) => signup_closed(&app, &viewer, StatusCode::OK, why),
    }
}

/// `POST /signup`
pub async fn create(
    State(app): State<App>,
    newcomer: SignupContext,
    Form(typed): Form<SignupForm>,
) -> Result<Response, Error> {
    let entrance = SignupFlow::alone(&app).map_err(Error::forbidden)?;
    enter(&app, &newcomer, entrance, &typed).await
}

/// Creates an account or a request.
pub async fn enter(
    app: &App,
    newcomer: &SignupContext,
    entrance: SignupFlow<'_>,
    typed: &SignupForm,
) -> Result<Response, Error> {
    let again = |errors| form(app, &newcomer.viewer, entrance, typed, errors);
    match checked(app, newcomer, entrance, typed).await {
        Ok(response) => Ok(response),
        Err(FormRefusal::Invalid(mistakes)) => Ok(again(mistakes)),
        Err(FormRefusal::Error(Error::RateLimited(held))) => {
            Ok(rate_limit::with_status(again(FormErrors::rate_limited(&held, &held)), &held))
        }
        Err(FormRefusal::Error(Error::Busy)) => Ok(busy(again(FormErrors::busy()))),
        Err(FormRefusal::Error(error)) => Err(error),
    }
}

async fn checked(
    app: &App,
    newcomer: &SignupContext,
    entrance: SignupFlow<'_>,
    typed: &SignupForm,
) -> Result<Response, FormRefusal> {
    let mut errors = FormErrors::default();
    let name = errors.check("name", Name::parse(&typed.name));
    let (ip, settings) = (newcomer.address.ip(), &newcomer.viewer.settings);
    let now = newcomer.viewer.now;
    let tried = app.limits.logins.check_address(ip, settings.login_attempts_per_hour);
    let tried = Reserved::share(tried, &app.store, now).await??;
    let turn = (Requester::Stranger(newcomer.address.fair_key()), tried);
    let draft = RuleInput { title: typed.name.trim(), from: Some(ip), ..RuleInput::default() };
    errors.check("", app.rules.for_newcomer(&app.store).await?.judge(draft));
    let text = match entrance.way {
        SignUpOutcome::Account => None,
        SignUpOutcome::Request => errors.check("text", signup::request(&typed.text)),
    };
    if let Some(name) = &name {
        errors.check("name", app.store.name_conflict(name).await?.map_or(Ok(()), Err));
    }
    let (password, typed_name) = (typed.password.clone(), typed.name.clone());
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        errors.check("password", app.admission.passwords.check(turn, password, typed_name).await?);
        return Err(errors.into());
    };
    let made = Reserved::share(app.limits.check_signup(ip, &settings.policy), &app.store, now).await??;
    let hash = app.admission.passwords.hash(turn, password, typed_name).await?;
    let hash = hash.map_err(|weak| FormErrors::one("password", weak))?;
    made.commit().await;
    let login = ChosenLogin { name: &name, password_hash: &hash };
    let made = match text {
        None => make_account(app, newcomer, entrance, login, &typed.goto).await,
        Some(text) => ask(app, entrance, login, &text).await,
    };
    match made {
        Ok(response) => Ok(response),
        Err(SignupRejection::Taken) => Err(FormErrors::one("name", NameError::Taken).into()),
        Err(SignupRejection::Full) => Err(FormErrors::one("", SignUpError::Full).into()),
        Err(SignupRejection::Over) => {
            Ok(refused(app, &newcomer.viewer, (StatusCode::NOT_FOUND, SignUpError::Over), typed))
        }
        Err(SignupRejection::Other(error)) => Err(error.into()),
    }
}

enum SignupRejection {
    Taken,
    Full,
    Over,
    Other(Error),
}

impl From<store::Error> for SignupRejection {
    fn from(error: store::Error) -> SignupRejection {
        match error {
            store::Error::Conflict => SignupRejection::Taken,
            store::Error::NotFound => SignupRejection::Over,
            other => SignupRejection::Other(other.into()),
        }
    }
}

#[derive(Clone, Copy)]
struct ChosenLogin<'a> {
    name: &'a Name,
    password_hash: &'a str,
}

async fn make_account(
    app: &App,
    newcomer: &SignupContext,
    entrance: SignupFlow<'_>,
    login: ChosenLogin<'_>,
    goto: &LocalRedirect,
) -> Result<Response, SignupRejection> {
    let now = app.clock.now();
    let ChosenLogin { name, password_hash: password } = login;
    let ip_hashes = Some(newcomer.address.hashes(app));
    let new = NewUser { name, password, role: Role::Member, ip_hashes };
    let user = match entrance.invitation {
        None => app.store.create_user(new, now).await?,
        Some((token, _)) => app.store.accept_invitation(&token::hash(token), new, now).await?,
    };
    session::begin_new(app, &newcomer.headers, user, password, goto).await.map_err(SignupRejection::Other)
}

async fn ask(
    app: &App,
    entrance: SignupFlow<'_>,
    login: ChosenLogin<'_>,
    text: &str,
) -> Result<Response, SignupRejection> {
    let ChosenLogin { name, password_hash: password } = login;
    let invitation = entrance.invitation.map(|(token, _)| token::hash(token));
    let new = NewSignupRequest { name, password, text, invitation: invitation.as_deref() };
    let most = app.settings().policy.max_pending_signup_requests.into();
    match app.store.request_account(new, most, app.clock.now()).await? {
        RequestOutcome::Waits => Ok(LocalRedirect::new("/signup?sent=yes").redirect()),
        RequestOutcome::Full => Err(SignupRejection::Full),
    }
}

#[derive(Template)]
#[template(path = "accounts/signup_request.html")]
struct RequestPage<'a> {
    page: Page<'a>,
    request: Option<RequestView>,
}

struct RequestView {
    text: Html,
    asked: TimeView,
    declined: Option<TimeView>,
    shut: Option<SignUpError>,
    message: Option<Html>,
}

/// The state of a sign-up request, shown after logging in with its name and password.
pub async fn request(
    app: &App,
    viewer: &MaybeMember,
    request: store::SignupRequest,
) -> Result<Response, Error> {
    let mut page = Page::new(app, viewer, "signup", "Your request");
    page.robots = false;
    let renderer = app.renderer(viewer.from);
    let message = match request.message.as_str() {
        "" => None,
        message => Some(renderer.once(message).await?),
    };
    let request = RequestView {
        text: renderer.once(&request.text).await?,
        asked: TimeView::new(request.created_at, viewer.now),
        declined: request.declined_at.map(|at| TimeView::new(at, viewer.now)),
        shut: viewer.settings.signup_mode.may_approve().err(),
        message,
    };
    Ok(html(&RequestPage { page, request: Some(request) }))
}
