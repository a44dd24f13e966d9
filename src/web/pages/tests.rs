//! Every page in every state, with hostile text in every place that sources or readers fill.

use super::*;
use crate::web::views::{
    Choice, DigestEntry, DigestLink, DigestSection, DocumentLink, Fact, FeedEntry, ItemLine,
    ItemList, Moment, Month, OtherItem, OtherSource, Problems, SourceRow, TopicLink, TopicReason,
};

const HOSTILE: &str = "Guten Tag <script>alert('1')</script> \"& 'mehr\u{1}";

fn service() -> Service {
    Service {
        name: "Kommunal-IT-Meldungen".into(),
        public_url: "https://meldungen.example.de/".into(),
        contact: "redaktion@example.de".into(),
        operator: "Beispielverband, Musterstraße 1, 01234 Musterstadt".into(),
        imprint_url: Some("https://example.de/impressum".into()),
        privacy_url: Some("https://example.de/datenschutz".into()),
        accessibility_url: Some("https://example.de/barrierefreiheit".into()),
        subscribe: true,
    }
}

fn moment() -> Moment {
    Moment { iso: "2025-12-09".into(), text: "9.\u{a0}Dezember 2025".into() }
}

fn topics() -> Vec<TopicLink> {
    [("ozg", "OZG und Onlinedienste"), ("central-services", "Zentrale Dienste")]
        .map(|(id, title)| TopicLink { id: id.into(), title: title.into() })
        .to_vec()
}

fn list(title: &str) -> ItemList {
    let line = |id, title: &str, also| ItemLine {
        id,
        title: title.into(),
        source: "OZG-Portal".into(),
        published: (also > 0).then(moment),
        summary: "Zwölf Städte lassen Anträge ab dem nächsten Quartal gemeinsam bearbeiten.".into(),
        topics: topics(),
        also,
    };
    ItemList {
        items: vec![
            line(1, "Zentrale Service-Angebote entlasten Kommunen", 2),
            line(2, "Neues aus der Erprobung", 1),
            line(3, title, 0),
        ],
        until: Some(moment()),
        newer: Some("/?nach=1765270800000-1".into()),
        older: Some("/?vor=1765270800000-3".into()),
    }
}

fn document() -> DocumentLink {
    DocumentLink {
        title: "Steckbrief der Erprobung".into(),
        url: "https://ozg-portal.example/steckbrief.pdf".into(),
        remark: "PDF, 412\u{a0}KB".into(),
    }
}

fn item(title: &str, url: Option<&str>) -> ItemPage {
    let other = |id, title: &str| OtherItem {
        id,
        title: title.into(),
        source: "Landesportal".into(),
        published: Some(moment()),
    };
    ItemPage {
        title: title.into(),
        language: url.is_none().then(|| "en".into()),
        source: "OZG-Portal".into(),
        source_url: Some("https://ozg-portal.example/".into()),
        url: url.map(Into::into),
        published: Some(moment()),
        published_is_guess: url.is_none(),
        updated: Some(moment()),
        first_seen: moment(),
        lead: vec![title.into(), "Zweiter Absatz.".into()],
        documents: vec![document()],
        also: vec![other(Some(7), "Zwölf Kommunen starten"), other(None, title)],
        related: vec![other(Some(8), "Start der Machbarkeitsstudie")],
        topics: vec![TopicReason {
            id: "central-services".into(),
            title: "Zentrale Dienste".into(),
            reason: "„Service-Angebote“ im Titel".into(),
            opinion: None,
        }],
    }
}

