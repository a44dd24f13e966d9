//! `db`: migrate, check, backup, vacuum.

use std::path::PathBuf;

use super::{Exit, Global, Session, UsageError};
use crate::store::SCHEMA_VERSION;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Bring the database up to date; every command does, this one says so
    Migrate,
    /// Look for damage
    Check,
    /// Write a sound copy while the service runs
    Backup {
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Give free pages back to the disk
    Vacuum,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let (store, output) = (&session.ctx.store, &session.output);
    match command {
        Command::Migrate => output.line(&format!("the database has schema {SCHEMA_VERSION}"))?,
        Command::Check => {
            let findings = store.check().await?;
            for finding in &findings {
                output.line(finding)?;
            }
            if !findings.is_empty() {
                return Ok(Exit::Failure);
            }
            output.line("the database is sound")?;
        }
        Command::Backup { file } => {
            if file.exists() {
                let message = format!("`{}` exists; name a new file", file.display());
                return Err(UsageError::new(message).into());
            }
            store.backup(&file).await?;
            output.line(&format!("{}", file.display()))?;
        }
        Command::Vacuum => {
            store.vacuum().await?;
            output.line("done")?;
        }
    }
    Ok(Exit::Done)
}
