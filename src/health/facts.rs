//! What was seen of the service at one moment.

use std::fmt;

use crate::model::{Condition, SeriesId, SourceId, Timestamp, counted};

/// Readers who chose what the config does not have any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// `series` or `topic`.
    pub what: &'static str,
    /// Its id.
    pub name: String,
    /// How many chose it.
    pub readers: u64,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, readers } = self;
        let readers = counted(*readers, "reader", "readers");
        write!(f, "{readers} of a {what} that is gone: `{name}`")
    }
}

impl Lost {
    /// Returns the command that gives them another one.
    pub fn remedy(&self) -> &'static str {
        match self.what {
            "series" => "amtsbote subscriber move --series OLD NEW",
            _ => "amtsbote subscriber move --topic OLD NEW",
        }
    }
}

/// Everything that is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// When it was looked at.
    pub now: Timestamp,
    /// The version of the program that looks.
    pub version: String,
    /// Of the daemon; none if nobody asked, as in a program that is not run as a service.
    pub service: Option<Service>,
    /// The file.
    pub database: Database,
    /// Free bytes of its disk, where that is known.
    pub disk_free: Option<u64>,
    /// Whether the signing key is there.
    pub has_key: bool,
    /// The sources that are switched on.
    pub sources: Vec<SourceFacts>,
    /// Sources that are switched off.
    pub sources_off: u64,
    /// The way out.
    pub sending: Sending,
    /// The series.
    pub slots: Vec<Slot>,
    /// Items kept.
    pub items: u64,
    /// Subscribers by standing.
    pub subscribers: Vec<(String, u64)>,
    /// Who chose what the config does not have.
    pub lost: Vec<Lost>,
    /// Returned mail of 30 days by class.
    pub returned: Vec<(String, u64)>,
    /// Version of the config.
    pub config: String,
}

impl Facts {
    /// Returns facts of which nothing was looked at but the database.
    pub fn of_database(now: Timestamp, version: &str, database: Database) -> Self {
        Self {
            now,
            version: version.to_owned(),
            service: None,
            database,
            disk_free: None,
            has_key: true,
            sources: Vec::new(),
            sources_off: 0,
            sending: Sending::default(),
            slots: Vec::new(),
            items: 0,
            subscribers: Vec::new(),
            lost: Vec::new(),
            returned: Vec::new(),
            config: String::new(),
        }
    }

    /// Returns when a source was last asked.
    pub fn last_poll(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(|source| source.last_attempt).max()
    }

    /// Returns when the next source is due.
    pub fn next_poll(&self) -> Option<Timestamp> {
        self.sources.iter().map(|source| source.next_poll).min()
    }

    /// Returns the next slot of any series.
    pub fn next_slot(&self) -> Option<&Slot> {
        self.slots.iter().filter(|slot| slot.next.is_some()).min_by_key(|slot| slot.next)
    }
}

/// What the daemon last wrote of itself, and whether it lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// It holds the lock.
    pub is_running: bool,
    /// Its process, while it runs.
    pub pid: Option<u32>,
    /// Its version, while it runs.
    pub version: Option<String>,
    /// When it was started last; none if it never was.
    pub started: Option<Timestamp>,
    /// When its loops last turned and the database answered.
    pub beat: Option<Timestamp>,
    /// Starts in a row of which none ended as it should.
    pub crashes: u32,
    /// Why the last reload was refused, until one is taken.
    pub config_error: Option<String>,
    /// Why the database takes nothing just now.
    pub waits_for: Option<String>,
}

/// The database file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// It can be read and has so many bytes.
    Sound(u64),
    /// There is none.
    Missing,
    /// It cannot be used.
    Broken(String),
}

/// How one source fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFacts {
    /// Which.
    pub id: SourceId,
    /// Its registrable host.
    pub host: String,
    /// As `source list` shows it.
    pub condition: Condition,
    /// Failed polls in a row.
    pub failures: u32,
    /// When it was asked last.
    pub last_attempt: Option<Timestamp>,
    /// When it was read last.
    pub last_success: Option<Timestamp>,
    /// When it is due.
    pub next_poll: Timestamp,
    /// The last poll failed.
    pub has_failed: bool,
}

impl SourceFacts {
    /// Returns whether it cannot be read: it failed, though it may never have been read before.
    pub fn is_unread(&self) -> bool {
        self.condition.is_unread() || (self.condition == Condition::New && self.has_failed)
    }
}

/// Why nothing goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// Since when.
    pub since: Timestamp,
    /// Until when, if it ends by itself.
    pub until: Option<Timestamp>,
    /// Why; no address in it.
    pub reason: String,
    /// Faults in a row.
    pub failures: u32,
}

/// Messages that wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub messages: u64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
}

/// The way out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sending {
    /// The operator stopped it.
    pub stop: Option<Rest>,
    /// A fault keeps it from going.
    pub pause: Option<Rest>,
    /// What is to be sent, now or later.
    pub waiting: Held,
    /// Messages that are held.
    pub held: u64,
    /// Dead messages that nobody has acknowledged.
    pub unacknowledged: u64,
    /// Messages by state.
    pub outbox: Vec<(String, u64)>,
}

/// When a series comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub series: SeriesId,
    /// The last slot that has come and was not composed.
    pub overdue: Option<Timestamp>,
    /// The next one.
    pub next: Option<Timestamp>,
}
