//! Recovery of refused forms: the input is shown again, or carried through the log-in if the session ended.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::Method;
use serde::de::DeserializeOwned;

use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::{self, CurrentMember};
use crate::web::state::App;

/// Log-in form fields with the saved form's action and page.
const ACTION: &str = "kept-action";
const PAGE: &str = "kept-page";
/// Name prefix of the saved fields in the log-in form.
const SAVED: &str = "kept.";

/// Fields that users do not write; any other field is shown by its name.
#[rustfmt::skip]
const CONTROLS: [&str; 40] = [
    "add", "ban_days", "best_of", "bring_back", "decision", "default[]", "dir", "effect", "end", "footer",
    "good_faith", "goto", "ground", "inbox", "kind", "limit_days", "not_me", "objection", "on", "order",
    "over", "passkey", "pending", "posts", "preview", "restriction", "retry", "role", "show_dead", "step",
    "suggest", "sure", "take", "theme", "username", "version", "vote", "why", ACTION, PAGE,
];
/// Fields whose names contain these are never sent back.
const SECRETS: [&str; 4] = ["password", "current", "token", "secret"];
/// More fields, and longer names, than any form here has.
const FIELDS: usize = 40;
const LONGEST_NAME: usize = 40;
/// Fields with several lines.
const MULTILINE: [&str; 7] = ["about", "contact", "footer_links", "message", "note", "text", "warning"];
/// A form with a value over this length is offered for copying, in characters: no choice of a select is
/// longer.
const PROSE_CHARS: usize = 11;
/// Values from this length are shown in a textarea, in characters.
const TEXTAREA_CHARS: usize = 100;

pub type Fields = Vec<(String, String)>;

pub struct RecoverableForm<T, A = CurrentMember> {
    pub asking: A,
    pub typed: T,
}

impl<T, A> FromRequest<App> for RecoverableForm<T, A>
where
    T: DeserializeOwned,
    A: FromRequestParts<App, Rejection = Error> + Send,
{
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<RecoverableForm<T, A>, Response> {
        let (mut parts, body) = request.into_parts();
        let asking = A::from_request_parts(&mut parts, app).await;
        let request = Request::from_parts(parts, body);
        match asking {
            Ok(asking) => {
                let Form(typed) = Form::from_request(request, app).await?;
                Ok(RecoverableForm { asking, typed })
            }
            Err(Error::LogInFirst(_)) => {
                let form = SavedForm::of(app, request).await?;
                Err(form.with(Error::SessionEnded))
            }
            Err(error) => Err(error.into_response()),
        }
    }
}

#[derive(Debug, Clone)]
pub struct SavedForm {
    pub action: LocalRedirect,
    /// The page the form was on, if known.
    pub page: LocalRedirect,
    fields: Fields,
}

/// Response extension: what was written in a form that cannot be sent again, for the error page.
#[derive(Debug, Clone)]
pub struct WrittenForm(pub SavedForm);

pub struct SavedField<'a> {
    pub name: &'a str,
    pub value: &'a str,
}

impl SavedForm {
    /// Drops secrets and what no form here could have sent: a short request must not produce a long page.
    fn new(action: LocalRedirect, page: Option<LocalRedirect>, mut fields: Fields) -> SavedForm {
        fields.retain(|(name, _)| name.len() <= LONGEST_NAME);
        fields.truncate(FIELDS);
        fields.shrink_to_fit();
        fields.iter_mut().filter(|(name, _)| is_secret(name)).for_each(|(_, value)| value.clear());
        let page = page.filter(|page| page.path() != action.as_str());
        SavedForm { page: page.unwrap_or_else(|| form_page(&action)), action, fields }
    }

    async fn of(app: &App, request: Request) -> Result<SavedForm, Response> {
        let (action, page) =
            (LocalRedirect::new(request.uri().path()), session::referring_page(app, request.headers()));
        let Form(fields) = Form::<Fields>::from_request(request, app).await?;
        Ok(SavedForm::new(action, page, fields))
    }

