//! Keep what polls brought: many sources in one transaction, each source's
//! items together with its cursor.

use std::sync::Arc;
use std::time::Duration;

use super::client::Refusal;
use super::hosts::HostLimits;
use super::polled::{Due, Exchange, Polled, host};
use super::reading::{NewItem, Reading};
use super::report::{PollOutcome, PollReport};
use super::update;
use crate::answer::{Failure, caching};
use crate::dedup;
use crate::model::{Condition, Initial, ItemId, Retry, Rhythm, SourceId, SourceState, Timestamp};
use crate::pipeline::{Context, PipelineError, Plan};
use crate::schedule::polling;
use crate::schedule::watch::{self, History};
use crate::store::items::{self, Withheld};
use crate::store::{StoreError, Transaction, sources, stories};
use crate::text::clean_line;

/// How often a batch is tried again while the database is locked or full. After
/// that its sources are asked again, with their old validators.
const TRIES: usize = 10;

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Commits the outcomes in one transaction. In an outage of our own, failures
/// are shown but not counted against the sources.
pub(super) async fn commit(
    ctx: &Context,
    plan: &Arc<Plan>,
    polled: Vec<Polled>,
    our_outage: bool,
) -> Result<Vec<PollReport>, PipelineError> {
    if polled.is_empty() {
        return Ok(Vec::new());
    }
    let polled = Arc::new(polled);
    for _ in 0..TRIES {
        match write(ctx, plan, &polled, our_outage).await {
            // What was fetched is dear to its servers: it is held for a while.
            Err(error) if error.retry() == Retry::Later => {
                tracing::warn!(%error, "polled sources cannot be recorded yet");
                tokio::time::sleep(BETWEEN_TRIES).await;
            }
            result => return Ok(result?),
        }
    }
    Ok(write(ctx, plan, &polled, our_outage).await?)
}

async fn write(
    ctx: &Context,
    plan: &Arc<Plan>,
    polled: &Arc<Vec<Polled>>,
    our_outage: bool,
) -> Result<Vec<PollReport>, StoreError> {
    let (clock, plan) = (Arc::clone(&ctx.clock), Arc::clone(plan));
    let (hosts, polled) = (Arc::clone(&ctx.hosts), Arc::clone(polled));
    ctx.store
        .write(move |tx| {
            // Read inside the transaction: receipts and times rise together.
            let now = clock.now();
            items::tell_due_changes(tx, now)?;
            let keep = |polled| keep(tx, &plan, &hosts, polled, now, our_outage);
            polled.iter().map(keep).collect()
        })
        .await
}

/// Characters of an error or a note that are kept.
const MOST_TOLD: usize = 1000;

fn keep(
    tx: &Transaction<'_>,
    plan: &Plan,
    hosts: &HostLimits,
    polled: &Polled,
    now: Timestamp,
    our_outage: bool,
) -> Result<PollReport, StoreError> {
    let Polled { due, exchange, result, duration, .. } = polled;
    let mut state = due.state.clone();
    let mut report = PollReport {
        id: state.id.clone(),
        outcome: PollOutcome::Failed,
        new: 0,
        changed: 0,
        status: exchange.status,
        error: None,
        is_repeated: due.state.last_error.is_some(),
        notes: Vec::new(),
        condition: state.condition,
        duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
    };
    for asked in &exchange.requests {
        sources::count(tx, &state.id, asked)?;
    }
    let outcome = match result {
        Err(Refusal::Paused(until)) => {
            state.next_poll = *until;
            report.error = Some("its host asked to be left alone; not asked".to_owned());
            sources::settle(tx, &state)?;
            return Ok(report);
        }
        Err(Refusal::Failed(failure)) => {
            fail(&mut state, failure, our_outage);
            forget_release(tx, &mut state)?;
            sources::note_failure(tx, &state.id, now)?;
            report.error = Some(failure.to_string());
            polling::Outcome::Failed(failure.kind)
        }
        Ok(reading) => {
            state.cursor = reading.cursor.clone();
            forget_release(tx, &mut state)?;
            let moved_to = exchange.terms.moved_to.as_deref();
            report.new = succeed(tx, plan, due, &mut state, reading, moved_to, now)?;
            report.changed = reading.changed.len();
            report.notes.clone_from(&reading.notes);
            if reading.is_unchanged {
                report.outcome = PollOutcome::Unchanged;
                polling::Outcome::Unchanged
            } else {
                report.outcome = PollOutcome::Read;
                polling::Outcome::Read
            }
        }
    };
    let rhythm = result.as_ref().map_or_else(|_| Rhythm::default(), |read| read.rhythm.clone());
    state.next_poll = next_poll(plan, due, &state, exchange, outcome, &rhythm, now);
    let pauses_host = exchange.terms.pauses_host;
    for until in pauses_host.into_iter().chain(hosts.paused_until(&due.host, now)) {
        state.next_poll = state.next_poll.max(until);
    }
    // Words of servers and documents stand in them.
    let told = state.last_error.iter_mut().chain(&mut report.error).chain(&mut report.notes);
    told.for_each(|text| *text = clean_line(text, MOST_TOLD));
    sources::settle(tx, &state)?;
    if let Some(until) = pauses_host {
        pause_host(tx, plan, due, until)?;
    }
    report.condition = state.condition;
    Ok(report)
}

