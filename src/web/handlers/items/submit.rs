//! Submitting stories.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::items::item::ItemId;
use crate::store::KnownUrl;
use crate::web::actions::submit::{StoryInput, SubmitOutcome};
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::items::arrival::Resubmitted;
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with, json};
use crate::web::view::writing::PreviewView;

#[derive(Debug, Default, Deserialize)]
pub struct SubmitForm {
    #[serde(default)]
    title: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    text: String,
    preview: Option<String>,
    suggest: Option<String>,
}

#[derive(Template)]
#[template(path = "items/submit.html")]
struct SubmitPage<'a> {
    page: Page<'a>,
    errors: FormErrors,
    title: &'a str,
    url: &'a str,
    text: &'a str,
    preview: Option<PreviewView>,
}

fn form(
    app: &App,
    viewer: &MaybeMember,
    typed: &SubmitForm,
    errors: FormErrors,
    preview: Option<PreviewView>,
) -> Response {
    let page = Page::new(app, viewer, "submit", "Submit a story");
    let status = errors.status();
    html_with(
        status,
        &SubmitPage { page, errors, title: &typed.title, url: &typed.url, text: &typed.text, preview },
    )
}

/// Prefilled by bookmarklets: `u` and `t` as on Hacker News, or the field names.
#[derive(Debug, Deserialize)]
pub struct SubmitQuery {
    u: Option<String>,
    t: Option<String>,
    url: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

/// `GET /submit`
pub async fn new(
    State(app): State<App>,
    asking: CurrentMember,
    Query(given): Query<SubmitQuery>,
) -> Response {
    let typed = SubmitForm {
        url: given.url.or(given.u).unwrap_or_default(),
        title: given.title.or(given.t).unwrap_or_default(),
        text: given.text.unwrap_or_default(),
        ..SubmitForm::default()
    };
    form(&app, &asking.viewer, &typed, FormErrors::default(), None)
}

impl SubmitForm {
    fn story(&self) -> StoryInput<'_> {
        StoryInput { title: &self.title, url: &self.url, text: &self.text }
    }
}

/// `POST /submit`
pub async fn create(
    State(app): State<App>,
    RecoverableForm { asking: context, typed }: RecoverableForm<SubmitForm, PostContext>,
) -> Result<Response, Error> {
    let viewer = &context.asking.viewer;
    if typed.suggest.is_some() {
        return Ok(suggest_into(&app, &context, typed).await);
    }
    if typed.preview.is_some()
        && let Ok(story) = actions::submit::check(typed.story())
    {
        let html = app.renderer(viewer.from).once(&story.text).await?;
        let preview = PreviewView::story(&context.member().name, &story, html);
        return Ok(form(&app, viewer, &typed, FormErrors::default(), Some(preview)));
    }
    let form = |errors| form(&app, viewer, &typed, errors, None);
    match actions::submit::submit(&app, &context, typed.story()).await? {
        SubmitOutcome::Posted(id) => Ok(LocalRedirect::new(&format!("/item/{id}")).redirect()),
        SubmitOutcome::Known(id, known) => duplicate(&app, viewer, &typed, id, known).await,
        SubmitOutcome::RateLimited(limited) => {
            Ok(rate_limit::with_status(form(FormErrors::of_limit(&limited)), &limited))
        }
        SubmitOutcome::Invalid(mistakes) => Ok(form(mistakes)),
    }
}

/// Redirects a duplicate to the existing story; its text may become a comment there.
async fn duplicate(
    app: &App,
    viewer: &MaybeMember,
    typed: &SubmitForm,
    id: ItemId,
    known: KnownUrl,
) -> Result<Response, Error> {
    let resubmitted = Resubmitted::new(&typed.title, known);
    if typed.text.trim().is_empty() {
        return Ok(resubmitted.return_to(id).redirect());
    }
    crate::web::handlers::items::reply::offer(app, viewer, id, &typed.text, &resubmitted).await
}

/// Fills in the title of the linked page, without the script.
async fn suggest_into(app: &App, context: &PostContext, typed: SubmitForm) -> Response {
    let viewer = &context.asking.viewer;
    match actions::submit::suggest_title(app, context, &typed.url).await {
        Ok(title) => form(app, viewer, &SubmitForm { title, ..typed }, FormErrors::default(), None),
        Err(sentence) => form(app, viewer, &typed, FormErrors::one("url", sentence), None),
    }
}

#[derive(Debug, Deserialize)]
pub struct TitleForm {
    #[serde(default)]
    url: String,
}

/// `GET /submit/title`: for the script.
pub async fn title(State(app): State<App>, context: PostContext, Query(asked): Query<TitleForm>) -> Response {
    match actions::submit::suggest_title(&app, &context, &asked.url).await {
        Ok(title) => json(&serde_json::json!({ "title": title })),
        Err(sentence) => json(&serde_json::json!({ "error": sentence })),
    }
}

#[derive(Template)]
#[template(path = "items/bookmarklet.html")]
struct BookmarkletPage<'a> {
    page: Page<'a>,
    href: String,
}

/// `/bookmarklet`
pub async fn bookmarklet(State(app): State<App>, viewer: MaybeMember) -> Response {
    let href = format!(
        "javascript:location.href='{}/submit?u='+encodeURIComponent(location.href)\
         +'&t='+encodeURIComponent(document.title)",
        app.config.base_url
    );
    crate::web::view::layout::html(&BookmarkletPage {
        page: Page::new(&app, &viewer, "", "Bookmarklet"),
        href,
    })
}
