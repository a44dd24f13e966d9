//! `[fetch]`: how servers are asked.

use std::time::Duration;

use super::{Context, ServiceSettings, count, optional_text, web_url};
use crate::model::{Network, Reader};

/// `[fetch]`.
#[derive(Debug, Clone)]
pub struct FetchSettings {
    /// Between polls of a source that names no interval of its own.
    pub interval: Duration,
    /// Floor, whatever a server or a source asks.
    pub min_interval: Duration,
    /// Ceiling of adaptation and back-off.
    pub max_interval: Duration,
    /// Ceiling of what a server's Retry-After can ask.
    pub max_retry_after: Duration,
    /// Limit of one whole exchange.
    pub timeout: Duration,
    /// Most bytes of a decoded body.
    pub max_bytes: u64,
    /// Most exchanges at once.
    pub concurrency: usize,
    /// Most exchanges at once with one host.
    pub per_host: usize,
    /// Between two exchanges with one host.
    pub host_spacing: Duration,
    /// Proxy of sources that name none.
    pub proxy: Option<String>,
    /// Our User-Agent.
    pub user_agent: String,
    /// Networks that may be contacted although private.
    pub allow_private: Vec<Network>,
}

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

pub(super) fn read(
    mut reader: Reader<'_>,
    context: &mut Context<'_>,
    service: &ServiceSettings,
) -> FetchSettings {
    let interval = reader.duration("interval").unwrap_or(2 * HOUR);
    let min_interval = reader.duration("min_interval").unwrap_or(15 * MINUTE);
    let max_interval = reader.duration("max_interval").unwrap_or(DAY);
    if min_interval > max_interval {
        reader.problem("min_interval", "must not be longer than `max_interval`");
    } else if !(min_interval..=max_interval).contains(&interval) {
        let place = reader.place_of("interval").clone();
        let message = "lies outside `min_interval` and `max_interval`, which bound it";
        context.warn(Some(place), "fetch.interval", message);
    }
    let max_retry_after = reader.duration("max_retry_after").unwrap_or(7 * DAY);
    let timeout = positive(&mut reader, "timeout", MINUTE / 2);
    let max_bytes = reader.bytes("max_bytes").unwrap_or(10 << 20);
    if max_bytes == 0 {
        reader.problem("max_bytes", "must be more than nothing");
    }
    let concurrency = count(&mut reader, "concurrency", 1000, 32);
    let per_host = count(&mut reader, "per_host", 100, 1);
    let host_spacing = reader.duration("host_spacing").unwrap_or(Duration::from_secs(2));
    let proxy = match proxy(&mut reader) {
        Proxy::Url(url) => Some(url),
        Proxy::Unsaid | Proxy::None => None,
    };
    let contact =
        if service.contact.is_empty() { String::new() } else { format!("; {}", service.contact) };
    let user_agent = user_agent(&mut reader).unwrap_or_else(|| {
        format!("amtsbote/{} (+{}bot{contact})", env!("CARGO_PKG_VERSION"), service.public_url)
    });
    let allow_private = networks(&mut reader, "allow_private").unwrap_or_default();
    reader.finish();
    FetchSettings {
        interval,
        min_interval,
        max_interval,
        max_retry_after,
        timeout,
        max_bytes,
        concurrency,
        per_host,
        host_spacing,
        proxy,
        user_agent,
        allow_private,
    }
}

/// A duration that must not be nought.
pub(super) fn positive(reader: &mut Reader<'_>, key: &'static str, default: Duration) -> Duration {
    match reader.duration(key) {
        Some(Duration::ZERO) => {
            reader.problem(key, "must be longer than nothing");
            default
        }
        given => given.unwrap_or(default),
    }
}

/// What `proxy` says.
pub(super) enum Proxy {
    /// Nothing.
    Unsaid,
    /// Empty: none at all, whatever others use.
    None,
    /// This one.
    Url(String),
}

pub(super) fn proxy(reader: &mut Reader<'_>) -> Proxy {
    match reader.text("proxy") {
        None => Proxy::Unsaid,
        Some(text) if text.trim().is_empty() => Proxy::None,
        Some(text) => web_url(reader, "proxy", &text).map_or(Proxy::Unsaid, |_| Proxy::Url(text)),
    }
}

/// A User-Agent that a header can carry (RFC 9110 5.5).
pub(super) fn user_agent(reader: &mut Reader<'_>) -> Option<String> {
    let text = optional_text(reader, "user_agent")?;
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Some(text);
    }
    reader.problem("user_agent", "must be printable ASCII");
    None
}

/// A list of networks.
pub(super) fn networks(reader: &mut Reader<'_>, key: &'static str) -> Option<Vec<Network>> {
    let texts = reader.texts(key)?;
    let mut networks = Vec::with_capacity(texts.len());
    for (text, place) in texts {
        if let Ok(network) = text.trim().parse() {
            networks.push(network);
        } else {
            let message = format!("`{text}` is no network such as `127.0.0.0/8` or `::1/128`");
            reader.problem_at(place, key, message);
        }
    }
    Some(networks)
}
