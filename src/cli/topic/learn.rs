//! `topic train`: makes the model of labelled items.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::files::read_labelled;
use super::judged::Folds;
use crate::cli::{Exit, Output, UsageError};
use crate::config::{self, MODEL_FILE};
use crate::model::TopicId;
use crate::topic::{Labelled, Model, Tagger, examples, train};

/// Parts in which the figures before and after are measured.
const FOLDS: usize = 5;
/// By how much the figure may fall before a model is refused: two parts of the
/// same items differ by more.
const TOLERANCE: f64 = 0.02;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Files with lines of `{"id","title","text","labels":[…]}`
    #[arg(required_unless_present = "from_corrections")]
    files: Vec<PathBuf>,
    /// Learn from the shipped items and the corrections made with `item tag`, and
    /// say how much better or worse that is
    #[arg(long)]
    from_corrections: bool,
    /// Where to write the model; else `topics.model` beside `topics.toml`
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write it although it is worse
    #[arg(long)]
    force: bool,
}

impl Arguments {
    pub(super) fn wants_corrections(&self) -> bool {
        self.from_corrections
    }
}

pub(super) fn run(
    tagger: &Tagger,
    output: &Output,
    folder: &Path,
    arguments: &Arguments,
    corrections: Vec<Labelled>,
) -> anyhow::Result<Exit> {
    let mut items = read_labelled(&arguments.files)?;
    if arguments.from_corrections && arguments.files.is_empty() {
        items = Labelled::parse(config::CORPUS).context("the shipped items")?;
    }
    if items.is_empty() {
        return Err(UsageError::new("there is no labelled item to learn from").into());
    }
    if arguments.from_corrections
        && !compare(tagger, output, &items, &corrections)?
        && !arguments.force
    {
        output.say("not written; `--force` writes it nevertheless");
        return Ok(Exit::Failure);
    }
    items.extend(corrections);
    let model = train(tagger, &examples(tagger, &items));
    let path = arguments.output.clone().unwrap_or_else(|| folder.join(MODEL_FILE));
    write(&path, &model)?;
    tell(tagger, output, &model, items.len(), &path)
}

/// Says how the figures change with the corrections. Returns whether the model is
/// no worse than can be explained.
fn compare(
    tagger: &Tagger,
    output: &Output,
    items: &[Labelled],
    corrections: &[Labelled],
) -> anyhow::Result<bool> {
    let ids: Vec<TopicId> = tagger.topics().cloned().collect();
    let mut all = items.to_vec();
    all.extend_from_slice(corrections);
    let f1 = |items: &[Labelled]| {
        Folds::judge(tagger, &examples(tagger, items), FOLDS).combined(items, &ids).macro_mean.f1
    };
    let (before, after) = (f1(items), f1(&all));
    if output.json {
        output
            .object(&json!({"corrections": corrections.len(), "before": before, "after": after}))?;
    } else {
        output.line(&format!(
            "macro F1 in {FOLDS} parts: {before:.3} without, {after:.3} with {} corrections",
            corrections.len()
        ))?;
    }
    Ok(after + TOLERANCE >= before)
}

/// Writes the file beside and then in place, so that nobody reads half of it.
fn write(path: &Path, model: &Model) -> anyhow::Result<()> {
    let beside = path.with_extension("model.new");
    std::fs::write(&beside, model.to_text()).with_context(|| format!("`{}`", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("`{}`", path.display()))
}

fn tell(
    tagger: &Tagger,
    output: &Output,
    model: &Model,
    items: usize,
    path: &Path,
) -> anyhow::Result<Exit> {
    for id in tagger.topics() {
        let combination = model.combination(id);
        if output.json {
            output.object(&json!({"id": id, "learnt": combination.is_some(),
                "per_unit": combination.map(|known| known.per_unit), "offset": combination.map(|known| known.offset)}))?;
        } else if let Some(known) = combination {
            output.line(&format!(
                "{id}: {:+} points, {:+} for each unit of log-odds",
                known.offset, known.per_unit
            ))?;
        } else {
            output.line(&format!("{id}: too few labelled items; rules alone"))?;
        }
    }
    output.say(&format!("learnt from {items} items, written to `{}`; reload the service, or see `amtsbote topic diff`", path.display()));
    Ok(Exit::Done)
}
