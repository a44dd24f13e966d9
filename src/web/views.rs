//! What each page needs to know, ready for its template.
//!
//! Texts are plain and already shortened; templates escape them. Addresses
//! that come from sources pass a filter on top of that.

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use serde::Serialize;

use crate::model::{Digest, Entry, Section, Timestamp};
use crate::text::MONTHS;

/// What every page says of the service.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Service {
    /// Name for readers.
    pub name: String,
    /// Where every printed link starts; ends with a slash.
    pub public_url: String,
    /// Mail address of the editors.
    pub contact: String,
    /// Postal line.
    pub operator: String,
    /// Impressum.
    pub imprint_url: Option<String>,
    /// Privacy notice.
    pub privacy_url: Option<String>,
    /// Accessibility statement.
    pub accessibility_url: Option<String>,
    /// Whether the public form is offered.
    pub subscribe: bool,
}

/// An instant for readers and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// For `datetime`: a date or an RFC 3339 instant.
    pub iso: String,
    /// In German words.
    pub text: String,
}

impl Moment {
    /// The day: `9. Dezember 2025`, with a no-break space after the ordinal.
    pub fn day(at: Timestamp, zone: Tz) -> Self {
        let local = at.utc().with_timezone(&zone);
        Self {
            iso: local.format("%Y-%m-%d").to_string(),
            text: format!("{}.\u{a0}{} {}", local.day(), month(local.month0()), local.year()),
        }
    }

    /// Day and minute: `9. Dezember 2025, 14:05 Uhr`.
    pub fn minute(at: Timestamp, zone: Tz) -> Self {
        let local = at.utc().with_timezone(&zone);
        let day = Self::day(at, zone).text;
        Self {
            iso: local.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            text: format!("{day}, {:02}:{:02}\u{a0}Uhr", local.hour(), local.minute()),
        }
    }
}

/// The month and year of an instant, as the archive is headed: `Dezember 2025`.
pub fn month_title(at: Timestamp, zone: Tz) -> String {
    let local = at.utc().with_timezone(&zone);
    format!("{} {}", month(local.month0()), local.year())
}

fn month(index: u32) -> &'static str {
    usize::try_from(index).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// A topic with a page of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicLink {
    /// Its id in paths.
    pub id: String,
    /// Title for readers.
    pub title: String,
}

/// One item in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ItemLine {
    /// Its id in `/meldung/ID`.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Name of its source.
    pub source: String,
    /// Editorial day, if known.
    pub published: Option<Moment>,
    /// Shortened lead; may be empty.
    pub summary: String,
    /// Its topics.
    pub topics: Vec<TopicLink>,
    /// How many other sources report its story.
    pub also: usize,
}

/// One page of a list of items.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ItemList {
    /// The items, newest first.
    pub items: Vec<ItemLine>,
    /// The day of the first item, unless the list begins with the newest.
    pub until: Option<Moment>,
    /// Path of the page with newer items.
    pub newer: Option<String>,
    /// Path of the page with older items.
    pub older: Option<String>,
}

/// `/`: the newest items, or what a search found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Start {
    /// What was searched for; none for the newest.
    pub query: Option<String>,
    /// How many items the search found in all.
    pub found: usize,
    /// Every topic.
    pub topics: Vec<TopicLink>,
    /// The items.
    pub list: ItemList,
}

/// `/thema/ID`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TopicPage {
    /// Id.
    pub id: String,
    /// Title for readers.
    pub title: String,
    /// Its items.
    pub list: ItemList,
}

/// A document of an item.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentLink {
    /// Words of the link.
    pub title: String,
    /// Where it lies.
    pub url: String,
    /// Format and size, for example `PDF, 1,2 MB`; may be empty.
    pub remark: String,
}

/// Another item of the same or of a related story.
#[derive(Debug, Clone, Serialize)]
pub struct OtherItem {
    /// Its id, if it has a page here.
    pub id: Option<i64>,
    /// Title.
    pub title: String,
    /// Name of its source.
    pub source: String,
    /// Editorial day.
    pub published: Option<Moment>,
}

