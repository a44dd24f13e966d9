//! What the index finds, and what it costs to keep.

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
    connection.execute_batch(include_str!("../../../migrations/0002_stories.sql")).unwrap();
    connection
}

fn item(title: &str, text: &str) -> Item {
    let key = Key("guid:x".to_owned());
    Item::new(key, Fingerprint(vec![1]), title.to_owned(), text.to_owned())
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
    let words: Vec<String> =
        words.map(|n| format!("Verwaltung{}x{n}", "abcdefg".repeat(n as usize % 3))).collect();
    words.join(" ")
}

#[test]
fn a_copy_is_found_whoever_comes_first() {
    let release = item("Erstens", &text(0..100));
    let copy = item("Zweitens", &format!("{} {}", text(20..90), text(300..320)));
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
    let found = |connection: &Connection| candidates(connection, &names, &b, NOW).unwrap().len();
    insert(&connection, 1, &a, 1, &names);
    assert_eq!(found(&connection), 1);
    for id in 2..=32 {
        insert(&connection, id, &a, id, &names);
    }
    assert_eq!(found(&connection), 0);
    assert_eq!(prune(&connection, ItemId(31)).unwrap(), 30);
    assert_eq!(found(&connection), 2);
    assert_eq!(prune(&connection, ItemId(33)).unwrap(), 2);
    let rows: i64 =
        connection.query_row("select count(*) from story_traces", [], |row| row.get(0)).unwrap();
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
            (word("id"), word("source"), Item { aliases, ..item(&word("title"), &word("text")) })
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
