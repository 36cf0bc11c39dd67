//! What members and moderators write. Somebody whose session has ended when the form comes gets the log-in page, which keeps what they typed; after the
//! log-in it stands in a form again, to be sent once more.

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::web::account;
use crate::web::form::Form;
use crate::web::goto::Goto;
use crate::web::page::{Page, html};
use crate::web::session::{Asking, CurrentMember, MaybeMember};
use crate::web::state::App;

/// The field of the log-in form that says where what was typed was going.
const ACTION: &str = "kept-action";
/// What the names of the typed fields begin with in the log-in form.
const KEPT: &str = "kept.";

/// The fields that people write in, with their labels; those of `true` take lines.
const WRITTEN: [(&str, &str, bool); 11] = [
    ("title", "Title", false),
    ("url", "Address", false),
    ("text", "Text", true),
    ("about", "About you", true),
    ("note", "In your words", true),
    ("reason", "Reason", false),
    ("warning", "What they should know", true),
    ("slow_reason", "Reason", false),
    ("ban_reason", "Reason", false),
    ("shadow_reason", "Reason", false),
    ("message", "Message", true),
];
/// The most fields that are kept, and the longest name of one: more than any form here has.
const FIELDS: usize = 24;
const LONGEST_NAME: usize = 40;

/// A form's fields by name, in their order.
pub type Fields = Vec<(String, String)>;

/// Somebody logged in who may do this, and the form that they sent.
pub struct Written<T, A = CurrentMember> {
    pub asking: A,
    pub typed: T,
}

impl<T: DeserializeOwned, A: Asking> FromRequest<App> for Written<T, A> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Written<T, A>, Response> {
        let (mut parts, body) = request.into_parts();
        let viewer = MaybeMember::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        let action = Goto::new(parts.uri.path());
        let request = Request::from_parts(parts, body);
        match viewer.member.clone() {
            Some(member) => {
                let asking = A::of(viewer, member).map_err(IntoResponse::into_response)?;
                let Form(typed) = Form::from_request(request, app).await?;
                Ok(Written { asking, typed })
            }
            None => {
                let Form(fields) = Form::<Fields>::from_request(request, app).await?;
                Err(account::log_in_first(app, &viewer, Kept::new(action, fields)))
            }
        }
    }
}

/// What was typed, on its way through the log-in.
pub struct Kept {
    /// The path that the form is sent to, under which the form itself stands too.
    pub action: Goto,
    fields: Fields,
}

/// A field as a page shows it.
pub struct Field<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// Empty: it is carried along and not shown.
    pub label: &'static str,
    pub has_lines: bool,
}

impl Kept {
    /// What no form here could have sent is not kept: it would make a long page of a short request.
    fn new(action: Goto, fields: Fields) -> Kept {
        let known = fields.into_iter().filter(|(name, _)| name.len() <= LONGEST_NAME);
        Kept { action, fields: known.take(FIELDS).collect() }
    }

    /// Takes what is kept out of a log-in form.
    pub fn take(form: &mut Fields) -> Option<Kept> {
        let action = form.iter().find(|(name, _)| name == ACTION).map(|(_, value)| Goto::new(value))?;
        let kept = |(name, value): (String, String)| Some((name.strip_prefix(KEPT)?.to_owned(), value));
        Some(Kept::new(action, std::mem::take(form).into_iter().filter_map(kept).collect()))
    }

    pub fn fields(&self) -> Vec<Field<'_>> {
        let fields = self.fields.iter().map(|(name, value)| {
            let written = WRITTEN.into_iter().find(|(known, _, _)| known == name);
            let (_, label, has_lines) = written.unwrap_or_default();
            Field { name, value, label, has_lines }
        });
        fields.collect()
    }
}

#[derive(Template)]
#[template(path = "kept.html")]
struct KeptPage<'a> {
    page: Page<'a>,
    kept: &'a Kept,
}

/// The page after the log-in: a form with what was typed, of which nothing has been sent.
pub fn again(app: &App, viewer: &MaybeMember, kept: &Kept) -> Response {
    let mut page = Page::new(app, viewer, "", "Logged in again");
    page.robots = false;
    html(&KeptPage { page, kept })
}
