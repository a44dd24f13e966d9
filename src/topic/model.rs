//! The second opinion: one weight per bucket and topic, learnt from labelled
//! items, and how its sum becomes points beside those of the rules.
//!
//! The sum is the log-odds of a logistic regression. The points of the model
//! are `per_unit` × log-odds + `offset`, within a bound; they are added to the
//! points of the rules (up to `cap` of these), and from the threshold on the
//! item has the topic. More points of the rules, or more log-odds, never take a
//! topic away.

use super::arithmetic::sigmoid;
use super::features::{self, BUCKETS, Features, Word};
use super::folded::Folded;
use crate::model::{Evidence, Field, TopicId};

/// Name of the model's part in evidence.
pub const MODEL: &str = "model";
/// Steps of a weight to either side: one printable character says which.
pub(super) const STEPS: i8 = 46;
/// Words shown for a topic, and words shown against it.
const MOST_WORDS: usize = 5;
/// Shorter words say nothing to a reader, in letters.
const SHORTEST_WORD: usize = 4;
/// Points that a word must be worth to be shown.
const LEAST_POINTS: f64 = 0.05;

/// The model of all its topics.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) topics: Vec<TopicModel>,
    /// For each bucket one weight per topic, in steps.
    pub(super) weights: Vec<i8>,
    pub(super) hash: u64,
}

/// What one topic adds to the shared weights.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TopicModel {
    pub(super) id: TopicId,
    /// Log-odds of a text without any word.
    pub(super) bias: f64,
    /// Log-odds of one step of a weight.
    pub(super) scale: f64,
    pub(super) combination: Combination,
    /// Labelled items it was learnt from that have the topic.
    pub(super) examples: usize,
}

/// How the two opinions become one decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combination {
    /// Points of the rules beyond this say nothing more.
    pub cap: f64,
    /// Points per unit of the model's log-odds; not negative.
    pub per_unit: f64,
    /// Points of log-odds 0.
    pub offset: f64,
}

impl Combination {
    /// What the model may add or take at most, in points.
    pub const MOST: f64 = 12.0;

    /// Returns the points of these log-odds.
    pub fn points(&self, log_odds: f64) -> f64 {
        (self.per_unit * log_odds + self.offset).clamp(-Self::MOST, Self::MOST)
    }
}

/// What the model makes of an item for one topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinion {
    /// Probability of the topic by the words alone, from 0 to 1.
    pub probability: f64,
    /// Points it adds to those of the rules, or takes from them.
    pub points: f64,
    /// The words that speak most for the topic; their weights are points.
    pub speaks_for: Vec<Evidence>,
    /// The words that speak most against it; their weights are negative.
    pub speaks_against: Vec<Evidence>,
}

/// An item as the model has read it.
#[derive(Debug)]
pub(super) struct ModelReading {
    title: Folded,
    text: Folded,
    title_words: Vec<Word>,
    text_words: Vec<Word>,
    features: Features,
    /// Log-odds per topic of the model.
    log_odds: Vec<f64>,
}

impl ModelReading {
    pub(super) fn features(&self) -> &Features {
        &self.features
    }
}

