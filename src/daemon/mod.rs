//! Life of the daemon: loops, signals, systemd.
//!
//! Shutdown is a token of its own, a tracker counts the living. Out goes in
//! order: no new poll, the message in hand is finished, the store is closed. A
//! loop that fails brings the daemon down: systemd restarts it, and the
//! journeys are made for that.

mod assemble;
mod jobs;
mod lock;
mod loops;
mod notify;
mod report;
mod restore;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use assemble::{
    AssembleError, context, context_with_any_key, create_database, database, has_key,
    is_without_database, make_data_dir, plan, signing_key, write_key,
};
pub use jobs::{Handed, Work, hand_over, perform};
pub use lock::{Lock, LockError};
pub use restore::{KeyFate, Restored, key_beside, restore};

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::model::Retry;
use crate::pipeline::{self, Context, PipelineError, Plan};
use crate::web::Paths;

/// How long the loops may take to finish what they have in hand. Shorter than
/// `TimeoutStopSec` of the unit, so that systemd does not cut it.
const GRACE_PERIOD: Duration = Duration::from_secs(50);

/// How long a pass may go on after the service was told to stop: a slow host
/// must not hold up the end.
const PASS_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// Between the first two tries to open the database, doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// More than one try takes: SQLite waits for the lock at several places.
const LONGEST_TRY: Duration = Duration::from_mins(2);

/// What the loops work with until the next reload.
pub(crate) struct Running {
    pub(crate) ctx: Context,
    pub(crate) plan: Arc<Plan>,
}

/// What wakes loops before their time.
#[derive(Default)]
pub(crate) struct Wake {
    /// Sources may be due.
    pub(crate) poll: Notify,
    /// Slots may have changed.
    pub(crate) compose: Notify,
    /// How the service fares may have changed.
    pub(crate) report: Notify,
}

/// What every loop shares.
#[derive(Clone)]
pub(crate) struct House {
    pub(crate) running: watch::Receiver<Arc<Running>>,
    pub(crate) wake: Arc<Wake>,
    pub(crate) record: Arc<report::Record>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl House {
    pub(crate) fn current(&self) -> Arc<Running> {
        Arc::clone(&self.running.borrow())
    }
}

/// What the daemon is told from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Read the config again.
    Reload,
    /// End; a second one cuts short.
    Stop,
}

/// Why the daemon ended other than by request.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Parts that do not fit together.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Another process works on the data.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A journey that cannot go on.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The web face cannot listen.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A loop panicked.
    #[error("a loop of the daemon ended by a fault of the program; its place stands in the log")]
    Panicked,
}

impl DaemonError {
    /// Returns whether waiting may help.
    fn retry(&self) -> Retry {
        match self {
            Self::Assemble(AssembleError::Store { cause, .. }) => cause.retry(),
            Self::Pipeline(error) => error.retry(),
            _ => Retry::Never,
        }
    }
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
    let record = report::Record::begin(Lock::take(&config.service.data_dir)?, clock.now());
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
    let house = House {
        running: receiver,
        wake: Arc::default(),
        record: Arc::new(record),
        stop: CancellationToken::new(),
        tasks: TaskTracker::new(),
    };
    let mut lives = loops::spawn(&house);
    for (listener, paths) in [(pages, Paths::Pages), (status, Paths::Status)] {
        if let Some(listener) = listener {
            lives.spawn(serve(house.clone(), listener, paths, web.clone()));
        }
    }
    notify::ready();
    tracing::info!("ready");

    let ended = loop {
        tokio::select! {
            signal = signals.recv() => match signal {
                Some(Signal::Reload) => reload_config(&running, &house, reload.as_ref(), &fixed),
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
    house.stop.cancel();
    house.tasks.close();
    let finished = async {
        while lives.join_next().await.is_some() {}
        house.tasks.wait().await;
    };
    tokio::select! {
        () = finished => {}
        () = tokio::time::sleep(GRACE_PERIOD) => tracing::warn!("not everything was finished in time; the next start takes it up"),
        _ = signals.recv() => tracing::warn!("told to stop a second time; the next start takes up the rest"),
    }
    if ended.is_ok() {
        house.record.say(|presence| presence.has_ended = true);
    }
    ended
}

/// Opens the database, however long another process or the disk keeps it from us: ending would
/// only use up the starts that systemd allows. Returns none if told to stop meanwhile.
async fn wait_for_database(
    config: &Config,
    clock: &Arc<dyn Clock>,
    record: &report::Record,
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
    house: House,
    listener: tokio::net::TcpListener,
    paths: Paths,
    settings: crate::web::Settings,
) -> Result<(), DaemonError> {
    let running = house.running.clone();
    let current = move || {
        let running = running.borrow();
        (running.ctx.clone(), Arc::clone(&running.plan))
    };
    let stop = house.stop.clone();
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
    house: &House,
    reload: &(dyn Fn() -> Result<Config, ConfigError> + Send + Sync),
    fixed: &Fixed,
) {
    notify::reloading();
    let before = house.current();
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
            house.wake.poll.notify_one();
            house.wake.compose.notify_one();
            house.current().ctx.outbox_changed.notify_one();
            house.record.say(|presence| presence.config_error = None);
        }
        Err(error) => {
            let problems = problems(&error);
            for problem in &problems {
                tracing::error!("the config is broken and the old one stays: {problem}");
            }
            house.record.say(|presence| presence.config_error = problems.first().cloned());
        }
    }
    notify::ready();
    house.wake.report.notify_one();
}

/// Keeps the config for commands that come while it is broken. It is not worth failing for.
fn keep(config: &Config) {
    if let Err(error) = config.keep() {
        tracing::warn!(%error, "this config cannot be kept for the time when it is broken: {error}");
    }
}

/// Each problem on a line of its own, with its file and line.
fn problems(error: &anyhow::Error) -> Vec<String> {
    match error.downcast_ref::<ConfigError>() {
        Some(config) => config.problems.iter().map(ToString::to_string).collect(),
        None => vec![format!("{error:#}")],
    }
}

/// Waits until the service is told to stop, and the sources in hand have had
/// their time after that.
async fn grace_period_ends(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(PASS_GRACE_PERIOD).await;
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
