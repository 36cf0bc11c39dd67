use super::*;
use crate::clock::{DAY, HOUR};
use crate::domain::accounts::user::sample;
use crate::domain::limits::policy::Period;

const NOW: Timestamp = Timestamp(1_795_435_200);
const AUTHOR: UserId = UserId(1);
const ANOTHER: UserId = UserId(2);

/// A member of 100 days with this karma.
fn voter(karma: i64) -> Member {
    Member { id: UserId(3), karma, created_at: NOW.minus(100 * DAY), ..sample() }
}

fn about(same_address: bool) -> VoteContext {
    VoteContext {
        item: ItemId(1_000),
        author: Some(AUTHOR),
        author_moderates: false,
        author_prevails: false,
        same_address,
    }
}

fn past(votes: &[(usize, Direction, UserId)]) -> Vec<PriorVote> {
    let each = votes.iter().flat_map(|(times, dir, author)| std::iter::repeat_n((*dir, *author), *times));
    each.zip(1..)
        .map(|((dir, author), nth)| PriorVote {
            item: ItemId(nth),
            author: Some(author),
            dir,
            at: NOW.minus(nth),
        })
        .collect()
}

fn judge(voter: &Member, dir: Direction, about: VoteContext, past: &[PriorVote]) -> Option<Uncounted> {
    uncounted(voter, dir, about, past, &Policy::default(), NOW)
}

#[test]
fn an_ordinary_vote_counts() {
    for karma in [-3, 1, 2, 40, 900] {
        assert_eq!(judge(&voter(karma), Direction::Up, about(false), &[]), None);
        let mixed = past(&[
            (2, Direction::Down, AUTHOR),
            (3, Direction::Up, AUTHOR),
            (5, Direction::Up, ANOTHER),
            (9, Direction::Down, ANOTHER),
        ]);
        for dir in [Direction::Up, Direction::Down] {
            assert_eq!(judge(&voter(karma), dir, about(false), &mixed), None);
        }
    }
    let first = Member { created_at: NOW, ..voter(1) };
    assert_eq!(
        judge(&first, Direction::Up, about(false), &[]),
        None,
        "the first members of a forum have 1 karma"
    );
}

#[test]
fn who_is_shadow_banned_is_not_counted_whatever_they_are() {
    let shadowed = Member { shadow_banned_at: Some(NOW), role: Role::Moderator, ..voter(5_000) };
    assert_eq!(judge(&shadowed, Direction::Up, about(false), &[]), Some(Uncounted::Shadowed));
}

#[test]
fn a_young_account_without_karma_waits_where_a_forum_says_so() {
    let policy = Policy { min_account_age_to_count_votes_hours: Period(24), ..Policy::default() };
    for (age, karma, expected) in [
        (0, 1, Some(Uncounted::Young)),
        (24 * HOUR - 1, 1, Some(Uncounted::Young)),
        (24 * HOUR, 1, None),
        (0, 2, None),
        (0, -5, Some(Uncounted::Young)),
    ] {
        let voter = Member { created_at: NOW.minus(age), ..voter(karma) };
        assert_eq!(
            uncounted(&voter, Direction::Up, about(false), &[], &policy, NOW),
            expected,
            "{age} {karma}"
        );
        let moderator = Member { role: Role::Moderator, ..voter };
        assert_eq!(uncounted(&moderator, Direction::Up, about(false), &[], &policy, NOW), None);
    }
}

#[test]
fn an_address_that_others_share_matters_below_a_little_karma() {
    let least = Policy::default().min_karma_shared_ip_vote;
    for (karma, expected) in
        [(1, Some(Uncounted::SameAddress)), (least - 1, Some(Uncounted::SameAddress)), (least, None)]
    {
        for dir in [Direction::Up, Direction::Down] {
            assert_eq!(judge(&voter(karma), dir, about(true), &[]), expected, "{karma}");
            let moderator = Member { role: Role::Moderator, ..voter(karma) };
            assert_eq!(judge(&moderator, dir, about(true), &[]), None);
        }
    }
    let off = Policy { min_karma_shared_ip_vote: i64::MIN, ..Policy::default() };
    assert_eq!(uncounted(&voter(1), Direction::Up, about(true), &[], &off, NOW), None);
}

