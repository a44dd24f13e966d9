//! Who asks: the peer, or whom a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::model::Network;

/// Fields that only proxies set.
const PROXY_FIELDS: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// A peer and the fields it sent.
pub(super) struct Asking {
    peer: Option<IpAddr>,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Asking {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            peer: peer.map(|ConnectInfo(address)| address.ip().to_canonical()),
            headers: parts.headers.clone(),
        })
    }
}

impl Asking {
    /// Returns the client's address: the last of X-Forwarded-For that is no trusted
    /// proxy, if the peer is one. None if that cannot be told: a proxy that is
    /// not trusted stands between, or a trusted one names nobody.
    pub(super) fn client(&self, trusted: &[Network]) -> Option<IpAddr> {
        let peer = self.peer?;
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        if !is_trusted(peer) {
            let is_proxied = PROXY_FIELDS.iter().any(|field| self.headers.contains_key(*field));
            return (!is_proxied).then_some(peer);
        }
        let fields = self.headers.get_all("x-forwarded-for");
        for field in fields.iter().rev() {
            for hop in field.to_str().ok()?.rsplit(',') {
                let client = hop.trim().parse::<IpAddr>().ok()?.to_canonical();
                if !is_trusted(client) {
                    // Nobody comes from this machine by way of a proxy.
                    return (!client.is_loopback()).then_some(client);
                }
            }
        }
        // A proxy that names nobody, or only other proxies, says nothing of its client.
        None
    }

    /// Returns one field, if it is text.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns whether the field is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(peer: &str, forwarded: &[&'static str]) -> Asking {
        let mut headers = HeaderMap::new();
        for field in forwarded {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(field));
        }
        Asking { peer: Some(peer.parse::<IpAddr>().unwrap().to_canonical()), headers }
    }

    fn client(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> Option<String> {
        let trusted: Vec<Network> =
            trusted.iter().map(|network| network.parse().unwrap()).collect();
        asking(peer, forwarded).client(&trusted).map(|address| address.to_string())
    }

    #[test]
    fn the_peer_is_the_client_where_no_proxy_stands() {
        assert_eq!(client("192.0.2.1", &[], &[]).as_deref(), Some("192.0.2.1"));
        assert_eq!(client("::ffff:192.0.2.1", &[], &[]).as_deref(), Some("192.0.2.1"));
    }

    #[test]
    fn nobody_names_himself_local() {
        assert_eq!(client("192.0.2.1", &["127.0.0.1"], &[]), None);
        // A proxy on this machine that nobody declared: its clients are not local.
        assert_eq!(client("127.0.0.1", &["192.0.2.9"], &[]), None);
        // The client's own claim stands left of what the proxy added.
        let named = client("127.0.0.1", &["127.0.0.1, 192.0.2.9"], &["127.0.0.0/8"]);
        assert_eq!(named.as_deref(), Some("192.0.2.9"));
        let named = client("127.0.0.1", &["127.0.0.1", "192.0.2.9"], &["127.0.0.0/8"]);
        assert_eq!(named.as_deref(), Some("192.0.2.9"));
    }

    #[test]
    fn trusted_proxies_are_walked_through_and_rubbish_names_nobody() {
        let named = client("10.0.0.2", &["198.51.100.7, 10.0.0.1"], &["10.0.0.0/24"]);
        assert_eq!(named.as_deref(), Some("198.51.100.7"));
        assert_eq!(client("10.0.0.2", &["unknown"], &["10.0.0.0/24"]), None);
    }

    #[test]
    fn behind_a_proxy_that_names_nobody_the_client_is_unknown() {
        assert_eq!(client("127.0.0.1", &[], &["127.0.0.0/8"]), None);
        assert_eq!(client("10.0.0.2", &["127.0.0.1"], &["10.0.0.0/24"]), None);
        assert_eq!(client("10.0.0.2", &["10.0.0.1"], &["10.0.0.0/24"]), None);
    }
}
