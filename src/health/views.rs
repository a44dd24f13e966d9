//! The health as text: one line for monitoring, one for systemd, lines for people.

use super::judge::distance;
use super::{Database, Facts, Finding, Health};
use crate::model::{Condition, Timestamp};

/// Columns of a terminal that everybody has.
const WIDTH: usize = 80;
/// Where the second column of the lines for people begins.
const INDENT: usize = 13;
/// Longest line for `systemctl status`.
const STATUS_LENGTH: usize = 240;

impl Health {
    /// Returns the one line of a monitoring plugin, with its performance data.
    pub fn plugin(&self) -> String {
        let word = self.level().as_str().to_uppercase();
        let said = if self.findings.is_empty() {
            self.all_is_well()
        } else {
            self.findings.iter().map(|finding| finding.text.as_str()).collect::<Vec<_>>().join("; ")
        };
        // A bar begins the performance data.
        let said = one_line(&said).replace('|', " ");
        format!("AMTSBOTE {word} - {said} | {}", self.performance())
    }

    fn all_is_well(&self) -> String {
        let facts = &self.facts;
        let read = facts.sources.iter().filter(|source| source.last_success.is_some()).count();
        let next = facts.next_slot().and_then(|slot| {
            Some(format!(", {} {}", slot.series, distance(facts.now, slot.next?)))
        });
        format!(
            "{read} of {} sources read, {} items{}",
            facts.sources.len(),
            facts.items,
            next.unwrap_or_default()
        )
    }

    fn performance(&self) -> String {
        let facts = &self.facts;
        let unread = facts.sources.iter().filter(|source| source.is_unread()).count();
        let seconds = |at: Option<Timestamp>| at.map(|at| facts.now.since(at).as_secs());
        let mut values = vec![
            format!("sources={};;;0", facts.sources.len()),
            format!("sources_unread={unread};0;;0;{}", facts.sources.len()),
            format!("items={};;;0", facts.items),
            format!("mails_waiting={};;;0", facts.sending.waiting.messages),
            format!("mails_given_up={};0;;0", facts.sending.unacknowledged),
        ];
        if let Some(age) = seconds(facts.sending.waiting.oldest) {
            values.push(format!("oldest_mail={age}s;3600;;0"));
        }
        if let Some(age) = seconds(facts.last_poll()) {
            values.push(format!("last_poll={age}s;;;0"));
        }
        if let Some(free) = facts.disk_free {
            values.push(format!("disk_free={free}B;268435456:;33554432:;0"));
        }
        values.join(" ")
    }

    /// Returns the line of `systemctl status`.
    pub fn line(&self) -> String {
        let Some(worst) = self.findings.first() else { return self.all_is_well() };
        let mut line = format!("{}: {}", worst.level, worst.text);
        if self.findings.len() > 1 {
            line.push_str(&format!(" (and {} more)", self.findings.len() - 1));
        }
        line = one_line(&line);
        if line.chars().count() > STATUS_LENGTH {
            line = line.chars().take(STATUS_LENGTH - 1).chain(['…']).collect();
        }
        line
    }

    /// Returns the lines for people, at most 80 columns wide. `time` writes a time by
    /// the clock of the reader.
    pub fn lines(&self, time: &dyn Fn(Timestamp) -> String) -> Vec<String> {
        let facts = &self.facts;
        let mut lines = Vec::new();
        add(&mut lines, "health", &self.level().to_string());
        for finding in &self.findings {
            let text = format!("{}: {}", finding.level, finding.text);
            add(&mut lines, "", &text);
            if let Some(remedy) = finding.remedy {
                add(&mut lines, "", &format!("→ {remedy}"));
            }
        }
        add(&mut lines, "service", &service(facts, time));
        if let Some(line) = polls(facts, time) {
            add(&mut lines, "polls", &line);
        }
        add(&mut lines, "sources", &sources(facts));
        for source in facts.sources.iter().filter(|source| source.is_unread()) {
            add(&mut lines, "", &format!("{} ({})", source.id, source.condition));
        }
        add(&mut lines, "items", &facts.items.to_string());
        add(&mut lines, "subscribers", &words(&facts.subscribers));
        add(&mut lines, "outbox", &words(&facts.sending.outbox));
        for (rest, how) in [(&facts.sending.stop, "stopped"), (&facts.sending.pause, "rests")] {
            if let Some(rest) = rest {
                let until =
                    rest.until.map_or_else(String::new, |at| format!(", until {}", time(at)));
                add(&mut lines, "", &format!("{how} since {}{until}", time(rest.since)));
            }
        }
        add(&mut lines, "returned", &format!("{} in 30 days", words(&facts.returned)));
        for slot in &facts.slots {
            let next = slot.next.map_or_else(|| "never".to_owned(), time);
            add(&mut lines, "digest", &format!("{}: next {next}", slot.series));
        }
        add(&mut lines, "database", &database(facts));
        if !facts.config.is_empty() {
            add(&mut lines, "config", &facts.config);
        }
        lines
    }
}

