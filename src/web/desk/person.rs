//! A person as moderators see them: what they stand under, what was noted and done about them, and the forms of what can be done.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::domain::moderation::{self, ACTS, ModerationError};
use crate::domain::standing::{self, Term, with_reason};
use crate::domain::user::{Profile, Role, UserId};
use crate::domain::{age, draft};
use crate::store::{self, Act, Acts, NewBan};
use crate::web::desk;
use crate::web::error::Error;
use crate::web::form::{Form, Mistakes};
use crate::web::goto::Goto;
use crate::web::news::Choice;
use crate::web::page::{Page, html_with};
use crate::web::path::Path;
use crate::web::session::Moderator;
use crate::web::state::App;
use crate::web::view::When;

/// How many of the latest acts on a person are shown.
const ACTS_SHOWN: i64 = 50;

/// The days that a ban or a slowing lasts unless another term is chosen.
const USUAL: &str = "7";

/// What the page's forms send; each sends its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// Whether the act is done or undone.
    on: Option<bool>,
    note: String,
    same_as: String,
    warning: String,
    slow_days: String,
    slow_reason: String,
    ban_days: String,
    ban_reason: String,
    /// Since when the ban holds that was seen, in seconds; empty for none.
    over: String,
    shadow_reason: String,
    bring_back: Option<String>,
}

impl Typed {
    fn on(&self) -> Result<bool, Error> {
        self.on.ok_or_else(|| Error::bad("Say whether to do it or to undo it."))
    }
}

struct NoteView {
    author: String,
    when: When,
    text: String,
    /// The account that the note says is the same person's.
    same_as: Option<String>,
}

struct ActView {
    actor: String,
    verb: &'static str,
    when: When,
    /// What changed, and why.
    said: String,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage<'a> {
    page: Page<'a>,
    desk: Vec<Choice>,
    user: &'a Profile,
    typed: Typed,
    errors: Mistakes,
    /// What was just done, as the log says it.
    done: Option<&'static str>,
    joined: String,
    banned: Option<String>,
    over: Option<Timestamp>,
    slowed: Option<String>,
    shadowed: Option<String>,
    may_shadow: bool,
    /// For admins.
    may_give_role: bool,
    notes: Vec<NoteView>,
    acts: Vec<ActView>,
    /// The days that a ban or a slowing may last, in words.
    terms: Vec<(String, String)>,
}

impl PersonPage<'_> {
    /// Whether the form of a mistake's field stands open.
    fn wrong(&self, field: &str) -> bool {
        self.errors.has(field)
    }
}

/// A moderator before the person that they want to act on.
struct Asked<'a> {
    app: &'a App,
    moderator: &'a Moderator,
    user: Profile,
    now: Timestamp,
}

impl<'a> Asked<'a> {
    async fn open(app: &'a App, moderator: &'a Moderator, name: &str) -> Result<Asked<'a>, Error> {
        let user = app.store.profile(name).await?;
        standing::may_moderate(&moderator.member, &user).map_err(Error::forbidden)?;
        Ok(Asked { app, moderator, user, now: moderator.viewer.now })
    }

    fn act<'r>(&self, reason: &'r str) -> Act<'r> {
        Act { actor: Some(self.moderator.member.id), reason, at: self.now }
    }

    /// Back to the page, which says what was done.
    fn done(&self, act: &str) -> Response {
        Goto::new(&format!("/user/{}/moderate?done={act}", self.user.name)).redirect()
    }

    /// The page, with what was typed into one of its forms and what is wrong with it.
    async fn page(&self, mut typed: Typed, errors: Mistakes, done: Option<&'static str>) -> Result<Response, Error> {
        let (app, user, now) = (self.app, &self.user, self.now);
        let mut page = Page::new(app, &self.moderator.viewer, "mod", format!("Moderate {}", user.name));
        page.robots = false;
        let status = errors.status();
        for days in [&mut typed.ban_days, &mut typed.slow_days] {
            if days.is_empty() {
                USUAL.clone_into(days);
            }
        }
        let slowed = user.slowed_until.filter(|until| *until > now);
        let person = PersonPage {
            page,
            desk: desk::bar(&self.moderator.member, ""),
            typed,
            errors,
            done,
            joined: age::day(user.created),
            banned: user
                .ban
                .since(now)
                .map(|_| with_reason(&standing::until(user.ban.banned_until), user.ban.ban_reason.as_deref())),
            over: user.ban.since(now),
            slowed: slowed.map(|until| standing::until(Some(until))),
            shadowed: user.shadowed_at.map(age::minute),
            may_shadow: standing::may_shadow(user).is_ok(),
            may_give_role: self.moderator.member.role >= Role::Admin,
            notes: self.notes().await?,
            acts: self.acts().await?,
            terms: Term::OFFERED
                .into_iter()
                .map(|days| (days.to_string(), format!("{days} day{}", if days == 1 { "" } else { "s" })))
                .collect(),
            user,
        };
        Ok(html_with(status, &person))
    }

    async fn notes(&self) -> Result<Vec<NoteView>, Error> {
        let notes = self.app.store.notes(self.user.id).await?;
        let same_as = |note: &store::Note| {
            let other = note.other.clone()?;
            Some(if other == self.user.name { note.about.clone() } else { other })
        };
        let view = |note: store::Note| NoteView {
            same_as: same_as(&note),
            when: When::new(note.at, self.now),
            author: note.author,
            text: note.text,
        };
        Ok(notes.into_iter().map(view).collect())
    }

    async fn acts(&self) -> Result<Vec<ActView>, Error> {
        let acts =
            self.app.store.log(Acts { user: Some(self.user.id), private: true, ..Acts::default() }, ACTS_SHOWN).await?;
        let view = |act: store::Logged| ActView {
            actor: act.actor.unwrap_or_else(|| "the operator".to_owned()),
            verb: known(&act.act).unwrap_or_default(),
            when: When::new(act.at, self.now),
            said: [act.detail, act.reason].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": "),
        };
        Ok(acts.into_iter().map(view).collect())
    }

    /// The account that a note names as the same person's.
    async fn other(&self, name: &str) -> Result<Result<Option<UserId>, ModerationError>, Error> {
        if name.is_empty() {
            return Ok(Ok(None));
        }
        match self.app.store.profile(name).await {
            Ok(other) if other.id == self.user.id => Ok(Err(ModerationError::SameAccount)),
            Ok(other) => Ok(Ok(Some(other.id))),
            Err(store::Error::NotFound) => Ok(Err(ModerationError::Nobody)),
            Err(error) => Err(error.into()),
        }
    }
}

