//! The `stoa` command.

use std::io::Write;
use std::process::ExitCode;

use stoa::cli::{Cli, exit_code, in_one_line, run};

/// Returns memory after password hashing, which the system allocator does not.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    run(Cli::read()).await.unwrap_or_else(|error| {
        // There is nowhere left to report a failure here.
        let _ = writeln!(std::io::stderr(), "stoa: {}", in_one_line(&error));
        exit_code(&error)
    })
}
