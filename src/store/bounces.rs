//! Mail that came back: class, code and time, nothing else.

use rusqlite::{Transaction, named_params};

use super::StoreError;
use super::query::{Query, pair};
use super::row::count;
use crate::model::{SubscriberId, Timestamp};

/// A returned message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// When it came back.
    pub at: Timestamp,
    /// The word of its class.
    pub class: String,
    /// Enhanced status, if one was given.
    pub code: Option<String>,
}

/// Notes a returned message. Returns false if the same report was noted before.
pub fn insert(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    returned: &Returned,
    report: &[u8],
) -> Result<bool, StoreError> {
    const INSERT: &str = "
        insert into bounces (subscriber, at, class, code, report)
        values (:subscriber, :at, :class, :code, :report) on conflict do nothing";
    let inserted = tx.run(
        INSERT,
        named_params! {
            ":subscriber": subscriber,
            ":at": returned.at,
            ":class": returned.class,
            ":code": returned.code,
            ":report": report,
        },
    )?;
    Ok(inserted == 1)
}

/// Returns what came back from a subscriber since then, oldest first.
pub fn since(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    since: Timestamp,
) -> Result<Vec<Returned>, StoreError> {
    const SINCE: &str =
        "select at, class, code from bounces where subscriber = ?1 and at >= ?2 order by at";
    tx.all(SINCE, (subscriber, since), |row| {
        Ok(Returned { at: row.get(0)?, class: row.get(1)?, code: row.get(2)? })
    })
}

/// Returns how many came back since then, by class.
pub fn count_by_class(
    tx: &Transaction<'_>,
    since: Timestamp,
) -> Result<Vec<(String, u64)>, StoreError> {
    const COUNT: &str =
        "select class, count(*) from bounces where at >= ?1 group by class order by class";
    tx.all(COUNT, [since], pair)
}

/// Forgets what came back before `before`, at most `limit`. Returns how many.
pub fn prune(tx: &Transaction<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    const PRUNE: &str =
        "delete from bounces where id in (select id from bounces where at < ?1 limit ?2)";
    tx.run(PRUNE, (before, count(limit)))
}

/// Forgets whatever came back from a subscriber. Returns how many.
pub fn forget(tx: &Transaction<'_>, subscriber: SubscriberId) -> Result<usize, StoreError> {
    const FORGET: &str = "delete from bounces where subscriber = ?1";
    tx.run(FORGET, [subscriber])
}