fn digest(title: &str) -> DigestPage {
    let entry = |id, title: &str, url: Option<&str>| DigestEntry {
        id,
        title: title.into(),
        url: url.map(Into::into),
        source: "OZG-Portal".into(),
        published: Some(moment()),
        updated: (id == 1).then(moment),
        what: "neuer Titel".into(),
        summary: "Zwölf Städte lassen Anträge gemeinsam bearbeiten.".into(),
        documents: vec![document()],
        also: vec![
            OtherSource {
                source: "Städtebund".into(),
                url: Some("https://x.example/1".into()),
                title: None,
            },
            OtherSource { source: "IT-Genossenschaft".into(), url: None, title: None },
        ],
    };
    let section = |topic: &TopicLink, first| DigestSection {
        topic: topic.id.clone(),
        title: topic.title.clone(),
        entries: vec![
            entry(first, "Zentrale Service-Angebote", Some("https://ozg-portal.example/news")),
            entry(first + 1, title, None),
        ],
        omitted: 3,
    };
    DigestPage {
        title: format!("Kommunal-IT am Morgen, {}", moment().text),
        id: "2025-12-09-taeglich".into(),
        only: None,
        shown: 4,
        since: Some(moment()),
        catches_up: true,
        silent_sources: vec!["Landesportal".into()],
        sections: vec![section(&topics()[0], 1), section(&topics()[1], 3)],
        previous: Some("2025-12-08-taeglich".into()),
        next: Some("2025-12-10-taeglich".into()),
    }
}

fn choices(chosen: bool) -> Vec<Choice> {
    topics()
        .into_iter()
        .map(|topic| Choice { id: topic.id, title: topic.title, remark: String::new(), chosen })
        .collect()
}

fn editions(chosen: bool) -> Vec<Choice> {
    vec![Choice {
        id: "taeglich".into(),
        title: "Kommunal-IT am Morgen".into(),
        remark: "arbeitstags um 7\u{a0}Uhr".into(),
        chosen,
    }]
}

fn problems() -> Problems {
    Problems {
        form: Some("Das Formular lag zu lange offen.".into()),
        address: Some("Geben Sie eine E-Mail-Adresse ein, zum Beispiel name@gemeinde.de.".into()),
        topics: Some("Wählen Sie wenigstens ein Thema.".into()),
        series: Some("Wählen Sie wenigstens eine Ausgabe.".into()),
    }
}

fn subscribe(address: &str, problems: Problems) -> Page {
    Page::Subscribe(Subscribe {
        address: address.into(),
        topics: choices(false),
        series: editions(false),
        problems,
        stamp: "abc".into(),
    })
}

fn settings(saved: bool, problems: Problems) -> Page {
    Page::Settings(Box::new(Settings {
        address: "hauptamt@example.de".into(),
        topics: choices(true),
        series: editions(true),
        problems,
        saved,
        suspended: saved,
        download: "/e/abc/daten.json".into(),
        consent: moment(),
        unsubscribe: "token".into(),
    }))
}

