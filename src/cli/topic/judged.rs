//! `topic eval`: how well the topics do on labelled items.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::files::read_labelled;
use crate::cli::output::cut;
use crate::cli::{Exit, Output};
use crate::model::{SourceId, TopicId};
use crate::topic::evaluate::{Evaluation, Figures, evaluate};
use crate::topic::{Example, Judged, Labelled, Tagger, cross_validate, examples};

/// Shares of the labelled items for a learning curve.
const CURVE: [f64; 4] = [0.25, 0.5, 0.75, 1.0];

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// Files with lines of `{"id","title","text","labels":[…]}`; `register` and `hard` are used too
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Learn anew from all parts but one and judge that one, for each of N parts;
    /// reprints and series of an item are in the same part
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(2..=100))]
    folds: Option<u16>,
    /// With `--folds`: also with a quarter, a half and three quarters of the items
    #[arg(long, requires = "folds")]
    curve: bool,
    /// Also show each text that came out otherwise
    #[arg(long)]
    wrong: bool,
}

pub(super) fn run(tagger: &Tagger, output: &Output, arguments: &Arguments) -> anyhow::Result<Exit> {
    let items = read_labelled(&arguments.files)?;
    let topics: Vec<TopicId> = tagger.topics().cloned().collect();
    let report = Report { items: &items, topics: &topics, output };
    let Some(folds) = arguments.folds else {
        let source = SourceId::new("eval");
        let found: Vec<Vec<TopicId>> = items
            .iter()
            .map(|item| {
                let tags = tagger.tag(&item.subject(&source));
                tags.into_iter().map(|tagging| tagging.topic).collect()
            })
            .collect();
        if arguments.wrong {
            report.wrong(&found);
        }
        report.plain(&report.evaluate(&found, |_| true))?;
        return Ok(Exit::Done);
    };
    let examples = examples(tagger, &items);
    let folds = usize::from(folds);
    report.folds(&Folds::judge(tagger, &examples, folds), folds, arguments.wrong)?;
    if arguments.curve {
        for share in CURVE {
            let judged = cross_validate(tagger, &examples, folds, share);
            let judged = Folds { judged };
            report.curve(
                share,
                &report.evaluate(&judged.topics(&topics, |j| &j.combined), |_| true),
            )?;
        }
    }
    Ok(Exit::Done)
}

/// Items judged by what was learnt from the other parts.
pub(super) struct Folds {
    judged: Vec<Judged>,
}

impl Folds {
    pub(super) fn judge(tagger: &Tagger, examples: &[Example], folds: usize) -> Self {
        Self { judged: cross_validate(tagger, examples, folds, 1.0) }
    }

    fn topics(&self, ids: &[TopicId], pick: fn(&Judged) -> &Vec<bool>) -> Vec<Vec<TopicId>> {
        let of = |judged: &Judged| {
            ids.iter()
                .zip(pick(judged))
                .filter(|(_, has)| **has)
                .map(|(id, _)| id.clone())
                .collect()
        };
        self.judged.iter().map(of).collect()
    }

    /// Returns the figures of both opinions together.
    pub(super) fn combined(&self, items: &[Labelled], ids: &[TopicId]) -> Evaluation {
        of(items, ids, &self.topics(ids, |judged| &judged.combined), |_| true)
    }
}

fn of(
    items: &[Labelled],
    ids: &[TopicId],
    found: &[Vec<TopicId>],
    wanted: impl Fn(usize) -> bool,
) -> Evaluation {
    let labels: Vec<Vec<TopicId>> = items.iter().map(Labelled::topics).collect();
    let pairs = labels.iter().zip(found).enumerate().filter(|(index, _)| wanted(*index));
    evaluate(ids, pairs.map(|(_, (labels, found))| (labels.as_slice(), found.as_slice())))
}

struct Report<'a> {
    items: &'a [Labelled],
    topics: &'a [TopicId],
    output: &'a Output,
}

