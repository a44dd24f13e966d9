//! What the daemon writes of itself into its lock file, and who holds the lock.
//!
//! A file and not a row: it must tell the truth when the database is missing,
//! damaged or full, and it is written again and again without growing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::health::Service;
use crate::model::Timestamp;

/// Bytes of the file that are read.
const MAX_BYTES: u64 = 64 << 10;

/// What the daemon says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Presence {
    /// Its process.
    pub pid: u32,
    pub version: String,
    /// When it started.
    pub started: Timestamp,
    /// When its loops last turned and the database answered.
    pub beat: Timestamp,
    /// Starts before this one, in a row, that did not end as they should.
    pub crashes: u32,
    /// It ended as it should.
    pub has_ended: bool,
    /// Why the last reload was refused.
    pub config_error: Option<String>,
    /// Why the database takes nothing just now.
    #[serde(default)]
    pub waits_for: Option<String>,
}

impl Presence {
    /// Returns what a daemon that starts now says, given what the one before it said last.
    pub fn begin(before: Option<Self>, pid: u32, version: &str, now: Timestamp) -> Self {
        let crashes = before.filter(|before| !before.has_ended).map_or(0, |b| b.crashes + 1);
        Self {
            pid,
            version: version.to_owned(),
            started: now,
            beat: now,
            crashes,
            has_ended: false,
            config_error: None,
            waits_for: None,
        }
    }
}

/// Returns the lock file of a data folder.
pub fn lock_file(data_dir: &Path) -> PathBuf {
    data_dir.join("amtsbote.lock")
}

/// Reads the number of who holds or held the lock, and what the daemon said last.
pub fn read(file: &mut File) -> (Option<u32>, Option<Presence>) {
    let mut text = String::new();
    if file.rewind().is_err() || file.take(MAX_BYTES).read_to_string(&mut text).is_err() {
        return (None, None);
    }
    let (holder, said) = text.split_once('\n').unwrap_or((&text, ""));
    (holder.trim().parse().ok(), serde_json::from_str(said).ok())
}

/// Writes the number of who holds the lock, and what the daemon says.
pub fn write(file: &mut File, holder: u32, said: Option<&Presence>) -> std::io::Result<()> {
    let mut text = format!("{holder}\n");
    if let Some(said) = said {
        text.push_str(&serde_json::to_string(said)?);
    }
    file.rewind()?;
    // Over what stands there, and only then cut: this needs no room on a full disk.
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

/// Returns what can be seen of the daemon of a data folder; makes and changes nothing.
pub fn look(data_dir: &Path) -> Service {
    let Ok(mut file) = OpenOptions::new().read(true).open(lock_file(data_dir)) else {
        return Service::default();
    };
    // Shared, so that two that look do not hide each other; a daemon that starts in
    // this instant tries again.
    let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    if !is_held {
        let _ = file.unlock();
    }
    let (holder, said) = read(&mut file);
    let Some(said) = said else { return Service::default() };
    // A command may hold the lock for its own work.
    let is_running = is_held && holder == Some(said.pid) && !said.has_ended;
    let crashes = match (said.has_ended, is_running) {
        (true, _) => 0,
        (false, true) => said.crashes,
        (false, false) => said.crashes + 1,
    };
    Service {
        is_running,
        pid: is_running.then_some(said.pid),
        version: is_running.then_some(said.version),
        started: Some(said.started),
        beat: is_running.then_some(said.beat),
        crashes,
        config_error: said.config_error.filter(|_| is_running),
        waits_for: said.waits_for.filter(|_| is_running),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_daemon_said_is_seen_by_others_and_outlives_it() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(look(folder.path()), Service::default());
        assert!(!lock_file(folder.path()).exists(), "looking makes nothing");
        let open = || {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            options.open(lock_file(folder.path())).unwrap()
        };
        let now = Timestamp::from_seconds(1000);
        let mut held = open();
        held.try_lock().unwrap();
        let mut said = Presence::begin(None, 7, "1.2.3", now);
        said.config_error = Some("a long reason ".repeat(20));
        write(&mut held, 7, Some(&said)).unwrap();
        said.config_error = None;
        write(&mut held, 7, Some(&said)).unwrap();
        let seen = look(folder.path());
        assert!(seen.is_running && seen.pid == Some(7) && seen.crashes == 0, "{seen:?}");
        // It dies; a command takes the lock for its own work.
        drop(held);
        assert_eq!(look(folder.path()).crashes, 1);
        let mut command = open();
        command.try_lock().unwrap();
        let (_, before) = read(&mut command);
        write(&mut command, 8, before.as_ref()).unwrap();
        let seen = look(folder.path());
        assert!(!seen.is_running && seen.started == Some(now), "{seen:?}");
        // The next start counts, one that ends as it should ends the row.
        let next = Presence::begin(before, 9, "1.2.3", now);
        assert_eq!(next.crashes, 1);
        let ended = Presence { has_ended: true, ..next };
        assert_eq!(Presence::begin(Some(ended), 10, "1.2.3", now).crashes, 0);
    }
}
