//! The `[[source]]` block as it was written, comments and all.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Table};

use crate::config::{Disk, Files};

/// A file of the config, as text and as what it says.
pub(super) struct Written {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) document: DocumentMut,
}

/// Returns the files of the config that hold sources, in the order they are read.
pub(super) fn files(directory: &Path) -> Vec<Written> {
    let mut paths = vec![directory.join("amtsbote.toml"), directory.join("sources.toml")];
    let mut more = Disk.list(&directory.join("conf.d")).unwrap_or_default();
    more.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    more.sort();
    paths.extend(more);
    paths
        .into_iter()
        .filter_map(|path| {
            let text = String::from_utf8(Disk.read(&path).ok()?).ok()?;
            let document: DocumentMut = text.parse().ok()?;
            document.contains_key("source").then_some(Written { path, text, document })
        })
        .collect()
}

impl Written {
    /// Returns the block of that source, if it stands here.
    pub(super) fn block(&mut self, id: &str) -> Option<&mut Table> {
        let rows = self.document.get_mut("source")?.as_array_of_tables_mut()?;
        rows.iter_mut().find(|row| row.get("id").and_then(|value| value.as_str()) == Some(id))
    }
}

/// Returns a copy of the source's block, wherever it stands.
pub(super) fn block_of(directory: &Path, id: &str) -> Option<Table> {
    files(directory).iter_mut().find_map(|file| file.block(id).cloned())
}
