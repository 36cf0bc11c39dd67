#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the numbers here are small"
)]

use proptest::prelude::*;

use super::*;
use crate::domain::items::thread::tests::comment;

const NOW: Timestamp = Timestamp(1_762_941_600);

fn story(id: i64, score: i64, age: i64) -> StoryFacts {
    StoryFacts {
        id: ItemId(id),
        score,
        rank_time: NOW.minus(age),
        comments: 0,
        flags: 0,
        has_url: true,
        lightweight: false,
        kind_is_job: false,
        penalised: false,
    }
}

fn ids(top: Vec<ItemId>) -> Vec<i64> {
    top.into_iter().map(|id| id.0).collect()
}

#[test]
fn a_story_ranks_by_points_over_age() {
    // Worked by hand: 99^0.8 = 39.4919, 2^1.8 = 3.4822, 26^1.8 = 352.3319.
    for (score, age, expected) in [
        (100, 0, 11.3411),
        (100, DAY, 0.1121),
        (2, 0, 0.2872),
        (1, HOUR, 0.0),
        (0, 0, -0.2872),
        (-9, 0, -2.8717),
        (100, -HOUR, 11.3411),
    ] {
        let rank = story_rank(score, age, 1.0);
        assert!((rank - expected).abs() < 1e-4, "{score} points after {age} s: {rank}");
    }
    assert_eq!(story_rank(100, 0, 0.4), story_rank(100, 0, 1.0) * 0.4);
}

#[test]
fn texts_pictures_overheated_threads_and_penalised_sites_rank_lower() {
    let plain = story(1, 10, 0);
    for (facts, expected) in [
        (plain, 1.0),
        (StoryFacts { has_url: false, ..plain }, 0.4),
        (StoryFacts { has_url: false, comments: 99, ..plain }, 0.4),
        (StoryFacts { lightweight: true, ..plain }, 0.3),
        (StoryFacts { comments: 19, ..plain }, 1.0),
        (StoryFacts { comments: 20, ..plain }, (10.0_f64 / 21.0).powi(2)),
        (StoryFacts { comments: 39, ..plain }, 0.0625),
        (StoryFacts { comments: 39, lightweight: true, ..plain }, 0.0625),
        (StoryFacts { comments: 39, score: 30, lightweight: true, ..plain }, 0.3),
        (StoryFacts { comments: 39, score: 400, ..plain }, 1.0),
        (StoryFacts { penalised: true, ..plain }, 0.4),
        (StoryFacts { penalised: true, lightweight: true, ..plain }, 0.3 * 0.4),
        (StoryFacts { penalised: true, comments: 39, ..plain }, 0.0625 * 0.4),
        (StoryFacts { flags: 250, ..plain }, 0.5),
        (StoryFacts { flags: 250, has_url: false, ..plain }, 0.2),
    ] {
        assert_eq!(factor(&facts), expected, "{facts:?}");
    }
    for (url, picture) in [
        ("https://a.example/cat.PNG", true),
        ("https://a.example/cat.jpeg", true),
        ("https://a.example/cat.png/why", false),
        ("https://a.example/jpg", false),
    ] {
        assert_eq!(is_lightweight(url), picture, "{url}");
    }
}

#[test]
fn flags_weigh_as_a_share_of_the_points() {
    for (score, flags, expected) in [
        (1, 0, 1.0),
        (4, 100, 0.5),
        (4, 50, 2.0 / 3.0),
        (12, 100, 0.75),
        (100, 100, 25.0 / 26.0),
        (100, 700, 100.0 / 128.0),
        (1, 700, 1.0 / 29.0),
        (-3, 100, 0.2),
        (10, -100, 1.0),
    ] {
        let left = flagged(score, flags);
        assert!((left - expected).abs() < 1e-12, "{score} points, {flags}: {left}");
    }
}

#[test]
fn the_front_page_shows_the_better_and_the_younger_first() {
    let stories = vec![
        story(1, 50, DAY),
        story(2, 50, HOUR),
        story(3, 90, HOUR),
        story(4, 1, 60),
        story(5, 1, 60),
        story(6, 1, 0),
    ];
    assert_eq!(ids(top(stories, NOW)), [3, 2, 1, 6, 5, 4]);
}

