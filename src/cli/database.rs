//! `db`: create, migrate, check, backup, restore, rekey, vacuum.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::json;

use super::progress::Progress;
use super::{Exit, Global, Output, Session, UsageError, session};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Config};
use crate::daemon::{self, KeyFate, Lock};
use crate::pipeline;
use crate::store::{self, Store, schema_version};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make an empty database beside a signing key that is there, if there never was one
    ///
    /// Without a key both are made at the first start. Beside a key nothing is made in silence:
    /// the database may be lost, or its disk not be there.
    Create,
    /// Bring the database up to date; every command does, this one says so
    Migrate,
    /// Look for damage
    Check,
    /// Write a sound copy while the service runs, and the signing key beside it
    Backup {
        /// A file that does not exist yet; the key goes to FILE.key
        #[arg(required_unless_present = "dir")]
        file: Option<PathBuf>,
        /// Instead of a file: a folder, in which the copy is named by its time
        #[arg(long, conflicts_with = "file")]
        dir: Option<PathBuf>,
        /// Keep so many copies in the folder and delete older ones
        #[arg(long, value_name = "N", requires = "dir", value_parser = clap::value_parser!(u16).range(1..))]
        keep: Option<u16>,
        /// Leave the key out
        #[arg(long)]
        no_key: bool,
    },
    /// Put a backup in the place of the database, which is moved aside
    ///
    /// What waits to be sent is held, since it may have been sent after the
    /// backup was made. Who left since leaves again.
    Restore {
        /// What `backup` wrote
        file: PathBuf,
    },
    /// Make the links of all readers anew with the present signing key, if the old one is lost
    ///
    /// Links in mails sent before no longer work.
    Rekey,
    /// Give free pages back to the disk
    Vacuum,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    if let Command::Backup { file, dir, keep, no_key } = command {
        return backup(global, file, dir, keep, no_key).await;
    }
    let config = match command {
        Command::Check => session::load_for_reading(global)?.0,
        _ => session::load(global)?,
    };
    if let Command::Restore { file } = command {
        session::refuse_strangers(&config.service.data_dir)?;
        let output =
            Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
        return restore(&config, output, &file).await;
    }
    if matches!(command, Command::Rekey) {
        return rekey(&config, global).await;
    }
    if matches!(command, Command::Create) {
        create(&config)?;
    }
    let session = Session::of(config, global)?;
    let (store, output) = (&session.ctx.store, &session.output);
    match command {
        Command::Migrate | Command::Create => {
            output.line(&format!("the database has schema {}", schema_version()))?;
        }
        Command::Check => {
            let findings = store.check().await?;
            for finding in &findings {
                output.line(finding)?;
            }
            if !findings.is_empty() {
                return Ok(Exit::Failure);
            }
            output.line("the database is sound")?;
        }
        Command::Vacuum => {
            store.vacuum().await?;
            output.line("done")?;
        }
        Command::Backup { .. } | Command::Restore { .. } | Command::Rekey => {}
    }
    Ok(Exit::Done)
}

fn create(config: &Config) -> anyhow::Result<()> {
    session::refuse_strangers(&config.service.data_dir)?;
    let path = daemon::database(config);
    if !daemon::is_without_database(config) {
        return Err(UsageError::new(format!("there is a database, `{}`", path.display())).into());
    }
    daemon::make_data_dir(config)?;
    let _lock = Lock::take(&config.service.data_dir)?;
    Ok(daemon::create_database(config)?)
}

/// How the copies of `--dir` are named; the order of names is that of time.
const COPY: (&str, &str) = ("amtsbote-", ".db");

/// Returns the file of a copy of now in the folder, which is made if need be.
fn in_folder(folder: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("making `{}`", folder.display()))?;
    let now = SystemClock.now().utc().format("%Y-%m-%dT%H%M%SZ");
    Ok(folder.join(format!("{}{now}{}", COPY.0, COPY.1)))
}

/// Deletes all copies but the newest `keep`, with the keys beside them.
fn rotate(folder: &Path, keep: usize) -> anyhow::Result<()> {
    let mut copies: Vec<PathBuf> = std::fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(COPY.0) && name.ends_with(COPY.1)
        })
        .collect();
    copies.sort();
    let old = copies.len().saturating_sub(keep);
    for copy in copies.into_iter().take(old) {
        std::fs::remove_file(&copy)?;
        let key = daemon::key_beside(&copy);
        if key.exists() {
            std::fs::remove_file(key)?;
        }
    }
    Ok(())
}

