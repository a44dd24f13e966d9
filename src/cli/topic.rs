//! `topic`: list, test, diff, eval.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;

use super::output::cut;
use super::{Exit, Global, Output, Session, UsageError, items, session};
use crate::model::{SourceId, TopicId};
use crate::pipeline;
use crate::topic::evaluate::{Figures, evaluate};
use crate::topic::{Considered, Subject, Tagger};

/// The term language in brief; messages about terms send people here.
const TERMS: &str = "\
Terms, as topics.toml has them in `strong`, `weak`, `context` and `never`:
  Kommune                 the word with its endings: Kommunen
  OZG                     capitals as they are: not ozg
  Register*               opens the end: Registermodernisierung; *verwaltung opens the beginning
  Service-Angebot         Serviceangebot and Service Angebot too
  Genossenschaft ~ IT     both in one sentence, near each other
  Onlinezugangsgesetz*!   one hit decides (only in `strong`)
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
    Eval {
        /// Lines of `{"id","title","text","labels":[…]}`
        file: PathBuf,
        /// Also show each text that came out otherwise
        #[arg(long)]
        wrong: bool,
    },
}

pub(super) async fn run(global: &Global, command: Command) -> anyhow::Result<Exit> {
    if let Command::Diff { since, max } = command {
        return diff(global, &since, max).await;
    }
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    if matches!(command, Command::List) {
        let rows: Vec<Vec<String>> = config
            .topics
            .iter()
            .map(|topic| {
                vec![
                    topic.id.as_ref().map_or("", TopicId::as_str).to_owned(),
                    topic.title.clone(),
                    topic.threshold.to_string(),
                    topic.strong.len().to_string(),
                    topic.weak.len().to_string(),
                    topic.never.len().to_string(),
                ]
            })
            .collect();
        if output.json {
            for topic in &config.topics {
                output.object(&json!({"id": topic.id, "title": topic.title, "threshold": topic.threshold,
                    "strong": topic.strong.len(), "weak": topic.weak.len(), "never": topic.never.len()}))?;
            }
        } else {
            output.table(&["ID", "TITLE", "THRESHOLD", "STRONG", "WEAK", "NEVER"], &rows)?;
        }
        return Ok(Exit::Done);
    }
    let tagger = crate::daemon::plan(config)?.tagger;
    match command {
        Command::List | Command::Diff { .. } => Ok(Exit::Done),
        Command::Test { text } => test(&tagger, &output, text),
        Command::Eval { file, wrong } => eval(&tagger, &output, &file, wrong),
    }
}

async fn diff(global: &Global, since: &str, max: Option<usize>) -> anyhow::Result<Exit> {
    let session = Session::open(global)?;
    let since = items::since(since, session.ctx.clock.now())?;
    let diff = pipeline::topic_diff(&session.ctx, &session.plan, since).await?;
    let output = &session.output;
    if output.json {
        for change in &diff.changes {
            output.object(&json!({"id": change.id.to_string(), "title": change.title,
                "gained": change.gained, "lost": change.lost}))?;
        }
    } else if !diff.changes.is_empty() {
        let words = |sign: &str, topics: &[TopicId]| {
            topics.iter().map(|topic| format!("{sign}{topic}")).collect::<Vec<_>>().join(" ")
        };
        let rows: Vec<Vec<String>> = diff
            .changes
            .iter()
            .map(|change| {
                vec![
                    change.id.to_string(),
                    words("+", &change.gained),
                    words("-", &change.lost),
                    cut(&change.title, 90),
                ]
            })
            .collect();
        output.table(&["ID", "GAINED", "LOST", "TITLE"], &rows)?;
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
            let evidence: Vec<_> = considered
                .evidence
                .iter()
                .map(|e| json!({"field": e.field.as_str(), "words": e.words, "term": e.term, "weight": e.weight}))
                .collect();
            output.object(&json!({"id": considered.topic, "outcome": considered.outcome.as_str(),
                "score": considered.score, "threshold": considered.threshold, "evidence": evidence}))?;
            continue;
        }
        show(output, &considered)?;
    }
    Ok(Exit::Done)
}

fn show(output: &Output, considered: &Considered) -> anyhow::Result<()> {
    output.line(&format!(
        "{}  {}  score {} of {}",
        considered.topic,
        considered.outcome.as_str(),
        considered.score,
        considered.threshold
    ))?;
    for (word, list) in [
        ("", &considered.evidence),
        ("without context: ", &considered.without_context),
        ("veto: ", &considered.vetoes),
    ] {
        for e in list {
            output.line(&format!(
                "  {:>4}  {word}„{}“ in {} by `{}`",
                e.weight,
                e.words,
                e.field.as_str(),
                e.term
            ))?;
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Labelled {
    id: String,
    title: String,
    text: String,
    labels: Vec<String>,
}

fn eval(
    tagger: &Tagger,
    output: &Output,
    file: &std::path::Path,
    wrong: bool,
) -> anyhow::Result<Exit> {
    let lines = std::fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
    let mut judged: Vec<(Vec<TopicId>, Vec<TopicId>)> = Vec::new();
    let source = SourceId::new("eval");
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let labelled: Labelled = serde_json::from_str(line).map_err(|error| {
            UsageError::new(format!("{}:{}: {error}", file.display(), number + 1))
        })?;
        let found: Vec<TopicId> = tagger
            .tag(&subject(&labelled.title, &labelled.text, &source))
            .into_iter()
            .map(|tagging| tagging.topic)
            .collect();
        let mut labels: Vec<TopicId> = labelled.labels.iter().map(TopicId::new).collect();
        labels.sort();
        let mut sorted = found.clone();
        sorted.sort();
        if wrong && sorted != labels {
            let words =
                |ids: &[TopicId]| ids.iter().map(TopicId::as_str).collect::<Vec<_>>().join(",");
            output.say(&format!(
                "{}: should be [{}], is [{}]: {}",
                labelled.id,
                words(&labels),
                words(&sorted),
                cut(&labelled.title, 80)
            ));
        }
        judged.push((labels, found));
    }
    let topics: Vec<TopicId> = tagger.topics().cloned().collect();
    let evaluation = evaluate(
        &topics,
        judged.iter().map(|(labels, found)| (labels.as_slice(), found.as_slice())),
    );
    let object = |f: &Figures| json!({"precision": f.precision, "recall": f.recall, "f1": f.f1});
    if output.json {
        let topics: serde_json::Map<String, serde_json::Value> = evaluation
            .topics
            .iter()
            .map(|(id, figures)| (id.to_string(), object(figures)))
            .collect();
        output.object(&json!({"topics": topics, "micro": object(&evaluation.micro), "macro": object(&evaluation.macro_mean)}))?;
        return Ok(Exit::Done);
    }
    let row = |name: &str, f: &Figures| {
        vec![
            name.to_owned(),
            format!("{:.3}", f.precision),
            format!("{:.3}", f.recall),
            format!("{:.3}", f.f1),
        ]
    };
    let mut rows: Vec<Vec<String>> =
        evaluation.topics.iter().map(|(id, figures)| row(id.as_str(), figures)).collect();
    rows.push(row("micro", &evaluation.micro));
    rows.push(row("macro", &evaluation.macro_mean));
    output.table(&["TOPIC", "PRECISION", "RECALL", "F1"], &rows)?;
    Ok(Exit::Done)
}
