//! Votes that wait for the writer are written as a group: a few statements and one commit for all of them, where each by itself would
//! take as many. Nobody waits for a group to fill: whoever comes first begins, and those who come meanwhile are the next group.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use sqlx::{QueryBuilder, Sqlite, Transaction};
use tokio::sync::oneshot;

use super::super::{Error, Result, Store};
use super::facts;
use crate::domain::tally::{Ballot, Board, Void, Voted};

/// The largest group: its statements stay far below the 32,766 values that SQLite takes, and other writes come in between.
const LARGEST: usize = 128;

type Answer = oneshot::Sender<Result<Voted>>;

/// The votes that wait to be written, in the order in which they came.
#[derive(Debug, Default)]
pub(in super::super) struct Ballots {
    waiting: Mutex<VecDeque<(Ballot, Answer)>>,
    /// One group is written at a time, so that all who wait for the writer meanwhile are in the next.
    turn: tokio::sync::Mutex<()>,
}

impl Ballots {
    pub(super) fn put(&self, ballot: Ballot, answer: Answer) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((ballot, answer));
    }

    fn is_empty(&self) -> bool {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    fn take(&self) -> (Vec<Ballot>, Vec<Answer>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.len().min(LARGEST);
        waiting.drain(..many).unzip()
    }
}

impl Store {
    /// Writes one group of what waits, if anything does. Each vote asks for this once it waits, so none is left.
    pub(super) async fn write_group(&self) {
        let _turn = self.ballots.turn.lock().await;
        if self.ballots.is_empty() {
            return;
        }
        let tx = self.begin().await;
        // Not before the writer is free: until then more may come.
        let (ballots, answers) = self.ballots.take();
        let written = match tx {
            Ok(tx) => self.write_and_commit(tx, &ballots).await,
            Err(error) => Err(error),
        };
        // Whoever has gone away needs no answer.
        match written {
            Ok(outcomes) => answers.into_iter().zip(outcomes).for_each(|(answer, outcome)| drop(answer.send(outcome))),
            Err(error) => answers.into_iter().for_each(|answer| drop(answer.send(Err(copy(&error))))),
        }
    }

    /// Writes all that waits, before the database is closed.
    pub(in super::super) async fn write_waiting_votes(&self) {
        while !self.ballots.is_empty() {
            self.write_group().await;
        }
    }

    async fn write_and_commit(
        &self,
        mut tx: Transaction<'static, Sqlite>,
        ballots: &[Ballot],
    ) -> Result<Vec<Result<Voted>>> {
        let (outcomes, board) = write(&mut tx, ballots).await?;
        self.commit_votes(tx, board.roots(), board.people()).await?;
        Ok(outcomes)
    }
}

/// What befell the group, for each of those in it.
fn copy(error: &Error) -> Error {
    match error {
        Error::NotFound => Error::NotFound,
        Error::Conflict => Error::Conflict,
        Error::Refused(why) => Error::Refused(why.clone()),
        Error::Busy => Error::Busy,
        Error::Storage(inner) => Error::Storage(sqlx::Error::Protocol(inner.to_string())),
        Error::Other(inner) => Error::Other(sqlx::Error::Protocol(inner.to_string())),
    }
}

/// Writes votes as if each came after the one before it; answers what each comes to, and how all stands then.
pub(super) async fn write(
    tx: &mut Transaction<'static, Sqlite>,
    ballots: &[Ballot],
) -> Result<(Vec<Result<Voted>>, Board)> {
    let mut board = facts::read(tx, ballots).await?;
    let outcomes = ballots.iter().map(|ballot| board.cast(ballot).map_err(Error::from)).collect();
    let keep = is_kept_prepared(ballots);
    put_votes(tx, &board, keep).await?;
    take_back(tx, &board, keep).await?;
    shift_scores(tx, &board, keep).await?;
    shift_karma(tx, &board, keep).await?;
    Ok((outcomes, board))
}

/// A single vote is what comes most; the statements of each other number are not worth keeping prepared.
pub(super) fn is_kept_prepared(ballots: &[Ballot]) -> bool {
    ballots.len() == 1
}

impl From<Void> for Error {
    fn from(void: Void) -> Error {
        match void {
            Void::Unknown => Error::NotFound,
            Void::Own => Error::Conflict,
        }
    }
}

async fn put_votes(tx: &mut Transaction<'static, Sqlite>, board: &Board, keep: bool) -> Result<()> {
    let mut votes = board.cast_votes().peekable();
    if votes.peek().is_none() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into votes (user_id, item_id, dir, counted, uncounted, at, near) ");
    query.push_values(votes, |mut values, ((user, item), vote)| {
        values.push_bind(user).push_bind(item).push_bind(vote.dir.points());
        values.push_bind(vote.uncounted.is_none()).push_bind(vote.uncounted).push_bind(vote.at);
        values.push_bind(vote.near.map(|near| near.as_bytes().to_vec()));
    });
    query.push(
        " on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, \
         uncounted = excluded.uncounted, at = excluded.at, near = excluded.near",
    );
    query.build().persistent(keep).execute(&mut **tx).await?;
    Ok(())
}

async fn take_back(tx: &mut Transaction<'static, Sqlite>, board: &Board, keep: bool) -> Result<()> {
    let mut pairs = board.taken_back().peekable();
    if pairs.peek().is_none() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("delete from votes where (user_id, item_id) in (");
    query.push_values(pairs, |mut values, (user, item)| {
        values.push_bind(user).push_bind(item);
    });
    query.push(")");
    query.build().persistent(keep).execute(&mut **tx).await?;
    Ok(())
}

async fn shift_scores(tx: &mut Transaction<'static, Sqlite>, board: &Board, keep: bool) -> Result<()> {
    let mut shifts = board.shifts().peekable();
    if shifts.peek().is_none() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("with more (id, score, ups, downs) as (");
    query.push_values(shifts, |mut values, (item, shift)| {
        values.push_bind(item).push_bind(shift.score).push_bind(shift.ups).push_bind(shift.downs);
    });
    query.push(
        ") update items set score = items.score + more.score, ups = items.ups + more.ups, downs = items.downs + more.downs \
         from more where items.id = more.id",
    );
    query.build().persistent(keep).execute(&mut **tx).await?;
    Ok(())
}

async fn shift_karma(tx: &mut Transaction<'static, Sqlite>, board: &Board, keep: bool) -> Result<()> {
    let mut karma = board.karma().peekable();
    if karma.peek().is_none() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("with more (id, karma) as (");
    query.push_values(karma, |mut values, (author, karma)| {
        values.push_bind(author).push_bind(karma);
    });
    query.push(") update users set karma = users.karma + more.karma from more where users.id = more.id");
    query.build().persistent(keep).execute(&mut **tx).await?;
    Ok(())
}
