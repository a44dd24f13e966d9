//! When each loop last turned: what the watchdog and the health ask.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::Timestamp;

/// A loop that has not turned for so long is stuck: longer than the longest
/// wait for a mail server's answer.
const STUCK_AFTER: Duration = Duration::from_mins(20);

/// When each loop last turned.
#[derive(Default)]
pub(super) struct Heartbeats([AtomicI64; 3]);

impl Heartbeats {
    pub(super) fn beat(&self, which: usize, now: Timestamp) {
        self.0[which].store(now.0, Ordering::Relaxed);
    }

    pub(super) fn are_fresh(&self, now: Timestamp) -> bool {
        self.0.iter().all(|beat| now.since(Timestamp(beat.load(Ordering::Relaxed))) < STUCK_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_loop_that_does_not_turn_makes_the_heartbeats_stale() {
        let start = Timestamp::from_seconds(1_000_000);
        let almost = start.after(STUCK_AFTER).before(Duration::from_secs(1));
        for stuck in 0..3 {
            let beats = Heartbeats::default();
            (0..3).for_each(|which| beats.beat(which, start));
            assert!(beats.are_fresh(almost));
            (0..3).filter(|which| *which != stuck).for_each(|which| beats.beat(which, almost));
            assert!(!beats.are_fresh(start.after(STUCK_AFTER)), "loop {stuck}");
        }
    }
}
