//! Flagging and vouching.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde::Deserialize;

use crate::domain::accounts::user::Member;
use crate::domain::items::item::{Item, ItemId, Kind, Visibility, may_see};
use crate::domain::text;
use crate::domain::votes::flag::{Flag, LONGEST_NOTE, Reason};
use crate::store::MemberFlag;
use crate::web::actions::flag::{FlagOutcome, FlagTarget};
use crate::web::actions::{self, PostContext};
use crate::web::error::Error;
use crate::web::extract::form::{Form, FormErrors};
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{CurrentMember, MaybeMember};
use crate::web::handlers::votes::vote::{ToggleForm, switched};
use crate::web::rate_limit;
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

pub struct FlagPanel {
    pub id: ItemId,
    pub what: String,
    pub goto: String,
    pub may_flag: bool,
    pub flag: Option<Flag>,
    pub may_vouch: bool,
    pub vouched: bool,
    pub vouches: i64,
    pub reasons: [Reason; 6],
}

impl FlagPanel {
    /// One query; none for viewers who may neither flag nor vouch.
    pub async fn load(app: &App, viewer: &MaybeMember, item: &Item) -> Result<Option<FlagPanel>, Error> {
        let Some(member) = viewer.member() else { return Ok(None) };
        let is_shown =
            matches!(may_see(item, Some(member), viewer.now), Visibility::Whole | Visibility::Dead(_));
        if !is_shown || item.is_own(Some(member)) {
            return Ok(None);
        }
        let MemberFlag { flag, vouched } = app.store.cast_by(member.id, item.id).await?;
        let policy = &viewer.settings.policy;
        let panel = FlagPanel {
            id: item.id,
            what: name_of(item),
            goto: format!("/item/{}", item.id),
            may_flag: item.may_flag(member, policy, viewer.now).is_ok(),
            may_vouch: item.may_vouch(member, flag.is_some(), policy).is_ok(),
            flag,
            vouched,
            vouches: policy.vouches_to_restore,
            reasons: Reason::ALL,
        };
        let has_something = panel.may_flag || panel.flag.is_some() || panel.may_vouch || panel.vouched;
        Ok(has_something.then_some(panel))
    }
}

/// The accessible name of the item.
fn name_of(item: &Item) -> String {
    match (&item.title, &item.author) {
        (Some(title), _) => title.clone(),
        (None, Some(author)) => format!("the comment by {author}"),
        (None, None) => "this comment".to_owned(),
    }
}

#[derive(Debug, Deserialize)]
pub struct FlagForm {
    on: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    goto: LocalRedirect,
}

#[derive(Template)]
#[template(path = "votes/flag.html")]
struct FlagPage<'a> {
    page: Page<'a>,
    id: ItemId,
    what: &'static str,
    /// A story's title or a comment's excerpt.
    words: String,
    reason: &'a str,
    note: &'a str,
    goto: LocalRedirect,
    reasons: [Reason; 6],
    longest: usize,
    errors: FormErrors,
}

fn form(app: &App, viewer: &MaybeMember, item: &Item, typed: &FlagForm, errors: FormErrors) -> Response {
    let what = if item.kind == Kind::Comment { "this comment" } else { "this story" };
    let mut page = Page::new(app, viewer, "item", format!("Flag {what}"));
    page.robots = false;
    let status = errors.status();
    let page = FlagPage {
        page,
        id: item.id,
        what,
        words: item.title.clone().unwrap_or_else(|| text::excerpt(&item.text, 200)),
        reason: &typed.reason,
        note: &typed.note,
        goto: typed.goto.clone(),
        reasons: Reason::ALL,
        longest: LONGEST_NOTE,
        errors,
    };
    html_with(status, &page)
}

/// `GET /item/{id}/flag`
pub async fn new(
    State(app): State<App>,
    asking: CurrentMember,
    Path(id): Path<ItemId>,
) -> Result<Response, Error> {
    let FlagTarget { item, flag } = FlagTarget::load(&app, &asking, id).await?;
    let (reason, note) = flag.map_or(("", String::new()), |flag| (flag.reason.as_str(), flag.note));
    let goto = LocalRedirect::new(&format!("/item/{id}"));
    let typed = FlagForm { on: true, reason: reason.to_owned(), note, goto };
    Ok(form(&app, &asking.viewer, &item, &typed, FormErrors::default()))
}

/// `POST /item/{id}/flag`
pub async fn create(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    RecoverableForm { asking: context, typed }: RecoverableForm<FlagForm, PostContext>,
) -> Result<Response, Error> {
    if !typed.on {
        actions::flag::take_flag_back(&app, &context, id).await?;
        return Ok(switched(&headers, &ToggleForm { on: false, goto: typed.goto }));
    }
    let target = FlagTarget::load(&app, &context.asking, id).await?;
    let form = |errors| form(&app, &context.asking.viewer, &target.item, &typed, errors);
    let goto = match actions::flag::flag(&app, &context, &target, &typed.reason, &typed.note).await? {
        FlagOutcome::Invalid(mistakes) => return Ok(form(mistakes)),
        FlagOutcome::RateLimited(limited) => {
            let form = form(FormErrors::of_limit(&limited));
            return Ok(rate_limit::with_status(form, &limited));
        }
        FlagOutcome::Flagged { killed: true } => after_death(&app, &target.item, context.member()).await?,
        FlagOutcome::Flagged { killed: false } => typed.goto,
    };
    Ok(switched(&headers, &ToggleForm { on: true, goto }))
}

/// After a flag killed the item: its page if the member still sees it, else the context.
async fn after_death(app: &App, item: &Item, member: &Member) -> Result<LocalRedirect, Error> {
    let now = app.clock.now();
    let sees = may_see(&app.store.item(item.id).await?, Some(member), now) != Visibility::Hidden;
    Ok(match (sees, item.kind) {
        (true, _) => LocalRedirect::new(&format!("/item/{}", item.id)),
        (false, Kind::Comment) => LocalRedirect::new(&format!("/item/{}", item.root_id)),
        (false, _) => LocalRedirect::default(),
    })
}

/// `POST /item/{id}/vouch`
pub async fn vouch(
    State(app): State<App>,
    context: PostContext,
    Path(id): Path<ItemId>,
    headers: HeaderMap,
    Form(asked): Form<ToggleForm>,
) -> Result<Response, Error> {
    actions::flag::vouch(&app, &context, id, asked.on).await?;
    Ok(switched(&headers, &asked))
}
