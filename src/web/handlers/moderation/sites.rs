//! Site restrictions: their list, the form, and the panel above a site's stories.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::clock::{DAY, Timestamp};
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::ItemId;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::permissions;
use crate::domain::moderation::site_restriction::{SiteName, SiteNameError, SiteRestriction, names};
use crate::domain::url::StoryUrl;
use crate::store::{self, ActionContext, LogFilter, RestrictedSite, SiteStory};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{MaybeMember, Moderator};
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::{PAGE_LIMIT, PAGE_SIZE, PAGE_SIZE_I64, Tab, next_page};

pub struct RestrictionView {
    pub name: String,
    pub restriction: SiteRestriction,
    reason: String,
    actor: String,
    when: TimeView,
}

impl RestrictionView {
    fn new(held: RestrictedSite, viewer: &MaybeMember) -> RestrictionView {
        RestrictionView {
            name: held.name,
            restriction: held.restriction,
            reason: held.reason,
            actor: held.actor.unwrap_or_else(|| "the operator".to_owned()),
            when: TimeView::new(held.created_at, viewer.now),
        }
    }

    /// What the restriction means for stories, and its reason.
    pub fn sentence(&self) -> String {
        self.restriction.sentence(&self.name, &self.reason)
    }
}

/// Above a site's stories: its restriction, those of its parent domains, and for moderators the form.
pub struct RestrictionPanel {
    pub name: String,
    pub held: Vec<RestrictionView>,
    pub moderates: bool,
}

impl RestrictionPanel {
    pub async fn of(app: &App, viewer: &MaybeMember, name: &str) -> Result<RestrictionPanel, Error> {
        let names = StoryUrl::parse(&format!("https://{name}")).map(|url| names(&url)).unwrap_or_default();
        let held = app
            .store
            .restrictions(&names)
            .await?
            .into_iter()
            .map(|held| RestrictionView::new(held, viewer))
            .collect();
        let moderates = viewer.member().is_some_and(|member| member.role >= Role::Moderator);
        Ok(RestrictionPanel { name: name.to_owned(), held, moderates })
    }

    /// Whether this site itself has this restriction.
    pub fn is(&self, restriction: &str) -> bool {
        self.held.iter().any(|held| held.name == self.name && held.restriction.as_str() == restriction)
    }

    pub fn can_lift(&self) -> bool {
        self.held.iter().any(|held| held.name == self.name)
    }
}

/// The period of the dry run, in seconds.
const COUNTED: i64 = 30 * DAY;
const NAMED: usize = 3;

#[derive(Template)]
#[template(path = "moderation/sites.html")]
struct SitesPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    errors: FormErrors,
    typed: &'a RestrictionForm,
    trial: Option<RestrictionDryRun>,
    late: Option<String>,
    sites: Vec<RestrictionView>,
    more: Option<String>,
}

struct RestrictionDryRun {
    name: SiteName,
    restriction: SiteRestriction,
    /// The site's own restriction now.
    held: Option<RestrictionView>,
    /// Since when it applies, for optimistic locking.
    over: Option<Timestamp>,
    count: usize,
    /// The count may be too low.
    cut: bool,
    newest: Vec<(ItemId, String, TimeView)>,
}

impl RestrictionDryRun {
    async fn of(
        app: &App,
        viewer: &MaybeMember,
        name: SiteName,
        restriction: SiteRestriction,
    ) -> Result<RestrictionDryRun, Error> {
        let (stories, all_since) = app.store.stories_of_site(&name).await?;
        let since = viewer.now.minus(COUNTED);
        let held = app.store.restrictions(&[name.as_str().to_owned()]).await?.pop();
        let named = |story: &SiteStory| {
            let title = story.title.clone().unwrap_or_else(|| story.url.clone());
            (story.id, title, TimeView::new(story.time, viewer.now))
        };
        Ok(RestrictionDryRun {
            name,
            restriction,
            over: held.as_ref().map(|held| held.created_at),
            held: held.map(|held| RestrictionView::new(held, viewer)),
            count: stories.iter().filter(|story| story.time >= since).count(),
            cut: all_since.is_some_and(|all| all >= since),
            newest: stories.iter().take(NAMED).map(named).collect(),
        })
    }

    fn verb(&self) -> &'static str {
        match self.restriction {
            SiteRestriction::Penalised => "Penalise",
            SiteRestriction::Banned => "Ban",
        }
    }
}

#[derive(Debug, Default, Deserialize)]
pub struct RestrictionForm {
    #[serde(default)]
    name: String,
    /// `penalised`, `banned`, or `none` to lift either.
    #[serde(default)]
    restriction: String,
    #[serde(default)]
    reason: String,
    /// Unix time of the restriction the moderator saw (optimistic lock); empty if none.
    #[serde(default)]
    over: String,
    /// Confirms the action; otherwise the dry run is shown.
    sure: Option<String>,
    goto: Option<LocalRedirect>,
}

#[derive(Default)]
struct RestrictionNotes<'a> {
    after: &'a str,
    trial: Option<RestrictionDryRun>,
    /// What was changed meanwhile, as a sentence.
    late: Option<String>,
}

