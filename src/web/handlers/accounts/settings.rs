//! A member's profile, preferences and password.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::domain::accounts::password;
use crate::domain::accounts::user::{Member, Theme};
use crate::domain::items::comment_order::CommentOrder;
use crate::domain::items::input;
use crate::domain::limits::rate_limits::LimitedAction;
use crate::domain::moderation::rules::RuleInput;
use crate::store::{AboutMember, Preferences};
use crate::web::admission::Requester;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{Form, FormErrors, FormRefusal, refused};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{self, CurrentMember, MaybeMember};
use crate::web::handlers::accounts::credentials::confirm::check_passkey;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html, html_with};

#[derive(Template)]
#[template(path = "accounts/settings.html")]
struct SettingsPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    about: &'a str,
    version: String,
    /// The current profile, if it changed since the form was loaded.
    now: Option<&'a str>,
    theme: Theme,
    order: CommentOrder,
    show_dead: bool,
    saved: bool,
    orders: [CommentOrder; 4],
}

impl SettingsPage<'_> {
    fn has(&self, theme: &str) -> bool {
        self.theme.as_str() == theme
    }
}

#[derive(Debug, Deserialize)]
pub struct SavedQuery {
    saved: Option<String>,
}

impl SavedQuery {
    pub fn is_saved(&self) -> bool {
        self.saved.is_some()
    }
}

/// `GET /settings`
pub async fn settings(
    State(app): State<App>,
    asking: CurrentMember,
    Query(asked): Query<SavedQuery>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let about = app.store.about(member.id).await?;
    let page = Page::new(&app, &asking.viewer, "settings", "Settings");
    let form = SettingsPage {
        page,
        errors: FormErrors::default(),
        about: &about.text,
        version: about.version.to_string(),
        now: None,
        theme: member.theme,
        order: member.comment_order,
        show_dead: member.show_dead,
        saved: asked.is_saved(),
        orders: CommentOrder::ALL,
    };
    Ok(html(&form))
}

#[derive(Debug, Deserialize)]
pub struct ProfileForm {
    #[serde(default)]
    about: String,
    /// The profile's version in the form, for optimistic locking.
    #[serde(default)]
    version: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    order: String,
    show_dead: Option<String>,
}

fn settings_again(
    app: &App,
    asking: &CurrentMember,
    typed: &ProfileForm,
    errors: FormErrors,
    crossed: Option<&AboutMember>,
) -> Response {
    let status = if crossed.is_some() { StatusCode::CONFLICT } else { errors.status() };
    let form = SettingsPage {
        page: Page::new(app, &asking.viewer, "settings", "Settings"),
        errors,
        about: &typed.about,
        version: version_of(crossed, typed),
        now: crossed.map(|about| about.text.as_str()),
        theme: Theme::parse(&typed.theme).unwrap_or_default(),
        order: CommentOrder::parse(&typed.order).unwrap_or_default(),
        show_dead: typed.show_dead.is_some(),
        saved: false,
        orders: CommentOrder::ALL,
    };
    html_with(status, &form)
}

fn version_of(crossed: Option<&AboutMember>, typed: &ProfileForm) -> String {
    let version = crossed.map(|about| about.version).or_else(|| typed.version.parse().ok());
    version.map(|version: i64| version.to_string()).unwrap_or_default()
}

/// `POST /settings`
pub async fn save_settings(
    State(app): State<App>,
    from: ClientIp,
    RecoverableForm { asking, typed }: RecoverableForm<ProfileForm>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let mut errors = FormErrors::default();
    let about = match errors.check("about", input::text(&typed.about)) {
        Some(about) => {
            let draft = RuleInput { text: &about, ..RuleInput::default() };
            let judged =
                app.rules.for_member(&app.store, &asking.viewer.settings.policy, member).await?.judge(draft);
            errors.check("about", judged.map(|_| about))
        }
        None => None,
    };
    let theme = errors.check("theme", Theme::parse(&typed.theme).ok_or("Choose a theme."));
    let order = errors.check("order", CommentOrder::parse(&typed.order).ok_or("Choose a comment order."));
    let (Some(about), Some(theme), Some(order)) = (about, theme, order) else {
        return Ok(settings_again(&app, &asking, &typed, errors, None));
    };
    let before = app.store.about(member.id).await?;
    let (texts, policy, now) = ((&*about, &*before.text), &asking.viewer.settings.policy, asking.viewer.now);
    let taken = match app.limits.check_text(LimitedAction::Edit, texts, member, from.ip(), policy, now) {
        Ok(taken) => taken,
        Err(held) => {
            let errors = FormErrors::of_limit(&held);
            return Ok(rate_limit::with_status(settings_again(&app, &asking, &typed, errors, None), &held));
        }
    };
    // Without a version, assume the newest.
    let version = typed.version.parse().unwrap_or(before.version);
    let new = Preferences { about: &about, version, theme, order, show_dead: typed.show_dead.is_some() };
    let saved = keep(&app, &asking, &typed, new).await?;
    if saved.status() == StatusCode::SEE_OTHER {
        taken.commit().await;
    }
    Ok(saved)
}

