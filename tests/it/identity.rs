//! Keys that count positions, keys that are used again, and sites that rename all:
//! every new item is told exactly once, and no old one again.

use amtsbote::model::IdentityPolicy;
use amtsbote::pipeline::identity_in_use;

use crate::support::desk::{Desk, Entry, feed_source, feed_url};

const SUBJECTS: [(&str, &str); 20] = [
    ("Glasfaser für Burg", "Der Ausbau beginnt im Frühjahr am Bahnhof und endet im Herbst."),
    ("Neues Serviceportal", "Anträge für Ausweise lassen sich jetzt am Rechner stellen."),
    ("Haushalt liegt aus", "Der Rat gibt für Schulen und Kitas im kommenden Jahr mehr aus."),
    ("Sirenenprobe am Sonnabend", "In allen Ortsteilen heulen mittags die Sirenen zur Probe."),
    ("E-Akte im Bauamt", "Papier wandert ins Archiv, Pläne kommen nun als Datei ins Haus."),
    ("Kreistag wählt Dezernentin", "Sabine Lorenz führt künftig Soziales, Jugend und Gesundheit."),
    ("Bibliothek leiht Roboter", "Kinder bauen im Lesesaal kleine Maschinen aus bunten Teilen."),
    ("Störung im Rechenzentrum", "Telefone und Mail fielen am Morgen für zwei Stunden ganz aus."),
    ("Förderung für Feuerwehren", "Acht Wehren erhalten Tablets mit Karten für den Einsatzwagen."),
    (
        "Umfrage zur Innenstadt",
        "Händler wünschen sich Bänke, Bäume sowie weniger Durchgangsverkehr.",
    ),
    ("Ausbildung im Rathaus", "Drei junge Leute lernen ab August den Beruf der Fachinformatik."),
    ("Datenschutz im Verein", "Ein Abend zeigt Vorständen, welche Listen sie führen dürfen."),
    ("Brücke gesperrt", "Prüfer fanden Risse, deshalb fährt der Bus eine lange Umleitung."),
    ("Preis für Geoportal", "Eine Jury aus Fachleuten lobte Karte, Technik und Bedienung."),
    ("Wohngeld schneller", "Eine Software sortiert eingehende Post und mahnt Fehlendes an."),
    ("Partnerstadt zu Besuch", "Gäste aus Frankreich sahen Schloss, Kläranlage und Leitstelle."),
    ("Warnung vor Phishing", "Betrüger verschicken Rechnungen mit dem Wappen des Landkreises."),
    ("Archiv digitalisiert", "Alte Kirchenbücher stehen nun gescannt für Forscher bereit."),
    ("Ladesäulen geplant", "An zehn Parkplätzen kann man bald sein Elektroauto laden."),
    ("Ferienpass erschienen", "Schwimmen, Klettern und Zelten kosten Schüler wenige Euro."),
];

#[derive(Debug, Clone, Copy)]
enum Style {
    Guid,
    Collapse,
    ItemId,
    Show,
}

const STYLES: [Style; 4] = [Style::Guid, Style::Collapse, Style::ItemId, Style::Show];

/// The item of that subject at that place of the list.
fn listed(style: Style, place: usize, subject: usize) -> Entry {
    let (title, text) = SUBJECTS[subject];
    let page = "https://amt.test/meldungen";
    let (guid, link) = match style {
        Style::Guid => (place.to_string(), page.to_owned()),
        // A fragment counts on the page that is asked.
        Style::Collapse => (String::new(), format!("{}#collapse{place}", feed_url("amt"))),
        Style::ItemId => (format!("item-{place}"), format!("{}#item-{place}", feed_url("amt"))),
        Style::Show => (String::new(), format!("{page}?show={place}")),
    };
    Entry { guid, link, title: format!("OZG: {title}"), date: String::new(), text: text.to_owned() }
}

fn list(style: Style, first: usize, subjects: &[usize]) -> Vec<Entry> {
    (first..).zip(subjects).map(|(place, subject)| listed(style, place, *subject)).collect()
}

