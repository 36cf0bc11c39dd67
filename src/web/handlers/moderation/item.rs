//! A moderator's actions on one item: small forms, and a page of their own for corrections.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::domain::accounts::user::Member;
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::moderation::item_actions;
use crate::domain::moderation::permissions::REASONS;
use crate::store::{Conversation, Duplicate};
use crate::web::actions::moderate::{self, ModerationOutcome, ModerationTarget};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::local_redirect::LocalRedirect;
use crate::web::extract::path::Path;
use crate::web::extract::recovered_form::RecoverableForm;
use crate::web::extract::session::{MaybeMember, Moderator};
use crate::web::handlers::moderation::review_item::ReviewItem;
use crate::web::handlers::moderation::undo::{self, LastAction};
use crate::web::state::App;
use crate::web::view::layout::{Page, html_with};

/// The actions available for an item, for `moderation/_item_actions.html`.
pub struct ItemActionsPanel {
    pub id: ItemId,
    pub goto: String,
    pub reasons: &'static [&'static str],
    /// The most frequent flag reason.
    mostly: &'static str,
    pub waits: bool,
    pub is_comment: bool,
    pub dead: bool,
    pub waits_for_approval: bool,
    pub version: i64,
    pub locked: bool,
    pub pinned: Option<String>,
    pub may_merge: bool,
    pub may_detach: bool,
    pub may_have_second_chance: bool,
    pub had_second_chance: bool,
    /// The original parent, if this comment was detached.
    pub detached_from: Option<ItemId>,
    pub duplicates: Vec<Duplicate>,
    pub errors: FormErrors,
    typed: ItemActionForm,
}

/// Any of the forms; each sends some of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ItemActionForm {
    on: Option<bool>,
    reason: String,
    /// Details for the chosen reason.
    note: String,
    into: String,
    text: String,
    goto: Option<LocalRedirect>,
}

impl ItemActionForm {
    fn on(&self) -> bool {
        self.on.unwrap_or(true)
    }
}

impl ItemActionsPanel {
    /// Two more queries, of the item's own rows.
    pub async fn on(app: &App, item: &Item, goto: &str) -> Result<ItemActionsPanel, Error> {
        let is_root = item.kind.is_root();
        let detached_from = if is_root { None } else { app.store.detached_from(item.id).await? };
        Ok(ItemActionsPanel {
            id: item.id,
            goto: goto.to_owned(),
            reasons: &REASONS,
            mostly: "",
            waits: false,
            is_comment: item.kind == Kind::Comment,
            dead: item.dead.is_some() && !item.waits(),
            waits_for_approval: item.waits(),
            version: item.version,
            locked: item.locked,
            pinned: item.pinned.clone(),
            may_merge: item.kind == Kind::Story && item.is_live(),
            may_detach: item_actions::may_detach(item).is_ok(),
            may_have_second_chance: item_actions::may_have_second_chance(item).is_ok(),
            had_second_chance: item.rank_time != item.time,
            detached_from: detached_from.filter(|from| *from != item.root_id),
            duplicates: if is_root { app.store.duplicates(item.id).await? } else { Vec::new() },
            errors: FormErrors::default(),
            typed: ItemActionForm::default(),
        })
    }

    /// Whether the page has the form whose fields begin with `form`; undoing takes a button alone.
    pub fn has_form(&self, form: &str) -> bool {
        match form {
            "kill" => !self.dead && !self.waits_for_approval,
            "clear" => self.waits && !self.dead,
            "lock" => !self.locked,
            "merge" => self.may_merge,
            "detach" => self.may_detach,
            "second-chance" => self.may_have_second_chance && !self.had_second_chance,
            "pin" => !self.is_comment,
            _ => false,
        }
    }

    /// Whether an error is about a form that the item, as it is now, does not have.
    pub fn lacks_the_field(&self) -> bool {
        let form = |field: &'static str| field.rsplit_once('-').map_or(field, |(form, _)| form);
        self.errors.list().iter().any(|(field, _)| !self.has_form(form(field)))
    }

    /// The submitted value of a field with an error.
    pub fn value_of(&self, field: &str) -> &str {
        match field {
            "merge-into" if self.errors.has("merge-into") || self.errors.has("merge-reason") => {
                &self.typed.into
            }
            "pin-text" if self.errors.has("pin-text") => &self.typed.text,
            "kill-note" if self.errors.has("kill-note") => &self.typed.note,
            field if self.errors.has(field) => &self.typed.reason,
            _ => "",
        }
    }

    /// Whether a kill reason is preselected: the submitted one, or the most frequent flag reason.
    pub fn is_chosen(&self, reason: &str) -> bool {
        if self.errors.has("kill-note") { self.typed.reason == reason } else { self.mostly == reason }
    }

