use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::domain::standing::Ban;
use crate::domain::uncounted::votes_looked_at;
use crate::domain::user::Role;

/// What a database keeps: votes, items with the addresses that their authors write from, and people.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    votes: BTreeMap<(UserId, ItemId), Standing>,
    items: BTreeMap<ItemId, (Subject, Shift)>,
    people: BTreeMap<UserId, Voter>,
    written_from: HashSet<(UserId, NetworkHash)>,
}

const ITEMS: i64 = 26;

fn near(nth: u8) -> NetworkHash {
    NetworkHash::from_bytes(&[nth; 16]).expect("a hash")
}

/// Rules that a few votes come up against.
fn policy() -> Policy {
    Policy { karma_past_address: 3, ring_votes: 3, young_account: 2, ..Policy::default() }
}

impl Kept {
    /// Items of each kind by two authors, who vote too and have their own point on each; a shadow-banned person, one who is new, one who is
    /// banned from a moment on, and a moderator.
    fn new() -> Kept {
        let person = |id: i64| Voter {
            role: if id == 5 { Role::Moderator } else { Role::Member },
            karma: 1,
            created: Timestamp(if id == 4 { 6 } else { -100 }),
            ban: Ban { banned_at: (id == 3).then_some(Timestamp(8)), ..Ban::default() },
            shadowed: id == 2,
        };
        let people = (0..7).map(|id| (UserId(id), person(id))).collect();
        let written_from = HashSet::from([(UserId(0), near(0)), (UserId(1), near(1))]);
        let mut kept = Kept { votes: BTreeMap::new(), items: BTreeMap::new(), people, written_from };
        let kinds = [Kind::Story, Kind::Comment, Kind::Comment, Kind::Pollopt];
        for (id, kind) in (0..ITEMS).zip(kinds.into_iter().cycle()) {
            let (item, author) = (ItemId(id), UserId(id % 2));
            let subject = Subject { root: item, kind, author: Some(author), author_moderates: id % 5 == 0, score: 1 };
            kept.items.insert(item, (subject, Shift::default()));
            let own = Standing { dir: Dir::Up, uncounted: None, own: true, at: Timestamp(0), near: None };
            kept.votes.insert((author, item), own);
        }
        kept
    }

    /// What the store reads for a group.
    fn board(&self, ballots: &[Ballot]) -> Board {
        let pairs: BTreeSet<(UserId, ItemId)> = ballots.iter().map(|ballot| (ballot.user, ballot.item)).collect();
        let mut board = Board::default();
        for (user, item) in &pairs {
            if let (Some(voter), Some((subject, _))) = (self.people.get(user), self.items.get(item)) {
                board.voters.insert(*user, voter.clone());
                board.items.insert(*item, *subject);
                board.votes.extend(self.votes.get(&(*user, *item)).map(|vote| ((*user, *item), *vote)));
            }
        }
        for user in board.voters.keys() {
            let theirs = self.votes.iter().filter(|((voter, _), vote)| voter == user && !vote.own);
            let past = |((_, item), vote): (&(UserId, ItemId), &Standing)| Past {
                item: *item,
                author: self.items[item].0.author,
                dir: vote.dir,
                at: vote.at,
            };
            let mut past: Vec<Past> = theirs.map(past).collect();
            past.sort_by_key(|vote| (std::cmp::Reverse(vote.at), vote.item));
            past.truncate(votes_looked_at(&policy()) + ballots.len());
            board.past.insert(*user, past);
        }
        let is_taken = |(item, near): &(ItemId, NetworkHash)| {
            let wrote = self.items[item].0.author.is_some_and(|author| self.written_from.contains(&(author, *near)));
            let voted = |((user, on), vote): (&(UserId, ItemId), &Standing)| {
                on == item && vote.near == Some(*near) && !pairs.contains(&(*user, *on))
            };
            wrote || self.votes.iter().any(voted)
        };
        board.taken = board.addresses(ballots).into_iter().filter(|(item, _)| board.items.contains_key(item)).collect();
        board.taken.retain(is_taken);
        if board.may_have_rings(ballots) {
            // One author wrote much of it, the other little.
            board.posted_last = [0, 0, 0, 1, 9, 9, 9, 9, 9, 9].map(|id| Some(UserId(id))).to_vec();
        }
        board
    }

