//! Submitting a story.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::domain::draft::{self, Story};
use crate::domain::item::ItemId;
use crate::domain::origin::Origin;
use crate::domain::rate_limits::LimitedAction;
use crate::domain::rule::Draft;
use crate::domain::text::Html;
use crate::domain::title::{self, Title};
use crate::domain::url::StoryUrl;
use crate::store::{self, KnownAddress, NewStory, Submission};
use crate::web::arrival::Resubmitted;
use crate::web::client_ip::ClientIp;
use crate::web::error::Error;
use crate::web::form::Mistakes;
use crate::web::goto::Goto;
use crate::web::limit;
use crate::web::page::{Page, html_with, json};
use crate::web::rules;
use crate::web::session::{CurrentMember, MaybeMember};
use crate::web::state::App;
use crate::web::written::Written;

/// A story as typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
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
#[template(path = "submit.html")]
struct SubmitPage<'a> {
    page: Page<'a>,
    errors: Mistakes,
    title: &'a str,
    url: &'a str,
    text: &'a str,
    preview: Option<Html>,
}

fn form(app: &App, viewer: &MaybeMember, typed: &Typed, errors: Mistakes, preview: Option<Html>) -> Response {
    let page = Page::new(app, viewer, "submit", "Submit a story");
    let status = errors.status();
    html_with(status, &SubmitPage { page, errors, title: &typed.title, url: &typed.url, text: &typed.text, preview })
}

/// What a bookmarklet fills in: `u` and `t` as on Hacker News, or the names of the fields.
#[derive(Debug, Deserialize)]
pub struct Prefill {
    u: Option<String>,
    t: Option<String>,
    url: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

/// `GET /submit`
pub async fn new(State(app): State<App>, asking: CurrentMember, Query(given): Query<Prefill>) -> Response {
    let typed = Typed {
        url: given.url.or(given.u).unwrap_or_default(),
        title: given.title.or(given.t).unwrap_or_default(),
        text: given.text.unwrap_or_default(),
        ..Typed::default()
    };
    form(&app, &asking.viewer, &typed, Mistakes::default(), None)
}

/// The story that was typed, or what is wrong with it.
fn check(typed: &Typed) -> Result<Story, Mistakes> {
    let mut mistakes = Mistakes::default();
    let url = match typed.url.trim() {
        "" => None,
        url => mistakes.check("url", StoryUrl::parse(url)),
    };
    let title = mistakes.check("title", Title::parse(&typed.title));
    let text = mistakes.check("text", draft::optional(&typed.text));
    match (title, text) {
        (Some(title), Some(text)) if mistakes.is_empty() => {
            Story::new(title, url, text).map_err(|nothing| Mistakes::one("url", nothing))
        }
        _ => Err(mistakes),
    }
}

/// `POST /submit`
pub async fn create(
    State(app): State<App>,
    from: (Origin, ClientIp),
    Written { asking, typed }: Written<Typed>,
) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    if typed.suggest.is_some() {
        return suggest_into(&app, &CurrentMember { viewer, member }, from.1, typed).await;
    }
    let story = match check(&typed) {
        Ok(story) => story,
        Err(mistakes) => return Ok(form(&app, &viewer, &typed, mistakes, None)),
    };
    if typed.preview.is_some() {
        let preview = app.renderer(viewer.from).once(&story.text).await?;
        return Ok(form(&app, &viewer, &typed, Mistakes::default(), Some(preview)));
    }
    publish(&app, &CurrentMember { viewer, member }, &typed, &story, from).await
}

