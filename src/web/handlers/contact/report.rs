//! Reporting that an item is illegal, with or without an account.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::config::Readers;
use crate::domain::conversations::MAX_MESSAGE_CHARS;
use crate::domain::conversations::report::IllegalGround;
use crate::domain::items::item::{Item, ItemId, Kind, may_see};
use crate::domain::text;
use crate::domain::text::plural::Grouped;
use crate::web::actions::contact::{Sender, TypedReport};
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::form::{FormErrors, refused};
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{MaybeMember, log_in_address};
use crate::web::handlers::contact;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

/// Characters of the item that are shown.
const EXCERPT: usize = 200;

#[derive(Template)]
#[template(path = "contact/report.html")]
struct ReportPage<'a> {
    page: Page<'a>,
    id: ItemId,
    what: &'static str,
    /// A story's title or a comment's excerpt.
    words: String,
    grounds: [IllegalGround; 10],
    has_mail: bool,
    typed: &'a ReportForm,
    errors: FormErrors,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReportForm {
    ground: String,
    text: String,
    name: String,
    email: String,
    good_faith: Option<String>,
}

/// The item, if the viewer sees it; visitors see nothing where only members read.
async fn reported(app: &App, viewer: &MaybeMember, id: ItemId) -> Result<Item, Error> {
    if viewer.settings.reading == Readers::Members && viewer.member.is_none() {
        return Err(Error::LogInFirst(log_in_address(&viewer.here)));
    }
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, viewer.member(), viewer.now))?;
    Ok(item)
}

fn page(app: &App, viewer: &MaybeMember, item: &Item, typed: &ReportForm, errors: FormErrors) -> Response {
    let what = if item.kind == Kind::Comment { "this comment" } else { "this story" };
    let mut page = Page::new(app, viewer, "item", format!("Report {what} as illegal"));
    page.robots = false;
    let words = item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, EXCERPT));
    let (id, status, grounds) = (item.id, errors.status(), IllegalGround::ALL);
    html_with(
        status,
        &ReportPage { page, id, what, words, grounds, has_mail: app.mailer.is_some(), typed, errors },
    )
}

/// `GET /item/{id}/report`
pub async fn new(
    State(app): State<App>,
    viewer: MaybeMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let item = reported(&app, &viewer, id).await?;
    Ok(page(&app, &viewer, &item, &ReportForm::default(), FormErrors::default()))
}

/// `POST /item/{id}/report`
pub async fn create(
    State(app): State<App>,
    client_ip: ClientIp,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: viewer, typed }: RecoverableForm<ReportForm, MaybeMember>,
) -> Result<Response, Error> {
    let item = reported(&app, &viewer, id).await?;
    let report = TypedReport {
        ground: &typed.ground,
        text: &typed.text,
        name: &typed.name,
        email: &typed.email,
        is_in_good_faith: typed.good_faith.is_some(),
    };
    let sender = Sender { app: &app, viewer: &viewer, client_ip };
    match sender.report(item.id, &report).await {
        Ok(sent) => Ok(contact::to(&sent).redirect()),
        Err(refusal) => refused(refusal, async |errors| Ok(page(&app, &viewer, &item, &typed, errors))).await,
    }
}
