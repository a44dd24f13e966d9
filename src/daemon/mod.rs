//! Life of the daemon: loops, signals, systemd.
//!
//! Shutdown is a token of its own, a tracker counts the living. Out goes in
//! order: no new poll, the message in hand is finished, the store is closed. A
//! loop that fails brings the daemon down: systemd restarts it, and the
//! journeys are made for that.

mod assemble;
mod heartbeats;
mod jobs;
mod lock;
mod loops;
mod notify;
mod record;
mod report;
mod restore;
mod returned;
mod shared;
mod upkeep;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use assemble::{
    AssembleError, context, context_with_any_key, create_database, database, has_key,
    is_without_database, make_data_dir, plan, signing_key, write_key,
};
pub use jobs::{Handed, Work, hand_over, perform};
pub use lock::{Lock, LockError};
use record::Record;
pub use restore::{KeyFate, Restored, key_beside, restore};
pub use shared::DaemonError;
use shared::{Running, Shared};

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::model::Retry;
use crate::pipeline::{self, Context};
use crate::web::Paths;

/// How long the loops may take to finish what they have in hand. Shorter than
/// `TimeoutStopSec` of the unit, so that systemd does not cut it.
const GRACE_PERIOD: Duration = Duration::from_secs(50);

/// Between the first two tries to open the database, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// More than one try takes: SQLite waits for the lock at several places.
const LONGEST_TRY: Duration = Duration::from_mins(2);

/// What the daemon is told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Read the config again.
    Reload,
    /// End; a second one cuts short.
    Stop,
}