#[test]
fn a_job_starts_sixth_and_falls_a_place_every_20_minutes() {
    let job = |id, age| StoryFacts { kind_is_job: true, ..story(id, 1, age) };
    let page = |jobs: &[StoryFacts]| {
        let stories = (1..=40).map(|id| story(id, 1000 - id, 0));
        ids(top(stories.chain(jobs.iter().copied()).collect(), NOW))
    };
    let place = |page: &[i64], id| page.iter().position(|other| *other == id).map(|at| at + 1);
    for (age, expected) in
        [(0, 6), (1_199, 6), (1_200, 7), (8 * HOUR, 30), (8 * HOUR + 1_200, 31), (365 * DAY, 41)]
    {
        assert_eq!(place(&page(&[job(99, age)]), 99), Some(expected), "{age} s old");
    }
    let two = page(&[job(99, 0), job(98, 10)]);
    assert_eq!((place(&two, 99), place(&two, 98), two.len()), (Some(6), Some(7), 42));
    assert_eq!(ids(top(vec![job(9, 0), story(1, 5, 0)], NOW)), [1, 9]);
}

#[test]
fn the_threads_with_the_most_and_freshest_comments_are_active() {
    let at = |root: i64, minutes: i64| (ItemId(root), NOW.minus(minutes * MINUTE));
    let mut comments = Vec::new();
    for (thread, minutes) in [
        (1, vec![500, 9_000]),   // 1,000 left
        (2, vec![700, 1_200]),   // 800 + 300
        (3, vec![9_000, 3_000]), // none
        (4, vec![2_000]),        // none, though later
        (5, vec![950, 950]),     // 1,100 as well, and earlier
        (6, vec![1_450, 1_450]), // 50 + 50
        (7, vec![1_420]),        // 80
    ] {
        comments.extend(minutes.into_iter().map(|minutes| at(thread, minutes)));
    }
    assert_eq!(ids(active(comments.into_iter(), NOW)), [2, 5, 1, 6, 7, 4, 3]);
    assert_eq!(ids(active([at(1, 0), at(2, -60)].into_iter(), NOW)), [2, 1]);
    assert_eq!(active(std::iter::empty(), NOW), []);
}

#[test]
fn the_wilson_bound_is_the_textbooks() {
    for (ups, downs, expected) in [
        (0, 0, 0.0),
        (1, 0, 0.3784),
        (2, 0, 0.5491),
        (10, 0, 0.8589),
        (1, 1, 0.1643),
        (0, 1, 0.0),
        (60, 40, 0.5361),
        (-3, 0, 0.0),
    ] {
        let bound = wilson(ups, downs);
        assert!((bound - expected).abs() < 5e-5 + 1e-9, "{ups} up, {downs} down: {bound}");
    }
}

#[test]
fn votes_down_alone_are_worth_nothing_and_never_less() {
    assert!(
        (1..2_000)
            .all(|downs| (0.0..1e-9).contains(&wilson(0, downs)) && wilson(0, downs).is_sign_positive())
    );
}

#[test]
fn the_best_comment_comes_first() {
    let old = |id: i64, ups: i64, downs: i64| Item {
        ups,
        downs,
        time: NOW.minus(2 * DAY + 100 - id),
        ..comment(id, 1)
    };
    let aged = |id: i64, ups: i64, age: i64| Item {
        ups,
        time: NOW.minus(age),
        visible_at: NOW.minus(age),
        ..comment(id, 1)
    };
    let placed = |id: i64, place: i64, age: i64| Item { import_rank: Some(place), ..aged(id, 0, age) };
    let before = |a: &Item, b: &Item| BestKey::of(a, NOW) < BestKey::of(b, NOW);
    for (case, first, second) in [
        ("more votes up", old(2, 3, 0), old(1, 1, 0)),
        ("agreed on by more", old(2, 30, 10), old(1, 3, 1)),
        ("unflagged before flagged", old(2, 3, 0), Item { flags: 100, ..old(1, 3, 0) }),
        (
            "flagged, and a moderator let it stand",
            Item { flags: 100, cleared: true, ..old(1, 3, 0) },
            old(2, 3, 0),
        ),
        ("unvoted before voted down", old(2, 0, 0), old(1, 0, 1)),
        ("equal: the earlier", old(1, 0, 0), old(2, 0, 0)),
        ("just posted before a few votes", aged(2, 0, 0), old(1, 5, 0)),
        ("just posted after many votes", old(1, 40, 0), aged(2, 0, 0)),
        ("a day old: no gain", old(1, 0, 0), aged(2, 0, DAY)),
        ("two hours short of a day: still some", aged(2, 0, DAY - 7_200), old(1, 0, 0)),
        (
            "one held back counts from when it was seen",
            Item { visible_at: NOW, ..aged(2, 0, DAY) },
            aged(1, 0, HOUR),
        ),
        ("imported: the order it came in", placed(9, 0, 0), placed(1, 1, DAY * 9)),
        ("imported: though another is fresher", placed(2, 3, 3 * DAY), placed(1, 4, 60)),
        ("imported and voted for here", Item { ups: 1, ..placed(2, 7, DAY) }, placed(1, 0, DAY)),
        ("imported before an old one without a place", placed(9, 9, DAY), old(1, 0, 0)),
    ] {
        assert!(before(&first, &second), "{case}");
        assert!(!before(&second, &first), "{case}, the other way round");
    }
}

