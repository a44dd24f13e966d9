//! Days that are said relative to the day of reading: `heute`, `vor 3 Tagen`,
//! `12. Nov.`, `Mi, 25.11.`.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate};
use chrono_tz::Tz;

use super::day::ymd;
use super::in_zone;
use super::token::{Token, number, tokens, word};
use crate::model::{Date, Timestamp};
use crate::text::months::month_named;

/// Days that a day without a year may lie ahead; a later one was last year.
const FARTHEST: i64 = 92;

/// Returns the first day in `text` that is named relative to `now`, always a guess:
/// midnight in `zone`. Days with a year are `parse`'s.
pub fn parse_near(text: &str, zone: Tz, now: Timestamp) -> Option<Date> {
    let now = DateTime::from_timestamp_millis(now.0)?.with_timezone(&zone);
    let today = now.date_naive();
    let tokens = tokens(text);
    let day = (0..tokens.len()).find_map(|at| {
        named(&tokens, at, today)
            .or_else(|| ago(&tokens, at, now))
            .or_else(|| without_year(&tokens, at, today))
    })?;
    let at = in_zone(day.and_hms_opt(0, 0, 0)?, zone)?;
    Some(Date { at, is_guess: true })
}

fn named(tokens: &[Token], at: usize, today: NaiveDate) -> Option<NaiveDate> {
    match word(tokens, at)? {
        "heute" | "today" => Some(today),
        "gestern" | "yesterday" => today.pred_opt(),
        "vorgestern" => today.checked_sub_days(Days::new(2)),
        _ => None,
    }
}

/// Reads `vor 3 Tagen`, `vor einer Stunde`, `3 days ago`.
fn ago(tokens: &[Token], at: usize, now: DateTime<Tz>) -> Option<NaiveDate> {
    let english = number(tokens, at).is_some();
    if !english && word(tokens, at)? != "vor" {
        return None;
    }
    let rest: Vec<&Token> =
        tokens.iter().skip(at + usize::from(!english)).filter(|t| **t != Token::Blank).collect();
    let count = match rest.first()? {
        Token::Number { value, digits } if *digits <= 3 => u64::try_from(*value).ok()?,
        Token::Word(word) if word.starts_with("ein") => 1,
        _ => return None,
    };
    let Token::Word(unit) = rest.get(1)? else { return None };
    if english && !matches!(rest.get(2), Some(Token::Word(ago)) if ago == "ago") {
        return None;
    }
    let today = now.date_naive();
    let months = |count: u64| u32::try_from(count).ok().map(Months::new);
    match unit.as_str() {
        unit if unit.starts_with("sek") || unit.starts_with("sec") => Some(today),
        unit if unit.starts_with("min") => {
            Some((now - chrono::Duration::minutes(count.cast_signed())).date_naive())
        }
        unit if unit.starts_with("stunde") || unit.starts_with("hour") || unit == "std" => {
            Some((now - chrono::Duration::hours(count.cast_signed())).date_naive())
        }
        unit if unit.starts_with("tag") || unit.starts_with("day") => {
            today.checked_sub_days(Days::new(count))
        }
        unit if unit.starts_with("woche") || unit.starts_with("week") => {
            today.checked_sub_days(Days::new(count * 7))
        }
        unit if unit.starts_with("monat") || unit.starts_with("month") => {
            today.checked_sub_months(months(count)?)
        }
        unit if unit.starts_with("jahr") || unit.starts_with("year") => {
            today.checked_sub_months(months(count * 12)?)
        }
        _ => None,
    }
}

/// Reads `12. Nov.`, `25.11.`, `Nov 29`: the day nearest to today, rather past than far ahead.
fn without_year(tokens: &[Token], at: usize, today: NaiveDate) -> Option<NaiveDate> {
    if at > 0 && matches!(tokens.get(at - 1), Some(Token::Number { .. } | Token::Mark('.' | ':'))) {
        return None;
    }
    let past = |mut at: usize| {
        while matches!(tokens.get(at), Some(Token::Blank | Token::Mark('.' | ','))) {
            at += 1;
        }
        at
    };
    let (day, month, end) = if let Some((first, digits)) = number(tokens, at) {
        if digits > 2 {
            return None;
        }
        let next = past(at + 1);
        if let Some(month) = word(tokens, next).and_then(month_named) {
            (first, month, next + 1)
        } else {
            let (month, digits) = number(tokens, next)?;
            let dotted = tokens.get(at + 1) == Some(&Token::Mark('.'))
                && tokens.get(next + 1) == Some(&Token::Mark('.'));
            let is_version = number(tokens, next + 2).is_some_and(|(_, digits)| digits < 2);
            if digits > 2 || !dotted || is_version {
                return None;
            }
            (first, month, next + 2)
        }
    } else {
        let month = month_named(word(tokens, at)?)?;
        let next = past(at + 1);
        let (day, digits) = number(tokens, next)?;
        if digits > 2 || matches!(tokens.get(next + 1), Some(Token::Mark(':'))) {
            return None;
        }
        (day, month, next + 1)
    };
    // A year follows: the whole is another reader's.
    if matches!(number(tokens, past(end)), Some((_, 2 | 4))) && !is_time(tokens, past(end)) {
        return None;
    }
    [1, 0, -1]
        .into_iter()
        .filter_map(|years| ymd(i64::from(today.year() + years), month, day))
        .find(|day| (*day - today).num_days() <= FARTHEST)
}

fn is_time(tokens: &[Token], at: usize) -> bool {
    matches!(tokens.get(at + 1), Some(Token::Mark(':')))
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn day(text: &str) -> Option<String> {
        // 2026-11-27 16:00 in Berlin.
        let now = Timestamp(1_795_791_600_000);
        let date = parse_near(text, Berlin, now)?;
        assert!(date.is_guess);
        let at = DateTime::from_timestamp_millis(date.at.0)?.with_timezone(&Berlin);
        Some(at.date_naive().to_string())
    }

    #[test]
    fn days_are_counted_from_the_day_of_reading() {
        for (text, expected) in [
            ("heute", "2026-11-27"),
            ("Heute, 10:15 Uhr", "2026-11-27"),
            ("gestern", "2026-11-26"),
            ("vorgestern", "2026-11-25"),
            ("vor 5 Minuten", "2026-11-27"),
            ("vor 20 Stunden", "2026-11-26"),
            ("vor 1 Tag", "2026-11-26"),
            ("vor einem Tag", "2026-11-26"),
            ("vor 3 Tagen", "2026-11-24"),
            ("vor 2 Wochen", "2026-11-13"),
            ("vor 2 Monaten", "2026-09-27"),
            ("3 days ago", "2026-11-24"),
            ("12. Nov.", "2026-11-12"),
            ("12. November", "2026-11-12"),
            ("Mi, 25.11.", "2026-11-25"),
            ("25.11. 10:15", "2026-11-25"),
            ("Nov 29", "2026-11-29"),
            ("3. Januar", "2027-01-03"),
            ("3. Mai", "2026-05-03"),
        ] {
            assert_eq!(day(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_day_is_none() {
        for text in ["", "vor dem Rathaus", "vor 3 Häusern", "12", "10:15", "25.11.2025", "12.3.4"]
        {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
