//! When a source is asked next: arithmetic on what is known, nothing else.
//!
//! The wait is the longest of what the config, the source's liveliness, the
//! document and the server ask for, bounded by the config. Failures wait
//! exponentially longer. Chance is a function of source and day, so that the
//! same poll always leads to the same next one.

mod chance;
mod hosts;
mod pause;

pub use hosts::{is_one_registrant, registrable};
pub use pause::{after_pause, believed, is_our_outage, trusted};

use std::time::Duration;

use chrono::{Datelike, Timelike};

use self::chance::share_of;
use crate::answer::FailureKind;
use crate::model::{Rhythm, SourceId, Timestamp};

/// The poll that never comes: the source is gone for good. The end of year
/// 9999, so that every format can print it.
pub const NEVER: Timestamp = Timestamp::from_seconds(253_402_300_799);

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Not sooner than this after "not you" (401, 403) and after what only a person can mend.
const AFTER_REFUSAL: Duration = Duration::from_hours(6);

/// Most that chance adds.
const MOST_JITTER: Duration = Duration::from_mins(10);

/// The longest that skipped hours and days may hold a source back.
const LONGEST_SKIP_HOURS: u32 = 7 * 24;

/// What the config allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Time between polls of a lively source. Never shortened but by `gap`.
    pub interval: Duration,
    /// No shorter wait, whoever asks for it.
    pub min_interval: Duration,
    /// No longer wait, unless `interval` itself is longer or the server said
    /// `Retry-After`.
    pub max_interval: Duration,
    /// The longest `Retry-After` that is obeyed.
    pub max_retry_after: Duration,
}

impl Policy {
    fn longest(&self) -> Duration {
        self.max_interval.max(self.interval).max(self.min_interval)
    }

    fn bounded(&self, wait: Duration) -> Duration {
        wait.clamp(self.min_interval, self.longest())
    }
}

/// How the last poll ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer was read, new items or not.
    Read,
    /// 304, or the same body again.
    Unchanged,
    /// It was not read.
    Failed(FailureKind),
}

/// What is known when a poll has ended.
#[derive(Debug, Clone)]
pub struct Signs<'a> {
    /// Whose.
    pub source: &'a SourceId,
    /// How it ended.
    pub outcome: Outcome,
    /// Failures in a row, this one included.
    pub failures: u32,
    /// When the source last gave a new item, this poll included.
    pub last_new_item: Option<Timestamp>,
    /// What the document asks for.
    pub rhythm: &'a Rhythm,
    /// How long the answer is fresh by the server's word.
    pub freshness: Option<Duration>,
    /// Not before, by the server's word.
    pub retry_after: Option<Timestamp>,
    /// The document had nothing in common with the last one: items may have been missed.
    pub gap: bool,
    /// The server never answers 304 although it could.
    pub never_answers_304: bool,
}

/// Returns when to ask again.
pub fn next(now: Timestamp, policy: &Policy, signs: &Signs<'_>) -> Timestamp {
    let wait = match signs.outcome {
        Outcome::Failed(FailureKind::Gone) => return NEVER,
        Outcome::Failed(failure) => after_failure(policy, failure, signs),
        Outcome::Read | Outcome::Unchanged => after_success(now, policy, signs),
    };
    let wait = policy.bounded(wait);
    let mut at = now.after(wait).after(jitter(signs.source, now, wait));
    if let Some(wish) = signs.retry_after {
        at = at.max(wish.min(now.after(policy.max_retry_after)));
    }
    if !matches!(signs.outcome, Outcome::Failed(_)) {
        at = outside_skipped(at, signs);
    }
    at
}

fn after_success(now: Timestamp, policy: &Policy, signs: &Signs<'_>) -> Duration {
    if signs.gap {
        // items are lost between polls: better impolite than blind
        return policy.interval / 2;
    }
    let mut calm = calm_factor(now, signs.last_new_item);
    if signs.never_answers_304 && signs.outcome == Outcome::Unchanged {
        // each poll costs its server the whole document
        calm = calm.max(2);
    }
    let wishes =
        [Some(policy.interval.saturating_mul(calm)), signs.rhythm.interval, signs.freshness];
    wishes.into_iter().flatten().max().unwrap_or(policy.interval)
}

/// Returns how much slower a quiet source is asked. One new item brings it back to its pace.
fn calm_factor(now: Timestamp, last_new_item: Option<Timestamp>) -> u32 {
    match last_new_item.map(|at| now.since(at)) {
        Some(silence) if silence > 84 * DAY => 4,
        Some(silence) if silence > 28 * DAY => 2,
        _ => 1,
    }
}

