//! Freeze a message: the one way into the outbox, whatever kind of mail it is.

use crate::model::{DigestId, Envelope, SubscriberId};
use crate::store::bodies::Bytes;
use crate::store::outbox::{self, NewMessage};
use crate::store::{StoreError, Transaction};

/// Puts the bytes into the outbox with their hash, which stays when they go.
/// Nothing happens if the same message is there already.
pub(super) fn freeze(
    tx: &Transaction<'_>,
    envelope: &Envelope,
    bytes: Bytes<'_>,
    digest: Option<&DigestId>,
    subscriber: Option<SubscriberId>,
) -> Result<(), StoreError> {
    outbox::insert(
        tx,
        &NewMessage {
            kind: envelope.kind,
            digest,
            subscriber,
            recipient: &envelope.recipient,
            sender: &envelope.sender,
            message_id: &envelope.message_id,
            bytes,
            created: envelope.date,
        },
    )?;
    Ok(())
}
