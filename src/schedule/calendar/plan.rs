//! What the two ways of writing a schedule come to, and why neither may be readable.

use chrono::{Datelike as _, NaiveDateTime, Weekday};

use crate::schedule::holidays::Holidays;

/// On which days slots count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    /// From Monday; whatever holiday it is.
    pub(super) always: [bool; 7],
    /// Monday to Friday but for holidays.
    pub(super) workdays: bool,
}

/// Why a schedule cannot be read. Each text shows one that can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No text.
    #[error("the schedule is empty; write for example `arbeitstags 07:00`")]
    Empty,
    /// Neither a day nor a time.
    #[error(
        "`{word}` is no day and no time{nearest} (write for example `arbeitstags 07:00` or `dienstags, freitags 07:00, 16:00`)"
    )]
    UnknownWord {
        /// As written.
        word: String,
        /// `, did you mean …?`, or nothing.
        nearest: String,
    },
    /// Days or times are missing, or days follow times.
    #[error("{reason}; write for example `dienstags, freitags 07:00, 16:00`")]
    Incomplete {
        /// What is missing.
        reason: &'static str,
    },
    /// Not 5, 6 or 7 fields.
    #[error(
        "a cron schedule has 5 fields (minute hour day month weekday), or 6 or 7 with seconds first, not {count}; write for example `0 7 * * 1-5`"
    )]
    FieldCount {
        /// How many there are.
        count: usize,
    },
    /// One field cannot be read.
    #[error("`{text}` is no {field}: {reason}; write for example `{example}`")]
    Field {
        /// Its name.
        field: &'static str,
        /// As written.
        text: String,
        /// What is wrong.
        reason: String,
        /// A field that can be read.
        example: &'static str,
    },
    /// Day of month and weekday both say something.
    #[error(
        "day of month `{day}` and weekday `{weekday}` are both given, and cron programs disagree on what that means; keep one and write `*` for the other, for example `0 7 * * 1`"
    )]
    BothDays {
        /// Day of month as written.
        day: String,
        /// Weekday as written.
        weekday: String,
    },
    /// A date that no calendar has.
    #[error("`{text}` never comes; write for example `0 7 1 * *`")]
    Never {
        /// As written.
        text: String,
    },
}

impl Days {
    pub(super) const ALL: Self = Self { always: [true; 7], workdays: false };

    pub(super) fn count(self, slot: NaiveDateTime, holidays: Holidays) -> bool {
        let weekday = slot.weekday();
        let place = weekday.num_days_from_monday() as usize;
        self.always.get(place).is_some_and(|always| *always)
            || self.workdays
                && !matches!(weekday, Weekday::Sat | Weekday::Sun)
                && holidays.name(slot.date()).is_none()
    }
}

/// What the two ways of writing come to.
pub(super) struct Plan {
    /// Lines for the `cron` crate, seconds first.
    pub(super) lines: Vec<String>,
    pub(super) days: Days,
    pub(super) frequency: String,
}
