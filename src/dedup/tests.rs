//! Pairs that must join, pairs that must not, and what holds for any text.

use proptest::prelude::*;

use super::*;
use crate::model::{Item, ItemId, Key, SourceId, StoryId, Timestamp};

const DAY: i64 = 24 * 60 * 60 * 1000;
const NOW: Timestamp = Timestamp(20_000 * DAY);

const RELEASE: &str = "Die Landesregierung hat gemeinsam mit den kommunalen Spitzenverbänden \
    untersucht, wie Zentrale Service-Angebote die Städte und Gemeinden entlasten können. Die \
    Machbarkeitsstudie der Hochschule Harz zeigt, dass sich bis zu 120 Aufgaben bündeln lassen. \
    Künftig sollen Partnerkommunen in Nachterstedt und Wernigerode den Betrieb erproben, bevor \
    alle 218 Kommunen des Landes die Angebote nutzen.";
const OTHER: &str = "Der Winterdienst der Stadtwerke räumt in diesem Jahr zuerst die Schulwege. \
    Neue Fahrzeuge stehen seit Montag im Betriebshof bereit, und die Beschäftigten wurden in \
    den Herbstferien geschult. Anwohnerinnen und Anwohner bleiben für die Gehwege zuständig.";

fn item(title: &str, text: &str) -> Item {
    Item {
        key: Key("guid:x".to_owned()),
        fingerprint: Fingerprint(vec![1]),
        raw_hash: 0,
        guid: None,
        aliases: Vec::new(),
        url: None,
        title: title.to_owned(),
        summary: String::new(),
        text: text.to_owned(),
        authors: Vec::new(),
        categories: Vec::new(),
        documents: Vec::new(),
        links: Vec::new(),
        language: None,
        published: None,
        published_is_guess: false,
        dates: Vec::new(),
    }
}

fn stored(source: &str, story: i64, item: &Item) -> Candidate {
    let stored = traces(item);
    // A candidate comes from the database: what is not stored is not there.
    let traces = Traces::from_bytes(&stored.to_bytes()).unwrap();
    Candidate {
        item: ItemId(story),
        story: StoryId(story),
        source: SourceId::from(source),
        received: NOW,
        rare: Vec::new(),
        traces,
    }
}

/// As the index gives it when only these two items are there.
fn found_by(new: &Traces, candidate: Candidate) -> Candidate {
    let names = candidate.traces.names.iter().filter(|name| new.names.contains(name));
    Candidate { rare: names.map(|name| Rare { name: *name, items: 1 }).collect(), ..candidate }
}

fn judged(new: (&str, &Item), old: (&str, &Item)) -> Judgement {
    let traces = traces(new.1);
    let source = SourceId::from(new.0);
    let candidate = found_by(&traces, stored(old.0, 1, old.1));
    judge(&Subject { source: &source, received: NOW, traces: &traces }, &candidate)
}

fn shortened(text: &str) -> String {
    text.split(' ').take(40).collect::<Vec<_>>().join(" ")
}

#[test]
fn an_item_that_changes_at_every_poll_becomes_restless() {
    let known = |changes| Known {
        id: ItemId(7),
        key: Key("guid:a".to_owned()),
        fingerprint: Fingerprint(vec![1, 2, 3]),
        raw_hash: 0,
        story: StoryId(7),
        changes,
    };
    let other = Fingerprint(vec![1, 2, 4]);
    assert_eq!(verdict(&known(0), &Fingerprint(vec![1, 2, 3])), Verdict::Same(ItemId(7)));
    assert_eq!(verdict(&known(23), &other), Verdict::Changed(ItemId(7)));
    assert_eq!(verdict(&known(24), &other), Verdict::Restless(ItemId(7)));
    assert_eq!(verdict(&known(99), &Fingerprint(vec![1, 2, 3])), Verdict::Same(ItemId(7)));
}

#[test]
fn a_release_under_another_headline_is_one_story() {
    let release = item("Zentrale Service-Angebote entlasten Kommunen", RELEASE);
    let magazine = item("Zentrale Serviceagentur für Kommunen", &shortened(RELEASE));
    let found = judged(("magazin", &magazine), ("presse", &release));
    assert_eq!(found.tie, Tie::Copy);
    assert!(found.overlap.containment() > 0.9);
    assert_eq!(
        judged(("magazin", &item("Winterdienst", OTHER)), ("presse", &release)).tie,
        Tie::None
    );
}

