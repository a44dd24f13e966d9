//! What of the facts someone should know. Each rule is a line here, and the
//! words are the same in every view.

use std::fmt;
use std::time::Duration;

use super::{Asked, Database, Facts, Service, is_own_outage};
use crate::model::{Condition, Timestamp, counted};

/// How bad it is, as monitoring plugins mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing to do.
    Ok,
    /// Someone should look, today.
    Warning,
    /// The service does not do its work: nothing is polled, composed or sent.
    Critical,
}

impl Level {
    /// Every level, in order.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Warning, Self::Critical];

    /// Returns the word of monitoring plugins, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Something that someone should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub level: Level,
    /// What it is, for machines; never changes for one kind of finding.
    pub code: &'static str,
    /// What it is, for people.
    pub text: String,
    /// The command or act that mends it.
    pub remedy: Option<&'static str>,
}

impl Finding {
    /// Every code, for documents and alert rules.
    pub const CODES: [&'static str; 22] = [
        "not-running",
        "crash-loop",
        "stuck",
        "database-waits",
        "database-missing",
        "database-broken",
        "key-missing",
        "disk-full",
        "sending-stopped",
        "sending-paused",
        "digest-overdue",
        "own-outage",
        "no-source-read",
        "sources-unread",
        "sources-held",
        "disk-low",
        "mails-given-up",
        "mails-waiting",
        "mails-held",
        "readers-lost",
        "config-broken",
        "old-version",
    ];
}

/// A daemon whose heart beat longer ago is stuck, or its database takes nothing:
/// several times the distance of beats, and more than a long transaction.
const STUCK_AFTER: Duration = Duration::from_mins(5);
/// So many starts in a row that ended badly are a loop.
const CRASH_LOOP: u32 = 3;
/// A start that has lasted so long ends a row of bad ones.
const STEADY_AFTER: Duration = Duration::from_mins(10);
/// Less free space than this: the next write may fail.
const DISK_FULL: u64 = 32 << 20;
/// Less free space than this: someone should make room.
const DISK_LOW: u64 = 256 << 20;
/// A slot that came longer ago and is not composed will not be by itself.
const OVERDUE_AFTER: Duration = Duration::from_mins(15);
/// A message that waits for longer is late: the first back-offs are shorter.
const LATE_AFTER: Duration = Duration::from_hours(1);

/// Returns what someone should know, the worst first, else in the order of the rules.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(service) = &facts.service {
        of_service(facts, service, &mut found);
    }
    of_database(facts, &mut found);
    of_sending(facts, &mut found);
    of_sources(facts, &mut found);
    of_readers(facts, &mut found);
    found.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    found
}

fn of_service(facts: &Facts, service: &Service, found: &mut Vec<Finding>) {
    let steady =
        service.is_running && service.started.is_some_and(|at| facts.now.since(at) > STEADY_AFTER);
    let mut add = |level, code, text: String, remedy| {
        found.push(Finding { level, code, text, remedy });
    };
    if !service.is_running {
        let text = match service.started {
            None => "the service was never started".to_owned(),
            Some(_) => "the service is not running".to_owned(),
        };
        add(Level::Critical, "not-running", text, Some("systemctl start amtsbote"));
    }
    if service.crashes >= CRASH_LOOP && !steady {
        let text = format!("the service has ended badly {} times in a row", service.crashes);
        add(Level::Critical, "crash-loop", text, Some("journalctl -u amtsbote -n 50"));
    }
    let silent = service.beat.or(service.started).map(|at| facts.now.since(at));
    if let Some(why) = &service.waits_for {
        let text = format!("the service waits: {why}");
        add(Level::Critical, "database-waits", text, Some("fuser -v amtsbote.db; df -h"));
    } else if let Some(silent) = silent.filter(|silent| service.is_running && *silent > STUCK_AFTER)
    {
        let text = format!("the service has been stuck for {}", span(silent));
        add(Level::Critical, "stuck", text, Some("systemctl restart amtsbote"));
    }
    if let Some(error) = &service.config_error {
        let text = format!("the config is broken and the old one holds: {error}");
        add(Level::Warning, "config-broken", text, Some("amtsbote check"));
    }
    let other = service.version.as_ref().filter(|version| **version != facts.version);
    if let Some(version) = other.filter(|_| service.is_running) {
        let text = format!("the service runs version {version}, {} is installed", facts.version);
        add(Level::Warning, "old-version", text, Some("systemctl restart amtsbote"));
    }
}

fn of_database(facts: &Facts, found: &mut Vec<Finding>) {
    let mut add = |level, code, text: String, remedy| {
        found.push(Finding { level, code, text, remedy: Some(remedy) });
    };
    match &facts.database {
        Database::Sound(_) => {}
        Database::Missing => add(
            Level::Critical,
            "database-missing",
            "the database is missing".to_owned(),
            "amtsbote db restore FILE",
        ),
        Database::Broken(why) => add(
            Level::Critical,
            "database-broken",
            format!("the database cannot be used: {why}"),
            "amtsbote db check",
        ),
    }
    if !facts.has_key {
        let text = "the signing key is missing".to_owned();
        add(Level::Critical, "key-missing", text, "restore `secret.key` from the backup");
    }
    if let Some(free) = facts.disk_free.filter(|free| *free < DISK_LOW) {
        let is_full = free < DISK_FULL;
        let (level, code) =
            if is_full { (Level::Critical, "disk-full") } else { (Level::Warning, "disk-low") };
        add(level, code, format!("{} MiB are free on the disk", free >> 20), "make room");
    }
}

