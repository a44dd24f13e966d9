//! Writes down what became of messages. Each hand waits until its note is
//! committed and synced, before it begins the next message; notes that wait at
//! the same time share one commit, since the sync is what costs.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Mutex;

use super::super::{Context, PipelineError};
use super::write_down;
use crate::deliver::SendError;
use crate::model::{MailKind, OutboxEntry, OutboxId, Retry, State, SubscriberId, Timestamp};
use crate::outbox as rules;
use crate::store::outbox;

/// Between two tries to write while the disk is full or the database locked.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// What became of a message.
#[derive(Debug, Clone)]
pub(super) enum Note {
    /// An attempt has ended.
    Settled {
        id: OutboxId,
        subscriber: Option<SubscriberId>,
        state: State,
        error: Option<SendError>,
        /// When it was frozen, if it grew too old and the admin should hear of it.
        given_up: Option<Timestamp>,
    },
    /// There was no attempt.
    GivenBack { id: OutboxId, why: Option<String> },
    /// The channel is at fault.
    Paused { id: OutboxId, why: String, needs_operator: bool, settings: rules::Settings },
}

/// The clerk of one drain.
pub(super) struct Clerk<'a> {
    ctx: &'a Context,
    tray: std::sync::Mutex<Tray>,
    /// Who holds it writes for all whose notes lie in the tray.
    pen: Mutex<Written>,
}

#[derive(Default)]
struct Tray {
    notes: VecDeque<Note>,
    /// How many were ever laid down: the number of the next one.
    laid: u64,
}

#[derive(Default)]
struct Written {
    /// Notes up to this number are committed.
    upto: u64,
    /// What the writer learnt for others, by their number.
    suspended: Vec<u64>,
}

impl<'a> Clerk<'a> {
    pub(super) fn new(ctx: &'a Context) -> Self {
        Self { ctx, tray: std::sync::Mutex::default(), pen: Mutex::default() }
    }

    /// Writes the end of an attempt. Answers whether it suspended the subscriber.
    pub(super) async fn settle(
        &self,
        entry: &OutboxEntry,
        state: State,
        error: Option<SendError>,
    ) -> Result<bool, PipelineError> {
        let (id, subscriber) = (entry.id, entry.subscriber);
        // A notice that reached nobody must not make another notice.
        let is_old = matches!(state, State::Dead { .. })
            && entry.kind != MailKind::Notice
            && error.as_ref().is_some_and(|error| error.retry() != Retry::Never);
        let given_up = is_old.then_some(entry.created);
        self.write(Note::Settled { id, subscriber, state, error, given_up }).await
    }

    /// Gives a message back that was not tried.
    pub(super) async fn give_back(
        &self,
        id: OutboxId,
        why: Option<String>,
    ) -> Result<(), PipelineError> {
        self.write(Note::GivenBack { id, why }).await.map(|_| ())
    }

    /// Gives a message back because nothing can be sent. Answers until when.
    pub(super) async fn pause(
        &self,
        entry: &OutboxEntry,
        why: String,
        needs_operator: bool,
        now: Timestamp,
        settings: rules::Settings,
    ) -> Result<Timestamp, PipelineError> {
        self.write(Note::Paused { id: entry.id, why, needs_operator, settings }).await?;
        let pause = self.ctx.store.read(outbox::pause).await?;
        Ok(pause.map_or(now, |pause| pause.until))
    }

    async fn write(&self, note: Note) -> Result<bool, PipelineError> {
        let own = {
            let mut tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
            tray.notes.push_back(note);
            tray.laid += 1;
            tray.laid
        };
        let mut written = self.pen.lock().await;
        if written.upto < own {
            let batch: Vec<Note> = {
                let tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
                tray.notes.iter().cloned().collect()
            };
            let suspends = self.commit(&batch).await?;
            let first = written.upto + 1;
            written.suspended.extend(
                (first..).zip(&suspends).filter(|(_, suspends)| **suspends).map(|(n, _)| n),
            );
            written.upto += batch.len() as u64;
            // Only now: a failed commit leaves them for the next one to try.
            let mut tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
            tray.notes.drain(..batch.len());
        }
        let before = written.suspended.len();
        written.suspended.retain(|number| *number != own);
        Ok(written.suspended.len() < before)
    }

    /// While the disk is full nothing else is sent: a 250 that is forgotten
    /// would be a second mail.
    async fn commit(&self, batch: &[Note]) -> Result<Vec<bool>, PipelineError> {
        let mut is_told = false;
        loop {
            let notes = batch.to_vec();
            let (now, tokens) = (self.ctx.clock.now(), self.ctx.tokens.clone());
            let written = self
                .ctx
                .store
                .write(move |tx| {
                    notes.iter().map(|note| write_down(tx, &tokens, note, now)).collect()
                })
                .await;
            match written {
                Ok(suspends) => {
                    if is_told {
                        tracing::info!("what was sent is recorded again, sending goes on");
                    }
                    return Ok(suspends);
                }
                Err(fault) if fault.retry() == Retry::Later => {
                    if !std::mem::replace(&mut is_told, true) {
                        tracing::error!(error = %fault, messages = batch.len(),
                            "what was sent cannot be recorded; nothing else is sent until it is");
                    }
                    tokio::time::sleep(TRY_AGAIN).await;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }
}
