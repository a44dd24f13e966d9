//! The first contact: the shipped blocks as they are, on replicas of the pages they ask under
//! their real addresses, from the request to the stored item.

use std::collections::BTreeMap;
use std::sync::Arc;

use amtsbote::fetch::{Fetch, FetchError, answer};
use amtsbote::model::{BoxFuture, Condition, Request, Response, SourceId};
use amtsbote::pipeline::read_by;
use amtsbote::store::Transaction;
use amtsbote::store::items::{self, Stored};

use crate::support::service::{Service, Setup};

/// The sources of Saxony-Anhalt that have a page or feed of their own.
const ASKED: [&str; 11] = [
    "sgsa",
    "kitu",
    "kid",
    "server-lesen",
    "ozg-portal",
    "ozg-newsletter",
    "landesportal",
    "presse-st",
    "mid",
    "hs-harz",
    "landkreistag",
];
const PORTAL: &str = "https://www.sachsen-anhalt.de/bs/pressemitteilungen/ministerien";
const RELEASE: &str = "Eine Studie im Auftrag des Landes zeigt, wie Städte und Gemeinden ihre Aufgaben bündeln können. \
    Zentrale Service-Angebote entlasten demnach vor allem kleine Verwaltungen, denen Fachleute fehlen. \
    Neun Partnerkommunen haben ein Jahr lang mitgearbeitet und ihre Abläufe offengelegt. \
    Im nächsten Schritt sollen drei Leistungen gemeinsam betrieben werden, darunter die Wohngeldstelle.";
const WELCOME: &str = "<p>Grußwort des Beauftragten: Das Onlinezugangsgesetz (OZG) verpflichtet uns, den digitalen Wandel zu gestalten.</p>";

/// Answers for every host; what it does not have is 404.
#[derive(Debug)]
struct Replica(BTreeMap<String, String>);

impl Fetch for Replica {
    fn fetch<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, FetchError>> {
        let page = self.0.get(&request.url);
        let kind = page
            .filter(|page| page.starts_with("<rss"))
            .map_or("text/html", |_| "application/rss+xml");
        let headers = [("Content-Type", kind)];
        let status = if page.is_some() { 200 } else { 404 };
        let body = page.map_or("", String::as_str);
        Box::pin(std::future::ready(Ok(answer(status, &request.url, &headers, body.as_bytes()))))
    }
}

fn article(title: &str, before: &str, text: &str, after: &str) -> String {
    format!(
        "<html><head><title>{title}</title></head><body><ul><li><a href=/>Start</a><li><a href=/kontakt>Kontakt</a></ul>\
         <div><h1>{title}</h1>{before}<p>{text}</p>{after}</div><div><a href=/impressum>Impressum</a></div></body></html>"
    )
}

