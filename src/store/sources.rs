//! What is remembered of sources between polls.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Row, Transaction, named_params};

use super::StoreError;
use super::query::{Query, column, pair};
use super::row::{from_json, to_json, word};
use crate::model::{Condition, Cursor, SourceId, SourceSettings, SourceState, Timestamp};

/// Returns the state of one source; `unpolled` if it has no row yet.
pub fn state(tx: &Transaction<'_>, id: &SourceId) -> Result<SourceState, StoreError> {
    const STATE: &str = "
        select id, cursor, condition, next_poll, last_attempt, last_success, last_new_item, failures, last_error, crashes
        from sources where id = ?1";
    let state = tx.one(STATE, [id], read_state)?;
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
        crashes: row.get("crashes")?,
    })
}

/// Writes that the source is about to be asked, before the request: a crash
/// loop must not become a request loop. Its row is made, or carries today's
/// name and rank from now on.
pub fn attempt(
    tx: &Transaction<'_>,
    settings: &SourceSettings,
    now: Timestamp,
    not_before: Timestamp,
) -> Result<(), StoreError> {
    const ATTEMPT: &str = "
        insert into sources (id, name, rank, last_attempt, next_poll) values (?1, ?2, ?3, ?4, ?5)
        on conflict (id) do update set name = excluded.name, rank = excluded.rank,
            last_attempt = excluded.last_attempt, next_poll = excluded.next_poll";
    tx.run(ATTEMPT, (&settings.id, &settings.name, settings.rank, now, not_before))?;
    Ok(())
}

/// Returns how many sources were asked since then.
pub fn count_asked_since(tx: &Transaction<'_>, at: Timestamp) -> Result<usize, StoreError> {
    const COUNT_ASKED: &str = "select count(*) from sources where last_attempt >= ?1";
    Ok(tx.prepare_cached(COUNT_ASKED)?.query_row([at], |row| row.get(0))?)
}

/// Writes the name and rank of a source that is not asked, such as the editor.
pub fn name(tx: &Transaction<'_>, settings: &SourceSettings) -> Result<(), StoreError> {
    const NAME: &str = "
        insert into sources (id, name, rank) values (?1, ?2, ?3)
        on conflict (id) do update set name = excluded.name, rank = excluded.rank";
    tx.run(NAME, (&settings.id, &settings.name, settings.rank))?;
    Ok(())
}

/// Moves the due time, without a request.
pub fn postpone(tx: &Transaction<'_>, id: &SourceId, until: Timestamp) -> Result<(), StoreError> {
    const POSTPONE: &str = "update sources set next_poll = ?2 where id = ?1";
    tx.run(POSTPONE, (id, until))?;
    Ok(())
}

/// When a source is due, and when it was asked last.
pub type NextPoll = (Timestamp, Option<Timestamp>);

/// Returns when each source that was ever asked is due; none for one that is not
/// asked any more.
pub fn next_polls(tx: &Transaction<'_>) -> Result<HashMap<SourceId, Option<NextPoll>>, StoreError> {
    const NEXT_POLLS: &str =
        "select id, next_poll, condition in ('gone', 'poison'), last_attempt from sources";
    let polls = tx.all(NEXT_POLLS, [], |row| {
        let rests: bool = row.get(2)?;
        Ok((row.get(0)?, (!rests).then_some((row.get(1)?, row.get(3)?))))
    })?;
    Ok(polls.into_iter().collect())
}

/// Writes the state after a poll.
pub fn settle(tx: &Transaction<'_>, state: &SourceState) -> Result<(), StoreError> {
    const SETTLE: &str = "
        update sources set cursor = :cursor, condition = :condition, next_poll = :next_poll,
            last_success = :last_success, last_new_item = :last_new_item,
            failures = :failures, last_error = :last_error, crashes = :crashes
        where id = :id";
    tx.run(
        SETTLE,
        named_params! {
            ":id": state.id,
            ":cursor": to_json(&state.cursor.values)?,
            ":condition": state.condition.as_str(),
            ":next_poll": state.next_poll,
            ":last_success": state.last_success,
            ":last_new_item": state.last_new_item,
            ":failures": state.failures,
            ":last_error": state.last_error,
            ":crashes": state.crashes,
        },
    )?;
    Ok(())
}

/// Notes that the source could not be read at `now`, for the footers of digests.
pub fn note_failure(tx: &Transaction<'_>, id: &SourceId, now: Timestamp) -> Result<(), StoreError> {
    const NOTE_FAILURE: &str = "update sources set last_failure = ?2 where id = ?1";
    tx.run(NOTE_FAILURE, (id, now))?;
    Ok(())
}

