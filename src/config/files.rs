//! Where settings come from: files, and the few words of the environment.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::model::settings::{Surroundings, secret_of};

/// The file that must be there.
pub(super) const MAIN_FILE: &str = "amtsbote.toml";

/// The folder of further files in a config.
pub(super) const ADDITIONS: &str = "conf.d";

/// A file of a config: its path below the folder of the config, and its bytes.
pub(super) type ConfigFile = (PathBuf, Vec<u8>);

/// Most bytes of one file; a config is written by hand.
const MOST_BYTES: u64 = 4 << 20;

/// Beginning of the variables that concern us.
const OURS: &str = "AMTSBOTE_";

/// Reads what the config names. A test may hold it in memory.
pub trait Files {
    /// Returns all bytes of a file, at most four MiB.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Returns the files of a folder; none if there is no such folder.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Returns whether every user of the machine may read the file.
    fn is_public(&self, path: &Path) -> bool;
}

/// The machine's files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        use std::io::Read as _;
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MiB"));
        }
        Ok(bytes)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        match std::fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn is_public(&self, path: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
    }
}

/// What the config takes from the process's environment, read once in `main`.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    secrets: BTreeMap<String, SecretString>,
    config: Option<PathBuf>,
    /// `$CREDENTIALS_DIRECTORY` (systemd): the credentials as they were at the start.
    pub credentials_dir: Option<PathBuf>,
    /// `credentials` below `$RUNTIME_DIRECTORY` (systemd): as they were at the last reload,
    /// since systemd reads them at the start only. `amtsbotectl --refresh` writes them.
    pub refreshed_dir: Option<PathBuf>,
    /// `$STATE_DIRECTORY` (systemd); wins over `service.data_dir`.
    pub state_dir: Option<PathBuf>,
    /// `$JOURNAL_STREAM` (systemd): device and inode of the journal's stream.
    pub journal_stream: Option<String>,
    temporary: Option<PathBuf>,
}

impl Environment {
    /// Keeps of the variables what concerns us.
    pub fn new(vars: &BTreeMap<String, String>) -> Self {
        let path = |name: &str| {
            vars.get(name).filter(|value| !value.is_empty()).map(|value| {
                // systemd joins several directories with colons; the first is ours.
                PathBuf::from(value.split(':').next().unwrap_or(value))
            })
        };
        let secrets = vars
            .iter()
            .filter(|(name, _)| name.starts_with(OURS))
            .map(|(name, value)| (name.clone(), SecretString::from(value.clone())))
            .collect();
        Self {
            secrets,
            config: vars
                .get("AMTSBOTE_CONFIG")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            credentials_dir: path("CREDENTIALS_DIRECTORY"),
            refreshed_dir: path("RUNTIME_DIRECTORY").map(|folder| folder.join("credentials")),
            state_dir: path("STATE_DIRECTORY"),
            journal_stream: vars.get("JOURNAL_STREAM").cloned(),
            temporary: vars.get("TMPDIR").filter(|value| !value.is_empty()).map(PathBuf::from),
        }
    }

    /// Returns the secret of a credential's name: `smtp-password` is `AMTSBOTE_SMTP_PASSWORD`,
    /// `amtsbote-key` is `AMTSBOTE_KEY`.
    fn secret(&self, credential: &str) -> Option<&SecretString> {
        let name = credential.strip_prefix("amtsbote-").unwrap_or(credential);
        self.secrets.get(&format!("{OURS}{}", name.to_uppercase().replace('-', "_")))
    }

    /// Returns where new folders may be made: `$TMPDIR`, else `/tmp`.
    pub fn temporary_dir(&self) -> PathBuf {
        self.temporary.clone().unwrap_or_else(|| PathBuf::from("/tmp"))
    }

    /// Returns where the config is: what `--config` names, else `$AMTSBOTE_CONFIG`,
    /// else `./config`, else `/etc/amtsbote`.
    pub fn locate(&self, option: Option<&Path>) -> PathBuf {
        if let Some(path) = option.or(self.config.as_deref()) {
            return path.to_owned();
        }
        let here = PathBuf::from("config");
        if here.join(MAIN_FILE).is_file() { here } else { PathBuf::from("/etc/amtsbote") }
    }
}

/// What the settings of one load may refer to.
pub(super) struct Around<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) directory: &'a Path,
    pub(super) environment: &'a Environment,
}

impl Surroundings for Around<'_> {
    fn directory(&self) -> &Path {
        self.directory
    }

    fn state_dir(&self) -> Option<&Path> {
        self.environment.state_dir.as_deref()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        self.files.list(folder)
    }

    fn is_public(&self, path: &Path) -> bool {
        self.files.is_public(path)
    }

    fn credential(&self, name: &str) -> io::Result<Vec<u8>> {
        if name.is_empty() || name.contains('/') || name.starts_with('.') {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "not the name of a credential",
            ));
        }
        let Environment { refreshed_dir, credentials_dir, .. } = self.environment;
        for folder in [refreshed_dir, credentials_dir].into_iter().flatten() {
            match self.files.read(&folder.join(name)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                read => return read,
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "no such credential was given"))
    }

    fn secret(&self, name: &str) -> Result<Option<SecretString>, String> {
        if let Some(secret) = self.environment.secret(name) {
            return Ok(Some(secret.clone()));
        }
        match self.credential(name) {
            Ok(bytes) => secret_of(bytes)
                .map(Some)
                .ok_or_else(|| format!("the credential `{name}` is empty or not text")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot read the credential `{name}`: {error}")),
        }
    }
}
