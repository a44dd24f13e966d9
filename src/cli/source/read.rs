//! `source read`: a feed file, offline; no config, no network.

use serde_json::{Value, json};

use crate::cli::output::json_time;
use crate::cli::{Exit, Global, Output, input};
use crate::extract;
use crate::model::{Budget, Date, Extraction};

pub(super) fn read(
    global: &Global,
    file: &std::path::Path,
    url: Option<&str>,
    content_type: Option<&str>,
) -> anyhow::Result<Exit> {
    const MOST: u64 = 64 << 20;
    let (body, is_cut) = input::read(file, MOST)?;
    let zone = chrono_tz::Europe::Berlin;
    let output = Output { json: global.json, quiet: global.quiet, zone };
    let budget = Budget::for_document(body.len());
    let mut extraction = extract::feed::read(&body, content_type, url, zone, &budget);
    if let Ok(extraction) = extraction.as_mut()
        && is_cut
    {
        extraction.notes.push("longer than 64 MiB: its end was not read".to_owned());
    }
    if output.json {
        output.object(&reading(extraction.as_ref().map_err(ToString::to_string)))?;
    } else if let Ok(extraction) = &extraction {
        print_extraction(&output, extraction)?;
    }
    match extraction {
        Ok(_) => Ok(Exit::Done),
        Err(_) if output.json => Ok(Exit::Failure),
        Err(error) => Err(error.into()),
    }
}

fn reading(extraction: Result<&Extraction, String>) -> Value {
    match extraction {
        Err(error) => json!({"error": error, "read_by": null, "entries": []}),
        Ok(extraction) => {
            let date = |date: Option<Date>| json_time(date.map(|date| date.at));
            let entries: Vec<Value> = extraction
                .items
                .iter()
                .map(|item| {
                    json!({
                        "id": item.guid,
                        "title": item.title,
                        "link": item.link,
                        "date": date(item.published.or(item.updated)),
                        "updated": date(item.updated),
                        "summary": item.summary_html,
                        "content": item.body_html,
                    })
                })
                .collect();
            json!({"error": null, "read_by": extraction.read_by.as_str(), "entries": entries, "notes": extraction.notes})
        }
    }
}

fn print_extraction(output: &Output, extraction: &Extraction) -> anyhow::Result<()> {
    output.line(&format!(
        "read by {}, {} items",
        extraction.read_by.as_str(),
        extraction.items.len()
    ))?;
    for note in &extraction.notes {
        output.line(&format!("note: {note}"))?;
    }
    let rows = extraction.items.iter().map(|item| {
        let date = item.published.or(item.updated);
        [
            output.time(date.map(|date| date.at)),
            item.title.clone().unwrap_or_else(|| "-".to_owned()),
            item.link.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    });
    output.table(["DATE", "TITLE", "LINK"], rows)
}
