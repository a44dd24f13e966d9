//! Every reader of foreign bytes, with what must hold whatever they are. The fuzz targets
//! give it bytes for as long as one likes; `tests/it/hostile.rs` gives it families of them
//! and the fixtures at each run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::{io, panic};

use amtsbote::clock::Clock;
use amtsbote::config::{self, Config, ConfigError, Environment, Files};
use amtsbote::deliver::smtp;
use amtsbote::extract::{article, feed, opml, pdf};
use amtsbote::model::{
    Budget, Cursor, Headers, Payload, Response, SeriesId, SourceId, SubscriberId, Timestamp,
    TopicId, TopicRules,
};
use amtsbote::pipeline::{self, Context};
use amtsbote::store::Store;
use amtsbote::subscriber::token::{Key, Tokens};
use amtsbote::text::date;
use amtsbote::topic::{Subject, Tagger};
use amtsbote::{agenda, bounce, daemon, web};
use chrono_tz::Europe::Berlin;
use tower::ServiceExt as _;

/// Reads bytes and panics if what must hold does not.
pub(crate) type Reader = fn(&[u8]);

/// Name and reader. The name is that of the fuzz target.
pub(crate) const READERS: &[(&str, Reader)] = &[
    ("feed", feed),
    ("page", page),
    ("article", article),
    ("json", json),
    ("pdf", pdf),
    ("mail", mail),
    ("replies", replies),
    ("forms", forms),
    ("opml", opml),
    ("dates", dates),
    ("terms", terms),
    ("config", config),
];

const URL: &str = "https://www.example.de/aktuelles/";

/// The same bytes give the same, and what ran out is never a result.
pub(crate) fn feed(bytes: &[u8]) {
    let read = || {
        let budget = Budget::for_document(bytes.len());
        let read = feed::read(bytes, None, Some(URL), Berlin, &budget);
        assert!(read.is_err() || budget.check().is_ok(), "half a reading");
        read
    };
    assert_eq!(read(), read());
}

/// Read as a list that nobody described, with a preset, and as a sitemap.
pub(crate) fn page(bytes: &[u8]) {
    as_sources(&PAGES, bytes);
}

/// Read by each preset of interfaces, by pointers, and as what is found in it.
pub(crate) fn json(bytes: &[u8]) {
    as_sources(&INTERFACES, bytes);
}

fn as_sources(config: &Config, bytes: &[u8]) {
    let response = Response {
        status: 200,
        final_url: URL.to_owned(),
        is_redirected: false,
        moved: None,
        headers: Headers::new(),
        body: bytes.to_vec(),
        truncated: false,
    };
    for source in &config.sources {
        assert_eq!(source.source.extract(&response), source.source.extract(&response));
        // Whatever it is answered, a walk ends.
        let Some(mut walk) = source.source.walk(&Cursor::default()) else { continue };
        let mut steps = 0;
        while walk.next(Some(&response).filter(|_| steps % 5 != 3)).is_some() {
            steps += 1;
            assert!(steps < 100, "a walk without an end");
        }
    }
}

/// The page of one item.
pub(crate) fn article(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let budget = Budget::for_document(html.len());
    let read = article::read(&html, URL, Some("Titel"), Berlin, &budget);
    assert!(read.is_err() || budget.check().is_ok(), "half a reading");
}

/// A document. What reads it is others' code and may panic: it runs in a process of its own.
/// What it gives is tidied by us.
pub(crate) fn pdf(bytes: &[u8]) {
    let _ = panic::catch_unwind(|| pdf::read(bytes));
    let text = String::from_utf8_lossy(bytes);
    let pages: Vec<String> = text.split('\x0c').map(str::to_owned).collect();
    assert!(pdf::tidy(&pages).len() <= text.len() * 3, "longer than the pages and ligatures");
}

/// A message that came back or in, and read as a newsletter.
pub(crate) fn mail(bytes: &[u8]) {
    let read = || bounce::of_message(bytes, &Budget::for_document(bytes.len()));
    assert_eq!(read().class.as_str(), read().class.as_str());
    as_sources(&NEWSLETTERS, bytes);
}

