//! `Item` + topics → taggings, each with its evidence.
//!
//! The terms of all topics are looked for in one pass per text; then each
//! signal reads, topic by topic, what was found. What counts as a hit is the
//! term language's matter (`term`, `matcher`), what is not the item's own
//! words that of `text::furniture_ranges`, what a hit weighs is decided here.
//!
//! Beside the rules a small model may speak (`model`, `features`), which `train`
//! learns from labelled items; `folds` measures both on items they have not seen.
//!
//! Whatever is tagged can be proved: every span of evidence cuts its words out
//! of the stored title, text or category.

pub mod evaluate;
pub mod signal;

mod arithmetic;
mod example;
mod features;
mod folded;
mod folds;
mod keywords;
mod labelled;
mod matcher;
mod model;
mod model_file;
mod reading;
mod rules;
mod suggest;
mod term;
mod train;

use std::fmt::Write as _;

use crate::model::{Evidence, Field, SourceId, Tagging, TopicId, TopicRules};
use crate::text::hash64;
pub use example::Example;
use example::RulesSaid;
pub use folds::{Judged, cross_validate, groups};
pub use keywords::{Keywords, MOST_KEYWORDS, keywords};
pub use labelled::{Labelled, LabelledError, examples};
use matcher::Matcher;
pub use model::{Combination, MODEL, Model, Opinion};
pub use model_file::ModelError;
pub use reading::{Place, Reading};
pub use rules::{
    DEFAULT_THRESHOLD, LATER, LEAD_CHARS, PASSING, STRONG, Subject, TermProblem, Topic, WEAK,
};
use rules::{List, TopicTerm};
use signal::SIGNALS;
pub use suggest::{Suggestion, suggest};
pub use train::{FEWEST_EXAMPLES, train};

/// Goes up when the same rules decide otherwise than before: another weight, a
/// better reading. Stored items are then tagged anew.
const WAY: u8 = 2;

/// Returns a version of what decides: it changes with any term, threshold or topic, with
/// what sources give and with the model, and with nothing else of the config.
/// Titles are for readers and decide nothing.
pub fn version<'a>(
    rules: &[TopicRules],
    model: Option<&Model>,
    given: impl IntoIterator<Item = (&'a SourceId, &'a [TopicId])>,
) -> String {
    let mut said = format!("{WAY}");
    if let Some(model) = model {
        let _ = write!(said, "\nmodel {:016x}", model.hash());
    }
    for rules in rules {
        let TopicRules { id, title: _, short: _, threshold, strong, weak, context, never, words } =
            rules;
        let id = id.as_ref().map(TopicId::as_str);
        // Debug output quotes each text: no two lists can look alike.
        let _ = write!(
            said,
            "\n{id:?} {threshold:?} {strong:?} {weak:?} {context:?} {never:?} {words:?}"
        );
    }
    let mut given: Vec<_> = given.into_iter().filter(|(_, topics)| !topics.is_empty()).collect();
    given.sort();
    for (source, topics) in given {
        let _ = write!(said, "\n{:?} {topics:?}", source.as_str());
    }
    format!("{:016x}", hash64(said.as_bytes()))
}

/// What became of a topic for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The item has it.
    Tagged,
    /// Some evidence, too little.
    BelowThreshold,
    /// Nothing counted.
    NoEvidence,
    /// It would have been enough, but a `never` term stands there.
    Vetoed,
}

impl Outcome {
    /// Returns the word in `explain --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tagged => "tagged",
            Self::BelowThreshold => "below-threshold",
            Self::NoEvidence => "no-evidence",
            Self::Vetoed => "vetoed",
        }
    }
}

/// A topic weighed for an item, with the reasons for and against.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    /// Which topic.
    pub topic: TopicId,
    /// What became of it.
    pub outcome: Outcome,
    /// Points of the rules and of the model.
    pub score: f64,
    /// What it had to reach.
    pub threshold: f64,
    /// Points of the rules: the sum of the weights of `evidence`.
    pub points: f64,
    /// What the model adds or takes; none if it does not know the topic.
    pub opinion: Option<Opinion>,
    /// What counted among the rules, most weighty first.
    pub evidence: Vec<Evidence>,
    /// Terms that did not count since no context term stands there; weight 0.
    pub without_context: Vec<Evidence>,
    /// Hits of `never` terms; weight 0.
    pub vetoes: Vec<Evidence>,
}