/// Returns when the source could last not be read.
pub fn last_failure(tx: &Transaction<'_>, id: &SourceId) -> Result<Option<Timestamp>, StoreError> {
    const LAST_FAILURE: &str = "select last_failure from sources where id = ?1";
    let at = tx.one(LAST_FAILURE, [id], column)?;
    Ok(at.flatten())
}

/// One request, as the etiquette report counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// When it was sent.
    pub at: Timestamp,
    /// It carried a validator.
    pub conditional: bool,
    /// It was answered 304.
    pub not_modified: bool,
    /// Not before, by the answer's word.
    pub retry_after: Option<Timestamp>,
    /// Since the request to the same host before it, as far as known.
    pub spacing: Option<Duration>,
}

/// Counts a request, beside the state it leads to.
pub fn count(tx: &Transaction<'_>, id: &SourceId, asked: &Asked) -> Result<(), StoreError> {
    const COUNT: &str = "
        update sources set
            requests = requests + 1,
            conditional = conditional + :conditional,
            not_modified = not_modified + :not_modified,
            told_to_wait = told_to_wait + (:until is not null),
            asked_early = asked_early + (wait_until is not null and wait_until > :at),
            wait_until = :until,
            spacing = case when spacing is null or :spacing < spacing then :spacing else spacing end
        where id = :id";
    let spacing = asked.spacing.map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
    tx.run(
        COUNT,
        named_params! {
            ":id": id,
            ":at": asked.at,
            ":conditional": asked.conditional,
            ":not_modified": asked.not_modified,
            ":until": asked.retry_after,
            ":spacing": spacing,
        },
    )?;
    Ok(())
}

/// How a source's server was treated so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    pub all: u64,
    /// With a validator.
    pub conditional: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Answers that named a time to wait for.
    pub told_to_wait: u64,
    /// Requests before that time.
    pub asked_early: u64,
    /// The shortest time between a request and the one before it to the same host.
    pub spacing: Option<Duration>,
}

impl Requests {
    /// Returns both together, as those of one host.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            conditional: self.conditional + other.conditional,
            not_modified: self.not_modified + other.not_modified,
            told_to_wait: self.told_to_wait + other.told_to_wait,
            asked_early: self.asked_early + other.asked_early,
            spacing: self.spacing.into_iter().chain(other.spacing).min(),
        }
    }
}

/// Returns the counters of a source.
pub fn requests(tx: &Transaction<'_>, id: &SourceId) -> Result<Requests, StoreError> {
    const REQUESTS: &str = "
        select requests, conditional, not_modified, told_to_wait, asked_early, spacing
        from sources where id = ?1";
    let counted = tx.one(REQUESTS, [id], |row| {
        Ok(Requests {
            all: row.get(0)?,
            conditional: row.get(1)?,
            not_modified: row.get(2)?,
            told_to_wait: row.get(3)?,
            asked_early: row.get(4)?,
            spacing: row.get::<_, Option<u64>>(5)?.map(Duration::from_millis),
        })
    })?;
    Ok(counted.unwrap_or_default())
}

/// Returns the condition of a source that its admin was last told of, and when; no time if that was
/// before it was kept.
pub fn told(
    tx: &Transaction<'_>,
    id: &SourceId,
) -> Result<(Condition, Option<Timestamp>), StoreError> {
    const TOLD: &str = "select told, told_at from sources where id = ?1";
    let told: Option<(String, Option<Timestamp>)> = tx.one(TOLD, [id], pair)?;
    let (word, at) = told.unwrap_or_default();
    Ok((Condition::parse(&word).unwrap_or(Condition::New), at))
}

/// Notes that the admin was told of `condition`.
pub fn set_told(
    tx: &Transaction<'_>,
    id: &SourceId,
    condition: Condition,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SET_TOLD: &str = "update sources set told = ?2, told_at = ?3 where id = ?1";
    tx.run(SET_TOLD, (id, condition.as_str(), now))?;
    Ok(())
}

/// Notes that the source is not asked before `until`, even if it never was; a later time
/// stays.
pub fn not_before(
    tx: &Transaction<'_>,
    settings: &SourceSettings,
    until: Timestamp,
) -> Result<(), StoreError> {
    const NOT_BEFORE: &str = "
        insert into sources (id, name, rank, next_poll) values (?1, ?2, ?3, ?4)
        on conflict (id) do update set next_poll = max(next_poll, excluded.next_poll)";
    tx.run(NOT_BEFORE, (&settings.id, &settings.name, settings.rank, until))?;
    Ok(())
}

/// Returns whether the database has ever heard of the source.
pub fn is_known(tx: &Transaction<'_>, id: &SourceId) -> Result<bool, StoreError> {
    const IS_KNOWN: &str = "select 1 from sources where id = ?1";
    tx.exists(IS_KNOWN, [id])
}
