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
    Candidate, StoryDecision, Subject, Tie, Traces, WINDOW, judge, story, title_likeness, traces,
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
        ["report", items, pairs] => report(Path::new(items), Path::new(pairs)),
        ["bench", stored] => bench(stored.parse()?),
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
           first_seen integer not null, story integer);",
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
) -> Outcome<(StoryDecision, usize)> {
    let candidates = stories::candidates(connection, found, source, NOW.before(WINDOW))?;
    let decision = story(&Subject { source, received: NOW, traces: found }, &candidates);
    connection.prepare_cached("insert into items values (?1, ?2, ?3, ?4, ?5)")?.execute((
        row,
        source.as_str(),
        title,
        NOW.0,
        decision.joins.map_or(row, |s| s.0),
    ))?;
    stories::insert_traces(connection, ItemId(row), source, found)?;
    let own = decision.joins.unwrap_or(StoryId(row));
    for other in &decision.related {
        stories::add_related(connection, own, *other)?;
    }
    Ok((decision, candidates.len()))
}

fn report(items: &Path, pairs: &Path) -> Outcome<()> {
    let mut all: BTreeMap<String, Told> = BTreeMap::new();
    for (line, row) in std::fs::read_to_string(items)?.lines().zip(1..) {
        let line: Value = serde_json::from_str(line)?;
        let word = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let item = Item {
            key: Key(word("id")),
            fingerprint: Fingerprint(Vec::new()),
            raw_hash: 0,
            guid: None,
            aliases: vec![word("url")],
            url: Some(word("url")),
            title: word("title"),
            summary: String::new(),
            text: word("text"),
            authors: Vec::new(),
            categories: Vec::new(),
            documents: Vec::new(),
            links: Vec::new(),
            language: None,
            published: date(&word("date")),
            published_is_guess: word("date").len() < 10,
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
    let mut related: Vec<(i64, i64)> = Vec::new();
    let mut in_order: Vec<&Told> = all.values().collect();
    in_order.sort_by_key(|told| told.row);
    for told in in_order {
        let (decision, _) =
            place(&connection, told.row, &told.item.title, &told.source, &told.traces)?;
        let own = decision.joins.map_or(told.row, |story| story.0);
        stories_of.insert(told.row, own);
        related.extend(decision.related.iter().map(|other| (own, other.0)));
    }

    let mut lines = Vec::new();
    for (label, left, right) in &wanted {
        let (Some(a), Some(b)) = (all.get(left), all.get(right)) else { continue };
        let candidate = Candidate {
            item: ItemId(a.row),
            story: StoryId(a.row),
            source: a.source.clone(),
            received: NOW,
            traces: a.traces.clone(),
            rare: Vec::new(),
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

fn bench(stored: u64) -> Outcome<()> {
    println!("{stored}");
    Ok(())
}
