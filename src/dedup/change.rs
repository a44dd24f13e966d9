//! What an item says now that it did not say before, in words for readers.
//!
//! A mailed item returns once if what changed would change what a reader does or
//! believes: a day, a time, a place, an amount, a denial, an outcome, a document,
//! new facts. The text is compared sentence by sentence, page furniture left out
//! (`text::furniture_ranges`). Sentences may move, be reworded, misspelt or mended; a text
//! may become shorter, and a teaser may become its full text: all that is cosmetic.

mod fresh;
mod pair;
mod parts;
mod signs;
mod text;

use std::collections::{HashMap, HashSet};

use self::fresh::new_sentences;
use self::pair::{Pair, REWORDED};
use self::parts::{Parts, Rank};
use self::signs::QUOTED;
use self::text::{Text, moved_host, own_words};
use super::documents::{Differs, difference};
use super::fact::{Is, Sentence, Word};
use super::typo::is_typo;
use crate::model::Document;
use crate::text::{Outcome, clean_line, fold, words as words_of};

/// Sentences without a counterpart that are paired with one another.
const MOST_UNPAIRED: usize = 60;
/// Words and facts of a sentence that is short.
const SHORT: usize = 8;
/// A short text that grows by this factor and keeps its beginning was a teaser.
const TEASER_GROWS: usize = 2;
/// Words of a teaser at most.
const TEASER_WORDS: usize = 80;

/// What an item says, as far as readers would notice.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub documents: &'a [Document],
}

/// Returns what changed in substance, in German words separated by semicolons; none
/// if the edit was cosmetic.
pub fn change(before: &Said<'_>, after: &Said<'_>) -> Option<String> {
    let (old_words, new_words) = (own_words(before.text), own_words(after.text));
    let old_text = Text::read(before.title, &old_words);
    let new_text = Text::read(after.title, &new_words);
    let mut parts = Parts::default();
    let is_shortened = old_words.starts_with(new_words.trim_end_matches(['…', '.', ' ']));
    if !is_shortened {
        let is_full_text = is_full_text_of_teaser(before.text, after.text);
        compare(&old_text, &new_text, is_full_text, &mut parts);
    }
    if parts.all.is_empty()
        && let Some((was, now)) = moved_host(before.text, after.text)
    {
        parts.add(Rank::Value, "Adresse", &format!("{was} → {now}"));
    }
    for document in after.documents {
        let label = match difference(document, before.documents) {
            Some(Differs::New) => "neues Dokument",
            Some(Differs::Replaced) => "neue Fassung",
            None => continue,
        };
        parts.add(Rank::Document, label, &clean_line(&document.title, QUOTED));
    }
    if is_new_title(&old_text, &new_text) {
        parts.add(Rank::Title, "neuer Titel, bisher", &clean_line(before.title, QUOTED));
    }
    parts.in_words()
}

/// Returns the words of an earlier change and those of a later one as the words of
/// one: of each kind the later is said, with what was before the earlier.
pub fn with_more(earlier: &str, later: &str) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for part in earlier.split("; ").chain(later.split("; ")).filter(|part| !part.is_empty()) {
        let (label, value) = part.split_once(": ").unwrap_or((part, ""));
        let Some((_, known)) = parts.iter_mut().find(|(known, _)| known == label) else {
            parts.push((label.to_owned(), value.to_owned()));
            continue;
        };
        let first = known.split_once(" → ").map(|(first, last)| (first.to_owned(), last));
        match (first, value.split_once(" → ")) {
            (Some((first, last)), Some((from, to))) if last == from => {
                *known = format!("{first} → {to}");
            }
            // What was first is what readers had.
            _ if label.ends_with("bisher") => {}
            _ => value.clone_into(known),
        }
    }
    let said = |(label, value): (String, String)| {
        if value.is_empty() { label } else { format!("{label}: {value}") }
    };
    parts.into_iter().map(said).collect::<Vec<_>>().join("; ")
}

