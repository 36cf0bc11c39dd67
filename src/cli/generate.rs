//! `stoa generate`: a made-up site of any size, to try the forum out and to measure it. The same seed makes the same site.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;
use fastrand::Rng;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::{Clock, DAY, HOUR, Timestamp};
use crate::domain::item::Kind;
use crate::domain::title::section;
use crate::domain::url::StoryUrl;
use crate::store::{NewItem, Store};

/// Items of one transaction, about.
const BATCH: usize = 5_000;
/// The people who write in the long threads: not more on a larger site, so that the threads stay the same.
const REGULARS: u32 = 200;

#[derive(Debug, clap::Args)]
pub struct Generate {
    /// How many people write
    #[arg(long, default_value_t = 200)]
    users: u32,
    /// How many stories there are
    #[arg(long, default_value_t = 1_000)]
    stories: u32,
    /// How many comments they have between them
    #[arg(long, default_value_t = 10_000)]
    comments: u32,
    /// Beside those, the newest stories: one for each number, with so many comments, the same on a site of any size
    #[arg(long, value_delimiter = ',', default_value = "650,3000")]
    long: Vec<u32>,
    /// Another number, another site
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Makes the site, in a database that has no items yet.
pub async fn run(args: Generate, store: &Store, clock: &Clock) -> anyhow::Result<ExitCode> {
    if args.users == 0 || args.stories == 0 {
        bail!("a site needs at least one of --users and one of --stories");
    }
    if !store.newest(crate::store::Dead::All, None, crate::store::Page::first(1)).await?.is_empty() {
        bail!("there are stories in {} already: name a new one with --database", store.path().display());
    }
    let stories = u64::from(args.stories) + args.long.len() as u64;
    let comments: u64 = args.long.iter().chain([&args.comments]).map(|count| u64::from(*count)).sum();
    let bar = ProgressBar::new(stories + comments).with_style(ProgressStyle::with_template(
        "{wide_bar} {human_pos} of {human_len} items, {per_sec}, {eta} left",
    )?);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let now = clock.now();
    let mut site = Site { rng: Rng::with_seed(args.seed), users: args.users, next: 1, now };
    let mut batch = Vec::with_capacity(BATCH);
    for (nth, comments) in shares(&args, &mut site.rng).into_iter().enumerate() {
        let newer = stories.saturating_sub(nth as u64);
        if nth as u64 >= u64::from(args.stories) {
            site.rng = Rng::with_seed(args.seed.wrapping_add(newer));
            site.users = args.users.min(REGULARS);
        }
        site.thread(age(newer), comments, &mut batch);
        if batch.len() >= BATCH {
            bar.inc(batch.len() as u64);
            store.import(&batch, 0, now).await?;
            batch.clear();
        }
    }
    store.import(&batch, 0, now).await?;
    bar.finish_and_clear();
    writeln!(std::io::stdout(), "Made {stories} stories and {comments} comments by {} people.", args.users)?;
    Ok(ExitCode::SUCCESS)
}

/// How many comments each story has, the oldest first: few have many, as is usual.
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count that is a u64")]
fn whole(share: f64) -> u64 {
    share.max(0.0) as u64
}

/// How long ago a story was submitted that is the nth newest of all, in seconds: a hundred a day.
fn age(newer: u64) -> i64 {
    i64::try_from(newer).unwrap_or(i64::MAX).saturating_mul(DAY / 100)
}

struct Site {
    rng: Rng,
    users: u32,
    /// The next item's id.
    next: i64,
    now: Timestamp,
}

impl Site {
    fn thread(&mut self, age: i64, comments: u64, batch: &mut Vec<NewItem>) {
        let story = self.story(age);
        let (root, began) = (story.source_id, story.time);
        batch.push(story);
        let mut above = vec![(root, began, 0_u32)];
        for _ in 0..comments {
            // One in three answers the story, the others somebody, more often somebody late: so threads grow deep.
            let at = if self.rng.u8(0..3) == 0 { 0 } else { above.len() - 1 - self.late(above.len()) };
            let Some(&(parent, said, depth)) = above.get(at) else { continue };
            let comment = self.comment(parent, said);
            if depth < 30 {
                above.push((comment.source_id, comment.time, depth + 1));
            }
            batch.push(comment);
        }
    }

    /// A number below `len`, small ones more likely.
    fn late(&mut self, len: usize) -> usize {
        self.rng.usize(0..len).min(self.rng.usize(0..len))
    }

    fn story(&mut self, age: i64) -> NewItem {
        let time = self.now.minus(age);
        let title = self.title();
        let has_url = self.rng.u8(0..10) > 0;
        let site = self.rng.u32(0..500);
        let url =
            has_url.then(|| StoryUrl::parse(&format!("https://site-{site}.example/{}", self.next)).ok()).flatten();
        let text = if has_url { String::new() } else { self.text() };
        let points = 1 + i64::try_from(whole((1.0 - self.rng.f64()).powf(-1.1))).unwrap_or(0).min(3_000);
        NewItem {
            section: section(&title, ""),
            title: Some(title),
            url,
            points: Some(points),
            ..self.item(Kind::Story, time, text)
        }
    }

    fn comment(&mut self, parent: i64, said: Timestamp) -> NewItem {
        let wait = i64::from(self.rng.u32(60..7_200)).min(self.now.since(said).max(2) / 2).min(12 * HOUR);
        let text = self.text();
        NewItem { parent: Some(parent), ..self.item(Kind::Comment, said.plus(wait), text) }
    }

    fn item(&mut self, kind: Kind, time: Timestamp, text: String) -> NewItem {
        let id = self.next;
        self.next += 1;
        // Few people write much: the smaller of two draws.
        let user = self.rng.u32(0..self.users).min(self.rng.u32(0..self.users));
        NewItem {
            source_id: id,
            kind,
            author: Some(format!("user{user}")),
            time,
            parent: None,
            place: None,
            title: None,
            url: None,
            section: None,
            text,
            points: None,
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

    /// One to five paragraphs, some 370 bytes on average, now and then with a quote, a list, code or a link.
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
        const WORDS: [&str; 64] = [
            "the", "a", "of", "and", "to", "in", "is", "that", "it", "for", "was", "on", "are", "as", "with", "they",
            "be", "at", "one", "have", "this", "from", "by", "not", "but", "what", "some", "we", "can", "out", "other",
            "were", "memory", "harbour", "compiler", "market", "garden", "winter", "signal", "paper", "engine",
            "language", "number", "light", "question", "city", "river", "machine", "history", "letter", "school",
            "music", "theory", "window", "kernel", "budget", "forest", "island", "planet", "protocol", "archive",
            "bridge", "tide", "clock",
        ];
        let mut text = String::with_capacity(count * 6);
        for nth in 0..count {
            if nth > 0 {
                text.push(' ');
            }
            text.push_str(self.rng.choice(WORDS).unwrap_or("word"));
        }
        text
    }
}
