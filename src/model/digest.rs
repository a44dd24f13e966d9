//! A series, one dated digest of it, and the entries that readers see.

use serde::{Deserialize, Serialize};

use super::settings::Bound;
use super::{DigestId, Document, ItemId, KeptDate, SeriesId, StoryId, Timestamp, TopicId};
use crate::model::settings::{settings, words};

settings! {
    /// A newsletter. When it is sent is its calendar's matter (`schedule`).
    #[derive(PartialEq, Eq, Serialize, Deserialize)]
    pub struct Series in "series" {
        /// Part of List-Id and Message-ID: never change it once mails are out.
        id: SeriesId;
        /// Title for readers.
        title: String;
        /// Entries at most; the rest is counted and linked.
        max_items: usize = 30, Bound::Range(1, 1000);
        /// Entries of one topic at most.
        max_items_per_topic: usize = 10, Bound::Range(1, 1000);
    }
}

words! {
    /// How an entry says why it is there.
    #[derive(Default, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Reasons {
        /// In a line of its own.
        Line = "line",
        /// On its page, behind a link.
        #[default]
        Link = "link",
    }
}

/// A span of receipt: after `from`, up to and with `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Exclusive beginning.
    pub from: Timestamp,
    /// Inclusive end.
    pub to: Timestamp,
}

/// Another source that reports an entry's story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlsoReported {
    /// The source's name.
    pub source: String,
    /// Where it reports.
    pub url: Option<String>,
    /// Its title, if that says something else than the entry's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// One line of a digest: a story, told by the item that leads it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Entry {
    /// The leading item.
    pub item: ItemId,
    pub story: StoryId,
    /// Title, plain text.
    pub title: String,
    /// Where to read it.
    pub url: Option<String>,
    /// Name of its source.
    pub source: String,
    /// 1 authority, 2 association, 3 press.
    pub rank: u8,
    /// Editorial date.
    pub published: Option<Timestamp>,
    /// When we first saw it; orders what has no date.
    pub first_seen: Timestamp,
    /// Lead, plain text, not yet shortened.
    pub summary: String,
    pub documents: Vec<Document>,
    /// Other sources with the same story.
    pub also: Vec<AlsoReported>,
    /// Its topics in the order of the config, each with its score and the reason in German words.
    pub topics: Vec<EntryTopic>,
    /// Keywords of readers that it holds; of a mail's entry those of its reader.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Language of title and lead where it is not German (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Set when it was mailed before and has changed in substance.
    pub update: Option<Update>,
    /// Deadlines, events, funding calls and rules that it tells of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<KeptDate>,
    /// Stories of the same matter in other words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<StoryId>,
    /// It stands behind an entry of the same matter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
    /// The editor put it on top of its topic.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// What the editor says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Entry {
    /// Returns the words before its title that tie it to the entry above; mostly none.
    pub const fn lead_in(&self) -> &'static str {
        if self.follows { "Siehe auch: " } else { "" }
    }
}

/// A topic of an entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryTopic {
    /// Which.
    pub topic: TopicId,
    /// How strongly.
    pub score: f64,
    /// Most weighty words and where they stand, for example `„Onlinezugangsgesetz“ im Titel`.
    pub reason: String,
}

/// What changed in an item that readers already had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// When we saw the change.
    pub at: Timestamp,
    /// What changed, in German words; empty if not known.
    pub what: String,
}

/// A deadline of a story that was told before, said once more a week before it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// The item that tells of it.
    pub item: ItemId,
    pub title: String,
    /// Where to read it.
    pub url: Option<String>,
    /// Name of its source.
    pub source: String,
    pub topics: Vec<TopicId>,
    /// The deadline.
    pub date: KeptDate,
}

/// The entries of one topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Section {
    pub topic: TopicId,
    /// Its title for readers.
    pub title: String,
    /// What is shown.
    pub entries: Vec<Entry>,
    /// How many more there are.
    pub omitted: usize,
}

/// One dated selection of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Public id.
    pub id: DigestId,
    pub series: Series,
    /// What it covers, by receipt.
    pub window: Window,
    /// When it was composed.
    pub composed_at: Timestamp,
    /// Entries by topic.
    pub sections: Vec<Section>,
    /// Deadlines of earlier entries that end soon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminders: Vec<Reminder>,
    /// How an entry says why it is there.
    #[serde(default)]
    pub reasons: Reasons,
    /// Names of sources that could not be read when the window closed.
    pub silent_sources: Vec<String>,
    /// How many sources are polled in all.
    pub source_count: usize,
    /// It stands for several slots missed in one outage.
    pub catches_up: bool,
    /// What the editor says above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<String>,
}

impl Digest {
    /// Returns how many entries are shown.
    pub fn shown(&self) -> usize {
        self.sections.iter().map(|section| section.entries.len()).sum()
    }

    /// Returns how many entries were left out.
    pub fn omitted(&self) -> usize {
        self.sections.iter().map(|section| section.omitted).sum()
    }
}

/// A digest as words, before it is a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject, decoded.
    pub subject: String,
    /// The text/plain part.
    pub text: String,
    /// The text/html part.
    pub html: String,
}
