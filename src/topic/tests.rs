//! What an admin and a reader notice of tagging.

use super::*;

fn rules(strong: &[&str], weak: &[&str], context: &[&str], never: &[&str]) -> TopicRules {
    let owned = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect();
    TopicRules {
        id: Some(TopicId::from("ozg")),
        title: "OZG".to_owned(),
        threshold: 3.0,
        strong: owned(strong),
        weak: owned(weak),
        context: owned(context),
        never: owned(never),
        ..TopicRules::default()
    }
}

struct Item {
    title: String,
    text: String,
    categories: Vec<String>,
    given: Vec<TopicId>,
}

fn item(title: &str, text: &str) -> Item {
    Item {
        title: title.to_owned(),
        text: text.to_owned(),
        categories: Vec::new(),
        given: Vec::new(),
    }
}

fn explain(rules: &TopicRules, item: &Item) -> Considered {
    let source = SourceId::from("kitu");
    let subject = Subject {
        title: &item.title,
        text: &item.text,
        categories: &item.categories,
        source: &source,
        source_topics: &item.given,
    };
    Tagger::new(std::slice::from_ref(rules)).unwrap().explain(&subject).remove(0)
}

fn score(rules: &TopicRules, title: &str, text: &str) -> f64 {
    explain(rules, &item(title, text)).score
}

fn assert_score(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
}

#[test]
fn title_and_lead_count_whole_and_later_hits_half() {
    let rules = rules(&["OZG"], &[], &[], &[]);
    let late = format!("{} OZG", "wort ".repeat(80));
    assert_score(score(&rules, "Das OZG", ""), 3.0);
    assert_score(score(&rules, "", "Das OZG"), 3.0);
    assert_score(score(&rules, "", &late), 1.5);
    assert_score(score(&rules, "OZG", &late), 3.0);
    assert_eq!(explain(&rules, &item("", &late)).outcome, Outcome::BelowThreshold);
}

#[test]
fn weak_terms_count_once_each_and_only_beside_context() {
    let rules = rules(&[], &["Portal", "Register*", "Antrag"], &["Kommune"], &[]);
    assert_score(score(&rules, "Portal, Register, Portal", "Antrag"), 0.0);
    assert_score(score(&rules, "Portal, Register, Portal", "Antrag der Kommunen"), 3.0);
    let alone = explain(&rules, &item("Portal", "der Oper"));
    assert_eq!(alone.outcome, Outcome::NoEvidence);
    assert_eq!(alone.without_context[0].words, "Portal");
}

#[test]
fn the_same_words_count_for_one_term_only() {
    let rules = rules(&["OZG", "OZG-Umsetzung*"], &["Umsetzung*"], &[], &[]);
    assert_score(score(&rules, "OZG-Umsetzung", ""), 3.0);
    assert_score(score(&rules, "OZG-Umsetzung nach dem OZG", ""), 6.0);
}

#[test]
fn a_longer_term_decides_what_a_shorter_one_inside_it_means() {
    let rules = rules(&["OZG"], &["OZG-Newsletter"], &[], &[]);
    assert_score(score(&rules, "Neuer OZG-Newsletter", ""), 1.0);
    assert_score(score(&rules, "Neuer OZG-Newsletter", "zum OZG"), 4.0);
}

#[test]
fn a_decisive_term_is_enough_in_title_and_lead_only() {
    let rules =
        TopicRules { threshold: 5.0, ..rules(&["Onlinezugangsgesetz*!"], &[], &[], &["Oper"]) };
    let late = format!("{} des Onlinezugangsgesetzes", "wort ".repeat(80));
    let early = "des Onlinezugangsgesetzes";
    assert_eq!(explain(&rules, &item("", early)).outcome, Outcome::Tagged);
    assert_eq!(explain(&rules, &item("", &late)).outcome, Outcome::BelowThreshold);
    let said = "Er sagte: „Ohne das Onlinezugangsgesetz wäre hier gar nichts geschehen.“";
    assert_eq!(explain(&rules, &item("", said)).outcome, Outcome::BelowThreshold);
    assert_eq!(explain(&rules, &item("Oper", early)).outcome, Outcome::Vetoed);
    let soft = TopicRules { weak: vec!["Portal!".to_owned()], ..rules };
    assert_eq!(Tagger::new(&[soft]).unwrap_err()[0].list, "weak");
}

#[test]
fn a_generic_term_asks_for_context() {
    let rules = rules(&["E-Akte?"], &[], &["Rathaus"], &[]);
    let court = explain(&rules, &item("Gericht führt die E-Akte ein", ""));
    assert_eq!(court.outcome, Outcome::NoEvidence);
    assert_eq!(court.without_context[0].words, "E-Akte");
    assert_score(score(&rules, "Rathaus führt die E-Akte ein", ""), 3.0);
}

#[test]
fn the_name_of_a_provider_is_strong_in_the_title_only() {
    let rules = rules(&["Dataport^"], &[], &[], &[]);
    assert_score(score(&rules, "Dataport baut aus", ""), 3.0);
    assert_score(score(&rules, "Neues", "Dataport baut aus"), 1.0);
}