impl Report<'_> {
    fn evaluate(&self, found: &[Vec<TopicId>], wanted: impl Fn(usize) -> bool) -> Evaluation {
        of(self.items, self.topics, found, wanted)
    }

    fn wrong(&self, found: &[Vec<TopicId>]) {
        let words = |ids: &BTreeSet<&TopicId>| {
            ids.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(",")
        };
        for (item, found) in self.items.iter().zip(found) {
            let labels = item.topics();
            let (labels, found) = (labels.iter().collect(), found.iter().collect());
            if labels != found {
                self.output.say(&format!(
                    "{}: should be [{}], is [{}]: {}",
                    item.id,
                    words(&labels),
                    words(&found),
                    cut(&item.title, 80)
                ));
            }
        }
    }

    fn plain(&self, evaluation: &Evaluation) -> anyhow::Result<()> {
        if self.output.json {
            return self.output.object(&object(evaluation));
        }
        self.output
            .table(["WAY", "TOPIC", "PRECISION", "RECALL", "F1"], rows("combined", evaluation))
    }

    fn folds(&self, folds: &Folds, count: usize, wrong: bool) -> anyhow::Result<()> {
        let combined = folds.topics(self.topics, |judged| &judged.combined);
        if wrong {
            self.wrong(&combined);
        }
        let all = |found: &[Vec<TopicId>]| self.evaluate(found, |_| true);
        let ways = [
            ("combined", all(&combined)),
            ("rules", all(&folds.topics(self.topics, |judged| &judged.rules))),
            ("model", all(&folds.topics(self.topics, |judged| &judged.model))),
        ];
        let hard = self.evaluate(&combined, |index| self.items[index].hard);
        let registers: BTreeSet<&str> = self
            .items
            .iter()
            .map(|item| item.register.as_str())
            .filter(|name| !name.is_empty())
            .collect();
        let registers: Vec<(&str, Evaluation)> = registers
            .into_iter()
            .map(|name| {
                (name, self.evaluate(&combined, |index| self.items[index].register == name))
            })
            .collect();
        let parts: Vec<f64> = (0..count)
            .map(|fold| {
                self.evaluate(&combined, |index| folds.judged[index].fold == fold).macro_mean.f1
            })
            .collect();
        let (mean, deviation) = spread(&parts);
        let confusion = self.confusion(&combined);
        if self.output.json {
            let mut value = object(&ways[0].1);
            for (name, evaluation) in &ways {
                value[*name] = object(evaluation);
            }
            value["hard"] = object(&hard);
            value["registers"] = registers
                .iter()
                .map(|(name, e)| ((*name).to_owned(), object(e)))
                .collect::<Map<_, _>>()
                .into();
            value["folds"] = json!({"f1": parts, "mean": mean, "deviation": deviation});
            value["confusion"] = confusion
                .iter()
                .map(|(missed, given, count)| json!({"missed": missed, "given": given, "items": count}))
                .collect();
            return self.output.object(&value);
        }
        let mut table: Vec<[String; 5]> =
            ways.iter().flat_map(|(name, evaluation)| rows(name, evaluation)).collect();
        table.extend(rows("hard", &hard));
        for (name, evaluation) in &registers {
            table.extend(rows(name, evaluation).into_iter().filter(|row| row[1] == "macro"));
        }
        self.output.table(["WAY", "TOPIC", "PRECISION", "RECALL", "F1"], table)?;
        self.output.line(&format!(
            "macro F1 of the {count} parts: {mean:.3} ± {deviation:.3} ({:.3} to {:.3})",
            parts.iter().copied().fold(1.0, f64::min),
            parts.iter().copied().fold(0.0, f64::max)
        ))?;
        for (missed, given, count) in confusion {
            self.output.line(&format!("{missed} taken for {given}: {count}"))?;
        }
        Ok(())
    }

    /// Returns how often a topic is given in place of another that is missed.
    fn confusion(&self, found: &[Vec<TopicId>]) -> Vec<(String, String, usize)> {
        let mut confusion = Vec::new();
        let labels: Vec<Vec<TopicId>> = self.items.iter().map(Labelled::topics).collect();
        let nothing = |ids: &[TopicId]| ids.is_empty();
        for missed in self.topics {
            for given in self.topics.iter().filter(|given| *given != missed) {
                let count = labels.iter().zip(found).filter(|(labels, found)| {
                    labels.contains(missed)
                        && !found.contains(missed)
                        && found.contains(given)
                        && !labels.contains(given)
                });
                confusion.push((missed.to_string(), given.to_string(), count.count()));
            }
            let lost = labels
                .iter()
                .zip(found)
                .filter(|(labels, found)| labels.contains(missed) && nothing(found));
            confusion.push((missed.to_string(), "nothing".to_owned(), lost.count()));
            let made = labels
                .iter()
                .zip(found)
                .filter(|(labels, found)| nothing(labels) && found.contains(missed));
            confusion.push(("nothing".to_owned(), missed.to_string(), made.count()));
        }
        confusion
    }

    fn curve(&self, share: f64, evaluation: &Evaluation) -> anyhow::Result<()> {
        let f1 = evaluation.macro_mean.f1;
        if self.output.json {
            return self.output.object(&json!({"share": share, "f1": f1}));
        }
        self.output
            .line(&format!("with {:.0} % of the other items: macro F1 {f1:.3}", share * 100.0))
    }
}

/// Returns mean and standard deviation.
fn spread(figures: &[f64]) -> (f64, f64) {
    let count = f64::from(u32::try_from(figures.len().max(1)).unwrap_or(u32::MAX));
    let mean = figures.iter().sum::<f64>() / count;
    let variance = figures.iter().map(|figure| (figure - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

fn object(evaluation: &Evaluation) -> Value {
    let object = |f: &Figures| json!({"precision": f.precision, "recall": f.recall, "f1": f.f1});
    let topics: Map<String, Value> =
        evaluation.topics.iter().map(|(id, figures)| (id.to_string(), object(figures))).collect();
    json!({"topics": topics, "micro": object(&evaluation.micro), "macro": object(&evaluation.macro_mean)})
}

/// Returns a row per topic, then micro and macro; under the name of a way, if there is one.
fn rows(way: &str, evaluation: &Evaluation) -> Vec<[String; 5]> {
    let row = |name: &str, f: &Figures| {
        let [precision, recall, f1] =
            [f.precision, f.recall, f.f1].map(|figure| format!("{figure:.3}"));
        [way.to_owned(), name.to_owned(), precision, recall, f1]
    };
    let mut rows: Vec<[String; 5]> =
        evaluation.topics.iter().map(|(id, figures)| row(id.as_str(), figures)).collect();
    rows.push(row("micro", &evaluation.micro));
    rows.push(row("macro", &evaluation.macro_mean));
    rows
}
