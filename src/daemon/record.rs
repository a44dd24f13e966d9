//! The lock, and what the daemon says of itself in its file.

use std::sync::{Mutex, PoisonError};

use super::lock::Lock;
use crate::model::Timestamp;
use crate::pipeline::VERSION;
use crate::pipeline::presence::Presence;

/// The lock, and what the daemon says in its file.
pub(crate) struct Record(Mutex<(Lock, Presence)>);

impl Record {
    /// Says that the daemon starts.
    pub(super) fn begin(lock: Lock, now: Timestamp) -> Self {
        let presence = Presence::begin(lock.before(), std::process::id(), VERSION, now);
        let record = Self(Mutex::new((lock, presence)));
        record.say(|_| {});
        record
    }

    /// Changes what is said.
    pub(super) fn say(&self, change: impl FnOnce(&mut Presence)) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (lock, presence) = &mut *inner;
        change(presence);
        if let Err(error) = lock.say(presence) {
            tracing::debug!(%error, "the lock file cannot be written");
        }
    }
}
