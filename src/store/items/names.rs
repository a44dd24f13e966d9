//! Further names of an item within its source, besides its key.

use rusqlite::Transaction;

use crate::model::{Item, ItemId, Known, SourceId, Timestamp};
use crate::store::StoreError;
use crate::store::query::Query;
use crate::text::hash64;

use super::stored::read_known;

/// Returns what a verdict needs of the source's item that bears `name` beside its key,
/// and its title: a page may hold another month's letter by now.
pub fn known_as(
    tx: &Transaction<'_>,
    source: &SourceId,
    name: &str,
) -> Result<Option<(Known, String)>, StoreError> {
    const KNOWN_AS: &str = "
        select id, key, fingerprint, raw_hash, story, changes, title from items
        where id = (select item from item_names where name = ?1) and source = ?2";
    tx.one(KNOWN_AS, (name_hash(source, name), source), |row| {
        Ok((read_known(row)?, row.get("title")?))
    })
}

/// Keeps the names of an item. One that another item bears stays with it: who
/// was first is who is meant.
pub(super) fn keep(
    tx: &Transaction<'_>,
    source: &SourceId,
    id: ItemId,
    item: &Item,
) -> Result<(), StoreError> {
    item.aliases.iter().try_for_each(|alias| keep_one(tx, source, id, alias))
}

/// Keeps one name of an item.
pub(super) fn keep_one(
    tx: &Transaction<'_>,
    source: &SourceId,
    id: ItemId,
    name: &str,
) -> Result<(), StoreError> {
    const KEEP: &str =
        "insert into item_names (name, item) values (?1, ?2) on conflict (name) do nothing";
    tx.run(KEEP, (name_hash(source, name), id))?;
    Ok(())
}

/// Forgets the names of items whose texts are about to go.
pub(super) fn prune(tx: &Transaction<'_>, before: Timestamp) -> Result<(), StoreError> {
    const PRUNE: &str = "
        delete from item_names where item in
            (select id from items where first_seen < ?1 and text <> '' limit 1000)";
    tx.run(PRUNE, [before])?;
    Ok(())
}

/// Returns source and name as one number; neither may run into the other.
fn name_hash(source: &SourceId, name: &str) -> i64 {
    hash64(format!("{source}\0{name}").as_bytes()).cast_signed()
}
