//! Room for connections of readers: so many in all, so many of one client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::model::Network;

/// Connections at once. Far below the 1,024 descriptors of a bare process, of
/// which polls, mails and the database need some hundred.
const MAX_CONNECTIONS: usize = 512;

/// Connections of one client at once; a browser opens six. Proxies that are
/// declared as such speak for many clients and are not counted.
const MAX_PER_CLIENT: usize = 32;

/// The connections that are open, in all and by client.
pub(super) struct Slots {
    all: Arc<Semaphore>,
    by_client: Mutex<HashMap<IpAddr, usize>>,
    trusted_proxies: Vec<Network>,
}

impl Slots {
    pub(super) fn new(trusted_proxies: Vec<Network>) -> Self {
        Self {
            all: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            by_client: Mutex::default(),
            trusted_proxies,
        }
    }

    /// Waits for room for one more connection of anybody.
    pub(super) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        // Never closed; were it, nobody is let in.
        Arc::clone(&self.all).acquire_owned().await.ok()
    }

    /// Counts a connection of that client; none if it has too many.
    pub(super) fn take(
        self: &Arc<Self>,
        client: IpAddr,
        permit: OwnedSemaphorePermit,
    ) -> Option<Slot> {
        let is_proxy = self.trusted_proxies.iter().any(|network| network.contains(client));
        if !is_proxy {
            let mut by_client = self.by_client.lock().unwrap_or_else(PoisonError::into_inner);
            let open = by_client.entry(client).or_default();
            if *open >= MAX_PER_CLIENT {
                return None;
            }
            *open += 1;
        }
        let client = (!is_proxy).then_some(client);
        Some(Slot { slots: Arc::clone(self), client, _permit: permit })
    }
}

/// An open connection; dropping it makes room for another.
pub(super) struct Slot {
    slots: Arc<Slots>,
    client: Option<IpAddr>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some(client) = self.client else { return };
        let mut by_client = self.slots.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = by_client.get_mut(&client) {
            *open -= 1;
            if *open == 0 {
                by_client.remove(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_connections_and_a_declared_proxy_has_more() {
        let slots = Arc::new(Slots::new(vec!["10.0.0.1/32".parse().unwrap()]));
        let permit = || Arc::clone(&slots.all).try_acquire_owned().unwrap();
        let (client, other): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let mut held: Vec<Slot> = Vec::new();
        for _ in 0..MAX_PER_CLIENT {
            held.push(slots.take(client, permit()).unwrap());
            held.push(slots.take(proxy, permit()).unwrap());
        }
        assert!(slots.take(client, permit()).is_none());
        assert!(slots.take(proxy, permit()).is_some() && slots.take(other, permit()).is_some());
        held.clear();
        assert!(slots.take(client, permit()).is_some());
        assert_eq!(slots.all.available_permits(), MAX_CONNECTIONS);
    }
}
