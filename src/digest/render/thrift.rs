//! How much room each entry may take; a digest that is too large for mailers is rendered with less.

use crate::model::Reasons;

/// Other tellers of a story that are named.
const MAX_ALSO: usize = 3;

/// Documents of an entry that are listed.
const MAX_DOCUMENTS: usize = 3;

/// How much of each entry is shown: less, the more there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thrift {
    pub(super) summary: usize,
    pub(super) reasons: bool,
    pub(super) also: usize,
    pub(super) documents: usize,
    /// Most entries in all.
    pub(super) entries: usize,
    /// Most lines of „Fristen und Termine“.
    pub(super) dates: usize,
}

impl Thrift {
    pub(super) const FULL: Self = Self {
        summary: 280,
        reasons: true,
        also: MAX_ALSO,
        documents: MAX_DOCUMENTS,
        entries: usize::MAX,
        dates: 60,
    };
    /// For lists beside the matter.
    pub(super) const SHORT: Self =
        Self { summary: 0, reasons: false, also: 0, documents: 0, entries: 100, dates: 20 };
    /// Returns as much, with a line of reasons only where the series has them.
    pub(super) fn with(self, reasons: Reasons) -> Self {
        Self { reasons: self.reasons && reasons == Reasons::Line, ..self }
    }

    /// Tried in turn until the mail is small enough.
    pub(super) const LEVELS: [Self; 7] = [
        Self::FULL,
        Self { summary: 180, ..Self::FULL },
        Self { summary: 180, reasons: false, also: 2, documents: 2, ..Self::FULL },
        Self { summary: 100, reasons: false, also: 1, documents: 1, entries: 80, dates: 30 },
        Self { entries: 60, ..Self::SHORT },
        Self { entries: 30, ..Self::SHORT },
        Self { entries: 10, ..Self::SHORT },
    ];
}
