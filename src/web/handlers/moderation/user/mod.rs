//! A member as moderators see them: sanctions, notes, log and the forms of all actions.

pub mod message;
mod page;
pub mod reset_link;
pub mod second_factor;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use self::page::result_sentence;
use crate::clock::Timestamp;
use crate::domain::accounts::user::{Profile, UserId};
use crate::domain::items::input;
use crate::domain::moderation::action::Action;
use crate::domain::moderation::permissions::ModerationError;
use crate::domain::moderation::roles::RoleError;
use crate::domain::moderation::sanctions::{SanctionTerm, TAKEDOWN_PERIOD};
use crate::domain::moderation::{permissions, sanctions};
use crate::store::{self, ActionContext, LogFilter, LogRow, NewBan};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::Moderator;
use crate::web::state::App;

/// Any of the page's forms; each sends some of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UserActionForm {
    /// Whether the action is applied or undone.
    on: Option<bool>,
    note: String,
    same_as: String,
    warning: String,
    message: String,
    limit_days: String,
    limit_reason: String,
    ban_days: String,
    ban_reason: String,
    /// Whether recent posts are killed with the ban, or restored with its end.
    take: Option<String>,
    /// Unix time of the ban the moderator saw (optimistic lock); empty if none.
    over: String,
    shadow_reason: String,
    bring_back: Option<String>,
}

impl UserActionForm {
    fn on(&self) -> Result<bool, Error> {
        self.on.ok_or_else(|| Error::bad("Choose whether to apply or undo the action."))
    }
}

struct UserAction<'a> {
    app: &'a App,
    moderator: &'a Moderator,
    user: Profile,
    now: Timestamp,
}

