//! Mail that came in and is not yet taken in: a Maildir in the data folder.
//!
//! A mail server's process writes there without any secret of the service: systemd gives the
//! credentials to the service alone. The daemon takes each message in and erases it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use super::{Context, PipelineError, Plan, Taken, intake};
use crate::bounce::MAX_BYTES;
use crate::deliver::maildir;

/// The Maildir, below the data folder.
const FOLDER: &str = "returned";
/// Most messages that may wait, of [`MAX_BYTES`] each; beyond it the mail server keeps them.
const MOST_WAITING: usize = 1_000;
/// Most bytes of the field that names the envelope recipient.
const MOST_RECIPIENT: usize = 1_000;
/// Ends the name of a message that is taken in a second time after the process ended at the first.
const SECOND_TRY: &str = ".again";

/// The messages that wait.
#[derive(Debug, Clone)]
pub struct ReturnedMail {
    folder: PathBuf,
}

/// What became of a message.
#[derive(Debug)]
pub enum Outcome {
    /// It is taken in and erased.
    Taken(Taken),
    /// It stays in this file, which nobody reads again.
    SetAside(PathBuf, PipelineError),
}

impl ReturnedMail {
    /// Returns the messages of a data folder.
    pub fn in_folder(data_dir: &Path) -> Self {
        Self { folder: data_dir.join(FOLDER) }
    }

    /// Adds a message for an envelope recipient. It is on disk when this returns; the same one
    /// twice is one. Fails if too many wait.
    pub fn add(&self, recipient: Option<&str>, message: &[u8]) -> io::Result<()> {
        if waiting(&self.folder.join("new"))?.len() >= MOST_WAITING {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!("{MOST_WAITING} messages wait for the service already"),
            ));
        }
        let message = &message[..message.len().min(MAX_BYTES)];
        let bytes = match recipient {
            Some(recipient) => [top(recipient).as_bytes(), without_from_line(message)].concat(),
            None => message.to_vec(),
        };
        let name = HEXLOWER.encode(&Sha256::digest(&bytes)[..16]);
        // Two processes may be handed the same message at once.
        let temporary = format!("{name}.{}", std::process::id());
        maildir::write(&self.folder, &temporary, &format!("{name}.eml"), &bytes)
    }

    /// Offers what was in hand when the last process ended once more; what ended it twice stays
    /// in `cur`. Erases what was half written: who was writing it offers it again. Only for the
    /// daemon, before it takes anything. Returns the files that stay.
    pub fn recover(&self) -> io::Result<Vec<PathBuf>> {
        let mut staying = Vec::new();
        for path in waiting(&self.folder.join("tmp"))? {
            fs::remove_file(path)?;
        }
        for path in waiting(&self.folder.join("cur"))? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(SECOND_TRY) {
                staying.push(path);
            } else {
                let again = self.folder.join("new").join(format!("{name}{SECOND_TRY}"));
                fs::rename(&path, again)?;
            }
        }
        Ok(staying)
    }

    /// Marks a message as being taken in, so that one that ends the process is known.
    fn claim(&self) -> io::Result<Option<(PathBuf, Vec<u8>)>> {
        let Some(path) = waiting(&self.folder.join("new"))?.into_iter().min() else {
            return Ok(None);
        };
        let claimed = self.folder.join("cur").join(path.file_name().unwrap_or_default());
        fs::rename(&path, &claimed)?;
        let bytes = fs::read(&claimed)?;
        Ok(Some((claimed, bytes)))
    }

    /// Lets a claimed message wait again.
    fn give_back(&self, claimed: &Path) -> io::Result<()> {
        fs::rename(claimed, self.folder.join("new").join(claimed.file_name().unwrap_or_default()))
    }
}

/// Returns the messages of a folder; none if there is no such folder.
fn waiting(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns the field that a mail server would write on top.
fn top(recipient: &str) -> String {
    let plain: String =
        recipient.chars().filter(|c| !c.is_control()).take(MOST_RECIPIENT).collect();
    format!("Delivered-To: {plain}\r\n")
}

/// Leaves out the line with which mbox begins a message: below another line it would end the head.
fn without_from_line(message: &[u8]) -> &[u8] {
    if !message.starts_with(b"From ") {
        return message;
    }
    message.iter().position(|byte| *byte == b'\n').map_or(message, |end| &message[end + 1..])
}

/// Returns the envelope recipient that the mail server wrote on top; empty if it wrote none.
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

/// Takes in the next message that waits; none if there is none.
///
/// Erased after the commit: a crash between the two takes it in again, which counts once.
pub async fn take_returned(
    ctx: &Context,
    plan: &Arc<Plan>,
    mail: &ReturnedMail,
) -> Result<Option<Outcome>, PipelineError> {
    let Some((path, bytes)) = mail.claim().map_err(PipelineError::Returned)? else {
        return Ok(None);
    };
    let recipient = envelope_recipient(&bytes);
    match intake(ctx, plan, &recipient, bytes).await {
        Ok(taken) => {
            fs::remove_file(&path).map_err(PipelineError::Returned)?;
            Ok(Some(Outcome::Taken(taken)))
        }
        // The message is not at fault.
        Err(error @ PipelineError::Store(_)) => {
            mail.give_back(&path).map_err(PipelineError::Returned)?;
            Err(error)
        }
        Err(error) => Ok(Some(Outcome::SetAside(path, error))),
    }
}