/// What the daemon begins with.
pub struct Start {
    /// The checked config.
    pub config: Config,
    /// Reads it again.
    pub reload: Box<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Runs until it is told to stop.
pub async fn run(start: Start, mut signals: mpsc::Receiver<Signal>) -> Result<(), DaemonError> {
    let Start { config, reload, clock } = start;
    make_data_dir(&config)?;
    let record = Record::begin(Lock::take(&config.service.data_dir)?, clock.now());
    let Some(ctx) = wait_for_database(&config, &clock, &record, &mut signals).await? else {
        return Ok(());
    };
    let pages = listen(config.web.listen).await?;
    let status = listen(config.web.status_listen).await?;
    let fixed = Fixed::of(&config);
    let web = crate::web::Settings::of(&config);
    keep(&config);
    let plan = Arc::new(assemble::plan(config)?);
    let (running, receiver) = watch::channel(Arc::new(Running { ctx: ctx.clone(), plan }));
    let shared = Shared {
        running: receiver,
        wake: Arc::default(),
        record: Arc::new(record),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
    };
    let mut lives = loops::spawn(&shared);
    for (listener, paths) in [(pages, Paths::Pages), (status, Paths::Status)] {
        if let Some(listener) = listener {
            lives.spawn(serve(shared.clone(), listener, paths, web.clone()));
        }
    }
    notify::ready();
    tracing::info!("ready");

    let ended = loop {
        tokio::select! {
            signal = signals.recv() => match signal {
                Some(Signal::Reload) => reload_config(&running, &shared, reload.as_ref(), &fixed),
                Some(Signal::Stop) | None => break Ok(()),
            },
            Some(ended) = lives.join_next() => break match ended {
                Ok(result) => result,
                Err(_) => Err(DaemonError::Panicked),
            },
        }
    };
    notify::stopping();
    tracing::info!("stopping: finishing what is in hand");
    shared.stop.cancel();
    shared.tasks.close();
    let finished = async {
        while lives.join_next().await.is_some() {}
        shared.tasks.wait().await;
    };
    tokio::select! {
        () = finished => {}
        () = tokio::time::sleep(GRACE_PERIOD) => tracing::warn!("not everything was finished in time; the next start takes it up"),
        _ = signals.recv() => tracing::warn!("told to stop a second time; the next start takes up the rest"),
    }
    if ended.is_ok() {
        shared.record.say(|presence| presence.has_ended = true);
    }
    ended
}

/// Opens the database, however long another process or the disk keeps it from us: ending would
/// only use up the starts that systemd allows. Returns none if told to stop meanwhile.
async fn wait_for_database(
    config: &Config,
    clock: &Arc<dyn Clock>,
    record: &Record,
    signals: &mut mpsc::Receiver<Signal>,
) -> Result<Option<Context>, DaemonError> {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match begin(config, Arc::clone(clock)).await {
            Ok(ctx) => {
                record.say(|presence| presence.waits_for = None);
                return Ok(Some(ctx));
            }
            Err(error) if error.retry() == Retry::Never => return Err(error),
            Err(error) => format!("{:#}", anyhow::Error::new(error)),
        };
        tracing::error!("waiting to start: {error}");
        notify::waiting(&format!("waiting to start: {error}"), pause + LONGEST_TRY);
        record.say(|presence| presence.waits_for = Some(error));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            Some(Signal::Stop) = signals.recv() => {
                record.say(|presence| presence.has_ended = true);
                return Ok(None);
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Opens the database and takes up what the last run left in it.
async fn begin(config: &Config, clock: Arc<dyn Clock>) -> Result<Context, DaemonError> {
    let ctx = context(config, clock)?;
    let swept = pipeline::sweep(&ctx).await?;
    if swept > 0 {
        tracing::warn!(
            messages = swept,
            "the last run ended while sending: {swept} messages are sent again, with the same bytes"
        );
    }
    pipeline::note_crashes(&ctx).await?;
    jobs::drop_stale(&ctx).await?;
    Ok(ctx)
}

async fn listen(
    address: Option<std::net::SocketAddr>,
) -> Result<Option<tokio::net::TcpListener>, DaemonError> {
    let Some(address) = address else { return Ok(None) };
    match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(cause) => Err(DaemonError::Listen { address, cause }),
    }
}

async fn serve(
    shared: Shared,
    listener: tokio::net::TcpListener,
    paths: Paths,
    settings: crate::web::Settings,
) -> Result<(), DaemonError> {
    let running = shared.running.clone();
    let current = move || {
        let running = running.borrow();
        (running.ctx.clone(), Arc::clone(&running.plan))
    };
    let stop = shared.stop.clone();
    crate::web::serve(listener, paths, settings, Arc::new(current), stop.cancelled_owned()).await;
    Ok(())
}

/// What a reload cannot change.
#[derive(PartialEq, Eq)]
struct Fixed {
    data_dir: std::path::PathBuf,
    listen: [Option<std::net::SocketAddr>; 2],
}

impl Fixed {
    fn of(config: &Config) -> Self {
        Self {
            data_dir: config.service.data_dir.clone(),
            listen: [config.web.listen, config.web.status_listen],
        }
    }
}

/// Takes up a new config, whole or not at all. What outlives it stays: the
/// database, the key, and the limits of hosts.
fn reload_config(
    running: &watch::Sender<Arc<Running>>,
    shared: &Shared,
    reload: &(dyn Fn() -> Result<Config, ConfigError> + Send + Sync),
    fixed: &Fixed,
) {
    notify::reloading();
    let before = shared.current();
    let outcome = reload().map_err(anyhow::Error::new).and_then(|config| {
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        if Fixed::of(&config) != *fixed {
            tracing::warn!("`service.data_dir`, `web.listen` and `web.status_listen` change only with a restart");
        }
        let ctx = before.ctx.clone().with_channel(Arc::clone(&config.channel));
        keep(&config);
        Ok(Running { ctx, plan: Arc::new(assemble::plan(config)?) })
    });
    match outcome {
        Ok(next) => {
            tracing::info!(config.version = %next.plan.version, sources = next.plan.sources.len(), "config reloaded");
            running.send_replace(Arc::new(next));
            shared.wake.poll.notify_one();
            shared.wake.compose.notify_one();
            shared.current().ctx.outbox_changed.notify_one();
            shared.record.say(|presence| presence.config_error = None);
        }
        Err(error) => {
            let problems = problems(&error);
            for problem in &problems {
                tracing::error!("the config is broken and the old one stays: {problem}");
            }
            shared.record.say(|presence| presence.config_error = problems.first().cloned());
        }
    }
    notify::ready();
    shared.wake.report.notify_one();
}

/// Keeps the config for commands that come while it is broken. It is not worth failing for.
fn keep(config: &Config) {
    if let Err(error) = config.keep() {
        tracing::warn!(%error, "this config cannot be kept for the time when it is broken: {error}");
    }
}

/// Returns each problem on a line of its own, with its file and line.
fn problems(error: &anyhow::Error) -> Vec<String> {
    match error.downcast_ref::<ConfigError>() {
        Some(config) => config.problems.iter().map(ToString::to_string).collect(),
        None => vec![format!("{error:#}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_allows_more_time_for_the_end_than_the_daemon_takes() {
        let unit = include_str!("../../systemd/amtsbote.service");
        let stop = unit.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
        let stop = Duration::from_secs(stop.parse().unwrap());
        assert!(GRACE_PERIOD + Duration::from_secs(5) <= stop, "{GRACE_PERIOD:?} of {stop:?}");
        assert!(GRACE_PERIOD >= Duration::from_secs(30), "a message in hand needs its time");
    }
}
