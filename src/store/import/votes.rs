use std::collections::HashMap;

use super::super::{Result, Tx};
use super::{ImportRow, NewItem, ROWS};
use crate::clock::Timestamp;
use crate::domain::accounts::user::UserId;
use crate::domain::items::item::ItemId;
use crate::domain::votes::vote::{Direction, ScoreDelta};

/// A counted vote; at most one per user and item, none on their own.
#[derive(Debug, Clone)]
pub struct ImportedVote {
    pub voter: String,
    pub dir: Direction,
    pub at: Timestamp,
}

impl NewItem {
    pub(super) fn voted(&self) -> ScoreDelta {
        let mut delta = ScoreDelta::default();
        for vote in &self.votes {
            delta.score += vote.dir.points();
            match vote.dir {
                Direction::Up => delta.ups += 1,
                Direction::Down => delta.downs += 1,
            }
        }
        delta
    }
}

pub(super) async fn insert_votes(
    tx: &mut Tx,
    rows: &[ImportRow<'_>],
    people: &HashMap<String, UserId>,
) -> Result<()> {
    let cast = |vote: &ImportedVote, item: ItemId| {
        let voter = people.get(&vote.voter.to_ascii_lowercase())?;
        Some((*voter, item, vote.dir, vote.at))
    };
    let mut votes: Vec<(UserId, ItemId, Direction, Timestamp)> = rows
        .iter()
        .flat_map(|row| row.item.votes.iter().filter_map(|vote| cast(vote, row.placed.id)))
        .collect();
    // In index order.
    votes.sort_unstable_by_key(|(voter, item, ..)| (*voter, *item));
    for votes in votes.chunks(ROWS) {
        tx.sql("insert into votes (user_id, item_id, dir, counted, created_at) ")
            .values(votes, |row, (voter, item, dir, at)| {
                row.bind(*voter).bind(*item).bind(dir.points()).bind(true).bind(*at);
            })
            .execute()
            .await?;
    }
    Ok(())
}
