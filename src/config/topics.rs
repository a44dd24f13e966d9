//! `[[topic]]`: the rules as written, and where each term stands.
//!
//! What a term means is the business of `topic`: its problems name a topic, a
//! list and a place in it, and [`TermPlaces`] turns that into a line of a file.

use std::sync::Arc;

use super::checks::take_id;
use crate::model::settings::Settings as _;
use crate::model::{Content, Place, Problem, Reader, TopicId, TopicRules, WordList, WordLists};
use crate::topic::{Model, Tagger};

/// The file of the model of topics, beside `topics.toml`.
pub const MODEL_FILE: &str = "topics.model";

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
    /// Returns the place of a term: its list (`strong`, `weak`, `context`, `never`) and
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

pub(super) fn read(root: &mut Reader<'_>) -> (Vec<TopicRules>, Vec<TermPlaces>) {
    let words = word_lists(root);
    let mut taken = Vec::new();
    let mut topics = Vec::new();
    let mut places = Vec::new();
    for table in root.tables("topic") {
        let mut reader = root.inner(table, "topic");
        let id = take_id(&mut reader, "topic", &mut taken);
        let rules = TopicRules::read(&mut reader);
        reader.finish();
        let (Some(_), Some(rules)) = (id, rules) else { continue };
        topics.push(TopicRules { words: words.clone(), ..rules });
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

/// Reads the model beside `topics.toml`. Without the file the rules decide alone;
/// a file that is broken or made for other topics is a problem, never left out.
pub(super) fn model(
    read: Option<(Arc<str>, Vec<u8>)>,
    topics: &[TopicRules],
    problems: &mut Vec<Problem>,
) -> Option<Model> {
    let (file, bytes) = read?;
    let mut report = |line: usize, message: String| {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let place = Place { file: Arc::clone(&file), line, column: 1 };
        problems.push(Problem {
            place: Some(place),
            path: MODEL_FILE.to_owned(),
            message,
            is_doubt: false,
        });
    };
    let model = match Model::parse(&bytes) {
        Ok(model) => model,
        Err(error) => {
            report(error.line, error.message);
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    for id in model.topics() {
        if !topics.iter().any(|topic| topic.id.as_ref() == Some(id)) {
            let line = text.lines().position(|line| line == format!("topic {id}")).unwrap_or(0) + 1;
            report(
                line,
                format!(
                    "the model knows the topic `{id}`, which the config has not; make one for your topics with `amtsbote topic train`, or remove the file"
                ),
            );
        }
    }
    Some(model)
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

/// Returns the lists of `[[words]]`, by id.
fn word_lists(root: &mut Reader<'_>) -> WordLists {
    let mut taken = Vec::new();
    let mut lists = WordLists::default();
    for table in root.tables("words") {
        let mut reader = root.inner(table, "words");
        let id = take_id(&mut reader, "words", &mut taken);
        let list = WordList::read(&mut reader);
        if list.as_ref().is_some_and(|list| list.terms.is_empty()) {
            reader.problem("terms", "a word list needs words");
        }
        reader.finish();
        lists.0.extend(id.zip(list).map(|(id, list)| (id, list.terms)));
    }
    lists
}
