//! Editing what stands: an author within their time, moderators at any, and what it was is kept.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::draft;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::moderation;
use crate::domain::rate_limits::LimitedAction;
use crate::domain::rule::{Draft, Stopped};
use crate::domain::text::Html;
use crate::domain::title::{self, Title};
use crate::domain::url::StoryUrl;
use crate::domain::user::{Member, Role};
use crate::store::{self, Edit, Edited, NewUrl};
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::form::Mistakes;
use crate::web::goto::Goto;
use crate::web::limit;
use crate::web::page::{Page, html_with};
use crate::web::path::Path;
use crate::web::rules;
use crate::web::session::CurrentMember;
use crate::web::state::App;
use crate::web::written::Written;

/// An item's parts as typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
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
#[template(path = "edit.html")]
struct EditPage<'a> {
    page: Page<'a>,
    id: ItemId,
    /// How long it may still be edited.
    until: String,
    fields: Fields<'a>,
    version: i64,
    /// What the item says by now, where another edit came in between.
    now: Option<Fields<'a>>,
    errors: Mistakes,
    preview: Option<Html>,
}

/// The fields of the form for an edit; what is none has no field.
#[derive(Clone, Copy)]
struct Fields<'a> {
    title: Option<&'a str>,
    /// For moderators, of a story.
    url: Option<&'a str>,
    text: &'a str,
    /// For moderators, of what others wrote.
    reason: Option<&'a str>,
}

impl<'a> Fields<'a> {
    /// What is typed, or where nothing is, what the item says.
    fn new(item: &'a Item, typed: Option<&'a Typed>, member: &Member) -> Fields<'a> {
        let is_root = item.kind.is_root();
        let moderates = member.role >= Role::Moderator;
        let title = typed.and_then(|typed| typed.title.as_deref()).or(item.title.as_deref());
        let url = typed.and_then(|typed| typed.url.as_deref()).or(item.url.as_deref());
        Fields {
            title: title.filter(|_| is_root),
            url: (is_root && moderates).then_some(url.unwrap_or_default()),
            text: typed.map_or(item.text.as_str(), |typed| typed.text.as_str()),
            reason: (moderates && !item.is_own(Some(member))).then(|| typed.map_or("", |typed| typed.reason.as_str())),
        }
    }
}

async fn editable(app: &App, id: ItemId, member: &Member, now: Timestamp) -> Result<Item, Error> {
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(member), now))?;
    item.may_edit(member, &app.settings().policy, now).map_err(Error::forbidden)?;
    if !item.is_own(Some(member)) {
        let role = crate::web::desk::author_role(app, &item).await?;
        moderation::may_act_on(member, role).map_err(Error::forbidden)?;
    }
    Ok(item)
}

/// What the page of an edit shows beside the item and what was typed.
#[derive(Default)]
struct Shown {
    errors: Mistakes,
    preview: Option<Html>,
    /// Another edit came in between, so that what the item says stands beside what was typed.
    crossed: bool,
}

fn again(app: &App, asking: &CurrentMember, item: &Item, typed: Option<&Typed>, shown: Shown) -> Response {
    let heading = match (item.kind == Kind::Comment, item.is_own(Some(&asking.member))) {
        (true, true) => "Edit your comment",
        (true, false) => "Edit a comment",
        (false, true) => "Edit your story",
        (false, false) => "Edit a story",
    };
    let until = if item.is_own(Some(&asking.member)) && asking.member.role == Role::Member {
        let left = item.editable_until(&app.settings().policy).since(asking.viewer.now);
        format!("It can be edited for another {}.", crate::domain::age::left(left))
    } else {
        "As a moderator you can edit this at any time. What it was is kept.".to_owned()
    };
    let mut page = Page::new(app, &asking.viewer, "item", heading);
    page.robots = false;
    let Shown { errors, preview, crossed } = shown;
    let status = if crossed { StatusCode::CONFLICT } else { errors.status() };
    let fields = Fields::new(item, typed, &asking.member);
    let now = crossed.then(|| Fields::new(item, None, &asking.member));
    // What was typed beside the newest version is an edit of that one.
    let version = typed.filter(|_| !crossed).map_or(item.version, |typed| typed.version(item));
    html_with(status, &EditPage { page, id: item.id, until, fields, version, now, errors, preview })
}

/// The form for somebody who could edit the item when they began; what they typed is theirs to keep.
fn closed(app: &App, asking: &CurrentMember, item: &Item, typed: &Typed, why: &str) -> Response {
    let errors = Mistakes::one("", format!("{why} Your text is still here, for you to copy."));
    let mut form = again(app, asking, item, Some(typed), Shown { errors, ..Shown::default() });
    *form.status_mut() = StatusCode::FORBIDDEN;
    form
}

impl Typed {
    /// The version that it was made from; of a form that names none, the newest.
    fn version(&self, item: &Item) -> i64 {
        self.version.parse().unwrap_or(item.version)
    }
}

/// `GET /item/{id}/edit`
pub async fn form(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let item = editable(&app, id, &asking.member, asking.viewer.now).await?;
    Ok(again(&app, &asking, &item, None, Shown::default()))
}

/// What an edit leaves, checked.
struct Checked {
    title: Option<Title>,
    /// None: the address stays.
    url: Option<Option<StoryUrl>>,
    text: String,
    reason: String,
}

impl Checked {
    fn new_url(&self) -> NewUrl<'_> {
        match &self.url {
            None => NewUrl::Same,
            Some(None) => NewUrl::TakenOut,
            Some(Some(url)) => NewUrl::Is(url),
        }
    }
}

