//! Where dates of items may stand: elements and attributes made for dates, texts
//! that hold little else, and dates before a title or a teaser.
//!
//! A date in the middle of a sentence is no date of the item.

use std::sync::LazyLock;

use chrono_tz::Tz;
use regex::Regex;
use scraper::ElementRef;

use super::outline::{Outline, Piece, Span};
use crate::model::{Budget, Date, Exhausted, Timestamp};
use crate::text::date::{self, pattern};
use crate::text::{self, month_named};

/// Letters that may stand beside a date that is a text of its own:
/// `Veröffentlicht am … von der Pressestelle`.
const MOST_BESIDE: usize = 48;
/// Longest text that is looked at for a date.
const MOST: usize = 160;
/// Most bytes at the end of a teaser that are looked at for a date.
const MOST_BEHIND: usize = 48;
/// Longest text of an element whose date is put together from parts.
const MOST_PARTED: usize = 40;

/// How a date stands there, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum How {
    /// `time`, or an attribute that is made for dates.
    Marked,
    /// A text that says little else, or parts of one.
    Alone,
    /// In words that a pointer shows (`title`).
    Shown,
    /// Before other words: `26.11.2026: Der Titel`.
    Leading,
}

/// A date on the page.
#[derive(Debug, Clone)]
pub(super) struct Hit {
    pub(super) el: usize,
    pub(super) at: u32,
    pub(super) date: Date,
    pub(super) how: How,
    /// Its words say that it is of the last change.
    pub(super) is_change: bool,
    /// Its words say that it is of an event, or when something ends.
    pub(super) is_event: bool,
    /// Nothing else stands in its text.
    pub(super) is_pure: bool,
    /// It is counted from the day of reading.
    pub(super) is_near: bool,
}

/// A day with its year, or one that is named relative to the day of reading.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (whole, month) = (pattern::whole_day(), pattern::MONTH);
    let day = format!(
        r"(?i)(?:^|\b)(?:{whole}|(?P<near>\d{{1,2}}\.\s?\d{{1,2}}\.|\d{{1,2}}\.?\s*{month}\b\.?|{month}\.?\s+\d{{1,2}}\b|heute|gestern|vorgestern|vor\s+(?:\d{{1,3}}|ein(?:er|em))\s+(?:Sekunde|Minute|Stunde|Tag|Woche|Monat|Jahr)[a-z]*))"
    );
    // Borders of Unicode keep the engine from its fast way, a third of the whole finder.
    Regex::new(&day.replace(r"\b", r"(?-u:\b)")).ok()
});

const CHANGE_WORDS: &[&str] =
    &["aktualisiert", "geändert", "änderung", "updated", "modified", "aktualisierung"];
const EVENT_WORDS: &[&str] = &[
    "termin",
    "beginn",
    "bis zum",
    "gültig",
    "anmeldeschluss",
    "stichtag",
    "frist",
    "einlass",
    "bewerbungsschluss",
    "wann",
    "start",
];

/// Context for reading dates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    /// Zone of dates without one.
    pub(super) zone: Tz,
    /// When the page was sent, if the server said so.
    pub(super) now: Option<Timestamp>,
}

