//! What of sending outlives a drain and a reload of the config.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::sync::Mutex;

use crate::deliver::SendError;
use crate::model::{Claim, DigestId, Ended, State, SubscriberId, Timestamp};
use crate::outbox::{self as rules, Served};
use crate::store::mail_news::News;

/// What of sending outlives a drain and a reload of the config.
pub(in crate::pipeline) struct Sender {
    /// Names this process in its claims; no two processes have the same.
    pub(super) incarnation: i64,
    /// Only one drain exists at a time: who holds it owns every claim.
    pub(super) only_drain: Mutex<()>,
    pub(super) commit: Arc<GroupCommit>,
    served: std::sync::Mutex<Served>,
    /// By digest, how many of its messages in a row were refused for what they say.
    refused: std::sync::Mutex<BTreeMap<DigestId, usize>>,
}

impl Sender {
    pub(in crate::pipeline) fn new() -> Self {
        let mut bytes = i64::from(std::process::id()).to_be_bytes();
        // Without chance the process number must do: the lock file keeps others away.
        let _ = getrandom::fill(&mut bytes);
        Self {
            incarnation: i64::from_be_bytes(bytes),
            only_drain: Mutex::default(),
            commit: Arc::default(),
            served: std::sync::Mutex::new(Served::UNKNOWN),
            refused: std::sync::Mutex::default(),
        }
    }

    pub(super) fn served(&self) -> MutexGuard<'_, Served> {
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message of a digest was refused for what it says, or was not. Returns whether the rest
    /// of the digest is to be held.
    pub(super) fn is_refused_whole(&self, digest: Option<&DigestId>, is_refused: bool) -> bool {
        let Some(digest) = digest else { return false };
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if !is_refused {
            refused.remove(digest);
            return false;
        }
        let in_a_row = refused.entry(digest.clone()).or_default();
        *in_a_row += 1;
        let holds = rules::holds_digest(*in_a_row);
        if holds {
            refused.remove(digest);
        }
        holds
    }
}

/// What an attempt came to.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// An attempt has ended.
    Settled {
        claim: Claim,
        subscriber: Option<SubscriberId>,
        state: State,
        ended: Option<Ended>,
        error: Option<SendError>,
        /// What the admin should hear of it.
        news: Option<News>,
    },
    /// The rest of a digest is not to be sent as it is.
    DigestHeld { digest: DigestId, since: Timestamp, why: String },
    /// There was no attempt.
    GivenBack { claim: Claim, why: Option<String> },
    /// The channel is at fault.
    Paused { claim: Claim, why: String, needs_operator: bool, settings: rules::Settings },
}

/// Commits the results of all attempts of this process.
#[derive(Default)]
pub(in crate::pipeline) struct GroupCommit {
    pub(super) pending: std::sync::Mutex<Pending>,
    /// The task that holds it writes all pending results in one transaction.
    pub(super) commit_lock: Mutex<Committed>,
    /// Whether results cannot be written just now.
    pub(super) is_stuck: AtomicBool,
}

#[derive(Default)]
pub(super) struct Pending {
    pub(super) outcomes: VecDeque<Outcome>,
    /// How many there ever were: the number of the next one.
    pub(super) count: u64,
}

#[derive(Default)]
pub(super) struct Committed {
    /// Outcomes up to this number are committed.
    pub(super) upto: u64,
    /// What the writer learnt for others, by their number.
    pub(super) suspended: Vec<u64>,
}
