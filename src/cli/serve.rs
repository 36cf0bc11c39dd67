//! `stoa serve`: runs the server and shuts it down gracefully.

use std::ffi::OsString;
use std::io::{ErrorKind, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use anyhow::{Context, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::metrics;
use crate::clock::Clock;
use crate::config::{Config, ConfigError, Listen};
use crate::fetch::Fetcher;
use crate::logging;
use crate::server::ServerHandle;
use crate::store::{self, ActionContext, Store};
use crate::web::{self, App};

/// Serves until a signal ends it; `load` reads the settings again at SIGHUP.
pub async fn run(
    config: Config,
    load: impl Fn() -> Result<Config, ConfigError> + Send + 'static,
    clock: Clock,
) -> anyhow::Result<ExitCode> {
    let filter = config.server.log_filter()?;
    let colours = has_colours(std::io::stderr().is_terminal(), std::env::var_os("NO_COLOR"));
    let _log = logging::begin(filter, config.server.log_format, colours);
    // Installed first: by default a signal kills the process at once.
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let hangup = signal(SignalKind::hangup())?;
    raise_file_limit();
    let listener = bind(&config.server.listen)?;
    let metrics_listener = config.server.metrics_listen.as_ref().map(bind).transpose()?;
    let address = listener.local_addr()?;
    let store = Store::open(&config.server.database).await?;
    let fetcher = Fetcher::new(&format!("Stoa/{} (+{})", env!("CARGO_PKG_VERSION"), config.server.base_url))?;
    let app = App::new(config, store.clone(), clock, fetcher);
    app.community.refresh(&app.store).await?;
    keep_settings(&app).await?;
    print_banner(&app, address).await?;

    let server = ServerHandle::new(app.timeouts);
    for signal in [terminate, interrupt] {
        tokio::spawn(stop_on_signal(signal, app.clone(), server.clone()));
    }
    // A terminal sends SIGHUP when it is closed.
    if std::io::stdin().is_terminal() {
        tokio::spawn(stop_on_signal(hangup, app.clone(), server.clone()));
    } else {
        tokio::spawn(reload_on_signal(hangup, app.clone(), load));
    }
    crate::jobs::start(&app);
    if let Some(listener) = metrics_listener {
        metrics::serve(&app, &server, listener)?;
    }
    server.serve(web::router(app.clone())?, listener, &app.config).await?;
    store.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Each connection is an open file.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::debug!(%error, "the limit of open files was not raised");
    }
}

fn bind(listen: &Listen) -> anyhow::Result<TcpListener> {
    let given = || format!("{} is “{listen}”", listen.given_as);
    let addresses = listen.addresses().with_context(|| format!("{}: that name has no address", given()))?;
    TcpListener::bind(addresses.as_slice()).map_err(|error| {
        let wrong = match error.kind() {
            ErrorKind::AddrInUse => {
                "another program, or another Stoa, listens there already: stop it, or choose another port"
            }
            ErrorKind::AddrNotAvailable => {
                "this machine does not have that address: choose 127.0.0.1, 0.0.0.0 or one of its own"
            }
            ErrorKind::PermissionDenied => {
                "the system does not let you listen there: choose a port from 1024 on"
            }
            _ => "cannot listen there",
        };
        anyhow!(error).context(format!("{}: {wrong}", given()))
    })
}

/// Respects `NO_COLOR`, unless it is empty.
fn has_colours(is_terminal: bool, no_color: Option<OsString>) -> bool {
    is_terminal && no_color.is_none_or(|value| value.is_empty())
}

/// Prints the address. The first admin's link goes to plain standard error, never to the log.
async fn print_banner(app: &App, address: SocketAddr) -> anyhow::Result<()> {
    let config = &app.config;
    tracing::info!(%address, database = %config.database, "Stoa answers at {}", config.base_url);
    if !config.limits {
        tracing::warn!("limits are off: rate limits and per-address limits do not apply");
    }
    if !app.store.has_admin().await? {
        let path = app.setup.path();
        let mut stderr = std::io::stderr();
        writeln!(
            stderr,
            "\nThere is no admin yet. Become one within 24 hours at\n\n    {}{path}\n",
            config.base_url
        )?;
    }
    Ok(())
}

async fn stop_on_signal(mut signal: Signal, app: App, server: ServerHandle) {
    signal.recv().await;
    app.metrics.is_stopping.store(true, Ordering::Relaxed);
    tracing::info!("stopping: running requests are finished first");
    app.streams.stop();
    server.stop().await;
}

async fn reload_on_signal(
    mut hangup: Signal,
    app: App,
    load: impl Fn() -> Result<Config, ConfigError> + Send,
) {
    while hangup.recv().await.is_some() {
        match reload(&app, load()).await {
            Ok(()) => tracing::info!("the settings were reloaded"),
            Err(error) => tracing::error!("the settings were not reloaded: {error:#}"),
        }
    }
}

/// Replaces the community's settings. Those of the server stay until the next start.
async fn reload(app: &App, loaded: Result<Config, ConfigError>) -> anyhow::Result<()> {
    let config = loaded?;
    let changes = config.changes_of_server(&app.config);
    if !changes.is_empty() {
        tracing::warn!("changes of these settings need a restart: {}", changes.join(", "));
    }
    app.replace_settings(config);
    app.community.refresh(&app.store).await?;
    keep_settings(app).await?;
    Ok(())
}

/// Logs which settings differ from those that were in effect last, and warns of a pale accent.
async fn keep_settings(app: &App) -> Result<(), store::Error> {
    let config = app.community.config();
    if let Some(warning) = config.site.accent.warning() {
        tracing::warn!("accent: {warning}");
    }
    let act = ActionContext { actor: None, reason: "", at: app.clock.now() };
    app.store.keep_settings(&config.community_values(), act).await
}

#[cfg(test)]
mod tests {
    use super::has_colours;

    #[test]
    fn the_log_has_colours_on_a_terminal_unless_no_color_is_set() {
        assert!(has_colours(true, None) && has_colours(true, Some("".into())));
        assert!(!has_colours(true, Some("1".into())) && !has_colours(false, None));
    }
}