#[test]
fn the_same_event_in_own_words_is_related_but_not_one_entry() {
    let old = item("Machbarkeitsstudie zu Zentralen Service-Angeboten veröffentlicht", RELEASE);
    let new = item(
        "Sachsen-Anhalt bündelt Aufgaben der Gemeinden",
        "Aufgaben bündeln, Gemeinden stärken: So fasst die Hochschule Harz ihre Machbarkeitsstudie \
         zusammen. Erprobt wird das Modell in Nachterstedt, Wernigerode macht ebenfalls mit.",
    );
    assert_eq!(judged(("kitu", &new), ("ozg", &old)).tie, Tie::Related);
}

#[test]
fn issues_sessions_and_years_of_one_template_are_not_one_story() {
    for (new, old) in [
        ("OZG-Newsletter Nov/Dez 2025", "OZG-Newsletter Sep/Okt 2025"),
        ("5. Gemeinsame Sitzung der Arbeitskreise", "4. Gemeinsame Sitzung der Arbeitskreise"),
        ("Kundenmagazin Ausgabe 58", "Kundenmagazin Ausgabe 57"),
        ("Haushalt 2026 beschlossen", "Haushalt 2025 beschlossen"),
        ("OZG-Sprechstunde im Dezember", "OZG-Sprechstunde im November"),
    ] {
        let (new, old) = (item(new, RELEASE), item(old, RELEASE));
        let found = judged(("b", &new), ("a", &old));
        assert_eq!((found.tie, found.guard), (Tie::None, Some(Guard::Marks)), "{}", new.title);
    }
}

#[test]
fn a_round_up_does_not_absorb_the_stories_in_it() {
    let single = item("Zentrale Service-Angebote entlasten Kommunen", RELEASE);
    for title in ["OZG-Newsletter Nov/Dez 2025", "Neues aus der Verwaltung", "Die Preisträger"] {
        let round_up = item(title, &format!("{RELEASE} {OTHER}"));
        assert_eq!(judged(("b", &round_up), ("a", &single)).guard, Some(Guard::RoundUp));
        assert_eq!(judged(("a", &single), ("b", &round_up)).guard, Some(Guard::RoundUp));
    }
}

#[test]
fn one_source_means_what_it_says_twice() {
    let first = item("Neues aus der ZSA-Machbarkeitsstudie", RELEASE);
    let second = item("Neues aus der ZSA-Machbarkeitsstudie", OTHER);
    assert_eq!(judged(("ozg", &second), ("ozg", &first)).tie, Tie::None);
    // Only to the word is it a copy: a relaunch gave it another guid …
    let plain = item("Zentrale Service-Angebote", RELEASE);
    assert_eq!(judged(("ozg", &plain), ("ozg", &plain)).tie, Tie::Copy);
    // … but what comes again comes again.
    assert_eq!(judged(("ozg", &first), ("ozg", &first)).tie, Tie::None);
}

#[test]
fn a_template_with_another_place_is_not_a_copy_in_its_source() {
    let notice = |place: &str| {
        item(
            &format!("Vollsperrung in {place}"),
            &format!("{RELEASE} Betroffen ist die Ortsdurchfahrt {place}."),
        )
    };
    let found = judged(("a", &notice("Tangerhütte")), ("a", &notice("Osterburg")));
    assert_eq!(found.guard, Some(Guard::SameSource));
    assert!(found.overlap.containment() > 0.9);
}

#[test]
fn teasers_from_one_template_name_different_things() {
    let teaser = |product: &str| {
        item(
            &format!("{product}: Schwachstelle"),
            &format!(
                "Ein entfernter anonymer Angreifer kann eine Schwachstelle in {product} ausnutzen \
                 um beliebigen Programmcode auszuführen und Schutzmaßnahmen zu umgehen"
            ),
        )
    };
    let found = judged(("b", &teaser("Thunderbird")), ("a", &teaser("LibreOffice")));
    assert_ne!(found.tie, Tie::Copy, "{found:?}");
    assert_eq!(judged(("b", &teaser("Thunderbird")), ("a", &teaser("Thunderbird"))).tie, Tie::Copy);
}

#[test]
fn a_template_with_other_numbers_is_not_a_copy() {
    let report = |solved: u32, open: u32| {
        item(
            "Lagebild der Woche",
            &format!("{OTHER} Gemeldet wurden {solved} Vorfälle, davon sind {open} noch offen."),
        )
    };
    let found = judged(("b", &report(41, 17)), ("a", &report(38, 12)));
    assert!(found.tie < Tie::Copy && found.overlap.containment() > 0.7, "{found:?}");
    assert_eq!(judged(("b", &report(41, 17)), ("a", &report(41, 18))).tie, Tie::Copy);
}