/// A name, and a page.
fn pages(title: &str) -> Vec<(&'static str, Page)> {
    let start = |query: Option<&str>, found, list| {
        Page::Start(Start { query: query.map(Into::into), found, topics: topics(), list })
    };
    let titles = |list: &[&str]| list.iter().map(|&title| title.to_owned()).collect::<Vec<_>>();
    let confirm = |done| {
        Page::Confirm(Confirm {
            done,
            address: "hauptamt@example.de".into(),
            topics: titles(&["OZG und Onlinedienste"]),
            series: titles(&["Kommunal-IT am Morgen"]),
        })
    };
    let unsubscribe =
        |done| Page::Unsubscribe(Unsubscribe { done, series: titles(&["Kommunal-IT am Morgen"]) });
    vec![
        ("start", start(None, 0, list(title))),
        ("leer", start(None, 0, ItemList::default())),
        ("suche", start(Some(title), 3, list(title))),
        ("nichts", start(Some("Xyz"), 0, ItemList::default())),
        (
            "thema",
            Page::Topic(TopicPage { id: "ozg".into(), title: "OZG".into(), list: list(title) }),
        ),
        ("meldung", Page::Item(Box::new(item(title, Some("https://ozg-portal.example/news"))))),
        ("meldung-ohne-adresse", Page::Item(Box::new(item("Papers on AI", None)))),
        (
            "archiv",
            Page::Archive(Archive {
                months: vec![Month {
                    title: "Dezember 2025".into(),
                    digests: vec![DigestLink {
                        id: "2025-12-09-taeglich".into(),
                        title: "Kommunal-IT am Morgen, 9. Dezember 2025".into(),
                        shown: 1,
                    }],
                }],
            }),
        ),
        ("ausgabe", Page::Digest(digest(title))),
        ("anmelden", subscribe("", Problems::default())),
        ("anmelden-fehler", subscribe(title, problems())),
        ("gesendet", Page::Sent(Sent { valid_until: "12. Dezember 2025, 14:05 Uhr".into() })),
        ("bestaetigen", confirm(false)),
        ("bestaetigt", confirm(true)),
        ("abmelden", unsubscribe(false)),
        ("abgemeldet", unsubscribe(true)),
        ("einstellungen", settings(false, Problems::default())),
        ("einstellungen-gespeichert", settings(true, Problems::default())),
        ("einstellungen-fehler", settings(false, Problems { address: None, ..problems() })),
        ("veraltet", Page::Stale(Stale { fresh_link: true })),
        ("hilfe", Page::Help),
        ("impressum", Page::Imprint),
        ("datenschutz", Page::Privacy),
        ("barrierefreiheit", Page::Accessibility),
        (
            "bot",
            Page::Bot(Bot {
                user_agent: "amtsbote/0.1 (+https://meldungen.example.de/bot)".into(),
                interval: "2 Stunden".into(),
                min_interval: "15 Minuten".into(),
                per_host: 1,
                host_spacing: "2 Sekunden".into(),
            }),
        ),
        (
            "status",
            Page::Status(Status {
                facts: vec![Fact { name: "Version".into(), value: "0.1.0".into() }],
                sources: vec![SourceRow {
                    name: "OZG-Portal".into(),
                    condition: "failing".into(),
                    last_success: Some(moment()),
                    next_poll: None,
                    last_error: Some(title.into()),
                }],
            }),
        ),
        ("404", Page::Missing),
        ("405", Page::Trouble(Trouble { title: title.into(), text: title.into() })),
        ("500", Page::Failed),
    ]
}

fn feed(title: &str) -> Feed {
    Feed {
        title: "OZG und Onlinedienste".into(),
        self_url: "https://meldungen.example.de/feeds/ozg.atom".into(),
        page_url: "https://meldungen.example.de/thema/ozg".into(),
        updated: "2025-12-09T06:00:04Z".into(),
        entries: vec![FeedEntry {
            id: "https://meldungen.example.de/meldung/1".into(),
            title: title.into(),
            url: "https://ozg-portal.example/news?a=1&b=2".into(),
            source: "OZG-Portal".into(),
            published: None,
            updated: "2025-12-09T06:00:04Z".into(),
            summary: title.into(),
            also: vec!["https://x.example/1".into()],
            topics: topics(),
        }],
    }
}

#[test]
fn what_sources_and_readers_write_never_becomes_markup() {
    let renderer = Pages::new(&service()).unwrap();
    for (name, page) in pages(HOSTILE) {
        let html = renderer.render(&page).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(!html.contains("<script"), "{name}");
        assert!(!html.contains('\u{1}'), "{name}");
        assert!(!html.contains("\"Guten Tag <"), "{name}");
        // What the policy of the headers forbids anyway.
        for forbidden in [" style=", "<style", " on", "<img", "<iframe"] {
            let tags = html.split('<').filter_map(|part| part.split_once('>')).map(|(tag, _)| tag);
            for tag in tags {
                assert!(!format!("<{tag}").contains(forbidden), "{name}: <{tag}>");
            }
        }
    }
}

