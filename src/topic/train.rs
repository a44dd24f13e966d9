//! Learning from labelled items: the weights of the model, and how its opinion
//! and that of the rules become one.
//!
//! Nothing here depends on chance, on the order of threads or on the system's
//! mathematics: the same items in the same order give the same model.

use super::Tagger;
use super::arithmetic::{ln, sigmoid};
use super::example::{Example, fold_of};
use super::features::BUCKETS;
use super::model::{Combination, Model, STEPS, TopicModel, size};
use crate::model::TopicId;

/// A topic with fewer labelled items is left to the rules.
pub const FEWEST_EXAMPLES: usize = 8;
/// How strongly a labelled item pulls at the weights; more fits closer.
const COST: f64 = 5.0;
/// Rounds over all items; more changed no decision.
const ROUNDS: usize = 12;
/// Parts for the figures from which the combination is learnt.
const INNER_FOLDS: usize = 5;
/// Points of the rules beyond this say nothing more.
const CAP: f64 = 9.0;

/// Learns a model of all topics that have enough examples.
pub fn train(tagger: &Tagger, examples: &[Example]) -> Model {
    let all: Vec<&Example> = examples.iter().collect();
    let ids: Vec<TopicId> = tagger.topics().cloned().collect();
    Learnt::from(&all, ids.len()).model(&ids)
}

/// What was learnt for each topic of the tagger; nothing for those with too few examples.
pub(super) struct Learnt {
    topics: Vec<Option<LearntTopic>>,
}

pub(super) struct LearntTopic {
    weights: Vec<f32>,
    bias: f64,
    examples: usize,
    combination: Combination,
    /// Log-odds from which the model alone would give the topic.
    pub(super) alone: f64,
}

impl Learnt {
    pub(super) fn from(examples: &[&Example], width: usize) -> Self {
        let learnable: Vec<bool> =
            (0..width).map(|topic| positives(examples, topic) >= FEWEST_EXAMPLES).collect();
        let outside = log_odds_out_of_fold(examples, &learnable);
        let rows = Rows::of(examples);
        let topics = (0..width)
            .map(|topic| {
                learnable[topic].then(|| {
                    let (weights, bias) = rows.fit(&labels(examples, topic));
                    let outside: Vec<f64> = outside.iter().map(|odds| odds[topic]).collect();
                    LearntTopic {
                        weights,
                        bias,
                        examples: positives(examples, topic),
                        combination: combine(examples, topic, &outside),
                        alone: best_threshold(&outside, &labels(examples, topic), 1.0),
                    }
                })
            })
            .collect();
        Self { topics }
    }

    /// Returns the log-odds from which the model alone would give each topic.
    pub(super) fn alone(&self, topic: usize) -> Option<f64> {
        self.topics[topic].as_ref().map(|learnt| learnt.alone)
    }

    /// Returns the model as it is written to the file, weights in steps.
    pub(super) fn model(&self, ids: &[TopicId]) -> Model {
        let learnt: Vec<(&TopicId, &LearntTopic)> = ids
            .iter()
            .zip(&self.topics)
            .filter_map(|(id, learnt)| Some((id, learnt.as_ref()?)))
            .collect();
        let width = learnt.len();
        let mut weights = vec![0; size(width)];
        let mut topics = Vec::with_capacity(width);
        for (index, (id, learnt)) in learnt.iter().enumerate() {
            let largest =
                learnt.weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
            let scale = f64::from(largest) / f64::from(STEPS);
            for (bucket, weight) in learnt.weights.iter().enumerate() {
                weights[bucket * width + index] = step(f64::from(*weight), scale);
            }
            topics.push(TopicModel {
                id: (*id).clone(),
                bias: rounded(learnt.bias),
                scale,
                combination: learnt.combination,
                examples: learnt.examples,
            });
        }
        let mut model = Model { topics, weights, hash: 0 };
        // The hash is that of the file, so that a model just made equals the one read again.
        model.hash = Model::parse(model.to_text().as_bytes()).map_or(0, |read| read.hash());
        model
    }
}

