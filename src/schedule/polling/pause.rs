//! What became of the schedule while nobody looked: sleep, jumps of the clock, outages.

use std::time::Duration;

use super::chance::share_of;
use super::{HOUR, LONGEST_SKIP_HOURS, MOST_JITTER, NEVER, Policy};
use crate::model::{SourceId, Timestamp};

/// Clocks are set by a little all the time.
const CLOCK_SLACK: Duration = Duration::from_mins(1);

/// Returns what a stored next poll is worth after a pause: the machine slept, the clock
/// jumped, the service was down. The caller stores what is answered.
///
/// A time further ahead than any poll of ours could lie was written by a clock
/// that ran ahead; a time more than an interval ago was slept through. Both are
/// due soon, but not all at the same moment. A source that was never polled
/// stays due at once, a gone one gone.
pub fn after_pause(
    now: Timestamp,
    next_poll: Timestamp,
    policy: &Policy,
    source: &SourceId,
) -> Timestamp {
    if next_poll == NEVER || next_poll == Timestamp::default() {
        return next_poll;
    }
    if believed(now, next_poll, policy) != next_poll || next_poll < now.before(policy.interval) {
        now.after(share_of(policy.interval.min(MOST_JITTER), source, now))
    } else {
        next_poll
    }
}

/// Returns the stored next poll, unless it lies further ahead than any poll of ours
/// could: then a clock that ran ahead wrote it, and the source is due now.
pub fn believed(now: Timestamp, next_poll: Timestamp, policy: &Policy) -> Timestamp {
    let skip = HOUR * LONGEST_SKIP_HOURS;
    let furthest =
        now.after(policy.longest().max(policy.max_retry_after)).after(skip).after(MOST_JITTER * 2);
    if next_poll > furthest && next_poll != NEVER { now } else { next_poll }
}

/// Returns the stored next poll, unless it was written by a clock that stood later than
/// it does now, as the attempt of then shows: that clock has been set back, and
/// the source is due now.
pub fn trusted(now: Timestamp, next_poll: Timestamp, attempted: Option<Timestamp>) -> Timestamp {
    let is_ahead = attempted.is_some_and(|at| at > now.after(CLOCK_SLACK));
    if is_ahead && next_poll != NEVER { now } else { next_poll }
}

/// Returns whether so many hosts failed at once that the fault is ours: then no
/// source's failures are counted. Few hosts say nothing.
pub const fn is_our_outage(hosts_asked: usize, hosts_unreachable: usize) -> bool {
    hosts_asked >= 4 && hosts_unreachable * 2 > hosts_asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::polling::DAY;
    use crate::schedule::polling::tests::{now, policy};

    #[test]
    fn what_a_clock_that_was_ahead_wrote_is_due_now() {
        let (soon, ahead) = (now().after(DAY), Some(now().after(DAY * 13)));
        assert_eq!(trusted(now(), soon, ahead), now());
        assert_eq!(trusted(now(), soon, Some(now().before(DAY))), soon);
        assert_eq!(trusted(now(), soon, Some(now().after(Duration::from_secs(59)))), soon);
        assert_eq!(trusted(now(), NEVER, ahead), NEVER);
    }

    #[test]
    fn after_a_long_sleep_the_overdue_are_spread_and_the_rest_stays() {
        let stored = |at: Timestamp, source: &str| {
            after_pause(now(), at, &policy(), &SourceId::from(source))
        };
        let slept = now().before(3 * DAY);
        let starts: std::collections::BTreeSet<_> =
            (0..20).map(|n| stored(slept, &format!("source-{n}"))).collect();
        assert!(starts.len() > 15, "no burst");
        assert!(starts.iter().all(|at| now().after(MOST_JITTER) >= *at && *at >= now()));
        for calm in [now().before(HOUR), now(), now().after(HOUR), now().after(7 * DAY)] {
            assert_eq!(stored(calm, "kitu"), calm);
        }
        assert_eq!(stored(Timestamp::default(), "kitu"), Timestamp::default());
        assert_eq!(stored(NEVER, "kitu"), NEVER);
    }

    #[test]
    fn a_time_of_a_clock_that_ran_ahead_is_taken_back() {
        let source = SourceId::from("kitu");
        let ahead = now().after(400 * DAY);
        assert!(after_pause(now(), ahead, &policy(), &source) <= now().after(MOST_JITTER));
        assert_eq!(believed(now(), ahead, &policy()), now());
        assert_eq!(believed(now(), NEVER, &policy()), NEVER, "gone is gone");
        for sound in [Timestamp::default(), now().before(DAY), now().after(7 * DAY)] {
            assert_eq!(believed(now(), sound, &policy()), sound);
        }
    }

    #[test]
    fn most_hosts_failing_at_once_is_our_outage() {
        for (asked, unreachable, ours) in [
            (0, 0, false),
            (1, 1, false),
            (3, 3, false),
            (4, 2, false),
            (4, 3, true),
            (50, 26, true),
        ] {
            assert_eq!(is_our_outage(asked, unreachable), ours, "{unreachable} of {asked}");
        }
    }
}
