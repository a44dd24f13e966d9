//! `mail-in`: a message comes back, or in.
//!
//! A mail server calls this, and it would make a bounce of any complaint of
//! ours; so there are two ends only: 0, taken (junk too), and 75, try again.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, Global, Session};
use crate::bounce::MAX_BYTES;
use crate::pipeline;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Envelope recipient; else the message's Delivered-To or X-Original-To
    #[arg(long, value_name = "R")]
    recipient: Option<String>,
    /// Take the messages of this Maildir instead of one from stdin
    #[arg(long, value_name = "DIR")]
    maildir: Option<PathBuf>,
}

pub(super) async fn mail_in(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let taken = match Session::open(global) {
        Ok(session) => take(&session, &arguments).await,
        Err(error) => Err(error),
    };
    Ok(match taken {
        Ok(()) => Exit::Done,
        Err(error) => {
            tracing::warn!("mail-in: {error:#}; the message should be offered again");
            Exit::TryAgain
        }
    })
}

async fn take(session: &Session, arguments: &Arguments) -> anyhow::Result<()> {
    let Some(folder) = &arguments.maildir else {
        let bytes = read(std::io::stdin().lock())?;
        return take_one(session, arguments.recipient.as_deref(), bytes).await;
    };
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder.join("new"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    for path in paths {
        let bytes = read(std::fs::File::open(&path)?)?;
        take_one(session, arguments.recipient.as_deref(), bytes).await?;
        // After the commit: a crash between the two reads it again, which counts once.
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

/// The whole message, but kept only as far as it is looked at: a writer whose
/// pipe closes early would call it undelivered.
fn read(mut source: impl std::io::Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.by_ref().take(MAX_BYTES as u64).read_to_end(&mut bytes)?;
    std::io::copy(&mut source, &mut std::io::sink())?;
    Ok(bytes)
}

async fn take_one(
    session: &Session,
    recipient: Option<&str>,
    bytes: Vec<u8>,
) -> anyhow::Result<()> {
    let recipient = recipient.map_or_else(|| envelope_recipient(&bytes), str::to_owned);
    let taken = pipeline::intake(&session.ctx, &session.plan, &recipient, bytes).await?;
    tracing::info!(class = taken.what, changed = taken.changed, "mail-in: {}", taken.what);
    if taken.is_held {
        tracing::warn!(
            "mail-in: too many strangers wrote today; the message is counted and not passed on"
        );
    }
    if session.output.json {
        let line = json!({ "class": taken.what, "changed": taken.changed, "held": taken.is_held });
        session.output.object(&line)?;
    }
    Ok(())
}

/// Returns what the mail server wrote on top; empty if it wrote nothing.
fn envelope_recipient(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(64 * 1024)]);
    head.lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let known = ["delivered-to", "x-original-to", "envelope-to", "x-envelope-to"];
            known.contains(&name.to_ascii_lowercase().as_str()).then(|| value.trim().to_owned())
        })
        .unwrap_or_default()
}
