//! Cross-validation: how well a model does on items that it has not seen, where
//! reprints and series of an item count as seen.

use std::collections::{BTreeMap, BTreeSet};

use super::Tagger;
use super::example::{Example, fold_of};
use super::features::words;
use super::folded::fold;
use super::train::Learnt;
use crate::model::TopicId;

/// Share of the shorter text's runs of three words from which two texts belong together.
const SHARED_TEXT: f64 = 0.2;
/// Share of their titles' words from which two items are of one series.
const SHARED_TITLE: f64 = 0.6;
/// Runs that more items share are phrases of the trade, not reprints.
const MOST_HOLDERS: usize = 25;
/// Texts with fewer runs are too short to compare.
const FEWEST_RUNS: usize = 8;

/// What each of the three ways would say of an item, per topic of the tagger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Both opinions.
    pub combined: Vec<bool>,
    /// The rules alone.
    pub rules: Vec<bool>,
    /// The model alone.
    pub model: Vec<bool>,
    /// The fold it was judged in.
    pub fold: usize,
}

/// Returns the number of the group of each title and text; reprints and items
/// of a series have the same.
pub fn groups<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<usize> {
    let mut runs = Vec::new();
    let mut titles = Vec::new();
    for (title, text) in texts {
        titles.push(
            words_of(title).into_iter().filter(|word| word.len() >= 4).collect::<BTreeSet<_>>(),
        );
        let all = words_of(&format!("{title}\n{text}"));
        runs.push(all.windows(3).map(<[Vec<u8>]>::concat).collect::<BTreeSet<_>>());
    }
    let mut parents: Vec<usize> = (0..runs.len()).collect();
    for (pair, shared) in shared_between(&runs) {
        let shorter = runs[pair.0].len().min(runs[pair.1].len());
        if shorter >= FEWEST_RUNS && ratio(shared, shorter) >= SHARED_TEXT {
            join(&mut parents, pair);
        }
    }
    for (pair, shared) in shared_between(&titles) {
        let all = titles[pair.0].union(&titles[pair.1]).count();
        if shared >= 2 && ratio(shared, all) >= SHARED_TITLE {
            join(&mut parents, pair);
        }
    }
    (0..parents.len()).map(|index| root(&parents, index)).collect()
}

fn words_of(text: &str) -> Vec<Vec<u8>> {
    let folded = fold(text, &[]);
    words(&folded).into_iter().map(|word| folded.bytes[word].to_vec()).collect()
}

/// Returns how much each two of the sets share, for those that share anything.
fn shared_between(sets: &[BTreeSet<Vec<u8>>]) -> BTreeMap<(usize, usize), usize> {
    let mut holders: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
    for (index, set) in sets.iter().enumerate() {
        for word in set {
            holders.entry(word).or_default().push(index);
        }
    }
    let mut shared = BTreeMap::new();
    for list in holders.values().filter(|list| list.len() <= MOST_HOLDERS) {
        for (at, one) in list.iter().enumerate() {
            for other in &list[at + 1..] {
                *shared.entry((*one, *other)).or_insert(0) += 1;
            }
        }
    }
    shared
}

fn root(parents: &[usize], mut index: usize) -> usize {
    while parents[index] != index {
        index = parents[index];
    }
    index
}

fn join(parents: &mut [usize], (one, other): (usize, usize)) {
    let (one, other) = (root(parents, one), root(parents, other));
    parents[one.max(other)] = one.min(other);
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    float(part) / float(whole.max(1))
}

/// Judges each example by what is learnt from the other folds; `share` of the
/// others' groups is used, from 0 to 1, for a learning curve.
pub fn cross_validate(
    tagger: &Tagger,
    examples: &[Example],
    folds: usize,
    share: f64,
) -> Vec<Judged> {
    let ids: Vec<TopicId> = tagger.topics().cloned().collect();
    let mut judged: Vec<Option<Judged>> = vec![None; examples.len()];
    for fold in 0..folds {
        // The inner folds mix the group's number once; mixed twice they are others.
        let outer = |example: &Example| fold_of(fold_of(example.group, 1 << 20), folds);
        let used = |example: &Example| {
            let place = fold_of(example.group.wrapping_mul(31).wrapping_add(7), 1000);
            ratio(place, 1000) < share
        };
        let seen: Vec<&Example> =
            examples.iter().filter(|example| outer(example) != fold && used(example)).collect();
        let learnt = Learnt::from(&seen, ids.len());
        let model = learnt.model(&ids);
        for (example, judged) in examples.iter().zip(&mut judged) {
            if outer(example) != fold {
                continue;
            }
            let odds = model.log_odds(&example.features);
            let rules: Vec<bool> = example.rules.iter().map(|said| said.alone()).collect();
            let (mut combined, mut alone) = (rules.clone(), vec![false; ids.len()]);
            for (index, id) in ids.iter().enumerate() {
                let (Some(at), Some(cut)) = (model.index(id), learnt.alone(index)) else {
                    continue;
                };
                let Some(combination) = model.combination(id) else { continue };
                combined[index] = example.rules[index].with(combination, odds[at]);
                alone[index] = odds[at] >= cut;
            }
            *judged = Some(Judged { combined, rules, model: alone, fold });
        }
    }
    judged.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reprints_and_series_are_of_one_group() {
        let press = "Die Stadt hat am Montag den neuen Dienst vorgestellt, mit dem Eltern ihre Kinder in der Kita anmelden.";
        let groups = groups([
            ("Neuer Dienst für Eltern", press),
            ("Kita-Anmeldung ist da", &format!("Wie berichtet. {press}")),
            ("Newsletter SachsenAnhaltsPunkte Ausgabe Januar", "Anderes steht hier zu lesen."),
            ("Newsletter SachsenAnhaltsPunkte Ausgabe Februar", "Wieder ganz anderes folgt nun."),
            ("Freibad öffnet", "Bei gutem Wetter ab Mai."),
        ]);
        assert_eq!(groups, [0, 0, 2, 2, 4]);
    }
}
