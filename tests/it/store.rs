//! The file: its schema, whose it is, who may open it, and that what is asked
//! often is found by an index.

#![expect(clippy::disallowed_methods, reason = "BLESS is for the one who runs the tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use amtsbote::model::Retry;
use amtsbote::store::{Store, StoreError, jobs, schema, schema_version};
use rusqlite::Connection;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Compares with the fixture; `BLESS=1` rewrites it.
#[track_caller]
fn golden(name: &str, found: &str) {
    let path = fixture(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == found, "{name} is no longer what is found (BLESS=1 rewrites it):\n{found}");
}

#[test]
fn the_schema_is_the_one_that_was_read_and_approved() {
    golden("schema.sql", &(schema().unwrap() + ";\n"));
}

#[test]
fn a_new_file_is_its_owners_alone_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    for _ in 0..2 {
        let _store = Store::open(&path).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        }
    }
    let file = Connection::open(&path).unwrap();
    let version: u32 = file.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, schema_version());
}

#[tokio::test]
async fn what_was_committed_survives_a_power_cut_and_what_was_erased_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("amtsbote.db")).unwrap();
    let pragma = |name: &'static str| {
        store.write(move |tx| Ok(tx.pragma_query_value(None, name, |row| row.get::<_, i64>(0))?))
    };
    // 2 = full: each commit is on the disk before a mail goes out because of it.
    assert_eq!(pragma("synchronous").await.unwrap(), 2);
    assert_eq!(pragma("secure_delete").await.unwrap(), 1);
    assert_eq!(pragma("foreign_keys").await.unwrap(), 1);
}

#[test]
fn a_foreign_file_is_refused_with_a_hint_and_not_a_byte_of_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("create table fremd (a); insert into fremd values (1)")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    assert_eq!(error.to_string(), format!("`{}` is not a database of amtsbote", path.display()));
    assert_eq!(error.hint(), Some("point `service.data_dir` at another folder"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_newer_file_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    drop(Store::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9999).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("install the newer amtsbote"));
    assert_eq!(error.retry(), Retry::Never);
}

#[test]
fn a_file_that_is_no_database_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    std::fs::write(&path, "kein SQLite, aber lang genug für einen Kopf ".repeat(99)).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, StoreError::Damaged(_)), "{error:?}");
    assert!(error.hint().unwrap().contains("amtsbote db restore"));
}

#[test]
fn two_that_open_a_new_file_at_once_both_find_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(|| Store::open(&path).map(drop))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for result in opened {
        result.unwrap();
    }
}

#[tokio::test]
async fn a_locked_database_is_busy_and_worth_trying_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    let store = Store::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("begin immediate").unwrap();
    let now = amtsbote::model::Timestamp(1);
    let error = store.write(move |tx| jobs::enqueue(tx, "work", "{}", now)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy), "{error:?}");
    assert_eq!(error.retry(), Retry::Later);
    assert!(error.hint().is_some());
    store.read(jobs::next).await.unwrap();
    other.execute_batch("rollback").unwrap();
    store.write(move |tx| jobs::enqueue(tx, "work", "{}", now)).await.unwrap();
}

/// What each hot query is for, and its text as the store has it.
fn hot_queries() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (file, constants) in [
        ("items.rs", &["KNOWN", "COUNT_OF", "LAST_RECEIPT", "FIRST_SINCE"][..]),
        ("items/tags.rs", &["TAGS"]),
        ("items/names.rs", &["KNOWN_AS", "KEEP"]),
        ("sources.rs", &["STATE", "SETTLE", "ATTEMPT"]),
        ("outbox.rs", &["NEXT_DUE"]),
        ("outbox/claim.rs", &["CLAIM", "MAY_GO", "SENT", "OTHERWISE"]),
        ("digests.rs", &["WAS_TOLD", "IS_DONE", "PROGRESS"]),
        ("jobs.rs", &["NEXT", "OUTCOME"]),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        for constant in constants {
            let start = text
                .find(&format!("const {constant}: &str ="))
                .unwrap_or_else(|| panic!("{constant}"));
            let begin = start + text[start..].find('"').unwrap() + 1;
            let end = begin + text[begin..].find('"').unwrap();
            let sql = text[begin..end].split_whitespace().collect::<Vec<_>>().join(" ");
            found.push((format!("{file} {constant}"), sql));
        }
    }
    for (name, sql) in [
        (
            "outbox.rs due",
            "select id from outbox where state = 'ready' or (state = 'deferred' and instant <= ?1) order by id limit ?2",
        ),
        (
            "items.rs story",
            "select items.id from items join sources on sources.id = items.source where items.story = ?1 order by sources.rank, items.first_seen, items.id",
        ),
        (
            "items.rs received",
            "select items.id from items join sources on sources.id = items.source join receipts on receipts.item = items.id where receipts.id > ?1 and receipts.id <= ?2 and items.withheld is null and exists (select 1 from tags where item = items.id) order by receipts.id",
        ),
        ("subscribers.rs address", "select id from subscribers where address = ?1"),
        ("subscribers.rs token", "select id from subscribers where unsubscribe_hash = ?1"),
    ] {
        found.push((name.to_owned(), sql.to_owned()));
    }
    found
}

#[test]
fn the_hot_queries_find_their_rows_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("amtsbote.db");
    drop(Store::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    let mut plans = String::new();
    for (name, sql) in hot_queries() {
        plans.push_str(&format!("{name}\n"));
        let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
        let nothing = vec![rusqlite::types::Null; statement.parameter_count()];
        let mut rows = statement.query(rusqlite::params_from_iter(nothing)).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get("detail").unwrap();
            plans.push_str(&format!("    {step}\n"));
        }
    }
    golden("query_plans.txt", &plans);
}