/// Returns the step nearest to a weight.
fn step(weight: f64, scale: f64) -> i8 {
    if scale <= 0.0 {
        return 0;
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the steps there are")]
    let step = (weight / scale).round().clamp(-f64::from(STEPS), f64::from(STEPS)) as i8;
    step
}

fn rounded(figure: f64) -> f64 {
    (figure * 1e4).round() / 1e4
}

fn labels(examples: &[&Example], topic: usize) -> Vec<bool> {
    examples.iter().map(|example| example.labels[topic]).collect()
}

fn positives(examples: &[&Example], topic: usize) -> usize {
    examples.iter().filter(|example| example.labels[topic]).count()
}

/// Returns the log-odds of each example by a model that has not seen its group.
fn log_odds_out_of_fold(examples: &[&Example], learnable: &[bool]) -> Vec<Vec<f64>> {
    let mut outside = vec![vec![0.0; learnable.len()]; examples.len()];
    for fold in 0..INNER_FOLDS {
        let inside = |example: &Example| fold_of(example.group, INNER_FOLDS) != fold;
        let seen: Vec<&Example> =
            examples.iter().copied().filter(|example| inside(example)).collect();
        let rows = Rows::of(&seen);
        for topic in (0..learnable.len()).filter(|&topic| learnable[topic]) {
            let (weights, bias) = rows.fit(&labels(&seen, topic));
            for (example, odds) in examples.iter().zip(&mut outside) {
                if !inside(example) {
                    odds[topic] = bias + dot(&example.features.values, &weights);
                }
            }
        }
    }
    outside
}

fn dot(values: &[(u32, f32)], weights: &[f32]) -> f64 {
    let mut sum = 0.0_f32;
    for &(bucket, value) in values {
        sum += value * weights[bucket as usize];
    }
    f64::from(sum)
}

/// The features of examples, rare buckets raised.
struct Rows {
    rows: Vec<Vec<(u32, f32)>>,
    /// By how much each bucket is raised.
    rarity: Vec<f32>,
}

impl Rows {
    fn of(examples: &[&Example]) -> Self {
        let mut holders = vec![0_u32; BUCKETS];
        for example in examples {
            for (bucket, _) in &example.features.values {
                holders[*bucket as usize] += 1;
            }
        }
        let count = u32::try_from(examples.len()).unwrap_or(u32::MAX);
        // The same few numbers come again and again.
        let logarithms: Vec<f64> = (0..=count).map(|holders| ln(f64::from(1 + holders))).collect();
        let all = logarithms[count as usize];
        #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more digits")]
        let rarity: Vec<f32> = holders
            .iter()
            .map(|holders| (all - logarithms[*holders as usize] + 1.0) as f32)
            .collect();
        let raised = |example: &&Example| {
            let raise = |&(bucket, value): &(u32, f32)| (bucket, value * rarity[bucket as usize]);
            example.features.values.iter().map(raise).collect()
        };
        let rows = examples.iter().map(raised).collect();
        Self { rows, rarity }
    }

    /// Fits a logistic regression by coordinate ascent in the dual (Yu, Huang, Lin
    /// 2011): for each example in turn the one multiplier is found that is best
    /// while the others stay. Returns the weights and the bias.
    fn fit(&self, labels: &[bool]) -> (Vec<f32>, f64) {
        let mut weights = vec![0.0_f32; BUCKETS];
        let mut bias = 0.0_f64;
        let mut multipliers = vec![0.0_f64; self.rows.len()];
        let squares: Vec<f64> = self
            .rows
            .iter()
            .map(|row| 1.0 + row.iter().map(|(_, value)| f64::from(value * value)).sum::<f64>())
            .collect();
        for _ in 0..ROUNDS {
            for (index, row) in self.rows.iter().enumerate() {
                let sign = if labels[index] { 1.0 } else { -1.0 };
                let margin = sign * (bias + dot(row, &weights));
                let old = multipliers[index];
                let new = COST * sigmoid(best_step(margin, squares[index], old));
                multipliers[index] = new;
                let change = sign * (new - old);
                bias += change;
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a weight needs no more digits"
                )]
                let change = change as f32;
                for &(bucket, value) in row {
                    weights[bucket as usize] += change * value;
                }
            }
        }
        for (weight, rarity) in weights.iter_mut().zip(&self.rarity) {
            *weight *= rarity;
        }
        (weights, bias)
    }
}

/// Solves u + q·(C·σ(u) − old) + margin = 0, which is increasing in u, by Newton's method.
fn best_step(margin: f64, square: f64, old: f64) -> f64 {
    let (mut low, mut high) = (-margin - square * (COST - old), square * old - margin);
    let mut u = (-margin).clamp(low, high);
    for _ in 0..20 {
        let share = sigmoid(u);
        let value = u + square * (COST * share - old) + margin;
        if value.abs() < 1e-6 {
            break;
        }
        if value > 0.0 {
            high = u;
        } else {
            low = u;
        }
        let next = u - value / (1.0 + square * COST * share * (1.0 - share));
        u = if next > low && next < high { next } else { f64::midpoint(low, high) };
    }
    u
}

