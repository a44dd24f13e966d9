//! Refuses places that a source must not lead us to: our own network above all.
//!
//! A URL is looked at before each hop (scheme, credentials, port, address
//! literals in any spelling, which the URL parser has normalised); a name is
//! looked at where it is resolved, so that the address that is checked is the
//! address that is connected to. A check of the name beforehand would be walked
//! around by a name that changes its answer.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::model::BoxFuture;
use crate::model::Network;

/// Which private networks may be asked although they are private.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Vec<Network>,
}

/// Why a place is refused; travels through the client's errors and back out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// IPv4 networks that are not the public internet (IANA special-purpose registry, RFC 6890).
const SPECIAL_V4: &[(Network, &str)] = &[
    (Network::v4(0, 0, 0, 0, 8), "unspecified"),
    (Network::v4(10, 0, 0, 0, 8), "private"),
    (Network::v4(100, 64, 0, 0, 10), "shared by a provider's customers"),
    (Network::v4(127, 0, 0, 0, 8), "loopback"),
    (Network::v4(169, 254, 0, 0, 16), "link-local"),
    (Network::v4(172, 16, 0, 0, 12), "private"),
    (Network::v4(192, 0, 0, 0, 24), "for protocols"),
    (Network::v4(192, 0, 2, 0, 24), "for documentation"),
    (Network::v4(192, 88, 99, 0, 24), "a 6to4 relay"),
    (Network::v4(192, 168, 0, 0, 16), "private"),
    (Network::v4(198, 18, 0, 0, 15), "for benchmarks"),
    (Network::v4(198, 51, 100, 0, 24), "for documentation"),
    (Network::v4(203, 0, 113, 0, 24), "for documentation"),
    (Network::v4(224, 0, 0, 0, 4), "multicast"),
    (Network::v4(255, 255, 255, 255, 32), "broadcast"),
    (Network::v4(240, 0, 0, 0, 4), "reserved"),
];

/// Within `2000::/3`, the only global unicast space, what is not the public internet.
const SPECIAL_V6: &[(Network, &str)] = &[
    (Network::v6([0x2001, 0, 0, 0], 32), "a Teredo tunnel"),
    (Network::v6([0x2001, 2, 0, 0], 48), "for benchmarks"),
    (Network::v6([0x2001, 0, 0, 0], 23), "for protocols"),
    (Network::v6([0x2001, 0xdb8, 0, 0], 32), "for documentation"),
    (Network::v6([0x2002, 0, 0, 0], 16), "a 6to4 tunnel"),
    (Network::v6([0x3fff, 0, 0, 0], 20), "for documentation"),
    (Network::v6([0xfc00, 0, 0, 0], 7), "private"),
    (Network::v6([0xfe80, 0, 0, 0], 10), "link-local"),
    (Network::v6([0xfec0, 0, 0, 0], 10), "site-local"),
    (Network::v6([0xff00, 0, 0, 0], 8), "multicast"),
    (Network::v6([0x64, 0xff9b, 1, 0], 48), "a local NAT64"),
];

const GLOBAL_V6: Network = Network::v6([0x2000, 0, 0, 0], 3);
const NAT64: Network = Network::v6([0x64, 0xff9b, 0, 0], 96);

/// Ports of services that can be made to act by a line of HTTP, mail above all
/// (the list of the Fetch standard, "bad ports").
const REFUSED_PORTS: &[u16] = &[
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

impl Guard {
    /// Returns a guard that lets the given networks pass beside the public internet.
    pub fn new(allowed: Vec<Network>) -> Self {
        Self { allowed }
    }

    /// Returns whether the address may be connected to.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Refusal> {
        let inner = embedded(address);
        if self.allowed.iter().any(|n| n.contains(address) || n.contains(inner)) {
            return Ok(());
        }
        match special(inner) {
            None => Ok(()),
            Some(kind) => Err(Refusal(format!("the address {address} is {kind}"))),
        }
    }

    /// Returns whether the URL may be asked, as far as it can be told without resolving its name.
    pub fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal(format!("the scheme `{}` is not http or https", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal("the URL holds a user name or password".to_owned()));
        }
        if let Some(port) = url.port_or_known_default()
            && REFUSED_PORTS.contains(&port)
        {
            return Err(Refusal(format!("port {port} is not for web servers")));
        }
        match url.host() {
            None => Err(Refusal("the URL has no host".to_owned())),
            Some(Host::Ipv4(address)) => self.check_address(address.into()),
            Some(Host::Ipv6(address)) => self.check_address(address.into()),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                if name == "localhost" || name.ends_with(".localhost") {
                    // RFC 6761 6.3: always loopback, whatever a resolver says
                    self.check_address(Ipv4Addr::LOCALHOST.into())
                        .or_else(|_| self.check_address(Ipv6Addr::LOCALHOST.into()))
                        .map_err(|_| Refusal(format!("the name {name} is loopback")))?;
                }
                Ok(())
            }
        }
    }

    /// Returns the addresses that may be connected to; a refusal if none is left.
    pub fn filter(&self, name: &str, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, Refusal> {
        let mut refusal = None;
        let mut kept = Vec::with_capacity(addresses.len());
        for address in addresses {
            match self.check_address(address) {
                Ok(()) => kept.push(address),
                Err(why) => refusal = Some(Refusal(format!("`{name}` leads astray: {why}"))),
            }
        }
        match refusal {
            Some(refusal) if kept.is_empty() => Err(refusal),
            _ => Ok(kept),
        }
    }
}

