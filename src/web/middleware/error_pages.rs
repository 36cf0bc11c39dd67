//! Renders every error as a page that reads nothing, so it cannot fail for the same reason as the request.
//! Its header is the member's own if the session had been loaded before.

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};

use crate::domain::accounts::user::{Name, Theme};
use crate::domain::items::item::ItemId;
use crate::web::error::{Error, ErrorText, ForMachines};
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::{SavedForm, WrittenForm};
use crate::web::extract::session::{self, KnownViewer, theme_cookie};
use crate::web::handlers::accounts::login;
use crate::web::state::App;
use crate::web::view::form_recovery;
use crate::web::view::layout::{Page, html, json, wants_json};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: Page<'a>,
    title: &'static str,
    what: String,
    back: Option<LocalRedirect>,
    written: Option<WrittenForm>,
    status: u16,
    missing: Option<Missing>,
}

/// What is not there, and so can be searched for.
enum Missing {
    /// With the name that was asked for, if it can be one.
    User(Option<Name>),
    Page,
}

const NO_NAME: &str = "A user’s name has only letters, digits, dashes and underscores.";

struct RefusedRequest {
    viewer: KnownViewer,
    theme: Option<Theme>,
    in_session: bool,
    here: String,
    back: Option<LocalRedirect>,
    wants_json: bool,
}

impl RefusedRequest {
    fn new(app: &App, request: &Request) -> RefusedRequest {
        let (uri, headers) = (request.uri(), request.headers());
        RefusedRequest {
            viewer: KnownViewer::default(),
            theme: theme_cookie(headers),
            in_session: session::is_named(app, headers),
            here: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            back: session::referring_page(app, headers).filter(|back| back.as_str() != uri.path()),
            wants_json: wants_json(headers),
        }
    }

    fn page<'a>(&self, app: &'a App, title: &'static str) -> Page<'a> {
        let mut page = match self.viewer.member() {
            Some(viewer) => Page::new(app, viewer, "", title),
            None => {
                let mut page = Page::for_nobody(app, app.settings(), title);
                (page.theme, page.in_session) = (self.theme, self.in_session);
                page
            }
        };
        (page.here, page.robots) = ("/".to_owned(), false);
        page
    }

    fn error_page(&self, app: &App, refusal: &Response, written: Option<WrittenForm>) -> Response {
        let mut text = text_of(refusal);
        if written.is_some() && text.says_nothing_is_here() {
            text = ErrorText::no_target();
        }
        let ErrorText { title, mut what } = text;
        let is_missing = refusal.status() == StatusCode::NOT_FOUND && written.is_none();
        let missing = is_missing.then(|| self.missing(&mut what));
        if self.wants_json {
            return json(&serde_json::json!({ "error": what }));
        }
        let (page, back, status) = (self.page(app, title), self.back.clone(), refusal.status().as_u16());
        html(&ErrorPage { page, title, what, back, written, status, missing })
    }

    /// Names the user or item that was asked for.
    fn missing(&self, what: &mut String) -> Missing {
        let path = self.here.split('?').next().unwrap_or("/");
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match parts[..] {
            ["user"] => {
                NO_NAME.clone_into(what);
                Missing::User(None)
            }
            ["user", user] | ["user", user, "submissions" | "comments" | "invited"] => {
                let Ok(name) = Name::parse_by_operator(user) else { return Missing::Page };
                *what = format!("There is no user named “{name}”.");
                Missing::User(Some(name))
            }
            ["item", id] if id.parse::<ItemId>().is_ok() => {
                *what = format!("There is no item {id}.");
                Missing::Page
            }
            _ => Missing::Page,
        }
    }

    /// A recovery page: the log-in form with the saved form, or the form itself.
    fn recovery_page(&self, app: &App, refusal: &Response, form: SavedForm) -> Response {
        if refusal.status() == StatusCode::UNAUTHORIZED {
            let mut page = self.page(app, "Log in");
            (page.section, page.here, page.in_session) = ("login", self.here.clone(), false);
            return login::log_in_first(page, form);
        }
        form_recovery::page(self.page(app, "Not sent yet"), &form, Some(&text_of(refusal).what))
    }
}

fn text_of(refusal: &Response) -> ErrorText {
    refusal.extensions().get().cloned().unwrap_or_else(|| ErrorText::of(refusal.status()))
}

fn is_refusal(response: &Response) -> bool {
    let (status, extensions) = (response.status(), response.extensions());
    let is_html =
        || response.headers().get(CONTENT_TYPE).is_some_and(|t| t.as_bytes().starts_with(b"text/html"));
    // An invalid form shown again has a page already.
    let has_page = extensions.get::<ErrorText>().is_none() && is_html();
    (status.is_client_error() || status.is_server_error())
        && !has_page
        && extensions.get::<ForMachines>().is_none()
}

pub async fn pages(
    State(app): State<App>,
    client_ip: ClientIp,
    mut request: Request,
    next: Next,
) -> Response {
    let refused = RefusedRequest::new(&app, &request);
    request.extensions_mut().insert(refused.viewer.clone());
    let mut response = next.run(request).await;
    if !is_refusal(&response) {
        return response;
    }
    let extensions = response.extensions_mut();
    let (form, written) = (extensions.remove::<SavedForm>(), extensions.remove::<WrittenForm>());
    let admit = |page| app.admission.memory.admit(page, client_ip.fair_key());
    let with_text = match form.filter(|_| !refused.wants_json) {
        Some(form) => Some(refused.recovery_page(&app, &response, form)),
        None => written.map(|written| refused.error_page(&app, &response, Some(written))),
    };
    match with_text.map(admit) {
        Some(Ok(page)) => return with_head_of(&response, page),
        Some(Err(overloaded)) => response = Error::from(overloaded).into_response(),
        None => {}
    }
    with_head_of(&response, refused.error_page(&app, &response, None))
}

/// The error page with the refusal's status and headers.
fn with_head_of(refusal: &Response, mut page: Response) -> Response {
    *page.status_mut() = refusal.status();
    for name in [RETRY_AFTER, ALLOW] {
        if let Some(value) = refusal.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// `CatchPanic`'s response.
pub fn panicked(_: Box<dyn std::any::Any + Send>) -> Response<Body> {
    tracing::error!("a handler panicked");
    Error::Internal.into_response()
}
