//! A text as it is compared: without furniture, sentence by sentence.

use std::collections::BTreeSet;
use std::collections::HashSet;

use super::super::fact::{Fact, Is, Sentence, sentence};
use crate::text::{self, Outcomes};

/// Sentences of a text that are compared; the rest of a longer one is not looked at.
const MOST_SENTENCES: usize = 400;

/// A text without its furniture, sentence by sentence.
pub(super) struct Text<'a> {
    pub(super) sentences: Vec<Sentence<'a>>,
    pub(super) title: Sentence<'a>,
    /// All facts, those of the title too.
    pub(super) facts: Vec<Fact>,
    /// Stems of all words.
    pub(super) stems: HashSet<u64>,
    pub(super) outcomes: Outcomes,
}

impl<'a> Text<'a> {
    pub(super) fn read(title: &'a str, words: &'a str) -> Self {
        let sentences: Vec<Sentence<'_>> = text::sentences(words)
            .map(without_mark_of_edit)
            .filter(|part| part.contains(char::is_alphanumeric) && !text::is_furniture(part))
            .take(MOST_SENTENCES)
            .map(sentence)
            .collect();
        let title = sentence(without_mark_of_edit(title));
        let mut facts = Vec::new();
        let mut stems = HashSet::new();
        let mut outcomes = Outcomes::default();
        for part in sentences.iter().chain([&title]) {
            outcomes = outcomes.with(part.outcomes);
            for token in &part.units {
                match &token.is {
                    Is::Fact(fact) => facts.push(*fact),
                    Is::Word(word) => _ = stems.insert(word.stem),
                }
            }
        }
        Self { sentences, title, facts, stems, outcomes }
    }

    pub(super) fn says(&self, fact: Fact) -> bool {
        self.facts.iter().any(|known| known.agrees(fact))
    }
}

/// Returns the host of the one web address that a text names in place of another one.
pub(super) fn moved_host<'a>(before: &'a str, after: &'a str) -> Option<(&'a str, &'a str)> {
    let (old, new) = (hosts(before), hosts(after));
    let mut gone = old.difference(&new);
    let mut added = new.difference(&old);
    let moved = (*gone.next()?, *added.next()?);
    (gone.next().is_none() && added.next().is_none()).then_some(moved)
}

/// Returns the hosts of the web addresses that stand in a text, not those of whole lines
/// that are page furniture.
fn hosts(text: &str) -> BTreeSet<&str> {
    text::furniture_ranges_but_mail(text)
        .into_iter()
        .filter_map(|cut| {
            let address = text.get(cut)?;
            let address = address.trim_start_matches(|c: char| !c.is_alphanumeric());
            let host = match address.split_once("://") {
                Some((scheme, rest)) if scheme.starts_with("http") => rest,
                None if address.starts_with("www.") => address,
                _ => return None,
            };
            let end = host.find(['/', '?', '#']).unwrap_or(host.len());
            let host = host[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
            (!host.contains(char::is_whitespace)).then_some(host.trim_start_matches("www."))
        })
        .collect()
}

/// Returns the text without page furniture, its lines joined where a sentence goes on.
pub(super) fn own_words(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for cut in text::furniture_ranges_but_mail(text) {
        kept.push_str(text.get(at..cut.start).unwrap_or_default());
        at = cut.end;
    }
    kept.push_str(text.get(at..).unwrap_or_default());
    text::unwrapped(&kept).into_owned()
}

/// Returns a sentence or title without "+++ UPDATE 12:30 Uhr +++", "Aktualisiert:" and the like
/// before it.
fn without_mark_of_edit(part: &str) -> &str {
    const MARKS: [&str; 6] =
        ["update", "aktualisiert", "aktualisierung", "korrektur", "korrigiert", "ergänzt"];
    let mut rest = part.trim();
    for _ in 0..3 {
        let bare = rest.trim_start_matches(['+', '*', '[', '(', ' ', '#', '|']);
        let lower: String = bare.chars().take(60).flat_map(char::to_lowercase).collect();
        if !MARKS.iter().any(|mark| lower.starts_with(mark)) {
            return rest;
        }
        let head = &bare[..bare.floor_char_boundary(60)];
        let end = ["+++", "]", ")", ": ", " – ", " | "]
            .iter()
            .filter_map(|sign| head.find(sign).map(|at| at + sign.len()))
            .min();
        match end {
            Some(end) => rest = bare[end..].trim_start_matches(['+', ' ', ':', '–']),
            None => return if bare.len() < 60 && !bare.ends_with('.') { "" } else { rest },
        }
    }
    rest
}
