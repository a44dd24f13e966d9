//! From a checked config to what the journeys need.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use crate::clock::Clock;
use crate::config::{Config, LegalSettings, Retention, ServiceSettings};
use crate::digest::{Face, Legal, TopicTitle, render};
use crate::fetch::{Fetch, FetchError, FetchSettings, HttpFetch};
use crate::page::Templates;
use crate::pipeline::{self, Context, MailPlan, Plan, SourcePlan};
use crate::store::{Store, StoreError};
use crate::subscriber::token::{Key, KeyError, Tokens};

/// How much longer than the pause between two requests a connection is kept for
/// the second of them.
const LINGER: Duration = Duration::from_secs(3);

/// Why the parts do not fit together although the config is sound.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// A client that cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Fetch(#[from] FetchError),
    /// The database.
    #[error("the database `{path}` cannot be opened")]
    Store {
        /// Its file.
        path: String,
        /// Why.
        #[source]
        cause: StoreError,
    },
    /// The signing key.
    #[error("the signing key cannot be used")]
    Key(#[from] KeyError),
    /// There is a database, but not the key that its mails were signed with.
    #[error("`{path}` is missing although there is a database")]
    KeyMissing {
        /// Where the key belongs.
        path: String,
    },
    /// The key is another one than the database was made with.
    #[error("the signing key is not the one that the links of this database were made with")]
    KeyForeign,
    /// There is a key, but not the database whose mails it signed.
    #[error("the database `{path}` is missing or empty although there is a signing key")]
    DatabaseMissing {
        /// Where the database belongs.
        path: String,
    },
    /// Overrides of the templates.
    #[error("the templates cannot be used: {0}")]
    Templates(String),
    /// A file that cannot be read or made.
    #[error("`{path}` cannot be read or made")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> AssembleError + '_ {
    move |cause| AssembleError::File { path: path.display().to_string(), cause }
}

/// Returns the database file in the data folder.
pub fn database(config: &Config) -> std::path::PathBuf {
    config.service.data_dir.join(crate::store::FILE)
}

/// Returns whether there is no database yet, or an empty file in its place.
pub fn is_without_database(config: &Config) -> bool {
    std::fs::metadata(database(config)).map_or(true, |file| file.len() == 0)
}

/// Returns whether there is a signing key, given from outside or as a file: then mails were signed.
pub fn has_key(config: &Config) -> bool {
    config.service.key.0.is_some() || config.service.key_file().exists()
}

/// Makes a new, empty database, also beside a key.
pub fn create_database(config: &Config) -> Result<(), AssembleError> {
    make_data_dir(config)?;
    let path = database(config);
    Store::open(&path)
        .map(drop)
        .map_err(|cause| AssembleError::Store { path: path.display().to_string(), cause })
}

/// Makes the data folder if need be, readable by its owner only.
pub fn make_data_dir(config: &Config) -> Result<(), AssembleError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let folder = &config.service.data_dir;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(file_error(folder))
}

/// Opens the database, the key and the way out.
///
/// Fails also if the key is not the database's: nothing would show it but readers whose
/// links lead nowhere.
pub fn context(config: &Config, clock: Arc<dyn Clock>) -> Result<Context, AssembleError> {
    let context = context_with_any_key(config, clock)?;
    let fits = pipeline::fits(&context.store, &context.tokens).map_err(|cause| {
        AssembleError::Store { path: database(config).display().to_string(), cause }
    })?;
    if fits { Ok(context) } else { Err(AssembleError::KeyForeign) }
}

