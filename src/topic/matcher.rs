//! All terms of all topics in one pass over a text.
//!
//! An automaton finds one word of each phrase, its anchor; borders, case, endings
//! and neighbours are checked only there. The time grows with the text and the
//! hits, not with the number of terms.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError};

use super::folded::{Folded, Joint, is_conjunction};
use super::term::Phrase;

/// Words that may lie between the two sides of `A ~ B`.
const NEAR: usize = 10;
/// Coordinated compounds looked at in one text; a bound against hostile texts.
const MOST_COMPOUNDS: usize = 200;
/// Places kept of each phrase; a bound against hostile texts.
const MOST_PLACES: usize = 1000;

/// A word whose stem is shorter is no anchor where the phrase has a longer one: `der` stands
/// everywhere in a text, however few phrases hold it.
const SHORTEST_ANCHOR: usize = 5;

/// Stems up to which the automaton is a table of all steps.
const MOST_IN_TABLE: usize = 5_000;

/// Where a term stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// Index of the term.
    pub(super) term: usize,
    /// First byte in the original.
    pub(super) start: usize,
    /// End in the original.
    pub(super) end: usize,
}

/// A phrase, and the sides of terms that it serves.
#[derive(Debug)]
struct Wanted {
    phrase: Phrase,
    /// The word by which it is found.
    anchor: usize,
    sides: Vec<(usize, usize)>,
}

/// A place of a phrase in the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: usize,
    end: usize,
}

/// Where the terms that stand somewhere stand, side by side.
type Places = BTreeMap<usize, [Vec<Place>; 2]>;

fn keep(places: &mut Places, wanted: &Wanted, place: Place) {
    for &(term, side) in &wanted.sides {
        let kept = &mut places.entry(term).or_default()[side];
        if kept.len() < MOST_PLACES {
            kept.push(place);
        }
    }
}

/// The terms, ready to be looked for.
#[derive(Debug)]
pub(super) struct Matcher {
    automaton: AhoCorasick,
    /// For each pattern of the automaton the phrases it is the anchor of.
    anchors: Vec<Vec<usize>>,
    phrases: Vec<Wanted>,
    /// Single words by stem, for coordinated compounds.
    by_stem: Vec<(Vec<u8>, usize)>,
    paired: Vec<usize>,
}

impl Matcher {
    /// Builds the automaton; a hit names its term by its index in `terms`. A
    /// term is one side or two, each with the phrases of which any will do.
    pub(super) fn new(terms: &[Vec<Vec<Phrase>>]) -> Result<Self, BuildError> {
        // A word list serves many terms: each of its phrases is looked for once.
        let mut wanted: BTreeMap<&Phrase, Vec<(usize, usize)>> = BTreeMap::new();
        for (index, term) in terms.iter().enumerate() {
            for (side, phrases) in term.iter().enumerate() {
                for phrase in phrases {
                    wanted.entry(phrase).or_default().push((index, side));
                }
            }
        }
        let mut shared: HashMap<&[u8], usize> = HashMap::new();
        for word in wanted.keys().flat_map(|phrase| &phrase.words) {
            *shared.entry(&word.stem).or_default() += 1;
        }
        let mut phrases = Vec::new();
        let mut stems: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        let mut by_stem = Vec::new();
        for (phrase, mut sides) in wanted {
            sides.dedup();
            let anchor = anchor(phrase, &shared);
            let word = &phrase.words[anchor];
            stems.entry(word.stem.clone()).or_default().push(phrases.len());
            if phrase.words.len() == 1 && !word.open_left {
                by_stem.push((word.stem.clone(), phrases.len()));
            }
            phrases.push(Wanted { phrase: phrase.clone(), anchor, sides });
        }
        by_stem.sort();
        let paired = (0..terms.len()).filter(|&index| terms[index].len() == 2).collect();
        // The words of an admin are few: with a table of all steps they are found in half the
        // time. Those of many readers would need a thousand times the memory.
        let kind = if stems.len() <= MOST_IN_TABLE {
            AhoCorasickKind::DFA
        } else {
            AhoCorasickKind::ContiguousNFA
        };
        let automaton = AhoCorasick::builder().kind(Some(kind)).build(stems.keys())?;
        Ok(Self { automaton, anchors: stems.into_values().collect(), phrases, by_stem, paired })
    }

