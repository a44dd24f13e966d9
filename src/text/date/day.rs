//! The day in a text: numbers in any order, names of months in German and English.

use chrono::{Datelike as _, NaiveDate};

use super::time_of_day::Clock;
use super::token::{Token, after_blank, is_mark, number, word};
use crate::text::months::month_named;

/// Returns the first day in the tokens, the time of day left out.
pub(super) fn find_day(tokens: &[Token], clock: Option<&Clock>) -> Option<NaiveDate> {
    let taken = clock.map_or(0..0, |clock| clock.span.clone());
    let free = |at: usize| !taken.contains(&at);
    (0..tokens.len()).filter(|at| free(*at)).find_map(|at| {
        let day = numeric_day(tokens, at)
            .or_else(|| day_month_name(tokens, at))
            .or_else(|| month_name_day(tokens, at, &taken))?;
        Some(first_of_span(tokens, at, day).unwrap_or(day))
    })
}

/// Returns the first day of the span that ends with the day at `at`: `12.–14.11.2026`,
/// `28.11. bis 2.12.2026`, `30. Dezember – 2. Januar 2027`; none if it ends no span.
fn first_of_span(tokens: &[Token], at: usize, last: NaiveDate) -> Option<NaiveDate> {
    /// Longer than an exhibition; more is two dates and no span.
    const LONGEST: i64 = 200;
    let before = |at: usize| {
        let at = at.checked_sub(1)?;
        if tokens.get(at) == Some(&Token::Blank) { at.checked_sub(1) } else { Some(at) }
    };
    let until = before(at)?;
    if !is_mark(tokens, until, '-') && word(tokens, until) != Some("bis") {
        return None;
    }
    let end = before(until)?;
    let (day_at, month) = match word(tokens, end).and_then(month_named) {
        Some(month) => (before(end)?.checked_sub(1)?, month),
        None => {
            let number_at = end.checked_sub(1).filter(|_| is_mark(tokens, end, '.'))?;
            let (value, _) = number(tokens, number_at).filter(|(_, digits)| *digits <= 2)?;
            let has_month = number_at >= 2
                && is_mark(tokens, number_at - 1, '.')
                && number(tokens, number_at - 2).is_some();
            if has_month { (number_at - 2, value) } else { (number_at, i64::from(last.month())) }
        }
    };
    let (day, _) = number(tokens, day_at).filter(|(_, digits)| *digits <= 2)?;
    let year = i64::from(last.year());
    // A span over New Year names the year of its end.
    [year, year - 1]
        .into_iter()
        .filter_map(|year| ymd(year, month, day))
        .find(|first| (1..LONGEST).contains(&(last - *first).num_days()))
}

/// Reads `24 | 11 | 2026`, from the first bar on.
fn between_bars(tokens: &[Token], day: i64, bar: usize) -> Option<NaiveDate> {
    let month_at = after_blank(tokens, bar + 1);
    let second = after_blank(tokens, month_at + 1);
    let year_at = after_blank(tokens, second + 1);
    let (month, _) = number(tokens, month_at).filter(|(_, digits)| *digits <= 2)?;
    let (year, _) = number(tokens, year_at).filter(|(_, digits)| *digits == 4)?;
    is_mark(tokens, second, '|').then(|| ymd(year, month, day)).flatten()
}

/// Reads `2026-07-21`, `2026/07/21`, `20260721`, `2026-07` alone, `21.07.2026`,
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
    let mark_at = after_blank(tokens, at + 1);
    let separator = match tokens.get(mark_at)? {
        Token::Mark('|') => return between_bars(tokens, first, mark_at),
        Token::Mark(mark @ ('-' | '/' | '.')) if mark_at == at + 1 => *mark,
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

/// Reads `21. Juli 2026`, `21-Jul-2026`, `19 Nov. '25`, `21 July, 2026`.
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

/// Reads `July 21, 2026`, `Tue Jul 21 10:00:00 2026`.
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

/// Returns the place past blanks and the marks that stand between the parts of a date.
fn past_marks(tokens: &[Token], at: usize) -> usize {
    let mut at = at;
    while matches!(tokens.get(at), Some(Token::Blank | Token::Mark('.' | ',' | '-' | '/' | '\''))) {
        at += 1;
    }
    at
}

fn full_year(year: i64, digits: usize) -> Option<i64> {
    match digits {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// Returns a day of this or the last decades.
pub(super) fn ymd(year: i64, month: i64, day: i64) -> Option<NaiveDate> {
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
