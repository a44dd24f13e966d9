//! Dates as feeds and pages write them, German ones first of all.
//!
//! A lenient reader, not a validator: it takes the first date that it finds in
//! the first characters of a text and ignores the words round it. What cannot be
//! an editorial date (a year alone, 1970-01-01) is none.

use chrono::{Duration, NaiveDate, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;

use crate::model::{Date, Timestamp};
use crate::text::is_invisible;

/// Characters that are looked at; a date is short, hostile text is not.
const MOST_CHARACTERS: usize = 200;

/// Tokens that are looked at.
const MOST_TOKENS: usize = 64;

/// The first date in `text`; `zone` is for one that names none. RFC 822 and
/// 3339, asctime, JavaScript's, and German forms such as `21. Juli 2026, 10:00 Uhr`,
/// `Di., 21.07.2026` or `19 Nov. '25`.
pub fn parse(text: &str, zone: Tz) -> Option<Date> {
    let tokens = tokens(text);
    if let [Token::Number { value, digits: 10 }] = tokens.as_slice() {
        // Seconds since 1970, as some home-made feeds give them.
        let plausible = (1_000_000_000..4_000_000_000).contains(value);
        return plausible.then(|| Date { at: Timestamp::from_seconds(*value), is_guess: false });
    }
    let clock = find_clock(&tokens);
    let day = find_day(&tokens, clock.as_ref())?;
    instant(day, clock.as_ref(), zone)
}

/// A date in the path of a URL, as `/2025-11-24-name`, `/2025/11/24/` or
/// `/20251124_`: always a guess, midnight in Berlin.
pub fn from_path(path: &str) -> Option<Date> {
    let path = path.get(..super::reference::floor_boundary(path, 2048)).unwrap_or(path);
    let numbers: Vec<(usize, &str)> = digit_runs(path).take(256).collect();
    let bytes = path.as_bytes();
    let separated = |end: usize, start: usize| {
        start == end + 1 && matches!(bytes.get(end), Some(b'-' | b'/' | b'_' | b'.'))
    };
    for (at, (start, run)) in numbers.iter().enumerate() {
        let day = if run.len() == 8 {
            let (year, rest) = run.split_at(4);
            let (month, day) = rest.split_at(2);
            ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        } else if run.len() == 4 {
            match (numbers.get(at + 1), numbers.get(at + 2)) {
                (Some((month_at, month)), Some((day_at, day)))
                    if month.len() <= 2
                        && day.len() <= 2
                        && separated(start + 4, *month_at)
                        && separated(month_at + month.len(), *day_at) =>
                {
                    ymd(run.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
                }
                _ => None,
            }
        } else {
            None
        };
        if let Some(date) = day.and_then(|day| instant(day, None, chrono_tz::Europe::Berlin)) {
            return Some(Date { is_guess: true, ..date });
        }
    }
    None
}

fn digit_runs(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|run| !run.is_empty())
        .map(move |run| (run.as_ptr().addr() - text.as_ptr().addr(), run))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Number {
        value: i64,
        digits: usize,
    },
    /// Lower case, umlauts kept.
    Word(String),
    Mark(char),
    Blank,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut characters =
        text.trim_start().chars().take(MOST_CHARACTERS).filter(|c| !is_invisible(*c)).peekable();
    while let Some(character) = characters.next() {
        if tokens.len() >= MOST_TOKENS {
            break;
        }
        if let Some(digit) = character.to_digit(10) {
            let mut value = i64::from(digit);
            let mut digits = 1;
            while let Some(digit) = characters.peek().and_then(|c| c.to_digit(10)) {
                characters.next();
                value = value.saturating_mul(10).saturating_add(i64::from(digit));
                digits += 1;
            }
            tokens.push(Token::Number { value, digits });
        } else if character.is_alphabetic() {
            let mut word: String = character.to_lowercase().collect();
            while let Some(letter) =
                characters.next_if(|c| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(c))
            {
                word.extend(letter.to_lowercase());
            }
            tokens.push(Token::Word(word));
        } else if character.is_whitespace() {
            if tokens.last() != Some(&Token::Blank) {
                tokens.push(Token::Blank);
            }
        } else {
            let mark = match character {
                '‐' | '‑' | '–' | '—' | '−' => '-',
                '’' | '‘' | '`' | '´' => '\'',
                other => other,
            };
            tokens.push(Token::Mark(mark));
        }
    }
    if tokens.last() == Some(&Token::Blank) {
        tokens.pop();
    }
    tokens
}

/// A time of day and its zone, and which tokens it takes.
#[derive(Debug)]
struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    milliseconds: i64,
    /// Seconds east of Greenwich, if said.
    offset: Option<i64>,
    span: std::ops::Range<usize>,
}