/// Submits a story that is good in itself, once; what has become of others' stories or sites may still turn or refuse it.
async fn publish(
    app: &App,
    asking: &CurrentMember,
    typed: &Typed,
    story: &Story,
    (origin, address): (Origin, ClientIp),
) -> Result<Response, Error> {
    let CurrentMember { viewer, member } = asking;
    let (title, url, origin) = (story.title.as_str(), story.url.as_ref(), Some(origin));
    let section = title::section(title, &app.settings().short_name);
    let new = NewStory { author: member.id, title, url, section, text: &story.text, origin, stopped: None };
    let (texts, ip, policy, now) = ((&*story.text, ""), address.ip(), &viewer.settings.policy, viewer.now);
    let taken = match app.limits.check_text(LimitedAction::Story, texts, member, ip, policy, now) {
        Ok(taken) => taken,
        Err(held) => {
            if let Some(first) = app.store.submitted_before(&new, viewer.now).await? {
                return Ok(Goto::new(&format!("/item/{first}")).redirect());
            }
            let form = form(app, viewer, typed, Mistakes::held(&held, held.form_message()), None);
            return Ok(limit::with_status(form, &held));
        }
    };
    let draft = Draft { title, url, text: &story.text, from: Some(address.ip()) };
    let stopped = match rules::judge(app, member, draft).await? {
        Ok(stopped) => stopped,
        Err(refused) => {
            taken.commit();
            return Ok(form(app, viewer, typed, Mistakes::one("", refused), None));
        }
    };
    let submitted =
        match app.store.submit(NewStory { stopped: stopped.as_ref(), ..new }, &app.settings().policy, viewer.now).await
        {
            Err(store::Error::Refused(why)) => Err(why),
            submitted => Ok(submitted?),
        };
    if !matches!(submitted, Ok(Submission::Again(_))) {
        taken.commit();
    }
    match submitted {
        Ok(Submission::New(id) | Submission::Again(id)) => Ok(Goto::new(&format!("/item/{id}")).redirect()),
        Ok(Submission::Duplicate(id, known)) => duplicate(app, viewer, typed, (id, known)).await,
        Ok(Submission::Banned(held)) => {
            Ok(form(app, viewer, typed, Mistakes::one("url", crate::web::desk::refusal(&held)), None))
        }
        Err(why) => {
            let mut form = form(app, viewer, typed, Mistakes::one("", why), None);
            *form.status_mut() = StatusCode::FORBIDDEN;
            Ok(form)
        }
    }
}

/// What a submission leads to whose address is under discussion already: to the story, which says so; its text may be a comment there.
async fn duplicate(
    app: &App,
    viewer: &MaybeMember,
    typed: &Typed,
    (id, known): (ItemId, KnownAddress),
) -> Result<Response, Error> {
    let resubmitted = Resubmitted::new(&typed.title, known);
    if typed.text.trim().is_empty() {
        return Ok(resubmitted.goto(id).redirect());
    }
    crate::web::comment::offer(app, viewer, id, &typed.text, &resubmitted).await
}

/// The title that the page at the address gives itself, put into the form: the way without the script.
async fn suggest_into(app: &App, asking: &CurrentMember, from: ClientIp, typed: Typed) -> Result<Response, Error> {
    let viewer = &asking.viewer;
    match suggestion(app, asking, from, &typed.url).await {
        Ok(title) => Ok(form(app, viewer, &Typed { title, ..typed }, Mistakes::default(), None)),
        Err(sentence) => Ok(form(app, viewer, &typed, Mistakes::one("url", sentence), None)),
    }
}

async fn suggestion(app: &App, asking: &CurrentMember, from: ClientIp, url: &str) -> Result<String, String> {
    let url = StoryUrl::parse(url).map_err(|e| e.to_string())?;
    app.limits
        .check(LimitedAction::Fetch, &asking.member, from.ip(), &asking.viewer.settings.policy, asking.viewer.now)
        .map_err(|_| "That was a lot of titles in a short time. Please type this one.".to_owned())?;
    app.fetcher.title(url.as_str()).await.map_err(|e| e.to_string())
}

#[derive(Debug, Deserialize)]
pub struct Suggest {
    #[serde(default)]
    url: String,
}

/// `GET /submit/title`: for the script.
pub async fn title(
    State(app): State<App>,
    asking: CurrentMember,
    from: ClientIp,
    Query(asked): Query<Suggest>,
) -> Response {
    match suggestion(&app, &asking, from, &asked.url).await {
        Ok(title) => json(&serde_json::json!({ "title": title })),
        Err(sentence) => json(&serde_json::json!({ "error": sentence })),
    }
}

#[derive(Template)]
#[template(path = "bookmarklet.html")]
struct BookmarkletPage<'a> {
    page: Page<'a>,
    href: String,
}

/// `/bookmarklet`
pub async fn bookmarklet(State(app): State<App>, viewer: MaybeMember) -> Response {
    let href = format!(
        "javascript:location.href='{}/submit?u='+encodeURIComponent(location.href)+'&t='+encodeURIComponent(document.title)",
        app.config.base_url
    );
    crate::web::page::html(&BookmarkletPage { page: Page::new(&app, &viewer, "", "Bookmarklet"), href })
}
