//! `[retention]`: how long things are kept.

use std::time::Duration;

use chrono::{Datelike as _, TimeZone as _};
use chrono_tz::Tz;

use crate::bounce;
use crate::model::settings::settings;
use crate::model::{Reader, Timestamp};

settings! {
    /// How long things are kept. "0s" = not at all, "" = for ever.
    pub struct Retention in "retention" checked by check {
        /// Sign-ups that nobody confirmed.
        pending: Option<Duration> = "72h";
        /// Proof of consent after someone left; years run to the end of the last one.
        proof: Option<Duration> = "3y";
        /// Bytes of mails and digests after they were sent.
        bodies: Option<Duration> = "7d";
        /// What is left of a mail after that: to whom, when and how it ended.
        outbox: Option<Duration> = "90d";
        /// Class, code and date of returned mails; at least the 30 days by which dead addresses are told.
        bounces: Option<Duration> = "30d";
        /// Items.
        items: Option<Duration> = "2y";
    }
}

/// How long a confirmation link holds where nothing else is said.
const CONFIRM_WITHIN: Duration = Duration::from_hours(72);
/// Less would not leave time to read a mail.
const CONFIRM_AT_LEAST: Duration = Duration::from_mins(15);
/// A year of a duration.
const YEAR: Duration = Duration::from_hours(365 * 24);

fn check(settings: &mut Retention, reader: &mut Reader<'_>) {
    if settings.bounces.is_some_and(|bounces| bounces < bounce::MEMORY) {
        let days = bounce::MEMORY.as_secs() / 86_400;
        reader.warn("bounces", format!("is shorter than the {days} days by which dead addresses are told: what came back is kept for {days} days all the same"));
    }
}

impl Retention {
    /// Returns how long the link of a confirmation mail holds: as long as the sign-up is kept.
    pub fn confirm_within(&self) -> Duration {
        self.pending.unwrap_or(CONFIRM_WITHIN).max(CONFIRM_AT_LEAST)
    }

    /// Returns the time before which who left has no proof any more; none if proofs stay for ever.
    ///
    /// A period of years runs to the end of its last year, as limitation does
    /// (§ 199 BGB); a shorter one to the instant.
    pub fn proofs_end(&self, now: Timestamp, zone: Tz) -> Option<Timestamp> {
        let period = self.proof?;
        if period < YEAR {
            return Some(now.before(period));
        }
        let years = i32::try_from(period.as_secs().div_ceil(YEAR.as_secs())).unwrap_or(i32::MAX);
        let year = now.utc().with_timezone(&zone).year().checked_sub(years)?;
        zone.with_ymd_and_hms(year, 1, 1, 0, 0, 0).earliest().map(Timestamp::from)
    }

    /// Returns the time before which returned mail is forgotten; none if it is kept for ever.
    pub fn bounces_end(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now.before(self.bounces?.max(bounce::MEMORY)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns periods that keep everything for ever.
    fn kept() -> Retention {
        Retention {
            pending: None,
            proof: None,
            bodies: None,
            outbox: None,
            bounces: None,
            items: None,
        }
    }

    fn ends(proof: Option<Duration>, now: &str) -> Option<String> {
        let now = chrono::DateTime::parse_from_rfc3339(now).unwrap().into();
        let plan = Retention { proof, ..kept() };
        plan.proofs_end(now, Tz::Europe__Berlin).map(Timestamp::rfc3339)
    }

    #[test]
    fn a_proof_of_years_is_kept_to_the_end_of_the_last_one() {
        let three = Some(3 * YEAR);
        // Who left at any time of 2026 is kept through 2029, leap years or not.
        assert_eq!(ends(three, "2029-12-31T22:59:59Z").unwrap(), "2025-12-31T23:00:00Z");
        assert_eq!(ends(three, "2029-12-31T23:00:00Z").unwrap(), "2026-12-31T23:00:00Z");
        let longer = Some(YEAR + Duration::from_hours(1));
        assert_eq!(ends(longer, "2029-06-01T00:00:00Z").unwrap(), "2026-12-31T23:00:00Z");
    }

    #[test]
    fn a_proof_of_days_is_kept_to_the_instant_and_nought_is_at_once() {
        let now = "2029-06-02T10:00:00Z";
        assert_eq!(ends(Some(Duration::from_hours(24)), now).unwrap(), "2029-06-01T10:00:00Z");
        assert_eq!(ends(Some(Duration::ZERO), now).unwrap(), now);
        assert_eq!(ends(None, now), None);
        assert_eq!(ends(Some(Duration::MAX), now), None);
    }

    #[test]
    fn what_came_back_is_kept_as_long_as_the_rules_look_back() {
        let now = Timestamp(i64::from(u32::MAX) * 1000);
        let end = |bounces| Retention { bounces, ..kept() }.bounces_end(now);
        assert_eq!(end(Some(Duration::ZERO)), Some(now.before(bounce::MEMORY)));
        assert_eq!(end(Some(YEAR)), Some(now.before(YEAR)));
        assert_eq!(end(None), None);
    }
}