/// Learns how the points of the rules and the log-odds of the model, both of
/// which had not seen the example, become one decision.
fn combine(examples: &[&Example], topic: usize, outside: &[f64]) -> Combination {
    let labels = labels(examples, topic);
    let threshold =
        examples.first().map_or(super::DEFAULT_THRESHOLD, |example| example.rules[topic].threshold);
    let points: Vec<f64> = examples
        .iter()
        .map(|example| example.rules[topic].points.min(CAP.max(threshold)))
        .collect();
    let [of_rules, of_model, of_both] = regression(&points, outside, &labels);
    let sums: Vec<f64> = points
        .iter()
        .zip(outside)
        .map(|(points, odds)| of_rules * points + of_model * odds + of_both)
        .collect();
    let cut = best_threshold(&sums, &labels, 1.0);
    // rules·a + model·b + c ≥ cut, told in points of the rules: both sides divided by a.
    Combination {
        cap: CAP.max(threshold),
        per_unit: rounded(of_model / of_rules),
        offset: rounded((of_both - cut) / of_rules + threshold),
    }
}

/// Fits a logistic regression over two figures and a constant by Newton's method;
/// neither figure may count against a topic.
fn regression(points: &[f64], odds: &[f64], labels: &[bool]) -> [f64; 3] {
    /// The least that a point of the rules must count, so that points stay a measure.
    const LEAST: f64 = 0.05;
    /// Pulls towards zero, against a perfect separation of few examples.
    const RIDGE: f64 = 0.1;
    let mut found = [0.3_f64, 0.5, -1.0];
    for _ in 0..30 {
        let mut slope = [RIDGE * found[0], RIDGE * found[1], 0.0];
        let mut bend = [[RIDGE, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, 1e-9]];
        for ((points, odds), label) in points.iter().zip(odds).zip(labels) {
            let row = [*points, *odds, 1.0];
            let sum: f64 = row.iter().zip(&found).map(|(value, weight)| value * weight).sum();
            let share = sigmoid(sum);
            let miss = share - f64::from(u8::from(*label));
            for (line, value) in row.iter().enumerate() {
                slope[line] += miss * value;
                for (column, other) in row.iter().enumerate() {
                    bend[line][column] += share * (1.0 - share) * value * other;
                }
            }
        }
        let step = solve(bend, slope);
        for (value, step) in found.iter_mut().zip(step) {
            *value -= step.clamp(-2.0, 2.0);
        }
        found[0] = found[0].max(LEAST);
        found[1] = found[1].max(0.0);
    }
    found
}

/// Solves three linear equations by elimination.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> [f64; 3] {
    for pivot in 0..3 {
        let head = if matrix[pivot][pivot].abs() < 1e-12 { 1e-12 } else { matrix[pivot][pivot] };
        let (of_pivot, right_of_pivot) = (matrix[pivot], right[pivot]);
        for line in (0..3).filter(|&line| line != pivot) {
            let factor = matrix[line][pivot] / head;
            for (value, other) in matrix[line].iter_mut().zip(of_pivot) {
                *value -= factor * other;
            }
            right[line] -= factor * right_of_pivot;
        }
    }
    let divided = |line: usize| {
        right[line] / if matrix[line][line].abs() < 1e-12 { 1.0 } else { matrix[line][line] }
    };
    [divided(0), divided(1), divided(2)]
}

/// Returns the sum from which on to say yes, so that F1 is best; each example counts by
/// how surely it lies on its side, so that no single one decides.
fn best_threshold(sums: &[f64], labels: &[bool], width: f64) -> f64 {
    /// Sums further apart than this are on different sides for certain.
    const SOFTNESS: f64 = 0.3;
    let wanted = labels.iter().filter(|label| **label).count();
    let wanted = f64::from(u32::try_from(wanted).unwrap_or(u32::MAX));
    let mut best = (0.0, 0.0);
    for step in -40..=40 {
        let cut = f64::from(step) * 0.05 * width;
        let (mut right, mut given) = (0.0, 0.0);
        for (sum, label) in sums.iter().zip(labels) {
            let share = sigmoid((sum - cut) / SOFTNESS);
            given += share;
            right += if *label { share } else { 0.0 };
        }
        let score = 2.0 * right / (given + wanted).max(1e-9);
        if score > best.0 + 1e-9 {
            best = (score, cut);
        }
    }
    best.1
}