impl Considered {
    /// Returns what is missing to the threshold; 0 if nothing is.
    pub fn missing(&self) -> f64 {
        (self.threshold - self.score).max(0.0)
    }

    /// Returns what decided, as it is kept beside a tagging: the evidence of the rules,
    /// then the words of the model for and against.
    fn reasons(self) -> Vec<Evidence> {
        let words = self
            .opinion
            .into_iter()
            .flat_map(|opinion| opinion.speaks_for.into_iter().chain(opinion.speaks_against));
        self.evidence.into_iter().chain(words).collect()
    }
}

/// The topics of the config, ready to tag items.
#[derive(Debug)]
pub struct Tagger {
    topics: Vec<Topic>,
    matcher: Matcher,
    model: Option<Model>,
}

impl Tagger {
    /// Reads the terms of all topics.
    ///
    /// # Errors
    /// Every term that is empty, matches everything, or stands twice among
    /// those of one topic that decide (`strong`, `weak`, `never`).
    pub fn new(rules: &[TopicRules]) -> Result<Self, Vec<TermProblem>> {
        let mut problems = Vec::new();
        let mut topics = Vec::new();
        let mut terms = Vec::new();
        for (index, rules) in rules.iter().enumerate() {
            let first_term = terms.len();
            let mut texts: Vec<TopicTerm> = Vec::new();
            for list in List::ALL {
                for (place, text) in list.of(rules).iter().enumerate() {
                    let mut report = |message| {
                        problems.push(TermProblem {
                            topic: index,
                            list: list.name(),
                            term: place,
                            message,
                        });
                    };
                    match term::parse(text, &rules.words) {
                        Err(message) => report(message),
                        Ok(term) => {
                            if list != List::Strong && term.is_marked() {
                                report(format!(
                                    "`{text}` ends in a mark (`!`, `?`, `^`) that is for `strong` only"
                                ));
                            }
                            let deciding = |list| list != List::Context;
                            let twin =
                                texts.iter().zip(&terms[first_term..]).find(|(other, known)| {
                                    **known == term.sides
                                        && (other.list == list
                                            || (deciding(other.list) && deciding(list)))
                                });
                            if let Some((other, _)) = twin {
                                report(format!(
                                    "`{text}` means the same as `{}` in `{}`",
                                    other.written,
                                    other.list.name()
                                ));
                            }
                            texts.push(TopicTerm {
                                list,
                                written: text.clone(),
                                decisive: term.decisive,
                                needs_context: list == List::Weak || term.needs_context,
                                names_sender: term.names_sender,
                                loose: term.sides.len() > 1,
                            });
                            terms.push(term.sides);
                        }
                    }
                }
            }
            topics.push(Topic {
                id: rules.id.clone().unwrap_or_else(|| TopicId::from("")),
                threshold: if rules.threshold > 0.0 { rules.threshold } else { DEFAULT_THRESHOLD },
                index,
                first_term,
                has_context: texts.iter().any(|term| term.list == List::Context),
                in_model: None,
                terms: texts,
            });
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let matcher = Matcher::new(&terms).map_err(|error| {
            vec![TermProblem {
                topic: 0,
                list: List::Strong.name(),
                term: 0,
                message: format!("too many terms: {error}"),
            }]
        })?;
        Ok(Self { topics, matcher, model: None })
    }

    /// Returns the ids of the topics, in the order of the config.
    pub fn topics(&self) -> impl Iterator<Item = &TopicId> {
        self.topics.iter().map(|topic| &topic.id)
    }

    /// Returns the same topics with a second opinion beside the rules.
    #[must_use]
    pub fn with_model(self, model: Option<Model>) -> Self {
        let mut topics = self.topics;
        for topic in &mut topics {
            topic.in_model = model.as_ref().and_then(|model| model.index(&topic.id));
        }
        Self { topics, matcher: self.matcher, model }
    }

    /// Returns the second opinion.
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// Returns the topics the item has, in the order of the config.
    pub fn tag(&self, subject: &Subject<'_>) -> Vec<Tagging> {
        let reading = Reading::new(subject, &self.matcher, &self.topics, self.model.as_ref());
        self.topics
            .iter()
            .map(|topic| consider(topic, &reading, Detail::IfTagged))
            .filter(|considered| considered.outcome == Outcome::Tagged)
            .map(|considered| Tagging {
                topic: considered.topic.clone(),
                score: considered.score,
                evidence: considered.reasons(),
            })
            .collect()
    }

    /// Returns the topics that the rules alone would give.
    pub fn by_rules(&self, subject: &Subject<'_>) -> Vec<TopicId> {
        let reading = Reading::new(subject, &self.matcher, &self.topics, None);
        let considered =
            self.topics.iter().map(|topic| consider(topic, &reading, Detail::IfTagged));
        considered
            .filter(|considered| considered.outcome == Outcome::Tagged)
            .map(|considered| considered.topic)
            .collect()
    }

    /// Returns every topic of the config, and why the item has it or not.
    pub fn explain(&self, subject: &Subject<'_>) -> Vec<Considered> {
        let reading = Reading::new(subject, &self.matcher, &self.topics, self.model.as_ref());
        self.topics.iter().map(|topic| consider(topic, &reading, Detail::Always)).collect()
    }

    /// Reads a labelled item for training; `group` is shared by its reprints.
    pub fn example(&self, subject: &Subject<'_>, labels: &[TopicId], group: usize) -> Example {
        let reading = Reading::new(subject, &self.matcher, &self.topics, None);
        let rules = self.topics.iter().map(|topic| {
            let considered = consider(topic, &reading, Detail::IfTagged);
            RulesSaid {
                points: considered.points,
                threshold: topic.threshold,
                // Not only where the rules would have given it: the model may.
                vetoed: !considered.vetoes.is_empty() && !is_given(&considered.evidence),
                decided: is_decided(topic, &reading, &considered.evidence),
            }
        });
        Example {
            rules: rules.collect(),
            labels: self.topics.iter().map(|topic| labels.contains(&topic.id)).collect(),
            features: reading.features(),
            group,
        }
    }
}

/// Whether the words of the model are looked up, which takes a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Detail {
    Always,
    IfTagged,
}

