//! Taking in a list of people whose consent the operator holds.

use super::insert;
use crate::model::{Consent, SeriesId, Standing, SubscriberId, Timestamp, TopicId};
use crate::pipeline::{Context, PipelineError};
use crate::store::subscribers::{self, NewSubscriber};
use crate::store::{StoreError, Transaction, forgotten};
use crate::subscriber::address;
use crate::subscriber::token::Tokens;

/// Rows that are taken in one transaction.
const CHUNK: usize = 200;

/// Somebody on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Checked address.
    pub address: String,
    pub series: Vec<SeriesId>,
    /// The topics; empty = all.
    pub topics: Vec<TopicId>,
    /// Words of their own, checked.
    pub keywords: Vec<String>,
    /// How they gave their consent.
    pub reason: String,
}

/// What became of somebody on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Subscribed.
    Added(SubscriberId),
    /// There already, and left as they are.
    Known(Standing),
    /// Had left: a list does not bring them back.
    Left(Timestamp),
    /// Had asked to be forgotten.
    Forgotten(Timestamp),
}

/// Subscribes a list of people. Returns what became of each, in their order.
pub async fn import(ctx: &Context, list: Vec<Listed>) -> Result<Vec<Outcome>, PipelineError> {
    let now = ctx.clock.now();
    let mut outcomes = Vec::with_capacity(list.len());
    for chunk in list.chunks(CHUNK) {
        let (chunk, tokens) = (chunk.to_vec(), ctx.tokens.clone());
        let taken: Vec<Outcome> = ctx
            .store
            .write(move |tx| chunk.into_iter().map(|one| take(tx, &tokens, one, now)).collect())
            .await?;
        outcomes.extend(taken);
    }
    Ok(outcomes)
}

fn take(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    one: Listed,
    now: Timestamp,
) -> Result<Outcome, StoreError> {
    let mailbox = address::mailbox(&one.address);
    if let Some(known) = subscribers::of_mailbox(tx, &mailbox, &one.address)? {
        return Ok(Outcome::Known(known.standing));
    }
    let hash = tokens.address(&one.address);
    if let Some(at) = forgotten::at(tx, &hash)? {
        return Ok(Outcome::Forgotten(at));
    }
    if let Some(left) = subscribers::left(tx, Some(&hash))?.last() {
        return Ok(Outcome::Left(left.at));
    }
    let new = NewSubscriber {
        mailbox,
        address: one.address,
        standing: Standing::Active,
        series: one.series,
        topics: one.topics,
        keywords: one.keywords,
        since: now,
        consent: Consent {
            origin: "import".to_owned(),
            reason: one.reason,
            requested_at: now,
            confirmed_at: Some(now),
        },
    };
    Ok(insert(tx, tokens, &new)?.map_or(Outcome::Known(Standing::Active), Outcome::Added))
}
