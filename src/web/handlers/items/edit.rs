//! Editing items.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::web::actions::edit::{EditInput, EditOutcome, EditableParts};
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::CurrentMember;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::writing::PreviewView;

#[derive(Debug, Default, Deserialize)]
pub struct EditForm {
    #[serde(default)]
    text: String,
    title: Option<String>,
    url: Option<String>,
    #[serde(default)]
    reason: String,
    /// The item's version in the form, for optimistic locking.
    #[serde(default)]
    version: String,
    preview: Option<String>,
}

#[derive(Template)]
#[template(path = "items/edit.html")]
struct EditPage<'a> {
    page: Page<'a>,
    id: ItemId,
    /// How long the item can still be edited.
    until: String,
    fields: EditFields<'a>,
    version: i64,
    now: Option<EditFields<'a>>,
    errors: FormErrors,
    preview: Option<PreviewView>,
}

/// The form's fields; `None` omits a field.
#[derive(Clone, Copy)]
struct EditFields<'a> {
    title: Option<&'a str>,
    /// For moderators, of stories.
    url: Option<&'a str>,
    text: &'a str,
    /// For moderators, of other members' items.
    reason: Option<&'a str>,
}

impl<'a> EditFields<'a> {
    fn new(item: &'a Item, typed: Option<&'a EditForm>, member: &Member) -> EditFields<'a> {
        let parts = EditableParts::new(item, member);
        let title = typed.and_then(|typed| typed.title.as_deref()).or(item.title.as_deref());
        let url = typed.and_then(|typed| typed.url.as_deref()).or(item.url.as_deref());
        EditFields {
            title: title.filter(|_| parts.title),
            url: parts.url.then_some(url.unwrap_or_default()),
            text: typed.map_or(item.text.as_str(), |typed| typed.text.as_str()),
            reason: parts.reason.then(|| typed.map_or("", |typed| typed.reason.as_str())),
        }
    }
}

#[derive(Default)]
struct EditNotes {
    errors: FormErrors,
    preview: Option<PreviewView>,
    crossed: bool,
}

fn again(
    app: &App,
    asking: &CurrentMember,
    item: &Item,
    typed: Option<&EditForm>,
    shown: EditNotes,
) -> Response {
    let heading = match (item.kind == Kind::Comment, item.is_own(Some(&asking.member))) {
        (true, true) => "Edit your comment",
        (true, false) => "Edit a comment",
        (false, true) => "Edit your story",
        (false, false) => "Edit a story",
    };
    let until = if item.is_own(Some(&asking.member)) && asking.member.role == Role::Member {
        let left = item.editable_until(&asking.viewer.settings.policy).since(asking.viewer.now);
        format!("It can be edited for another {}.", crate::domain::time::relative_time::left(left))
    } else {
        "As a moderator you can edit this at any time. The previous version is saved.".to_owned()
    };
    let mut page = Page::new(app, &asking.viewer, "item", heading);
    page.robots = false;
    let EditNotes { errors, preview, crossed } = shown;
    let status = if crossed { StatusCode::CONFLICT } else { errors.status() };
    let fields = EditFields::new(item, typed, &asking.member);
    let now = crossed.then(|| EditFields::new(item, None, &asking.member));
    // After a conflict, the input is an edit of the newest version.
    let version = typed.filter(|_| !crossed).map_or(item.version, |typed| typed.version(item));
    html_with(status, &EditPage { page, id: item.id, until, fields, version, now, errors, preview })
}

impl EditForm {
    /// The version the form was based on; the newest if it names none.
    fn version(&self, item: &Item) -> i64 {
        self.version.parse().unwrap_or(item.version)
    }

    fn edit(&self, item: &Item) -> EditInput<'_> {
        let (title, url) = (self.title.as_deref(), self.url.as_deref());
        EditInput { title, url, text: &self.text, reason: &self.reason, version: self.version(item) }
    }
}

/// `GET /item/{id}/edit`
pub async fn form(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let item = actions::edit::editable(&app, &asking, id).await?;
    Ok(again(&app, &asking, &item, None, EditNotes::default()))
}

/// `POST /item/{id}/edit`
pub async fn update(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: context, typed }: RecoverableForm<EditForm, PostContext>,
) -> Result<Response, Error> {
    let asking = &context.asking;
    let item = &actions::edit::editable(&app, asking, id).await?;
    let again = |item: &Item, shown| again(&app, asking, item, Some(&typed), shown);
    if typed.preview.is_some()
        && let Ok(checked) = actions::edit::check(item, typed.edit(item), &asking.member)
    {
        let html = app.renderer(asking.viewer.from).once(&checked.text).await?;
        let by = item.author.clone().unwrap_or_default();
        let (title, site) = (checked.title(item).map(str::to_owned), checked.site(item));
        let preview = Some(PreviewView { title, site, by, html });
        return Ok(again(item, EditNotes { preview, ..EditNotes::default() }));
    }
    let form = |errors| again(item, EditNotes { errors, ..EditNotes::default() });
    Ok(match actions::edit::edit(&app, &context, item, typed.edit(item)).await? {
        EditOutcome::Edited => LocalRedirect::to_item(item.id, item.root_id).redirect(),
        EditOutcome::Crossed(now) => again(&now, EditNotes { crossed: true, ..EditNotes::default() }),
        EditOutcome::Invalid(mistakes) => form(mistakes),
        EditOutcome::RateLimited(limited) => {
            rate_limit::with_status(form(FormErrors::of_limit(&limited)), &limited)
        }
    })
}
