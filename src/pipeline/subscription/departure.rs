//! Leaving, being forgotten, and what is left to prove of it.

use crate::model::{MailKind, OutboxEntry, Subscriber, SubscriberId, Timestamp};
use crate::pipeline::{Context, PipelineError};
use crate::store::subscribers::{self, ChoiceChange, Left};
use crate::store::{StoreError, Transaction, bounces, forgotten, outbox};
use crate::subscriber::token::Tokens;

/// Lets them leave: the address is erased, what waits for them is not sent. Returns
/// false if they had left before.
pub(in crate::pipeline) fn depart(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    id: SubscriberId,
    now: Timestamp,
    by: &str,
) -> Result<bool, StoreError> {
    let Some(subscriber) = subscribers::get(tx, id)? else { return Ok(false) };
    let left = subscribers::leave(tx, id, now, by, &tokens.address(&subscriber.address))?;
    outbox::cancel_for(tx, id, now)?;
    Ok(left)
}

/// Deletes the row of who left, or never confirmed, and what refers to it. Returns
/// how many returned mails were noted of them.
pub(in crate::pipeline) fn erase(
    tx: &Transaction<'_>,
    id: SubscriberId,
    now: Timestamp,
) -> Result<usize, StoreError> {
    outbox::cancel_for(tx, id, now)?;
    outbox::disown(tx, id)?;
    let returned = bounces::forget(tx, id)?;
    subscribers::erase(tx, id)?;
    Ok(returned)
}

/// What was erased of somebody who asked to be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// Subscriptions with address, choice and proof.
    pub subscriptions: usize,
    /// Mails whose bytes were still kept.
    pub mails: usize,
    /// Notes of returned mail.
    pub bounces: usize,
}

/// Deletes everything about an address (Art. 17 DSGVO), also of who left. Only its
/// keyed hash stays, so that an old list does not bring it back.
pub async fn forget(ctx: &Context, address: &str) -> Result<Forgotten, PipelineError> {
    let (now, tokens, address) = (ctx.clock.now(), ctx.tokens.clone(), address.to_owned());
    Ok(ctx.store.write(move |tx| forget_in(tx, &tokens, &address, now)).await?)
}

fn forget_in(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    address: &str,
    now: Timestamp,
) -> Result<Forgotten, StoreError> {
    let hash = tokens.address(address);
    let mut done = Forgotten::default();
    while let Some(subscriber) = subscribers::by_spelling(tx, address)? {
        let mails = outbox::of_subscriber(tx, subscriber.id)?;
        done.mails += mails.iter().filter(|mail| !mail.payload.0.is_empty()).count();
        depart(tx, tokens, subscriber.id, now, "operator")?;
    }
    for left in subscribers::left(tx, Some(&hash))? {
        done.bounces += erase(tx, left.subscriber.id, now)?;
        done.subscriptions += 1;
    }
    if done.subscriptions > 0 {
        forgotten::note(tx, &hash, now)?;
    }
    Ok(done)
}

/// A subscription and what proves its consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The row; without an address if they left.
    pub subscriber: Subscriber,
    /// When and by which way they left.
    pub left: Option<(Timestamp, String)>,
    /// The mails that asked for consent and confirmed it, with their SHA-256.
    pub mails: Vec<(OutboxEntry, Vec<u8>)>,
    /// What the office changed of the choice since.
    pub changes: Vec<ChoiceChange>,
}

/// Everything that is stored about the consent of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proofs {
    /// Its subscriptions, those they left first.
    pub subscriptions: Vec<Proof>,
    /// When they were forgotten at their wish.
    pub forgotten: Option<Timestamp>,
}

/// Returns what proves the consent of an address; of who left it is found by its keyed hash.
pub async fn proofs(ctx: &Context, address: &str) -> Result<Proofs, PipelineError> {
    let (hash, address) = (ctx.tokens.address(address), address.to_owned());
    let read = ctx.store.read(move |tx| {
        let mut found = Vec::new();
        for Left { subscriber, at, by, .. } in subscribers::left(tx, Some(&hash))? {
            found.push(proof(tx, subscriber, Some((at, by)))?);
        }
        if let Some(subscriber) = subscribers::by_spelling(tx, &address)? {
            found.push(proof(tx, subscriber, None)?);
        }
        Ok(Proofs { subscriptions: found, forgotten: forgotten::at(tx, &hash)? })
    });
    Ok(read.await?)
}

fn proof(
    tx: &Transaction<'_>,
    subscriber: Subscriber,
    left: Option<(Timestamp, String)>,
) -> Result<Proof, StoreError> {
    let mut mails = Vec::new();
    for mail in outbox::of_subscriber(tx, subscriber.id)? {
        if matches!(mail.kind, MailKind::Confirm | MailKind::Welcome) {
            let hash = outbox::hash(tx, mail.id)?.unwrap_or_default();
            mails.push((mail, hash));
        }
    }
    let changes = subscribers::changes(tx, subscriber.id)?;
    Ok(Proof { subscriber, left, mails, changes })
}
