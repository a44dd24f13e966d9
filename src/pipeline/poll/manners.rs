//! One polite request: in its host's lane, at its distance from the last one,
//! and within the number of requests at once.

use std::time::Duration;

use tokio::sync::Semaphore;
use url::Url;

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

impl Manners<'_> {
    /// Waits for its turn and asks. Lane and place are given back with the
    /// answer: who holds one never waits for another.
    pub(super) async fn ask(
        &self,
        lane: &str,
        fetch: &dyn Fetch,
        request: &Request,
    ) -> Result<Response, FetchError> {
        let polling = &self.plan.polling;
        let spacing = if self.force { Duration::ZERO } else { polling.host_spacing };
        // The host first: a request that waits for its turn must not hold a place.
        let _lane =
            self.ctx.lanes.enter(lane, polling.per_host, spacing, self.ctx.clock.as_ref()).await;
        // Never closed; were it, asking is still right.
        let _place = self.places.acquire().await.ok();
        fetch.fetch(request).await
    }

    /// Until when the host wants to be left alone, unless an admin insists.
    pub(super) fn rests_until(&self, lane: &str) -> Option<Timestamp> {
        self.ctx.lanes.paused_until(lane, self.ctx.clock.now()).filter(|_| !self.force)
    }
}

/// The lane of a URL: its registrable host.
pub(super) fn lane_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    crate::schedule::polling::hosts::registrable(&host.unwrap_or_default())
}