fn of_sending(facts: &Facts, found: &mut Vec<Finding>) {
    let mut add = |level, code, text: String, remedy| {
        found.push(Finding { level, code, text, remedy: Some(remedy) });
    };
    let sending = &facts.sending;
    if let Some(stop) = &sending.stop {
        let text = format!("no mail goes out: stopped by the operator: {}", stop.reason);
        add(Level::Critical, "sending-stopped", text, "amtsbote outbox start");
    }
    if let Some(pause) = &sending.pause {
        let text = format!("no mail goes out: {}", pause.reason);
        add(Level::Critical, "sending-paused", text, "amtsbote outbox retry --all");
    }
    let late: Vec<&str> = facts
        .slots
        .iter()
        .filter(|slot| slot.overdue.is_some_and(|at| facts.now.since(at) > OVERDUE_AFTER))
        .map(|slot| slot.series.as_str())
        .collect();
    if !late.is_empty() {
        let text = format!("a digest is overdue: {}", some(&late));
        add(Level::Critical, "digest-overdue", text, "journalctl -u amtsbote -n 50");
    }
    let rests = sending.stop.is_some() || sending.pause.is_some();
    let waited = sending.waiting.oldest.map(|at| facts.now.since(at));
    if let Some(waited) = waited.filter(|waited| *waited > LATE_AFTER && !rests) {
        let text = format!(
            "{} wait, the oldest for {}",
            counted(sending.waiting.messages, "mail", "mails"),
            span(waited)
        );
        add(Level::Warning, "mails-waiting", text, "amtsbote outbox list --state deferred");
    }
    if sending.held > 0 {
        let text = format!("{} held", counted(sending.held, "mail is", "mails are"));
        add(Level::Warning, "mails-held", text, "amtsbote outbox list --state held");
    }
    if sending.unacknowledged > 0 {
        let text = format!("{} given up", counted(sending.unacknowledged, "mail", "mails"));
        add(Level::Warning, "mails-given-up", text, "amtsbote outbox list --state dead");
    }
}

fn of_sources(facts: &Facts, found: &mut Vec<Finding>) {
    let mut add = |level, code, text: String, remedy| {
        found.push(Finding { level, code, text, remedy: Some(remedy) });
    };
    let all = facts.sources.len();
    let unread: Vec<&str> = facts
        .sources
        .iter()
        .filter(|source| source.is_unread())
        .map(|source| source.id.as_str())
        .collect();
    let held: Vec<&str> = facts
        .sources
        .iter()
        .filter(|source| source.condition == Condition::Held)
        .map(|source| source.id.as_str())
        .collect();
    if facts.is_own_outage() {
        let text = "most hosts cannot be reached: the fault is likely in this network".to_owned();
        add(Level::Critical, "own-outage", text, "check network, name servers and proxy");
    } else if all > 0 && unread.len() == all {
        let text = "no source can be read".to_owned();
        add(Level::Critical, "no-source-read", text, "amtsbote source doctor");
    } else if !unread.is_empty() {
        let text = format!("{} of {all} sources cannot be read: {}", unread.len(), some(&unread));
        add(Level::Warning, "sources-unread", text, "amtsbote source doctor");
    }
    if !held.is_empty() {
        let text = format!(
            "{} held back: {}",
            counted(held.len() as u64, "source", "sources"),
            some(&held)
        );
        add(Level::Warning, "sources-held", text, "amtsbote source release ID");
    }
}

fn of_readers(facts: &Facts, found: &mut Vec<Finding>) {
    let Some(first) = facts.lost.first() else { return };
    let said: Vec<String> = facts.lost.iter().map(ToString::to_string).collect();
    let (level, code, remedy) = (Level::Warning, "readers-lost", Some(first.remedy()));
    found.push(Finding { level, code, text: said.join("; "), remedy });
}

impl Facts {
    /// Returns whether sources fail because of us.
    pub fn is_own_outage(&self) -> bool {
        let polls = self.sources.iter().filter_map(|source| {
            // What its server says of itself is no fault of ours.
            let is_ours =
                matches!(source.condition, Condition::New | Condition::Ok | Condition::Failing);
            Some(Asked {
                host: &source.host,
                at: source.last_attempt?,
                has_failed: source.has_failed && is_ours,
            })
        });
        is_own_outage(self.now, polls)
    }
}

/// Returns the first of many.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let mut text = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// Returns `40 s`, `12 min`, `5 h`, `3 d`.
pub(super) fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds @ 7200..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Returns `40 s ago`, `in 5 min`.
pub(super) fn distance(now: Timestamp, at: Timestamp) -> String {
    if at > now {
        format!("in {}", span(at.since(now)))
    } else {
        format!("{} ago", span(now.since(at)))
    }
}
