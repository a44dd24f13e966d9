//! The source's own topics: what it publishes is about them, whatever it says.

use super::Signal;
use crate::model::{Evidence, Field};
use crate::topic::{Reading, Topic};

/// The registry's line.
pub const SIGNAL: Signal =
    Signal { name: "source", summary: "the topics that the config gives to a source", read };

fn read(topic: &Topic, reading: &Reading<'_>) -> Vec<Evidence> {
    if !reading.subject.source_topics.contains(&topic.id) {
        return Vec::new();
    }
    vec![Evidence {
        signal: SIGNAL.name.to_owned(),
        field: Field::Source,
        span: (0, 0),
        words: String::new(),
        term: reading.subject.source.as_str().to_owned(),
        weight: topic.threshold,
    }]
}