/// Compares two texts sentence by sentence.
fn compare(old: &Text<'_>, new: &Text<'_>, is_full_text: bool, parts: &mut Parts) {
    let (gone, added) = unpaired(&old.sentences, &new.sentences);
    let pairs = pairs(&gone, &added);
    let mut paired_old = HashSet::new();
    let mut paired_new = HashSet::new();
    for (before, after, likeness) in &pairs {
        paired_old.insert(*before);
        paired_new.insert(*after);
        let pair = Pair { before: gone[*before], after: added[*after], likeness: *likeness };
        pair.compare(old, new, parts);
    }
    if is_full_text {
        return;
    }
    let lost: Vec<&Sentence<'_>> =
        (0..gone.len()).filter(|at| !paired_old.contains(at)).map(|at| gone[at]).collect();
    let fresh: Vec<&Sentence<'_>> =
        (0..added.len()).filter(|at| !paired_new.contains(at)).map(|at| added[at]).collect();
    new_sentences(&fresh, &lost, old, new, parts);
}

/// Returns the sentences of each text that the other does not hold to the word.
fn unpaired<'s, 'a>(
    old: &'s [Sentence<'a>],
    new: &'s [Sentence<'a>],
) -> (Vec<&'s Sentence<'a>>, Vec<&'s Sentence<'a>>) {
    let mut counts: HashMap<u64, isize> = HashMap::new();
    for part in old {
        *counts.entry(spelling(part)).or_default() += 1;
    }
    let mut added: Vec<&Sentence<'a>> = Vec::new();
    for part in new {
        match counts.get_mut(&spelling(part)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => added.push(part),
        }
    }
    let mut gone: Vec<&Sentence<'a>> = Vec::new();
    for part in old.iter().rev() {
        if let Some(count) = counts.get_mut(&spelling(part))
            && *count > 0
        {
            *count -= 1;
            gone.push(part);
        }
    }
    gone.reverse();
    (gone, added)
}

/// Returns a number for what the sentence says: its words but the small ones, and its facts.
fn spelling(part: &Sentence<'_>) -> u64 {
    part.units.iter().fold(part.denials as u64, |hash, token| {
        let code = match &token.is {
            Is::Fact(fact) => fact.code(),
            Is::Word(word) if word.is_small => return hash,
            Is::Word(word) => word.stem,
        };
        super::reading::spread(hash.rotate_left(5) ^ code)
    })
}

/// Pairs sentences that are most alike, each with one.
fn pairs(gone: &[&Sentence<'_>], added: &[&Sentence<'_>]) -> Vec<(usize, usize, f64)> {
    let (old, new) = (said(gone), said(added));
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    for (before, (our_words, ours)) in old.iter().enumerate() {
        for (after, (their_words, theirs)) in new.iter().enumerate() {
            // Where words are shared, so may be the amount: „höchstens“, „mindestens 20 Euro“.
            let is_alien = our_words.is_disjoint(their_words);
            let likeness = if is_alien { 0.0 } else { dice(ours, theirs) };
            let likeness = likeness.max(same_label(gone[before], added[after]));
            if likeness >= REWORDED {
                found.push((before, after, likeness));
            }
        }
    }
    found.sort_by(|(b, a, one), (b2, a2, other)| {
        other.total_cmp(one).then(b.abs_diff(*a).cmp(&b2.abs_diff(*a2))).then(b.cmp(b2))
    });
    let (mut taken_old, mut taken_new) = (HashSet::new(), HashSet::new());
    found.retain(|(before, after, _)| {
        let is_free = !taken_old.contains(before) && !taken_new.contains(after);
        if is_free {
            taken_old.insert(*before);
            taken_new.insert(*after);
        }
        is_free
    });
    found.sort_by_key(|(_, after, _)| *after);
    found
}

