//! Ask sources once, and keep what they say.
//!
//! For each source: write the attempt, ask, read, decide, tag; then what is
//! ready together is committed together, each source's items with its cursor.
//! A validator stored without its items would hide them behind a 304.

mod ask;
mod lanes;
mod read;
mod record;
mod update;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, mpsc};

use super::{Context, PipelineError, Plan, SourcePlan};
use crate::clock::Stopwatch;
use crate::model::{Condition, SourceId, SourceState, Timestamp};
use crate::store::sources;

pub(crate) use lanes::Lanes;

/// Most outcomes that one transaction takes: enough to share the sync, few
/// enough not to keep the door shut.
const BATCH: usize = 64;

/// Which sources a pass asks.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// These; none named = all that are due.
    pub named: Vec<SourceId>,
    /// Whatever their due time. Validators are sent all the same.
    pub force: bool,
}

/// What came of asking a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PollOutcome {
    /// An answer was read.
    Read,
    /// Nothing has changed since the last answer.
    Unchanged,
    /// There was no answer, or it could not be read.
    Failed,
}

impl PollOutcome {
    /// The word of `poll --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// One line of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollReport {
    /// Which source.
    pub id: SourceId,
    /// What came of it.
    pub outcome: PollOutcome,
    /// New items.
    pub new: usize,
    /// Items that say something else now.
    pub changed: usize,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// What the operator should know although it was read.
    pub notes: Vec<String>,
    /// How the source fares now.
    pub condition: Condition,
    /// How long it took.
    pub duration_ms: u64,
}

/// A source about to be asked, with what is remembered of it.
struct Due {
    plan: Arc<SourcePlan>,
    state: SourceState,
}

/// Asks the chosen sources once each and keeps what they say. Reports come in
/// the order of the config. A source that fails is a line of the report.
pub async fn poll(
    ctx: &Context,
    plan: &Arc<Plan>,
    choice: &Choice,
) -> Result<Vec<PollReport>, PipelineError> {
    let due = begin(ctx, plan, choice).await?;
    let (finished, mut outcomes) = mpsc::channel(BATCH);
    let places = Arc::new(Semaphore::new(plan.polling.concurrency.max(1)));
    let order: Vec<SourceId> = due.iter().map(|due| due.state.id.clone()).collect();
    for due in due {
        let (ctx, plan, places, finished) =
            (ctx.clone(), Arc::clone(plan), Arc::clone(&places), finished.clone());
        let force = choice.force;
        tokio::spawn(async move {
            let outcome = one(&ctx, &plan, due, &places, force).await;
            // The receiver is gone only if the pass was dropped at shutdown:
            // then nothing was committed, and the source is asked again.
            let _ = finished.send(outcome).await;
        });
    }
    drop(finished);

    let mut reports = Vec::with_capacity(order.len());
    let mut batch = Vec::new();
    let mut doubtful = Vec::new();
    while outcomes.recv_many(&mut batch, BATCH).await > 0 {
        let (waiting, ready) =
            batch.drain(..).flatten().partition(record::Polled::may_be_our_outage);
        doubtful.extend::<Vec<_>>(waiting);
        reports.extend(record::commit(ctx, plan, ready, false).await?);
    }
    // Whose fault an unreachable host is can only be said when all have answered.
    let our_outage = is_our_outage(doubtful.len(), order.len());
    reports.extend(record::commit(ctx, plan, doubtful, our_outage).await?);
    reports.sort_by_key(|report: &PollReport| order.iter().position(|id| *id == report.id));
    Ok(reports)
}

/// Most of several sources unreachable at once: that is our own network.
const fn is_our_outage(unreachable: usize, asked: usize) -> bool {
    unreachable >= 3 && unreachable * 2 > asked
}

/// When the next source is due; none if none is polled at all.
pub async fn next_due(ctx: &Context, plan: &Plan) -> Result<Option<Timestamp>, PipelineError> {
    let ids: Vec<SourceId> =
        enabled(plan).map(|source| source.configured.settings.id.clone()).collect();
    let due = ctx
        .store
        .read(move |tx| {
            let mut earliest = None;
            for id in &ids {
                let state = sources::state(tx, id)?;
                if state.condition != Condition::Gone {
                    earliest = Some(
                        earliest.map_or(state.next_poll, |e: Timestamp| e.min(state.next_poll)),
                    );
                }
            }
            Ok(earliest)
        })
        .await?;
    Ok(due)
}

fn enabled(plan: &Plan) -> impl Iterator<Item = &Arc<SourcePlan>> {
    plan.sources.iter().filter(|source| source.configured.settings.enabled)
}

/// Chooses, and writes all attempts in one transaction before any request.
async fn begin(ctx: &Context, plan: &Plan, choice: &Choice) -> Result<Vec<Due>, PipelineError> {
    let mut candidates = Vec::new();
    if choice.named.is_empty() {
        candidates.extend(enabled(plan).map(Arc::clone));
    }
    for id in &choice.named {
        let source = plan.source(id).ok_or_else(|| unknown_source(plan, id))?;
        candidates.push(Arc::clone(source));
    }
    let now = ctx.clock.now();
    let min_interval = plan.polling.min_interval;
    let max_interval = plan.polling.max_interval.max(plan.polling.max_retry_after);
    let force = choice.force;
    let due = ctx
        .store
        .write(move |tx| {
            let mut due = Vec::new();
            for plan in candidates {
                let settings = &plan.configured.settings;
                sources::register(tx, settings)?;
                let mut state = sources::state(tx, &settings.id)?;
                // A clock that was ahead must not silence a source for years.
                if state.next_poll > now.after(max_interval) {
                    state.next_poll = now;
                }
                if !force && (state.next_poll > now || state.condition == Condition::Gone) {
                    continue;
                }
                sources::attempt(tx, &settings.id, now, now.after(min_interval))?;
                state.last_attempt = Some(now);
                due.push(Due { plan, state });
            }
            Ok(due)
        })
        .await?;
    Ok(due)
}

fn unknown_source(plan: &Plan, id: &SourceId) -> PipelineError {
    let known: Vec<&str> = plan.sources.iter().map(|s| s.configured.settings.id.as_str()).collect();
    PipelineError::Unknown {
        what: "source",
        name: id.to_string(),
        suggestion: crate::model::suggestion(id.as_str(), &known),
    }
}

/// One source from its turn to what is to be committed; nothing if another
/// pass is asking it already.
async fn one(
    ctx: &Context,
    plan: &Arc<Plan>,
    due: Due,
    places: &Semaphore,
    force: bool,
) -> Option<record::Polled> {
    let _claim = ctx.lanes.claim(&due.state.id)?;
    let host = ask::lane(&due);
    let now = ctx.clock.now();
    if let Some(until) = ctx.lanes.paused_until(&host, now).filter(|_| !force) {
        return Some(record::Polled::postponed(due, until));
    }
    let spacing = if force { std::time::Duration::ZERO } else { plan.polling.host_spacing };
    // The host first: a source that waits for its turn must not hold a place.
    let _lane = ctx.lanes.enter(&host, plan.polling.per_host, spacing, ctx.clock.as_ref()).await?;
    let _place = places.acquire().await.ok()?;
    let watch = Stopwatch::start();
    let answer = ask::ask(ctx, plan, &due).await;
    if let Some(until) = answer.pauses_host {
        ctx.lanes.pause(&host, until);
    }
    let answer = read::read(ctx, plan, &due, answer).await;
    Some(record::Polled::answered(due, answer, watch.milliseconds()))
}
