//! Ask sources once, and keep what they say.
//!
//! For each source: write the attempt, ask, read, decide, tag; then what is
//! ready together is committed together, each source's items with its cursor.
//! A validator stored without its items would hide them behind a 304.

mod by_hand;
mod client;
mod crashes;
mod decide;
mod detail;
mod further;
mod hosts;
mod marks;
mod only;
mod pass;
mod pdfs;
mod polled;
mod queue;
mod reading;
mod recall;
mod record;
mod recurring;
mod rekey;
mod report;
mod robots;
mod sizes;
mod source;
mod update;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use self::pass::Polls;
pub(super) use self::polled::host;
use self::polled::{Due, Polled};
use super::{Context, PipelineError, Plan, SourcePlan};
use crate::model::{Condition, SourceId, Timestamp};
use crate::schedule::polling;
use crate::store::sources;

pub use by_hand::{ByHand, by_hand};
pub use recall::appearance;

pub use crashes::note_crashes;
pub(crate) use hosts::HostLimits;
pub(crate) use marks::Marks;
pub use reading::{left_out, read_by};
pub use rekey::identity_in_use;
pub use report::{PollOutcome, PollReport};

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

/// Asks the chosen sources once each and keeps what they say. Reports come in
/// the order of the config. A source that fails is a line of the report.
pub async fn poll(
    ctx: &Context,
    plan: &Arc<Plan>,
    choice: &Choice,
) -> Result<Vec<PollReport>, PipelineError> {
    if choice.force {
        // Who names a source wants its answer, not to hear that it is being asked just now.
        for id in &choice.named {
            ctx.hosts.until_unclaimed(id).await;
        }
    }
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
    let order: HashMap<SourceId, usize> =
        due.iter().enumerate().map(|(index, due)| (due.state.id.clone(), index)).collect();
    let mut polls = Polls::begin(ctx, plan, due, force);
    let mut reports = Vec::with_capacity(order.len());
    let mut doubtful = Vec::new();
    let mut answering = HashSet::new();
    while let Some(batch) = polls.next().await {
        let (waiting, ready): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(Polled::may_be_our_outage);
        doubtful.extend(waiting);
        answering.extend(ready.iter().map(|polled| polled.due.host.clone()));
        reports.extend(record::commit(ctx, plan, ready, false).await?);
    }
    // Whose fault an unreachable host is can only be said when all have answered.
    let silent: HashSet<&str> = doubtful.iter().map(|polled| polled.due.host.as_str()).collect();
    let asked = silent.iter().filter(|host| !answering.contains(**host)).count() + answering.len();
    let our_outage = polling::is_our_outage(asked, silent.len())
        || (!doubtful.is_empty() && is_own_outage(ctx, plan).await?);
    reports.extend(record::commit(ctx, plan, doubtful, our_outage).await?);
    reports.sort_by_key(|report: &PollReport| order.get(&report.id).copied());
    Ok(reports)
}

/// Returns whether the passes before have shown that most hosts fail: a pass of one
/// host says nothing by itself.
async fn is_own_outage(ctx: &Context, plan: &Arc<Plan>) -> Result<bool, PipelineError> {
    let (now, plan) = (ctx.clock.now(), Arc::clone(plan));
    Ok(ctx.store.read(move |tx| super::health::own_outage(tx, &plan, now)).await?)
}

/// Returns when the next source is due; none if none is polled at all.
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
                Some(next) => next.map(|(next, attempted)| {
                    polling::believed(now, polling::trusted(now, next, attempted), policy)
                }),
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
    let (due, set_aside) = ctx
        .store
        .write(move |tx| {
            let (mut due, mut set_aside) = (Vec::new(), Vec::new());
            for plan in candidates {
                let settings = &plan.configured.settings;
                let mut state = sources::state(tx, &settings.id)?;
                if state.condition == Condition::Poison {
                    set_aside.push(settings.id.clone());
                    continue;
                }
                if !force {
                    if state.condition == Condition::Gone {
                        continue;
                    }
                    let policy = limits.policy(settings.interval);
                    // A clock that was ahead must not silence a source for years.
                    let stored = polling::trusted(now, state.next_poll, state.last_attempt);
                    let due = if spread {
                        polling::after_pause(now, stored, &policy, &state.id)
                    } else {
                        polling::believed(now, stored, &policy)
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
                let host = host(settings, &state.cursor);
                due.push(Due { plan, state, host, asked_before });
            }
            Ok((due, set_aside))
        })
        .await?;
    for id in set_aside {
        tracing::debug!(source = %id, "source `{id}` is set aside: not asked until `amtsbote source release {id}`");
    }
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
