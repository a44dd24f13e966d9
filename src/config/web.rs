//! `[web]` and `[retention]`.

use std::net::SocketAddr;
use std::time::Duration;

use super::Context;
use super::fetch::networks;
use crate::bounce;
use crate::model::{Network, Reader, parse_duration};

/// `[web]`.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where to listen; none = no web face.
    pub listen: Option<SocketAddr>,
    /// Whether anyone may sign up.
    pub subscribe: bool,
    /// Networks that may see status and metrics.
    pub status: Vec<Network>,
    /// Proxies whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<Network>,
}

pub(super) fn read(mut reader: Reader<'_>) -> WebSettings {
    let text = reader.text("listen").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listen = text.parse().ok();
    if listen.is_none() && !text.trim().is_empty() {
        let message = format!(
            "`{text}` is no address and port such as `127.0.0.1:8080` or `[::]:8080`; \"\" = no web face"
        );
        reader.problem("listen", message);
    }
    let subscribe = reader.boolean("subscribe").unwrap_or(true);
    let status = networks(&mut reader, "status").unwrap_or_else(|| {
        ["127.0.0.0/8", "::1/128"].iter().filter_map(|network| network.parse().ok()).collect()
    });
    let trusted_proxies = networks(&mut reader, "trusted_proxies").unwrap_or_default();
    reader.finish();
    WebSettings { listen, subscribe, status, trusted_proxies }
}

/// `[retention]`: how long things are kept; none = for ever, nought = not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// Sign-ups that nobody confirmed.
    pub pending: Option<Duration>,
    /// Proof of consent after someone left.
    pub proof: Option<Duration>,
    /// Bytes of sent mails and digests.
    pub bodies: Option<Duration>,
    /// Rows of mails that are done.
    pub outbox: Option<Duration>,
    /// Details of returned mails.
    pub bounces: Option<Duration>,
    /// Items.
    pub items: Option<Duration>,
}

const DAY: Duration = Duration::from_hours(24);

pub(super) fn read_retention(mut reader: Reader<'_>, context: &mut Context<'_>) -> Retention {
    let retention = Retention {
        pending: period(&mut reader, "pending", 3 * DAY),
        proof: period(&mut reader, "proof", 3 * 365 * DAY),
        bodies: period(&mut reader, "bodies", 7 * DAY),
        outbox: period(&mut reader, "outbox", 90 * DAY),
        bounces: period(&mut reader, "bounces", 30 * DAY),
        items: period(&mut reader, "items", 2 * 365 * DAY),
    };
    if retention.bounces.is_some_and(|bounces| bounces < bounce::MEMORY) {
        let days = bounce::MEMORY.as_secs() / DAY.as_secs();
        let message = format!(
            "is shorter than the {days} days by which dead addresses are told: what came back is kept for {days} days all the same"
        );
        let place = reader.place_of("bounces").clone();
        context.warn(Some(place), "retention.bounces", message);
    }
    reader.finish();
    retention
}

fn period(reader: &mut Reader<'_>, key: &'static str, default: Duration) -> Option<Duration> {
    let Some(text) = reader.text(key) else { return Some(default) };
    if text.trim().is_empty() {
        return None;
    }
    let parsed = parse_duration(&text);
    if parsed.is_none() {
        let message = format!(
            "`{text}` is not a duration such as `72h`, `30d` or `2y`; \"0s\" = not kept, \"\" = for ever"
        );
        reader.problem(key, message);
    }
    parsed
}
