//! Sentences as facts and words: days, times, amounts and numbers in one spelling
//! each, so that "07.03.2026" and "Samstag, 7. März 2026" are the same.

mod piece;
mod value;
mod word;

use self::piece::{Kind, Piece, pieces};
pub(super) use self::value::{Fact, Part, Unit, in_words};
pub(super) use self::word::Word;
use self::word::word;
use super::reading::hash_word;
use crate::text::{self, Outcomes, month_named, numeral, weekday_named};

/// A word or a fact of a sentence, with the bytes it takes.
#[derive(Debug, Clone)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) from: usize,
    pub(super) is: Is,
}

#[derive(Debug, Clone)]
pub(super) enum Is {
    Fact(Fact),
    Word(Word),
}

/// A sentence as it is compared.
#[derive(Debug, Clone)]
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    pub(super) units: Vec<Token<'a>>,
    pub(super) outcomes: Outcomes,
    pub(super) denials: usize,
}

impl<'a> Sentence<'a> {
    /// Returns its words.
    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.units.iter().filter_map(|token| match &token.is {
            Is::Word(word) => Some(word),
            Is::Fact(_) => None,
        })
    }

    /// Returns its facts, each with where it stands.
    pub(super) fn facts(&self) -> impl Iterator<Item = (Fact, &Token<'a>)> {
        self.units.iter().filter_map(|token| match token.is {
            Is::Fact(fact) => Some((fact, token)),
            Is::Word(_) => None,
        })
    }
}

/// Reads one sentence.
pub(super) fn sentence(text: &str) -> Sentence<'_> {
    let text = text.trim();
    let pieces = pieces(text);
    let mut units = Vec::with_capacity(pieces.len());
    let mut at = 0;
    let mut opens = true;
    while at < pieces.len() {
        let piece = pieces[at];
        let (fact, taken) = fact_at(&pieces, at).map_or((None, 1), |(fact, n)| (Some(fact), n));
        let last = pieces[at + taken - 1];
        let whole = text.get(piece.from..last.from + last.text.len()).unwrap_or(piece.text);
        if let Some(fact) = fact {
            units.push(Token { text: whole, from: piece.from, is: Is::Fact(fact) });
        } else if piece.kind == Kind::Word {
            let is = Is::Word(word(piece.text, opens));
            units.push(Token { text: piece.text, from: piece.from, is });
        }
        opens = fact.is_none() && piece.kind == Kind::Sign && matches!(piece.text, ":" | "„" | "“");
        at += taken;
    }
    let folded: Vec<String> = pieces
        .iter()
        .filter(|piece| piece.kind == Kind::Word)
        .map(|piece| text::fold(piece.text))
        .collect();
    let words: Vec<&str> = folded.iter().map(String::as_str).collect();
    Sentence {
        text,
        units,
        outcomes: text::outcomes(&words),
        denials: words.iter().filter(|word| is_denial(word)).count(),
    }
}

fn is_denial(word: &str) -> bool {
    matches!(word, "nicht" | "nie" | "niemals" | "ohne" | "weder")
        || word.strip_prefix("kein").is_some_and(|rest| rest.len() <= 2)
}

/// Units of how long ago something was.
const AGES: [&str; 8] =
    ["Minute", "Minuten", "Stunde", "Stunden", "Tag", "Tagen", "Woche", "Wochen"];

/// Returns the fact that begins with the piece at `at`, and how many pieces it takes.
fn fact_at(pieces: &[Piece<'_>], at: usize) -> Option<(Fact, usize)> {
    let piece = pieces[at];
    let rest = &pieces[at + 1..];
    match piece.kind {
        // "Versionen bis 8.1." is no day.
        Kind::Number if pieces[at.saturating_sub(4)..at].iter().any(names_versions) => {
            Some((Fact::Code(hash_word(piece.text)), 1))
        }
        Kind::Number => number_fact(piece, rest),
        Kind::Word => word_fact(piece, rest),
        Kind::Sign => None,
    }
}

fn names_versions(piece: &Piece<'_>) -> bool {
    ["Version", "Release", "Build"].iter().any(|word| piece.text.starts_with(word))
}

fn word_fact(piece: Piece<'_>, rest: &[Piece<'_>]) -> Option<(Fact, usize)> {
    let lower = piece.text.to_lowercase();
    if piece.text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
        return Some((Fact::Code(hash_word(&lower)), 1));
    }
    // "vor 3 Stunden" is when the page was asked, not what it says.
    if lower == "vor"
        && let [number, unit, ..] = rest
        && number.kind == Kind::Number
        && AGES.contains(&unit.text)
    {
        return Some((Fact::Ago, 3));
    }
    let part = match lower.as_str() {
        "anfang" => Some(Part::Beginning),
        "mitte" => Some(Part::Middle),
        "ende" => Some(Part::End),
        _ => None,
    };
    if let Some(part) = part
        && let Some((Fact::Month { month, year, .. }, taken)) =
            rest.first().and_then(|next| month_fact(*next, &rest[1..]))
    {
        return Some((Fact::Month { month, year, part: Some(part) }, taken + 1));
    }
    if let Some(found) = month_fact(piece, rest) {
        return Some(found);
    }
    if piece.text.starts_with(char::is_uppercase)
        && let Some(weekday) = weekday_named(&lower)
    {
        // "Freitag, den 8. Mai": one day.
        let skip = usize::from(rest.first().is_some_and(|next| matches!(next.text, "den" | "dem")));
        if let Some(Piece { kind: Kind::Number, .. }) = rest.get(skip)
            && let Some((Fact::Day { day, month, year, .. }, taken)) =
                number_fact(rest[skip], &rest[skip + 1..])
        {
            let weekday = Some(weekday);
            return Some((Fact::Day { day, month, year, weekday }, taken + skip + 1));
        }
        return Some((Fact::Weekday(weekday), 1));
    }
    let value = numeral(&text::fold(piece.text))?;
    Some(amount(u64::from(value) * 1000, rest))
}

