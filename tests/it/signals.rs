//! What every signal promises.

use std::collections::BTreeSet;

use amtsbote::model::{Field, SourceId, TopicId, TopicRules};
use amtsbote::topic::signal::SIGNALS;
use amtsbote::topic::{Subject, Tagger};

#[test]
fn every_signal_has_a_name_of_its_own_and_a_summary() {
    let names: BTreeSet<&str> = SIGNALS.iter().map(|signal| signal.name).collect();
    assert_eq!(names.len(), SIGNALS.len());
    for signal in SIGNALS {
        assert!(signal.name.bytes().all(|b| b.is_ascii_lowercase()), "{}", signal.name);
        assert!(!signal.summary.is_empty() && !signal.summary.ends_with('.'), "{}", signal.name);
    }
}

#[test]
fn every_signal_can_speak_and_says_what_it_saw() {
    let rules = TopicRules {
        id: Some(TopicId::from("ozg")),
        strong: vec!["OZG".to_owned(), "Portal*".to_owned()],
        ..TopicRules::default()
    };
    let tagger = Tagger::new(&[rules]).unwrap();
    let source = SourceId::from("portal");
    let categories = ["Portale".to_owned()];
    let given = [TopicId::from("ozg")];
    let subject = Subject {
        title: "Das OZG",
        text: "Mehr nicht.",
        categories: &categories,
        source: &source,
        source_topics: &given,
    };
    let taggings = tagger.tag(&subject);
    let spoke: BTreeSet<&str> =
        taggings[0].evidence.iter().map(|evidence| evidence.signal.as_str()).collect();
    assert_eq!(spoke, SIGNALS.iter().map(|signal| signal.name).collect());
    for evidence in &taggings[0].evidence {
        assert!(evidence.weight > 0.0);
        let stored = match evidence.field {
            Field::Title => subject.title,
            Field::Lead | Field::Body => subject.text,
            Field::Category => &categories[0],
            Field::Source | Field::Editor => "",
        };
        assert_eq!(&stored[evidence.span.0..evidence.span.1], evidence.words);
    }
    assert_eq!(tagger.tag(&subject), taggings, "the same item has the same reasons");
}
