//! Becoming a subscriber and leaving.

use super::{Context, PipelineError};
use crate::model::{Consent, SeriesId, Standing, SubscriberId, TopicId};
use crate::store::subscribers::{self, NewSubscriber};
use crate::store::{StoreError, Transaction, outbox};
use crate::subscriber::address;
use crate::subscriber::token::{self, Tokens};

/// Subscribes an address on the operator's word; `reason` is kept as the
/// consent's source. Answers nothing if the address is subscribed already.
pub async fn subscribe(
    ctx: &Context,
    recipient: &str,
    series: Vec<SeriesId>,
    topics: Vec<TopicId>,
    reason: &str,
) -> Result<Option<SubscriberId>, PipelineError> {
    let now = ctx.clock.now();
    let new = NewSubscriber {
        address: address::parse(recipient)?,
        standing: Standing::Active,
        series,
        topics,
        since: now,
        consent: Consent {
            origin: "operator".to_owned(),
            reason: reason.to_owned(),
            requested_at: now,
            confirmed_at: Some(now),
        },
    };
    let tokens = ctx.tokens.clone();
    Ok(ctx.store.write(move |tx| insert(tx, &tokens, &new)).await?)
}

fn insert(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    new: &NewSubscriber,
) -> Result<Option<SubscriberId>, StoreError> {
    let Some(id) = subscribers::insert(tx, new)? else { return Ok(None) };
    let unsubscribe = token::hash(&tokens.unsubscribe(id));
    let settings = token::hash(&tokens.settings(id));
    subscribers::set_token_hashes(tx, id, &unsubscribe, &settings)?;
    Ok(Some(id))
}

/// They leave: the address is erased and what waits for them is not sent, at
/// once and together. Answers false if they had left before.
pub async fn leave(
    ctx: &Context,
    id: SubscriberId,
    by: &'static str,
) -> Result<bool, PipelineError> {
    let now = ctx.clock.now();
    let left = ctx
        .store
        .write(move |tx| {
            let left = subscribers::leave(tx, id, now, by)?;
            outbox::cancel_for(tx, id, now)?;
            Ok(left)
        })
        .await?;
    Ok(left)
}
