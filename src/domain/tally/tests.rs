use proptest::prelude::*;

use super::*;

/// What a database keeps: votes, items, and people with their karma.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    votes: BTreeMap<(UserId, ItemId), Standing>,
    items: BTreeMap<ItemId, (Subject, Shift)>,
    karma: BTreeMap<UserId, i64>,
}

impl Kept {
    /// Two stories, a comment and an option of a poll, by authors who vote too; each has its author's own point.
    fn new() -> Kept {
        let people: BTreeMap<UserId, i64> = (0..4).map(|id| (UserId(id), 1)).collect();
        let kinds = [Kind::Story, Kind::Story, Kind::Comment, Kind::Pollopt];
        let mut kept = Kept { votes: BTreeMap::new(), items: BTreeMap::new(), karma: people };
        for (id, kind) in (0..).zip(kinds) {
            let (item, author) = (ItemId(id), UserId(id % 2));
            kept.items.insert(item, (Subject { root: item, kind, author: Some(author), score: 1 }, Shift::default()));
            let own = Standing { dir: Dir::Up, counted: true, own: true, at: Timestamp(0) };
            kept.votes.insert((author, item), own);
        }
        kept
    }

    /// Writes the ballots as one group.
    fn write(&mut self, ballots: &[Ballot]) -> Vec<Result<Voted, Void>> {
        let mut board = Board {
            votes: self.votes.clone().into_iter().collect(),
            items: self.items.iter().map(|(item, (subject, _))| (*item, *subject)).collect(),
            voters: self.karma.keys().copied().collect(),
            ..Board::default()
        };
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
            *self.karma.get_mut(&author).expect("a person") += karma;
        }
        outcomes
    }
}

fn ballot() -> impl Strategy<Value = Ballot> {
    let dir = prop_oneof![Just(Some(Dir::Up)), Just(Some(Dir::Down)), Just(None)];
    // Now and then somebody or something that is not there.
    (0..5_i64, 0..5_i64, dir, prop::bool::weighted(0.8), 1..9_i64).prop_map(|(user, item, dir, counted, at)| Ballot {
        user: UserId(user),
        item: ItemId(item),
        dir,
        counted,
        at: Timestamp(at),
    })
}

proptest! {
    #[test]
    fn votes_in_one_group_come_to_what_they_come_to_one_after_another(
        ballots in prop::collection::vec(ballot(), 0..60),
        size in 1..20_usize,
    ) {
        let (mut together, mut apart) = (Kept::new(), Kept::new());
        let grouped: Vec<_> = ballots.chunks(size).flat_map(|group| together.write(group)).collect();
        let alone: Vec<_> = ballots.iter().flat_map(|one| apart.write(std::slice::from_ref(one))).collect();
        prop_assert_eq!(grouped, alone);
        prop_assert_eq!(&together, &apart);
        for (item, (subject, sums)) in &together.items {
            let votes = together.votes.iter().filter(|((_, on), vote)| on == item && vote.counted);
            let points: i64 = votes.map(|(_, vote)| vote.dir.points()).sum();
            prop_assert_eq!(subject.score, points);
            prop_assert_eq!(points, 1 + sums.ups - sums.downs);
        }
    }
}

#[test]
fn a_vote_is_refused_by_itself() {
    let mut kept = Kept::new();
    let vote =
        |user, item, dir| Ballot { user: UserId(user), item: ItemId(item), dir, counted: true, at: Timestamp(1) };
    let outcomes = kept.write(&[
        vote(2, 0, Some(Dir::Up)),
        vote(0, 0, None),
        vote(9, 0, Some(Dir::Up)),
        vote(2, 9, Some(Dir::Up)),
        vote(3, 0, Some(Dir::Up)),
    ]);
    let stands = |score| Ok(Voted { score, dir: Some(Dir::Up) });
    assert_eq!(outcomes, [stands(2), Err(Void::Own), Err(Void::Unknown), Err(Void::Unknown), stands(3)]);
    assert_eq!(kept.karma[&UserId(0)], 3);
}
