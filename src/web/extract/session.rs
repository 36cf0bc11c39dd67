//! Sessions, and the extractors that require a role.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, SameSite};
use http::header::{COOKIE, HOST, REFERER, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::clock::DAY;
use crate::domain::accounts::browser::browser_name;
use crate::domain::accounts::token::{self, Token};
use crate::domain::accounts::user::{Member, Role, Theme, UserId};
use crate::domain::moderation::permissions::ModerationError;
use crate::domain::moderation::roles::RoleError;
use crate::store::{self, NewSession, Verified};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::local_redirect::{LocalRedirect, MAX_REDIRECT_BYTES};
use crate::web::handlers::accounts::login_purpose;
use crate::web::open_paths;
use crate::web::state::App;
pub use crate::web::viewer::{BannedMember, MaybeMember};

const SESSION: i64 = 180 * DAY;
/// Longest stored user agent, in bytes.
const LONGEST_AGENT: usize = 300;

/// Under TLS with the `__Host-` prefix, which binds the cookie to this host.
pub fn cookie_name(app: &App, name: &str) -> String {
    if app.config.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

pub fn cookie_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name).then_some(value)
        })
}

pub fn cookie(app: &App, name: String, value: &str, seconds: i64) -> Option<HeaderValue> {
    let mut cookie = Cookie::new(name, value.to_owned());
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_same_site(SameSite::Lax);
    cookie.set_secure(app.config.is_https());
    format!("{cookie}; Max-Age={seconds}").parse().ok()
}

pub fn theme_cookie(headers: &HeaderMap) -> Option<Theme> {
    cookie_of(headers, "theme").and_then(Theme::parse)
}

