//! The shipped topics against labelled texts.

use std::path::Path;

use amtsbote::model::{SourceId, TopicId, TopicRules};
use amtsbote::topic::evaluate::{Evaluation, evaluate};
use amtsbote::topic::{Subject, Tagger};
use serde::Deserialize;

#[derive(Deserialize)]
struct Config {
    topic: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    threshold: f64,
    strong: Vec<String>,
    weak: Vec<String>,
    context: Vec<String>,
    never: Vec<String>,
}

#[derive(Deserialize)]
struct Labelled {
    id: String,
    title: String,
    text: String,
    labels: Vec<String>,
}

fn shipped() -> Vec<TopicRules> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/topics.toml");
    let config: Config = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    config
        .topic
        .into_iter()
        .map(|topic| TopicRules {
            id: Some(TopicId::new(topic.id)),
            title: topic.title,
            threshold: topic.threshold,
            strong: topic.strong,
            weak: topic.weak,
            context: topic.context,
            never: topic.never,
        })
        .collect()
}

fn tagger() -> Tagger {
    Tagger::new(&shipped()).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn topics_of(tagger: &Tagger, title: &str, text: &str) -> Vec<TopicId> {
    let source = SourceId::from("test");
    let subject = Subject { title, text, categories: &[], source: &source, source_topics: &[] };
    tagger.tag(&subject).into_iter().map(|tagging| tagging.topic).collect()
}

/// Why a prediction is not what it should be, for the one who tunes the terms.
fn reasons(tagger: &Tagger, title: &str, text: &str) -> String {
    use std::fmt::Write as _;
    let source = SourceId::from("test");
    let subject = Subject { title, text, categories: &[], source: &source, source_topics: &[] };
    let mut lines = String::new();
    for considered in tagger.explain(&subject) {
        let _ = write!(
            lines,
            "\n    {} {} {}:",
            considered.topic,
            considered.score,
            considered.outcome.as_str()
        );
        for evidence in considered.evidence.iter().chain(&considered.vetoes) {
            let _ = write!(
                lines,
                " {}={}@{}",
                evidence.words,
                evidence.weight,
                evidence.field.as_str()
            );
        }
    }
    lines
}

#[test]
fn the_shipped_topics_meet_their_goals_on_the_development_items() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/dev.jsonl");
    let Ok(lines) = std::fs::read_to_string(&path) else {
        println!("skipped: the labelled development items are not here");
        return;
    };
    let tagger = tagger();
    let mut decided = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let item: Labelled = serde_json::from_str(line).unwrap();
        let mut labels: Vec<TopicId> =
            item.labels.iter().map(|label| TopicId::new(label.as_str())).collect();
        let mut predicted = topics_of(&tagger, &item.title, &item.text);
        labels.sort();
        predicted.sort();
        if labels != predicted {
            println!("{} {:?} {}", item.id, item.labels, reasons(&tagger, &item.title, &item.text));
        }
        decided.push((labels, predicted));
    }
    let ids: Vec<TopicId> = shipped().into_iter().filter_map(|topic| topic.id).collect();
    let result: Evaluation =
        evaluate(&ids, decided.iter().map(|(labels, predicted)| (&labels[..], &predicted[..])));
    for (topic, figures) in &result.topics {
        println!(
            "{topic}: precision {:.3}, recall {:.3}, F1 {:.3} {:?}",
            figures.precision, figures.recall, figures.f1, result.counts[topic]
        );
    }
    println!("macro F1 {:.3}, micro F1 {:.3}", result.macro_mean.f1, result.micro.f1);
    assert!(result.macro_mean.f1 >= 0.90, "macro F1 {:.3}", result.macro_mean.f1);
    for (topic, figures) in &result.topics {
        assert!(figures.precision >= 0.88, "{topic}: precision {:.3}", figures.precision);
    }
}

#[test]
fn the_joint_session_of_nachterstedt_has_all_three_topics() {
    let (title, text) = include_str!("../fixtures/seed.txt").split_once('\n').unwrap();
    let found = topics_of(&tagger(), title, text);
    let expected = ["ozg", "central-services", "transformation"].map(TopicId::from);
    assert_eq!(found, expected, "{}", reasons(&tagger(), title, text));
}
