//! An item after the search: which terms stand where, and which of them count.

use std::ops::Range;

use super::features::{Features, words};
use super::folded::{Folded, fold};
use super::matcher::{Hit, Matcher};
use super::model::{Combination, Model, ModelReading, Opinion};
use super::rules::{LATER, LEAD_CHARS, List, PASSING, STRONG, Subject, Topic, WEAK};
use crate::model::{Evidence, Field};
use crate::text::{furniture_ranges, passing};

/// Places of one term in one text that are looked at: enough to find one that
/// no better term covers.
const MOST_PLACES: usize = 16;

/// A text of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    Title,
    /// The text, lead and body.
    Text,
    /// The category of this index.
    Category(usize),
}

/// A term that stands somewhere, weighed.
#[derive(Debug, Clone, Copy)]
struct Found {
    place: Place,
    hit: Hit,
    weight: f64,
    /// Its words do not follow each other.
    loose: bool,
    /// It is enough alone.
    decides: bool,
}

/// The weighed hits of one topic.
#[derive(Debug, Default)]
struct Findings {
    counted: Vec<Found>,
    without_context: Vec<Found>,
    vetoes: Vec<Found>,
}

/// One signal, as the registry lists it.
pub struct Signal {
    /// The word in evidence and documentation.
    pub name: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
    /// What it sees in the item for the topic. The text has been searched by
    /// then, once for all topics; a signal only reads the result.
    pub read: fn(&Topic, &Reading<'_>) -> Vec<Evidence>,
}

/// An item after the search.
#[derive(Debug)]
pub struct Reading<'a> {
    /// What was searched.
    pub subject: &'a Subject<'a>,
    /// Bytes of the text that are its lead.
    lead: usize,
    findings: Vec<Findings>,
    /// What the model has read of it.
    model: Option<(&'a Model, ModelReading)>,
    /// Title and text as they were searched, where no model took them.
    folded: Option<(Folded, Folded)>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        subject: &'a Subject<'a>,
        matcher: &Matcher,
        topics: &[Topic],
        model: Option<&'a Model>,
    ) -> Self {
        let lead =
            subject.text.char_indices().nth(LEAD_CHARS).map_or(subject.text.len(), |(at, _)| at);
        let title = fold(subject.title, &[]);
        let text = fold(subject.text, &furniture_ranges(subject.text));
        let mut places =
            vec![(Place::Title, matcher.hits(&title)), (Place::Text, matcher.hits(&text))];
        for (index, category) in subject.categories.iter().enumerate() {
            places.push((Place::Category(index), matcher.hits(&fold(category, &[]))));
        }
        let weights = Weights { lead, passing: passing(subject.text) };
        let findings = topics.iter().map(|topic| findings(topic, &places, &weights)).collect();
        let (model, folded) = match model {
            Some(model) => (Some((model, model.read(title, text))), None),
            None => (None, Some((title, text))),
        };
        Self { subject, lead, findings, model, folded }
    }

    /// Returns what counts for the topic in the places that a signal reads.
    pub fn evidence(
        &self,
        topic: &Topic,
        signal: &str,
        reads: impl Fn(Place) -> bool,
    ) -> Vec<Evidence> {
        self.of(topic, signal, |findings| &findings.counted, reads)
    }

    /// Returns whether a term with `!` stands where it decides.
    pub(super) fn is_decided(&self, topic: &Topic) -> bool {
        self.findings
            .get(topic.index)
            .is_some_and(|findings| findings.counted.iter().any(|found| found.decides))
    }

    /// Returns the model's opinion on the topic, if there is one that knows it.
    pub(super) fn opinion(&self, topic: &Topic, with_words: bool) -> Option<Opinion> {
        let (model, reading) = self.model.as_ref()?;
        let texts = (self.subject.title, self.subject.text);
        Some(model.opinion(topic.in_model?, reading, texts, self.lead, with_words))
    }

    /// Returns how the topic's two opinions are put together.
    pub(super) fn combination(&self, topic: &Topic) -> Option<Combination> {
        self.model.as_ref()?.0.combination(&topic.id)
    }

    /// Returns what a model would read; for training.
    pub(super) fn features(&self) -> Features {
        match (&self.folded, &self.model) {
            (Some((title, text)), _) => {
                Features::of([(title, &words(title)[..]), (text, &words(text)[..])])
            }
            (None, Some((_, reading))) => reading.features().clone(),
            (None, None) => Features::of([]),
        }
    }

    pub(super) fn without_context(&self, topic: &Topic) -> Vec<Evidence> {
        self.of(topic, List::Weak.name(), |findings| &findings.without_context, |_| true)
    }

    pub(super) fn vetoes(&self, topic: &Topic) -> Vec<Evidence> {
        self.of(topic, List::Never.name(), |findings| &findings.vetoes, |_| true)
    }

