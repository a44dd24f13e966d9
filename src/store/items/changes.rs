//! Changes of items that readers had: told now, amended, or waiting for their day.

use rusqlite::{Row, Transaction};

use super::receipt;
use crate::model::{ItemId, Timestamp};
use crate::store::StoreError;
use crate::store::query::{Query, column, pair};

/// The last change of an item that made it return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldChange {
    pub receipt: i64,
    /// When.
    pub at: Timestamp,
    /// In words for readers.
    pub change: String,
}

/// Returns the last change that makes, or made, the item return in a digest.
pub fn last_change(tx: &Transaction<'_>, id: ItemId) -> Result<Option<ToldChange>, StoreError> {
    const LAST_CHANGE: &str = "
        select id, at, change from receipts where item = ?1 and change is not null
        order by id desc limit 1";
    tx.one(LAST_CHANGE, [id], read)
}

/// Returns all changes of an item that made it return, the latest first.
pub fn told_changes(tx: &Transaction<'_>, id: ItemId) -> Result<Vec<ToldChange>, StoreError> {
    const CHANGES: &str = "
        select id, at, change from receipts where item = ?1 and change is not null
        order by id desc";
    tx.all(CHANGES, [id], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<ToldChange> {
    Ok(ToldChange { receipt: row.get(0)?, at: row.get(1)?, change: row.get(2)? })
}

/// Lets the item return once in a digest, with what changed in words for readers.
pub fn tell_change(
    tx: &Transaction<'_>,
    id: ItemId,
    now: Timestamp,
    change: &str,
) -> Result<(), StoreError> {
    receipt(tx, id, now, Some(change))
}

/// Says more of a change that no digest has taken yet.
pub fn amend_change(tx: &Transaction<'_>, receipt: i64, change: &str) -> Result<(), StoreError> {
    const AMEND_CHANGE: &str = "update receipts set change = ?2 where id = ?1";
    tx.run(AMEND_CHANGE, (receipt, change))?;
    Ok(())
}

/// Returns the change of an item that waits for its day, if one does.
pub fn waiting_change(tx: &Transaction<'_>, id: ItemId) -> Result<Option<String>, StoreError> {
    const WAITING_CHANGE: &str = "select change from waiting_changes where item = ?1";
    tx.one(WAITING_CHANGE, [id], column)
}

/// Lets a change wait until `due`; the words replace those that wait already.
pub fn let_wait(
    tx: &Transaction<'_>,
    id: ItemId,
    change: &str,
    due: Timestamp,
) -> Result<(), StoreError> {
    const LET_WAIT: &str = "
        insert into waiting_changes (item, change, due) values (?1, ?2, ?3)
        on conflict (item) do update set change = excluded.change";
    tx.run(LET_WAIT, (id, change, due))?;
    Ok(())
}

/// Lets the items return whose changes have waited for their day. Returns how many.
pub fn tell_due_changes(tx: &Transaction<'_>, now: Timestamp) -> Result<usize, StoreError> {
    const DUE_CHANGES: &str =
        "select item, change from waiting_changes where due <= ?1 order by item";
    const WAITED: &str = "delete from waiting_changes where due <= ?1";
    let due: Vec<(ItemId, String)> = tx.all(DUE_CHANGES, [now], pair)?;
    if due.is_empty() {
        return Ok(0);
    }
    for (id, change) in &due {
        receipt(tx, *id, now, Some(change))?;
    }
    tx.run(WAITED, [now])?;
    Ok(due.len())
}
