//! Counters of the rate limiter. Their keys are keyed hashes: neither addresses nor
//! networks can be read here.

use rusqlite::Transaction;

use super::StoreError;
use super::query::Query;
use crate::model::Timestamp;

/// Returns how many were counted under a key from `since` to `now`. What a clock that was
/// ahead wrote does not count.
pub fn count(
    tx: &Transaction<'_>,
    key: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<u64, StoreError> {
    const COUNT: &str =
        "select coalesce(sum(count), 0) from rate_limits where key = ?1 and at > ?2 and at <= ?3";
    tx.value(COUNT, (key, since, now))
}

/// Counts one more under a key; it is remembered until `until`.
pub fn note(
    tx: &Transaction<'_>,
    key: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), StoreError> {
    const NOTE: &str = "
        insert into rate_limits (key, at, count, until) values (?1, ?2, 1, ?3)
        on conflict (key, at) do update set count = count + 1";
    tx.run(NOTE, (key, now, until))?;
    Ok(())
}

/// Returns when the first under a key was counted.
pub fn first(tx: &Transaction<'_>, key: &str) -> Result<Option<Timestamp>, StoreError> {
    const FIRST: &str = "select min(at) from rate_limits where key = ?1";
    tx.value(FIRST, [key])
}

/// Forgets what was counted under a key.
pub fn forget(tx: &Transaction<'_>, key: &str) -> Result<(), StoreError> {
    const FORGET: &str = "delete from rate_limits where key = ?1";
    tx.run(FORGET, [key])?;
    Ok(())
}

/// Forgets what counts no more, networks included.
pub fn prune(tx: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
    const PRUNE: &str = "delete from rate_limits where until <= ?1";
    const PRUNE_NETWORKS: &str = "delete from known_networks where until <= ?1";
    tx.run(PRUNE, [now])?;
    tx.run(PRUNE_NETWORKS, [now])?;
    Ok(())
}

/// Remembers a network from which somebody proved that a mailbox is theirs.
pub fn remember_network(
    tx: &Transaction<'_>,
    key: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    const REMEMBER: &str = "
        insert into known_networks (key, until) values (?1, ?2)
        on conflict (key) do update set until = max(until, excluded.until)";
    tx.run(REMEMBER, (key, until))?;
    Ok(())
}

/// Returns whether the network is remembered.
pub fn is_known_network(
    tx: &Transaction<'_>,
    key: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const KNOWN: &str = "select 1 from known_networks where key = ?1 and until > ?2";
    tx.exists(KNOWN, (key, now))
}
