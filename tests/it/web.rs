//! The web face, asked without a socket.

mod agenda;
mod editions;
mod keywords;
mod limits;
mod search;
mod staying;
mod taken_down;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use amtsbote::clock::Clock;
use amtsbote::model::{SeriesId, SubscriberId, Timestamp, TopicId};
use amtsbote::pipeline::{self, Context, Moment, Plan};
use amtsbote::store::{Store, outbox, subscribers};
use amtsbote::web::{self, Paths, Settings};
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode};
use mail_parser::{HeaderValue, MessageParser};
use tower::ServiceExt as _;

use crate::support::service::{Service, Setup};

const PUBLIC: &str = "https://meldungen.example.de/";
const HOSTILE: &str = "<script>alert(1)</script>\"onload='x'";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
/// Tuesday, 9 December 2025, 06:00 UTC.
const START: i64 = 1_765_260_000_000;

#[derive(Clone)]
struct Hands(Arc<AtomicI64>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

struct World {
    router: Router,
    ctx: Context,
    plan: Arc<Plan>,
    hands: Hands,
    /// Goes with the last of those that work in it.
    folder: Arc<tempfile::TempDir>,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

const SERIES: &str = "
[[series]]
id = 'taeglich'
title = 'Am Morgen'
schedule = 'arbeitstags 07:00'
[[series]]
id = 'wochen'
title = 'Der Woche'
schedule = 'freitags 12:00'
";

const TOPICS: &str = "
[[topic]]
id = 'ozg'
title = 'OZG und Onlinedienste'
strong = ['OZG']
[[topic]]
id = 'cloud'
title = 'Cloud'
strong = ['Cloud']
";

impl World {
    async fn new() -> Self {
        Self::with("").await
    }

    async fn with(web: &str) -> Self {
        let settings = format!(
            "[service]\nname = 'Kommunal-IT'\npublic_url = '{PUBLIC}'\ncontact = 'redaktion@x.example'\n\
             operator = 'Ort'\n[mail]\nfrom = 'Kommunal-IT <post@x.example>'\n\
             unsubscribe_address = 'ab@x.example'\n[web]\n{web}\n"
        );
        let source = "[[source]]\nid = 'kitu'\nname = 'KITU'\nkind = 'feed'\nurl = 'https://kitu.example/feed'\n";
        let hands = Hands(Arc::new(AtomicI64::new(START)));
        let setup = Setup::new().settings(settings).series(SERIES).sources(source).topics(TOPICS);
        // In a file and behind the connections of the web, as it is served.
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let store = Store::open(&folder.path().join("amtsbote.db")).unwrap();
        let setup = setup.store(store).clock(Arc::new(hands.clone()));
        let Service { ctx, plan, setup, .. } = setup.open();
        let now = (ctx.clone().with_store(ctx.store.for_web().unwrap()), Arc::clone(&plan));
        let router =
            web::router(Paths::Pages, Settings::of(&setup.config()), Arc::new(move || now.clone()));
        let world = Self { router, ctx, plan, hands, folder };
        world.fill().await;
        world
    }

    /// One source with three items on a topic, of which one is hostile.
    async fn fill(&self) {
        // Later than whoever subscribes at the start: they get them.
        let later = START + 60_000;
        self.ctx
            .store
            .write(move |tx| {
                tx.execute_batch(&format!(
                    "insert into sources (id, name, rank) values ('kitu', 'KITU', 2), ('alt', 'Fremd<b>', 3);
                     insert into items (id, source, key, raw_hash, fingerprint, story, first_seen, published,
                        published_is_guess, url, title, summary, text) values
                     (1, 'kitu', 'a', 1, x'01', 1, {START}, {START}, 0, 'https://kitu.example/1', 'OZG im Rathaus', 'Ein Anfang.', 'Ein Anfang.'),
                     (2, 'alt', 'b', 1, x'01', 1, {START}, {START}, 0, 'https://alt.example/1', 'OZG anderswo', 'Ein Anfang.', 'Ein Anfang.'),
                     (3, 'kitu', 'c', 1, x'01', 3, {START}, null, 0, 'javascript:alert(1)', '{}', '{}', 'x');
                     insert into tags values (1, 'ozg', 3, '[]', 'v'), (3, 'ozg', 3, '[]', 'v');
                     insert into receipts (item, at) values (1, {later}), (3, {later});
                     insert into item_words (rowid, words) values (1, 'ozg im rathaus'), (3, 'script');
                     insert into search_words (word) values ('rathaus'), ('script');",
                    HOSTILE.replace('\'', "''"), HOSTILE.replace('\'', "''"),
                ))?;
                Ok(())
            })
            .await
            .unwrap();
    }

    fn pass(&self, span: Duration) {
        self.hands.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }

    async fn ask_from(
        &self,
        peer: &str,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, text }
    }

    async fn ask(&self, method: &str, path: &str) -> Reply {
        self.ask_from("192.0.2.1", method, path, &[], Body::empty()).await
    }

    async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path).await
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        self.ask_from("192.0.2.1", "POST", path, &[FORM], body.to_owned()).await
    }

    /// Fills in the form as someone who reads it and presses the button.
    async fn sign_up(&self, address: &str) -> Reply {
        self.sign_up_from("192.0.2.1", address, "thema=ozg&ausgabe=taeglich").await
    }

    async fn sign_up_from(&self, peer: &str, address: &str, choice: &str) -> Reply {
        let form = self.get("/anmelden").await;
        let (_, rest) = form.text.split_once("name=\"stempel\" value=\"").unwrap();
        let (stamp, _) = rest.split_once('"').unwrap();
        self.pass(Duration::from_secs(20));
        let address: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
        let body = format!("adresse={address}&{choice}&webseite=&stempel={stamp}");
        self.ask_from(peer, "POST", "/anmelden", &[FORM], body).await
    }

    /// Everything in the database, table by table.
    async fn dump(&self) -> String {
        let dump = self.ctx.store.read(|tx| {
            let mut tables = tx.prepare(
                "select name from sqlite_schema where type = 'table' and sql not like '%virtual%' order by name",
            )?;
            let names: Vec<String> = tables.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut dump = String::new();
            for name in names {
                let mut rows = tx.prepare(&format!("select * from {name}"))?;
                let width = rows.column_count();
                let mut rows = rows.query([])?;
                while let Some(row) = rows.next()? {
                    let cells: Vec<rusqlite::types::Value> =
                        (0..width).map(|i| row.get(i)).collect::<Result<_, _>>()?;
                    dump.push_str(&format!("{name}: {cells:?}\n"));
                }
            }
            Ok(dump)
        });
        dump.await.unwrap()
    }

    /// The mails in the outbox: kind, recipient, bytes; oldest first.
    async fn mails(&self) -> Vec<(String, String, Vec<u8>)> {
        let mut list = self.ctx.store.read(|tx| outbox::list(tx, None, None, 1000)).await.unwrap();
        list.reverse();
        list.into_iter()
            .map(|mail| (mail.kind.as_str().to_owned(), mail.recipient, mail.payload.0))
            .collect()
    }

    async fn kinds(&self) -> Vec<String> {
        self.mails().await.into_iter().map(|(kind, ..)| kind).collect()
    }

    async fn standings(&self) -> Vec<(String, String)> {
        let all = self.ctx.store.read(subscribers::list).await.unwrap();
        all.into_iter().map(|s| (s.address, s.standing.as_str().to_owned())).collect()
    }

    async fn subscriber(&self, address: &str) -> SubscriberId {
        let (series, topics) = (vec![SeriesId::new("taeglich")], vec![TopicId::new("ozg")]);
        pipeline::subscribe(&self.ctx, address, series, topics, "Test").await.unwrap().unwrap()
    }

    async fn digest(&self) {
        assert!(self.compose().await.digest.is_some());
    }

    /// A digest, if there is anything to tell.
    async fn compose(&self) -> pipeline::ComposeReport {
        self.pass(Duration::from_mins(2));
        let series = SeriesId::new("taeglich");
        pipeline::compose(&self.ctx, &self.plan, &series, Moment::Asked).await.unwrap()
    }

    /// Whether the journeys said since the last look that a mail waits.
    fn is_rung(&self) -> bool {
        use futures_util::FutureExt as _;
        self.ctx.outbox_changed.notified().now_or_never().is_some()
    }

    /// The path of the newest confirmation link.
    async fn confirm_path(&self) -> String {
        let mails = self.mails().await;
        let (_, _, bytes) = mails.iter().rev().find(|(kind, ..)| kind == "confirm").unwrap();
        links(bytes).into_iter().find(|link| link.starts_with("/b/")).unwrap()
    }
}