fn number(tokens: &[Token], at: usize) -> Option<(i64, usize)> {
    match tokens.get(at) {
        Some(Token::Number { value, digits }) => Some((*value, *digits)),
        _ => None,
    }
}

fn is_mark(tokens: &[Token], at: usize, mark: char) -> bool {
    tokens.get(at) == Some(&Token::Mark(mark))
}

fn word(tokens: &[Token], at: usize) -> Option<&str> {
    match tokens.get(at) {
        Some(Token::Word(word)) => Some(word),
        _ => None,
    }
}

fn after_blank(tokens: &[Token], at: usize) -> usize {
    at + usize::from(tokens.get(at) == Some(&Token::Blank))
}

fn find_clock(tokens: &[Token]) -> Option<Clock> {
    (0..tokens.len()).find_map(|at| clock_with_colons(tokens, at)).or_else(|| {
        (0..tokens.len())
            .find_map(|at| clock_before_uhr(tokens, at).or_else(|| clock_in_one_number(tokens, at)))
    })
}

/// `10:00`, `10:00:00`, `10:00:00.000`, with AM or PM and a zone.
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

/// `10 Uhr`, `10.30 Uhr`, `10h30`.
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

/// `20260721T100000` and the like (ISO 8601 basic format).
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

/// The zone that may follow a time of day, in seconds east, and where it ends.
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

/// The first day in the tokens, the time of day left out.
fn find_day(tokens: &[Token], clock: Option<&Clock>) -> Option<NaiveDate> {
    let taken = clock.map_or(0..0, |clock| clock.span.clone());
    let free = |at: usize| !taken.contains(&at);
    (0..tokens.len()).filter(|at| free(*at)).find_map(|at| {
        numeric_day(tokens, at)
            .or_else(|| day_month_name(tokens, at))
            .or_else(|| month_name_day(tokens, at, &taken))
    })
}

/// `2026-07-21`, `2026/07/21`, `20260721`, `2026-07` alone, `21.07.2026`,
/// `21.7.26`, `21-07-2026`, `07/21/2026` where nothing else can be meant.
fn numeric_day(tokens: &[Token], at: usize) -> Option<NaiveDate> {
    let (first, digits) = number(tokens, at)?;
    if at > 0
        && matches!(tokens.get(at - 1), Some(Token::Mark('/' | '.' | '-' | '#')))
        && number(tokens, at.wrapping_sub(2)).is_some()
    {
        // The tail of something longer, as `0391.12.10.25`.
        return None;
    }
    if digits == 8 {
        return ymd(first / 10_000, first / 100 % 100, first % 100);
    }
    let separator = match tokens.get(at + 1)? {
        Token::Mark(mark @ ('-' | '/' | '.')) => *mark,
        _ => return None,
    };
    let second_at = after_blank(tokens, at + 2);
    let (second, second_digits) = number(tokens, second_at)?;
    if second_digits > 2 {
        // Ordinal days (ISO 8601): `2026-202`.
        let ordinal = digits == 4 && separator == '-' && second_digits == 3;
        return ordinal
            .then(|| {
                NaiveDate::from_yo_opt(i32::try_from(first).ok()?, u32::try_from(second).ok()?)
            })
            .flatten();
    }
    let third_at = after_blank(tokens, second_at + 2);
    let third = number(tokens, third_at).filter(|_| is_mark(tokens, second_at + 1, separator));
    if digits == 4 {
        return match third {
            Some((day, 1 | 2)) => ymd(first, second, day),
            // A month alone, if there is nothing else.
            _ if tokens.len() == second_at + 1 && separator == '-' => ymd(first, second, 1),
            _ => None,
        };
    }
    if digits > 2 {
        return None;
    }
    let (year, year_digits) = match third {
        Some(third) => third,
        None if is_mark(tokens, second_at + 1, separator) && separator == '.' => {
            // `21.07. '26`
            let mark = after_blank(tokens, second_at + 2);
            number(tokens, mark + 1).filter(|_| is_mark(tokens, mark, '\''))?
        }
        None => return None,
    };
    let year = full_year(year, year_digits)?;
    if separator != '.' && second > 12 {
        return ymd(year, first, second);
    }
    ymd(year, second, first)
}

