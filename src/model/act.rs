//! What the editor did, and why.

use super::{ItemId, SeriesId, Timestamp};

/// What an act does while it is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActKind {
    /// The item is taken down: no digest, page, feed or search shows it.
    Hide,
    /// The item stands on top of its topic.
    Pin,
    /// A sentence of the editor's stands under the item.
    Note,
    /// Words of the editor's stand above the next digest of a series.
    Intro,
    /// The topics of the item were corrected.
    Tag,
    /// The item was written by hand.
    Add,
}

impl ActKind {
    const ALL: [Self; 6] = [Self::Hide, Self::Pin, Self::Note, Self::Intro, Self::Tag, Self::Add];

    /// Returns the word in the database, on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Pin => "pin",
            Self::Note => "note",
            Self::Intro => "intro",
            Self::Tag => "tag",
            Self::Add => "add",
        }
    }

    /// Returns the kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What an act concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActOn {
    /// One item.
    Item(ItemId),
    /// The next digest of a series.
    Series(SeriesId),
}

/// One act. Who did it is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What it concerns.
    pub on: ActOn,
    /// What it does.
    pub kind: ActKind,
    /// The note, the introduction or the topics; empty for the other kinds.
    pub words: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// When it was ended and why; none while it is in force.
    pub ended: Option<(Timestamp, String)>,
}
