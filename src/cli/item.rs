//! `item`: the editor's acts on single items.

use serde_json::json;

use super::{Exit, Global, Session, UsageError};
use crate::model::{Correction, ItemId, TopicId};
use crate::pipeline::{self, Corrected};

/// A reason and a name are kept up to this length, in characters.
const LONGEST_WORDS: usize = 200;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Correct the topics of an item; this wins over words and model, and teaches the model
    #[command(after_help = "\
Examples:
  amtsbote item tag 4711 +ozg -transformation --reason 'Randthema'
  amtsbote item tag 4711 --undo")]
    Tag(TagArguments),
}

#[derive(Debug, clap::Args)]
pub(super) struct TagArguments {
    /// Id of the item, as `amtsbote items` shows it
    item: i64,
    /// `+TOPIC` gives a topic, `-TOPIC` takes it away
    #[arg(required_unless_present = "undo", value_name = "±TOPIC")]
    topics: Vec<String>,
    /// Why; it is kept and shown by `explain`
    #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
    reason: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME", default_value = "Redaktion")]
    by: String,
    /// Take all corrections of the item back
    #[arg(long, conflicts_with_all = ["topics", "reason"])]
    undo: bool,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Tag(arguments) => tag(global, arguments).await,
    }
}

async fn tag(global: &Global, arguments: TagArguments) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let corrections = arguments
        .topics
        .iter()
        .map(|written| correction(&session, &arguments, written))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let id = ItemId(arguments.item);
    let done = pipeline::correct(&session.ctx, &session.plan, id, corrections).await?;
    let Some(Corrected { topics, corrections }) = done else {
        return Err(
            UsageError::new(format!("there is no item {id}; `amtsbote items` lists them")).into()
        );
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

fn correction(
    session: &Session,
    arguments: &TagArguments,
    written: &str,
) -> anyhow::Result<Correction> {
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
    let known: Vec<&str> = session.plan.topics.iter().map(|(id, _)| id.as_str()).collect();
    if !known.contains(&topic) {
        return Err(UsageError::unknown("topic", topic, &known, "amtsbote topic list").into());
    }
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() {
        return Err(UsageError::new("`--reason` is empty; say in a few words why").into());
    }
    Ok(Correction {
        topic: TopicId::new(topic),
        has,
        reason: crate::text::clean_line(reason, LONGEST_WORDS),
        who: crate::text::clean_line(&arguments.by, LONGEST_WORDS),
        at: session.ctx.clock.now(),
    })
}