/// What a mail server says, a zero byte between what it says at once. A message counts as
/// sent only if its final dot was answered with 250 and nothing else.
pub(crate) fn replies(bytes: &[u8]) {
    let (login, bytes) = match bytes.split_first() {
        Some((first, rest)) if first % 2 == 0 => (Some(("amt", "geheim")), rest),
        _ => (None, bytes),
    };
    let payload = Payload(b"Subject: x\r\n\r\n.x\r\n".to_vec());
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let talk = smtp::converse(ours, login, "r@probe.example", "a@stadt.example", &payload);
    // Timers pass at once where nobody says anything more.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    let (sent, at_the_dot) = runtime.block_on(async { tokio::join!(talk, play(theirs, bytes)) });
    if sent.is_ok() {
        let said = at_the_dot.expect("sent without its final dot");
        // What comes after the reply belongs to nobody: the connection is not used again.
        let mut lines = said.split_inclusive(|byte| *byte == b'\n');
        let last = lines.find(|line| !line.starts_with(b"250-")).unwrap_or_default();
        let is_yes = last.starts_with(b"250") && last.ends_with(b"\n");
        assert!(is_yes, "{}", said.escape_ascii());
    }
}

/// Says the next piece at once and after each command. Returns what it said to a final dot.
async fn play(mut stream: tokio::io::DuplexStream, bytes: &[u8]) -> Option<Vec<u8>> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut heard = Vec::new();
    let mut end: &[u8] = b"\n";
    for piece in bytes.split(|byte| *byte == 0).take(64) {
        stream.write_all(piece).await.ok()?;
        if end == b"\r\n.\r\n" {
            return Some(piece.to_vec());
        }
        if heard.starts_with(b"DATA") && piece.starts_with(b"354") {
            end = b"\r\n.\r\n";
        }
        heard.clear();
        while !heard.ends_with(end) {
            heard.push(stream.read_u8().await.ok()?);
        }
    }
    None
}

/// What strangers put into forms and into queries. It is answered, and never with a fault.
pub(crate) fn forms(bytes: &[u8]) {
    thread_local! {
        static FACE: RefCell<(usize, Option<WebFace>)> = const { RefCell::new((0, None)) };
    }
    FACE.with_borrow_mut(|(count, face)| {
        // What was signed up must not pile up.
        if count.is_multiple_of(256) {
            *face = Some(WebFace::new());
        }
        *count += 1;
        if let Some(face) = face {
            face.ask(bytes);
        }
    });
}

/// The web over a database in memory, with one reader.
struct WebFace {
    runtime: tokio::runtime::Runtime,
    router: axum::Router,
    ctx: Context,
    clock: Arc<AtomicI64>,
    reader: SubscriberId,
}

struct Hours(Arc<AtomicI64>);

impl Clock for Hours {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_765_260_000 + self.0.load(Ordering::Relaxed) * 3600)
    }
}

