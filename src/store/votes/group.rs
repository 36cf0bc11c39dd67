//! Votes that wait for the writer are written as a group: a few statements and one commit for all of them, where each by itself would
//! take as many. Nobody waits for a group to fill: whoever comes first begins, and those who come meanwhile are the next group.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use sqlx::{QueryBuilder, Sqlite, Transaction};
use tokio::sync::oneshot;

use super::super::{Error, Result, Store};
use crate::clock::Timestamp;
use crate::domain::item::{ItemId, Kind};
use crate::domain::tally::{Ballot, Board, Standing, Subject, Void, Voted};
use crate::domain::user::UserId;
use crate::domain::vote::Dir;

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
        Error::Busy => Error::Busy,
        Error::Other(inner) => Error::Other(sqlx::Error::Protocol(inner.to_string())),
    }
}

/// Writes votes as if each came after the one before it; answers what each comes to, and how all stands then.
pub(super) async fn write(
    tx: &mut Transaction<'static, Sqlite>,
    ballots: &[Ballot],
) -> Result<(Vec<Result<Voted>>, Board)> {
    let mut board = read(tx, ballots).await?;
    let outcomes = ballots.iter().map(|ballot| board.cast(ballot).map_err(Error::from)).collect();
    // A single vote is what comes most; the statements of each other number are not worth keeping prepared.
    let keep = ballots.len() == 1;
    put_votes(tx, &board, keep).await?;
    take_back(tx, &board, keep).await?;
    shift_scores(tx, &board, keep).await?;
    shift_karma(tx, &board, keep).await?;
    Ok((outcomes, board))
}

impl From<Void> for Error {
    fn from(void: Void) -> Error {
        match void {
            Void::Unknown => Error::NotFound,
            Void::Own => Error::Conflict,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: UserId,
    item_id: ItemId,
    root_id: ItemId,
    kind: Kind,
    author_id: Option<UserId>,
    score: i64,
    dir: Option<i64>,
    counted: Option<bool>,
    own: Option<bool>,
    at: Option<Timestamp>,
}

/// All that the ballots depend on: one row for each pair of a person and an item.
async fn read(tx: &mut Transaction<'static, Sqlite>, ballots: &[Ballot]) -> Result<Board> {
    let pairs: BTreeSet<(UserId, ItemId)> = ballots.iter().map(|ballot| (ballot.user, ballot.item)).collect();
    let mut query = QueryBuilder::new("with asked (user_id, item_id) as (");
    query.push_values(pairs, |mut values, (user, item)| {
        values.push_bind(user).push_bind(item);
    });
    query.push(
        ") select asked.user_id, asked.item_id, i.root_id, i.kind, i.author_id, i.score, v.dir, v.counted, v.own, v.at \
         from asked join users u on u.id = asked.user_id join items i on i.id = asked.item_id \
         left join votes v on v.user_id = asked.user_id and v.item_id = asked.item_id",
    );
    let rows: Vec<Row> = query.build_query_as().persistent(ballots.len() == 1).fetch_all(&mut **tx).await?;
    let mut board = Board::default();
    for row in rows {
        board.voters.insert(row.user_id);
        board.items.insert(
            row.item_id,
            Subject { root: row.root_id, kind: row.kind, author: row.author_id, score: row.score },
        );
        if let (Some(dir), Some(counted), Some(own), Some(at)) =
            (row.dir.and_then(Dir::from_points), row.counted, row.own, row.at)
        {
            board.votes.insert((row.user_id, row.item_id), Standing { dir, counted, own, at });
        }
    }
    Ok(board)
}

async fn put_votes(tx: &mut Transaction<'static, Sqlite>, board: &Board, keep: bool) -> Result<()> {
    let mut votes = board.cast_votes().peekable();
    if votes.peek().is_none() {
        return Ok(());
    }
    let mut query = QueryBuilder::new("insert into votes (user_id, item_id, dir, counted, at) ");
    query.push_values(votes, |mut values, ((user, item), vote)| {
        values.push_bind(user).push_bind(item).push_bind(vote.dir.points()).push_bind(vote.counted).push_bind(vote.at);
    });
    query.push(
        " on conflict (user_id, item_id) do update set dir = excluded.dir, counted = excluded.counted, at = excluded.at",
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
