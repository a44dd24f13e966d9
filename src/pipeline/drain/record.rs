//! Writes the result of one attempt.

use std::time::Duration;

use super::super::intake;
use super::sender::Outcome;
use crate::model::{State, Timestamp};
use crate::outbox as rules;
use crate::store::mail_news::{self, News, What};
use crate::store::outbox::{self, Chosen, Move, Pause};
use crate::store::{StoreError, Transaction, nested};
use crate::subscriber::token::Tokens;

/// Longest rest after a fault that is not the message's.
const REST: Duration = Duration::from_mins(30);

/// Writes one outcome. Returns whether a subscriber was suspended by it. Fails
/// only if the state of the message cannot be written.
pub(super) fn record(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match outcome {
        Outcome::Settled { claim, subscriber, state, ended, error, news } => {
            let text = error.as_ref().map(ToString::to_string);
            outbox::settle(tx, *claim, *state, *ended, text.as_deref(), now)?;
            // What follows from it may fail on its own: a 250 must not wait for a note.
            let consequences = nested(tx, || {
                if let (State::Sent { .. }, Some(pause)) = (state, outbox::pause(tx)?) {
                    end_rest(tx, pause, now)?;
                }
                if let Some(news) = news {
                    mail_news::add(tx, news)?;
                }
                match (subscriber, error) {
                    (Some(subscriber), Some(error)) => {
                        intake::refused(tx, tokens, *subscriber, claim.id, error, now)
                    }
                    _ => Ok(false),
                }
            })?;
            Ok(consequences.unwrap_or_else(|fault: StoreError| {
                tracing::error!(error = %fault, "a returned message could not be counted");
                false
            }))
        }
        Outcome::DigestHeld { digest, since, why } => {
            let rest = Chosen { digest: Some(digest.clone()), ..Chosen::default() };
            let messages = outbox::move_chosen(tx, &rest, Move::Hold, now)? as u64;
            let (what, since) = (What::Refused, (*since).min(now));
            let reason = format!("{digest} is held: {why}");
            mail_news::add(tx, &News { what, since, until: now, messages, reason })?;
            Ok(false)
        }
        Outcome::GivenBack { claim, why } => {
            outbox::give_back(tx, *claim, why.as_deref(), now)?;
            Ok(false)
        }
        Outcome::Paused { claim, why, needs_operator, settings } => {
            outbox::give_back(tx, *claim, Some(why), now)?;
            rest(tx, why, *needs_operator, settings, now)?;
            Ok(false)
        }
    }
}

/// Lets all sending rest, longer with each fault in a row.
fn rest(
    tx: &Transaction<'_>,
    why: &str,
    needs_operator: bool,
    settings: &rules::Settings,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = outbox::pause(tx)?;
    // Attempts that met the same fault at once count it once.
    if before.as_ref().is_some_and(|pause| holds(pause, now)) {
        return Ok(());
    }
    let failures = before.as_ref().map_or(0, |pause| pause.failures).saturating_add(1);
    let pause = Pause {
        since: before.as_ref().map_or(now, |pause| pause.since.min(now)),
        until: now.after(rules::pause(failures, settings).min(REST)),
        failures,
        needs_operator: needs_operator || before.is_some_and(|pause| pause.needs_operator),
        reason: why.to_owned(),
    };
    outbox::set_pause(tx, Some(&pause))
}

/// Ends the rest, as a message went out again. The admin hears of it now: while it lasted
/// no mail would have reached them.
fn end_rest(tx: &Transaction<'_>, pause: Pause, now: Timestamp) -> Result<(), StoreError> {
    outbox::set_pause(tx, None)?;
    if rules::is_worth_telling(now.since(pause.since), pause.needs_operator) {
        // The one that has just gone out had waited, too.
        let messages = outbox::count_waiting(tx)? + 1;
        let (since, reason) = (pause.since, pause.reason);
        mail_news::add(tx, &News { what: What::Rest, since, until: now, messages, reason })?;
    }
    Ok(())
}

/// Returns whether a pause still runs. One that lies further ahead than any can was
/// written by a clock that has been set back since.
pub(super) fn holds(pause: &Pause, now: Timestamp) -> bool {
    pause.until > now && pause.until <= now.after(REST)
}