/// How an act that the log knows is said.
fn known(act: &str) -> Option<&'static str> {
    ACTS.iter().find(|(name, _)| *name == act).map(|(_, verb)| *verb)
}

#[derive(Debug, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// `GET /user/{name}/moderate`
pub async fn show(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Query(just): Query<Done>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    if asked.user.name != name {
        return Ok(Redirect::permanent(&format!("/user/{}/moderate", asked.user.name)).into_response());
    }
    asked.page(Typed::default(), Mistakes::default(), just.done.as_deref().and_then(known)).await
}

/// `POST /user/{name}/note`
pub async fn note(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    let mut errors = Mistakes::default();
    let other = errors.check("same_as", asked.other(typed.same_as.trim()).await?).flatten();
    let text = errors.check("note", draft::text(&typed.note));
    if typed.note.trim().is_empty() && typed.same_as.trim().is_empty() {
        errors.add("note", ModerationError::Nothing);
    }
    let Some(text) = text.filter(|_| errors.is_empty()) else { return asked.page(typed, errors, None).await };
    app.store.note(asked.user.id, other, &text, moderator.member.id, asked.now).await?;
    Ok(asked.done("note"))
}

/// `POST /user/{name}/warn`
pub async fn warn(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    let warning = match moderation::reason(&typed.warning, true) {
        Ok(warning) => warning,
        Err(mistake) => {
            let errors = Mistakes::one("warning", mistake);
            return asked.page(typed, errors, None).await;
        }
    };
    app.store.warn(asked.user.id, asked.act(warning)).await?;
    Ok(asked.done("warn"))
}

/// `POST /user/{name}/slow`
pub async fn slow(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let mut errors = Mistakes::default();
    let reason = errors.check("slow_reason", moderation::reason(&typed.slow_reason, on));
    if !on && let Some(reason) = reason {
        app.store.unslow(asked.user.id, asked.act(reason)).await?;
        return Ok(asked.done("unslow"));
    }
    match (reason, errors.check("slow_days", Term::parse(&typed.slow_days))) {
        (Some(reason), Some(term)) => {
            app.store.slow(asked.user.id, term.end(asked.now), asked.act(reason)).await?;
            Ok(asked.done("slow"))
        }
        _ => asked.page(typed, errors, None).await,
    }
}

/// `POST /user/{name}/ban`
pub async fn ban(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let mut errors = Mistakes::default();
    let reason = errors.check("ban_reason", moderation::reason(&typed.ban_reason, on));
    if !on && let Some(reason) = reason {
        app.store.unban(asked.user.id, asked.act(reason)).await?;
        return Ok(asked.done("unban"));
    }
    match (reason, errors.check("ban_days", Term::parse(&typed.ban_days))) {
        (Some(reason), Some(term)) => {
            let over = typed.over.parse().ok().map(Timestamp);
            let ban = NewBan { user: asked.user.id, until: term.end(asked.now), over };
            app.store.ban(ban, asked.act(reason)).await?;
            Ok(asked.done("ban"))
        }
        _ => asked.page(typed, errors, None).await,
    }
}

/// `POST /user/{name}/shadow`
pub async fn shadow(
    State(app): State<App>,
    moderator: Moderator,
    Path(name): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let asked = Asked::open(&app, &moderator, &name).await?;
    let on = typed.on()?;
    let reason = match moderation::reason(&typed.shadow_reason, on) {
        Ok(reason) => reason,
        Err(mistake) => {
            let errors = Mistakes::one("shadow_reason", mistake);
            return asked.page(typed, errors, None).await;
        }
    };
    if on {
        standing::may_shadow(&asked.user).map_err(Error::forbidden)?;
        app.store.shadow(asked.user.id, asked.act(reason)).await?;
        return Ok(asked.done("shadow"));
    }
    app.store.unshadow(asked.user.id, typed.bring_back.is_some(), asked.act(reason)).await?;
    Ok(asked.done("unshadow"))
}