fn after_failure(policy: &Policy, failure: FailureKind, signs: &Signs<'_>) -> Duration {
    if signs.retry_after.is_some() {
        // the server has named its time: no guessing on top
        return policy.interval;
    }
    let first = match failure {
        FailureKind::Unreachable
        | FailureKind::Passing
        | FailureKind::Redirect
        | FailureKind::Unreadable
        | FailureKind::EmptySelector
        | FailureKind::RobotsUnreadable
        | FailureKind::Gone => policy.interval,
        FailureKind::Throttled => policy.interval.max(HOUR),
        FailureKind::Missing => policy.interval.saturating_mul(4),
        FailureKind::Refused
        | FailureKind::Challenge
        | FailureKind::RobotsDisallowed
        | FailureKind::Guarded
        | FailureKind::Setup => policy.interval.max(AFTER_REFUSAL),
    };
    first.saturating_mul(1_u32.checked_shl(signs.failures.saturating_sub(1)).unwrap_or(u32::MAX))
}

/// Returns up to a tenth of the wait, at most ten minutes: not all sources at full hours.
fn jitter(source: &SourceId, now: Timestamp, wait: Duration) -> Duration {
    share_of((wait / 10).min(MOST_JITTER), source, now)
}

/// Returns the first moment from `at` whose hour and day (GMT) the document does not
/// exclude. A document that excludes all of them is not believed.
fn outside_skipped(at: Timestamp, signs: &Signs<'_>) -> Timestamp {
    let skipped = |at: Timestamp| {
        let time = at.utc();
        signs.rhythm.skip_hours.iter().any(|hour| u32::from(*hour) % 24 == time.hour())
            || signs
                .rhythm
                .skip_days
                .iter()
                .any(|day| u32::from(*day) == time.weekday().num_days_from_sunday())
    };
    if !skipped(at) {
        return at;
    }
    let hour = at.seconds() - at.seconds().rem_euclid(3600);
    (1..=LONGEST_SKIP_HOURS)
        .map(|hours| Timestamp::from_seconds(hour + i64::from(hours) * 3600))
        .find(|begin| !skipped(*begin))
        .map_or(at, |begin| begin.after(share_of(MOST_JITTER, signs.source, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    pub(super) fn policy() -> Policy {
        Policy {
            interval: 2 * HOUR,
            min_interval: 15 * MINUTE,
            max_interval: DAY,
            max_retry_after: 7 * DAY,
        }
    }

    pub(super) fn now() -> Timestamp {
        // a Monday, 10:00 GMT
        Timestamp::from_seconds(1_795_428_000)
    }

    fn wait(change: impl FnOnce(&mut Signs<'_>)) -> Duration {
        wait_with(&policy(), change)
    }

    fn wait_with(policy: &Policy, change: impl FnOnce(&mut Signs<'_>)) -> Duration {
        with_rhythm(policy, &Rhythm::default(), change)
    }

    fn with_rhythm(
        policy: &Policy,
        rhythm: &Rhythm,
        change: impl FnOnce(&mut Signs<'_>),
    ) -> Duration {
        let source = SourceId::from("kitu");
        let mut signs = Signs {
            source: &source,
            outcome: Outcome::Read,
            failures: 0,
            last_new_item: Some(now().before(HOUR)),
            rhythm,
            freshness: None,
            retry_after: None,
            gap: false,
            never_answers_304: false,
        };
        change(&mut signs);
        next(now(), policy, &signs).since(now())
    }

    /// `actual` is `expected` and what chance may add.
    #[track_caller]
    fn about(actual: Duration, expected: Duration) {
        let most = expected + (expected / 10).min(MOST_JITTER);
        assert!((expected..=most).contains(&actual), "{actual:?} is not about {expected:?}");
    }

    #[test]
    fn a_lively_source_keeps_its_configured_pace() {
        assert_eq!(now().rfc3339(), "2026-11-23T10:00:00Z");
        about(wait(|_| ()), 2 * HOUR);
        about(wait(|signs| signs.last_new_item = None), 2 * HOUR);
        about(wait(|signs| signs.outcome = Outcome::Unchanged), 2 * HOUR);
    }

    #[test]
    fn sources_of_one_interval_do_not_all_come_due_together() {
        let due: std::collections::BTreeSet<Duration> = (0..20)
            .map(|n| {
                let source = SourceId::new(format!("source-{n}"));
                let (outcome, rhythm) = (Outcome::Read, Rhythm::default());
                let signs = Signs {
                    source: &source,
                    outcome,
                    failures: 0,
                    last_new_item: None,
                    rhythm: &rhythm,
                    freshness: None,
                    retry_after: None,
                    gap: false,
                    never_answers_304: false,
                };
                next(now(), &policy(), &signs).since(now())
            })
            .collect();
        assert!(due.len() > 15, "{due:?}");
        let spread = due.last().unwrap().abs_diff(*due.first().unwrap());
        assert!(spread > 5 * MINUTE && spread <= MOST_JITTER, "{spread:?}");
    }

    #[test]
    fn a_quiet_source_slows_down_and_never_beyond_the_maximum() {
        let silent = |days: u32| wait(|signs| signs.last_new_item = Some(now().before(days * DAY)));
        about(silent(27), 2 * HOUR);
        about(silent(29), 4 * HOUR);
        about(silent(85), 8 * HOUR);
        let slow = Policy { interval: 20 * HOUR, ..policy() };
        about(wait_with(&slow, |signs| signs.last_new_item = Some(now().before(99 * DAY))), DAY);
    }

    #[test]
    fn the_longest_wish_counts_within_the_bounds() {
        let ttl = |span| Rhythm { interval: Some(span), ..Rhythm::default() };
        about(with_rhythm(&policy(), &ttl(5 * HOUR), |_| ()), 5 * HOUR);
        about(with_rhythm(&policy(), &ttl(MINUTE), |_| ()), 2 * HOUR);
        about(with_rhythm(&policy(), &ttl(99 * DAY), |_| ()), DAY);
        about(wait(|signs| signs.freshness = Some(3 * HOUR)), 3 * HOUR);
        about(wait(|signs| signs.freshness = Some(30 * DAY)), DAY);
        let hasty = Policy { interval: MINUTE, ..policy() };
        about(wait_with(&hasty, |_| ()), 15 * MINUTE);
        let weekly = Policy { interval: 7 * DAY, ..policy() };
        about(wait_with(&weekly, |_| ()), 7 * DAY);
    }

    #[test]
    fn a_gap_halves_the_wait_down_to_the_minimum() {
        about(wait(|signs| signs.gap = true), HOUR);
        let short = Policy { interval: 20 * MINUTE, ..policy() };
        about(wait_with(&short, |signs| signs.gap = true), 15 * MINUTE);
    }

    #[test]
    fn a_server_that_never_answers_304_is_asked_half_as_often() {
        about(
            wait(|signs| {
                signs.never_answers_304 = true;
                signs.outcome = Outcome::Unchanged;
            }),
            4 * HOUR,
        );
        about(wait(|signs| signs.never_answers_304 = true), 2 * HOUR);
    }

    fn failed(failure: FailureKind, failures: u32) -> Duration {
        wait(|signs| {
            signs.outcome = Outcome::Failed(failure);
            signs.failures = failures;
        })
    }

    #[test]
    fn failures_wait_twice_as_long_each_time_up_to_a_day() {
        for (failures, hours) in
            [(1, 2), (2, 4), (3, 8), (4, 16), (5, 24), (99, 24), (u32::MAX, 24)]
        {
            about(failed(FailureKind::Passing, failures), hours * HOUR);
        }
    }

    #[test]
    fn each_kind_of_failure_has_its_own_patience() {
        about(failed(FailureKind::Throttled, 1), 2 * HOUR);
        about(failed(FailureKind::Refused, 1), 6 * HOUR);
        about(failed(FailureKind::Setup, 1), 6 * HOUR);
        about(failed(FailureKind::Missing, 1), 8 * HOUR);
        let source = SourceId::from("kitu");
        let rhythm = Rhythm::default();
        let signs = Signs {
            source: &source,
            outcome: Outcome::Failed(FailureKind::Gone),
            failures: 1,
            last_new_item: None,
            rhythm: &rhythm,
            freshness: None,
            retry_after: None,
            gap: false,
            never_answers_304: false,
        };
        assert_eq!(next(now(), &policy(), &signs), NEVER);
        assert_eq!(NEVER.rfc3339(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_lowered_maximum_bounds_every_failure() {
        let quick = Policy {
            interval: Duration::from_secs(1),
            min_interval: Duration::from_secs(1),
            max_interval: Duration::from_secs(5),
            ..policy()
        };
        for failure in [
            FailureKind::Passing,
            FailureKind::Throttled,
            FailureKind::Refused,
            FailureKind::Missing,
        ] {
            let wait = wait_with(&quick, |signs| {
                signs.outcome = Outcome::Failed(failure);
                signs.failures = 9;
            });
            about(wait, Duration::from_secs(5));
        }
    }

    #[test]
    fn retry_after_is_obeyed_beyond_the_maximum_but_not_for_ever() {
        let wait = |seconds: u64| {
            wait(|signs| {
                signs.outcome = Outcome::Failed(FailureKind::Throttled);
                signs.failures = 3;
                signs.retry_after = Some(now().after(Duration::from_secs(seconds)));
            })
        };
        about(wait(60), 2 * HOUR);
        assert_eq!(wait(2 * 86_400), 2 * DAY);
        assert_eq!(wait(999_999_999_999), 7 * DAY);
    }

    #[test]
    fn skipped_hours_and_days_are_left_out() {
        let at = |rhythm: &Rhythm| now().after(with_rhythm(&policy(), rhythm, |_| ()));
        // due at 12 and some minutes
        let hours = Rhythm { skip_hours: vec![12, 13], ..Rhythm::default() };
        assert!(at(&hours).rfc3339().starts_with("2026-11-23T14:0"), "{}", at(&hours).rfc3339());
        let days = Rhythm { skip_days: vec![1, 2], ..Rhythm::default() };
        assert!(at(&days).rfc3339().starts_with("2026-11-25T00:0"), "{}", at(&days).rfc3339());
        let all = Rhythm { skip_hours: (0..24).collect(), ..Rhythm::default() };
        about(with_rhythm(&policy(), &all, |_| ()), 2 * HOUR);
        let odd = Rhythm { skip_hours: vec![99], skip_days: vec![9], ..Rhythm::default() };
        about(with_rhythm(&policy(), &odd, |_| ()), 2 * HOUR);
    }
}
