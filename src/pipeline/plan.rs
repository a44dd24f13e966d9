//! What the config asks for, in the shape the journeys use. A reload replaces
//! the whole plan; a journey under way keeps the one it began with.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;

use crate::digest::{Face, Templates};
use crate::fetch::Fetch;
use crate::model::{Series, SeriesId, SourceId, TopicId};
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
    /// Bytes of mails that are done.
    pub bodies: Option<Duration>,
    /// Texts of items.
    pub items: Option<Duration>,
}

/// How long a confirmation link holds where nothing else is said.
const CONFIRM_WITHIN: Duration = Duration::from_hours(72);
/// Less would not leave time to read a mail.
const CONFIRM_AT_LEAST: Duration = Duration::from_mins(15);

impl RetentionPlan {
    /// How long the link of a confirmation mail holds: as long as the sign-up is kept.
    pub fn confirm_within(&self) -> Duration {
        self.pending.unwrap_or(CONFIRM_WITHIN).max(CONFIRM_AT_LEAST)
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
