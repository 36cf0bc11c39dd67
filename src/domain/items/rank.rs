//! Ranking of stories and comments: all formulas and constants. “Hacker News” below means its published Arc
//! source (arc3.1 and the anarki fork, `news.arc`); the running site has moved on.

use std::cmp::Reverse;

use crate::clock::{DAY, HOUR, MINUTE, Timestamp};
use crate::domain::items::item::{Item, ItemId, Kind};
use crate::domain::votes::flag::{self, flagged};
use crate::domain::votes::vote::FLOOR;

/// Ranks only the newest stories (Hacker News considers 1,000).
pub const CANDIDATES: i64 = 1_000;

/// Exponent of the age (Hacker News: `gravity*`).
const GRAVITY: f64 = 1.8;
/// Minutes added to every age to damp the newest stories (Hacker News: `timebase*`).
const TIMEBASE: f64 = 120.0;
/// Exponent of the points (Hacker News: `.8` in `frontpage-rank`).
const POINTS_POWER: f64 = 0.8;
/// Factor of a story without a URL (Hacker News: `nourl-factor*`).
const NO_URL: f64 = 0.4;
/// Maximum factor of an image (Hacker News: `lightweight-factor*`).
const LIGHTWEIGHT: f64 = 0.3;
/// Factor of a penalised site. The value is ours; 0.25 to 0.8 was observed on Hacker News in 2013.
const PENALISED: f64 = 0.4;
/// Threads of more visible items may be overheated (Hacker News: `contro-factor`).
const OVERHEATED_ABOVE: i64 = 20;

/// Stories above a new job (observed: jobs start near rank 6).
const JOB_STARTS_BELOW: i64 = 5;
/// Seconds in which a job falls by one rank. Ours: it leaves the first page after about eight hours.
const JOB_FALLS_EVERY: i64 = 20 * MINUTE;

/// Stories above one with a second chance: the front page shows 30.
const SECOND_CHANCE_BELOW: usize = 24;

/// Seconds until a comment no longer counts as activity (Hacker News: 1,500 minutes in `active-rank`).
const ACTIVE_FOR: i64 = 25 * HOUR;

/// Normal quantile of a one-sided 90 % bound (as Lobsters).
const Z: f64 = 1.281_551_565_545;
/// The author's implicit upvote, the prior of an unvoted comment.
const OWN_VOTE: i64 = 1;
/// Initial gain of a new comment, as a share of its bound.
const FRESH_GAIN: f64 = 1.5;
/// Exponent of the decay: the gain halves about every two hours.
const FRESH_POWER: i32 = 8;
/// Seconds until the gain is zero.
const FRESH_FOR: i64 = DAY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoryFacts {
    pub id: ItemId,
    pub score: i64,
    pub rank_time: Timestamp,
    pub comments: i64,
    /// Weight of the flags, in hundredths.
    pub flags: i64,
    pub has_url: bool,
    pub lightweight: bool,
    pub kind_is_job: bool,
    pub penalised: bool,
}

impl StoryFacts {
    /// Leaves `penalised` false, which an item does not include.
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

/// Whether a URL is an image (Hacker News: by its extension).
pub fn is_lightweight(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    [".png", ".jpg", ".jpeg"].iter().any(|ending| url.ends_with(ending))
}

/// `(S - 1)^0.8 / ((age in minutes + 120) / 60)^1.8 × factor`, where `S - 1` has no exponent unless positive
/// (Hacker News: `frontpage-rank`). Negative ages count as zero.
pub fn story_rank(score: i64, age_seconds: i64, factor: f64) -> f64 {
    let points = score.saturating_sub(1) as f64;
    let base = if points > 0.0 { points.powf(POINTS_POWER) } else { points };
    let minutes = age_seconds.max(0) as f64 / MINUTE as f64;
    base / ((minutes + TIMEBASE) / 60.0).powf(GRAVITY) * factor
}

/// The product of a story's penalties: 0.4 without a URL, else the overheating factor, at most 0.3 for an
/// image (Hacker News: `frontpage-rank`, first rule that applies); × 0.4 for a penalised site; × the flag
/// factor.
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

/// `min(1, (S / items)^2)` above 20 items: more comments than points.
fn overheated(score: i64, comments: i64) -> f64 {
    let items = comments.saturating_add(1);
    if items <= OVERHEATED_ABOVE {
        return 1.0;
    }
    (score as f64 / items as f64).powi(2).min(1.0)
}

/// The front page, best first; ties by time and id, newest first. A job starts below five stories and falls
/// one rank every 20 minutes.
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

/// The rank time that puts a story into the last third of the first page; `None` if it ranks there already.
/// (Hacker News: at random near the bottom of the page). Solves the rank of the story at that position for
/// the age: `age = 60 × (base × factor / rank)^(1 / 1.8) - 120` minutes. A story with too few points ranks as
/// new.
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
    // The rank at an age of zero, without its divisor.
    let at_one = story_rank(story.score, 0, factor(story)) * (TIMEBASE / 60.0).powf(GRAVITY);
    if there <= 0.0 || at_one <= 0.0 {
        return Some(now);
    }
    let minutes = 60.0 * (at_one / there).powf(1.0 / GRAVITY) - TIMEBASE;
    #[expect(clippy::cast_possible_truncation, reason = "a float's cast stops at the ends of the range")]
    let age = (minutes.max(0.0) * MINUTE as f64).floor() as i64;
    Some(now.minus(age))
}

