//! `source discover` as a user runs it: few requests, none that is forbidden, and none twice.

use crate::support::feed_server::{FeedServer, response};

use super::commands::{configure, page, run};

#[tokio::test]
async fn a_hosts_list_is_found_through_its_menu_and_nothing_is_asked_twice() {
    let server = FeedServer::start().await;
    server.on("/robots.txt", [response(200, &[], "User-agent: *\nDisallow: /intern\n")]);
    server.on(
        "/",
        page(
            "<ul><li><a href='/aktuelles?a=1&amp;b=2'>Aktuelles</a><li><a href=/intern/presse>Presse</a></ul><h1>Ort</h1>\
             <p>Herzlich willkommen auf den Seiten unseres schönen Ortes am Fluss.</p>",
        ),
    );
    let entry = |n: u8, title: &str| {
        format!(
            "<li><h3><a href=/n/{n}>{title}</a></h3><time datetime=2026-11-0{n}>0{n}.11.2026</time><p>Ein Satz, der erzählt, was geschehen ist.</p>"
        )
    };
    let list = format!(
        "<h1>Aktuelles</h1><ul>{}{}{}</ul>",
        entry(3, "Neues Portal ist online"),
        entry(2, "Brücke wird gesperrt"),
        entry(1, "Der Rat tagt wieder")
    );
    server.on("/aktuelles?a=1&b=2", page(&list));
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "");
    std::fs::write(folder.path().join("orte.csv"), format!("Ort am Fluss;{}\n", server.url("/")))
        .unwrap();
    let discover = ["source", "discover", "orte.csv", "--state", "stand", "--json"];
    let first = run(folder.path(), &discover).await.objects().remove(0);
    assert_eq!(first["evidence"], "3 items, newest 03.11.2026, a list", "{first}");
    let block: toml::Table = first["block"].as_str().unwrap().parse().unwrap();
    assert_eq!(block["source"][0]["name"].as_str(), Some("Ort am Fluss"));
    assert_eq!(block["source"][0]["url"].as_str(), Some(server.url("/aktuelles?a=1&b=2").as_str()));
    let asked = server.asked().len();
    assert!(asked <= 8, "{asked}");
    assert!(server.asked().iter().all(|asked| !asked.path.starts_with("/intern")));

    let again = run(folder.path(), &discover).await.objects().remove(0);
    assert_eq!(again, first);
    assert_eq!(server.asked().len(), asked, "what is known is not asked for again");
}

#[tokio::test]
async fn where_scripts_fill_the_pages_the_interface_of_wordpress_or_a_sitemap_is_found() {
    let home = "<ul><li><a href='/rathaus'>Rathaus</a><li><a href='/aktuelles/'>Aktuelles</a></ul><h1>Ort</h1>\
        <p>Herzlich willkommen auf den Seiten unseres schönen Ortes am Fluss.</p>";
    let empty = "<div id=app></div><script src=/app.js></script>";
    let server = FeedServer::start().await;
    server.on("/robots.txt", [response(404, &[], "")]);
    server.on("/", page(&format!("<link rel='https://api.w.org/' href=/wp-json/>{home}")));
    server.on("/aktuelles/", page(empty));
    let post = |n: u8| {
        format!(
            r#"{{"link":"/n/{n}","date":"2026-11-0{n}T08:00:00","title":{{"rendered":"Meldung {n}"}}}}"#
        )
    };
    let posts = format!("[{},{}]", post(3), post(2));
    let json = [("Content-Type", "application/json")];
    server.on("/wp-json/wp/v2/posts?per_page=20", [response(200, &json, posts)]);

    let other = FeedServer::start().await;
    let map = format!("Sitemap: {}\n", other.url("/map.xml"));
    other.on("/robots.txt", [response(200, &[], map)]);
    other.on("/", page(home));
    other.on("/aktuelles/", page(empty));
    let entry = |path: &str| format!("<url><loc>{}</loc></url>", other.url(path));
    let entries = ["/rathaus", "/aktuelles/1", "/aktuelles/2", "/aktuelles/3"].map(entry).concat();
    other.on("/map.xml", [response(200, &[], format!("<urlset>{entries}</urlset>"))]);

    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "");
    let hosts = [server.url("/"), other.url("/")];
    let ran = run(folder.path(), &["source", "discover", &hosts[0], &hosts[1], "--json"]).await;
    let found = ran.objects();
    let of = |at: usize, key: &str| found[at][key].as_str().unwrap_or_default().to_owned();
    assert!(of(0, "block").contains("preset = \"wordpress\""), "{found:?}");
    assert!(
        of(0, "evidence").starts_with("2 items, newest 03.11.2026, the interface of WordPress")
    );
    assert!(of(1, "block").contains("below = \"/aktuelles/\""), "{found:?}");
    assert!(of(1, "evidence").starts_with("3 items, no dates, a sitemap"), "{found:?}");
    for server in [&server, &other] {
        assert!(server.asked().len() <= 8, "{:?}", server.asked().len());
    }
}
