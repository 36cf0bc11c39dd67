//! Writing in a thread.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::draft;
use crate::domain::item::{Item, ItemId, Kind, may_see};
use crate::domain::origin::Origin;
use crate::domain::rate_limits::LimitedAction;
use crate::domain::rule::Draft;
use crate::domain::text::Html;
use crate::domain::user::Member;
use crate::store::{self, Commented, NewComment};
use crate::web::arrival::{Arrival, Resubmitted};
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::form::Mistakes;
use crate::web::goto::Goto;
use crate::web::item::Above;
use crate::web::limit;
use crate::web::page::{Page, html_with};
use crate::web::path::Path;
use crate::web::rules;
use crate::web::session::{CurrentMember, MaybeMember};
use crate::web::state::App;
use crate::web::view::{Eye, StoryView, When};
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
    /// What became of the submission whose text this is.
    arrival: Option<&'a Arrival>,
    errors: Mistakes,
    text: &'a str,
    preview: Option<Html>,
    button: &'static str,
}

/// What stands in place of the form while a reply is held back: when it opens, and the way to the comment's own page, where it is open.
#[derive(Template)]
#[template(path = "later.html")]
struct LaterPage<'a> {
    page: Page<'a>,
    id: ItemId,
    wait: String,
}

/// What is answered, the head of its thread, and whether `member` may answer it.
async fn answered(
    app: &App,
    id: ItemId,
    member: &Member,
    now: Timestamp,
) -> Result<(Item, Item, Result<(), Error>), Error> {
    let (item, root) = app.store.item_and_root(id).await?;
    // Whoever answers a story that was merged meanwhile is told so, rather than that there is nothing.
    let merged = root.merged_into.is_some();
    let seen = if merged { Ok(()) } else { Error::unless_shown(may_see(&item, Some(member), now)) };
    // What is sent may come from the comment's own page, which the delay by depth does not hold back.
    let allowed = item.may_reply(&root, member, &app.settings().policy, now, true);
    Ok((item, root, seen.and_then(|()| allowed.map_err(Error::forbidden))))
}

struct Reply<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    item: &'a Item,
    root: &'a Item,
    arrival: Option<Arrival>,
}

impl<'a> Reply<'a> {
    fn new(app: &'a App, viewer: &'a MaybeMember, item: &'a Item, root: &'a Item) -> Reply<'a> {
        Reply { app, viewer, item, root, arrival: None }
    }

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
        let mut eye = Eye::new(self.viewer, std::sync::Arc::default());
        eye.add(self.app.renderer(self.viewer.from).items([self.item]).await?);
        let above = (self.item.kind == Kind::Comment).then(|| Above {
            id: self.item.id,
            author: eye.author(self.item),
            gone: "[deleted]",
            when: When::new(self.item.time, eye.now),
            html: eye.html(self.item),
            is_cut: false,
        });
        Ok(self.form_about(above, text, errors, preview))
    }

    fn form_about(&self, above: Option<Above>, text: &str, errors: Mistakes, preview: Option<Html>) -> Response {
        let eye = Eye::new(self.viewer, std::sync::Arc::default());
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
            arrival: self.arrival.as_ref(),
            errors,
            text,
            preview,
            button: if is_comment { "Reply" } else { "Add comment" },
        };
        html_with(status, &form)
    }

    /// Adds a comment that is good in itself, once; a rule may still stop or refuse it, and the thread may have closed meanwhile.
    async fn publish(
        &self,
        member: &Member,
        typed: &str,
        text: &str,
        (origin, address): (Origin, ClientIp),
    ) -> Result<Response, Error> {
        let (app, now) = (self.app, self.viewer.now);
        let (author, parent) = (member.id, self.item.id);
        let policy = &self.viewer.settings.policy;
        let new = NewComment { author, parent, text, origin: Some(origin), stopped: None, policy };
        let taken = match app.limits.check_text(LimitedAction::Comment, (text, ""), member, address.ip(), policy, now) {
            Ok(taken) => taken,
            Err(held) => {
                if let Some(first) = app.store.commented_before(&new, now).await? {
                    return Ok(self.at(first));
                }
                let form = self.form(typed, Mistakes::held(&held, held.form_message()), None).await?;
                return Ok(limit::with_status(form, &held));
            }
        };
        let draft = Draft { text, from: Some(address.ip()), ..Draft::default() };
        let stopped = match rules::judge(app, member, draft).await? {
            Ok(stopped) => stopped,
            Err(refused) => {
                taken.commit();
                return self.form(typed, Mistakes::one("text", refused), None).await;
            }
        };
        match app.store.comment(NewComment { stopped: stopped.as_ref(), ..new }, now).await {
            Ok(Commented { id, again }) => {
                if !again {
                    taken.commit();
                }
                Ok(self.at(id))
            }
            Err(store::Error::NotFound) => Ok(self.closed(typed, &Error::Gone)),
            Err(store::Error::Refused(why)) => Ok(self.closed(typed, &Error::Forbidden(why))),
            Err(error) => Err(error.into()),
        }
    }

    /// The way to a comment in its thread.
    fn at(&self, comment: ItemId) -> Response {
        Goto::new(&format!("/item/{}#c{comment}", self.root.id)).redirect()
    }
}

/// The text of a submission whose address is under discussion already, offered as a comment there.
pub async fn offer(
    app: &App,
    viewer: &MaybeMember,
    id: ItemId,
    text: &str,
    resubmitted: &Resubmitted<'_>,
) -> Result<Response, Error> {
    let item = app.store.item(id).await?;
    let eye = Eye::new(viewer, std::sync::Arc::default());
    let arrival = Some(resubmitted.beside(&item, text, &eye));
    let offered = Mistakes::one("", "This address is under discussion already. Your text could be a comment there.");
    Reply { app, viewer, item: &item, root: &item, arrival }.form(text, offered, None).await
}

/// `GET /item/{id}/reply`
pub async fn new(State(app): State<App>, asking: CurrentMember, Path(id): Path<ItemId>) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (item, root, allowed) = answered(&app, id, &member, viewer.now).await?;
    allowed?;
    if let Some(wait) = item.reply_opens_in(&member, &app.settings().policy, viewer.now) {
        let mut page = Page::new(&app, &viewer, "item", "Reply a little later");
        page.robots = false;
        return Ok(html_with(StatusCode::OK, &LaterPage { page, id, wait }));
    }
    Reply::new(&app, &viewer, &item, &root).form("", Mistakes::default(), None).await
}

/// `POST /item/{id}/reply`
pub async fn create(
    State(app): State<App>,
    from: (Origin, ClientIp),
    Path(id): Path<ItemId>,
    Written { asking, typed }: Written<Typed>,
) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (item, root, allowed) = answered(&app, id, &member, viewer.now).await?;
    let reply = Reply::new(&app, &viewer, &item, &root);
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
    reply.publish(&member, &typed.text, &text, from).await
}
