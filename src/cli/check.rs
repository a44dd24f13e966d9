//! `check`: every problem of the config at once.

use std::path::Path;

use super::{Exit, Global, source};
use crate::answer::Failure;
use crate::config::ConfigError;
use crate::daemon;
use crate::pipeline::{self, Plan};
use crate::store::{self, Store};
use crate::text::harmless;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also ask each source once, and what receivers look up about our mail; nothing is stored
    #[arg(long)]
    online: bool,
}

pub(super) async fn check(global: &Global, arguments: &Arguments) -> anyhow::Result<Exit> {
    let config = match crate::config::load(&global.config_path(), &global.environment) {
        Ok(config) => config,
        Err(error) => return report(global, error),
    };
    let output =
        super::Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    if !global.quiet {
        super::session::warn(&config);
    }
    let line = format!(
        "{} is sound: {} sources ({} switched on), {} topics, {} series",
        config.directory.display(),
        config.sources.len(),
        config.sources.iter().filter(|source| source.settings.enabled).count(),
        config.topics.len(),
        config.series.len(),
    );
    // What lands in a folder is looked up by nobody.
    let mail = (config.mail.channel == "smtp")
        .then(|| (super::mail::Domains::of(&config), std::sync::Arc::clone(&config.channel)));
    let file = config.service.data_dir.join(store::FILE);
    let plan = daemon::plan(config)?;
    if !global.quiet && super::session::refuse_strangers(&file).is_ok() {
        warn_of_lost_readers(&file, &plan);
    }
    if global.json {
        output.object(&serde_json::json!({"problems": 0, "version": plan.version}))?;
    } else {
        output.line(&line)?;
    }
    if !arguments.online {
        return Ok(Exit::Done);
    }
    let sources = online(&plan, output).await?;
    let mail = match mail {
        Some((domains, channel)) => super::mail::look_up(&domains, &*channel, output).await?,
        None => Exit::Done,
    };
    Ok(if sources == Exit::Done { mail } else { sources })
}

/// Says who chose a series or topic that this config does not have: after a renaming they would
/// get nothing, silently. A database that cannot be read is for `status` to tell.
fn warn_of_lost_readers(file: &Path, plan: &Plan) {
    if !store::is_current(file) {
        return;
    }
    let read = |tx: &store::Transaction<'_>| pipeline::lost_choices(tx, plan);
    let lost = Store::open(file).and_then(|store| store.read_here(read));
    for lost in lost.unwrap_or_default() {
        eprintln!("warning: {}: `{}`", harmless(&lost.to_string()), lost.remedy());
    }
}

fn report(global: &Global, error: ConfigError) -> anyhow::Result<Exit> {
    if !global.json {
        return Err(error.into());
    }
    let output = super::Output { json: true, quiet: global.quiet, zone: chrono_tz::UTC };
    for problem in &error.problems {
        output.object(&serde_json::json!({
            "file": problem.place.as_ref().map(|place| place.file.to_string()),
            "line": problem.place.as_ref().map(|place| place.line),
            "column": problem.place.as_ref().map(|place| place.column),
            "path": problem.path,
            "message": problem.message,
        }))?;
    }
    Ok(Exit::Usage)
}

async fn online(plan: &crate::pipeline::Plan, output: super::Output) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    for source in &plan.sources {
        let settings = &source.configured.settings;
        if !settings.enabled {
            continue;
        }
        let read = match source::ask(plan, source).await {
            Ok(response) => source.configured.source.extract(&response).map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match read {
            Ok(extraction) => {
                output.line(&format!("{}: {} items", settings.id, extraction.items.len()))?;
            }
            Err(error) => {
                exit = Exit::Failure;
                output.line(&format!("{}: {error}", settings.id))?;
            }
        }
    }
    Ok(exit)
}
