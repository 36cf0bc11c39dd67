//! Coming in and going: log-in, log-out; password and settings.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::draft;
use crate::domain::password;
use crate::domain::rule::Draft;
use crate::domain::signup::SignUp;
use crate::domain::thread::Order;
use crate::domain::user::{Theme, UserId};
use crate::store::Credentials;
use crate::web::error::Error;
use crate::web::form::{Form, Mistakes};
use crate::web::goto::Goto;
use crate::web::limit::{self, Address};
use crate::web::page::{Page, html, html_with};
use crate::web::rules;
use crate::web::session::{self, Begun, CurrentMember, MaybeMember};
use crate::web::signup;
use crate::web::state::App;
use crate::web::written::{self, Fields, Kept, Written};

#[derive(Debug, Default, Deserialize)]
pub struct Back {
    #[serde(default)]
    pub goto: Goto,
}

/// A log-in as typed.
#[derive(Default)]
struct Typed {
    name: String,
    password: String,
    goto: Goto,
    /// What was typed elsewhere before.
    kept: Option<Kept>,
}

impl Typed {
    fn new(mut form: Fields) -> Typed {
        let mut taken = |field: &str| {
            let at = form.iter().position(|(name, _)| name == field);
            at.map(|at| form.remove(at).1)
        };
        let (name, password) = (taken("name").unwrap_or_default(), taken("password").unwrap_or_default());
        let goto = taken("goto").map_or_else(Goto::default, |goto| Goto::new(&goto));
        Typed { name, password, goto, kept: Kept::take(&mut form) }
    }
}

#[derive(Template)]
#[template(path = "login.html")]
struct LogInPage<'a> {
    page: Page<'a>,
    errors: Mistakes,
    name: &'a str,
    goto: &'a Goto,
    kept: Option<&'a Kept>,
    /// Why somebody whose password was right cannot log in.
    banned: Option<String>,
}

