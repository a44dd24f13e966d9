//! Who gets digests, and how they came to.

use super::{SeriesId, SubscriberId, Timestamp, TopicId};

/// Where a subscriber stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signed up, not yet confirmed.
    Pending,
    /// Gets digests.
    Active,
    /// Bounced too often: gets nothing until they or the operator say so.
    Suspended,
    /// Left; the address is erased, the proof remains for its period.
    Left,
}

impl Standing {
    /// Returns the word in the database and in `subscriber list --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Left => "left",
        }
    }

    /// Returns the standing of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Suspended, Self::Left]
            .into_iter()
            .find(|standing| standing.as_str() == word)
    }
}

/// How consent came about; kept as proof (Art. 7 (1) DSGVO).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// `web`, `operator` or `import`.
    pub origin: String,
    /// The operator's reason, or the id of the form text.
    pub reason: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was given.
    pub confirmed_at: Option<Timestamp>,
}

/// Someone who gets digests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Row.
    pub id: SubscriberId,
    /// Address, trimmed, domain as A-label. Empty once they left.
    pub address: String,
    /// Where they stand.
    pub standing: Standing,
    /// The series they get.
    pub series: Vec<SeriesId>,
    /// The topics they chose, in their order; empty = all.
    pub topics: Vec<TopicId>,
    /// Words of their own, in the term language.
    pub keywords: Vec<String>,
    /// Items first seen after this may be mailed to them.
    pub since: Timestamp,
    /// The proof.
    pub consent: Consent,
}