/// Returns the text without what would end its line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Adds a named line, folded at the width of a terminal.
fn add(lines: &mut Vec<String>, name: &str, text: &str) {
    let mut line = format!("{name:<INDENT$}");
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let fits = line.chars().count() + 1 + word.chars().count() <= WIDTH;
        if !is_empty && !fits {
            lines.push(std::mem::replace(&mut line, " ".repeat(INDENT)));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
}

fn service(facts: &Facts, time: &dyn Fn(Timestamp) -> String) -> String {
    let Some(service) = &facts.service else { return "not asked".to_owned() };
    let started = service.started.map(time);
    if !service.is_running {
        return match started {
            None => "not running, never started".to_owned(),
            Some(at) => format!("not running, last started {at}"),
        };
    }
    let mut line = "running".to_owned();
    if let Some(at) = started {
        line.push_str(&format!(" since {at}"));
    }
    if let Some(version) = &service.version {
        line.push_str(&format!(", version {version}"));
    }
    if let Some(pid) = service.pid {
        line.push_str(&format!(", process {pid}"));
    }
    line
}

fn polls(facts: &Facts, time: &dyn Fn(Timestamp) -> String) -> Option<String> {
    let next = facts.next_poll()?;
    let last = facts.last_poll().map_or_else(|| "never".to_owned(), time);
    let next = if next <= facts.now { "now".to_owned() } else { time(next) };
    Some(format!("last {last}, next {next}"))
}

fn sources(facts: &Facts) -> String {
    let counts = Condition::ALL.iter().filter_map(|condition| {
        let count = facts.sources.iter().filter(|source| source.condition == *condition).count();
        (count > 0).then(|| format!("{count} {condition}"))
    });
    let mut parts: Vec<String> = counts.collect();
    if facts.sources_off > 0 {
        parts.push(format!("{} off", facts.sources_off));
    }
    let all = facts.sources.len() as u64 + facts.sources_off;
    if parts.is_empty() { all.to_string() } else { format!("{all}: {}", parts.join(", ")) }
}

fn database(facts: &Facts) -> String {
    let state = match &facts.database {
        Database::Sound(bytes) => format!("{} MiB", bytes.div_ceil(1 << 20)),
        Database::Missing => "missing".to_owned(),
        Database::Broken(_) => "broken".to_owned(),
    };
    match facts.disk_free {
        Some(free) => format!("{state}, {} MiB free on its disk", free >> 20),
        None => state,
    }
}

fn words(pairs: &[(String, u64)]) -> String {
    let listed: Vec<String> = pairs.iter().map(|(word, n)| format!("{n} {word}")).collect();
    if listed.is_empty() { "none".to_owned() } else { listed.join(", ") }
}

/// Returns what changed between two looks, for the log: one line for each finding
/// that came or went, and none for what stays.
pub fn changes<'a>(before: &'a Health, after: &'a Health) -> (Vec<&'a Finding>, Vec<&'a Finding>) {
    let codes = |health: &Health| health.findings.iter().map(|f| f.code).collect::<Vec<_>>();
    let (old, new) = (codes(before), codes(after));
    let came = after.findings.iter().filter(|f| !old.contains(&f.code)).collect();
    let went = before.findings.iter().filter(|f| !new.contains(&f.code)).collect();
    (came, went)
}
