//! Editing by authors (for a limited time) and moderators; earlier revisions are stored.

use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::input::TextError;
use crate::domain::items::item::{Item, ItemId, Kind, may_see};
use crate::domain::items::title::Title;
use crate::domain::items::{input, title};
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::domain::moderation::permissions;
use crate::domain::moderation::rules::{RuleInput, RuleMatch};
use crate::domain::url::StoryUrl;
use crate::store::{Edit, Edited, NewUrl};
use crate::web::actions::{PostContext, author_role};
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

/// The submitted parts of an item; `None` leaves a part unchanged.
#[derive(Clone, Copy)]
pub struct EditInput<'a> {
    pub title: Option<&'a str>,
    pub url: Option<&'a str>,
    pub text: &'a str,
    pub reason: &'a str,
    /// The number of edits the form was based on, for optimistic locking.
    pub version: i64,
}

pub struct EditableParts {
    pub title: bool,
    pub url: bool,
    pub reason: bool,
}

impl EditableParts {
    pub fn new(item: &Item, member: &Member) -> EditableParts {
        let (is_root, moderates) = (item.kind.is_root(), member.role >= Role::Moderator);
        EditableParts {
            title: is_root,
            url: is_root && moderates,
            reason: moderates && !item.is_own(Some(member)),
        }
    }
}

pub enum EditOutcome {
    Edited,
    /// Another edit came first; the item as it is now.
    Crossed(Box<Item>),
    RateLimited(RateLimited),
    Invalid(FormErrors),
}

pub struct CheckedEdit {
    title: Option<Title>,
    /// `None` leaves the URL unchanged.
    url: Option<Option<StoryUrl>>,
    pub text: String,
    reason: String,
}

impl CheckedEdit {
    /// The story's site after the edit.
    pub fn site(&self, item: &Item) -> Option<String> {
        match &self.url {
            None => item.site.clone(),
            Some(url) => url.as_ref().map(|url| url.site().name),
        }
    }

    fn new_url(&self) -> NewUrl<'_> {
        match &self.url {
            None => NewUrl::Same,
            Some(None) => NewUrl::TakenOut,
            Some(Some(url)) => NewUrl::Is(url),
        }
    }

    pub fn title<'a>(&'a self, item: &'a Item) -> Option<&'a str> {
        self.title.as_ref().map(Title::as_str).or(item.title.as_deref())
    }
}

/// Loads an item that the member may edit.
pub async fn editable(app: &App, asking: &CurrentMember, id: ItemId) -> Result<Item, Error> {
    let (member, now) = (&asking.member, asking.viewer.now);
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(member), now))?;
    item.may_edit(member, &asking.viewer.settings.policy, now).map_err(Error::forbidden)?;
    if !item.is_own(Some(member)) {
        permissions::may_act_on(member, author_role(app, &item).await?).map_err(Error::forbidden)?;
    }
    Ok(item)
}

pub fn check(item: &Item, typed: EditInput<'_>, member: &Member) -> Result<CheckedEdit, FormErrors> {
    let parts = EditableParts::new(item, member);
    let mut mistakes = FormErrors::default();
    let title = match typed.title.filter(|_| parts.title) {
        // An imported title may be invalid for new stories; do not validate it if unchanged.
        Some(title) if item.title.as_deref() != Some(title) => mistakes.check("title", Title::parse(title)),
        _ => None,
    };
    let url = match typed.url.filter(|_| parts.url).map(str::trim) {
        Some(url) if url != item.url.as_deref().unwrap_or_default() => {
            let parsed = if url.is_empty() { Ok(None) } else { StoryUrl::parse(url).map(Some) };
            mistakes.check("url", parsed)
        }
        _ => None,
    };
    let has_url = url.as_ref().map_or(item.url.is_some(), Option::is_some);
    let is_same = typed.text.replace("\r\n", "\n") == item.text;
    let needs_text = item.kind == Kind::Comment || !has_url;
    let text = if needs_text { input::comment(typed.text) } else { input::optional(typed.text) };
    let text = match text {
        // An imported text may be too long or blank; accept it if unchanged.
        Err(TextError::Long(_)) if is_same => Some(item.text.clone()),
        Err(TextError::Unseen) if is_same && !needs_text => Some(item.text.clone()),
        text => mistakes.check("text", text),
    };
    let reason = if parts.reason { typed.reason } else { "" };
    let reason = mistakes.check("reason", permissions::reason(reason, false));
    match (text, reason) {
        (Some(text), Some(reason)) if mistakes.is_empty() => {
            Ok(CheckedEdit { title, url, text, reason: reason.to_owned() })
        }
        _ => Err(mistakes),
    }
}

/// Saves an edit; a content rule may queue, kill or refuse it.
pub async fn edit(
    app: &App,
    context: &PostContext,
    item: &Item,
    typed: EditInput<'_>,
) -> Result<EditOutcome, Error> {
    let (member, now) = (context.member(), context.now());
    let checked = match check(item, typed, member) {
        Ok(checked) => checked,
        Err(mistakes) => return Ok(EditOutcome::Invalid(mistakes)),
    };
    let reserved = match context.reserve(app, LimitedAction::Edit, (&checked.text, &item.text)) {
        Ok(reserved) => reserved,
        Err(limited) => return Ok(EditOutcome::RateLimited(limited)),
    };
    let title = checked.title(item);
    let (draft_title, from) = (title.unwrap_or_default(), Some(context.client_ip.ip()));
    let draft = RuleInput { title: draft_title, text: &checked.text, from, ..RuleInput::default() };
    let stopped = match context.judge(app, draft, true).await? {
        // What is out already cannot wait; it is queued.
        Ok(stopped) => stopped.map(|rule| RuleMatch { effect: rule.effect.of_edit(), ..rule }),
        Err(refused) => {
            reserved.commit().await;
            return Ok(EditOutcome::Invalid(FormErrors::one("text", refused)));
        }
    };
    let edit = Edit {
        item: item.id,
        editor: member.id,
        version: typed.version,
        title: checked.title.as_ref().map(Title::as_str),
        url: checked.new_url(),
        section: title.and_then(|title| title::section(title, context.asking.viewer.settings.short_name())),
        text: &checked.text,
        reason: &checked.reason,
        stopped: stopped.as_ref(),
        policy: context.policy(),
    };
    match app.store.edit(edit, now).await {
        Ok(Edited::Done) => {
            reserved.commit().await;
            Ok(EditOutcome::Edited)
        }
        Ok(Edited::Crossed(now)) => Ok(EditOutcome::Crossed(now)),
        Ok(Edited::Banned(held)) => {
            let sentence = held.restriction.sentence(&held.name, &held.reason);
            Ok(EditOutcome::Invalid(FormErrors::one("url", sentence)))
        }
        Err(error) => Err(error.into()),
    }
}
