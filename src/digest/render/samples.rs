//! Sample mails with which every template is tried when it is loaded, so that
//! a misspelt name stops the start and not the digest at seven.

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};

use super::super::select::TopicTitle;
use super::mails::{
    Confirm, DraftMail, Face, Notice, Ordered, Personal, Probe, RenderError, Welcome,
};
use crate::model::{
    AlsoReported, DateKind, Digest, Document, Entry, EntryTopic, ItemDate, ItemId, KeptDate,
    Precision, Reasons, Reminder, Rendered, Section, Series, StoryId, Timestamp, Update, Window,
};
use crate::page::{TemplateProblem, Templates};

/// Returns the templates with the admin's overrides, tried with sample mails; fails with
/// all problems at once.
pub fn load(overrides: &[(String, String)]) -> Result<Templates, Vec<TemplateProblem>> {
    let templates = Templates::load(overrides)?;
    let problems = try_all(&templates);
    if problems.is_empty() { Ok(templates) } else { Err(problems) }
}

/// Renders every kind of mail, once with everything and once with the least.
fn try_all(templates: &Templates) -> Vec<TemplateProblem> {
    let mut problems = Vec::new();
    let mut note = |outcome: Result<Rendered, RenderError>| {
        if let Err(error) = outcome {
            let problem = match error {
                RenderError::Template(problem) => problem,
                other => TemplateProblem {
                    name: "digest.html".to_owned(),
                    line: None,
                    message: other.to_string(),
                },
            };
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    };
    for is_full in [true, false] {
        let (face, personal) = (face(is_full), personal());
        let digest = digest(is_full);
        note(super::digest(&digest, &face, &personal, templates));
        let ordered = Ordered {
            title: "Beispiel".into(),
            frequency: "täglich".into(),
            next: is_full.then_some(digest.composed_at),
        };
        let confirm = Confirm {
            url: "https://example.de/b/x".into(),
            requested_at: digest.composed_at,
            expires_at: digest.composed_at.after(Duration::from_hours(72)),
            series: vec![ordered.clone()],
            topics: Vec::new(),
        };
        note(super::confirm(&confirm, &face, templates));
        let probe = Probe { since: digest.composed_at, series: vec![ordered.clone()] };
        note(super::probe(&probe, &face, &personal, templates));
        let welcome = Welcome {
            series: vec![ordered],
            latest: if is_full { digest.sections.clone() } else { Vec::new() },
            is_repeated: !is_full,
            asked: is_full.then(|| super::Asked {
                series: confirm.series.clone(),
                topics: Vec::new(),
                url: personal.settings_url.clone(),
            }),
        };
        note(super::welcome(&welcome, &face, &personal, templates));
        let words = if is_full { vec!["Sample.".to_owned()] } else { Vec::new() };
        let notice = Notice {
            subject: "sample".into(),
            paragraphs: words.clone(),
            items: words,
            hint: is_full.then(|| "`amtsbote status`".into()),
        };
        note(super::notice(&notice, &face, templates));
        let draft = DraftMail {
            subject: "Entwurf".into(),
            paragraphs: notice.paragraphs.clone(),
            items: notice.items.clone(),
            url: "https://example.de/r/x".into(),
            series: "Beispiel".into(),
        };
        note(super::draft(&draft, &face, templates));
    }
    problems
}

/// Returns the service of the samples.
pub(crate) fn face(is_full: bool) -> Face {
    let page = |name: &str| {
        if is_full { format!("https://post.example.de/{name}") } else { String::new() }
    };
    Face {
        name: "Kommunal-IT-Meldungen".into(),
        public_url: "https://post.example.de/".into(),
        contact: if is_full { "redaktion@example.de".into() } else { String::new() },
        operator: if is_full {
            "Rechenzentrum, Am Markt 1, 01234 Musterstadt".into()
        } else {
            String::new()
        },
        imprint_url: page("impressum"),
        privacy_url: page("datenschutz"),
        accessibility_url: page("barrierefreiheit"),
        legal: super::Legal::default(),
        subscribe_url: page("anmelden"),
        zone: chrono_tz::Europe::Berlin,
        topics: [("ozg", "OZG und Onlinedienste"), ("it", "IT-Sicherheit")]
            .into_iter()
            .map(|(id, title)| TopicTitle {
                id: id.into(),
                title: title.into(),
                short: id.to_uppercase(),
            })
            .collect(),
    }
}

/// Returns the recipient of the samples.
pub(crate) fn personal() -> Personal {
    Personal {
        settings_url: "https://post.example.de/e/k7jm2qv9xr4ttzb3lw7ny3hcab".into(),
        unsubscribe_url: "https://post.example.de/a/k7jm2qv2xr4ttzb5lw6ny3hcab".into(),
        topics: vec!["OZG und Onlinedienste".into(), "IT-Sicherheit".into()],
        chosen: vec!["ozg".into(), "it".into()],
        frequency: "täglich".into(),
        earlier: Vec::new(),
    }
}

/// Returns a digest with every part that there is, or with only what must be.
pub(crate) fn digest(is_full: bool) -> Digest {
    let composed_at = Timestamp::from_seconds(1_765_260_004);
    let optional = |text: &str| if is_full { text.to_owned() } else { String::new() };
    let entry = Entry {
        item: ItemId(1),
        story: StoryId(1),
        title: "Bund und Länder einigen sich auf einheitliches Bürgerkonto".into(),
        url: is_full.then(|| "https://www.example.org/beschluss".into()),
        source: "IT-Planungsrat".into(),
        rank: 1,
        keywords: if is_full { vec!["Bürgerkonto*".into()] } else { Vec::new() },
        published: is_full.then_some(composed_at),
        first_seen: composed_at,
        summary: optional("Die Kommunen sollen ihre Onlinedienste bis Ende 2026 anbinden."),
        documents: if is_full {
            vec![Document {
                title: "Handbuch".into(),
                url: "https://www.example.org/handbuch.pdf".into(),
                format: "PDF".into(),
                size: Some(1_234_567),
                ..Document::default()
            }]
        } else {
            Vec::new()
        },
        also: if is_full {
            (1..=7)
                .map(|number| AlsoReported {
                    source: format!("Zeitung {number}"),
                    url: (number > 1).then(|| format!("https://zeitung{number}.example/")),
                    title: None,
                })
                .collect()
        } else {
            Vec::new()
        },
        topics: ["ozg", "it"]
            .into_iter()
            .map(|topic| EntryTopic {
                topic: topic.into(),
                score: 3.0,
                reason: optional("„Onlinezugangsgesetz“ im Titel"),
            })
            .collect(),
        update: is_full.then(|| Update { at: composed_at, what: "Frist verlängert".into() }),
        dates: if is_full { vec![deadline()] } else { Vec::new() },
        note: is_full.then(|| "Die Frist gilt auch für uns.".into()),
        ..Entry::default()
    };
    let section = |topic: &str, title: &str, entry: Entry| Section {
        topic: topic.into(),
        title: title.into(),
        entries: vec![entry],
        omitted: if is_full { 12 } else { 0 },
    };
    let mut sections = vec![section("ozg", "OZG und Onlinedienste", entry.clone())];
    if is_full {
        let mut other = entry;
        other.story = StoryId(2);
        sections.push(section("it", "IT-Sicherheit", other));
    }
    Digest {
        id: "2025-12-09-taeglich".into(),
        series: Series {
            id: "taeglich".into(),
            title: "Kommunal-IT am Morgen".into(),
            max_items: 30,
            max_items_per_topic: 10,
        },
        window: Window {
            from: if is_full { composed_at.before(Duration::from_hours(24)) } else { Timestamp(0) },
            to: composed_at,
        },
        composed_at,
        sections,
        reminders: if is_full { vec![reminder()] } else { Vec::new() },
        reasons: Reasons::Line,
        silent_sources: if is_full { vec!["A".into(), "B".into()] } else { Vec::new() },
        source_count: 41,
        catches_up: is_full,
        intro: is_full.then(|| "Diese Woche mit vielen Fristen.".into()),
    }
}

fn deadline() -> KeptDate {
    let date = ItemDate {
        kind: DateKind::Deadline,
        from: None,
        to: NaiveDate::from_ymd_opt(2026, 3, 31),
        time: NaiveTime::from_hms_opt(18, 0, 0),
        time_to: None,
        precision: Precision::Day,
        sentence: "Anträge nimmt das Land bis zum 31. März 2026, 18 Uhr, entgegen.".into(),
        place: None,
        cancelled: false,
    };
    KeptDate { number: 1, sequence: 1, moved_from: NaiveDate::from_ymd_opt(2026, 2, 28), date }
}

fn reminder() -> Reminder {
    let mut date = deadline();
    date.moved_from = None;
    date.date.to = NaiveDate::from_ymd_opt(2025, 12, 16);
    date.date.time = None;
    date.date.sentence = "Die Anmeldung endet am 16. Dezember 2025.".into();
    Reminder {
        item: ItemId(9),
        title: "Fachtag Onlinedienste".into(),
        url: None,
        source: "Städtebund".into(),
        topics: vec!["ozg".into()],
        date,
    }
}
