//! The options that every command has, and the environment it runs in.

use std::path::PathBuf;

use crate::config::Environment;

/// The options of every command, and the environment.
#[derive(Debug, Clone)]
pub struct Global {
    pub(super) config: Option<PathBuf>,
    pub(super) json: bool,
    pub(super) quiet: bool,
    pub(super) verbose: u8,
    pub(super) environment: Environment,
}

impl Global {
    pub(super) fn config_path(&self) -> PathBuf {
        self.environment.locate(self.config.as_deref())
    }
}
