//! A digest that an editor sees before it goes.

use super::{SeriesId, Timestamp};

/// What a draft waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftState {
    /// The editor has not answered.
    Draft,
    /// It goes at its slot.
    Approved,
    /// It does not go before the editor says so.
    Held,
    /// Its digest was made, or a later draft holds what it held.
    Expired,
}

impl DraftState {
    const ALL: [Self; 4] = [Self::Draft, Self::Approved, Self::Held, Self::Expired];

    /// Returns the word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Held => "held",
            Self::Expired => "expired",
        }
    }

    /// Returns the state of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The draft of one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Row.
    pub id: i64,
    /// Of which series.
    pub series: SeriesId,
    /// For which slot of the calendar.
    pub slot: String,
    /// What it waits for.
    pub state: DraftState,
    /// The last receipt that the editor saw.
    pub seen: i64,
    /// When it was made.
    pub made: Timestamp,
    /// It goes at this instant instead of its slot's, if that is later.
    pub not_before: Option<Timestamp>,
}
