//! `stoa import FILE...`: imports threads from Hacker News' two APIs.

mod documents;
mod plan;
pub mod read;
mod record;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use indicatif::HumanCount;

use self::plan::Plan;
use self::read::ParsedFile;
use self::record::{Record, SourceLocation};
use crate::cli::progress::{Progress, Unit, started};
use crate::clock::{Clock, Timestamp};
use crate::domain::items::item::Kind;
use crate::domain::items::title::section;
use crate::domain::text::{self, from_hn_html};
use crate::domain::url::StoryUrl;
use crate::store::{NewItem, Store};

/// Approximate items per transaction: a compromise between overhead and how long a running server's writes
/// wait.
const BATCH: usize = 2_000;

/// In characters; those of Hacker News have at most 80.
const LONGEST_TITLE: usize = 300;

const SHORT_NAME: &str = "HN";

/// Import threads from Hacker News
///
/// FILE contains items in the format of the Firebase API (one per line, or one list) or of the Algolia API
/// (an item with nested comments). Importing the same file again changes nothing.
#[derive(Debug, Clone, clap::Args)]
pub struct Import {
    /// Files of items, one per line or as one document
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Stop at the first bad record and write nothing
    #[arg(long)]
    pub strict: bool,
}

/// The outcome of an import. `Display` prints the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub new: usize,
    pub known: usize,
    pub skipped: usize,
    pub bad: usize,
    /// Stories imported without their URL because it is not a web address.
    pub not_web: usize,
    pub cut: usize,
    /// With `--strict`, nothing was written because of a bad record.
    pub stopped: bool,
    pub took: Duration,
}

