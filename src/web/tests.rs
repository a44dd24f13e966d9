//! Every page in every state, with hostile text in every place that sources or readers fill.

use serde::Serialize;
use serde_json::{Value, json};

use super::answer::View;
use super::headers::Kind;
use super::views::{
    Bot, Choice, Feed, FeedEntry, ItemLine, ItemList, ItemPage, KeywordCount, Moment, OtherItem,
    Problems, Settings, SourceRow, Subscribe, TopicLink, TopicReason, Version,
};
use crate::model::ItemId;
use crate::page::{Link, TemplateProblem, Templates};

const HOSTILE: &str = "Guten Tag <script>alert('1')</script> \"& 'mehr\u{1}";

fn face() -> crate::digest::Face {
    crate::digest::render::samples::face(true)
}

fn templates() -> Templates {
    Templates::load(&[]).unwrap()
}

/// A page in one of its states.
struct Page {
    template: &'static str,
    kind: Kind,
    view: Value,
}

fn page(template: &'static str, kind: Kind, view: impl Serialize) -> Page {
    Page { template, kind, view: serde_json::to_value(view).unwrap() }
}

fn rendered(page: &Page) -> Result<String, TemplateProblem> {
    rendered_if(page, true)
}

fn rendered_if(page: &Page, subscribe: bool) -> Result<String, TemplateProblem> {
    let face = &face();
    let view = View { face, subscribe, noindex: page.kind.is_hidden(), page: &page.view };
    templates().render(&format!("web/{}", page.template), &view)
}

fn moment() -> Moment {
    Moment { iso: "2025-12-09".into(), text: "9.\u{a0}Dezember 2025".into() }
}

fn topics() -> Vec<TopicLink> {
    [("ozg", "OZG und Onlinedienste"), ("central-services", "Zentrale Dienste")]
        .map(|(id, title)| TopicLink { id: id.into(), title: title.into(), hue: 1 })
        .to_vec()
}

