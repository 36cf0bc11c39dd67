//! Editing what stands: an author within their time, moderators at any, and what it was is kept.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::draft;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::moderation;
use crate::domain::rule::{Draft, Stopped};
use crate::domain::site::{self, Stance};
use crate::domain::text::Html;
use crate::domain::title::{self, Title};
use crate::domain::url::StoryUrl;
use crate::domain::user::{Member, Role};
use crate::store::{Edit, NewUrl};
use crate::web::error::Error;
use crate::web::form::Mistakes;
use crate::web::goto::Goto;
use crate::web::limit::{self, Address};
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
    item.may_edit(member, &app.policy, now).map_err(Error::forbidden)?;
    if !item.is_own(Some(member)) {
        let role = crate::web::desk::author_role(app, &item).await?;
        moderation::may_act_on(member, role).map_err(Error::forbidden)?;
    }
    Ok(item)
}

fn again(
    app: &App,
    asking: &CurrentMember,
    item: &Item,
    typed: Option<&Typed>,
    errors: Mistakes,
    preview: Option<Html>,
) -> Response {
    let heading = match (item.kind == Kind::Comment, item.is_own(Some(&asking.member))) {
        (true, true) => "Edit your comment",
        (true, false) => "Edit a comment",
        (false, true) => "Edit your story",
        (false, false) => "Edit a story",
    };
    let until = if item.is_own(Some(&asking.member)) && asking.member.role == Role::Member {
        let left = item.editable_until(&app.policy).since(asking.viewer.now);
        format!("It can be edited for another {}.", crate::domain::age::left(left))
    } else {
        "As a moderator you can edit this at any time. What it was is kept.".to_owned()
    };
    let mut page = Page::new(app, &asking.viewer, "item", heading);
    page.robots = false;
    let status = errors.status();
    let fields = Fields::new(item, typed, &asking.member);
    html_with(status, &EditPage { page, id: item.id, until, fields, errors, preview })
}

/// `GET /item/{id}/edit`
pub async fn form(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let item = editable(&app, id, &asking.member, asking.viewer.now).await?;
    Ok(again(&app, &asking, &item, None, Mistakes::default(), None))
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

/// What rules do to what an edit leaves, or why they or the ban of a site refuse it.
async fn judge_edit(
    app: &App,
    member: &Member,
    item: &Item,
    checked: &Checked,
    address: Address,
) -> Result<Result<Option<Stopped>, Mistakes>, Error> {
    if let Some(Some(url)) = &checked.url {
        let held = app.store.stances(&site::names(url)).await?;
        if let Some(banned) = held.iter().find(|held| held.stance == Stance::Banned) {
            return Ok(Err(Mistakes::one("url", crate::web::desk::refusal(banned))));
        }
    }
    let title = checked.title.as_ref().map(Title::as_str).or(item.title.as_deref()).unwrap_or_default();
    let from = Some(address.network());
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
    address: Address,
    Path(id): Path<ItemId>,
    Written { asking, typed }: Written<Typed>,
) -> Result<Response, Error> {
    let item = editable(&app, id, &asking.member, asking.viewer.now).await?;
    let checked = match check_edit(&item, &typed, &asking.member) {
        Ok(checked) => checked,
        Err(mistakes) => return Ok(again(&app, &asking, &item, Some(&typed), mistakes, None)),
    };
    if typed.preview.is_some() {
        let preview = Some(app.renderer(asking.viewer.from).once(&checked.text).await?);
        return Ok(again(&app, &asking, &item, Some(&typed), Mistakes::default(), preview));
    }
    if let Err(held) = app.brake_edit((&checked.text, &item.text), &asking.member, address, asking.viewer.now) {
        let form = again(&app, &asking, &item, Some(&typed), Mistakes::held(&held, held.on_form()), None);
        return Ok(limit::on_form(form, &held));
    }
    let title = checked.title.as_ref().map(Title::as_str);
    let final_title = title.or(item.title.as_deref());
    let stopped = match judge_edit(&app, &asking.member, &item, &checked, address).await? {
        Ok(stopped) => stopped,
        Err(mistakes) => return Ok(again(&app, &asking, &item, Some(&typed), mistakes, None)),
    };
    let edit = Edit {
        item: id,
        editor: asking.member.id,
        title,
        url: checked.new_url(),
        section: final_title.and_then(|title| title::section(title, &app.config.short_name)),
        text: &checked.text,
        reason: &checked.reason,
        stopped: stopped.as_ref(),
    };
    app.store.edit(edit, asking.viewer.now).await?;
    Ok(back_to(&item).redirect())
}

/// Where an item is seen in its thread.
pub fn back_to(item: &Item) -> Goto {
    if item.root_id == item.id {
        Goto::new(&format!("/item/{}", item.id))
    } else {
        Goto::new(&format!("/item/{}#c{}", item.root_id, item.id))
    }
}
