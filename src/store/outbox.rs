//! Frozen messages and where they stand. See `docs/QUEUE.md`.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::StoreError;
use super::bodies::{self, Bytes};
use super::row::{count, unreadable, word};
use crate::model::{DigestId, MailKind, OutboxEntry, OutboxId, State, SubscriberId, Timestamp};

/// A message to be frozen.
#[derive(Clone)]
pub struct NewMessage<'a> {
    /// What kind of mail.
    pub kind: MailKind,
    /// Of which digest.
    pub digest: Option<&'a DigestId>,
    /// For which subscriber.
    pub subscriber: Option<SubscriberId>,
    /// RCPT TO.
    pub recipient: &'a str,
    /// MAIL FROM.
    pub sender: &'a str,
    /// Without angle brackets.
    pub message_id: &'a str,
    /// The bytes; their SHA-256 is left to show once they are pruned.
    pub bytes: Bytes<'a>,
    /// When it is frozen.
    pub created: Timestamp,
}

/// Freezes a message, ready to be sent. Answers false if its Message-ID, or the
/// digest's mail for this subscriber, is already there.
pub fn insert(tx: &Transaction<'_>, new: &NewMessage<'_>) -> Result<bool, StoreError> {
    const INSERT: &str = "
        insert into outbox (kind, digest, subscriber, recipient, sender, message_id, hash, state, created)
        values (:kind, :digest, :subscriber, :recipient, :sender, :message_id, :hash, 'ready', :created)
        on conflict do nothing";
    let inserted = tx.prepare_cached(INSERT)?.execute(named_params! {
        ":kind": new.kind.as_str(),
        ":digest": new.digest,
        ":subscriber": new.subscriber,
        ":recipient": new.recipient,
        ":sender": new.sender,
        ":message_id": new.message_id,
        ":hash": new.bytes.hash(),
        ":created": new.created,
    })?;
    if inserted == 1 {
        bodies::insert(tx, OutboxId(tx.last_insert_rowid()), new.bytes)?;
    }
    Ok(inserted == 1)
}

const COLUMNS: &str = "
    outbox.id, kind, digest, subscriber, recipient, sender, message_id,
    coalesce(b.bytes, x'') as bytes, p.bytes as pattern, state, instant, attempts, last_error, created
    from outbox left join outbox_bodies b on b.id = outbox.id
    left join outbox_patterns p on p.id = b.pattern";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let kind: String = row.get("kind")?;
    let state: String = row.get("state")?;
    let pattern = row.get_ref("pattern")?.as_blob_or_null()?;
    Ok(OutboxEntry {
        id: row.get("id")?,
        kind: word(&kind, MailKind::parse(&kind))?,
        digest: row.get("digest")?,
        subscriber: row.get("subscriber")?,
        recipient: row.get("recipient")?,
        sender: row.get("sender")?,
        message_id: row.get("message_id")?,
        payload: bodies::unpack(row.get("bytes")?, pattern).map_err(unreadable)?,
        state: word(&state, State::parse(&state, row.get("instant")?))?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created: row.get("created")?,
    })
}

/// Claims up to `limit` messages that are due. Waiting ones share each turn with
/// new ones, so that neither a great digest nor a great outage starves the other.
pub fn claim(
    tx: &Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    // Ids alone and by the index: sorting whole rows would move every waiting
    // mail's bytes at each turn.
    const DEFERRED: &str = "
        select id from outbox where state = 'deferred' and instant <= ?1 order by instant limit ?2";
    const READY: &str = "
        select id from outbox where state = 'ready' and instant is null order by id limit ?1";
    const CLAIM: &str =
        "update outbox set state = 'claimed', instant = ?2, attempts = attempts + 1 where id = ?1";
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
    let mut entries = Vec::with_capacity(ids.len());
    for id in ids {
        tx.prepare_cached(CLAIM)?.execute((id, now))?;
        entries.extend(get(tx, id)?);
    }
    Ok(entries)
}

/// Whether the claim of `since` still holds: the subscriber may have left, the
/// operator may have put a hand on it, the lease may have ended.
pub fn is_claimed(
    tx: &Transaction<'_>,
    id: OutboxId,
    since: Timestamp,
) -> Result<bool, StoreError> {
    const IS_CLAIMED: &str =
        "select exists (select 1 from outbox where id = ?1 and state = 'claimed' and instant = ?2)";
    Ok(tx.prepare_cached(IS_CLAIMED)?.query_row((id, since), |row| row.get(0))?)
}

