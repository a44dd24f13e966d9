//! The sources of a pass asked, host by host, and their outcomes by the batch.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::manners::{Manners, Place, Refusal};
use super::record::Polled;
use super::{Due, ask, read, robots};
use crate::pipeline::{Context, Plan};

/// Most outcomes that one transaction takes: few enough not to keep the door shut.
const BATCH: usize = 1024;
/// Items that may wait for the writer. A document that does not fit stays with
/// its place, so that a slow disk slows the asking and not the memory's growth.
/// What brought nothing takes no room and waits for nobody.
const ROOM: usize = 1024;
/// Items that are worth a transaction, which writes each page once however many
/// of them fall onto it.
const ENOUGH: usize = ROOM / 2;
/// How long what came first waits for more.
const GATHERING: Duration = Duration::from_millis(200);
/// Hosts whose turn it is at once, for each request at once: while one is asked
/// the others keep their distance. Each may hold a connection.
const HOSTS_PER_REQUEST: usize = 8;

/// The outcomes of a pass as they come. Who drops it wants nobody else to be asked.
pub(super) struct Asked {
    outcomes: mpsc::UnboundedReceiver<Outcome>,
    _asking: AbortOnDropHandle<()>,
}

impl Asked {
    /// Begins to ask.
    pub(super) fn begin(ctx: &Context, plan: &Arc<Plan>, due: Vec<Due>, force: bool) -> Self {
        let (finished, outcomes) = mpsc::unbounded_channel();
        let asking = Asking {
            ctx: ctx.clone(),
            plan: Arc::clone(plan),
            places: Semaphore::new(plan.polling.concurrency.max(1)),
            force,
            finished,
            room: Arc::new(Semaphore::new(ROOM)),
        };
        let asking = tokio::spawn(host_by_host(Arc::new(asking), due));
        Self { outcomes, _asking: AbortOnDropHandle::new(asking) }
    }

    /// What came next, and what follows within a moment; none at the end.
    pub(super) async fn next(&mut self) -> Option<Vec<Polled>> {
        let mut batch = Vec::new();
        if self.outcomes.recv_many(&mut batch, BATCH).await == 0 {
            return None;
        }
        let mut moment = pin!(tokio::time::sleep(GATHERING));
        let mut items = items_of(&batch);
        while batch.len() < BATCH && items < ENOUGH {
            let before = batch.len();
            tokio::select! {
                () = &mut moment => break,
                more = self.outcomes.recv_many(&mut batch, BATCH - before) => {
                    if more == 0 {
                        break;
                    }
                }
            }
            items += items_of(&batch[before..]);
        }
        // Taken: from here on as many items more may wait.
        Some(batch.into_iter().map(|(polled, _room)| polled).collect())
    }
}

/// What came of a source, and the right to wait for the writer.
type Outcome = (Polled, Option<OwnedSemaphorePermit>);

fn items_of(outcomes: &[Outcome]) -> usize {
    outcomes.iter().map(|(polled, _)| polled.items()).sum()
}

/// What the tasks of a pass share.
struct Asking {
    ctx: Context,
    plan: Arc<Plan>,
    places: Semaphore,
    force: bool,
    /// The way to the writer.
    finished: mpsc::UnboundedSender<Outcome>,
    /// Room before the writer for items. Never more outcomes are sent than there are sources.
    room: Arc<Semaphore>,
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
    let mut indices: HashMap<String, usize> = HashMap::new();
    let mut hosts: Vec<Vec<Due>> = Vec::new();
    for due in due {
        let index = *indices.entry(due.host.clone()).or_insert(hosts.len());
        match hosts.get_mut(index) {
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
    let Asking { ctx, plan, places, force, finished, room } = &*asking;
    let Some(_claim) = ctx.lanes.claim(&due.state.id) else { return };
    let manners = Manners { ctx, plan, places, force: *force };
    let (polled, _place) = turn(&manners, plan, due).await;
    let room = match u32::try_from(polled.items().min(ROOM)) {
        Ok(0) | Err(_) => None,
        // Never closed; were it, sending would be right all the same.
        Ok(items) => Arc::clone(room).acquire_many_owned(items).await.ok(),
    };
    let _ = finished.send((polled, room));
}

async fn turn<'a>(manners: &Manners<'a>, plan: &Arc<Plan>, due: Due) -> (Polled, Place<'a>) {
    let configured = &due.plan.configured;
    if let Some(until) = manners.rests_until(&due.host) {
        return (Polled::postponed(due, until), None);
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
        Err(until) => return (Polled::postponed(due, until), None),
    };
    if let Some(until) = answer.pauses_host {
        manners.ctx.lanes.pause(&due.host, until);
    }
    // On the heap only now: thousands that wait cost little.
    let (reading, place) = Box::pin(read::read(manners, plan, &due, answer, place)).await;
    (Polled::answered(due, reading), place)
}
