//! Actionable dates of an item: what a reader has to do or can attend by when.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

/// Kinds of actionable dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DateKind {
    /// A deadline: the last day on which something can be done.
    #[serde(rename = "frist")]
    Deadline,
    /// An event that can be attended.
    #[serde(rename = "termin")]
    Event,
    /// The last day to apply for funding.
    #[serde(rename = "foerderung")]
    Funding,
    /// A rule begins or ceases to apply.
    #[serde(rename = "rechtsstand")]
    Law,
}

impl DateKind {
    /// All kinds, in the order of their words.
    pub const ALL: [Self; 4] = [Self::Deadline, Self::Event, Self::Funding, Self::Law];

    /// Returns whether a reader who misses the day has lost something.
    pub const fn is_deadline(self) -> bool {
        matches!(self, Self::Deadline | Self::Funding)
    }

    /// Returns the word of the database and of `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "frist",
            Self::Event => "termin",
            Self::Funding => "foerderung",
            Self::Law => "rechtsstand",
        }
    }

    /// Returns the kind with that word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Precision of an actionable date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Year, month and day are said.
    Day,
    /// Only year and month are said; the day is the first or last of the month.
    Month,
}

impl Precision {
    /// Returns the word of the database and of `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Returns the precision with that word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Day, Self::Month].into_iter().find(|precision| precision.as_str() == word)
    }
}

/// An actionable date, proved by the sentence that says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDate {
    pub kind: DateKind,
    /// First day; none for a deadline that has no beginning.
    pub from: Option<NaiveDate>,
    /// Last day; none for what takes one day or has no end.
    pub to: Option<NaiveDate>,
    /// Local time of the deadline or of the beginning.
    pub time: Option<NaiveTime>,
    /// Local time of the end.
    pub time_to: Option<NaiveTime>,
    pub precision: Precision,
    /// The sentence as it stands in the text.
    pub sentence: String,
    pub place: Option<String>,
    pub cancelled: bool,
}

impl ItemDate {
    /// Returns the day by which a reader must have acted: the last day of a
    /// deadline or of a rule that ends, else the first day.
    pub fn due(&self) -> Option<NaiveDate> {
        match self.kind {
            DateKind::Deadline | DateKind::Funding => self.to.or(self.from),
            DateKind::Event | DateKind::Law => self.from.or(self.to),
        }
    }
}

/// A date of an item as it is kept: with the number that names it in calendars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDate {
    pub number: u32,
    /// Raised by each change (RFC 5545, 3.8.7.4).
    pub sequence: u32,
    /// The day it stood at before it moved.
    pub moved_from: Option<NaiveDate>,
    pub date: ItemDate,
}