/// `21. Juli 2026`, `21-Jul-2026`, `19 Nov. '25`, `21 July, 2026`.
fn day_month_name(tokens: &[Token], at: usize) -> Option<NaiveDate> {
    let (day, digits) = number(tokens, at)?;
    if digits > 2 {
        // `2026 Jul 21`
        let year = full_year(day, digits)?;
        let month_at = past_marks(tokens, at + 1);
        let month = month_named(word(tokens, month_at)?)?;
        let (day, _) =
            number(tokens, past_marks(tokens, month_at + 1)).filter(|(_, digits)| *digits <= 2)?;
        return ymd(year, month, day);
    }
    let mut month_at = past_marks(tokens, at + 1);
    if matches!(word(tokens, month_at), Some("st" | "nd" | "rd" | "th")) {
        month_at = past_marks(tokens, month_at + 1);
    }
    let month = month_named(word(tokens, month_at)?)?;
    let year_at = past_marks(tokens, month_at + 1);
    let (year, year_digits) = number(tokens, year_at)?;
    // `21 Jul 10:00` has no year.
    if is_mark(tokens, year_at + 1, ':') {
        return None;
    }
    ymd(full_year(year, year_digits)?, month, day)
}

/// `July 21, 2026`, `Tue Jul 21 10:00:00 2026`.
fn month_name_day(
    tokens: &[Token],
    at: usize,
    taken: &std::ops::Range<usize>,
) -> Option<NaiveDate> {
    let month = month_named(word(tokens, at)?)?;
    let day_at = past_marks(tokens, at + 1);
    let (day, digits) = number(tokens, day_at)?;
    if digits > 2 {
        return None;
    }
    let mut year_at = day_at + 1;
    if matches!(word(tokens, year_at), Some("st" | "nd" | "rd" | "th")) {
        year_at += 1;
    }
    year_at = past_marks(tokens, year_at);
    if taken.contains(&year_at) {
        year_at = past_marks(tokens, taken.end);
        // `date` of Unix names the zone before the year.
        if let Some(Token::Word(_)) = tokens.get(year_at) {
            year_at = past_marks(tokens, year_at + 1);
        }
    }
    let (year, digits) = number(tokens, year_at)?;
    ymd(full_year(year, digits)?, month, day)
}

/// Past blanks and the marks that stand between the parts of a date.
fn past_marks(tokens: &[Token], at: usize) -> usize {
    let mut at = at;
    while matches!(tokens.get(at), Some(Token::Blank | Token::Mark('.' | ',' | '-' | '/' | '\''))) {
        at += 1;
    }
    at
}

const MONTHS: &[(&str, i64)] = &[
    ("januar", 1),
    ("january", 1),
    ("jänner", 1),
    ("jaenner", 1),
    ("februar", 2),
    ("february", 2),
    ("feber", 2),
    ("märz", 3),
    ("ma\u{308}rz", 3),
    ("maerz", 3),
    ("mrz", 3),
    ("march", 3),
    ("april", 4),
    ("mai", 5),
    ("may", 5),
    ("juni", 6),
    ("juno", 6),
    ("june", 6),
    ("juli", 7),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("oktober", 10),
    ("october", 10),
    ("november", 11),
    ("dezember", 12),
    ("december", 12),
];

/// The month of a name or of an abbreviation of at least three letters.
fn month_named(word: &str) -> Option<i64> {
    if word == "sept" {
        return Some(9);
    }
    let letters = word.chars().count();
    MONTHS.iter().find(|(name, _)| letters >= 3 && name.starts_with(word)).map(|(_, month)| *month)
}