    pub fn notice(&self) -> &str {
        if self.errors.has("pin-text") {
            &self.typed.text
        } else {
            self.pinned.as_deref().unwrap_or_default()
        }
    }
}

#[derive(Template)]
#[template(path = "moderation/item.html")]
struct ModeratePage<'a> {
    page: Page<'a>,
    last: Option<LastAction>,
    row: ReviewItem,
    m: ItemActionsPanel,
    /// Reports that it is illegal.
    reports: Vec<Conversation>,
}

struct ModeratedItem {
    app: App,
    viewer: MaybeMember,
    member: Member,
    target: ModerationTarget,
}

impl ModeratedItem {
    async fn open(app: App, moderator: Moderator, id: ItemId) -> Result<ModeratedItem, Error> {
        let target = ModerationTarget::load(&app, &moderator, id).await?;
        let Moderator { viewer, member } = moderator;
        Ok(ModeratedItem { app, viewer, member, target })
    }

    /// The page to return to: the form's page, or the item in its thread.
    fn return_to(&self, typed: &ItemActionForm) -> LocalRedirect {
        let Item { id, root_id, kind, .. } = self.target.item;
        let root = if kind == Kind::Comment { root_id } else { id };
        typed.goto.clone().unwrap_or_else(|| LocalRedirect::to_item(id, root))
    }

    /// Redirects back, or shows the form with its errors, or what had already been done.
    async fn answer(&self, outcome: ModerationOutcome, typed: ItemActionForm) -> Result<Response, Error> {
        match outcome {
            ModerationOutcome::Done => Ok(self.return_to(&typed).redirect()),
            ModerationOutcome::Merged(into) => Ok(LocalRedirect::new(&format!("/item/{into}")).redirect()),
            ModerationOutcome::Unchanged => {
                Err(undo::nothing_changed(&self.app, &self.viewer, self.target.item.id).await?)
            }
            ModerationOutcome::Invalid(mistakes) => self.page(mistakes, typed).await,
        }
    }

    async fn page(&self, errors: FormErrors, typed: ItemActionForm) -> Result<Response, Error> {
        let queued = self.app.store.queued(self.target.item.id).await?;
        let row =
            ReviewItem::all(&self.app, &self.viewer, vec![queued]).await?.pop().ok_or(Error::NotFound)?;
        let mut page = Page::new(&self.app, &self.viewer, "mod", format!("Moderate {}", row.what()));
        page.robots = false;
        let status = errors.status();
        let goto = self.return_to(&typed);
        let (mostly, waits) = (row.mostly(), row.waits.is_some());
        let m = ItemActionsPanel {
            errors,
            typed,
            mostly,
            waits,
            ..ItemActionsPanel::on(&self.app, &self.target.item, goto.as_str()).await?
        };
        let last = LastAction::of(&self.app, &self.viewer, &self.member, Some(&self.target.item)).await?;
        // Who reported a post is not for its author.
        let reports = if self.target.item.author_id == Some(self.member.id) {
            Vec::new()
        } else {
            self.app.store.reports_on(self.target.item.id).await?
        };
        Ok(html_with(status, &ModeratePage { page, last, row, m, reports }))
    }
}

/// `GET /item/{id}/moderate`
pub async fn show(
    State(app): State<App>,
    moderator: Moderator,
    Path(id): Path<ItemId>,
    Query(typed): Query<ItemActionForm>,
) -> Result<Response, Error> {
    let back = ItemActionForm { goto: typed.goto, ..ItemActionForm::default() };
    ModeratedItem::open(app, moderator, id).await?.page(FormErrors::default(), back).await
}

/// `POST /item/{id}/kill`
pub async fn kill(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::kill(&case.app, &case.target, typed.on(), &typed.reason, &typed.note).await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/clear`: approves the item.
pub async fn clear(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::clear(&case.app, &case.target, &typed.reason).await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/lock`
pub async fn lock(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::lock(&case.app, &case.target, typed.on(), &typed.reason).await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/merge`
pub async fn merge(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome =
        moderate::merge(&case.app, &case.target, typed.on().then_some(typed.into.as_str()), &typed.reason)
            .await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/detach`
pub async fn detach(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::detach(&case.app, &case.target, typed.on(), &typed.reason).await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/second-chance`
pub async fn second_chance(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::second_chance(&case.app, &case.target, typed.on(), &typed.reason).await?;
    case.answer(outcome, typed).await
}

/// `POST /item/{id}/pin`
pub async fn pin(
    State(app): State<App>,
    Path(id): Path<ItemId>,
    RecoverableForm { asking: moderator, typed }: RecoverableForm<ItemActionForm, Moderator>,
) -> Result<Response, Error> {
    let case = ModeratedItem::open(app, moderator, id).await?;
    let outcome = moderate::pin(&case.app, &case.target, typed.on().then_some(typed.text.as_str())).await?;
    case.answer(outcome, typed).await
}