fn titles(subjects: &[usize]) -> Vec<String> {
    let mut titles: Vec<String> =
        subjects.iter().map(|subject| format!("OZG: {}", SUBJECTS[*subject].0)).collect();
    titles.sort();
    titles
}

#[tokio::test(start_paused = true)]
async fn keys_that_count_positions_bring_every_new_item_once_and_no_old_one_again() {
    for style in STYLES {
        for n in 2..=12_usize {
            let old: Vec<usize> = (0..n).collect();
            let with = |new: &[usize]| [new, old.as_slice()].concat();
            let mut reordered = old.clone();
            reordered.rotate_left(1);
            let steps: [(&str, usize, Vec<usize>, Vec<usize>); 7] = [
                ("insert on top", 1, with(&[12]), vec![12]),
                ("insert, the last falls off", 1, with(&[12])[..n].to_vec(), vec![12]),
                ("two inserted", 1, with(&[12, 13]), vec![12, 13]),
                ("two inserted, two fall off", 1, with(&[12, 13])[..n].to_vec(), vec![12, 13]),
                ("one removed", 1, old[1..].to_vec(), vec![]),
                ("reordered", 1, reordered, vec![]),
                ("shifted by a year", n + 1, old.clone(), vec![]),
            ];
            for (step, first, subjects, new) in steps {
                let case = format!("{style:?}, {n} items, {step}");
                let desk = Desk::new(&feed_source("amt", "initial = 'all'")).await;
                desk.read("amt", &list(style, 1, &old)).await;
                assert_eq!(desk.digest().await.0, titles(&old), "{case}");
                desk.read("amt", &list(style, first, &subjects)).await;
                assert_eq!(desk.digest().await.0, titles(&new), "{case}");
                desk.read("amt", &list(style, first, &subjects)).await;
                // And again on top, by whatever identity is in use now.
                let more = [&[14], subjects.as_slice()].concat();
                desk.read("amt", &list(style, first, &more)).await;
                assert_eq!(desk.digest().await.0, titles(&[14]), "{case}, and one more");
                let settings = &desk.plan.sources[0].configured.settings;
                let state = desk.state("amt").await;
                let (identity, reason) = identity_in_use(settings, &state.cursor);
                assert_eq!(identity, IdentityPolicy::Content, "{case}");
                assert!(reason.unwrap().contains("count positions"), "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_used_again_brings_a_new_item() {
    for style in STYLES {
        for again in [1, 3, 6] {
            let desk = Desk::new(&feed_source("amt", "initial = 'none'")).await;
            let old: Vec<usize> = (0..6).collect();
            desk.read("amt", &list(style, 1, &old)).await;
            assert_eq!(desk.digest().await.0, titles(&[]));
            let new: Vec<usize> = (12..12 + again).collect();
            let subjects = [&new, &old[again..]].concat();
            desk.read("amt", &list(style, 1, &subjects)).await;
            desk.read("amt", &list(style, 1, &subjects)).await;
            assert_eq!(desk.digest().await.0, titles(&new), "{style:?}, {again} of 6");
            assert_eq!(desk.stored().await.len(), 6 + again);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_relaunch_that_renames_all_tells_nothing_twice() {
    let sessions = |guid: &str| -> Vec<Entry> {
        (1..8)
            .map(|n| Entry {
                guid: format!("{guid}-{n}"),
                link: format!("https://amt.test/{guid}/{n}.html"),
                title: "OZG: Sitzung des Beirats".to_owned(),
                date: format!("Mon, 0{n} Dec 2025 10:00:00 +0100"),
                text: format!("Der Beirat berät am Abend über Punkt {n} der Ordnung im Rathaus."),
            })
            .collect()
    };
    let desk = Desk::new(&feed_source("amt", "initial = 'all'")).await;
    desk.read("amt", &sessions("alt")).await;
    assert_eq!(desk.digest().await.0.len(), 7);
    desk.read("amt", &sessions("neu")).await;
    assert_eq!(desk.digest().await.0, Vec::<String>::new());
    assert_eq!(desk.stored().await.len(), 7);
}
