//! Every reader of foreign bytes, with what must hold whatever they are. The fuzz targets
//! give it bytes for as long as one likes; `tests/it/hostile.rs` gives it families of them
//! and the fixtures at each run.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use amtsbote::agenda;
use amtsbote::bounce;
use amtsbote::config::{self, Config, ConfigError, Environment, Files};
use amtsbote::extract::{article, feed, opml};
use amtsbote::model::{Budget, Headers, Response, SourceId, TopicId, TopicRules};
use amtsbote::text::date;
use amtsbote::topic::{Subject, Tagger};
use chrono_tz::Europe::Berlin;

/// Reads bytes and panics if what must hold does not.
pub(crate) type Reader = fn(&[u8]);

/// Name and reader. The name is that of the fuzz target.
pub(crate) const READERS: &[(&str, Reader)] = &[
    ("feed", feed),
    ("page", page),
    ("article", article),
    ("mail", mail),
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

/// Read as a list that nobody described, with a preset, and as what the other kinds take.
pub(crate) fn page(bytes: &[u8]) {
    let response = Response {
        status: 200,
        final_url: URL.to_owned(),
        moved: None,
        headers: Headers::new(),
        body: bytes.to_vec(),
        truncated: false,
    };
    for source in &SOURCES.sources {
        assert_eq!(source.source.extract(&response), source.source.extract(&response));
    }
}

/// The page of one item.
pub(crate) fn article(bytes: &[u8]) {
    let html = String::from_utf8_lossy(bytes);
    let budget = Budget::for_document(html.len());
    let read = article::read(&html, URL, Some("Titel"), Berlin, &budget);
    assert!(read.is_err() || budget.check().is_ok(), "half a reading");
}

/// A message that came back or in.
pub(crate) fn mail(bytes: &[u8]) {
    let read = || bounce::of_message(bytes, &Budget::for_document(bytes.len()));
    assert_eq!(read().class.as_str(), read().class.as_str());
}

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

static SOURCES: LazyLock<Config> = LazyLock::new(|| {
    let source = |id: &str, kind: &str, more: &str| {
        format!("[[source]]\nid = '{id}'\nname = '{id}'\nkind = '{kind}'\nurl = '{URL}'\n{more}\n")
    };
    let sources = [
        source("found", "page", ""),
        source("preset", "page", "page = { preset = 'ikiss' }"),
        source("sitemap", "sitemap", ""),
        source("json", "json", "json = { preset = 'wordpress' }"),
    ]
    .concat();
    load(sources.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
});

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
