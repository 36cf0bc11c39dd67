//! What comes first: stories on the lists, comments among their siblings. Every formula and every constant of ranking
//! is here.
//!
//! "Hacker News" below means its published Arc source (arc3.1 and the anarki fork, `news.arc`); the running site is
//! private and has moved on from it.

use std::cmp::Reverse;

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::votes::flag;
use crate::domain::votes::flag::flagged;
use crate::domain::votes::vote::FLOOR;

/// How many of the newest stories are ranked (Hacker News's published source considers 1,000).
pub const CANDIDATES: i64 = 1_000;

/// The power of age that divides a story's points (Hacker News: `gravity*`).
const GRAVITY: f64 = 1.8;
/// Minutes added to every age, so that the newest stories do not leap (Hacker News: `timebase*`).
const TIMEBASE: f64 = 120.0;
/// The power of the points above the author's own (Hacker News: `.8` in `frontpage-rank`).
const POINTS_POWER: f64 = 0.8;
/// What a story without an address is multiplied by (Hacker News: `nourl-factor*`).
const NO_URL: f64 = 0.4;
/// The most that a picture is multiplied by (Hacker News: `lightweight-factor*`).
const LIGHTWEIGHT: f64 = 0.3;
/// What a story of a penalised site is multiplied by besides. The rule is ours; on Hacker News, factors of 0.25 to 0.8 for sites and
/// titles were seen in 2013.
const PENALISED: f64 = 0.4;
/// A thread of more visible items than this, the story among them, may be overheated (Hacker News: `contro-factor`).
const OVERHEATED_ABOVE: i64 = 20;

/// How many stories stand above a new job (observed: jobs start near rank 6).
const JOB_STARTS_BELOW: i64 = 5;
/// Seconds in which a job falls by one place. The rate is ours: a job leaves the first page of 30 after about eight
/// hours.
const JOB_FALLS_EVERY: i64 = 20 * MINUTE;

/// How many stories stand above one that is given a second chance: the front page has 30 places.
const SECOND_CHANCE_BELOW: usize = 24;

/// The age at which a comment no longer counts as activity, in seconds (Hacker News: 1,500 minutes in `active-rank`).
const ACTIVE_FOR: i64 = 25 * HOUR;

/// The quantile of the normal distribution for a one-sided bound of 90 %, the interval of 80 % (Lobsters uses the
/// same).
const Z: f64 = 1.281_551_565_545;
/// The vote that every comment counts as its author's own, whether cast here or imported without any: the prior for the
/// unvoted.
const OWN_VOTE: i64 = 1;
/// How much a comment gains the moment it is seen, as a share of its bound.
const FRESH_GAIN: f64 = 1.5;
/// How fast that gain fades: with this power it halves about every two hours.
const FRESH_POWER: i32 = 8;
/// The age at which nothing of it is left, in seconds.
const FRESH_FOR: i64 = DAY;

/// What ranking needs to know of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryFacts {
    pub id: ItemId,
    pub score: i64,
    /// The time that its age counts from.
    pub rank_time: Timestamp,
    /// Comments that a visitor may see.
    pub comments: i64,
    /// The flags that weigh on it, in hundredths.
    pub flags: i64,
    pub has_url: bool,
    /// Its address is a picture's: see [`is_lightweight`].
    pub lightweight: bool,
    pub kind_is_job: bool,
    /// Moderators penalised or banned its site.
    pub penalised: bool,
}

impl StoryFacts {
    /// Of an item as it is shown, which does not say whether its site is penalised.
    pub fn of(item: &Item) -> StoryFacts {
        StoryFacts {
            id: item.id,
            score: item.score,
            rank_time: item.rank_time,
            comments: item.descendants,
            flags: flag::effective_weight(item.flags, item.vouches, item.cleared),
            has_url: item.url.is_some(),
            lightweight: item.url.as_deref().is_some_and(is_lightweight),
            kind_is_job: item.kind == Kind::Job,
            penalised: false,
        }
    }
}

/// Whether an address is read at a glance: a picture (Hacker News: an address that ends so).
pub fn is_lightweight(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    [".png", ".jpg", ".jpeg"].iter().any(|ending| url.ends_with(ending))
}