async fn page(
    app: &App,
    moderator: &Moderator,
    RestrictionNotes { after, trial, late }: RestrictionNotes<'_>,
    typed: &RestrictionForm,
    errors: FormErrors,
) -> Result<Response, Error> {
    let Moderator { viewer, member } = moderator;
    let mut sites = app.store.sites_after(after, PAGE_LIMIT).await?;
    let more = next_page(&mut sites, PAGE_SIZE, "/mod/sites", |last| [("after", last.name.clone())]);
    let mut page = Page::new(app, viewer, "mod", "Sites");
    page.robots = false;
    let sites = sites.into_iter().map(|held| RestrictionView::new(held, viewer)).collect();
    let desk = moderation::tabs::bar(member, "sites");
    Ok(html_with(errors.status(), &SitesPage { page, desk, errors, typed, trial, late, sites, more }))
}

#[derive(Debug, Deserialize)]
pub struct SitesQuery {
    #[serde(default)]
    after: String,
}

/// `GET /mod/sites`
pub async fn list(
    State(app): State<App>,
    moderator: Moderator,
    Query(asked): Query<SitesQuery>,
) -> Result<Response, Error> {
    let shown = RestrictionNotes { after: &asked.after, ..RestrictionNotes::default() };
    page(&app, &moderator, shown, &RestrictionForm::default(), FormErrors::default()).await
}

fn check<'a>(
    typed: &'a RestrictionForm,
    member: &Member,
) -> Result<(SiteName, Option<SiteRestriction>, &'a str), FormErrors> {
    let mut mistakes = FormErrors::default();
    let name = SiteName::parse(&typed.name).and_then(|name| {
        let allowed = member.role >= Role::Admin || !name.is_host_of_many();
        if allowed { Ok(name) } else { Err(SiteNameError::AdminsOnly(name.as_str().to_owned())) }
    });
    let name = mistakes.check("name", name);
    let restriction = match typed.restriction.as_str() {
        "none" => Ok(None),
        restriction => {
            SiteRestriction::parse(restriction).map(Some).ok_or("Choose what to do: penalise, ban or lift.")
        }
    };
    let restriction = mistakes.check("", restriction);
    let reason = mistakes.check("reason", permissions::reason(&typed.reason, true));
    match (name, restriction, reason) {
        (Some(name), Some(restriction), Some(reason)) => Ok((name, restriction, reason)),
        _ => Err(mistakes),
    }
}

/// `POST /mod/sites`: shows a dry run, or sets or lifts a restriction.
pub async fn set(
    State(app): State<App>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<RestrictionForm, Moderator>,
) -> Result<Response, Error> {
    let (name, restriction, reason) = match check(&typed, &moderator.member) {
        Ok(checked) => checked,
        Err(mistakes) => return page(&app, &moderator, RestrictionNotes::default(), &typed, mistakes).await,
    };
    if let Some(restriction) = restriction.filter(|_| typed.sure.is_none()) {
        let trial = RestrictionDryRun::of(&app, &moderator.viewer, name, restriction).await?;
        let shown = RestrictionNotes { trial: Some(trial), ..RestrictionNotes::default() };
        return page(&app, &moderator, shown, &typed, FormErrors::default()).await;
    }
    let act = ActionContext { actor: Some(moderator.member.id), reason, at: moderator.viewer.now };
    let over = typed.over.parse().ok().map(Timestamp);
    match app.store.set_restriction(&name, restriction, over, act).await {
        Err(store::Error::Conflict) => late(&app, &moderator, &typed, name, restriction).await,
        done => done
            .map(|()| typed.goto.unwrap_or_else(|| LocalRedirect::new("/mod/sites")).redirect())
            .map_err(Error::from),
    }
}

/// Shows the form again after a change that the moderator had not seen.
async fn late(
    app: &App,
    moderator: &Moderator,
    typed: &RestrictionForm,
    name: SiteName,
    restriction: Option<SiteRestriction>,
) -> Result<Response, Error> {
    let (late, trial) = match restriction {
        Some(restriction) => {
            let trial = RestrictionDryRun::of(app, &moderator.viewer, name, restriction).await?;
            (format!("{} was changed in the meantime. Please review it.", trial.name), Some(trial))
        }
        None => {
            let lifts = app
                .store
                .log(LogFilter { act: Some(Action::LiftSite), ..LogFilter::default() }, PAGE_SIZE_I64)
                .await?;
            let by = lifts.into_iter().find(|lift| lift.detail == name.as_str());
            let sentence = match by.map(|lift| lift.actor.unwrap_or_else(|| "the operator".to_owned())) {
                Some(actor) => format!("{name} is no longer restricted: {actor} lifted it."),
                None => format!("{name} is not restricted."),
            };
            (sentence, None)
        }
    };
    let shown = RestrictionNotes { trial, late: Some(late), ..RestrictionNotes::default() };
    let mut page = page(app, moderator, shown, typed, FormErrors::default()).await?;
    *page.status_mut() = StatusCode::CONFLICT;
    Ok(page)
}
