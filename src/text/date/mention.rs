//! All dates that a German sentence mentions, as far as they are said.
//!
//! `Mo., 02.03.`, `24./25. Juni`, `vom 2. auf den 30. März`, `Ende April`,
//! `bis Freitag`: each is a mention that may lack its year. `resolve` gives
//! the year by the day of publication.

use std::ops::Range;

use chrono::{Datelike as _, Days, Months, NaiveDate, NaiveTime, Weekday};

use crate::model::{Budget, Exhausted};
use crate::text::fold;
use crate::text::months::month_named;
use crate::text::numerals::{numeral, ordinal};

/// Days that a date without a year may lie ahead; a later one was rather last year.
///
/// A call of January with a deadline in September has 260; a hearing of
/// September that a report of October mentions would have 330.
const FARTHEST: i64 = 275;

/// A word, number or mark of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Bytes of the sentence that it takes.
    pub span: Range<usize>,
    /// Folded as `text::fold` does; a mark is itself, every dash is `-`.
    pub word: String,
    /// Value and count of digits of a number.
    number: Option<(u32, usize)>,
}

/// The day of a mention as far as the words say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Day { day: u32, month: u32, year: Option<i32> },
    Month { month: u32, year: Option<i32> },
    Weekday { weekday: Weekday, in_next_week: bool },
    DaysAhead(u64),
}

/// Relation of a mention to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The mention stands for itself.
    None,
    /// Another day of the same list: `9. und 16. Juni`.
    And,
    /// The end of a span: `4. Mai bis 5. Juni`.
    Until,
    /// The new day of what was moved: `vom 2. auf den 30. März`.
    MovedTo,
}

/// A date in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The tokens that it takes.
    pub tokens: Range<usize>,
    pub link: Link,
    said: Said,
}

/// A day or a month with its year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The day, or the first day of the month.
    pub first: NaiveDate,
    /// The day, or the last day of the month.
    pub last: NaiveDate,
}

/// A time of day, or a span of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeOfDay {
    /// The tokens that it takes.
    pub tokens: Range<usize>,
    pub from: NaiveTime,
    pub to: Option<NaiveTime>,
}

impl Mention {
    /// Returns whether only a month is said.
    pub const fn is_month(&self) -> bool {
        matches!(self.said, Said::Month { .. })
    }

    /// Returns whether the day is said relative to the day of publication.
    pub const fn is_relative(&self) -> bool {
        matches!(self.said, Said::Weekday { .. } | Said::DaysAhead(_))
    }

    /// Returns the day or month of the mention for a text of the day `published`.
    ///
    /// A date without a year is the next one, unless that lies so far ahead that
    /// the last one must be meant. None if the calendar has no such day.
    pub fn resolve(&self, published: NaiveDate) -> Option<Resolved> {
        let near = |of_year: &dyn Fn(i32) -> Option<Resolved>| {
            let this = of_year(published.year())?;
            if this.last >= published {
                return Some(this);
            }
            let next = of_year(published.year() + 1)?;
            Some(if (next.first - published).num_days() <= FARTHEST { next } else { this })
        };
        match self.said {
            Said::Day { day, month, year } => {
                let of_year = |year| {
                    let day = NaiveDate::from_ymd_opt(year, month, day)?;
                    Some(Resolved { first: day, last: day })
                };
                year.map_or_else(|| near(&of_year), of_year)
            }
            Said::Month { month, year } => {
                let of_year = |year| {
                    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                    let last = first.checked_add_months(Months::new(1))?.pred_opt()?;
                    Some(Resolved { first, last })
                };
                year.map_or_else(|| near(&of_year), of_year)
            }
            Said::Weekday { weekday, in_next_week } => {
                let mut day = published.succ_opt()?;
                if in_next_week {
                    day = published.week(Weekday::Mon).last_day().succ_opt()?;
                }
                while day.weekday() != weekday {
                    day = day.succ_opt()?;
                }
                Some(Resolved { first: day, last: day })
            }
            Said::DaysAhead(days) => {
                let day = published.checked_add_days(Days::new(days))?;
                Some(Resolved { first: day, last: day })
            }
        }
    }

    /// Returns the beginning of a span whose end is `end`: a year that is not said is the end's.
    pub fn resolve_before(&self, end: NaiveDate) -> Option<Resolved> {
        let Said::Day { day, month, year: None } = self.said else { return self.resolve(end) };
        let of_year = |year| NaiveDate::from_ymd_opt(year, month, day);
        let this = of_year(end.year())?;
        let day = if this <= end { this } else { of_year(end.year() - 1)? };
        Some(Resolved { first: day, last: day })
    }
}

