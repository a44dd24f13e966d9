//! Keep what polls brought: many sources in one transaction, each source's
//! items together with its cursor.

use std::sync::Arc;
use std::time::Duration;

use super::ask::{self, Answer, Failure, Said};
use super::lanes::Lanes;
use super::read::{NewItem, Read, Reading};
use super::{Due, PollOutcome, PollReport, update};
use crate::dedup::{self, StoryDecision};
use crate::fetch::caching;
use crate::model::{Condition, Initial, Retry, SourceId, SourceState, StoryId, Timestamp};
use crate::pipeline::{Context, PipelineError, Plan};
use crate::schedule::polling;
use crate::schedule::watch::{self, History};
use crate::store::items::{self, Withheld};
use crate::store::{StoreError, Transaction, sources, stories};

/// How often a batch is tried again while the database is locked or full. After
/// that its sources are asked again, with their old validators.
const TRIES: usize = 10;

/// Between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// A source that had its turn.
pub(super) struct Polled {
    due: Due,
    outcome: Outcome,
    duration_ms: u64,
}

enum Outcome {
    /// Its host rests: not asked.
    Postponed(Timestamp),
    /// Asked; boxed, since an answer is far larger than an instant.
    Answered(Box<Reading>),
}

impl Polled {
    pub(super) fn postponed(due: Due, until: Timestamp) -> Self {
        Self { due, outcome: Outcome::Postponed(until), duration_ms: 0 }
    }

    pub(super) fn answered(due: Due, reading: Reading) -> Self {
        let duration_ms = reading.answer.departure.map_or(0, |left| left.watch.milliseconds());
        Self { due, outcome: Outcome::Answered(Box::new(reading)), duration_ms }
    }

    /// Whose server was to be asked.
    pub(super) fn host(&self) -> &str {
        &self.due.host
    }

    /// How many items are to be written.
    pub(super) fn items(&self) -> usize {
        match &self.outcome {
            Outcome::Postponed(_) => 0,
            Outcome::Answered(reading) => reading.read.new.len() + reading.read.changed.len(),
        }
    }

    /// It failed in a way that may be our own network's fault.
    pub(super) fn may_be_our_outage(&self) -> bool {
        matches!(&self.outcome, Outcome::Answered(reading)
            if matches!(&reading.answer.said, Said::Nothing(failure) if failure.may_be_our_outage))
    }
}

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
                tracing::warn!(%error, "what was polled cannot be kept yet");
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
    let (lanes, polled) = (Arc::clone(&ctx.lanes), Arc::clone(polled));
    ctx.store
        .write(move |tx| {
            // Read inside the transaction: receipts and times rise together.
            let now = clock.now();
            items::tell_due_changes(tx, now)?;
            let keep = |polled| keep(tx, &plan, &lanes, polled, now, our_outage);
            polled.iter().map(keep).collect()
        })
        .await
}

fn keep(
    tx: &Transaction<'_>,
    plan: &Plan,
    lanes: &Lanes,
    polled: &Polled,
    now: Timestamp,
    our_outage: bool,
) -> Result<PollReport, StoreError> {
    let Polled { due, outcome, duration_ms } = polled;
    let mut report = PollReport {
        id: due.state.id.clone(),
        outcome: PollOutcome::Failed,
        new: 0,
        changed: 0,
        status: None,
        error: None,
        notes: Vec::new(),
        condition: due.state.condition,
        duration_ms: *duration_ms,
    };
    let mut state = due.state.clone();
    let reading = match outcome {
        Outcome::Answered(reading) => reading,
        Outcome::Postponed(until) => {
            state.next_poll = *until;
            report.error = Some("its host asked to be left alone; not asked".to_owned());
            sources::settle(tx, &state)?;
            return Ok(report);
        }
    };
    let Reading { answer, read } = &**reading;
    report.status = answer.status;
    if let Some(left) = answer.departure {
        let asked = sources::Asked {
            at: left.at,
            conditional: answer.conditional,
            not_modified: answer.status == Some(304),
            retry_after: answer.retry_after,
            spacing: left.spacing,
        };
        sources::count(tx, &state.id, &asked)?;
    }

    match &answer.said {
        Said::Nothing(failure) => {
            fail(&mut state, failure, our_outage);
            forget_release(tx, &mut state)?;
            sources::note_failure(tx, &state.id, now)?;
            report.error = Some(failure.message.clone());
        }
        Said::Unchanged | Said::Document(_) | Said::Read => {
            report.outcome = match answer.said {
                Said::Unchanged => PollOutcome::Unchanged,
                _ => PollOutcome::Read,
            };
            state.cursor = answer.cursor.clone();
            forget_release(tx, &mut state)?;
            report.new = succeed(tx, plan, due, &mut state, read, answer.moved_to.as_deref(), now)?;
            report.changed = read.changed.len();
        }
    }
    state.next_poll = next_poll(plan, due, &state, answer, read, now);
    for until in answer.pauses_host.into_iter().chain(lanes.paused_until(&due.host, now)) {
        state.next_poll = state.next_poll.max(until);
    }
    sources::settle(tx, &state)?;
    if let Some(until) = answer.pauses_host {
        rest_host(tx, plan, due, until)?;
    }
    report.condition = state.condition;
    report.notes.clone_from(&read.notes);
    Ok(report)
}

