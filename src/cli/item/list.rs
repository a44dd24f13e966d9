//! `item list --pending`: what the next digest will hold.

use serde_json::json;

use crate::cli::{Exit, Session, UsageError, named};
use crate::desk::{self, PendingEntry};
use crate::store::items;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ListArguments {
    /// What the next digest will hold
    #[arg(long, required = true)]
    pending: bool,
    /// Of which series; needed if there are several
    series: Option<String>,
}

pub(super) async fn list(session: &Session, arguments: &ListArguments) -> anyhow::Result<Exit> {
    let series = match (&arguments.series, session.plan.series.as_slice()) {
        (Some(id), _) => named::series(session, id)?,
        (None, [only]) => only,
        (None, _) => {
            return Err(UsageError::new(
                "there are several series: `amtsbote item list --pending SERIES`",
            )
            .into());
        }
    };
    let output = &session.output;
    let pending = desk::pending(&session.ctx, &session.plan, &series.series.id).await?;
    let Some(pending) = pending else {
        say_empty(session).await?;
        return Ok(Exit::Done);
    };
    if let Some(intro) = pending.intro.as_ref().filter(|_| !output.json) {
        output.say(&format!("intro: {intro}"));
    }
    output.list(
        ["NO", "ID", "SECTION", "SOURCE", "TITLE", "MARKS"],
        &pending.entries,
        |PendingEntry { number, section, entry, is_cut }| {
            json!({
                "number": number, "section": section, "id": entry.item.to_string(),
                "story": entry.story.to_string(), "source": entry.source, "title": entry.title,
                "url": entry.url, "pinned": entry.pinned, "note": entry.note,
                "update": entry.update.as_ref().map(|update| &update.what), "cut": is_cut,
            })
        },
        |listed| {
            let PendingEntry { number, section, entry, .. } = listed;
            [
                number.clone(),
                entry.item.to_string(),
                section.clone(),
                entry.source.clone(),
                entry.title.clone(),
                marks(listed),
            ]
        },
    )?;
    Ok(Exit::Done)
}

fn marks(listed: &PendingEntry) -> String {
    let entry = &listed.entry;
    let marks = [
        (entry.pinned, "pinned"),
        (entry.note.is_some(), "note"),
        (entry.update.is_some(), "update"),
        (listed.is_cut, "only on the page"),
    ];
    let marks: Vec<&str> =
        marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, word)| word).collect();
    if marks.is_empty() { "-".to_owned() } else { marks.join(", ") }
}

/// Says that there is nothing to tell, and what is withheld, which at the beginning is the
/// reason.
pub(in crate::cli) async fn say_empty(session: &Session) -> anyhow::Result<()> {
    let withheld = session.ctx.store.read(items::count_baseline).await?;
    let output = &session.output;
    output.say("nothing to tell: the next digest would be empty and not be sent");
    if withheld > 0 {
        output.say(&format!(
            "{withheld} items with a topic are stored but not mailed, since they stood there at the \
             first poll of their source (`initial = \"none\"`); `amtsbote items` lists them"
        ));
    }
    Ok(())
}
