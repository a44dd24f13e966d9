//! Shows how stories are told: the figures of labelled pairs, and what a new
//! item costs.
//!
//! ```text
//! cargo run --release --example stories -- report ITEMS.jsonl PAIRS.json
//! cargo run --release --example stories -- bench 100000
//! ```
//!
//! `ITEMS.jsonl` has a line `{"id","url","source","title","date","text"}` per
//! item, `PAIRS.json` is `{"same":[[id,…],…],"different":[[id,id],…]}`.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::Path;

use amtsbote::dedup::{
    Candidate, MEMORY, Rare, Subject, Tie, Traces, judge, title_likeness, traces,
};
use amtsbote::model::{Fingerprint, Item, ItemId, Key, SourceId, StoryId, Timestamp};
use amtsbote::store::stories;
use rusqlite::Connection;
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

const NOW: Timestamp = Timestamp(1_765_260_000_000);

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["bench", stored] => bench(stored.parse()?),
        ["report", items, pairs] | [items, pairs] => report(Path::new(items), Path::new(pairs)),
        _ => Err("usage: stories report ITEMS.jsonl PAIRS.json | stories bench STORED".into()),
    }
}

/// An item of the report.
struct Told {
    item: Item,
    source: SourceId,
    traces: Traces,
    row: i64,
}

fn open(path: Option<&Path>) -> Outcome<Connection> {
    let connection = match path {
        Some(path) => Connection::open(path)?,
        None => Connection::open_in_memory()?,
    };
    connection.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
         pragma cache_size = -16384;
         create table items (id integer primary key, source text not null, title text not null,
           first_seen integer not null, story integer);
         create index items_by_story on items (story);
         create table told (story integer not null);",
    )?;
    connection.execute_batch(include_str!("../migrations/0002_stories.sql"))?;
    Ok(connection)
}

/// Places one new item as the pipeline does: look up, decide, insert.
fn place(
    connection: &Connection,
    row: i64,
    title: &str,
    source: &SourceId,
    found: &Traces,
) -> Outcome<stories::Placement> {
    let newcomer = Subject { source, received: NOW, traces: found };
    let placement = stories::place(connection, &newcomer, NOW.before(MEMORY))?;
    connection.prepare_cached("insert into items values (?1, ?2, ?3, ?4, ?5)")?.execute((
        row,
        source.as_str(),
        title,
        NOW.0,
        placement.joins.map_or(row, |s| s.0),
    ))?;
    stories::settle(connection, ItemId(row), source, found, &placement)?;
    Ok(placement)
}