fn month_fact(piece: Piece<'_>, rest: &[Piece<'_>]) -> Option<(Fact, usize)> {
    let month = month(piece)?;
    let year = rest.first().and_then(|next| year(*next));
    Some((Fact::Month { month, year, part: None }, 1 + usize::from(year.is_some())))
}

fn month(piece: Piece<'_>) -> Option<u32> {
    let is_name = piece.kind == Kind::Word && piece.text.starts_with(char::is_uppercase);
    let named = month_named(&piece.text.to_lowercase()).filter(|_| is_name)?;
    u32::try_from(named).ok()
}

fn year(piece: Piece<'_>) -> Option<u32> {
    let is_four = piece.kind == Kind::Number && piece.text.len() == 4;
    piece.text.parse().ok().filter(|year| is_four && (1990..2100).contains(year))
}

fn number_fact(piece: Piece<'_>, rest: &[Piece<'_>]) -> Option<(Fact, usize)> {
    let text = piece.text;
    let comps: Vec<u32> =
        text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>().unwrap_or_default();
    let is_hour = |next: Option<&Piece<'_>>| next.is_some_and(|next| next.text == "Uhr");
    let code = || Some((Fact::Code(hash_word(text)), 1));
    let time = |hour: u32, minute: u32, taken: usize| {
        (hour <= 24 && minute < 60).then_some((Fact::Time(hour * 60 + minute), taken))
    };
    if let Some((hour, minute)) = text.split_once(':') {
        let taken = 1 + usize::from(is_hour(rest.first()));
        let parsed = hour.parse().ok().zip(minute.parse().ok());
        return parsed.and_then(|(hour, minute)| time(hour, minute, taken)).or_else(code);
    }
    match comps.as_slice() {
        [day, month, year] if is_day(*day, *month) && (*year >= 1990 || *year < 100) => {
            let year = Some(if *year < 100 { year + 2000 } else { *year });
            return Some((Fact::Day { day: *day, month: *month, year, weekday: None }, 1));
        }
        [hour, minute] if is_hour(rest.first()) => return time(*hour, *minute, 2).or_else(code),
        [day, month] if piece.stop && is_day(*day, *month) && text.len() <= 5 => {
            let year = rest.first().and_then(|next| year(*next));
            let fact = Fact::Day { day: *day, month: *month, year, weekday: None };
            return Some((fact, 1 + usize::from(year.is_some())));
        }
        [hour] if is_hour(rest.first()) => return time(*hour, 0, 2).or_else(code),
        [hour] if *hour <= 24 && until(rest).is_some_and(|next| ends_with_hour(&rest[next..])) => {
            return time(*hour, 0, 1);
        }
        [day] if piece.stop && (1..=31).contains(day) => {
            if let Some(month) = rest.first().and_then(|next| month(*next)) {
                let year = rest.get(1).and_then(|next| year(*next));
                let fact = Fact::Day { day: *day, month, year, weekday: None };
                return Some((fact, 2 + usize::from(year.is_some())));
            }
            // "1. bis 31. März": the month stands behind the second.
            if let Some(next) = until(rest)
                && let Some((Fact::Day { month, year, .. }, _)) =
                    number_fact(rest[next], &rest[next + 1..])
            {
                return Some((Fact::Day { day: *day, month, year, weekday: None }, 1));
            }
        }
        [_] => {
            if let Some(year) = year(piece)
                && !rest.first().is_some_and(|next| matches!(next.text, "Euro" | "€"))
            {
                return Some((Fact::Year(year), 1));
            }
        }
        _ => {}
    }
    let Some(value) = thousandths(text) else { return code() };
    Some(amount(value, rest))
}

fn is_day(day: u32, month: u32) -> bool {
    (1..=31).contains(&day) && (1..=12).contains(&month)
}

