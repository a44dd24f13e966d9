//! Who asked to be forgotten: a keyed hash of the address, so that nobody writes
//! to them again by an old list, and nothing else.

use rusqlite::Transaction;

use super::StoreError;
use super::query::{Query, column, pair};
use crate::model::Timestamp;

/// Notes that the address of that hash was forgotten.
pub fn note(tx: &Transaction<'_>, address_hash: &str, now: Timestamp) -> Result<(), StoreError> {
    const NOTE: &str = "
        insert into forgotten (address_hash, at) values (?1, ?2)
        on conflict (address_hash) do update set at = max(at, excluded.at)";
    tx.run(NOTE, (address_hash, now))?;
    Ok(())
}

/// Returns when the address of that hash was forgotten, if it was.
pub fn at(tx: &Transaction<'_>, address_hash: &str) -> Result<Option<Timestamp>, StoreError> {
    const AT: &str = "select at from forgotten where address_hash = ?1";
    tx.one(AT, [address_hash], column)
}

/// Withdraws the wish to be forgotten of those who gave their consent anew.
pub fn revoke(tx: &Transaction<'_>, address_hash: &str) -> Result<(), StoreError> {
    const REVOKE: &str = "delete from forgotten where address_hash = ?1";
    tx.run(REVOKE, [address_hash])?;
    Ok(())
}

/// Returns all of them.
pub fn all(tx: &Transaction<'_>) -> Result<Vec<(String, Timestamp)>, StoreError> {
    const ALL: &str = "select address_hash, at from forgotten order by address_hash";
    tx.all(ALL, [], pair)
}
