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
    let key = Key("guid:x".to_owned());
    Item::new(key, Fingerprint(vec![1]), title.to_owned(), text.to_owned())
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
fn a_whole_copy_is_one_story_under_a_title_of_other_nouns() {
    let long = format!("{RELEASE} {OTHER}");
    let tie = |one: &str, other: &str, text: &str| {
        let (one, other) = (item(one, text), item(other, &long));
        judged(("a", &one), ("b", &other)).tie
    };
    let titles = ("Studie 8: Umgehung der Grenzen im Land", "Studie 8: Lücke der Grenzen im Land");
    assert_eq!(tie(titles.0, titles.1, &long), Tie::Copy);
    // A form of which one name differs is no copy.
    assert_eq!(tie(titles.0, titles.1, &long.replace("Wernigerode", "Ilsenburg")), Tie::Related);
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
fn a_report_that_quotes_another_is_no_copy_of_it() {
    let release = item("Zentrale Service-Angebote entlasten Kommunen", RELEASE);
    let (quoted, _) = RELEASE.split_once(" zeigt").unwrap();
    let own = "Dass das so kommt, hat er oft gesagt und ebenso oft bezweifelt, denn wer viel will, \
        muss auch sagen, wer es zahlt. Ob es gelingt, weiß heute noch niemand genau.";
    let quoting = format!("{quoted} liegt vor. {own} {own}");
    let found =
        judged(("magazin", &item("Zentrale Service-Angebote", &quoting)), ("presse", &release));
    assert!((0.3..0.45).contains(&found.overlap.containment()), "{:?}", found.overlap);
    assert_ne!(found.tie, Tie::Copy);
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
    // One is enough: it stands where the other has another one.
    let found = judged(("b", &report(41, 17)), ("a", &report(41, 18)));
    assert_eq!(found.guard, Some(Guard::Template(Refuted::Figure)));
    assert_eq!(judged(("b", &report(41, 17)), ("a", &report(41, 17))).tie, Tie::Copy);
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
    assert_eq!(decision.copies, [StoryId(5)]);
    assert_eq!(decision.related, [StoryId(3)]);
}

#[test]
fn one_replaced_name_day_or_outcome_makes_a_template_of_a_copy() {
    const REPORT: &str = "Die Stadt Burg hat am Donnerstag, 12. November, gemeinsam mit dem \
        Zweckverband den Onlinedienst für Bauanträge freigeschaltet. Papierakten werden für neue \
        Verfahren nicht mehr angelegt. Der Dienst stammt aus dem Norden und wird bundesweit \
        nachgenutzt; für die Einführung fielen einmalig 38.500 Euro an. Der Landtag hatte das \
        Vorhaben im Sommer beschlossen.";
    let old = item("Bauanträge in Burg digital", REPORT);
    for (was, now, why) in [
        ("Burg", "Thale", Refuted::Name),
        ("12. November", "19. November", Refuted::Figure),
        ("Donnerstag", "Freitag", Refuted::Figure),
        ("38.500", "31.700", Refuted::Figure),
        ("freigeschaltet", "abgeschlossen", Refuted::Outcome),
    ] {
        let new = item(&old.title.replace(was, now), &REPORT.replace(was, now));
        for found in [judged(("b", &new), ("a", &old)), judged(("a", &old), ("b", &new))] {
            assert_eq!(
                (found.tie, found.guard),
                (Tie::Related, Some(Guard::Template(why))),
                "{now}"
            );
        }
        assert_eq!(judged(("a", &new), ("a", &old)).guard, Some(Guard::SameSource), "{now}");
    }
}

#[test]
fn a_reprint_in_another_house_style_is_a_copy() {
    const REPORT: &str = "Die Stadt Ulm hat mit der Einführung der elektronischen Akte begonnen. \
        Bis Ende 2026 sollen 2.150 Mitarbeiterinnen und Mitarbeiter ihre Vorgänge papierlos \
        bearbeiten. Für jedes Amt wurden zwei Patinnen und Paten benannt, die Kolleginnen und \
        Kollegen unterstützen. Der Gemeinderat hatte für das Projekt 4,6 Millionen Euro bewilligt. \
        Die Stadtbaurätin Ute Dierks stellt das Vorhaben am 7. März 2026 im Rathaus vor.";
    let old = item("Ulm führt die E-Akte ein", REPORT);
    for new in [
        REPORT.replace("2.150", "2150").replace("zwei", "2"),
        REPORT.replace("Mitarbeiterinnen und Mitarbeiter", "Mitarbeitende"),
        REPORT
            .replace("Kolleginnen und Kollegen", "Kolleg:innen")
            .replace("Patinnen und Paten", "Pat:innen"),
        REPORT.replace("4,6 Millionen Euro", "4,6 Mio. €"),
        REPORT.replace("7. März 2026", "07.03.2026"),
        REPORT.replace('ä', "ae").replace('ü', "ue"),
        REPORT.replace("Stadtbaurätin", "Stadt-\nbaurätin"),
        format!("Ulm, 3. Februar (dpa/lsw) – {REPORT}"),
        REPORT.split(". ").take(3).collect::<Vec<_>>().join(". "),
        format!("{REPORT}\nÜber die Stadt Ulm: Ulm hat 130.000 Einwohner und liegt an der Donau."),
    ] {
        let new = item("Rathaus stellt um", &new);
        let found = judged(("b", &new), ("a", &old));
        assert_eq!(found.tie, Tie::Copy, "{} {found:?}", new.text);
    }
}

#[test]
fn traces_of_the_version_before_are_made_again() {
    let today = traces(&item("Titel", RELEASE));
    assert_eq!(Traces::renewed(&today.to_bytes(), "Titel", RELEASE), None);
    let mut before = vec![1, 0];
    before.extend(1_765_260_000_000_i64.to_le_bytes());
    before.extend([0; 12]);
    for _ in 0..5 {
        before.extend([1, 0, 7, 7, 7, 7]);
    }
    before.extend([1, 0, 9, 0, 0, 0, 0, 0, 0, 0]);
    before.extend([0, 0]);
    let renewed = Traces::renewed(&before, "Titel", RELEASE).unwrap();
    assert_eq!((renewed.lead, renewed.aliases), (today.lead, vec![9]));
    assert_eq!(renewed.published, Some(Timestamp(1_765_260_000_000)));
}

fn member(source: &str, item: &Item) -> Member {
    Member { source: SourceId::from(source), received: NOW, traces: traces(item), told: None }
}

#[test]
fn a_story_holds_no_two_items_of_one_source_and_told_ones_stay() {
    let release = item("Zentrale Service-Angebote", RELEASE);
    let reworked =
        item("Zentrale Service-Angebote", &RELEASE.replace("Hochschule Harz", "Hochschule Anhalt"));
    let short = item("Kommunen entlastet", &shortened(RELEASE));
    let members = [member("a", &release), member("a", &reworked), member("b", &short)];
    let groups = partition(&members);
    assert_ne!(groups[0], groups[1]);
    let told = |story, member: Member| Member { told: Some(StoryId(story)), ..member };
    let members =
        [told(1, member("a", &release)), told(2, member("b", &release)), member("c", &release)];
    let groups = partition(&members);
    assert_ne!(groups[0], groups[1], "two stories that were told stay two");
    assert!(groups[2] == groups[0] || groups[2] == groups[1]);
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
    fn the_partition_does_not_depend_on_the_order(
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let town = |name: &str| RELEASE.replace("Nachterstedt", name);
        let texts = [
            ("a", RELEASE.to_owned()),
            ("b", shortened(RELEASE)),
            ("c", format!("Ein eigener Satz steht davor. {RELEASE}")),
            ("a", town("Ilsenburg")),
            ("b", town("Ilsenburg")),
            ("c", shortened(&town("Ilsenburg"))),
            ("d", RELEASE.replace("120", "140")),
            ("d", format!("{OTHER} {RELEASE}")),
            ("e", OTHER.to_owned()),
        ];
        let members: Vec<Member> =
            texts.iter().map(|(source, text)| member(source, &item("Titel", text))).collect();
        let sets = |groups: &[usize], order: &[usize]| {
            let mut sets: Vec<Vec<usize>> = (0..9)
                .map(|group| (0..9).filter(|at| groups[*at] == group).map(|at| order[at]).collect())
                .collect();
            for set in &mut sets {
                set.sort_unstable();
            }
            sets.sort();
            sets
        };
        let shuffled: Vec<Member> = order.iter().map(|at| members[*at].clone()).collect();
        let plain: Vec<usize> = (0..9).collect();
        prop_assert_eq!(sets(&partition(&shuffled), &order), sets(&partition(&members), &plain));
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

/// Both stand on one page of one source, as projects and folded lists do.
fn of_one_page(one: &str, other: &str) -> Tie {
    let at_page =
        |text: &str| Item { aliases: vec!["link:amt.example/x".into()], ..item("Portal", text) };
    let (one, other) = (at_page(one), at_page(other));
    let new = traces(&other);
    let source = SourceId::from("amt");
    let subject = Subject { source: &source, received: NOW, traces: &new };
    judge(&subject, &found_by(&new, stored("amt", 1, &one))).tie
}

#[test]
fn a_page_that_says_itself_anew_is_one_story_and_a_template_on_it_is_not() {
    let anew = RELEASE
        .replace("hat gemeinsam mit", "prüfte jetzt zusammen mit")
        .replace(" untersucht, wie", ", ob und wie")
        .replace("Hochschule Harz", "Hochschule Merseburg")
        .replace("zeigt, dass sich bis zu", "belegt nun, dass man rund")
        .replace("Künftig sollen", "Bald werden");
    let rest = " Die Ämter melden ihren Bedarf über das Formular, das im Landesnetz bereitsteht, und \
        erhalten danach eine Bestätigung mit allen Angaben zu Kosten, Laufzeit und Schulung.";
    let long = |text: &str| format!("{text}{rest}");
    assert_eq!(of_one_page(&long(RELEASE), &long(&anew)), Tie::Copy);
    let template = RELEASE.replace("Hochschule Harz", "Hochschule Merseburg");
    assert_eq!(of_one_page(&long(RELEASE), &long(&template)), Tie::None);
}