pub fn set_theme_cookie(app: &App, response: &mut Response, theme: Theme) {
    if let Some(value) = cookie(app, "theme".to_owned(), theme.as_str(), 365 * DAY) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

pub struct StartedSession {
    pub viewer: MaybeMember,
    cookies: Vec<HeaderValue>,
}

impl StartedSession {
    pub fn with(self, mut response: Response) -> Response {
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// Begins a session and remembers the browser, so that failed logins elsewhere never lock it out. `None` if
/// what was verified is no longer the account's.
pub async fn begin(
    app: &App,
    headers: &HeaderMap,
    user: UserId,
    verified: Verified<'_>,
) -> Result<Option<StartedSession>, Error> {
    let now = app.clock.now();
    let token = Token::random().map_err(Error::internal)?;
    let agent: String = headers
        .get(USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("")
        .chars()
        .take(LONGEST_AGENT)
        .collect();
    let hash = token.hash();
    let session =
        NewSession { token_hash: &hash, user, verified, agent: &agent, expires_at: now.plus(SESSION) };
    match app.store.create_session(session, now).await {
        Err(store::Error::Conflict) => return Ok(None),
        begun => begun?,
    }
    // Logging in ends the session it replaces.
    if let Some(old) = session_token(app, headers) {
        app.store.end_session(&token::hash(old)).await?;
    }
    let mut cookies = vec![cookie(app, cookie_name(app, "session"), token.as_str(), SESSION)];
    let browser = match browser(app, headers) {
        Some(browser) if app.store.knows_browser(&browser, user).await? => browser,
        _ => {
            let browser = Token::random().map_err(Error::internal)?;
            cookies.push(cookie(app, cookie_name(app, "browser"), browser.as_str(), 365 * DAY));
            browser.hash()
        }
    };
    app.store.remember_browser(&browser, user, &browser_name(&agent), now).await?;
    let viewer = viewer_of(app, Some(&hash), headers, "/".to_owned(), None).await?;
    Ok(Some(StartedSession { viewer, cookies: cookies.into_iter().flatten().collect() }))
}

/// Begins the first session of a new account, or of a new password, and redirects. Whose account has a second
/// factor has to log in with it.
pub async fn begin_new(
    app: &App,
    headers: &HeaderMap,
    user: UserId,
    hash: &str,
    goto: &LocalRedirect,
) -> Result<Response, Error> {
    if app.store.has_second_factor(user, app.clock.now()).await? {
        let query = [("goto", goto.as_str()), ("why", "reset")];
        return Ok(Redirect::to(&address_with("/login", &query)).into_response());
    }
    let begun = match begin(app, headers, user, Verified::Password(hash)).await {
        // The account exists even if the session could not be saved.
        Err(Error::Unsaved(_) | Error::Busy) => None,
        begun => begun?,
    };
    // The operator may have changed the password meanwhile; then the member has to log in.
    Ok(begun.map_or_else(|| to_log_in(goto.as_str()), |begun| begun.with(goto.redirect())))
}

/// Ends the session. If that cannot be saved, this browser forgets it nevertheless.
pub async fn end(app: &App, headers: &HeaderMap, goto: &LocalRedirect) -> Result<Response, Error> {
    if let Some(token) = session_token(app, headers) {
        match app.store.end_session(&token::hash(token)).await {
            Err(store::Error::Storage(cause)) => app.store.storage_failed(&cause),
            ended => ended?,
        }
    }
    let mut response = goto.redirect();
    forget(app, &mut response);
    Ok(response)
}

/// Makes the browser forget its session.
pub fn forget(app: &App, response: &mut Response) {
    if let Some(gone) = cookie(app, cookie_name(app, "session"), "", 0) {
        response.headers_mut().append(SET_COOKIE, gone);
    }
}

pub fn browser(app: &App, headers: &HeaderMap) -> Option<Vec<u8>> {
    cookie_of(headers, &cookie_name(app, "browser")).map(token::hash)
}

pub async fn is_known_browser(app: &App, headers: &HeaderMap, user: UserId) -> Result<bool, Error> {
    match browser(app, headers) {
        Some(hash) => Ok(app.store.knows_browser(&hash, user).await?),
        None => Ok(false),
    }
}

fn session_token<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie_of(headers, &cookie_name(app, "session")).filter(|token| !token.is_empty() && token.len() < 200)
}

/// Whether a session cookie is present; the session may have ended.
pub fn is_named(app: &App, headers: &HeaderMap) -> bool {
    session_token(app, headers).is_some()
}

pub fn current(app: &App, headers: &HeaderMap) -> Option<Vec<u8>> {
    session_token(app, headers).map(token::hash)
}

/// An address with a query, dropped if the result would be too long.
pub fn address_with(path: &str, query: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let address = format!("{path}?{query}");
    if address.len() <= MAX_REDIRECT_BYTES { address } else { path.to_owned() }
}

/// The log-in page that returns to `here`, or to `/` if `here` is too long.
pub fn log_in_address(here: &str) -> String {
    address_with("/login", &[("goto", here)])
}

pub fn to_log_in(here: &str) -> Response {
    Redirect::to(&log_in_address(here)).into_response()
}

async fn viewer_of(
    app: &App,
    session: Option<&[u8]>,
    headers: &HeaderMap,
    here: String,
    from: Option<IpAddr>,
) -> Result<MaybeMember, Error> {
    let (now, generation) = (app.clock.now(), app.store.generation());
    let known = match session {
        Some(hash) => app.own.session(hash, &app.store, now).await?,
        None => None,
    };
    let viewer = MaybeMember::of(known, theme_cookie(headers), (now, generation), app.settings());
    Ok(MaybeMember { here, from, ..viewer })
}

/// The address of the page, without what was hidden on the way to it.
fn page_of(uri: &Uri) -> String {
    let address = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
    match address.split_once('?') {
        Some((path, query)) if query.contains("hid=") => {
            let others: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("hid=")).collect();
            if others.is_empty() { path.to_owned() } else { format!("{path}?{}", others.join("&")) }
        }
        _ => address,
    }
}

/// Request extension: the viewer, once known to be a member, for an error page.
#[derive(Debug, Clone, Default)]
pub struct KnownViewer(Arc<OnceLock<MaybeMember>>);

impl KnownViewer {
    pub fn member(&self) -> Option<&MaybeMember> {
        self.0.get()
    }
}

impl FromRequestParts<App> for MaybeMember {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<MaybeMember, Error> {
        let here = page_of(&parts.uri);
        let Ok(address) = ClientIp::from_request_parts(parts, app).await;
        let session = current(app, &parts.headers);
        let viewer = viewer_of(app, session.as_deref(), &parts.headers, here, address.fair_key()).await?;
        let is_known = viewer.member.is_some() || viewer.banned.is_some();
        if let Some(KnownViewer(known)) = parts.extensions.get().filter(|_| is_known) {
            known.get_or_init(|| viewer.clone());
        }
        Ok(viewer)
    }
}

/// The role an extractor requires.
trait RequireRole: Sized {
    fn of(viewer: MaybeMember, member: Member) -> Result<Self, Error>;
}

/// The viewer with the required role; visitors are redirected to the log-in page.
async fn require_role<A: RequireRole>(parts: &mut Parts, app: &App) -> Result<A, Error> {
    let viewer = MaybeMember::from_request_parts(parts, app).await?;
    if let Some(banned) = viewer.banned.clone() {
        return match &parts.method {
            _ if open_paths::is_open_to_banned(parts.uri.path()) => A::of(viewer, banned.member.clone()),
            &Method::GET | &Method::HEAD => Err(Error::Banned),
            _ => Err(Error::forbidden(banned.sentence(viewer.now))),
        };
    }
    match viewer.member.clone() {
        Some(member) => A::of(viewer, member),
        None if parts.method == Method::GET => Err(Error::LogInFirst(log_in_address(&viewer.here))),
        // After a POST there is no page at that address to return to.
        None => {
            let goto = referring_page(app, &parts.headers).unwrap_or_default();
            let query = [("goto", goto.as_str()), ("why", login_purpose::of(parts.uri.path()))];
            Err(Error::LogInFirst(address_with("/login", &query)))
        }
    }
}

/// The page of this site that the request came from, by Referer.
pub fn referring_page(app: &App, headers: &HeaderMap) -> Option<LocalRedirect> {
    let page = url::Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
    let is_ours = |host: &str| page.authority() == host;
    let named = headers.get(HOST).and_then(|host| host.to_str().ok()).is_some_and(is_ours);
    let configured = app.config.base_url.split_once("://").is_some_and(|(_, host)| is_ours(host));
    let query = page.query().map(|query| format!("?{query}")).unwrap_or_default();
    (named || configured).then(|| LocalRedirect::new(&format!("{}{query}", page.path())))
}

#[derive(Debug, Clone)]
pub struct CurrentMember {
    pub viewer: MaybeMember,
    pub member: Member,
}

impl RequireRole for CurrentMember {
    fn of(viewer: MaybeMember, member: Member) -> Result<CurrentMember, Error> {
        Ok(CurrentMember { viewer, member })
    }
}

impl FromRequestParts<App> for CurrentMember {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<CurrentMember, Error> {
        require_role(parts, app).await
    }
}

#[derive(Debug, Clone)]
pub struct Moderator {
    pub viewer: MaybeMember,
    pub member: Member,
}

impl RequireRole for Moderator {
    fn of(viewer: MaybeMember, member: Member) -> Result<Moderator, Error> {
        if member.role < Role::Moderator {
            return Err(Error::forbidden(ModerationError::NotAModerator));
        }
        Ok(Moderator { viewer, member })
    }
}

impl FromRequestParts<App> for Moderator {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Moderator, Error> {
        require_role(parts, app).await
    }
}

#[derive(Debug, Clone)]
pub struct Admin {
    pub viewer: MaybeMember,
    pub member: Member,
}

impl RequireRole for Admin {
    fn of(viewer: MaybeMember, member: Member) -> Result<Admin, Error> {
        if member.role < Role::Admin {
            return Err(Error::forbidden(RoleError::NotAnAdmin));
        }
        Ok(Admin { viewer, member })
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Admin, Error> {
        require_role(parts, app).await
    }
}
