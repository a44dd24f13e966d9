//! `[fetch]`: how servers are asked.

use std::time::Duration;

use super::ServiceSettings;
use crate::model::settings::Bound;
use crate::model::settings::settings;
use crate::model::{HEADER_TEXT, Network, Reader, Request, WEB_URL};
use crate::schedule::polling::Policy;

settings! {
    /// How servers are asked.
    pub struct FetchSettings in "fetch" checked by check {
        /// Between two polls of a source that names no interval of its own.
        interval: Duration = "2h";
        /// Floor, whatever a server or a source asks.
        min_interval: Duration = "15m";
        /// Ceiling of adaptation and back-off.
        max_interval: Duration = "1d";
        /// Ceiling of what a server can ask by Retry-After.
        max_retry_after: Duration = "7d";
        /// Of one whole exchange, redirects included.
        timeout: Duration = "30s", Bound::NotZero;
        /// Of a body after decompression.
        max_bytes: u64 = "10MiB", Bound::NotZero;
        /// Exchanges at once.
        concurrency: usize = 32, Bound::Range(1, 1000);
        /// Exchanges at once with one host.
        per_host: usize = 1, Bound::Range(1, 100);
        /// Pause between two exchanges with one host.
        host_spacing: Duration = "2s";
        /// For example "http://proxy.example.de:3128"; a source may name its own.
        proxy: Option<String> = "", WEB_URL;
        /// "" = amtsbote, its version, where to read about it, and the contact.
        user_agent: String = "", HEADER_TEXT;
        /// Networks that may be asked although they are private, e.g. ["127.0.0.0/8"].
        allow_private: Vec<Network> = [];
    }
}

impl FetchSettings {
    /// Returns the bounds of a source with this interval of its own.
    pub fn policy(&self, interval: Duration) -> Policy {
        Policy {
            interval,
            min_interval: self.min_interval,
            max_interval: self.max_interval,
            max_retry_after: self.max_retry_after,
        }
    }

    /// Returns a GET within these limits.
    pub fn get(&self, url: impl Into<String>, accept: &str) -> Request {
        Request::get(url, accept, self.max_bytes, self.timeout)
    }

    /// Returns the User-Agent of a service that configures none.
    pub(super) fn usual_user_agent(service: &ServiceSettings) -> String {
        let contact = if service.contact.is_empty() {
            String::new()
        } else {
            format!("; {}", service.contact)
        };
        format!("amtsbote/{} (+{}bot{contact})", env!("CARGO_PKG_VERSION"), service.public_url)
    }
}

fn check(settings: &mut FetchSettings, reader: &mut Reader<'_>) {
    let FetchSettings { interval, min_interval, max_interval, .. } = settings;
    if min_interval > max_interval {
        reader.problem("min_interval", "must not be longer than `max_interval`");
    } else if interval < min_interval || interval > max_interval {
        let message = "lies outside `min_interval` and `max_interval`, which bound it";
        reader.warn("interval", message);
    }
}
