//! Signing up: by oneself, with an invitation, or by a request that a moderator approves.

use askama::Template;
use axum::extract::{FromRequestParts, Query, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::origin::Origin;
use crate::domain::rule::Draft;
use crate::domain::signup::{self, SignUpError, Way};
use crate::domain::text::Html;
use crate::domain::token;
use crate::domain::user::{Name, NameError, Role};
use crate::store::{self, Asked, NewRequest, NewUser};
use crate::web::actions::PostContext;
use crate::web::admission::Requester;
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::form::{Form, FormRefusal, Mistakes, busy};
use crate::web::goto::Goto;
use crate::web::limit;
use crate::web::page::{Page, html, html_with};
use crate::web::session::{self, CurrentMember, MaybeMember};
use crate::web::state::App;
use crate::web::view::When;

/// What somebody typed who wants an account.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// Why they would like to join, where a moderator decides.
    #[serde(default)]
    text: String,
    #[serde(default)]
    goto: Goto,
}

/// Who comes, from where, in which browser.
pub struct Newcomer {
    pub viewer: MaybeMember,
    pub address: ClientIp,
    pub origin: Origin,
    pub headers: HeaderMap,
}

impl FromRequestParts<App> for Newcomer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Newcomer, Error> {
        let viewer = MaybeMember::from_request_parts(parts, app).await?;
        let Ok(address) = ClientIp::from_request_parts(parts, app).await;
        let Ok(origin) = Origin::from_request_parts(parts, app).await;
        Ok(Newcomer { viewer, address, origin, headers: parts.headers.clone() })
    }
}

impl Newcomer {
    /// The same once they are logged in.
    pub fn context_of(&self, viewer: &MaybeMember) -> Option<PostContext> {
        let asking = CurrentMember { viewer: viewer.clone(), member: viewer.member.clone()? };
        Some(PostContext { asking, client_ip: self.address, ip_hashes: self.origin })
    }
}

/// A way in: the address that its form is sent to, what the form leads to, and the invitation's token with the name of whom it is from.
#[derive(Debug, Clone, Copy)]
pub struct Entrance<'a> {
    pub action: &'a str,
    pub way: Way,
    pub invitation: Option<(&'a str, &'a str)>,
}

impl Entrance<'_> {
    /// The way of those who have no invitation.
    fn alone(app: &App) -> Result<Entrance<'static>, SignUpError> {
        let settings = app.settings();
        let way = settings.signup_mode.way(false, &settings.policy)?;
        Ok(Entrance { action: "/signup", way, invitation: None })
    }

    fn title(&self) -> &'static str {
        match self.way {
            Way::Account => "Sign up",
            Way::Request => "Ask for an account",
        }
    }

    /// Who invites.
    fn inviter(&self) -> Option<&str> {
        self.invitation.map(|(_, name)| name)
    }

    fn by_request(&self) -> bool {
        self.way == Way::Request
    }
}

#[derive(Template)]
#[template(path = "signup.html")]
struct SignUpPage<'a> {
    page: Page<'a>,
    entrance: Entrance<'a>,
    question: &'a str,
    errors: Mistakes,
    typed: &'a Typed,
}

/// The sign-up form, with what is wrong in what was typed before.
pub fn form(app: &App, viewer: &MaybeMember, entrance: Entrance<'_>, typed: &Typed, errors: Mistakes) -> Response {
    let mut page = Page::new(app, viewer, "login", entrance.title());
    page.robots = entrance.invitation.is_none();
    let question = &viewer.settings.request_question;
    html_with(errors.status(), &SignUpPage { page, entrance, question, errors, typed })
}

#[derive(Template)]
#[template(path = "shut.html")]
struct ShutPage<'a> {
    page: Page<'a>,
    why: String,
}

/// The page of somebody who cannot sign up, and why.
pub fn shut(app: &App, viewer: &MaybeMember, status: StatusCode, why: SignUpError) -> Response {
    let mut page = Page::new(app, viewer, "login", "Sign up");
    page.robots = false;
    html_with(status, &ShutPage { page, why: why.to_string() })
}

#[derive(Debug, Deserialize)]
pub struct Asking {
    #[serde(default)]
    goto: Goto,
    /// A request has just been sent.
    sent: Option<String>,
}

/// `GET /signup`
pub async fn new(State(app): State<App>, viewer: MaybeMember, Query(asked): Query<Asking>) -> Response {
    if viewer.member.is_some() {
        return asked.goto.redirect();
    }
    match Entrance::alone(&app) {
        Ok(Entrance { way: Way::Request, .. }) if asked.sent.is_some() => {
            let mut page = Page::new(&app, &viewer, "login", "Your request is sent");
            page.robots = false;
            html(&RequestPage { page, request: None })
        }
        Ok(entrance) => {
            let typed = Typed { goto: asked.goto, ..Typed::default() };
            form(&app, &viewer, entrance, &typed, Mistakes::default())
        }
        Err(why) => shut(&app, &viewer, StatusCode::OK, why),
    }
}

/// `POST /signup`
pub async fn create(State(app): State<App>, newcomer: Newcomer, Form(typed): Form<Typed>) -> Result<Response, Error> {
    let entrance = Entrance::alone(&app).map_err(Error::forbidden)?;
    enter(&app, &newcomer, entrance, &typed).await
}

