//! The outage of our own that the admin was told of.

use rusqlite::Transaction;

use super::StoreError;
use super::query::Query;
use crate::model::Timestamp;

/// Returns whether the admin was told since `since` of one that lasts.
pub fn is_told(tx: &Transaction<'_>, since: Timestamp) -> Result<bool, StoreError> {
    const IS_TOLD: &str = "select 1 from outage where since > ?1";
    tx.exists(IS_TOLD, [since])
}

/// Notes that the admin was told at `now`.
pub fn begin(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    const BEGIN: &str = "insert into outage (id, since) values (1, ?1) on conflict (id) do update set since = excluded.since";
    tx.run(BEGIN, [now])?;
    Ok(())
}

/// Notes that it is over.
pub fn end(tx: &Transaction<'_>) -> Result<(), StoreError> {
    const END: &str = "delete from outage";
    tx.run(END, [])?;
    Ok(())
}
