//! One pass: the sources of each host one after the other, several hosts at
//! once, and what they said handed to the writer by the batch.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::client::PoliteClient;
use super::polled::{Due, Polled};
use super::queue::{ROOM, Waiting, Writer};
use super::source::poll_source;
use crate::pipeline::{Context, Plan};

/// Most polled sources in one transaction: few enough not to block others for long.
const BATCH: usize = 1024;
/// Items that are worth a transaction, which writes each page once however many
/// of them fall onto it.
const ENOUGH: usize = ROOM / 2;
/// How long what came first waits for more.
const GATHERING: Duration = Duration::from_millis(200);
/// Hosts that are polled at once, for each request at once: while one is asked
/// the others keep their spacing. Each may hold a connection.
const HOSTS_PER_REQUEST: usize = 8;

/// The polled sources of a pass as they come. Dropping it ends the pass.
pub(super) struct Polls {
    results: mpsc::UnboundedReceiver<Waiting>,
    _polling: AbortOnDropHandle<()>,
}

impl Polls {
    /// Begins to ask.
    pub(super) fn begin(ctx: &Context, plan: &Arc<Plan>, due: Vec<Due>, force: bool) -> Self {
        let (sender, results) = mpsc::unbounded_channel();
        let client = PoliteClient::new(ctx, plan, force);
        let writer = Writer { results: sender, room: Arc::new(Semaphore::new(ROOM)) };
        let polling = tokio::spawn(host_by_host(Arc::new((client, writer)), due));
        Self { results, _polling: AbortOnDropHandle::new(polling) }
    }

    /// Returns what came next, and what follows within a moment; none at the end.
    pub(super) async fn next(&mut self) -> Option<Vec<Polled>> {
        let mut batch = Vec::new();
        if self.results.recv_many(&mut batch, BATCH).await == 0 {
            return None;
        }
        let mut moment = pin!(tokio::time::sleep(GATHERING));
        let mut items = items_of(&batch);
        while batch.len() < BATCH && items < ENOUGH {
            let before = batch.len();
            tokio::select! {
                () = &mut moment => break,
                more = self.results.recv_many(&mut batch, BATCH - before) => {
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

fn items_of(results: &[Waiting]) -> usize {
    results.iter().map(|(polled, _)| polled.items()).sum()
}

/// Polls the sources of each host one after the other. Those that may have brought the
/// process down come last and alone: should one do it again, no other is suspected.
async fn host_by_host(shared: Arc<(PoliteClient, Writer)>, due: Vec<Due>) {
    let (suspects, others): (Vec<_>, Vec<_>) =
        due.into_iter().partition(|due| due.state.crashes > 0);
    many_hosts(&shared, others).await;
    for suspect in suspects {
        poll_apart(&shared, suspect).await;
    }
}

/// Polls so many hosts at once that connections and memory do not grow with the number
/// of sources.
async fn many_hosts(shared: &Arc<(PoliteClient, Writer)>, due: Vec<Due>) {
    let polling = &shared.0.plan.polling;
    let hosts = polling.concurrency.max(1) * HOSTS_PER_REQUEST;
    stream::iter(by_host(due))
        .for_each_concurrent(hosts, |sources| {
            stream::iter(sources)
                .for_each_concurrent(polling.per_host.max(1), |due| poll_apart(shared, due))
        })
        .await;
}

/// Polls a source in a task of its own: what panics takes no other source with it.
async fn poll_apart(shared: &Arc<(PoliteClient, Writer)>, due: Due) {
    let shared = Arc::clone(shared);
    let poll = async move { poll_source(&shared.0, &shared.1, due).await };
    let _ = tokio::spawn(poll).await;
}

/// Returns the sources of each host, in the order of the config.
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