#[test]
fn a_comment_fades_by_its_score_down_to_the_floor() {
    for (score, level, shown) in
        [(9, 0, 9), (1, 0, 1), (0, 1, 0), (-1, 2, -1), (-2, 3, -2), (-3, 4, -3), (-4, 4, -4), (-50, 4, -4)]
    {
        assert_eq!((fade(score), displayed_score(score)), (level, shown), "{score}");
    }
}

proptest! {
    #[test]
    fn more_points_never_lower_a_story_and_more_age_never_lifts_it(
        score in 2_i64..10_000, age in 0_i64..10 * 365 * DAY, more in 1_i64..10_000, later in 1_i64..DAY,
    ) {
        let rank = story_rank(score, age, 1.0);
        prop_assert!(story_rank(score + more, age, 1.0) > rank);
        prop_assert!(story_rank(score, age + later, 1.0) < rank);
    }

    #[test]
    fn the_front_page_holds_each_story_once_whatever_the_order_they_come_in(
        facts in proptest::collection::vec((0_i64..9, 0_i64..5, any::<bool>(), 0_i64..40), 0..30),
    ) {
        let story_of = |(&(score, hours, kind_is_job, comments), id): (&(i64, i64, bool, i64), i64)| {
            StoryFacts { kind_is_job, comments, ..story(id, score, hours * HOUR) }
        };
        let stories: Vec<StoryFacts> = facts.iter().zip(1..).map(story_of).collect();
        let page = ids(top(stories.clone(), NOW));
        let mut every = page.clone();
        every.sort_unstable();
        prop_assert_eq!(every, (1..=stories.len() as i64).collect::<Vec<_>>());
        prop_assert_eq!(ids(top(stories.into_iter().rev().collect(), NOW)), page);
    }

    #[test]
    fn a_vote_up_lifts_the_bound_and_a_vote_down_lowers_it(ups in 1_i64..100_000, downs in 0_i64..100_000) {
        let bound = wilson(ups, downs);
        prop_assert!((0.0..1.0).contains(&bound));
        prop_assert!(wilson(ups + 1, downs) > bound);
        prop_assert!(wilson(ups, downs + 1) < bound);
    }

    #[test]
    fn no_number_is_too_large_to_rank(
        (score, age, time) in any::<(i64, i64, i64)>(),
        (ups, downs, import_rank) in any::<(i64, i64, Option<i64>)>(),
        (comments, flags) in any::<(i64, i64)>(),
    ) {
        let factor = factor(&StoryFacts { comments, flags, ..story(1, score, age) });
        prop_assert!(!story_rank(score, age, factor).is_nan());
        let item = Item { flags, ups, downs, import_rank, time: Timestamp(time), ..comment(1, 0) };
        prop_assert_eq!(BestKey::of(&item, NOW), BestKey::of(&item, NOW));
        prop_assert_eq!(active([(ItemId(1), Timestamp(time))].into_iter(), NOW).len(), 1);
        let job = StoryFacts { kind_is_job: true, rank_time: Timestamp(time), ..story(1, score, 0) };
        prop_assert_eq!(top(vec![job], NOW).len(), 1);
    }
}
