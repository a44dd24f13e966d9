//! The config that the service last took up, kept beside the database as plain files: commands that
//! only read go on with it while somebody mends the config. Secrets stand in none of these files.

use std::io;
use std::path::{Path, PathBuf};

use super::files::{ADDITIONS, Around, Disk, Environment, Files};
use super::{Config, MAIN_FILE, MODEL_FILE, ServiceSettings};
use crate::model::Reader;

/// The folder in the data folder.
const FOLDER: &str = "config.last";
impl Config {
    /// Keeps the files that this config was read from, for [`last_good`].
    pub fn keep(&self) -> io::Result<()> {
        let folder = self.service.data_dir.join(FOLDER);
        let new = folder.with_extension("new");
        remove(&new)?;
        for (path, bytes) in &self.files {
            let path = new.join(path);
            if let Some(parent) = path.parent() {
                private_folder(parent)?;
            }
            write(&path, bytes)?;
        }
        // Without either folder for an instant: then there is none to go on with.
        remove(&folder)?;
        std::fs::rename(&new, &folder)
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

fn remove(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Returns where the data is, also of a config that is broken elsewhere or lacks its credentials.
pub fn data_dir(path: &Path, environment: &Environment) -> Option<PathBuf> {
    service(path, environment).map(|service| service.data_dir)
}

/// Returns `[service]` of a config that may be broken elsewhere or lack its credentials.
pub fn service(path: &Path, environment: &Environment) -> Option<ServiceSettings> {
    let directory = super::directory_of(path);
    let mut found = Vec::new();
    let read = super::read_files(&Disk, directory, &mut found);
    let around = Around { files: &Disk, directory, environment };
    let mut root = Reader::within(&around, &read.tree, "", &mut found);
    let service = super::section::<ServiceSettings>(&mut root)?;
    let data_dir = environment.state_dir.clone().unwrap_or(service.data_dir);
    Some(ServiceSettings { data_dir, ..service })
}

/// Returns the config that the service last took up, where the one at `path` is broken. Nothing if
/// there is none, it no longer loads, or the broken one does not tell where the data is.
pub fn last_good(path: &Path, environment: &Environment) -> Option<Config> {
    let data_dir = data_dir(path, environment)?;
    let kept = Kept { directory: super::directory_of(path), folder: &data_dir.join(FOLDER) };
    super::load_from(&kept, path, environment)
        .ok()
        .filter(|config| config.service.data_dir == data_dir)
}

/// The disk, but for the files of the config itself: those are the kept ones.
struct Kept<'a> {
    /// Where the config lies.
    directory: &'a Path,
    /// Where it is kept.
    folder: &'a Path,
}

impl Files for Kept<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        const NAMES: [&str; 4] = [MAIN_FILE, "sources.toml", "topics.toml", MODEL_FILE];
        match path.strip_prefix(self.directory) {
            Ok(inner)
                if inner.starts_with(ADDITIONS)
                    || NAMES.iter().any(|name| inner.as_os_str() == *name) =>
            {
                Disk.read(&self.folder.join(inner))
            }
            _ => Disk.read(path),
        }
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        if folder != self.directory.join(ADDITIONS) {
            return Disk.list(folder);
        }
        let kept = Disk.list(&self.folder.join(ADDITIONS))?;
        Ok(kept.iter().filter_map(|path| Some(folder.join(path.file_name()?))).collect())
    }

    fn is_public(&self, path: &Path) -> bool {
        Disk.is_public(path)
    }
}