impl Model {
    /// Returns the topics it knows, in its own order.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        self.topics.iter().map(|topic| &topic.id)
    }

    /// Returns how the topic's two opinions are put together; none if it is unknown.
    pub fn combination(&self, topic: &TopicId) -> Option<Combination> {
        self.topics.iter().find(|known| known.id == *topic).map(|known| known.combination)
    }

    /// Returns a hash of all that decides; it is part of the version of the rules.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn index(&self, topic: &TopicId) -> Option<usize> {
        self.topics.iter().position(|known| known.id == *topic)
    }

    pub(super) fn read(&self, title: Folded, text: Folded) -> ModelReading {
        let (title_words, text_words) = (features::words(&title), features::words(&text));
        let features = Features::of([(&title, &title_words[..]), (&text, &text_words[..])]);
        let log_odds = self.log_odds(&features);
        ModelReading { title, text, title_words, text_words, features, log_odds }
    }

    pub(super) fn log_odds(&self, features: &Features) -> Vec<f64> {
        let width = self.topics.len();
        let mut sums = vec![0.0_f32; width];
        for &(bucket, value) in &features.values {
            let at = bucket as usize * width;
            for (sum, weight) in sums.iter_mut().zip(&self.weights[at..at + width]) {
                *sum += value * f32::from(*weight);
            }
        }
        let of = |(sum, topic): (f32, &TopicModel)| topic.bias + f64::from(sum) * topic.scale;
        sums.into_iter().zip(&self.topics).map(of).collect()
    }

    /// Returns what it makes of the item for its topic `index`, with the words that
    /// decided, if `with_words`.
    pub(super) fn opinion(
        &self,
        index: usize,
        reading: &ModelReading,
        texts: (&str, &str),
        lead: usize,
        with_words: bool,
    ) -> Opinion {
        let log_odds = reading.log_odds[index];
        let mut opinion = Opinion {
            probability: sigmoid(log_odds),
            points: self.topics[index].combination.points(log_odds),
            speaks_for: Vec::new(),
            speaks_against: Vec::new(),
        };
        if with_words {
            let mut words = self.words(index, reading);
            words.sort_by(|left, right| {
                right.points.abs().total_cmp(&left.points.abs()).then(left.start.cmp(&right.start))
            });
            let evidence = |word: &Weighed| evidence(word, reading, texts, lead);
            let picked = |wanted: fn(f64) -> bool| {
                words.iter().filter(move |word| wanted(word.points)).take(MOST_WORDS)
            };
            opinion.speaks_for =
                picked(|points| points >= LEAST_POINTS).filter_map(evidence).collect();
            opinion.speaks_against =
                picked(|points| points <= -LEAST_POINTS).filter_map(evidence).collect();
        }
        opinion
    }

    /// Returns every word of the item once, where it stands first, with what it and its
    /// letters add in points.
    fn words(&self, index: usize, reading: &ModelReading) -> Vec<Weighed> {
        let topic = &self.topics[index];
        let width = self.topics.len();
        let shares = reading.features.shares();
        let per_step = topic.scale * topic.combination.per_unit;
        let mut known: std::collections::BTreeMap<&[u8], Weighed> =
            std::collections::BTreeMap::new();
        for (in_title, text, words) in [
            (true, &reading.title, &reading.title_words),
            (false, &reading.text, &reading.text_words),
        ] {
            for word in
                words.iter().filter(|word| word.len() >= SHORTEST_WORD || is_capital(text, word))
            {
                let letters = &text.bytes[word.clone()];
                let mut sum = 0.0;
                features::buckets(letters, |bucket| {
                    sum += shares[bucket] * f32::from(self.weights[bucket * width + index]);
                });
                let new = Weighed { in_title, start: word.start, end: word.end, points: 0.0 };
                known.entry(letters).or_insert(new).points += f64::from(sum) * per_step;
            }
        }
        known.into_values().collect()
    }
}

/// A word and what it adds.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    in_title: bool,
    start: usize,
    end: usize,
    points: f64,
}

/// Returns whether a short word is an abbreviation.
fn is_capital(text: &Folded, word: &Word) -> bool {
    word.len() > 1 && text.letters[word.clone()].iter().all(|letter| letter.upper)
}

fn evidence(
    word: &Weighed,
    reading: &ModelReading,
    (title, text): (&str, &str),
    lead: usize,
) -> Option<Evidence> {
    let (folded, stored) =
        if word.in_title { (&reading.title, title) } else { (&reading.text, text) };
    let span = folded.span(word.start, word.end);
    Some(Evidence {
        signal: MODEL.to_owned(),
        field: match (word.in_title, span.0 < lead) {
            (true, _) => Field::Title,
            (false, true) => Field::Lead,
            (false, false) => Field::Body,
        },
        span,
        words: stored.get(span.0..span.1).filter(|words| !words.is_empty())?.to_owned(),
        term: MODEL.to_owned(),
        weight: (word.points * 100.0).round() / 100.0,
    })
}

/// Buckets times topics: what a file must hold.
pub(super) fn size(topics: usize) -> usize {
    BUCKETS * topics
}
