//! One attempt: look again, send, settle.

use std::sync::Arc;
use std::time::Duration;

use super::super::{Context, PipelineError, Plan};
use super::sender::Sender;
use crate::deliver::{Outgoing, SendError};
use crate::model::{BoxFuture, Ended, MailKind, OutboxEntry, Retry, State, Timestamp};
use crate::outbox::{self as rules, Attempt};
use crate::store::mail_news::{News, What};
use crate::store::outbox;

/// A channel that has not answered by then never will: each of its steps has a
/// shorter limit of its own. By tokio's clock, which is monotonic.
const LONGEST_ATTEMPT: Duration = Duration::from_hours(1);

/// What an attempt came to, for the report.
pub(super) enum Settled {
    Sent,
    Deferred,
    Dead {
        suspends: bool,
    },
    /// It was not tried, or not to its end.
    Untouched,
    /// The other side serves no more connections than it has; it was given back.
    Crowded,
    /// All sending rests until then, for this reason.
    Paused(Timestamp, String),
}

/// Sends one claimed message and records the result. `is_alone` says whether no
/// other attempt runs.
pub(super) async fn send_one(
    sender: &Sender,
    ctx: &Context,
    plan: &Plan,
    entry: &OutboxEntry,
    is_alone: impl Fn() -> bool,
) -> Result<Settled, PipelineError> {
    let commit = &sender.commit;
    if !may_go(sender, ctx, entry).await {
        commit.give_back(ctx, entry.claim, None).await?;
        return Ok(Settled::Untouched);
    }
    let result = send(sender, ctx, entry).await;
    let now = ctx.clock.now();
    let settings = &plan.mail.settings.outbox;
    let error = match result {
        Ok(()) => {
            sender.is_refused_whole(entry.digest.as_ref(), false);
            commit.settle(ctx, entry, rules::after_success(now), None, None, None).await?;
            return Ok(Settled::Sent);
        }
        Err(SendError::Withdrawn) => {
            commit.give_back(ctx, entry.claim, None).await?;
            return Ok(Settled::Untouched);
        }
        Err(error) => error,
    };
    if error.is_crowded() && !is_alone() {
        commit.give_back(ctx, entry.claim, Some(error.to_string())).await?;
        return Ok(Settled::Crowded);
    }
    // Nobody would fare better: the message goes back uncounted, unless it is too old.
    if error.pauses_all() && now < born(entry, now).after(settings.give_up) {
        let why = match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        };
        let needs_operator = error.needs_the_operator();
        let until = commit.pause(ctx, entry.claim, why.clone(), needs_operator, *settings).await?;
        return Ok(Settled::Paused(until, why));
    }
    let attempt =
        Attempt { id: &entry.message_id, created: born(entry, now), attempts: entry.attempts };
    let refuses_text = error.refuses_the_text();
    let state = if refuses_text {
        rules::after_refused_text(&attempt, now, settings)
    } else {
        rules::after_failure(&attempt, error.retry(), now, settings)
    };
    if refuses_text && sender.is_refused_whole(entry.digest.as_ref(), true) {
        commit.hold_digest(ctx, entry, error.to_string()).await?;
    }
    let State::Dead { .. } = state else {
        commit.settle(ctx, entry, state, None, Some(error), None).await?;
        return Ok(Settled::Deferred);
    };
    let is_refused = error.retry() == Retry::Never;
    let kind = if is_refused { "refused for good" } else { "too old" };
    tracing::warn!(message.id = %entry.message_id, attempts = entry.attempts, %error,
        "{} is given up, {kind}: {error}", entry.message_id);
    let ended = if is_refused { Ended::Refused } else { Ended::Expired };
    let news = news(entry, &error, now);
    let suspends = commit.settle(ctx, entry, state, Some(ended), Some(error), news).await?;
    Ok(Settled::Dead { suspends })
}

/// Returns what the admin should hear of a message that is given up. A notice that
/// reached nobody must not make another notice, and a mailbox that does not
/// exist is its reader's.
fn news(entry: &OutboxEntry, error: &SendError, now: Timestamp) -> Option<News> {
    let what = match error.retry() {
        _ if entry.kind == MailKind::Notice => return None,
        Retry::Never if error.refuses_the_text() => What::Refused,
        Retry::Never => return None,
        _ => What::GivenUp,
    };
    let reason = error.to_string();
    Some(News { what, since: born(entry, now), until: now, messages: 1, reason })
}

/// Returns when the message was frozen, or now if its clock was ahead of ours.
fn born(entry: &OutboxEntry, now: Timestamp) -> Timestamp {
    entry.created.min(now)
}

async fn send(sender: &Sender, ctx: &Context, entry: &OutboxEntry) -> Result<(), SendError> {
    let (store, claim, commit) = (ctx.store.clone(), entry.claim, Arc::clone(&sender.commit));
    let gate = move || -> BoxFuture<'static, bool> {
        let (store, commit) = (store.clone(), Arc::clone(&commit));
        Box::pin(async move {
            !commit.is_stuck()
                && store.read(move |tx| outbox::may_go(tx, claim)).await.unwrap_or(false)
        })
    };
    let mail = Outgoing {
        sender: &entry.sender,
        recipient: &entry.recipient,
        message_id: &entry.message_id,
        payload: &entry.payload,
    };
    let sending = ctx.channel.send_through(mail, &gate);
    let unknown = || SendError::Unknown { reason: "no answer for an hour".to_owned() };
    tokio::time::timeout(LONGEST_ATTEMPT, sending).await.unwrap_or_else(|_| Err(unknown()))
}

async fn may_go(sender: &Sender, ctx: &Context, entry: &OutboxEntry) -> bool {
    let claim = entry.claim;
    !sender.commit.is_stuck()
        && ctx.store.read(move |tx| outbox::may_go(tx, claim)).await.unwrap_or(false)
}
