//! Send what is due: claim, send with nothing held, settle. docs/QUEUE.md
//! carries the table of what a crash leaves at each step.

mod clerk;
mod pace;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Mutex;

use self::clerk::{Clerk, Note};
pub(super) use self::pace::Pace;
use super::{Context, PipelineError, Plan, intake};
use crate::deliver::SendError;
use crate::model::{DigestId, OutboxEntry, OutboxId, Retry, State, Timestamp};
use crate::outbox::{self as rules, Attempt};
use crate::store::mail_news::{self, News, What};
use crate::store::outbox::{self, Pause};
use crate::store::{StoreError, Transaction};
use crate::subscriber::token::Tokens;

/// Messages claimed at once for each connection: few, so that what someone who
/// leaves still waits for is not already in a hand.
const CLAIM_PER_CONNECTION: usize = 16;

/// A claim that is older is nobody's. A hand lays a message down unsent after
/// half of it and waits for an answer no longer than the other half, so that
/// two can never hold the same one.
const LEASE: Duration = Duration::from_hours(2);

/// Longest rest after a fault that is not the message's.
const REST: Duration = Duration::from_mins(30);

/// What a drain did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Taken by the other side.
    pub sent: usize,
    /// To be tried again.
    pub deferred: usize,
    /// Given up.
    pub dead: usize,
    /// Subscribers that get nothing more because their mail was refused too often.
    pub suspended: usize,
    /// The channel itself is at fault: everything rests until then, for this reason.
    pub paused: Option<(Timestamp, String)>,
}

/// Sends everything that is due and comes back when nothing is, when the
/// channel is at fault, or when `stop` says so between two messages.
pub async fn drain(
    ctx: &Context,
    plan: &Arc<Plan>,
    stop: &(dyn Fn() -> bool + Send + Sync),
) -> Result<DrainReport, PipelineError> {
    let mut report = DrainReport::default();
    let connections = plan.mail.connections.max(1);
    let now = ctx.clock.now();
    if let Some(pause) = ctx.store.read(outbox::pause).await?
        && holds(&pause, now)
    {
        report.paused = Some((pause.until, pause.reason));
        return Ok(report);
    }
    while !stop() && report.paused.is_none() {
        let claimed = claim(ctx, connections * CLAIM_PER_CONNECTION).await?;
        if claimed.is_empty() {
            break;
        }
        let (go, wait) = ctx.pace.part(claimed, plan.mail.domain_per_minute, ctx.clock.now());
        if !wait.is_empty() {
            ctx.store.write(move |tx| wait_for_turns(tx, &wait)).await?;
        }
        send_all(ctx, plan, go, connections, stop, &mut report).await?;
    }
    Ok(report)
}

/// What a crash left in somebody's hand is due again, with the same bytes. Only
/// for who has just taken the lock: then no other hand lives.
pub async fn sweep(ctx: &Context) -> Result<usize, PipelineError> {
    let now = ctx.clock.now();
    Ok(ctx.store.write(move |tx| end_leases(tx, true, now)).await?)
}

/// The fault may be mended (a start, a new config, the operator's word): the
/// next drain tries. If it is not, the rest after that is longer, not shorter.
pub async fn resume(ctx: &Context) -> Result<(), PipelineError> {
    let now = ctx.clock.now();
    let resume = move |tx: &Transaction<'_>| match outbox::pause(tx)? {
        Some(pause) if pause.until > now => {
            outbox::set_pause(tx, Some(&Pause { until: now, ..pause }))
        }
        _ => Ok(()),
    };
    Ok(ctx.store.write(resume).await?)
}

/// When the next message is due; none if nothing waits.
pub async fn next_mail(ctx: &Context) -> Result<Option<Timestamp>, PipelineError> {
    Ok(ctx.store.read(outbox::next_due).await?)
}

/// How many messages of a digest stand where.
pub async fn delivery_of(
    ctx: &Context,
    digest: Option<&DigestId>,
) -> Result<BTreeMap<String, u64>, PipelineError> {
    let Some(digest) = digest.cloned() else { return Ok(BTreeMap::new()) };
    let counted = ctx.store.read(move |tx| outbox::count_by_state(tx, Some(&digest))).await?;
    Ok(counted.into_iter().collect())
}

/// Whether a pause still runs. One that lies further ahead than any can was
/// written by a clock that has been set back since.
fn holds(pause: &Pause, now: Timestamp) -> bool {
    pause.until > now && pause.until <= now.after(REST)
}

fn end_leases(
    tx: &Transaction<'_>,
    holder_is_gone: bool,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut ended = 0;
    for (id, since) in outbox::claimed(tx)? {
        if let Some(State::Deferred { until }) =
            rules::after_claim(since, LEASE, holder_is_gone, now)
        {
            outbox::end_lease(tx, id, until)?;
            ended += 1;
        }
    }
    Ok(ended)
}

async fn claim(ctx: &Context, limit: usize) -> Result<Vec<OutboxEntry>, PipelineError> {
    let now = ctx.clock.now();
    let claimed = ctx
        .store
        .write(move |tx| {
            end_leases(tx, false, now)?;
            outbox::claim(tx, now, limit)
        })
        .await?;
    Ok(claimed)
}

fn wait_for_turns(tx: &Transaction<'_>, wait: &[(OutboxId, Timestamp)]) -> Result<(), StoreError> {
    wait.iter().try_for_each(|(id, turn)| outbox::wait_for_turn(tx, *id, *turn))
}

