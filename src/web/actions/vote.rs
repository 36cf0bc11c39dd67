//! Voting.

use crate::domain::items::item::{Item, ItemId};
use crate::domain::limits::rate_limits::LimitedAction;
use crate::domain::votes::vote::{Direction, VoteResult};
use crate::store::NewVote;
use crate::web::actions::{PostContext, visible_item};
use crate::web::error::Error;
use crate::web::state::App;

pub struct CastVote {
    pub item: Item,
    pub voted: VoteResult,
}

/// Casts a vote; `None` withdraws it.
pub async fn vote(
    app: &App,
    context: &PostContext,
    id: ItemId,
    dir: Option<Direction>,
) -> Result<CastVote, Error> {
    let (member, now) = (context.member(), context.now());
    context.check(app, LimitedAction::Vote)?;
    let item = visible_item(app, id, member).await?;
    let vote = NewVote { user: member.id, item: id, dir, ip_hashes: Some(context.ip_hashes(app)) };
    let voted = app.store.vote(vote, context.policy(), now).await?;
    Ok(CastVote { item, voted })
}