    /// Every place of every term, ordered by term and place.
    pub(super) fn hits(&self, text: &Folded) -> Vec<Hit> {
        // Of the hundreds of terms a text holds but a few.
        let mut places = Places::new();
        for found in self.automaton.find_overlapping_iter(&text.bytes) {
            for &index in &self.anchors[found.pattern().as_usize()] {
                let wanted = &self.phrases[index];
                if let Some(place) = place(wanted, text, found.start()) {
                    keep(&mut places, wanted, place);
                }
            }
        }
        self.compounds(text, &mut places);
        self.resumptions(text, &mut places);
        for term in &self.paired {
            if let Some(sides) = places.get_mut(term) {
                *sides = [near(text, sides), Vec::new()];
            }
        }
        let mut hits = Vec::new();
        for (term, [mut places, _]) in places {
            places.sort_unstable();
            places.dedup();
            hits.extend(places.into_iter().map(|place| {
                let (start, end) = text.span(place.start, place.end);
                Hit { term, start, end }
            }));
        }
        hits
    }

    /// `IT- und Informationssicherheit` holds `IT-Sicherheit`.
    fn compounds(&self, text: &Folded, places: &mut Places) {
        for &head_end in text.suspended.iter().take(MOST_COMPOUNDS) {
            let Some(head_start) =
                head_end.checked_sub(1).and_then(|last| text.border_before(last))
            else {
                continue;
            };
            let Some(compound) = compound_after(text, head_end) else { continue };
            let head = &text.bytes[head_start..head_end];
            let upper: Vec<bool> =
                text.letters[head_start..head_end].iter().map(|letter| letter.upper).collect();
            let first = self.by_stem.partition_point(|(stem, _)| &stem[..] < head);
            for (_, index) in
                self.by_stem[first..].iter().take_while(|(stem, _)| stem.starts_with(head))
            {
                let wanted = &self.phrases[*index];
                if wanted.phrase.words[0].is_made_of(
                    head,
                    &upper,
                    &text.bytes[compound.start..compound.end],
                ) {
                    keep(places, wanted, Place { start: head_start, end: compound.end });
                }
            }
        }
    }

    /// `Verwaltungsmodernisierung und -digitalisierung` holds `Verwaltungsdigitalisierung`.
    fn resumptions(&self, text: &Folded, places: &mut Places) {
        /// Fewer letters begin no compound.
        const SHORTEST_HEAD: usize = 3;
        for &at in text.resumed.iter().take(MOST_COMPOUNDS) {
            let Some(compound) = compound_before(text, at) else { continue };
            let Some(end) = text.border_after(at + 1) else { continue };
            let tail = &text.bytes[at..end];
            for head_end in compound.start + SHORTEST_HEAD..compound.end {
                let head = &text.bytes[compound.start..head_end];
                let whole = [head, tail].concat();
                // A stem may lack an ending, never more than its head.
                let first = self.by_stem.partition_point(|(stem, _)| &stem[..] <= head);
                let wanted = self.by_stem[first..]
                    .iter()
                    .take_while(|(stem, _)| stem.starts_with(head))
                    .map(|(_, index)| &self.phrases[*index]);
                for wanted in wanted.filter(|wanted| wanted.phrase.words[0].is_exactly(&whole)) {
                    keep(places, wanted, Place { start: compound.start, end });
                }
            }
        }
    }
}

/// The full word before the conjunction before `at`.
fn compound_before(text: &Folded, at: usize) -> Option<Place> {
    let conjunction = text.border_before(at.checked_sub(1)?)?;
    if !is_conjunction(&text.bytes[conjunction..at]) {
        return None;
    }
    let start = text.border_before(conjunction.checked_sub(1)?)?;
    parts_words(text.joint(conjunction)).then_some(Place { start, end: conjunction })
}

