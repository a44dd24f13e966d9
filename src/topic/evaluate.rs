//! How well predicted topics agree with the labels that people gave.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::TopicId;

/// Counts of one topic, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Predicted and labelled.
    pub true_positives: usize,
    /// Predicted, not labelled.
    pub false_positives: usize,
    /// Labelled, not predicted.
    pub false_negatives: usize,
}

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// Share of the predicted that is labelled; 1 if nothing was predicted and nothing labelled,
    /// else 0 where nothing was predicted.
    pub precision: f64,
    /// Share of the labelled that is predicted; by the same rule.
    pub recall: f64,
    /// Harmonic mean of both; 0 if both are.
    pub f1: f64,
}

/// The result over many items.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluation {
    /// Counts per topic.
    pub counts: BTreeMap<TopicId, Counts>,
    /// Figures per topic.
    pub topics: BTreeMap<TopicId, Figures>,
    /// Figures of all decisions together: large topics weigh more.
    pub micro: Figures,
    /// Mean of the topics' figures: each topic weighs the same.
    pub macro_mean: Figures,
}

impl Counts {
    /// Returns the figures of these counts.
    pub fn figures(self) -> Figures {
        let precision = share(self.true_positives, self.false_positives, self.false_negatives);
        let recall = share(self.true_positives, self.false_negatives, self.false_positives);
        let sum = precision + recall;
        Figures {
            precision,
            recall,
            f1: if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 },
        }
    }
}

/// `hits` of `hits + misses`; where there are none of either it is perfect unless `others` shows a
/// fault.
fn share(hits: usize, misses: usize, others: usize) -> f64 {
    match (hits + misses, others) {
        (0, 0) => 1.0,
        (0, _) => 0.0,
        (all, _) => ratio(hits, all),
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

/// Compares labels and predictions item by item. `topics` are those to report;
/// labels outside them are not counted.
pub fn evaluate<'a>(
    topics: &[TopicId],
    items: impl IntoIterator<Item = (&'a [TopicId], &'a [TopicId])>,
) -> Evaluation {
    let mut counts: BTreeMap<TopicId, Counts> =
        topics.iter().map(|topic| (topic.clone(), Counts::default())).collect();
    for (labels, predicted) in items {
        let labels: BTreeSet<&TopicId> = labels.iter().collect();
        let predicted: BTreeSet<&TopicId> = predicted.iter().collect();
        for (topic, counts) in &mut counts {
            match (labels.contains(topic), predicted.contains(topic)) {
                (true, true) => counts.true_positives += 1,
                (false, true) => counts.false_positives += 1,
                (true, false) => counts.false_negatives += 1,
                (false, false) => {}
            }
        }
    }
    let figures: BTreeMap<TopicId, Figures> =
        counts.iter().map(|(topic, counts)| (topic.clone(), counts.figures())).collect();
    let all = counts.values().fold(Counts::default(), |sum, counts| Counts {
        true_positives: sum.true_positives + counts.true_positives,
        false_positives: sum.false_positives + counts.false_positives,
        false_negatives: sum.false_negatives + counts.false_negatives,
    });
    let mean = |pick: fn(&Figures) -> f64| {
        let sum: f64 = figures.values().map(pick).sum();
        if figures.is_empty() { 0.0 } else { sum * ratio(1, figures.len()) }
    };
    let macro_mean = Figures {
        precision: mean(|f| f.precision),
        recall: mean(|f| f.recall),
        f1: mean(|f| f.f1),
    };
    Evaluation { micro: all.figures(), macro_mean, topics: figures, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<TopicId> {
        names.iter().map(|name| TopicId::from(*name)).collect()
    }

    #[test]
    fn figures_follow_their_definitions() {
        let items = [
            (ids(&["a"]), ids(&["a"])),
            (ids(&["a"]), ids(&["a", "b"])),
            (ids(&["a", "b"]), ids(&["b"])),
            (ids(&[]), ids(&["a"])),
        ];
        let result = evaluate(
            &ids(&["a", "b"]),
            items.iter().map(|(labels, predicted)| (&labels[..], &predicted[..])),
        );
        let close = |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{left} {right}");
        let a = result.topics[&TopicId::from("a")];
        let b = result.topics[&TopicId::from("b")];
        close(a.precision, 2.0 / 3.0);
        close(a.recall, 2.0 / 3.0);
        close(b.precision, 0.5);
        close(b.recall, 1.0);
        close(b.f1, 2.0 / 3.0);
        close(result.micro.precision, 3.0 / 5.0);
        close(result.micro.recall, 3.0 / 4.0);
        close(result.macro_mean.f1, 2.0 / 3.0);
    }

    #[test]
    fn a_topic_that_never_occurs_is_perfect_until_it_is_predicted() {
        let perfect = evaluate(&ids(&["a"]), [(&[][..], &[][..])]);
        assert_eq!(
            perfect.topics[&TopicId::from("a")],
            Figures { precision: 1.0, recall: 1.0, f1: 1.0 }
        );
        let predicted = ids(&["a"]);
        let wrong = evaluate(&ids(&["a"]), [(&[][..], &predicted[..])]);
        assert_eq!(wrong.topics[&TopicId::from("a")], Figures::default());
        assert_eq!(evaluate(&[], []).macro_mean, Figures::default());
    }
}