impl WebFace {
    fn new() -> Self {
        amtsbote::fetch::install_crypto();
        let loaded = load(FORMS.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let settings = web::Settings::of(&loaded);
        let channel = Arc::clone(&loaded.channel);
        let plan = Arc::new(daemon::plan(loaded).expect("a plan"));
        let clock = Arc::new(AtomicI64::new(0));
        let store = Store::open_in_memory().expect("a database");
        let hours = Arc::new(Hours(Arc::clone(&clock)));
        let tokens = Tokens::new(Key::from_bytes([7; 32]));
        let ctx = Context::new(store, hours, tokens, channel);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let series = vec![SeriesId::new("taeglich")];
        let joined = pipeline::subscribe(&ctx, "a@stadt.example", series, Vec::new(), "Test");
        let reader = runtime.block_on(joined).expect("written").expect("a new reader");
        let now = (ctx.clone(), plan);
        let router = web::router(web::Paths::Pages, settings, Arc::new(move || now.clone()));
        Self { runtime, router, ctx, clock, reader }
    }

    fn ask(&self, bytes: &[u8]) {
        self.clock.fetch_add(1, Ordering::Relaxed);
        let (tokens, now) = (&self.ctx.tokens, self.ctx.clock.now());
        let stamp = tokens.stamp(Timestamp(now.0 - 60_000));
        let posted = format!("stempel={stamp}&webseite=&").into_bytes();
        let query: String = url::form_urlencoded::byte_serialize(bytes).collect();
        let asked = [
            ("POST", "/anmelden".to_owned(), [posted, bytes.to_vec()].concat()),
            ("POST", format!("/e/{}", tokens.settings(self.reader, now)), bytes.to_vec()),
            ("GET", format!("/?q={query}"), Vec::new()),
            ("GET", format!("/thema/ozg?{query}"), Vec::new()),
        ];
        let which = usize::from(bytes.first().copied().unwrap_or_default()) % asked.len();
        let (method, path, body) = asked.into_iter().nth(which).expect("one of them");
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(body));
        // An address that is longer than any may be is no request.
        let Ok(request) = request else { return };
        let answering = async {
            let answer = self.router.clone().oneshot(request).await.expect("an answer");
            let status = answer.status();
            (status, axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a page"))
        };
        let (status, page) = self.runtime.block_on(answering);
        assert!(!status.is_server_error(), "{status}");
        let page = String::from_utf8(page.to_vec()).expect("UTF-8").to_lowercase();
        assert!(!page.contains("<script"), "markup of a stranger");
    }
}

const FORMS: &str = "
[service]
name = 'Kommunal-IT'
public_url = 'https://meldungen.example.de/'
[mail]
from = 'Kommunal-IT <post@x.example>'
[[series]]
id = 'taeglich'
title = 'Am Morgen'
schedule = 'arbeitstags 07:00'
[[topic]]
id = 'ozg'
title = 'OZG'
strong = ['OZG']
";

/// A list of feeds.
pub(crate) fn opml(bytes: &[u8]) {
    let budget = Budget::for_document(bytes.len());
    let (feeds, notes) = opml::read(bytes, &budget);
    assert!(feeds.len() <= opml::MOST_FEEDS);
    assert!(budget.check().is_ok() || !notes.is_empty(), "the rest is missing without a word");
}

/// A date, and all dates of a text with the sentences that prove them.
pub(crate) fn dates(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = (date::parse(&text, Berlin), date::from_path(&text, Berlin));
    let budget = Budget::for_document(text.len());
    let published = chrono::NaiveDate::from_ymd_opt(2026, 11, 2).expect("a date");
    if let Ok(dates) = agenda::dates("", &text, published, &budget) {
        assert!(budget.check().is_ok(), "half a reading");
        assert!(dates.len() <= 20, "too many dates");
    }
}

/// A term of a topic, looked for in the text that it is.
pub(crate) fn terms(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let rules = TopicRules {
        id: Some(TopicId::from("ozg")),
        title: "OZG".to_owned(),
        threshold: 1.0,
        strong: text.lines().take(8).map(str::to_owned).collect(),
        ..TopicRules::default()
    };
    let Ok(tagger) = Tagger::new(&[rules]) else { return };
    let source = SourceId::from("amt");
    let subject = Subject {
        title: "Onlinezugangsgesetz im Rathaus",
        text: &text,
        categories: &[],
        source: &source,
        source_topics: &[],
    };
    for tagging in tagger.tag(&subject) {
        assert_eq!(tagging.topic.as_str(), "ozg");
    }
}

/// A whole config.
pub(crate) fn config(bytes: &[u8]) {
    if let Err(error) = load(bytes) {
        assert!(!error.to_string().is_empty(), "an error without a word");
    }
}

static PAGES: LazyLock<Config> = LazyLock::new(|| {
    of_sources(&[
        ("found", "page", ""),
        ("preset", "page", "page = { preset = 'ikiss' }"),
        ("sitemap", "sitemap", ""),
    ])
});

static INTERFACES: LazyLock<Config> = LazyLock::new(|| {
    let pointers =
        "json = { list = '/items', title = '/title', link = '/a/{/id}', date = '/d', text = '/t' }";
    of_sources(&[
        ("wordpress", "json", "json = { preset = 'wordpress' }"),
        ("drupal", "json", "json = { preset = 'drupal' }"),
        ("ckan", "json", "json = { preset = 'ckan' }"),
        ("pointers", "json", pointers),
        ("found", "json", ""),
        ("council", "oparl", ""),
    ])
});

static NEWSLETTERS: LazyLock<Config> =
    LazyLock::new(|| of_sources(&[("newsletter", "mail", "mail = { from = ['@stadt.example'] }")]));

fn of_sources(sources: &[(&str, &str, &str)]) -> Config {
    let source = |(id, kind, more): &(&str, &str, &str)| {
        format!("[[source]]\nid = '{id}'\nname = '{id}'\nkind = '{kind}'\nurl = '{URL}'\n{more}\n")
    };
    let sources: String = sources.iter().map(source).collect();
    load(sources.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn load(bytes: &[u8]) -> Result<Config, ConfigError> {
    let files = Memory(bytes.to_vec());
    config::load_from(&files, Path::new("."), &Environment::new(&BTreeMap::new()))
}

struct Memory(Vec<u8>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let is_main = path.ends_with("amtsbote.toml");
        if is_main { Ok(self.0.clone()) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }
}
