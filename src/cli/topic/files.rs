//! Files of labelled items.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::UsageError;
use crate::topic::Labelled;

/// Returns the labelled items of all files.
pub(super) fn read_labelled(files: &[PathBuf]) -> anyhow::Result<Vec<Labelled>> {
    let mut items = Vec::new();
    for file in files {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
        let read = Labelled::parse(&text).map_err(|error| {
            UsageError::new(format!("{}:{}: {}", file.display(), error.line, error.message))
        })?;
        items.extend(read);
    }
    Ok(items)
}
