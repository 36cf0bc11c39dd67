//! Writing in a thread.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::brake::Deed;
use crate::domain::draft;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::origin::Origin;
use crate::domain::rule::Draft;
use crate::domain::text::Html;
use crate::domain::user::Member;
use crate::store::{self, NewComment};
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

    async fn form(&self, text: &str, errors: Mistakes, preview: Option<Html>) -> Result<Response, Error> {
        let mut eye = Eye::new(self.app, self.viewer, std::sync::Arc::default());
        eye.add(self.app.renderer(self.viewer.from).items([self.item]).await?);
        let above = (self.item.kind == Kind::Comment).then(|| {
            let view = FlatView::new(self.item, Some(self.root), &eye, None, false);
            Above { id: view.id, author: view.author, gone: "[deleted]", when: view.when, html: view.html }
        });
        Ok(self.form_about(above, text, errors, preview))
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
            Err(refused) => return self.form(typed, Mistakes::one("text", refused), None).await,
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
    Reply { app, viewer, item: &item, root: &item }.form(text, Mistakes::one("", sentence), None).await
}

/// `GET /item/{id}/reply`
pub async fn new(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (item, root, allowed) = answered(&app, id, &member, viewer.now).await?;
    allowed?;
    Reply { app: &app, viewer: &viewer, item: &item, root: &root }.form("", Mistakes::default(), None).await
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
        Err(mistake) => return reply.form(&typed.text, Mistakes::one("text", mistake), None).await,
    };
    if typed.preview.is_some() {
        let preview = app.renderer(viewer.from).once(&text).await?;
        return reply.form(&typed.text, Mistakes::default(), Some(preview)).await;
    }
    if let Err(held) = app.brake_post(Deed::Comment, &text, &member, from.1, viewer.now) {
        let form = reply.form(&typed.text, Mistakes::held(&held, held.on_form()), None).await?;
        return Ok(limit::on_form(form, &held));
    }
    reply.publish(&member, &typed.text, &text, from).await
}
