//! Civil time and instants, in both directions, where clocks change.

use chrono::{MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Timelike};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// The longest gap or overlap that is looked through, in minutes: the largest
/// known skipped a whole day.
const LONGEST_CHANGE: usize = 3 * 24 * 60;

/// Returns the instant of a slot: its own, the first of two, or the end of the gap it lies in.
pub(super) fn resolve(civil: NaiveDateTime, zone: Tz) -> Timestamp {
    if let MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) =
        zone.from_local_datetime(&civil)
    {
        return at.into();
    }
    // Clocks change at whole minutes.
    minutes_from(civil)
        .find_map(|minute| zone.from_local_datetime(&minute).earliest())
        .map_or_else(|| civil.and_utc().into(), Into::into)
}

/// Returns the last civil second whose instant has come at `now`. In the second pass of
/// an overlap that is the overlap's end: all its slots were in the first.
pub(super) fn reached(now: Timestamp, zone: Tz) -> NaiveDateTime {
    let local = zone.from_utc_datetime(&now.utc().naive_utc());
    let civil = local.naive_local();
    let civil = civil.with_nanosecond(0).unwrap_or(civil);
    match zone.from_local_datetime(&civil) {
        MappedLocalTime::Ambiguous(_, second) if Timestamp::from(second) <= now => {
            minutes_from(civil)
                .find(|minute| {
                    !matches!(zone.from_local_datetime(minute), MappedLocalTime::Ambiguous(..))
                })
                .and_then(|end| end.checked_sub_signed(TimeDelta::seconds(1)))
                .unwrap_or(civil)
        }
        _ => civil,
    }
}

/// Returns the whole minutes after `civil`.
fn minutes_from(civil: NaiveDateTime) -> impl Iterator<Item = NaiveDateTime> {
    let start = civil.with_second(0).and_then(|civil| civil.with_nanosecond(0)).unwrap_or(civil);
    std::iter::successors(start.checked_add_signed(TimeDelta::minutes(1)), |minute| {
        minute.checked_add_signed(TimeDelta::minutes(1))
    })
    .take(LONGEST_CHANGE)
}