/// The full word that ends a row of suspended ones beginning before `at`.
fn compound_after(text: &Folded, at: usize) -> Option<Place> {
    /// `Haupt-, Personal-, Ordnungs- und Sozialamt` has as many.
    const MOST_STEPS: usize = 6;
    let mut start = at;
    let mut joined = false;
    for _ in 0..MOST_STEPS {
        let end = text.border_after(start + 1)?;
        let word = text.bytes.get(start..end)?;
        if is_conjunction(word) || text.suspended.binary_search(&end).is_ok() {
            joined = true;
        } else {
            // Parts of one hyphenated word belong together.
            let mut last = end;
            while text.joint(last) == Joint::Hyphen {
                last = text.border_after(last + 1)?;
            }
            return joined.then_some(Place { start, end: last });
        }
        start = end;
    }
    None
}

/// Returns the word of the phrase whose stem the fewest phrases share, the longest of several.
/// Where thousands of readers look for `Haushaltsplan 2027`, `… Gemeinderat` and the like, each
/// place of `Haushaltsplan` would else be a place to look round for all of them.
fn anchor(phrase: &Phrase, shared: &HashMap<&[u8], usize>) -> usize {
    let cost = |&index: &usize| {
        let stem = &phrase.words[index].stem[..];
        (stem.len() < SHORTEST_ANCHOR, shared.get(stem), Reverse(stem.len()))
    };
    (0..phrase.words.len()).min_by_key(cost).unwrap_or(0)
}

/// The phrase whose anchor's stem begins at `stem_at`, if its other words stand round it.
fn place(wanted: &Wanted, text: &Folded, stem_at: usize) -> Option<Place> {
    let (phrase, index) = (&wanted.phrase, wanted.anchor);
    let anchor = &phrase.words[index];
    let ends = anchor.ends(text, stem_at);
    if ends.is_empty() {
        return None;
    }
    let start = backwards(phrase, text, index, anchor.start(text, stem_at)?)?;
    let end = ends.into_iter().filter_map(|end| forwards(phrase, text, index + 1, end)).max()?;
    Some(Place { start, end })
}

fn forwards(phrase: &Phrase, text: &Folded, index: usize, at: usize) -> Option<usize> {
    let Some(word) = phrase.words.get(index) else { return Some(at) };
    if !parts_words(text.joint(at)) {
        return None;
    }
    word.ends_from(text, at)
        .into_iter()
        .filter_map(|end| forwards(phrase, text, index + 1, end))
        .max()
}

/// Returns where the phrase begins when its word `index` begins at `at`.
fn backwards(phrase: &Phrase, text: &Folded, index: usize, at: usize) -> Option<usize> {
    let Some(before) = index.checked_sub(1) else { return Some(at) };
    if !parts_words(text.joint(at)) {
        return None;
    }
    let word = &phrase.words[before];
    let mut start = at;
    for _ in 0..word.parts() {
        start = text.border_before(start.checked_sub(1)?)?;
        if word.ends_from(text, start).contains(&at) {
            return backwards(phrase, text, before, start);
        }
        if text.joint(start) != Joint::Hyphen {
            break;
        }
    }
    None
}

fn parts_words(joint: Joint) -> bool {
    matches!(joint, Joint::Blank | Joint::Hyphen)
}

/// Pairs of the two sides that stand in one sentence, near each other.
fn near(text: &Folded, [left, right]: &[Vec<Place>; 2]) -> Vec<Place> {
    let mut right = right.clone();
    right.sort_unstable();
    let mut pairs = Vec::new();
    for one in left {
        let next = right.partition_point(|other| other.start < one.end);
        let before = right[..next].iter().rev().find(|other| other.end <= one.start);
        for other in right.get(next).into_iter().chain(before) {
            let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
            let (from, to) = (first.end - 1, second.start);
            if text.sentence(from) == text.sentence(to)
                && text.word(to) - text.word(from) <= NEAR + 1
            {
                pairs.push(Place { start: first.start, end: second.end });
            }
        }
    }
    pairs
}

#[cfg(test)]
mod tests;
