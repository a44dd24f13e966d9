//! What a source's items looked like, to know them again on a page that was rebuilt.

use rusqlite::{Row, Transaction};

use crate::model::{ItemId, Key, Known, SourceId, Timestamp};
use crate::store::StoreError;

use super::{names, read_known};

/// A stored item as it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// What a verdict needs of it.
    pub known: Known,
    pub title: String,
    /// Where it stood.
    pub url: Option<String>,
    /// Editorial date.
    pub published: Option<Timestamp>,
}

/// Returns the newest items of a source, `most` at most.
pub fn remembered(
    tx: &Transaction<'_>,
    source: &SourceId,
    most: usize,
) -> Result<Vec<Remembered>, StoreError> {
    // The index of (source, key) finds a source's items; few sources have thousands.
    const REMEMBERED: &str = "
        select id, key, fingerprint, raw_hash, story, changes, title, url, published from items
        where source = ?1 order by id desc limit ?2";
    let mut statement = tx.prepare_cached(REMEMBERED)?;
    let read = |row: &Row<'_>| {
        Ok(Remembered {
            known: read_known(row)?,
            title: row.get("title")?,
            url: row.get("url")?,
            published: row.get("published")?,
        })
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let found = statement.query_map((source, most), read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Keeps the key and the address under which an item stands now. Its own key stays.
pub fn rename(
    tx: &Transaction<'_>,
    source: &SourceId,
    id: ItemId,
    key: &Key,
    url: Option<&str>,
) -> Result<(), StoreError> {
    const RENAME: &str = "update items set url = coalesce(?2, url) where id = ?1";
    tx.prepare_cached(RENAME)?.execute((id, url))?;
    names::keep_one(tx, source, id, &key.0)
}
