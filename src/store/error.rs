//! What can go wrong with the database.

use crate::model::Retry;

/// An error of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the write lock for longer than we wait.
    #[error("the database is locked by another process")]
    Busy,
    /// The disk is full; nothing was written.
    #[error("the disk of the database is full")]
    Full,
    /// The file system takes nothing: a quota, a bad sector, mounted read-only.
    #[error("the database cannot be read or written: {0}")]
    Disk(String),
    /// A read of the web took more steps than one may.
    #[error("the query took too long and was ended")]
    Interrupted,
    /// The file is not ours.
    #[error("`{path}` is not a database of amtsbote")]
    Foreign {
        /// The file.
        path: String,
    },
    /// The schema is not the one that the program made at that version.
    #[error("the schema is not ours: {0}")]
    Schema(String),
    /// A new file cannot be made.
    #[error("`{path}` cannot be made")]
    NotMade {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file was written by a newer program.
    #[error("the database has schema {found}, this program knows only up to {known}")]
    Newer {
        /// `user_version` of the file.
        found: u32,
        /// The newest migration here.
        known: u32,
    },
    /// The file is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A migration failed; the file is as it was before.
    #[error("migration {name} failed")]
    Migration {
        /// File name of the step.
        name: String,
        /// Why.
        #[source]
        cause: rusqlite::Error,
    },
    /// A stored value cannot be read back.
    #[error("unreadable value in the database: {0}")]
    Value(String),
    /// Anything else SQLite says.
    #[error("database error")]
    Sqlite(#[source] rusqlite::Error),
}

impl StoreError {
    /// Returns whether trying again may help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Busy | Self::Full | Self::Disk(_) => Retry::Later,
            _ => Retry::Never,
        }
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Busy => Some("is another `amtsbote` or a backup at work on this file?"),
            Self::Full => Some("make room; nothing is lost, work goes on by itself"),
            Self::Disk(_) => Some(
                "check the disk, its quota and whether it is mounted read-only; work goes on by itself",
            ),
            Self::Foreign { .. } => Some("point `service.data_dir` at another folder"),
            Self::Newer { .. } => {
                Some("install the newer amtsbote, or restore a backup made before the upgrade")
            }
            Self::Damaged(_) => {
                Some("stop the service and restore a backup with `amtsbote db restore FILE`")
            }
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::ReadOnly) => Self::Disk(error.to_string()),
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Sqlite(error),
        }
    }
}
