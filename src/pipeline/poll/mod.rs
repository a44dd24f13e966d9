//! Ask sources once, and keep what they say.
//!
//! For each source: write the attempt, ask, read, decide, tag; then what is
//! ready together is committed together, each source's items with its cursor.
//! A validator stored without its items would hide them behind a 304.

mod ask;
mod detail;
mod lanes;
mod manners;
mod read;
mod record;
mod robots;
mod size;
mod update;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use self::manners::{Manners, Place, Refusal};
use super::{Context, PipelineError, Plan, SourcePlan};
use crate::model::{Condition, SourceId, SourceState, Timestamp};
use crate::schedule::polling;
use crate::store::sources;

pub(crate) use lanes::Lanes;

/// Most outcomes that one transaction takes: enough to share the sync and the
/// pages they dirty, few enough not to keep the door shut.
const BATCH: usize = 256;
/// Documents that wait for the writer. What does not fit stays with its place,
/// so that a slow disk slows the asking and not the memory's growth. What
/// brought nothing takes no room and waits for nobody.
const WAITING: usize = 32;
/// Hosts whose turn it is at once, for each request at once: while one is asked
/// the others keep their distance. Each may hold a connection.
const HOSTS_PER_REQUEST: usize = 8;

/// Which sources a pass asks.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// These; none named = all that are due.
    pub named: Vec<SourceId>,
    /// Whatever their due time. Validators are sent all the same.
    pub force: bool,
    /// What was slept through is not asked all at once but spread: for a
    /// service that looks again, not for one pass by hand.
    pub spread: bool,
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
    /// The registrable host that answered last.
    host: String,
    /// The attempt before this one.
    asked_before: Option<Timestamp>,
}

/// Asks the chosen sources once each and keeps what they say. Reports come in
/// the order of the config. A source that fails is a line of the report.
pub async fn poll(
    ctx: &Context,
    plan: &Arc<Plan>,
    choice: &Choice,
) -> Result<Vec<PollReport>, PipelineError> {
    Pass::begin(ctx, plan, choice).await?.finish().await
}

/// A pass whose attempts are written and whose requests are still to be made.
pub struct Pass {
    ctx: Context,
    plan: Arc<Plan>,
    due: Vec<Due>,
    force: bool,
}

impl Pass {
    /// Chooses the sources and writes that they are about to be asked. If that
    /// cannot be written nobody is asked.
    pub async fn begin(
        ctx: &Context,
        plan: &Arc<Plan>,
        choice: &Choice,
    ) -> Result<Self, PipelineError> {
        let due = begin(ctx, plan, choice).await?;
        Ok(Self { ctx: ctx.clone(), plan: Arc::clone(plan), due, force: choice.force })
    }

    /// Asks, and keeps what is said.
    pub async fn finish(self) -> Result<Vec<PollReport>, PipelineError> {
        let Self { ctx, plan, due, force } = self;
        ask_all(&ctx, &plan, due, force).await
    }
}

async fn ask_all(
    ctx: &Context,
    plan: &Arc<Plan>,
    due: Vec<Due>,
    force: bool,
) -> Result<Vec<PollReport>, PipelineError> {
    let (finished, mut outcomes) = mpsc::unbounded_channel();
    let order: HashMap<SourceId, usize> =
        due.iter().enumerate().map(|(index, due)| (due.state.id.clone(), index)).collect();
    let asking = Asking {
        ctx: ctx.clone(),
        plan: Arc::clone(plan),
        places: Semaphore::new(plan.polling.concurrency.max(1)),
        force,
        finished,
        waiting: Arc::new(Semaphore::new(WAITING)),
    };
    // Who drops the pass wants nobody else to be asked.
    let _asking = AbortOnDropHandle::new(tokio::spawn(host_by_host(Arc::new(asking), due)));

    let mut reports = Vec::with_capacity(order.len());
    let mut batch = Vec::new();
    let mut doubtful = Vec::new();
    let mut answering = HashSet::new();
    while outcomes.recv_many(&mut batch, BATCH).await > 0 {
        // Taken: from here on as many documents more may wait.
        let batch = batch.drain(..).map(|(polled, _waiting)| polled);
        let (waiting, ready) = batch.partition(record::Polled::may_be_our_outage);
        doubtful.extend::<Vec<_>>(waiting);
        answering.extend(ready.iter().map(|polled: &record::Polled| polled.host().to_owned()));
        reports.extend(record::commit(ctx, plan, ready, false).await?);
    }
    // Whose fault an unreachable host is can only be said when all have answered.
    let silent: HashSet<&str> = doubtful.iter().map(record::Polled::host).collect();
    let asked = silent.iter().filter(|host| !answering.contains(**host)).count() + answering.len();
    let our_outage = polling::is_our_outage(asked, silent.len());
    reports.extend(record::commit(ctx, plan, doubtful, our_outage).await?);
    reports.sort_by_key(|report: &PollReport| order.get(&report.id).copied());
    Ok(reports)
}