/// What is claimed, and since when.
pub fn claimed(tx: &Transaction<'_>) -> Result<Vec<(OutboxId, Timestamp)>, StoreError> {
    const CLAIMED: &str = "select id, instant from outbox where state = 'claimed'";
    let mut statement = tx.prepare_cached(CLAIMED)?;
    Ok(statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Settles a message after an attempt. That it was taken is written whatever
/// happened to the row meanwhile; anything else only while it is still claimed:
/// what was cancelled or held during the attempt stays so.
pub fn settle(
    tx: &Transaction<'_>,
    id: OutboxId,
    state: State,
    last_error: Option<&str>,
) -> Result<(), StoreError> {
    const SETTLE: &str = "
        update outbox set state = ?2, instant = ?3, last_error = ?4
        where id = ?1 and (state = 'claimed' or ?2 = 'sent')";
    tx.prepare_cached(SETTLE)?.execute((id, state.as_str(), state.instant(), last_error))?;
    Ok(())
}

/// Gives a claimed message back without counting the attempt: the fault was not
/// its own, or there was no attempt. Without a reason the last one stays.
pub fn give_back(tx: &Transaction<'_>, id: OutboxId, why: Option<&str>) -> Result<(), StoreError> {
    const GIVE_BACK: &str = "
        update outbox set state = 'ready', instant = null, last_error = coalesce(?2, last_error),
            attempts = attempts - 1
        where id = ?1 and state = 'claimed'";
    tx.prepare_cached(GIVE_BACK)?.execute((id, why))?;
    Ok(())
}

/// A claimed message waits for its domain's turn. Nothing was tried.
pub fn wait_for_turn(
    tx: &Transaction<'_>,
    id: OutboxId,
    turn: Timestamp,
) -> Result<(), StoreError> {
    const WAIT_FOR_TURN: &str = "
        update outbox set state = 'deferred', instant = ?2, attempts = attempts - 1,
            last_error = 'waits for its turn: `mail.domain_per_minute`'
        where id = ?1 and state = 'claimed'";
    tx.prepare_cached(WAIT_FOR_TURN)?.execute((id, turn))?;
    Ok(())
}

/// A lease has ended: the same bytes are due again. The attempt stays counted.
pub fn end_lease(tx: &Transaction<'_>, id: OutboxId, until: Timestamp) -> Result<(), StoreError> {
    const END_LEASE: &str = "
        update outbox set state = 'deferred', instant = ?2,
            last_error = coalesce(last_error, 'the service ended while this was being sent')
        where id = ?1 and state = 'claimed'";
    tx.prepare_cached(END_LEASE)?.execute((id, until))?;
    Ok(())
}

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

/// Why nothing is sent just now, if so.
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
            ":reason": pause.reason,
        })?,
    };
    Ok(())
}

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

/// Where the operator's hand can move a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// To be sent now: from waiting, or from the dead while its bytes are kept.
    Retry,
    /// Not to be sent until released.
    Hold,
    /// Released.
    Release,
    /// Never to be sent.
    Drop,
}

/// Moves the chosen messages as far as their state allows. A claimed one is in
/// somebody's hand: it can be held or dropped, and is not sent if the hand has
/// not begun. Answers how many moved.
pub fn move_chosen(
    tx: &Transaction<'_>,
    chosen: &Chosen,
    to: Move,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const CHOSEN: &str = "
        (?1 = '[]' or id in (select value from json_each(?1)))
        and (?2 is null or digest = ?2) and (?3 is null or state = ?3)";
    // Who died of age gets its full time again: the operator wants it out.
    const RETRY: &str = "
        update outbox set state = 'ready', instant = null, attempts = 0,
            created = case state when 'dead' then ?4 else created end
        where (state = 'deferred' or (state = 'dead' and recipient <> ''
            and exists (select 1 from outbox_bodies b where b.id = outbox.id))) and";
    const HOLD: &str = "
        update outbox set state = 'held', instant = null
        where ?4 is not null and state in ('ready', 'deferred', 'claimed') and";
    const RELEASE: &str = "
        update outbox set state = 'ready', instant = null
        where ?4 is not null and state = 'held' and";
    const DROP: &str = "
        update outbox set state = 'dead', instant = ?4, last_error = 'dropped by the operator'
        where state in ('ready', 'deferred', 'held', 'claimed') and";
    let sql = match to {
        Move::Retry => RETRY,
        Move::Hold => HOLD,
        Move::Release => RELEASE,
        Move::Drop => DROP,
    };
    let ids = super::row::to_json(&chosen.ids)?;
    let mut statement = tx.prepare_cached(&format!("{sql} {CHOSEN}"))?;
    Ok(statement.execute((ids, &chosen.digest, &chosen.state, now))?)
}

/// The subscriber to whom a message went from this envelope sender, and when the last one did.
pub fn subscriber_of_sender(
    tx: &Transaction<'_>,
    sender: &str,
) -> Result<Option<(SubscriberId, Timestamp)>, StoreError> {
    const OF_SENDER: &str = "
        select subscriber, max(created) from outbox
        where sender = ?1 and subscriber is not null group by subscriber limit 1";
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(tx.prepare_cached(OF_SENDER)?.query_row([sender], read).optional()?)
}