#[test]
fn what_is_said_in_passing_counts_half() {
    let rules = rules(&["KITU"], &[], &[], &[]);
    assert_score(score(&rules, "", "Viele kamen, darunter KITU und Dataport."), 1.5);
    assert_score(score(&rules, "", "Es kam die KITU, darunter Meier."), 3.0);
}

#[test]
fn one_veto_is_enough_unless_the_source_gives_the_topic() {
    let rules = rules(&["Genossenschaft*"], &[], &[], &["*Jagdgenossenschaft*"]);
    let hunters = item("Genossenschaftstag", "Es lädt die Jagdgenossenschaft ein.");
    let considered = explain(&rules, &hunters);
    assert_eq!(
        (considered.outcome, considered.vetoes[0].words.as_str()),
        (Outcome::Vetoed, "Jagdgenossenschaft")
    );
    let given = Item { given: vec![TopicId::from("ozg")], ..hunters };
    assert_eq!(explain(&rules, &given).outcome, Outcome::Tagged);
}

#[test]
fn a_source_gives_its_topics_with_itself_as_the_reason() {
    let rules = rules(&["OZG"], &[], &[], &[]);
    let given = Item { given: vec![TopicId::from("ozg")], ..item("Adventskalender", "") };
    let considered = explain(&rules, &given);
    assert_score(considered.score, 3.0);
    assert_eq!(
        (considered.evidence[0].signal.as_str(), considered.evidence[0].term.as_str()),
        ("source", "kitu")
    );
}

#[test]
fn categories_are_read_but_a_term_still_counts_once() {
    let rules = rules(&["OZG"], &[], &[], &[]);
    let mut filed = item("Neues", "");
    filed.categories = vec!["Aktuelles".to_owned(), "Thema OZG".to_owned()];
    let considered = explain(&rules, &filed);
    assert_eq!(
        (considered.evidence[0].signal.as_str(), considered.evidence[0].span),
        ("category", (6, 9))
    );
    filed.title = "OZG".to_owned();
    assert_score(explain(&rules, &filed).score, 3.0);
}

#[test]
fn boilerplate_gives_no_topic() {
    let rules = rules(&["OZG", "KITU"], &[], &[], &[]);
    let text = "Der Rat tagt.\nFoto: KITU\nMehr unter https://example.de/OZG\nGrußwort des CIO\nDas OZG ist wichtig.";
    assert_eq!(explain(&rules, &item("Rat", text)).outcome, Outcome::NoEvidence);
}

#[test]
fn every_bad_term_is_reported_with_its_place() {
    let bad =
        rules(&["OZG", "", "*"], &["a*", "ozg.", "OZG "], &["OZG", "Kommune", "kommune"], &[]);
    let problems = Tagger::new(&[rules(&["KITU"], &[], &[], &[]), bad]).unwrap_err();
    let places: Vec<_> =
        problems.iter().map(|problem| (problem.topic, problem.list, problem.term)).collect();
    assert_eq!(
        places,
        [(1, "strong", 1), (1, "strong", 2), (1, "weak", 0), (1, "weak", 2), (1, "context", 2)]
    );
    assert_eq!(problems[3].message, "`OZG ` means the same as `OZG` in `strong`");
}

#[test]
fn a_topic_without_a_threshold_has_the_default() {
    let lazy = TopicRules { threshold: 0.0, ..rules(&["OZG"], &[], &[], &[]) };
    assert_eq!(explain(&lazy, &item("Rat", "")).outcome, Outcome::NoEvidence);
}

proptest::proptest! {
    #[test]
    fn evidence_cuts_its_words_out_of_the_stored_text(
        title in "([\\PC\u{301}]{0,6}|OZG| |-|KITU|Förderung|zentralen |Service-Angebote){0,8}",
        text in "([\\PC\u{308}\u{ad}]{0,6}|OZG|\n|- und |. |IT|informationssicherheit|FO\u{308}RDERUNG|zentrale |Serviceangebote){0,20}",
        category in "(OZG|ä|- ){0,4}",
    ) {
        let rules = rules(
            &["OZG", "*kitu*", "IT-Sicherheit", "zentrale Service-Angebote", "zentral* ~ IT"],
            &["Förder*"],
            &["IT"],
            &["*angebot*"],
        );
        let filed = Item { categories: vec![category], ..item(&title, &text) };
        let considered = explain(&rules, &filed);
        for evidence in considered.evidence.iter().chain(&considered.vetoes).chain(&considered.without_context) {
            let stored = match evidence.field {
                Field::Title => &filed.title,
                Field::Lead | Field::Body => &filed.text,
                Field::Category => &filed.categories[0],
                Field::Source | Field::Editor => unreachable!("no source gives a topic here"),
            };
            proptest::prop_assert_eq!(stored.get(evidence.span.0..evidence.span.1), Some(evidence.words.as_str()));
            proptest::prop_assert!(!evidence.words.is_empty());
        }
    }
}
