//! Send what is due: claim, send with nothing held, settle. docs/QUEUE.md
//! carries the table of what a crash leaves at each step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::Mutex;

use super::{Context, PipelineError, Plan};
use crate::model::{DigestId, OutboxEntry, Retry, State, Timestamp};
use crate::outbox::{self as rules, Attempt};
use crate::store::outbox;

/// Messages claimed at once for each connection: few, so that what someone who
/// leaves still waits for is not already in a hand.
const CLAIM_PER_CONNECTION: usize = 16;

/// Longest rest after a fault that is not the message's.
const REST: Duration = Duration::from_mins(5);

/// What a drain did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Taken by the other side.
    pub sent: usize,
    /// To be tried again.
    pub deferred: usize,
    /// Given up.
    pub dead: usize,
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
    while !stop() && report.paused.is_none() {
        let claimed = claim(ctx, connections * CLAIM_PER_CONNECTION).await?;
        if claimed.is_empty() {
            break;
        }
        send_all(ctx, plan, claimed, connections, stop, &mut report).await?;
    }
    Ok(report)
}

/// What a crash left in somebody's hand is due again, with the same bytes.
pub async fn sweep(ctx: &Context) -> Result<usize, PipelineError> {
    let now = ctx.clock.now();
    Ok(ctx.store.write(move |tx| outbox::sweep(tx, now)).await?)
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

async fn claim(ctx: &Context, limit: usize) -> Result<Vec<OutboxEntry>, PipelineError> {
    let now = ctx.clock.now();
    Ok(ctx.store.write(move |tx| outbox::claim(tx, now, limit)).await?)
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
    let hand = || async {
        loop {
            let Some(entry) = queue.lock().await.next() else { return Ok(()) };
            let paused = shared.lock().await.paused.clone();
            if stop() || paused.is_some() {
                give_back(ctx, &entry, paused).await?;
                continue;
            }
            let settled = send_one(ctx, plan, entry).await?;
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
    Dead,
    Paused(Timestamp, String),
}

impl DrainReport {
    fn add(&mut self, settled: Settled) {
        match settled {
            Settled::Sent => self.sent += 1,
            Settled::Deferred => self.deferred += 1,
            Settled::Dead => self.dead += 1,
            Settled::Paused(until, why) => self.paused = Some((until, why)),
        }
    }
}

async fn send_one(
    ctx: &Context,
    plan: &Plan,
    entry: OutboxEntry,
) -> Result<Settled, PipelineError> {
    let result =
        ctx.channel.send(&entry.sender, &entry.recipient, &entry.message_id, &entry.payload).await;
    let now = ctx.clock.now();
    let (state, error) = match result {
        Ok(()) => (rules::after_success(now), None),
        // Nobody would fare better: the message goes back uncounted, unless it is too old.
        Err(error) if error.pauses_all() && now < entry.created.after(plan.mail.outbox.give_up) => {
            let until = now.after(rules::pause(1, &plan.mail.outbox).min(REST));
            let why = match error.hint() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            };
            give_back(ctx, &entry, Some((until, why.clone()))).await?;
            return Ok(Settled::Paused(until, why));
        }
        Err(error) => {
            let attempt =
                Attempt { id: &entry.message_id, created: entry.created, attempts: entry.attempts };
            let state = rules::after_failure(&attempt, error.retry(), now, &plan.mail.outbox);
            (state, Some(error.to_string()))
        }
    };
    record(ctx, &entry, state, error).await?;
    Ok(match state {
        State::Sent { .. } => Settled::Sent,
        State::Dead { .. } => Settled::Dead,
        _ => Settled::Deferred,
    })
}

/// Writes what became of a message before the next one is begun. While the disk
/// is full nothing else is sent: a 250 that is forgotten would be a second mail.
async fn record(
    ctx: &Context,
    entry: &OutboxEntry,
    state: State,
    error: Option<String>,
) -> Result<(), PipelineError> {
    let id = entry.id;
    loop {
        let error = error.clone();
        match ctx.store.write(move |tx| outbox::settle(tx, id, state, error.as_deref())).await {
            Ok(()) => return Ok(()),
            Err(fault) if fault.retry() == Retry::Later => {
                tracing::error!(message.id = %entry.message_id, error = %fault,
                    "a sent message cannot be recorded; nothing else is sent until it is");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(fault) => return Err(fault.into()),
        }
    }
}

async fn give_back(
    ctx: &Context,
    entry: &OutboxEntry,
    paused: Option<(Timestamp, String)>,
) -> Result<(), PipelineError> {
    let id = entry.id;
    let now = ctx.clock.now();
    let (until, why) = paused.unwrap_or((now, "the service was asked to stop".to_owned()));
    Ok(ctx.store.write(move |tx| outbox::give_back(tx, id, until, &why)).await?)
}
