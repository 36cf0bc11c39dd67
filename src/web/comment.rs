//! Writing in a thread: replying, and for stories too, editing.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::brake::Deed;
use crate::domain::draft;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::moderation;
use crate::domain::origin::Origin;
use crate::domain::rule::{Draft, Stopped};
use crate::domain::site::{self, Stance};
use crate::domain::text::{self, Html};
use crate::domain::title::{self, Title};
use crate::domain::url::StoryUrl;
use crate::domain::user::{Member, Role};
use crate::store::{self, Edit, NewComment, NewUrl};
use crate::web::error::Error;
use crate::web::form::Mistakes;
use crate::web::goto::Goto;
use crate::web::item::Above;
use crate::web::limit::{self, Address};
use crate::web::page::{Page, html_with};
use crate::web::path::Path;
use crate::web::rules;
use crate::web::session::{CurrentMember, MaybeMember};
use crate::web::state::App;
use crate::web::view::{Eye, FlatView, StoryView};
use crate::web::written::Written;

/// A comment as typed.
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
#[template(path = "reply.html")]
struct ReplyPage<'a> {
    page: Page<'a>,
    id: ItemId,
    story_id: ItemId,
    story_title: String,
    above: Option<Above>,
    errors: Mistakes,
    text: &'a str,
    preview: Option<Html>,
    button: &'static str,
}

/// What is answered, the head of its thread, and whether `member` may answer it.
async fn answered(
    app: &App,
    id: ItemId,
    member: &Member,
    now: Timestamp,
) -> Result<(Item, Item, Result<(), Error>), Error> {
    let item = app.store.item(id).await?;
    let root = if item.root_id == id { item.clone() } else { app.store.item(item.root_id).await? };
    // Whoever answers a story that was merged meanwhile is told so, rather than that there is nothing.
    let merged = root.merged_into.is_some();
    let seen = if merged { Ok(()) } else { Error::unless_shown(may_see(&item, Some(member), now)) };
    // The reply form is the comment's own page, which the delay by depth does not hold back.
    let allowed = item.may_reply(&root, member, &app.policy, now, true);
    Ok((item, root, seen.and_then(|()| allowed.map_err(Error::forbidden))))
}

struct Reply<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    item: &'a Item,
    root: &'a Item,
}

impl Reply<'_> {
    /// The form with what was typed, and why it cannot be posted; what is answered is not shown again.
    fn closed(&self, text: &str, refused: &Error) -> Response {
        let why = match refused {
            Error::Forbidden(sentence) => sentence.as_str(),
            _ => "What you are answering is gone.",
        };
        let sentence = format!("{why} Your text is still here, for you to copy.");
        let mut form = self.form_about(None, text, Mistakes::one("", sentence), None);
        *form.status_mut() = refused.status();
        form
    }

    fn form(&self, text: &str, errors: Mistakes, preview: Option<Html>) -> Response {
        let eye = Eye::new(self.app, self.viewer, std::sync::Arc::default());
        let above = (self.item.kind == Kind::Comment).then(|| {
            let view = FlatView::new(self.item, Some(self.root), &eye, None, false);
            Above { id: view.id, author: view.author, when: view.when, html: view.html }
        });
        self.form_about(above, text, errors, preview)
    }

    fn form_about(&self, above: Option<Above>, text: &str, errors: Mistakes, preview: Option<Html>) -> Response {
        let eye = Eye::new(self.app, self.viewer, std::sync::Arc::default());
        let is_comment = self.item.kind == Kind::Comment;
        let story_title = StoryView::row(self.root, &eye).title;
        let title = if is_comment { "Reply" } else { "Add a comment" };
        let mut page = Page::new(self.app, self.viewer, "item", format!("{title}: {story_title}"));
        page.robots = false;
        let status = errors.status();
        let form = ReplyPage {
            page,
            id: self.item.id,
            story_id: self.root.id,
            story_title,
            above,
            errors,
            text,
            preview,
            button: if is_comment { "Reply" } else { "Add comment" },
        };
        html_with(status, &form)
    }

    /// Adds a comment that is good in itself; a rule may still stop or refuse it, and the thread may have closed meanwhile.
    async fn publish(
        &self,
        member: &Member,
        typed: &str,
        text: &str,
        (origin, address): (Origin, Address),
    ) -> Result<Response, Error> {
        let draft = Draft { text, from: Some(address.network()), ..Draft::default() };
        let stopped = match rules::judge(self.app, member, draft).await? {
            Ok(stopped) => stopped,
            Err(refused) => return Ok(self.form(typed, Mistakes::one("text", refused), None)),
        };
        let comment = NewComment {
            author: member.id,
            parent: self.item.id,
            text,
            live: member.shadowed_at.is_none(),
            origin: Some(origin),
            stopped: stopped.as_ref(),
        };
        let new = match self.app.store.comment(comment, self.viewer.now).await {
            Err(store::Error::NotFound) => return Ok(self.closed(typed, &Error::Gone)),
            new => new?,
        };
        Ok(Goto::new(&format!("/item/{}#c{new}", self.root.id)).redirect())
    }
}