/// A story's rank, higher first: `(S - 1)^0.8 / ((age in minutes + 120) / 60)^1.8 × factor`, with `S - 1` unraised
/// where it is not positive (Hacker News: `frontpage-rank`). An age below zero counts as zero.
pub fn story_rank(score: i64, age_seconds: i64, factor: f64) -> f64 {
    let points = score.saturating_sub(1) as f64;
    let base = if points > 0.0 { points.powf(POINTS_POWER) } else { points };
    let minutes = age_seconds.max(0) as f64 / MINUTE as f64;
    base / ((minutes + TIMEBASE) / 60.0).powf(GRAVITY) * factor
}

/// What a story's rank is multiplied by: 0.4 without an address; else what an overheated discussion leaves of 1, and of
/// that at most 0.3 for a picture (Hacker News: `frontpage-rank`, where the first rule that applies decides); of all that 0.4 where
/// its site is penalised; and of that what flags leave.
pub fn factor(story: &StoryFacts) -> f64 {
    let cooled = overheated(story.score, story.comments);
    let by_kind = match story {
        StoryFacts { has_url: false, .. } => NO_URL,
        StoryFacts { lightweight: true, .. } => cooled.min(LIGHTWEIGHT),
        _ => cooled,
    };
    let by_site = if story.penalised { PENALISED } else { 1.0 };
    by_kind * by_site * flagged(story.score, story.flags)
}

/// `min(1, (S / items)^2)` where the thread shows more than 20 items: more talk than points.
fn overheated(score: i64, comments: i64) -> f64 {
    let items = comments.saturating_add(1);
    if items <= OVERHEATED_ABOVE {
        return 1.0;
    }
    (score as f64 / items as f64).powi(2).min(1.0)
}

/// The front page, best first; equals by time and then id, the later first.
///
/// Jobs have no votes: a job stands below five stories at first and falls by one place every 20 minutes.
pub fn top(stories: Vec<StoryFacts>, now: Timestamp) -> Vec<ItemId> {
    let (mut jobs, stories): (Vec<_>, Vec<_>) = stories.into_iter().partition(|story| story.kind_is_job);
    jobs.sort_by_key(|job| Reverse((job.rank_time, job.id)));
    let mut ranked: Vec<(f64, Timestamp, ItemId)> = stories
        .iter()
        .map(|story| {
            (story_rank(story.score, now.since(story.rank_time), factor(story)), story.rank_time, story.id)
        })
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (b.1, b.2).cmp(&(a.1, a.2))));

    let mut jobs = jobs.into_iter().peekable();
    let mut page = Vec::with_capacity(jobs.len() + ranked.len());
    for (above, (_, _, story)) in (0..).zip(ranked) {
        while let Some(job) = jobs.next_if(|job| stories_above(job, now) <= above) {
            page.push(job.id);
        }
        page.push(story);
    }
    page.extend(jobs.map(|job| job.id));
    page
}

fn stories_above(job: &StoryFacts, now: Timestamp) -> i64 {
    JOB_STARTS_BELOW + now.since(job.rank_time).max(0) / JOB_FALLS_EVERY
}

/// The time that a story of a second chance is to rank from, so that it stands in the last third of the front page's first page; none where
/// it stands above that already. It rises from there only if people care for it (Hacker News: at random near the bottom of the page).
///
/// The rank of the story that stands there is solved for the age: `age = 60 × (base × factor / rank)^(1 / 1.8) - 120` minutes. A story of
/// too few points to reach that place at any age ranks as new.
pub fn second_chance(story: &StoryFacts, others: &[StoryFacts], now: Timestamp) -> Option<Timestamp> {
    let mut ranks: Vec<f64> = others
        .iter()
        .filter(|other| other.id != story.id && !other.kind_is_job)
        .map(|other| story_rank(other.score, now.since(other.rank_time), factor(other)))
        .collect();
    ranks.sort_by(|a, b| b.total_cmp(a));
    let there = ranks.get(SECOND_CHANCE_BELOW).copied()?;
    if story_rank(story.score, now.since(story.rank_time), factor(story)) > there {
        return None;
    }
    // As it would rank at the age at which nothing divides it: two hours are added to every age.
    let at_one = story_rank(story.score, 0, factor(story)) * (TIMEBASE / 60.0).powf(GRAVITY);
    if there <= 0.0 || at_one <= 0.0 {
        return Some(now);
    }
    let minutes = 60.0 * (at_one / there).powf(1.0 / GRAVITY) - TIMEBASE;
    #[expect(clippy::cast_possible_truncation, reason = "a float's cast stops at the ends of the range")]
    let age = (minutes.max(0.0) * MINUTE as f64).floor() as i64;
    Some(now.minus(age))
}

