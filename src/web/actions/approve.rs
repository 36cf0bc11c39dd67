//! Decisions on posts that wait for approval.

use crate::clock::Timestamp;
use crate::domain::items::item::ItemId;
use crate::domain::moderation::permissions;
use crate::store::ActionContext;
use crate::web::error::Error;
use crate::web::extract::form::FormErrors;
use crate::web::extract::session::Moderator;
use crate::web::state::App;

pub enum ApprovalOutcome {
    Done,
    Invalid(FormErrors),
}

const NONE_TICKED: &str = "Tick at least one post that waits, or use the buttons under a post.";
const DECIDED: &str =
    "These posts do not wait any more, or their authors have edited them. Look at the queue again.";
const NOTHING_TO_UNDO: &str = "This cannot be undone any more: the posts have changed since.";

/// Approves or declines posts, in the versions that were seen, as one decision.
pub async fn decide(
    app: &App,
    by: &Moderator,
    items: &[(ItemId, i64)],
    approve: bool,
    reason: &str,
) -> Result<ApprovalOutcome, Error> {
    if items.is_empty() {
        return Ok(ApprovalOutcome::Invalid(FormErrors::one("", NONE_TICKED)));
    }
    let reason = match permissions::reason(reason, false) {
        Ok(reason) => reason,
        Err(mistake) => return Ok(ApprovalOutcome::Invalid(FormErrors::one("", mistake))),
    };
    let act = ActionContext { actor: Some(by.member.id), reason, at: by.viewer.now };
    match app.store.decide_held(items, approve, act).await? {
        0 => Err(Error::Conflict(DECIDED.to_owned())),
        _ => Ok(ApprovalOutcome::Done),
    }
}

/// Puts back into the queue what the moderator approved or declined at a moment.
pub async fn undo(app: &App, by: &Moderator, decided_at: Timestamp, approved: bool) -> Result<(), Error> {
    let act = ActionContext { actor: Some(by.member.id), reason: "", at: by.viewer.now };
    match app.store.undo_decision(decided_at, approved, act).await? {
        0 => Err(Error::Conflict(NOTHING_TO_UNDO.to_owned())),
        _ => Ok(()),
    }
}
