//! `mail-in`: a message comes back, or in.
//!
//! A mail server calls this, and it would make a bounce of any complaint of
//! ours; so there are two ends only: 0, taken (junk too), and 75, try again.
//! The daemon takes the message in: the mail server's process has neither its
//! credentials nor its lock.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::session::refuse_strangers;
use super::{Exit, Global};
use crate::bounce::MAX_BYTES;
use crate::config;
use crate::pipeline::ReturnedMail;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Envelope recipient; else the message's Delivered-To or X-Original-To
    #[arg(long, value_name = "R")]
    recipient: Option<String>,
    /// Take the messages of this Maildir instead of one from stdin
    #[arg(long, value_name = "DIR")]
    maildir: Option<PathBuf>,
}

pub(super) fn mail_in(global: &Global, arguments: &Arguments) -> Exit {
    match take(global, arguments) {
        Ok(()) => Exit::Done,
        Err(error) => {
            tracing::warn!("mail-in: {error:#}; the message should be offered again");
            Exit::TryAgain
        }
    }
}

fn take(global: &Global, arguments: &Arguments) -> anyhow::Result<()> {
    let data_dir = config::data_dir(&global.config_path(), &global.environment)
        .context("the config does not tell where the data is; `amtsbote check` says why")?;
    // Made by whoever comes first it might be another user's than the service's.
    anyhow::ensure!(
        data_dir.is_dir(),
        "the service was never started: there is no `{}`",
        data_dir.display()
    );
    refuse_strangers(&data_dir)?;
    let mail = ReturnedMail::in_folder(&data_dir);
    let recipient = arguments.recipient.as_deref();
    let Some(folder) = &arguments.maildir else {
        return Ok(mail.add(recipient, &read(std::io::stdin().lock())?)?);
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join("new"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        mail.add(recipient, &read(std::fs::File::open(&path)?)?)?;
        // When it is safe: a crash between the two reads it again, which counts once.
        put_aside(folder, &path)?;
    }
    Ok(())
}

/// Marks a message of a Maildir as seen.
fn put_aside(folder: &Path, path: &Path) -> std::io::Result<()> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
    let cur = folder.join("cur");
    std::fs::create_dir_all(&cur)?;
    let name = name.split(":2,").next().unwrap_or(name);
    std::fs::rename(path, cur.join(format!("{name}:2,S")))
}

/// Returns the whole message, but kept only as far as it is looked at: a writer whose
/// pipe closes early would call it undelivered.
fn read(mut source: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.by_ref().take(MAX_BYTES as u64).read_to_end(&mut bytes)?;
    std::io::copy(&mut source, &mut std::io::sink())?;
    Ok(bytes)
}
