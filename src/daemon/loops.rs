//! The loops: poll, compose, drain, prune, jobs, watchdog. Each takes the plan
//! anew at each turn, sleeps until it has something to do, and ends when told.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::heartbeats::Heartbeats;
use super::shared::{DaemonError, Running, Shared, endure, grace_period_ends};
use super::{jobs, notify, report, returned, upkeep};
use crate::model::{Retry, SeriesId, Timestamp};
use crate::pipeline::{self, Choice, Moment, Pass, PipelineError, PollReport};
use crate::schedule::calendar::{self, Calendar};
use crate::store::digests::{self, Progress};

/// The longest any loop sleeps: clocks jump, and a laptop wakes up.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// The shortest: what is always due must not spin.
const SHORTEST_SLEEP: Duration = Duration::from_millis(200);
/// Between two looks at the jobs of the command line.
const JOBS_EVERY: Duration = Duration::from_millis(300);

/// A series whose last slot lies further ahead than this was run by a clock that
/// was ahead: more than a change of zone or of summer time can do.
const CLOCK_WAS_AHEAD: chrono::TimeDelta = chrono::TimeDelta::hours(26);

/// Starts all loops.
pub(super) fn spawn(shared: &Shared) -> JoinSet<Result<(), DaemonError>> {
    let beats = Arc::new(Heartbeats::default());
    let now = shared.current().ctx.clock.now();
    (0..3).for_each(|which| beats.beat(which, now));
    let mut lives = JoinSet::new();
    lives.spawn(poll(shared.clone(), Arc::clone(&beats)));
    lives.spawn(compose(shared.clone(), Arc::clone(&beats)));
    lives.spawn(drain(shared.clone(), Arc::clone(&beats)));
    lives.spawn(upkeep::prune(shared.clone()));
    lives.spawn(upkeep::retag(shared.clone()));
    lives.spawn(serve_jobs(shared.clone()));
    lives.spawn(returned::take_in(shared.clone()));
    lives.spawn(report::report(shared.clone(), Arc::clone(&beats)));
    if let Some(interval) = sd_notify::watchdog_enabled() {
        lives.spawn(watchdog(shared.clone(), beats, interval / 2));
    }
    lives
}

async fn poll(shared: Shared, beats: Arc<Heartbeats>) -> Result<(), DaemonError> {
    while !shared.stop.is_cancelled() {
        let running = shared.current();
        let now = running.ctx.clock.now();
        beats.beat(0, now);
        let due = pipeline::next_due(&running.ctx, &running.plan).await;
        let wait = match due {
            Ok(Some(due)) if due <= now => {
                // Begun here, so that a database that takes nothing holds up the
                // loop instead of letting it pile up passes.
                let choice = Choice { spread: true, ..Choice::default() };
                match Pass::begin(&running.ctx, &running.plan, &choice).await {
                    Ok(begun) => {
                        // A task of its own: a slow host in this pass must not delay the next.
                        let shared = shared.clone();
                        shared.tasks.clone().spawn(async move {
                            tokio::select! {
                                () = pass(&running, begun) => shared.wake.report.notify_one(),
                                // Nothing is lost: what was not kept is asked again.
                                () = grace_period_ends(&shared.stop) => {}
                            }
                        });
                    }
                    Err(error) => endure(Err(error)).await?,
                }
                SHORTEST_SLEEP
            }
            Ok(due) => due.map_or(LONGEST_SLEEP, |due| due.since(now)),
            Err(error) => {
                endure(Err(error)).await?;
                SHORTEST_SLEEP
            }
        };
        sleep(&shared, wait, &shared.wake.poll).await;
    }
    Ok(())
}

async fn pass(running: &Running, begun: Pass) {
    match begun.finish().await {
        Ok(reports) => reports.iter().for_each(log_poll),
        Err(error) => {
            tracing::error!(%error, hint = error.hint(), "a pass was not kept; its sources are asked again");
            return;
        }
    }
    match pipeline::tell_admin(&running.ctx, &running.plan).await {
        Ok(0) => {}
        Ok(_) => running.ctx.outbox_changed.notify_one(),
        Err(error) => tracing::error!(%error, "the admin could not be told of changed sources"),
    }
}

fn log_poll(report: &PollReport) {
    let source = report.id.as_str();
    let duration_ms = report.duration_ms;
    match &report.error {
        // A line for the change; `source list` shows that it still fails.
        Some(error) if report.is_repeated => {
            tracing::debug!(source.id = source, status = report.status, "{source}: {error}");
        }
        Some(error) => {
            tracing::warn!(
                source.id = source,
                status = report.status,
                duration_ms,
                "{source}: {error}"
            );
        }
        None => tracing::info!(
            source.id = source,
            outcome = report.outcome.as_str(),
            new = report.new,
            changed = report.changed,
            duration_ms,
            "{source}: {}, {} new, {} changed",
            report.outcome.as_str(),
            report.new,
            report.changed
        ),
    }
    for note in &report.notes {
        tracing::debug!(source.id = source, "{source}: {note}");
    }
}

