//! `stoa reindex`: builds the search index anew.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use crate::cli::progress::{Progress, Unit};
use crate::config::Config;
use crate::jobs::rebuild_search_index;
use crate::search::SearchIndex;
use crate::store::Store;

pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let store = Store::open_existing(&config.server.database).await?;
    let index = SearchIndex::new(config.server.search_directory());
    let total = u64::try_from(store.count_items().await?).unwrap_or_default();
    let mut stderr = std::io::stderr();
    let mut progress = Progress::new("Indexing", Unit::Items, total, stderr.is_terminal());
    let mut read = 0_u64;
    let mut told = |more: u64| {
        read = read.saturating_add(more);
        // A terminal that is gone stops nothing.
        let _ = progress.add(more, &mut stderr);
    };
    rebuild_search_index(&store, &index, &mut told).await?;
    progress.end();
    store.close().await;
    writeln!(std::io::stdout(), "Indexed {read} items in {}.", index.directory().display())?;
    Ok(ExitCode::SUCCESS)
}