impl<'a> LogInPage<'a> {
    fn new(app: &'a App, viewer: &'a MaybeMember, typed: &'a Typed, errors: Mistakes) -> LogInPage<'a> {
        let mut page = Page::new(app, viewer, "login", "Log in");
        page.robots = false;
        let (name, goto, kept) = (&typed.name, &typed.goto, typed.kept.as_ref());
        LogInPage { page, errors, name, goto, kept, banned: None }
    }
}

fn log_in_form(app: &App, viewer: &MaybeMember, typed: &Typed, errors: Mistakes) -> Response {
    let status = errors.status();
    html_with(status, &LogInPage::new(app, viewer, typed, errors))
}

/// The page for somebody who is banned: there is nothing in the form that they could mend.
fn log_in_refused(app: &App, viewer: &MaybeMember, typed: &Typed, banned: String) -> Response {
    let page = LogInPage::new(app, viewer, typed, Mistakes::default());
    html_with(StatusCode::FORBIDDEN, &LogInPage { banned: Some(banned), ..page })
}

/// The log-in page in answer to a form of somebody who is not logged in any more; it keeps what they typed.
pub fn log_in_first(app: &App, viewer: &MaybeMember, kept: Kept) -> Response {
    let typed = Typed { goto: kept.action.clone(), kept: Some(kept), ..Typed::default() };
    let mut form = log_in_form(app, viewer, &typed, Mistakes::default());
    *form.status_mut() = StatusCode::UNAUTHORIZED;
    form
}

/// `GET /login`
pub async fn log_in_form_page(State(app): State<App>, viewer: MaybeMember, Query(back): Query<Back>) -> Response {
    if viewer.member.is_some() {
        return back.goto.redirect();
    }
    log_in_form(&app, &viewer, &Typed { goto: back.goto, ..Typed::default() }, Mistakes::default())
}

/// Whose account it is, where they have logged in from this browser before.
async fn of_known_device(
    app: &App,
    headers: &HeaderMap,
    account: Option<&Credentials>,
) -> Result<Option<UserId>, Error> {
    match account {
        Some(found) if session::is_known_device(app, headers, found.id).await? => Ok(Some(found.id)),
        _ => Ok(None),
    }
}

/// `POST /login`
pub async fn log_in(
    State(app): State<App>,
    viewer: MaybeMember,
    address: Address,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Response, Error> {
    let typed = Typed::new(form);
    let refuse = |sentence: String| Ok(log_in_form(&app, &viewer, &typed, Mistakes::one("", sentence)));
    // No name and no password is longer than these; what is, matches nothing.
    let name: String = typed.name.trim().chars().take(100).collect();
    if typed.password.len() > password::LONGEST {
        return refuse(password::PasswordError::Long.to_string());
    }
    let known = app.store.credentials(&name).await?;
    let device = of_known_device(&app, &headers, known.as_ref()).await?;
    if let Err(held) = app.limits.log_in(device, &name, address) {
        let form = log_in_form(&app, &viewer, &typed, Mistakes::held(&held, &held));
        return Ok(limit::on_form(form, &held));
    }
    // Somebody who waits for an account logs in to see where their request stands.
    let request = app.store.request_of(&name).await?.filter(|_| known.is_none());
    let hash = match (&known, &request) {
        (Some(found), _) => found.password.clone(),
        (None, request) => request.as_ref().map(|request| request.password.clone()),
    };
    let right = app.verify_password(typed.password.clone(), hash.clone()).await?;
    match known {
        Some(found) if right => match found.ban.sentence(viewer.now) {
            Some(sentence) => Ok(log_in_refused(&app, &viewer, &typed, sentence)),
            None => match session::begin(&app, &headers, found.id, &hash.unwrap_or_default()).await? {
                Some(begun) => Ok(welcome(&app, begun, &typed)),
                None => refuse("Your password was changed at this moment. Log in with the new one.".to_owned()),
            },
        },
        _ => match request.filter(|_| right) {
            Some(request) => signup::request(&app, &viewer, request).await,
            None => refuse("That name and password do not go together. Check both, then try again.".to_owned()),
        },
    }
}

/// Where somebody goes who has just logged in: to what they had typed, if that is kept.
fn welcome(app: &App, begun: Begun, typed: &Typed) -> Response {
    let page = match &typed.kept {
        Some(kept) => written::again(app, &begun.viewer, kept),
        None => typed.goto.redirect(),
    };
    begun.with(page)
}

/// `POST /logout`
pub async fn log_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Error> {
    session::end(&app, &headers, &Goto::default()).await
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'a> {
    page: Page<'a>,
    errors: Mistakes,
    about: &'a str,
    theme: Theme,
    order: Order,
    show_dead: bool,
    saved: bool,
    orders: [Order; 4],
}

impl SettingsPage<'_> {
    fn has(&self, theme: &str) -> bool {
        self.theme.as_str() == theme
    }
}

#[derive(Debug, Deserialize)]
pub struct Saved {
    saved: Option<String>,
}

/// `GET /settings`
pub async fn settings(
    State(app): State<App>,
    asking: CurrentMember,
    Query(asked): Query<Saved>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let about = app.store.about(member.id).await?;
    let page = Page::new(&app, &asking.viewer, "settings", "Settings");
    let form = SettingsPage {
        page,
        errors: Mistakes::default(),
        about: &about,
        theme: member.theme,
        order: member.comment_order,
        show_dead: member.show_dead,
        saved: asked.saved.is_some(),
        orders: Order::ALL,
    };
    Ok(html(&form))
}

#[derive(Debug, Deserialize)]
pub struct Preferences {
    #[serde(default)]
    about: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    order: String,
    show_dead: Option<String>,
}

/// The form again, with what was typed.
fn settings_again(app: &App, asking: &CurrentMember, typed: &Preferences, errors: Mistakes) -> Response {
    let status = errors.status();
    let form = SettingsPage {
        page: Page::new(app, &asking.viewer, "settings", "Settings"),
        errors,
        about: &typed.about,
        theme: Theme::parse(&typed.theme).unwrap_or_default(),
        order: Order::parse(&typed.order).unwrap_or_default(),
        show_dead: typed.show_dead.is_some(),
        saved: false,
        orders: Order::ALL,
    };
    html_with(status, &form)
}

/// `POST /settings`
pub async fn save_settings(
    State(app): State<App>,
    from: Address,
    Written { asking, typed }: Written<Preferences>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let mut errors = Mistakes::default();
    let about = match errors.check("about", draft::text(&typed.about)) {
        Some(about) => {
            let draft = Draft { text: &about, ..Draft::default() };
            let judged = rules::judge(&app, member, draft).await?;
            errors.check("about", judged.map(|_| about))
        }
        None => None,
    };
    let theme = errors.check("theme", Theme::parse(&typed.theme).ok_or("Choose one of the themes."));
    let order = errors.check("order", Order::parse(&typed.order).ok_or("Choose one of the orders."));
    let (Some(about), Some(theme), Some(order)) = (about, theme, order) else {
        return Ok(settings_again(&app, &asking, &typed, errors));
    };
    let before = app.store.about(member.id).await?;
    if let Err(held) = app.brake_edit((&about, &before), member, from, asking.viewer.now) {
        let form = settings_again(&app, &asking, &typed, Mistakes::held(&held, held.on_form()));
        return Ok(limit::on_form(form, &held));
    }
    app.store.set_preferences(member.id, &about, theme, order, typed.show_dead.is_some()).await?;
    Ok(Goto::new("/settings?saved=yes").redirect())
}

#[derive(Debug, Deserialize)]
pub struct ThemeChoice {
    theme: String,
    #[serde(default)]
    goto: Goto,
}

/// `POST /theme`: kept with the account, and for a visitor in a cookie.
pub async fn theme(
    State(app): State<App>,
    viewer: MaybeMember,
    Form(chosen): Form<ThemeChoice>,
) -> Result<Response, Error> {
    let theme = Theme::parse(&chosen.theme).ok_or_else(|| Error::bad("There is no such theme."))?;
    let mut response = chosen.goto.redirect();
    match viewer.member() {
        Some(member) => app.store.set_theme(member.id, theme).await?,
        None => session::set_theme_cookie(&app, &mut response, theme),
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage<'a> {
    page: Page<'a>,
    errors: Mistakes,
    name: &'a str,
    changed: bool,
}

/// `GET /settings/password`
pub async fn password_form(State(app): State<App>, asking: CurrentMember, Query(asked): Query<Saved>) -> Response {
    let page = Page::new(&app, &asking.viewer, "settings", "Change password");
    let changed = asked.saved.is_some();
    html(&PasswordPage { page, errors: Mistakes::default(), name: &asking.member.name, changed })
}

#[derive(Debug, Deserialize)]
pub struct NewPassword {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

/// `POST /settings/password`: ends all other sessions.
pub async fn change_password(
    State(app): State<App>,
    asking: CurrentMember,
    address: Address,
    headers: HeaderMap,
    Form(typed): Form<NewPassword>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let mut errors = Mistakes::default();
    if let Err(held) = app.limits.log_in(Some(member.id), &member.name, address) {
        let page = Page::new(&app, &asking.viewer, "settings", "Change password");
        let errors = Mistakes::held(&held, &held);
        let form = html(&PasswordPage { page, errors, name: &member.name, changed: false });
        return Ok(limit::on_form(form, &held));
    }
    errors.check("password", app.check_password(&typed.password, &member.name).await?);
    if errors.is_empty() {
        let hash = app.store.credentials(&member.name).await?.and_then(|found| found.password);
        let current = typed.current;
        if current.len() > password::LONGEST || !app.verify_password(current, hash).await? {
            errors.add("current", "That is not your password. Type the one you log in with now.");
        }
    }
    if !errors.is_empty() {
        let page = Page::new(&app, &asking.viewer, "settings", "Change password");
        return Ok(html_with(errors.status(), &PasswordPage { page, errors, name: &member.name, changed: false }));
    }
    let hash = app.hash_password(typed.password).await?;
    let keep = session::current(&app, &headers);
    let device = session::device(&app, &headers);
    app.store.set_password(member.id, &hash, keep.as_deref(), device.as_deref()).await?;
    Ok(Goto::new("/settings/password?saved=yes").redirect())
}