/// When the next message is due; none if nothing waits.
pub fn next_due(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    const NEXT_DUE: &str = "
        select min(case state when 'ready' then 0 else instant end) from outbox
        where state in ('ready', 'deferred')";
    Ok(tx.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0))?)
}

/// Messages in a state and of a digest (all, if none is named), newest first.
pub fn list(
    tx: &Transaction<'_>,
    state: Option<&str>,
    digest: Option<&DigestId>,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!(
        "select {COLUMNS} where (?1 is null or state = ?1) and (?2 is null or digest = ?2)
         order by outbox.id desc limit ?3"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map((state, digest, count(limit)), read)?.collect::<Result<_, _>>()?)
}

/// One message.
pub fn get(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where outbox.id = ?1");
    Ok(tx.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// The mails of a digest, by subscriber.
pub fn of_digest(tx: &Transaction<'_>, digest: &DigestId) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where digest = ?1 order by outbox.id");
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map([digest], read)?.collect::<Result<_, _>>()?)
}

/// The mails of a subscriber, oldest first, for telling them what is kept of them.
pub fn of_subscriber(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where subscriber = ?1 order by outbox.id");
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map([subscriber], read)?.collect::<Result<_, _>>()?)
}

/// Takes the subscriber's number off their mails, whose row is about to go.
pub fn disown(tx: &Transaction<'_>, subscriber: SubscriberId) -> Result<(), StoreError> {
    const DISOWN: &str = "update outbox set subscriber = null where subscriber = ?1";
    tx.prepare_cached(DISOWN)?.execute([subscriber])?;
    Ok(())
}

/// SHA-256 of a message's bytes, as it was frozen.
pub fn hash(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<Vec<u8>>, StoreError> {
    const HASH: &str = "select hash from outbox where id = ?1";
    Ok(tx.prepare_cached(HASH)?.query_row([id], |row| row.get(0)).optional()?)
}

/// How many messages stand where.
pub fn count_by_state(
    tx: &Transaction<'_>,
    digest: Option<&DigestId>,
) -> Result<Vec<(String, u64)>, StoreError> {
    const COUNT: &str = "
        select state, count(*) from outbox where ?1 is null or digest = ?1 group by state order by state";
    let mut statement = tx.prepare_cached(COUNT)?;
    Ok(statement
        .query_map([digest], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?)
}

/// How many messages are to be sent, now or later; those that are held are not.
pub fn count_waiting(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    const COUNT_WAITING: &str =
        "select count(*) from outbox where state in ('ready', 'deferred', 'claimed')";
    Ok(tx.prepare_cached(COUNT_WAITING)?.query_row([], |row| row.get(0))?)
}

/// How many messages a digest has.
pub fn count_of_digest(tx: &Transaction<'_>, digest: &DigestId) -> Result<usize, StoreError> {
    const COUNT_OF_DIGEST: &str = "select count(*) from outbox where digest = ?1";
    Ok(tx.prepare_cached(COUNT_OF_DIGEST)?.query_row([digest], |row| row.get(0))?)
}

/// What waits for someone who left is not sent, nor what is claimed unless it is
/// on the wire already. Answers how many.
pub fn cancel_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const CANCEL: &str = "
        update outbox set state = 'dead', instant = ?2, last_error = 'the subscriber left'
        where subscriber = ?1 and state in ('ready', 'deferred', 'held', 'claimed')";
    const FORGET: &str = "update outbox set recipient = '' where subscriber = ?1";
    const FORGET_BYTES: &str = "
        delete from outbox_bodies where id in (select id from outbox where subscriber = ?1)";
    let cancelled = tx.prepare_cached(CANCEL)?.execute((subscriber, now))?;
    tx.prepare_cached(FORGET)?.execute([subscriber])?;
    tx.prepare_cached(FORGET_BYTES)?.execute([subscriber])?;
    Ok(cancelled)
}

/// What waits for someone whose mail comes back is not sent. Answers how many.
pub fn stop_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const STOP: &str = "
        update outbox set state = 'dead', instant = ?2, last_error = 'too much came back from them'
        where subscriber = ?1 and state in ('ready', 'deferred', 'held')";
    Ok(tx.prepare_cached(STOP)?.execute((subscriber, now))?)
}

/// Bytes of what was done before `before` go; the hash stays.
pub fn prune_bodies(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE_BODIES: &str = "
        delete from outbox_bodies where id in (
            select id from outbox where state in ('sent', 'dead') and instant < ?1)";
    let pruned = tx.prepare_cached(PRUNE_BODIES)?.execute([before])?;
    bodies::prune_patterns(tx)?;
    Ok(pruned)
}