fn replica() -> Replica {
    let mut pages = BTreeMap::new();
    let mut add = |url: &str, page: String| pages.insert(url.to_owned(), page);
    let fixture = |id: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pages");
        std::fs::read_to_string(format!("{folder}/shipped-{id}.html")).unwrap()
    };
    add("https://www.kommunales-sachsen-anhalt.de/", fixture("sgsa"));
    let (title, seed) = include_str!("../../fixtures/seed.txt").split_once('\n').unwrap();
    let paragraphs: String = seed.split("\n\n").map(|part| format!("<p>{part}</p>")).collect();
    add(
        "https://www.kommunales-sachsen-anhalt.de/Gemeinsame-Startseite/index.php?La=1&NavID=2348.18&object=tx%7C2348.6526.1",
        article(title, "<img src=x.jpg alt='Internet IT vector'>", "", &paragraphs),
    );
    add("https://www.kitu-genossenschaft.de/", fixture("kitu"));
    add(
        "https://kid-magdeburg.de/Unternehmen/Aktuelles/index.php?La=1&NavID=116.86.1",
        fixture("kid"),
    );
    add(
        "https://server-lesen.de/",
        "<body><p><a href=/kitu/wohngeld-aus-einer-hand.html>Wohngeld aus einer Hand</a></p>\
         <p><a href=/kitu/akten-ohne-papier.html>Akten ohne Papier im Rathaus</a></p><p><a href=/datenschutz.html>Datenschutz</a></p></body>".to_owned(),
    );
    let news = |n: u8, title: &str, day: &str| {
        format!(
            "<div class='article articletype-0' itemscope itemtype='http://schema.org/Article'><div class=header><h3><a itemprop=url \
             title='{title}' href=/news-detail/neues-{n}><span itemprop=headline>{title}</span></a></h3></div><div class=teaser-text>\
             <div itemprop=description>Das Projekt hat einen weiteren Schritt getan, über den wir berichten.</div><a class=more href=/news-detail/neues-{n}>Weiterlesen</a></div>\
             <div class=footer><p><span class=news-list-date><time itemprop=datePublished datetime={day}>{day}</time></span></p></div></div>"
        )
    };
    let titles = [
        "Neues aus der Machbarkeitsstudie",
        "Neues aus der Machbarkeitsstudie",
        "Start der Werkstatt mit Kommunen",
    ];
    let list: String = titles
        .iter()
        .zip(1..)
        .map(|(title, n)| news(n, title, &format!("2025-1{}-0{n}", n % 2)))
        .collect();
    add(
        "https://ozg.sachsen-anhalt.de/",
        format!(
            "<body><ul><li><a href=/ueber-uns>Über uns</a></ul><h2>Aktuelles</h2><div class=news-list-view>{list}</div><p>\
             <a href=/newsletter-ozg-sachsenanhaltspunkte-nov/dez-2025>Newsletter November/Dezember 2025</a>\
             <a href=https://ozg.lpsa-test.de/news-detail/probe>Probe der Redaktion im Test</a> <a href=/datenschutz>Datenschutz</a></p></body>"
        ),
    );
    for (n, title) in (1..).zip(titles) {
        let text = format!(
            "Im Abschnitt {n} der Studie ging es um die Frage, welche Dienste sich lohnen, und wer sie in Zukunft betreibt. {RELEASE}"
        );
        add(
            &format!("https://ozg.sachsen-anhalt.de/news-detail/neues-{n}"),
            article(title, WELCOME, &text, ""),
        );
    }
    add(PORTAL, fixture("landesportal"));
    let release = article(
        "Zentrale Service-Angebote entlasten Kommunen",
        "<p>Pressemitteilung: 165/2025</p><p>Magdeburg, den 24.11.2025</p>",
        RELEASE,
        "<p>Impressum: Ministerium für Infrastruktur und Digitales, Pressestelle, Turmschanzenstraße 30, 39114 Magdeburg</p>",
    );
    add("https://presse.sachsen-anhalt.de/", fixture("presse-st"));
    add(
        "https://presse.sachsen-anhalt.de/ministerium-fuer-infrastruktur-und-digitales/2025/11/24/zentrale-service-angebote-entlasten-kommunen",
        release.clone(),
    );
    add(
        &format!(
            "{PORTAL}?tx_tsarssinclude_pi1%5Baction%5D=single&tx_tsarssinclude_pi1%5Buid%5D=12879&cHash=aa"
        ),
        release.clone(),
    );
    let own = "/presse/pressemitteilungen/";
    add(
        &format!("https://mid.sachsen-anhalt.de{own}"),
        fixture("landesportal")
            .replace("/bs/pressemitteilungen/ministerien", own)
            .replace("12879", "77"),
    );
    add(
        &format!(
            "https://mid.sachsen-anhalt.de{own}?tx_tsarssinclude_pi1%5Baction%5D=single&tx_tsarssinclude_pi1%5Buid%5D=77&cHash=aa"
        ),
        release,
    );
    add("https://www.hs-harz.de/", fixture("hs-harz"));
    add(
        "https://landkreistag-st-digital.de/feed/",
        "<rss version='2.0'><channel><title>Bericht</title><item><title>Rückblick der Landkreise</title><link>https://landkreistag-st-digital.de/rueckblick/</link>\
         <guid isPermaLink='false'>https://landkreistag-st-digital.de/?p=34297</guid><pubDate>Mon, 01 Dec 2025 08:00:00 +0000</pubDate>\
         <description>Ein Jahr in Zahlen.</description></item></channel></rss>".to_owned(),
    );
    Replica(pages)
}