async fn compose(shared: Shared, beats: Arc<Heartbeats>) -> Result<(), DaemonError> {
    while !shared.stop.is_cancelled() {
        let running = shared.current();
        beats.beat(1, running.ctx.clock.now());
        // What a crash or a fault left half frozen.
        match pipeline::finish(&running.ctx, &running.plan).await {
            Ok(0) => {}
            Ok(_) => running.ctx.outbox_changed.notify_one(),
            Err(error) if error.retry() == Retry::Never => {
                tracing::error!("a digest cannot be finished: {:#}", anyhow::Error::new(error));
            }
            Err(error) => endure(Err(error)).await?,
        }
        let mut wait = LONGEST_SLEEP;
        for series in &running.plan.series {
            let id = &series.series.id;
            let next = compose_due(&running, id, &series.schedule).await;
            match next {
                Ok(Some(next)) => wait = wait.min(next.since(running.ctx.clock.now())),
                Ok(None) => {}
                // One series whose template fails must not silence the others.
                Err(error) if error.retry() == Retry::Never => {
                    tracing::error!(series.id = %id, error = format!("{:#}", anyhow::Error::new(error)), "{id}: no digest");
                }
                Err(error) => endure(Err(error)).await?,
            }
        }
        tokio::select! {
            () = sleep(&shared, wait, &shared.wake.compose) => {}
            () = running.ctx.draft_answered.notified() => {}
        }
    }
    Ok(())
}

/// Composes what is due of a series; answers when its next slot comes.
async fn compose_due(
    running: &Running,
    id: &SeriesId,
    calendar: &Calendar,
) -> Result<Option<Timestamp>, PipelineError> {
    let (ctx, mail) = (&running.ctx, &running.plan.mail);
    let now = ctx.clock.now();
    let series = id.clone();
    let progress = ctx.store.read(move |tx| digests::progress(tx, &series)).await?;
    let last = progress.last_slot.as_deref().and_then(calendar::parse_civil_id);
    let reached = Calendar::reached(now, mail.timezone);
    let is_ahead = last.is_some_and(|last| last - reached > CLOCK_WAS_AHEAD);
    if is_ahead {
        tracing::warn!(series.id = %id, "{id}: its last slot lies in the future, the clock was ahead; it begins anew from now");
    }
    let last = if last.is_none() || is_ahead {
        begin_series(running, id, calendar::civil_id(reached)).await?;
        Some(reached)
    } else {
        last
    };
    let draft = pipeline::draft(ctx, &running.plan, id).await?;
    if let Some(due) = calendar.due(last, now, mail.timezone, mail.holidays) {
        let moment = Moment::Due { slot: due.slot, catches_up: due.missed > 0 };
        let report = pipeline::compose(ctx, &running.plan, id, moment).await?;
        match &report.digest {
            Some(digest) => {
                tracing::info!(digest.id = %digest, entries = report.entries, messages = report.messages,
                "{digest}: {} entries to {} subscribers", report.entries, report.messages);
            }
            None if report.waits => {
                tracing::debug!(series.id = %id, "{id}: waits for its editors");
            }
            None => tracing::info!(series.id = %id, "{id}: nothing to tell"),
        }
        running.ctx.outbox_changed.notify_one();
    }
    let next = calendar.next_after_instant(now, mail.timezone, mail.holidays).map(|slot| slot.at);
    Ok(draft.into_iter().chain(next).min())
}

/// Begins a series at its first sight, or after a clock that was ahead: slots that lie before
/// are not its business. A series that joins others begins where they stand and
/// not with everything that was ever received.
async fn begin_series(
    running: &Running,
    id: &SeriesId,
    reached: String,
) -> Result<(), PipelineError> {
    let series = id.clone();
    running
        .ctx
        .store
        .write(move |tx| {
            let before = digests::progress(tx, &series)?;
            let last_receipt = match before.last_slot {
                None if before.last_receipt == 0 => digests::furthest_receipt(tx)?,
                _ => before.last_receipt,
            };
            let begun = Progress { last_slot: Some(reached), last_receipt, ..before };
            digests::set_progress(tx, &series, &begun)
        })
        .await?;
    Ok(())
}

