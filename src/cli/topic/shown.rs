//! A considered topic, for people and for machines: the same in both.

use serde_json::{Value, json};

use crate::cli::Output;
use crate::model::Evidence;
use crate::topic::{Considered, Opinion};

/// Returns all that is known of a considered topic.
pub(in crate::cli) fn object(considered: &Considered) -> Value {
    let list = |list: &[Evidence]| list.iter().map(evidence).collect::<Vec<_>>();
    let opinion = considered.opinion.as_ref().map(|opinion| {
        json!({"probability": opinion.probability, "points": opinion.points,
            "for": list(&opinion.speaks_for), "against": list(&opinion.speaks_against)})
    });
    json!({"id": considered.topic, "outcome": considered.outcome.as_str(),
        "score": considered.score, "threshold": considered.threshold, "missing": considered.missing(),
        "points": considered.points, "evidence": list(&considered.evidence),
        "without_context": list(&considered.without_context), "vetoes": list(&considered.vetoes),
        "model": opinion})
}

fn evidence(e: &Evidence) -> Value {
    json!({"signal": e.signal, "field": e.field.as_str(), "start": e.span.0, "end": e.span.1,
        "words": e.words, "term": e.term, "weight": e.weight})
}

/// Prints the same as lines, each indented so.
pub(in crate::cli) fn lines(
    output: &Output,
    indent: &str,
    considered: &Considered,
) -> anyhow::Result<()> {
    let missing = match considered.missing() {
        0.0 => String::new(),
        missing => format!(", {missing:.2} missing"),
    };
    output.line(&format!(
        "{indent}{}  {}  score {:.2} of {}{missing}",
        considered.topic,
        considered.outcome.as_str(),
        considered.score,
        considered.threshold,
    ))?;
    for (word, list) in [
        ("", &considered.evidence),
        ("without context: ", &considered.without_context),
        ("veto: ", &considered.vetoes),
    ] {
        for e in list {
            output.line(&format!(
                "{indent}  {:>5}  {word}„{}“ in {} by `{}`",
                e.weight,
                e.words,
                e.field.as_str(),
                e.term
            ))?;
        }
    }
    if let Some(opinion) = &considered.opinion {
        output.line(&format!("{indent}  {:>5.2}  model: {}", opinion.points, words(opinion)))?;
    }
    Ok(())
}

/// Returns the words of the model, in a line.
fn words(opinion: &Opinion) -> String {
    let list = |list: &[Evidence]| {
        let words: Vec<String> =
            list.iter().map(|e| format!("„{}“ {:+.2}", e.words, e.weight)).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    };
    format!(
        "{:.0} % by the words; for: {}; against: {}",
        opinion.probability * 100.0,
        list(&opinion.speaks_for),
        list(&opinion.speaks_against)
    )
}
