//! Why nothing is sent: a fault that passes, or the operator's word.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::super::StoreError;
use crate::model::Timestamp;
use crate::text::clean_line;

/// Why nothing is sent just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since the first of the faults in a row.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Faults in a row.
    pub failures: u32,
    /// Whether one of them was for the operator to mend.
    pub needs_operator: bool,
    /// What is at fault; no address in it.
    pub reason: String,
}

/// Returns why nothing is sent just now, if so.
pub fn pause(tx: &Transaction<'_>) -> Result<Option<Pause>, StoreError> {
    const PAUSE: &str = "select since, until, failures, needs_operator, reason from outbox_pause";
    let read = |row: &Row<'_>| {
        Ok(Pause {
            since: row.get(0)?,
            until: row.get(1)?,
            failures: row.get(2)?,
            needs_operator: row.get(3)?,
            reason: row.get(4)?,
        })
    };
    Ok(tx.prepare_cached(PAUSE)?.query_row([], read).optional()?)
}

/// Writes why nothing is sent, or that it may be again.
pub fn set_pause(tx: &Transaction<'_>, pause: Option<&Pause>) -> Result<(), StoreError> {
    const CLEAR: &str = "delete from outbox_pause";
    const SET: &str = "
        insert into outbox_pause (id, since, until, failures, needs_operator, reason)
        values (1, :since, :until, :failures, :needs_operator, :reason)
        on conflict (id) do update set since = excluded.since, until = excluded.until,
            failures = excluded.failures, needs_operator = excluded.needs_operator,
            reason = excluded.reason";
    match pause {
        None => tx.prepare_cached(CLEAR)?.execute([])?,
        Some(pause) => tx.prepare_cached(SET)?.execute(named_params! {
            ":since": pause.since,
            ":until": pause.until,
            ":failures": pause.failures,
            ":needs_operator": pause.needs_operator,
            // What a mail server says is a stranger's text.
            ":reason": clean_line(&pause.reason, 1000),
        })?,
    };
    Ok(())
}

/// The operator's word that nothing is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// When it was given.
    pub since: Timestamp,
    /// Why, in the operator's words.
    pub reason: String,
}

/// Returns the operator's word that nothing is to be sent, if it was given.
pub fn stopped(tx: &Transaction<'_>) -> Result<Option<Stop>, StoreError> {
    const STOPPED: &str = "select since, reason from outbox_stop";
    let read = |row: &Row<'_>| Ok(Stop { since: row.get(0)?, reason: row.get(1)? });
    Ok(tx.prepare_cached(STOPPED)?.query_row([], read).optional()?)
}

/// Stops all sending until [`start`]. A second word replaces the reason only.
pub fn stop(tx: &Transaction<'_>, reason: &str, now: Timestamp) -> Result<(), StoreError> {
    const STOP: &str = "
        insert into outbox_stop (id, since, reason) values (1, ?1, ?2)
        on conflict (id) do update set reason = excluded.reason";
    tx.prepare_cached(STOP)?.execute((now, reason))?;
    Ok(())
}

/// Lets mail go out again. Returns false if nothing was stopped.
pub fn start(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    const START: &str = "delete from outbox_stop";
    Ok(tx.prepare_cached(START)?.execute([])? > 0)
}
