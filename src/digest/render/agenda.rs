//! „Fristen und Termine“: the dates of a digest's entries, and deadlines of earlier ones
//! that end soon, in the order of their days.

use chrono::NaiveDate;
use serde::Serialize;

use super::mails::Face;
use super::thrift::Thrift;
use crate::agenda::words;
use crate::model::{Digest, ItemId, KeptDate};
use crate::page::{Link, shown_url};
use crate::text;
use crate::text::typography as typo;

/// Dates of one entry that are listed beside its deadlines.
const MAX_OTHERS: usize = 3;
/// Longest sentence that is quoted.
const MAX_QUOTE: usize = 240;

#[derive(Serialize)]
pub(super) struct AgendaView {
    pub(super) lines: Vec<DateView>,
    /// Where all dates stand.
    all: Link,
}

/// One date.
#[derive(Serialize)]
pub(super) struct DateView {
    /// `Frist bis 31. März 2027, 18 Uhr, noch 9 Tage (bisher 1. März 2027)`.
    pub(super) when: String,
    is_deadline: bool,
    /// Title of the item, and where to read it.
    pub(super) title: String,
    url: String,
    source: String,
    /// The sentence that says it; empty where the title does.
    quote: String,
}

/// What a line is made of.
struct Told<'a> {
    kept: &'a KeptDate,
    item: ItemId,
    title: &'a str,
    url: Option<&'a str>,
    source: &'a str,
}

pub(super) fn view(digest: &Digest, face: &Face, thrift: Thrift) -> AgendaView {
    let today = digest.composed_at.utc().with_timezone(&face.zone).date_naive();
    let mut told = told(digest, today);
    // What can be missed has its place before what can be attended.
    told.sort_by_key(|told| (!told.kept.date.kind.is_deadline(), told.kept.date.due()));
    let left_out = told.len().saturating_sub(thrift.dates);
    told.truncate(thrift.dates);
    told.sort_by_key(|told| (told.kept.date.due(), told.kept.date.time, told.item));
    let all = match left_out {
        0 => "Alle Fristen und Termine ansehen".to_owned(),
        _ => format!("{} ansehen", typo::count(left_out, "weiteren Termin", "weitere Termine")),
    };
    let line = |told: &Told<'_>| line(told, face, today);
    AgendaView {
        lines: told.iter().map(line).collect(),
        all: Link { text: all, url: Some(format!("{}termine", face.public_url)) },
    }
}

/// Returns how many deadlines the digest tells of that can still be kept.
pub(super) fn deadlines(digest: &Digest, face: &Face) -> usize {
    let today = digest.composed_at.utc().with_timezone(&face.zone).date_naive();
    let is_open = |told: &&Told<'_>| told.kept.date.kind.is_deadline() && !told.kept.date.cancelled;
    told(digest, today).iter().filter(is_open).count()
}

/// Returns the dates that are not over.
fn told(digest: &Digest, today: NaiveDate) -> Vec<Told<'_>> {
    let is_ahead = |kept: &&KeptDate| kept.date.due().is_some_and(|due| due >= today);
    let mut told = Vec::new();
    for entry in digest.sections.iter().flat_map(|section| &section.entries) {
        let mut others = 0;
        for kept in entry.dates.iter().filter(is_ahead) {
            others += usize::from(!kept.date.kind.is_deadline());
            if kept.date.kind.is_deadline() || others <= MAX_OTHERS {
                told.push(Told {
                    kept,
                    item: entry.item,
                    title: &entry.title,
                    url: entry.url.as_deref(),
                    source: &entry.source,
                });
            }
        }
    }
    told.extend(digest.reminders.iter().map(|reminder| Told {
        kept: &reminder.date,
        item: reminder.item,
        title: &reminder.title,
        url: reminder.url.as_deref(),
        source: &reminder.source,
    }));
    told
}

fn line(told: &Told<'_>, face: &Face, today: NaiveDate) -> DateView {
    let Told { kept, item, title, url, source } = told;
    let title = typo::line(title, 140);
    let quote = typo::inner(&typo::line(&kept.date.sentence, MAX_QUOTE));
    let says_the_same = text::fold(&title).contains(&text::fold(&quote));
    DateView {
        when: words::when(kept, today),
        is_deadline: kept.date.kind.is_deadline(),
        url: url
            .and_then(shown_url)
            .unwrap_or_else(|| format!("{}meldung/{item}", face.public_url)),
        title,
        source: typo::line(source, 80),
        quote: if says_the_same { String::new() } else { format!("„{quote}“") },
    }
}
