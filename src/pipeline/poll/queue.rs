//! The queue before the writer: results wait for room, so that a slow disk slows the requests.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::polled::Polled;

/// Items that may wait for the writer. A document that does not fit keeps its
/// request permit, so that a slow disk slows the requests and not the memory's
/// growth. What brought no item takes no room and waits for nobody.
pub(super) const ROOM: usize = 1024;

/// A polled source, and its room before the writer.
pub(super) type Waiting = (Polled, Option<OwnedSemaphorePermit>);

/// The queue before the writer.
pub(super) struct Writer {
    pub(super) results: mpsc::UnboundedSender<Waiting>,
    /// Room for items. Never more results are sent than there are sources.
    pub(super) room: Arc<Semaphore>,
}

impl Writer {
    /// Waits for room and hands the result over. If nobody takes it the pass was
    /// dropped at shutdown: then nothing is committed, and the source is asked
    /// again.
    pub(super) async fn hand_over(&self, polled: Polled) {
        let room = match u32::try_from(polled.items().min(ROOM)) {
            Ok(0) | Err(_) => None,
            // Never closed; were it, sending would be right all the same.
            Ok(items) => Arc::clone(&self.room).acquire_many_owned(items).await.ok(),
        };
        let _ = self.results.send((polled, room));
    }
}