/// Returns the words, numbers and marks of a sentence.
///
/// # Errors
/// Fails if the budget has no steps left for its bytes.
pub fn tokens(sentence: &str, budget: &Budget) -> Result<Vec<Token>, Exhausted> {
    budget.step(sentence.len())?;
    let mut tokens = Vec::new();
    let mut from = 0;
    while let Some(character) = sentence.get(from..).and_then(|rest| rest.chars().next()) {
        let is_same: fn(char) -> bool = if character.is_ascii_digit() {
            |c| c.is_ascii_digit()
        } else if character.is_alphabetic() {
            |c| c.is_alphabetic() || ('\u{300}'..='\u{36f}').contains(&c)
        } else {
            |_| false
        };
        let rest = sentence.get(from..).unwrap_or_default();
        let length = rest.find(|c| !is_same(c)).filter(|length| *length > 0);
        let length =
            length.unwrap_or(if is_same(character) { rest.len() } else { character.len_utf8() });
        let span = from..from + length;
        from = span.end;
        if character.is_whitespace() {
            continue;
        }
        let raw = sentence.get(span.clone()).unwrap_or_default();
        let number = raw.parse().ok().filter(|_| character.is_ascii_digit());
        let word = if matches!(character, '‐' | '‑' | '–' | '—' | '−') {
            "-".to_owned()
        } else {
            fold(raw)
        };
        tokens.push(Token { span, word, number: number.map(|value| (value, length)) });
    }
    Ok(tokens)
}

/// Returns all dates of a sentence, in its order.
pub fn mentions(tokens: &[Token]) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some(chain) = day_chain(tokens, at)
            .or_else(|| month(tokens, at).map(|mention| vec![mention]))
            .or_else(|| relative(tokens, at).map(|mention| vec![mention]))
        else {
            at += 1;
            continue;
        };
        for mut mention in chain {
            at = mention.tokens.end.max(at + 1);
            // `Montag, 14. September` is one day.
            if !mention.is_relative()
                && let Some(before) = found.last()
                && before.is_relative()
                && tokens[before.tokens.end..mention.tokens.start]
                    .iter()
                    .all(|token| [",", ".", "den", "dem", "der"].contains(&&*token.word))
            {
                mention.link = before.link;
                mention.tokens.start = before.tokens.start;
                found.pop();
            } else if let Some(before) = found.last() {
                mention.link = link(&tokens[before.tokens.end..mention.tokens.start]);
            }
            found.push(mention);
        }
    }
    found
}

/// Returns what the words between two dates make of the second.
fn link(between: &[Token]) -> Link {
    let mut link = Link::None;
    let mut is_time = false;
    for token in between {
        match &*token.word {
            "bis" | "-" => link = Link::Until,
            "/" | "und" | "sowie" | "oder" if link == Link::None => link = Link::And,
            "auf" => link = Link::MovedTo,
            "uhr" | ":" | "." => is_time = true,
            "," if link == Link::None => link = Link::And,
            "," | "am" | "den" | "dem" | "der" | "zum" | "einschliesslich" | "einschl" | "um" => {}
            _ if token.number.is_some() => is_time = true,
            word if weekday_named(word).is_some() => {}
            _ => return Link::None,
        }
    }
    // A time between two days belongs to a span, `Samstag, 20 Uhr, bis Sonntag`, not to a list.
    if is_time && link == Link::And { Link::None } else { link }
}

fn word(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| &token.word)
}

fn number(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    tokens.get(at).and_then(|token| token.number)
}

fn year(tokens: &[Token], at: usize) -> Option<i32> {
    let (value, digits) = number(tokens, at)?;
    (digits == 4 && (1000..3000).contains(&value)).then(|| i32::try_from(value).ok())?
}

fn touches(tokens: &[Token], at: usize) -> bool {
    at > 0
        && tokens.get(at - 1).zip(tokens.get(at)).is_some_and(|(a, b)| a.span.end == b.span.start)
}

