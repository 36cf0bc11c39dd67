//! `stoa generate`: generated data for tests and benchmarks. The same seed gives the same site.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use fastrand::Rng;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::{Clock, DAY, HOUR, Timestamp};
use crate::config::within;
use crate::domain::items::item::Kind;
use crate::domain::items::title::section;
use crate::domain::url::StoryUrl;
use crate::domain::votes::vote::{Direction, FLOOR};
use crate::store::{ImportedVote, NewItem, Store};

/// Approximate items per transaction. Votes are written by voter, so larger batches touch each page less
/// often.
const BATCH: usize = 20_000;
/// Authors of the long threads: constant, so that the threads are the same on a site of any size.
const REGULARS: u32 = 200;
/// Maximum upvotes stored per item; the remaining points are base points, as in an import, to save time.
const VOTERS: i64 = 20;
const MOST: i64 = 3_000;
const MOST_DOWN: i64 = 1 - FLOOR;
const FREQUENT_WORDS: [&str; 64] = [
    "the", "a", "of", "and", "to", "in", "is", "that", "it", "for", "was", "on", "are", "as", "with", "they",
    "be", "at", "one", "have", "this", "from", "by", "not", "but", "what", "some", "we", "can", "out",
    "other", "were", "memory", "harbour", "compiler", "market", "garden", "winter", "signal", "paper",
    "engine", "language", "number", "light", "question", "city", "river", "machine", "history", "letter",
    "school", "music", "theory", "window", "kernel", "budget", "forest", "island", "planet", "protocol",
    "archive", "bridge", "tide", "clock",
];
const SYLLABLES: [&str; 16] =
    ["ba", "ke", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "zu", "ha"];

#[derive(Debug, clap::Args)]
pub struct Generate {
    /// Number of users
    #[arg(long, default_value_t = 200, allow_negative_numbers = true)]
    #[arg(value_parser = within(1..=10_000_000_u32))]
    pub users: u32,
    /// Number of stories
    #[arg(long, default_value_t = 1_000, allow_negative_numbers = true)]
    #[arg(value_parser = within(1..=10_000_000_u32))]
    pub stories: u32,
    /// Number of comments
    #[arg(long, default_value_t = 10_000, allow_negative_numbers = true)]
    #[arg(value_parser = within(0..=100_000_000_u32))]
    pub comments: u32,
    /// Additional newest stories with these numbers of comments, the same on a site of any size
    #[arg(long, value_delimiter = ',', default_value = "650,3000", value_parser = within(0..=1_000_000_u32))]
    pub long: Vec<u32>,
    /// Random seed
    #[arg(long, default_value_t = 1, allow_negative_numbers = true)]
    #[arg(value_parser = within(0..=u64::MAX))]
    pub seed: u64,
}

pub async fn run(args: Generate, store: &Store, clock: &Clock) -> anyhow::Result<ExitCode> {
    let (stories, comments) = make(&args, store, clock.now()).await?;
    writeln!(std::io::stdout(), "Made {stories} stories and {comments} comments by {} people.", args.users)?;
    Ok(ExitCode::SUCCESS)
}

/// Generates the site into an empty database; returns the number of stories and comments.
pub async fn make(args: &Generate, store: &Store, now: Timestamp) -> anyhow::Result<(u64, u64)> {
    if args.users == 0 || args.stories == 0 {
        bail!("a site needs at least one of --users and one of --stories");
    }
    if !store
        .newest(crate::store::DeadFilter::All, None, crate::store::ItemCursor::first(1))
        .await?
        .is_empty()
    {
        bail!("there are stories in {} already: name a new one with --database", store.address());
    }
    let stories = u64::from(args.stories) + args.long.len() as u64;
    let comments: u64 = args.long.iter().chain([&args.comments]).map(|count| u64::from(*count)).sum();
    let bar = ProgressBar::new(stories + comments).with_style(ProgressStyle::with_template(
        "{wide_bar} {human_pos} of {human_len} items, {per_sec}, {eta} left",
    )?);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut site = Generator { rng: Rng::with_seed(args.seed), users: args.users, next: 1, now };
    let mut batch = Vec::with_capacity(BATCH);
    for (nth, comments) in shares(args, &mut site.rng).into_iter().enumerate() {
        let newer = stories.saturating_sub(nth as u64);
        if nth as u64 >= u64::from(args.stories) {
            site.rng = Rng::with_seed(args.seed.wrapping_add(newer));
            site.users = args.users.min(REGULARS);
        }
        site.thread(age(newer), comments, &mut batch);
        if batch.len() >= BATCH {
            bar.inc(batch.len() as u64);
            store.import(&batch, 0).await?;
            batch.clear();
        }
    }
    store.import(&batch, 0).await?;
    bar.finish_and_clear();
    Ok((stories, comments))
}

