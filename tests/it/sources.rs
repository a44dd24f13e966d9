//! What every kind of source promises, and what the presets read.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

mod commands;
mod contact;
mod discovered;
mod journey;
mod kinds;
mod letters;
mod rebuilt;
mod shipped;
mod world;

use std::time::Duration;

use amtsbote::model::{
    Access, Content, DetailPolicy, Extraction, Headers, IdentityPolicy, Initial, Place, Problem,
    RawItem, Reader, Response, SourceId, SourceSettings, Table, Timestamp, Value,
};
use amtsbote::source::{KINDS, Kind, Source, SourceError};
use proptest::prelude::*;

const URL: &str = "https://www.example.de/aktuelles/";

fn settings(kind: &str) -> SourceSettings {
    SourceSettings {
        id: SourceId::from("example"),
        name: "Example".into(),
        url: URL.into(),
        kind: kind.to_owned(),
        enabled: true,
        interval: Duration::from_hours(2),
        rank: 2,
        topics: Vec::new(),
        initial: Initial::None,
        identity: IdentityPolicy::Auto,
        timezone: chrono_tz::Europe::Berlin,
        aliases: Vec::new(),
        only: Vec::new(),
        detail: DetailPolicy::Never,
        access: Access::default(),
        remark: None,
    }
}

/// The settings tree of a TOML value. Every place is a line of its own, so
/// that a test sees which value a problem stands at.
fn value(toml: &toml::Value, line: &mut u32) -> Value {
    *line += 1;
    let place = Place { file: "sources.toml".into(), line: *line, column: 1 };
    let content = match toml {
        toml::Value::String(text) => Content::Text(text.clone()),
        toml::Value::Integer(number) => Content::Integer(*number),
        toml::Value::Float(number) => Content::Float(*number),
        toml::Value::Boolean(boolean) => Content::Boolean(*boolean),
        toml::Value::Datetime(_) => Content::Date,
        toml::Value::Array(values) => {
            Content::Array(values.iter().map(|inner| value(inner, line)).collect())
        }
        toml::Value::Table(entries) => Content::Table(Table {
            place: place.clone(),
            entries: entries
                .iter()
                .map(|(key, inner)| {
                    let inner = value(inner, line);
                    (key.clone(), inner.place.clone(), inner)
                })
                .collect(),
        }),
    };
    Value { place, content }
}

fn build(kind: &Kind, source: &str) -> (Option<Box<dyn Source>>, Vec<Problem>) {
    let toml: toml::Table = source.parse().unwrap();
    let Content::Table(table) = value(&toml::Value::Table(toml), &mut 0).content else {
        panic!("a table")
    };
    let mut problems = Vec::new();
    let mut reader = Reader::new(&table, "source.example", &mut problems);
    let built = (kind.build)(&mut reader, &settings(kind.name));
    (built, problems)
}

fn page(source: &str) -> Box<dyn Source> {
    let kind = KINDS.iter().find(|kind| kind.name == "page").unwrap();
    let (built, problems) = build(kind, source);
    assert_eq!(problems, [], "{source}");
    built.unwrap()
}

fn answer(body: &[u8]) -> Response {
    Response {
        status: 200,
        final_url: URL.into(),
        is_redirected: false,
        moved: None,
        headers: Headers::from_iter([("Content-Type", "text/html; charset=utf-8")]),
        body: body.to_vec(),
        truncated: false,
    }
}

/// The example's table without its `[[source]]` head, each kind's default.
fn of_example(kind: &Kind) -> Option<Box<dyn Source>> {
    let toml: toml::Table = kind.example.parse().unwrap();
    let source = toml["source"].as_array().unwrap()[0].clone();
    let (built, problems) = build(kind, &toml::to_string(&source).unwrap());
    assert_eq!(problems, [], "{}", kind.name);
    built
}

fn samples() -> Vec<Vec<u8>> {
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pages");
    let mut names: Vec<_> =
        std::fs::read_dir(pages).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.into_iter().map(|name| std::fs::read(name).unwrap()).collect()
}

#[test]
fn every_kinds_example_builds() {
    for kind in KINDS.iter().filter(|kind| !kind.example.is_empty()) {
        assert!(of_example(kind).is_some(), "{}", kind.name);
    }
}

