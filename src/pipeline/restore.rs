//! What a backup must learn before it may be the database again: what it
//! believes unsent may have been sent since, and who left since has left.

use std::collections::{BTreeMap, BTreeSet};

use super::PipelineError;
use super::subscription::{depart, erase, set_links};
use crate::model::{Standing, SubscriberId, Timestamp};
use crate::store::outbox::{self, Chosen, Move};
use crate::store::subscribers::{self, Left};
use crate::store::{Store, StoreError, Transaction, digests, drafts, forgotten};
use crate::subscriber::token::{self, Tokens};

/// What the database that is replaced knows and its backup does not: who left,
/// and whether the operator stopped all sending.
#[derive(Debug, Clone, Default)]
pub struct Departures {
    /// Those whose proof is kept.
    pub left: Vec<Left>,
    /// Those who were forgotten.
    pub forgotten: Vec<(String, Timestamp)>,
    /// The operator's word that nothing is to be sent.
    pub stop: Option<outbox::Stop>,
}

/// Reads who left, and whether sending is stopped.
pub async fn departures(store: &Store) -> Result<Departures, PipelineError> {
    let read = store.read(|tx| {
        Ok(Departures {
            left: subscribers::left(tx, None)?,
            forgotten: forgotten::all(tx)?,
            stop: outbox::stopped(tx)?,
        })
    });
    Ok(read.await?)
}

/// Returns whether the links in this database's mails were made with that key. Where
/// nobody ever subscribed every key is right. Blocks: it is asked before anything runs.
pub fn fits(store: &Store, tokens: &Tokens) -> Result<bool, StoreError> {
    let one = store.read_here(subscribers::any_token_hash)?;
    Ok(one.is_none_or(|(id, hash)| token::hash(&tokens.unsubscribe(id)) == hash))
}

/// Makes the links of all readers anew with that key; those in mails of before no longer
/// work. Returns how many readers there are.
pub async fn renew_links(store: &Store, tokens: Tokens) -> Result<usize, PipelineError> {
    let done = store.write(move |tx| {
        let everyone = subscribers::with_links(tx)?;
        everyone.iter().try_for_each(|id| set_links(tx, &tokens, *id))?;
        Ok(everyone.len())
    });
    Ok(done.await?)
}

/// What was done to the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caught {
    /// Messages that wait for the operator's word.
    pub held: usize,
    /// Readers who left again.
    pub left: usize,
    /// Readers who were forgotten again.
    pub forgotten: usize,
}

/// Teaches the copy. `before` made the hashes of the replaced database, `after`
/// are the tokens from now on.
pub async fn catch_up(
    store: &Store,
    departures: Departures,
    before: Tokens,
    after: Tokens,
    now: Timestamp,
) -> Result<Caught, PipelineError> {
    let done = store.write(move |tx| {
        let (left, forgotten) = replay(tx, &departures, &before, &after)?;
        if let Some(stop) = &departures.stop {
            outbox::stop(tx, &stop.reason, stop.since)?;
        }
        // No process of before sends any more; what it had claimed may be out.
        outbox::recover(tx, now)?;
        digests::hold_unfinished(tx)?;
        drafts::unanswer_all(tx)?;
        let held = outbox::move_chosen(tx, &Chosen::default(), Move::Hold, now)?;
        Ok(Caught { held, left, forgotten })
    });
    Ok(done.await?)
}

/// A row is known again by its number and the instant of its request, or by the
/// address; a number alone may be somebody else's in a backup from elsewhere.
/// Who asked anew after they had left has not left.
fn replay(
    tx: &Transaction<'_>,
    departures: &Departures,
    before: &Tokens,
    after: &Tokens,
) -> Result<(usize, usize), StoreError> {
    let mut rows: BTreeMap<(SubscriberId, Timestamp), &Left> = BTreeMap::new();
    let mut hashes: BTreeMap<&str, &Left> = BTreeMap::new();
    for left in &departures.left {
        rows.insert((left.subscriber.id, left.subscriber.consent.requested_at), left);
        if let Some(hash) = &left.address_hash {
            hashes.insert(hash, left);
        }
    }
    let wishes: BTreeMap<&str, Timestamp> =
        departures.forgotten.iter().map(|(hash, at)| (hash.as_str(), *at)).collect();
    let (mut gone, mut erased) = (0, BTreeSet::new());
    for subscriber in subscribers::list(tx)? {
        if subscriber.standing == Standing::Left {
            continue;
        }
        let (id, asked) = (subscriber.id, subscriber.consent.requested_at);
        let hash = before.address(&subscriber.address);
        if let Some(at) = wishes.get(hash.as_str()).filter(|at| asked <= **at) {
            depart(tx, after, id, *at, "operator")?;
            erase(tx, id, *at)?;
            forgotten::note(tx, &after.address(&subscriber.address), *at)?;
            erased.insert(hash);
            continue;
        }
        let by_hash = hashes.get(hash.as_str()).filter(|left| asked <= left.at);
        if let Some(left) = rows.get(&(id, asked)).or(by_hash) {
            gone += usize::from(depart(tx, after, id, left.at, &left.by)?);
        }
    }
    for (hash, at) in &departures.forgotten {
        for left in subscribers::left(tx, Some(hash))? {
            erase(tx, left.subscriber.id, *at)?;
            erased.insert(hash.clone());
        }
        forgotten::note(tx, hash, *at)?;
    }
    Ok((gone, erased.len()))
}
