//! Frozen messages and where they stand. See `docs/QUEUE.md`.

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

use super::StoreError;
use super::row::{count, word};
use crate::model::{
    DigestId, MailKind, OutboxEntry, OutboxId, Payload, State, SubscriberId, Timestamp,
};

/// A message to be frozen.
#[derive(Debug, Clone)]
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
    /// The bytes.
    pub payload: &'a Payload,
    /// SHA-256 of the bytes: what is left to show once they are pruned.
    pub hash: &'a [u8],
    /// When it is frozen.
    pub created: Timestamp,
}

/// Freezes a message, ready to be sent. Answers false if its Message-ID, or the
/// digest's mail for this subscriber, is already there.
pub fn insert(tx: &Transaction<'_>, new: &NewMessage<'_>) -> Result<bool, StoreError> {
    const INSERT: &str = "
        insert into outbox (kind, digest, subscriber, recipient, sender, message_id, payload, hash, state, created)
        values (:kind, :digest, :subscriber, :recipient, :sender, :message_id, :payload, :hash, 'ready', :created)
        on conflict do nothing";
    let inserted = tx.prepare_cached(INSERT)?.execute(named_params! {
        ":kind": new.kind.as_str(),
        ":digest": new.digest,
        ":subscriber": new.subscriber,
        ":recipient": new.recipient,
        ":sender": new.sender,
        ":message_id": new.message_id,
        ":payload": new.payload.0,
        ":hash": new.hash,
        ":created": new.created,
    })?;
    Ok(inserted == 1)
}

const COLUMNS: &str = "
    id, kind, digest, subscriber, recipient, sender, message_id, payload, state, instant,
    attempts, last_error, created from outbox";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let kind: String = row.get("kind")?;
    let state: String = row.get("state")?;
    Ok(OutboxEntry {
        id: row.get("id")?,
        kind: word(&kind, MailKind::parse(&kind))?,
        digest: row.get("digest")?,
        subscriber: row.get("subscriber")?,
        recipient: row.get("recipient")?,
        sender: row.get("sender")?,
        message_id: row.get("message_id")?,
        payload: Payload(row.get("payload")?),
        state: word(&state, State::parse(&state, row.get("instant")?))?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created: row.get("created")?,
    })
}

/// Claims up to `limit` messages that are due, oldest first.
pub fn claim(
    tx: &Transaction<'_>,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    const CLAIM: &str =
        "update outbox set state = 'claimed', instant = ?2, attempts = attempts + 1 where id = ?1";
    let due = format!(
        "select {COLUMNS} where state = 'ready' or (state = 'deferred' and instant <= ?1) order by id limit ?2"
    );
    let mut statement = tx.prepare_cached(&due)?;
    let mut entries: Vec<OutboxEntry> =
        statement.query_map((now, count(limit)), read)?.collect::<Result<_, _>>()?;
    for entry in &mut entries {
        tx.prepare_cached(CLAIM)?.execute((entry.id, now))?;
        entry.state = State::Claimed { since: now };
        entry.attempts += 1;
    }
    Ok(entries)
}

/// Settles a message after an attempt.
pub fn settle(
    tx: &Transaction<'_>,
    id: OutboxId,
    state: State,
    last_error: Option<&str>,
) -> Result<(), StoreError> {
    const SETTLE: &str =
        "update outbox set state = ?2, instant = ?3, last_error = ?4 where id = ?1";
    tx.prepare_cached(SETTLE)?.execute((id, state.as_str(), state.instant(), last_error))?;
    Ok(())
}

/// Gives a claimed message back without counting the attempt: the fault was not
/// its own (the channel is misconfigured).
pub fn give_back(
    tx: &Transaction<'_>,
    id: OutboxId,
    until: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    const GIVE_BACK: &str = "
        update outbox set state = 'deferred', instant = ?2, last_error = ?3, attempts = attempts - 1
        where id = ?1 and state = 'claimed'";
    tx.prepare_cached(GIVE_BACK)?.execute((id, until, why))?;
    Ok(())
}

/// What a crash left claimed is sent again, with the same bytes, from `until`.
/// Answers how many.
pub fn sweep(tx: &Transaction<'_>, until: Timestamp) -> Result<usize, StoreError> {
    const SWEEP: &str = "
        update outbox set state = 'deferred', instant = ?1,
            last_error = coalesce(last_error, 'the service ended while this was being sent')
        where state = 'claimed'";
    Ok(tx.prepare_cached(SWEEP)?.execute([until])?)
}

/// When the next message is due; none if nothing waits.
pub fn next_due(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    const NEXT_DUE: &str = "
        select min(case state when 'ready' then 0 else instant end) from outbox
        where state in ('ready', 'deferred')";
    Ok(tx.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0))?)
}

/// Messages in a state (all, if none is named), newest first.
pub fn list(
    tx: &Transaction<'_>,
    state: Option<&str>,
    limit: usize,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where ?1 is null or state = ?1 order by id desc limit ?2");
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map((state, count(limit)), read)?.collect::<Result<_, _>>()?)
}

/// One message.
pub fn get(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where id = ?1");
    Ok(tx.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// The mails of a digest, by subscriber.
pub fn of_digest(tx: &Transaction<'_>, digest: &DigestId) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where digest = ?1 order by id");
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map([digest], read)?.collect::<Result<_, _>>()?)
}

/// The mails of a subscriber, oldest first, for telling them what is kept of them.
pub fn of_subscriber(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where subscriber = ?1 order by id");
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

/// What waits for someone who left is not sent. Answers how many.
pub fn cancel_for(
    tx: &Transaction<'_>,
    subscriber: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    const CANCEL: &str = "
        update outbox set state = 'dead', instant = ?2, last_error = 'the subscriber left',
            payload = x'', recipient = ''
        where subscriber = ?1 and state in ('ready', 'deferred', 'held')";
    const FORGET: &str = "
        update outbox set payload = x'', recipient = ''
        where subscriber = ?1 and state in ('sent', 'dead')";
    let cancelled = tx.prepare_cached(CANCEL)?.execute((subscriber, now))?;
    tx.prepare_cached(FORGET)?.execute([subscriber])?;
    Ok(cancelled)
}

/// Bytes of what was done before `before` go; the hash stays.
pub fn prune_bodies(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE_BODIES: &str = "
        update outbox set payload = x'' where state in ('sent', 'dead') and instant < ?1 and payload <> x''";
    Ok(tx.prepare_cached(PRUNE_BODIES)?.execute([before])?)
}
