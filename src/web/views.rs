//! What several pages say or one page says at length, ready for its template.
//!
//! Texts are plain and already shortened; templates escape them. Addresses
//! that come from sources pass a filter on top of that.

use std::time::Duration;

use chrono_tz::Tz;
use serde::Serialize;

use crate::model::{ItemId, Timestamp};
use crate::page::Link;
use crate::text::Piece;
use crate::text::typography as typo;

/// An instant for readers and for machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// For `datetime`: a date or an RFC 3339 instant.
    pub iso: String,
    /// In German words.
    pub text: String,
}

impl Moment {
    /// Returns the day: `9. Dezember 2025`.
    pub fn day(at: Timestamp, zone: Tz) -> Self {
        let local = at.utc().with_timezone(&zone);
        Self { iso: local.format("%Y-%m-%d").to_string(), text: typo::date(at, zone) }
    }

    /// Returns day and minute: `9. Dezember 2025, 14:05 Uhr`.
    pub fn minute(at: Timestamp, zone: Tz) -> Self {
        let local = at.utc().with_timezone(&zone);
        Self {
            iso: local.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            text: format!("{}, {}", typo::date(at, zone), typo::time(at, zone)),
        }
    }
}

/// A topic with a page of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicLink {
    /// Its id in paths.
    pub id: String,
    /// Title for readers.
    pub title: String,
    /// Which of the colours stands beside it.
    pub hue: usize,
}

/// Colours of topics; further topics share them.
pub const HUES: usize = 6;

/// One item in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ItemLine {
    /// Its id in `/meldung/ID`.
    pub id: i64,
    /// Title, in which the words of a search are marked.
    pub title: Vec<Piece>,
    /// Language of title and lead, where it is not German (BCP 47).
    pub language: Option<String>,
    /// Name of its source.
    pub source: String,
    /// Editorial day, if known.
    pub published: Option<Moment>,
    /// Shortened lead, or what stands around the words of a search; may be empty.
    pub summary: Vec<Piece>,
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

/// Another item of the same or of a related story.
#[derive(Debug, Clone, Serialize)]
pub struct OtherItem {
    /// Its id, if it has a page here.
    pub id: Option<i64>,
    pub title: String,
    /// Name of its source.
    pub source: String,
    /// Editorial day.
    pub published: Option<Moment>,
}

/// What an item said before.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// When it changed.
    pub day: Moment,
    /// What changed, for example `Frist: 31. März → 15. April`.
    pub change: String,
}

/// A topic of an item and why.
#[derive(Debug, Clone, Serialize)]
pub struct TopicReason {
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
    /// Its id in `/meldung/ID`.
    pub id: ItemId,
    /// Deadlines and events that it tells of.
    pub dates: Vec<serde_json::Value>,
    /// At least one of them has a day, so that there is a calendar of it.
    pub has_calendar: bool,
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
    /// What the editor says of it.
    pub note: Option<String>,
    /// The lead, a paragraph each.
    pub lead: Vec<String>,
    pub documents: Vec<Link>,
    /// Its changes, the latest first.
    pub versions: Vec<Version>,
    /// The others of its story.
    pub also: Vec<OtherItem>,
    /// Items of related stories.
    pub related: Vec<OtherItem>,
    pub topics: Vec<TopicReason>,
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
    /// Field `stichwoerter`.
    pub keywords: Option<String>,
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
    /// The last issue of each series: id and title.
    pub latest: Vec<(String, String)>,
    /// Opaque proof of when the form was given out.
    pub stamp: String,
}

/// How often a keyword stood in the items of the last weeks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeywordCount {
    pub keyword: String,
    /// In so many items.
    pub items: usize,
}

/// `/e/TOKEN`. Sends `thema` and `ausgabe`, both repeated, and `stichwoerter`, one a line.
#[derive(Debug, Clone, Serialize)]
pub struct Settings {
    /// Whose.
    pub address: String,
    /// Topics, ticked as chosen.
    pub topics: Vec<Choice>,
    /// Series, ticked as chosen.
    pub series: Vec<Choice>,
    /// Words of their own, one a line, as saved or as typed.
    pub keywords: String,
    /// Most of them.
    pub most_keywords: usize,
    /// In how many items of the last weeks each stands, once they were saved.
    pub found: Vec<KeywordCount>,
    /// What is wrong; status 422 if anything is.
    pub problems: Problems,
    /// They have just been saved.
    pub saved: bool,
    /// A mail proposed them: they are not saved yet.
    pub is_proposed: bool,
    /// Mails are held back.
    pub suspended: bool,
    /// When consent was given.
    pub consent: Moment,
    /// Token of the unsubscribe page.
    pub unsubscribe: String,
    /// Path of all that is kept of them.
    pub download: String,
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

/// An entry of a feed.
#[derive(Debug, Clone, Serialize)]
pub struct FeedEntry {
    /// A permanent id, an IRI of our own.
    pub id: String,
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
    pub topics: Vec<TopicLink>,
}

/// `/feeds/ID.atom`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Feed {
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

/// Returns a duration in German words: `2 Stunden`, `90 Minuten`.
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (number, one, many) = match seconds {
        s if s >= 172_800 && s.is_multiple_of(86_400) => (s / 86_400, "Tag", "Tage"),
        s if s >= 3600 && s.is_multiple_of(3600) => (s / 3600, "Stunde", "Stunden"),
        s if s >= 60 && s.is_multiple_of(60) => (s / 60, "Minute", "Minuten"),
        s => (s, "Sekunde", "Sekunden"),
    };
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_german_and_in_local_time() {
        // 23:30 UTC on New Year's Eve is already next year in Berlin.
        let at = Timestamp::from_seconds(1_767_223_800);
        let day = Moment::day(at, chrono_tz::Europe::Berlin);
        assert_eq!(day.text, "1.\u{a0}Januar\u{a0}2026");
        assert_eq!(day.iso, "2026-01-01");
        let minute = Moment::minute(at, chrono_tz::Europe::Berlin);
        assert_eq!(minute.text, "1.\u{a0}Januar\u{a0}2026, 0:30\u{a0}Uhr");
        assert_eq!(minute.iso, "2026-01-01T00:30:00+01:00");
    }

    #[test]
    fn a_span_is_told_in_its_largest_whole_unit() {
        for (seconds, words) in [
            (0, "0 Sekunden"),
            (1, "1 Sekunde"),
            (90, "90 Sekunden"),
            (900, "15 Minuten"),
            (3600, "1 Stunde"),
            (86_400, "24 Stunden"),
            (604_800, "7 Tage"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), words);
        }
    }
}
