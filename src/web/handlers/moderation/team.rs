//! Moderators and admins, and the form that assigns roles; for admins.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::accounts::user::{Profile, Role, UserId};
use crate::domain::moderation::roles::RoleError;
use crate::domain::moderation::{permissions, roles};
use crate::store::{self, ActionContext, TeamMember};
use crate::web::error::Error;
use crate::web::extract::form::{FormErrors, FormRefusal};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Admin;
use crate::web::handlers::moderation;
use crate::web::state::App;
use crate::web::view::items::TimeView;
use crate::web::view::layout::{Page, html_with};
use crate::web::view::pagination::Tab;

#[derive(Template)]
#[template(path = "moderation/team.html")]
struct TeamPage<'a> {
    page: Page<'a>,
    desk: Vec<Tab>,
    done: Option<(String, &'static str)>,
    errors: FormErrors,
    typed: &'a RoleForm,
    roles: [Role; 3],
    rows: Vec<TeamRow>,
}

struct TeamRow {
    name: String,
    role: Role,
    you: bool,
    banned: bool,
    when: TimeView,
    /// Who gave the role; `None` if the account was created with it.
    by: Option<String>,
}

impl TeamRow {
    fn new(one: TeamMember, viewer: &str, now: Timestamp) -> TeamRow {
        let operator = || "the operator".to_owned();
        TeamRow {
            you: one.name == viewer,
            banned: one.ban.holds(now),
            when: TimeView::new(one.since.unwrap_or(one.created_at), now),
            by: one.since.map(|_| one.actor.unwrap_or_else(operator)),
            name: one.name,
            role: one.role,
        }
    }

