//! Records results of attempts. Each attempt waits until its result is
//! committed and synced before the same connection begins the next message;
//! results that wait at the same time share one commit, since the sync is what
//! costs.
//!
//! The results outlive the drain that brought them: a 250 that cannot be
//! recorded stays in memory, and no drain claims anything before it is.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::super::{Context, PipelineError};
use super::record::record;
use super::sender::{Committed, GroupCommit, Outcome};
use crate::deliver::SendError;
use crate::model::{Claim, Ended, OutboxEntry, Retry, State, Timestamp};
use crate::outbox as rules;
use crate::store::mail_news::News;
use crate::store::outbox;

/// Between two tries to write while the disk is full or the database locked.
const TRY_AGAIN: Duration = Duration::from_secs(1);

impl GroupCommit {
    /// Returns whether something that happened cannot be written just now.
    pub(super) fn is_stuck(&self) -> bool {
        self.is_stuck.load(Ordering::Acquire)
    }

    /// Records the end of an attempt. Returns whether it suspended the subscriber.
    pub(super) async fn settle(
        &self,
        ctx: &Context,
        entry: &OutboxEntry,
        state: State,
        ended: Option<Ended>,
        error: Option<SendError>,
        news: Option<News>,
    ) -> Result<bool, PipelineError> {
        let (claim, subscriber) = (entry.claim, entry.subscriber);
        let outcome = Outcome::Settled { claim, subscriber, state, ended, error, news };
        self.write(ctx, outcome).await
    }

    /// Holds what is yet to be sent of the digest of `entry`, also `entry` itself.
    pub(super) async fn hold_digest(
        &self,
        ctx: &Context,
        entry: &OutboxEntry,
        why: String,
    ) -> Result<(), PipelineError> {
        let Some(digest) = entry.digest.clone() else { return Ok(()) };
        tracing::error!(digest.id = %digest,
            "the rest of {digest} is held, the mail server refuses what it says: {why}");
        let outcome = Outcome::DigestHeld { digest, since: entry.created, why };
        self.write(ctx, outcome).await.map(|_| ())
    }

    /// Gives a message back that was not tried.
    pub(super) async fn give_back(
        &self,
        ctx: &Context,
        claim: Claim,
        why: Option<String>,
    ) -> Result<(), PipelineError> {
        self.write(ctx, Outcome::GivenBack { claim, why }).await.map(|_| ())
    }

    /// Gives a message back because nothing can be sent. Returns until when.
    pub(super) async fn pause(
        &self,
        ctx: &Context,
        claim: Claim,
        why: String,
        needs_operator: bool,
        settings: rules::Settings,
    ) -> Result<Timestamp, PipelineError> {
        self.write(ctx, Outcome::Paused { claim, why, needs_operator, settings }).await?;
        let pause = ctx.store.read(outbox::pause).await?;
        Ok(pause.map_or(ctx.clock.now(), |pause| pause.until))
    }

    /// Writes what an earlier drain had to leave. Must run before a claim: a 250
    /// that is not recorded would be sent again.
    pub(super) async fn flush(&self, ctx: &Context) {
        let mut committed = self.commit_lock.lock().await;
        self.write_pending(ctx, &mut committed).await;
    }

    async fn write(&self, ctx: &Context, outcome: Outcome) -> Result<bool, PipelineError> {
        let own = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.outcomes.push_back(outcome);
            pending.count += 1;
            pending.count
        };
        let mut committed = self.commit_lock.lock().await;
        if committed.upto < own {
            self.write_pending(ctx, &mut committed).await;
        }
        let before = committed.suspended.len();
        committed.suspended.retain(|number| *number != own);
        Ok(committed.suspended.len() < before)
    }

    /// Writes all that is pending, however long that takes: what is forgotten
    /// would be a second mail.
    async fn write_pending(&self, ctx: &Context, committed: &mut Committed) {
        let batch: Vec<Outcome> = {
            let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.outcomes.iter().cloned().collect()
        };
        if batch.is_empty() {
            return;
        }
        loop {
            let outcomes = batch.clone();
            let (now, tokens) = (ctx.clock.now(), ctx.tokens.clone());
            let written: Result<Vec<bool>, _> = ctx
                .store
                .write(move |tx| {
                    outcomes.iter().map(|outcome| record(tx, &tokens, outcome, now)).collect()
                })
                .await;
            match written {
                Ok(suspends) => {
                    if self.is_stuck.swap(false, Ordering::AcqRel) {
                        tracing::info!("what was sent is recorded again, sending goes on");
                    }
                    let first = committed.upto + 1;
                    let numbered = (first..).zip(&suspends).filter(|(_, suspends)| **suspends);
                    committed.suspended.extend(numbered.map(|(number, _)| number));
                    committed.upto += batch.len() as u64;
                    let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
                    pending.outcomes.drain(..batch.len());
                    return;
                }
                Err(fault) => {
                    // Whatever the fault is (a full disk, a quota, a read-only file
                    // system, a bad sector): the 250 happened.
                    if !self.is_stuck.swap(true, Ordering::AcqRel) {
                        let passes = fault.retry() == Retry::Later;
                        let fault = anyhow::Error::new(fault);
                        tracing::error!(
                            messages = batch.len(),
                            passes,
                            "what was sent cannot be recorded ({fault:#}); nothing else is sent until it is"
                        );
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
            }
        }
    }
}
