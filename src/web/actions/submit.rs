//! Submitting stories.

use crate::domain::items::input::ValidStory;
use crate::domain::items::item::ItemId;
use crate::domain::items::title::Title;
use crate::domain::items::{input, title};
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::domain::moderation::rules::RuleInput;
use crate::domain::url::StoryUrl;
use crate::store::{KnownUrl, NewStory, Submission};
use crate::web::actions::PostContext;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::state::App;

#[derive(Clone, Copy)]
pub struct StoryInput<'a> {
    pub title: &'a str,
    pub url: &'a str,
    pub text: &'a str,
}

pub enum SubmitOutcome {
    Posted(ItemId),
    /// The URL is already being discussed.
    Known(ItemId, KnownUrl),
    RateLimited(RateLimited),
    Invalid(FormErrors),
}

pub fn check(typed: StoryInput<'_>) -> Result<ValidStory, FormErrors> {
    let mut mistakes = FormErrors::default();
    let url = match typed.url.trim() {
        "" => None,
        url => mistakes.check("url", StoryUrl::parse(url)),
    };
    let title = mistakes.check("title", Title::parse(typed.title));
    let text = mistakes.check("text", input::optional(typed.text));
    match (title, text) {
        (Some(title), Some(text)) if mistakes.is_empty() => {
            ValidStory::new(title, url, text).map_err(|nothing| FormErrors::one("url", nothing))
        }
        _ => Err(mistakes),
    }
}

/// Submits a story; idempotent. A content rule or site restriction may queue, kill or refuse it.
pub async fn submit(app: &App, context: &PostContext, typed: StoryInput<'_>) -> Result<SubmitOutcome, Error> {
    let story = match check(typed) {
        Ok(story) => story,
        Err(mistakes) => return Ok(SubmitOutcome::Invalid(mistakes)),
    };
    let (author, now, ip_hashes) = (context.member().id, context.now(), Some(context.ip_hashes(app)));
    let (title, url) = (story.title.as_str(), story.url.as_ref());
    let section = title::section(title, context.asking.viewer.settings.short_name());
    let new = NewStory { author, title, url, section, text: &story.text, ip_hashes, stopped: None };
    let reserved = match context.reserve_shared(app, LimitedAction::Story, (&story.text, "")).await? {
        Ok(reserved) => reserved,
        Err(limited) => {
            let before = app.store.submitted_before(&new, now).await?;
            return Ok(before.map_or(SubmitOutcome::RateLimited(limited), SubmitOutcome::Posted));
        }
    };
    let draft = RuleInput { title, url, text: &story.text, from: Some(context.client_ip.ip()) };
    let stopped = match context.judge(app, draft, false).await? {
        Ok(stopped) => stopped,
        Err(refused) => {
            reserved.commit().await;
            return Ok(SubmitOutcome::Invalid(FormErrors::one("", refused)));
        }
    };
    let outcome =
        match app.store.submit(NewStory { stopped: stopped.as_ref(), ..new }, context.policy(), now).await {
            Ok(Submission::Again(id)) => return Ok(SubmitOutcome::Posted(id)),
            Ok(Submission::New(id)) => SubmitOutcome::Posted(id),
            Ok(Submission::Duplicate(id, known)) => SubmitOutcome::Known(id, known),
            Ok(Submission::Banned(held)) => SubmitOutcome::Invalid(FormErrors::one(
                "url",
                held.restriction.sentence(&held.name, &held.reason),
            )),
            Err(error) => return Err(error.into()),
        };
    reserved.commit().await;
    Ok(outcome)
}

pub async fn suggest_title(app: &App, context: &PostContext, url: &str) -> Result<String, String> {
    let url = StoryUrl::parse(url).map_err(|e| e.to_string())?;
    context
        .check(app, LimitedAction::Fetch)
        .map_err(|_| "You have asked for many titles in a short time. Please type this one.".to_owned())?;
    app.fetcher.title(url.as_str()).await.map_err(|e| e.to_string())
}
