//! An item after the search: which terms stand where, and which of them count.

use super::folded::fold;
use super::matcher::{Hit, Matcher};
use super::{LATER, LEAD_CHARS, List, STRONG, Subject, Topic, WEAK};
use crate::model::{Evidence, Field};
use crate::text;

/// Places of one term in one text that are looked at: enough to find one that
/// no better term covers.
const MOST_PLACES: usize = 16;

/// A text of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The title.
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
}

/// The weighed hits of one topic.
#[derive(Debug, Default)]
struct Findings {
    counted: Vec<Found>,
    without_context: Vec<Found>,
    vetoes: Vec<Found>,
}

/// An item after the search.
#[derive(Debug)]
pub struct Reading<'a> {
    /// What was searched.
    pub subject: &'a Subject<'a>,
    /// Bytes of the text that are its lead.
    lead: usize,
    findings: Vec<Findings>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, matcher: &Matcher, topics: &[Topic]) -> Self {
        let lead =
            subject.text.char_indices().nth(LEAD_CHARS).map_or(subject.text.len(), |(at, _)| at);
        let mut places = vec![
            (Place::Title, matcher.hits(&fold(subject.title, &[]))),
            (Place::Text, matcher.hits(&fold(subject.text, &text::furniture_ranges(subject.text)))),
        ];
        for (index, category) in subject.categories.iter().enumerate() {
            places.push((Place::Category(index), matcher.hits(&fold(category, &[]))));
        }
        let findings = topics.iter().map(|topic| findings(topic, &places, lead)).collect();
        Self { subject, lead, findings }
    }

    /// What counts for the topic in the places that a signal reads.
    pub fn evidence(
        &self,
        topic: &Topic,
        signal: &str,
        reads: impl Fn(Place) -> bool,
    ) -> Vec<Evidence> {
        self.of(topic, signal, |findings| &findings.counted, reads)
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

fn findings(topic: &Topic, places: &[(Place, Vec<Hit>)], lead: usize) -> Findings {
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
            let distance = if *place == Place::Text && hit.start >= lead { LATER } else { 1.0 };
            let found = |weight: f64| Found { place: *place, hit: *hit, weight, loose: term.loose };
            match term.list {
                List::Strong if term.decisive => deciding.push(found(topic.threshold.max(STRONG))),
                List::Strong => deciding.push(found(STRONG * distance)),
                List::Weak => deciding.push(found(WEAK * distance)),
                List::Context => has_context = true,
                List::Never => vetoes.push(found(0.0)),
            }
        }
    }
    let chosen = choose(deciding);
    let is_weak = |found: &Found| topic.terms[found.hit.term - terms.start].list == List::Weak;
    let (without_context, counted) =
        chosen.into_iter().partition(|found| !has_context && is_weak(found));
    let mut findings = Findings { counted, without_context, vetoes };
    for found in &mut findings.without_context {
        found.weight = 0.0;
    }
    findings
}

/// Each term once, with its weightiest hit, and each word once.
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