/// Paths of ours in a mail: in both parts and in its header.
fn links(bytes: &[u8]) -> Vec<String> {
    let mail = MessageParser::default().parse(bytes).unwrap();
    let mut text = format!("{} {}", mail.body_text(0).unwrap(), mail.body_html(0).unwrap());
    for header in mail.headers() {
        match header.value() {
            HeaderValue::Text(value) => text.push_str(&format!(" {value}")),
            HeaderValue::TextList(values) => text.push_str(&format!(" {}", values.join(" "))),
            HeaderValue::Address(address) => text.push_str(&format!(" {address:?}")),
            _ => {}
        }
    }
    let ends = |c: char| c.is_whitespace() || "\"'<>,)".contains(c);
    let mut links: Vec<String> = text
        .match_indices(PUBLIC)
        .map(|(at, _)| {
            let rest = &text[at + PUBLIC.len() - 1..];
            let end = rest.find(ends).unwrap_or(rest.len());
            rest[..end].split('#').next().unwrap().trim_end_matches('.').to_owned()
        })
        .collect();
    links.sort();
    links.dedup();
    links
}

#[tokio::test]
async fn every_public_path_answers_and_carries_its_header_fields() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.digest().await;
    for path in [
        "/",
        "/?suche=rathaus",
        "/thema/ozg",
        "/meldung/1",
        "/archiv",
        "/hilfe",
        "/bot",
        "/d/2025-12-09-taeglich",
        "/feeds/alle.atom",
        "/feeds/ozg.atom",
        "/anmelden",
        "/anmelden?thema=ozg",
        "/stil.css",
        "/healthz",
        "/favicon.ico",
        "/robots.txt",
    ] {
        let page = world.get(path).await;
        assert!(page.status.is_success(), "{path}: {}", page.status);
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{path}");
        assert!(!page.header("referrer-policy").is_empty(), "{path}");
        assert!(page.headers.get("set-cookie").is_none(), "{path}");
        let head = world.ask("HEAD", path).await;
        assert_eq!((head.status, head.text.as_str()), (page.status, ""), "{path}");
        assert_eq!(head.header("content-type"), page.header("content-type"), "{path}");
    }
    let form = world.get("/anmelden").await;
    assert_eq!(
        (form.header("cache-control"), form.header("referrer-policy")),
        ("no-store", "same-origin")
    );
    assert!(!form.text.contains(" checked"));
    let chosen = world.get("/anmelden?thema=ozg").await;
    assert_eq!(chosen.text.matches(" checked").count(), 1);
}

