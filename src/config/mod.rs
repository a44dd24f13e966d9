//! Files → checked [`Config`], all problems at once.
//!
//! `amtsbote.toml`, `sources.toml`, `topics.toml` and `conf.d/*.toml` become one
//! tree that knows where everything was written; each section takes its keys out
//! of it, and whatever nobody took is reported. Sources are built through their
//! registry. Secrets come from files, systemd's credentials or the environment,
//! never from the tree, and are masked wherever the config is shown.

mod checks;
mod document;
mod error;
mod fetch;
mod files;
mod last_good;
mod mail;
mod manual;
mod retention;
mod series;
mod service;
mod show;
mod sources;
mod syntax;
mod topics;
mod web;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

pub use error::{ConfigError, warnings_text};
pub use fetch::FetchSettings;
use files::{ADDITIONS, Around, ConfigFile, MAIN_FILE};
pub use files::{Disk, Environment, Files};
pub use last_good::{data_dir, last_good, service};
pub use mail::{MailSettings, Mailbox};
pub use manual::{man_pages, shipped_file, table_text};
pub use retention::Retention;
pub use series::{Editors, SeriesPlan, Unanswered};
pub use service::{LegalSettings, ServiceSettings};
pub use show::defaults;
pub use topics::{MODEL_FILE, TermPlaces};
pub use web::WebSettings;

use crate::deliver::Channel;
use crate::deliver::message::dkim::Signer;
use crate::model::settings::{Settings, Shown};
use crate::model::{Place, Problem, Reader, Table, TopicRules};
use crate::source::Configured;
use crate::topic::Tagger;

/// The shipped files: every key at its default, and the sources and topics we know.
pub const DEFAULTS: &[(&str, &str)] = &[
    ("amtsbote.toml", include_str!("../../config/amtsbote.toml")),
    ("sources.toml", include_str!("../../config/sources.toml")),
    ("topics.toml", include_str!("../../config/topics.toml")),
];

/// The shipped model, made of [`CORPUS`] and the shipped topics by `topic train`.
pub const SHIPPED_MODEL: &str = include_str!("../../config/topics.model");

/// The labelled items that the shipped model was made of, one JSON object a line.
pub const CORPUS: &str = include_str!("../../config/topics.jsonl");

/// A config that holds together.
#[derive(Debug)]
pub struct Config {
    /// `[service]`.
    pub service: ServiceSettings,
    /// `[fetch]`.
    pub fetch: FetchSettings,
    /// `[mail]`.
    pub mail: MailSettings,
    /// `[web]`.
    pub web: WebSettings,
    /// `[retention]`.
    pub retention: Retention,
    /// `[[series]]`, each with its calendar.
    pub series: Vec<SeriesPlan>,
    /// `[[source]]`, switched off ones too.
    pub sources: Vec<Configured>,
    /// `[[topic]]`, in the order of the files.
    pub topics: Vec<TopicRules>,
    /// The topics, ready to tag items.
    pub tagger: Tagger,
    /// The chosen way out.
    pub channel: Arc<dyn Channel>,
    /// What signs mails by DKIM, if we do it ourselves.
    pub dkim: Option<Arc<Signer>>,
    /// What holds for each channel, by the keys of its table.
    channels: Vec<(&'static str, Vec<Shown>)>,
    /// Where each term of `topics` was written, in the same order.
    pub term_places: Vec<TermPlaces>,
    /// What is doubtful, though it works.
    pub warnings: Vec<Problem>,
    /// Changes with any byte of any file; for logs and `status`.
    pub version: String,
    /// The folder that relative paths are relative to.
    pub directory: PathBuf,
    /// The merged tree, for `config show`.
    tree: Table,
    /// The files that it was read from.
    files: Vec<ConfigFile>,
}

impl Config {
    /// Returns the version of what decides on topics: the rules, and what sources give.
    pub fn topics_version(&self) -> String {
        let settings = self.sources.iter().map(|source| &source.settings);
        crate::topic::version(
            &self.topics,
            self.tagger.model(),
            settings.map(|settings| (&settings.id, settings.topics.as_slice())),
        )
    }
}

/// Loads the config in the folder `path`, or beside the file `path`, from disk.
pub fn load(path: &Path, environment: &Environment) -> Result<Config, ConfigError> {
    load_from(&Disk, path, environment)
}

/// Returns whether there is a config at all where it is looked for.
pub fn is_in_place(path: &Path) -> bool {
    path.is_file() || path.join(MAIN_FILE).is_file()
}

/// Loads the config on disk with all its sources replaced by `block`, as
/// `source test` tries one. Everything else stays as it is; where there is no
/// config at all, the shipped defaults stand in.
pub fn load_with(
    path: &Path,
    environment: &Environment,
    block: &str,
) -> Result<Config, ConfigError> {
    struct Replaced<'a> {
        block: &'a str,
        shipped: bool,
    }
    impl Files for Replaced<'_> {
        fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
            let name = path.file_name().unwrap_or_default();
            if name == "sources.toml" {
                return Ok(self.block.as_bytes().to_vec());
            }
            if path.parent().is_some_and(|folder| folder.ends_with(ADDITIONS)) {
                return Disk.read(path).map(without_sources);
            }
            let shipped = DEFAULTS.iter().find(|(file, _)| name == *file).filter(|_| self.shipped);
            if self.shipped && name == MODEL_FILE {
                return Ok(SHIPPED_MODEL.as_bytes().to_vec());
            }
            shipped.map_or_else(|| Disk.read(path), |(_, text)| Ok(text.as_bytes().to_vec()))
        }
        fn list(&self, folder: &Path) -> std::io::Result<Vec<PathBuf>> {
            if self.shipped { Ok(Vec::new()) } else { Disk.list(folder) }
        }
        fn is_public(&self, path: &Path) -> bool {
            Disk.is_public(path)
        }
    }
    load_from(&Replaced { block, shipped: !is_in_place(path) }, path, environment)
}

