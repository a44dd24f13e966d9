//! The shipped blocks on replicas of the pages they ask: short, our own words, the markup
//! that the publishing systems print.

use super::*;

/// Title, end of the link and day of each item that a shipped block reads.
fn read(id: &str) -> Vec<(String, String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let config =
        amtsbote::config::load(&folder.join("config"), &amtsbote::config::Environment::default());
    let config = config.unwrap();
    let source = config.sources.iter().find(|s| s.settings.id.as_str() == id).unwrap();
    let page = folder.join(format!("tests/fixtures/pages/shipped-{id}.html"));
    let response = Response {
        final_url: source.settings.url.clone(),
        ..answer(&std::fs::read(page).unwrap())
    };
    let read = source.source.extract(&response).unwrap();
    seen(&read)
        .into_iter()
        .map(|(title, link, day, _)| {
            let end = link.char_indices().rev().nth(11).map_or(0, |(at, _)| at);
            (title, link[end..].to_owned(), day)
        })
        .collect()
}

#[test]
fn the_shipped_blocks_read_their_pages_on_first_contact() {
    for (id, expected) in [
        (
            "sgsa",
            &[
                (
                    "4. Gemeinsame Sitzung zu zentralen Fragen der Verwaltungsdigitalisierung",
                    "C2348.6526.1",
                    "2025-12-10",
                ),
                ("Einigung über den Digitalpakt 2.0", "C2348.6531.1", "2026-01-28"),
            ][..],
        ),
        (
            "kitu",
            &[
                ("4. Gemeinsame Sitzung der Arbeitskreise in Nachterstedt", "", ""),
                ("Zwei Städte treten der Genossenschaft bei", "", ""),
            ],
        ),
        (
            "kid",
            &[
                ("Neues Rechenzentrum in Betrieb genommen", "7C116.635.1", ""),
                ("Forum der Anwender in Magdeburg", "7C116.612.1", ""),
            ],
        ),
        (
            "landesportal",
            &[
                ("Zentrale Service-Angebote entlasten Kommunen", "879&cHash=aa", "2025-11-24"),
                ("Steuerschätzung liegt vor", "870&cHash=bb", "2025-11-20"),
            ],
        ),
        (
            "presse-st",
            &[
                ("Zentrale Service-Angebote entlasten Kommunen", "en-kommunen", "2025-11-24"),
                ("Kabinett berät über die Haushalte der Gemeinden", "r-gemeinden", "2025-11-21"),
                ("Steuerschätzung liegt vor", "g-liegt-vor", "2025-11-20"),
            ],
        ),
        (
            "hs-harz",
            &[
                (
                    "Nr. 15/2025: Umsetzung des Onlinezugangsgesetzes in Kommunen",
                    "Umsetzung.pdf",
                    "",
                ),
                ("Nr. 14/2024: Prozesse in kleinen Verwaltungen gestalten", "Prozesse.pdf", ""),
                ("Nr. 13/2023: Künstliche Intelligenz im Rathaus einsetzen", "KI_Rathaus.pdf", ""),
            ],
        ),
        (
            "mid",
            &[
                ("Zentrale Service-Angebote entlasten Kommunen", "uid%5D=13401", "2025-11-24"),
                ("Breitband: Förderung für vier Landkreise", "uid%5D=13393", "2025-11-18"),
            ],
        ),
        (
            "ozg-portal",
            &[
                ("Neues aus der ZSA-Machbarkeitsstudie", "studie-1-1", "2025-11-05"),
                ("Neues aus der ZSA-Machbarkeitsstudie", "studie-1", "2025-08-12"),
            ],
        ),
        (
            "server-lesen",
            &[
                ("Gemeinsame Sitzung in Nachterstedt", "rstedt.html", ""),
                ("Neues aus dem Rechenzentrum", "entrum.html", ""),
            ],
        ),
        (
            "it-planungsrat",
            &[
                ("Erfolgreicher Abschluss des Vorsitzjahres 2025", "jahres-2025", ""),
                ("Datenschutzcockpit im Pilotbetrieb", "lotbetrieb", ""),
            ],
        ),
        (
            "fitko",
            &[
                ("Erfolgreicher Abschluss des Vorsitzjahres 2025", "jahres-2025", ""),
                ("Datenschutzcockpit im Pilotbetrieb", "lotbetrieb", ""),
            ],
        ),
        (
            "dstgb",
            &[
                ("Kommunen brauchen digitale Basisdienste", "sisdienste/", "2025-11-12"),
                ("Haushalte der Städte in Not", "te-in-not/", "2025-11-04"),
            ],
        ),
    ] {
        let found = read(id);
        assert_eq!(found.len(), expected.len(), "{id}: {found:?}");
        for ((title, link, day), (want, end, date)) in found.iter().zip(expected) {
            assert_eq!((title.as_str(), day.as_str()), (*want, *date), "{id}");
            assert!(end.ends_with(link.as_str()) || link.ends_with(end), "{id}: {link} {end}");
        }
    }
}

#[test]
fn a_ministry_and_the_number_of_its_release_are_categories() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = page("");
    let html = folder.join("tests/fixtures/pages/shipped-landesportal.html");
    let read = source.extract(&answer(&std::fs::read(html).unwrap())).unwrap();
    assert_eq!(
        read.items[0].categories,
        ["Ministerium für Infrastruktur und Digitales", "Pressemitteilung 165/2025"]
    );
}