#[tokio::test]
async fn pages_say_what_is_stored() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.digest().await;
    let start = world.get("/").await.text;
    assert!(
        start.contains("OZG im Rathaus") && start.contains("Auch gemeldet von 1 weiteren Quelle")
    );
    assert!(!start.contains("OZG anderswo"), "one line per story");
    assert!(world.get("/?suche=Rathaus").await.text.contains("1 Meldung gefunden"));
    assert!(world.get("/?suche=gibtesnicht").await.text.contains("Keine Meldung gefunden"));
    let item = world.get("/meldung/1").await.text;
    assert!(item.contains("Fremd&lt;b&gt;") && item.contains("href=\"https://kitu.example/1\""));
    let archive = world.get("/archiv").await.text;
    assert!(
        archive.contains("href=\"/d/2025-12-09-taeglich\">Am Morgen, 9.\u{a0}Dezember\u{a0}2025")
    );
    let digest = world.get("/d/2025-12-09-taeglich").await.text;
    assert!(
        digest.contains("1.2 <a href=\"https://kitu.example/1\">OZG im Rathaus"),
        "the undated one was seen later"
    );
    assert!(!digest.contains("/e/") && !digest.contains("/a/"), "the same for all: no token");
}

/// Follows the link with that relation until there is none, and returns the items of
/// each page.
async fn pages(world: &World, path: &str, relation: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = path.to_owned();
    loop {
        let text = world.get(&path).await.text;
        let titles = text.split("href=\"/meldung/").skip(1);
        pages.push(titles.map(|rest| rest[..rest.find('"').unwrap()].to_owned()).collect());
        let Some((_, rest)) = text.split_once(&format!("rel=\"{relation}\" href=\"")) else {
            return pages;
        };
        path = rest[..rest.find('"').unwrap()].replace("&amp;", "&").replace("&#x2f;", "/");
        assert!(pages.len() < 20, "no end: {path}");
    }
}

#[tokio::test]
async fn lists_turn_without_a_gap_and_the_last_page_costs_what_the_first_does() {
    let world = World::new().await;
    let insert = |from: i64, to: i64| {
        world.ctx.store.write(move |tx| {
            // Three of the same time each, so that pages end between equals.
            tx.execute(
                "with recursive n (i) as (select ?1 union all select i + 1 from n where i < ?2)
                 insert into items (id, source, key, raw_hash, fingerprint, story, first_seen,
                    published_is_guess, title, summary, text)
                 select i, 'kitu', 'k' || i, 1, x'01', i, ?3 + i / 3 * 1000, 0, 'OZG ' || i, '', '' from n",
                (from, to, START),
            )?;
            tx.execute("insert or ignore into tags select id, 'ozg', 3, '[]', 'v' from items", ())?;
            Ok(())
        })
    };
    insert(10, 80).await.unwrap();
    for path in ["/", "/thema/ozg"] {
        let forth = pages(&world, path, "next").await;
        assert_eq!(forth.iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 20, 13], "{path}");
        let mut seen = forth.concat();
        assert_eq!(seen[..3], ["80", "79", "78"]);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 73, "each item once");
    }
    // From the last page back, while new ones come: nothing shifts.
    let last = "/thema/ozg?vor=".to_owned() + &format!("{}-30", START + 10_000);
    let before = pages(&world, &last, "prev").await;
    insert(81, 90).await.unwrap();
    let after = pages(&world, &last, "prev").await;
    assert_eq!(before[..3], after[..3]);
    assert_eq!(after.last().unwrap()[0], "90");
    // The steps of SQLite are what a page costs.
    let plan = world.ctx.store.read(|tx| {
        let mut plan = tx.prepare(
            "explain query plan select id from items where coalesce(items.published, items.first_seen) <= 1
             order by coalesce(items.published, items.first_seen) desc, items.id desc limit 21",
        )?;
        let rows = plan.query_map([], |row| row.get::<_, String>(3))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?.join("\n"))
    });
    let plan = plan.await.unwrap();
    assert!(plan.contains("items_by_moment") && !plan.contains("TEMP B-TREE"), "{plan}");
}

