//! Look at the service: the facts from which its health is judged.

use std::path::Path;
use std::sync::Arc;

use super::poll::host;
use super::{Context, Plan, presence};
use crate::health::{Database, Facts, Health, Held, Lost, Rest, Sending, Slot, SourceFacts};
use crate::model::{Condition, SourceSettings, Timestamp};
use crate::schedule::calendar;
use crate::store::{
    self, StoreError, Transaction, bounces, digests, items, outbox, sources, subscribers,
};

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Looks at everything and judges it.
pub async fn health(ctx: &Context, plan: &Arc<Plan>) -> Result<Health, StoreError> {
    let (now, plan) = (ctx.clock.now(), Arc::clone(plan));
    let facts = ctx.store.read(move |tx| stored(tx, &plan, now)).await?;
    Ok(Health::of(with_surroundings(facts, ctx.data_dir())))
}

/// Judges a service whose database or key cannot be used.
pub fn health_without(
    data_dir: &Path,
    now: Timestamp,
    database: Database,
    has_key: bool,
) -> Health {
    let facts = Facts { has_key, ..Facts::of_database(now, VERSION, database) };
    Health::of(with_surroundings(facts, Some(data_dir)))
}

/// Returns whether sources fail because of us, as far as it is written down.
pub(super) fn own_outage(
    tx: &Transaction<'_>,
    plan: &Plan,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sources = enabled(plan).map(|settings| polled_source(tx, settings));
    let sources = sources.collect::<Result<_, _>>()?;
    Ok(Facts { sources, ..Facts::of_database(now, VERSION, Database::Sound(0)) }.is_own_outage())
}

fn enabled(plan: &Plan) -> impl Iterator<Item = &SourceSettings> {
    plan.sources.iter().map(|source| &source.configured.settings).filter(|source| source.enabled)
}

/// Returns what stands in the database.
fn stored(tx: &Transaction<'_>, plan: &Plan, now: Timestamp) -> Result<Facts, StoreError> {
    let sources: Vec<SourceFacts> =
        enabled(plan).map(|settings| polled_source(tx, settings)).collect::<Result<_, _>>()?;
    Ok(Facts {
        sources_off: (plan.sources.len() - sources.len()) as u64,
        sources,
        sending: sending(tx, now)?,
        slots: slots(tx, plan, now)?,
        items: items::count_all(tx)?,
        subscribers: subscribers::count_by_standing(tx)?,
        lost: lost_choices(tx, plan)?,
        returned: bounces::count_by_class(tx, now.before(crate::bounce::MEMORY))?,
        config: plan.version.clone(),
        ..Facts::of_database(now, VERSION, Database::Sound(0))
    })
}

/// Returns who chose a series or a topic that the config does not have.
pub fn lost_choices(tx: &Transaction<'_>, plan: &Plan) -> Result<Vec<Lost>, StoreError> {
    let series = subscribers::count_by_series(tx)?;
    let topics = subscribers::count_by_topic(tx)?;
    let has_series = |name: &str| plan.series.iter().any(|of| of.series.id.as_str() == name);
    let has_topic = |name: &str| plan.topics.iter().any(|(id, _)| id.as_str() == name);
    let lost = |what, (name, readers)| Lost { what, name, readers };
    let series = series.into_iter().filter(|(name, _)| !has_series(name));
    let topics = topics.into_iter().filter(|(name, _)| !has_topic(name));
    Ok(series.map(|one| lost("series", one)).chain(topics.map(|one| lost("topic", one))).collect())
}

fn polled_source(
    tx: &Transaction<'_>,
    settings: &SourceSettings,
) -> Result<SourceFacts, StoreError> {
    let state = sources::state(tx, &settings.id)?;
    // The error of the last poll stands until the next one is read.
    let has_failed = state.last_error.is_some()
        && (state.failures > 0 || state.last_attempt > state.last_success)
        && state.condition != Condition::Held;
    Ok(SourceFacts {
        host: host(settings, &state.cursor),
        id: state.id,
        condition: state.condition,
        failures: state.failures,
        last_attempt: state.last_attempt,
        last_success: state.last_success,
        next_poll: state.next_poll,
        has_failed,
    })
}

fn sending(tx: &Transaction<'_>, now: Timestamp) -> Result<Sending, StoreError> {
    let stop = outbox::stopped(tx)?.map(|stop| Rest {
        since: stop.since,
        until: None,
        reason: stop.reason,
        failures: 0,
    });
    let pause = outbox::pause(tx)?.filter(|pause| pause.until > now).map(|pause| Rest {
        since: pause.since,
        until: Some(pause.until),
        reason: pause.reason,
        failures: pause.failures,
    });
    let outbox = outbox::count_by_state(tx, None)?;
    let held = outbox.iter().filter(|(state, _)| state == "held").map(|(_, count)| count).sum();
    Ok(Sending {
        stop,
        pause,
        held,
        waiting: Held { messages: outbox::count_waiting(tx)?, oldest: outbox::oldest_waiting(tx)? },
        unacknowledged: outbox::count_unacknowledged(tx)?,
        outbox,
    })
}

fn slots(tx: &Transaction<'_>, plan: &Plan, now: Timestamp) -> Result<Vec<Slot>, StoreError> {
    let (zone, holidays) = (plan.mail.timezone, plan.mail.holidays);
    let slot = |series: &crate::config::SeriesPlan| {
        let progress = digests::progress(tx, &series.series.id)?;
        let last = progress.last_slot.as_deref().and_then(calendar::parse_civil_id);
        Ok(Slot {
            series: series.series.id.clone(),
            overdue: series.schedule.due(last, now, zone, holidays).map(|due| due.slot.at),
            next: series.schedule.next_after_instant(now, zone, holidays).map(|slot| slot.at),
        })
    };
    plan.series.iter().map(slot).collect()
}

fn with_surroundings(mut facts: Facts, data_dir: Option<&Path>) -> Facts {
    let Some(folder) = data_dir else { return facts };
    facts.service = Some(presence::look(folder));
    facts.disk_free = rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail * disk.f_frsize);
    if let Database::Sound(bytes) = &mut facts.database {
        *bytes = std::fs::metadata(folder.join(store::FILE)).map_or(0, |file| file.len());
    }
    facts
}
