//! The client's IP address.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::Extensions;
use http::header::{HeaderMap, HeaderValue};
use http::request::Parts;

use crate::config::CidrList;
use crate::domain::accounts::ip_hash::{IpHashes, Prefix};
use crate::web::state::App;

/// The client as limits count it: an IPv4 address or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp {
    network: IpAddr,
    /// A trusted proxy that names no client, and so is shared by many.
    is_shared_proxy: bool,
}

impl ClientIp {
    pub fn ip(self) -> IpAddr {
        self.network
    }

    /// The key for fair sharing; `None` for a shared proxy.
    pub fn fair_key(self) -> Option<IpAddr> {
        (!self.is_shared_proxy).then_some(self.network)
    }

    pub fn hashes(self, app: &App) -> IpHashes {
        app.store.ip_hash_key().hashes(self.network)
    }

    pub fn of_request(app: &App, headers: &HeaderMap, extensions: &Extensions) -> ClientIp {
        extensions.get().copied().unwrap_or_else(|| {
            let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            address(peer, headers, &app.config.trusted_proxies)
        })
    }
}

impl FromRequestParts<App> for ClientIp {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<ClientIp, Self::Rejection> {
        Ok(ClientIp::of_request(app, &parts.headers, &parts.extensions))
    }
}

/// The peer's address or, behind trusted proxies, the last untrusted X-Forwarded-For address.
fn address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &CidrList) -> ClientIp {
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical();
    let mut client = peer;
    if trusted.contains(peer) {
        let lines: Vec<&[u8]> =
            headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
        for part in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            // Entries before an unparsable one cannot be trusted.
            let Some(ip) = ip_of(part) else { break };
            client = ip.to_canonical();
            if !trusted.contains(client) {
                break;
            }
        }
    }
    ClientIp { network: Prefix::Address.network(client), is_shared_proxy: trusted.contains(client) }
}

fn ip_of(part: &[u8]) -> Option<IpAddr> {
    let part = std::str::from_utf8(part).ok()?.trim();
    let bare = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(part);
    bare.parse().ok().or_else(|| part.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let trusted: CidrList = "10.0.0.0/8".parse().expect("a net");
        for (peer, forwarded, expected) in [
            ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("10.0.0.1", "caf\u{e9}, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, \u{e9}", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.9:4321", "198.51.100.9"),
            ("10.0.0.1", "203.0.113.9, 198.51.100.9:4321, 10.0.0.7:80", "198.51.100.9"),
            ("10.0.0.1", "[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::"),
            ("10.0.0.1", "[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::"),
            ("10.0.0.1", "198.51.100.9:", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.9:99999", "10.0.0.1"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("::ffff:10.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            let mut headers = HeaderMap::new();
            headers
                .insert("x-forwarded-for", HeaderValue::from_bytes(forwarded.as_bytes()).expect("a header"));
            let found = address(peer.parse().ok(), &headers, &trusted);
            assert_eq!(found.network, expected.parse::<IpAddr>().expect("an address"), "{peer} {forwarded}");
        }
    }
}