/// The host's other sources rest as well; written down, since a restart must
/// not be a way round a 429.
fn rest_host(
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
        if ask::lane(settings, &state.cursor) == due.host {
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
    state.last_error = Some(failure.message.clone());
    if our_outage && failure.may_be_our_outage {
        return;
    }
    state.failures = state.failures.saturating_add(1);
    state.condition = failure.condition;
}

/// Stores what was read and judges how the source fares. Answers how many items
/// were new.
fn succeed(
    tx: &Transaction<'_>,
    plan: &Plan,
    due: &Due,
    state: &mut SourceState,
    read: &Read,
    moved_to: Option<&str>,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let history = History::of(&state.cursor);
    let first = state.last_success.is_none();
    let away = state.last_success.map_or(Duration::ZERO, |last| now.since(last));
    let flood = !first && history.is_flood(read.new.len(), away);
    let has_history = !first && state.last_new_item.is_some();
    let gap = !read.is_delta && watch::is_gap(read.known, read.total, has_history);

    let new = store_items(tx, plan, due, read, first, flood, now)?;

    let history =
        if first { history } else { history.after(read.new.len(), now, state.last_new_item) };
    history.keep(&mut state.cursor);
    if !read.new.is_empty() {
        state.last_new_item = Some(now);
    }
    let overlaps = read.known > 0 || read.total == 0;
    let moved = watch::moved(&mut state.cursor, moved_to, overlaps);
    if flood {
        watch::hold(&mut state.cursor, new);
    }
    let held = watch::held(&state.cursor);
    state.failures = 0;
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
    read: &Read,
    first: bool,
    flood: bool,
    now: Timestamp,
) -> Result<usize, StoreError> {
    let settings = &due.plan.configured.settings;
    let mut stored = 0;
    let mailable = mailable_at_first(settings.initial, &read.new);
    // Documents list the newest first: stored from the end, ids rise with age.
    for (index, new) in read.new.iter().enumerate().rev() {
        let withheld = match (first, flood) {
            (true, _) if !mailable[index] => Some(Withheld::Baseline),
            (false, true) => Some(Withheld::Flood),
            _ => None,
        };
        let decision = find_story(tx, due, new, now)?;
        let inserted = items::insert(tx, &settings.id, &new.item, now, withheld, decision.joins)?;
        let Some(id) = inserted else { continue };
        stored += 1;
        items::add_tags(tx, id, &new.taggings, &plan.topics_version)?;
        stories::insert_traces(tx, id, &settings.id, &new.traces)?;
        for related in decision.related {
            stories::add_related(tx, decision.joins.unwrap_or(StoryId(id.0)), related)?;
        }
    }
    rewrite_items(tx, plan, &settings.id, read, now)?;
    for (id, raw_hash) in &read.touched {
        items::touch(tx, *id, *raw_hash)?;
    }
    Ok(stored)
}

/// Rewrites what says something else now, and lets return what readers had.
fn rewrite_items(
    tx: &Transaction<'_>,
    plan: &Plan,
    source: &SourceId,
    read: &Read,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut changes = Vec::new();
    for (id, item, taggings) in &read.changed {
        if let Some(change) = update::change(tx, *id, item)? {
            changes.push((*id, change));
        }
        items::rewrite(tx, source, *id, item, now)?;
        items::set_tags(tx, *id, taggings, &plan.topics_version)?;
    }
    if !read.is_delta && update::is_rebuilt(changes.len(), read.known) {
        return Ok(());
    }
    for (id, change) in changes {
        update::tell(tx, id, &change, now)?;
    }
    Ok(())
}

/// Which story a new item tells again, and which ones it resembles.
fn find_story(
    tx: &Transaction<'_>,
    due: &Due,
    new: &NewItem,
    now: Timestamp,
) -> Result<StoryDecision, StoreError> {
    let source = &due.plan.configured.settings.id;
    let candidates = stories::candidates(tx, &new.traces, source, now.before(dedup::MEMORY))?;
    let newcomer = dedup::Subject { source, received: now, traces: &new.traces };
    Ok(dedup::story(&newcomer, &candidates))
}

/// Which of the items of a first poll may be mailed.
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
    answer: &Answer,
    read: &Read,
    now: Timestamp,
) -> Timestamp {
    let policy = plan.polling.policy(due.plan.configured.settings.interval);
    let outcome = match &answer.said {
        Said::Nothing(failure) => polling::Outcome::Failed(class(failure, answer.status)),
        Said::Unchanged => polling::Outcome::Unchanged,
        Said::Document(_) | Said::Read => polling::Outcome::Read,
    };
    let signs = polling::Signs {
        source: &state.id,
        outcome,
        failures: state.failures,
        last_new_item: state.last_new_item,
        rhythm: &read.rhythm,
        freshness: answer.freshness,
        retry_after: answer.retry_after,
        gap: state.condition == Condition::Gap,
        never_answers_304: caching::never_answers_304(&state.cursor),
    };
    polling::next(now, &policy, &signs)
}

/// What kind of failure it was, as far as waiting is concerned.
fn class(failure: &Failure, status: Option<u16>) -> polling::Failure {
    match status.map(polling::Failure::of_status) {
        Some(Some(class)) => class,
        // A document that cannot be read may be mended any day.
        Some(None) => polling::Failure::Passing,
        None if failure.is_ours => polling::Failure::Ours,
        None => polling::Failure::Passing,
    }
}
