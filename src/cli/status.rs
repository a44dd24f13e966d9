//! `status`: how the service fares, for people, machines and monitors.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::output::json_time;
use super::{Exit, Global, Output, Session, session};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::daemon::{self, AssembleError};
use crate::health::{Database, Facts, Health, Level, Rest, Service};
use crate::model::Condition;
use crate::pipeline;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// One line and the exit codes 0/1/2/3 of monitoring plugins
    #[arg(long)]
    plugin: bool,
}

pub(super) async fn status(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let looked = look(global).await;
    if !arguments.plugin {
        let (health, output) = looked?;
        if output.json {
            output.object(&object(&health))?;
        } else {
            for line in health.lines(&|at| output.time(Some(at))) {
                output.line(&line)?;
            }
        }
        return Ok(Exit::Done);
    }
    match looked {
        Ok((health, output)) => {
            output.line(&health.plugin())?;
            Ok(match health.level() {
                Level::Ok => Exit::Done,
                Level::Warning => Exit::Failure,
                Level::Critical => Exit::Critical,
            })
        }
        // Monitoring reads the line and the code, whatever went wrong.
        Err(error) => {
            let error = format!("{error:#}").replace(['\n', '|'], " ");
            Output { json: false, quiet: global.quiet, zone: chrono_tz::UTC }
                .line(&format!("AMTSBOTE UNKNOWN - {error}"))?;
            Ok(Exit::Unknown)
        }
    }
}

/// Looks without making anything: neither a data folder nor a database.
async fn look(global: &Global) -> anyhow::Result<(Health, Output)> {
    let (config, broken) = session::load_for_reading(global)?;
    session::refuse_strangers(&config.service.data_dir)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    let data_dir = config.service.data_dir.clone();
    let without = |database, has_key| {
        pipeline::health_without(&data_dir, SystemClock.now(), database, has_key)
    };
    let health = match state_of(&config) {
        Some((database, has_key)) => without(database, has_key),
        None => match Session::of(config, global) {
            Ok(session) => pipeline::health(&session.ctx, &session.plan).await?,
            Err(error) => match error.downcast_ref::<AssembleError>() {
                Some(AssembleError::Store { cause, .. }) => {
                    without(Database::Broken(cause.to_string()), true)
                }
                Some(AssembleError::KeyMissing { .. } | AssembleError::KeyForeign) => {
                    without(Database::Sound(0), false)
                }
                _ => return Err(error),
            },
        },
    };
    let Some(service) = health.facts.service.as_ref().filter(|_| broken.is_some()) else {
        return Ok((health, output));
    };
    // `systemctl reload` refused it before the service saw it.
    let config_error = service.config_error.clone().or(broken);
    let service = Some(Service { config_error, ..service.clone() });
    Ok((Health::of(Facts { service, ..health.facts }), output))
}

/// Returns how it stands where there is no database to look into.
fn state_of(config: &Config) -> Option<(Database, bool)> {
    if !daemon::is_without_database(config) {
        return None;
    }
    let key = daemon::signing_key(&config.service).ok().flatten();
    // Where no key was made yet nothing is missing: it was never started.
    let is_new = !daemon::has_key(config);
    Some((if is_new { Database::Sound(0) } else { Database::Missing }, is_new || key.is_some()))
}

fn object(health: &Health) -> Value {
    let Facts { service, sending, sources, .. } = &health.facts;
    let facts = &health.facts;
    let map = |pairs: &[(String, u64)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
    let unread: Vec<String> = sources
        .iter()
        .filter(|source| source.is_unread() || source.condition == Condition::Held)
        .map(|source| format!("{} ({})", source.id, source.condition))
        .collect();
    let unasked = sources.iter().filter(|source| source.last_attempt.is_none()).count();
    let rest = |rest: &Rest| {
        json!({
            "since": rest.since.rfc3339(), "until": json_time(rest.until),
            "failures": rest.failures, "reason": rest.reason,
        })
    };
    json!({
        "health": health.level().as_str(),
        "findings": health.findings.iter().map(|finding| json!({
            "level": finding.level.as_str(), "code": finding.code, "text": finding.text,
            "remedy": finding.remedy,
        })).collect::<Vec<_>>(),
        "service": service.as_ref().map(|service| json!({
            "running": service.is_running, "pid": service.pid, "version": service.version,
            "started": json_time(service.started), "beat": json_time(service.beat),
            "crashes": service.crashes, "config_error": service.config_error,
        })),
        "database": match &facts.database {
            Database::Sound(bytes) => json!({ "state": "sound", "bytes": bytes }),
            Database::Missing => json!({ "state": "missing" }),
            Database::Broken(why) => json!({ "state": "broken", "error": why }),
        },
        "disk_free": facts.disk_free,
        "last_poll": json_time(facts.last_poll()),
        "next_poll": json_time(facts.next_poll()),
        "digests": facts.slots.iter().map(|slot| json!({
            "series": slot.series, "next": json_time(slot.next), "overdue": json_time(slot.overdue),
        })).collect::<Vec<_>>(),
        "sources": sources.len(), "unread": unread, "unasked": unasked, "items": facts.items,
        "outbox": map(&sending.outbox), "subscribers": map(&facts.subscribers),
        "waiting": sending.waiting.messages,
        "oldest_waiting": json_time(sending.waiting.oldest),
        "returned": map(&facts.returned),
        "unacknowledged": sending.unacknowledged,
        "stopped": sending.stop.as_ref().map(rest),
        "paused": sending.pause.as_ref().map(rest),
        "version": facts.config,
        "program": facts.version,
    })
}
