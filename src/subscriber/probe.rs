//! When to ask whether a suspended address works again, and when to give it up.
//!
//! Someone whose mail came back too often gets none, but may not know it. Two
//! probes find out whether they can be reached; then their address is either
//! used again or erased: one that cannot be right must not be kept (Art. 5 (1)
//! d and e DSGVO).

use std::time::Duration;

use crate::model::Timestamp;

const DAY: Duration = Duration::from_hours(24);
/// From the suspension to the first probe, to the second, …
const AFTER: [Duration; 2] = [DAY.saturating_mul(14), DAY.saturating_mul(60)];
/// Least time between two probes, whatever the service slept through.
const APART: Duration = DAY.saturating_mul(14);
/// A probe that was handed over and did not come back for so long has arrived:
/// servers try for up to five days (RFC 5321 4.5.4.1) before they return it.
pub const SILENCE: Duration = DAY.saturating_mul(7);

/// What became of the last probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is not handed over yet.
    Underway,
    /// The mail server took it, and nothing has come back since.
    Taken {
        /// When.
        at: Timestamp,
    },
    /// It came back, was refused, or was given up.
    Failed,
}

/// How a suspended subscriber stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspension {
    /// Since when they are suspended.
    pub since: Timestamp,
    /// Probes so far.
    pub probes: u32,
    /// When the last one was made, and what became of it.
    pub last: Option<(Timestamp, Outcome)>,
}

/// What to do about a suspended subscriber now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing yet.
    Wait,
    /// Ask.
    Probe,
    /// They can be reached: they get their digests again.
    Resume,
    /// They cannot: the address goes.
    Erase,
}

/// Returns the step that is due at `now`.
pub fn step(suspension: &Suspension, now: Timestamp) -> Step {
    let earliest = match suspension.last {
        Some((_, Outcome::Underway)) => return Step::Wait,
        Some((_, Outcome::Taken { at })) if now >= at.after(SILENCE) => return Step::Resume,
        Some((_, Outcome::Taken { .. })) => return Step::Wait,
        Some((made, Outcome::Failed)) => made.after(APART),
        None => suspension.since,
    };
    let number = usize::try_from(suspension.probes).unwrap_or(usize::MAX);
    match AFTER.get(number) {
        None => Step::Erase,
        Some(after) if now >= suspension.since.after(*after).max(earliest) => Step::Probe,
        Some(_) => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> Timestamp {
        Timestamp(0).after(DAY * day)
    }

    fn at(today: u32, probes: u32, last: Option<(u32, Outcome)>) -> Step {
        let last = last.map(|(made, outcome)| (day(made), outcome));
        step(&Suspension { since: day(0), probes, last }, day(today))
    }

    #[test]
    fn the_first_probe_is_due_after_fourteen_days_and_the_second_after_sixty() {
        assert_eq!((at(13, 0, None), at(14, 0, None)), (Step::Wait, Step::Probe));
        let failed = Some((14, Outcome::Failed));
        assert_eq!((at(59, 1, failed), at(60, 1, failed)), (Step::Wait, Step::Probe));
    }

    #[test]
    fn a_second_failure_erases_the_address() {
        assert_eq!(at(60, 2, Some((60, Outcome::Failed))), Step::Erase);
    }

    #[test]
    fn a_week_of_silence_after_a_probe_was_taken_resumes() {
        let taken = Some((14, Outcome::Taken { at: day(15) }));
        assert_eq!((at(21, 1, taken), at(22, 1, taken)), (Step::Wait, Step::Resume));
        let taken = Some((60, Outcome::Taken { at: day(60) }));
        assert_eq!((at(66, 2, taken), at(67, 2, taken)), (Step::Wait, Step::Resume));
    }

    #[test]
    fn a_probe_that_waits_in_the_outbox_decides_nothing() {
        for today in [14, 60, 400] {
            assert_eq!(at(today, 2, Some((14, Outcome::Underway))), Step::Wait);
        }
    }

    #[test]
    fn a_service_that_slept_for_months_still_leaves_time_between_the_probes() {
        let late = Some((70, Outcome::Failed));
        assert_eq!((at(83, 1, late), at(84, 1, late)), (Step::Wait, Step::Probe));
    }
}