/// Comments per story, oldest first, with a long-tailed distribution.
fn shares(args: &Generate, rng: &mut Rng) -> Vec<u64> {
    let left = u64::from(args.comments);
    let weights: Vec<f64> = (0..args.stories).map(|_| (1.0 - rng.f64()).powf(-0.8)).collect();
    let sum: f64 = weights.iter().sum();
    let mut shares: Vec<u64> = weights.iter().map(|weight| whole(weight / sum * left as f64)).collect();
    let mut missing = left.saturating_sub(shares.iter().sum());
    while missing > 0 {
        if let Some(share) = rng.choice(shares.iter_mut()) {
            *share += 1;
        }
        missing -= 1;
    }
    shares.extend(args.long.iter().rev().map(|count| u64::from(*count)));
    shares
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count that is a u64"
)]
fn whole(share: f64) -> u64 {
    share.max(0.0) as u64
}

fn age(newer: u64) -> i64 {
    i64::try_from(newer).unwrap_or(i64::MAX).saturating_mul(DAY / 100)
}

fn name(person: u32) -> String {
    format!("user{person}")
}

#[derive(Clone, Copy)]
struct GeneratedComment {
    id: i64,
    by: u32,
    at: Timestamp,
    depth: u32,
}

struct Generator {
    rng: Rng,
    users: u32,
    next: i64,
    now: Timestamp,
}

impl Generator {
    fn thread(&mut self, age: i64, comments: u64, batch: &mut Vec<NewItem>) {
        let by = self.random_user();
        let story = self.story(age, by);
        let mut above = vec![GeneratedComment { id: story.source_id, by, at: story.time, depth: 0 }];
        batch.push(story);
        for _ in 0..comments {
            // A third reply to the story, the others rather to late comments, for deep threads.
            let at = if self.rng.u8(0..3) == 0 { 0 } else { above.len() - 1 - self.late(above.len()) };
            let Some(&parent) = above.get(at) else { continue };
            let by = self.random_user();
            let comment = self.comment(parent, by);
            if parent.depth < 30 {
                above.push(GeneratedComment {
                    id: comment.source_id,
                    by,
                    at: comment.time,
                    depth: parent.depth + 1,
                });
            }
            batch.push(comment);
        }
    }

    fn late(&mut self, len: usize) -> usize {
        self.rng.usize(0..len).min(self.rng.usize(0..len))
    }

    /// The smaller of two draws, so that a few users are the most active.
    fn random_user(&mut self) -> u32 {
        self.rng.u32(0..self.users).min(self.rng.u32(0..self.users))
    }

    /// Points above the first, with a long tail that `steepness` shortens.
    fn points(&mut self, steepness: f64) -> i64 {
        i64::try_from(whole((1.0 - self.rng.f64()).powf(-steepness))).unwrap_or(MOST).min(MOST) - 1
    }

    fn story(&mut self, age: i64, by: u32) -> NewItem {
        let time = self.now.minus(age);
        let title = self.title();
        let has_url = self.rng.u8(0..10) > 0;
        let site = self.rng.u32(0..500);
        let url = has_url
            .then(|| StoryUrl::parse(&format!("https://site-{site}.example/{}", self.next)).ok())
            .flatten();
        let text = if has_url { String::new() } else { self.text() };
        let mut story = NewItem {
            section: section(&title, ""),
            title: Some(title),
            url,
            ..self.item(Kind::Story, by, time, text)
        };
        let points = 1 + self.points(1.1);
        self.vote_up(&mut story, points, by);
        story
    }