/// All dates of the page in document order, at most one an element and text.
pub(super) fn hits(
    outline: &Outline<'_>,
    reading: Reading,
    budget: &Budget,
) -> Result<Vec<Hit>, Exhausted> {
    let mut hits = Vec::new();
    for (index, el) in outline.els.iter().enumerate() {
        if el.is_chrome {
            continue;
        }
        if let Some((value, how)) = date_attribute(el.node, el.name) {
            budget.step(value.len().min(MOST))?;
            let said = date::parse(value, reading.zone);
            if let Some(date) = said.or_else(|| near(value, reading)) {
                let (is_change, is_event) = by_attributes(el.node);
                hits.push(Hit {
                    el: index,
                    at: el.span.start,
                    date,
                    how,
                    is_change,
                    is_event,
                    is_pure: true,
                    is_near: said.is_none(),
                });
            }
        }
    }
    let marked = hits.len();
    for piece in &outline.pieces {
        let el = &outline.els[piece.el];
        if el.is_chrome || !may_hold_day(piece.text) {
            continue;
        }
        budget.step(piece.text.len().min(MOST * 4))?;
        let within_marked = outline.ancestors(piece.el).take(3).any(|el| {
            hits[..marked]
                .binary_search_by_key(&el, |hit| hit.el)
                .is_ok_and(|found| hits[found].how == How::Marked)
        });
        if within_marked {
            continue;
        }
        if let Some(mut hit) = of_text(piece.text, reading) {
            (hit.el, hit.at) = (piece.el, piece.at);
            let (is_change, is_event) = by_attributes(el.node);
            hit.is_change |= is_change;
            hit.is_event |= is_event;
            hits.push(hit);
        }
    }
    hits.sort_by_key(|hit| hit.at);
    parted(outline, reading, &mut hits, budget)?;
    Ok(hits)
}

/// Dates whose parts stand in elements of their own: `<b>29</b> <i>Nov</i>`.
fn parted(
    outline: &Outline<'_>,
    reading: Reading,
    hits: &mut Vec<Hit>,
    budget: &Budget,
) -> Result<(), Exhausted> {
    let mut more: Vec<Hit> = Vec::new();
    let mut covered = Span::default();
    // The inner elements first, so that the closest one is the date's.
    for (index, el) in outline.els.iter().enumerate().rev() {
        if el.is_chrome
            || covered.start >= el.span.start && covered.end <= el.span.end && covered.end > 0
        {
            continue;
        }
        let pieces = outline.pieces_in(&el.span);
        budget.step(1)?;
        let length: usize = pieces.iter().take(8).map(|piece| piece.text.trim().len()).sum();
        if !(2..=6).contains(&pieces.len()) || length > MOST_PARTED {
            continue;
        }
        let from = hits.partition_point(|hit| hit.at < el.span.start);
        if hits.get(from).is_some_and(|hit| hit.at < el.span.end) {
            continue;
        }
        let words = outline.joined(pieces.iter(), MOST_PARTED);
        if !may_hold_day(&words) {
            continue;
        }
        let hit = of_text(&words, reading).or_else(|| of_text(&dotted(pieces)?, reading));
        if let Some(mut hit) = hit.filter(|hit| hit.how == How::Alone) {
            (hit.el, hit.at) = (index, el.span.start);
            covered = el.span.clone();
            more.push(hit);
        }
    }
    if !more.is_empty() {
        hits.append(&mut more);
        hits.sort_by_key(|hit| hit.at);
    }
    Ok(())
}

/// Returns the date that three numbers make whose parts stand apart: `24`, `11, 2026`.
fn dotted(pieces: &[Piece<'_>]) -> Option<String> {
    let mut numbers = pieces
        .iter()
        .flat_map(|piece| piece.text.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty());
    let (day, month, year) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let is_number = |word: &str| word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit());
    (numbers.next().is_none() && is_number(day) && is_number(month) && year.len() == 4)
        .then(|| format!("{day}.{month}.{year}"))
}

/// The value of the attribute that is made for dates.
fn date_attribute<'a>(node: ElementRef<'a>, name: &str) -> Option<(&'a str, How)> {
    if let Some(value) = node.attr("datetime") {
        return Some((value, How::Marked));
    }
    let property = node.attr("itemprop").or_else(|| node.attr("property")).unwrap_or_default();
    if property.to_ascii_lowercase().contains("date")
        && let Some(value) = node.attr("content")
    {
        return Some((value, How::Marked));
    }
    // hAtom keeps the date for machines in `title`; anchors and pictures use it for words.
    let title = node.attr("title").filter(|title| (6..=40).contains(&title.len()))?;
    (!matches!(name, "a" | "img") && may_hold_day(title)).then_some((title, How::Shown))
}