/// Reads a day, or several that share a month: `24./25. Juni`, `9. und 16. Juni 2026`.
fn day_chain(tokens: &[Token], at: usize) -> Option<Vec<Mention>> {
    if let Some(mention) = iso_day(tokens, at).or_else(|| full_day(tokens, at)) {
        return Some(vec![mention]);
    }
    let mut days = Vec::new();
    let mut next = at;
    loop {
        let (day, digits) = number(tokens, next)?;
        if digits > 2 || !(1..=31).contains(&day) || word(tokens, next + 1) != "." {
            return None;
        }
        // Numbers are lists of days only as far as lists go.
        if days.len() >= 12 {
            return None;
        }
        days.push((day, next..next + 2));
        next += 2;
        let joined = next;
        while is_joint(word(tokens, next)) {
            next += 1;
        }
        if next == joined {
            return None;
        }
        if let Some(last) = full_day(tokens, next) {
            let Said::Day { day: last_day, month, year } = last.said else { return None };
            let mut chain: Vec<Mention> = days
                .into_iter()
                .map(|(day, tokens)| {
                    let said = if day <= last_day || month == 1 {
                        Said::Day { day, month, year }
                    } else {
                        Said::Day { day, month: month - 1, year }
                    };
                    Mention { tokens, link: Link::None, said }
                })
                .collect();
            chain.push(last);
            return Some(chain);
        }
    }
}

fn is_joint(word: &str) -> bool {
    matches!(
        word,
        "/" | "-"
            | ","
            | "und"
            | "oder"
            | "sowie"
            | "bis"
            | "auf"
            | "am"
            | "den"
            | "dem"
            | "zum"
            | "der"
    ) || weekday_named(word).is_some()
}

/// Reads `2026-03-31`.
fn iso_day(tokens: &[Token], at: usize) -> Option<Mention> {
    let year = year(tokens, at)?;
    let is_date = word(tokens, at + 1) == "-" && word(tokens, at + 3) == "-";
    let (month, day) = (number(tokens, at + 2)?.0, number(tokens, at + 4)?.0);
    let said = Said::Day { day, month, year: Some(year) };
    (is_date && (1..=12).contains(&month)).then_some(Mention {
        tokens: at..at + 5,
        link: Link::None,
        said,
    })
}

/// Reads `31. März 2026`, `zwölften März`, `31. März`, `31.03.2026`, `31.03.26`, `31.03.`.
fn full_day(tokens: &[Token], at: usize) -> Option<Mention> {
    let named = || ordinal(word(tokens, at)).filter(|day| (1..=31).contains(day));
    if let Some(month) = month_word(tokens, at + 1)
        && let Some(day) = named()
    {
        let year = year(tokens, at + 2);
        let end = at + 2 + usize::from(year.is_some());
        let said = Said::Day { day, month, year };
        return Some(Mention { tokens: at..end, link: Link::None, said });
    }
    let (day, digits) = number(tokens, at)?;
    if digits > 2 || !(1..=31).contains(&day) || word(tokens, at + 1) != "." {
        return None;
    }
    let mention = |end, month, year| {
        Some(Mention { tokens: at..end, link: Link::None, said: Said::Day { day, month, year } })
    };
    if let Some(month) = month_word(tokens, at + 2) {
        let dot = usize::from(is_abbreviation(tokens, at + 2));
        let year_at = at + 3 + dot;
        return match year(tokens, year_at) {
            Some(year) => mention(year_at + 1, month, Some(year)),
            None => mention(at + 3, month, None),
        };
    }
    let (month, digits) = number(tokens, at + 2)?;
    // `Version 3.2` and `19.30 Uhr` are no dates: a numeric date ends with a dot or a year.
    if digits > 2 || !(1..=12).contains(&month) || word(tokens, at + 3) != "." {
        return None;
    }
    if matches!(word(tokens, at.wrapping_sub(1)), "version" | "nr" | "abschnitt" | "ziffer" | ".") {
        return None;
    }
    if let Some(year) = year(tokens, at + 4) {
        return mention(at + 5, month, Some(year));
    }
    match number(tokens, at + 4).filter(|_| touches(tokens, at + 4)) {
        Some((year, 2)) => mention(at + 5, month, i32::try_from(2000 + year).ok()),
        Some(_) => None,
        None => mention(at + 4, month, None),
    }
}

fn month_word(tokens: &[Token], at: usize) -> Option<u32> {
    let token = tokens.get(at).filter(|token| token.number.is_none())?;
    month_named(&token.word).and_then(|month| u32::try_from(month).ok())
}

fn is_abbreviation(tokens: &[Token], at: usize) -> bool {
    word(tokens, at).chars().count() <= 4 && word(tokens, at + 1) == "."
}

/// Reads `April`, `Ende April 2027`; a short form only with a year.
fn month(tokens: &[Token], at: usize) -> Option<Mention> {
    let month = month_word(tokens, at)?;
    let token = tokens.get(at)?;
    let dot = usize::from(is_abbreviation(tokens, at));
    let year = year(tokens, at + 1 + dot);
    // „mar“ or „dez“ alone are too short to be sure.
    if year.is_none() && token.word.len() < 4 && token.word != "mai" {
        return None;
    }
    let start = at - usize::from(at > 0 && is_part_of_month(word(tokens, at - 1)));
    let end = if year.is_some() { at + 2 + dot } else { at + 1 };
    Some(Mention { tokens: start..end, link: Link::None, said: Said::Month { month, year } })
}

