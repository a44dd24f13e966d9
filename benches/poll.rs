//! What a poll costs, piece by piece, on feeds made in memory: `cargo bench`.
//!
//! The floor is what any poller must do (feed-rs, one insert); the rest is what
//! this one adds. Each piece runs on one thread over all feeds, several times;
//! the fastest round counts, since others use the machine too. Figures of one
//! run compare with each other, not with those of another machine.

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use amtsbote::clock::Stopwatch;
use amtsbote::config::{self, Environment};
use amtsbote::dedup;
use amtsbote::extract::feed;
use amtsbote::model::{Budget, Item, RawItem, SourceId, SourceSettings, Tagging, Timestamp};
use amtsbote::normalize;
use amtsbote::store::{Store, items, sources, stories};
use amtsbote::topic::{Subject, Tagger};

const FEEDS: usize = 50;
const ITEMS: usize = 20;
const ROUNDS: usize = 5;

/// Sentences of the kind that town halls write; some name a topic, most do not.
const SENTENCES: [&str; 12] = [
    "Der Stadtrat hat in seiner Sitzung am Dienstagabend mit großer Mehrheit zugestimmt.",
    "Bürgerinnen und Bürger können den Antrag künftig vollständig digital über das Portal stellen.",
    "Die Umsetzung des Onlinezugangsgesetzes kommt damit in den Kommunen einen Schritt voran.",
    "Während der Bauarbeiten bleibt die Zufahrt zum Marktplatz für Anlieger frei.",
    "Für Rückfragen stehen die Mitarbeiterinnen des Fachbereichs gern zur Verfügung.",
    "Die Genossenschaft stellt ihren Mitgliedern den Dienst als zentrales Serviceangebot bereit.",
    "Das Land fördert das Vorhaben im kommenden Haushaltsjahr mit 250.000 Euro.",
    "Zur Eröffnung der Ausstellung sind alle Einwohner herzlich eingeladen.",
    "Haupt- und Personalamtsleiter treffen sich zum Erfahrungsaustausch über die E-Akte.",
    "Die Verwaltungsmodernisierung braucht neben Technik vor allem geschulte Beschäftigte.",
    "Das Freibad öffnet bei gutem Wetter bereits am ersten Wochenende im Mai.",
    "Weitere Einzelheiten nennt die Satzung, die im Amtsblatt veröffentlicht wird.",
];

/// An RSS feed of 86 KB or so, the same at each run.
fn feed_of(number: usize) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>Stadt {number}</title><link>https://stadt-{number}.example/</link>"
    );
    let mut chance = number as u64 + 1;
    let mut next = move || {
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(chance >> 40).unwrap_or(0)
    };
    for item in 0..ITEMS {
        let mut body = String::new();
        while body.len() < 3400 {
            let (one, other) = (SENTENCES[next() % 12], SENTENCES[next() % 12]);
            let _ = writeln!(
                body,
                "<p class=\"text\">{one} {other} <a href=\"https://stadt-{number}.example/seite/{}\">Aktenzeichen {}</a></p>",
                next() % 90,
                next() % 9_000
            );
        }
        let body = body.replace('&', "&amp;").replace('<', "&lt;");
        let _ = write!(
            xml,
            "<item><title>Meldung {} der Stadt {number}: Vorgang {}</title><link>https://stadt-{number}.example/meldung/{item}</link><guid isPermaLink=\"false\">{number}-{item}</guid><pubDate>Mon, 23 Nov 2026 {:02}:00:00 +0100</pubDate><category>Rathaus</category><description>{body}</description></item>",
            next() % 7_000,
            next() % 7_000,
            item,
        );
    }
    xml.push_str("</channel></rss>");
    xml
}

/// The fastest of several rounds.
fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let watch = Stopwatch::start();
        black_box(work());
        watch.elapsed()
    });
    rounds.min().unwrap_or_default()
}

struct Read {
    item: Item,
    taggings: Vec<Tagging>,
    traces: dedup::Traces,
}

fn line(what: &str, took: Duration) {
    let items = u32::try_from(FEEDS * ITEMS).unwrap_or(u32::MAX);
    let each = took.as_secs_f64() * 1e6 / f64::from(items);
    println!("{what:<52} {each:>9.1} µs");
}

