//! Candidates for the story of a new item, found by hash in constant work.
//!
//! Every trace of an item (alias, link, band, name) is a row of
//! `story_traces`, with a bounded list of the items that have it. A full list
//! of names or links says that the trace is common: it finds nobody and is no
//! longer written, so that common words cost one small read. The lists become
//! rare again as [`prune`] drops old items from them.

use rusqlite::{Connection, OptionalExtension, Result, params};

use crate::dedup::{Candidate, Rare, Traces};
use crate::model::{ItemId, SourceId, StoryId, Timestamp};

/// Most items of one list. Names of more recent items are not rare.
const LIST: usize = 32;
/// Most candidates that are loaded, the most promising first.
const CANDIDATES: usize = 12;
/// Bytes of one item in a list.
const ENTRY: usize = 8;

/// Kinds of traces; they never meet in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Alias = 1,
    Link = 2,
    Band = 3,
    Name = 4,
}

fn key(kind: Kind, value: u64) -> i64 {
    let mixed = (value ^ ((kind as u64) << 61)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).cast_signed()
}

/// One item of a list: 40 bits item, 24 bits of its source's name.
fn entry(item: i64, source: u32) -> [u8; ENTRY] {
    let item = item.cast_unsigned() & 0xff_ffff_ffff;
    (item << 24 | u64::from(source & 0xff_ffff)).to_be_bytes()
}

fn source_bits(source: &SourceId) -> u32 {
    source
        .as_str()
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
        >> 8
}

fn entries(list: &[u8]) -> impl Iterator<Item = (i64, u32)> + '_ {
    list.as_chunks::<ENTRY>().0.iter().map(|entry| {
        let number = u64::from_be_bytes(*entry);
        ((number >> 24).cast_signed(), (number & 0xff_ffff) as u32)
    })
}

/// Makes an item findable. Called once for each new item, in the transaction
/// that inserts it; not again when it changes, for a later edit does not make
/// it another story.
pub fn insert_traces(
    connection: &Connection,
    item: ItemId,
    source: &SourceId,
    traces: &Traces,
) -> Result<()> {
    const SUBJECT: &str = "insert or replace into story_subjects (item, traces) values (?1, ?2)";
    // `||` keeps the bytes of blobs but calls the result text.
    const TRACE: &str = "insert into story_traces (hash, items) values (?1, ?2) \
        on conflict (hash) do update set items = cast(items || excluded.items as blob) \
        where length(items) < ?3";
    connection.prepare_cached(SUBJECT)?.execute(params![item.0, traces.to_bytes()])?;
    let entry = entry(item.0, source_bits(source));
    let full = i64::try_from(LIST * ENTRY).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(TRACE)?;
    let kinds = [
        (Kind::Alias, &traces.aliases),
        (Kind::Link, &traces.links),
        (Kind::Band, &traces.bands),
        (Kind::Name, &traces.picked),
    ];
    for (kind, values) in kinds {
        for value in values {
            statement.execute(params![key(kind, *value), entry.as_slice(), full])?;
        }
    }
    Ok(())
}

/// One stored item in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    item: i64,
    source: u32,
    score: u32,
    /// Names need company, the other kinds are a reason by themselves.
    rare: Option<Rare>,
}

/// The stored items that may tell the story of a new one: at most 12, the most
/// promising first, first seen not before `not_before`. The work does not grow
/// with the number of stored items.
pub fn candidates(
    connection: &Connection,
    traces: &Traces,
    source: &SourceId,
    not_before: Timestamp,
) -> Result<Vec<Candidate>> {
    let source = source_bits(source);
    let mut hits = hits(connection, traces)?;
    hits.sort_unstable_by_key(|hit| hit.item);
    let mut promising: Vec<(u32, &[Hit])> = hits
        .chunk_by(|one, other| one.item == other.item)
        .filter(|hits| {
            let names = hits.iter().filter(|hit| hit.rare.is_some()).count();
            names < hits.len() || names >= 2 && hits.iter().all(|hit| hit.source != source)
        })
        .map(|hits| (hits.iter().map(|hit| hit.score).sum(), hits))
        .collect();
    promising.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut found = Vec::new();
    for (_, hits) in promising.into_iter().take(CANDIDATES) {
        if let Some(candidate) = load(connection, hits)?
            && candidate.received >= not_before
        {
            found.push(candidate);
        }
    }
    Ok(found)
}