    /// Writes the ballots as one group.
    fn write(&mut self, ballots: &[Ballot]) -> Vec<Result<Voted, Void>> {
        let mut board = self.board(ballots);
        let outcomes = ballots.iter().map(|ballot| board.cast(ballot)).collect();
        self.votes.extend(board.cast_votes());
        for pair in board.taken_back() {
            self.votes.remove(&pair);
        }
        for (item, shift) in board.shifts() {
            let (subject, sums) = self.items.get_mut(&item).expect("an item");
            subject.score += shift.score;
            sums.ups += shift.ups;
            sums.downs += shift.downs;
        }
        for (author, karma) in board.karma() {
            self.people.get_mut(&author).expect("a person").karma += karma;
        }
        outcomes
    }
}

fn ballot() -> impl Strategy<Value = Ballot> {
    let dir = prop_oneof![3 => Just(Some(Dir::Up)), 5 => Just(Some(Dir::Down)), 1 => Just(None)];
    // Now and then somebody or something that is not there.
    (0..8_i64, 0..=ITEMS, dir, prop::option::of(0..4_u8), 1..12_i64).prop_map(|(user, item, dir, from, at)| Ballot {
        user: UserId(user),
        item: ItemId(item),
        dir,
        near: from.map(near),
        at: Timestamp(at),
        policy: policy(),
    })
}

proptest! {
    #[test]
    fn votes_in_one_group_come_to_what_they_come_to_one_after_another(
        ballots in prop::collection::vec(ballot(), 0..160),
        size in 1..40_usize,
    ) {
        let (mut together, mut apart) = (Kept::new(), Kept::new());
        let grouped: Vec<_> = ballots.chunks(size).flat_map(|group| together.write(group)).collect();
        let alone: Vec<_> = ballots.iter().flat_map(|one| apart.write(std::slice::from_ref(one))).collect();
        prop_assert_eq!(grouped, alone);
        prop_assert_eq!(&together, &apart);
        let mut karma: BTreeMap<UserId, i64> = together.people.keys().map(|user| (*user, 1)).collect();
        for (item, (subject, sums)) in &together.items {
            let votes = together.votes.iter().filter(|((_, on), vote)| on == item && vote.uncounted.is_none());
            let points: i64 = votes.map(|(_, vote)| vote.dir.points()).sum();
            prop_assert_eq!(subject.score, points);
            prop_assert_eq!(points, 1 + sums.ups - sums.downs);
            if subject.kind != Kind::Pollopt {
                *karma.get_mut(&subject.author.expect("somebody")).expect("a person") += points - 1;
            }
        }
        let kept: BTreeMap<UserId, i64> = together.people.iter().map(|(user, voter)| (*user, voter.karma)).collect();
        prop_assert_eq!(kept, karma);
    }
}

fn vote(user: i64, item: i64, dir: Option<Dir>) -> Ballot {
    let policy = Policy::default();
    Ballot { user: UserId(user), item: ItemId(item), dir, near: None, at: Timestamp(9), policy }
}

#[test]
fn the_rules_are_all_met_in_what_the_property_tries() {
    let mut runner = TestRunner::deterministic();
    let ballots = prop::collection::vec(ballot(), 3_000).new_tree(&mut runner).expect("ballots").current();
    let mut kept = Kept::new();
    let mut met = HashSet::new();
    for one in &ballots {
        kept.write(std::slice::from_ref(one));
        met.extend(kept.votes.values().filter_map(|vote| vote.uncounted));
    }
    assert_eq!(met.len(), 7, "{met:?}");
}

#[test]
fn a_vote_is_refused_by_itself() {
    let mut kept = Kept::new();
    let outcomes = kept.write(&[
        vote(4, 0, Some(Dir::Up)),
        vote(0, 0, None),
        vote(9, 0, Some(Dir::Up)),
        vote(4, 99, Some(Dir::Up)),
        vote(6, 0, Some(Dir::Up)),
    ]);
    let stands = |score| Ok(Voted { score, dir: Some(Dir::Up) });
    assert_eq!(outcomes, [stands(2), Err(Void::Own), Err(Void::Unknown), Err(Void::Unknown), stands(3)]);
    assert_eq!(kept.people[&UserId(0)].karma, 3);
}

#[test]
fn whose_vote_does_not_count_sees_it_in_the_score_and_nobody_else_does() {
    let mut kept = Kept::new();
    let outcomes = kept.write(&[
        vote(2, 0, Some(Dir::Up)),
        vote(6, 0, Some(Dir::Up)),
        vote(2, 0, Some(Dir::Up)),
        vote(2, 0, None),
    ]);
    let seen = |score, dir| Ok(Voted { score, dir });
    assert_eq!(outcomes, [seen(2, Some(Dir::Up)), seen(2, Some(Dir::Up)), seen(3, Some(Dir::Up)), seen(2, None)]);
}
