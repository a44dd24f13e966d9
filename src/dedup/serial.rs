//! What tells items apart that look alike: the running number of a series, its
//! month, its year, and round-ups, which report many things at once.
//!
//! "Newsletter Sep/Okt 2025" and "Newsletter Nov/Dez 2025" have more in common
//! than most reports of one event. So titles never join; here they only part.

use super::reading::{Word, words};
use crate::text::{fold, month_named, ordinal};

/// A kind of mark in a title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// "4. Sitzung", "Ausgabe 57", "Folge 12", "vierte".
    Number = 1,
    /// "2025".
    Year = 2,
    /// "Dezember", "Nov".
    Month = 3,
    /// "9. Dezember", "09.12.".
    Day = 4,
}

const KINDS: [Kind; 4] = [Kind::Number, Kind::Year, Kind::Month, Kind::Day];

/// What a title says of the series its item belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// Kind in the upper byte, value below; sorted, without repeats.
    pub(super) codes: Vec<u32>,
    /// The title is one that comes again (newsletter, session, forum …).
    pub serial: bool,
    /// The item reports many things (newsletter, press review, list of winners …).
    pub round_up: bool,
}

/// Last parts of words that name something that comes again.
const SERIAL: &[&str] = &[
    "newsletter",
    "infobrief",
    "rundbrief",
    "rundschreiben",
    "sprechstunde",
    "sprechstunden",
    "forum",
    "sitzung",
    "konferenz",
    "tagung",
    "kongress",
    "versammlung",
    "podcast",
    "folge",
    "ausgabe",
    "webinar",
    "stammtisch",
    "frühstück",
    "magazin",
    "server",
    "kalender",
    "quartal",
];

/// Last parts of words that name a collection.
const ROUND_UP: &[&str] = &[
    "newsletter",
    "infobrief",
    "rundbrief",
    "presseschau",
    "pressespiegel",
    "wochenrückblick",
    "monatsrückblick",
    "kurzmeldungen",
    "wochenüberblick",
    "nachrichtenüberblick",
    "linktipps",
    "gewinner",
    "gewinnern",
    "gewinnerinnen",
    "preisträger",
    "preisträgern",
    "preisträgerinnen",
];

/// Two words that name a series of collections.
const ROUND_UP_PAIRS: &[(&str, &str)] =
    &[("neues", "aus"), ("kurz", "notiert"), ("kurz", "gemeldet"), ("meldungen", "der")];

/// Words before a number that make it a running number.
const COUNTED: &[&str] = &[
    "nr",
    "nummer",
    "no",
    "ausgabe",
    "folge",
    "teil",
    "heft",
    "episode",
    "version",
    "server",
    "newsletter",
    "infobrief",
    "rundbrief",
    "rundschreiben",
    "kw",
    "kalenderwoche",
    "band",
    "runde",
];

/// Reads the marks of a title.
pub fn marks(title: &str) -> Marks {
    let mut marks = Marks::default();
    let all: Vec<(Word<'_>, String)> =
        words(title).take(60).map(|word| (word, word.text.to_lowercase())).collect();
    for (place, (word, lower)) in all.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| all.get(place));
        let after = all.get(place + 1);
        marks.serial |= ends_with_any(lower, SERIAL);
        marks.round_up |= ends_with_any(lower, ROUND_UP);
        if let Some((_, next)) = after
            && ROUND_UP_PAIRS.iter().any(|(first, second)| lower == first && next == second)
        {
            marks.serial = true;
            marks.round_up = true;
        }
        if let Some(month) = month(lower) {
            marks.add(Kind::Month, month);
        } else if let Some(ordinal) = ordinal(&fold(lower)) {
            marks.add(Kind::Number, ordinal);
        } else if let Ok(number) = lower.parse::<u32>() {
            marks.read_number(number, *word, before, after);
        }
    }
    marks.codes.sort_unstable();
    marks.codes.dedup();
    marks
}

impl Marks {
    fn add(&mut self, kind: Kind, value: u32) {
        self.codes.push(((kind as u32) << 24) | (value & 0x00ff_ffff));
    }

