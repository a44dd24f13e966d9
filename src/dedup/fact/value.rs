//! What a reader acts on, as values: when two agree, and how one is said.

use crate::text::{self, MONTHS, WEEKDAYS};

/// Something in a sentence that a reader acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dedup) enum Fact {
    Day {
        day: u32,
        month: u32,
        year: Option<u32>,
        weekday: Option<u8>,
    },
    Month {
        month: u32,
        year: Option<u32>,
        part: Option<Part>,
    },
    Weekday(u8),
    /// Minutes since midnight.
    Time(u32),
    Year(u32),
    /// Thousandths.
    Amount {
        value: u64,
        unit: Unit,
    },
    /// A file number, a version: hash of its letters.
    Code(u64),
    /// How long ago; it is another at each look.
    Ago,
}

/// Which part of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dedup) enum Part {
    Beginning,
    Middle,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dedup) enum Unit {
    Euro,
    Percent,
    /// Whatever the next word says.
    Plain,
}

impl Fact {
    /// Returns whether both say the same, as far as both say.
    pub(in crate::dedup) fn agrees(self, other: Self) -> bool {
        let open =
            |one: Option<u32>, other: Option<u32>| one.is_none() || other.is_none() || one == other;
        match (self, other) {
            (
                Self::Day { day, month, year, weekday },
                Self::Day { day: d, month: m, year: y, weekday: w },
            ) => {
                let weekdays = weekday.map(u32::from);
                day == d && month == m && open(year, y) && open(weekdays, w.map(u32::from))
            }
            (Self::Month { month, year, part }, Self::Month { month: m, year: y, part: p }) => {
                let parts = part.is_none() || p.is_none() || part == p;
                month == m && open(year, y) && parts
            }
            // Less is said of the same month.
            (Self::Day { month, .. }, Self::Month { month: m, part: None, .. }) => month == m,
            (Self::Amount { value, unit }, Self::Amount { value: v, unit: u }) => {
                value == v && (unit == u || unit == Unit::Plain || u == Unit::Plain)
            }
            _ => self == other,
        }
    }

    /// Returns whether the two may replace one another.
    pub(in crate::dedup) fn is_like(self, other: Self) -> bool {
        match (self, other) {
            (Self::Day { .. } | Self::Month { .. }, Self::Day { .. } | Self::Month { .. })
            | (Self::Weekday(_), Self::Weekday(_))
            | (Self::Time(_), Self::Time(_))
            | (Self::Year(_), Self::Year(_))
            | (Self::Code(_), Self::Code(_)) => true,
            (Self::Amount { unit, .. }, Self::Amount { unit: other, .. }) => unit == other,
            _ => false,
        }
    }

    pub(in crate::dedup) const fn is_of_calendar(self) -> bool {
        matches!(self, Self::Day { .. } | Self::Month { .. } | Self::Weekday(_))
    }

    /// Returns a number that is the same for facts that agree to the letter.
    pub(in crate::dedup) fn code(self) -> u64 {
        let spread = |kind: u64, value: u64| crate::dedup::reading::spread(kind << 56 ^ value);
        match self {
            Self::Day { day, month, year, weekday } => {
                let year = u64::from(year.unwrap_or_default()) << 16;
                let weekday = u64::from(weekday.unwrap_or_default()) << 12;
                spread(1, year | weekday | u64::from(month * 100 + day))
            }
            Self::Month { month, year, part } => {
                let year = u64::from(year.unwrap_or_default()) << 16;
                spread(2, year | part.map_or(0, |part| (part as u64 + 1) << 8) | u64::from(month))
            }
            Self::Weekday(day) => spread(3, u64::from(day)),
            Self::Time(minutes) => spread(4, u64::from(minutes)),
            Self::Year(year) => spread(5, u64::from(year)),
            Self::Amount { value, .. } => spread(6, value),
            Self::Code(hash) => hash,
            Self::Ago => spread(7, 0),
        }
    }
}

/// Returns the fact in words for readers.
pub(in crate::dedup) fn in_words(fact: Fact, shown: &str) -> String {
    let month_name = |month: u32| {
        usize::try_from(month).ok().and_then(|month| MONTHS.get(month.wrapping_sub(1))).copied()
    };
    let year_behind = |year: Option<u32>| year.map_or(String::new(), |year| format!(" {year}"));
    match fact {
        Fact::Day { day, month, year, weekday } => {
            let name = month_name(month).unwrap_or_default();
            let weekday = weekday
                .and_then(|day| WEEKDAYS.get(usize::from(day).wrapping_sub(1)))
                .map_or(String::new(), |day| format!("{day}, "));
            format!("{weekday}{day}. {name}{}", year_behind(year))
        }
        Fact::Time(minutes) if minutes % 60 == 0 => format!("{} Uhr", minutes / 60),
        Fact::Time(minutes) => format!("{}.{:02} Uhr", minutes / 60, minutes % 60),
        _ => text::clean_line(shown, 60),
    }
}