/// Needs no more of the config than where the data is: who copies it has not the credentials of
/// the service, and a config that is broken elsewhere must not end the copies.
async fn backup(
    global: &Global,
    file: Option<PathBuf>,
    dir: Option<PathBuf>,
    keep: Option<u16>,
    no_key: bool,
) -> anyhow::Result<Exit> {
    let service = config::service(&global.config_path(), &global.environment)
        .context("the config does not tell where the data is; `amtsbote check` says why")?;
    session::refuse_strangers(&service.data_dir)?;
    let database = service.data_dir.join(store::FILE);
    if !database.is_file() {
        let message = format!("there is no database `{}`", database.display());
        return Err(UsageError::new(message).into());
    }
    let file = match (file, &dir) {
        (Some(file), _) => file,
        (None, dir) => in_folder(dir.as_deref().unwrap_or(Path::new(".")))?,
    };
    let beside = daemon::key_beside(&file);
    let taken = [&file, &beside].into_iter().find(|path| path.exists());
    if let Some(path) = taken.filter(|path| **path == file || !no_key) {
        let message = format!("`{}` exists; name a new file", path.display());
        return Err(UsageError::new(message).into());
    }
    let output = Output { json: global.json, quiet: global.quiet, zone: service.timezone };
    let progress = Progress::of_copy(&output, &database, file.clone());
    Store::open(&database)?.backup(&file).await?;
    drop(progress);
    output.line(&format!("{}", file.display()))?;
    if let Some(key) = daemon::signing_key(&service)?.filter(|_| !no_key) {
        daemon::write_key(&beside, &key)?;
        output.line(&format!("{}", beside.display()))?;
    }
    if let (Some(dir), Some(keep)) = (dir, keep) {
        rotate(&dir, usize::from(keep))?;
    }
    Ok(Exit::Done)
}

async fn rekey(config: &Config, global: &Global) -> anyhow::Result<Exit> {
    session::refuse_strangers(&config.service.data_dir)?;
    let _lock = Lock::take(&config.service.data_dir)?;
    let ctx = daemon::context_with_any_key(config, Arc::new(SystemClock))?;
    let readers = pipeline::renew_links(&ctx.store, ctx.tokens.clone()).await?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    output.line(&format!("the links of {readers} readers were made anew"))?;
    Ok(Exit::Done)
}

async fn restore(config: &Config, output: Output, file: &Path) -> anyhow::Result<Exit> {
    if !file.is_file() {
        return Err(UsageError::new(format!("there is no file `{}`", file.display())).into());
    }
    let progress = Progress::of(&output, "restoring");
    let done = daemon::restore(config, file, SystemClock.now()).await?;
    drop(progress);
    let caught = done.caught;
    let (key, hint): (&str, Option<String>) = match &done.key {
        KeyFate::Stays => ("stays", None),
        KeyFate::Taken(None) => ("taken", Some("the signing key is the one of the backup".into())),
        KeyFate::Taken(Some(path)) => {
            let path = path.display();
            (
                "taken",
                Some(format!(
                    "the signing key is the one of the backup, the other is now `{path}`"
                )),
            )
        }
        KeyFate::Foreign => {
            let text =
                "the signing key is not the one of the backup: links in its mails do not work";
            ("foreign", Some(text.to_owned()))
        }
    };
    if output.json {
        output.object(&json!({
            "aside": done.aside, "unread": done.unread, "held": caught.held,
            "left": caught.left, "forgotten": caught.forgotten, "key": key,
        }))?;
        return Ok(Exit::Done);
    }
    output.line(&format!("`{}` is in place", file.display()))?;
    if let Some(hint) = hint {
        output.line(&hint)?;
    }
    if let Some(path) = &done.aside {
        let path = path.display();
        output.line(&format!(
            "the database of before is `{path}`; delete it when all is well, addresses stand in it"
        ))?;
    }
    if let Some(why) = &done.unread {
        output.line(&format!("it cannot be read ({why}): who left since the backup is back, take them out with `amtsbote subscriber remove`"))?;
    }
    output.line(&format!(
        "{} left since the backup and left again, {} forgotten again",
        caught.left, caught.forgotten
    ))?;
    if caught.held > 0 {
        output.line(&format!(
            "{} held: they may have been sent since the backup; `amtsbote outbox release --all` sends them, `amtsbote outbox drop --state held` does not",
            caught.held
        ))?;
    }
    Ok(Exit::Done)
}
