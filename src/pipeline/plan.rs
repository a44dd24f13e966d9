//! What the config asks for, with the effects that it needs. A reload replaces
//! the whole plan; a journey under way keeps the one it began with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;

use crate::config::{FetchSettings, MailSettings, Retention, SeriesPlan};
use crate::digest::Face;
use crate::fetch::{Fetch, MaildirFetch};
use crate::model::{SeriesId, SourceId, TopicId};
use crate::page::Templates;
use crate::schedule::holidays::Holidays;
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
    pub series: Vec<SeriesPlan>,
    /// How sources are polled.
    pub polling: FetchSettings,
    /// How mails look and leave.
    pub mail: MailPlan,
    /// How long things are kept.
    pub retention: Retention,
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
    /// Reads the terms of `only`.
    pub only: Option<Tagger>,
    /// The Maildir that is asked instead of a server.
    pub mailbox: Option<PathBuf>,
}

impl SourcePlan {
    /// Returns a source that is asked by `fetch`.
    pub fn new(configured: Configured, fetch: Arc<dyn Fetch>) -> Self {
        // Terms that cannot be read stopped the load.
        let only = configured
            .only
            .as_ref()
            .and_then(|rules| Tagger::new(std::slice::from_ref(rules)).ok());
        Self { configured, fetch, only, mailbox: None }
    }

    /// Returns a source that is asked by `web`; if its documents lie on this machine, they are read
    /// where they lie, by default below `data_dir`.
    pub fn below(configured: Configured, web: Arc<dyn Fetch>, data_dir: &Path) -> Self {
        let Some(mailbox) = configured.source.mailbox() else { return Self::new(configured, web) };
        let settings = &configured.settings;
        let own = || data_dir.join("news").join(settings.id.as_str());
        let folder = mailbox.folder.map_or_else(own, Path::to_owned);
        let fetch = Arc::new(MaildirFetch::new(&settings.url, folder.clone(), web));
        Self { mailbox: Some(folder), ..Self::new(configured, fetch) }
    }
}

/// How mails look and leave.
pub struct MailPlan {
    /// The templates, with the admin's overrides.
    pub templates: Templates,
    /// Names and links of the service.
    pub face: Face,
    /// From whom, and how stubbornly.
    pub settings: MailSettings,
    /// Wall clock of schedules and dates.
    pub timezone: Tz,
    /// Days that `arbeitstags` skips.
    pub holidays: Holidays,
}

impl MailPlan {
    /// Returns a link of ours.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.face.public_url)
    }
}

impl Plan {
    /// Returns the source of that id.
    pub fn source(&self, id: &SourceId) -> Option<&Arc<SourcePlan>> {
        self.sources.iter().find(|source| source.configured.settings.id == *id)
    }

    /// Returns the series of that id.
    pub fn series(&self, id: &SeriesId) -> Option<&SeriesPlan> {
        self.series.iter().find(|plan| plan.series.id == *id)
    }

    /// Returns the title of a topic; its id, if it left the config.
    pub fn topic_title<'a>(&'a self, id: &'a TopicId) -> &'a str {
        self.topics.iter().find(|(topic, _)| topic == id).map_or(id.as_str(), |(_, title)| title)
    }
}
