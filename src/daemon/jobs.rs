//! Work that the command line hands over while the daemon holds the lock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::House;
use crate::model::{SeriesId, SourceId};
use crate::pipeline::{self, Choice, Context, Moment, PipelineError};
use crate::store::jobs;

/// Between two looks at whether a job is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A piece of work as it stands in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Work {
    /// One pass.
    Poll {
        /// Which sources; none named = all that are due.
        sources: Vec<SourceId>,
        /// Whatever their due time.
        force: bool,
    },
    /// A digest off schedule, and its delivery.
    SendDigest {
        /// Of which series.
        series: SeriesId,
    },
    /// Send what is due.
    Drain,
}

/// Does one piece of work. The outcome is JSON, the same whoever does it.
pub async fn perform(
    ctx: &Context,
    plan: &std::sync::Arc<pipeline::Plan>,
    work: &Work,
) -> Result<serde_json::Value, PipelineError> {
    match work {
        Work::Poll { sources, force } => {
            let choice = Choice { named: sources.clone(), force: *force, spread: false };
            let reports = pipeline::poll(ctx, plan, &choice).await?;
            pipeline::tell_admin(ctx, plan).await?;
            Ok(serde_json::json!(reports))
        }
        Work::SendDigest { series } => {
            let composed = pipeline::compose(ctx, plan, series, Moment::Asked).await?;
            pipeline::drain(ctx, plan, &|| false).await?;
            let states = pipeline::delivery_of(ctx, composed.digest.as_ref()).await?;
            Ok(serde_json::json!({
                "digest": composed.digest,
                "entries": composed.entries,
                "messages": composed.messages,
                "states": states,
            }))
        }
        Work::Drain => {
            let report = pipeline::drain(ctx, plan, &|| false).await?;
            Ok(serde_json::json!({
                "sent": report.sent, "deferred": report.deferred, "dead": report.dead,
                "paused": report.paused.map(|(_, why)| why),
            }))
        }
    }
}

/// Puts the work into the database of a running daemon and waits for it.
/// The inner error is what the daemon said.
pub async fn hand_over(
    ctx: &Context,
    work: &Work,
) -> Result<Result<serde_json::Value, String>, PipelineError> {
    let argument = serde_json::to_string(work).map_err(PipelineError::Page)?;
    let now = ctx.clock.now();
    let id = ctx.store.write(move |tx| jobs::enqueue(tx, "work", &argument, now)).await?;
    loop {
        if let Some(outcome) = ctx.store.read(move |tx| jobs::outcome(tx, id)).await? {
            let outcome: Outcome = serde_json::from_str(&outcome).map_err(PipelineError::Page)?;
            return Ok(match outcome {
                Outcome::Done(value) => Ok(value),
                Outcome::Failed(message) => Err(message),
            });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Done(serde_json::Value),
    Failed(String),
}

/// Does what waits, oldest first. Jobs of a daemon that died are done by the next.
pub(super) async fn work_off(house: &House) -> Result<(), PipelineError> {
    loop {
        let running = house.current();
        let Some(job) = running.ctx.store.read(jobs::next).await? else { return Ok(()) };
        let outcome = match serde_json::from_str::<Work>(&job.argument) {
            Ok(work) => match perform(&running.ctx, &running.plan, &work).await {
                Ok(value) => Outcome::Done(value),
                Err(error) => Outcome::Failed(error.to_string()),
            },
            Err(error) => Outcome::Failed(format!("unknown work: {error}")),
        };
        let outcome = serde_json::to_string(&outcome).map_err(PipelineError::Page)?;
        let now = running.ctx.clock.now();
        running.ctx.store.write(move |tx| jobs::finish(tx, job.id, &outcome, now)).await?;
    }
}
