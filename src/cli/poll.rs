//! `poll`: one pass.

use serde_json::json;

use super::{Exit, Global, Output, Session, UsageError};
use crate::daemon::Work;
use crate::model::SourceId;
use crate::pipeline::{PollOutcome, PollReport};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which sources; none = all that are due
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Also if they are not due; conditional requests are made all the same
    #[arg(long)]
    force: bool,
}

pub(super) async fn poll(global: &Global, arguments: Arguments) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    for name in &arguments.sources {
        known_source(&session, name)?;
    }
    let sources: Vec<SourceId> = arguments.sources.iter().map(SourceId::new).collect();
    let reports = session.work(&Work::Poll { sources, force: arguments.force }).await?;
    let reports: Vec<PollReport> = serde_json::from_value(reports)?;
    print(&session.output, &reports)?;
    let failed = reports.iter().any(|report| report.outcome == PollOutcome::Failed);
    Ok(if failed { Exit::Failure } else { Exit::Done })
}

/// Refuses a name that the config does not have, before the daemon is asked.
pub(super) fn known_source(session: &Session, name: &str) -> anyhow::Result<()> {
    let settings = session.plan.sources.iter().map(|source| &source.configured.settings);
    let known: Vec<&str> = settings.map(|settings| settings.id.as_str()).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(UsageError::unknown("source", name, &known, "amtsbote source list").into())
}

pub(super) fn print(output: &Output, reports: &[PollReport]) -> anyhow::Result<()> {
    if output.json {
        for report in reports {
            output.object(&json!({
                "id": report.id,
                "outcome": report.outcome,
                "new": report.new,
                "changed": report.changed,
                "status": report.status,
                "error": report.error,
                "duration_ms": report.duration_ms,
                "state": report.condition,
                "notes": report.notes,
            }))?;
        }
        return Ok(());
    }
    if reports.is_empty() {
        output.say("nothing is due; `amtsbote poll --force` asks all the same");
        return Ok(());
    }
    let rows = reports.iter().map(|report| {
        [
            report.id.to_string(),
            report.outcome.as_str().to_owned(),
            report.new.to_string(),
            report.changed.to_string(),
            report.status.map_or_else(|| "-".to_owned(), |status| status.to_string()),
            report.error.clone().unwrap_or_else(|| report.notes.join("; ")),
        ]
    });
    output.table(["SOURCE", "OUTCOME", "NEW", "CHANGED", "HTTP", "REMARK"], rows)
}
