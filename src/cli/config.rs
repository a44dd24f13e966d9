//! `config show`.

use super::{Exit, Global, Output, session};
use crate::config;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The config as it is understood, secrets masked
    Show {
        /// The shipped defaults instead
        #[arg(long)]
        defaults: bool,
    },
}

pub(super) fn run(global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let Command::Show { defaults } = command;
    let output = Output { json: global.json, quiet: global.quiet, zone: chrono_tz::UTC };
    let text = if *defaults { config::defaults() } else { session::load(global)?.show(false) };
    output.bytes(text.as_bytes())?;
    Ok(Exit::Done)
}
