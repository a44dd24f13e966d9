//! What every journey needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;

use super::drain::{Pace, Sender};
use super::poll::{HostLimits, Marks};
use crate::clock::Clock;
use crate::deliver::{Channel, SendError};
use crate::digest::RenderError;
use crate::model::Retry;
use crate::store::{Store, StoreError};
use crate::subscriber::address::AddressError;
use crate::subscriber::token::Tokens;

/// The effects and what outlives a reload of the config. Clones share everything.
#[derive(Clone)]
pub struct Context {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes the tokens of links and the Message-IDs.
    pub tokens: Tokens,
    /// The way out.
    pub channel: Arc<dyn Channel>,
    /// Wakes the drain loop: a message was added to the outbox that somebody waits
    /// for, as who signs up looks into their mailbox at once.
    pub outbox_changed: Arc<Notify>,
    /// Wakes the compose loop: an editor answered, perhaps after the slot.
    pub draft_answered: Arc<Notify>,
    /// The program that reads PDFs, asked with `pdf-text`: ours. Without it they are not read.
    pub pdf_reader: Option<Arc<Path>>,
    /// Which sources are being read.
    pub(super) marks: Arc<Marks>,
    data_dir: Option<Arc<Path>>,
    /// Requests at once, spacing and pauses per host.
    pub(super) hosts: Arc<HostLimits>,
    /// Manners towards the domains of readers.
    pub(super) pace: Arc<Pace>,
    /// Who sends: one drain at a time, whatever is reloaded.
    pub(super) sender: Arc<Sender>,
}

impl Context {
    /// Returns the same effects over another door to the database.
    #[must_use]
    pub fn with_store(self, store: Store) -> Self {
        Self { store, ..self }
    }

    /// Puts the effects together.
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        tokens: Tokens,
        channel: Arc<dyn Channel>,
    ) -> Self {
        Self {
            store,
            clock,
            tokens,
            channel,
            outbox_changed: Arc::default(),
            draft_answered: Arc::default(),
            pdf_reader: None,
            marks: Arc::default(),
            data_dir: None,
            hosts: Arc::default(),
            pace: Arc::default(),
            sender: Arc::new(Sender::new()),
        }
    }

    /// Returns the context with the program that reads PDFs.
    #[must_use]
    pub fn with_pdf_reader(mut self, program: Option<PathBuf>) -> Self {
        self.pdf_reader = program.map(Arc::from);
        self
    }

    /// Returns the context with its data folder, in which it says which sources are being
    /// read, for the next process if this one goes down.
    #[must_use]
    pub fn with_data_dir(mut self, folder: PathBuf) -> Self {
        self.marks = Arc::new(Marks::in_folder(folder.join("reading")));
        self.data_dir = Some(Arc::from(folder));
        self
    }

    /// Returns the data folder; none in a test that has none.
    pub fn data_dir(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// Returns the same context with another way out, after a reload.
    #[must_use]
    pub fn with_channel(mut self, channel: Arc<dyn Channel>) -> Self {
        self.channel = channel;
        self
    }
}

/// Why a journey could not be finished. A source or a recipient that fails is
/// no such reason: it is part of the journey's report.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template.
    #[error("the mail cannot be rendered")]
    Render(#[from] RenderError),
    /// A message that cannot be encoded.
    #[error("the mail cannot be encoded")]
    Encode(#[source] SendError),
    /// A name that is not in the config.
    #[error("there is no {what} `{name}`{suggestion}")]
    Unknown {
        /// `source`, `series`, `topic` …
        what: &'static str,
        /// The name asked for.
        name: String,
        /// `, did you mean …?` or nothing.
        suggestion: String,
    },
    /// An address that cannot be subscribed.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The folder of mail that came in.
    #[error("the folder of mail that came in cannot be read or written")]
    Returned(#[source] std::io::Error),
    /// A digest that cannot be kept as JSON.
    #[error("the public page of the digest cannot be kept")]
    Page(#[source] serde_json::Error),
}

impl PipelineError {
    /// Returns whether trying again may help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Store(error) => error.retry(),
            Self::Returned(_) => Retry::Later,
            _ => Retry::Never,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Store(error) => error.hint(),
            _ => None,
        }
    }
}
