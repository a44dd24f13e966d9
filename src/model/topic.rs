//! A topic, and the words for which an item has it.

use std::collections::BTreeMap;

use super::{Reader, Timestamp, TopicId};
use crate::model::settings::{Field as Key, Settings, Shown, settings};

settings! {
    /// A topic. Terms are in the term language of amtsbote-topics(5).
    #[derive(PartialEq, Default)]
    pub struct TopicRules in "topic" checked by check {
        /// Stable key: stored items and subscriptions name it.
        id: Option<TopicId>;
        /// Title for readers.
        title: String;
        /// Short name for subjects of mails, such as "OZG"; "" = the title.
        short: String = "";
        /// Score from which an item has the topic. Hits in title and lead count whole, later ones half.
        threshold: f64 = 3.0;
        /// Terms of weight 3.
        strong: Vec<String> = [];
        /// Terms of weight 1, counted only beside a context term.
        weak: Vec<String> = [];
        /// Terms that let weak ones count.
        context: Vec<String> = [];
        /// Terms of which one hit vetoes.
        never: Vec<String> = [];
        ..words: WordLists;
    }
}

settings! {
    /// A list of words that terms use as `@id`. Give as many as you like.
    pub struct WordList in "words" {
        /// Terms name the list by it.
        id: String;
        /// Words and phrases of the term language, without marks.
        terms: Vec<String>;
    }
}

/// The word lists of the config by id: no key of a topic, but known to each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordLists(pub BTreeMap<String, Vec<String>>);

impl Settings for WordLists {
    const PATH: &'static str = "topic";
    const ABOUT: &'static str = "";

    fn fields() -> Vec<Key> {
        Vec::new()
    }

    fn read(_: &mut Reader<'_>) -> Option<Self> {
        Some(Self::default())
    }

    fn shown(&self) -> Vec<Shown> {
        Vec::new()
    }
}

fn check(rules: &mut TopicRules, reader: &mut Reader<'_>) {
    let threshold = rules.threshold;
    if !(threshold > 0.0 && threshold.is_finite()) {
        reader.problem("threshold", format!("must be more than 0, not {threshold}"));
    }
}

/// Where in an item a span lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Title,
    /// The first characters of the text.
    Lead,
    /// The rest of the text; spans count from the beginning of the whole text.
    Body,
    /// One of the source's categories.
    Category,
    /// The source itself gives the topic; the span is empty.
    Source,
    /// The editor gave the topic; the span is empty.
    Editor,
}

impl Field {
    /// Returns the word in the database and in `explain --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Lead => "lead",
            Self::Body => "body",
            Self::Category => "category",
            Self::Source => "source",
            Self::Editor => "editor",
        }
    }

    /// Returns the field of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Title, Self::Lead, Self::Body, Self::Category, Self::Source, Self::Editor]
            .into_iter()
            .find(|field| field.as_str() == word)
    }
}

/// Why an item has a topic: words that decided, and where they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Name of the signal that saw it.
    pub signal: String,
    /// Where.
    pub field: Field,
    /// Bytes of the field: start and end. For `Lead` and `Body` of the item's whole text.
    pub span: (usize, usize),
    /// The words of the span as they stand there.
    pub words: String,
    /// The term of the config.
    pub term: String,
    /// What it added to the score.
    pub weight: f64,
}

/// A topic of an item, with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Tagging {
    /// Which topic.
    pub topic: TopicId,
    /// Sum of the weights.
    pub score: f64,
    /// The reasons, most weighty first.
    pub evidence: Vec<Evidence>,
}

/// The editor's word on one topic of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Which topic.
    pub topic: TopicId,
    /// The item has it, or has it not.
    pub has: bool,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Correction {
    /// Name of the editor's part in evidence.
    pub const SIGNAL: &'static str = "editor";
    /// Score of a topic that the editor gave: it is certain.
    const SCORE: f64 = 100.0;

    /// Returns the taggings as the corrections want them, whatever was found.
    pub fn apply(corrections: &[Self], mut taggings: Vec<Tagging>) -> Vec<Tagging> {
        for correction in corrections {
            taggings.retain(|tagging| tagging.topic != correction.topic);
            if correction.has {
                taggings.push(Tagging {
                    topic: correction.topic.clone(),
                    score: Self::SCORE,
                    evidence: vec![Evidence {
                        signal: Self::SIGNAL.to_owned(),
                        field: Field::Editor,
                        span: (0, 0),
                        words: String::new(),
                        term: correction.reason.clone(),
                        weight: Self::SCORE,
                    }],
                });
            }
        }
        taggings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_wins_over_what_was_found() {
        let found =
            |topic: &str| Tagging { topic: TopicId::from(topic), score: 3.0, evidence: Vec::new() };
        let correction = |topic: &str, has| Correction {
            topic: TopicId::from(topic),
            has,
            reason: "Randthema".to_owned(),
            at: Timestamp(0),
        };
        let corrected = Correction::apply(
            &[correction("a", false), correction("b", true)],
            vec![found("a"), found("c")],
        );
        let topics: Vec<&str> = corrected.iter().map(|tagging| tagging.topic.as_str()).collect();
        assert_eq!(topics, ["c", "b"]);
        assert_eq!(corrected[1].evidence[0].term, "Randthema");
    }
}