impl<'a> UserAction<'a> {
    async fn open(app: &'a App, moderator: &'a Moderator, name: &str) -> Result<UserAction<'a>, Error> {
        let user = app.store.profile(name).await?;
        sanctions::may_moderate(&moderator.member, &user).map_err(Error::forbidden)?;
        Ok(UserAction { app, moderator, user, now: moderator.viewer.now })
    }

    fn context<'r>(&self, reason: &'r str) -> ActionContext<'r> {
        ActionContext { actor: Some(self.moderator.member.id), reason, at: self.now }
    }

    fn done(&self, act: Action) -> Response {
        LocalRedirect::new(&format!("/user/{}/moderate?done={}", self.user.name, act.as_str())).redirect()
    }

    fn done_with(&self, act: Action, posts: usize) -> Response {
        LocalRedirect::new(&format!("/user/{}/moderate?done={}&posts={posts}", self.user.name, act.as_str()))
            .redirect()
    }

    /// Shows the page again after another moderator's change, which `sentence` describes.
    async fn late(
        &self,
        typed: UserActionForm,
        sentence: impl FnOnce(&Profile) -> String,
    ) -> Result<Response, Error> {
        let now = UserAction::open(self.app, self.moderator, &self.user.name).await?;
        let sentence = sentence(&now.user);
        let mut page = now.page(typed, FormErrors::default(), Some(sentence)).await?;
        *page.status_mut() = StatusCode::CONFLICT;
        Ok(page)
    }

    async fn last(&self, act: Action) -> Result<Option<LogRow>, Error> {
        let acts =
            LogFilter { user: Some(self.user.id), act: Some(act), private: true, ..LogFilter::default() };
        Ok(self.app.store.log(acts, 1).await?.pop())
    }

    /// The error if there is nothing left to undo, and who undid it.
    async fn undone(
        &self,
        act: Action,
        undoing: Action,
        state: &str,
        typed: UserActionForm,
    ) -> Result<Response, Error> {
        let done = self.last(act).await?.map_or(0, |done| done.id);
        let undone = self.last(undoing).await?.filter(|undone| undone.id > done);
        let by = undone.map(|undone| undone.actor.unwrap_or_else(|| "the operator".to_owned()));
        self.late(typed, |user| match by {
            Some(actor) => format!("{} is no longer {state}: {actor} lifted it.", user.name),
            None => format!("{} is not {state}.", user.name),
        })
        .await
    }

    /// Shows the ban form again with its errors.
    async fn ban_again(&self, typed: UserActionForm, over: Option<Timestamp>) -> Result<Response, Error> {
        let now = UserAction::open(self.app, self.moderator, &self.user.name).await?;
        let name = &now.user.name;
        let mistake = match now.user.ban.sentence(now.now) {
            standing if now.user.ban.since(now.now) == over && standing.is_none() => {
                RoleError::LastAdmin(name.clone()).to_string()
            }
            Some(standing) => {
                let by = now.last(Action::Ban).await?.and_then(|ban| ban.actor);
                let by = match by {
                    Some(actor) if actor == self.moderator.member.name => "You set this already".to_owned(),
                    Some(actor) => format!("{actor} set this in the meantime"),
                    None => "The operator set this in the meantime".to_owned(),
                };
                format!("{standing} {by}. Change it if you still want to.")
            }
            None => format!(
                "{name} is no longer banned: the ban that you saw was lifted. Ban them if you still want to."
            ),
        };
        let mut page = now.page(typed, FormErrors::one("ban_reason", mistake), None).await?;
        *page.status_mut() = StatusCode::CONFLICT;
        Ok(page)
    }

    async fn other(&self, name: &str) -> Result<Result<Option<UserId>, ModerationError>, Error> {
        if name.is_empty() {
            return Ok(Ok(None));
        }
        match self.app.store.profile(name).await {
            Ok(other) if other.id == self.user.id => Ok(Err(ModerationError::SameAccount)),
            Ok(other) => Ok(Ok(Some(other.id))),
            Err(store::Error::NotFound) => Ok(Err(ModerationError::NoSuchUser)),
            Err(error) => Err(error.into()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Done {
    done: Option<String>,
    posts: Option<usize>,
}

/// `GET /user/{name}/moderate`
pub async fn show(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Query(just): Query<Done>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    if asked.user.name != name {
        return Ok(Redirect::permanent(&format!("/user/{}/moderate", asked.user.name)).into_response());
    }
    let done = just.done.as_deref().and_then(|act| result_sentence(act, &asked.user.name, just.posts));
    asked.page(UserActionForm::default(), FormErrors::default(), done).await
}

/// `POST /user/{name}/note`
pub async fn note(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    let mut errors = FormErrors::default();
    let other = errors.check("same_as", asked.other(typed.same_as.trim()).await?).flatten();
    let text = errors.check("note", input::optional(&typed.note));
    if text.as_deref() == Some("") && typed.same_as.trim().is_empty() {
        errors.add("note", ModerationError::Nothing);
    }
    let Some(text) = text.filter(|_| errors.is_empty()) else { return asked.page(typed, errors, None).await };
    app.store.note(asked.user.id, other, &text, moderator.member.id, asked.now).await?;
    Ok(asked.done(Action::Note))
}

/// `POST /user/{name}/warn`
pub async fn warn(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    sanctions::may_warn(&asked.user).map_err(Error::forbidden)?;
    let warning = match permissions::warning(&typed.warning) {
        Ok(warning) => warning,
        Err(mistake) => {
            let errors = FormErrors::one("warning", mistake);
            return asked.page(typed, errors, None).await;
        }
    };
    app.store.warn(asked.user.id, asked.context(warning)).await?;
    Ok(asked.done(Action::Warn))
}

/// `POST /user/{name}/limit`
pub async fn limit(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let mut errors = FormErrors::default();
    let reason = errors.check("limit_reason", permissions::reason(&typed.limit_reason, on));
    if !on && let Some(reason) = reason {
        return match app.store.unlimit(asked.user.id, asked.context(reason)).await {
            Err(store::Error::Conflict) => {
                asked.undone(Action::Limit, Action::Unlimit, "limited", typed).await
            }
            done => done.map(|()| asked.done(Action::Unlimit)).map_err(Error::from),
        };
    }
    sanctions::may_hold_back(&asked.user).map_err(Error::forbidden)?;
    match (reason, errors.check("limit_days", SanctionTerm::parse(&typed.limit_days))) {
        (Some(reason), Some(term)) => {
            app.store.limit(asked.user.id, term.end(asked.now), asked.context(reason)).await?;
            Ok(asked.done(Action::Limit))
        }
        _ => asked.page(typed, errors, None).await,
    }
}

/// `POST /user/{name}/ban`
pub async fn ban(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let mut errors = FormErrors::default();
    let reason = errors.check("ban_reason", permissions::reason(&typed.ban_reason, on));
    if !on && let Some(reason) = reason {
        return match app.store.unban(asked.user.id, typed.bring_back.is_some(), asked.context(reason)).await {
            Err(store::Error::Conflict) => asked.undone(Action::Ban, Action::Unban, "banned", typed).await,
            done => done.map(|back| asked.done_with(Action::Unban, back)).map_err(Error::from),
        };
    }
    sanctions::may_hold_back(&asked.user).map_err(Error::forbidden)?;
    match (reason, errors.check("ban_days", SanctionTerm::parse(&typed.ban_days))) {
        (Some(reason), Some(term)) => {
            let over = typed.over.parse().ok().map(Timestamp);
            let taking_since = typed.take.is_some().then(|| asked.now.minus(TAKEDOWN_PERIOD));
            let ban = NewBan { user: asked.user.id, until: term.end(asked.now), over, taking_since };
            match app.store.ban(ban, asked.context(reason)).await {
                Err(store::Error::Conflict) => asked.ban_again(typed, over).await,
                Ok(taken) if taking_since.is_some() => Ok(asked.done_with(Action::Ban, taken)),
                done => done.map(|_| asked.done(Action::Ban)).map_err(Error::from),
            }
        }
        _ => asked.page(typed, errors, None).await,
    }
}

/// `POST /user/{name}/shadow`
pub async fn shadow(
    State(app): State<App>,
    Path(name): Path<String>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<UserActionForm, Moderator>,
) -> Result<Response, Error> {
    let asked = UserAction::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let reason = match permissions::reason(&typed.shadow_reason, on) {
        Ok(reason) => reason,
        Err(mistake) => {
            let errors = FormErrors::one("shadow_reason", mistake);
            return asked.page(typed, errors, None).await;
        }
    };
    if !on {
        return match app
            .store
            .unshadow(asked.user.id, typed.bring_back.is_some(), asked.context(reason))
            .await
        {
            Err(store::Error::Conflict) => {
                asked.undone(Action::Shadow, Action::Unshadow, "shadow-banned", typed).await
            }
            done => done.map(|()| asked.done(Action::Unshadow)).map_err(Error::from),
        };
    }
    sanctions::may_shadow(&asked.user).map_err(Error::forbidden)?;
    match app.store.shadow(asked.user.id, asked.context(reason)).await {
        Err(store::Error::Conflict) => {
            let said = |user: &Profile| match sanctions::may_shadow(user) {
                Err(mistake) => mistake.to_string(),
                Ok(()) => format!("{} is shadow-banned already.", user.name),
            };
            asked.late(typed, said).await
        }
        done => done.map(|()| asked.done(Action::Shadow)).map_err(Error::from),
    }
}
