//! Send what is due: claim, send with nothing held, settle. docs/QUEUE.md
//! carries the table of events and the one of what a crash leaves at each step.

mod attempt;
mod group_commit;
mod pace;
mod record;
mod sender;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use self::attempt::{Settled, send_one};
pub(super) use self::pace::Pace;
use self::record::holds;
pub(super) use self::sender::Sender;
use super::{Context, PipelineError, Plan};
use crate::model::{BoxFuture, Claim, DigestId, OutboxEntry, Timestamp};
use crate::outbox::Served;
use crate::store::mail_news::{self, News, What};
use crate::store::outbox::{self, Claimed, Pause};
use crate::store::{StoreError, Transaction};

/// Messages claimed at once for each connection: few, so that a crash leaves few
/// attempts counted that never were.
const CLAIM_PER_CONNECTION: usize = 16;

/// Between two looks whether to stop, or whether something came due, while an
/// answer is waited for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What a drain did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrainReport {
    /// Taken by the other side.
    pub sent: usize,
    /// To be tried again.
    pub deferred: usize,
    /// Given up.
    pub dead: usize,
    /// Subscribers that get nothing more because their mail was refused too often.
    pub suspended: usize,
    /// The channel itself is at fault: everything rests until then, for this reason.
    pub paused: Option<(Timestamp, String)>,
    /// The operator wants nothing to be sent, for this reason.
    pub stopped: Option<String>,
}

/// Sends everything that is due and comes back when nothing is, when the
/// channel is at fault, or when `stop` says so between two messages.
pub async fn drain(
    ctx: &Context,
    plan: &Arc<Plan>,
    stop: &(dyn Fn() -> bool + Send + Sync),
) -> Result<DrainReport, PipelineError> {
    drain_with(&|| (ctx.clone(), Arc::clone(plan)), stop).await
}

/// Does what [`drain`] does, and asks before each message what the config is now: a reload
/// counts from the next message on.
pub async fn drain_with(
    current: &(dyn Fn() -> (Context, Arc<Plan>) + Send + Sync),
    stop: &(dyn Fn() -> bool + Send + Sync),
) -> Result<DrainReport, PipelineError> {
    let (ctx, plan) = current();
    let sender = Arc::clone(&ctx.sender);
    let _only = sender.only_drain.lock().await;
    // Before anything is claimed: what an earlier drain could not write.
    sender.commit.flush(&ctx).await;
    if let Some(rest) = begin(&ctx, &plan).await? {
        return Ok(rest);
    }
    let mut drain = Drain {
        current,
        stop,
        sender: &sender,
        waiting: VecDeque::new(),
        running: FuturesUnordered::new(),
        attempts: Arc::default(),
        is_claiming: false,
        is_empty: false,
        report: DrainReport::default(),
        fault: None,
    };
    drain.run().await;
    match drain.fault {
        Some(fault) => Err(fault),
        None => Ok(drain.report),
    }
}

/// Makes every claim due again, since no drain runs, and every due time that a
/// clock wrote which has been set back since. Returns a report if nothing may be
/// sent just now.
async fn begin(ctx: &Context, plan: &Plan) -> Result<Option<DrainReport>, PipelineError> {
    let (now, longest) = (ctx.clock.now(), plan.mail.settings.outbox.give_up);
    ctx.store
        .write(move |tx| {
            outbox::recover(tx, now)?;
            outbox::mistrust_due_times(tx, now, longest)
        })
        .await?;
    let (stop, pause) = ctx.store.read(|tx| Ok((outbox::stopped(tx)?, outbox::pause(tx)?))).await?;
    if let Some(stop) = stop {
        return Ok(Some(DrainReport { stopped: Some(stop.reason), ..DrainReport::default() }));
    }
    Ok(pause.filter(|pause| holds(pause, now)).map(|pause| DrainReport {
        paused: Some((pause.until, pause.reason)),
        ..DrainReport::default()
    }))
}

/// Makes due again what a crash left claimed, with the same bytes. Only for who
/// has just taken the lock: then no other process sends.
pub async fn sweep(ctx: &Context) -> Result<usize, PipelineError> {
    let now = ctx.clock.now();
    Ok(ctx.store.write(move |tx| outbox::recover(tx, now)).await?)
}

