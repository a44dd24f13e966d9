//! Frozen messages and where they stand. See `docs/QUEUE.md`.

mod claim;
mod operator;
mod pause;

use rusqlite::{OptionalExtension, Row, Transaction, named_params};

pub use self::claim::{
    Claimed, claim, give_back, may_go, mistrust_due_times, recover, settle, wait_for_turn,
};
pub use self::operator::{
    Chosen, Move, acknowledge, cancel_for, count_unacknowledged, move_chosen, not_retried, stop_for,
};
pub use self::pause::{Pause, Stop, pause, set_pause, start, stop, stopped};
use super::StoreError;
use super::bodies::{self, Bytes};
use super::row::{count, word};
use crate::model::{
    Claim, DigestId, Ended, MailKind, OutboxEntry, OutboxId, Payload, State, SubscriberId,
    Timestamp,
};

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

/// Freezes a message, ready to be sent. Returns false if its Message-ID, or the
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
    coalesce(b.bytes, x'') as bytes, p.bytes as pattern, state, instant, attempts, last_error, created,
    coalesce(holder, 0) as holder, fence, wish, ended, acknowledged is not null as acknowledged
    from outbox left join outbox_bodies b on b.id = outbox.id
    left join outbox_patterns p on p.id = b.pattern";

fn read(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    let kind: String = row.get("kind")?;
    let state: String = row.get("state")?;
    let ended: Option<String> = row.get("ended")?;
    let pattern = row.get_ref("pattern")?.as_blob_or_null()?;
    let id = row.get("id")?;
    // Who sends compares the checksum; whoever lists must be able to go on.
    let payload = bodies::unpack(row.get("bytes")?, pattern).unwrap_or(Payload(Vec::new()));
    Ok(OutboxEntry {
        id,
        kind: word(&kind, MailKind::parse(&kind))?,
        digest: row.get("digest")?,
        subscriber: row.get("subscriber")?,
        recipient: row.get("recipient")?,
        sender: row.get("sender")?,
        message_id: row.get("message_id")?,
        payload,
        state: word(&state, State::parse(&state, row.get("instant")?))?,
        attempts: row.get("attempts")?,
        last_error: row.get("last_error")?,
        created: row.get("created")?,
        claim: Claim { id, holder: row.get("holder")?, fence: row.get("fence")? },
        wish: row.get("wish")?,
        ended: ended.map(|text| word(&text, Ended::parse(&text))).transpose()?,
        is_acknowledged: row.get("acknowledged")?,
    })
}

/// Returns whether the message is, or was, in the outbox.
pub fn is_known(tx: &Transaction<'_>, message_id: &str) -> Result<bool, StoreError> {
    const IS_KNOWN: &str = "select 1 from outbox where message_id = ?1";
    Ok(tx.prepare_cached(IS_KNOWN)?.exists([message_id])?)
}

/// Returns the subscriber to whom a message went from this envelope sender, and when the last one
/// did.
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

/// Returns when the next message is due; none if nothing waits. A claimed message is due
/// at once: whoever asks sends nothing, so its holder is gone.
pub fn next_due(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    const NEXT_DUE: &str = "
        select min(case state when 'deferred' then instant else 0 end) from outbox
        where state in ('ready', 'deferred', 'claimed')";
    Ok(tx.prepare_cached(NEXT_DUE)?.query_row([], |row| row.get(0))?)
}

/// Returns messages in a state and of a digest (all, if none is named), newest first.
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

/// Returns one message.
pub fn get(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where outbox.id = ?1");
    Ok(tx.prepare_cached(&sql)?.query_row([id], read).optional()?)
}

/// Returns the mails of a digest, by subscriber.
pub fn of_digest(tx: &Transaction<'_>, digest: &DigestId) -> Result<Vec<OutboxEntry>, StoreError> {
    let sql = format!("select {COLUMNS} where digest = ?1 order by outbox.id");
    let mut statement = tx.prepare_cached(&sql)?;
    Ok(statement.query_map([digest], read)?.collect::<Result<_, _>>()?)
}

/// Returns the mails of a subscriber, oldest first, for telling them what is kept of them.
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

