//! An item: as the source said it, as we hold it, and what a verdict needs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ItemDate, ItemId, StoryId, Timestamp};

/// A date as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The instant.
    pub at: Timestamp,
    /// Zone, time of day or year were not said, or it was read from a path.
    pub is_guess: bool,
}

/// A file or medium that hangs on an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Enclosure {
    /// Absolute URL.
    pub url: String,
    /// Media type as claimed, for example `application/pdf`.
    pub media_type: Option<String>,
    /// Size in bytes as claimed.
    pub length: Option<u64>,
    /// Words of the link.
    pub title: Option<String>,
}

/// An item as the source said it. Texts may hold markup and anything else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawItem {
    /// The source's own id; opaque, unique at most within its source.
    pub guid: Option<String>,
    /// Where it stands; absolute where a base was known.
    pub link: Option<String>,
    /// Title, possibly with markup or entities.
    pub title: Option<String>,
    /// Teaser, as HTML.
    pub summary_html: Option<String>,
    /// Full text, as HTML.
    pub body_html: Option<String>,
    /// Names of authors.
    pub authors: Vec<String>,
    /// Categories in the source's own words.
    pub categories: Vec<String>,
    /// Files and media.
    pub enclosures: Vec<Enclosure>,
    /// Editorial date.
    pub published: Option<Date>,
    /// Date of the last change.
    pub updated: Option<Date>,
    /// BCP 47 tag.
    pub language: Option<String>,
}

/// By what means a document was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadBy {
    /// feed-rs, on the transcoded text.
    #[default]
    FeedRs,
    /// feed-rs, after repairs.
    Repaired,
    /// The tolerant scanner, since nothing else found the entries.
    Fallback,
    /// CSS selectors.
    Selectors,
    /// The list that repeated structure, dates and words gave away.
    Structure,
    /// The data that the page carries for scripts and search engines.
    Data,
}

impl ReadBy {
    /// Returns the word of `source read --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FeedRs => "feed-rs",
            Self::Repaired => "repaired",
            Self::Fallback => "fallback",
            Self::Selectors => "selectors",
            Self::Structure => "structure",
            Self::Data => "data",
        }
    }
}

/// When the document itself asks to be fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rhythm {
    /// RSS `ttl`, `sy:updatePeriod` with `sy:updateFrequency`: not sooner than this.
    pub interval: Option<Duration>,
    /// RSS `skipHours`, 0–23 GMT.
    pub skip_hours: Vec<u8>,
    /// RSS `skipDays`, 0 = Sunday.
    pub skip_days: Vec<u8>,
}

/// What was read from one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extraction {
    /// The items in document order.
    pub items: Vec<RawItem>,
    /// The means.
    pub read_by: ReadBy,
    /// What the operator should know: repairs, dropped fields, a cut document.
    pub notes: Vec<String>,
    /// What the document asks of the schedule.
    pub rhythm: Rhythm,
    /// The document ended early; what follows was not seen.
    pub incomplete: bool,
    /// What asks the admin to confirm that somebody signed up.
    pub confirmations: Vec<Confirmation>,
}

/// A message that asks whoever signed up to confirm it.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub subject: String,
    /// Where to confirm.
    pub link: String,
}

impl std::fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The link is a secret: logs must not.
        f.write_str("Confirmation(…)")
    }
}

/// Who an item is within its source: a short text, for example `guid:news-116`,
/// `ikiss:116.635` or `content:9f4c…`. Never made by chance, never of `now`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub String);

/// What an item says: a hash whose first byte is its version, so that the way
/// of hashing can change without a migration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub Vec<u8>);

/// A document that hangs on an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Document {
    /// Words of its link.
    pub title: String,
    /// Absolute http or https URL.
    pub url: String,
    /// `PDF`, `DOCX` …; empty if unknown.
    pub format: String,
    /// Bytes, if known.
    pub size: Option<u64>,
    /// Pages, if it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<u32>,
    /// Why its text is not known, in German: `gescannt, kein Text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

impl Document {
    /// Returns what readers are told of it behind format and size: pages, and why
    /// its text is not known.
    pub fn reading_notes(&self) -> Vec<String> {
        let pages = self.pages.map(|pages| match pages {
            1 => "1\u{a0}Seite".to_owned(),
            pages => format!("{pages}\u{a0}Seiten"),
        });
        pages.into_iter().chain(self.remark.clone()).collect()
    }
}

/// An item as we hold it: clean text, valid values only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Who it is within its source.
    pub key: Key,
    /// What it says now.
    pub fingerprint: Fingerprint,
    /// Hash of the raw fields: while it is the same nothing needs to be cleaned again.
    pub raw_hash: i64,
    /// The source's own id, if it gave one.
    pub guid: Option<String>,
    /// Names under which other sources may hold the same item: canonical URL,
    /// object id of a shared CMS, press-release number.
    pub aliases: Vec<String>,
    /// Where to read it; http or https without credentials.
    pub url: Option<String>,
    /// Title in plain text, never empty.
    pub title: String,
    /// Lead in plain text: the teaser, else the beginning of the text.
    pub summary: String,
    /// Everything known of its text, in plain text with line breaks.
    pub text: String,
    /// Names of authors.
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    pub documents: Vec<Document>,
    /// URLs its text links to.
    pub links: Vec<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Editorial date; none if the source gave none.
    pub published: Option<Timestamp>,
    /// The date was guessed or clamped.
    pub published_is_guess: bool,
    /// Deadlines, events, funding calls and rules that the text tells of; empty
    /// until `agenda` has read it.
    pub dates: Vec<ItemDate>,
}

impl Item {
    /// Returns an item of which no more is known than this.
    pub fn new(key: Key, fingerprint: Fingerprint, title: String, text: String) -> Self {
        Self {
            key,
            fingerprint,
            raw_hash: 0,
            guid: None,
            aliases: Vec::new(),
            url: None,
            title,
            summary: String::new(),
            text,
            authors: Vec::new(),
            categories: Vec::new(),
            documents: Vec::new(),
            links: Vec::new(),
            language: None,
            published: None,
            published_is_guess: false,
            dates: Vec::new(),
        }
    }
}

/// What a verdict needs to know of a stored item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its row.
    pub id: ItemId,
    /// Who it is.
    pub key: Key,
    /// What it said.
    pub fingerprint: Fingerprint,
    /// Hash of its raw fields.
    pub raw_hash: i64,
    /// The story it belongs to.
    pub story: StoryId,
    /// How often its text changed.
    pub changes: u32,
}

/// What one poll says of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen before in this source.
    New,
    /// Seen before, says something else now.
    Changed(ItemId),
    /// Seen before, says the same.
    Same(ItemId),
    /// Changes at nearly every poll (a clock in its text): no longer rewritten.
    Restless(ItemId),
}