/// The fault may be mended (a start, a new config, the operator's word): the
/// next drain tries. If it is not, the rest after that is longer, not shorter.
pub async fn resume(ctx: &Context) -> Result<(), PipelineError> {
    let now = ctx.clock.now();
    let resume = move |tx: &Transaction<'_>| match outbox::pause(tx)? {
        Some(pause) if pause.until > now => {
            outbox::set_pause(tx, Some(&Pause { until: now, ..pause }))
        }
        _ => Ok(()),
    };
    Ok(ctx.store.write(resume).await?)
}

/// Returns when the next message is due; none if nothing waits.
pub async fn next_mail(ctx: &Context) -> Result<Option<Timestamp>, PipelineError> {
    Ok(ctx.store.read(outbox::next_due).await?)
}

/// Returns how many messages of a digest stand where.
pub async fn delivery_of(
    ctx: &Context,
    digest: Option<&DigestId>,
) -> Result<BTreeMap<String, u64>, PipelineError> {
    let Some(digest) = digest.cloned() else { return Ok(BTreeMap::new()) };
    let counted = ctx.store.read(move |tx| outbox::count_by_state(tx, Some(&digest))).await?;
    Ok(counted.into_iter().collect())
}

/// Something that a drain waited for.
enum Event {
    /// What was claimed and may go, and whether nothing at all was due.
    Claimed(Result<(Vec<OutboxEntry>, bool), PipelineError>),
    Attempted(Result<Settled, PipelineError>),
    GivenBack(Result<(), PipelineError>),
}

/// One drain: attempts and at most one claim run beside each other, and each
/// connection takes its next message when it is free.
struct Drain<'a> {
    current: &'a (dyn Fn() -> (Context, Arc<Plan>) + Send + Sync),
    stop: &'a (dyn Fn() -> bool + Send + Sync),
    sender: &'a Arc<Sender>,
    /// Claimed and not begun.
    waiting: VecDeque<OutboxEntry>,
    running: FuturesUnordered<BoxFuture<'a, Event>>,
    /// How many attempts run.
    attempts: Arc<AtomicUsize>,
    is_claiming: bool,
    /// Whether the last claim found nothing.
    is_empty: bool,
    report: DrainReport,
    fault: Option<PipelineError>,
}

