use proptest::prelude::*;

use super::*;
use crate::domain::accounts::user::{UserId, sample};
use crate::domain::items::thread::tests::comment;

const NOW: Timestamp = Timestamp(1_762_941_600);

fn member(karma: i64) -> Member {
    Member { karma, show_dead: true, ..sample() }
}

fn by(author: i64) -> Item {
    Item { author_id: Some(UserId(author)), ..comment(2, 1) }
}

#[test]
fn a_flag_weighs_what_its_members_earlier_flags_were_worth() {
    for (upheld, rejected, expected) in [
        (0, 0, 100),
        (0, 1, 66),
        (0, 2, 50),
        (0, 6, 25),
        (0, 18, 10),
        (0, 1_000, 10),
        (8, 0, 100),
        (8, 10, 50),
        (98, 1, 99),
        (-1, -1, 100),
    ] {
        assert_eq!(weight(upheld, rejected), expected, "{upheld} upheld, {rejected} rejected");
    }
}

#[test]
fn eight_flags_kill_what_few_voted_for() {
    let policy = Policy::default();
    for (flags, score, killed) in [
        (799, 1, false),
        (800, 1, true),
        (800, 9, true),
        (800, 10, false),
        (5_000, 10, false),
        (0, -4, false),
    ] {
        assert_eq!(kills(flags, score, &policy), killed, "{flags} at {score} points");
    }
    let never = Policy { flags_to_kill: 0, vouches_to_restore: 0, ..policy.clone() };
    assert!(!kills(5_000, 1, &never) && !Item { flags: 5_000, ..by(1) }.is_flagged(&never));
    let restored: Vec<bool> = (0..4).map(|vouches| restores(vouches, &policy)).collect();
    assert_eq!(restored, [false, false, true, true]);
    assert!(!restores(9, &never));
}

#[test]
fn it_is_marked_where_flags_take_half_of_its_rank() {
    for (case, flags, vouches, score, cleared, marked) in [
        ("half of what kills", 400, 0, 1, false, true),
        ("less", 399, 0, 1, false, false),
        ("as many points as flags weigh", 400, 0, 16, false, true),
        ("more points", 400, 0, 17, false, false),
        ("brought back by two", 800, 2, 1, false, true),
        ("vouched for by three", 800, 3, 1, false, false),
        ("a moderator let it stand", 800, 0, 1, true, false),
    ] {
        let item = Item { flags, vouches, score, cleared, ..by(1) };
        assert_eq!(item.is_flagged(&Policy::default()), marked, "{case}");
    }
}

#[test]
fn who_may_flag_what() {
    let policy = Policy::default();
    let moderator = Member { role: Role::Moderator, ..member(1) };
    for (case, item, member, expected) in [
        ("31 karma", by(1), member(31), None),
        ("30 karma", by(1), member(30), Some(FlagError::Karma(31))),
        ("a moderator of 1 karma", by(1), moderator, None),
        ("their own", by(7), member(31), Some(FlagError::Own)),
        ("nobody's", Item { author_id: None, ..by(1) }, member(31), None),
        (
            "dead",
            Item { dead: Some(DeadReason::Flagged), ..by(1) },
            member(31),
            Some(FlagError::DeadOrDeleted),
        ),
        ("deleted", Item { deleted_at: Some(NOW), ..by(1) }, member(31), Some(FlagError::DeadOrDeleted)),
        (
            "not yet seen",
            Item { visible_at: NOW.plus(1), ..by(1) },
            member(31),
            Some(FlagError::DeadOrDeleted),
        ),
        ("let stand", Item { cleared: true, ..by(1) }, member(31), Some(FlagError::Cleared)),
        ("an option", Item { kind: Kind::Pollopt, ..by(1) }, member(31), Some(FlagError::PollOption)),
        ("locked", Item { locked: true, ..by(1) }, member(31), None),
    ] {
        assert_eq!(item.may_flag(&member, &policy, NOW).err(), expected, "{case}");
    }
}