/// A topic of an item and why.
#[derive(Debug, Clone, Serialize)]
pub struct TopicReason {
    /// Id.
    pub id: String,
    /// Title for readers.
    pub title: String,
    /// The words that decided, for example `„Onlinezugangsgesetz“ im Titel`; may be empty.
    pub reason: String,
    /// What else spoke for and against it, where the model was asked.
    pub opinion: Option<String>,
}

/// `/meldung/ID`.
#[derive(Debug, Clone, Serialize)]
pub struct ItemPage {
    /// Title.
    pub title: String,
    /// Language of title and lead, where it is not German (BCP 47).
    pub language: Option<String>,
    /// Name of the source.
    pub source: String,
    /// The source's own page, for items without an address.
    pub source_url: Option<String>,
    /// Where the item stands.
    pub url: Option<String>,
    /// Editorial day.
    pub published: Option<Moment>,
    /// The day was guessed.
    pub published_is_guess: bool,
    /// When it last changed in substance.
    pub updated: Option<Moment>,
    /// When it was first seen.
    pub first_seen: Moment,
    /// The lead, a paragraph each.
    pub lead: Vec<String>,
    /// Documents.
    pub documents: Vec<DocumentLink>,
    /// The others of its story.
    pub also: Vec<OtherItem>,
    /// Items of related stories.
    pub related: Vec<OtherItem>,
    /// Its topics.
    pub topics: Vec<TopicReason>,
}

/// A digest in the archive.
#[derive(Debug, Clone, Serialize)]
pub struct DigestLink {
    /// Its public id.
    pub id: String,
    /// Title with its date; no two are called the same.
    pub title: String,
    /// How many items it shows.
    pub shown: usize,
}

/// The digests of one month.
#[derive(Debug, Clone, Serialize)]
pub struct Month {
    /// For example `Dezember 2025`.
    pub title: String,
    /// Newest first.
    pub digests: Vec<DigestLink>,
}

/// `/archiv`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Archive {
    /// Newest first.
    pub months: Vec<Month>,
}

/// Another source of an entry's story.
#[derive(Debug, Clone, Serialize)]
pub struct OtherSource {
    /// Its name.
    pub source: String,
    /// Where it reports.
    pub url: Option<String>,
    /// Its title, if that says something else.
    pub title: Option<String>,
}

/// One entry of a digest.
#[derive(Debug, Clone, Serialize)]
pub struct DigestEntry {
    /// Id of the leading item.
    pub id: i64,
    /// Title.
    pub title: String,
    /// Where to read it.
    pub url: Option<String>,
    /// Name of its source.
    pub source: String,
    /// Editorial day.
    pub published: Option<Moment>,
    /// When it changed, if it had been mailed before.
    pub updated: Option<Moment>,
    /// What changed; may be empty.
    pub what: String,
    /// Lead; may be empty.
    pub summary: String,
    /// Documents.
    pub documents: Vec<DocumentLink>,
    /// Other sources.
    pub also: Vec<OtherSource>,
}

/// The entries of one topic.
#[derive(Debug, Clone, Serialize)]
pub struct DigestSection {
    /// The topic's id.
    pub topic: String,
    /// Its title.
    pub title: String,
    /// What is shown.
    pub entries: Vec<DigestEntry>,
    /// How many more there are.
    pub omitted: usize,
}

/// `/d/DIGEST`: the same for all readers.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DigestPage {
    /// Title with its date.
    pub title: String,
    /// How many entries it shows.
    pub shown: usize,
    /// Where its window begins.
    pub since: Option<Moment>,
    /// It stands for several slots.
    pub catches_up: bool,
    /// Names of sources that could not be read.
    pub silent_sources: Vec<String>,
    /// Its own id.
    pub id: String,
    /// Title of the one topic that is asked for; none: all.
    pub only: Option<String>,
    /// By topic.
    pub sections: Vec<DigestSection>,
    /// Id of the digest before it in its series.
    pub previous: Option<String>,
    /// Id of the digest after it.
    pub next: Option<String>,
}