impl Drain<'_> {
    async fn run(&mut self) {
        loop {
            let is_ending = (self.stop)() || self.report.paused.is_some() || self.fault.is_some();
            if is_ending {
                self.give_back_waiting();
            } else if !self.sender.commit.is_stuck() {
                self.begin_what_can();
            }
            if self.running.is_empty() {
                return;
            }
            tokio::select! {
                Some(event) = self.running.next() => self.take(event),
                () = tokio::time::sleep(LOOK_AGAIN) => self.is_empty = false,
            }
        }
    }

    /// Begins as many attempts as there are free connections, and a claim when
    /// nothing is left to begin.
    fn begin_what_can(&mut self) {
        let (ctx, plan) = (self.current)();
        let connections = self.sender.served().of(ctx.channel.connections());
        while self.attempts.load(Ordering::Relaxed) < connections
            && let Some(entry) = self.waiting.pop_front()
        {
            self.attempt(ctx.clone(), Arc::clone(&plan), entry);
        }
        if self.waiting.is_empty() && !self.is_claiming && !self.is_empty {
            self.is_claiming = true;
            let (sender, limit) = (Arc::clone(self.sender), connections * CLAIM_PER_CONNECTION);
            self.running.push(Box::pin(async move {
                Event::Claimed(claim(&sender, &ctx, &plan, limit).await)
            }));
        }
    }

    fn attempt(&self, ctx: Context, plan: Arc<Plan>, entry: OutboxEntry) {
        let (sender, attempts) = (Arc::clone(self.sender), Arc::clone(&self.attempts));
        attempts.fetch_add(1, Ordering::Relaxed);
        self.running.push(Box::pin(async move {
            let is_alone = || attempts.load(Ordering::Relaxed) <= 1;
            let settled = send_one(&sender, &ctx, &plan, &entry, is_alone).await;
            attempts.fetch_sub(1, Ordering::Relaxed);
            Event::Attempted(settled)
        }));
    }

    fn give_back_waiting(&mut self) {
        let why = self.report.paused.as_ref().map(|(_, why)| why.clone());
        for entry in self.waiting.drain(..) {
            let (ctx, _) = (self.current)();
            let (commit, why) = (Arc::clone(&self.sender.commit), why.clone());
            self.running.push(Box::pin(async move {
                Event::GivenBack(commit.give_back(&ctx, entry.claim, why).await)
            }));
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Claimed(claimed) => {
                self.is_claiming = false;
                match claimed {
                    Ok((entries, is_empty)) => {
                        self.is_empty = is_empty;
                        self.waiting.extend(entries);
                    }
                    Err(fault) => self.fault = Some(fault),
                }
            }
            Event::Attempted(Ok(settled)) => {
                // A failure may have made room for what was deferred meanwhile.
                self.note(settled);
            }
            Event::GivenBack(Ok(())) => {}
            Event::Attempted(Err(fault)) | Event::GivenBack(Err(fault)) => self.fault = Some(fault),
        }
    }

    fn note(&mut self, settled: Settled) {
        match settled {
            Settled::Sent => {
                self.report.sent += 1;
                self.sender.served().taken();
            }
            Settled::Deferred => self.report.deferred += 1,
            Settled::Dead { suspends } => {
                self.report.dead += 1;
                self.report.suspended += usize::from(suspends);
            }
            Settled::Untouched => {}
            Settled::Crowded => {
                self.is_empty = false;
                let left = self.attempts.load(Ordering::Relaxed);
                if self.sender.served().refused_beside(left) {
                    tracing::warn!(
                        connections = left,
                        "the mail server serves no more than {left} connections at once; going on with these"
                    );
                }
            }
            Settled::Paused(until, why) => {
                *self.sender.served() = Served::UNKNOWN;
                self.report.paused = Some((until, why));
            }
        }
    }
}

/// Claims what is due. What must wait for its domain's turn is deferred.
async fn claim(
    sender: &Sender,
    ctx: &Context,
    plan: &Plan,
    limit: usize,
) -> Result<(Vec<OutboxEntry>, bool), PipelineError> {
    let (now, holder) = (ctx.clock.now(), sender.incarnation);
    let claimed = ctx.store.write(move |tx| claim_in(tx, holder, now, limit)).await?;
    for entry in &claimed.damaged {
        tracing::error!(message.id = %entry.message_id,
            "{} is set aside: its bytes are not what was frozen; see `amtsbote db check`", entry.message_id);
    }
    let is_empty = claimed.entries.is_empty() && claimed.damaged.is_empty();
    let now = ctx.clock.now();
    let (go, wait) = ctx.pace.part(claimed.entries, plan.mail.settings.domain_per_minute, now);
    if !wait.is_empty() {
        ctx.store.write(move |tx| wait_for_turns(tx, &wait, now)).await?;
    }
    Ok((go, is_empty))
}

fn claim_in(
    tx: &Transaction<'_>,
    holder: i64,
    now: Timestamp,
    limit: usize,
) -> Result<Claimed, StoreError> {
    let claimed = if outbox::stopped(tx)?.is_some() {
        Claimed::default()
    } else {
        outbox::claim(tx, holder, now, limit)?
    };
    if let Some(oldest) = claimed.damaged.iter().map(|entry| entry.created).min() {
        let messages = claimed.damaged.len() as u64;
        let reason = "the stored bytes are damaged".to_owned();
        let (what, since) = (What::Damaged, oldest.min(now));
        mail_news::add(tx, &News { what, since, until: now, messages, reason })?;
    }
    Ok(claimed)
}

fn wait_for_turns(
    tx: &Transaction<'_>,
    wait: &[(Claim, Timestamp)],
    now: Timestamp,
) -> Result<(), StoreError> {
    wait.iter().try_for_each(|(claim, turn)| outbox::wait_for_turn(tx, *claim, *turn, now))
}
