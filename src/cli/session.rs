//! What most commands begin with: the config, the database, and who owns it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use serde_json::Value;

use super::{Global, Output, UsageError};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, ConfigError};
use crate::daemon::{self, Handed, Lock, LockError, Work};
use crate::pipeline::{self, Context, Plan};
use crate::text::harmless;

/// Everything a command may need.
pub struct Session {
    /// Effects.
    pub ctx: Context,
    /// What the config asks for.
    pub plan: Arc<Plan>,
    /// Where results go.
    pub output: Output,
    data_dir: PathBuf,
}

/// Loads the config. Its warnings are for `check` and the daemon; a command
/// that lists ten lines should not begin with two that everybody knows.
pub(super) fn load(global: &Global) -> anyhow::Result<Config> {
    let config = config::load(&global.config_path(), &global.environment)?;
    if global.verbose > 0 && !global.quiet {
        warn(&config);
    }
    Ok(config)
}

/// Loads the config for a command that only reads. Where it is broken, goes on with the one that the
/// service last took up, says so, and returns the first problem.
pub(super) fn load_for_reading(global: &Global) -> anyhow::Result<(Config, Option<String>)> {
    let error = match load(global) {
        Ok(config) => return Ok((config, None)),
        Err(error) => error,
    };
    let problem = error.downcast_ref::<ConfigError>().and_then(|error| error.problems.first());
    let Some(problem) = problem.map(ToString::to_string) else { return Err(error) };
    let Some(config) = config::last_good(&global.config_path(), &global.environment) else {
        return Err(error);
    };
    if !global.quiet {
        eprintln!("warning: the config is broken: {}", harmless(&problem));
        eprintln!(
            "this is by the one that the service last took up; `amtsbote check` shows every problem"
        );
    }
    Ok((config, Some(problem)))
}

/// Says what is doubtful in the config, though it works.
pub(super) fn warn(config: &Config) {
    eprint!("{}", harmless(&config::warnings_text(&config.warnings)));
}

impl Session {
    /// Opens the database of the config.
    pub fn open(global: &Global) -> anyhow::Result<Self> {
        Self::of(load(global)?, global)
    }

    /// Does the same for a command that only reads, or only stops something: a broken config does
    /// not keep it from its work.
    pub fn open_for_reading(global: &Global) -> anyhow::Result<Self> {
        Self::of(load_for_reading(global)?.0, global)
    }

    /// Opens the database of a config at hand.
    pub fn of(config: Config, global: &Global) -> anyhow::Result<Self> {
        refuse_strangers(&config.service.data_dir)?;
        let output =
            Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
        let data_dir = config.service.data_dir.clone();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ctx = daemon::context(&config, clock)?;
        let plan = Arc::new(daemon::plan(config)?);
        Ok(Self { ctx, plan, output, data_dir })
    }

    /// Does the work here, or hands it to the daemon that holds the lock.
    pub async fn work(&self, work: &Work) -> anyhow::Result<Value> {
        let _lock = match Lock::take(&self.data_dir) {
            Ok(lock) => lock,
            Err(LockError::Taken { .. }) => {
                self.output.say("the running service does it");
                match daemon::hand_over(&self.ctx, work, &self.data_dir).await? {
                    Handed::Done(value) => return Ok(value),
                    Handed::Failed(message) => return Err(anyhow::Error::msg(message)),
                    Handed::TakenBack(lock) => {
                        self.output.say("the service has ended; doing it here");
                        lock
                    }
                }
            }
            Err(error) => return Err(error.into()),
        };
        pipeline::sweep(&self.ctx).await?;
        pipeline::note_crashes(&self.ctx).await?;
        Ok(daemon::perform(&self.ctx, &self.plan, work, &|| false).await?)
    }
}

/// The command line works as the user that owns the data: files made by root
/// would lock the service out.
pub(super) fn refuse_strangers(folder: &Path) -> anyhow::Result<()> {
    let Ok(owner) = std::fs::metadata(folder).map(|metadata| metadata.uid()) else {
        return Ok(());
    };
    let own = std::fs::metadata("/proc/self").context("cannot tell who runs this")?.uid();
    if owner == own {
        return Ok(());
    }
    let message = format!(
        "`{}` belongs to user {owner}, this is user {own}; run it as its owner: `amtsbotectl …`, or `sudo -u '#{owner}' amtsbote …`",
        folder.display()
    );
    Err(UsageError::new(message).into())
}