/// Does the same whatever key there is, for the command that makes links anew.
pub fn context_with_any_key(
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Context, AssembleError> {
    make_data_dir(config)?;
    let path = database(config);
    let is_first_start = is_without_database(config);
    // Never made anew in silence: all subscriptions would be gone.
    if is_first_start && has_key(config) {
        return Err(AssembleError::DatabaseMissing { path: path.display().to_string() });
    }
    // The key first: a crash between the two must not leave a database without one.
    let tokens = Tokens::new(key(config, is_first_start)?);
    let store = Store::open(&path)
        .map_err(|cause| AssembleError::Store { path: path.display().to_string(), cause })?;
    let context = Context::new(store, clock, tokens, Arc::clone(&config.channel));
    // A program that cannot find itself reads no PDFs.
    let data_dir = config.service.data_dir.clone();
    Ok(context.with_pdf_reader(std::env::current_exe().ok()).with_data_dir(data_dir))
}

/// Returns the signing key: given from outside, else the file, made at the first start.
/// Not later: a new key would silently break the links of all mails sent, and
/// the command line may only lack the credential that the service has.
fn key(config: &Config, is_first_start: bool) -> Result<Key, AssembleError> {
    if let Some(key) = signing_key(&config.service)? {
        return Ok(key);
    }
    let path = config.service.key_file();
    if !is_first_start {
        return Err(AssembleError::KeyMissing { path: path.display().to_string() });
    }
    let key = Key::generate()?;
    match write_key(&path, &key) {
        Ok(()) => Ok(key),
        Err(AssembleError::File { cause, .. })
            if cause.kind() == std::io::ErrorKind::AlreadyExists =>
        {
            Ok(Key::parse(&std::fs::read_to_string(&path).map_err(file_error(&path))?)?)
        }
        Err(error) => Err(error),
    }
}

/// Returns the signing key, if there is one: given from outside, else the file.
pub fn signing_key(service: &ServiceSettings) -> Result<Option<Key>, AssembleError> {
    if let Some(key) = &service.key.0 {
        return Ok(Some(Key::parse(key.expose_secret())?));
    }
    let path = service.key_file();
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Key::parse(&text)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file_error(&path)(error)),
    }
}

/// Writes the key to a new file that only its owner can read. Written aside and
/// put in place whole: a crash must leave no half a key, and of two processes
/// that start at once the second takes the first one's.
pub fn write_key(path: &Path, key: &Key) -> Result<(), AssembleError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let write = || {
        // What a crash left; a link is removed and not followed.
        let _ = std::fs::remove_file(&aside);
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(key.to_text().as_bytes())?;
        file.sync_all()?;
        let placed = std::fs::hard_link(&aside, path);
        std::fs::remove_file(&aside)?;
        placed
    };
    write().map_err(file_error(path))
}

fn templates(folder: Option<&Path>) -> Result<Templates, AssembleError> {
    let mut overrides = Vec::new();
    if let Some(folder) = folder {
        for entry in std::fs::read_dir(folder).map_err(file_error(folder))? {
            let path = entry.map_err(file_error(folder))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let text = std::fs::read_to_string(&path).map_err(file_error(&path))?;
            overrides.push((name.to_owned(), text));
        }
    }
    render::load(&overrides).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        AssembleError::Templates(lines.join("; "))
    })
}

/// Returns what the journeys follow until the next reload.
pub fn plan(config: Config) -> Result<Plan, AssembleError> {
    let http = HttpFetch::new(FetchSettings {
        user_agent: config.fetch.user_agent.clone(),
        proxy: config.fetch.proxy.clone(),
        allow_private: config.fetch.allow_private.clone(),
        keep_alive_hosts: busy_hosts(&config),
        configured_hosts: hosts(&config).collect(),
        idle_timeout: config.fetch.host_spacing.saturating_add(LINGER),
        ..FetchSettings::default()
    })?;
    let plain: Arc<dyn Fetch> = Arc::new(http.clone());
    let topics: Vec<_> = config
        .topics
        .iter()
        .filter_map(|topic| Some((topic.id.clone()?, topic.title.clone())))
        .collect();
    let titles = config.topics.iter().filter_map(|topic| {
        let (title, short) = (topic.title.clone(), topic.short.clone());
        Some(TopicTitle { id: topic.id.clone()?, title, short })
    });
    let titles = titles.collect();
    let topics_version = config.topics_version();
    let mut sources = Vec::with_capacity(config.sources.len());
    for configured in config.sources {
        let settings = &configured.settings;
        let fetch: Arc<dyn Fetch> = if settings.access.is_plain() {
            Arc::clone(&plain)
        } else {
            Arc::new(http.with_access(settings.id.as_str(), &settings.url, &settings.access)?)
        };
        sources.push(Arc::new(SourcePlan::below(configured, fetch, &config.service.data_dir)));
    }
    let (service, mail) = (config.service, config.mail);
    let public_url = service.public_url.clone();
    let offers_form = config.web.subscribe && config.web.listen.is_some();
    let own = |page: &str| format!("{public_url}{page}");
    Ok(Plan {
        sources,
        tagger: config.tagger,
        series: config.series,
        polling: config.fetch,
        mail: MailPlan {
            templates: templates(mail.templates.as_deref())?,
            face: Face {
                name: service.name,
                public_url: service.public_url,
                contact: service.contact,
                operator: service.operator,
                // A mail without these links breaks its duties: else a page of our own has them.
                imprint_url: service.imprint_url.unwrap_or_else(|| own("impressum")),
                privacy_url: service.privacy_url.unwrap_or_else(|| own("datenschutz")),
                accessibility_url: service
                    .accessibility_url
                    .unwrap_or_else(|| own("barrierefreiheit")),
                legal: legal(service.legal, &config.retention),
                subscribe_url: if offers_form { own("anmelden") } else { String::new() },
                zone: service.timezone,
                topics: titles,
            },
            settings: mail,
            timezone: service.timezone,
            holidays: service.holidays,
        },
        topics,
        retention: config.retention,
        version: config.version,
        topics_version,
    })
}