    fn others(&self) -> Vec<(&'static str, &'static str)> {
        let others = Role::ALL.into_iter().filter(|role| *role != self.role);
        others.map(|role| (role.as_str(), roles::with_article(role))).collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    name: String,
    role: String,
    reason: String,
    /// Confirms giving up a role that the admin could not take back.
    sure: Option<String>,
}

async fn page(
    app: &App,
    admin: &Admin,
    typed: &RoleForm,
    errors: FormErrors,
    done: &str,
) -> Result<Response, Error> {
    let mut team = app.store.team().await?;
    team.sort_by(|a, b| b.role.cmp(&a.role).then_with(|| a.name.to_lowercase().cmp(&b.name.to_lowercase())));
    let done = match app.store.profile(done).await {
        Err(store::Error::NotFound) => None,
        found => found.map(|person| Some((person.name, roles::with_article(person.role))))?,
    };
    let Admin { viewer, member } = admin;
    let mut page = Page::new(app, viewer, "mod", "Team");
    page.robots = false;
    let rows = team.into_iter().map(|one| TeamRow::new(one, &member.name, viewer.now)).collect();
    let status = errors.status();
    let desk = moderation::tabs::bar(member, "team");
    Ok(html_with(status, &TeamPage { page, desk, done, errors, typed, roles: Role::ALL, rows }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TeamQuery {
    name: String,
    done: String,
}

/// `GET /mod/team`
pub async fn list(
    State(app): State<App>,
    admin: Admin,
    Query(asked): Query<TeamQuery>,
) -> Result<Response, Error> {
    let typed = RoleForm { name: asked.name, ..RoleForm::default() };
    page(&app, &admin, &typed, FormErrors::default(), &asked.done).await
}

async fn account(app: &App, name: &str) -> Result<Option<Profile>, Error> {
    match app.store.profile(name.trim()).await {
        Err(store::Error::NotFound) => Ok(None),
        person => Ok(Some(person?)),
    }
}

/// The account, if it can have the role.
fn candidate(
    person: Option<Profile>,
    name: &str,
    role: Option<Role>,
    now: Timestamp,
) -> Result<Profile, RoleError> {
    if name.trim().is_empty() {
        return Err(RoleError::NoName);
    }
    let person = person.ok_or(RoleError::NoSuchUser)?;
    role.map_or(Ok(()), |role| roles::may_have(&person, role, now))?;
    Ok(person)
}

struct RoleChange<'a> {
    person: Profile,
    role: Role,
    reason: &'a str,
}

async fn check<'a>(app: &App, typed: &'a RoleForm, now: Timestamp) -> Result<RoleChange<'a>, FormRefusal> {
    let mut mistakes = FormErrors::default();
    let role = typed.role.parse::<Role>().ok();
    let person = account(app, &typed.name).await?;
    let person = mistakes.check("name", candidate(person, &typed.name, role, now));
    let role = mistakes.check("role", role.ok_or(RoleError::NoRole));
    let reason = mistakes.check("reason", permissions::reason(&typed.reason, true));
    match (person, role, reason) {
        (Some(person), Some(role), Some(reason)) => Ok(RoleChange { person, role, reason }),
        _ => Err(mistakes.into()),
    }
}

/// Why the role was refused after passing the checks.
async fn refusal(app: &App, admin: &Admin, typed: &RoleForm, role: Role) -> Result<RoleError, Error> {
    if app.store.profile(&admin.member.name).await?.role < Role::Admin {
        return Err(Error::forbidden(RoleError::NotAnAdmin));
    }
    let person = candidate(account(app, &typed.name).await?, &typed.name, Some(role), admin.viewer.now);
    Ok(person.map_or_else(|mistake| mistake, |person| RoleError::LastAdmin(person.name)))
}

/// Asks admins to confirm giving up their own role.
async fn unsure(
    app: &App,
    admin: &Admin,
    typed: &RoleForm,
    change: &RoleChange<'_>,
) -> Result<Option<FormErrors>, Error> {
    let own = admin.member.id;
    if change.person.id != own || change.role >= Role::Admin {
        return Ok(None);
    }
    if app.store.is_last_admin(own, admin.viewer.now).await? {
        return Ok(Some(FormErrors::one("name", RoleError::LastAdmin(change.person.name.clone()))));
    }
    Ok(typed.sure.is_none().then(|| FormErrors::one("sure", RoleError::Unsure)))
}

async fn change(app: &App, admin: &Admin, typed: &RoleForm) -> Result<Response, Error> {
    let change = match check(app, typed, admin.viewer.now).await {
        Ok(change) => change,
        Err(FormRefusal::Invalid(mistakes)) => return page(app, admin, typed, mistakes, "").await,
        Err(FormRefusal::Error(error)) => return Err(error),
    };
    if let Some(mistakes) = unsure(app, admin, typed, &change).await? {
        return page(app, admin, typed, mistakes, "").await;
    }
    let RoleChange { person, role, reason } = change;
    let own: UserId = admin.member.id;
    let act = ActionContext { actor: Some(own), reason, at: admin.viewer.now };
    match app.store.set_role(person.id, role, act).await {
        Err(store::Error::Conflict) => {
            let mistake = refusal(app, admin, typed, role).await?;
            page(app, admin, typed, FormErrors::one("name", mistake), "").await
        }
        // A former admin cannot see this page; the inbox has a notification of the new role.
        done if person.id == own => done.map(|()| LocalRedirect::to_inbox().redirect()).map_err(Error::from),
        done => done
            .map(|()| LocalRedirect::new(&format!("/mod/team?done={}", person.name)).redirect())
            .map_err(Error::from),
    }
}

/// `POST /mod/team`: the member is named in the form.
pub async fn create(
    State(app): State<App>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<RoleForm, Admin>,
) -> Result<Response, Error> {
    change(&app, &admin, &typed).await
}

/// `POST /user/{name}/role`
pub async fn update(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: admin, typed }: RecoverableForm<RoleForm, Admin>,
) -> Result<Response, Error> {
    change(&app, &admin, &RoleForm { name, ..typed }).await
}
