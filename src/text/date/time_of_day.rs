//! The time of day in a text, and its zone.

use super::token::{Token, after_blank, is_mark, number, word};

/// A time of day and its zone, and which tokens it takes.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
    pub(super) milliseconds: i64,
    /// Seconds east of Greenwich, if said.
    pub(super) offset: Option<i64>,
    pub(super) span: std::ops::Range<usize>,
}

/// Returns the first time of day in the tokens.
pub(super) fn find_clock(tokens: &[Token]) -> Option<Clock> {
    (0..tokens.len()).find_map(|at| clock_with_colons(tokens, at)).or_else(|| {
        (0..tokens.len())
            .find_map(|at| clock_before_uhr(tokens, at).or_else(|| clock_in_one_number(tokens, at)))
    })
}

/// Reads `10:00`, `10:00:00`, `10:00:00.000`, with AM or PM and a zone.
fn clock_with_colons(tokens: &[Token], at: usize) -> Option<Clock> {
    let (hour, hour_digits) = number(tokens, at)?;
    if hour_digits > 2 || !is_mark(tokens, at + 1, ':') {
        return None;
    }
    let (minute, minute_digits) = number(tokens, at + 2)?;
    if minute_digits > 2 || minute > 59 {
        return None;
    }
    let (mut second, mut milliseconds) = (0, 0);
    let mut end = at + 3;
    if is_mark(tokens, end, ':')
        && let Some((value, digits)) =
            number(tokens, end + 1).filter(|(value, digits)| *value <= 60 && *digits <= 2)
    {
        let _ = digits;
        second = value;
        end += 2;
        if (is_mark(tokens, end, '.') || is_mark(tokens, end, ','))
            && let Some((fraction, digits)) =
                number(tokens, end + 1).filter(|(_, digits)| *digits <= 18)
        {
            milliseconds = thousandths(fraction, digits);
            end += 2;
        }
    }
    let mut hour = hour;
    let next = after_blank(tokens, end);
    let half = word(tokens, next).filter(|word| matches!(*word, "am" | "pm")).map(str::to_owned);
    // "am" is also German for "on the": only an hour that fits makes it English.
    if let Some(half) = half.filter(|_| (1..=12).contains(&hour)) {
        end = next + 1;
        hour = hour % 12 + if half == "pm" { 12 } else { 0 };
    }
    if hour > 24 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    let (offset, end) = zone_after(tokens, end);
    Some(Clock { hour, minute, second, milliseconds, offset, span: at..end })
}

/// Reads `10 Uhr`, `10.30 Uhr`, `10h30`.
fn clock_before_uhr(tokens: &[Token], at: usize) -> Option<Clock> {
    let (hour, digits) = number(tokens, at).filter(|(hour, digits)| *hour <= 24 && *digits <= 2)?;
    let _ = digits;
    let dotted = is_mark(tokens, at + 1, '.')
        .then(|| number(tokens, at + 2).filter(|(minute, digits)| *minute < 60 && *digits == 2))
        .flatten();
    let (minute, end) = dotted.map_or((0, at + 1), |(minute, _)| (minute, at + 3));
    let end = after_blank(tokens, end);
    if word(tokens, end) != Some("uhr") {
        return None;
    }
    let (offset, end) = zone_after(tokens, end + 1);
    Some(Clock { hour, minute, second: 0, milliseconds: 0, offset, span: at..end })
}

/// Reads `20260721T100000` and the like (ISO 8601 basic format).
fn clock_in_one_number(tokens: &[Token], at: usize) -> Option<Clock> {
    let (value, digits) = number(tokens, at)?;
    let follows_day =
        at >= 2 && word(tokens, at - 1) == Some("t") && number(tokens, at - 2)?.1 == 8;
    if !follows_day || !matches!(digits, 4 | 6) {
        return None;
    }
    let value = if digits == 4 { value * 100 } else { value };
    let (hour, minute, second) = (value / 10_000, value / 100 % 100, value % 100);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (offset, end) = zone_after(tokens, at + 1);
    Some(Clock { hour, minute, second, milliseconds: 0, offset, span: at..end })
}

fn thousandths(fraction: i64, digits: usize) -> i64 {
    let mut value = fraction;
    for _ in digits..3 {
        value *= 10;
    }
    for _ in 3..digits {
        value /= 10;
    }
    value
}

/// Returns the zone that may follow a time of day, in seconds east, and where it ends.
fn zone_after(tokens: &[Token], end: usize) -> (Option<i64>, usize) {
    let mut at = after_blank(tokens, end);
    if word(tokens, at) == Some("uhr") {
        at = after_blank(tokens, at + 1);
    }
    if let Some(found) = signed_offset(tokens, at) {
        return found;
    }
    let in_brackets = is_mark(tokens, at, '(') || is_mark(tokens, at, '[');
    let at_name = at + usize::from(in_brackets);
    let Some(seconds) = word(tokens, at_name).and_then(named_zone) else {
        // asctime puts the zone before the year, `date` after it.
        let year = number(tokens, at)
            .filter(|(_, digits)| *digits == 4)
            .map(|_| after_blank(tokens, at + 1));
        return match year {
            Some(after) => match signed_offset(tokens, after) {
                Some((offset, _)) => (offset, end),
                None => (word(tokens, after).and_then(named_zone), end),
            },
            None => (None, end),
        };
    };
    // `GMT+2` and `UTC+0200` say more than their names.
    match signed_offset(tokens, at_name + 1) {
        Some((Some(offset), end)) if seconds == 0 => (Some(offset), end),
        _ => (Some(seconds), at_name + 1),
    }
}

fn signed_offset(tokens: &[Token], at: usize) -> Option<(Option<i64>, usize)> {
    let sign = match tokens.get(at)? {
        Token::Mark('+') => 1,
        Token::Mark('-') => -1,
        _ => return None,
    };
    let (value, digits) = number(tokens, at + 1)?;
    let (hours, minutes, end) = match digits {
        1 | 2 => match number(tokens, at + 3)
            .filter(|(_, digits)| is_mark(tokens, at + 2, ':') && *digits == 2)
        {
            Some((minutes, _)) => (value, minutes, at + 4),
            None => (value, 0, at + 2),
        },
        3 | 4 => (value / 100, value % 100, at + 2),
        _ => return None,
    };
    // `- 10` after a time is a span or a dash, not a zone.
    if hours > 14 || minutes > 59 {
        return None;
    }
    Some((Some(sign * (hours * 3600 + minutes * 60)), end))
}

fn named_zone(name: &str) -> Option<i64> {
    let hours = match name {
        "z" | "utc" | "gmt" | "ut" | "wet" | "wez" => 0,
        "mez" | "cet" | "met" | "bst" | "west" | "wesz" => 1,
        "mesz" | "cest" | "mest" | "eet" | "oez" => 2,
        "eest" | "msk" | "oesz" => 3,
        "jst" | "kst" => 9,
        "ast" | "edt" => -4,
        "est" | "et" | "cdt" => -5,
        "cst" | "ct" | "mdt" => -6,
        "mst" | "mt" | "pdt" => -7,
        "pst" | "pt" | "akdt" => -8,
        "akst" => -9,
        "hst" => -10,
        _ => return None,
    };
    Some(hours * 3600)
}