#[tokio::test]
async fn hostile_text_stays_text_on_every_page_and_in_the_feed() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.digest().await;
    for path in ["/", "/meldung/3", "/thema/ozg", "/d/2025-12-09-taeglich", "/feeds/alle.atom"] {
        let page = world.get(path).await.text;
        assert!(page.contains("&lt;script&gt;"), "{path}");
        assert!(!page.contains("<script") && !page.contains("\"javascript:"), "{path}");
    }
    let search = world.get("/?suche=%3Cscript%3E%22x").await.text;
    assert!(!search.contains("<script>"));
}

#[tokio::test]
async fn no_look_at_any_link_of_any_mail_changes_anything() {
    let world = World::new().await;
    world.sign_up("neu@x.example").await;
    world.subscriber("a@x.example").await;
    world.digest().await;
    world.post(&world.confirm_path().await, "").await;
    world.sign_up("zweite@x.example").await;
    let mut paths: Vec<String> =
        world.mails().await.iter().flat_map(|(_, _, bytes)| links(bytes)).collect();
    paths.extend(["/metrics".to_owned(), "/status".to_owned()]);
    let downloads: Vec<String> = paths
        .iter()
        .filter(|path| path.starts_with("/e/"))
        .map(|path| format!("{path}/daten.json"))
        .collect();
    paths.extend(downloads);
    for prefix in ["/a/", "/b/", "/d/", "/e/"] {
        assert!(paths.iter().any(|path| path.starts_with(prefix)), "{prefix} in {paths:?}");
    }
    let before = world.dump().await;
    for path in &paths {
        for method in ["GET", "HEAD", "GET", "HEAD", "GET", "HEAD", "OPTIONS"] {
            let reply = world.ask_from("127.0.0.1", method, path, &[], Body::empty()).await;
            let expected =
                if method == "OPTIONS" { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::OK };
            assert_eq!(reply.status, expected, "{method} {path}");
            let is_token = ["/a/", "/b/", "/e/"].iter().any(|prefix| path.starts_with(prefix));
            if is_token && method != "OPTIONS" {
                assert_eq!(reply.header("cache-control"), "no-store", "{path}");
                assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
                assert_eq!(reply.header("x-robots-tag"), "noindex", "{path}");
            }
        }
    }
    assert_eq!(world.dump().await, before);
}

