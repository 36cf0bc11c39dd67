//! The first steps of a new forum, for admins.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::face::first_steps::FirstStep;
use crate::domain::face::page::BuiltInPage;
use crate::web::error::Error;
use crate::web::extract::form::Form;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::session::Admin;
use crate::web::handlers::face::source::{self, PageOrigin};
use crate::web::handlers::moderation::tabs;
use crate::web::state::App;
use crate::web::view::layout::{self, Page};
use crate::web::view::pagination::Tab;

#[derive(Template)]
#[template(path = "face/start.html")]
struct StartPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    steps: StepsDone,
    is_sqlite: bool,
    mail_is_on: bool,
}

/// Which of the six steps are done, seen from what is there.
#[derive(Debug, Clone, Copy)]
struct StepsDone {
    name: bool,
    address: bool,
    contact: bool,
    guidelines: bool,
    backup: bool,
    invited: bool,
    /// Nothing leads here any more.
    is_left: bool,
}

impl StepsDone {
    async fn read(app: &App) -> Result<StepsDone, Error> {
        let config = app.community.config();
        let ticked = app.store.first_steps().await?;
        let is_own = |origin| origin != PageOrigin::BuiltIn;
        let contact_page = source::load(app, BuiltInPage::Contact).await?.origin;
        Ok(StepsDone {
            name: config.site.site_name != crate::config::Config::default().site.site_name,
            address: app.config.is_https(),
            contact: !config.site.contact.is_empty() || is_own(contact_page),
            guidelines: is_own(source::load(app, BuiltInPage::Guidelines).await?.origin),
            backup: ticked.contains(&FirstStep::Backup),
            invited: app.store.has_invited().await?,
            is_left: ticked.contains(&FirstStep::All),
        })
    }

    fn count(&self) -> usize {
        let StepsDone { name, address, contact, guidelines, backup, invited, .. } = *self;
        [name, address, contact, guidelines, backup, invited].into_iter().filter(|done| *done).count()
    }
}

/// `GET /mod/start`
pub async fn show(State(app): State<App>, admin: Admin) -> Result<Response, Error> {
    let mut page = Page::new(&app, &admin.viewer, "start", "First steps");
    page.robots = false;
    Ok(layout::html(&StartPage {
        page,
        desk: tabs::bar(&admin.member, ""),
        steps: StepsDone::read(&app).await?,
        is_sqlite: app.store.address().file().is_some(),
        mail_is_on: app.mailer.is_some(),
    }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FirstStepForm {
    step: String,
}

/// `POST /mod/start`
pub async fn finish(
    State(app): State<App>,
    admin: Admin,
    Form(typed): Form<FirstStepForm>,
) -> Result<Response, Error> {
    let step = FirstStep::parse(&typed.step).ok_or_else(|| Error::bad("There is no such step."))?;
    app.store.finish_step(step, admin.member.id, admin.viewer.now).await?;
    let goto = if step == FirstStep::All { "/" } else { "/mod/start" };
    Ok(LocalRedirect::new(goto).redirect())
}