    fn of(
        &self,
        topic: &Topic,
        signal: &str,
        pick: fn(&Findings) -> &Vec<Found>,
        reads: impl Fn(Place) -> bool,
    ) -> Vec<Evidence> {
        let Some(findings) = self.findings.get(topic.index) else { return Vec::new() };
        pick(findings)
            .iter()
            .filter(|found| reads(found.place))
            .filter_map(|found| {
                let (field, text) = match found.place {
                    Place::Title => (Field::Title, self.subject.title),
                    Place::Text if found.hit.start < self.lead => (Field::Lead, self.subject.text),
                    Place::Text => (Field::Body, self.subject.text),
                    Place::Category(index) => {
                        (Field::Category, self.subject.categories.get(index)?.as_str())
                    }
                };
                Some(Evidence {
                    signal: signal.to_owned(),
                    field,
                    span: (found.hit.start, found.hit.end),
                    words: text.get(found.hit.start..found.hit.end)?.to_owned(),
                    term: topic.terms.get(found.hit.term - topic.first_term)?.written.clone(),
                    weight: found.weight,
                })
            })
            .collect()
    }
}

/// What a hit is worth by where it stands.
struct Weights {
    /// Bytes of the text that are its lead.
    lead: usize,
    /// Passages that mention rather than tell, ascending.
    passing: Vec<Range<usize>>,
}

impl Weights {
    fn of(&self, place: Place, at: usize) -> f64 {
        if place != Place::Text {
            return 1.0;
        }
        let distance = if at < self.lead { 1.0 } else { LATER };
        let next = self.passing.partition_point(|range| range.end <= at);
        let passing = self.passing.get(next).is_some_and(|range| range.contains(&at));
        distance * if passing { PASSING } else { 1.0 }
    }
}

fn findings(topic: &Topic, places: &[(Place, Vec<Hit>)], weights: &Weights) -> Findings {
    let terms = topic.first_term..topic.first_term + topic.terms.len();
    let mut deciding = Vec::new();
    let mut vetoes = Vec::new();
    let mut has_context = !topic.has_context;
    for (place, hits) in places {
        let first = hits.partition_point(|hit| hit.term < terms.start);
        let mut previous = None;
        let mut seen = 0;
        for hit in hits[first..].iter().take_while(|hit| hit.term < terms.end) {
            seen = if previous == Some(hit.term) { seen + 1 } else { 0 };
            previous = Some(hit.term);
            if seen >= MOST_PLACES {
                continue;
            }
            let term = &topic.terms[hit.term - terms.start];
            let factor = weights.of(*place, hit.start);
            let decides = term.decisive && factor >= 1.0;
            let weight = match term.list {
                List::Strong if decides => topic.threshold.max(STRONG),
                List::Strong if term.names_sender && *place != Place::Title => WEAK * factor,
                List::Strong => STRONG * factor,
                List::Weak => WEAK * factor,
                List::Context => {
                    has_context = true;
                    continue;
                }
                List::Never => 0.0,
            };
            let found = Found { place: *place, hit: *hit, weight, loose: term.loose, decides };
            if term.list == List::Never { vetoes.push(found) } else { deciding.push(found) }
        }
    }
    let chosen = choose(deciding);
    let needs_context = |found: &Found| topic.terms[found.hit.term - terms.start].needs_context;
    let (without_context, counted) =
        chosen.into_iter().partition(|found| !has_context && needs_context(found));
    let mut findings = Findings { counted, without_context, vetoes };
    for found in &mut findings.without_context {
        found.weight = 0.0;
    }
    findings
}

/// Returns each term once, with its weightiest hit, and each word once.
///
/// Where one hit lies within another, the longer decides although it may weigh
/// less: with `OZG` strong and `OZG-Newsletter` weak, a newsletter is a weak
/// hint. Of hits in the very same words the weightier counts.
fn choose(mut deciding: Vec<Found>) -> Vec<Found> {
    deciding.sort_by(|left, right| {
        (left.place, left.hit.start, right.hit.end)
            .cmp(&(right.place, right.hit.start, left.hit.end))
            .then(right.weight.total_cmp(&left.weight))
            .then(left.hit.term.cmp(&right.hit.term))
    });
    let mut reach: Option<(Place, usize)> = None;
    deciding.retain(|found| {
        let covered =
            reach.is_some_and(|(place, end)| place == found.place && found.hit.end <= end);
        // Two words in one sentence do not swallow what stands between them.
        if !covered && !found.loose {
            reach = Some((found.place, found.hit.end));
        }
        !covered
    });
    deciding.sort_by(|left, right| {
        let length = |found: &Found| found.hit.end - found.hit.start;
        right.weight.total_cmp(&left.weight).then_with(|| length(right).cmp(&length(left)))
    });
    let mut chosen: Vec<Found> = Vec::new();
    for found in deciding {
        let taken = chosen.iter().any(|other| {
            other.hit.term == found.hit.term
                || (other.place == found.place
                    && other.hit.start < found.hit.end
                    && found.hit.start < other.hit.end)
        });
        if !taken {
            chosen.push(found);
        }
    }
    chosen
}