#[test]
fn who_votes_down_more_than_65_of_100_times_is_not_counted_voting_down() {
    for (downs, ups, expected) in [
        (13, 7, None),
        (14, 6, Some(Uncounted::AlwaysDown)),
        (20, 0, Some(Uncounted::AlwaysDown)),
        (19, 0, None),
    ] {
        let past = past(&[
            (ups, Direction::Up, ANOTHER),
            (downs, Direction::Down, ANOTHER),
            (30, Direction::Up, ANOTHER),
        ]);
        let past = &past[..(downs + ups).min(20)];
        assert_eq!(
            judge(&voter(900), Direction::Down, about(false), past),
            expected,
            "{downs} of {}",
            past.len()
        );
        assert_eq!(judge(&voter(900), Direction::Up, about(false), past), None, "up counts");
    }
}

#[test]
fn three_votes_down_on_one_author_are_a_grudge() {
    let grudge = Some(Uncounted::Grudge);
    for (votes, expected) in [
        (past(&[(3, Direction::Down, AUTHOR), (9, Direction::Up, ANOTHER)]), grudge),
        (past(&[(2, Direction::Down, AUTHOR)]), None),
        (past(&[(1, Direction::Up, ANOTHER), (3, Direction::Down, AUTHOR)]), None),
        (past(&[(2, Direction::Down, AUTHOR), (1, Direction::Down, ANOTHER)]), None),
        (past(&[(2, Direction::Down, AUTHOR), (1, Direction::Up, AUTHOR)]), None),
    ] {
        assert_eq!(judge(&voter(900), Direction::Down, about(false), &votes), expected, "{votes:?}");
        assert_eq!(judge(&voter(900), Direction::Up, about(false), &votes), None);
    }
    let three = past(&[(3, Direction::Down, AUTHOR)]);
    let nobodys = VoteContext { author: None, ..about(false) };
    assert_eq!(judge(&voter(900), Direction::Down, nobodys, &three), None);
    let turned = VoteContext { item: three[0].item, ..about(false) };
    assert_eq!(
        judge(&voter(900), Direction::Down, turned, &three),
        None,
        "a vote is none of those before it"
    );
}

#[test]
fn nearly_all_votes_to_one_author_are_a_ring() {
    let ring = Some(Uncounted::Ring);
    for (votes, expected) in [
        (past(&[(20, Direction::Up, AUTHOR)]), ring),
        (
            past(&[
                (1, Direction::Up, ANOTHER),
                (18, Direction::Up, AUTHOR),
                (1, Direction::Down, AUTHOR),
                (9, Direction::Up, ANOTHER),
            ]),
            ring,
        ),
        (
            past(&[(3, Direction::Up, ANOTHER), (17, Direction::Up, AUTHOR), (50, Direction::Up, AUTHOR)]),
            None,
        ),
        (past(&[(19, Direction::Up, AUTHOR)]), None),
    ] {
        assert_eq!(judge(&voter(900), Direction::Up, about(false), &votes), expected, "{votes:?}");
        assert_eq!(judge(&voter(900), Direction::Down, about(false), &votes), None);
        let to_moderator = VoteContext { author_moderates: true, ..about(false) };
        assert_eq!(
            judge(&voter(1), Direction::Up, to_moderator, &votes),
            None,
            "the operator writes most of a young forum"
        );
        let to_one_of_few = VoteContext { author_prevails: true, ..about(false) };
        assert_eq!(
            judge(&voter(1), Direction::Up, to_one_of_few, &votes),
            None,
            "votes go to whom there is to vote for"
        );
        let off = Policy { vote_ring_window: 0, ..Policy::default() };
        assert_eq!(uncounted(&voter(1), Direction::Up, about(false), &votes, &off, NOW), None);
    }
}

#[test]
fn who_wrote_a_quarter_of_what_was_posted_last_is_voted_for_naturally() {
    let posted =
        |theirs: usize, all: usize| [vec![Some(AUTHOR); theirs], vec![Some(ANOTHER); all - theirs]].concat();
    for (theirs, all, expected) in
        [(0, 0, false), (1, 1, true), (24, 100, false), (25, 100, true), (0, 100, false)]
    {
        assert_eq!(is_dominant_author(Some(AUTHOR), &posted(theirs, all)), expected, "{theirs} of {all}");
    }
    assert!(!is_dominant_author(None, &[None, None]));
}
