//! The table: each state, and what each view says of it.

use std::time::Duration;

use super::*;
use crate::model::{Condition, SeriesId, SourceId, Timestamp};

const MINUTE: Duration = Duration::from_mins(1);

fn now() -> Timestamp {
    Timestamp::from_seconds(1_765_260_000)
}

fn ago(minutes: u32) -> Timestamp {
    now().before(MINUTE * minutes)
}

fn source(id: &str) -> SourceFacts {
    SourceFacts {
        id: SourceId::from(id),
        host: format!("{id}.example"),
        condition: Condition::Ok,
        failures: 0,
        last_attempt: Some(ago(10)),
        last_success: Some(ago(10)),
        next_poll: now().after(MINUTE * 50),
        has_failed: false,
    }
}

fn failed(id: &str, condition: Condition) -> SourceFacts {
    let last_success = (condition != Condition::New).then(|| ago(200));
    SourceFacts { condition, failures: 1, last_success, has_failed: true, ..source(id) }
}

fn service() -> Service {
    Service {
        is_running: true,
        pid: Some(4711),
        version: Some("1.2.3".to_owned()),
        started: Some(ago(600)),
        beat: Some(ago(0)),
        ..Service::default()
    }
}

/// A service in which all is well.
fn well() -> Facts {
    Facts {
        service: Some(service()),
        disk_free: Some(5 << 30),
        sources: ["a", "b", "c", "d", "e"].map(source).to_vec(),
        slots: vec![Slot {
            series: SeriesId::from("taeglich"),
            overdue: None,
            next: Some(now().after(MINUTE * 90)),
        }],
        items: 12,
        config: "0a1b2c".to_owned(),
        ..Facts::of_database(now(), "1.2.3", Database::Sound(3 << 20))
    }
}

fn rest(reason: &str) -> Rest {
    Rest { since: ago(30), until: None, reason: reason.to_owned(), failures: 3 }
}

/// Each state by the name of its code, the level that it must have, and how the
/// facts differ from those of a service in which all is well.
fn states() -> Vec<(&'static str, Level, Facts)> {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = well();
        change(&mut facts);
        facts
    };
    let of_service =
        |change: &dyn Fn(&mut Service)| with(&|facts| facts.service.iter_mut().for_each(change));
    let of_sending = |change: &dyn Fn(&mut Sending)| with(&|facts| change(&mut facts.sending));
    use Level::{Critical, Warning};
    vec![
        (
            "not-running",
            Critical,
            of_service(&|s| *s = Service { started: s.started, ..Service::default() }),
        ),
        ("crash-loop", Critical, of_service(&|s| (s.crashes, s.started) = (3, Some(ago(1))))),
        ("stuck", Critical, of_service(&|s| s.beat = Some(ago(6)))),
        (
            "database-waits",
            Critical,
            of_service(&|s| {
                s.beat = Some(ago(60));
                s.waits_for = Some("the database is locked by another process".to_owned());
            }),
        ),
        ("database-missing", Critical, with(&|f| f.database = Database::Missing)),
        ("database-broken", Critical, with(&|f| f.database = Database::Broken("no header".into()))),
        ("key-missing", Critical, with(&|f| f.has_key = false)),
        ("disk-full", Critical, with(&|f| f.disk_free = Some(1 << 20))),
        ("sending-stopped", Critical, of_sending(&|s| s.stop = Some(rest("Umzug")))),
        ("sending-paused", Critical, of_sending(&|s| s.pause = Some(rest("535 at login")))),
        ("digest-overdue", Critical, with(&|f| f.slots[0].overdue = Some(ago(16)))),
        (
            "own-outage",
            Critical,
            // Never read before: a first start without a name server.
            with(&|f| {
                f.sources = ["a", "b", "c", "d"].map(|id| failed(id, Condition::New)).to_vec();
            }),
        ),
        ("no-source-read", Critical, with(&|f| f.sources = vec![failed("a", Condition::New)])),
        ("sources-unread", Warning, with(&|f| f.sources[1] = failed("b", Condition::Failing))),
        ("sources-held", Warning, with(&|f| f.sources[1].condition = Condition::Held)),
        ("disk-low", Warning, with(&|f| f.disk_free = Some(100 << 20))),
        ("mails-given-up", Warning, of_sending(&|s| s.unacknowledged = 1)),
        (
            "mails-waiting",
            Warning,
            of_sending(&|s| s.waiting = Held { messages: 3, oldest: Some(ago(61)) }),
        ),
        ("mails-held", Warning, of_sending(&|s| s.held = 3)),
        (
            "readers-lost",
            Warning,
            with(&|f| f.lost = vec![Lost { what: "series", name: "alt".into(), readers: 2 }]),
        ),
        ("config-broken", Warning, of_service(&|s| s.config_error = Some("a.toml:3:1: no".into()))),
        ("old-version", Warning, of_service(&|s| s.version = Some("1.2.2".to_owned()))),
    ]
}