#[test]
fn an_empty_or_cut_answer_is_read_or_refused_and_always_alike() {
    for kind in KINDS.iter().filter(|kind| !kind.example.is_empty()) {
        let source = of_example(kind).unwrap();
        assert!(source.extract(&answer(b"")).map_or(true, |read| read.items.is_empty()));
        for sample in samples() {
            for cut in (0..sample.len()).step_by(97) {
                let answer = answer(&sample[..cut]);
                assert_eq!(source.extract(&answer), source.extract(&answer), "{}", kind.name);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_make_a_kind_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        marks in "(<(ul|li|div|a|table|svg|title|template|item|entry|rss|![^>]{0,3}|/p)( class=.?result-list| href=.?[^>]{0,5})?/?>|[^<]{0,4}){0,40}",
    ) {
        for kind in KINDS.iter().filter(|kind| !kind.example.is_empty()) {
            let source = of_example(kind).unwrap();
            let _ = source.extract(&answer(&bytes));
            let _ = source.extract(&answer(marks.as_bytes()));
        }
    }
}

/// Title, link, day in Berlin, documents.
fn seen(read: &Extraction) -> Vec<(String, String, String, usize)> {
    read.items
        .iter()
        .map(|raw: &RawItem| {
            (
                raw.title.clone().unwrap_or_default(),
                raw.link.clone().unwrap_or_default(),
                raw.published
                    .map(|date| date.at.utc().with_timezone(&chrono_tz::Europe::Berlin))
                    .map(|date| date.format("%Y-%m-%d").to_string())
                    .unwrap_or_default(),
                raw.enclosures.len(),
            )
        })
        .collect()
}

#[test]
fn each_preset_reads_the_pages_of_its_system() {
    type Row = (&'static str, &'static str, &'static str, usize);
    let table: &[(&str, &str, &[Row])] = &[
        (
            "ikiss",
            "ikiss-result-list",
            &[
                (
                    "Studie zu „zentralen Diensten“ gestartet",
                    "/Aktuelles/index.php?La=1&NavID=39.68&object=tx%7C2348.6253.1",
                    "2025-02-24",
                    0,
                ),
                (
                    "Gemeinsame Sitzung der Arbeitskreise",
                    "/Aktuelles/index.php?NavID=39.68&object=tx|2348.6526.1&La=1",
                    "2025-12-09",
                    1,
                ),
            ],
        ),
        (
            "ikiss",
            "ikiss-objects",
            &[(
                "Neues Bürgerportal",
                "/Stadt/Altes-Portal.php?object=tx,3652.5.1&ModID=7&FID=3652.22947.1&NavID=3652.193&La=1",
                "2026-05-04",
                0,
            )],
        ),
        (
            "ikiss",
            "ikiss-liste-titel",
            &[
                (
                    "Onlinedienste im Rathaus",
                    "/Rathaus/Meldung.php?ModID=7&FID=2852.45456.1",
                    "2026-05-06",
                    0,
                ),
                ("Sprechzeiten", "/Rathaus/Meldung.php?ModID=7&FID=2852.45457.1", "2026-05-05", 0),
            ],
        ),
        (
            "ikiss",
            "ikiss-plain",
            &[
                ("Erste Meldung", "/a.php?FID=2348.1.1", "2023-03-23", 0),
                ("Zweite Meldung", "/a.php?FID=2348.2.1", "2023-02-03", 0),
            ],
        ),
        (
            "typo3-news",
            "typo3-news",
            &[
                ("Neues aus der Studie", "/news-detail/neues-aus-der-studie-1", "2025-07-01", 0),
                ("Neues aus der Studie", "/news-detail/neues-aus-der-studie-1-1", "2025-09-01", 0),
            ],
        ),
        (
            "typo3-news",
            "typo3-bootstrap",
            &[("Abschluss des Vorsitzjahres", "/aktuelles/details/abschluss", "2025-12-18", 0)],
        ),
        (
            "typo3-news",
            "typo3-old",
            &[(
                "Werkstatt zur Digitalisierung",
                "/aktuelles?tx_news_pi1%5Baction%5D=detail&tx_news_pi1%5Bcontroller%5D=News&tx_news_pi1%5Bnews%5D=116&cHash=41b950a5",
                "2025-11-19",
                0,
            )],
        ),
        (
            "landesportal",
            "landesportal",
            &[
                (
                    "Zentrale Angebote entlasten Kommunen",
                    "/bs/pressemitteilungen/single?tx_tsarssinclude_pi1%5Baction%5D=single&tx_tsarssinclude_pi1%5Buid%5D=12879&cHash=aa",
                    "2025-11-24",
                    0,
                ),
                (
                    "Ausbau der Bahnhöfe",
                    "/bs/pressemitteilungen/single?tx_tsarssinclude_pi1%5Buid%5D=12870&cHash=bb",
                    "2025-11-20",
                    0,
                ),
            ],
        ),
        (
            "wordpress",
            "wordpress",
            &[
                (
                    "Sachsen-Anhalt Sprachmodell im Einsatz",
                    "https://magazin.example.de/2025/09/15/ki-modell-im-einsatz",
                    "2025-09-15",
                    0,
                ),
                ("Portal", "/2025/09/16/portal", "2025-09-16", 0),
            ],
        ),
        (
            "gsb",
            "gsb",
            &[(
                "Register werden verknüpft",
                "https://amt.example.de/SharedDocs/pressemitteilungen/DE/2025/12/register.html;jsessionid=0A1B2C?nn=123",
                "2025-12-04",
                1,
            )],
        ),
        ("liferay", "liferay", &[("Prozesse gestalten", "/angebot/1", "2026-12-08", 0)]),
        (
            "harz-pdf",
            "harz-pdf",
            &[
                (
                    "Nr. 15: Umsetzung des OZG (PDF, 2 MB)",
                    "/dokumente/extern/Reihe/Umsetzung.pdf",
                    "",
                    1,
                ),
                ("Nr. 14: Prozesse", "/dokumente/extern/Reihe/Prozesse.PDF", "", 1),
            ],
        ),
    ];
    for (preset, fixture, rows) in table {
        let source = page(&format!("page = {{ preset = \"{preset}\" }}"));
        let path = format!("{}/tests/fixtures/pages/{fixture}.html", env!("CARGO_MANIFEST_DIR"));
        let read = source.extract(&answer(&std::fs::read(path).unwrap())).unwrap();
        let expected: Vec<_> = rows
            .iter()
            .map(|(title, link, day, documents)| {
                let link = if link.starts_with('/') {
                    format!("https://www.example.de{link}")
                } else {
                    (*link).to_owned()
                };
                ((*title).to_owned(), link, (*day).to_owned(), *documents)
            })
            .collect();
        assert_eq!(seen(&read), expected, "{fixture}");
        assert_eq!(read.notes, Vec::<String>::new(), "{fixture}");
    }
}

#[test]
fn a_teaser_leaves_out_the_link_that_leads_on() {
    let source = page("page = { preset = \"ikiss\" }");
    let html = include_bytes!("../fixtures/pages/ikiss-result-list.html");
    let read = source.extract(&answer(html)).unwrap();
    let summary = read.items[0].summary_html.as_deref().unwrap();
    assert!(summary.contains("gemeinsam betrieben") && !summary.contains("mehr"), "{summary}");
}

#[test]
fn a_press_releases_number_is_kept_beside_the_date() {
    let source = page("page = { preset = \"landesportal\" }");
    let html = include_bytes!("../fixtures/pages/landesportal.html");
    let read = source.extract(&answer(html)).unwrap();
    assert_eq!(read.items[0].categories, ["Pressemitteilung 165/2025"]);
}

#[test]
fn items_without_links_are_told_by_their_place_or_their_words() {
    let source = page(
        "page = { list = \".meldungen\", item = \".block\", title = \"h3\", summary = \"p\" }",
    );
    let html = include_bytes!("../fixtures/pages/blocks-without-links.html");
    let read = source.extract(&answer(html)).unwrap();
    assert_eq!(read.items[0].link.as_deref(), Some("https://www.example.de/aktuelles/#sitzung"));
    assert_eq!(read.items[0].guid.as_deref(), Some("#sitzung"));
    let keyed = amtsbote::normalize::keys(&read.items, &settings("page"));
    assert_eq!(keyed.keys[0].0, "guid:#sitzung");
    assert_ne!(keyed.keys[1], keyed.keys[2], "equal titles, different news");
}

#[test]
fn the_shipped_sources_load_and_kitu_reads_blocks_without_link_and_date() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let config = amtsbote::config::load(&folder, &amtsbote::config::Environment::default());
    let config = config.unwrap();
    let of = |id: &str| config.sources.iter().find(|s| s.settings.id.as_str() == id).unwrap();
    for id in ["sgsa", "kitu", "ozg-portal", "landesportal", "presse-st"] {
        assert!(of(id).settings.enabled, "{id}");
    }
    let kitu = of("kitu");
    let page = "<h2>Aktuelle Meldungen</h2><article class=\"elem row\"><h3>Sitzung in Nachterstedt</h3>\
        <p>Die Arbeitskreise trafen sich.</p></article><article class=\"elem row\"><h3>Neue Mitglieder</h3>\
        <p>Zwei Städte sind beigetreten.</p></article>";
    let read = kitu.source.extract(&answer(page.as_bytes())).unwrap();
    let titles: Vec<&str> = read.items.iter().filter_map(|item| item.title.as_deref()).collect();
    assert_eq!(titles, ["Sitzung in Nachterstedt", "Neue Mitglieder"]);
    let keys = |read: &Extraction| amtsbote::normalize::keys(&read.items, &kitu.settings).keys;
    let edited = page.replace("Zwei Städte", "Drei Städte").replace("<h2>", "<p>Neu</p><h2>");
    let again = kitu.source.extract(&answer(edited.as_bytes())).unwrap();
    assert_eq!(keys(&read), keys(&again), "a block edited in place stays the same item");
}

#[test]
fn a_missing_list_an_empty_list_and_a_blind_selector_are_told_apart() {
    let source =
        page("page = { list = \".news\", item = \"li\", title = \"h3\", link = \"a@href\" }");
    let extract = |html: &str| source.extract(&answer(html.as_bytes()));
    assert_eq!(
        extract("<p>rebuilt</p>"),
        Err(SourceError::ContainerMissing { selector: ".news".into() })
    );
    assert_eq!(extract("<ul class=news></ul>").map(|read| read.items.len()), Ok(0));
    assert_eq!(
        extract("<ul class=news><li><h4>x</h4><a href=/x>x</a></ul>"),
        Err(SourceError::SelectorEmpty { role: "title", selector: "h3".into() })
    );
    assert_eq!(
        extract("<ul class=news><li><h3>x</h3></ul>"),
        Err(SourceError::SelectorEmpty { role: "link", selector: "a@href".into() })
    );
    for preset in ["ikiss", "typo3-news", "landesportal", "wordpress", "gsb", "liferay", "harz-pdf"]
    {
        let source = page(&format!("page = {{ preset = \"{preset}\" }}"));
        let read = source.extract(&answer(b"<main id=content><p>rebuilt</p></main>"));
        assert!(matches!(read, Err(SourceError::ContainerMissing { .. })), "{preset}: {read:?}");
    }
    let whole = page("page = { list = \"body\", item = \"li\" }");
    assert_eq!(whole.extract(&answer(b"<p>x</p>")).map(|read| read.items.len()), Ok(0));
    assert_eq!(
        extract("<title>Just a moment...</title>"),
        Err(SourceError::Challenge { whose: "Cloudflare".into() })
    );
}

#[test]
fn a_page_too_large_or_too_deep_is_refused() {
    let source = page("page = { preset = \"ikiss\" }");
    for body in [vec![b'x'; (5 << 20) + 1], b"<div>".repeat(2_000)] {
        assert!(matches!(source.extract(&answer(&body)), Err(SourceError::TooMuch { .. })));
    }
    let many = format!(
        "<ul class=result-list>{}</ul>",
        "<li><h3>x</h3><a href=/x>x</a></li>".repeat(1_200)
    );
    let read = source.extract(&answer(many.as_bytes())).unwrap();
    assert_eq!(read.items.len(), 1_000);
    assert!(read.notes.iter().any(|note| note.contains("1200 items")), "{:?}", read.notes);
}

#[test]
fn items_of_other_hosts_can_be_left_out_and_furniture_taken_off() {
    let source = page(
        "page = { list = \"ul\", item = \"li\", title = \"b\", link = \"a@href\", exclude = \".related\", only_hosts = [\"partner.de\"] }",
    );
    let html = "<ul><li><b>own</b><a href=/x>x</a><li><b>theirs</b><a href=https://www.partner.de/x>x</a>\
        <li><b>staging</b><a href=https://test.example.org/x>x</a><li class=related><b>old</b><a href=/y>y</a></ul>";
    let read = source.extract(&answer(html.as_bytes())).unwrap();
    let titles: Vec<_> = read.items.iter().filter_map(|raw| raw.title.as_deref()).collect();
    assert_eq!(titles, ["own", "theirs"]);
    assert_eq!(read.notes, ["1 items link to hosts that `only_hosts` does not name"]);
}

#[test]
fn wrong_settings_are_reported_where_they_stand() {
    let kind = KINDS.iter().find(|kind| kind.name == "page").unwrap();
    for (source, messages) in [
        (
            "page = { preset = \"typo3\" }",
            &[
                "sources.toml:3:1  source.example.page.preset: `typo3` is not one of `ikiss`, `typo3-news`, `landesportal`, `wordpress`, `gsb`, `liferay`, `harz-pdf`",
            ][..],
        ),
        (
            "page = { preset = \"ikis\" }",
            &[
                "sources.toml:3:1  source.example.page.preset: `ikis` is not one of `ikiss`, `typo3-news`, `landesportal`, `wordpress`, `gsb`, `liferay`, `harz-pdf`, did you mean `ikiss`?",
            ],
        ),
        (
            "page = { item = \"li\" }",
            &[
                "sources.toml:2:1  source.example.page.list: missing key `list`, as no `preset` is named",
            ],
        ),
        (
            "page = { preset = \"ikiss\", titel = \"h3\" }",
            &["sources.toml:2:1  source.example.page: unknown key `titel`, did you mean `title`?"],
        ),
    ] {
        let (_, problems) = build(kind, source);
        let mut shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        if source.contains("titel") {
            // The place of a key follows the order of the table, which TOML leaves open.
            shown = shown
                .iter()
                .map(|line| line.replace(":4:1", ":2:1").replace(":3:1", ":2:1"))
                .collect();
        }
        assert_eq!(shown, messages, "{source}");
    }
    let (built, problems) =
        build(kind, "page = { list = \"ul[\", item = \"li\", link = \"a@b c\" }");
    assert!(built.is_none());
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.place.is_some()));
}

