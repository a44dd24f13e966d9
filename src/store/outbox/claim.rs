//! Claims and settlements: who owns a message that is being sent.
//!
//! A claim names its holder (the incarnation of the process) and a fencing
//! number (how often the row was claimed). Nothing here asks how old a claim
//! is: a process that begins to drain owns no older claim, so every one that it
//! finds then is nobody's.

use rusqlite::{Transaction, named_params};

use super::super::row::count;
use super::super::{StoreError, bodies};
use super::{get, hash};
use crate::model::{Claim, Ended, OutboxEntry, OutboxId, State, Timestamp};
use crate::text::clean_line;

/// A due time that was written later than now, by more than this, comes from a
/// clock that has been set back since.
const CLOCK_SLACK_MS: i64 = 60_000;

/// What a turn of claims found.
#[derive(Debug, Default)]
pub struct Claimed {
    /// To be sent.
    pub entries: Vec<OutboxEntry>,
    /// Messages whose bytes cannot be read back; they are dead now.
    pub damaged: Vec<OutboxEntry>,
}

/// Claims up to `limit` messages that are due. Waiting ones share each turn with
/// new ones, so that neither a great digest nor a great outage starves the other.
/// A message whose bytes are not what was frozen is set aside and never sent.
pub fn claim(
    tx: &Transaction<'_>,
    holder: i64,
    now: Timestamp,
    limit: usize,
) -> Result<Claimed, StoreError> {
    // Ids alone and by the index: sorting whole rows would move every waiting
    // mail's bytes at each turn.
    const DEFERRED: &str = "
        select id from outbox where state = 'deferred' and instant <= ?1 order by instant limit ?2";
    const READY: &str = "
        select id from outbox where state = 'ready' and instant is null order by id limit ?1";
    const CLAIM: &str = "
        update outbox set state = 'claimed', instant = ?2, holder = ?3, fence = fence + 1,
            wish = null, attempts = attempts + 1
        where id = ?1";
    let mut deferred: Vec<OutboxId> = tx
        .prepare_cached(DEFERRED)?
        .query_map((now, count(limit)), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut ids: Vec<OutboxId> = tx
        .prepare_cached(READY)?
        .query_map([count(limit)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    deferred.truncate((limit / 2).max(limit.saturating_sub(ids.len())));
    ids.truncate(limit - deferred.len());
    ids.extend(deferred);
    let mut claimed = Claimed::default();
    for id in ids {
        tx.prepare_cached(CLAIM)?.execute((id, now, holder))?;
        let Some(entry) = get(tx, id)? else { continue };
        if is_intact(tx, &entry)? {
            claimed.entries.push(entry);
        } else {
            set_aside(tx, id, now)?;
            claimed.damaged.push(entry);
        }
    }
    Ok(claimed)
}

fn is_intact(tx: &Transaction<'_>, entry: &OutboxEntry) -> Result<bool, StoreError> {
    let frozen = hash(tx, entry.id)?.unwrap_or_default();
    Ok(frozen == bodies::hash_of(&entry.payload))
}

fn set_aside(tx: &Transaction<'_>, id: OutboxId, now: Timestamp) -> Result<(), StoreError> {
    const SET_ASIDE: &str = "
        update outbox set state = 'dead', instant = ?2, holder = null, wish = null,
            ended = 'damaged', attempts = attempts - 1,
            last_error = 'its bytes are not what was frozen: the database is damaged'
        where id = ?1";
    tx.prepare_cached(SET_ASIDE)?.execute((id, now))?;
    Ok(())
}

/// Returns whether the message may still go out: the claim holds, nobody wishes
/// otherwise, and the operator has not stopped all sending.
pub fn may_go(tx: &Transaction<'_>, claim: Claim) -> Result<bool, StoreError> {
    const MAY_GO: &str = "
        select exists (select 1 from outbox
                where id = ?1 and state = 'claimed' and holder = ?2 and fence = ?3 and wish is null)
            and not exists (select 1 from outbox_stop)";
    let key = (claim.id, claim.holder, claim.fence);
    Ok(tx.prepare_cached(MAY_GO)?.query_row(key, |row| row.get(0))?)
}

/// Settles a message after an attempt. That it was taken is written whatever
/// happened to the row meanwhile, since it is the truth. Anything else is
/// written only by the holder of the claim, and gives way to a wish.
pub fn settle(
    tx: &Transaction<'_>,
    claim: Claim,
    state: State,
    ended: Option<Ended>,
    last_error: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SENT: &str = "
        update outbox set state = 'sent', instant = ?2, holder = null, wish = null, ended = null,
            written = null, last_error = null
        where id = ?1";
    const OTHERWISE: &str = "
        update outbox set state = :state, instant = :instant, ended = :ended, written = :now,
            last_error = :last_error, holder = null
        where id = :id and state = 'claimed' and holder = :holder and fence = :fence";
    if let State::Sent { at } = state {
        tx.prepare_cached(SENT)?.execute((claim.id, at))?;
        return Ok(());
    }
    let written = tx.prepare_cached(OTHERWISE)?.execute(named_params! {
        ":id": claim.id,
        ":state": state.as_str(),
        ":instant": state.instant(),
        ":ended": ended.map(Ended::as_str),
        ":now": now,
        // What a mail server says is a stranger's text.
        ":last_error": last_error.map(|said| clean_line(said, 1000)),
        ":holder": claim.holder,
        ":fence": claim.fence,
    })?;
    if written > 0 {
        grant_wish(tx, claim.id, now)?;
    }
    Ok(())
}

/// Gives a claimed message back without counting the attempt: the fault was not
/// its own, or there was no attempt. Without a reason the last one stays.
pub fn give_back(
    tx: &Transaction<'_>,
    claim: Claim,
    why: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    const GIVE_BACK: &str = "
        update outbox set state = 'ready', instant = null, holder = null,
            last_error = coalesce(?4, last_error), attempts = attempts - 1
        where id = ?1 and state = 'claimed' and holder = ?2 and fence = ?3";
    let key = (claim.id, claim.holder, claim.fence, why);
    if tx.prepare_cached(GIVE_BACK)?.execute(key)? > 0 {
        grant_wish(tx, claim.id, now)?;
    }
    Ok(())
}

/// Lets a claimed message wait for its domain's turn. Nothing was tried.
pub fn wait_for_turn(
    tx: &Transaction<'_>,
    claim: Claim,
    turn: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    const WAIT_FOR_TURN: &str = "
        update outbox set state = 'deferred', instant = ?4, written = ?5, holder = null,
            attempts = attempts - 1,
            last_error = 'waits for its turn: `mail.domain_per_minute`'
        where id = ?1 and state = 'claimed' and holder = ?2 and fence = ?3";
    let key = (claim.id, claim.holder, claim.fence, turn, now);
    if tx.prepare_cached(WAIT_FOR_TURN)?.execute(key)? > 0 {
        grant_wish(tx, claim.id, now)?;
    }
    Ok(())
}

/// Makes every claim due again with the same bytes, the attempt counted, and
/// grants what was wished of it. Only for a process that holds the lock file and
/// sends nothing just now: then no claim has a living holder. Returns how many.
pub fn recover(tx: &Transaction<'_>, now: Timestamp) -> Result<usize, StoreError> {
    const CLAIMED: &str = "select id from outbox where state = 'claimed'";
    const RECOVER: &str = "
        update outbox set state = 'deferred', instant = ?2, written = ?2, holder = null,
            last_error = coalesce(last_error, 'the service ended while this was being sent')
        where id = ?1";
    let claimed: Vec<OutboxId> =
        tx.prepare_cached(CLAIMED)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &claimed {
        tx.prepare_cached(RECOVER)?.execute((id, now))?;
        grant_wish(tx, *id, now)?;
    }
    Ok(claimed.len())
}

/// Does to a message that is no longer claimed what was wished while it was. A
/// message that was given up stays so, whatever was wished.
fn grant_wish(tx: &Transaction<'_>, id: OutboxId, now: Timestamp) -> Result<(), StoreError> {
    const HOLD: &str = "
        update outbox set state = 'held', instant = null
        where id = ?1 and wish = 'hold' and state in ('ready', 'deferred')";
    const END: &str = "
        update outbox set state = 'dead', instant = ?2,
            ended = case wish when 'drop' then 'dropped' else wish end,
            last_error = case wish when 'drop' then 'dropped by the operator'
                when 'left' then 'the subscriber left' else 'too much came back from them' end
        where id = ?1 and wish in ('drop', 'left', 'returned') and state in ('ready', 'deferred')";
    const GRANTED: &str = "update outbox set wish = null where id = ?1";
    tx.prepare_cached(HOLD)?.execute([id])?;
    tx.prepare_cached(END)?.execute((id, now))?;
    tx.prepare_cached(GRANTED)?.execute([id])?;
    Ok(())
}

/// Makes due what was deferred by a clock that has been set back since. Rows
/// written before their clock was noted are believed for `longest`. Returns how many.
pub fn mistrust_due_times(
    tx: &Transaction<'_>,
    now: Timestamp,
    longest: std::time::Duration,
) -> Result<usize, StoreError> {
    const MISTRUST: &str = "
        update outbox set instant = ?1, written = ?1
        where state = 'deferred' and coalesce(written > ?2, instant > ?3)";
    let limits = (now, Timestamp(now.0.saturating_add(CLOCK_SLACK_MS)), now.after(longest));
    Ok(tx.prepare_cached(MISTRUST)?.execute(limits)?)
}
