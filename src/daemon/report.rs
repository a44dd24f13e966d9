//! How the daemon fares: written into the lock file, told to systemd, logged
//! where it changes.

use std::sync::Arc;
use std::time::Duration;

use super::heartbeats::Heartbeats;
use super::notify;
use super::shared::{DaemonError, Shared};
use crate::health::{Health, Level, changes};
use crate::pipeline::{self};

/// Between two looks, unless something wakes it.
const EVERY: Duration = Duration::from_secs(15);
/// How long a look waits for the database before it says that it does not answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Looks again and again, until told to stop.
pub(super) async fn report(shared: Shared, beats: Arc<Heartbeats>) -> Result<(), DaemonError> {
    let mut before: Option<Health> = None;
    let mut line = String::new();
    while !shared.stop.is_cancelled() {
        let running = shared.current();
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
        shared.record.say(|presence| presence.waits_for = waits_for);
        let said = match looked {
            Ok(health) => {
                if beats.are_fresh(now) {
                    shared.record.say(|presence| presence.beat = now);
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
            () = shared.wake.report.notified() => {}
            () = shared.stop.cancelled() => {}
        }
    }
    Ok(())
}

/// Writes one line for what came and what went; none for what stays.
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
