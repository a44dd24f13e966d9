//! One polite request: in its host's lane, at its distance from the last one,
//! and within the number of requests at once.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use super::ask::Failure;
use crate::clock::Stopwatch;
use crate::fetch::{Fetch, FetchError};
use crate::model::{Request, Response, Timestamp};
use crate::pipeline::{Context, Plan};

/// How a pass asks servers.
pub(super) struct Manners<'a> {
    pub(super) ctx: &'a Context,
    pub(super) plan: &'a Plan,
    pub(super) places: &'a Semaphore,
    /// Without distance between requests, as an admin asked.
    pub(super) force: bool,
}

/// One of the places of a pass. Who holds it waits for no lane.
pub(super) type Place<'a> = Option<SemaphorePermit<'a>>;

/// When a request left.
#[derive(Clone, Copy)]
pub(super) struct Departure {
    pub(super) at: Timestamp,
    /// Since the request to the same host before it, as far as known.
    pub(super) spacing: Option<Duration>,
    pub(super) watch: Stopwatch,
}

/// A request that was sent, and what came back.
pub(super) struct Sent<'a> {
    pub(super) response: Result<Response, FetchError>,
    pub(super) departure: Departure,
    /// Kept by those who have more to do with the answer.
    pub(super) place: Place<'a>,
}

/// Why nothing may be asked.
pub(super) enum Refusal {
    /// The host wants to be left alone until then.
    Rests(Timestamp),
    /// It is not allowed, or cannot be known to be.
    Failure(Failure),
}

impl Refusal {
    /// In words, for operators.
    pub(super) fn message(self) -> String {
        match self {
            Self::Rests(_) => "its host asked to be left alone".to_owned(),
            Self::Failure(failure) => failure.message,
        }
    }
}

impl<'a> Manners<'a> {
    /// Waits for its turn and asks, unless the host rests by then; the instant
    /// is when it no longer does. The lane is given back with the answer.
    pub(super) async fn send(
        &self,
        lane: &str,
        fetch: &dyn Fetch,
        request: &Request,
    ) -> Result<Sent<'a>, Timestamp> {
        let polling = &self.plan.polling;
        let spacing = if self.force { Duration::ZERO } else { polling.host_spacing };
        let clock = self.ctx.clock.as_ref();
        // The host first: a request that waits for its turn must not hold a place.
        let entered = self.ctx.lanes.enter(lane, polling.per_host, spacing, clock).await;
        // Never closed; were it, asking is still right.
        let place = self.places.acquire().await.ok();
        // The one before it in the lane may have been told to leave the host alone.
        if let Some(until) = self.rests_until(lane) {
            return Err(until);
        }
        let at = clock.now();
        let spacing = entered.as_ref().and_then(|permit| permit.start(at));
        let departure = Departure { at, spacing, watch: Stopwatch::start() };
        let response = fetch.fetch(request).await;
        Ok(Sent { response, departure, place })
    }

    /// Until when the host wants to be left alone, unless an admin insists.
    pub(super) fn rests_until(&self, lane: &str) -> Option<Timestamp> {
        self.ctx.lanes.paused_until(lane, self.ctx.clock.now()).filter(|_| !self.force)
    }
}

/// The lane of a URL: its registrable host.
pub(super) fn lane_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    crate::schedule::polling::registrable(&host.unwrap_or_default())
}
