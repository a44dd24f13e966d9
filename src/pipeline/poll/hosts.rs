//! Limits per host: how many requests at once, how far apart, and pauses that a
//! server asked for. Also the sources that are being polled.
//!
//! A host is a registrable name. Its limit outlives a pass, so that two passes
//! that overlap do not crowd the host they share.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use url::Url;

use crate::clock::Clock;
use crate::model::{SourceId, Timestamp};
use crate::schedule::polling::{is_one_registrant, registrable};

/// The limits of all hosts, and the sources that are being polled.
pub(crate) struct HostLimits {
    // Std mutexes: nothing awaits under them.
    hosts: Mutex<HashMap<String, Arc<HostLimit>>>,
    polled: Mutex<HashSet<SourceId>>,
    /// Wakes who waits until a source is no longer polled.
    poll_ended: Notify,
    /// One permit for each core: more documents at once are read no sooner,
    /// they only take more memory.
    cpu: Semaphore,
}

impl Default for HostLimits {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            hosts: Mutex::default(),
            polled: Mutex::default(),
            poll_ended: Notify::new(),
            cpu: Semaphore::new(cores),
        }
    }
}

struct HostLimit {
    permits: Arc<Semaphore>,
    next_start: Mutex<Timestamp>,
    last_start: Mutex<Option<Timestamp>>,
    paused_until: Mutex<Timestamp>,
}

/// The right to ask a host; given back when dropped.
pub(super) struct HostPermit {
    limit: Arc<HostLimit>,
    _permit: OwnedSemaphorePermit,
}

impl HostPermit {
    /// Notes that the request starts now. Returns the time since the one before it.
    pub(super) fn start(&self, now: Timestamp) -> Option<Duration> {
        let before = lock(&self.limit.last_start).replace(now);
        before.map(|before| now.since(before))
    }
}

/// The right to poll a source; given back when dropped.
pub(super) struct SourceClaim<'a> {
    limits: &'a HostLimits,
    id: SourceId,
}

impl Drop for SourceClaim<'_> {
    fn drop(&mut self) {
        lock(&self.limits.polled).remove(&self.id);
        self.limits.poll_ended.notify_waiters();
    }
}

impl HostLimits {
    /// Returns the right to poll the source; none if it is being polled already.
    pub(super) fn claim(&self, id: &SourceId) -> Option<SourceClaim<'_>> {
        lock(&self.polled).insert(id.clone()).then(|| SourceClaim { limits: self, id: id.clone() })
    }

    /// Waits until nobody polls the source.
    pub(super) async fn until_unclaimed(&self, id: &SourceId) {
        loop {
            let mut ended = pin!(self.poll_ended.notified());
            // Before the look: an end between the two must not be missed.
            ended.as_mut().enable();
            if !lock(&self.polled).contains(id) {
                return;
            }
            ended.await;
        }
    }

    /// Waits for a core to read a document on.
    pub(super) async fn cpu_permit(&self) -> Option<SemaphorePermit<'_>> {
        self.cpu.acquire().await.ok()
    }

    /// Waits until `host` may be asked: fewer than `per_host` requests run, and
    /// `spacing` has passed since the last start.
    pub(super) async fn acquire(
        &self,
        host: &str,
        per_host: usize,
        spacing: Duration,
        clock: &dyn Clock,
    ) -> Option<HostPermit> {
        let limit = self.limit(host, per_host);
        // The semaphore is never closed; were it, the source would be asked later.
        let permit = Arc::clone(&limit.permits).acquire_owned().await.ok()?;
        let wait = {
            let now = clock.now();
            let mut next_start = lock(&limit.next_start);
            // A clock that was set back must not block the host for longer than the spacing.
            let start = (*next_start).clamp(now, now.after(spacing));
            *next_start = start.after(spacing);
            start.since(now)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Some(HostPermit { limit, _permit: permit })
    }

    /// Pauses the host after a 429: none of its sources is asked before `until`.
    /// Behind an address many may stand: there only the source that was told so
    /// waits.
    pub(super) fn pause(&self, host: &str, until: Timestamp) {
        if !is_one_registrant(host) {
            return;
        }
        let limit = self.limit(host, 1);
        let mut paused_until = lock(&limit.paused_until);
        *paused_until = until.max(*paused_until);
    }

    /// Returns the end of the host's pause, if it is paused at `now`.
    pub(super) fn paused_until(&self, host: &str, now: Timestamp) -> Option<Timestamp> {
        let limit = Arc::clone(lock(&self.hosts).get(host)?);
        let until = *lock(&limit.paused_until);
        (until > now).then_some(until)
    }

    fn limit(&self, host: &str, per_host: usize) -> Arc<HostLimit> {
        let mut hosts = lock(&self.hosts);
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(|| {
            Arc::new(HostLimit {
                permits: Arc::new(Semaphore::new(per_host.max(1))),
                next_start: Mutex::default(),
                last_start: Mutex::default(),
                paused_until: Mutex::default(),
            })
        }))
    }
}

/// Returns the host whose limit counts for the URL: its registrable name.
pub(super) fn host_of(url: &str) -> String {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    registrable(&host.unwrap_or_default())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::TestClock;

    const SPACING: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_source_goes_on_when_its_poll_has_ended() {
        let limits = HostLimits::default();
        let id = SourceId::from("amt");
        limits.until_unclaimed(&id).await;
        let claim = limits.claim(&id);
        let waiting = limits.until_unclaimed(&id);
        tokio::pin!(waiting);
        let early = tokio::time::timeout(Duration::from_mins(1), &mut waiting).await;
        assert!(early.is_err(), "it did not wait");
        drop(claim);
        waiting.await;
    }

    #[tokio::test(start_paused = true)]
    async fn two_requests_to_a_host_keep_their_distance_and_two_hosts_do_not_wait() {
        let clock = TestClock::new(Timestamp::from_seconds(1_000));
        let limits = HostLimits::default();
        drop(limits.acquire("a.example", 1, SPACING, &clock).await);
        drop(limits.acquire("b.example", 1, SPACING, &clock).await);
        assert_eq!(clock.now(), Timestamp::from_seconds(1_000));
        drop(limits.acquire("a.example", 1, SPACING, &clock).await);
        assert_eq!(clock.now(), Timestamp::from_seconds(1_002));
    }

    #[test]
    fn a_source_is_asked_once_at_a_time() {
        let limits = HostLimits::default();
        let claim = limits.claim(&"kitu".into());
        assert!(claim.is_some());
        assert!(limits.claim(&"kitu".into()).is_none());
        drop(claim);
        assert!(limits.claim(&"kitu".into()).is_some());
    }

    #[test]
    fn a_pause_ends_by_itself_and_the_longest_holds() {
        let limits = HostLimits::default();
        limits.pause("a.example", Timestamp(50));
        limits.pause("a.example", Timestamp(20));
        assert_eq!(limits.paused_until("a.example", Timestamp(10)), Some(Timestamp(50)));
        assert_eq!(limits.paused_until("a.example", Timestamp(50)), None);
        assert_eq!(limits.paused_until("b.example", Timestamp(10)), None);
        limits.pause("127.0.0.1", Timestamp(50));
        assert_eq!(limits.paused_until("127.0.0.1", Timestamp(10)), None);
    }
}