impl DigestPage {
    /// The page of a digest, with no neighbours yet. `summary` shortens an entry's lead.
    pub fn of(digest: &Digest, zone: Tz, summary: impl Fn(&Entry) -> String) -> Self {
        let day = Moment::day(digest.window.to, zone).text;
        Self {
            title: format!("{}, {day}", digest.series.title),
            id: digest.id.to_string(),
            only: None,
            shown: digest.shown(),
            since: (digest.window.from > Timestamp::default())
                .then(|| Moment::minute(digest.window.from, zone)),
            catches_up: digest.catches_up,
            silent_sources: digest.silent_sources.clone(),
            sections: digest
                .sections
                .iter()
                .map(|section| of_section(section, zone, &summary))
                .collect(),
            previous: None,
            next: None,
        }
    }
}

fn of_section(section: &Section, zone: Tz, summary: &impl Fn(&Entry) -> String) -> DigestSection {
    let entry = |entry: &Entry| DigestEntry {
        id: entry.item.0,
        title: format!("{}{}", entry.lead_in(), entry.title),
        url: entry.url.clone(),
        source: entry.source.clone(),
        published: entry.published.map(|at| Moment::day(at, zone)),
        updated: entry.update.as_ref().map(|update| Moment::day(update.at, zone)),
        what: entry.update.as_ref().map(|update| update.what.clone()).unwrap_or_default(),
        summary: summary(entry),
        documents: entry.documents.iter().map(DocumentLink::of).collect(),
        also: entry
            .also
            .iter()
            .map(|also| OtherSource {
                source: also.source.clone(),
                url: also.url.clone(),
                title: also.title.clone(),
            })
            .collect(),
    };
    DigestSection {
        topic: section.topic.as_str().to_owned(),
        title: section.title.clone(),
        entries: section.entries.iter().map(entry).collect(),
        omitted: section.omitted,
    }
}

impl DocumentLink {
    /// A document with its format and size in German.
    pub fn of(document: &crate::model::Document) -> Self {
        let size = document.size.map(size).unwrap_or_default();
        let notes = document.reading_notes();
        let remark = [document.format.as_str(), size.as_str()]
            .into_iter()
            .chain(notes.iter().map(String::as_str))
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        Self { title: document.title.clone(), url: document.url.clone(), remark }
    }
}

/// A size for readers: `412 KB`, `1,2 MB`.
fn size(bytes: u64) -> String {
    if bytes < 1_000_000 {
        return format!("{}\u{a0}KB", bytes.div_ceil(1000));
    }
    let tenths = bytes / 100_000;
    format!("{},{}\u{a0}MB", tenths / 10, tenths % 10)
}

/// A box to tick.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// Value that is sent.
    pub id: String,
    /// Words beside the box.
    pub title: String,
    /// A hint, for example when a series is sent; may be empty.
    pub remark: String,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// What is wrong with a form, by field: a sentence that says how to mend it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Problems {
    /// The form itself, for example that it lay open for too long.
    pub form: Option<String>,
    /// Field `adresse`.
    pub address: Option<String>,
    /// Field `thema`.
    pub topics: Option<String>,
    /// Field `ausgabe`.
    pub series: Option<String>,
}

impl Problems {
    /// Returns whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// `/anmelden`. Sends `adresse`, `thema` and `ausgabe` (both repeated), `webseite`
/// (a trap: people leave it empty) and `stempel`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Subscribe {
    /// What was typed before.
    pub address: String,
    /// Topics to choose; none is ticked unless the reader did it.
    pub topics: Vec<Choice>,
    /// Series to choose.
    pub series: Vec<Choice>,
    /// What is wrong; status 422 if anything is.
    pub problems: Problems,
    /// Opaque proof of when the form was given out.
    pub stamp: String,
}

/// The answer to `/anmelden`, the same whoever asked.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sent {
    /// Until when the link in the mail holds, in words.
    pub valid_until: String,
}

/// `/b/TOKEN`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Confirm {
    /// The button was pressed.
    pub done: bool,
    /// Address that is to be confirmed.
    pub address: String,
    /// Titles of the topics.
    pub topics: Vec<String>,
    /// Titles of the series.
    pub series: Vec<String>,
}

/// `/a/TOKEN`. It does not show the address: the link may have been forwarded.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Unsubscribe {
    /// The button was pressed, or there was nobody left to unsubscribe.
    pub done: bool,
    /// Titles of the series.
    pub series: Vec<String>,
}

