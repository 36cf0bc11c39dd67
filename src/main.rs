//! The `stoa` command.

use std::io::Write;
use std::process::ExitCode;

use stoa::cli::{Cli, run};

/// Gives memory back after hashing passwords, which the system's own allocator does not, and keeps less than others that do.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    run(Cli::read()).await.unwrap_or_else(|error| {
        // What cannot be written here can be written nowhere.
        let _ = writeln!(std::io::stderr(), "stoa: {error:#}");
        ExitCode::FAILURE
    })
}