/// Returns the file without its `[[source]]` rows; as it is if it has none or is at fault.
fn without_sources(bytes: Vec<u8>) -> Vec<u8> {
    let table = std::str::from_utf8(&bytes).ok().and_then(|text| text.parse::<toml::Table>().ok());
    let Some(mut table) = table.filter(|table| table.contains_key("source")) else { return bytes };
    table.remove("source");
    table.to_string().into_bytes()
}

/// Loads a config from any [`Files`]. Reloading is calling it again.
pub fn load_from(
    files: &dyn Files,
    path: &Path,
    environment: &Environment,
) -> Result<Config, ConfigError> {
    let directory = directory_of(path);
    let mut found = Vec::new();
    let read = read_files(files, directory, &mut found);
    let config = assemble(read, &Around { files, directory, environment }, &mut found);
    let found = ConfigError::new(found);
    match config {
        Some(config) if found.problems.is_empty() => {
            Ok(Config { warnings: found.warnings, ..config })
        }
        _ => Err(found),
    }
}

/// Returns the folder of the config that is named by it or by its main file.
fn directory_of(path: &Path) -> &Path {
    let directory = match path.file_name() {
        Some(name) if name == MAIN_FILE => path.parent().unwrap_or_else(|| Path::new("")),
        _ => path,
    };
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

/// The merged tree of all files.
struct Read {
    tree: Table,
    /// The model of topics as it lies there, and where.
    model: Option<(Arc<str>, Vec<u8>)>,
    version: String,
    files: Vec<ConfigFile>,
    /// A file was left out for a fault of syntax: what refers to it cannot be judged.
    incomplete: bool,
}

fn read_files(files: &dyn Files, directory: &Path, problems: &mut Vec<Problem>) -> Read {
    let main = directory.join(MAIN_FILE);
    let start = Place { file: shown(&main), line: 1, column: 1 };
    let mut tree = Table { place: start, entries: Vec::new() };
    let mut hash = Sha256::new();
    let mut incomplete = false;
    let report = |problems: &mut Vec<Problem>, path: &Path, error: &std::io::Error| {
        let message = match error.kind() {
            std::io::ErrorKind::NotFound => format!(
                "no file `{}`; name the folder with `--config`, or write one with `amtsbote config show --defaults`",
                path.display()
            ),
            _ => format!("cannot read `{}`: {error}", path.display()),
        };
        problems.push(Problem { place: None, path: String::new(), message, is_doubt: false });
    };
    let mut additions: Vec<PathBuf> = match files.list(&directory.join(ADDITIONS)) {
        Ok(paths) => paths.into_iter().filter(|path| is_settings(path)).collect(),
        Err(error) => {
            report(problems, &directory.join(ADDITIONS), &error);
            Vec::new()
        }
    };
    additions.sort();
    let optional = [directory.join("sources.toml"), directory.join("topics.toml")];
    let (mut model, mut kept) = (None, Vec::new());
    let of_model = std::iter::once(directory.join(MODEL_FILE));
    for path in std::iter::once(main.clone()).chain(optional).chain(additions).chain(of_model) {
        let bytes = match files.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && path != main => continue,
            Err(error) => {
                report(problems, &path, &error);
                incomplete = true;
                continue;
            }
        };
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
        if let Ok(inner) = path.strip_prefix(directory) {
            kept.push((inner.to_owned(), bytes.clone()));
        }
        if path.ends_with(MODEL_FILE) {
            model = Some((shown(&path), bytes));
            continue;
        }
        match document::parse(&shown(&path), &bytes) {
            Ok(table) => document::merge(&mut tree, table, problems),
            Err(faults) => {
                problems.extend(faults);
                incomplete = true;
            }
        }
    }
    let digest = hash.finalize();
    let head = digest.iter().take(6).fold(0_u64, |head, byte| head << 8 | u64::from(*byte));
    let version = format!("{head:012x}");
    Read { tree, model, version, files: kept, incomplete }
}