/// Returns hosts that serve more than one source: their connections are worth keeping.
fn busy_hosts(config: &Config) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut busy = BTreeSet::new();
    for host in hosts(config) {
        if !seen.insert(host.clone()) {
            busy.insert(host);
        }
    }
    busy
}

fn hosts(config: &Config) -> impl Iterator<Item = String> {
    let enabled = config.sources.iter().filter(|source| source.settings.enabled);
    enabled.filter_map(|source| {
        Some(url::Url::parse(&source.settings.url).ok()?.host_str()?.to_owned())
    })
}

/// Returns what our own legal pages say.
fn legal(settings: LegalSettings, retention: &Retention) -> Legal {
    const DAY: u64 = 86_400;
    let period = retention.proof.map(|proof| proof.as_secs() / DAY);
    let proof_period = match period {
        None => "unbegrenzt".to_owned(),
        Some(1) => "1 Tag".to_owned(),
        Some(days @ 0..360) => format!("{days} Tage"),
        Some(360..=366) => "1 Jahr".to_owned(),
        Some(days) => format!("{} Jahre", days.div_ceil(366)),
    };
    Legal {
        representative: settings.representative,
        phone: settings.phone,
        data_protection_officer: settings.data_protection_officer,
        recipients: settings.recipients,
        privacy_authority: settings.privacy_authority,
        accessibility_date: settings.accessibility_date,
        accessibility_method: settings.accessibility_method,
        enforcement_body: settings.enforcement_body,
        proof_period,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::config::{self, Environment};

    #[test]
    fn a_key_is_made_at_the_first_start_and_missed_at_every_other() {
        let folder = tempfile::tempdir().unwrap();
        let settings = format!("[service]\ndata_dir = '{}/var'\n", folder.path().display());
        std::fs::write(folder.path().join("amtsbote.toml"), settings).unwrap();
        let config = config::load(folder.path(), &Environment::default()).unwrap();
        let open = || context(&config, Arc::new(SystemClock)).map(|_| ());

        open().unwrap();
        open().unwrap();
        std::fs::remove_file(config.service.key_file()).unwrap();
        let error = open().unwrap_err();
        assert!(matches!(error, AssembleError::KeyMissing { .. }), "{error}");
        assert!(!config.service.key_file().exists());
        // A database is not made anew beside a key.
        std::fs::write(config.service.key_file(), "00".repeat(32)).unwrap();
        std::fs::write(database(&config), "").unwrap();
        let error = open().unwrap_err();
        assert!(matches!(error, AssembleError::DatabaseMissing { .. }), "{error}");
        std::fs::remove_file(database(&config)).unwrap();
        assert!(matches!(open().unwrap_err(), AssembleError::DatabaseMissing { .. }));
        assert!(!database(&config).exists());
        // But for whoever says that there never was one.
        create_database(&config).unwrap();
        open().unwrap();
        // Before there is a database there is nothing to break.
        std::fs::remove_dir_all(&config.service.data_dir).unwrap();
        open().unwrap();
        // A key from outside is one too, also where the whole folder is gone.
        std::fs::remove_dir_all(&config.service.data_dir).unwrap();
        let given = [("AMTSBOTE_KEY".to_owned(), "00".repeat(32))].into();
        let given = config::load(folder.path(), &Environment::new(&given)).unwrap();
        let error = context(&given, Arc::new(SystemClock)).map(drop).unwrap_err();
        assert!(matches!(error, AssembleError::DatabaseMissing { .. }), "{error}");
        assert!(!database(&given).exists());
    }
}