#[test]
fn who_may_vouch_for_what() {
    let policy = Policy::default();
    let dead = |death, cleared| Item { dead: Some(death), cleared, ..by(1) };
    for (case, item, member, flagged, expected) in [
        ("killed by flags", dead(DeadReason::Flagged, false), member(31), false, None),
        ("of 30 karma", dead(DeadReason::Flagged, false), member(30), false, Some(VouchError::Karma(31))),
        ("came dead", dead(DeadReason::Killed, false), member(31), false, None),
        (
            "killed by a moderator",
            dead(DeadReason::Killed, true),
            member(31),
            false,
            Some(VouchError::Decided),
        ),
        ("of somebody banned", dead(DeadReason::Shadow, false), member(31), false, None),
        ("alive", by(1), member(31), false, Some(VouchError::NotDead)),
        ("flagged by them", dead(DeadReason::Flagged, false), member(31), true, Some(VouchError::Flagged)),
        (
            "their own",
            Item { author_id: Some(UserId(7)), ..dead(DeadReason::Flagged, false) },
            member(31),
            false,
            Some(VouchError::Own),
        ),
    ] {
        assert_eq!(item.may_vouch(&member, flagged, &policy).err(), expected, "{case}");
    }
}

#[test]
fn a_reason_is_one_of_the_forms_and_other_needs_words() {
    let long = "é".repeat(LONGEST_NOTE + 1);
    for (typed, note, expected) in [
        ("spam", "", Ok((Reason::Spam, String::new()))),
        ("broken link", " 404 ", Ok((Reason::BrokenLink, "404".to_owned()))),
        ("other", "It is an advertisement.", Ok((Reason::Other, "It is an advertisement.".to_owned()))),
        ("other", "  ", Err(FlagError::NoNote)),
        ("", "", Err(FlagError::NoReason)),
        ("Spam", "", Err(FlagError::NoReason)),
        ("spam", long.as_str(), Err(FlagError::LongNote)),
        ("rude", "turned \u{202e}round", Err(FlagError::UnshownNote)),
        ("rude", "two\r\nlines", Ok((Reason::Rude, "two\r\nlines".to_owned()))),
    ] {
        assert_eq!(reason(typed, note), expected, "{typed:?}");
    }
    assert!(Reason::ALL.into_iter().all(|reason| Reason::parse(reason.as_str()) == Some(reason)));
}

#[test]
fn the_weightiest_reason_is_the_one_that_is_told() {
    for (flags, expected) in [
        (vec![], None),
        (vec![(Reason::Rude, 100)], Some(Reason::Rude)),
        (vec![(Reason::Rude, 100), (Reason::Spam, 50), (Reason::Spam, 60)], Some(Reason::Spam)),
        (vec![(Reason::Other, 100), (Reason::Spam, 100)], Some(Reason::Spam)),
        (vec![(Reason::Other, 0)], Some(Reason::Other)),
    ] {
        assert_eq!(mostly(&flags), expected, "{flags:?}");
    }
}

proptest! {
    #[test]
    fn a_rejected_flag_never_makes_the_next_weigh_more_and_an_upheld_one_never_less(
        upheld: i64, rejected: i64
    ) {
        let now = weight(upheld, rejected);
        prop_assert!((MIN_WEIGHT..=FULL_WEIGHT).contains(&now));
        prop_assert!(weight(upheld, rejected.saturating_add(1)) <= now);
        prop_assert!(weight(upheld.saturating_add(1), rejected) >= now);
    }

    #[test]
    fn a_vouch_never_adds_to_the_flags(flags: i64, vouches in 0_i64.., cleared: bool) {
        let now = effective_weight(flags, vouches, cleared);
        prop_assert!(now >= 0 && effective_weight(flags, vouches.saturating_add(1), cleared) <= now);
    }
}
