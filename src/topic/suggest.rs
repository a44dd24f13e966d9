//! Terms that labelled items propose for the word lists, each with a back-test:
//! how many items that the rules miss hold it, and how many others would hear it
//! wrongly.

use std::collections::{BTreeMap, BTreeSet};

use super::features::words;
use super::folded::fold;
use super::{Labelled, Tagger};
use crate::model::{SourceId, TopicId};

/// Shorter words name nothing, in letters.
const SHORTEST_WORD: usize = 6;
/// Missed items that must hold a word, so that no single one proposes its own names.
const FEWEST_MISSED: usize = 2;
/// Proposals per topic.
const MOST: usize = 12;

/// A word that could go to a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// For which topic.
    pub topic: TopicId,
    /// The word as it stands where it was first found.
    pub term: String,
    /// Items of the topic that the rules miss and that hold it.
    pub gained: usize,
    /// Items of the topic that hold it.
    pub held: usize,
    /// Items without the topic that hold it.
    pub wrong: usize,
}

/// Returns what the items propose, per topic the best first.
pub fn suggest(tagger: &Tagger, items: &[Labelled]) -> Vec<Suggestion> {
    let source = SourceId::new("labelled");
    let read: Vec<Read> = items
        .iter()
        .map(|item| Read {
            labels: item.topics(),
            found: tagger.by_rules(&item.subject(&source)),
            words: distinct_words(item),
        })
        .collect();
    tagger.topics().flat_map(|topic| of_topic(topic, &read)).collect()
}

struct Read {
    labels: Vec<TopicId>,
    /// Topics by the rules alone.
    found: Vec<TopicId>,
    /// Folded, with the spelling of the text.
    words: BTreeMap<Vec<u8>, String>,
}

fn distinct_words(item: &Labelled) -> BTreeMap<Vec<u8>, String> {
    let mut distinct = BTreeMap::new();
    for text in [&item.title, &item.text] {
        let folded = fold(text, &[]);
        for word in words(&folded).into_iter().filter(|word| word.len() >= SHORTEST_WORD) {
            let (start, end) = folded.span(word.start, word.end);
            let written = text.get(start..end).unwrap_or_default();
            distinct.entry(folded.bytes[word].to_vec()).or_insert_with(|| written.to_owned());
        }
    }
    distinct
}

fn of_topic(topic: &TopicId, items: &[Read]) -> Vec<Suggestion> {
    let mut counts: BTreeMap<&[u8], Suggestion> = BTreeMap::new();
    let missed: BTreeSet<&[u8]> = items
        .iter()
        .filter(|item| item.labels.contains(topic) && !item.found.contains(topic))
        .flat_map(|item| item.words.keys().map(Vec::as_slice))
        .collect();
    for item in items {
        let has = item.labels.contains(topic);
        for (word, written) in
            item.words.iter().filter(|(word, _)| missed.contains(word.as_slice()))
        {
            let counted = counts.entry(word).or_insert_with(|| Suggestion {
                topic: topic.clone(),
                term: written.clone(),
                gained: 0,
                held: 0,
                wrong: 0,
            });
            counted.gained += usize::from(has && !item.found.contains(topic));
            counted.held += usize::from(has);
            counted.wrong += usize::from(!has);
        }
    }
    let mut best: Vec<Suggestion> = counts
        .into_values()
        .filter(|counted| counted.gained >= FEWEST_MISSED && counted.held > 2 * counted.wrong)
        .collect();
    // Three missed items are worth one wrong one.
    best.sort_by(|left, right| {
        (right.gained + 3 * left.wrong)
            .cmp(&(left.gained + 3 * right.wrong))
            .then(left.term.cmp(&right.term))
    });
    best.truncate(MOST);
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TopicRules;

    #[test]
    fn a_word_of_missed_items_is_proposed_with_its_cost() {
        let rules = TopicRules {
            id: Some(TopicId::from("ozg")),
            strong: vec!["OZG".to_owned()],
            ..TopicRules::default()
        };
        let item = |text: &str, labels: &[&str]| Labelled {
            text: text.to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..Labelled::default()
        };
        let tagger = Tagger::new(&[rules]).unwrap();
        let found = suggest(
            &tagger,
            &[
                item("Das OZG bringt Onlinedienste.", &["ozg"]),
                item("Onlinedienste der Gemeinde", &["ozg"]),
                item("Neue Onlinedienste der Gemeinde", &["ozg"]),
                item("Feuerwehr der Gemeinde", &[]),
                item("Die Gemeinde feiert", &[]),
            ],
        );
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].term.as_str(), found[0].gained, found[0].wrong),
            ("Onlinedienste", 2, 0)
        );
    }
}
