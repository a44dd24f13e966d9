//! Work that the command line hands to a running daemon, and its outcome.

use rusqlite::Transaction;

use super::StoreError;
use super::query::{Query, column};
use crate::model::Timestamp;

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Row.
    pub id: i64,
    /// What to do.
    pub kind: String,
    /// With what; JSON.
    pub argument: String,
}

/// Hands over a job. Returns its number.
pub fn enqueue(
    tx: &Transaction<'_>,
    kind: &str,
    argument: &str,
    now: Timestamp,
) -> Result<i64, StoreError> {
    const ENQUEUE: &str = "insert into jobs (kind, argument, created) values (?1, ?2, ?3)";
    tx.run(ENQUEUE, (kind, argument, now))?;
    Ok(tx.last_insert_rowid())
}

/// Returns the oldest job that is not done.
pub fn next(tx: &Transaction<'_>) -> Result<Option<Job>, StoreError> {
    const NEXT: &str =
        "select id, kind, argument from jobs where finished is null order by id limit 1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Job { id: row.get(0)?, kind: row.get(1)?, argument: row.get(2)? })
    };
    tx.one(NEXT, [], read)
}

/// Writes what came of a job.
pub fn finish(
    tx: &Transaction<'_>,
    id: i64,
    outcome: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const FINISH: &str = "update jobs set finished = ?2, outcome = ?3 where id = ?1";
    tx.run(FINISH, (id, now, outcome))?;
    Ok(())
}

/// Takes back a job that is not done. Returns false if it is.
pub fn withdraw(tx: &Transaction<'_>, id: i64) -> Result<bool, StoreError> {
    const WITHDRAW: &str = "delete from jobs where id = ?1 and finished is null";
    Ok(tx.run(WITHDRAW, [id])? == 1)
}

/// Finishes the jobs that have waited since before `before`. Returns how many there were.
pub fn finish_stale(
    tx: &Transaction<'_>,
    before: Timestamp,
    outcome: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const FINISH_STALE: &str =
        "update jobs set finished = ?3, outcome = ?2 where finished is null and created < ?1";
    tx.run(FINISH_STALE, (before, outcome, now))
}

/// Returns what came of a job; none while it is not done.
pub fn outcome(tx: &Transaction<'_>, id: i64) -> Result<Option<String>, StoreError> {
    const OUTCOME: &str = "select outcome from jobs where id = ?1 and finished is not null";
    tx.one(OUTCOME, [id], column)
}

/// Deletes finished jobs older than `before`.
pub fn prune(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE: &str = "delete from jobs where finished < ?1";
    tx.run(PRUNE, [before])
}