/// Threads by activity, given each comment's root and time: the sum of `max(0, 1500 - age in minutes)`
/// (Hacker News: `active-rank`), then latest comment, then id. Threads without recent comments come last.
pub fn active(comments: impl Iterator<Item = (ItemId, Timestamp)>, now: Timestamp) -> Vec<ItemId> {
    let mut comments: Vec<(ItemId, Timestamp)> = comments.collect();
    comments.sort_unstable();
    let mut threads: Vec<(i64, Timestamp, ItemId)> = comments
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|thread| {
            let &(root, latest) = thread.last()?;
            // Whole seconds, so that the sum does not depend on the order.
            let life =
                thread.iter().map(|(_, time)| ACTIVE_FOR - now.since(*time).clamp(0, ACTIVE_FOR)).sum();
            Some((life, latest, root))
        })
        .collect();
    threads.sort_unstable_by_key(|thread| Reverse(*thread));
    threads.into_iter().map(|(_, _, root)| root).collect()
}

/// Lower bound of the Wilson score interval of the share of upvotes; 0 without votes. Sources: E. B. Wilson,
/// "Probable inference, the law of succession, and statistical inference", 1927; E. Miller, "How not to sort
/// by average rating", 2009. Negative counts are treated as zero.
pub fn wilson(ups: i64, downs: i64) -> f64 {
    let (ups, downs) = (ups.max(0) as f64, downs.max(0) as f64);
    let n = ups + downs;
    if n == 0.0 {
        return 0.0;
    }
    let share = ups / n;
    let z2 = Z * Z;
    let margin = Z * ((share * (1.0 - share) + z2 / (4.0 * n)) / n).sqrt();
    // Rounding may give a negative result without upvotes.
    ((share + z2 / (2.0 * n) - margin) / (1.0 + z2 / n)).clamp(0.0, 1.0)
}

/// Sort key of the order "best", total and ascending:
/// 1. worth, descending: `wilson(ups + 1, downs) × (1 + 1.5 × (1 - age / 24 h)^8)`, with the author's
///    implicit vote. The second factor lifts a new comment to the top, where it can be judged, and decays
///    within a day; an imported rank replaces it. Flags scale the product as in a story's rank.
/// 2. `import_rank`; comments without one come last;
/// 3. time, then id.
///
/// Replies do not count: they measure controversy as much as worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BestKey {
    // The bits of a non-negative float sort like the number.
    worth: Reverse<u64>,
    unplaced: bool,
    import_rank: i64,
    time: Timestamp,
    id: ItemId,
}

impl BestKey {
    pub fn of(comment: &Item, now: Timestamp) -> BestKey {
        let fresh = if comment.import_rank.is_some() { 0.0 } else { freshness(comment, now) };
        let worth = wilson(comment.ups.saturating_add(OWN_VOTE), comment.downs)
            * (1.0 + FRESH_GAIN * fresh)
            * flagged(comment.score, comment.standing_flags());
        BestKey {
            worth: Reverse(worth.to_bits()),
            unplaced: comment.import_rank.is_none(),
            import_rank: comment.import_rank.unwrap_or(0),
            time: comment.time,
            id: comment.id,
        }
    }
}

/// From 1 when it becomes visible to 0 a day later.
fn freshness(comment: &Item, now: Timestamp) -> f64 {
    let age = now.since(comment.time.max(comment.visible_at)).clamp(0, FRESH_FOR);
    (1.0 - age as f64 / FRESH_FOR as f64).powi(FRESH_POWER)
}

/// Fade level of the text: 0 from a score of 1; 1 to 4 for 0, -1, -2, and -3 or less. As on Hacker News, with
/// its last two steps merged for legibility.
pub fn fade(score: i64) -> u8 {
    match score {
        1.. => 0,
        0 => 1,
        -1 => 2,
        -2 => 3,
        _ => 4,
    }
}

pub fn displayed_score(score: i64) -> i64 {
    score.max(FLOOR)
}

#[cfg(test)]
mod tests;