/// Returns whether classes or properties say that a date is of the last change, or of an event.
fn by_attributes(node: ElementRef<'_>) -> (bool, bool) {
    let mut named = node
        .value()
        .classes()
        .take(20)
        .chain(node.attr("itemprop"))
        .flat_map(|name| name.split(['-', '_']));
    let mut result = (false, false);
    let mut is_published = false;
    for word in named.by_ref().take(40) {
        let word = word.to_ascii_lowercase();
        result.0 |= matches!(word.as_str(), "updated" | "modified" | "datemodified" | "changed");
        is_published |= matches!(word.as_str(), "published" | "datepublished" | "created");
        result.1 |= matches!(word.as_str(), "startdate" | "enddate" | "event" | "dtstart");
    }
    (result.0 && !is_published, result.1)
}

fn may_hold_day(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        || text.len() < 60 && {
            let lower = text.to_lowercase();
            ["heute", "gestern", "vor ein"].iter().any(|word| lower.contains(word))
        }
}

/// Reads a text that is, or begins with, a date.
pub(super) fn of_text(text: &str, reading: Reading) -> Option<Hit> {
    let line = text::clean_line(text, MOST);
    let (start, end, found, is_near) = first_day(&line, reading)?;
    let (before, after) = (line.get(..start)?, line.get(end..)?);
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    let beside = letters(before) + letters(after);
    let lower = before.to_lowercase();
    // Since when somebody belongs to something is no day of news.
    if lower.trim_end().ends_with("seit") || lower.trim_end().ends_with("seit dem") {
        return None;
    }
    let is_sentence = beside > 20 && line.ends_with(['.', '!', '?', '…']);
    let how = if beside <= MOST_BESIDE && line.chars().count() < MOST - 10 && !is_sentence {
        How::Alone
    } else if stands_before(before, after) {
        How::Leading
    } else {
        return None;
    };
    Some(Hit {
        el: 0,
        at: 0,
        date: found,
        how,
        is_change: CHANGE_WORDS.iter().any(|word| lower.contains(word)),
        is_event: EVENT_WORDS.iter().any(|word| lower.contains(word)),
        is_near,
        is_pure: beside == 0 || is_weekday(before) && letters(after) <= 3,
    })
}

/// Returns whether a title begins with a date, and where the words after it begin.
pub(super) fn before_title(title: &str, reading: Reading) -> Option<(Date, usize)> {
    let (start, end, date, _) = first_day(title, reading)?;
    let before = title.get(..start)?.trim();
    if !(before.is_empty() || before.chars().all(|c| !c.is_alphanumeric()) || is_weekday(before)) {
        return None;
    }
    let rest = title.get(end..)?;
    let trimmed = rest.trim_start_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, ':' | '-' | '–' | '—' | '|' | ',' | ')' | ']' | '·' | '•' | '/')
    });
    let is_apart = rest.len() > trimmed.len();
    (is_apart && trimmed.chars().filter(|c| c.is_alphabetic()).count() >= 4)
        .then(|| (date, title.len() - trimmed.len()))
}

/// Returns whether a date is set before the words after it, by a mark: alone, or after a place
/// (`Magdeburg, den 24.11.2025. …`).
fn stands_before(before: &str, after: &str) -> bool {
    let marked =
        after.trim_start().starts_with([':', '-', '–', '—', '|', ')', ']', ',', '.', '/', '·']);
    let before = before.trim().trim_end_matches("den").trim_end();
    let is_place = before.ends_with(',') && before.split_whitespace().count() <= 3;
    marked && (!before.contains(char::is_alphanumeric) || is_weekday(before) || is_place)
}

fn is_weekday(text: &str) -> bool {
    let word = text.trim().trim_end_matches([',', '.']).to_lowercase();
    matches!(
        word.as_str(),
        "mo" | "di"
            | "mi"
            | "do"
            | "fr"
            | "sa"
            | "so"
            | "montag"
            | "dienstag"
            | "mittwoch"
            | "donnerstag"
            | "freitag"
            | "samstag"
            | "sonnabend"
            | "sonntag"
    )
}

