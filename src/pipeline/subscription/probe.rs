//! Ask suspended readers whether they can be reached again: one mail after two
//! weeks, one after two months. Who is silent about it for a week gets digests
//! again, who cannot be reached twice is forgotten.

use std::sync::Arc;

use super::{depart, letter};
use crate::model::{MailKind, State, SubscriberId};
use crate::pipeline::{Context, PipelineError, Plan};
use crate::store::subscribers::{self, Suspended};
use crate::store::{StoreError, Transaction, outbox};
use crate::subscriber::probe::{Outcome, Step, Suspension, step};

/// Readers that are looked at in one transaction.
const CHUNK: usize = 100;

/// What was done about suspended readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProbeReport {
    /// Were asked.
    pub probed: usize,
    /// Get their digests again.
    pub resumed: usize,
    pub erased: usize,
}

/// Does what is due about every suspended reader. A daily duty; doing it more
/// often changes nothing.
pub async fn probe(ctx: &Context, plan: &Arc<Plan>) -> Result<ProbeReport, PipelineError> {
    let mut report = ProbeReport::default();
    let mut after = SubscriberId(0);
    loop {
        let (within, plan) = (ctx.clone(), Arc::clone(plan));
        let chunk = ctx.store.try_write(move |tx| look_after(tx, &within, &plan, after)).await?;
        report.probed += chunk.report.probed;
        report.resumed += chunk.report.resumed;
        report.erased += chunk.report.erased;
        match chunk.reached {
            Some(reached) => after = reached,
            None => return Ok(report),
        }
    }
}

struct Chunk {
    report: ProbeReport,
    /// The last one looked at; none if there was nobody.
    reached: Option<SubscriberId>,
}

fn look_after(
    tx: &Transaction<'_>,
    ctx: &Context,
    plan: &Plan,
    after: SubscriberId,
) -> Result<Chunk, PipelineError> {
    let now = ctx.clock.now();
    // While nothing goes out a probe would only grow old and fail for it.
    let rests = outbox::pause(tx)?.is_some();
    let suspended = subscribers::suspended(tx, after, CHUNK)?;
    let mut report = ProbeReport::default();
    for one in &suspended {
        match step(&suspension(tx, one)?, now) {
            Step::Probe if !rests => {
                let Some(subscriber) = subscribers::get(tx, one.id)? else { continue };
                letter::probe(ctx, plan, &subscriber, one.since, now)?.freeze(tx)?;
                subscribers::note_probe(tx, one.id, now)?;
                report.probed += 1;
            }
            Step::Resume => {
                subscribers::resume(tx, one.id, now)?;
                report.resumed += 1;
            }
            Step::Erase => {
                depart(tx, &ctx.tokens, one.id, now, "bounce")?;
                report.erased += 1;
            }
            Step::Wait | Step::Probe => {}
        }
    }
    Ok(Chunk { report, reached: suspended.last().map(|one| one.id) })
}

fn suspension(tx: &Transaction<'_>, one: &Suspended) -> Result<Suspension, StoreError> {
    let last = match one.probed_at {
        Some(made) if one.probe_failed => Some((made, Outcome::Failed)),
        Some(made) => Some((made, outcome(tx, one.id)?)),
        None => None,
    };
    Ok(Suspension { since: one.since, probes: one.probes, last })
}

/// Returns where the last probe stands in the outbox.
fn outcome(tx: &Transaction<'_>, subscriber: SubscriberId) -> Result<Outcome, StoreError> {
    let mails = outbox::of_subscriber(tx, subscriber)?;
    let probe = mails.iter().rev().find(|mail| mail.kind == MailKind::Probe);
    Ok(match probe.map(|mail| mail.state) {
        Some(State::Sent { at }) => Outcome::Taken { at },
        Some(State::Dead { .. }) | None => Outcome::Failed,
        Some(_) => Outcome::Underway,
    })
}