#[test]
fn every_page_has_one_heading_a_title_and_the_duties_of_the_footer() {
    let renderer = Pages::new(&service()).unwrap();
    for (name, page) in pages("Titel") {
        let html = renderer.render(&page).unwrap();
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.contains(" – Kommunal-IT-Meldungen</title>"), "{name}");
        for duty in ["Impressum", "Datenschutz", "Barrierefreiheit", "/hilfe", "#inhalt"] {
            assert!(html.contains(duty), "{name} lacks {duty}");
        }
        assert_eq!(html.contains("noindex"), page.kind().is_hidden(), "{name}");
    }
}

#[test]
fn an_error_is_told_in_the_title_above_the_form_and_at_its_field() {
    let renderer = Pages::new(&service()).unwrap();
    let html = renderer.render(&subscribe("x", problems())).unwrap();
    assert!(html.contains("<title>Fehler: "));
    assert!(html.contains("role=\"alert\""));
    for field in ["adresse", "themen", "ausgaben"] {
        assert!(html.contains(&format!("href=\"#{field}\"")), "{field}");
        assert!(html.contains(&format!("id=\"{field}\"")), "{field}");
        assert!(html.contains(&format!("id=\"{field}-fehler\"")), "{field}");
    }
    let html = renderer.render(&subscribe("", Problems::default())).unwrap();
    assert!(!html.contains("Fehler"));
    assert!(!html.contains("role=\"alert\""));
    assert!(!html.contains(" checked"), "consent is never ticked beforehand");
}

#[test]
fn an_address_that_no_browser_should_follow_leads_nowhere() {
    let renderer = Pages::new(&service()).unwrap();
    let page = Page::Item(Box::new(item("Titel", Some("javascript:alert(1)"))));
    let html = renderer.render(&page).unwrap();
    assert!(!html.contains("javascript:"));
    assert!(html.contains("href=\"about:invalid\""));
    assert_eq!(web_address("HTTPS://x.example/ä"), "HTTPS://x.example/ä");
    for bad in ["", "data:text/html,x", " https://x", "äääääää", "//x.example"] {
        assert_eq!(web_address(bad), "about:invalid", "{bad}");
    }
}

#[test]
fn a_long_title_of_a_window_ends_at_a_word() {
    assert_eq!(cut("Zwölf Kommunen", 14), "Zwölf Kommunen");
    assert_eq!(cut("Zwölf Kommunen, und mehr", 17), "Zwölf Kommunen …");
    assert_eq!(cut("Donaudampfschifffahrt", 5), "Donau …");
    assert_eq!(cut("", 0), "");
}

#[test]
fn years_of_digests_do_not_run_out_of_fuel() {
    let digest = |number: usize| DigestLink {
        id: format!("{number}-taeglich"),
        title: format!("Kommunal-IT am Morgen, Ausgabe {number}"),
        shown: number,
    };
    let digests: Vec<DigestLink> = (0..5000).map(digest).collect();
    let months = vec![Month { title: "Dezember 2025".into(), digests }];
    let html = Pages::new(&service()).unwrap().render(&Page::Archive(Archive { months })).unwrap();
    assert_eq!(html.matches("<li><a href=\"/d/").count(), 5000);
}

#[test]
fn a_closed_form_is_nowhere_offered() {
    let renderer = Pages::new(&Service { subscribe: false, ..service() }).unwrap();
    for (name, page) in pages("Titel") {
        if matches!(page, Page::Subscribe(_) | Page::Sent(_)) {
            continue;
        }
        assert!(!renderer.render(&page).unwrap().contains("/anmelden"), "{name}");
    }
}

#[test]
fn a_feed_is_well_formed_whatever_a_title_holds() {
    let atom = Pages::new(&service()).unwrap().feed(&feed(HOSTILE)).unwrap();
    let mut reader = quick_xml::Reader::from_str(&atom);
    reader.config_mut().check_end_names = true;
    let mut entries = 0;
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(tag) if tag.name().as_ref() == "entry" => entries += 1,
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(entries, 1);
    assert!(!atom.contains('\u{1}') && !atom.contains("<script"));
    assert!(atom.starts_with("<?xml"));
}
