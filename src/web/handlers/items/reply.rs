//! Writing comments.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::domain::items::item::{Item, ItemId, Kind};
use crate::web::actions::comment::{CommentOutcome, ReplyTarget};
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::items::arrival::{Arrival, Resubmitted};
use crate::web::handlers::items::item::Ancestor;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::items::{StoryView, TimeView, ViewContext};
use crate::web::view::layout::{Page, html_with};
use crate::web::view::writing::PreviewView;

#[derive(Debug, Default, Deserialize)]
pub struct CommentForm {
    #[serde(default)]
    text: String,
    preview: Option<String>,
}

#[derive(Template)]
#[template(path = "items/reply.html")]
struct ReplyPage<'a> {
    page: Page<'a>,
    id: ItemId,
    story_id: ItemId,
    story_title: String,
    above: Option<Ancestor>,
    /// A message about the submission this text comes from.
    arrival: Option<&'a Arrival>,
    errors: FormErrors,
    text: &'a str,
    preview: Option<PreviewView>,
    button: &'static str,
    /// The page to which the form leads back.
    cancel: Option<LocalRedirect>,
}

/// Shown instead of the form during the reply delay: its end, and a link to the comment's own page.
#[derive(Template)]
#[template(path = "items/reply_delayed.html")]
struct ReplyDelayedPage<'a> {
    page: Page<'a>,
    id: ItemId,
    wait: String,
}

struct ReplyContext<'a> {
    app: &'a App,
    viewer: &'a MaybeMember,
    item: &'a Item,
    root: &'a Item,
    arrival: Option<Arrival>,
}

impl<'a> ReplyContext<'a> {
    fn to(app: &'a App, viewer: &'a MaybeMember, target: &'a ReplyTarget) -> ReplyContext<'a> {
        ReplyContext { app, viewer, item: &target.item, root: &target.root, arrival: None }
    }

    async fn form(
        &self,
        text: &str,
        errors: FormErrors,
        preview: Option<PreviewView>,
    ) -> Result<Response, Error> {
        let mut eye = ViewContext::new(self.viewer, std::sync::Arc::default());
        eye.add(self.app.renderer(self.viewer.from).items([self.item]).await?);
        let is_comment = self.item.kind == Kind::Comment;
        let above = is_comment.then(|| Ancestor {
            id: self.item.id,
            author: eye.author(self.item),
            gone: "[deleted]",
            when: TimeView::new(self.item.time, eye.now),
            html: eye.html(self.item),
            is_cut: false,
            muted: None,
        });
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
            cancel: Some(LocalRedirect::to_item(self.item.id, self.root.id)),
        };
        Ok(html_with(status, &form))
    }

    async fn outcome(&self, outcome: CommentOutcome, typed: &str) -> Result<Response, Error> {
        match outcome {
            CommentOutcome::Posted(id) => Ok(LocalRedirect::to_item(id, self.root.id).redirect()),
            CommentOutcome::Invalid(mistakes) => self.form(typed, mistakes, None).await,
            CommentOutcome::RateLimited(limited) => {
                let form = self.form(typed, FormErrors::of_limit(&limited), None).await?;
                Ok(rate_limit::with_status(form, &limited))
            }
        }
    }
}

/// Offers the text of a duplicate submission as a comment on the existing story.
pub async fn offer(
    app: &App,
    viewer: &MaybeMember,
    id: ItemId,
    text: &str,
    resubmitted: &Resubmitted<'_>,
) -> Result<Response, Error> {
    let item = app.store.item(id).await?;
    let eye = ViewContext::new(viewer, std::sync::Arc::default());
    let arrival = Some(resubmitted.beside(&item, text, &eye));
    let offered =
        FormErrors::one("", "This address is under discussion already. Your text could be a comment there.");
    ReplyContext { app, viewer, item: &item, root: &item, arrival }.form(text, offered, None).await
}

/// `GET /item/{id}/reply`
pub async fn new(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let target = ReplyTarget::load(&app, &asking, id).await?;
    let CurrentMember { mut viewer, member } = asking;
    viewer.read_in_inbox(id, &app.store);
    if let Some(wait) = target.item.reply_opens_in(&member, &viewer.settings.policy, viewer.now) {
        let mut page = Page::new(&app, &viewer, "item", "Reply a little later");
        page.robots = false;
        return Ok(html_with(StatusCode::OK, &ReplyDelayedPage { page, id, wait }));
    }
    ReplyContext::to(&app, &viewer, &target).form("", FormErrors::default(), None).await
}

/// `POST /item/{id}/reply`
pub async fn create(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: context, typed }: RecoverableForm<CommentForm, PostContext>,
) -> Result<Response, Error> {
    let target = ReplyTarget::load(&app, &context.asking, id).await?;
    let viewer = &context.asking.viewer;
    let reply = ReplyContext::to(&app, viewer, &target);
    if typed.preview.is_some()
        && let Ok(text) = actions::comment::check(&typed.text)
    {
        let html = app.renderer(viewer.from).once(&text).await?;
        let preview = PreviewView::comment(&context.member().name, html);
        return reply.form(&typed.text, FormErrors::default(), Some(preview)).await;
    }
    let outcome = actions::comment::comment(&app, &context, &target, &typed.text).await?;
    reply.outcome(outcome, &typed.text).await
}
