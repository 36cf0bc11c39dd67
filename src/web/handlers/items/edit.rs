//! Editing what stands: an author within their time, moderators at any, and what it was is kept.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::text::Html;
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

/// An item's parts as typed.
#[derive(Debug, Default, Deserialize)]
pub struct EditForm {
    #[serde(default)]
    text: String,
    title: Option<String>,
    url: Option<String>,
    #[serde(default)]
    reason: String,
    /// How often the item had been edited when the form was made.
    #[serde(default)]
    version: String,
    preview: Option<String>,
}

#[derive(Template)]
#[template(path = "items/edit.html")]
struct EditPage<'a> {
    page: Page<'a>,
    id: ItemId,
    /// How long it may still be edited.
    until: String,
    fields: EditFields<'a>,
    version: i64,
    /// What the item says by now, where another edit came in between.
    now: Option<EditFields<'a>>,
    errors: FormErrors,
    preview: Option<Html>,
}

/// The fields of the form for an edit; what is none has no field.
#[derive(Clone, Copy)]
struct EditFields<'a> {
    title: Option<&'a str>,
    /// For moderators, of a story.
    url: Option<&'a str>,
    text: &'a str,
    /// For moderators, of what others wrote.
    reason: Option<&'a str>,
}

impl<'a> EditFields<'a> {
    /// What is typed, or where nothing is, what the item says.
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

/// What the page of an edit shows beside the item and what was typed.
#[derive(Default)]
struct EditNotes {
    errors: FormErrors,
    preview: Option<Html>,
    /// Another edit came in between, so that what the item says stands beside what was typed.
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
        let left = item.editable_until(&app.settings().policy).since(asking.viewer.now);
        format!("It can be edited for another {}.", crate::domain::time::relative_time::left(left))
    } else {
        "As a moderator you can edit this at any time. The previous version is kept.".to_owned()
    };
    let mut page = Page::new(app, &asking.viewer, "item", heading);
    page.robots = false;
    let EditNotes { errors, preview, crossed } = shown;
    let status = if crossed { StatusCode::CONFLICT } else { errors.status() };
    let fields = EditFields::new(item, typed, &asking.member);
    let now = crossed.then(|| EditFields::new(item, None, &asking.member));
    // What was typed beside the newest version is an edit of that one.
    let version = typed.filter(|_| !crossed).map_or(item.version, |typed| typed.version(item));
    html_with(status, &EditPage { page, id: item.id, until, fields, version, now, errors, preview })
}

/// The form for somebody who could edit the item when they began; what they typed is theirs to keep.
fn closed(app: &App, asking: &CurrentMember, item: &Item, typed: &EditForm, why: &str) -> Response {
    let errors = FormErrors::one("", format!("{why} Your text is below so you can copy it."));
    let mut form = again(app, asking, item, Some(typed), EditNotes { errors, ..EditNotes::default() });
    *form.status_mut() = StatusCode::FORBIDDEN;
    form
}

impl EditForm {
    /// The version that it was made from; of a form that names none, the newest.
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
    let item = actions::edit::editable(&app, asking, id).await?;
    let again = |item: &Item, shown| again(&app, asking, item, Some(&typed), shown);
    if typed.preview.is_some()
        && let Ok(checked) = actions::edit::check(&item, typed.edit(&item), &asking.member)
    {
        let preview = Some(app.renderer(asking.viewer.from).once(&checked.text).await?);
        return Ok(again(&item, EditNotes { preview, ..EditNotes::default() }));
    }
    let form = |errors| again(&item, EditNotes { errors, ..EditNotes::default() });
    Ok(match actions::edit::edit(&app, &context, &item, typed.edit(&item)).await? {
        EditOutcome::Edited => back_to(&item).redirect(),
        EditOutcome::Crossed(now) => again(&now, EditNotes { crossed: true, ..EditNotes::default() }),
        EditOutcome::Invalid(mistakes) => form(mistakes),
        EditOutcome::RateLimited(limited) => {
            rate_limit::with_status(form(FormErrors::held(&limited, limited.form_message())), &limited)
        }
        EditOutcome::Closed(why) => closed(&app, asking, &item, &typed, &why),
    })
}

/// Where an item is seen in its thread.
pub fn back_to(item: &Item) -> LocalRedirect {
    if item.root_id == item.id {
        LocalRedirect::new(&format!("/item/{}", item.id))
    } else {
        LocalRedirect::new(&format!("/item/{}#c{}", item.root_id, item.id))
    }
}