#[test]
fn of_two_links_to_one_page_the_one_with_words_is_the_item() {
    let source =
        page("page = { list = \"main\", item = \"a[href*='/presse/']\", link = \"@href\" }");
    let html = "<main><a href=/presse/1><img src=x></a><a href=/presse/1><h3>Titel</h3><p>Lang</p></a>\
        <a href=/presse/1>mehr »</a><a href=/presse/2>Weiterlesen</a></main>";
    let read = source.extract(&answer(html.as_bytes())).unwrap();
    let titles: Vec<_> = read.items.iter().map(|raw| raw.title.as_deref()).collect();
    assert_eq!(titles, [Some("Titel"), None], "the second page has no words but an address");
}

#[test]
fn one_release_has_one_name_on_list_and_portal() {
    let source = page("page = { preset = \"landesportal\" }");
    let html = include_bytes!("../fixtures/pages/landesportal.html");
    let response = Response {
        final_url: "https://www.sachsen-anhalt.de/bs/pressemitteilungen/".into(),
        ..answer(html)
    };
    let read = source.extract(&response).unwrap();
    let portal = RawItem {
        link: Some("https://presse.sachsen-anhalt.de/ministerium-fuer-infrastruktur-und-digitales/2025/11/24/zentrale-angebote".into()),
        title: Some("Zentrale Angebote entlasten Kommunen".into()),
        body_html: Some("<p>Pressemitteilung: 165/2025</p><p>Magdeburg, den 24.11.2025</p>".into()),
        ..RawItem::default()
    };
    for raw in [&read.items[0], &portal] {
        let key =
            amtsbote::normalize::keys(std::slice::from_ref(raw), &settings("page")).keys[0].clone();
        let now = Timestamp::from_seconds(1_800_000_000);
        let item = amtsbote::normalize::item(raw, key, 0, &settings("page"), now).unwrap();
        assert!(item.aliases.contains(&"pm:mid-165-2025".to_owned()), "{:?}", item.aliases);
    }
}