fn full_year(year: i64, digits: usize) -> Option<i64> {
    match digits {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn ymd(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
    // Nobody publishes news of other centuries: such a year is a mistake.
    if !(1970..2100).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )
}

fn instant(day: NaiveDate, clock: Option<&Clock>, zone: Tz) -> Option<Date> {
    let said = clock;
    let is_guess = said.is_none_or(|clock| clock.offset.is_none());
    let midnight = day.and_hms_opt(0, 0, 0)?;
    let local = said.map_or(midnight, |clock| {
        midnight
            + Duration::hours(clock.hour)
            + Duration::minutes(clock.minute)
            + Duration::seconds(clock.second)
            + Duration::milliseconds(clock.milliseconds)
    });
    let at = match said.and_then(|clock| clock.offset) {
        Some(offset) => Timestamp::from(local.and_utc() - Duration::seconds(offset)),
        None => in_zone(local, zone)?,
    };
    // 1970-01-01 is what programs write when they know no date.
    (at.0 >= 86_400_000).then_some(Date { at, is_guess })
}

/// The instant of a wall-clock time: the first of two in autumn, the end of the gap in spring.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Option<Timestamp> {
    zone.from_local_datetime(&local)
        .earliest()
        .or_else(|| zone.from_local_datetime(&(local + Duration::hours(1))).earliest())
        .map(Timestamp::from)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    /// 2026-07-21 10:00 in Berlin.
    const TEN: i64 = 1_784_620_800;

    fn seconds(text: &str) -> Option<i64> {
        parse(text, Berlin).map(|date| date.at.seconds())
    }

    #[test]
    fn every_form_of_the_same_morning_is_read() {
        for text in [
            "Tue, 21 Jul 2026 10:00:00 +0200",
            "Tue, 21 Jul 26 10:00:00 +0200",
            "Tue, 21 Jul 2026 10:00 +0200",
            "Tue, 21 Jul 2026 10:00:00 CEST",
            "Tue, 21 Jul 2026 10:00:00 MESZ",
            "Tue, 21 Jul 2026 09:00:00 CET",
            "Tue, 21 Jul 2026 03:00:00 EST",
            "Tue, 21 Jul 2026 10:00:00",
            "Tue, 21 Jul 2026 10:00:00 GMT+2",
            "Tue, 21 Jul 2026 10:00:00 +02:00",
            "Tue, 21 Jul 2026 10:00:00 +0200 (CEST)",
            "Tue, 21 Jul 2026 08:00:00 GMT",
            "Tue, 21 Jul 2026 08:00:00 Z",
            "tue, 21 jul 2026 08:00:00 ut",
            "Di, 21 Jul 2026 10:00:00 +0200",
            "Di., 21 Jul 2026 10:00:00 +0200",
            "Tuesday, 21 July 2026 10:00:00 +0200",
            "Dienstag, 21. Juli 2026 10:00:00",
            "Dienstag, 21. Juli 2026, 10:00 Uhr",
            "Dienstag, den 21. Juli 2026 um 10 Uhr",
            "21.07.2026 10:00",
            "21.07.2026 10:00 Uhr MESZ",
            "21.07.2026, 10:00 Uhr",
            "21.07.2026, 10.00 Uhr",
            "21.7.26 10:00",
            "Di, 21.07.2026 - 10:00",
            "21-07-2026 10:00",
            "21/07/2026 10:00",
            "07/21/2026 10:00",
            "21-Jul-2026 10:00:00",
            "2026-07-21T10:00:00+02:00",
            "2026-07-21T10:00:00+0200",
            "2026-07-21T10:00:00+02",
            "2026-07-21T08:00:00Z",
            "2026-07-21t08:00:00z",
            "2026-07-21T10:00:00",
            "2026-07-21 10:00:00",
            "2026-07-21 10:00:00 +0200",
            "2026-07-21T10:00+02:00",
            "2026-07-21T10:00:00.000+02:00",
            "2026-07-21T10:00:00.123456789+02:00",
            "20260721T100000+0200",
            "20260721T080000Z",
            "Tue Jul 21 10:00:00 2026",
            "Tue Jul 21 10:00:00 CEST 2026",
            "Tue Jul 21 10:00:00 +0200 2026",
            "Tue Jul 21 2026 10:00:00 GMT+0200 (CEST)",
            "Mon, 21 Jul 2026 10:00:00 +0200",
            "2026/07/21 10:00:00",
            "July 21st, 2026 10:00 AM",
            "21.07.\u{200b}2026\u{a0}10:00",
            "Datum: 21.07.2026 10:00",
            "Stand vom 21. Juli 2026, 10:00 Uhr in Magdeburg",
            "  \n Tue, 21 Jul 2026 10:00:00 +0200\n ",
            "1784620800",
        ] {
            assert_eq!(seconds(text), Some(TEN), "{text}");
        }
    }

    #[test]
    fn days_without_a_time_begin_at_midnight_in_the_zone() {
        for (text, expected) in [
            ("21.07.2026", TEN - 36_000),
            ("2026-07-21", TEN - 36_000),
            ("Datum: 04.05.2026", 1_777_845_600),
            ("Mo, 4. Mai 2026", 1_777_845_600),
            ("07. Mai 2026", 1_778_104_800),
            ("04. Mär 2026", 1_772_578_800),
            ("3. Februar 2025", 1_738_537_200),
            ("23. März 2023", 1_679_526_000),
            ("23. Ma\u{308}rz 2023", 1_679_526_000),
            ("24.02.2025", 1_740_351_600),
            ("19 Nov. '25", 1_763_506_800),
            ("19 Nov. ’25", 1_763_506_800),
            ("20.11.2025 158/2025", 1_763_593_200),
            ("20251120", 1_763_593_200),
        ] {
            let date = parse(text, Berlin);
            assert_eq!(date.map(|date| date.at.seconds()), Some(expected), "{text}");
            assert!(date.is_some_and(|date| date.is_guess), "{text}");
        }
    }

    #[test]
    fn months_and_hours_have_many_names() {
        for (text, expected) in [
            ("Mi, 21 Okt 2026 10:00:00 +0200", 1_792_569_600),
            ("Di, 03 Mär 2026 10:00:00 +0100", 1_772_528_400),
            ("Do, 03 Dez 2026 10:00:00 +0100", 1_796_288_400),
            ("Mi, 12 Mrz 2025 10:00:00 +0100", 1_741_770_000),
            ("Wed, 1 Jul 2026 10:00:00 +0200", 1_782_892_800),
            ("Tue, 21 Jul 2026 01:00:00 PM +0200", TEN + 10_800),
            ("Sun, 15 Dec 2024 12:15 PM", 1_734_261_300),
            ("Sun, 15 Dec 2024 12:15 AM", 1_734_218_100),
            ("Mi, 21.04.2021 - 15:26", 1_619_011_560),
            ("Tue, 21 Jul 2026 24:00:00 +0200", TEN + 50_400),
            ("2026-07-21T10:00:60Z", TEN + 7260),
            ("12.03.2025 10:00 MEZ", 1_741_770_000),
            ("9. Sept. 2025", 1_757_368_800),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            " ",
            "unbekannt",
            "2026",
            "1970-01-01",
            "1970-01-01T00:00:00Z",
            "1. Januar 1970",
            "0001-01-01T00:00:00Z",
            "9999-12-31",
            "10000-01-01",
            "-5",
            "32.01.2026",
            "2026-13-01",
            "158/2025",
            "10:00",
            "Tel. 0391 567-12",
            "Version 1.2.3",
            "3. Mai",
            "Maria 3 2025",
            "99:99:99",
            "+",
            "Tue, 21 Jul",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn only_what_is_said_in_full_is_no_guess() {
        for (text, is_guess) in [
            ("2026-07-21T10:00:00Z", false),
            ("Tue, 21 Jul 2026 10:00:00 CEST", false),
            ("2026-07-21T10:00:00", true),
            ("2026-07-21", true),
        ] {
            assert_eq!(parse(text, Berlin).map(|date| date.is_guess), Some(is_guess), "{text}");
        }
    }

    #[test]
    fn clock_changes_lose_no_date() {
        assert_eq!(seconds("29.03.2026 02:30"), Some(1_774_747_800));
        assert_eq!(seconds("25.10.2026 02:30"), Some(1_792_888_200));
    }

    #[test]
    fn a_path_gives_a_guess() {
        for path in ["/news/2025-11-24-a", "/2025/11/24/a", "/a_20251124.pdf", "/x/12/2025.11.24"] {
            let date = from_path(path);
            assert_eq!(
                date.map(|date| (date.at.seconds(), date.is_guess)),
                Some((1_763_938_800, true)),
                "{path}"
            );
        }
        for path in ["/news/2025", "/a/99999999", "/2025-13-40", "/1/2/3"] {
            assert_eq!(from_path(path), None, "{path}");
        }
    }

    #[test]
    fn long_text_is_read_in_part_only() {
        let long = format!("{}21.07.2026", "(".repeat(200_000));
        assert_eq!(seconds(&long), None);
        assert_eq!(seconds(&format!("21.07.2026 10:00 {}", "(a".repeat(100_000))), Some(TEN));
    }
}
