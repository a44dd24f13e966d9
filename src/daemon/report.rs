//! How the daemon fares: written into the lock file, told to systemd, logged
//! where it changes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::lock::Lock;
use super::loops::Heartbeats;
use super::{DaemonError, House, notify};
use crate::health::{Health, Level, changes};
use crate::model::Timestamp;
use crate::pipeline::presence::Presence;
use crate::pipeline::{self, VERSION};

/// Between two looks, unless something wakes it.
const EVERY: Duration = Duration::from_secs(15);
/// How long a look waits for the database before it says that it does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lock, and what the daemon says in its file.
pub(crate) struct Record(Mutex<(Lock, Presence)>);

impl Record {
    /// Says that the daemon starts.
    pub(super) fn begin(lock: Lock, now: Timestamp) -> Self {
        let presence = Presence::begin(lock.before(), std::process::id(), VERSION, now);
        let record = Self(Mutex::new((lock, presence)));
        record.say(|_| {});
        record
    }

    /// Changes what is said.
    pub(super) fn say(&self, change: impl FnOnce(&mut Presence)) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (lock, presence) = &mut *inner;
        change(presence);
        if let Err(error) = lock.say(presence) {
            tracing::debug!(%error, "the lock file cannot be written");
        }
    }
}

/// Looks again and again, until told to stop.
pub(super) async fn report(house: House, beats: Arc<Heartbeats>) -> Result<(), DaemonError> {
    let mut before: Option<Health> = None;
    let mut line = String::new();
    while !house.stop.is_cancelled() {
        let running = house.current();
        let now = running.ctx.clock.now();
        let look = async {
            running.ctx.store.ping().await?;
            pipeline::health(&running.ctx, &running.plan).await
        };
        let looked = match tokio::time::timeout(PATIENCE, look).await {
            Ok(looked) => looked.map_err(|error| format!("the database takes nothing: {error}")),
            Err(_) => Err("the database takes nothing: another program may hold it".to_owned()),
        };
        let waits_for = looked.as_ref().err().cloned();
        house.record.say(|presence| presence.waits_for = waits_for);
        let said = match looked {
            Ok(health) => {
                if beats.are_fresh(now) {
                    house.record.say(|presence| presence.beat = now);
                }
                log(before.as_ref(), &health);
                let said = health.line();
                before = Some(health);
                said
            }
            Err(why) => format!("{}: {why}", Level::Critical),
        };
        if line != said {
            notify::status(&said);
            line = said;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = house.wake.report.notified() => {}
            () = house.stop.cancelled() => {}
        }
    }
    Ok(())
}

/// One line for what came and what went; none for what stays.
fn log(before: Option<&Health>, after: &Health) {
    let nothing = Health { findings: Vec::new(), ..after.clone() };
    let (came, went) = changes(before.unwrap_or(&nothing), after);
    for finding in came {
        let (code, remedy) = (finding.code, finding.remedy);
        if finding.level == Level::Critical {
            tracing::error!(code, remedy, "{}", finding.text);
        } else {
            tracing::warn!(code, remedy, "{}", finding.text);
        }
    }
    for finding in went {
        tracing::info!(code = finding.code, "over: {}", finding.text);
    }
}