#[tokio::test]
async fn one_click_leaves_in_either_encoding_and_twice() {
    let multipart = (
        "multipart/form-data; boundary=b",
        "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
    );
    for (encoding, body) in [(FORM.1, "List-Unsubscribe=One-Click"), multipart, (FORM.1, "")] {
        let world = World::new().await;
        let id = world.subscriber("a@x.example").await;
        world.digest().await;
        let path = format!("/a/{}", world.ctx.tokens.unsubscribe(id));
        assert!(world.get(&path).await.text.contains("Jetzt abmelden"));
        for _ in 0..2 {
            let fields = [("content-type", encoding), ("origin", "null")];
            let reply = world.ask_from("192.0.2.1", "POST", &path, &fields, body).await;
            assert_eq!(reply.status, StatusCode::OK);
            assert!(
                reply.headers.get("location").is_none()
                    && reply.headers.get("set-cookie").is_none()
            );
            assert!(reply.text.contains("Sie sind abgemeldet"));
        }
        assert!(!world.dump().await.contains("a@x.example"), "address and waiting mail are gone");
        assert!(world.get(&path).await.text.contains("Sie sind abgemeldet"));
        let settings = world
            .get(&format!("/e/{}", world.ctx.tokens.settings(id, world.ctx.clock.now())))
            .await;
        assert_eq!(settings.status, StatusCode::GONE);
        assert!(settings.text.contains("Sie sind abgemeldet"));
        // Who left may come again, with a new proof.
        world.sign_up("a@x.example").await;
        assert_eq!(world.kinds().await.last().map(String::as_str), Some("confirm"));
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_the_answer_is_the_same() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    let tokens = &world.ctx.tokens;
    for (place, good, others) in [
        ("a", tokens.unsubscribe(id), tokens.settings_locator(id)),
        ("e", tokens.settings(id, world.ctx.clock.now()), tokens.unsubscribe(id)),
        ("b", tokens.settings_locator(id), tokens.bounce(id)),
    ] {
        let unknown = world.get(&format!("/{place}/{}", "a".repeat(26))).await;
        assert_eq!(unknown.status, StatusCode::NOT_FOUND);
        assert!(unknown.text.contains("Dieser Link gilt nicht mehr"));
        let long = "a".repeat(3000);
        let before = world.dump().await;
        for bogus in [&good[..25], &others, &good.to_uppercase(), "%00", "%FF", "x'--", &long] {
            for method in ["GET", "POST"] {
                let path = format!("/{place}/{bogus}");
                let reply = world.ask_from("192.0.2.1", method, &path, &[FORM], "thema=ozg").await;
                assert_eq!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
                if bogus != "%FF" {
                    assert_eq!(reply.text, unknown.text, "{method} {path}");
                }
            }
        }
        assert_eq!(world.dump().await, before);
    }
}

#[tokio::test]
async fn links_never_follow_the_host_that_was_asked() {
    let world = World::new().await;
    for path in ["/", "/feeds/alle.atom", "/anmelden", "/gibt/es/nicht"] {
        let fields = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
        let reply = world.ask_from("192.0.2.1", "GET", path, &fields, Body::empty()).await;
        assert!(!reply.text.contains("evil.example"), "{path}");
    }
    assert!(world.get("/feeds/alle.atom").await.text.contains(&format!("{PUBLIC}meldung/1")));
}

#[tokio::test]
async fn what_is_no_page_is_told_in_german_and_dressed_like_one() {
    let world = World::new().await;
    let long = "x".repeat(70_000);
    for (method, path, body, status, words) in [
        ("GET", "/gibt/es/nicht", "", 404, "Seite nicht gefunden"),
        ("GET", "/meldung/999", "", 404, "Seite nicht gefunden"),
        ("GET", "/meldung/1x", "", 404, "Seite nicht gefunden"),
        ("GET", "/thema/%FF", "", 404, "Seite nicht gefunden"),
        ("GET", "/?vor=x", "", 404, "Seite nicht gefunden"),
        ("GET", "/?vor=1-1", "", 404, "Seite nicht gefunden"),
        ("GET", "/?suche=rathaus&seite=2", "", 404, "Seite nicht gefunden"),
        ("GET", "/thema/ozg?vor=1-1", "", 404, "Seite nicht gefunden"),
        ("GET", "/?vor=99999999999999999999-1", "", 404, "Seite nicht gefunden"),
        ("GET", "/feeds/alle", "", 404, "Seite nicht gefunden"),
        ("DELETE", "/", "", 405, "So geht es hier nicht"),
        ("POST", "/meldung/1", "", 405, "So geht es hier nicht"),
        ("POST", "/anmelden", "{}", 400, "Die Anfrage ist unverständlich"),
        ("POST", "/anmelden", long.as_str(), 413, "Die Anfrage ist zu groß"),
        ("POST", "/a/aaaaaaaaaaaaaaaaaaaaaaaaaa", long.as_str(), 413, "Die Anfrage ist zu groß"),
        ("GET", "/status", "", 403, "Nicht erlaubt"),
    ] {
        let reply = world.ask_from("192.0.2.1", method, path, &[], body.to_owned()).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
        assert!(reply.text.contains(words), "{method} {path}: {}", reply.text);
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
        assert_eq!(reply.header("cache-control"), "no-store", "{method} {path}");
    }
    let reply = world.ask("DELETE", "/").await;
    assert_eq!(reply.header("allow"), "GET,HEAD");
    let search = format!("/?suche={}", "a%20".repeat(2000));
    assert_eq!(world.get(&search).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_form_answers_every_address_alike() {
    let world = World::new().await;
    world.subscriber("da@x.example").await;
    let lame = world.subscriber("gesperrt@x.example").await;
    world
        .ctx
        .store
        .write(move |tx| subscribers::suspend(tx, lame, amtsbote::model::Timestamp(0)))
        .await
        .unwrap();
    world.sign_up("wartet@x.example").await;
    world.pass(Duration::from_hours(1));
    let mut answers = Vec::new();
    for (i, address) in
        ["neu@x.example", "wartet@x.example", "da@x.example", "DA@x.example", "gesperrt@x.example"]
            .iter()
            .enumerate()
    {
        let at = world.ctx.clock.now();
        let reply = world
            .sign_up_from(&format!("192.0.2.{}", i + 10), address, "thema=ozg&ausgabe=taeglich")
            .await;
        world.hands.0.store(at.0, Ordering::Relaxed);
        assert_eq!(reply.status, StatusCode::OK);
        let mut headers: Vec<String> =
            reply.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        answers.push((reply.text, headers));
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(answers[0].0.contains("Bitte sehen Sie in Ihr Postfach"));
    // One mail each, but the second spelling of one mailbox came too soon.
    assert_eq!(world.kinds().await, ["confirm", "confirm", "confirm", "welcome", "confirm"]);
    let standings = world.standings().await;
    assert_eq!(standings.len(), 4, "{standings:?}");
    assert!(standings.contains(&("da@x.example".into(), "active".into())));
    assert!(standings.contains(&("gesperrt@x.example".into(), "suspended".into())));
    // The suspended one takes delivery up again by the button.
    world.post(&world.confirm_path().await, "").await;
    assert!(world.standings().await.contains(&("gesperrt@x.example".into(), "active".into())));
}

#[tokio::test]
async fn only_the_button_subscribes_and_pressing_it_twice_welcomes_once() {
    let world = World::new().await;
    let reply = world.sign_up("neu@x.example").await;
    assert!(
        reply.text.contains("12.\u{a0}Dezember\u{a0}2025"),
        "valid for 72 hours: {}",
        reply.text
    );
    world.digest().await;
    assert_eq!(world.kinds().await, ["confirm"], "no digest before the confirmation");
    assert!(world.is_rung(), "they look into their mailbox at once");
    let path = world.confirm_path().await;
    let page = world.get(&path).await.text;
    assert!(page.contains("neu@x.example") && page.contains("OZG und Onlinedienste"));
    assert!(page.contains("Am Morgen") && page.contains("Abonnement bestätigen"));
    assert_eq!(world.standings().await, [("neu@x.example".into(), "pending".into())]);
    world.pass(Duration::from_mins(1));
    for _ in 0..2 {
        let reply = world.post(&path, "").await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(
            reply.text.contains("Abonnement bestätigt") && reply.headers.get("location").is_none()
        );
    }
    assert!(world.is_rung(), "the welcome does not wait, either");
    assert!(world.get(&path).await.text.contains("Abonnement bestätigt"));
    assert_eq!(world.standings().await, [("neu@x.example".into(), "active".into())]);
    assert_eq!(world.kinds().await, ["confirm", "welcome"]);
    let mails = world.mails().await;
    let confirm = MessageParser::default().parse(&mails[0].2).unwrap();
    assert!(confirm.header("List-Unsubscribe").is_none(), "there is no list yet");
    let welcome = MessageParser::default().parse(&mails[1].2).unwrap();
    assert!(welcome.header("List-Unsubscribe").is_some());
    assert!(welcome.body_text(0).unwrap().contains("OZG im Rathaus"), "what came last");
    let subscriber = world.ctx.store.read(|tx| subscribers::by_address(tx, "neu@x.example")).await;
    let consent = subscriber.unwrap().unwrap().consent;
    assert_eq!((consent.origin.as_str(), consent.reason.as_str()), ("web", "anmeldung-1"));
    assert!(consent.confirmed_at > Some(consent.requested_at));
}

#[tokio::test]
async fn a_link_that_is_late_cut_or_replaced_confirms_nothing() {
    let world = World::new().await;
    world.sign_up("neu@x.example").await;
    let first = world.confirm_path().await;
    assert_eq!(world.post(&first[..first.len() - 1], "").await.status, StatusCode::NOT_FOUND);
    // Asked again too soon: no second mail, and the first link still holds.
    world.sign_up("neu@x.example").await;
    assert_eq!(world.kinds().await.len(), 1);
    assert_eq!(world.get(&first).await.status, StatusCode::OK);
    world.pass(Duration::from_mins(10));
    world.sign_up_from("192.0.2.1", "neu@x.example", "thema=cloud&ausgabe=wochen").await;
    let second = world.confirm_path().await;
    assert_eq!(world.post(&first, "").await.status, StatusCode::NOT_FOUND);
    assert!(world.get(&second).await.text.contains("Der Woche"));
    world.pass(Duration::from_hours(73));
    assert_eq!(world.get(&second).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.post(&second, "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.standings().await, [("neu@x.example".into(), "pending".into())]);
    let report = pipeline::prune(&world.ctx, &world.plan).await.unwrap();
    assert_eq!(report.pending, 1);
    assert!(!world.dump().await.contains("neu@x.example"), "nothing of them stays");
}

#[tokio::test]
async fn programs_and_foreign_sites_do_not_sign_anyone_up() {
    let world = World::new().await;
    let stamp = world.ctx.tokens.stamp(world.ctx.clock.now());
    let good = format!("adresse=a%40x.example&thema=ozg&ausgabe=taeglich&stempel={stamp}");
    let before = world.dump().await;
    assert_eq!(
        world.post("/anmelden", &good).await.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "too fast"
    );
    world.pass(Duration::from_secs(5));
    let trapped = world.post("/anmelden", &format!("{good}&webseite=spam")).await;
    assert!(trapped.status == StatusCode::OK && trapped.text.contains("in Ihr Postfach"));
    for origin in ["https://evil.example", "null", "https://meldungen.example.de.evil.example"] {
        let fields = [FORM, ("origin", origin)];
        let reply = world.ask_from("192.0.2.1", "POST", "/anmelden", &fields, good.clone()).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{origin}");
    }
    for body in [
        good.replace("stempel=1", "stempel=2"),
        good.replace("a%40x.example", "a%40x.example%0d%0aBcc:b%40x.example"),
        good.replace("a%40x.example", "%3Cscript%3E"),
        good.replace("thema=ozg", "thema=gibtesnicht"),
        good.replace("&ausgabe=taeglich", ""),
    ] {
        let reply = world.post("/anmelden", &body).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        assert!(
            reply.text.contains("Bitte prüfen Sie Ihre Eingaben")
                && !reply.text.contains("<script")
        );
    }
    assert_eq!(world.dump().await, before);
    let fields = [FORM, ("origin", "https://meldungen.example.de")];
    let reply = world.ask_from("192.0.2.1", "POST", "/anmelden", &fields, good).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(world.kinds().await, ["confirm"]);
}

#[tokio::test]
async fn choices_change_at_once_and_all_data_can_be_had() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    let path = format!("/e/{}", world.ctx.tokens.settings(id, world.ctx.clock.now()));
    let page = world.get(&path).await.text;
    assert!(page.contains("value=\"ozg\" checked") && !page.contains("value=\"cloud\" checked"));
    let empty = world.post(&path, "thema=ozg").await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [FORM, ("origin", "null")];
    let body = "thema=cloud&thema=ozg&ausgabe=wochen&ausgabe=taeglich";
    let saved = world.ask_from("192.0.2.1", "POST", &path, &fields, body).await;
    assert!(saved.status == StatusCode::OK && saved.text.contains("Gespeichert"));
    assert!(
        saved.text.contains("<title>Gespeichert: Themen und Einstellungen ändern"),
        "{}",
        saved.text
    );
    let subscriber =
        world.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap();
    assert_eq!(subscriber.topics, [TopicId::new("ozg"), TopicId::new("cloud")], "theirs first");
    assert_eq!(subscriber.series.len(), 2);
    let data = world.get(&format!("{path}/daten.json")).await;
    assert_eq!(data.header("content-type"), "application/json");
    assert_eq!(data.header("cache-control"), "no-store");
    let data: serde_json::Value = serde_json::from_str(&data.text).unwrap();
    assert_eq!(data["adresse"], "a@x.example");
    assert_eq!(data["einwilligung"]["text_oder_grund"], "Test");
}

#[tokio::test]
async fn an_old_settings_link_shows_nothing_and_sends_a_fresh_one_to_its_reader() {
    let world = World::new().await;
    let id = world.subscriber("a@x.example").await;
    let made = world.ctx.clock.now();
    let dated = format!("/e/{}", world.ctx.tokens.settings(id, made));
    let undated = format!("/e/{}", world.ctx.tokens.settings_locator(id));
    let leave = format!("/a/{}", world.ctx.tokens.unsubscribe(id));
    assert!(world.get(&dated).await.text.contains("a@x.example"));
    world.pass(Duration::from_hours(62 * 24));
    let is_old = |reply: &Reply| {
        reply.text.contains("Dieser Link ist abgelaufen")
            && !reply.text.contains("a@x.example")
            && !reply.text.contains("ozg")
    };
    for path in [&dated, &undated] {
        assert!(is_old(&world.get(path).await), "{path}");
        assert!(is_old(&world.get(&format!("{path}/daten.json")).await), "{path}");
        assert!(is_old(&world.post(path, "thema=cloud&ausgabe=wochen").await), "{path}");
        assert_eq!(world.get(&format!("{path}/link")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let choice = world.ctx.store.read(move |tx| subscribers::get(tx, id)).await.unwrap().unwrap();
    assert_eq!(choice.topics, [TopicId::new("ozg")], "nothing was changed");
    assert!(world.mails().await.is_empty(), "nothing was mailed");

    for expected in [1, 1] {
        let reply = world.post(&format!("{undated}/link"), "").await;
        assert!(reply.status == StatusCode::OK && reply.text.contains("in Ihr Postfach"));
        assert!(!reply.text.contains("a@x.example"));
        assert_eq!(world.mails().await.len(), expected, "not again within ten minutes");
    }
    let (_, recipient, bytes) = world.mails().await.remove(0);
    assert_eq!(recipient, "a@x.example");
    let fresh = links(&bytes).into_iter().find(|link| link.starts_with("/e/")).unwrap();
    assert!(world.get(&fresh).await.text.contains("a@x.example"));
    // Others' attempts end like those of anybody.
    for n in 0..12 {
        let reply = world.post(&format!("{dated}/link"), "").await;
        let refused = reply.status == StatusCode::TOO_MANY_REQUESTS;
        assert_eq!(refused, n >= 8, "{n}");
    }
    let unknown = world.post(&format!("/e/{}/link", "a".repeat(26)), "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    // Leaving works for ever.
    world.pass(Duration::from_hours(10 * 365 * 24));
    assert!(world.post(&leave, "").await.text.contains("Sie sind abgemeldet"));
    assert_eq!(world.get(&undated).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn the_status_is_for_the_networks_of_the_config_only() {
    let world = World::with("trusted_proxies = [\"10.0.0.0/24\"]").await;
    for (peer, forwarded, allowed) in [
        ("127.0.0.1", None, true),
        ("[::1]", None, true),
        ("192.0.2.1", None, false),
        ("192.0.2.1", Some("127.0.0.1"), false),
        ("127.0.0.1", Some("192.0.2.1"), false),
        // A declared proxy that names nobody, or passes on what its client claims.
        ("10.0.0.1", None, false),
        ("10.0.0.1", Some("127.0.0.1"), false),
        ("10.0.0.1", Some("127.0.0.1, 192.0.2.1"), false),
        ("10.0.0.1", Some("rubbish"), false),
    ] {
        for path in ["/status", "/metrics"] {
            let fields: Vec<(&str, &str)> =
                forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
            let reply = world.ask_from(peer, "GET", path, &fields, Body::empty()).await;
            let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(reply.status, expected, "{peer} {forwarded:?} {path}");
        }
    }
    assert_eq!(world.get("/healthz").await.text, "ok\n");
}

#[tokio::test]
async fn the_status_moves_to_a_listener_of_its_own() {
    let own = "status_listen = \"127.0.0.1:8081\"";
    let pages = World::with(own).await;
    let config = Setup::new().settings(format!("[web]\n{own}\n")).config();
    let now = (pages.ctx.clone(), Arc::clone(&pages.plan));
    let router = web::router(Paths::Status, Settings::of(&config), Arc::new(move || now.clone()));
    let status = World {
        router,
        ctx: pages.ctx.clone(),
        plan: Arc::clone(&pages.plan),
        hands: pages.hands.clone(),
        folder: Arc::clone(&pages.folder),
    };
    for (world, path, peer, expected) in [
        (&pages, "/status", "127.0.0.1", 404),
        (&pages, "/metrics", "127.0.0.1", 404),
        (&pages, "/healthz", "192.0.2.1", 200),
        (&pages, "/", "192.0.2.1", 200),
        (&status, "/status", "127.0.0.1", 200),
        (&status, "/metrics", "127.0.0.1", 200),
        (&status, "/metrics", "192.0.2.1", 403),
        (&status, "/healthz", "192.0.2.1", 200),
        (&status, "/", "127.0.0.1", 404),
        (&status, "/anmelden", "127.0.0.1", 404),
    ] {
        let reply = world.ask_from(peer, "GET", path, &[], Body::empty()).await;
        assert_eq!(reply.status.as_u16(), expected, "{path} from {peer}");
    }
}

#[tokio::test]
async fn metrics_tell_numbers_and_no_addresses() {
    let world = World::new().await;
    world.subscriber("a@x.example").await;
    world.digest().await;
    let metrics = world.ask_from("127.0.0.1", "GET", "/metrics", &[], Body::empty()).await;
    for line in [
        "amtsbote_sources{state=\"new\"} 1",
        "amtsbote_sources{state=\"failing\"} 0",
        "amtsbote_items 3",
        "amtsbote_outbox_messages{state=\"ready\"} 1",
        "amtsbote_outbox_messages{state=\"dead\"} 0",
        "amtsbote_polls_total{source=\"kitu\"} 0",
        "amtsbote_polls_not_modified_total{source=\"kitu\"} 0",
        "# EOF",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line} in\n{}", metrics.text);
    }
    assert!(!metrics.text.contains('@'));
    let status = world.ask_from("127.0.0.1", "GET", "/status", &[], Body::empty()).await;
    assert!(status.text.contains("KITU") && !status.text.contains("a@x.example"));
}

#[tokio::test]
async fn a_feed_is_sent_once_and_then_304() {
    let world = World::new().await;
    let feed = world.get("/feeds/ozg.atom").await;
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let parsed = feed_rs::parser::parse(feed.text.as_bytes()).unwrap();
    assert_eq!(parsed.entries.len(), 2);
    let (tag, modified) = (feed.header("etag").to_owned(), feed.header("last-modified").to_owned());
    assert_eq!(modified, "Tue, 09 Dec 2025 06:00:00 GMT");
    for (field, status) in [
        (("if-none-match", tag.as_str()), 304),
        (("if-none-match", "\"other\""), 200),
        (("if-modified-since", modified.as_str()), 304),
        (("if-modified-since", "Mon, 08 Dec 2025 06:00:00 GMT"), 200),
        (("if-modified-since", "gestern"), 200),
    ] {
        let reply =
            world.ask_from("192.0.2.1", "GET", "/feeds/ozg.atom", &[field], Body::empty()).await;
        assert_eq!(reply.status.as_u16(), status, "{field:?}");
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.text.is_empty(), status == 304);
    }
    world.pass(Duration::from_hours(5));
    assert_eq!(world.get("/feeds/ozg.atom").await.header("etag"), tag, "the hour is not in it");
}

#[tokio::test]
async fn each_feed_is_a_json_feed_too() {
    let world = World::new().await;
    for name in ["alle", "ozg"] {
        let atom = world.get(&format!("/feeds/{name}.atom")).await.text;
        let json = world.get(&format!("/feeds/{name}.json")).await;
        assert_eq!(json.header("content-type"), "application/feed+json; charset=utf-8");
        let said: serde_json::Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!(said["feed_url"], format!("{PUBLIC}feeds/{name}.json"));
        let told = |text: &str| -> Vec<_> {
            let entries = feed_rs::parser::parse(text.as_bytes()).unwrap().entries;
            let title = |entry: feed_rs::model::Entry| (entry.id, entry.title.map(|t| t.content));
            entries.into_iter().map(title).collect()
        };
        assert_eq!(told(&json.text), told(&atom));
        let field = ("if-none-match", json.header("etag"));
        let path = format!("/feeds/{name}.json");
        let again = world.ask_from("192.0.2.1", "GET", &path, &[field], Body::empty()).await;
        assert_eq!(again.status.as_u16(), 304);
    }
    assert_eq!(world.get("/feeds/alle.rss").await.status.as_u16(), 404);
}

#[tokio::test]
async fn without_the_public_form_there_is_no_way_to_it() {
    let world = World::with("subscribe = false").await;
    assert_eq!(world.get("/anmelden").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.post("/anmelden", "adresse=a").await.status, StatusCode::NOT_FOUND);
    assert!(!world.get("/").await.text.contains("/anmelden"));
}