/// Returns the SHA-256 of a message's bytes, as it was frozen.
pub fn hash(tx: &Transaction<'_>, id: OutboxId) -> Result<Option<Vec<u8>>, StoreError> {
    const HASH: &str = "select hash from outbox where id = ?1";
    Ok(tx.prepare_cached(HASH)?.query_row([id], |row| row.get(0)).optional()?)
}

/// Returns how many messages stand where.
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

/// Returns how many messages are to be sent, now or later; those that are held are not.
pub fn count_waiting(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    const COUNT_WAITING: &str =
        "select count(*) from outbox where state in ('ready', 'deferred', 'claimed')";
    Ok(tx.prepare_cached(COUNT_WAITING)?.query_row([], |row| row.get(0))?)
}

/// Returns when the oldest message that is to be sent was frozen.
pub fn oldest_waiting(tx: &Transaction<'_>) -> Result<Option<Timestamp>, StoreError> {
    const OLDEST_WAITING: &str =
        "select min(created) from outbox where state in ('ready', 'deferred', 'claimed')";
    Ok(tx.prepare_cached(OLDEST_WAITING)?.query_row([], |row| row.get(0))?)
}

/// Returns how many messages a digest has.
pub fn count_of_digest(tx: &Transaction<'_>, digest: &DigestId) -> Result<usize, StoreError> {
    const COUNT_OF_DIGEST: &str = "select count(*) from outbox where digest = ?1";
    Ok(tx.prepare_cached(COUNT_OF_DIGEST)?.query_row([digest], |row| row.get(0))?)
}

/// Deletes the bytes of what was done before `before`; the hash stays.
pub fn prune_bodies(tx: &Transaction<'_>, before: Timestamp) -> Result<usize, StoreError> {
    const PRUNE_BODIES: &str = "
        delete from outbox_bodies where id in (
            select id from outbox where state in ('sent', 'dead') and instant < ?1)";
    let pruned = tx.prepare_cached(PRUNE_BODIES)?.execute([before])?;
    bodies::prune_patterns(tx)?;
    Ok(pruned)
}

/// Deletes rows of messages that were done before `before`, at most `limit` at a
/// time. Those of a digest stay while others of it are on their way, so that
/// its counts stay whole. Returns how many went.
pub fn prune(tx: &Transaction<'_>, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
    const PRUNE: &str = "
        delete from outbox where id in (
            select id from outbox o where state in ('sent', 'dead') and instant < ?1
                and (digest is null or not exists (
                    select 1 from outbox waits where waits.digest = o.digest
                        and waits.state not in ('sent', 'dead')))
                and not exists (select 1 from compositions c where c.digest = o.digest)
            limit ?2)";
    Ok(tx.prepare_cached(PRUNE)?.execute((before, count(limit)))?)
}

/// Returns a line for each message that is yet to be sent, or could be again,
/// and whose bytes are not what was frozen.
pub(super) fn damaged(tx: &Transaction<'_>) -> Result<Vec<String>, StoreError> {
    const IDS: &str = "select id from outbox_bodies order by id";
    let mut statement = tx.prepare(IDS)?;
    let ids: Vec<OutboxId> =
        statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut findings = Vec::new();
    for id in ids {
        let is_intact = match get(tx, id) {
            Ok(Some(entry)) => {
                hash(tx, id)?.is_none_or(|frozen| frozen == bodies::hash_of(&entry.payload))
            }
            Ok(None) => true,
            Err(StoreError::Busy) => return Err(StoreError::Busy),
            Err(_) => false,
        };
        if !is_intact {
            findings.push(format!("message {id} of `outbox`: its bytes are not what was frozen"));
        }
    }
    Ok(findings)
}

/// Holds messages that have just been frozen: a restored backup may have sent them.
pub fn hold_new(tx: &Transaction<'_>, message_id: &str) -> Result<(), StoreError> {
    const HOLD_NEW: &str =
        "update outbox set state = 'held' where message_id = ?1 and state = 'ready'";
    tx.prepare_cached(HOLD_NEW)?.execute([message_id])?;
    Ok(())
}
