//! Schedules in German words: days, then times.

use super::plan::{CalendarError, Days, Plan};
use crate::model::suggestion;

/// From Monday, as they are written and as readers see them.
pub(super) const WEEKDAYS: [&str; 7] =
    ["montags", "dienstags", "mittwochs", "donnerstags", "freitags", "samstags", "sonntags"];

/// Every word for a day.
const ALL: [&str; 9] = [
    "täglich",
    "arbeitstags",
    "montags",
    "dienstags",
    "mittwochs",
    "donnerstags",
    "freitags",
    "samstags",
    "sonntags",
];

pub(super) fn parse(text: &str) -> Result<Plan, CalendarError> {
    let mut days = Days { always: [false; 7], workdays: false };
    let mut times: Vec<(u32, u32)> = Vec::new();
    for word in text.split([',', ' ', '\t', '\u{a0}']).filter(|word| !word.is_empty()) {
        // A decomposed ä comes from some editors; who has no ä writes ae.
        let lower = word.to_lowercase().replace("a\u{308}", "ä").replace("taeglich", "täglich");
        if let Some(time) = time_of_day(&lower) {
            times.push(time);
            continue;
        }
        let weekday = WEEKDAYS.iter().position(|weekday| *weekday == lower);
        let is_day = weekday.is_some() || lower == "täglich" || lower == "arbeitstags";
        if !is_day && !["und", "um", "uhr"].contains(&lower.as_str()) {
            return Err(CalendarError::UnknownWord {
                word: word.to_owned(),
                nearest: nearest(word),
            });
        }
        if is_day && !times.is_empty() {
            let reason = "days stand before the times, and each time is for all days (for other times on other days make a second series)";
            return Err(CalendarError::Incomplete { reason });
        }
        match weekday.and_then(|place| days.always.get_mut(place)) {
            Some(always) => *always = true,
            None if lower == "täglich" => days = Days { always: [true; 7], ..days },
            None => days.workdays |= is_day,
        }
    }
    if !days.workdays && days.always == [false; 7] {
        return Err(CalendarError::Incomplete { reason: "no day is given" });
    }
    if times.is_empty() {
        return Err(CalendarError::Incomplete { reason: "no time of day is given" });
    }
    times.sort_unstable();
    times.dedup();
    Ok(Plan {
        lines: times.iter().map(|(hour, minute)| format!("0 {minute} {hour} * * *")).collect(),
        days,
        frequency: format!("{}, {} Uhr", frequency(days), clock(&times)),
    })
}

/// Returns `, did you mean …?` for what people write instead.
fn nearest(word: &str) -> String {
    match word.to_lowercase().as_str() {
        "werktags" | "wochentags" | "werktäglich" | "arbeitstäglich" | "workdays" => {
            ", did you mean `arbeitstags`?".to_owned()
        }
        "jeden" | "daily" | "@daily" => ", did you mean `täglich`?".to_owned(),
        other => suggestion(other, &ALL),
    }
}

/// Reads `7:00`, `07:00`; nothing if it is no time of a day.
fn time_of_day(word: &str) -> Option<(u32, u32)> {
    let (hour, minute) = word.split_once(':')?;
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// Returns `7`, `7 und 16:30`.
fn clock(times: &[(u32, u32)]) -> String {
    let said = times.iter().map(|(hour, minute)| match minute {
        0 => hour.to_string(),
        _ => format!("{hour}:{minute:02}"),
    });
    let said: Vec<String> = said.collect();
    match said.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} und {last}", before.join(", ")),
        _ => said.concat(),
    }
}

/// Returns days as readers see them.
pub(super) fn frequency(days: Days) -> String {
    if days.always == [true; 7] {
        return "täglich".to_owned();
    }
    let weekdays =
        WEEKDAYS.iter().zip(days.always).filter(|(_, given)| *given).map(|(name, _)| *name);
    let names: Vec<&str> =
        days.workdays.then_some("Montag bis Freitag").into_iter().chain(weekdays).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some(_)
            if !days.workdays && days.always == [true, true, true, true, true, false, false] =>
        {
            "montags bis freitags".to_owned()
        }
        Some((last, before)) => format!("{} und {last}", before.join(", ")),
    }
}
