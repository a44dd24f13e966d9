//! What an item says now that it did not say before, in words for readers.
//!
//! A mailed item returns once if its title, its text, a deadline or a document
//! changed in substance. Cosmetic edits are no reason to write to hundreds of
//! people: white space, quotes, dashes and hyphens, a letter mended, picture
//! captions, a clock in the text, a text that became shorter. The order of the
//! words says nothing here: an edit that only moves a paragraph is cosmetic too.

use std::collections::HashMap;

use super::reading::{Word, hash_word, words};
use crate::model::Document;
use crate::text::{self, MONTHS};

/// Fewest words that make a long text another one: about a sentence.
const FEW: usize = 12;
/// The same for a text of a few lines: its share, as one of so many words …
const SHARE: usize = 4;
/// … but never fewer words than this.
const FEWEST: usize = 4;
/// Words of a text that are compared; the rest of a longer one is not looked at.
const MOST_WORDS: usize = 8_000;
/// Words that a typo may stand for: beyond, the texts are different anyway.
const MOST_TYPOS: usize = 200;

/// What an item says, as far as readers would notice.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Title.
    pub title: &'a str,
    /// Text.
    pub text: &'a str,
    /// Documents.
    pub documents: &'a [Document],
}

/// What changed in substance, in German words separated by commas; none if the
/// edit was cosmetic.
pub fn change(before: &Said<'_>, after: &Said<'_>) -> Option<String> {
    let mut said: Vec<String> = Vec::new();
    if is_new_title(before.title, after.title) {
        said.push("neuer Titel".to_owned());
    }
    said.extend(new_deadline(before, after));
    if after.documents.iter().any(|document| is_new_document(document, before.documents)) {
        said.push("neues Dokument".to_owned());
    }
    said.extend(text_change(before.text, after.text).map(str::to_owned));
    (!said.is_empty()).then(|| said.join(", "))
}

/// The words of an earlier change and those of a later one as the words of one:
/// of each kind the later is said.
pub fn with_more(earlier: &str, later: &str) -> String {
    let kind = |part: &str| {
        part.split(':').next().unwrap_or_default().replace("neue Frist", "Frist geändert")
    };
    let newer: Vec<String> = later.split(", ").map(kind).collect();
    let kept = earlier.split(", ").filter(|part| !newer.contains(&kind(part)));
    kept.chain(later.split(", ")).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn is_new_title(before: &str, after: &str) -> bool {
    // "Online-Dienst" and "Onlinedienst", „…“ and "…" are the same letters.
    if letters(before) == letters(after) {
        return false;
    }
    let (added, _) = difference(&bag(before), &bag(after));
    added > 0
}

fn text_change(before: &str, after: &str) -> Option<&'static str> {
    let (old, new) = (bag(before), bag(after));
    let (added, gone) = difference(&old, &new);
    let enough = (old.len().max(new.len()) / SHARE).clamp(FEWEST, FEW);
    if added < enough {
        return None;
    }
    Some(if gone * 2 > added { "Text geändert" } else { "Text ergänzt" })
}

