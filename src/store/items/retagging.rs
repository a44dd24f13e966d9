//! Which rules looked at an item last, and tagging it by other ones.

use rusqlite::Transaction;

use crate::model::{ItemId, Timestamp};
use crate::store::StoreError;
use crate::store::query::{Query, column};
use crate::store::row::count;

/// Returns which version of the rules looked at the item last; empty if none is known.
pub fn tagged_by(tx: &Transaction<'_>, id: ItemId) -> Result<String, StoreError> {
    const TAGGED_BY: &str = "select version from taggings where item = ?1";
    let version: Option<String> = tx.one(TAGGED_BY, [id], column)?;
    Ok(version.unwrap_or_default())
}

/// Notes which version of the rules looked at the item last.
pub fn set_tagged_by(tx: &Transaction<'_>, id: ItemId, version: &str) -> Result<(), StoreError> {
    const SET_TAGGED_BY: &str = "
        insert into taggings (item, version) values (?1, ?2)
        on conflict (item) do update set version = excluded.version";
    tx.run(SET_TAGGED_BY, (id, version))?;
    Ok(())
}

/// Returns items after `after` that other rules than `version` looked at last, at most `limit`, by
/// id.
pub fn tagged_otherwise(
    tx: &Transaction<'_>,
    version: &str,
    after: ItemId,
    limit: usize,
) -> Result<Vec<ItemId>, StoreError> {
    const TAGGED_OTHERWISE: &str = "
        select item from taggings where item > ?2 and version <> ?1 order by item limit ?3";
    tx.all(TAGGED_OTHERWISE, (version, after, count(limit)), column)
}

/// Returns how many items other rules than `version` looked at last.
pub fn count_tagged_otherwise(tx: &Transaction<'_>, version: &str) -> Result<u64, StoreError> {
    const COUNT_OTHERWISE: &str = "select count(*) from taggings where version <> ?1";
    tx.value(COUNT_OTHERWISE, [version])
}

/// Returns when the item last changed in substance (none: never); nothing if there is no such item.
pub fn updated(tx: &Transaction<'_>, id: ItemId) -> Result<Option<Option<Timestamp>>, StoreError> {
    const UPDATED: &str = "select updated from items where id = ?1";
    tx.one(UPDATED, [id], column)
}
