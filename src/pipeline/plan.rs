//! What the config asks for, in the shape the journeys use. A reload replaces
//! the whole plan; a journey under way keeps the one it began with.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike as _, TimeZone as _};
use chrono_tz::Tz;

use crate::bounce;
use crate::digest::{Face, Templates};
use crate::fetch::Fetch;
use crate::model::{Request, Series, SeriesId, SourceId, Timestamp, TopicId};
use crate::outbox;
use crate::schedule::calendar::Calendar;
use crate::schedule::holidays::Holidays;
use crate::schedule::polling::Policy;
use crate::source::Configured;
use crate::topic::Tagger;

/// Everything the journeys follow.
pub struct Plan {
    /// The sources, in the order of the config.
    pub sources: Vec<Arc<SourcePlan>>,
    /// Tags items.
    pub tagger: Tagger,
    /// Topics with their titles, in the order of the config.
    pub topics: Vec<(TopicId, String)>,
    /// The series.
    pub series: Vec<SeriesPlan>,
    /// How sources are polled.
    pub polling: PollingPlan,
    /// How mails look and leave.
    pub mail: MailPlan,
    /// How long things are kept.
    pub retention: RetentionPlan,
    /// Version of the config; changes with any byte of it.
    pub version: String,
    /// Version of the rules that tag, stored with each tagging (`topic::version`).
    pub topics_version: String,
}

/// A source, and the client that asks its server.
pub struct SourcePlan {
    /// Settings and way of reading.
    pub configured: Configured,
    /// Asks with the source's own proxy, certificates and fields.
    pub fetch: Arc<dyn Fetch>,
}

/// A series and when it fires.
pub struct SeriesPlan {
    /// What it is.
    pub series: Series,
    /// When it fires, wall clock.
    pub calendar: Calendar,
}

/// How sources are polled.
#[derive(Debug, Clone)]
pub struct PollingPlan {
    /// Floor whatever anyone asks.
    pub min_interval: Duration,
    /// Ceiling of adaptation and back-off.
    pub max_interval: Duration,
    /// Ceiling of a server's Retry-After.
    pub max_retry_after: Duration,
    /// Limit of one exchange.
    pub timeout: Duration,
    /// Most decoded bytes of one answer.
    pub max_bytes: u64,
    /// Requests at once in all.
    pub concurrency: usize,
    /// Requests at once to a host.
    pub per_host: usize,
    /// Time between two starts to a host.
    pub host_spacing: Duration,
}

impl PollingPlan {
    /// The bounds of a source with this interval of its own.
    pub fn policy(&self, interval: Duration) -> Policy {
        Policy {
            interval,
            min_interval: self.min_interval,
            max_interval: self.max_interval,
            max_retry_after: self.max_retry_after,
        }
    }

    /// Returns a GET within the limits of `[fetch]`.
    pub fn get(&self, url: impl Into<String>, accept: &str) -> Request {
        Request::get(url, accept, self.max_bytes, self.timeout)
    }
}

/// How mails look and leave.
pub struct MailPlan {
    /// The templates, with the admin's overrides.
    pub templates: Templates,
    /// Names and links of the service.
    pub face: Face,
    /// From: `Name <address>`.
    pub from: String,
    /// The address in From.
    pub from_address: String,
    /// Domain of From, for Message-IDs and List-Id.
    pub domain: String,
    /// Reply-To.
    pub reply_to: Option<String>,
    /// Who is told of broken sources.
    pub admin: Option<String>,
    /// Takes unsubscriptions by mail.
    pub unsubscribe_address: Option<String>,
    /// Envelope sender with a token behind `+`; none: the From address.
    pub bounce_address: Option<String>,
    /// Patience of the outbox.
    pub outbox: outbox::Settings,
    /// Messages on their way at once.
    pub connections: usize,
    /// Most messages a minute to the addresses of one domain.
    pub domain_per_minute: Option<NonZero<u32>>,
    /// Wall clock of schedules and dates.
    pub timezone: Tz,
    /// Days that `arbeitstags` skips.
    pub holidays: Holidays,
}

/// How long things are kept; none = for ever.
#[derive(Debug, Clone, Default)]
pub struct RetentionPlan {
    /// Sign-ups that nobody confirmed.
    pub pending: Option<Duration>,
    /// Proof of consent of who left.
    pub proof: Option<Duration>,
    /// Bytes of mails that are done.
    pub bodies: Option<Duration>,
    /// Rows of mails that are done; the bytes go before them or with them.
    pub outbox: Option<Duration>,
    /// What came back; never less than the suspension rules look back on.
    pub bounces: Option<Duration>,
    /// Texts of items.
    pub items: Option<Duration>,
}

/// How long a confirmation link holds where nothing else is said.
const CONFIRM_WITHIN: Duration = Duration::from_hours(72);
/// Less would not leave time to read a mail.
const CONFIRM_AT_LEAST: Duration = Duration::from_mins(15);
/// As the config counts it.
const YEAR: Duration = Duration::from_hours(365 * 24);

impl RetentionPlan {
    /// How long the link of a confirmation mail holds: as long as the sign-up is kept.
    pub fn confirm_within(&self) -> Duration {
        self.pending.unwrap_or(CONFIRM_WITHIN).max(CONFIRM_AT_LEAST)
    }

    /// Who left before this has no proof any more; none if proofs stay for ever.
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

    /// What came back before this is forgotten; none if it is kept for ever.
    pub fn bounces_end(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now.before(self.bounces?.max(bounce::MEMORY)))
    }
}

impl MailPlan {
    /// A link of ours.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.face.public_url)
    }
}

impl Plan {
    /// The source of that id.
    pub fn source(&self, id: &SourceId) -> Option<&Arc<SourcePlan>> {
        self.sources.iter().find(|source| source.configured.settings.id == *id)
    }

    /// The series of that id.
    pub fn series(&self, id: &SeriesId) -> Option<&SeriesPlan> {
        self.series.iter().find(|plan| plan.series.id == *id)
    }

    /// The title of a topic; its id, if it left the config.
    pub fn topic_title<'a>(&'a self, id: &'a TopicId) -> &'a str {
        self.topics.iter().find(|(topic, _)| topic == id).map_or(id.as_str(), |(_, title)| title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(proof: Option<Duration>, now: &str) -> Option<String> {
        let now = chrono::DateTime::parse_from_rfc3339(now).unwrap().into();
        let plan = RetentionPlan { proof, ..RetentionPlan::default() };
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
        let end = |bounces| RetentionPlan { bounces, ..RetentionPlan::default() }.bounces_end(now);
        assert_eq!(end(Some(Duration::ZERO)), Some(now.before(bounce::MEMORY)));
        assert_eq!(end(Some(YEAR)), Some(now.before(YEAR)));
        assert_eq!(end(None), None);
    }
}