/// Returns where the number behind `bis`, `und` or a dash stands.
fn until(rest: &[Piece<'_>]) -> Option<usize> {
    let joins = |piece: &Piece<'_>| matches!(piece.text, "bis" | "und" | "oder" | "–" | "-");
    if !rest.first().is_some_and(joins) {
        return None;
    }
    let skip = usize::from(rest.get(1).is_some_and(|next| matches!(next.text, "zum" | "am")));
    rest.get(1 + skip).filter(|next| next.kind == Kind::Number).map(|_| 1 + skip)
}

fn ends_with_hour(rest: &[Piece<'_>]) -> bool {
    rest.get(1).is_some_and(|next| next.text == "Uhr")
}

/// Returns a number with what multiplies it and its unit.
fn amount(value: u64, rest: &[Piece<'_>]) -> (Fact, usize) {
    let mut taken = 1;
    let mut value = value;
    let mut next = rest.first();
    let factor = next.and_then(|piece| match piece.text.trim_end_matches('.') {
        "Tausend" | "tausend" | "Tsd" => Some(1_000),
        "Million" | "Millionen" | "Mio" => Some(1_000_000),
        "Milliarde" | "Milliarden" | "Mrd" => Some(1_000_000_000),
        _ => None,
    });
    if let Some(factor) = factor {
        value = value.saturating_mul(factor);
        taken += 1;
        next = rest.get(1);
    }
    let unit = match next.map(|piece| piece.text) {
        Some("Euro" | "€" | "EUR") => Unit::Euro,
        Some("%" | "Prozent" | "Prozentpunkte") => Unit::Percent,
        _ => Unit::Plain,
    };
    taken += usize::from(unit != Unit::Plain);
    (Fact::Amount { value, unit }, taken)
}

/// Returns the number in thousandths; none for a version or a file number.
fn thousandths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once(',').unwrap_or((text, ""));
    if whole.contains(['/', '-']) || decimals.contains(|c: char| !c.is_ascii_digit()) {
        return None;
    }
    let mut groups = whole.split(['.', ' ', '\u{a0}', '\u{202f}']);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let has_groups = !rest.is_empty();
    if has_groups && (first.len() > 3 || rest.iter().any(|group| group.len() != 3)) {
        return None;
    }
    // "0391" is no number but the beginning of one to dial.
    if first.len() > 1 && first.starts_with('0') || whole.len() > 18 {
        return None;
    }
    let whole: u64 = format!("{first}{}", rest.concat()).parse().ok()?;
    let decimals: String = decimals.chars().chain("000".chars()).take(3).collect();
    whole.checked_mul(1000)?.checked_add(decimals.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts(text: &str) -> Vec<Fact> {
        sentence(text)
            .units
            .into_iter()
            .filter_map(|unit| match unit.is {
                Is::Fact(fact) => Some(fact),
                Is::Word(_) => None,
            })
            .collect()
    }

    fn agree(one: &str, other: &str) -> bool {
        let (one, other) = (facts(one), facts(other));
        one.len() == other.len() && one.iter().zip(&other).all(|(one, other)| one.agrees(*other))
    }

    #[test]
    fn one_fact_in_two_spellings_agrees() {
        for (one, other) in [
            ("am 07.03.2026", "am Samstag, 7. März 2026"),
            ("von 10.00 Uhr bis 16.00 Uhr", "von 10 bis 16 Uhr"),
            ("75.000 Euro", "75 000 €"),
            ("60 Prozent", "60 %"),
            ("4,6 Millionen Euro", "4.600.000 Euro"),
            ("zwei Räume", "2 Räume"),
            ("vom 1. bis 31. März", "vom 1. März bis 31. März"),
            ("ab 18:30 Uhr", "ab 18.30 Uhr"),
            ("2150 Stück", "2.150 Stück"),
        ] {
            assert!(agree(one, other), "{one} {:?} | {other} {:?}", facts(one), facts(other));
        }
    }

    #[test]
    fn other_facts_do_not_agree() {
        for (one, other) in [
            ("am 7. März", "am 8. März"),
            ("Ende März", "Ende April"),
            ("Ende März", "Anfang März"),
            ("12 Uhr", "10 Uhr"),
            ("6,1", "6,2"),
            ("Version 7.4.2", "Version 7.4.3"),
            ("Vorlage 12/2026", "Vorlage 13/2026"),
            ("am Freitag", "am Montag"),
        ] {
            assert!(!agree(one, other), "{one} {:?} | {other}", facts(one));
        }
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let stem_of = |text: &str| match &sentence(text).units[0].is {
            Is::Word(word) => word.stem,
            Is::Fact(fact) => fact.code(),
        };
        for (one, other) in [
            ("Mitarbeiterinnen", "Mitarbeitende"),
            ("Bürger:innen", "Bürger"),
            ("Gemeinden", "Gemeinde"),
            ("Online-Dienst", "Onlinedienst"),
        ] {
            assert_eq!(stem_of(one), stem_of(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn any_sentence_is_read(text in "(\\PC{0,6}|[0-9]{1,5}[.,:/ -]|\u{a0}000|März|Uhr|bis|ä:innen){0,30}") {
            let read = sentence(&text);
            for unit in read.units {
                prop_assert_eq!(read.text.get(unit.from..unit.from + unit.text.len()), Some(unit.text));
            }
        }
    }
}
