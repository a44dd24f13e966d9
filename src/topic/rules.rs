//! Topics as the config gives them: their terms, what each list is worth, and what is tagged.

use crate::model::{SourceId, TopicId, TopicRules};

/// Weight of a strong term.
pub const STRONG: f64 = 3.0;

/// Weight of a weak term beside a context term.
pub const WEAK: f64 = 1.0;

/// What a hit after the lead is worth of its weight.
pub const LATER: f64 = 0.5;

/// What a hit in passing (a quotation, a list of examples, a portrait of the
/// sender) is worth of its weight.
pub const PASSING: f64 = 0.5;

/// Characters of the text that are its lead.
pub const LEAD_CHARS: usize = 400;

/// Threshold of a topic that names none above zero.
pub const DEFAULT_THRESHOLD: f64 = 3.0;

/// What is tagged.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Title, plain text.
    pub title: &'a str,
    /// Full text, plain.
    pub text: &'a str,
    /// Categories in the source's own words.
    pub categories: &'a [String],
    /// Where it came from.
    pub source: &'a SourceId,
    /// Topics that the config gives to all items of the source.
    pub source_topics: &'a [TopicId],
}

/// A term that cannot be used, for the config to place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TermProblem {
    /// Index in the topics given.
    pub topic: usize,
    /// `strong`, `weak`, `context` or `never`.
    pub list: &'static str,
    /// Index in that list.
    pub term: usize,
    /// What is wrong, lower case, without a full stop.
    pub message: String,
}

/// What a term is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Strong,
    Weak,
    Context,
    Never,
}

impl List {
    pub(super) const ALL: [Self; 4] = [Self::Strong, Self::Weak, Self::Context, Self::Never];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Weak => "weak",
            Self::Context => "context",
            Self::Never => "never",
        }
    }

    pub(super) fn of(self, rules: &TopicRules) -> &[String] {
        match self {
            Self::Strong => &rules.strong,
            Self::Weak => &rules.weak,
            Self::Context => &rules.context,
            Self::Never => &rules.never,
        }
    }
}

/// A topic, ready to be asked.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Stable key.
    pub id: TopicId,
    /// Score from which an item has it.
    pub threshold: f64,
    pub(super) index: usize,
    /// Its first term among those of all topics.
    pub(super) first_term: usize,
    pub(super) terms: Vec<TopicTerm>,
    pub(super) has_context: bool,
    /// Its place in the model; none if the model does not know it.
    pub(super) in_model: Option<usize>,
}

/// A term of a topic.
#[derive(Debug, Clone)]
pub(super) struct TopicTerm {
    pub(super) list: List,
    /// As the admin wrote it.
    pub(super) written: String,
    /// One hit in title or lead is enough.
    pub(super) decisive: bool,
    /// It counts only beside a context term.
    pub(super) needs_context: bool,
    /// Outside the title it is a weak hint.
    pub(super) names_sender: bool,
    /// It is made of two phrases with other words between them.
    pub(super) loose: bool,
}