/// What rules do to what an edit leaves, or why they refuse it.
async fn judge_edit(
    app: &App,
    member: &Member,
    item: &Item,
    checked: &Checked,
    address: ClientIp,
) -> Result<Result<Option<Stopped>, Mistakes>, Error> {
    let title = checked.title.as_ref().map(Title::as_str).or(item.title.as_deref()).unwrap_or_default();
    let from = Some(address.ip());
    let draft = Draft { title, text: &checked.text, from, ..Draft::default() };
    Ok(rules::judge(app, member, draft).await?.map_err(|refused| Mistakes::one("text", refused)))
}

/// What an edit leaves, or what is wrong with it.
fn check_edit(item: &Item, typed: &Typed, member: &Member) -> Result<Checked, Mistakes> {
    let fields = Fields::new(item, Some(typed), member);
    let mut mistakes = Mistakes::default();
    let title = match fields.title {
        // A title that stays as it is may be one that an import brought and no form would take.
        Some(title) if item.title.as_deref() != Some(title) => mistakes.check("title", Title::parse(title)),
        _ => None,
    };
    let url = match fields.url.map(str::trim) {
        Some(url) if url != item.url.as_deref().unwrap_or_default() => {
            let parsed = if url.is_empty() { Ok(None) } else { StoryUrl::parse(url).map(Some) };
            mistakes.check("url", parsed)
        }
        _ => None,
    };
    let has_url = url.as_ref().map_or(item.url.is_some(), Option::is_some);
    let is_same = typed.text.replace("\r\n", "\n") == item.text;
    let needs_text = item.kind == Kind::Comment || !has_url;
    let text = if needs_text { draft::comment(&typed.text) } else { draft::optional(&typed.text) };
    let text = match text {
        // An imported text may be longer than a new one could be, or show nothing.
        Err(draft::TextError::Long(_)) if is_same => Some(item.text.clone()),
        Err(draft::TextError::Unseen) if is_same && !needs_text => Some(item.text.clone()),
        text => mistakes.check("text", text),
    };
    let reason = mistakes.check("reason", moderation::reason(fields.reason.unwrap_or_default(), false));
    match (text, reason) {
        (Some(text), Some(reason)) if mistakes.is_empty() => {
            Ok(Checked { title, url, text, reason: reason.to_owned() })
        }
        _ => Err(mistakes),
    }
}

/// `POST /item/{id}/edit`
pub async fn update(
    State(app): State<App>,
    address: ClientIp,
    Path(id): Path<ItemId>,
    Written { asking, typed }: Written<Typed>,
) -> Result<Response, Error> {
    let item = editable(&app, id, &asking.member, asking.viewer.now).await?;
    let form = |errors| Ok(again(&app, &asking, &item, Some(&typed), Shown { errors, ..Shown::default() }));
    let checked = match check_edit(&item, &typed, &asking.member) {
        Ok(checked) => checked,
        Err(mistakes) => return form(mistakes),
    };
    if typed.preview.is_some() {
        let preview = Some(app.renderer(asking.viewer.from).once(&checked.text).await?);
        return Ok(again(&app, &asking, &item, Some(&typed), Shown { preview, ..Shown::default() }));
    }
    let (texts, member, now) = ((&*checked.text, &*item.text), &asking.member, asking.viewer.now);
    let policy = &asking.viewer.settings.policy;
    let taken = match app.limits.check_text(LimitedAction::Edit, texts, member, address.ip(), policy, now) {
        Ok(taken) => taken,
        Err(held) => {
            return form(Mistakes::held(&held, held.form_message())).map(|form| limit::with_status(form, &held));
        }
    };
    let stopped = match judge_edit(&app, &asking.member, &item, &checked, address).await? {
        Ok(stopped) => stopped,
        Err(mistakes) => {
            taken.commit();
            return form(mistakes);
        }
    };
    match write(&app, &asking, &item, (&typed, &checked), stopped.as_ref()).await {
        Ok(Edited::Done) => {
            taken.commit();
            Ok(back_to(&item).redirect())
        }
        Ok(Edited::Crossed(now)) => {
            Ok(again(&app, &asking, &now, Some(&typed), Shown { crossed: true, ..Shown::default() }))
        }
        Ok(Edited::Banned(held)) => form(Mistakes::one("url", crate::web::desk::refusal(&held))),
        Err(store::Error::Refused(why)) => Ok(closed(&app, &asking, &item, &typed, &why)),
        Err(error) => Err(error.into()),
    }
}

/// Writes an edit that is good in itself; what has become of the item meanwhile may refuse it.
async fn write(
    app: &App,
    asking: &CurrentMember,
    item: &Item,
    (typed, checked): (&Typed, &Checked),
    stopped: Option<&Stopped>,
) -> store::Result<Edited> {
    let title = checked.title.as_ref().map(Title::as_str);
    let final_title = title.or(item.title.as_deref());
    let edit = Edit {
        item: item.id,
        editor: asking.member.id,
        version: typed.version(item),
        title,
        url: checked.new_url(),
        section: final_title.and_then(|title| title::section(title, &asking.viewer.settings.short_name)),
        text: &checked.text,
        reason: &checked.reason,
        stopped,
        policy: &asking.viewer.settings.policy,
    };
    app.store.edit(edit, asking.viewer.now).await
}

/// Where an item is seen in its thread.
pub fn back_to(item: &Item) -> Goto {
    if item.root_id == item.id {
        Goto::new(&format!("/item/{}", item.id))
    } else {
        Goto::new(&format!("/item/{}#c{}", item.root_id, item.id))
    }
}
