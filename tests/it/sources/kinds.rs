//! Journeys of kinds whose polls are more than one document, and of sources that want few of
//! their items.

use amtsbote::model::Condition;

use super::world::World;

const INDEX: &str = "https://a.example/sitemap.xml";
const MAP: &str = "https://a.example/map-1.xml";
const SITEMAP: &str = "[[source]]\nid = \"a\"\nkind = \"sitemap\"\nurl = \"https://a.example/sitemap.xml\"\n\
    [source.sitemap]\nbelow = \"/news/\"\n";
const TEXT: &str = "Die Stadt hat heute ein neues Portal vorgestellt, in dem alle Anträge zu stellen sind. \
    Es steht ab sofort allen offen, und wer Hilfe braucht, bekommt sie im Rathaus.";

fn map(paths: &[&str]) -> String {
    let urls: String =
        paths.iter().map(|path| format!("<url><loc>https://a.example{path}</loc></url>")).collect();
    format!("<urlset>{urls}</urlset>")
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_new_in_a_sitemap_is_named_by_its_page() {
    let world = World::new(SITEMAP);
    world.say("https://a.example/robots.txt", 404, "");
    // The index never changes, only what it leads to.
    for _ in 0..3 {
        world.say(
            INDEX,
            200,
            "<sitemapindex><sitemap><loc>/map-1.xml</loc></sitemap></sitemapindex>",
        );
    }
    world.say(MAP, 200, &map(&["/news/alt-und-bekannt", "/amt/impressum"]));
    world.say("https://a.example/news/alt-und-bekannt", 404, "");
    let report = world.poll().await;
    assert_eq!((report.error, report.new), (None, 1));

    world.say(MAP, 200, &map(&["/news/alt-und-bekannt", "/news/2", "/amt/kontakt"]));
    world.say("https://a.example/news/2", 503, "");
    let report = world.poll().await;
    assert_eq!((report.error, report.new), (None, 0), "it waits for its page");
    assert!(
        report.notes.iter().any(|note| note.starts_with("1 new addresses wait")),
        "{:?}",
        report.notes
    );

    let page = format!("<main><h1>Neues Portal ist online</h1><p>{TEXT}</p></main>");
    world.say(MAP, 200, &map(&["/news/alt-und-bekannt", "/news/2"]));
    world.say("https://a.example/news/2", 200, &page);
    assert_eq!(world.poll().await.new, 1);
    let titles: Vec<String> = world.items().await.into_iter().map(|item| item.title).collect();
    assert!(titles.contains(&"Neues Portal ist online".to_owned()), "{titles:?}");
}

#[tokio::test(start_paused = true)]
async fn a_general_feed_brings_only_what_holds_a_term_and_says_how_much_it_left_out() {
    let world = World::new(
        "[[source]]\nid = \"a\"\nkind = \"feed\"\ndetail = \"never\"\nurl = \"https://a.example/feed\"\n\
         only = [\"Onlinezugangsgesetz*\", \"OZG\"]\n",
    );
    let item = |n: u8, title: &str, text: &str| {
        format!(
            "<item><link>https://a.example/{n}</link><title>{title}</title><pubDate>Tue, 09 Dec 2025 08:0{n}:00 +0100</pubDate><description>{text}</description></item>"
        )
    };
    let feed = |items: &[String]| {
        format!("<rss version=\"2.0\"><channel>{}</channel></rss>", items.concat())
    };
    let kept = item(1, "Rathaus &amp; OZG", "Es geht voran.");
    let late =
        item(2, "Rat tagt", &format!("{} Auch das OZG kam vor.", "Viele Worte. ".repeat(80)));
    let other = item(3, "Bahn fährt wieder", "Ab Montag.");
    world.say("https://a.example/feed", 200, &feed(&[kept, late, other]));
    let report = world.poll().await;
    assert_eq!(report.new, 2, "{report:?}");
    assert_eq!(report.notes, ["1 of 3 items hold none of the terms of `only`"]);

    // What is stored is followed, whatever it says now.
    let edited = item(1, "Rathaus und Verwaltung", "Es geht voran.");
    world.say("https://a.example/feed", 200, &feed(&[edited]));
    let report = world.poll().await;
    assert_eq!((report.new, report.changed), (0, 1), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_council_is_asked_for_what_changed_and_its_sittings_are_events() {
    let system = "https://ris.example/oparl/system";
    let world = World::new(
        "[[source]]\nid = \"rat\"\nkind = \"oparl\"\ndetail = \"never\"\n\
         url = \"https://ris.example/oparl/system\"\nonly = [\"OZG\", \"KITU\"]\n",
    );
    let date = [("Date", "Tue, 09 Dec 2025 08:00:00 GMT"), ("Content-Type", "application/json")];
    let say = |url: &str, body: &str| {
        let body = body.replace("TYPE", "https://schema.oparl.org/1.1");
        world.say_with(url, 200, &date, &body);
    };
    let found = || {
        say(system, r#"{"type": "TYPE/System", "body": "https://ris.example/oparl/bodies"}"#);
        say(
            "https://ris.example/oparl/bodies",
            r#"{"data": [{"type": "TYPE/Body", "id": "https://ris.example/oparl/body/1", "name": "Stadt",
                "paper": "https://ris.example/oparl/papers?body=1", "meeting": "https://ris.example/oparl/meetings"}]}"#,
        );
    };
    found();
    say(
        "https://ris.example/oparl/papers?body=1&modified_since=2025-09-08T08:00:00Z",
        r#"{"data": [
            {"type": "TYPE/Paper", "id": "https://ris.example/p/1", "name": "Beitritt zur KITU", "modified": "2025-12-01T08:00:00+01:00"},
            {"type": "TYPE/Paper", "id": "https://ris.example/p/2", "name": "Spielplatz", "modified": "2025-12-02T08:00:00+01:00"}], "links": {}}"#,
    );
    say(
        "https://ris.example/oparl/meetings?modified_since=2025-09-08T08:00:00Z",
        r#"{"data": [{"type": "TYPE/Meeting", "id": "https://ris.example/m/1", "name": "Stadtrat", "start": "2026-01-15T17:00:00+01:00",
            "modified": "2025-12-03T08:00:00+01:00", "agendaItem": [
            {"id": "https://ris.example/a/1", "number": "4", "name": "Stand der OZG-Umsetzung", "public": true}]}], "links": {}}"#,
    );
    let report = world.poll().await;
    assert_eq!((report.error.as_deref(), report.new), (None, 2), "{report:?}");
    assert_eq!(report.notes, ["1 of 3 items hold none of the terms of `only`"]);
    let items = world.items().await;
    let sitting = items.iter().find(|item| item.title.contains("Umsetzung")).unwrap();
    assert!(sitting.text.contains("15. Januar 2026"), "{}", sitting.text);

    found();
    say(
        "https://ris.example/oparl/papers?body=1&modified_since=2025-12-03T07:00:00Z",
        r#"{"data": [{"type": "TYPE/Paper", "id": "https://ris.example/p/3", "name": "OZG: Kosten", "modified": "2025-12-08T08:00:00+01:00"}], "links": {}}"#,
    );
    say(
        "https://ris.example/oparl/meetings?modified_since=2025-12-03T07:00:00Z",
        r#"{"data": [], "links": {}}"#,
    );
    let report = world.poll().await;
    // What did not change is not missed.
    assert_eq!((report.error.as_deref(), report.new), (None, 1), "{report:?}");
    assert_eq!(report.condition, Condition::Ok);
}