    /// Most comments get 1 to 3 points, one in fifty more than ten; one in twelve is downvoted.
    fn comment(&mut self, parent: GeneratedComment, by: u32) -> NewItem {
        let wait =
            i64::from(self.rng.u32(60..7_200)).min(self.now.since(parent.at).max(2) / 2).min(12 * HOUR);
        let text = self.text();
        let mut comment = self.item(Kind::Comment, by, parent.at.plus(wait), text);
        comment.parent = Some(parent.id);
        let points = self.points(0.6);
        self.vote_up(&mut comment, points, by);
        if self.rng.u8(0..12) == 0 {
            let points = 1 + self.points(0.6);
            // Authors cannot downvote replies to them.
            self.vote(&mut comment, Direction::Down, points.min(MOST_DOWN), &[by, parent.by]);
        }
        comment
    }

    fn vote_up(&mut self, item: &mut NewItem, points: i64, author: u32) {
        let cast = self.vote(item, Direction::Up, points.min(VOTERS), &[author]);
        item.points = Some(1 + points - cast);
    }

    fn vote(&mut self, item: &mut NewItem, dir: Direction, most: i64, never: &[u32]) -> i64 {
        let span = self.now.since(item.time).clamp(0, DAY);
        let mut cast = 0;
        for _ in 0..most {
            let (person, after) = (self.random_user(), self.rng.i64(0..=span));
            let voter = name(person);
            if !never.contains(&person) && item.votes.iter().all(|vote| vote.voter != voter) {
                item.votes.push(ImportedVote { voter, dir, at: item.time.plus(after) });
                cast += 1;
            }
        }
        cast
    }

    fn item(&mut self, kind: Kind, by: u32, time: Timestamp, text: String) -> NewItem {
        let id = self.next;
        self.next += 1;
        NewItem {
            source_id: id,
            kind,
            author: Some(name(by)),
            time,
            parent: None,
            import_rank: None,
            title: None,
            url: None,
            section: None,
            text,
            points: None,
            votes: Vec::new(),
            dead: false,
            deleted: false,
        }
    }

    fn title(&mut self) -> String {
        let words = self.rng.usize(4..10);
        let mut title = self.words(words);
        if let Some(first) = title.get_mut(0..1) {
            first.make_ascii_uppercase();
        }
        match self.rng.u8(0..20) {
            0 => format!("Ask: {title}?"),
            1 => format!("Show: {title}"),
            _ => title,
        }
    }

    /// One to five paragraphs, some 370 bytes on average.
    fn text(&mut self) -> String {
        let paragraphs = 1 + self.late(5);
        let mut text = String::new();
        for nth in 0..paragraphs {
            if nth > 0 {
                text.push_str("\n\n");
            }
            let words = 8 + self.late(60);
            let said = self.words(words);
            match self.rng.u8(0..20) {
                0 => text.push_str(&format!("> {said}")),
                1 => text.push_str(&format!("* {said}\n* {}", self.words(6))),
                2 => text.push_str(&format!("    let x = {};\n    call(x);", self.rng.u16(..))),
                3 => text.push_str(&format!(
                    "{said} <https://site-{}.example/page> *{}*.",
                    self.rng.u8(..),
                    self.words(2)
                )),
                _ => text.push_str(&format!("{said}.")),
            }
        }
        text
    }

    fn words(&mut self, count: usize) -> String {
        let mut text = String::with_capacity(count * 6);
        for nth in 0..count {
            if nth > 0 {
                text.push(' ');
            }
            self.push_word(&mut text);
        }
        text
    }

    /// Adds one of 32,767 words, as frequent as in a language: each about as rare as its rank is high (Zipf's
    /// law). The rare ones are invented.
    fn push_word(&mut self, text: &mut String) {
        let draw = self.rng.u64(..);
        let first = 1 << (draw % 15);
        let mut rank = usize::try_from(first - 1 + (draw >> 32) % first).unwrap_or_default();
        if let Some(word) = FREQUENT_WORDS.get(rank) {
            return text.push_str(word);
        }
        while rank > 0 {
            text.push_str(SYLLABLES.get(rank % SYLLABLES.len()).copied().unwrap_or_default());
            rank /= SYLLABLES.len();
        }
    }
}