fn tag(tagger: &Tagger, item: &Item, settings: &SourceSettings) -> Vec<Tagging> {
    tagger.tag(&Subject {
        title: &item.title,
        text: &item.text,
        categories: &item.categories,
        source: &settings.id,
        source_topics: &settings.topics,
    })
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Environment::new(&std::collections::BTreeMap::new());
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let start = Stopwatch::start();
    let config = config::load(&directory, &environment)?;
    let loaded = start.elapsed();
    let settings = &config.sources.first().ok_or("the shipped config has no source")?.settings;
    let received = Timestamp::from_seconds(1_795_428_000);
    let zone = settings.timezone;

    let feeds: Vec<String> = (0..FEEDS).map(feed_of).collect();
    let bytes: usize = feeds.iter().map(String::len).sum();
    println!(
        "{FEEDS} feeds of {ITEMS} items, {} KB each; µs an item, one thread\n",
        bytes / FEEDS / 1000
    );

    line(
        "floor: feed-rs alone",
        fastest(|| {
            feeds
                .iter()
                .filter_map(|feed| feed_rs::parser::parse(feed.as_bytes()).ok())
                .map(|feed| feed.entries.len())
                .sum::<usize>()
        }),
    );
    let extract = || -> Vec<Vec<RawItem>> {
        feeds
            .iter()
            .filter_map(|text| {
                let budget = Budget::for_document(text.len());
                feed::read(text.as_bytes(), None, Some(&settings.url), zone, &budget).ok()
            })
            .map(|extraction| extraction.items)
            .collect()
    };
    line("extract (feed-rs within)", fastest(extract));
    let raw = extract();
    line(
        "hash of the raw fields (all a known item costs)",
        fastest(|| raw.iter().flatten().map(normalize::raw_hash).fold(0, |sum, hash| sum ^ hash)),
    );
    line(
        "keys",
        fastest(|| {
            raw.iter().map(|items| normalize::keys(items, settings).keys.len()).sum::<usize>()
        }),
    );
    let clean = || -> Vec<Item> {
        raw.iter()
            .flat_map(|items| {
                let keys = normalize::keys(items, settings).keys;
                items
                    .iter()
                    .zip(keys)
                    .filter_map(|(raw, key)| normalize::item(raw, key, 0, settings, received))
            })
            .collect()
    };
    line("clean (keys within)", fastest(clean));
    let cleaned = clean();
    line(
        "tag with the shipped topics",
        fastest(|| {
            cleaned.iter().map(|item| tag(&config.tagger, item, settings).len()).sum::<usize>()
        }),
    );
    let rules = Tagger::new(&config.topics).map_err(|problems| format!("{problems:?}"))?;
    line(
        "tag by the rules alone",
        fastest(|| cleaned.iter().map(|item| tag(&rules, item, settings).len()).sum::<usize>()),
    );
    line(
        "traces for stories",
        fastest(|| cleaned.iter().map(|item| dedup::traces(item).shingles.len()).sum::<usize>()),
    );
    let read: Vec<Read> = cleaned
        .into_iter()
        .map(|item| Read {
            taggings: tag(&config.tagger, &item, settings),
            traces: dedup::traces(&item),
            item,
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let stored = store(&runtime, read, settings)?;
    line("keep: story, item, words, topics, traces", stored);
    println!("\n{:<52} {:>9.1} ms", "load the shipped config", loaded.as_secs_f64() * 1e3);
    Ok(())
}

/// Stores everything once into a new file, as polls do: a transaction for
/// several sources.
fn store(
    runtime: &tokio::runtime::Runtime,
    read: Vec<Read>,
    settings: &SourceSettings,
) -> Result<Duration, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("bench.db"))?;
    let now = Timestamp::from_seconds(1_795_428_000);
    let mut batches: Vec<Vec<(SourceSettings, Vec<Read>)>> = Vec::new();
    let mut read = read.into_iter();
    for number in 0..FEEDS {
        let id = SourceId::from(format!("source-{number}").as_str());
        let settings = SourceSettings { id, ..settings.clone() };
        let items: Vec<Read> = read.by_ref().take(ITEMS).collect();
        if number % 25 == 0 {
            batches.push(Vec::new());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push((settings, items));
        }
    }
    let watch = Stopwatch::start();
    for batch in batches {
        runtime.block_on(store.write(move |tx| {
            for (settings, items) in &batch {
                sources::attempt(tx, settings, now, now)?;
                for Read { item, taggings, traces } in items {
                    let id = &settings.id;
                    let newcomer = dedup::Subject { source: id, received: now, traces };
                    let place = stories::place(tx, &newcomer, now.before(dedup::MEMORY))?;
                    let row = items::insert(tx, id, item, now, None, place.joins)?;
                    let Some(row) = row else { continue };
                    items::add_tags(tx, row, taggings, "bench")?;
                    stories::settle(tx, row, id, traces, &place)?;
                }
            }
            Ok(())
        }))?;
    }
    Ok(watch.elapsed())
}
