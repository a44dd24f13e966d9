//! Items that somebody names: by address or by a part of the title.

use rusqlite::Transaction;

use super::{STORED_COLUMNS, Stored, read_stored};
use crate::store::StoreError;
use crate::store::query::Query;
use crate::store::row::count;

/// Returns the items of an address, the newest first.
pub fn of_url(tx: &Transaction<'_>, url: &str) -> Result<Vec<Stored>, StoreError> {
    let sql = format!("select {STORED_COLUMNS} where items.url = ?1 order by items.id desc");
    tx.all(&sql, [url], read_stored)
}

/// Returns the items whose address begins so, the newest first.
pub fn of_url_start(
    tx: &Transaction<'_>,
    start: &str,
    limit: usize,
) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "select {STORED_COLUMNS} where substr(items.url, 1, length(?1)) = ?1
        order by items.id desc limit ?2"
    );
    tx.all(&sql, (start, count(limit)), read_stored)
}

/// Returns the items whose title holds a text in whatever case, the newest first.
pub fn titled(tx: &Transaction<'_>, part: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
    let sql = format!(
        "select {STORED_COLUMNS} where instr(lower(items.title), lower(?1)) > 0
        order by items.id desc limit ?2"
    );
    tx.all(&sql, (part, count(limit)), read_stored)
}
