//! `item tag`: corrections of an item's topics.

use serde_json::json;

use crate::cli::{Exit, Session, UsageError, named};
use crate::desk;
use crate::model::{Correction, ItemId, TopicId};
use crate::pipeline::Corrected;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TagArguments {
    /// Id of the item, as `amtsbote items` shows it
    item: i64,
    /// `+TOPIC` gives a topic, `-TOPIC` takes it away
    #[arg(required_unless_present = "undo", value_name = "±TOPIC")]
    topics: Vec<String>,
    /// Why; it is kept and shown by `explain`
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    reason: Option<String>,
    /// Take all corrections of the item back
    #[arg(long, conflicts_with = "topics")]
    undo: bool,
}

pub(super) async fn tag(session: &Session, arguments: TagArguments) -> anyhow::Result<Exit> {
    let reason = match &arguments.reason {
        Some(reason) => named::required(reason, "`--reason`")?,
        None => "",
    };
    let corrections = arguments
        .topics
        .iter()
        .map(|written| correction(session, reason, written))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let id = ItemId(arguments.item);
    let done = desk::tag(&session.ctx, &session.plan, id, corrections, reason).await?;
    let Some(Corrected { topics, corrections }) = done else {
        return Err(named::no_item(id).into());
    };
    let output = &session.output;
    if output.json {
        output
            .object(&json!({"id": id.to_string(), "topics": topics, "corrections": corrections}))?;
    } else {
        let names: Vec<&str> = topics.iter().map(TopicId::as_str).collect();
        let names = if names.is_empty() { "no topic".to_owned() } else { names.join(", ") };
        output.line(&format!("{id}: {names}"))?;
    }
    Ok(Exit::Done)
}

fn correction(session: &Session, reason: &str, written: &str) -> anyhow::Result<Correction> {
    let (has, topic) = match (written.strip_prefix('+'), written.strip_prefix(['-', '−'])) {
        (Some(topic), _) => (true, topic),
        (None, Some(topic)) => (false, topic),
        (None, None) => {
            return Err(UsageError::new(format!(
                "`{written}` says neither `+{written}` nor `-{written}`"
            ))
            .into());
        }
    };
    named::topic(session, topic)?;
    Ok(Correction {
        topic: TopicId::new(topic),
        has,
        reason: crate::text::clean_line(reason, desk::MAX_REASON),
        at: session.ctx.clock.now(),
    })
}
