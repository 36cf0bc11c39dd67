//! Writing comments.

use crate::domain::items::input;
use crate::domain::items::item::{Item, ItemId, may_see};
use crate::domain::limits::rate_limits::{LimitedAction, RateLimited};
use crate::domain::moderation::rules::RuleInput;
use crate::store::{CommentResult, NewComment};
use crate::web::actions::PostContext;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::session::CurrentMember;
use crate::web::state::App;

pub struct ReplyTarget {
    pub item: Item,
    pub root: Item,
}

impl ReplyTarget {
    /// Loads a target that the member may reply to.
    pub async fn load(app: &App, asking: &CurrentMember, id: ItemId) -> Result<ReplyTarget, Error> {
        let CurrentMember { viewer, member } = asking;
        let (item, root) = app.store.item_and_root(id).await?;
        // A reply to a merged story is refused with that reason, not as a 404.
        let merged = root.merged_into.is_some();
        if !merged {
            Error::unless_shown(may_see(&item, Some(member), viewer.now))?;
        }
        // The reply form may be on the comment's own page, where the depth delay does not apply.
        let allowed = item.may_reply(&root, member, &viewer.settings.policy, viewer.now, true);
        allowed.map_err(Error::forbidden)?;
        Ok(ReplyTarget { item, root })
    }
}

pub enum CommentOutcome {
    Posted(ItemId),
    RateLimited(RateLimited),
    Invalid(FormErrors),
}

pub fn check(typed: &str) -> Result<String, FormErrors> {
    input::comment(typed).map_err(|mistake| FormErrors::one("text", mistake))
}

/// Adds a comment; idempotent. A content rule may queue, kill or refuse it.
pub async fn comment(
    app: &App,
    context: &PostContext,
    target: &ReplyTarget,
    typed: &str,
) -> Result<CommentOutcome, Error> {
    let text = match check(typed) {
        Ok(text) => text,
        Err(mistakes) => return Ok(CommentOutcome::Invalid(mistakes)),
    };
    let (author, parent, now) = (context.member().id, target.item.id, context.now());
    let ip_hashes = Some(context.ip_hashes(app));
    let new = NewComment { author, parent, text: &text, ip_hashes, stopped: None, policy: context.policy() };
    let reserved = match context.reserve_shared(app, LimitedAction::Comment, (&text, "")).await? {
        Ok(reserved) => reserved,
        Err(limited) => {
            let before = app.store.commented_before(&new, now).await?;
            return Ok(before.map_or(CommentOutcome::RateLimited(limited), CommentOutcome::Posted));
        }
    };
    let draft = RuleInput { text: &text, from: Some(context.client_ip.ip()), ..RuleInput::default() };
    let stopped = match context.judge(app, draft, false).await? {
        Ok(stopped) => stopped,
        Err(refused) => {
            reserved.commit().await;
            return Ok(CommentOutcome::Invalid(FormErrors::one("text", refused)));
        }
    };
    match app.store.comment(NewComment { stopped: stopped.as_ref(), ..new }, now).await {
        Ok(CommentResult { id, again }) => {
            if !again {
                reserved.commit().await;
            }
            Ok(CommentOutcome::Posted(id))
        }
        Err(error) => Err(error.into()),
    }
}
