//! `poll`: one pass.

use serde_json::json;

use super::progress::Progress;
use super::{Exit, Global, Output, Session, named};
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
        // Before the daemon is asked.
        named::source(&session.plan, name)?;
    }
    let sources: Vec<SourceId> = arguments.sources.iter().map(SourceId::new).collect();
    let total = if sources.is_empty() { session.plan.sources.len() } else { sources.len() };
    let progress = Progress::of_poll(&session, total);
    let reports = session.work(&Work::Poll { sources, force: arguments.force }).await?;
    drop(progress);
    let reports: Vec<PollReport> = serde_json::from_value(reports)?;
    print(&session.output, &reports)?;
    let failed = reports.iter().any(|report| report.outcome == PollOutcome::Failed);
    Ok(if failed { Exit::Failure } else { Exit::Done })
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