#[test]
fn each_state_has_its_level_in_every_view() {
    let states = states();
    let codes: Vec<&str> = states.iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes, Finding::CODES, "every finding stands in the table");
    for (code, level, facts) in states {
        let health = Health::of(facts);
        let found: Vec<&str> = health.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, [code]);
        assert_eq!(health.level(), level, "{code}");
        let text = &health.findings[0].text;
        let plugin = health.plugin();
        let word = level.as_str().to_uppercase();
        assert!(plugin.starts_with(&format!("AMTSBOTE {word} - {text} | sources=")), "{plugin}");
        assert_eq!(plugin.lines().count(), 1);
        assert_eq!(health.line(), format!("{level}: {text}"));
        let lines = health.lines(&Timestamp::rfc3339);
        assert_eq!(lines[0], format!("health       {level}"));
        let joined = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        assert!(joined.contains(text.as_str()), "{code}: {joined}");
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn where_all_is_well_each_view_says_so() {
    let health = Health::of(well());
    assert_eq!((health.level(), health.findings.len()), (Level::Ok, 0));
    assert_eq!(health.line(), "5 of 5 sources read, 12 items, taeglich in 90 min");
    assert_eq!(
        health.plugin(),
        "AMTSBOTE OK - 5 of 5 sources read, 12 items, taeglich in 90 min | sources=5;;;0 \
         sources_unread=0;0;;0;5 items=12;;;0 mails_waiting=0;;;0 mails_given_up=0;0;;0 \
         last_poll=600s;;;0 disk_free=5368709120B;268435456:;33554432:;0"
    );
    let lines = health.lines(&|_| "7:00".to_owned()).join("\n");
    assert!(
        lines.contains("service      running since 7:00, version 1.2.3, process 4711"),
        "{lines}"
    );
}

#[test]
fn what_is_no_fault_is_no_finding() {
    let with = |change: &dyn Fn(&mut Facts)| {
        let mut facts = well();
        change(&mut facts);
        Health::of(facts).findings
    };
    // A start after crashes that has lasted; mails that wait because sending rests;
    // a slot of just now; a source that was not asked yet.
    assert_eq!(with(&|f| f.service.iter_mut().for_each(|s| s.crashes = 9)), []);
    let rests = with(&|f| {
        f.sending.stop = Some(rest("Umzug"));
        f.sending.waiting = Held { messages: 3, oldest: Some(ago(600)) };
    });
    assert_eq!(rests.len(), 1);
    assert_eq!(with(&|f| f.slots[0].overdue = Some(ago(14))), []);
    let new = SourceFacts {
        condition: Condition::New,
        last_attempt: None,
        last_success: None,
        ..source("e")
    };
    assert_eq!(with(&|f| f.sources[4] = new.clone()), []);
}

#[test]
fn the_worst_comes_first_and_a_bar_in_a_reason_begins_no_performance_data() {
    let mut facts = well();
    facts.sending.unacknowledged = 2;
    facts.sending.pause = Some(rest("554 a|b\nc"));
    let health = Health::of(facts);
    assert_eq!(health.level(), Level::Critical);
    assert_eq!(
        health.line(),
        "critical: no mail goes out: 554 a|b\nc (and 1 more)".replace('\n', " ")
    );
    let plugin = health.plugin();
    assert_eq!((plugin.matches('|').count(), plugin.lines().count()), (1, 1), "{plugin}");
}

#[test]
fn a_change_is_told_once_and_what_stays_is_not() {
    let before = Health::of(well());
    let mut facts = well();
    facts.sending.pause = Some(rest("535"));
    let during = Health::of(facts.clone());
    facts.sending.pause = Some(rest("421"));
    let still = Health::of(facts);
    assert_eq!(changes(&before, &during).0.len(), 1);
    assert_eq!(changes(&during, &still), (vec![], vec![]));
    assert_eq!(changes(&still, &before).1.len(), 1);
}