/// Returns the IPv4 address that an IPv6 address stands for where the network
/// translates it (RFC 4291 2.5.5.2, RFC 6052 2.1), else the address itself.
fn embedded(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    if NAT64.contains(address) {
        return last_four_octets(v6).into();
    }
    address
}

fn last_four_octets(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// Returns what kind of address it is, if it is not one of the public internet.
fn special(address: IpAddr) -> Option<&'static str> {
    let table = match address {
        IpAddr::V4(_) => SPECIAL_V4,
        IpAddr::V6(v6) if v6.is_unspecified() => return Some("unspecified"),
        IpAddr::V6(v6) if v6.is_loopback() => return Some("loopback"),
        IpAddr::V6(_) => SPECIAL_V6,
    };
    if let Some((_, kind)) = table.iter().find(|(network, _)| network.contains(address)) {
        return Some(kind);
    }
    (address.is_ipv6() && !GLOBAL_V6.contains(address)).then_some("not of the public internet")
}

/// How names become addresses; tests put their own in place of the system's.
pub trait Lookup: Send + Sync {
    /// Returns all addresses of the name.
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves names and lets only those addresses through that the guard allows.
#[derive(Clone)]
pub(super) struct GuardedResolver {
    pub(super) guard: Guard,
    pub(super) lookup: Arc<dyn Lookup>,
}

/// A name that has no address, or that nobody could ask for.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(pub(super) String);

impl GuardedResolver {
    /// Returns the addresses of `name` that may be connected to.
    pub(super) async fn addresses(
        &self,
        name: &str,
    ) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
        let found = self.lookup.lookup(name.to_owned()).await;
        let found = found.map_err(|error| Unresolved(error.to_string()))?;
        if found.is_empty() {
            return Err(Unresolved("it has no address".to_owned()).into());
        }
        Ok(self.guard.filter(name, found)?)
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl fmt::Debug for GuardedResolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedResolver").field("guard", &self.guard).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(url: &str) -> Result<(), String> {
        let url = Url::parse(url).map_err(|error| error.to_string())?;
        Guard::default().check_url(&url).map_err(|why| why.0)
    }

    #[test]
    fn every_special_address_is_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.254",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::a00:1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::808:808",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert!(Guard::default().check_address(address).is_err(), "{address}");
        }
    }

    #[test]
    fn public_addresses_pass_also_through_a_translator() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.1",
            "223.255.255.255",
            "2a01:4f8::1",
            "2001:4860:4860::8888",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(Guard::default().check_address(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for url in [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://0x7f.1/",
            "http://0x7f000001/",
            "http://017700000001/",
            "http://127.1/",
            "http://127.0.1/",
            "http://0/",
            "http://0.0.0.0/",
            "http://169.254.169.254/latest/meta-data/",
            "http://10.1.2.3/",
            "http://172.20.0.1/",
            "http://192.168.0.1/",
            "http://100.100.100.200/",
            "http://[fc00::1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[0:0:0:0:0:ffff:a00:1]/",
            "http://%31%32%37.0.0.1/",
            "http://１２７.０.０.１/",
            "http://127。0。0。1/",
            "http:127.0.0.1/",
            "http:\\\\127.0.0.1\\",
            "http://①②⑦.0.0.1/",
        ] {
            assert!(verdict(url).is_err(), "{url}");
        }
    }

    #[test]
    fn other_schemes_credentials_and_service_ports_are_refused_with_the_reason() {
        for (url, reason) in [
            ("file:///etc/passwd", "the scheme `file` is not http or https"),
            ("gopher://example.org/", "the scheme `gopher` is not http or https"),
            ("ftp://example.org/x", "the scheme `ftp` is not http or https"),
            ("data:text/plain,x", "the scheme `data` is not http or https"),
            ("unix:/run/x.sock", "the scheme `unix` is not http or https"),
            ("http://user@example.org/", "the URL holds a user name or password"),
            ("http://:secret@example.org/", "the URL holds a user name or password"),
            ("http://example.org:25/", "port 25 is not for web servers"),
            ("https://example.org:6667/", "port 6667 is not for web servers"),
            ("http://127.0.0.1/", "the address 127.0.0.1 is loopback"),
            ("http://0x7f.1/", "the address 127.0.0.1 is loopback"),
        ] {
            assert_eq!(verdict(url), Err(reason.to_owned()), "{url}");
        }
        for url in ["http://example.org/", "https://example.org:8443/x", "http://example.org:80/"] {
            assert_eq!(verdict(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn an_allowed_network_passes_in_each_of_its_spellings_and_no_other_does() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for url in [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://[::ffff:127.0.0.1]/",
            "http://[fd12::1]/",
        ] {
            assert_eq!(guard.check_url(&Url::parse(url).unwrap()), Ok(()), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://[::1]/", "http://[fc00::1]/", "http://0.0.0.0/"] {
            assert!(guard.check_url(&Url::parse(url).unwrap()).is_err(), "{url}");
        }
    }

    #[test]
    fn of_mixed_addresses_only_the_public_ones_are_kept() {
        let public: IpAddr = "93.184.216.34".parse().unwrap();
        let private: IpAddr = "10.0.0.1".parse().unwrap();
        let guard = Guard::default();
        assert_eq!(guard.filter("mixed.test", vec![private, public]), Ok(vec![public]));
        assert_eq!(
            guard.filter("astray.test", vec![private]).unwrap_err().0,
            "`astray.test` leads astray: the address 10.0.0.1 is private"
        );
    }
}