fn list(title: &str) -> ItemList {
    let line = |id, title: &str, also| ItemLine {
        id,
        title: crate::text::marked(title, &crate::text::wanted("Service Titel")),
        language: (also == 2).then(|| "en".into()),
        source: "OZG-Portal".into(),
        published: (also > 0).then(moment),
        summary: crate::text::marked("Zwölf Städte lassen Anträge bearbeiten.", &[]),
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

fn document() -> Link {
    Link {
        text: "Steckbrief der Erprobung (PDF, 412\u{a0}KB)".into(),
        url: Some("https://ozg-portal.example/steckbrief.pdf".into()),
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
        id: ItemId(1),
        dates: vec![json!({ "when": title, "is_over": url.is_none(), "quote": title })],
        has_calendar: true,
        title: title.into(),
        language: url.is_none().then(|| "en".into()),
        source: "OZG-Portal".into(),
        source_url: Some("https://ozg-portal.example/".into()),
        url: url.map(Into::into),
        published: Some(moment()),
        published_is_guess: url.is_none(),
        updated: Some(moment()),
        first_seen: moment(),
        note: Some(title.into()),
        lead: vec![title.into(), "Zweiter Absatz.".into()],
        documents: vec![document()],
        versions: vec![Version { day: moment(), change: title.into() }],
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

fn digest(title: &str) -> Page {
    let mut digest = crate::digest::render::samples::digest(true);
    digest.sections[0].entries[0].title = title.into();
    digest.sections[0].entries[0].also[0].source = title.into();
    let view = json!({
        "title": title,
        "id": digest.id,
        "only": title,
        "rest": null,
        "digest": crate::digest::render::web_view(&digest, &face()),
        "previous": "2025-12-08-taeglich",
        "next": "2025-12-10-taeglich",
    });
    page("digest.html", Kind::Page, view)
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
        keywords: Some("„a*“: Neben einem * braucht ein Wort wenigstens 3 Buchstaben.".into()),
    }
}

fn subscribe(address: &str, problems: Problems) -> Page {
    let view = Subscribe {
        address: address.into(),
        topics: choices(false),
        series: editions(false),
        latest: vec![(
            "2025-12-09-taeglich".into(),
            "Kommunal-IT am Morgen, 9. Dezember 2025".into(),
        )],
        problems,
        stamp: "abc".into(),
    };
    page("subscribe.html", Kind::Form, view)
}

fn settings(saved: bool, problems: Problems) -> Page {
    let view = Settings {
        address: "hauptamt@example.de".into(),
        topics: choices(true),
        series: editions(true),
        keywords: "Breitband*\n</textarea><script>".into(),
        most_keywords: 20,
        found: vec![KeywordCount { keyword: "<script>".into(), items: 2 }],
        problems,
        saved,
        is_proposed: !saved,
        suspended: saved,
        download: "/e/abc/daten.json".into(),
        consent: moment(),
        unsubscribe: "token".into(),
    };
    page("settings.html", Kind::Token, view)
}

fn archive(digests: usize) -> Page {
    let digest = |number: usize| {
        json!({
            "id": format!("{number}-taeglich"),
            "title": format!("Kommunal-IT am Morgen, Ausgabe {number}"),
            "shown": number,
        })
    };
    let digests: Vec<Value> = (0..digests).map(digest).collect();
    page(
        "archive.html",
        Kind::Page,
        json!({
            "months": [["Dezember 2025", digests]],
            "weeks": ["1. Dezember 2025", "8. Dezember 2025"],
            "plots": [{
                "title": "OZG", "hue": 0, "total": 3, "words": "OZG, Meldungen je Woche: 1, 2",
                "bars": [{ "x": 4, "y": 32, "height": 28 }, { "x": 44, "y": 4, "height": 56 }],
                "counts": [1, 2],
            }],
        }),
    )
}

/// A name, and a page.
fn pages(title: &str) -> Vec<(&'static str, Page)> {
    let form = |words: Option<&str>| {
        let chosen = [Choice {
            id: "kitu".into(),
            title: title.into(),
            remark: String::new(),
            chosen: words.is_some(),
        }];
        json!({ "words": words, "topics": chosen, "sources": chosen, "spans": chosen })
    };
    let start = |list: ItemList| {
        let view = json!({ "search": form(None), "topics": topics(), "list": list, "all": false });
        page("start.html", Kind::Page, view)
    };
    let search = |found: usize, list: ItemList| {
        let sources = [TopicLink { id: "kitu".into(), title: title.into(), hue: 0 }];
        let suggestion = json!({ "words": title, "path": "/?suche=Portal" });
        let view = json!({
            "search": form(Some(title)), "title": title, "feed": "/feeds/suche.atom?suche=x",
            "list": null, "number": 2, "found": found, "is_cut": false, "topics": topics(), "sources": sources,
            "items": list.items, "suggestion": suggestion, "previous": "/?suche=x", "next": "/?suche=x",
        });
        page("search.html", Kind::Page, view)
    };
    let narrowed = json!({
        "search": form(None), "title": title, "feed": "/feeds/suche.atom?quelle=x", "list": list(title), "number": null,
    });
    let chosen =
        json!({ "topics": ["OZG und Onlinedienste"], "series": ["Kommunal-IT am Morgen"] });
    let asked = |template, done: bool| {
        let mut view = chosen.clone();
        view["done"] = json!(done);
        view["weekly"] = json!("Kommunal-IT der Woche");
        view["link"] = json!("token");
        view["address"] = json!("hauptamt@example.de");
        page(template, Kind::Token, view)
    };
    let plain = |template| page(template, Kind::Page, ());
    let topic = json!({ "id": "ozg", "title": "OZG", "list": list(title) });
    let status = json!({
        "facts": [{ "name": "Version", "value": "0.1.0" }],
        "sources": [SourceRow {
            name: "OZG-Portal".into(),
            condition: "failing".into(),
            last_success: Some(moment()),
            next_poll: None,
            last_error: Some(title.into()),
        }],
    });
    let bot = Bot {
        user_agent: "amtsbote/0.1 (+https://meldungen.example.de/bot)".into(),
        interval: "2 Stunden".into(),
        min_interval: "15 Minuten".into(),
        per_host: 1,
        host_spacing: "2 Sekunden".into(),
    };
    let date = json!({
        "when": title, "item": 1, "title": title, "source": title, "topics": [title], "quote": title,
    });
    let agenda = json!({ "months": [["März 2027", [date]]], "topics": [["ozg", title]] });
    let sent = json!({ "valid_until": "12. Dezember 2025, 14:05 Uhr", "crowded": true });
    let known = item(title, Some("https://ozg-portal.example/news"));
    vec![
        ("start", start(list(title))),
        ("leer", start(ItemList::default())),
        ("suche", search(3, list(title))),
        ("nichts", search(0, ItemList::default())),
        ("eingegrenzt", page("search.html", Kind::Page, narrowed)),
        ("thema", page("topic.html", Kind::Page, topic)),
        ("meldung", page("item.html", Kind::Page, known)),
        ("meldung-ohne-adresse", page("item.html", Kind::Page, item("Papers on AI", None))),
        ("termine", page("agenda.html", Kind::Page, agenda)),
        ("archiv", archive(1)),
        ("ausgabe", digest(title)),
        ("anmelden", subscribe("", Problems::default())),
        ("anmelden-fehler", subscribe(title, problems())),
        (
            "abgelaufen",
            page("expired.html", Kind::Token, json!({ "send": "/e/abc/link", "crowded": false })),
        ),
        (
            "link-gesendet",
            page("expired.html", Kind::Token, json!({ "send": null, "crowded": true })),
        ),
        ("gesendet", page("sent.html", Kind::Form, sent)),
        ("bestaetigen", asked("confirm.html", false)),
        ("bestaetigt", asked("confirm.html", true)),
        ("abmelden", asked("unsubscribe.html", false)),
        ("abgemeldet", asked("unsubscribe.html", true)),
        ("einstellungen", settings(false, Problems::default())),
        ("einstellungen-gespeichert", settings(true, Problems::default())),
        ("einstellungen-fehler", settings(false, Problems { address: None, ..problems() })),
        ("veraltet", page("stale.html", Kind::Token, json!({ "fresh_link": true }))),
        ("hilfe", plain("help.html")),
        ("impressum", plain("imprint.html")),
        ("datenschutz", plain("privacy.html")),
        ("barrierefreiheit", plain("accessibility.html")),
        ("bot", page("bot.html", Kind::Page, bot)),
        ("status", page("status.html", Kind::Status, status)),
        ("404", page("missing.html", Kind::Form, ())),
        ("405", page("trouble.html", Kind::Form, json!({ "title": title, "text": title }))),
        ("500", page("failed.html", Kind::Form, ())),
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
    for (name, page) in pages(HOSTILE) {
        let html = rendered(&page).unwrap_or_else(|error| panic!("{name}: {error:?}"));
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
    for (name, page) in pages("Titel") {
        let html = rendered(&page).unwrap();
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.contains(" – Kommunal-IT-Meldungen</title>"), "{name}");
        for duty in ["Impressum", "Datenschutz", "Barrierefreiheit", "/hilfe", "#inhalt"] {
            assert!(html.contains(duty), "{name} lacks {duty}");
        }
        assert_eq!(html.contains("noindex"), page.kind.is_hidden(), "{name}");
    }
}

#[test]
fn an_error_is_told_in_the_title_above_the_form_and_at_its_field() {
    let html = rendered(&subscribe("x", problems())).unwrap();
    assert!(html.contains("<title>Fehler: "));
    assert!(html.contains("role=\"alert\""));
    for field in ["adresse", "themen", "ausgaben"] {
        assert!(html.contains(&format!("href=\"#{field}\"")), "{field}");
        assert!(html.contains(&format!("id=\"{field}\"")), "{field}");
        assert!(html.contains(&format!("id=\"{field}-fehler\"")), "{field}");
    }
    let html = rendered(&subscribe("", Problems::default())).unwrap();
    assert!(!html.contains("Fehler"));
    assert!(!html.contains("role=\"alert\""));
    assert!(!html.contains(" checked"), "consent is never ticked beforehand");
}

#[test]
fn an_address_that_no_browser_should_follow_leads_nowhere() {
    let page = page("item.html", Kind::Page, item("Titel", Some("javascript:alert(1)")));
    let html = rendered(&page).unwrap();
    assert!(!html.contains("javascript:"));
    assert!(html.contains("href=\"about:invalid\""));
}

#[test]
fn the_current_page_is_marked_in_the_navigation() {
    for (name, page) in pages("Titel") {
        let html = rendered(&page).unwrap();
        let is_entry =
            ["start", "leer", "termine", "archiv", "anmelden", "anmelden-fehler", "hilfe"];
        let marked = html.matches("aria-current").count();
        assert_eq!(marked, usize::from(is_entry.contains(&name)), "{name}");
    }
}

#[test]
fn years_of_digests_do_not_run_out_of_fuel() {
    let html = rendered(&archive(5000)).unwrap();
    assert_eq!(html.matches("<li><a href=\"/d/").count(), 5000);
}

#[test]
fn a_closed_form_is_nowhere_offered() {
    for (name, page) in pages("Titel") {
        if matches!(page.template, "subscribe.html" | "sent.html") {
            continue;
        }
        assert!(!rendered_if(&page, false).unwrap().contains("/anmelden"), "{name}");
    }
}

#[test]
fn a_feed_is_well_formed_whatever_a_title_holds() {
    let atom = rendered(&page("feed.atom", Kind::Feed, feed(HOSTILE))).unwrap();
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

/// Returns what is read between the heading of a digest and what follows its last section.
fn words(html: &str, end: &str) -> Vec<String> {
    let begin = html.find("<h1").unwrap();
    let end = begin + html[begin..].find(end).unwrap();
    let mut words = String::new();
    let mut is_tag = false;
    for c in html[begin..end].chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                words.push(' ');
            }
            c if !is_tag => words.push(c),
            _ => {}
        }
    }
    words.split([' ', '\n']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn a_digest_has_the_same_words_in_the_mail_and_on_the_web() {
    use crate::digest::render::{self, samples};
    for is_full in [true, false] {
        let mut digest = samples::digest(is_full);
        digest.sections[0].entries[0].title = "\"Bürgerkonto\" - u.a. für 12.000 Orte".into();
        let mail =
            render::digest(&digest, &face(), &samples::personal(), &templates()).unwrap().html;
        let view = json!({
            "title": "", "id": digest.id, "only": "", "rest": null, "previous": null, "next": null,
            "digest": render::web_view(&digest, &face()),
        });
        let page = rendered(&page("digest.html", Kind::Page, view)).unwrap();
        let page = words(&page, "</main>");
        assert_eq!(words(&mail, "<tr><td style=\"padding:0;font-size:16px"), page);
        assert!(page.len() > 20 && page.contains(&"„Bürgerkonto“".to_owned()), "{page:?}");
    }
}