/// Returns the words of each sentence, and its words and facts.
fn said(parts: &[&Sentence<'_>]) -> Vec<(HashSet<u64>, HashSet<u64>)> {
    let of = |part: &&Sentence<'_>| {
        let stems: HashSet<u64> =
            part.words().filter(|word| !word.is_small).map(|word| word.stem).collect();
        let facts = part.facts().map(|(fact, _)| fact.code());
        let all = stems.iter().copied().chain(facts).collect();
        (stems, all)
    };
    parts.iter().take(MOST_UNPAIRED).map(of).collect()
}

/// Returns the likeness of short sentences that begin with the same noun: "Ort ist …", "Status: …".
fn same_label(before: &Sentence<'_>, after: &Sentence<'_>) -> f64 {
    let first = |part: &Sentence<'_>| {
        part.units.first().and_then(|token| match &token.is {
            Is::Word(word) if !word.is_small && token.text.starts_with(char::is_uppercase) => {
                Some(word.stem)
            }
            _ => None,
        })
    };
    let is_short = before.units.len() <= SHORT && after.units.len() <= SHORT;
    let is_same = first(before).is_some() && first(before) == first(after);
    if is_short && is_same { REWORDED } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "some dozen words")]
fn dice(one: &HashSet<u64>, other: &HashSet<u64>) -> f64 {
    let shared = one.intersection(other).count();
    let all = one.len() + other.len();
    if all == 0 { 1.0 } else { (2 * shared) as f64 / all as f64 }
}

/// Returns whether a title says something else: another fact, outcome, denial or name, not only
/// other words for what the texts say.
fn is_new_title(old: &Text<'_>, new: &Text<'_>) -> bool {
    let (was, now) = (&old.title, &new.title);
    if spelling(was) == spelling(now) || now.units.is_empty() {
        return false;
    }
    let other_fact = now.facts().any(|(fact, _)| !old.says(fact))
        || was.facts().any(|(fact, _)| !new.says(fact));
    let other_outcome =
        now.outcomes.without(was.outcomes).without(old.outcomes).iter().any(Outcome::is_news);
    let is_name = |word: &&Word| word.is_noun && !word.is_small;
    let known = |word: &Word, part: &Sentence<'_>| {
        part.words().any(|other| other.stem == word.stem || is_typo(&other.letters, &word.letters))
    };
    // A noun that neither text knew before: the title speaks of something new.
    let other_name = now
        .words()
        .filter(is_name)
        .any(|word| !old.stems.contains(&word.stem) && !known(word, was))
        && was
            .words()
            .filter(is_name)
            .any(|word| !new.stems.contains(&word.stem) && !known(word, now));
    // Where there is hardly a text the title is what is said.
    let length: usize = old.sentences.iter().map(|part| part.units.len()).sum();
    let other_word = length <= SHORT && now.words().any(|word| !word.is_small && !known(word, was));
    let is_turned = was.denials != now.denials;
    other_fact || other_outcome || other_name || other_word || is_turned
}

/// Returns whether the text before was a teaser and the one after is the whole of it.
fn is_full_text_of_teaser(before: &str, after: &str) -> bool {
    let said = |text: &str| words_of(text).take(2_000).count();
    let (short, long) = (said(before), said(after));
    if short == 0 || short > TEASER_WORDS {
        return false;
    }
    // „… [mehr]“, „… weiterlesen“
    let head = before.trim_end();
    let head = head.rsplit_once(['…', '.']).filter(|(_, link)| words_of(link).count() <= 2);
    let is_cut =
        head.is_some_and(|(head, _)| before[head.len()..].starts_with('…') || head.ends_with(".."));
    if !is_cut && long < short * TEASER_GROWS {
        return false;
    }
    let head: Vec<String> = words_of(before).map(|(_, word)| fold(word)).collect();
    let kept: HashSet<String> = words_of(after).take(2_000).map(|(_, word)| fold(word)).collect();
    let shared = head.iter().filter(|word| kept.contains(*word)).count();
    shared * 10 >= head.len() * 9
}

#[cfg(test)]
mod tests;