fn letters(text: &str) -> String {
    text::fold(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

/// A word that says something.
struct Telling {
    hash: u64,
    letters: String,
}

/// The words of a text that say something: without captions, without the small
/// words of grammar, hyphens inside words left out.
fn bag(text: &str) -> Vec<Telling> {
    let mut told = Vec::new();
    for line in text.lines().filter(|line| !is_caption(line)) {
        for word in without_hyphens(line).split(|c: char| !c.is_alphanumeric()) {
            if told.len() == MOST_WORDS {
                return told;
            }
            let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
            if !has_digit && (word.chars().count() <= 3 || is_mark_of_edit(word)) || word.is_empty()
            {
                continue;
            }
            told.push(Telling { hash: hash_word(word), letters: text::fold(word) });
        }
    }
    told
}

fn without_hyphens(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_hyphen = matches!(letter, '-' | '\u{2010}' | '\u{2011}');
        let inside = kept.chars().next_back().is_some_and(char::is_alphanumeric)
            && letters.peek().is_some_and(|next| next.is_alphabetic());
        if !(is_hyphen && inside || is_invisible(letter)) {
            kept.push(letter);
        }
    }
    kept
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The line names a picture or its maker, or says when the page was made.
fn is_caption(line: &str) -> bool {
    const OPENINGS: [&str; 12] = [
        "foto:",
        "fotos:",
        "bild:",
        "bilder:",
        "bildquelle",
        "bildnachweis",
        "bildunterschrift",
        "abbildung",
        "grafik:",
        "quelle:",
        "stand:",
        "zuletzt aktualisiert",
    ];
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©').to_lowercase();
    line.starts_with('©') || OPENINGS.iter().any(|opening| line.starts_with(opening))
}

/// A word by which editors mark that they edited.
fn is_mark_of_edit(word: &str) -> bool {
    const MARKS: [&str; 6] =
        ["update", "aktualisiert", "aktualisierte", "aktualisierung", "korrektur", "korrigiert"];
    let word = word.to_lowercase();
    MARKS.contains(&word.as_str())
}

/// How many words were added and how many are gone, mended letters aside.
fn difference(before: &[Telling], after: &[Telling]) -> (usize, usize) {
    let mut left: HashMap<u64, isize> = HashMap::new();
    for word in before {
        *left.entry(word.hash).or_default() -= 1;
    }
    for word in after {
        *left.entry(word.hash).or_default() += 1;
    }
    let mut take = |word: &&Telling, sign: isize| {
        let count = left.get_mut(&word.hash).filter(|count| **count * sign > 0);
        count.map(|count| *count -= sign).is_some()
    };
    let added: Vec<&Telling> = after.iter().filter(|word| take(word, 1)).collect();
    let mut gone: Vec<&Telling> = before.iter().filter(|word| take(word, -1)).collect();
    if added.len() > MOST_TYPOS || gone.len() > MOST_TYPOS {
        return (added.len(), gone.len());
    }
    let mut really_added = 0;
    for word in added {
        match gone.iter().position(|other| is_typo(&other.letters, &word.letters)) {
            Some(place) => {
                gone.swap_remove(place);
            }
            None => really_added += 1,
        }
    }
    (really_added, gone.len())
}

/// Whether two words differ by a mended letter or an ending. Never for figures:
/// 2025 and 2026 are not the same word misspelt.
fn is_typo(left: &str, right: &str) -> bool {
    let digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    if digit(left) || digit(right) {
        return false;
    }
    let (left_length, right_length) = (left.chars().count(), right.chars().count());
    let (shorter, longer) = (left_length.min(right_length), left_length.max(right_length));
    let allowed = if longer >= 8 { 2 } else { 1 };
    if longer - shorter > allowed {
        return false;
    }
    if shorter < 5 {
        // Of short words only an ending: "eine" is not "keine".
        return left.starts_with(right) || right.starts_with(left);
    }
    strsim::osa_distance(left, right) <= allowed
}

/// A document that did not hang there before, under whatever address: files
/// move when a site is rebuilt.
fn is_new_document(document: &Document, before: &[Document]) -> bool {
    // Without a format or a size it is a link like any other.
    let is_file = !document.format.is_empty() || document.size.is_some();
    is_file
        && !before.iter().any(|known| {
            address(&known.url) == address(&document.url)
                || file_name(&known.url) == file_name(&document.url)
                || (!known.title.is_empty() && letters(&known.title) == letters(&document.title))
        })
}

fn address(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// A day as a deadline names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    of_month: u32,
    month: usize,
    year: Option<u32>,
}

impl Day {
    /// The same day, as far as both say.
    fn agrees(self, other: Self) -> bool {
        self.of_month == other.of_month
            && self.month == other.month
            && (self.year == other.year || self.year.is_none() || other.year.is_none())
    }

    fn in_words(self) -> String {
        let month = MONTHS[self.month - 1];
        match self.year {
            Some(year) => format!("{}. {month} {year}", self.of_month),
            None => format!("{}. {month}", self.of_month),
        }
    }
}

/// A deadline that was not named before.
fn new_deadline(before: &Said<'_>, after: &Said<'_>) -> Option<String> {
    let (old, new) = (deadlines(before), deadlines(after));
    let added = new.iter().find(|day| !old.iter().any(|known| known.agrees(**day)))?;
    let what = if old.is_empty() { "neue Frist" } else { "Frist geändert" };
    Some(format!("{what}: {}", added.in_words()))
}

/// The days that title and text name as deadlines: those of sentences that
/// speak of one, and what stands behind `bis (zum)`, unless it is the end of a
/// span that began with a day of its own.
fn deadlines(said: &Said<'_>) -> Vec<Day> {
    let mut found: Vec<Day> = Vec::new();
    for sentence in text::sentences(said.title).chain(text::sentences(said.text)) {
        if is_caption(sentence) {
            continue;
        }
        let words: Vec<Word<'_>> = words(sentence).collect();
        let speaks = words.iter().any(|word| speaks_of_a_deadline(word.text));
        let mut spans = false;
        for at in 0..words.len() {
            let (before, from_here) = words.split_at(at);
            spans |= begins_a_span(from_here);
            let Some(day) = day_at(from_here) else { continue };
            let is_end = is_until(before);
            if (speaks || (is_end && !spans)) && !found.contains(&day) {
                found.push(day);
            }
            spans &= !is_end;
        }
    }
    found
}

fn speaks_of_a_deadline(word: &str) -> bool {
    const ENDS: [&str; 9] = [
        "frist",
        "fristen",
        "stichtag",
        "deadline",
        "spaetestens",
        "bewerbungsschluss",
        "meldeschluss",
        "einsendeschluss",
        "antragsschluss",
    ];
    let word = text::fold(word);
    word.starts_with("frist") || ENDS.iter().any(|end| word.ends_with(end))
}

/// Whether the words begin with `vom 3.` or the like.
fn begins_a_span(words: &[Word<'_>]) -> bool {
    let [first, second, ..] = words else { return false };
    matches!(first.text, "vom" | "Vom" | "von" | "Von") && second.stop && second.digits > 0
}

/// Whether `bis`, `bis zum`, `bis einschließlich`, `bis Freitag, den` … stand last.
fn is_until(before: &[Word<'_>]) -> bool {
    const BETWEEN: [&str; 13] = [
        "zum",
        "den",
        "dem",
        "am",
        "einschliesslich",
        "spaetestens",
        "montag",
        "dienstag",
        "mittwoch",
        "donnerstag",
        "freitag",
        "samstag",
        "sonntag",
    ];
    before
        .iter()
        .rev()
        .take(5)
        .map(|word| text::fold(word.text))
        .find(|word| !BETWEEN.contains(&word.as_str()))
        .is_some_and(|word| word == "bis")
}

/// The day that begins with the first of these words: `31. März 2026`, `31.03.2026`, `31.3.`.
fn day_at(words: &[Word<'_>]) -> Option<Day> {
    let [first, second, rest @ ..] = words else { return None };
    if !first.stop {
        return None;
    }
    let day = first.text.parse().ok().filter(|day| (1..=31).contains(day))?;
    let year = rest
        .first()
        .and_then(|word| word.text.parse().ok())
        .filter(|year| (1990..2100).contains(year));
    let month = match second.text.parse::<usize>() {
        Ok(number) => Some(number)
            .filter(|number| (1..=12).contains(number) && second.stop && second.length <= 2)?,
        Err(_) => month(second.text)?,
    };
    Some(Day { of_month: day, month, year })
}

fn month(word: &str) -> Option<usize> {
    let word = text::fold(word);
    let is_meant = |month: &str| {
        let month = text::fold(month);
        month == word || (word.len() >= 3 && month.starts_with(&word))
    };
    MONTHS.into_iter().position(is_meant).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "Die Kommunen können sich für das Förderprogramm bewerben. Anträge nimmt \
        das Ministerium bis zum 28. Februar 2026 entgegen. Gefördert werden Vorhaben, die \
        mehrere Gemeinden gemeinsam umsetzen; je Vorhaben stehen 50.000 Euro bereit.";

    fn said<'a>(title: &'a str, text: &'a str) -> Said<'a> {
        Said { title, text, documents: &[] }
    }

    fn changed(before: &str, after: &str) -> Option<String> {
        change(&said("Titel", before), &said("Titel", after))
    }

    fn retitled(before: &str, after: &str) -> Option<String> {
        change(&said(before, TEXT), &said(after, TEXT))
    }

    fn document(url: &str) -> Document {
        Document { title: String::new(), url: url.to_owned(), format: "PDF".to_owned(), size: None }
    }

    #[test]
    fn cosmetic_edits_are_no_change() {
        for after in [
            TEXT.replace(". ", ".\n\n"),
            TEXT.replace("Förderprogramm", "„Förderprogramm“"),
            TEXT.replace(';', " –"),
            TEXT.replace("Förderprogramm", "Förder-Programm"),
            TEXT.replace("Förderprogramm", "Förder\u{ad}programm"),
            TEXT.replace("Gemeinden", "Gemienden"),
            TEXT.replace("bewerben", "bewerbem").replace("Vorhaben", "Vorhabem"),
            TEXT.replace("umsetzen", "realisieren"),
            format!(
                "{TEXT}\nFoto: Stadt Muster, Rathaus im Abendlicht bei schönem Wetter mit vielen Menschen davor"
            ),
            format!("{TEXT}\nStand: 12.03.2026, 10:15 Uhr"),
            TEXT.replace("28. Februar 2026", "28.02.2026"),
            TEXT.split(". ").take(2).collect::<Vec<_>>().join(". "),
        ] {
            assert_eq!(changed(TEXT, &after), None, "{after}");
        }
        for (before, after) in [
            ("Neue Online-Dienste für Kommunen", "Neue Onlinedienste für Kommunen"),
            ("„Digitales Rathaus“ startet", "\"Digitales Rathaus\"  startet"),
            ("Verwaltung wird digtial", "Verwaltung wird digital"),
            ("Förderung beschlossen", "Foerderung beschlossen"),
            ("Portal startet", "Aktualisiert: Portal startet"),
            ("Portal startet", "Portal gestartet"),
        ] {
            assert_eq!(retitled(before, after), None, "{after}");
        }
    }

    #[test]
    fn a_changed_deadline_is_named() {
        let until = |day: &str| TEXT.replace("28. Februar 2026", day);
        for day in ["31. März 2026", "31.03.2026", "31.3.2026", "Dienstag, den 31. März 2026"] {
            let words = changed(TEXT, &until(day));
            assert_eq!(words.as_deref(), Some("Frist geändert: 31. März 2026"), "{day}");
        }
        let frist = "Die Bewerbungsfrist endet am 1. Mai.";
        assert_eq!(
            changed(frist, "Die Bewerbungsfrist endet am 8. Mai.").as_deref(),
            Some("Frist geändert: 8. Mai")
        );
        assert_eq!(
            changed(
                "Bewerbungen sind möglich.",
                "Bewerbungen sind möglich bis Freitag, den 8. Mai 2026."
            )
            .as_deref(),
            Some("neue Frist: 8. Mai 2026")
        );
    }

    #[test]
    fn a_date_that_is_no_deadline_is_none() {
        for (before, after) in [
            ("Die Messe findet am 3. Mai 2026 statt.", "Die Messe findet am 4. Mai 2026 statt."),
            (
                "Gesperrt ist vom 3. Mai bis 5. Mai 2026 die Straße.",
                "Gesperrt ist vom 3. Mai bis 6. Mai 2026 die Straße.",
            ),
            ("Der Beschluss fiel am 3. Mai 2026.", "Der Beschluss fiel am 4. Mai 2026."),
        ] {
            assert_eq!(changed(before, after), None, "{after}");
        }
    }

    #[test]
    fn a_title_with_another_word_is_new() {
        for (before, after) in [
            ("Portal startet im Mai", "Portal startet erst im Herbst"),
            ("4. Sitzung des Arbeitskreises", "5. Sitzung des Arbeitskreises"),
            ("Haushalt 2025", "Haushalt 2026"),
        ] {
            assert_eq!(retitled(before, after).as_deref(), Some("neuer Titel"), "{after}");
        }
    }

    #[test]
    fn a_new_document_is_one_that_did_not_hang_there() {
        let with = |documents: &[Document]| {
            let before = [document("https://a.example/alt/Richtlinie.pdf")];
            change(
                &Said { title: "T", text: TEXT, documents: &before },
                &Said { title: "T", text: TEXT, documents },
            )
        };
        let (old, new) = (
            document("https://a.example/neu/Richtlinie.pdf?v=2"),
            document("https://a.example/Merkblatt.pdf"),
        );
        assert_eq!(with(std::slice::from_ref(&old)), None);
        assert_eq!(with(&[old, new]).as_deref(), Some("neues Dokument"));
        assert_eq!(with(&[]), None);
        let link = Document { format: String::new(), ..document("https://a.example/mehr") };
        assert_eq!(with(&[link]), None);
    }

    #[test]
    fn a_sentence_more_is_an_addition_and_another_text_a_change() {
        let more = format!(
            "{TEXT} Neu ist, dass sich auch Landkreise, Zweckverbände und kommunale Unternehmen \
             beteiligen dürfen, sofern wenigstens eine kreisangehörige Gemeinde federführend bleibt."
        );
        assert_eq!(changed(TEXT, &more).as_deref(), Some("Text ergänzt"));
        let other = "Der Landtag hat das Programm wegen der Haushaltslage vorerst gestoppt. Bereits \
            eingereichte Unterlagen werden zurückgegeben, eine Entscheidung soll im Herbst fallen.";
        assert_eq!(changed(TEXT, other).as_deref(), Some("Text geändert"));
    }

    #[test]
    fn of_two_changes_the_later_of_each_kind_is_said() {
        assert_eq!(
            with_more(
                "neuer Titel, Frist geändert: 1. Mai",
                "Frist geändert: 8. Mai, neues Dokument"
            ),
            "neuer Titel, Frist geändert: 8. Mai, neues Dokument"
        );
        assert_eq!(
            with_more("neue Frist: 1. Mai", "Frist geändert: 8. Mai"),
            "Frist geändert: 8. Mai"
        );
        assert_eq!(with_more("Text ergänzt", "Text ergänzt"), "Text ergänzt");
    }

    proptest! {
        #[test]
        fn nothing_changes_between_equal_items(title in ".{0,80}", text in "(?s).{0,400}") {
            prop_assert_eq!(change(&said(&title, &text), &said(&title, &text)), None);
        }

        #[test]
        fn no_texts_make_it_fail(a in "(?s).{0,200}", b in "(?s)[0-9. Mäimärzbisfrist]{0,200}") {
            let _ = change(&said(&a, &b), &said(&b, &a));
        }

        #[test]
        fn white_space_is_cosmetic(words in prop::collection::vec("[a-zäöüß0-9]{1,12}", 0..60)) {
            prop_assert_eq!(changed(&words.join(" "), &words.join(" \n ")), None);
        }
    }
}
