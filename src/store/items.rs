//! Items, their taggings, and the sequence in which they became known.

mod changes;
mod corrections;
mod listing;
mod lookup;
mod memory;
mod names;
mod retagging;
mod search;
mod stored;
mod tags;

pub use changes::{
    ToldChange, amend_change, last_change, let_wait, tell_change, tell_due_changes, told_changes,
    waiting_change,
};
pub use corrections::{correct, corrected, correction, corrections, uncorrect};
pub use listing::{Listing, Part, Place, count_by_week, list};
pub use lookup::{of_url, of_url_start, titled};
pub use memory::{Remembered, remembered, rename};
pub use names::known_as;
pub use retagging::{count_tagged_otherwise, set_tagged_by, tagged_by, tagged_otherwise, updated};
pub use search::{Hits, search, suggestion};
use stored::{Details, STORED_COLUMNS, read_known, read_stored};
pub use stored::{Stored, Withheld, get};
pub use tags::{add_tags, has_topic, set_tag, set_tags, tags};

use rusqlite::{OptionalExtension as _, Row, Transaction, named_params};

use super::acts::IS_SHOWN;
use super::query::{Query, column};
use super::row::{count, to_json};
use super::{StoreError, dates};
use crate::model::{Item, ItemId, Key, Known, SourceId, StoryId, Timestamp};
use crate::text::searchable;

/// Returns what a verdict needs of the source's item of that key.
pub fn known(
    tx: &Transaction<'_>,
    source: &SourceId,
    key: &Key,
) -> Result<Option<Known>, StoreError> {
    const KNOWN: &str = "
        select id, key, fingerprint, raw_hash, story, changes from items where source = ?1 and key = ?2";
    tx.one(KNOWN, (source, &key.0), read_known)
}

/// A stored item as far as another may be recognised in it.
#[derive(Debug, Clone)]
pub struct Recent {
    /// What a verdict needs of it.
    pub known: Known,
    pub title: String,
    pub text: String,
    /// Editorial date; none if it is only when the item came.
    pub published: Option<Timestamp>,
    /// Where to read it.
    pub url: Option<String>,
}

/// Returns the latest items of a source, and those named, the newest first.
pub fn recent(
    tx: &Transaction<'_>,
    source: &SourceId,
    most: usize,
    named: &[ItemId],
) -> Result<Vec<Recent>, StoreError> {
    const COLUMNS: &str = "id, key, fingerprint, raw_hash, story, changes, title, text, \
        case when published_is_guess and published = first_seen then null else published end as dated, url";
    let read = |row: &Row<'_>| {
        Ok(Recent {
            known: read_known(row)?,
            title: row.get("title")?,
            text: row.get("text")?,
            published: row.get("dated")?,
            url: row.get("url")?,
        })
    };
    let latest = format!("select {COLUMNS} from items where source = ?1 order by id desc limit ?2");
    let mut statement = tx.prepare_cached(&latest)?;
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut found: Vec<Recent> =
        statement.query_map((source, most), read)?.collect::<rusqlite::Result<_>>()?;
    let one = format!("select {COLUMNS} from items where id = ?1");
    let mut statement = tx.prepare_cached(&one)?;
    for id in named {
        if !found.iter().any(|item| item.known.id == *id) {
            found.extend(statement.query_row([*id], read).optional()?);
        }
    }
    Ok(found)
}

/// Takes their keys from the retired items and gives these items theirs. What has no
/// new key keeps the old one with its number behind it, so that the key is free.
pub fn rekey(
    tx: &Transaction<'_>,
    retired: &[ItemId],
    keys: &[(ItemId, Key)],
) -> Result<(), StoreError> {
    const RETIRE: &str = "update items set key = key || '|' || id where id = ?1";
    const REKEY: &str = "update items set key = ?2 where id = ?1";
    for (at, id) in retired.iter().enumerate() {
        if !retired[..at].contains(id) {
            tx.prepare_cached(RETIRE)?.execute([id])?;
        }
    }
    for (id, key) in keys {
        tx.prepare_cached(REKEY)?.execute((id, &key.0))?;
    }
    Ok(())
}

/// Returns whether the source has any item at all.
pub fn any_of(tx: &Transaction<'_>, source: &SourceId) -> Result<bool, StoreError> {
    const ANY_OF: &str = "select 1 from items where source = ?1";
    tx.exists(ANY_OF, [source])
}

/// Returns how many items the source has.
pub fn count_of(tx: &Transaction<'_>, source: &SourceId) -> Result<u64, StoreError> {
    const COUNT_OF: &str = "select count(*) from items where source = ?1";
    tx.value(COUNT_OF, [source])
}

