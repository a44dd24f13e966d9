//! `item`: the editor's acts on single items.

mod add;
pub(super) mod list;
pub(super) mod shown;
mod tag;

use serde_json::json;

use super::{Exit, Global, Session, named};
use crate::desk::{self, Deed, Outcome};
use crate::model::{ActOn, ItemId};
use crate::store::acts;
use shown::{ended, object};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Take an item down: no digest, page, feed, calendar or search shows it
    #[command(after_help = "\
Examples:
  amtsbote item hide 4711 --reason 'auf Bitte der Stadt'
  amtsbote item hide 4711 --story --reason Falschmeldung
  amtsbote item show 4711 --reason 'war doch richtig'")]
    Hide(ItemArguments),
    /// Show an item again; if no digest has told it, the next one does
    Show(ItemArguments),
    /// Put an item on top of its topic
    Pin(ItemArguments),
    /// Leave the place of an item to its rank and date
    Unpin(ItemArguments),
    /// Put a sentence under an item, marked as `Anmerkung der Redaktion`
    #[command(after_help = "\
Examples:
  amtsbote item note 4711 'Die Frist gilt auch für Verbandsgemeinden.' --reason Rückfragen
  amtsbote item note 4711 --undo --reason überholt")]
    Note(NoteArguments),
    /// Correct the topics of an item; this wins over words and model, and teaches the model
    #[command(after_help = "\
Examples:
  amtsbote item tag 4711 +ozg -transformation --reason 'Randthema'
  amtsbote item tag 4711 --undo")]
    Tag(tag::TagArguments),
    /// Write an item by hand; it is recognised, tagged and mailed like any other
    #[command(after_help = "\
Examples:
  amtsbote item add --title 'OZG-Sprechtag' --url https://www.example.de/sprechtag --topics ozg --reason 'kam nur per Mail'")]
    Add(add::AddArguments),
    /// List what the next digest will hold, in its order
    List(list::ListArguments),
    /// List what was done to items or, without an id, to all of them
    Log {
        /// Ids of items
        items: Vec<i64>,
        /// At most so many of the latest
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct ItemArguments {
    /// Ids of items, as `amtsbote items` shows them
    #[arg(required = true, value_name = "ID")]
    items: Vec<i64>,
    /// Why; it is kept and shown by `explain` and `item log`
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Also all other items that tell the same story
    #[arg(long)]
    story: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct NoteArguments {
    /// Id of the item
    item: i64,
    /// The sentence
    #[arg(required_unless_present = "undo")]
    text: Option<String>,
    /// Why; it is kept and shown by `explain` and `item log`
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Take the sentence away
    #[arg(long, conflicts_with = "text")]
    undo: bool,
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    let session = match command {
        Command::List(_) | Command::Log { .. } => Session::open_for_reading(global)?,
        _ => Session::open(global)?,
    };
    match command {
        Command::Hide(arguments) => act(&session, &arguments, &Deed::Hide).await,
        Command::Show(arguments) => act(&session, &arguments, &Deed::Show).await,
        Command::Pin(arguments) => act(&session, &arguments, &Deed::Pin).await,
        Command::Unpin(arguments) => act(&session, &arguments, &Deed::Unpin).await,
        Command::Note(arguments) => note(&session, arguments).await,
        Command::Tag(arguments) => tag::tag(&session, arguments).await,
        Command::Add(arguments) => add::add(&session, arguments).await,
        Command::List(arguments) => list::list(&session, &arguments).await,
        Command::Log { items, limit } => log(&session, items, limit).await,
    }
}

async fn note(session: &Session, arguments: NoteArguments) -> anyhow::Result<Exit> {
    let NoteArguments { item, text, reason, .. } = arguments;
    let deed = match text {
        Some(text) => Deed::Note(named::required(&text, "the sentence")?.to_owned()),
        None => Deed::Unnote,
    };
    act(session, &ItemArguments { items: vec![item], reason, story: false }, &deed).await
}

async fn act(session: &Session, arguments: &ItemArguments, deed: &Deed) -> anyhow::Result<Exit> {
    let reason = named::required(&arguments.reason, "`--reason`")?;
    let (word, nothing) = words(deed);
    let output = &session.output;
    let mut exit = Exit::Done;
    for id in arguments.items.iter().copied().map(ItemId) {
        let outcome = desk::act(&session.ctx, id, deed.clone(), arguments.story, reason).await?;
        let done = match outcome {
            Outcome::NoItem => return Err(named::no_item(id).into()),
            Outcome::Nothing => {
                output.say(&format!("{id} {nothing}"));
                exit = Exit::Failure;
                continue;
            }
            Outcome::Done(done) => done,
        };
        for id in done {
            if output.json {
                output.object(&json!({"id": id.to_string(), "done": word}))?;
            } else {
                output.line(&format!("{id}: {word}"))?;
            }
        }
    }
    Ok(exit)
}

/// Returns what was done, and what there was not to undo.
const fn words(deed: &Deed) -> (&'static str, &'static str) {
    match deed {
        Deed::Hide => ("hidden", ""),
        Deed::Show => ("shown", "is not hidden"),
        Deed::Pin => ("pinned", ""),
        Deed::Unpin => ("unpinned", "is not pinned"),
        Deed::Note(_) => ("noted", ""),
        Deed::Unnote => ("note taken away", "has no note"),
    }
}

async fn log(session: &Session, items: Vec<i64>, limit: usize) -> anyhow::Result<Exit> {
    let found = session
        .ctx
        .store
        .read(move |tx| {
            if items.is_empty() {
                return acts::latest(tx, limit);
            }
            let mut found = Vec::new();
            for item in items {
                found.extend(acts::of_item(tx, ItemId(item))?);
            }
            Ok(found)
        })
        .await?;
    let output = &session.output;
    if found.is_empty() {
        output.say("nothing was done");
        return Ok(Exit::Done);
    }
    output.list(["AT", "ON", "ACT", "WORDS", "REASON", "ENDED"], &found, object, |act| {
        let on = match &act.on {
            ActOn::Item(item) => item.to_string(),
            ActOn::Series(series) => series.to_string(),
        };
        let kind = act.kind.as_str().to_owned();
        let at = output.time(Some(act.at));
        [at, on, kind, act.words.clone(), act.reason.clone(), ended(output, act)]
    })?;
    Ok(Exit::Done)
}
