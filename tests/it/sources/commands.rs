//! The `source` and `opml` commands, as a user runs them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::feed_server::{Act, FeedServer, response};
use crate::support::service::Setup;

const FEED: &str = "<rss version=\"2.0\"><channel><title>A</title>\
    <item><guid>1</guid><link>/n/1</link><title>OZG eins</title><description>Text eins</description></item>\
    <item><guid>2</guid><link>/n/2</link><title>Zwei</title><description>Text zwei</description></item></channel></rss>";

pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ran {
    pub(super) fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Runs the program in `folder`, without anyone's environment.
pub(super) async fn run(folder: &Path, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amtsbote"));
    command.args(arguments).current_dir(folder).env_clear();
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(super) fn configure(folder: &Path, sources: &str) {
    let settings = "[service]\npublic_url = 'http://127.0.0.1:1/'\noperator = 'Test'\ndata_dir = '../var'\n\
        [fetch]\nmin_interval = '1s'\nallow_private = ['127.0.0.0/8']\n[mail]\nadmin = ''\n";
    Setup::new().settings(settings).sources(sources).write(&folder.join("config"));
}

pub(super) fn page(body: &str) -> [Act; 1] {
    [response(200, &[("Content-Type", "text/html; charset=utf-8")], body)]
}

fn feed(body: &str) -> [Act; 1] {
    [response(200, &[("Content-Type", "application/rss+xml")], body)]
}

/// A feed with the same items.
fn feed_of(items: &Value) -> String {
    let entry = |item: &Value| {
        let text = |key: &str| item[key].as_str().unwrap_or_default().replace('&', "&amp;");
        format!("<item><link>{}</link><title>{}</title></item>", text("url"), text("title"))
    };
    let entries: String = items.as_array().unwrap().iter().map(entry).collect();
    format!("<rss version=\"2.0\"><channel><title>A</title>{entries}</channel></rss>")
}

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// Title and address of each item.
fn told(items: &[Value]) -> BTreeSet<(String, String)> {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    items.iter().map(|item| (text(item, "title"), text(item, "url"))).collect()
}

/// Tries the URL, takes the proposed block into the config, and polls it.
async fn tried_and_polled(server: &FeedServer, path: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), "");
    let ran = run(folder.path(), &["source", "test", &server.url(path), "--json"]).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let tried = ran.objects().remove(0);
    assert!(!folder.path().join("var").exists(), "trying writes nothing");

    configure(folder.path(), tried["block"].as_str().unwrap());
    let checked = run(folder.path(), &["check"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let polled = run(folder.path(), &["poll", "--json"]).await.objects().remove(0);
    assert_eq!(polled["outcome"], "read", "{polled}");
    let stored = run(folder.path(), &["items", "--json"]).await.objects();
    let proposed = told(tried["items"].as_array().unwrap());
    assert!(!proposed.is_empty());
    assert_eq!(told(&stored), proposed, "the block polls what was shown");
    tried
}

#[tokio::test(flavor = "multi_thread")]
async fn the_block_for_a_typo3_page_is_accepted_and_polls_the_same_items() {
    let server = FeedServer::start().await;
    server.on("/aktuelles/", page(&fixture("typo3-news.html")));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(
        (tried["kind"].as_str(), tried["system"].as_str()),
        (Some("page"), Some("typo3-news"))
    );
    let asked: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert!(asked.contains(&"/aktuelles/?type=9818".to_owned()), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_that_an_ikiss_page_names_is_preferred_and_the_page_read_without_it() {
    let server = FeedServer::start().await;
    server.on("/", page(&fixture("ikiss-result-list.html")));
    let tried = tried_and_polled(&server, "/").await;
    assert_eq!((tried["kind"].as_str(), tried["system"].as_str()), (Some("page"), Some("ikiss")));
    let problems = tried["problems"].to_string();
    assert!(problems.contains("names a feed that cannot be read"), "{problems}");

    server.on("/", page(&fixture("ikiss-result-list.html")));
    server.on("/media/rss/Meldungen.xml", feed(FEED));
    let tried = tried_and_polled(&server, "/").await;
    assert_eq!(tried["kind"].as_str(), Some("page"), "a feed of other things is not the list's");

    server.on("/", page(&fixture("ikiss-result-list.html")));
    server.on("/media/rss/Meldungen.xml", feed(&feed_of(&tried["items"])));
    // The script above gave a 404 only because nobody had written the feed yet.
    let tried = tried_and_polled(&server, "/").await;
    assert_eq!(tried["kind"].as_str(), Some("feed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_of_a_wordpress_page_is_found_at_its_usual_place() {
    let server = FeedServer::start().await;
    server.on("/aktuelles/", page(&fixture("wordpress.html")));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(tried["kind"].as_str(), Some("page"));
    server.on("/aktuelles/", page(&fixture("wordpress.html")));
    server.on("/feed/", feed(&feed_of(&tried["items"])));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(
        (tried["kind"].as_str(), tried["system"].as_str()),
        (Some("feed"), Some("wordpress"))
    );
}

/// What the interface of WordPress answers about the same items.
fn posts_of(items: &Value) -> String {
    let post = |item: &Value| {
        serde_json::json!({
            "link": item["url"], "date": item["published"], "guid": {"rendered": item["url"]},
            "title": {"rendered": item["title"]}, "content": {"rendered": "<p>Der ganze Text.</p>"},
            "excerpt": {"rendered": ""},
        })
    };
    Value::from(items.as_array().unwrap().iter().map(post).collect::<Vec<_>>()).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_of_wordpress_is_proposed_where_it_has_what_the_page_lists() {
    const POSTS: &str = "/wp-json/wp/v2/posts?per_page=20";
    let server = FeedServer::start().await;
    let json = |body: &str| [response(200, &[("Content-Type", "application/json")], body)];
    server.on("/aktuelles/", page(&fixture("wordpress.html")));
    server.on(POSTS, json(r#"[{"link":"/anderes","title":{"rendered":"Etwas ganz anderes"}}]"#));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(tried["kind"].as_str(), Some("page"), "other things are not the list");

    server.on(POSTS, json(&posts_of(&tried["items"])));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(tried["kind"].as_str(), Some("json"), "{tried}");
    assert!(tried["block"].as_str().unwrap().contains("preset = \"wordpress\""), "{tried}");

    let folder = tempfile::tempdir().unwrap();
    let url = server.url("/aktuelles/");
    configure(
        folder.path(),
        &format!("[[source]]\nid = \"wp\"\nkind = \"page\"\nurl = \"{url}\"\n"),
    );
    let ran = run(folder.path(), &["source", "doctor", "--patch"]).await;
    for line in ["-kind = \"page\"", "+kind = \"json\"", "+[source.json]"] {
        assert!(ran.out.contains(line), "{line}: {}{}", ran.out, ran.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_that_has_what_the_page_lists_is_proposed_and_read_where_scripts_fill_the_page() {
    let server = FeedServer::start().await;
    let entry = |path: &str, title: &str| {
        format!(
            "<li><h3><a href={path}>{title}</a></h3><p>24.11.2026</p><p>Ein Satz, der es erzählt.</p>"
        )
    };
    let list = ["/aktuelles/bruecke", "/aktuelles/portal", "/aktuelles/haushalt"]
        .map(|path| entry(path, &format!("Meldung über {}", &path[11..])));
    let list = format!("<h1>Aktuelles</h1><ul>{}</ul>", list.concat());
    server.on("/aktuelles/", page(&list));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(tried["sitemap"], Value::Null);

    let entry = |url: &str| format!("<url><loc>{}</loc></url>", url.replace('&', "&amp;"));
    let places =
        tried["items"].as_array().unwrap().iter().map(|item| entry(item["url"].as_str().unwrap()));
    let map = format!(
        "<urlset>{}{}</urlset>",
        entry(&server.url("/impressum")),
        places.collect::<String>()
    );
    let maps = ["pages", "news"].map(|name| {
        format!("<sitemap><loc>{}</loc></sitemap>", server.url(&format!("/{name}.xml")))
    });
    server.on(
        "/robots.txt",
        [response(200, &[], format!("Sitemap: {}\n", server.url("/index.xml")))],
    );
    server.on("/index.xml", page(&format!("<sitemapindex>{}</sitemapindex>", maps.concat())));
    server.on("/pages.xml", page(&format!("<urlset>{}</urlset>", entry(&server.url("/kontakt")))));
    server.on("/news.xml", page(&map));
    let tried = tried_and_polled(&server, "/aktuelles/").await;
    assert_eq!(tried["kind"].as_str(), Some("page"), "a list has titles");
    let block = tried["sitemap"].as_str().unwrap();
    assert!(block.contains("/news.xml\"") && block.contains("below = \"/aktuelles/"), "{block}");
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), block);
    assert_eq!(run(folder.path(), &["check"]).await.code, Some(0), "{block}");

    server.on("/aktuelles/", page("<div id=app></div><script src=app.js></script>"));
    configure(folder.path(), "");
    let ran = run(folder.path(), &["source", "test", &server.url("/aktuelles/"), "--json"]).await;
    assert_eq!(ran.objects()[0]["kind"].as_str(), Some("sitemap"), "{}{}", ran.out, ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_can_be_tried_without_any_config() {
    let server = FeedServer::start().await;
    server.on("/feed", feed(FEED));
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["source", "test", &server.url("/feed")]).await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("OZG eins") && ran.out.contains("[[source]]"), "{}", ran.out);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is written");
    let ran = run(folder.path(), &["source", "test", "nonsense://"]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_and_its_patch_keeps_comments() {
    let server = FeedServer::start().await;
    server.on("/old", [response(301, &[("Location", "/feed")], "")]);
    server.on("/feed", feed(FEED));
    server.on("/gone", [response(410, &[], "weg")]);
    server.on("/page", page(&fixture("typo3-news.html")));
    server.on("/beside", page("<html><link rel=alternate type=application/rss+xml href=/feed><ul><li><a href=/n/1>OZG eins</a></li></ul>"));
    server.on("/fine", feed(FEED));
    let block = |id: &str, kind: &str, rest: &str| {
        let url = server.url(&format!("/{id}"));
        format!(
            "# about {id}\n[[source]]\nid = \"{id}\"\nkind = \"{kind}\"\nurl = \"{url}\" # where\n{rest}\n"
        )
    };
    let list = "[source.page]\nlist = \"ul\"\nitem = \"li\"\ntitle = \"a\"\nlink = \"a@href\"\n";
    let sources = block("old", "feed", "")
        + &block("gone", "feed", "")
        + &block("page", "page", "[source.page] # selectors\nlist = \".weg\"\nitem = \"li\"\n")
        + &block("beside", "page", list)
        + &block("fine", "feed", "");
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), &sources);

    let ran = run(folder.path(), &["source", "doctor", "--json"]).await;
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    let found: Vec<(String, String)> = ran
        .objects()
        .iter()
        .map(|o| (o["id"].as_str().unwrap().to_owned(), o["finding"].as_str().unwrap().to_owned()))
        .collect();
    let expected =
        [("old", "moved"), ("gone", "gone"), ("page", "empty-selector"), ("beside", "feed-found")];
    assert_eq!(found, expected.map(|(id, what)| (id.to_owned(), what.to_owned())), "{}", ran.out);

    let ran = run(folder.path(), &["source", "doctor", "--patch"]).await;
    assert_eq!(ran.code, Some(1));
    let file = folder.path().join("config/sources.toml");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), sources, "the file is not written");
    let patch = ran.out;
    assert!(patch.contains("--- a/sources.toml\n+++ b/sources.toml\n"), "{patch}");
    let old = format!("-url = \"{}\" # where", server.url("/old"));
    let new = format!("+url = \"{}\" # where", server.url("/feed"));
    assert!(patch.contains(&old) && patch.contains(&new), "{patch}");
    assert!(patch.contains("+enabled = false"), "{patch}");
    assert!(patch.contains("-list = \".weg\""), "the list is found without selectors: {patch}");
    assert!(!patch.contains("-# about"), "{patch}");
    assert!(!folder.path().join("var").exists(), "no database is made for it");

    std::fs::write(folder.path().join("fix.patch"), &patch).unwrap();
    let applied = Command::new("patch")
        .args(["-s", "-p1", "-d", "config", "-i", "../fix.patch"])
        .current_dir(folder.path())
        .status();
    // Not every machine has `patch`; that the diff applies is also tested where it is made.
    if applied.is_ok_and(|status| status.success()) {
        let checked = run(folder.path(), &["check"]).await;
        assert_eq!(checked.code, Some(0), "{}", checked.err);
        let ran = run(folder.path(), &["source", "doctor"]).await;
        assert_eq!((ran.code, ran.out.trim()), (Some(0), "nothing to mend"), "{}", ran.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poll_test_doctor_and_check_judge_an_answer_alike() {
    let server = FeedServer::start().await;
    let list = "<ul><li><a href=/n/1>Meldung eins</a></li></ul>";
    server.on("/copy", [response(203, &[("Content-Type", "application/rss+xml")], FEED)]);
    server.on("/list", page(list));
    server.on("/robots.txt", [response(503, &[], "")]);
    let block = |id: &str, kind: &str| {
        let url = server.url(&format!("/{id}"));
        format!("[[source]]\nid = \"{id}\"\nkind = \"{kind}\"\nurl = \"{url}\"\n")
    };
    let selectors =
        "[source.page]\nlist = \"ul\"\nitem = \"li\"\ntitle = \"a\"\nlink = \"a@href\"\n";
    let folder = tempfile::tempdir().unwrap();
    configure(folder.path(), &(block("copy", "feed") + &block("list", "page") + selectors));

    let tested = run(folder.path(), &["source", "test", "copy"]).await;
    assert_eq!(tested.code, Some(0), "{}{}", tested.out, tested.err);
    let checked = run(folder.path(), &["check", "--online"]).await;
    assert!(checked.out.contains("copy: 2 items"), "{}", checked.out);
    let doctor = run(folder.path(), &["source", "doctor", "--json"]).await.objects();
    let found: Vec<_> = doctor.iter().map(|found| (&found["id"], &found["finding"])).collect();
    assert_eq!(found, [(&Value::from("list"), &Value::from("blocked"))], "a poll fails there too");
    let polled = run(folder.path(), &["poll", "--json"]).await.objects();
    let outcomes: Vec<&Value> = polled.iter().map(|report| &report["outcome"]).collect();
    assert_eq!(outcomes, ["read", "failed"]);
    let told = format!(
        "{}; {}",
        doctor[0]["message"].as_str().unwrap(),
        doctor[0]["remedy"].as_str().unwrap()
    );
    assert_eq!(polled[1]["error"], told, "in the same words");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_to_a_page_of_consent_is_named_and_gives_no_items() {
    let server = FeedServer::start().await;
    let consent = "<h1>Ihre Einwilligung</h1><ul><li><h3><a href=/p/1>Statistik und Reichweite</a></h3><p>24.11.2026</p>\
        <li><h3><a href=/p/2>Karten und Videos</a></h3><p>20.11.2026</p></ul>";
    server.on("/consent?zurueck=/aktuelles", page(consent));
    server.on("/aktuelles", [response(302, &[("Location", "/consent?zurueck=/aktuelles")], "")]);
    let url = server.url("/aktuelles");
    let folder = tempfile::tempdir().unwrap();
    let block = format!("[[source]]\nid = \"a\"\nkind = \"page\"\nurl = \"{url}\"\n");
    configure(folder.path(), &block);
    let tried = run(folder.path(), &["source", "test", &url]).await;
    assert_eq!(tried.code, Some(1), "{}", tried.out);
    assert!(tried.out.contains("question for consent"), "{}", tried.out);
    assert!(tried.out.contains("look for a feed of the site"), "{}", tried.out);
    assert_eq!(run(folder.path(), &["poll"]).await.code, Some(1));
    assert_eq!(run(folder.path(), &["items", "--json"]).await.objects(), Vec::<Value>::new());
    let listed = run(folder.path(), &["source", "list", "--json"]).await.objects();
    assert_eq!(listed[0]["state"], "blocked", "{}", listed[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_knows_what_only_a_history_tells() {
    let server = FeedServer::start().await;
    let fields = [("Content-Type", "application/rss+xml"), ("ETag", "\"1\"")];
    server.on("/feed", [response(200, &fields, FEED)]);
    let folder = tempfile::tempdir().unwrap();
    let url = server.url("/feed");
    configure(
        folder.path(),
        &format!("[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"{url}\"\n"),
    );
    let ran = run(folder.path(), &["source", "doctor", "--json"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""), "{}", ran.err);
    for _ in 0..4 {
        assert_eq!(run(folder.path(), &["poll", "--force"]).await.code, Some(0));
    }
    let ran = run(folder.path(), &["source", "doctor", "--json"]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert_eq!(ran.objects()[0]["finding"], "broken-304");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_answer_is_replayed_offline_with_topics() {
    let server = FeedServer::start().await;
    let fields = [("Content-Type", "application/rss+xml"), ("Set-Cookie", "a=geheim")];
    server.on("/feed?token=geheim", [response(200, &fields, FEED)]);
    let url = server.url("/feed?token=geheim");
    let folder = tempfile::tempdir().unwrap();
    configure(
        folder.path(),
        &format!("[[source]]\nid = \"a\"\nkind = \"feed\"\nurl = \"{url}\"\n"),
    );
    let ran = run(folder.path(), &["source", "record", "a", "a.rec"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let kept = std::fs::read_to_string(folder.path().join("a.rec")).unwrap();
    assert!(!kept.contains("geheim"), "{kept}");
    let again = run(folder.path(), &["source", "record", "a", "a.rec"]).await;
    assert_eq!(again.code, Some(2), "a recording is not written over");
    drop(server);

    let ran = run(folder.path(), &["source", "replay", "a.rec", "--json"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let items = ran.objects();
    assert_eq!(items[0]["title"], "OZG eins");
    assert_eq!(items[0]["topics"][0]["id"], "ozg");
    assert_eq!(items.len(), 2);

    std::fs::remove_dir_all(folder.path().join("config")).unwrap();
    let ran = run(folder.path(), &["source", "replay", "a.rec"]).await;
    assert_eq!(ran.code, Some(0), "it needs no config: {}", ran.err);
    assert!(ran.out.contains("kind feed, read by feed-rs, 2 items"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opml_list_becomes_blocks_and_comes_out_again() {
    let folder = tempfile::tempdir().unwrap();
    configure(
        folder.path(),
        "[[source]]\nid = \"a\"\nname = \"A & B\"\nkind = \"feed\"\nurl = \"https://a.example/feed\"\n",
    );
    std::fs::write(
        folder.path().join("list.opml"),
        "<opml><body><outline text='Neu \"quer\"' xmlUrl='https://n.example/f?x=1&amp;y=2'/>\
         <outline text='A' xmlUrl='https://a.example/feed'/><outline xmlUrl='https://n.example/g'/></body></opml>",
    )
    .unwrap();
    let ran = run(folder.path(), &["opml", "import", "list.opml"]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("already there as `a`"), "{}", ran.err);
    let sources = std::fs::read_to_string(folder.path().join("config/sources.toml")).unwrap();
    configure(folder.path(), &format!("{sources}{}", ran.out));
    assert_eq!(run(folder.path(), &["check"]).await.code, Some(0));
    let ran = run(folder.path(), &["opml", "export"]).await;
    std::fs::write(folder.path().join("out.opml"), &ran.out).unwrap();
    assert!(ran.out.contains("A &amp; B") && ran.out.contains("x=1&amp;y=2"), "{}", ran.out);
    let ran = run(folder.path(), &["opml", "import", "out.opml"]).await;
    assert_eq!(ran.out, "", "all are there");
}