/// Pauses the host's other sources as well; written down, since a restart must
/// not be a way round a 429.
fn pause_host(
    tx: &Transaction<'_>,
    plan: &Plan,
    due: &Due,
    until: Timestamp,
) -> Result<(), StoreError> {
    if !polling::is_one_registrant(&due.host) {
        return Ok(());
    }
    for other in &plan.sources {
        let settings = &other.configured.settings;
        if settings.id == due.state.id || !settings.enabled {
            continue;
        }
        let state = sources::state(tx, &settings.id)?;
        if host(settings, &state.cursor) == due.host {
            sources::not_before(tx, settings, until)?;
        }
    }
    Ok(())
}

/// An admin may have released what was held while the source was being asked.
fn forget_release(tx: &Transaction<'_>, state: &mut SourceState) -> Result<(), StoreError> {
    let was_released =
        watch::held(&state.cursor) > 0 && watch::held(&sources::state(tx, &state.id)?.cursor) == 0;
    if was_released {
        watch::let_go(&mut state.cursor);
    }
    Ok(())
}

fn fail(state: &mut SourceState, failure: &Failure, our_outage: bool) {
    state.last_error = Some(failure.to_string());
    if our_outage && failure.may_be_our_outage() {
        return;
    }
    state.failures = state.failures.saturating_add(1);
    state.condition = failure.kind.condition();
}

/// Stores what was read and judges how the source fares. Returns the number of
/// new items.
fn succeed(
    tx: &Transaction<'_>,
    plan: &Plan,
    due: &Due,
    state: &mut SourceState,
    reading: &Reading,
    moved_to: Option<&str>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let history = History::of(&state.cursor);
    let first = state.last_success.is_none();
    let away = state.last_success.map_or(Duration::ZERO, |last| now.since(last));
    let flood = !first && history.is_flood(reading.new.len(), away);
    let has_history = !first && state.last_new_item.is_some();
    let gap = !reading.is_delta && watch::is_gap(reading.known, reading.total, has_history);

    let new = store_items(tx, plan, due, reading, first, flood, now)?;

    let history =
        if first { history } else { history.after(reading.new.len(), now, state.last_new_item) };
    history.keep(&mut state.cursor);
    if !reading.new.is_empty() {
        state.last_new_item = Some(now);
    }
    let overlaps = reading.known > 0 || reading.total == 0;
    let moved = watch::moved(&mut state.cursor, moved_to, overlaps);
    let said = reading.notes.first().filter(|_| reading.is_healed).map(String::as_str);
    let rebuilt = watch::rebuilt(&mut state.cursor, said, reading.is_unchanged);
    if flood {
        watch::hold(&mut state.cursor, new);
    }
    let held = watch::held(&state.cursor);
    (state.failures, state.crashes) = (0, 0);
    state.last_success = Some(now);
    (state.condition, state.last_error) = if held > 0 {
        let held = format!(
            "{held} new items at once are far more than ever: they wait for `amtsbote source release {}`",
            state.id
        );
        (Condition::Held, Some(held))
    } else if gap {
        let missed =
            "no item of the last document is in this one: some may have been missed".to_owned();
        (Condition::Gap, Some(missed))
    } else if let Some(target) = moved {
        (Condition::Moved, Some(format!("it has moved for good: set `url = \"{target}\"`")))
    } else if let Some(rebuilt) = rebuilt {
        // Read on, but the settings no longer fit: the same remedy as for a new address.
        (Condition::Moved, Some(rebuilt))
    } else if history.is_silent(now, state.last_new_item) {
        (Condition::Silent, Some("nothing new for unusually long".to_owned()))
    } else {
        (Condition::Ok, None)
    };
    Ok(new)
}

