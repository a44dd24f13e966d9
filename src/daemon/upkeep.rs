//! The loops that keep the store tidy: prune, and tag anew. Nobody waits for them.

use std::sync::Arc;
use std::time::Duration;

use super::shared::{DaemonError, Running, Shared, endure};
use crate::model::{ItemId, Retry};
use crate::pipeline::{self, PipelineError, ProbeReport};

/// Between two rounds of pruning.
const PRUNE_EVERY: Duration = Duration::from_hours(6);
/// Between two looks for items of a poll that began under older rules.
const RETAG_EVERY: Duration = Duration::from_hours(1);
/// Between two chunks of re-tagging: polls and mails go first.
const RETAG_PAUSE: Duration = Duration::from_millis(20);
/// Items between two lines of the log.
const RETAG_LOG: usize = 1000;

pub(super) async fn prune(shared: Shared) -> Result<(), DaemonError> {
    while !shared.stop.is_cancelled() {
        shared.rest(PRUNE_EVERY).await;
        if shared.stop.is_cancelled() {
            break;
        }
        let running = shared.current();
        match pipeline::probe(&running.ctx, &running.plan).await {
            Ok(report) if report == ProbeReport::default() => {}
            Ok(report) => {
                tracing::info!(
                    probed = report.probed,
                    resumed = report.resumed,
                    erased = report.erased,
                    "suspended readers: {} asked whether mail arrives, {} found again, {} erased",
                    report.probed,
                    report.resumed,
                    report.erased
                );
                running.ctx.outbox_changed.notify_one();
            }
            Err(error) if error.retry() == Retry::Never => {
                tracing::error!(
                    "suspended readers cannot be asked: {:#}",
                    anyhow::Error::new(error)
                );
            }
            Err(error) => endure(Err(error)).await?,
        }
        match pipeline::tell_of_letters(&running.ctx, &running.plan).await {
            Ok(0) => {}
            Ok(_) => running.ctx.outbox_changed.notify_one(),
            Err(error) => endure(Err(error)).await?,
        }
        match pipeline::prune(&running.ctx, &running.plan).await {
            Ok(report) => {
                tracing::info!(
                    bodies = report.bodies,
                    texts = report.texts,
                    pending = report.pending,
                    proofs = report.proofs,
                    bounces = report.bounces,
                    "let go of what was kept for its period"
                );
            }
            Err(error) => endure(Err(error)).await?,
        }
    }
    Ok(())
}

/// Gives stored items the topics of today's rules, at the start and after each reload.
pub(super) async fn retag(shared: Shared) -> Result<(), DaemonError> {
    let mut reloads = shared.running.clone();
    while !shared.stop.is_cancelled() {
        reloads.mark_unchanged();
        endure(retag_all(&shared, &reloads).await).await?;
        tokio::select! {
            // Only the end of the daemon lets go of the sender.
            _ = reloads.changed() => {}
            () = tokio::time::sleep(RETAG_EVERY) => {}
            () = shared.stop.cancelled() => {}
        }
    }
    Ok(())
}

async fn retag_all(
    shared: &Shared,
    reloads: &tokio::sync::watch::Receiver<Arc<Running>>,
) -> Result<(), PipelineError> {
    let running = shared.current();
    let waiting = pipeline::untagged(&running.ctx, &running.plan).await?;
    if waiting == 0 {
        return Ok(());
    }
    let version = running.plan.topics_version.as_str();
    tracing::info!(
        topics.version = version,
        items = waiting,
        "the topics are other ones: looking at {waiting} stored items again"
    );
    let (mut done, mut changed, mut after) = (0, 0, ItemId(0));
    while !shared.stop.is_cancelled() && !reloads.has_changed().unwrap_or(true) {
        let report = pipeline::retag(&running.ctx, &running.plan, after).await?;
        let Some(upto) = report.upto else {
            tracing::info!(
                topics.version = version,
                items = done,
                changed,
                "looked at {done} stored items again: {changed} gained or lost a topic"
            );
            return Ok(());
        };
        after = upto;
        changed += report.changed;
        let before = done;
        done += report.items;
        if done / RETAG_LOG > before / RETAG_LOG {
            tracing::info!(
                topics.version = version,
                items = done,
                changed,
                "looked at {done} of {waiting} stored items again"
            );
        }
        shared.rest(RETAG_PAUSE).await;
    }
    Ok(())
}
