//! Subscribers who left: their address is erased, their proof stays for a while.

use rusqlite::Transaction;

use super::{COLUMNS, read};
use crate::model::{Subscriber, SubscriberId, Timestamp};
use crate::store::StoreError;
use crate::store::query::{Query, column};
use crate::store::row::count;

/// How someone left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The row as it was left: no address.
    pub subscriber: Subscriber,
    /// When.
    pub at: Timestamp,
    /// `one-click`, `page`, `mailto`, `operator`, `bounce`, `complaint` …
    pub by: String,
    /// Keyed hash of the address; none if they left before it was kept.
    pub address_hash: Option<String>,
}

/// Writes that they left: the address is erased at once, the proof stays for its period and
/// is found by the keyed hash of the address. Returns false if they had left before.
pub fn leave(
    tx: &Transaction<'_>,
    id: SubscriberId,
    now: Timestamp,
    by: &str,
    address_hash: &str,
) -> Result<bool, StoreError> {
    const LEAVE: &str = "
        update subscribers set standing = 'left', address = null, mailbox = null, keywords = '[]', left_at = ?2, left_by = ?3,
            address_hash = ?4
        where id = ?1 and standing <> 'left'";
    Ok(tx.run(LEAVE, (id, now, by, address_hash))? == 1)
}

/// Returns those who left with that keyed hash of an address, oldest first; all who
/// left, if none is given.
pub fn left(tx: &Transaction<'_>, address_hash: Option<&str>) -> Result<Vec<Left>, StoreError> {
    let sql = format!(
        "select coalesce(left_at, 0) as left_at, coalesce(left_by, '') as left_by, address_hash, {COLUMNS}
         where standing = 'left' and (?1 is null or address_hash = ?1) order by id"
    );
    tx.all(&sql, [address_hash], |row| {
        Ok(Left {
            at: row.get("left_at")?,
            by: row.get("left_by")?,
            address_hash: row.get("address_hash")?,
            subscriber: read(row)?,
        })
    })
}

/// Returns those who left before `before`, at most `limit`.
pub fn left_before(
    tx: &Transaction<'_>,
    before: Timestamp,
    limit: usize,
) -> Result<Vec<SubscriberId>, StoreError> {
    const LEFT_BEFORE: &str = "
        select id from subscribers where standing = 'left' and left_at < ?1 order by id limit ?2";
    tx.all(LEFT_BEFORE, (before, count(limit)), column)
}