fn store_items(
    tx: &Transaction<'_>,
    plan: &Plan,
    due: &Due,
    reading: &Reading,
    first: bool,
    flood: bool,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let settings = &due.plan.configured.settings;
    let mut stored = 0;
    items::rekey(tx, &reading.rekeyed.retired, &reading.rekeyed.keys)?;
    let mailable = mailable_at_first(settings.initial, &reading.new);
    // Documents list the newest first: stored from the end, ids rise with age.
    for (index, new) in reading.new.iter().enumerate().rev() {
        let withheld = match (first, flood) {
            (true, _) if !mailable[index] => Some(Withheld::Baseline),
            (false, true) => Some(Withheld::Flood),
            _ => None,
        };
        let newcomer = dedup::Subject { source: &settings.id, received: now, traces: &new.traces };
        let placement = stories::place(tx, &newcomer, now.before(dedup::MEMORY))?;
        let id = store_new(tx, plan, &settings.id, new, placement, withheld, now)?;
        stored += usize::from(id.is_some());
    }
    rewrite_items(tx, plan, &settings.id, reading, now)?;
    for (id, key, url) in &reading.renamed {
        items::rename(tx, &settings.id, *id, key, url.as_deref())?;
    }
    for (id, raw_hash) in &reading.touched {
        items::touch(tx, *id, *raw_hash)?;
    }
    Ok(stored)
}

/// Stores a new item with its topics and its story. None if the source has one of its key.
pub(super) fn store_new(
    tx: &Transaction<'_>,
    plan: &Plan,
    source: &SourceId,
    new: &NewItem,
    placement: stories::Placement,
    withheld: Option<Withheld>,
    now: Timestamp,
) -> Result<Option<ItemId>, StoreError> {
    let inserted = items::insert(tx, source, &new.item, now, withheld, placement.joins)?;
    let Some(id) = inserted else { return Ok(None) };
    items::add_tags(tx, id, &new.taggings, &plan.topics_version)?;
    stories::settle(tx, id, source, &new.traces, &placement)?;
    Ok(Some(id))
}

/// Rewrites what says something else now, and lets return what readers had.
fn rewrite_items(
    tx: &Transaction<'_>,
    plan: &Plan,
    source: &SourceId,
    reading: &Reading,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    for (id, item, taggings) in &reading.changed {
        if let Some(change) = update::change(tx, *id, item)? {
            changes.push((*id, change));
        }
        items::rewrite(tx, source, *id, item, now)?;
        items::set_tags(tx, *id, taggings, &plan.topics_version)?;
    }
    if !reading.is_delta && update::is_rebuilt(changes.len(), reading.known) {
        return Ok(());
    }
    for (id, change) in changes {
        update::tell(tx, id, &change, now)?;
    }
    Ok(())
}

/// Returns which of the items of a first poll may be mailed.
fn mailable_at_first(initial: Initial, new: &[NewItem]) -> Vec<bool> {
    match initial {
        Initial::None => vec![false; new.len()],
        Initial::All => vec![true; new.len()],
        Initial::Newest(count) => {
            let mut newest: Vec<usize> = (0..new.len()).collect();
            // A stable sort: without dates the document's order says what is new.
            newest.sort_by_key(|index| std::cmp::Reverse(new[*index].item.published));
            let mut mailable = vec![false; new.len()];
            for index in newest.into_iter().take(count) {
                mailable[index] = true;
            }
            mailable
        }
    }
}

fn next_poll(
    plan: &Plan,
    due: &Due,
    state: &SourceState,
    exchange: &Exchange,
    outcome: polling::Outcome,
    rhythm: &Rhythm,
    now: Timestamp,
) -> Timestamp {
    let policy = plan.polling.policy(due.settings().interval);
    let signs = polling::Signs {
        source: &state.id,
        outcome,
        failures: state.failures,
        last_new_item: state.last_new_item,
        rhythm,
        freshness: exchange.terms.freshness,
        retry_after: exchange.terms.retry_after,
        gap: state.condition == Condition::Gap,
        never_answers_304: caching::never_answers_304(&state.cursor),
    };
    polling::next(now, &policy, &signs)
}
