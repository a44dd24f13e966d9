//! Let go of what has been kept for its period.

use super::{Context, PipelineError, Plan};
use crate::dedup;
use crate::store::{items, jobs, outbox, robots, stories};

/// What was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PruneReport {
    /// Messages whose bytes went; their hashes stay.
    pub bodies: usize,
    /// Items whose texts went; their keys stay, so that none comes back as new.
    pub texts: usize,
}

/// Lets go of what is older than its period. Small steps, so that a poll or a
/// mail never waits long for the door.
pub async fn prune(ctx: &Context, plan: &Plan) -> Result<PruneReport, PipelineError> {
    let now = ctx.clock.now();
    let mut report = PruneReport::default();
    if let Some(period) = plan.retention.bodies {
        let before = now.before(period);
        report.bodies = ctx.store.write(move |tx| outbox::prune_bodies(tx, before)).await?;
    }
    if let Some(period) = plan.retention.items {
        let before = now.before(period);
        loop {
            let texts = ctx.store.write(move |tx| items::prune(tx, before)).await?;
            report.texts += texts;
            if texts == 0 {
                break;
            }
        }
    }
    let window = now.before(dedup::MEMORY);
    ctx.store
        .write(move |tx| {
            jobs::prune(tx, window)?;
            robots::prune(tx, window)?;
            match items::first_since(tx, window)? {
                Some(oldest) => stories::prune(tx, oldest),
                None => Ok(0),
            }
        })
        .await?;
    Ok(report)
}
