//! A topic, and the words for which an item has it.

use super::{Reader, TopicId};
use crate::model::settings::settings;

settings! {
    /// A topic. Terms are in the term language of amtsbote-topics(5).
    #[derive(PartialEq, Default)]
    pub struct TopicRules in "topic" checked by check {
        /// Stable key: stored items and subscriptions name it.
        id: Option<TopicId>;
        /// Title for readers.
        title: String;
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
    /// The title.
    Title,
    /// The first characters of the text.
    Lead,
    /// The rest of the text; spans count from the beginning of the whole text.
    Body,
    /// One of the source's categories.
    Category,
    /// The source itself gives the topic; the span is empty.
    Source,
}

impl Field {
    /// The word in the database and in `explain --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Lead => "lead",
            Self::Body => "body",
            Self::Category => "category",
            Self::Source => "source",
        }
    }

    /// The field of that word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Title, Self::Lead, Self::Body, Self::Category, Self::Source]
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