async fn send_all(
    ctx: &Context,
    plan: &Arc<Plan>,
    claimed: Vec<OutboxEntry>,
    connections: usize,
    stop: &(dyn Fn() -> bool + Send + Sync),
    report: &mut DrainReport,
) -> Result<(), PipelineError> {
    let queue = Mutex::new(claimed.into_iter());
    let shared = Mutex::new(std::mem::take(report));
    let clerk = Clerk::new(ctx);
    let hand = || async {
        loop {
            let Some(entry) = queue.lock().await.next() else { return Ok(()) };
            let paused = shared.lock().await.paused.clone();
            let settled = if stop() || paused.is_some() {
                clerk.give_back(entry.id, paused.map(|(_, why)| why)).await?;
                Settled::Untouched
            } else {
                send_one(ctx, plan, &clerk, entry).await?
            };
            shared.lock().await.add(settled);
        }
    };
    let hands: Vec<_> = (0..connections).map(|_| hand()).collect();
    let results: Vec<Result<(), PipelineError>> = join_all(hands).await;
    *report = shared.into_inner();
    results.into_iter().collect()
}

enum Settled {
    Sent,
    Deferred,
    Dead { suspends: bool },
    Untouched,
    Paused(Timestamp, String),
}

impl DrainReport {
    fn add(&mut self, settled: Settled) {
        match settled {
            Settled::Sent => self.sent += 1,
            Settled::Deferred => self.deferred += 1,
            Settled::Dead { suspends } => {
                self.dead += 1;
                self.suspended += usize::from(suspends);
            }
            Settled::Untouched => {}
            Settled::Paused(until, why) => self.paused = Some((until, why)),
        }
    }
}

async fn send_one(
    ctx: &Context,
    plan: &Plan,
    clerk: &Clerk<'_>,
    entry: OutboxEntry,
) -> Result<Settled, PipelineError> {
    let State::Claimed { since } = entry.state else { return Ok(Settled::Untouched) };
    if ctx.clock.now() >= since.after(LEASE / 2) {
        clerk.give_back(entry.id, None).await?;
        return Ok(Settled::Untouched);
    }
    let id = entry.id;
    if !ctx.store.read(move |tx| outbox::is_claimed(tx, id, since)).await? {
        return Ok(Settled::Untouched);
    }
    let sending =
        ctx.channel.send(&entry.sender, &entry.recipient, &entry.message_id, &entry.payload);
    let result = tokio::time::timeout(LEASE / 2, sending)
        .await
        .unwrap_or_else(|_| Err(SendError::Unknown { reason: "no answer for an hour".to_owned() }));
    let now = ctx.clock.now();
    let settings = &plan.mail.outbox;
    let error = match result {
        Ok(()) => {
            clerk.settle(&entry, rules::after_success(now), None).await?;
            return Ok(Settled::Sent);
        }
        Err(error) => error,
    };
    // Nobody would fare better: the message goes back uncounted, unless it is too old.
    if error.pauses_all() && now < entry.created.after(settings.give_up) {
        let why = match error.hint() {
            Some(hint) => format!("{error}; {hint}"),
            None => error.to_string(),
        };
        let until =
            clerk.pause(&entry, why.clone(), error.needs_the_operator(), now, *settings).await?;
        return Ok(Settled::Paused(until, why));
    }
    let attempt =
        Attempt { id: &entry.message_id, created: entry.created, attempts: entry.attempts };
    let state = rules::after_failure(&attempt, error.retry(), now, settings);
    if let State::Dead { .. } = state {
        let kind = if error.retry() == Retry::Never { "refused for good" } else { "too old" };
        tracing::warn!(message.id = %entry.message_id, attempts = entry.attempts, %error,
            "{} is given up, {kind}: {error}", entry.message_id);
    }
    let suspends = clerk.settle(&entry, state, Some(error)).await?;
    Ok(match state {
        State::Dead { .. } => Settled::Dead { suspends },
        _ => Settled::Deferred,
    })
}

/// A message went out again. The admin hears of the rest now: while it lasted
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

/// Writes one note of the clerk. Answers whether a subscriber was suspended by it.
fn write_down(
    tx: &Transaction<'_>,
    tokens: &Tokens,
    note: &Note,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match note {
        Note::Settled { id, subscriber, state, error, given_up } => {
            let text = error.as_ref().map(ToString::to_string);
            outbox::settle(tx, *id, *state, text.as_deref())?;
            if let (State::Sent { .. }, Some(pause)) = (state, outbox::pause(tx)?) {
                end_rest(tx, pause, now)?;
            }
            if let Some(frozen) = given_up {
                let reason = text.unwrap_or_default();
                let (since, messages) = (*frozen, 1);
                let what = What::GivenUp;
                mail_news::add(tx, &News { what, since, until: now, messages, reason })?;
            }
            match (subscriber, error) {
                (Some(subscriber), Some(error)) => {
                    intake::refused(tx, tokens, *subscriber, *id, error, now)
                }
                _ => Ok(false),
            }
        }
        Note::GivenBack { id, why } => {
            outbox::give_back(tx, *id, why.as_deref())?;
            Ok(false)
        }
        Note::Paused { id, why, needs_operator, settings } => {
            outbox::give_back(tx, *id, Some(why))?;
            let before = outbox::pause(tx)?;
            // Hands that met the same fault at once count it once.
            if before.as_ref().is_none_or(|pause| !holds(pause, now)) {
                let failures = before.as_ref().map_or(0, |pause| pause.failures).saturating_add(1);
                let until = now.after(rules::pause(failures, settings).min(REST));
                let pause = Pause {
                    since: before.as_ref().map_or(now, |pause| pause.since.min(now)),
                    until,
                    failures,
                    needs_operator: *needs_operator
                        || before.is_some_and(|pause| pause.needs_operator),
                    reason: why.clone(),
                };
                outbox::set_pause(tx, Some(&pause))?;
            }
            Ok(false)
        }
    }
}
