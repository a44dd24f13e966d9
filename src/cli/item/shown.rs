//! An act as it is printed.

use serde_json::{Value, json};

use crate::cli::Output;
use crate::cli::output::json_time;
use crate::model::{Act, ActOn};

/// Returns when and why an act was ended; a dash while it is in force.
pub(super) fn ended(output: &Output, act: &Act) -> String {
    match &act.ended {
        Some((at, why)) => format!("{}: {why}", output.time(Some(*at))),
        None => "-".to_owned(),
    }
}

/// Returns an act for machines.
pub(in crate::cli) fn object(act: &Act) -> Value {
    let (item, series) = match &act.on {
        ActOn::Item(item) => (Some(item.to_string()), None),
        ActOn::Series(series) => (None, Some(series)),
    };
    json!({
        "item": item,
        "series": series,
        "act": act.kind.as_str(),
        "words": act.words,
        "reason": act.reason,
        "at": act.at.rfc3339(),
        "ended": json_time(act.ended.as_ref().map(|(at, _)| *at)),
        "ending": act.ended.as_ref().map(|(_, why)| why),
    })
}

/// Returns an act for people, as `explain` shows it.
pub(in crate::cli) fn line(output: &Output, act: &Act) -> String {
    let words = if act.words.is_empty() { String::new() } else { format!(" „{}“", act.words) };
    let ended = if act.ended.is_some() {
        format!(" (ended {})", ended(output, act))
    } else {
        String::new()
    };
    let (kind, at) = (act.kind.as_str(), output.time(Some(act.at)));
    format!("  {kind:<11} {at}{words}: {}{ended}", act.reason)
}
