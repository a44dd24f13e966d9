//! `[[topic]]`: the rules as written, and where each term stands.
//!
//! What a term means is the business of `topic`: its problems name a topic, a
//! list and a place in it, and [`TermPlaces`] turns that into a line of a file.

use super::{Config, take_id};
use crate::model::{Place, Problem, Reader, TopicId, TopicRules};
use crate::topic::{self, Tagger};

/// Where the terms of one topic were written.
#[derive(Debug, Clone, PartialEq)]
pub struct TermPlaces {
    /// Where the topic begins.
    pub topic: Place,
    strong: Vec<Place>,
    weak: Vec<Place>,
    context: Vec<Place>,
    never: Vec<Place>,
}

impl TermPlaces {
    /// The place of a term: its list (`strong`, `weak`, `context`, `never`) and
    /// its index there; where the topic begins if there is none.
    pub fn of(&self, list: &str, index: usize) -> &Place {
        let places = match list {
            "strong" => &self.strong,
            "weak" => &self.weak,
            "context" => &self.context,
            _ => &self.never,
        };
        places.get(index).unwrap_or(&self.topic)
    }
}

impl Config {
    /// Version of what decides on topics: the rules, and what sources give.
    pub fn topics_version(&self) -> String {
        let settings = self.sources.iter().map(|source| &source.settings);
        topic::version(
            &self.topics,
            settings.map(|settings| (&settings.id, settings.topics.as_slice())),
        )
    }
}

pub(super) fn read(root: &mut Reader<'_>) -> (Vec<TopicRules>, Vec<TermPlaces>) {
    let mut taken = Vec::new();
    let mut topics = Vec::new();
    let mut places = Vec::new();
    for table in root.tables("topic") {
        let mut reader = root.inner(table, "topic");
        let id = take_id(&mut reader, "topic", &mut taken);
        let title = reader.required_text("title");
        let threshold = reader.number("threshold").unwrap_or(3.0);
        if !(threshold > 0.0 && threshold.is_finite()) {
            reader.problem("threshold", format!("must be more than 0, not {threshold}"));
        }
        let (strong, strong_places) = terms(&mut reader, "strong");
        let (weak, weak_places) = terms(&mut reader, "weak");
        let (context, context_places) = terms(&mut reader, "context");
        let (never, never_places) = terms(&mut reader, "never");
        reader.finish();
        let (Some(id), Some(title)) = (id, title) else { continue };
        topics.push(TopicRules {
            id: Some(TopicId::new(id)),
            title,
            threshold,
            strong,
            weak,
            context,
            never,
        });
        places.push(TermPlaces {
            topic: table.place.clone(),
            strong: strong_places,
            weak: weak_places,
            context: context_places,
            never: never_places,
        });
    }
    (topics, places)
}

/// Makes the rules ready to tag; terms that cannot be read become problems at their places.
pub(super) fn tagger(
    topics: &[TopicRules],
    places: &[TermPlaces],
    problems: &mut Vec<Problem>,
) -> Option<Tagger> {
    let found = match Tagger::new(topics) {
        Ok(tagger) => return Some(tagger),
        Err(found) => found,
    };
    problems.extend(found.into_iter().map(|problem| {
        let rules = topics.get(problem.topic);
        let id = rules.and_then(|rules| rules.id.as_ref()).map_or("", TopicId::as_str);
        Problem {
            place: places.get(problem.topic).map(|at| at.of(problem.list, problem.term).clone()),
            path: format!("topic.{id}.{}", problem.list),
            message: problem.message,
        }
    }));
    None
}

fn terms(reader: &mut Reader<'_>, key: &'static str) -> (Vec<String>, Vec<Place>) {
    reader.texts(key).unwrap_or_default().into_iter().unzip()
}
