//! `amtsbote dates`: judge the reader of deadlines and events.

use std::path::PathBuf;

use anyhow::Context as _;
use chrono::{NaiveDate, NaiveTime};
use clap::Subcommand;
use serde::Deserialize;
use serde_json::json;

use super::{Exit, Global, Output, UsageError};
use crate::agenda::dates;
use crate::agenda::evaluate::{Counts, LabelledDate, compare};
use crate::model::{Budget, DateKind, Precision};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compare deadlines and events with those of labelled items, a JSON object a line
    Eval {
        /// Lines of `{"id","title","text","published","dates":[{"kind","from","to","time","precise","cancelled"}]}`
        file: PathBuf,
        /// Say on stderr what was missed and what was invented
        #[arg(long)]
        wrong: bool,
    },
}

pub(super) fn run(global: &Global, command: &Command) -> anyhow::Result<Exit> {
    let output = Output { json: global.json, quiet: global.quiet, zone: chrono_tz::UTC };
    match command {
        Command::Eval { file, wrong } => eval(&output, file, *wrong),
    }
}

#[derive(Deserialize)]
struct LabelledItem {
    id: String,
    title: String,
    text: String,
    published: NaiveDate,
    dates: Vec<Label>,
}

#[derive(Deserialize)]
struct Label {
    kind: String,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    time: Option<String>,
    precise: String,
    #[serde(default)]
    cancelled: bool,
}

impl Label {
    fn read(&self) -> Option<LabelledDate> {
        let time = match &self.time {
            Some(time) => Some(NaiveTime::parse_from_str(time, "%H:%M").ok()?),
            None => None,
        };
        Some(LabelledDate {
            kind: DateKind::named(&self.kind)?,
            from: self.from,
            to: self.to,
            time,
            precision: Precision::named(&self.precise)?,
            cancelled: self.cancelled,
        })
    }
}

fn eval(output: &Output, file: &std::path::Path, wrong: bool) -> anyhow::Result<Exit> {
    let lines = std::fs::read_to_string(file).with_context(|| format!("`{}`", file.display()))?;
    let mut all = Counts::default();
    let mut by_kind = DateKind::ALL.map(|kind| (kind, Counts::default()));
    for (number, line) in lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at =
            |error: &str| UsageError::new(format!("{}:{}: {error}", file.display(), number + 1));
        let item: LabelledItem =
            serde_json::from_str(line).map_err(|error| at(&error.to_string()))?;
        let labelled: Vec<LabelledDate> = item
            .dates
            .iter()
            .map(Label::read)
            .collect::<Option<_>>()
            .ok_or_else(|| at("unknown kind, time or precision of a date"))?;
        let budget = Budget::for_document(item.title.len() + item.text.len());
        let found = dates(&item.title, &item.text, item.published, &budget)
            .map_err(|error| at(&error.to_string()))?;
        let (counts, invented, missed) = compare(&found, &labelled);
        all.right += counts.right;
        all.invented += counts.invented;
        all.missed += counts.missed;
        for (kind, of_kind) in &mut by_kind {
            let found_here = found.iter().filter(|date| date.kind == *kind).count();
            let invented_here = invented.iter().filter(|date| date.kind == *kind).count();
            of_kind.right += found_here - invented_here;
            of_kind.invented += invented_here;
            of_kind.missed += missed.iter().filter(|date| date.kind == *kind).count();
        }
        if wrong {
            for date in invented {
                output.say(&format!("{}: invented {date:?}", item.id));
            }
            for date in missed {
                output.say(&format!("{}: missed {date:?}", item.id));
            }
        }
    }
    print(output, &all, &by_kind)?;
    Ok(Exit::Done)
}

fn print(output: &Output, all: &Counts, by_kind: &[(DateKind, Counts)]) -> anyhow::Result<()> {
    let object = |counts: &Counts| {
        json!({"precision": counts.precision(), "recall": counts.recall(), "right": counts.right,
            "invented": counts.invented, "missed": counts.missed})
    };
    if output.json {
        let kinds: serde_json::Map<String, serde_json::Value> = by_kind
            .iter()
            .map(|(kind, counts)| (kind.as_str().to_owned(), object(counts)))
            .collect();
        return output.object(&json!({"kinds": kinds, "all": object(all)}));
    }
    let row = |name: &str, counts: &Counts| {
        [
            name.to_owned(),
            format!("{:.3}", counts.precision()),
            format!("{:.3}", counts.recall()),
            counts.right.to_string(),
            counts.invented.to_string(),
            counts.missed.to_string(),
        ]
    };
    let kinds = by_kind.iter().map(|(kind, counts)| row(kind.as_str(), counts));
    let rows = kinds.chain([row("all", all)]);
    output.table(["KIND", "PRECISION", "RECALL", "RIGHT", "INVENTED", "MISSED"], rows)?;
    Ok(())
}
