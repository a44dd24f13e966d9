//! Subscribers from whom too much came back, and how they are found again.

use rusqlite::{Row, Transaction};

use crate::model::{SubscriberId, Timestamp};
use crate::store::StoreError;
use crate::store::query::{Query, column};
use crate::store::row::count;

/// A suspended subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspended {
    /// Who.
    pub id: SubscriberId,
    /// Since when.
    pub since: Timestamp,
    /// Probes so far.
    pub probes: u32,
    /// When the last one was made.
    pub probed_at: Option<Timestamp>,
    /// Whether something came back of it. Kept here, since what came back is
    /// forgotten before the next probe.
    pub probe_failed: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Suspended> {
    Ok(Suspended {
        id: row.get(0)?,
        since: row.get(1)?,
        probes: row.get(2)?,
        probed_at: row.get(3)?,
        probe_failed: row.get(4)?,
    })
}

/// Returns those suspended after `after`, at most `limit`, by id.
pub fn suspended(
    tx: &Transaction<'_>,
    after: SubscriberId,
    limit: usize,
) -> Result<Vec<Suspended>, StoreError> {
    const SUSPENDED: &str = "
        select id, suspended_at, probes, probed_at, probe_failed from subscribers
        where id > ?1 and standing = 'suspended' order by id limit ?2";
    tx.all(SUSPENDED, (after, count(limit)), read)
}

/// Returns how someone is suspended; none if they are not.
pub fn suspension(tx: &Transaction<'_>, id: SubscriberId) -> Result<Option<Suspended>, StoreError> {
    const SUSPENSION: &str = "
        select id, suspended_at, probes, probed_at, probe_failed from subscribers
        where id = ?1 and standing = 'suspended'";
    tx.one(SUSPENSION, [id], read)
}

/// Suspends them, as too much came back: they get nothing for now.
pub fn suspend(tx: &Transaction<'_>, id: SubscriberId, now: Timestamp) -> Result<(), StoreError> {
    const SUSPEND: &str = "
        update subscribers set standing = 'suspended', suspended_at = ?2,
            probes = 0, probed_at = null, probe_failed = 0
        where id = ?1 and standing = 'active'";
    tx.run(SUSPEND, (id, now))?;
    Ok(())
}

/// Notes that a probe was made.
pub fn note_probe(
    tx: &Transaction<'_>,
    id: SubscriberId,
    now: Timestamp,
) -> Result<(), StoreError> {
    const NOTE_PROBE: &str = "update subscribers set probes = probes + 1, probed_at = ?2, probe_failed = 0 where id = ?1";
    tx.run(NOTE_PROBE, (id, now))?;
    Ok(())
}

/// Notes that something came back of the last probe.
pub fn fail_probe(tx: &Transaction<'_>, id: SubscriberId) -> Result<(), StoreError> {
    const FAIL_PROBE: &str =
        "update subscribers set probe_failed = 1 where id = ?1 and probed_at is not null";
    tx.run(FAIL_PROBE, [id])?;
    Ok(())
}

/// Gives them their digests again, and what came back before is forgiven.
/// Nothing happens to who is not suspended.
pub fn resume(tx: &Transaction<'_>, id: SubscriberId, now: Timestamp) -> Result<(), StoreError> {
    const RESUME: &str = "
        update subscribers set standing = 'active', suspended_at = null, probes = 0,
            probed_at = null, probe_failed = 0, resumed_at = ?2
        where id = ?1 and standing = 'suspended'";
    tx.run(RESUME, (id, now))?;
    Ok(())
}

/// Returns when they were last found again.
pub fn resumed_at(tx: &Transaction<'_>, id: SubscriberId) -> Result<Option<Timestamp>, StoreError> {
    const RESUMED_AT: &str = "select resumed_at from subscribers where id = ?1";
    Ok(tx.one(RESUMED_AT, [id], column)?.flatten())
}
