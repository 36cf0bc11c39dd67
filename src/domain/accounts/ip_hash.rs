//! Keyed hashes of a client's address, its subnet and its wider network. With the key, all IPv4 addresses can
//! be tried; without it a row reveals nothing.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use sha2::{Digest, Sha256};

/// Prefix lengths in IPv4 and IPv6. The last 64 bits of an IPv6 address are chosen by its user and identify
/// nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix {
    /// /32 and /64
    Address,
    /// /24 and /48
    Subnet,
    /// /16 and /32
    Network,
}

impl Prefix {
    pub const ALL: [Prefix; 3] = [Prefix::Address, Prefix::Subnet, Prefix::Network];

    /// The network address; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn network(self, ip: IpAddr) -> IpAddr {
        let ip = ip.to_canonical();
        IpNet::new(ip, self.length(ip)).map_or(ip, |network| network.network())
    }

    fn length(self, ip: IpAddr) -> u8 {
        match (self, ip) {
            (Prefix::Address, IpAddr::V4(_)) => 32,
            (Prefix::Address, IpAddr::V6(_)) => 64,
            (Prefix::Subnet, IpAddr::V4(_)) => 24,
            (Prefix::Subnet, IpAddr::V6(_)) => 48,
            (Prefix::Network, IpAddr::V4(_)) => 16,
            (Prefix::Network, IpAddr::V6(_)) => 32,
        }
    }
}

/// 128 bits make collisions negligible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpHash([u8; 16]);

impl IpHash {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<IpHash> {
        bytes.try_into().ok().map(IpHash)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpHashes {
    pub address: IpHash,
    pub subnet: IpHash,
    pub network: IpHash,
    is_private: bool,
}

impl IpHashes {
    /// The hash of the address, if sharing it is evidence. A private address may be a whole office's or a
    /// proxy's.
    pub fn identifying(&self) -> Option<IpHash> {
        (!self.is_private).then_some(self.address)
    }
}

/// Whether an address is private, link-local or loopback.
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && b & 0b1100_0000 == 64;
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || is_shared
        }
        IpAddr::V6(ip) => {
            ip.is_unique_local() || ip.is_loopback() || ip.is_unicast_link_local() || ip.is_unspecified()
        }
    }
}

/// The site's secret key; without one, all IPv4 addresses could be hashed in minutes.
#[derive(Clone)]
pub struct IpHashKey([u8; 32]);

impl fmt::Debug for IpHashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IpHashKey")
    }
}

impl IpHashKey {
    pub fn new(secret: [u8; 32]) -> IpHashKey {
        IpHashKey(secret)
    }

    pub fn hashes(&self, ip: IpAddr) -> IpHashes {
        let ip = ip.to_canonical();
        let [address, subnet, network] = Prefix::ALL.map(|prefix| self.hash(ip, prefix.length(ip)));
        IpHashes { address, subnet, network, is_private: is_private(ip) }
    }

    /// The hash of a network, if its prefix length is one of those stored.
    pub fn network(&self, network: IpNet) -> Option<(Prefix, IpHash)> {
        let ip = network.addr();
        let prefix = Prefix::ALL.into_iter().find(|prefix| prefix.length(ip) == network.prefix_len())?;
        Some((prefix, self.hash(ip, network.prefix_len())))
    }

    /// The key, then a fixed-length message, which rules out length extension.
    fn hash(&self, ip: IpAddr, prefix: u8) -> IpHash {
        let (family, bits) = match ip {
            IpAddr::V4(ip) => (4, u128::from(ip.to_bits()) << 96),
            IpAddr::V6(ip) => (6, Ipv6Addr::to_bits(ip)),
        };
        let network = bits & u128::MAX.checked_shl(128_u32.saturating_sub(prefix.into())).unwrap_or(0);
        let mut message = Sha256::new_with_prefix(self.0);
        message.update([family, prefix]);
        message.update(network.to_be_bytes());
        IpHash(first_bits(message))
    }

