//! Manners towards hosts: how many requests at once, and how far apart.
//!
//! A lane belongs to a registrable host. It outlives a pass, so that two passes
//! that overlap do not crowd the host they share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::clock::Clock;
use crate::model::{SourceId, Timestamp};
use crate::schedule::polling::is_one_registrant;

/// The lanes of all hosts, and the sources that are being asked.
pub(crate) struct Lanes {
    // Std mutexes: nothing awaits under them.
    by_host: Mutex<HashMap<String, Arc<Lane>>>,
    asked: Mutex<HashSet<SourceId>>,
    /// One for each core: more documents at once are read no sooner, they only
    /// take more memory.
    turns: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self { by_host: Mutex::default(), asked: Mutex::default(), turns: Semaphore::new(cores) }
    }
}

struct Lane {
    permits: Arc<Semaphore>,
    next_start: Mutex<Timestamp>,
    last_start: Mutex<Option<Timestamp>>,
    paused_until: Mutex<Timestamp>,
}

/// The right to ask a host; given back when dropped.
pub(super) struct Permit {
    lane: Arc<Lane>,
    _permit: OwnedSemaphorePermit,
}

impl Permit {
    /// Notes that the request starts now. Answers how long after the one before it.
    pub(super) fn start(&self, now: Timestamp) -> Option<Duration> {
        let before = lock(&self.lane.last_start).replace(now);
        before.map(|before| now.since(before))
    }
}

/// The right to ask a source; given back when dropped.
pub(super) struct Claim<'a> {
    lanes: &'a Lanes,
    id: SourceId,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(&self.lanes.asked).remove(&self.id);
    }
}

impl Lanes {
    /// Claims the source, unless it is being asked already.
    pub(super) fn claim(&self, id: &SourceId) -> Option<Claim<'_>> {
        lock(&self.asked).insert(id.clone()).then(|| Claim { lanes: self, id: id.clone() })
    }

    /// Waits for a core to read a document on.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Waits until `host` may be asked: a free place, and `spacing` since the last start.
    pub(super) async fn enter(
        &self,
        host: &str,
        places: usize,
        spacing: Duration,
        clock: &dyn Clock,
    ) -> Option<Permit> {
        let lane = self.lane(host, places);
        // The semaphore is never closed; were it, the source would be asked later.
        let permit = Arc::clone(&lane.permits).acquire_owned().await.ok()?;
        let wait = {
            let now = clock.now();
            let mut next_start = lock(&lane.next_start);
            // A clock that was set back must not hold the lane for longer than the spacing.
            let start = (*next_start).clamp(now, now.after(spacing));
            *next_start = start.after(spacing);
            start.since(now)
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Some(Permit { lane, _permit: permit })
    }

    /// The host said 429: none of its sources is asked before `until`. Behind
    /// an address many may stand: there only the source that was told so waits.
    pub(super) fn pause(&self, host: &str, until: Timestamp) {
        if !is_one_registrant(host) {
            return;
        }
        let lane = self.lane(host, 1);
        let mut paused_until = lock(&lane.paused_until);
        *paused_until = until.max(*paused_until);
    }

    /// Until when the host rests, if it does at `now`.
    pub(super) fn paused_until(&self, host: &str, now: Timestamp) -> Option<Timestamp> {
        let lane = Arc::clone(lock(&self.by_host).get(host)?);
        let until = *lock(&lane.paused_until);
        (until > now).then_some(until)
    }

    fn lane(&self, host: &str, places: usize) -> Arc<Lane> {
        let mut lanes = lock(&self.by_host);
        Arc::clone(lanes.entry(host.to_owned()).or_insert_with(|| {
            Arc::new(Lane {
                permits: Arc::new(Semaphore::new(places.max(1))),
                next_start: Mutex::default(),
                last_start: Mutex::default(),
                paused_until: Mutex::default(),
            })
        }))
    }
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
    async fn two_requests_to_a_host_keep_their_distance_and_two_hosts_do_not_wait() {
        let clock = TestClock::new(Timestamp::from_seconds(1_000));
        let lanes = Lanes::default();
        drop(lanes.enter("a.example", 1, SPACING, &clock).await);
        drop(lanes.enter("b.example", 1, SPACING, &clock).await);
        assert_eq!(clock.now(), Timestamp::from_seconds(1_000));
        drop(lanes.enter("a.example", 1, SPACING, &clock).await);
        assert_eq!(clock.now(), Timestamp::from_seconds(1_002));
    }

    #[test]
    fn a_source_is_asked_once_at_a_time() {
        let lanes = Lanes::default();
        let claim = lanes.claim(&"kitu".into());
        assert!(claim.is_some());
        assert!(lanes.claim(&"kitu".into()).is_none());
        drop(claim);
        assert!(lanes.claim(&"kitu".into()).is_some());
    }

    #[test]
    fn a_pause_ends_by_itself_and_the_longest_holds() {
        let lanes = Lanes::default();
        lanes.pause("a.example", Timestamp(50));
        lanes.pause("a.example", Timestamp(20));
        assert_eq!(lanes.paused_until("a.example", Timestamp(10)), Some(Timestamp(50)));
        assert_eq!(lanes.paused_until("a.example", Timestamp(50)), None);
        assert_eq!(lanes.paused_until("b.example", Timestamp(10)), None);
        lanes.pause("127.0.0.1", Timestamp(50));
        assert_eq!(lanes.paused_until("127.0.0.1", Timestamp(10)), None);
    }
}