fn is_settings(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "toml")
}

fn shown(path: &Path) -> Arc<str> {
    path.display().to_string().into()
}

/// Returns nothing if some part cannot be built; then there are problems.
fn assemble(read: Read, around: &Around<'_>, found: &mut Vec<Problem>) -> Option<Config> {
    let Read { tree, model, version, files, incomplete } = read;
    let mut root = Reader::within(around, &tree, "", found);
    let service = section::<ServiceSettings>(&mut root)?;
    let mut fetch = section::<FetchSettings>(&mut root)?;
    if fetch.user_agent.is_empty() {
        fetch.user_agent = FetchSettings::usual_user_agent(&service);
    }
    let empty = Table { place: tree.place.clone(), entries: Vec::new() };
    let table = root.table("mail").unwrap_or(&empty);
    let (mail, channels) = mail::read(root.inner(table, "mail"), &service.data_dir);
    let web = section::<WebSettings>(&mut root);
    let retention = section::<Retention>(&mut root);
    let series = series::read(&mut root);
    let (topics, term_places) = topics::read(&mut root);
    let known_topics = (!incomplete).then_some(topics.as_slice());
    let sources = sources::read(&mut root, &service, &fetch, known_topics);
    root.finish();
    let tagger = topics::tagger(&topics, &term_places, found);
    let model = topics::model(model, &topics, found);
    let config = Config {
        tagger: tagger?.with_model(model),
        channel: Arc::from(channels.chosen?),
        channels: channels.shown,
        dkim: channels.signer,
        service,
        fetch,
        mail: mail?,
        web: web?,
        retention: retention?,
        series,
        sources,
        topics,
        term_places,
        warnings: Vec::new(),
        version,
        directory: around.directory.to_owned(),
        tree: empty.clone(),
        files,
    };
    if !incomplete {
        warn_of_gaps(&config, found);
    }
    Some(Config { tree, ..config })
}

/// Reads a table of which there is one.
fn section<S: Settings>(root: &mut Reader<'_>) -> Option<S> {
    let empty = Table { place: root.place().clone(), entries: Vec::new() };
    let table = root.table(S::PATH).unwrap_or(&empty);
    let mut reader = root.inner(table, S::PATH);
    let settings = S::read(&mut reader);
    reader.finish();
    settings
}

/// Warns of what works, but not as anyone would want it.
fn warn_of_gaps(config: &Config, found: &mut Vec<Problem>) {
    let mut warn = |path: &str, message: &str| {
        let (path, message) = (path.to_owned(), message.to_owned());
        found.push(Problem { place: None, path, message, is_doubt: true });
    };
    if config.series.is_empty() {
        warn("series", "there is no series, so no digest is ever sent");
    }
    if config.topics.is_empty() {
        warn("topic", "there is no topic, so no item ever reaches a digest");
    }
    if !config.sources.iter().any(|source| source.settings.enabled) {
        warn("source", "no source is switched on, so nothing is ever polled");
    }
}

#[cfg(test)]
mod tests;