async fn keep(
    app: &App,
    asking: &CurrentMember,
    typed: &ProfileForm,
    new: Preferences<'_>,
) -> Result<Response, Error> {
    match app.store.set_preferences(asking.member.id, new, asking.viewer.now).await {
        Ok(None) => Ok(LocalRedirect::new("/settings?saved=yes").redirect()),
        Ok(Some(now)) => Ok(settings_again(app, asking, typed, FormErrors::default(), Some(&now))),
        Err(error) => Err(error.into()),
    }
}

#[derive(Debug, Deserialize)]
pub struct ThemeForm {
    theme: String,
    #[serde(default)]
    goto: LocalRedirect,
}

/// `POST /theme`: stored with the account, or in a cookie for visitors.
pub async fn theme(
    State(app): State<App>,
    viewer: MaybeMember,
    Form(chosen): Form<ThemeForm>,
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
#[template(path = "accounts/password.html")]
struct PasswordPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    name: &'a str,
    changed: bool,
    /// How many, which a new password does not end.
    passkeys: usize,
}

/// `GET /settings/password`
pub async fn password_form(
    State(app): State<App>,
    asking: CurrentMember,
    Query(asked): Query<SavedQuery>,
) -> Result<Response, Error> {
    password_page(&app, &asking, FormErrors::default(), asked.is_saved()).await
}

async fn password_page(
    app: &App,
    asking: &CurrentMember,
    errors: FormErrors,
    changed: bool,
) -> Result<Response, Error> {
    let page = Page::new(app, &asking.viewer, "settings", "Change password");
    let passkeys = app.store.passkeys(asking.member.id).await?.len();
    let name = &asking.member.name;
    Ok(html_with(errors.status(), &PasswordPage { page, errors, name, changed, passkeys }))
}

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

/// Validates and hashes in a single permit.
async fn judge_passwords(
    app: &App,
    member: &Member,
    address: ClientIp,
    typed: &PasswordForm,
) -> Result<String, FormRefusal> {
    let (ip, times) = (address.ip(), app.settings().login_attempts_per_hour);
    let (logins, who) = (&app.limits.logins, (Some(member.id), &*member.name));
    let tried = logins.check_shared_login(&app.store, app.clock.now(), who, ip, times).await??;
    let known = app.store.credentials(&member.name).await?;
    let requester = Requester::Known(Some(member.id), address.fair_key());
    let (current, new, name) = (typed.current.clone(), typed.password.clone(), member.name.clone());
    if known.as_ref().is_some_and(|found| found.passkeys_only) {
        let hash = app.admission.passwords.hash((requester, tried), new, name).await?;
        let hash = hash.map_err(|weak| FormErrors::one("password", weak))?;
        check_passkey(app, member, "current", &typed.current).await?;
        return Ok(hash);
    }
    let verified = known.and_then(|found| found.password);
    let work = move || {
        password::check(&new, &name).map_err(|weak| FormErrors::one("password", weak))?;
        if current.len() > password::MAX_PASSWORD_BYTES || !password::verify(&current, verified.as_deref()) {
            let sentence = "That is not your password. Enter the one you log in with now.";
            return Err(FormErrors::one("current", sentence));
        }
        Ok(password::hash(&new))
    };
    let hash = app.admission.passwords.run((requester, tried), work).await??;
    hash.map_err(|error| Error::internal(error).into())
}

/// `POST /settings/password`: ends all other sessions.
pub async fn change_password(
    State(app): State<App>,
    asking: CurrentMember,
    address: ClientIp,
    headers: HeaderMap,
    Form(typed): Form<PasswordForm>,
) -> Result<Response, Error> {
    let member = &asking.member;
    let hash = match judge_passwords(&app, member, address, &typed).await {
        Ok(hash) => hash,
        Err(refusal) => {
            return refused(refusal, |errors| password_page(&app, &asking, errors, false)).await;
        }
    };
    let keep = session::current(&app, &headers);
    let browser = session::browser(&app, &headers);
    let now = asking.viewer.now;
    app.store.set_password(member.id, &hash, keep.as_deref(), browser.as_deref(), now).await?;
    Ok(LocalRedirect::new("/settings/password?saved=yes").redirect())
}