fn report(items: &Path, pairs: &Path) -> Outcome<()> {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    for (line, row) in std::fs::read_to_string(items)?.lines().zip(1..) {
        let line: Value = serde_json::from_str(line)?;
        let word = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let (key, title, text) = (Key(word("id")), word("title"), word("text"));
        let item = Item {
            aliases: vec![format!("link:{}", word("url").split('#').next().unwrap_or_default())],
            url: Some(word("url")),
            published: date(&word("date")),
            published_is_guess: word("date").len() < 10,
            ..Item::new(key, Fingerprint(Vec::new()), title, text)
        };
        let source = SourceId::new(word("source"));
        let traces = traces(&item);
        all.insert(word("id"), Told { item, source, traces, row });
    }
    let pairs: Value = serde_json::from_str(&std::fs::read_to_string(pairs)?)?;
    let mut wanted: Vec<(&str, String, String)> = Vec::new();
    for (label, groups) in [("same", &pairs["same"]), ("different", &pairs["different"])] {
        for group in groups.as_array().into_iter().flatten() {
            let ids: Vec<String> = group
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|id| id.as_str().map(str::to_owned))
                .collect();
            for (place, left) in ids.iter().enumerate() {
                for right in ids.iter().skip(place + 1) {
                    wanted.push((label, left.clone(), right.clone()));
                }
            }
        }
    }

    // Once through the store, in the order of the file, for what the index finds.
    let connection = open(None)?;
    let mut stories_of: HashMap<i64, i64> = HashMap::new();
    let mut rare: HashMap<(i64, i64), Vec<Rare>> = HashMap::new();
    let mut related: Vec<(i64, i64)> = Vec::new();
    let mut in_order: Vec<&Told> = all.values().collect();
    in_order.sort_by_key(|told| told.row);
    for told in in_order {
        let candidates =
            stories::candidates(&connection, &told.traces, &told.source, NOW.before(MEMORY))?;
        let decision = place(&connection, told.row, &told.item.title, &told.source, &told.traces)?;
        for candidate in candidates {
            rare.insert((told.row, candidate.item.0), candidate.rare);
        }
        let own = decision.joins.map_or(told.row, |story| story.0);
        stories_of.insert(told.row, own);
        related.extend(decision.related.iter().map(|other| (own, other.0)));
    }

    let mut lines = Vec::new();
    for (label, left, right) in &wanted {
        let (Some(a), Some(b)) = (all.get(left), all.get(right)) else { continue };
        let (a, b) = if a.row < b.row { (a, b) } else { (b, a) };
        let candidate = Candidate {
            item: ItemId(a.row),
            story: StoryId(a.row),
            source: a.source.clone(),
            received: NOW,
            traces: a.traces.clone(),
            rare: rare.get(&(b.row, a.row)).cloned().unwrap_or_default(),
        };
        let judgement =
            judge(&Subject { source: &b.source, received: NOW, traces: &b.traces }, &candidate);
        let (one, other) = (stories_of[&a.row], stories_of[&b.row]);
        let outcome = if one == other {
            "one story"
        } else if related.contains(&(one, other)) || related.contains(&(other, one)) {
            "related"
        } else {
            "-"
        };
        let names = a.traces.names.iter().filter(|n| b.traces.names.contains(n)).count();
        lines.push((
            judgement.overlap.containment(),
            format!(
                "{label:9} {:5.2} {:5.2} {:5.2} {:6} {names:5} {:6.2} {outcome:10} {:9} {left} {right}",
                judgement.overlap.containment(),
                judgement.overlap.jaccard(),
                title_likeness(&a.item.title, &b.item.title),
                judgement.overlap.shared,
                judgement.weight,
                judgement.guard.map_or_else(
                    || if judgement.tie == Tie::None { "-".to_owned() } else { format!("{:?}", judgement.tie) },
                    |guard| format!("!{guard:?}")
                ),
            ),
        ));
    }
    lines.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("label      cont  jacc title shared names weight outcome    pair      items");
    for (_, line) in lines {
        println!("{line}");
    }
    // What was joined or grouped beside the labelled pairs.
    let name =
        |row: i64| all.iter().find(|(_, told)| told.row == row).map_or("?", |(id, _)| id.as_str());
    println!("\nstories of several items:");
    for (row, own) in &stories_of {
        if row != own {
            println!("  {} joined {}", name(*row), name(*own));
        }
    }
    println!("related stories:");
    for (one, other) in &related {
        println!("  {} ~ {}", name(*one), name(*other));
    }
    Ok(())
}

fn date(text: &str) -> Option<Timestamp> {
    let day = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .or_else(|_| chrono::NaiveDate::parse_from_str(&format!("{text}-15"), "%Y-%m-%d"))
        .or_else(|_| chrono::NaiveDate::parse_from_str(&format!("{text}-07-01"), "%Y-%m-%d"))
        .ok()?;
    Some(day.and_hms_opt(12, 0, 0)?.and_utc().into())
}

/// New items that are measured.
const MEASURED: u64 = 5_000;
/// Items of one poll, committed together.
const POLL: u64 = 20;

