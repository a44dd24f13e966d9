//! A labelled item as training sees it.

use super::features::Features;
use super::model::Combination;

/// A labelled item, read.
#[derive(Debug, Clone)]
pub struct Example {
    pub(super) features: Features,
    /// Per topic of the tagger.
    pub(super) rules: Vec<RulesSaid>,
    /// Per topic of the tagger.
    pub(super) labels: Vec<bool>,
    /// Reprints and series share it, so that no fold knows the answers of another.
    pub(super) group: usize,
}

/// What the rules made of an example for one topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct RulesSaid {
    pub(super) points: f64,
    pub(super) threshold: f64,
    pub(super) vetoed: bool,
    /// A term decides alone, or the source gives the topic.
    pub(super) decided: bool,
}

impl RulesSaid {
    /// Returns whether the item has the topic by the rules alone.
    pub(super) fn alone(self) -> bool {
        !self.vetoed && self.points >= self.threshold
    }

    /// Returns whether it has the topic by both opinions.
    pub(super) fn with(self, combination: Combination, log_odds: f64) -> bool {
        let said = combination.points(log_odds);
        let said = if self.decided { said.max(0.0) } else { said };
        !self.vetoed
            && self.points.min(combination.cap.max(self.threshold)) + said >= self.threshold
    }
}

/// Returns the fold of a group: well mixed, and the same at each run.
pub(super) fn fold_of(group: usize, folds: usize) -> usize {
    let mixed = (group as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
    usize::try_from(mixed % folds.max(1) as u64).unwrap_or(0)
}