/// Stores a new item, its story its own unless it joins another, and its
/// receipt unless it is withheld. Returns nothing if the source already has an
/// item of that key.
pub fn insert(
    tx: &Transaction<'_>,
    source: &SourceId,
    item: &Item,
    now: Timestamp,
    withheld: Option<Withheld>,
    joins: Option<StoryId>,
) -> Result<Option<ItemId>, StoreError> {
    // What autoincrement would give; known before, so that the row is written once.
    const NEXT_ID: &str =
        "select coalesce(max(seq), 0) + 1 from sqlite_sequence where name = 'items'";
    const INSERT: &str = "
        insert into items (id, source, key, raw_hash, fingerprint, story, first_seen, published,
            published_is_guess, guid, url, title, summary, text, details, withheld)
        values (:id, :source, :key, :raw_hash, :fingerprint, :story, :now, :published,
            :published_is_guess, :guid, :url, :title, :summary, :text, :details, :withheld)
        on conflict (source, key) do nothing";
    const INSERT_WORDS: &str = "insert into item_words (rowid, words) values (?1, ?2)";

    let id: ItemId = tx.value(NEXT_ID, [])?;
    let inserted = tx.run(
        INSERT,
        named_params! {
            ":id": id,
            ":story": joins.unwrap_or(StoryId(id.0)),
            ":source": source,
            ":key": item.key.0,
            ":raw_hash": item.raw_hash,
            ":fingerprint": item.fingerprint.0,
            ":now": now,
            ":published": item.published,
            ":published_is_guess": item.published_is_guess,
            ":guid": item.guid,
            ":url": item.url,
            ":title": item.title,
            ":summary": item.summary,
            ":text": item.text,
            ":details": to_json(&details(item))?,
            ":withheld": withheld.map(Withheld::as_str),
        },
    )?;
    if inserted == 0 {
        return Ok(None);
    }
    let words = words(item);
    tx.run(INSERT_WORDS, (id, &words))?;
    search::keep_words(tx, &words)?;
    names::keep(tx, source, id, item)?;
    dates::set(tx, id, &item.dates)?;
    if withheld.is_none() {
        receipt(tx, id, now, None)?;
    }
    Ok(Some(id))
}

/// Rewrites an item that says something else now. Whether it returns in a digest
/// is another matter: [`tell_change`].
pub fn rewrite(
    tx: &Transaction<'_>,
    source: &SourceId,
    id: ItemId,
    item: &Item,
    now: Timestamp,
) -> Result<(), StoreError> {
    const REWRITE: &str = "
        update items set raw_hash = :raw_hash, fingerprint = :fingerprint, changes = changes + 1,
            updated = :now, published = :published, published_is_guess = :published_is_guess,
            guid = :guid, url = :url, title = :title, summary = :summary, text = :text, details = :details
        where id = :id";
    const REWRITE_WORDS: &str = "update item_words set words = ?2 where rowid = ?1";
    tx.run(
        REWRITE,
        named_params! {
            ":id": id,
            ":raw_hash": item.raw_hash,
            ":fingerprint": item.fingerprint.0,
            ":now": now,
            ":published": item.published,
            ":published_is_guess": item.published_is_guess,
            ":guid": item.guid,
            ":url": item.url,
            ":title": item.title,
            ":summary": item.summary,
            ":text": item.text,
            ":details": to_json(&details(item))?,
        },
    )?;
    let words = words(item);
    tx.run(REWRITE_WORDS, (id, &words))?;
    search::keep_words(tx, &words)?;
    names::keep(tx, source, id, item)?;
    dates::set(tx, id, &item.dates)?;
    Ok(())
}

/// Notes that the raw fields changed but what they say did not.
pub fn touch(tx: &Transaction<'_>, id: ItemId, raw_hash: i64) -> Result<(), StoreError> {
    const TOUCH: &str = "update items set raw_hash = ?2 where id = ?1";
    tx.run(TOUCH, (id, raw_hash))?;
    Ok(())
}

fn receipt(
    tx: &Transaction<'_>,
    id: ItemId,
    now: Timestamp,
    change: Option<&str>,
) -> Result<(), StoreError> {
    const RECEIPT: &str = "insert into receipts (item, at, change) values (?1, ?2, ?3)";
    tx.run(RECEIPT, (id, now, change))?;
    Ok(())
}

/// Lets the held items of a source be mailed. Returns how many there were.
pub fn release(
    tx: &Transaction<'_>,
    source: &SourceId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const HELD: &str = "select id from items where source = ?1 and withheld = 'flood' order by id";
    const RELEASE: &str = "update items set withheld = null where id = ?1";
    let held: Vec<ItemId> = tx.all(HELD, [source], column)?;
    for id in &held {
        tx.run(RELEASE, [id])?;
        receipt(tx, *id, now, None)?;
    }
    Ok(held.len())
}

fn details(item: &Item) -> Details {
    Details {
        authors: item.authors.clone(),
        categories: item.categories.clone(),
        documents: item.documents.clone(),
        language: item.language.clone(),
    }
}

