//! `stoa serve`: answers until it is told to stop, then finishes what it was asked.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use tokio::signal::unix::{SignalKind, signal};

use crate::clock::Clock;
use crate::config::Config;
use crate::fetch::Fetcher;
use crate::store::Store;
use crate::web::{self, App};

/// How long running requests may take to finish once the process is told to stop.
const GRACE: Duration = Duration::from_secs(20);
/// How long the head of a request may take to arrive.
const HEAD: Duration = Duration::from_secs(10);

pub async fn run(config: Config, clock: Clock) -> anyhow::Result<ExitCode> {
    let filter = config.log_filter().unwrap_or_default();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let listener = std::net::TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {}: is another program, or another Stoa, there?", config.listen))?;
    listener.set_nonblocking(true)?;
    let store = Store::open(&config.database).await?;
    let fetcher = Fetcher::new(&format!("Stoa/{} (+{})", env!("CARGO_PKG_VERSION"), config.base_url))?;
    let app = App::new(config, store.clone(), clock, fetcher);
    greet(&app).await?;

    let handle = Handle::new();
    tokio::spawn(stop_on_signal(handle.clone()));
    tokio::spawn(crate::jobs::run(app.clone()));
    tokio::spawn(crate::jobs::notice_others(app.clone()));
    let service = web::router(app)?.into_make_service_with_connect_info::<SocketAddr>();
    let mut server =
        axum_server::from_tcp(listener)?.acceptor(NoDelayAcceptor::new()).first_request_timeout(HEAD).handle(handle);
    server.http_builder().http1().header_read_timeout(HEAD).max_buf_size(64 * 1024);
    server.serve(service).await?;
    store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Says where the forum is. The first admin's link goes to plain standard error and never into the log.
async fn greet(app: &App) -> anyhow::Result<()> {
    let config = &app.config;
    tracing::info!(address = %config.listen, database = %config.database.display(), "Stoa answers at {}", config.base_url);
    if !config.limits.is_on() {
        tracing::warn!("limits are off: anybody may do anything as often as they like");
    }
    if !app.store.has_admin().await?
        && let Some(path) = app.setup.path()
    {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "\nThere is no admin yet. Become one within 24 hours at\n\n    {}{path}\n", config.base_url)?;
    }
    Ok(())
}

async fn stop_on_signal(handle: Handle<SocketAddr>) {
    let signals = signal(SignalKind::terminate()).and_then(|term| Ok((term, signal(SignalKind::interrupt())?)));
    match signals {
        Ok((mut terminate, mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::info!("stopping: running requests are finished first");
            handle.graceful_shutdown(Some(GRACE));
        }
        Err(error) => tracing::error!(%error, "signals cannot be listened to"),
    }
}
