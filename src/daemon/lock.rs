//! One process works on a data folder at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

/// The right to poll, sweep and send; given back when dropped.
#[derive(Debug)]
pub struct Lock {
    // The lock lives as long as the file is open.
    _file: File,
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
        /// Its path.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

impl Lock {
    /// Takes the lock of the data folder at once or not at all.
    pub fn take(data_dir: &Path) -> Result<Self, LockError> {
        let path: PathBuf = data_dir.join("amtsbote.lock");
        let error = |cause| LockError::File { path: path.display().to_string(), cause };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Whoever it is: the number is for the message only.
                let _ = file.read_to_string(&mut pid);
                let pid = pid.trim().to_owned();
                return Err(LockError::Taken { pid, folder: data_dir.display().to_string() });
            }
            Err(TryLockError::Error(cause)) => return Err(error(cause)),
        }
        file.set_len(0).map_err(error)?;
        file.rewind().map_err(error)?;
        write!(file, "{}", std::process::id()).map_err(error)?;
        Ok(Self { _file: file })
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