fn words(item: &Item) -> String {
    searchable(&format!("{} {} {}", item.title, item.summary, item.text))
}

/// Returns how many characters the text of an item has.
pub fn text_length(tx: &Transaction<'_>, id: ItemId) -> Result<usize, StoreError> {
    const TEXT_LENGTH: &str = "select length(text) from items where id = ?1";
    tx.value(TEXT_LENGTH, [id])
}

/// Returns the items of a story that are shown: authorities first, then the earliest.
pub fn of_story(tx: &Transaction<'_>, story: StoryId) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "select {STORED_COLUMNS} where items.story = ?1 and {IS_SHOWN}
        order by sources.rank, items.first_seen, items.id"
    );
    tx.all(&sql, [story], read_stored)
}

/// Lets a digest consider an item again that was taken down when the last one was
/// made. Returns whether it may: not if it may not be mailed or is older than `since`.
/// Digests that told its story do not tell it again.
pub fn receive_again(
    tx: &Transaction<'_>,
    id: ItemId,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const RECEIVED_SINCE: &str = "
        select 1 from receipts join items on items.id = receipts.item
        where receipts.item = ?1 and receipts.change is null and receipts.at >= ?2
          and items.withheld is null";
    let may_return = tx.exists(RECEIVED_SINCE, (id, since))?;
    if may_return {
        receipt(tx, id, now, None)?;
    }
    Ok(may_return)
}

/// Returns the ids of all items of a story, those that were taken down among them.
pub fn ids_of_story(tx: &Transaction<'_>, story: StoryId) -> Result<Vec<ItemId>, StoreError> {
    const IDS_OF_STORY: &str = "select id from items where story = ?1 order by id";
    tx.all(IDS_OF_STORY, [story], column)
}

/// Returns where a digest stands in the sequence of receipts: the last one there is.
pub fn last_receipt(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    const LAST_RECEIPT: &str = "select coalesce(max(id), 0) from receipts";
    tx.value(LAST_RECEIPT, [])
}

/// A receipt and its item, as a digest considers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// When it became known.
    pub at: Timestamp,
    /// What changed, if it is an update.
    pub change: Option<String>,
    pub item: Stored,
}

/// Returns what became known after receipt `after`, up to and with `upto`, and has a topic;
/// also what has none, if that is wanted.
pub fn received(
    tx: &Transaction<'_>,
    after: i64,
    upto: i64,
    also_without_topic: bool,
) -> Result<Vec<Received>, StoreError> {
    let sql = format!(
        "select receipts.at, receipts.change, {STORED_COLUMNS}
        join receipts on receipts.item = items.id
        where receipts.id > ?1 and receipts.id <= ?2 and items.withheld is null and {IS_SHOWN}
          and (?3 or exists (select 1 from tags where item = items.id))
        order by receipts.id"
    );
    tx.all(&sql, (after, upto, also_without_topic), |row| {
        Ok(Received { at: row.get("at")?, change: row.get("change")?, item: read_stored(row)? })
    })
}

/// Items that were never touched by a digest and are older than `before` are
/// forgotten as text; key and fingerprint stay, so that none comes back as new.
pub fn prune(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE_WORDS: &str = "
        delete from item_words where rowid in
            (select id from items where first_seen < ?1 and text <> '' limit 1000)";
    const PRUNE: &str = "
        update items set text = '', summary = '', details = '{}' where id in
            (select id from items where first_seen < ?1 and text <> '' limit 1000)";
    names::prune(tx, before)?;
    tx.run(PRUNE_WORDS, [before])?;
    tx.run(PRUNE, [before])
}

/// Returns the first item seen at or after `since`.
pub fn first_since(tx: &Transaction<'_>, since: Timestamp) -> Result<Option<ItemId>, StoreError> {
    const FIRST_SINCE: &str = "select min(id) from items where first_seen >= ?1";
    tx.value(FIRST_SINCE, [since])
}

/// Returns how many items with a topic are not mailed since they stood there at the first
/// poll of their source.
pub fn count_baseline(tx: &Transaction<'_>) -> Result<usize, StoreError> {
    const COUNT: &str = "
        select count(*) from items where withheld = 'baseline'
          and exists (select 1 from tags where tags.item = items.id)";
    tx.value(COUNT, [])
}

/// Returns how many items there are.
pub fn count_all(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    const COUNT_ALL: &str = "select count(*) from items";
    tx.value(COUNT_ALL, [])
}

/// Returns id, title, text and categories of items first seen since `since`, with the
/// source, for re-tagging; after `after`, at most `limit`, by id.
pub fn since(
    tx: &Transaction<'_>,
    since: Timestamp,
    after: ItemId,
    limit: usize,
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "select {STORED_COLUMNS} where items.first_seen >= ?1 and items.id > ?2 order by items.id limit ?3"
    );
    tx.all(&sql, (since, after, count(limit)), read_stored)
}