/// Returns the date that ends a title and says of which day it is: `Amtsblatt 3 vom 24.11.2026`.
pub(super) fn at_end(title: &str, reading: Reading) -> Option<Date> {
    let title = title.trim_end_matches([')', ']', ' ']);
    let found = DAY.as_ref()?.captures_iter(title).last()?;
    let day =
        found.get(0).filter(|day| day.end() == title.len() && found.name("near").is_none())?;
    let before = title.get(..day.start())?.trim_end();
    let is_apart = [" vom", " v.", ",", "(", "[", "–", "-", "|", "/", ":", " den"]
        .iter()
        .any(|mark| before.ends_with(mark));
    is_apart.then(|| date::parse(day.as_str(), reading.zone)).flatten()
}

/// Returns the date that stands behind a text, and where the text ends: `… im Rathaus an. –
/// 24.11.2026`, `… im Rathaus an. (24.11.2026/red)`.
pub(super) fn behind(text: &str, reading: Reading) -> Option<(Date, usize)> {
    let from = text.floor_char_boundary(text.len().saturating_sub(MOST_BEHIND));
    let tail = text.get(from..)?;
    let found = DAY.as_ref()?.captures_iter(tail).last()?;
    let day = found.get(0).filter(|_| found.name("near").is_none())?;
    let rest = tail.get(day.end()..)?;
    let before = tail.get(..day.start())?.trim_end();
    let told = before.trim_end_matches(['–', '-', '|', '(', '[', '/', '·', ' ']);
    let is_apart = told.len() < before.len() && told.ends_with(['.', '!', '?', '…', '“', '"']);
    let date = (is_apart && !rest.contains(' ')).then(|| date::parse(day.as_str(), reading.zone));
    Some((date??, from + told.len()))
}

/// A heading that names a month or a year and little else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    year: i64,
    month: Option<i64>,
}

impl Period {
    /// Returns the period that a heading names: `November 2026`, `2024`, `Jahrgang 2025`.
    pub(super) fn of(heading: &str) -> Option<Self> {
        let folded = heading.to_lowercase();
        let (mut year, mut month) = (None, None);
        for word in folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            match word.parse::<i64>() {
                Ok(number) if (1990..2100).contains(&number) => year = Some(number),
                Ok(_) => return None,
                Err(_) if matches!(word, "jahr" | "jahrgang" | "archiv") => {}
                Err(_) => month = Some(month_named(word)?),
            }
        }
        Some(Self { year: year?, month })
    }

    /// Returns the day of the period that a text names alone: `12.` in a month, `12. Nov` in a year.
    pub(super) fn day(self, text: &str, reading: Reading) -> Option<Date> {
        let folded = text.to_lowercase();
        let mut words = folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty() && !is_weekday(word));
        let day: i64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
        let said = match words.next() {
            Some(word) => Some(month_named(word).or_else(|| word.parse().ok())?),
            None => None,
        };
        let month =
            said.or(self.month).filter(|month| self.month.is_none_or(|own| own == *month))?;
        if words.next().is_some() {
            return None;
        }
        date::parse(&format!("{:04}-{month:02}-{day:02}", self.year), reading.zone)
    }
}

fn first_day(line: &str, reading: Reading) -> Option<(usize, usize, Date, bool)> {
    DAY.as_ref()?.captures_iter(line).take(4).find_map(|found| {
        let whole = found.get(0)?;
        let is_near = found.name("near").is_some();
        let date = if is_near {
            near(whole.as_str(), reading)
        } else {
            date::parse(whole.as_str(), reading.zone)
        };
        Some((whole.start(), whole.end(), date?, is_near))
    })
}

fn near(text: &str, reading: Reading) -> Option<Date> {
    date::parse_near(text, reading.zone, reading.now?)
}
