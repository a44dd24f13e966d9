//! Labelled items: what a model is learnt from and judged by, one JSON object a line.

use serde::Deserialize;

use super::folds::groups;
use super::{Example, Subject, Tagger};
use crate::model::{SourceId, TopicId};

/// A labelled item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Labelled {
    /// Names it in reports.
    pub id: String,
    pub title: String,
    pub text: String,
    /// The topics it has.
    pub labels: Vec<String>,
    /// The kind of text (`press`, `teaser`, `council`); figures are told for each.
    #[serde(default)]
    pub register: String,
    /// It was chosen because it is hard to tell.
    #[serde(default)]
    pub hard: bool,
}

/// A line that holds no labelled item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct LabelledError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl Labelled {
    /// Returns the labels as ids of topics.
    pub fn topics(&self) -> Vec<TopicId> {
        self.labels.iter().map(|label| TopicId::new(label.as_str())).collect()
    }

    /// Returns what is tagged of it; no source gives it anything.
    pub fn subject<'a>(&'a self, source: &'a SourceId) -> Subject<'a> {
        Subject {
            title: &self.title,
            text: &self.text,
            categories: &[],
            source,
            source_topics: &[],
        }
    }

    /// Reads a file of labelled items; other keys are for people.
    ///
    /// # Errors
    /// The first line that is no labelled item.
    pub fn parse(text: &str) -> Result<Vec<Self>, LabelledError> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines
            .map(|(index, line)| {
                serde_json::from_str(line)
                    .map_err(|error| LabelledError { line: index + 1, message: error.to_string() })
            })
            .collect()
    }
}

/// Reads labelled items for training; reprints and series become groups.
pub fn examples(tagger: &Tagger, items: &[Labelled]) -> Vec<Example> {
    let source = SourceId::new("labelled");
    let groups = groups(items.iter().map(|item| (item.title.as_str(), item.text.as_str())));
    items
        .iter()
        .zip(groups)
        .map(|(item, group)| tagger.example(&item.subject(&source), &item.topics(), group))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_veto_holds_in_training_where_the_rules_alone_would_not_give_the_topic() {
        let rules = crate::model::TopicRules {
            id: Some(TopicId::new("ozg")),
            weak: vec!["Portal".to_owned()],
            never: vec!["Patientenportal".to_owned()],
            ..crate::model::TopicRules::default()
        };
        let tagger = Tagger::new(&[rules]).unwrap();
        let item = |title: &str| Labelled { title: title.to_owned(), ..Labelled::default() };
        let read = examples(&tagger, &[item("Patientenportal"), item("Portal")]);
        assert_eq!([read[0].rules[0].vetoed, read[1].rules[0].vetoed], [true, false]);
    }

    #[test]
    fn a_bad_line_is_named() {
        let good = r#"{"id":"1","title":"t","text":"x","labels":["ozg"],"url":"for people"}"#;
        assert_eq!(Labelled::parse(&format!("{good}\n\n{good}")).unwrap().len(), 2);
        assert_eq!(Labelled::parse(&format!("{good}\n{{}}")).unwrap_err().line, 2);
    }
}
