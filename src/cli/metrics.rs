//! Serves metrics, beside the site and on an address of their own.

use std::net::TcpListener;
use std::sync::Arc;

use crate::config::ServerSettings;
use crate::metrics::{Exposition, MetricKind};
use crate::server::ServerHandle;
use crate::web::App;

/// Several Prometheus servers and somebody who looks; one address has a quarter.
const MAX_CONNECTIONS: u32 = 16;

/// Serves until the process ends, so that it can be watched while it stops.
pub(super) fn serve(app: &App, site: &ServerHandle, listener: TcpListener) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "metrics are at http://{address}/metrics");
    let site = site.clone();
    let router = app.metrics_router(Arc::new(move |to| write_connections(&site, to)));
    let settings = ServerSettings { max_connections: MAX_CONNECTIONS, ..app.config.clone() };
    let server = ServerHandle::new(app.timeouts);
    tokio::spawn(async move {
        if let Err(error) = server.serve(router, listener, &settings).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    Ok(())
}

fn write_connections(site: &ServerHandle, to: &mut Exposition) {
    let metrics = site.metrics();
    to.gauge("stoa_connections", "Open connections to the site.", site.connections());
    let help = "Connections that were accepted.";
    to.counter("stoa_connections_accepted_total", help, metrics.accepted.value());
    let help = "Connections that were closed: at once, as their address had its share, or to make room.";
    let mut family = to.family("stoa_connections_closed_total", MetricKind::Counter, help);
    family.sample(&[("reason", "share_of_address")], metrics.refused.value());
    family.sample(&[("reason", "room_for_others")], metrics.evicted.value());
}