    pub fn take(form: &mut Fields) -> Option<SavedForm> {
        let named =
            |wanted| form.iter().find(|(name, _)| name == wanted).map(|(_, value)| LocalRedirect::new(value));
        let (action, page) = (named(ACTION)?, named(PAGE));
        let saved = |(name, value): (String, String)| Some((name.strip_prefix(SAVED)?.to_owned(), value));
        Some(SavedForm::new(action, page, std::mem::take(form).into_iter().filter_map(saved).collect()))
    }

    fn with(self, error: Error) -> Response {
        let mut refusal = error.into_response();
        refusal.extensions_mut().insert(self);
        refusal
    }

    pub fn fields(&self) -> impl Iterator<Item = SavedField<'_>> {
        self.fields.iter().map(|(name, value)| SavedField { name, value })
    }
}

/// The page to start over on if the form's own is not known: that of the item, user or list it is about, as
/// most addresses of actions have no page.
fn form_page(action: &LocalRedirect) -> LocalRedirect {
    let parts: Vec<&str> = action.as_str().split('/').skip(1).collect();
    match parts[..] {
        ["mod", "undo"] => LocalRedirect::new("/mod"),
        [kind @ ("item" | "user" | "mod"), which, ..] => LocalRedirect::new(&format!("/{kind}/{which}")),
        ["messages", _] => LocalRedirect::new("/contact"),
        ["inbox", ..] => LocalRedirect::to_inbox(),
        ["settings", "email", ..] => LocalRedirect::new("/settings/email"),
        ["invitations", ..] => LocalRedirect::new("/invitations"),
        ["theme" | "logout"] => LocalRedirect::new("/"),
        ["login", ..] => LocalRedirect::new("/login"),
        ["settings", of, _, ..] => LocalRedirect::new(&format!("/settings/{of}")),
        _ => action.clone(),
    }
}

impl SavedField<'_> {
    /// The name in the form that was refused first, if this one goes through the log-in.
    fn bare_name(&self) -> &str {
        self.name.strip_prefix(SAVED).unwrap_or(self.name)
    }

    /// Whether users write in it; other fields are carried as hidden inputs.
    pub fn is_text(&self) -> bool {
        !CONTROLS.contains(&self.bare_name()) && !self.is_secret()
    }

    pub fn is_secret(&self) -> bool {
        is_secret(self.name)
    }

    pub fn is_written(&self) -> bool {
        self.is_text() && !self.value.trim().is_empty()
    }

    /// Whether it is worth copying.
    pub fn is_prose(&self) -> bool {
        let is_long = || self.has_lines() || self.value.chars().nth(PROSE_CHARS).is_some();
        self.is_written() && (self.bare_name() == "title" || is_long())
    }

    pub fn has_lines(&self) -> bool {
        MULTILINE.contains(&self.bare_name())
            || self.value.contains('\n')
            || self.value.chars().nth(TEXTAREA_CHARS).is_some()
    }

    pub fn label(&self) -> String {
        let name = self.bare_name();
        let words = if name == "url" { "address".to_owned() } else { name.replace('_', " ") };
        let mut letters = words.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS.iter().any(|secret| name.contains(secret))
}

/// Refuses a request and gives back the form, if anything was written in it.
pub async fn refuse(app: &App, error: Error, request: Request) -> Response {
    if request.method() != Method::POST {
        return error.into_response();
    }
    match SavedForm::of(app, request).await {
        Ok(form) if form.fields().any(|field| field.is_written()) => form.with(error),
        _ => error.into_response(),
    }
}

/// Adds what was written to an error, whose page offers it for copying: sending the form again might do
/// nothing, or do it twice.
pub async fn keep_written(app: &App, mut refusal: Response, request: Request) -> Response {
    if let Ok(form) = SavedForm::of(app, request).await
        && form.fields().any(|field| field.is_prose())
    {
        refusal.extensions_mut().insert(WrittenForm(form));
    }
    refusal
}

/// Like [`refuse`], but before the CSRF check: a cross-site form is not given back.
pub async fn refuse_early(app: &App, error: Error, request: Request) -> Response {
    let is_ours = request.headers().get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if is_ours { refuse(app, error, request).await } else { error.into_response() }
}