    fn read_number(
        &mut self,
        number: u32,
        word: Word<'_>,
        before: Option<&(Word<'_>, String)>,
        after: Option<&(Word<'_>, String)>,
    ) {
        if word.digits == 4 && (1990..2100).contains(&number) {
            self.add(Kind::Year, number);
            return;
        }
        let next_number = after.and_then(|(_, lower)| lower.parse::<u32>().ok());
        if word.stop {
            // "9. Dezember" and "09.12." are days, "2.0" is a version, "4. Sitzung" the fourth.
            if let Some(month) = after.and_then(|(_, lower)| month(lower)) {
                self.add(Kind::Day, month * 100 + number);
            } else if let Some(month) = next_number {
                let is_date = (1..=31).contains(&number)
                    && (1..=12).contains(&month)
                    && after.is_some_and(|(next, _)| next.stop);
                if is_date {
                    self.add(Kind::Day, month * 100 + number);
                    self.add(Kind::Month, month);
                }
            } else if after.is_some()
                && before.is_none_or(|(word, _)| !(word.stop && word.digits > 0))
            {
                self.add(Kind::Number, number);
            }
            return;
        }
        let counted = before.is_some_and(|(_, lower)| COUNTED.contains(&lower.as_str()));
        let of_a_year = next_number.is_some_and(|year| (1990..2100).contains(&year));
        if counted || of_a_year {
            self.add(Kind::Number, number);
        }
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = u32> + '_ {
        self.codes.iter().copied().filter(move |code| code >> 24 == kind as u32)
    }

    /// Returns whether both carry marks and at least one kind of them agrees.
    pub(super) fn agree(&self, other: &Self) -> bool {
        self.codes.iter().any(|code| other.codes.contains(code))
    }
}

/// Returns whether the marks of two titles show that they announce different things:
/// both have a mark of one kind and none in common. In a series the months must
/// even be the same: "Okt/Nov" and "Nov/Dez" are two issues.
pub fn told_apart(left: &Marks, right: &Marks) -> bool {
    KINDS.into_iter().any(|kind| {
        let (mut ours, mut theirs) = (left.of(kind).peekable(), right.of(kind).peekable());
        if ours.peek().is_none() || theirs.peek().is_none() {
            return false;
        }
        if left.serial && right.serial && kind == Kind::Month {
            return !ours.eq(theirs);
        }
        !ours.any(|code| right.codes.contains(&code))
    })
}

fn month(lower: &str) -> Option<u32> {
    u32::try_from(month_named(lower)?).ok()
}

fn ends_with_any(lower: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issues_of_a_series_are_told_apart() {
        for (left, right) in [
            ("OZG-Newsletter Sep/Okt 2025", "OZG-Newsletter Nov/Dez 2025"),
            ("Newsletter Okt/Nov 2025", "Newsletter Nov/Dez 2025"),
            ("Server 57/2015", "Server 58"),
            ("4. Gemeinsame Sitzung", "5. Gemeinsame Sitzung"),
            ("Vierte Sitzung des Beirats", "Fünfte Sitzung des Beirats"),
            ("Sprechstunde am 9. Dezember", "Sprechstunde am 16. Dezember"),
            ("Sprechstunde am 09.12.2025", "Sprechstunde am 16.12.2025"),
            ("eGovernment-Wettbewerb 2025: Gewinner", "E-Government-Wettbewerb 2023: Preisträger"),
            ("KITU-Forum Folge 3", "KITU-Forum Folge 4"),
        ] {
            assert!(told_apart(&marks(left), &marks(right)), "{left} | {right}");
        }
    }

    #[test]
    fn titles_of_one_event_are_not_told_apart() {
        for (left, right) in [
            (
                "Erfolgreicher Abschluss des Vorsitzjahres 2025 im IT-Planungsrat",
                "Erfolgreicher Abschluss des Vorsitzjahres im IT-Planungsrat",
            ),
            (
                "4. Gemeinsame Sitzung zu zentralen Fragen der Verwaltungsdigitalisierung",
                "4. Gemeinsame Sitzung der Arbeitskreise Haupt- und Personalamtsleite…",
            ),
            ("OZG 2.0: Bundesrat stimmt ab", "OZG 3.0 kommt"),
            ("215 Onlinedienste", "Digitalstrategie 2030 zeigt Wirkung"),
        ] {
            assert!(!told_apart(&marks(left), &marks(right)), "{left} | {right}");
        }
    }

    #[test]
    fn round_ups_and_series_are_known_by_their_words() {
        assert!(marks("Neues aus der ZSA-Machbarkeitsstudie").round_up);
        assert!(marks("OZG-Newsletter Nov/Dez 2025").round_up);
        assert!(marks("Die Preisträger stehen fest").round_up);
        assert!(marks("Die OZG-Sprechstunde").serial);
        assert!(!marks("Die OZG-Sprechstunde").round_up);
        assert!(!marks("Machbarkeitsstudie gestartet").serial);
    }
}
