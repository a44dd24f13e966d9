//! `[[topic]]`: the rules as written, and where each term stands.
//!
//! What a term means is the business of `topic`: its problems name a topic, a
//! list and a place in it, and [`TermPlaces`] turns that into a line of a file.

use super::{Config, take_id};
use crate::model::settings::Settings as _;
use crate::model::{Content, Place, Problem, Reader, TopicId, TopicRules};
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
        let rules = TopicRules::read(&mut reader);
        reader.finish();
        let (Some(_), Some(rules)) = (id, rules) else { continue };
        topics.push(rules);
        let of = |key| match table.get(key).map(|value| &value.content) {
            Some(Content::Array(terms)) => terms.iter().map(|term| term.place.clone()).collect(),
            _ => Vec::new(),
        };
        places.push(TermPlaces {
            topic: table.place.clone(),
            strong: of("strong"),
            weak: of("weak"),
            context: of("context"),
            never: of("never"),
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
            is_doubt: false,
        }
    }));
    None
}