    /// A hash of something else than an address, whose message is of another length and beginning.
    pub fn keyed_hash(&self, text: &[u8]) -> [u8; 16] {
        let mut message = Sha256::new_with_prefix(self.0);
        message.update([0]);
        message.update(Sha256::digest(text));
        first_bits(message)
    }
}

fn first_bits(message: Sha256) -> [u8; 16] {
    let mut hash = [0; 16];
    for (to, from) in hash.iter_mut().zip(message.finalize()) {
        *to = from;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_the_first_of_its_network() {
        for (ip, address, subnet) in [
            ("203.0.113.77", "203.0.113.77", "203.0.113.0"),
            ("::ffff:203.0.113.77", "203.0.113.77", "203.0.113.0"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::"),
        ] {
            let ip: IpAddr = ip.parse().expect("an address");
            let found = [Prefix::Address, Prefix::Subnet].map(|prefix| prefix.network(ip).to_string());
            assert_eq!(found, [address, subnet]);
        }
    }

    fn key(byte: u8) -> IpHashKey {
        IpHashKey::new([byte; 32])
    }

    fn hashes(address: &str) -> IpHashes {
        key(1).hashes(address.parse().expect("an address"))
    }

    #[test]
    fn neighbours_share_a_network_and_not_an_address() {
        for (one, other, address, subnet, network) in [
            ("203.0.113.5", "203.0.113.5", true, true, true),
            ("203.0.113.5", "::ffff:203.0.113.5", true, true, true),
            ("203.0.113.5", "203.0.113.6", false, true, true),
            ("203.0.113.5", "203.0.114.5", false, false, true),
            ("203.0.113.5", "203.1.113.5", false, false, false),
            ("2001:db8:1:2::5", "2001:db8:1:2:ffff::", true, true, true),
            ("2001:db8:1:2::5", "2001:db8:1:3::5", false, true, true),
            ("2001:db8:1:2::5", "2001:db8:2:2::5", false, false, true),
            ("2001:db8:1:2::5", "2001:db9:1:2::5", false, false, false),
            ("0.0.0.0", "::", false, false, false),
        ] {
            let (a, b) = (hashes(one), hashes(other));
            let found = (a.address == b.address, a.subnet == b.subnet, a.network == b.network);
            assert_eq!(found, (address, subnet, network), "{one} {other}");
        }
    }

    #[test]
    fn a_network_of_one_of_the_three_sizes_is_found_by_its_hash() {
        let (four, six) = (hashes("203.0.113.5"), hashes("2001:db8:1:2::5"));
        for (network, expected) in [
            ("203.0.113.5/32", Some((Prefix::Address, four.address))),
            ("203.0.113.0/24", Some((Prefix::Subnet, four.subnet))),
            ("203.0.113.99/24", Some((Prefix::Subnet, four.subnet))),
            ("203.0.0.0/16", Some((Prefix::Network, four.network))),
            ("2001:db8:1:2::/64", Some((Prefix::Address, six.address))),
            ("2001:db8:1::/48", Some((Prefix::Subnet, six.subnet))),
            ("2001:db8::/32", Some((Prefix::Network, six.network))),
            ("203.0.112.0/20", None),
            ("2001:db8:1:2::5/128", None),
        ] {
            assert_eq!(key(1).network(network.parse().expect("a network")), expected, "{network}");
        }
    }

    #[test]
    fn an_address_of_a_private_network_tells_of_nobody() {
        for (address, tells) in [
            ("203.0.113.5", true),
            ("172.15.0.1", true),
            ("100.63.0.1", true),
            ("100.128.0.1", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.1.1", false),
            ("169.254.0.1", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("::ffff:10.1.2.3", false),
            ("fd00::1", false),
            ("fe80::1", false),
        ] {
            let ip_hashes = hashes(address);
            assert_eq!(ip_hashes.identifying(), tells.then_some(ip_hashes.address), "{address}");
        }
    }

    #[test]
    fn another_site_has_other_hashes_and_no_key_is_shown() {
        let address = "203.0.113.5".parse().expect("an address");
        assert_ne!(key(1).hashes(address).address, key(2).hashes(address).address);
        assert_eq!(format!("{:?}", key(1)), "IpHashKey");
    }
}
