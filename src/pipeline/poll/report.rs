//! What came of polls, for operators and machines.

use serde::{Deserialize, Serialize};

use crate::model::{Condition, SourceId};

/// What came of asking a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PollOutcome {
    /// An answer was read.
    Read,
    /// Nothing has changed since the last answer.
    Unchanged,
    /// There was no answer, or it could not be read.
    Failed,
}

impl PollOutcome {
    /// Returns the word of `poll --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// One line of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollReport {
    /// Which source.
    pub id: SourceId,
    /// What came of it.
    pub outcome: PollOutcome,
    /// New items.
    pub new: usize,
    /// Items that say something else now.
    pub changed: usize,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it failed.
    pub error: Option<String>,
    /// The poll before failed as well.
    #[serde(default)]
    pub is_repeated: bool,
    /// What the operator should know although it was read.
    pub notes: Vec<String>,
    /// How the source fares now.
    pub condition: Condition,
    /// How long it took.
    pub duration_ms: u64,
}