#[test]
fn a_shared_alias_is_one_item_unless_it_is_a_list() {
    let named = |title: &str, alias: &str| Item {
        aliases: vec![alias.to_owned()],
        ..item(title, "Ein Satz.")
    };
    let new = traces(&named("Serviceagentur", "k21:zentrale-serviceagentur"));
    let source = SourceId::from("move");
    let subject = Subject { source: &source, received: NOW, traces: &new };
    let first = stored("k21", 1, &named("Etwas anderes", "k21:zentrale-serviceagentur"));
    assert_eq!(story(&subject, std::slice::from_ref(&first)).joins, Some(StoryId(1)));

    let second = stored("k21", 2, &named("Noch etwas", "k21:zentrale-serviceagentur"));
    assert_eq!(story(&subject, &[first, second]), StoryDecision::default());

    let start = traces(&named("Block ohne Seite", "link:https://www.kitu.example/"));
    assert!(start.aliases.is_empty());
}

#[test]
fn a_link_to_the_other_item_relates_them() {
    let page = Item {
        aliases: vec!["link:https://ozg.example/news/studie".to_owned()],
        ..item("Studie veröffentlicht", OTHER)
    };
    let hint = Item {
        links: vec!["http://www.ozg.example/news/studie/?utm_source=rss#top".to_owned()],
        ..item("Hinweis der Geschäftsstelle", "Wir verweisen auf die Seite des Landes.")
    };
    assert_eq!(judged(("sgsa", &hint), ("ozg", &page)).tie, Tie::Related);
    assert_eq!(judged(("ozg", &page), ("sgsa", &hint)).tie, Tie::Related);
}

#[test]
fn reports_years_apart_are_two_stories_even_from_one_backlog() {
    let at = |day| Item { published: Some(Timestamp(day * DAY)), ..item("Bilanz", RELEASE) };
    assert_eq!(judged(("b", &at(19_000)), ("a", &at(19_021))).tie, Tie::Copy);
    let found = judged(("b", &at(19_000)), ("a", &at(19_022)));
    assert_eq!(found.guard, Some(Guard::Window));
}

#[test]
fn the_strongest_tie_wins_and_the_others_are_related() {
    let release = item("Zentrale Service-Angebote", RELEASE);
    let own_words = item(
        "Hochschule Harz: Machbarkeitsstudie",
        "Nachterstedt, Wernigerode: Partnerkommunen der Machbarkeitsstudie der Hochschule stehen fest.",
    );
    let new = traces(&item("Kommunen entlastet", &shortened(RELEASE)));
    let source = SourceId::from("c");
    let decision = story(
        &Subject { source: &source, received: NOW, traces: &new },
        &[("b", 3, &own_words), ("a", 5, &release), ("d", 4, &release)]
            .map(|(source, id, item)| found_by(&new, stored(source, id, item))),
    );
    assert_eq!(decision.joins, Some(StoryId(4)), "the older of two equals");
    assert_eq!(decision.related, [StoryId(5), StoryId(3)]);
}

#[test]
fn damaged_traces_are_no_traces() {
    let bytes = traces(&item("Titel", RELEASE)).to_bytes();
    assert!(Traces::from_bytes(&bytes).is_some());
    for length in 0..bytes.len() {
        assert_eq!(Traces::from_bytes(&bytes[..length]), None);
    }
    assert_eq!(Traces::from_bytes(&[9; 400]), None);
}

proptest! {
    #[test]
    fn identical_copies_of_two_sources_join(
        title in "([A-ZÄ][a-zäß]{2,12} ?){1,8}",
        text in "([A-Za-zÄöü0-9]{1,14}[ .,]{1,2}){14,80}",
    ) {
        let copy = item(&title, &text);
        prop_assert_eq!(judged(("b", &copy), ("a", &copy)).tie, Tie::Copy);
    }

    #[test]
    fn traces_take_any_text_and_stay_small(title in "\\PC{0,80}", text in "\\PC{0,3000}") {
        let found = traces(&item(&title, &text));
        prop_assert!(found.to_bytes().len() < 2_000);
        let read = Traces::from_bytes(&found.to_bytes());
        let kept = Traces { bands: Vec::new(), picked: Vec::new(), ..found };
        prop_assert_eq!(read, Some(kept));
    }

    #[test]
    fn judging_has_no_direction(a in "([A-Z]?[a-z]{1,9} ){0,60}", b in "([A-Z]?[a-z]{1,9} ){0,60}") {
        let (one, other) = (item("Eins", &a), item("Zwei", &format!("{a}{b}")));
        prop_assert_eq!(
            judged(("a", &one), ("b", &other)).tie >= Tie::Copy,
            judged(("b", &other), ("a", &one)).tie >= Tie::Copy
        );
    }
}
