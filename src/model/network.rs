//! A range of addresses as the config writes it: `127.0.0.0/8`, `fd00::/8`, `192.0.2.7`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// A network in prefix notation (RFC 4632 3.1, RFC 4291 2.3), without bits
/// beyond its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// The part before the slash is no address.
    #[error("`{0}` is not an address or network, for example `127.0.0.0/8` or `fd00::/8`")]
    Address(String),
    /// The part after the slash is no length, or too long for the address.
    #[error("`{0}` has no prefix length from 0 to {1}")]
    Prefix(String, u8),
    /// The address has bits beyond the prefix: which network is meant is unclear.
    #[error("`{0}` has bits beyond its prefix, did you mean `{1}`?")]
    HostBits(String, Network),
}

impl Network {
    /// Returns the IPv4 network of that address and length; for tables of constants.
    pub(crate) const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self(IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)))
    }

    /// Returns the IPv6 network whose first four groups are given; for tables of constants.
    pub(crate) const fn v6(head: [u16; 4], prefix: u8) -> Self {
        let [a, b, c, d] = head;
        Self(IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)))
    }

    /// Returns whether the address lies in it. An IPv4 network holds no IPv6
    /// address, not even a mapped one: who compares must unmap first.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr =
            address.trim().parse().map_err(|_| NetworkError::Address(text.to_owned()))?;
        let whole = IpNet::from(address);
        let network = match length {
            None => whole,
            Some(length) => length
                .trim()
                .parse()
                .ok()
                .and_then(|prefix| IpNet::new(address, prefix).ok())
                .ok_or_else(|| NetworkError::Prefix(text.to_owned(), whole.max_prefix_len()))?,
        };
        if network.trunc() == network {
            Ok(Self(network))
        } else {
            Err(NetworkError::HostBits(text.to_owned(), Self(network.trunc())))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns whether the host of a URL or a bare host name is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_reads_back_as_it_was_written() {
        for text in ["127.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "fd00::/8", "::/0", "::1/128"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("10.1.2.3".parse::<Network>().unwrap().to_string(), "10.1.2.3/32");
    }

    #[test]
    fn a_network_holds_its_first_and_last_address_and_no_neighbour() {
        let network: Network = "172.16.0.0/12".parse().unwrap();
        for (address, inside) in [
            ("172.15.255.255", false),
            ("172.16.0.0", true),
            ("172.31.255.255", true),
            ("172.32.0.0", false),
            ("::ffff:172.16.0.1", false),
        ] {
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{address}");
        }
        let network: Network = "fd00::/8".parse().unwrap();
        assert!(network.contains("fdff::1".parse().unwrap()));
        assert!(!network.contains("fe00::1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused_with_a_reason() {
        let reason = |text: &str| text.parse::<Network>().unwrap_err().to_string();
        assert_eq!(
            reason("intranet"),
            "`intranet` is not an address or network, for example `127.0.0.0/8` or `fd00::/8`"
        );
        assert_eq!(reason("10.0.0.0/33"), "`10.0.0.0/33` has no prefix length from 0 to 32");
        assert_eq!(reason("10.0.0.0/"), "`10.0.0.0/` has no prefix length from 0 to 32");
        assert_eq!(
            reason("10.1.0.0/8"),
            "`10.1.0.0/8` has bits beyond its prefix, did you mean `10.0.0.0/8`?"
        );
    }
}