fn is_part_of_month(word: &str) -> bool {
    matches!(word, "anfang" | "mitte" | "ende")
}

/// Reads a day of the week and `heute`, `morgen`, `übermorgen`.
fn relative(tokens: &[Token], at: usize) -> Option<Mention> {
    let name = word(tokens, at);
    let before = word(tokens, at.wrapping_sub(1));
    let said = if let Some(weekday) = weekday_named(name) {
        // „Mo“ and „So“ are days only before a date or with a full stop.
        let is_short = name.len() <= 2;
        if is_short && !matches!(word(tokens, at + 1), "." | ",") {
            return None;
        }
        let in_next_week = ["kommender", "naechster"]
            .iter()
            .any(|next| word(tokens, at + 1) == *next && word(tokens, at + 2) == "woche");
        Said::Weekday { weekday, in_next_week }
    } else {
        match name {
            "heute" => Said::DaysAhead(0),
            "uebermorgen" => Said::DaysAhead(2),
            // „am Morgen“ and „morgens“ are times of day.
            "morgen" if !matches!(before, "am" | "vom" | "jeden" | "guten" | "heute") => {
                Said::DaysAhead(1)
            }
            _ => return None,
        }
    };
    Some(Mention { tokens: at..at + 1, link: Link::None, said })
}

fn weekday_named(word: &str) -> Option<Weekday> {
    Some(match word {
        "montag" | "mo" => Weekday::Mon,
        "dienstag" | "di" => Weekday::Tue,
        "mittwoch" | "mi" => Weekday::Wed,
        "donnerstag" | "do" => Weekday::Thu,
        "freitag" | "fr" => Weekday::Fri,
        "samstag" | "sonnabend" | "sa" => Weekday::Sat,
        "sonntag" | "so" => Weekday::Sun,
        _ => return None,
    })
}

/// Returns all times of day of a sentence: `10 Uhr`, `9.30 Uhr bis 11 Uhr`, `10:00–11:30 Uhr`.
pub fn times_of_day(tokens: &[Token]) -> Vec<TimeOfDay> {
    let mut found: Vec<TimeOfDay> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let Some((from, after, is_marked)) = clock_time(tokens, at) else {
            at += 1;
            continue;
        };
        let joint = matches!(word(tokens, after), "bis" | "-" | "und");
        let end = joint.then(|| clock_time(tokens, after + 1)).flatten();
        let (to, end, is_marked) = match end {
            Some((to, end, end_is_marked)) if to > from => {
                (Some(to), end, is_marked || end_is_marked)
            }
            _ => (None, after, is_marked),
        };
        if is_marked {
            found.push(TimeOfDay { tokens: at..end, from, to });
            at = end;
        } else {
            at += 1;
        }
    }
    found
}

/// Returns the time that begins at a token, the token after it, and whether
/// „Uhr“ or a colon marks it as one.
fn clock_time(tokens: &[Token], at: usize) -> Option<(NaiveTime, usize, bool)> {
    if let Some(hour) =
        numeral(word(tokens, at)).filter(|hour| *hour < 24 && word(tokens, at + 1) == "uhr")
    {
        return Some((NaiveTime::from_hms_opt(hour, 0, 0)?, at + 2, true));
    }
    let (hour, _) = number(tokens, at).filter(|(hour, digits)| *hour <= 24 && *digits <= 2)?;
    let has_colon = word(tokens, at + 1) == ":" && touches(tokens, at + 2);
    let has_dot = word(tokens, at + 1) == "." && touches(tokens, at + 2);
    let minute = (has_colon || has_dot)
        .then(|| number(tokens, at + 2).filter(|(minute, digits)| *minute < 60 && *digits == 2))
        .flatten();
    let (minute, end) = minute.map_or((0, at + 1), |(minute, _)| (minute, at + 3));
    let has_word = matches!(word(tokens, end), "uhr" | "h");
    // `10:30:15` and `1:2` are no times that a reader is told.
    let is_marked = has_word || (has_colon && end == at + 3 && word(tokens, end) != ":");
    // The end of a day is its last minute: „bis 24 Uhr“.
    let time = if hour == 24 {
        NaiveTime::from_hms_opt(23, 59, 0)?
    } else {
        NaiveTime::from_hms_opt(hour, minute, 0)?
    };
    Some((time, end + usize::from(has_word), is_marked))
}
