//! When a series is due: slots on the wall clock, and the instants they are.
//!
//! A slot is a civil time. The `cron` crate enumerates slots as if civil time
//! were UTC, because asked with a zone it answers times in the past or none at
//! all in the nights when the clocks change; which instant a slot is, is
//! decided here: a slot in the spring gap is at the gap's end, a slot in the
//! autumn overlap is in its first pass, and the second pass has none.

mod civil;
mod draft;
mod fields;
mod plan;
mod words;

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::holidays::Holidays;
use crate::model::Timestamp;
use crate::model::settings::TextSetting;

pub use draft::DraftTime;
pub use plan::CalendarError;
use plan::Days;

/// Slots are counted up to here; a `* * * * * *` that slept a year stays cheap.
const MOST_COUNTED: usize = 1000;

/// How far a search goes over days that are holidays or the wrong weekday
/// before it gives up: more than any calendar can pause in the years `cron` knows.
const MOST_SKIPPED: usize = 200_000;

/// A calendar as the config writes it: German words or a cron line.
#[derive(Debug, Clone)]
pub struct Calendar {
    text: String,
    /// One per time of day; a slot is what any of them says.
    schedules: Vec<cron::Schedule>,
    days: Days,
    frequency: String,
}

/// A planned moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// On the wall clock; names the slot, for ever and in the database.
    pub civil: NaiveDateTime,
    /// The instant that is.
    pub at: Timestamp,
}

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The newest slot; doing it does all before it.
    pub slot: Slot,
    /// How many slots of earlier instants were missed and are done with it,
    /// counted up to a thousand. Not 0: the digest stands for an outage.
    pub missed: usize,
}

impl Calendar {
    /// Reads German words (`täglich`, `arbeitstags`, `montags` … `sonntags`
    /// with commas, then one or more `HH:MM`), or cron with 5 fields, or with
    /// 6 or 7 with seconds first. In all of them 0 and 7 are Sunday.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CalendarError::Empty);
        }
        let plan =
            if fields::looks_like(text) { fields::parse(text)? } else { words::parse(text)? };
        let never = || CalendarError::Never { text: text.to_owned() };
        let schedules = plan
            .lines
            .iter()
            .map(|line| cron::Schedule::from_str(line).map_err(|_| never()))
            .collect::<Result<Vec<_>, _>>()?;
        let calendar =
            Self { text: text.to_owned(), schedules, days: plan.days, frequency: plan.frequency };
        if calendar.civil_after(NaiveDateTime::default(), Holidays::NONE).is_none() {
            return Err(never());
        }
        Ok(calendar)
    }

    /// Returns it as the config writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns how often, in German words for readers: `täglich`, `arbeitstags`,
    /// `dienstags und freitags`.
    pub fn every(&self) -> &str {
        &self.frequency
    }

    /// Returns whether it comes once a week: one weekday, one time.
    pub fn is_weekly(&self) -> bool {
        let after = |civil| self.civil_after(civil, Holidays::NONE);
        let first = after(NaiveDateTime::default());
        let second = first.and_then(after);
        let third = second.and_then(after);
        let is_week = |from: Option<NaiveDateTime>, to: Option<NaiveDateTime>| {
            from.zip(to).is_some_and(|(from, to)| to - from == TimeDelta::weeks(1))
        };
        is_week(first, second) && is_week(second, third)
    }

    /// Returns the civil time up to which, at `now`, every slot has come. A new series
    /// stores it as its first done slot: what lies before is not its matter.
    pub fn reached(now: Timestamp, zone: Tz) -> NaiveDateTime {
        civil::reached(now, zone)
    }

    /// Returns the first slot after the civil time.
    pub fn next_after(&self, civil: NaiveDateTime, zone: Tz, holidays: Holidays) -> Option<Slot> {
        let civil = self.civil_after(civil, holidays)?;
        Some(Slot { civil, at: civil::resolve(civil, zone) })
    }

    /// Returns the first slot that has not come at `now`.
    pub fn next_after_instant(&self, now: Timestamp, zone: Tz, holidays: Holidays) -> Option<Slot> {
        self.next_after(civil::reached(now, zone), zone, holidays)
    }

    /// Returns the newest slot that has come and is not done, with all that it makes
    /// up for. Without a last done slot nothing is due: see [`Self::reached`].
    pub fn due(
        &self,
        last_done: Option<NaiveDateTime>,
        now: Timestamp,
        zone: Tz,
        holidays: Holidays,
    ) -> Option<Due> {
        let last_done = last_done?;
        let reached = civil::reached(now, zone);
        let civil = self.civil_until(reached, holidays).filter(|slot| *slot > last_done)?;
        let slot = Slot { civil, at: civil::resolve(civil, zone) };
        // Slots of one spring gap come at one instant: none of them was missed.
        let missed = self
            .slots(last_done, holidays)
            .take_while(|earlier| *earlier < civil)
            .take(MOST_COUNTED)
            .filter(|earlier| civil::resolve(*earlier, zone) < slot.at)
            .count();
        Some(Due { slot, missed })
    }

    /// Returns the slots of civil time from `from` on and before `to`, in order.
    pub fn between(
        &self,
        from: NaiveDateTime,
        to: NaiveDateTime,
        zone: Tz,
        holidays: Holidays,
    ) -> impl Iterator<Item = Slot> {
        let before = from.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(from);
        self.slots(before, holidays)
            .take_while(move |civil| *civil < to)
            .map(move |civil| Slot { civil, at: civil::resolve(civil, zone) })
    }

    fn slots(
        &self,
        after: NaiveDateTime,
        holidays: Holidays,
    ) -> impl Iterator<Item = NaiveDateTime> {
        std::iter::successors(self.civil_after(after, holidays), move |civil| {
            self.civil_after(*civil, holidays)
        })
    }

    fn civil_after(&self, civil: NaiveDateTime, holidays: Holidays) -> Option<NaiveDateTime> {
        self.schedules
            .iter()
            .filter_map(|schedule| {
                schedule
                    .after(&civil.and_utc())
                    .take(MOST_SKIPPED)
                    .map(|slot| slot.naive_utc())
                    .find(|slot| self.days.count(*slot, holidays))
            })
            .min()
    }

    /// Returns the last slot at or before the civil time.
    fn civil_until(&self, civil: NaiveDateTime, holidays: Holidays) -> Option<NaiveDateTime> {
        let after = civil.checked_add_signed(TimeDelta::seconds(1))?;
        self.schedules
            .iter()
            .filter_map(|schedule| {
                schedule
                    .after(&after.and_utc())
                    .rev()
                    .take(MOST_SKIPPED)
                    .map(|slot| slot.naive_utc())
                    .find(|slot| self.days.count(*slot, holidays))
            })
            .max()
    }
}

impl TextSetting for Calendar {
    const FORM: &'static str = "schedule";

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn zero(&self) -> Option<&'static str> {
        None
    }
}

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Slot {
    /// Returns the slot's name in the database: `2026-10-25T02:30:00`.
    pub fn id(&self) -> String {
        civil_id(self.civil)
    }
}

/// Returns a civil time as it stands in the database.
pub fn civil_id(civil: NaiveDateTime) -> String {
    civil.format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Returns the civil time of a name written by [`civil_id`].
pub fn parse_civil_id(id: &str) -> Option<NaiveDateTime> {
    NaiveDateTime::parse_from_str(id, "%Y-%m-%dT%H:%M:%S").ok()
}

#[cfg(test)]
mod tests;
