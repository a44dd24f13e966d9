//! Let go of what has been kept for its period.

use super::subscription::erase;
use super::{Context, PipelineError, Plan};
use crate::dedup;
use crate::model::Timestamp;
use crate::store::{
    StoreError, Transaction, bounces, drafts, items, jobs, outbox, rate_limits, robots, stories,
    subscribers,
};

/// What was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PruneReport {
    /// Messages whose bytes went; their hashes stay.
    pub bodies: usize,
    /// Messages of which nothing is left.
    pub mails: usize,
    /// Items whose texts went; their keys stay, so that none comes back as new.
    pub texts: usize,
    /// Sign-ups that nobody confirmed in time.
    pub pending: usize,
    /// Proofs of who left, with all that was still kept of them.
    pub proofs: usize,
    /// Notes of returned mail.
    pub bounces: usize,
}

/// Rows that go in one step.
const CHUNK: usize = 200;

/// Lets go of what is older than its period. Small steps, so that a poll or a
/// mail never waits long for the door.
pub async fn prune(ctx: &Context, plan: &Plan) -> Result<PruneReport, PipelineError> {
    let now = ctx.clock.now();
    let mut report = PruneReport::default();
    if let Some(period) = plan.retention.bodies {
        let before = now.before(period);
        report.bodies = ctx.store.write(move |tx| outbox::prune_bodies(tx, before)).await?;
    }
    if let Some(period) = plan.retention.outbox {
        let before = now.before(period);
        loop {
            let rows = ctx.store.write(move |tx| outbox::prune(tx, before, CHUNK)).await?;
            report.mails += rows;
            if rows < CHUNK {
                break;
            }
        }
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
    if plan.retention.pending.is_some() {
        loop {
            let expired = ctx.store.write(move |tx| prune_pending(tx, now)).await?;
            report.pending += expired;
            if expired < CHUNK {
                break;
            }
        }
    }
    if let Some(before) = plan.retention.proofs_end(now, plan.mail.timezone) {
        loop {
            let proofs = ctx.store.write(move |tx| prune_proofs(tx, before, now)).await?;
            report.proofs += proofs;
            if proofs < CHUNK {
                break;
            }
        }
    }
    if let Some(before) = plan.retention.bounces_end(now) {
        loop {
            let gone = ctx.store.write(move |tx| bounces::prune(tx, before, CHUNK)).await?;
            report.bounces += gone;
            if gone < CHUNK {
                break;
            }
        }
    }
    let window = now.before(dedup::MEMORY);
    ctx.store
        .write(move |tx| {
            jobs::prune(tx, window)?;
            robots::prune(tx, window)?;
            drafts::prune(tx, window)?;
            rate_limits::prune(tx, now)?;
            match items::first_since(tx, window)? {
                Some(oldest) => stories::prune(tx, oldest),
                None => Ok(0),
            }
        })
        .await?;
    ctx.store.empty_log().await?;
    Ok(report)
}

/// Forgets sign-ups that were never confirmed, and returns how many: nothing of them stays.
fn prune_pending(tx: &Transaction<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let expired = subscribers::expired(tx, now, CHUNK)?;
    for id in &expired {
        erase(tx, *id, now)?;
    }
    Ok(expired.len())
}

/// Their claims are time-barred: nothing is left to prove.
fn prune_proofs(
    tx: &Transaction<'_>,
    before: Timestamp,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let left = subscribers::left_before(tx, before, CHUNK)?;
    for id in &left {
        erase(tx, *id, now)?;
    }
    Ok(left.len())
}