/// CPU time of new items when `stored` ones of the same weeks are there.
fn bench(stored: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let connection = open(Some(&folder.path().join("stories.db")))?;
    let mut words = Words(0x2545_f491_4f6c_dd1d);
    let source = |row: u64| SourceId::new(format!("source-{}", row % 200));
    for start in (0..stored).step_by(2_000) {
        connection.execute_batch("begin immediate")?;
        for row in start..(start + 2_000).min(stored) {
            let item = words.item(row);
            insert_item(&connection, row, &item, &source(row))?;
            stories::insert_traces(&connection, id(row), &source(row), &traces(&item))?;
        }
        connection.execute_batch("commit")?;
    }
    connection.execute_batch("pragma wal_checkpoint(truncate)")?;

    // Every tenth new item is a copy of its neighbour by another source.
    let new: Vec<Item> = (0..MEASURED).map(|row| words.item(stored + row)).collect();
    let new: Vec<Item> = (0..new.len())
        .map(|place| if place % 10 == 9 { edited(&new[place - 1]) } else { new[place].clone() })
        .collect();
    let start = cpu()?;
    let found: Vec<Traces> = new.iter().map(traces).collect();
    let fingerprint = cpu()? - start;

    let start = cpu()?;
    let mut loaded = 0;
    for (row, traces) in (stored..).zip(&found) {
        loaded += stories::candidates(&connection, traces, &source(row), NOW.before(MEMORY))?.len();
    }
    let lookup = cpu()? - start;

    let start = cpu()?;
    for poll in (0..MEASURED).step_by(usize::try_from(POLL)?) {
        connection.execute_batch("begin immediate")?;
        for row in poll..poll + POLL {
            let item = &new[usize::try_from(row)?];
            insert_item(&connection, 10_000_000 + row, item, &source(row))?;
        }
        connection.execute_batch("commit")?;
    }
    let rows_alone = cpu()? - start;

    let mut joined = 0;
    let start = cpu()?;
    for poll in (0..MEASURED).step_by(usize::try_from(POLL)?) {
        connection.execute_batch("begin immediate")?;
        for row in poll..poll + POLL {
            let place_in = usize::try_from(row)?;
            let row = stored + row;
            let decision = place(
                &connection,
                i64::try_from(row)?,
                &new[place_in].title,
                &source(row),
                &found[place_in],
            )?;
            joined += usize::from(decision.joins.is_some());
        }
        connection.execute_batch("commit")?;
    }
    let placed = cpu()? - start;

    let each = |nanoseconds: u64| nanoseconds / MEASURED / 10;
    let shown = |value: u64| format!("{}.{:02}", value / 100, value % 100);
    let bytes: i64 =
        connection
            .query_row("select page_count * 4096 from pragma_page_count", [], |r| r.get(0))?;
    println!("stored              {stored}");
    println!("fingerprint         {} µs CPU an item", shown(each(fingerprint)));
    println!("look-up             {} µs", shown(each(lookup)));
    println!("insert              {} µs", shown(each(placed.saturating_sub(rows_alone + lookup))));
    println!(
        "together            {} µs",
        shown(each(fingerprint + placed.saturating_sub(rows_alone)))
    );
    println!(
        "candidates loaded   {loaded} for {MEASURED} items, {joined} joined of {}",
        MEASURED / 10
    );
    println!("file                {} bytes an item", bytes / i64::try_from(stored.max(1))?);
    Ok(())
}

fn id(row: u64) -> ItemId {
    ItemId(row.cast_signed())
}

fn insert_item(connection: &Connection, row: u64, item: &Item, source: &SourceId) -> Outcome<()> {
    connection.prepare_cached("insert into items values (?1, ?2, ?3, ?4, ?1)")?.execute((
        row.cast_signed(),
        source.as_str(),
        &item.title,
        NOW.0,
    ))?;
    Ok(())
}

/// Nanoseconds this thread has run, as Linux counts them.
fn cpu() -> Outcome<u64> {
    let counters = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(counters.split(' ').next().unwrap_or_default().parse()?)
}

/// A copy as an editor makes it: another headline, the last sentences cut.
fn edited(item: &Item) -> Item {
    let words: Vec<&str> = item.text.split(' ').collect();
    let text = words[..words.len() * 3 / 4].join(" ");
    Item { title: format!("Kurz: {}", item.title), text, aliases: Vec::new(), ..item.clone() }
}

/// Made-up German-like texts: few words often, many words rarely.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn word(&mut self) -> String {
        const SYLLABLES: [&str; 16] = [
            "ver", "walt", "ung", "kom", "mun", "dig", "ital", "recht", "stadt", "land", "dienst",
            "amt", "netz", "sich", "plan", "werk",
        ];
        let third = self.next() % 40;
        let mut index = third * third * third * (1 + self.next() % 4) / 4;
        let noun = index.is_multiple_of(3);
        let mut word = String::new();
        loop {
            word.push_str(SYLLABLES[usize::try_from(index % 16).unwrap_or(0)]);
            index /= 16;
            if index == 0 {
                break;
            }
        }
        if noun {
            word[..1].make_ascii_uppercase();
        }
        word
    }

    fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }

    fn item(&mut self, row: u64) -> Item {
        let title = self.text(8);
        let (key, text) = (Key(row.to_string()), self.text(110));
        Item {
            aliases: vec![format!("https://source.example/meldung/{row}")],
            links: vec![format!("https://elsewhere.example/{}", row / 3)],
            published: Some(NOW),
            ..Item::new(key, Fingerprint(Vec::new()), title, text)
        }
    }
}
