//! Requests that keep the rules towards servers: within the limits of their
//! host, `fetch.concurrency` at once, and never during a pause.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::hosts::{HostPermit, host_of};
use crate::answer::{self, Failure, FailureKind};
use crate::clock::Stopwatch;
use crate::fetch::Fetch;
use crate::model::{Request, Response, Timestamp};
use crate::pipeline::{Context, Plan};

/// Asks servers for one pass.
pub(super) struct PoliteClient {
    pub(super) ctx: Context,
    pub(super) plan: Arc<Plan>,
    request_permits: Semaphore,
    /// Without spacing and pauses, as an admin asked.
    force: bool,
}

/// One of the `fetch.concurrency` requests at once. Never wait for a host's
/// limit while holding one: those that hold the host may wait for a permit.
pub(super) type RequestPermit<'a> = Option<SemaphorePermit<'a>>;

/// Why nothing was asked, or why there is nothing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The host asked to be left alone until then.
    Paused(Timestamp),
    Failed(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Refusal {
    /// Returns the reason, for operators.
    pub(super) fn message(self) -> String {
        match self {
            Self::Paused(_) => "its host asked to be left alone".to_owned(),
            Self::Failed(failure) => failure.message,
        }
    }
}

/// The right to send one request now; holds both permits.
pub(super) struct Turn<'a> {
    client: &'a PoliteClient,
    host: String,
    _host_permit: Option<HostPermit>,
    request_permit: RequestPermit<'a>,
    pub(super) at: Timestamp,
    /// Time since the request to the same host before it, as far as known.
    pub(super) spacing: Option<Duration>,
    pub(super) watch: Stopwatch,
}

impl PoliteClient {
    pub(super) fn new(ctx: &Context, plan: &Arc<Plan>, force: bool) -> Self {
        Self {
            ctx: ctx.clone(),
            plan: Arc::clone(plan),
            request_permits: Semaphore::new(plan.polling.concurrency.max(1)),
            force,
        }
    }

    /// Fails while the host is paused.
    pub(super) fn check_pause(&self, host: &str) -> Result<(), Refusal> {
        let until = self.ctx.hosts.paused_until(host, self.ctx.clock.now());
        until.filter(|_| !self.force).map_or(Ok(()), |until| Err(Refusal::Paused(until)))
    }

    /// Waits until the host may be asked. Fails if it is paused by then.
    pub(super) async fn turn(&self, host: &str) -> Result<Turn<'_>, Refusal> {
        let polling = &self.plan.polling;
        let spacing = if self.force { Duration::ZERO } else { polling.host_spacing };
        let clock = self.ctx.clock.as_ref();
        // The host first: see `RequestPermit`.
        let host_permit = self.ctx.hosts.acquire(host, polling.per_host, spacing, clock).await;
        // Never closed; were it, asking is still right.
        let request_permit = self.request_permits.acquire().await.ok();
        // The request before it may have been answered with 429.
        self.check_pause(host)?;
        let at = clock.now();
        let spacing = host_permit.as_ref().and_then(|permit| permit.start(at));
        let watch = Stopwatch::start();
        Ok(Turn {
            client: self,
            host: host.to_owned(),
            _host_permit: host_permit,
            request_permit,
            at,
            spacing,
            watch,
        })
    }

    /// Asks as soon as the URL's host may be asked.
    pub(super) async fn ask(
        &self,
        fetch: &dyn Fetch,
        request: &Request,
    ) -> Result<Response, Refusal> {
        let host = host_of(&request.url);
        let turn = self.turn(&host).await?;
        Ok(turn.send(fetch, request).await?.0)
    }
}

impl<'a> Turn<'a> {
    /// Gives the host back and keeps the request permit.
    pub(super) fn into_request_permit(self) -> RequestPermit<'a> {
        self.request_permit
    }

    /// Sends the request. A 429 pauses the host. Returns the answer, whatever
    /// its status, with its terms.
    pub(super) async fn send(
        &self,
        fetch: &dyn Fetch,
        request: &Request,
    ) -> Result<(Response, answer::Terms), Failure> {
        let response = fetch.fetch(request).await.map_err(|error| Failure::from(&error))?;
        let polling = &self.client.plan.polling;
        let now = self.client.ctx.clock.now();
        let terms = answer::terms(&response, now, polling.max_retry_after, polling.max_interval);
        if let Some(until) = terms.pauses_host {
            self.client.ctx.hosts.pause(&self.host, until);
        }
        Ok((response, terms))
    }
}

/// Runs CPU work on a blocking thread, as many jobs at once as there are cores.
pub(super) async fn on_a_core<T: Send + 'static>(
    client: &PoliteClient,
    job: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    // Never refused: the semaphore is not closed.
    let _permit = client.ctx.hosts.cpu_permit().await;
    // A parser that panics on hostile bytes is that source's error, no one else's.
    let done = tokio::task::spawn_blocking(job).await;
    done.unwrap_or_else(|panic| {
        Err(Failure::new(FailureKind::Unreadable, format!("the parser gave up: {panic}")))
    })
}