/// Looks every trace up.
fn hits(connection: &Connection, traces: &Traces) -> Result<Vec<Hit>> {
    const LIST_OF: &str = "select items from story_traces where hash = ?1";
    let mut statement = connection.prepare_cached(LIST_OF)?;
    let mut hits = Vec::with_capacity(64);
    // Where to look, what for, and what a hit weighs.
    let looks = [
        (Kind::Alias, &traces.aliases, 1000),
        (Kind::Alias, &traces.links, 200),
        (Kind::Link, &traces.aliases, 200),
        (Kind::Link, &traces.links, 50),
        (Kind::Band, &traces.bands, 100),
        (Kind::Name, &traces.picked, 32),
    ];
    for (kind, values, score) in looks {
        for value in values {
            let mut rows = statement.query([key(kind, *value)])?;
            let Some(row) = rows.next()? else { continue };
            let list = row.get_ref(0)?.as_blob()?;
            let items = list.len() / ENTRY;
            if items >= LIST && matches!(kind, Kind::Link | Kind::Name) {
                continue;
            }
            let name = (value >> 32) as u32;
            let rare = (kind == Kind::Name).then_some(Rare { name, items });
            hits.extend(entries(list).map(|(item, source)| Hit { item, source, score, rare }));
        }
    }
    Ok(hits)
}

/// Loads the item of these hits; none if it has been deleted or forgotten.
fn load(connection: &Connection, hits: &[Hit]) -> Result<Option<Candidate>> {
    const CANDIDATE: &str = "select items.story, items.source, items.first_seen, \
        story_subjects.traces from story_subjects join items on items.id = story_subjects.item \
        where story_subjects.item = ?1";
    let Some(Hit { item, .. }) = hits.first().copied() else { return Ok(None) };
    let found = connection
        .prepare_cached(CANDIDATE)?
        .query_row([item], |row| {
            let traces = Traces::from_bytes(row.get_ref(3)?.as_blob()?);
            let story = row.get::<_, Option<i64>>(0)?.unwrap_or(item);
            let source: String = row.get(1)?;
            Ok((story, source, row.get::<_, i64>(2)?, traces))
        })
        .optional()?;
    Ok(found.and_then(|(story, source, received, traces)| {
        Some(Candidate {
            item: ItemId(item),
            story: StoryId(story),
            source: SourceId::new(source),
            received: Timestamp(received),
            traces: traces?,
            rare: hits.iter().filter_map(|hit| hit.rare).collect(),
        })
    }))
}

/// Groups two stories; harmless if they are grouped already.
pub fn add_related(connection: &Connection, story: StoryId, other: StoryId) -> Result<()> {
    const RELATE: &str =
        "insert or ignore into story_relations (story, other) values (?1, ?2), (?2, ?1)";
    if story != other {
        connection.prepare_cached(RELATE)?.execute([story.0, other.0])?;
    }
    Ok(())
}

/// The stories grouped with this one, oldest first.
pub fn related(connection: &Connection, story: StoryId) -> Result<Vec<StoryId>> {
    const RELATED: &str = "select other from story_relations where story = ?1 order by other";
    connection
        .prepare_cached(RELATED)?
        .query_map([story.0], |row| row.get(0).map(StoryId))?
        .collect()
}

