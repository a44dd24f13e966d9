//! The operator's acts on messages, and what readers who leave do to theirs.
//!
//! A claimed message belongs to who sends it. An act on it is written down as a
//! wish, which takes effect before its DATA or, if that has begun, once the
//! attempt has failed.

use rusqlite::Transaction;

use super::super::StoreError;
use crate::model::{DigestId, Ended, OutboxId, SubscriberId, Timestamp};

/// Which messages an operator means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen {
    /// These, if any are named.
    pub ids: Vec<OutboxId>,
    /// Those of a digest.
    pub digest: Option<DigestId>,
    /// Those in a state.
    pub state: Option<String>,
}

/// Where the operator can move a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// To be sent now: from waiting, or from the dead that failed for a passing
    /// reason, while their bytes are kept.
    Retry,
    /// The same for those that were refused or dropped. They may have arrived.
    Again,
    /// Not to be sent until released.
    Hold,
    /// Released.
    Release,
    /// Never to be sent.
    Drop,
}

const CHOSEN: &str = "
    (?1 = '[]' or id in (select value from json_each(?1)))
    and (?2 is null or digest = ?2) and (?3 is null or state = ?3)";

/// Moves the chosen messages as far as their state allows. Returns how many moved.
pub fn move_chosen(
    tx: &Transaction<'_>,
    chosen: &Chosen,
    to: Move,
    now: Timestamp,
) -> Result<usize, StoreError> {
    // Who died of age gets its full time again: the operator wants it out.
    const RETRY: &str = "
        update outbox set state = 'ready', instant = null, attempts = 0, ended = null,
            acknowledged = null, created = case state when 'dead' then ?4 else created end
        where (state = 'deferred' or (state = 'dead' and ended = 'expired' and recipient <> ''
            and exists (select 1 from outbox_bodies b where b.id = outbox.id))) and";
    const AGAIN: &str = "
        update outbox set state = case state when 'claimed' then state else 'ready' end,
            instant = case state when 'claimed' then instant end,
            attempts = case state when 'claimed' then attempts else 0 end,
            wish = null, ended = null, acknowledged = null,
            created = case state when 'dead' then ?4 else created end
        where (state = 'deferred' or (state = 'claimed' and wish = 'drop')
            or (state = 'dead' and ended in ('expired', 'refused', 'dropped') and recipient <> ''
                and exists (select 1 from outbox_bodies b where b.id = outbox.id))) and";
    const HOLD: &str = "
        update outbox set wish = case state when 'claimed' then 'hold' end,
            instant = case state when 'claimed' then instant end,
            state = case state when 'claimed' then 'claimed' else 'held' end
        where ?4 is not null and (state in ('ready', 'deferred')
            or (state = 'claimed' and wish is null)) and";
    const RELEASE: &str = "
        update outbox set wish = null, instant = case state when 'claimed' then instant end,
            state = case state when 'claimed' then 'claimed' else 'ready' end
        where ?4 is not null and (state = 'held' or (state = 'claimed' and wish = 'hold')) and";
    const DROP: &str = "
        update outbox set wish = case state when 'claimed' then 'drop' end,
            instant = case state when 'claimed' then instant else ?4 end,
            ended = case state when 'claimed' then ended else 'dropped' end,
            last_error = case state when 'claimed' then last_error
                else 'dropped by the operator' end,
            state = case state when 'claimed' then 'claimed' else 'dead' end
        where (state in ('ready', 'deferred', 'held')
            or (state = 'claimed' and coalesce(wish, '') in ('', 'hold'))) and";
    let sql = match to {
        Move::Retry => RETRY,
        Move::Again => AGAIN,
        Move::Hold => HOLD,
        Move::Release => RELEASE,
        Move::Drop => DROP,
    };
    let ids = super::super::row::to_json(&chosen.ids)?;
    let mut statement = tx.prepare_cached(&format!("{sql} {CHOSEN}"))?;
    Ok(statement.execute((ids, &chosen.digest, &chosen.state, now))?)
}

/// Marks dead messages as known to the operator: they are no longer counted as
/// something to act on. Returns how many were not marked before.
pub fn acknowledge(
    tx: &Transaction<'_>,
    chosen: &Chosen,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const ACKNOWLEDGE: &str = "
        update outbox set acknowledged = ?4
        where state = 'dead' and acknowledged is null and";
    let ids = super::super::row::to_json(&chosen.ids)?;
    let mut statement = tx.prepare_cached(&format!("{ACKNOWLEDGE} {CHOSEN}"))?;
    Ok(statement.execute((ids, &chosen.digest, &chosen.state, now))?)
}

/// Returns how many dead messages the operator has not acknowledged. Those that
/// were dropped or whose reader left are nothing to act on.
pub fn count_unacknowledged(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    const COUNT: &str = "
        select count(*) from outbox where state = 'dead' and acknowledged is null
            and ended in ('expired', 'refused', 'damaged')";
    Ok(tx.prepare_cached(COUNT)?.query_row([], |row| row.get(0))?)
}

/// Returns why dead messages of the chosen ones would not be retried, with how many each.
pub fn not_retried(tx: &Transaction<'_>, chosen: &Chosen) -> Result<Vec<(Ended, u64)>, StoreError> {
    const NOT_RETRIED: &str = "
        select ended, count(*) from outbox
        where state = 'dead' and ended in ('refused', 'dropped') and recipient <> ''
            and exists (select 1 from outbox_bodies b where b.id = outbox.id)
            and";
    let ids = super::super::row::to_json(&chosen.ids)?;
    let sql = format!("{NOT_RETRIED} {CHOSEN} group by ended order by ended");
    let mut statement = tx.prepare_cached(&sql)?;
    let read = |row: &rusqlite::Row<'_>| {
        let word: String = row.get(0)?;
        Ok((super::super::row::word(&word, Ended::parse(&word))?, row.get(1)?))
    };
    let rows = statement.query_map((ids, &chosen.digest, &chosen.state), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stops what waits for someone who left, also what is claimed unless its
/// DATA has begun. Their address and the bytes go. Returns how many.
pub fn cancel_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const FORGET: &str = "update outbox set recipient = '' where subscriber = ?1";
    const FORGET_BYTES: &str = "
        delete from outbox_bodies where id in (select id from outbox where subscriber = ?1)";
    let cancelled = end_for(tx, subscriber, Ended::Left, "the subscriber left", now)?;
    tx.prepare_cached(FORGET)?.execute([subscriber])?;
    tx.prepare_cached(FORGET_BYTES)?.execute([subscriber])?;
    Ok(cancelled)
}

/// Stops what waits for someone whose mail comes back. Returns how many.
pub fn stop_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    end_for(tx, subscriber, Ended::Returned, "too much came back from them", now)
}

fn end_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    ended: Ended,
    why: &str,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const END: &str = "
        update outbox set state = 'dead', instant = ?2, ended = ?3, last_error = ?4
        where subscriber = ?1 and state in ('ready', 'deferred', 'held')";
    const WISH: &str = "
        update outbox set wish = ?2 where subscriber = ?1 and state = 'claimed'
            and coalesce(wish, '') <> 'left'";
    let ended_now = tx.prepare_cached(END)?.execute((subscriber, now, ended.as_str(), why))?;
    Ok(ended_now + tx.prepare_cached(WISH)?.execute((subscriber, ended.as_str()))?)
}