/// `/e/TOKEN`. Sends `thema` and `ausgabe`, both repeated.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Whose.
    pub address: String,
    /// Topics, ticked as chosen.
    pub topics: Vec<Choice>,
    /// Series, ticked as chosen.
    pub series: Vec<Choice>,
    /// What is wrong; status 422 if anything is.
    pub problems: Problems,
    /// They have just been saved.
    pub saved: bool,
    /// Mails are held back.
    pub suspended: bool,
    /// When consent was given.
    pub consent: Moment,
    /// Token of the unsubscribe page.
    pub unsubscribe: String,
    /// Path of all that is kept of them.
    pub download: String,
}

/// An answer that is no page: what is wrong and what helps.
#[derive(Debug, Clone, Serialize)]
pub struct Trouble {
    /// Heading.
    pub title: String,
    /// A sentence or two.
    pub text: String,
}

/// A token that is unknown, used or too old.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stale {
    /// It was a settings link: say that a fresh one stands in each digest.
    pub fresh_link: bool,
}

/// `/bot`: how we poll, in words.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Bot {
    /// The User-Agent field we send.
    pub user_agent: String,
    /// Usual time between polls, for example `2 Stunden`.
    pub interval: String,
    /// Least time between polls.
    pub min_interval: String,
    /// Connections per host.
    pub per_host: usize,
    /// Pause between two requests to a host.
    pub host_spacing: String,
}

/// A fact of `/status`.
#[derive(Debug, Clone, Serialize)]
pub struct Fact {
    /// What.
    pub name: String,
    /// How much.
    pub value: String,
}

/// A source in `/status`.
#[derive(Debug, Clone, Serialize)]
pub struct SourceRow {
    /// Name for readers.
    pub name: String,
    /// How it fares.
    pub condition: String,
    /// Last answer that was read.
    pub last_success: Option<Moment>,
    /// When it is asked next.
    pub next_poll: Option<Moment>,
    /// Why the last poll failed.
    pub last_error: Option<String>,
}

/// `/status`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// In the order of importance.
    pub facts: Vec<Fact>,
    /// Every source.
    pub sources: Vec<SourceRow>,
}

/// An entry of a feed.
#[derive(Debug, Clone, Serialize)]
pub struct FeedEntry {
    /// A permanent id, an IRI of our own.
    pub id: String,
    /// Title.
    pub title: String,
    /// Where to read it: the source's address, else the absolute URL of our own page.
    pub url: String,
    /// Name of its source.
    pub source: String,
    /// RFC 3339, if known.
    pub published: Option<String>,
    /// RFC 3339: when it was first seen or last changed in substance.
    pub updated: String,
    /// Shortened lead.
    pub summary: String,
    /// Where other sources report the story.
    pub also: Vec<String>,
    /// Its topics.
    pub topics: Vec<TopicLink>,
}

/// `/feeds/ID.atom`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Feed {
    /// Title.
    pub title: String,
    /// Absolute URL of the feed; also its id.
    pub self_url: String,
    /// Absolute URL of the page it belongs to.
    pub page_url: String,
    /// RFC 3339: when its newest entry was updated; never `now`, or each answer would differ.
    pub updated: String,
    /// Newest first.
    pub entries: Vec<FeedEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_german_and_in_local_time() {
        // 23:30 UTC on New Year's Eve is already next year in Berlin.
        let at = Timestamp::from_seconds(1_767_223_800);
        let day = Moment::day(at, chrono_tz::Europe::Berlin);
        assert_eq!(day.text, "1.\u{a0}Januar 2026");
        assert_eq!(day.iso, "2026-01-01");
        let minute = Moment::minute(at, chrono_tz::Europe::Berlin);
        assert_eq!(minute.text, "1.\u{a0}Januar 2026, 00:30\u{a0}Uhr");
        assert_eq!(minute.iso, "2026-01-01T00:30:00+01:00");
    }

    #[test]
    fn a_size_has_a_decimal_comma() {
        assert_eq!(size(411_900), "412\u{a0}KB");
        assert_eq!(size(1_234_567), "1,2\u{a0}MB");
        assert_eq!(size(10_000_000), "10,0\u{a0}MB");
    }
}