/// When the next source is due; none if none is polled at all.
pub async fn next_due(ctx: &Context, plan: &Plan) -> Result<Option<Timestamp>, PipelineError> {
    let now = ctx.clock.now();
    let sources: Vec<(SourceId, polling::Policy)> = enabled(plan)
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), plan.polling.policy(settings.interval)))
        .collect();
    let due = ctx
        .store
        .read(move |tx| {
            let stored = sources::next_polls(tx)?;
            let next = |(id, policy): &(SourceId, polling::Policy)| match stored.get(id) {
                Some(next) => next.map(|next| polling::believed(now, next, policy)),
                None => Some(Timestamp::default()),
            };
            Ok(sources.iter().filter_map(next).min())
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
    let limits = plan.polling.clone();
    let Choice { force, spread, .. } = *choice;
    let due = ctx
        .store
        .write(move |tx| {
            let mut due = Vec::new();
            for plan in candidates {
                let settings = &plan.configured.settings;
                let mut state = sources::state(tx, &settings.id)?;
                if !force {
                    if state.condition == Condition::Gone {
                        continue;
                    }
                    let policy = limits.policy(settings.interval);
                    // A clock that was ahead must not silence a source for years.
                    let due = if spread {
                        polling::after_pause(now, state.next_poll, &policy, &state.id)
                    } else {
                        polling::believed(now, state.next_poll, &policy)
                    };
                    if due > now {
                        if due != state.next_poll {
                            sources::postpone(tx, &settings.id, due)?;
                        }
                        continue;
                    }
                }
                sources::attempt(tx, settings, now, now.after(limits.min_interval))?;
                let asked_before = state.last_attempt.replace(now);
                let host = ask::lane(settings, &state.cursor);
                due.push(Due { plan, state, host, asked_before });
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

/// What came of a source, and the right to wait for the writer.
type Outcome = (record::Polled, Option<OwnedSemaphorePermit>);

/// What the tasks of a pass share.
struct Asking {
    ctx: Context,
    plan: Arc<Plan>,
    places: Semaphore,
    force: bool,
    /// The way to the writer.
    finished: mpsc::UnboundedSender<Outcome>,
    /// Room before the writer for documents. Never more outcomes are sent than there are sources.
    waiting: Arc<Semaphore>,
}

/// Asks the sources of each host one after the other, and so many hosts at once
/// that connections and memory do not grow with the number of sources.
async fn host_by_host(asking: Arc<Asking>, due: Vec<Due>) {
    let polling = &asking.plan.polling;
    let hosts = polling.concurrency.max(1) * HOSTS_PER_REQUEST;
    stream::iter(by_host(due))
        .for_each_concurrent(hosts, |sources| {
            stream::iter(sources).for_each_concurrent(polling.per_host.max(1), |due| async {
                // A task each: what panics takes no other source with it.
                let _ = tokio::spawn(one(Arc::clone(&asking), due)).await;
            })
        })
        .await;
}

/// The sources of each host, in the order of the config.
fn by_host(due: Vec<Due>) -> Vec<Vec<Due>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut hosts: Vec<Vec<Due>> = Vec::new();
    for due in due {
        let place = *places.entry(due.host.clone()).or_insert(hosts.len());
        match hosts.get_mut(place) {
            Some(sources) => sources.push(due),
            None => hosts.push(vec![due]),
        }
    }
    hosts
}

/// One source from its turn to what is to be committed; nothing if another
/// pass is asking it already. With a document it keeps its place until it may
/// wait for the writer. If nobody takes the outcome the pass was dropped at
/// shutdown: then nothing is committed, and the source is asked again.
async fn one(asking: Arc<Asking>, due: Due) {
    let Asking { ctx, plan, places, force, finished, waiting } = &*asking;
    let Some(_claim) = ctx.lanes.claim(&due.state.id) else { return };
    let manners = Manners { ctx, plan, places, force: *force };
    let (polled, _place) = turn(&manners, plan, due).await;
    // Never closed; were it, sending would be right all the same.
    let waits =
        if polled.brings_items() { Arc::clone(waiting).acquire_owned().await.ok() } else { None };
    let _ = finished.send((polled, waits));
}

async fn turn<'a>(
    manners: &Manners<'a>,
    plan: &Arc<Plan>,
    due: Due,
) -> (record::Polled, Place<'a>) {
    let configured = &due.plan.configured;
    if let Some(until) = manners.rests_until(&due.host) {
        return (record::Polled::postponed(due, until), None);
    }
    let allowed = if configured.source.obeys_robots() {
        Box::pin(robots::check(manners, &due.plan, &configured.settings.url)).await
    } else {
        Ok(())
    };
    let asked = match allowed {
        Ok(()) => ask::ask(manners, &due).await,
        Err(Refusal::Failure(failure)) => Ok((ask::not_asked(&due, failure), None)),
        Err(Refusal::Rests(until)) => Err(until),
    };
    let (answer, place) = match asked {
        Ok(answered) => answered,
        Err(until) => return (record::Polled::postponed(due, until), None),
    };
    if let Some(until) = answer.pauses_host {
        manners.ctx.lanes.pause(&due.host, until);
    }
    // On the heap only now: thousands that wait cost little.
    let (reading, place) = Box::pin(read::read(manners, plan, &due, answer, place)).await;
    (record::Polled::answered(due, reading), place)
}