/// The threads of these comments, each given as its thread's head and its own time, the liveliest first: by the sum
/// over a thread's comments of `max(0, 1500 - age in minutes)` (Hacker News: `active-rank`), then by the latest
/// comment, then by id.
///
/// Threads with older comments only come last, so that the list of a quiet forum is not empty.
pub fn active(comments: impl Iterator<Item = (ItemId, Timestamp)>, now: Timestamp) -> Vec<ItemId> {
    let mut comments: Vec<(ItemId, Timestamp)> = comments.collect();
    comments.sort_unstable();
    let mut threads: Vec<(i64, Timestamp, ItemId)> = comments
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|thread| {
            let &(root, latest) = thread.last()?;
            // Whole seconds, so that the sum is exact whatever the order it is taken in.
            let life =
                thread.iter().map(|(_, time)| ACTIVE_FOR - now.since(*time).clamp(0, ACTIVE_FOR)).sum();
            Some((life, latest, root))
        })
        .collect();
    threads.sort_unstable_by_key(|thread| Reverse(*thread));
    threads.into_iter().map(|(_, _, root)| root).collect()
}

/// The lower bound of the Wilson score interval for the share of votes up, 0 to 1; 0 without votes.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927; for ranking, E.
/// Miller, "How not to sort by average rating", 2009. What is below zero counts as no votes.
pub fn wilson(ups: i64, downs: i64) -> f64 {
    let (ups, downs) = (ups.max(0) as f64, downs.max(0) as f64);
    let n = ups + downs;
    if n == 0.0 {
        return 0.0;
    }
    let share = ups / n;
    let z2 = Z * Z;
    let margin = Z * ((share * (1.0 - share) + z2 / (4.0 * n)) / n).sqrt();
    // Without votes up the terms cancel, and rounding may leave less than nothing.
    ((share + z2 / (2.0 * n) - margin) / (1.0 + z2 / n)).clamp(0.0, 1.0)
}

/// A comment's place among its siblings in the order "best": the lesser comes first, and no two comments are equal.
///
/// In turn:
/// 1. worth, `wilson(ups + 1, downs) × (1 + 1.5 × (1 - age / 24 h)^8)`, the greater first. The 1 is the author's own
///    vote, which all alike are given. The second part is the age term: it puts a comment just posted near the top,
///    where it can be judged, halves about every two hours and is nothing after a day. A comment that an import placed
///    has none, as its place tells its rank. Flags leave of both what they leave of a story's rank.
/// 2. `place`, the order that an import brought along; those without one come after those with one;
/// 3. time, then id, the earlier first.
///
/// There is no term for replies: they measure heat as much as worth (a story loses rank by them), and `most replies` is
/// an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BestKey {
    // The bits of a number that is not negative, which order as the number does.
    worth: Reverse<u64>,
    unplaced: bool,
    place: i64,
    time: Timestamp,
    id: ItemId,
}

impl BestKey {
    pub fn of(comment: &Item, now: Timestamp) -> BestKey {
        let fresh = if comment.place.is_some() { 0.0 } else { freshness(comment, now) };
        let worth = wilson(comment.ups.saturating_add(OWN_VOTE), comment.downs)
            * (1.0 + FRESH_GAIN * fresh)
            * flagged(comment.score, comment.standing_flags());
        BestKey {
            worth: Reverse(worth.to_bits()),
            unplaced: comment.place.is_none(),
            place: comment.place.unwrap_or(0),
            time: comment.time,
            id: comment.id,
        }
    }
}

/// 1 for a comment that others see from now on, 0 a day later.
fn freshness(comment: &Item, now: Timestamp) -> f64 {
    let age = now.since(comment.time.max(comment.visible_at)).clamp(0, FRESH_FOR);
    (1.0 - age as f64 / FRESH_FOR as f64).powi(FRESH_POWER)
}

/// How far a comment's text fades: 0 is not at all, from a score of 1; 1 to 4 for 0, -1, -2, and -3 or less.
///
/// Hacker News greys step by step from a score of 0 down; its last two steps above the floor are one here, so that the
/// text can still be read.
pub fn fade(score: i64) -> u8 {
    match score {
        1.. => 0,
        0 => 1,
        -1 => 2,
        -2 => 3,
        _ => 4,
    }
}

/// The points that are shown: never below the floor of -4, whatever the store holds.
pub fn displayed_score(score: i64) -> i64 {
    score.max(FLOOR)
}

#[cfg(test)]
mod tests;