async fn contact() -> Service {
    // What is switched off is tried as well.
    let sources = include_str!("../../../config/sources.toml").replace("enabled = false\n", "");
    let service = Setup::new()
        .settings("[fetch]\ninterval = '2h'\nhost_spacing = '0s'\n")
        .sources(sources)
        .topics(include_str!("../../../config/topics.toml"))
        .model(amtsbote::config::SHIPPED_MODEL)
        .net(Arc::new(replica()))
        .open();
    let reports = service.ask(&ASKED).await;
    let failed: Vec<_> = reports.iter().filter(|report| report.error.is_some()).collect();
    assert!(failed.is_empty() && reports.len() == ASKED.len(), "{failed:?}");
    service
}

fn of<'a>(items: &'a [Stored], source: &str) -> Vec<&'a Stored> {
    items.iter().filter(|item| item.source.as_str() == source).collect()
}

#[tokio::test(start_paused = true)]
async fn every_shipped_block_reads_its_page_on_first_contact() {
    let service = contact().await;
    let stored = service.items().await;
    for (id, count, by) in [
        ("sgsa", 2, "structure"),
        ("kitu", 2, "structure"),
        ("kid", 2, "structure"),
        ("server-lesen", 2, "selectors"),
        ("ozg-portal", 3, "structure"),
        ("ozg-newsletter", 1, "selectors"),
        ("landesportal", 2, "structure"),
        ("presse-st", 3, "structure"),
        ("mid", 2, "structure"),
        ("hs-harz", 3, "structure"),
        ("landkreistag", 1, "feed-rs"),
    ] {
        let own = of(&stored, id);
        let titles: Vec<&str> = own.iter().map(|item| item.title.as_str()).collect();
        assert_eq!(own.len(), count, "{id}: {titles:?}");
        let state = service.state(id).await;
        assert_eq!(state.condition, Condition::Ok, "{id}");
        assert_eq!(read_by(&state.cursor), Some(by), "{id}");
    }
    let furniture =
        ["datenschutz", "archiv", "impressum", "seite=", "page%5D", "ofs_1", ".jpg", "lpsa-test"];
    for url in stored.iter().filter_map(|item| item.url.as_deref()) {
        let lower = url.to_lowercase();
        assert!(!furniture.iter().any(|part| lower.contains(part)), "{url}");
    }
    assert!(of(&stored, "kitu").iter().all(|item| item.url.is_none()), "blocks have no address");
    assert!(of(&stored, "hs-harz").iter().all(|item| item.title.starts_with("Nr. ")));
    assert!(of(&stored, "landesportal").iter().all(|item| item.published.is_some()));
    let source = SourceId::from("landesportal");
    let numbered = move |tx: &Transaction<'_>| items::known_as(tx, &source, "pm:mid-165-2025");
    let numbered = service.ctx.store.read(numbered).await.unwrap();
    assert!(numbered.is_some(), "ministry and number of a release are read");
    let ozg = of(&stored, "ozg-portal");
    assert!(ozg.iter().all(|item| item.text.contains("welche Dienste sich lohnen")));
    assert!(
        ozg.iter().all(|item| !item.text.contains("Grußwort")),
        "what stands under each page is no text"
    );
}

#[tokio::test(start_paused = true)]
async fn the_seeds_item_gets_its_three_topics_from_its_own_page() {
    let service = contact().await;
    let stored = service.items().await;
    let seed = of(&stored, "sgsa")
        .into_iter()
        .find(|item| item.title.starts_with("4. Gemeinsame"))
        .unwrap();
    assert!(
        seed.text.contains("Onlinezugangsgesetz") && !seed.text.contains("-->"),
        "{}",
        seed.text
    );
    let id = seed.id;
    let taggings = service.ctx.store.read(move |tx| items::tags(tx, id)).await.unwrap();
    let mut topics: Vec<String> =
        taggings.iter().map(|(tagging, _)| tagging.topic.to_string()).collect();
    topics.sort();
    assert_eq!(topics, ["central-services", "ozg", "transformation"], "{}", seed.text);
}

#[tokio::test(start_paused = true)]
async fn one_release_on_three_hosts_is_one_story() {
    let service = contact().await;
    let stored = service.items().await;
    let stories: Vec<_> = ["landesportal", "presse-st", "mid"]
        .iter()
        .map(|id| {
            of(&stored, id)
                .into_iter()
                .find(|item| item.title.starts_with("Zentrale"))
                .unwrap()
                .story
        })
        .collect();
    assert!(stories.windows(2).all(|pair| pair[0] == pair[1]), "{stories:?}");
}
