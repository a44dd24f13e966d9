//! Sentences that nothing stood in the place of.

use super::super::fact::{Fact, Sentence, in_words};
use super::pair::outcome_words;
use super::parts::{Parts, Rank};
use super::signs::{is_until, quoted, speaks_of_a_deadline};
use super::text::Text;

/// New words of a new sentence that say something by themselves.
const SAYING: usize = 4;
/// The same where a sentence like it is gone.
const SAYING_INSTEAD: usize = 9;

/// Judges sentences that have no counterpart: told if they hold a new fact, an outcome, a
/// document, or enough new words.
pub(super) fn new_sentences(
    fresh: &[&Sentence<'_>],
    lost: &[&Sentence<'_>],
    old: &Text<'_>,
    new: &Text<'_>,
    parts: &mut Parts,
) {
    let lost_words =
        lost.iter().flat_map(|part| part.words()).filter(|word| !word.is_small).count();
    let mut unsaid: Vec<&Sentence<'_>> = Vec::new();
    let mut new_words = 0;
    for part in fresh {
        if is_heading(part) {
            continue;
        }
        let outcomes = part.outcomes.without(old.outcomes);
        let mut news = outcomes.iter().filter(|outcome| outcome.is_news()).peekable();
        if news.peek().is_some() {
            for outcome in news {
                parts.add(Rank::Outcome, outcome.in_words(), &outcome_words(outcome, part));
            }
            continue;
        }
        if names_a_document(part.text) {
            parts.add(Rank::Document, "neues Dokument", &quoted(part));
            continue;
        }
        let fresh_words =
            part.words().filter(|word| !word.is_small && !old.stems.contains(&word.stem)).count();
        let is_deadline = speaks_of_a_deadline(part);
        let day = part.facts().find(|(fact, _)| fact.is_of_calendar() && !old.says(*fact));
        if let Some((fact, token)) = day {
            let (rank, label) = if is_deadline || is_until(part, token) {
                (Rank::Deadline, "neue Frist")
            } else {
                (Rank::Sentence, "neu")
            };
            let words = in_words(fact, token.text);
            let value = if rank == Rank::Deadline { words } else { quoted(part) };
            parts.add(rank, label, &value);
        } else if part.facts().any(|(fact, _)| !old.says(fact))
            || part.denials > 0 && fresh_words > 0
        {
            parts.add(Rank::Sentence, "neu", &quoted(part));
        } else {
            new_words += fresh_words;
            unsaid.push(part);
        }
    }
    for part in lost {
        let gone =
            part.facts().find(|(fact, _)| matches!(fact, Fact::Day { .. }) && !new.says(*fact));
        if let Some((fact, token)) = gone
            && (speaks_of_a_deadline(part) || is_until(part, token))
            && !fresh.is_empty()
        {
            parts.add(Rank::Deadline, "Frist entfällt, bisher", &in_words(fact, token.text));
        }
    }
    let enough = if lost_words * 2 > new_words { SAYING_INSTEAD } else { SAYING };
    if new_words >= enough {
        for part in unsaid.iter().take(2) {
            parts.add(Rank::Sentence, "neu", &quoted(part));
        }
    }
}

/// Returns whether a line has no end and no room for a verb: it only parts paragraphs.
fn is_heading(part: &Sentence<'_>) -> bool {
    !part.text.ends_with(['.', '!', '?', '“', '"', ')', ':'])
        && part.units.len() <= 7
        && part.denials == 0
        && part.outcomes.is_empty()
        && !part.text.contains(": ")
}

fn names_a_document(text: &str) -> bool {
    const FORMATS: [&str; 9] =
        ["PDF", "DOCX", "XLSX", "ODT", "ODS", "PPTX", "ZIP", "CSV", "Download"];
    text.split(|c: char| !c.is_alphanumeric()).any(|word| FORMATS.contains(&word))
}
