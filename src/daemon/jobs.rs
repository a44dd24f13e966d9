//! Work that the command line hands over while the daemon holds the lock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lock::Lock;
use super::shared::{Shared, grace_period_ends};
use crate::model::{SeriesId, SourceId};
use crate::pipeline::{self, Choice, Context, Moment, PipelineError};
use crate::store::jobs;

/// Looks between two knocks at the lock, whether the daemon is still there.
const LOOKS_PER_KNOCK: u32 = 20;

/// Work that has waited for so long is no longer waited for: nobody expects a
/// digest of yesterday's command.
const STALE: Duration = Duration::from_hours(1);

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

/// Does one piece of work; sending ends when `stop` says so. The outcome is
/// JSON, the same whoever does it.
pub async fn perform(
    ctx: &Context,
    plan: &std::sync::Arc<pipeline::Plan>,
    work: &Work,
    stop: &(dyn Fn() -> bool + Send + Sync),
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
            pipeline::drain(ctx, plan, stop).await?;
            let states = pipeline::delivery_of(ctx, composed.digest.as_ref()).await?;
            if let Some(digest) = &composed.digest {
                tracing::info!(digest.id = %digest, entries = composed.entries, messages = composed.messages,
                    "{digest}: {} entries to {} subscribers, as asked", composed.entries, composed.messages);
            }
            Ok(serde_json::json!({
                "digest": composed.digest,
                "entries": composed.entries,
                "messages": composed.messages,
                "states": states,
            }))
        }
        Work::Drain => {
            let report = pipeline::drain(ctx, plan, stop).await?;
            Ok(serde_json::json!({
                "sent": report.sent, "deferred": report.deferred, "dead": report.dead,
                "paused": report.paused.map(|(_, why)| why), "stopped": report.stopped,
            }))
        }
    }
}

/// What became of work that was handed over.
#[derive(Debug)]
pub enum Handed {
    /// The daemon did it.
    Done(serde_json::Value),
    /// The daemon says why it could not.
    Failed(String),
    /// The daemon went away and had not done it; it was taken back, so that it
    /// is not done twice. The lock is now ours.
    TakenBack(Lock),
}

/// Puts the work into the database of a running daemon and waits for it, as
/// long as there is one.
pub async fn hand_over(
    ctx: &Context,
    work: &Work,
    data_dir: &std::path::Path,
) -> Result<Handed, PipelineError> {
    let argument = serde_json::to_string(work).map_err(PipelineError::Page)?;
    let now = ctx.clock.now();
    let id = ctx.store.write(move |tx| jobs::enqueue(tx, "work", &argument, now)).await?;
    for look in 1_u32.. {
        if let Some(outcome) = ctx.store.read(move |tx| jobs::outcome(tx, id)).await? {
            return Ok(match serde_json::from_str(&outcome).map_err(PipelineError::Page)? {
                Outcome::Done(value) => Handed::Done(value),
                Outcome::Failed(message) => Handed::Failed(message),
            });
        }
        // Seldom, since a daemon that starts at this very moment would be refused.
        if look.is_multiple_of(LOOKS_PER_KNOCK)
            && let Ok(lock) = Lock::take(data_dir)
            && ctx.store.write(move |tx| jobs::withdraw(tx, id)).await?
        {
            return Ok(Handed::TakenBack(lock));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(Handed::Failed("the service did not answer".to_owned()))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Outcome {
    Done(serde_json::Value),
    Failed(String),
}

/// Does what waits, oldest first. Jobs of a daemon that died are done by the next.
pub(super) async fn work_off(shared: &Shared) -> Result<(), PipelineError> {
    loop {
        let running = shared.current();
        let Some(job) = running.ctx.store.read(jobs::next).await? else { return Ok(()) };
        let outcome = match serde_json::from_str::<Work>(&job.argument) {
            Ok(work) => attempt(shared, work).await,
            Err(error) => Outcome::Failed(format!("unknown work: {error}")),
        };
        let outcome = serde_json::to_string(&outcome).map_err(PipelineError::Page)?;
        let now = running.ctx.clock.now();
        running.ctx.store.write(move |tx| jobs::finish(tx, job.id, &outcome, now)).await?;
    }
}

/// Does one job in a task of its own: a fault of the program in it must not
/// bring the next daemon down as well, which would find the same job.
async fn attempt(shared: &Shared, work: Work) -> Outcome {
    let (running, stop) = (shared.current(), shared.stop.clone());
    let done = tokio::spawn(async move {
        perform(&running.ctx, &running.plan, &work, &|| stop.is_cancelled()).await
    });
    tokio::select! {
        done = done => match done {
            Ok(Ok(value)) => Outcome::Done(value),
            Ok(Err(error)) => Outcome::Failed(format!("{:#}", anyhow::Error::new(error))),
            Err(_) => Outcome::Failed("a fault of the program; its place stands in the log".to_owned()),
        },
        () = grace_period_ends(&shared.stop) => Outcome::Failed("the service was told to stop".to_owned()),
    }
}

/// Answers, without doing them, the jobs that a daemon left which died long ago.
pub(super) async fn drop_stale(ctx: &Context) -> Result<(), PipelineError> {
    let outcome = Outcome::Failed("the service was away for too long".to_owned());
    let outcome = serde_json::to_string(&outcome).map_err(PipelineError::Page)?;
    let now = ctx.clock.now();
    let dropped =
        ctx.store.write(move |tx| jobs::finish_stale(tx, now.before(STALE), &outcome, now)).await?;
    if dropped > 0 {
        tracing::warn!(jobs = dropped, "{dropped} commands of long ago were dropped");
    }
    Ok(())
}