/// Forgets the traces of items below `oldest` (the first item of the time that
/// is kept, see `dedup::WINDOW`). Items, stories and relations stay. Answers how
/// many items were forgotten. Reads the whole index: for a daily run.
pub fn prune(connection: &Connection, oldest: ItemId) -> Result<usize> {
    const OLD_LISTS: &str = "select hash, items from story_traces where items < ?1";
    const EMPTY: &str = "delete from story_traces where hash = ?1";
    const SHORTEN: &str = "update story_traces set items = ?2 where hash = ?1";
    const SUBJECTS: &str = "delete from story_subjects where item < ?1";
    let bound = entry(oldest.0, 0);
    let old: Vec<(i64, Vec<u8>)> = connection
        .prepare_cached(OLD_LISTS)?
        .query_map([bound.as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_>>()?;
    let mut empty = connection.prepare_cached(EMPTY)?;
    let mut shorten = connection.prepare_cached(SHORTEN)?;
    for (hash, list) in old {
        let kept: Vec<u8> = list
            .as_chunks::<ENTRY>()
            .0
            .iter()
            .filter(|entry| **entry >= bound)
            .flatten()
            .copied()
            .collect();
        if kept.is_empty() {
            empty.execute([hash])?;
        } else {
            shorten.execute(params![hash, kept])?;
        }
    }
    connection.prepare_cached(SUBJECTS)?.execute([oldest.0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dedup::{Subject, WINDOW, story, traces};
    use crate::model::{Fingerprint, Item, Key};

    const NOW: Timestamp = Timestamp(1_765_260_000_000);

    fn open() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "pragma foreign_keys = on;
                 create table items (id integer primary key, source text not null,
                   title text not null, first_seen integer not null, story integer);",
            )
            .unwrap();
        connection.execute_batch(include_str!("../../migrations/0002_stories.sql")).unwrap();
        connection
    }

    fn item(title: &str, text: &str) -> Item {
        Item {
            key: Key("guid:x".to_owned()),
            fingerprint: Fingerprint(vec![1]),
            raw_hash: 0,
            guid: None,
            aliases: Vec::new(),
            url: None,
            title: title.to_owned(),
            summary: String::new(),
            text: text.to_owned(),
            authors: Vec::new(),
            categories: Vec::new(),
            documents: Vec::new(),
            links: Vec::new(),
            language: None,
            published: None,
            published_is_guess: false,
        }
    }

    fn insert(connection: &Connection, id: i64, source: &SourceId, story: i64, found: &Traces) {
        connection
            .execute(
                "insert into items values (?1, ?2, '', ?3, ?4)",
                params![id, source.as_str(), NOW.0, story],
            )
            .unwrap();
        insert_traces(connection, ItemId(id), source, found).unwrap();
    }

    /// Places items in this order, each from its source; answers their stories.
    fn place(items: &[(&str, &Item)]) -> Vec<i64> {
        let connection = open();
        (1..)
            .zip(items)
            .map(|(id, (source, item))| {
                let (source, found) = (SourceId::from(*source), traces(item));
                let near = candidates(&connection, &found, &source, NOW.before(WINDOW)).unwrap();
                let subject = Subject { source: &source, received: NOW, traces: &found };
                let own = story(&subject, &near).joins.map_or(id, |story| story.0);
                insert(&connection, id, &source, own, &found);
                own
            })
            .collect()
    }

    fn text(words: std::ops::Range<u32>) -> String {
        words.map(|n| format!("Verwaltung{}x{n} ", "abcdefg".repeat(n as usize % 3))).collect()
    }

    #[test]
    fn a_copy_is_found_whoever_comes_first() {
        let release = item("Erstens", &text(0..100));
        let copy = item("Zweitens", &format!("{}{}", text(20..90), text(300..320)));
        let other = item("Drittens", &text(500..600));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let items = [("a", &release), ("b", &copy), ("c", &other)];
            let stories = place(&order.map(|place| items[place]));
            let story_of = |item| stories[order.iter().position(|place| *place == item).unwrap()];
            assert_eq!(story_of(0), story_of(1), "{order:?}");
            assert_ne!(story_of(0), story_of(2), "{order:?}");
        }
    }

    #[test]
    fn a_list_holds_its_bytes_and_ends_at_its_bound() {
        let connection = open();
        let common = Traces { picked: vec![5 << 32], ..Traces::default() };
        let source = SourceId::from("a");
        for id in 1..=40 {
            insert(&connection, id, &source, id, &common);
        }
        let (kind, length): (String, i64) = connection
            .query_row("select typeof(items), length(items) from story_traces", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        assert_eq!((kind.as_str(), length), ("blob", 256));
        let list: Vec<u8> =
            connection.query_row("select items from story_traces", [], |row| row.get(0)).unwrap();
        assert_eq!(
            entries(&list).map(|(item, _)| item).collect::<Vec<_>>(),
            (1..=32).collect::<Vec<_>>()
        );
        assert!(entries(&list).all(|(_, from)| from == source_bits(&source)));
    }

    #[test]
    fn common_names_find_nobody_until_they_are_rare_again() {
        let connection = open();
        let (a, b) = (SourceId::from("a"), SourceId::from("b"));
        let names = Traces { picked: vec![5 << 32, 6 << 32], ..Traces::default() };
        let found =
            |connection: &Connection| candidates(connection, &names, &b, NOW).unwrap().len();
        insert(&connection, 1, &a, 1, &names);
        assert_eq!(found(&connection), 1);
        for id in 2..=32 {
            insert(&connection, id, &a, id, &names);
        }
        assert_eq!(found(&connection), 0);
        assert_eq!(prune(&connection, ItemId(31)).unwrap(), 30);
        assert_eq!(found(&connection), 2);
        assert_eq!(prune(&connection, ItemId(33)).unwrap(), 2);
        let rows: i64 = connection
            .query_row("select count(*) from story_traces", [], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 0);
    }

    #[test]
    fn what_is_old_or_deleted_is_no_candidate() {
        let connection = open();
        let (a, b) = (SourceId::from("a"), SourceId::from("b"));
        let found = traces(&item("Titel", &text(0..50)));
        insert(&connection, 1, &a, 1, &found);
        assert_eq!(candidates(&connection, &found, &b, NOW).unwrap().len(), 1);
        assert_eq!(candidates(&connection, &found, &b, Timestamp(NOW.0 + 1)).unwrap(), []);
        connection.execute("delete from items", []).unwrap();
        assert_eq!(candidates(&connection, &found, &b, NOW).unwrap(), []);
    }

    #[test]
    fn every_look_up_is_by_primary_key() {
        let connection = open();
        for sql in [
            "select items from story_traces where hash = ?1",
            "select items.story, items.source, items.first_seen, story_subjects.traces \
             from story_subjects join items on items.id = story_subjects.item \
             where story_subjects.item = ?1",
            "select other from story_relations where story = ?1 order by other",
        ] {
            let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
            let plan: Vec<String> =
                statement.query_map([1], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{plan:?}");
        }
    }

    #[test]
    fn relations_hold_in_both_directions_and_once() {
        let connection = open();
        for _ in 0..2 {
            add_related(&connection, StoryId(4), StoryId(2)).unwrap();
            add_related(&connection, StoryId(4), StoryId(4)).unwrap();
        }
        assert_eq!(related(&connection, StoryId(2)).unwrap(), [StoryId(4)]);
        assert_eq!(related(&connection, StoryId(4)).unwrap(), [StoryId(2)]);
    }

    /// The labelled pairs, where they are at hand.
    #[test]
    fn labelled_pairs_share_a_story_exactly_if_they_are_copies() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
        let (Ok(lines), Ok(pairs)) = (
            std::fs::read_to_string(format!("{folder}/dev.jsonl")),
            std::fs::read_to_string(format!("{folder}/dev-duplicates.json")),
        ) else {
            println!("skipped: no labelled pairs beside the source tree");
            return;
        };
        let mut all: Vec<(String, String, Item)> = lines
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let word = |key: &str| line[key].as_str().unwrap().to_owned();
                let page = word("url").split('#').next().unwrap_or_default().to_owned();
                let aliases = vec![format!("link:{page}")];
                (
                    word("id"),
                    word("source"),
                    Item { aliases, ..item(&word("title"), &word("text")) },
                )
            })
            .collect();
        let pairs: serde_json::Value = serde_json::from_str(&pairs).unwrap();
        // No item has a date here: the index and the texts alone must tell.
        for _ in 0..2 {
            let placed: Vec<(&str, &Item)> =
                all.iter().map(|(_, source, item)| (source.as_str(), item)).collect();
            let stories = place(&placed);
            let place_of = |id: &str| all.iter().position(|(other, ..)| other == id).unwrap();
            for group in pairs["same"].as_array().unwrap() {
                let ids: Vec<&str> =
                    group.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
                for pair in ids.iter().flat_map(|a| ids.iter().map(move |b| (a, b))) {
                    let (a, b) = (place_of(pair.0), place_of(pair.1));
                    let shingles = |place: usize| traces(&all[place].2).shingles;
                    let overlap = crate::dedup::Overlap::of(&shingles(a), &shingles(b));
                    if overlap.containment() >= 0.5 {
                        assert_eq!(stories[a], stories[b], "{pair:?} {overlap:?}");
                    }
                }
            }
            for pair in pairs["different"].as_array().unwrap() {
                let id = |at: usize| pair[at].as_str().unwrap();
                assert_ne!(stories[place_of(id(0))], stories[place_of(id(1))], "{pair}");
            }
            all.reverse();
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn a_copy_by_another_source_is_found_among_strangers(
            start in 0_u32..1000,
            length in 30_u32..120,
            cut in 0_u32..10,
        ) {
            let release = item("Erstens", &text(start..start + length));
            let copy = item("Zweitens", &text(start + cut..start + length));
            let stranger = item("Drittens", &text(5000..5100));
            let stories = place(&[("a", &release), ("s", &stranger), ("b", &copy)]);
            prop_assert_eq!(stories[0], stories[2]);
            prop_assert_ne!(stories[0], stories[1]);
        }
    }
}
