//! What is remembered of sources between polls.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::StoreError;
use super::row::{from_json, to_json, word};
use crate::model::{Condition, Cursor, SourceId, SourceSettings, SourceState, Timestamp};

/// Makes sure the source has a row, and that it carries today's name and rank.
pub fn register(tx: &Transaction<'_>, settings: &SourceSettings) -> Result<(), StoreError> {
    const REGISTER: &str = "
        insert into sources (id, name, rank) values (?1, ?2, ?3)
        on conflict (id) do update set name = excluded.name, rank = excluded.rank
        where name <> excluded.name or rank <> excluded.rank";
    tx.prepare_cached(REGISTER)?.execute((&settings.id, &settings.name, settings.rank))?;
    Ok(())
}

/// The state of one source; `unpolled` if it has no row yet.
pub fn state(tx: &Transaction<'_>, id: &SourceId) -> Result<SourceState, StoreError> {
    const STATE: &str = "
        select id, cursor, condition, next_poll, last_attempt, last_success, last_new_item, failures, last_error
        from sources where id = ?1";
    let state = tx.prepare_cached(STATE)?.query_row([id], read_state).optional()?;
    Ok(state.unwrap_or_else(|| SourceState::unpolled(id.clone())))
}

fn read_state(row: &Row<'_>) -> rusqlite::Result<SourceState> {
    let condition: String = row.get("condition")?;
    Ok(SourceState {
        id: row.get("id")?,
        cursor: Cursor { values: from_json(&row.get::<_, String>("cursor")?)? },
        condition: word(&condition, Condition::parse(&condition))?,
        next_poll: row.get("next_poll")?,
        last_attempt: row.get("last_attempt")?,
        last_success: row.get("last_success")?,
        last_new_item: row.get("last_new_item")?,
        failures: row.get("failures")?,
        last_error: row.get("last_error")?,
    })
}

/// Writes that the source is about to be asked, before the request: a crash
/// loop must not become a request loop.
pub fn attempt(
    tx: &Transaction<'_>,
    id: &SourceId,
    now: Timestamp,
    not_before: Timestamp,
) -> Result<(), StoreError> {
    const ATTEMPT: &str = "update sources set last_attempt = ?2, next_poll = ?3 where id = ?1";
    tx.prepare_cached(ATTEMPT)?.execute((id, now, not_before))?;
    Ok(())
}

/// Writes the state after a poll.
pub fn settle(tx: &Transaction<'_>, state: &SourceState) -> Result<(), StoreError> {
    const SETTLE: &str = "
        update sources set cursor = :cursor, condition = :condition, next_poll = :next_poll,
            last_success = :last_success, last_new_item = :last_new_item,
            failures = :failures, last_error = :last_error
        where id = :id";
    tx.prepare_cached(SETTLE)?.execute(named_params! {
        ":id": state.id,
        ":cursor": to_json(&state.cursor.values)?,
        ":condition": state.condition.as_str(),
        ":next_poll": state.next_poll,
        ":last_success": state.last_success,
        ":last_new_item": state.last_new_item,
        ":failures": state.failures,
        ":last_error": state.last_error,
    })?;
    Ok(())
}

/// Notes that the source could not be read at `now`, for the footers of digests.
pub fn note_failure(tx: &Transaction<'_>, id: &SourceId, now: Timestamp) -> Result<(), StoreError> {
    const NOTE_FAILURE: &str = "update sources set last_failure = ?2 where id = ?1";
    tx.prepare_cached(NOTE_FAILURE)?.execute((id, now))?;
    Ok(())
}

/// When the source could last not be read.
pub fn last_failure(tx: &Transaction<'_>, id: &SourceId) -> Result<Option<Timestamp>, StoreError> {
    const LAST_FAILURE: &str = "select last_failure from sources where id = ?1";
    let at = tx.prepare_cached(LAST_FAILURE)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(at.flatten())
}

/// Counts one request for the etiquette report.
pub fn count_request(
    tx: &Transaction<'_>,
    id: &SourceId,
    conditional: bool,
    not_modified: bool,
) -> Result<(), StoreError> {
    const COUNT: &str = "
        update sources set requests = requests + 1, conditional = conditional + ?2,
            not_modified = not_modified + ?3
        where id = ?1";
    tx.prepare_cached(COUNT)?.execute((id, conditional, not_modified))?;
    Ok(())
}

/// Requests, conditional ones and 304 answers so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    /// All.
    pub all: u64,
    /// With a validator.
    pub conditional: u64,
    /// Answered 304.
    pub not_modified: u64,
}

/// The counters of a source.
pub fn requests(tx: &Transaction<'_>, id: &SourceId) -> Result<Requests, StoreError> {
    const REQUESTS: &str = "select requests, conditional, not_modified from sources where id = ?1";
    let counted = tx
        .prepare_cached(REQUESTS)?
        .query_row([id], |row| {
            Ok(Requests { all: row.get(0)?, conditional: row.get(1)?, not_modified: row.get(2)? })
        })
        .optional()?;
    Ok(counted.unwrap_or_default())
}

/// The condition of a source that its admin was last told of.
pub fn told(tx: &Transaction<'_>, id: &SourceId) -> Result<Condition, StoreError> {
    const TOLD: &str = "select told from sources where id = ?1";
    let told: Option<String> =
        tx.prepare_cached(TOLD)?.query_row([id], |row| row.get(0)).optional()?;
    Ok(told.and_then(|told| Condition::parse(&told)).unwrap_or(Condition::New))
}

/// Notes that the admin was told of `condition`.
pub fn set_told(
    tx: &Transaction<'_>,
    id: &SourceId,
    condition: Condition,
) -> Result<(), StoreError> {
    const SET_TOLD: &str = "update sources set told = ?2 where id = ?1";
    tx.prepare_cached(SET_TOLD)?.execute((id, condition.as_str()))?;
    Ok(())
}

/// The source is not asked before `until`; a later time stays.
pub fn not_before(tx: &Transaction<'_>, id: &SourceId, until: Timestamp) -> Result<(), StoreError> {
    const NOT_BEFORE: &str = "update sources set next_poll = max(next_poll, ?2) where id = ?1";
    tx.prepare_cached(NOT_BEFORE)?.execute((id, until))?;
    Ok(())
}

/// Makes the source due at once. Validators stay.
pub fn make_due(tx: &Transaction<'_>, id: &SourceId) -> Result<(), StoreError> {
    const MAKE_DUE: &str = "update sources set next_poll = 0 where id = ?1";
    tx.prepare_cached(MAKE_DUE)?.execute([id])?;
    Ok(())
}

/// Whether the database has ever heard of the source.
pub fn is_known(tx: &Transaction<'_>, id: &SourceId) -> Result<bool, StoreError> {
    const IS_KNOWN: &str = "select exists (select 1 from sources where id = ?1)";
    Ok(tx.prepare_cached(IS_KNOWN)?.query_row([id], |row| row.get(0))?)
}
