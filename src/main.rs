//! The `stoa` command.

use std::process::ExitCode;

use clap::Parser;
use stoa::cli::{Cli, run};

/// Gives memory back after hashing passwords, which the system's own allocator does not.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    run(Cli::parse()).await
}