/// Returns whether a term decides alone, or the admin gave the topic to the whole source:
/// then the model may add to the rules but takes nothing away.
fn is_decided(topic: &Topic, reading: &Reading<'_>, evidence: &[Evidence]) -> bool {
    reading.is_decided(topic) || is_given(evidence)
}

fn is_given(evidence: &[Evidence]) -> bool {
    evidence.iter().any(|evidence| evidence.field == Field::Source)
}

fn consider(topic: &Topic, reading: &Reading<'_>, detail: Detail) -> Considered {
    let mut evidence: Vec<Evidence> =
        SIGNALS.iter().flat_map(|signal| (signal.read)(topic, reading)).collect();
    evidence.sort_by(|left, right| {
        right
            .weight
            .total_cmp(&left.weight)
            .then(left.field.cmp(&right.field))
            .then(left.span.cmp(&right.span))
    });
    let points: f64 = evidence.iter().fold(0.0, |sum, evidence| sum + evidence.weight);
    let decided = is_decided(topic, reading, &evidence);
    let mut opinion = reading.opinion(topic, detail == Detail::Always);
    if let Some(opinion) = &mut opinion
        && decided
    {
        opinion.points = opinion.points.max(0.0);
    }
    let score = match (&opinion, reading.combination(topic)) {
        (Some(opinion), Some(combination)) => {
            points.min(combination.cap.max(topic.threshold)) + opinion.points
        }
        _ => points,
    };
    let vetoes = reading.vetoes(topic);
    // What the admin gave to the whole source no word in an item takes away.
    let may_have = vetoes.is_empty() || is_given(&evidence);
    let outcome = match (score >= topic.threshold, may_have) {
        (true, true) => Outcome::Tagged,
        (true, false) => Outcome::Vetoed,
        (false, _) if evidence.is_empty() => Outcome::NoEvidence,
        (false, _) => Outcome::BelowThreshold,
    };
    if outcome == Outcome::Tagged && detail == Detail::IfTagged && opinion.is_some() {
        let points = opinion.map_or(0.0, |opinion| opinion.points);
        opinion = reading.opinion(topic, true).map(|opinion| Opinion { points, ..opinion });
    }
    Considered {
        topic: topic.id.clone(),
        outcome,
        score,
        threshold: topic.threshold,
        points,
        opinion,
        evidence,
        without_context: reading.without_context(topic),
        vetoes,
    }
}

#[cfg(test)]
mod tests;