/// Imports the files and reports on the terminal. Fails only if a file or the database fails; bad data is
/// reported and gives exit code 1.
pub async fn run(args: Import, store: &Store, clock: &Clock) -> anyhow::Result<ExitCode> {
    let mut err = io::stderr();
    let is_terminal = err.is_terminal();
    let report = import(&args, store, clock, &mut err, is_terminal).await?;
    writeln!(io::stdout(), "{report}")?;
    Ok(if report.bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Imports the files; bad records, renamed users and progress go to `out`.
pub async fn import(
    args: &Import,
    store: &Store,
    clock: &Clock,
    out: &mut (dyn Write + Send),
    is_terminal: bool,
) -> anyhow::Result<Report> {
    let began = started();
    let now = clock.now();
    let found = read_files(args, now, out, is_terminal)?;
    let stops = |bad: usize| args.strict && bad > 0;
    let plan = if stops(found.bad.len()) {
        Plan { bad: found.bad, ..Plan::default() }
    } else {
        let known = store.imported(&plan::source_ids(&found)).await?;
        plan::plan(found, &known)
    };
    let stopped = stops(plan.bad.len());
    for bad in plan.bad.iter().take(if stopped { 1 } else { usize::MAX }) {
        writeln!(out, "{}: {}", bad.spot.of(&args.files), bad.reason)?;
    }
    let mut report = Report {
        known: plan.known,
        skipped: plan.skipped,
        bad: plan.bad.len(),
        stopped,
        ..Report::default()
    };
    if !stopped {
        write(plan.threads, (store, &args.files), &mut report, out, is_terminal).await?;
    }
    report.took = began.elapsed();
    Ok(report)
}

fn read_files(
    args: &Import,
    now: Timestamp,
    out: &mut (dyn Write + Send),
    is_terminal: bool,
) -> anyhow::Result<ParsedFile> {
    let mut files = Vec::new();
    let mut total = 0;
    for path in &args.files {
        let cannot = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(cannot)?;
        total += file.metadata().with_context(cannot)?.len();
        files.push(BufReader::with_capacity(1 << 16, file));
    }
    let mut found = ParsedFile::default();
    let stops = |found: &ParsedFile| args.strict && !found.bad.is_empty();
    let mut progress = Progress::new("Reading", Unit::Bytes, total, is_terminal);
    for (number, (file, path)) in files.into_iter().zip(&args.files).enumerate() {
        let mut said = Ok(());
        read::read(file, number, now.0, &mut found, |bytes, found| {
            said = progress.add(bytes, out);
            said.is_ok() && !stops(found)
        })
        .with_context(|| format!("cannot read {}", path.display()))?;
        said?;
        if stops(&found) {
            break;
        }
    }
    progress.end();
    Ok(found)
}

async fn write(
    threads: Vec<Vec<Record>>,
    (store, files): (&Store, &[PathBuf]),
    report: &mut Report,
    out: &mut (dyn Write + Send),
    is_terminal: bool,
) -> anyhow::Result<()> {
    let total = threads.iter().map(Vec::len).sum::<usize>();
    let highest = threads.iter().flatten().map(|record| record.id).max().unwrap_or(0);
    let mut progress = Progress::new("Writing", Unit::Items, total as u64, is_terminal);
    let mut threads = threads.into_iter();
    let mut next = || {
        let batch = batch(&mut threads);
        (!batch.is_empty()).then(|| tokio::task::spawn_blocking(move || convert(&batch)))
    };
    let mut renamed = BTreeSet::new();
    let mut coming = next();
    while let Some(batch) = coming {
        let converted = batch.await?;
        coming = next();
        report.not_web += converted.iter().filter(|converted| converted.is_not_web).count();
        for Converted { spot, cuts, .. } in &converted {
            for cut in cuts {
                writeln!(out, "{}: {cut}", spot.of(files))?;
                report.cut += 1;
            }
        }
        let items: Vec<NewItem> = converted.into_iter().map(|converted| converted.item).collect();
        let imported = store.import(&items, highest).await?;
        report.new += imported.new;
        report.known += imported.known;
        renamed.extend(imported.renamed);
        progress.add(items.len() as u64, out)?;
    }
    progress.end();
    for (name, here) in renamed {
        writeln!(
            out,
            "The name {name} belongs to a member here, so what {name} wrote there appears under {here}."
        )?;
    }
    Ok(())
}

fn batch(threads: &mut impl Iterator<Item = Vec<Record>>) -> Vec<Record> {
    let mut batch = Vec::new();
    while batch.len() < BATCH {
        match threads.next() {
            Some(thread) => batch.extend(thread),
            None => break,
        }
    }
    batch
}

struct Converted {
    spot: SourceLocation,
    item: NewItem,
    is_not_web: bool,
    /// Truncated parts, each completing “FILE:LINE: …”.
    cuts: Vec<String>,
}

fn convert(records: &[Record]) -> Vec<Converted> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = records.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let shares: Vec<_> = records
            .chunks(share)
            .map(|records| scope.spawn(|| records.iter().map(converted).collect::<Vec<_>>()))
            .collect();
        let mut items = Vec::with_capacity(records.len());
        for share in shares {
            match share.join() {
                Ok(done) => items.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        items
    })
}

fn converted(record: &Record) -> Converted {
    let url = record.url.as_deref().map(StoryUrl::parse);
    let is_not_web = matches!(url, Some(Err(_)));
    let mut cuts = Vec::new();
    let mut cut = |what: &str| cuts.push(format!("item {}: {what}", record.id));
    let mut title = record.title.clone();
    if let Some(long) = title.take_if(|title| title.chars().nth(LONGEST_TITLE).is_some()) {
        cut(&format!("its title has more than {LONGEST_TITLE} characters and was cut"));
        title = Some(text::shortened(long, LONGEST_TITLE));
    }
    let mut text = from_hn_html(&record.text);
    let kept = match text::longest(&text) {
        Cow::Owned(kept) => Some(kept),
        Cow::Borrowed(_) => None,
    };
    if let Some(kept) = kept {
        cut(&format!(
            "its text has {} KB, more than {}, and was cut",
            text.len() >> 10,
            text::MAX_TEXT_BYTES >> 10
        ));
        text = kept;
    }
    let item = NewItem {
        source_id: record.id,
        kind: record.kind,
        author: record.by.clone(),
        time: Timestamp(record.time),
        parent: record.parent,
        import_rank: record.place,
        section: title
            .as_deref()
            .filter(|_| record.kind == Kind::Story)
            .and_then(|title| section(title, SHORT_NAME)),
        title,
        url: url.and_then(Result::ok),
        text,
        points: record.points,
        votes: Vec::new(),
        dead: record.dead,
        deleted: record.deleted,
    };
    Converted { spot: record.spot, item, is_not_web, cuts }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.stopped {
            return f.write_str("Stopped at the first bad record. Nothing was imported.");
        }
        write!(f, "Imported {}", counted(self.new, "item"))?;
        let skipped = (self.skipped > 0).then(|| format!("{} skipped", counted(self.skipped, "thread")));
        let known = (self.known > 0).then(|| format!("{} known", HumanCount(self.known as u64)));
        let beside: Vec<String> = [skipped, known].into_iter().flatten().collect();
        if !beside.is_empty() {
            write!(f, " ({})", beside.join(", "))?;
        }
        write!(f, " in {:.1} s.", self.took.as_secs_f64())?;
        if self.bad > 0 {
            write!(f, " {} listed above.", were(self.bad, "bad record"))?;
        }
        if self.cut > 0 {
            write!(f, " {} cut and listed above.", were(self.cut, "overlong field"))?;
        }
        if self.not_web > 0 {
            write!(f, " {} dropped.", were(self.not_web, "non-HTTP link"))?;
        }
        Ok(())
    }
}

fn counted(n: usize, noun: &str) -> String {
    let plural = match noun {
        _ if n == 1 => "",
        _ if noun.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {noun}{plural}", HumanCount(n as u64))
}

fn were(n: usize, noun: &str) -> String {
    format!("{} {}", counted(n, noun), if n == 1 { "was" } else { "were" })
}
