//! One process works on a data folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use crate::pipeline::presence::{self, Presence};

/// The right to poll, sweep and send; given back when dropped.
#[derive(Debug)]
pub struct Lock {
    // The lock lives as long as the file is open.
    file: File,
    before: Option<Presence>,
}

/// Why the lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("another amtsbote (process {pid}) works on `{folder}`")]
    Taken {
        /// Its number, as it wrote it.
        pid: String,
        /// The data folder.
        folder: String,
    },
    /// The file cannot be made.
    #[error("the lock file `{path}` cannot be made")]
    File {
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

/// Tries of who finds the lock taken: `status` holds it for an instant to look.
const TRIES: u32 = 5;
/// Between two of them.
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

impl Lock {
    /// Takes the lock of the data folder at once or not at all.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let path = presence::lock_file(data_dir);
        let error = |cause| LockError::File { path: path.display().to_string(), cause };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(error)?;
        for left in (0..TRIES).rev() {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if left > 0 => std::thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::WouldBlock) => {
                    // Whoever it is: the number is for the message only.
                    let (holder, _) = presence::read(&mut file);
                    let pid = holder.map_or_else(String::new, |pid| pid.to_string());
                    return Err(LockError::Taken { pid, folder: data_dir.display().to_string() });
                }
                Err(TryLockError::Error(cause)) => return Err(error(cause)),
            }
        }
        let (_, before) = presence::read(&mut file);
        presence::write(&mut file, std::process::id(), before.as_ref()).map_err(error)?;
        Ok(Self { file, before })
    }

    /// Returns what the daemon before said last.
    pub(super) fn before(&self) -> Option<Presence> {
        self.before.clone()
    }

    /// Writes what this daemon says of itself.
    pub(super) fn say(&mut self, presence: &Presence) -> std::io::Result<()> {
        presence::write(&mut self.file, presence.pid, Some(presence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_by_the_name_of_the_first_until_it_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        assert!(Lock::take(folder.path()).is_ok());
    }
}