async fn drain(shared: Shared, beats: Arc<Heartbeats>) -> Result<(), DaemonError> {
    let mut rests = false;
    let mut before: Option<Arc<Running>> = None;
    while !shared.stop.is_cancelled() {
        let running = shared.current();
        // A start or a new config may have mended what sending rests for.
        if before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, &running)) {
            endure(pipeline::resume(&running.ctx).await).await?;
            before = Some(Arc::clone(&running));
        }
        beats.beat(2, running.ctx.clock.now());
        let (stop, beating, clock) =
            (shared.stop.clone(), Arc::clone(&beats), Arc::clone(&running.ctx.clock));
        // Asked between two messages: a long run of mails is no stuck loop.
        let stop = move || {
            beating.beat(2, clock.now());
            stop.is_cancelled()
        };
        let now_running = || {
            let running = shared.current();
            (running.ctx.clone(), Arc::clone(&running.plan))
        };
        let drained = pipeline::drain_with(&now_running, &stop).await;
        let mut wait = LONGEST_SLEEP;
        match drained {
            Ok(report) => {
                if report.suspended > 0 {
                    tracing::warn!(
                        subscribers = report.suspended,
                        "{} subscribers get no more mail: too much came back from them",
                        report.suspended
                    );
                }
                if report.sent + report.deferred + report.dead > 0 {
                    tracing::info!(
                        sent = report.sent,
                        deferred = report.deferred,
                        dead = report.dead,
                        "mail: {} sent, {} deferred, {} given up",
                        report.sent,
                        report.deferred,
                        report.dead
                    );
                }
                // Said once by `report`, and not at each look at it.
                let now_rests = report.stopped.is_some() || report.paused.is_some();
                if std::mem::replace(&mut rests, now_rests) != now_rests {
                    shared.wake.report.notify_one();
                }
                if report.stopped.is_some() {
                    sleep(&shared, LONGEST_SLEEP / 10, &running.ctx.outbox_changed).await;
                    continue;
                }
                if let Some((until, _)) = report.paused {
                    wait = until.since(running.ctx.clock.now());
                    sleep(&shared, wait, &running.ctx.outbox_changed).await;
                    continue;
                }
                match pipeline::tell_of_sending(&running.ctx, &running.plan).await {
                    Ok(0) => {}
                    Ok(_) => running.ctx.outbox_changed.notify_one(),
                    Err(error) => tracing::error!(%error, "the admin could not be told of sending"),
                }
                match pipeline::next_mail(&running.ctx).await {
                    Ok(Some(due)) => wait = due.since(running.ctx.clock.now()),
                    Ok(None) => {}
                    Err(error) => endure(Err(error)).await?,
                }
            }
            Err(error) => endure(Err(error)).await?,
        }
        sleep(&shared, wait, &running.ctx.outbox_changed).await;
    }
    Ok(())
}

async fn serve_jobs(shared: Shared) -> Result<(), DaemonError> {
    while !shared.stop.is_cancelled() {
        endure(jobs::work_off(&shared).await).await?;
        shared.rest(JOBS_EVERY).await;
    }
    Ok(())
}

/// Feeds systemd's watchdog while the database can be read and the loops turn. That another
/// process or the disk keeps it from being written is no reason to be started again: it would
/// not help, and a 250 that waits in memory to be recorded would be lost.
async fn watchdog(
    shared: Shared,
    beats: Arc<Heartbeats>,
    interval: Duration,
) -> Result<(), DaemonError> {
    while !shared.stop.is_cancelled() {
        let running = shared.current();
        let answer = tokio::time::timeout(interval, running.ctx.store.ping_reader()).await;
        let answers = answer.is_ok_and(|answer| match answer {
            Ok(()) => true,
            Err(error) => error.retry() != Retry::Never,
        });
        if answers && beats.are_fresh(running.ctx.clock.now()) {
            notify::alive();
        } else {
            tracing::error!("not feeding the watchdog: the database or a loop is stuck");
        }
        shared.rest(interval).await;
    }
    Ok(())
}

/// Sleeps within the bounds, unless woken or told to stop.
async fn sleep(shared: &Shared, wait: Duration, wake: &tokio::sync::Notify) {
    tokio::select! {
        () = tokio::time::sleep(wait.clamp(SHORTEST_SLEEP, LONGEST_SLEEP)) => {}
        () = wake.notified() => {}
        () = shared.stop.cancelled() => {}
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::clock::{Clock as _, TestClock};

    #[tokio::test(start_paused = true)]
    async fn a_pass_has_five_seconds_after_the_word_to_stop() {
        let stop = CancellationToken::new();
        let clock = TestClock::new(Timestamp::default());
        tokio::time::timeout(Duration::from_hours(1), grace_period_ends(&stop)).await.unwrap_err();
        stop.cancel();
        let told = clock.now();
        grace_period_ends(&stop).await;
        assert_eq!(clock.now().since(told), Duration::from_secs(5));
    }
}
