//! `topic`: list, test, diff, eval, train, suggest.

mod files;
mod judged;
mod learn;
pub(super) mod shown;

use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::json;

use super::{Exit, Global, Output, Session, named, session};
use crate::config;
use crate::model::{SourceId, TopicId};
use crate::pipeline;
use crate::topic::{self, Labelled, Subject, Tagger};
use files::read_labelled;

/// The term language in brief; messages about terms send people here.
const TERMS: &str = "\
Terms, as topics.toml has them in `strong`, `weak`, `context` and `never`:
  Kommune                 the word with its endings: Kommunen
  OZG                     capitals as they are: not ozg
  Register*               opens the end: Registermodernisierung; *verwaltung opens the beginning
  Service-Angebot         Serviceangebot and Service Angebot too
  Genossenschaft ~ IT     both in one sentence, near each other
  Antrag|Anträge ~ @netz  any of the alternatives; `@netz` is a list of `[[words]]`
  Onlinezugangsgesetz*!   one hit in title or lead decides (marks are for `strong` only)
  E-Akte?                 counts only beside a term of `context`
  Dataport^               strong in the title, weak elsewhere
All of it: docs/TOPICS.md

Examples:
  amtsbote topic test 'OZG: Neue Dienste im Portal'
  amtsbote topic test - < meldung.txt";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// The topics and how many terms each has
    List,
    /// What each topic makes of a text: the first line is the title
    #[command(after_help = TERMS)]
    Test {
        /// The text; `-` reads it from stdin
        text: String,
    },
    /// What the topics of the config would change on stored items
    Diff {
        /// Items first seen since: a span such as `30d`, or a date such as `2025-12-09`
        #[arg(long, value_name = "D", default_value = "30d")]
        since: String,
        /// Exit with 1 if more items than this would change
        #[arg(long, value_name = "N")]
        max: Option<usize>,
    },
    /// Precision, recall and F1 over labelled texts
    Eval(judged::Arguments),
    /// Make the model of topics of labelled texts
    Train(learn::Arguments),
    /// Propose terms out of corrections and of labelled texts that the words miss
    Suggest {
        /// Files with lines of `{"id","title","text","labels":[…]}`; else the shipped items
        files: Vec<PathBuf>,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    if let Command::Diff { since, max } = command {
        return diff(global, &since, max).await;
    }
    let corrections = match &command {
        Command::Train(arguments) if arguments.wants_corrections() => corrected(global).await?,
        Command::Suggest { .. } => corrected(global).await?,
        _ => Vec::new(),
    };
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    if matches!(command, Command::List) {
        output.list(
            ["ID", "TITLE", "THRESHOLD", "STRONG", "WEAK", "NEVER"],
            &config.topics,
            |topic| {
                json!({"id": topic.id, "title": topic.title, "threshold": topic.threshold,
                    "strong": topic.strong.len(), "weak": topic.weak.len(), "never": topic.never.len()})
            },
            |topic| {
                [
                    topic.id.as_ref().map_or("", TopicId::as_str).to_owned(),
                    topic.title.clone(),
                    topic.threshold.to_string(),
                    topic.strong.len().to_string(),
                    topic.weak.len().to_string(),
                    topic.never.len().to_string(),
                ]
            },
        )?;
        return Ok(Exit::Done);
    }
    let (tagger, folder) = (config.tagger, config.directory);
    match command {
        Command::List | Command::Diff { .. } => Ok(Exit::Done),
        Command::Test { text } => test(&tagger, &output, text),
        Command::Eval(arguments) => judged::run(&tagger, &output, &arguments),
        Command::Suggest { files } => suggest(&tagger, &output, &files, corrections),
        Command::Train(arguments) => learn::run(&tagger, &output, &folder, &arguments, corrections),
    }
}

/// Returns the corrected items of this installation.
async fn corrected(global: &Global) -> anyhow::Result<Vec<Labelled>> {
    let session = Session::open(global)?;
    Ok(pipeline::corrected_items(&session.ctx).await?)
}

fn suggest(
    tagger: &Tagger,
    output: &Output,
    files: &[PathBuf],
    corrections: Vec<Labelled>,
) -> anyhow::Result<Exit> {
    let mut items = read_labelled(files)?;
    if files.is_empty() {
        items = Labelled::parse(config::CORPUS).context("the shipped items")?;
    }
    items.extend(corrections);
    let found = topic::suggest(tagger, &items);
    output.list(
        ["TOPIC", "TERM", "GAINED", "HELD", "WRONG"],
        &found,
        |s| json!({"topic": s.topic, "term": s.term, "gained": s.gained, "held": s.held, "wrong": s.wrong}),
        |s| {
            let [gained, held, wrong] = [s.gained, s.held, s.wrong].map(|count| count.to_string());
            [s.topic.to_string(), s.term.clone(), gained, held, wrong]
        },
    )?;
    Ok(Exit::Done)
}

async fn diff(global: &Global, since: &str, max: Option<usize>) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let since = named::since(since, session.ctx.clock.now(), session.output.zone)?;
    let diff = pipeline::topic_diff(&session.ctx, &session.plan, since).await?;
    let output = &session.output;
    if !diff.changes.is_empty() {
        let words = |sign: &str, topics: &[TopicId]| {
            topics.iter().map(|topic| format!("{sign}{topic}")).collect::<Vec<_>>().join(" ")
        };
        output.list(
            ["ID", "GAINED", "LOST", "TITLE"],
            &diff.changes,
            |change| {
                json!({"id": change.id.to_string(), "title": change.title,
                    "gained": change.gained, "lost": change.lost})
            },
            |change| {
                let (gained, lost) = (words("+", &change.gained), words("-", &change.lost));
                [change.id.to_string(), gained, lost, change.title.clone()]
            },
        )?;
    }
    output.say(&format!("{} of {} items would change", diff.changes.len(), diff.items));
    for (topic, (gained, lost)) in diff.per_topic() {
        output.say(&format!("  {topic}: +{gained} -{lost}"));
    }
    Ok(match max {
        Some(max) if diff.changes.len() > max => Exit::Failure,
        _ => Exit::Done,
    })
}

fn subject<'a>(title: &'a str, text: &'a str, source: &'a SourceId) -> Subject<'a> {
    Subject { title, text, categories: &[], source, source_topics: &[] }
}

fn test(tagger: &Tagger, output: &Output, text: String) -> anyhow::Result<Exit> {
    let text = if text == "-" { std::io::read_to_string(std::io::stdin())? } else { text };
    let (title, body) = text.split_once('\n').unwrap_or((&text, ""));
    let source = SourceId::new("test");
    for considered in tagger.explain(&subject(title, body, &source)) {
        if output.json {
            output.object(&shown::object(&considered))?;
        } else {
            shown::lines(output, "", &considered)?;
        }
    }
    Ok(Exit::Done)
}
