//! The editor's word on topics: kept beside the item, stronger than any rule.

use rusqlite::{Row, Transaction};

use super::Stored;
use crate::model::{Correction, ItemId, TopicId};
use crate::store::StoreError;
use crate::store::row::count;

/// Keeps a correction; it replaces an earlier one of the same topic.
pub fn correct(
    tx: &Transaction<'_>,
    id: ItemId,
    correction: &Correction,
) -> Result<(), StoreError> {
    const CORRECT: &str = "
        insert into corrections (item, topic, has, reason, at) values (?1, ?2, ?3, ?4, ?5)
        on conflict (item, topic) do update set
            has = excluded.has, reason = excluded.reason, at = excluded.at";
    let Correction { topic, has, reason, at } = correction;
    tx.prepare_cached(CORRECT)?.execute((id, topic, has, reason, at))?;
    Ok(())
}

/// Takes all corrections of an item back. Returns how many there were.
pub fn uncorrect(tx: &Transaction<'_>, id: ItemId) -> Result<usize, StoreError> {
    const UNCORRECT: &str = "delete from corrections where item = ?1";
    Ok(tx.prepare_cached(UNCORRECT)?.execute([id])?)
}

/// Returns the corrections of an item, by topic.
pub fn corrections(tx: &Transaction<'_>, id: ItemId) -> Result<Vec<Correction>, StoreError> {
    const CORRECTIONS: &str =
        "select topic, has, reason, at from corrections where item = ?1 order by topic";
    let mut statement = tx.prepare_cached(CORRECTIONS)?;
    Ok(statement.query_map([id], read)?.collect::<Result<_, _>>()?)
}

/// Returns the correction of one topic of an item.
pub fn correction(
    tx: &Transaction<'_>,
    id: ItemId,
    topic: &TopicId,
) -> Result<Option<Correction>, StoreError> {
    Ok(corrections(tx, id)?.into_iter().find(|correction| correction.topic == *topic))
}

/// Returns the items after `after` that were corrected, at most `limit`, by id.
pub fn corrected(
    tx: &Transaction<'_>,
    after: ItemId,
    limit: usize,
) -> Result<Vec<Stored>, StoreError> {
    const CORRECTED: &str =
        "select distinct item from corrections where item > ?1 order by item limit ?2";
    let mut statement = tx.prepare_cached(CORRECTED)?;
    let ids: Vec<ItemId> =
        statement.query_map((after, count(limit)), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut items = Vec::with_capacity(ids.len());
    for id in ids {
        items.extend(super::get(tx, id)?);
    }
    Ok(items)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Correction> {
    Ok(Correction { topic: row.get(0)?, has: row.get(1)?, reason: row.get(2)?, at: row.get(3)? })
}
