//! Member actions, from rate limit to write, shared by HTML and JSON handlers. Nothing here renders.

pub mod approve;
pub mod comment;
pub mod contact;
pub mod content_rules;
pub mod delete;
pub mod edit;
pub mod flag;
pub mod follow;
pub mod moderate;
pub mod mute;
pub mod save;
pub mod search;
pub mod submit;
pub mod vote;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::clock::Timestamp;
use crate::domain::accounts::ip_hash::IpHashes;
use crate::domain::accounts::user::{Member, Role};
use crate::domain::items::item::{Item, ItemId, may_see};
use crate::domain::limits::policy::Policy;
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::domain::moderation::first_posts;
use crate::domain::moderation::rules::{RuleInput, RuleMatch, RuleRejection};
use crate::store::DeadFilter;
use crate::web::actions::content_rules::RulesFor;
use crate::web::error::Error;
use crate::web::extract::client_ip::ClientIp;
use crate::web::extract::session::CurrentMember;
use crate::web::rate_limit::Reserved;
use crate::web::state::App;

/// The acting member and their address, for rate limits and vote counting.
pub struct PostContext {
    pub asking: CurrentMember,
    pub client_ip: ClientIp,
}

impl PostContext {
    pub fn member(&self) -> &Member {
        &self.asking.member
    }

    pub fn policy(&self) -> &Policy {
        &self.asking.viewer.settings.policy
    }

    pub fn now(&self) -> Timestamp {
        self.asking.viewer.now
    }

    pub fn ip_hashes(&self, app: &App) -> IpHashes {
        self.client_ip.hashes(app)
    }

    /// Counts an action against the member's and the address's rate limits.
    pub fn check(&self, app: &App, action: LimitedAction) -> Result<(), RateLimited> {
        app.limits.check(action, self.member(), self.client_ip.ip(), self.policy(), self.now())
    }

    /// Reserves an action with a text, given back unless committed; `texts` are the new and the previous one.
    pub fn reserve<'a>(
        &self,
        app: &'a App,
        action: LimitedAction,
        texts: (&str, &str),
    ) -> Result<Reserved<'a>, RateLimited> {
        app.limits.check_text(action, texts, self.member(), self.client_ip.ip(), self.policy(), self.now())
    }

    /// The same for a new post, which is limited on all nodes together.
    pub async fn reserve_shared<'a>(
        &self,
        app: &'a App,
        action: LimitedAction,
        texts: (&str, &str),
    ) -> Result<Result<Reserved<'a>, RateLimited>, Error> {
        Ok(Reserved::share(self.reserve(app, action, texts), &app.store, self.now()).await?)
    }

    /// Judges a post by the content rules, and holds it if it is one of the member's first. A post that is
    /// edited may be out already, and counted.
    pub async fn judge(
        &self,
        app: &App,
        draft: RuleInput<'_>,
        is_edit: bool,
    ) -> Result<Result<Option<RuleMatch>, RuleRejection>, Error> {
        let by_rule = match self.rules(app).await?.judge(draft) {
            Ok(by_rule) => by_rule,
            Err(refused) => return Ok(Err(refused)),
        };
        let (settings, member) = (&self.asking.viewer.settings, self.member());
        if !settings.hold_first_posts.includes(member, &draft) {
            return Ok(Ok(by_rule));
        }
        let first = i64::from(settings.first_posts).saturating_add(i64::from(is_edit));
        let (stories, comments) = app.store.post_counts(member.id, DeadFilter::No, first).await?;
        let is_first = stories.saturating_add(comments) < first;
        Ok(Ok(if is_first { Some(first_posts::or_hold(by_rule)) } else { by_rule }))
    }

    /// The content rules that apply to the member.
    pub async fn rules(&self, app: &App) -> Result<RulesFor, Error> {
        app.rules.for_member(&app.store, self.policy(), self.member()).await
    }
}

impl FromRequestParts<App> for PostContext {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<PostContext, Error> {
        let asking = CurrentMember::from_request_parts(parts, app).await?;
        let Ok(client_ip) = ClientIp::from_request_parts(parts, app).await;
        Ok(PostContext { asking, client_ip })
    }
}

pub async fn visible_item(app: &App, id: ItemId, member: &Member) -> Result<Item, Error> {
    let item = app.store.item(id).await?;
    Error::unless_shown(may_see(&item, Some(member), app.clock.now()))?;
    Ok(item)
}

pub async fn author_role(app: &App, item: &Item) -> Result<Role, Error> {
    match &item.author {
        Some(name) => Ok(app.store.profile(name).await?.role),
        None => Ok(Role::Member),
    }
}
