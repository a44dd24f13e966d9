//! Which sources are being read right now, noted where a crash does not erase it.
//!
//! A document can cost the whole process its life: by a fault of a parser, or because
//! the system takes its memory away. Nobody is left then to say whose it was. So a file
//! stands for each source while it is read, and who finds it at the next start counts.
//! Files, because they cost a poll a few microseconds and no transaction.

use std::fs;
use std::path::PathBuf;

use crate::model::SourceId;

/// The folder of marks; without one none are made.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    folder: Option<PathBuf>,
}

/// The mark of one source; dropping it erases it.
#[derive(Debug)]
pub(super) struct Mark {
    file: PathBuf,
}

impl Marks {
    /// Keeps marks in `folder`, which is made if need be.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        let is_there = fs::create_dir_all(&folder);
        Self { folder: is_there.is_ok().then_some(folder) }
    }

    /// Marks a source. On a full disk it is read without: that is better than not.
    pub(super) fn set(&self, id: &SourceId) -> Option<Mark> {
        let file = self.folder.as_ref()?.join(id.as_str());
        fs::write(&file, []).ok().map(|()| Mark { file })
    }

    /// Takes the marks that the process before left.
    pub(super) fn take(&self) -> Vec<SourceId> {
        let Some(entries) = self.folder.as_ref().and_then(|folder| fs::read_dir(folder).ok())
        else {
            return Vec::new();
        };
        let erased = entries.flatten().filter(|entry| fs::remove_file(entry.path()).is_ok());
        erased.filter_map(|entry| Some(SourceId::new(entry.file_name().to_str()?))).collect()
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