/// The text of a submission whose address is under discussion already, offered as a comment there.
pub async fn offer(app: &App, viewer: &MaybeMember, id: ItemId, text: &str) -> Result<Response, Error> {
    let item = app.store.item(id).await?;
    let sentence = "This address is under discussion already, so submitting it counted as a vote for that story. \
                    Your text could be a comment there.";
    Ok(Reply { app, viewer, item: &item, root: &item }.form(text, Mistakes::one("", sentence), None))
}

/// `GET /item/{id}/reply`
pub async fn new(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (item, root, allowed) = answered(&app, id, &member, viewer.now).await?;
    allowed?;
    Ok(Reply { app: &app, viewer: &viewer, item: &item, root: &root }.form("", Mistakes::default(), None))
}

/// `POST /item/{id}/reply`
pub async fn create(
    State(app): State<App>,
    from: (Origin, Address),
    Path(id): Path<ItemId>,
    Written { asking, typed }: Written<Typed>,
) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (item, root, allowed) = answered(&app, id, &member, viewer.now).await?;
    let reply = Reply { app: &app, viewer: &viewer, item: &item, root: &root };
    if let Err(refused) = allowed {
        // It was open when the form was: what was typed meanwhile is theirs to keep.
        return Ok(reply.closed(&typed.text, &refused));
    }
    let text = match draft::comment(&typed.text) {
        Ok(text) => text,
        Err(mistake) => return Ok(reply.form(&typed.text, Mistakes::one("text", mistake), None)),
    };
    if typed.preview.is_some() {
        return Ok(reply.form(&typed.text, Mistakes::default(), Some(text::render(&text))));
    }
    if let Err(held) = app.brake_post(Deed::Comment, &text, &member, from.1, viewer.now) {
        let form = reply.form(&typed.text, Mistakes::one("", held.on_form()), None);
        return Ok(limit::on_form(form, &held));
    }
    reply.publish(&member, &typed.text, &text, from).await
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
        let role = crate::web::act::author_role(app, &item).await?;
        moderation::may_act_on(member, role).map_err(Error::forbidden)?;
    }
    Ok(item)
}

fn edit_form(
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
        format!("It can be edited for another {}.", crate::domain::item::duration_words(left))
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
pub async fn edit(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let item = editable(&app, id, &asking.member, asking.viewer.now).await?;
    Ok(edit_form(&app, &asking, &item, None, Mistakes::default(), None))
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
) -> Result<Result<Option<Stopped>, Mistakes>, Error> {
    if let Some(Some(url)) = &checked.url {
        let held = app.store.stances(&site::names(url)).await?;
        if let Some(banned) = held.iter().find(|held| held.stance == Stance::Banned) {
            return Ok(Err(Mistakes::one("url", crate::web::desk::refusal(banned))));
        }
    }
    let title = checked.title.as_ref().map(Title::as_str).or(item.title.as_deref()).unwrap_or_default();
    let draft = Draft { title, text: &checked.text, ..Draft::default() };
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
    let needs_text = item.kind == Kind::Comment || !has_url;
    let text = if needs_text { draft::comment(&typed.text) } else { draft::text(&typed.text) };
    let text = match text {
        // An imported text may be longer than a new one could be.
        Err(draft::TextError::Long(_)) if typed.text.replace("\r\n", "\n") == item.text => Some(item.text.clone()),
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
        Err(mistakes) => return Ok(edit_form(&app, &asking, &item, Some(&typed), mistakes, None)),
    };
    if typed.preview.is_some() {
        let preview = Some(text::render(&checked.text));
        return Ok(edit_form(&app, &asking, &item, Some(&typed), Mistakes::default(), preview));
    }
    if let Err(held) = app.brake_edit((&checked.text, &item.text), &asking.member, address, asking.viewer.now) {
        let form = edit_form(&app, &asking, &item, Some(&typed), Mistakes::one("", held.on_form()), None);
        return Ok(limit::on_form(form, &held));
    }
    let title = checked.title.as_ref().map(Title::as_str);
    let final_title = title.or(item.title.as_deref());
    let stopped = match judge_edit(&app, &asking.member, &item, &checked).await? {
        Ok(stopped) => stopped,
        Err(mistakes) => return Ok(edit_form(&app, &asking, &item, Some(&typed), mistakes, None)),
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
