//! What a sentence speaks of, read off its words.

use super::super::fact::{Fact, Is, Sentence, Token};
use crate::text;

/// Characters of a sentence that is quoted.
pub(super) const QUOTED: usize = 160;

pub(super) fn quoted(part: &Sentence<'_>) -> String {
    text::shorten(&text::clean_line(part.text, 1_000), QUOTED)
}

pub(super) fn speaks_of_a_deadline(part: &Sentence<'_>) -> bool {
    const ENDS: [&str; 10] = [
        "frist",
        "fristen",
        "stichtag",
        "deadline",
        "spaetestens",
        "bewerbungsschluss",
        "meldeschluss",
        "einsendeschluss",
        "antragsschluss",
        "anmeldeschluss",
    ];
    part.words().any(|word| {
        word.letters.starts_with("frist") || ENDS.iter().any(|end| word.letters.ends_with(end))
    })
}

/// Returns whether `bis` stands before the fact, and no span began with a day of its own.
pub(super) fn is_until(part: &Sentence<'_>, token: &Token<'_>) -> bool {
    const BETWEEN: [&str; 8] =
        ["zum", "den", "dem", "am", "einschliesslich", "spaetestens", "um", "zur"];
    let before: Vec<&Token<'_>> =
        part.units.iter().take_while(|unit| unit.from < token.from).collect();
    let mut at = before.len();
    while let Some(Token { is, .. }) = at.checked_sub(1).and_then(|last| before.get(last)) {
        match is {
            Is::Word(word) if word.letters == "bis" => {
                // "vom 1. bis 31. März" is when something takes place.
                let from = at.checked_sub(2).and_then(|first| before.get(first));
                return !from.is_some_and(|first| {
                    matches!(
                        first.is,
                        Is::Fact(Fact::Day { .. } | Fact::Time(_) | Fact::Amount { .. })
                    )
                });
            }
            Is::Word(word) if BETWEEN.contains(&word.letters.as_str()) => at -= 1,
            Is::Fact(Fact::Day { .. } | Fact::Weekday(_)) => at -= 1,
            _ => return false,
        }
    }
    false
}

pub(super) fn speaks_of_a_place(part: &Sentence<'_>) -> bool {
    const PLACES: [&str; 14] = [
        "ort",
        "saal",
        "raum",
        "halle",
        "haus",
        "statt",
        "treffpunkt",
        "adresse",
        "aula",
        "platz",
        "strasse",
        "rathaus",
        "zentrum",
        "schule",
    ];
    part.words().any(|word| PLACES.iter().any(|place| word.letters.ends_with(place)))
}
