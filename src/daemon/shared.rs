//! What every loop of the daemon shares.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::assemble::AssembleError;
use super::lock::LockError;
use super::record::Record;
use crate::model::Retry;
use crate::pipeline::{Context, PipelineError, Plan};

/// How long a pass may go on after the service was told to stop: a slow host
/// must not hold up the end.
const PASS_GRACE_PERIOD: Duration = Duration::from_secs(5);

/// What the loops work with until the next reload.
pub(super) struct Running {
    pub(super) ctx: Context,
    pub(super) plan: Arc<Plan>,
}

/// What wakes loops before their time.
#[derive(Default)]
pub(super) struct Wake {
    /// Sources may be due.
    pub(super) poll: Notify,
    /// Slots may have changed.
    pub(super) compose: Notify,
    /// How the service fares may have changed.
    pub(super) report: Notify,
}

/// What every loop shares.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) running: watch::Receiver<Arc<Running>>,
    pub(super) wake: Arc<Wake>,
    pub(super) record: Arc<Record>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

impl Shared {
    pub(super) fn current(&self) -> Arc<Running> {
        Arc::clone(&self.running.borrow())
    }

    /// Sleeps unless told to stop.
    pub(super) async fn rest(&self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.stop.cancelled() => {}
        }
    }
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
    pub(super) fn retry(&self) -> Retry {
        match self {
            Self::Assemble(AssembleError::Store { cause, .. }) => cause.retry(),
            Self::Pipeline(error) => error.retry(),
            _ => Retry::Never,
        }
    }
}

/// Waits out a fault that passes by itself (a locked or full database);
/// any other ends the loop, and with it the daemon.
pub(super) async fn endure(result: Result<(), PipelineError>) -> Result<(), DaemonError> {
    match result {
        Err(error) if error.retry() != Retry::Never => {
            tracing::error!(%error, hint = error.hint(), "waiting for the database");
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(())
        }
        result => Ok(result?),
    }
}

/// Waits until the service is told to stop, and the sources in hand have had
/// their time after that.
pub(super) async fn grace_period_ends(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(PASS_GRACE_PERIOD).await;
}
