//! A list that is rebuilt between two polls, as a user sees it.

use std::collections::BTreeMap;

use super::commands::{configure, page, run};
use crate::support::feed_server::FeedServer;

const ITEMS: [(&str, &str); 3] = [
    ("Brücke am Markt wird gesperrt", "24.11.2026"),
    ("Neues Portal der Stadt ist online", "20.11.2026"),
    ("Haushalt für das nächste Jahr beschlossen", "02.11.2026"),
];

fn before() -> String {
    let item = |(at, (title, day)): (usize, &(&str, &str))| {
        format!(
            "<li class=neu><small>{day}</small><h3><a href=/alt.php?id={at}>{title}</a></h3></li>"
        )
    };
    let items: String = ITEMS.iter().enumerate().map(item).collect();
    format!("<title>Aktuelles</title><h1>Aktuelles</h1><ul class=liste>{items}</ul>")
}

/// Other markup, other addresses, one title edited, one item more.
fn after() -> String {
    let newest = ("Kita im Ortsteil feiert Richtfest", "26.11.2026");
    let item = |(title, day): &(&str, &str)| {
        let title = title.replace("der Stadt ist online", "der Stadt ist jetzt online");
        let path = title.to_lowercase().replace(' ', "-");
        format!(
            "<article><h2><a href=/aktuelles/{path}>{title}</a></h2><p>Mehr dazu im Beitrag selbst.</p><time>{day}</time></article>"
        )
    };
    let items: String = std::iter::once(&newest).chain(&ITEMS).map(item).collect();
    format!("<title>Aktuelles</title><h1>Aktuelles</h1><main>{items}</main>")
}

const GONE: &str = "<title>Seite nicht gefunden</title><h1>Nicht gefunden</h1><p>Diese Seite gibt es nicht mehr. \
    Vielleicht hilft Ihnen die Suche weiter, oder Sie beginnen noch einmal auf der Startseite.</p>\
    <ul><li><a href=/rathaus>Rathaus und Politik</a><li><a href=/leben>Leben in der Stadt</a></ul>";

/// Polls the old page, then the new one. Returns title → id before and after, and the state.
async fn rebuilt(
    selectors: &str,
    new: &str,
) -> (BTreeMap<String, String>, BTreeMap<String, String>, String) {
    let server = FeedServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let block = format!(
        "[[source]]\nid = \"ort\"\nname = \"Ort\"\nkind = \"page\"\nurl = \"{}\"\ninitial = \"all\"\ndetail = \"never\"\n{selectors}",
        server.url("/aktuelles")
    );
    configure(folder.path(), &block);
    let items = async || -> BTreeMap<String, String> {
        let ran = run(folder.path(), &["items", "--json"]).await;
        let pair = |item: serde_json::Value| {
            let text = |key: &str| item[key].as_str().unwrap_or_default().to_owned();
            (text("title"), text("id"))
        };
        ran.objects().into_iter().map(pair).collect()
    };
    server.on("/aktuelles", page(&before()));
    run(folder.path(), &["poll", "--force"]).await;
    let old = items().await;
    server.on("/aktuelles", page(new));
    run(folder.path(), &["poll", "--force"]).await;
    let listed = run(folder.path(), &["source", "list", "--json"]).await.objects();
    (old, items().await, listed[0]["state"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_list_is_read_on_and_its_items_stay_the_same() {
    let selectors =
        "[source.page]\nlist = \".liste\"\nitem = \"li\"\ntitle = \"h3\"\nlink = \"a@href\"\n";
    for (settings, state) in [("", "ok"), (selectors, "moved")] {
        let (old, new, found) = rebuilt(settings, &after()).await;
        assert_eq!(old.len(), 3, "{settings}");
        assert_eq!(new.len(), 4, "one item is new: {new:?}");
        for (title, _) in [ITEMS[0], ITEMS[2]] {
            assert_eq!(old[title], new[title], "{title}");
        }
        assert_eq!(
            old["Neues Portal der Stadt ist online"],
            new["Neues Portal der Stadt ist jetzt online"]
        );
        assert_eq!(found, state, "{settings}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_holds_nothing_of_before_is_an_alarm_and_no_news() {
    let (old, new, state) = rebuilt("", GONE).await;
    assert_eq!((old.len(), &old), (3, &new));
    assert_eq!(state, "empty-selector");
    let empty = "<h1>Aktuelles</h1><ul class=liste></ul>";
    let selectors = "[source.page]\nlist = \".liste\"\nitem = \"li\"\ntitle = \"h3\"\n";
    let (_, new, state) = rebuilt(selectors, empty).await;
    assert_eq!((new.len(), state.as_str()), (3, "empty-selector"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_is_told_once_that_a_list_was_rebuilt_however_often_it_is_polled() {
    let server = FeedServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let block = format!(
        "[[source]]\nid = \"ort\"\nkind = \"page\"\nurl = \"{}\"\ninitial = \"all\"\ndetail = \"never\"\n\
         [source.page]\nlist = \".liste\"\nitem = \"li\"\ntitle = \"h3\"\nlink = \"a@href\"\n",
        server.url("/aktuelles")
    );
    configure(folder.path(), &block);
    let more = folder.path().join("config/conf.d");
    std::fs::create_dir_all(&more).unwrap();
    std::fs::write(more.join("mail.toml"), "[mail]\nadmin = \"it@example.org\"\n").unwrap();
    let told = async || run(folder.path(), &["outbox", "list", "--json"]).await.objects().len();
    server.on("/aktuelles", page(&before()));
    run(folder.path(), &["poll", "--force"]).await;
    assert_eq!(told().await, 0, "that a new source is fine is no news");
    server.on("/aktuelles", page(&after()));
    // Each run is a process of its own: a restart lies between the polls.
    for _ in 0..4 {
        run(folder.path(), &["poll", "--force"]).await;
        assert_eq!(told().await, 1);
    }
    server.on("/aktuelles", page(&after().replace("Mehr dazu", "Alles dazu")));
    for _ in 0..2 {
        run(folder.path(), &["poll", "--force"]).await;
        assert_eq!(told().await, 1, "nor when the page changes");
    }
    let shown = run(folder.path(), &["source", "show", "ort"]).await;
    assert!(shown.out.contains("rebuilt"), "{}{}", shown.out, shown.err);
    server.on("/aktuelles", page(&before()));
    for _ in 0..2 {
        run(folder.path(), &["poll", "--force"]).await;
        assert_eq!(told().await, 2, "and once that it can be read as before");
    }
}