/// Makes an account of what was typed, or a request for one; shows the form again where something is to be mended.
pub async fn enter(app: &App, newcomer: &Newcomer, entrance: Entrance<'_>, typed: &Typed) -> Result<Response, Error> {
    let again = |errors| form(app, &newcomer.viewer, entrance, typed, errors);
    match checked(app, newcomer, entrance, typed).await {
        Ok(response) => Ok(response),
        Err(FormRefusal::Invalid(mistakes)) => Ok(again(mistakes)),
        Err(FormRefusal::Error(Error::RateLimited(held))) => {
            Ok(limit::with_status(again(Mistakes::held(&held, &held)), &held))
        }
        Err(FormRefusal::Error(Error::Busy)) => Ok(busy(again(Mistakes::busy()))),
        Err(FormRefusal::Error(error)) => Err(error),
    }
}

async fn checked(
    app: &App,
    newcomer: &Newcomer,
    entrance: Entrance<'_>,
    typed: &Typed,
) -> Result<Response, FormRefusal> {
    let mut errors = Mistakes::default();
    let name = errors.check("name", Name::parse(&typed.name));
    let (ip, settings) = (newcomer.address.ip(), app.settings());
    let tried = app.limits.logins.check_address(ip, settings.login_attempts_per_hour)?;
    let turn = (Requester::Stranger(newcomer.address.fair_key()), tried);
    let draft = Draft { title: typed.name.trim(), from: Some(ip), ..Draft::default() };
    errors.check("", app.rules.for_newcomer(&app.store).await?.judge(draft));
    let text = match entrance.way {
        Way::Account => None,
        Way::Request => errors.check("text", signup::request(&typed.text)),
    };
    if let Some(name) = &name {
        errors.check("name", app.store.name_conflict(name).await?.map_or(Ok(()), Err));
    }
    let (password, typed_name) = (typed.password.clone(), typed.name.clone());
    let Some(name) = name.filter(|_| errors.is_empty()) else {
        errors.check("password", app.admission.passwords.check(turn, password, typed_name).await?);
        return Err(errors.into());
    };
    let made = app.limits.check_signup(ip, &settings.policy)?;
    let hash = app.admission.passwords.hash(turn, password, typed_name).await?;
    let hash = hash.map_err(|weak| Mistakes::one("password", weak))?;
    made.commit();
    let login = ChosenLogin { name: &name, password_hash: &hash };
    let made = match text {
        None => make_account(app, newcomer, entrance, login, &typed.goto).await,
        Some(text) => ask(app, entrance, login, &text).await,
    };
    match made {
        Ok(response) => Ok(response),
        Err(Refused::Taken) => Err(Mistakes::one("name", NameError::Taken).into()),
        Err(Refused::Full) => Err(Mistakes::one("", SignUpError::Full).into()),
        Err(Refused::Over) => Ok(shut(app, &newcomer.viewer, StatusCode::NOT_FOUND, SignUpError::Over)),
        Err(Refused::Other(error)) => Err(error.into()),
    }
}

/// Why what was typed well became nothing.
enum Refused {
    /// Somebody took the name at the same moment.
    Taken,
    Full,
    /// The invitation was used or ended at the same moment.
    Over,
    Other(Error),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Refused {
        match error {
            store::Error::Conflict => Refused::Taken,
            store::Error::NotFound => Refused::Over,
            other => Refused::Other(other.into()),
        }
    }
}

/// What somebody will log in with.
#[derive(Clone, Copy)]
struct ChosenLogin<'a> {
    name: &'a Name,
    password_hash: &'a str,
}

async fn make_account(
    app: &App,
    newcomer: &Newcomer,
    entrance: Entrance<'_>,
    login: ChosenLogin<'_>,
    goto: &Goto,
) -> Result<Response, Refused> {
    let now = app.clock.now();
    let ChosenLogin { name, password_hash: password } = login;
    let new = NewUser { name, password, role: Role::Member, origin: Some(newcomer.origin) };
    let user = match entrance.invitation {
        None => app.store.create_user(new, now).await?,
        Some((token, _)) => app.store.accept_invitation(&token::hash(token), new, now).await?,
    };
    session::begin_new(app, &newcomer.headers, user, password, goto).await.map_err(Refused::Other)
}

async fn ask(app: &App, entrance: Entrance<'_>, login: ChosenLogin<'_>, text: &str) -> Result<Response, Refused> {
    let ChosenLogin { name, password_hash: password } = login;
    let invitation = entrance.invitation.map(|(token, _)| token::hash(token));
    let new = NewRequest { name, password, text, invitation: invitation.as_deref() };
    let most = app.settings().policy.max_pending_signup_requests.into();
    match app.store.request_account(new, most, app.clock.now()).await? {
        Asked::Waits => Ok(Goto::new("/signup?sent=yes").redirect()),
        Asked::Full => Err(Refused::Full),
    }
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage<'a> {
    page: Page<'a>,
    /// None: it has just been sent.
    request: Option<RequestView>,
}

/// Somebody's own request.
struct RequestView {
    text: Html,
    asked: When,
    declined: Option<When>,
    /// Why it cannot be approved now.
    shut: Option<SignUpError>,
    /// What a moderator said.
    message: Option<Html>,
}

/// Where somebody's request stands; for whoever logs in by its name and password.
pub async fn request(app: &App, viewer: &MaybeMember, request: store::Request) -> Result<Response, Error> {
    let mut page = Page::new(app, viewer, "login", "Your request");
    page.robots = false;
    let renderer = app.renderer(viewer.from);
    let message = match request.message.as_str() {
        "" => None,
        message => Some(renderer.once(message).await?),
    };
    let request = RequestView {
        text: renderer.once(&request.text).await?,
        asked: When::new(request.created, viewer.now),
        declined: request.declined_at.map(|at| When::new(at, viewer.now)),
        shut: app.settings().signup_mode.may_approve().err(),
        message,
    };
    Ok(html(&RequestPage { page, request: Some(request) }))
}
