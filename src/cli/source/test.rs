//! `source test`: tries a URL or a source. Asks, prints, writes nothing.

use serde_json::json;

use super::bench::{self, Bench};
use super::explore::{self, Found};
use super::{block, shown};
use crate::answer::{self, Failure};
use crate::cli::{Exit, Global, Output, named, session};
use crate::clock::{Clock as _, SystemClock};
use crate::daemon;

pub(super) async fn test(global: &Global, what: &str) -> anyhow::Result<Exit> {
    if what.contains("://") {
        return probe(global, what).await;
    }
    // An id has none of these; an address has, and people type it as they say it.
    if what.contains(['.', '/', ':']) && !what.contains(char::is_whitespace) {
        // Some offices still have no TLS.
        return match probe(global, &format!("https://{what}")).await {
            Err(_) => probe(global, &format!("http://{what}")).await,
            exit => exit,
        };
    }
    known(global, what).await
}

/// Tests a source of the config.
async fn known(global: &Global, id: &str) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    let plan = daemon::plan(config)?;
    let source = named::source(&plan, id)?;
    let settings = &source.configured.settings;
    let mut problems = Vec::new();
    if let Err(failure) = bench::check_robots(&plan, source, None).await {
        problems.push(failure.to_string());
    }
    let response = bench::answer_of(&plan, source).await?;
    let moved = response.moved.clone();
    let read = match answer::document(&response) {
        Ok(()) => bench::read(&plan, source, response, plan.polling.host_spacing)
            .await
            .map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let mut shown = None;
    match read {
        Ok(extraction) => {
            let now = SystemClock.now();
            shown = Some(shown::of(&plan, &source.configured, &extraction, now));
        }
        Err(failure) => problems.push(failure.to_string()),
    }
    if let Some(moved) = &moved {
        problems.push(format!("it has moved for good: set `url = \"{}\"`", moved.permanent_url));
    }
    if output.json {
        output.object(&json!({
            "url": settings.url,
            "kind": settings.kind,
            "problems": problems,
            "notes": shown.as_ref().map(|shown| shown.notes.as_slice()).unwrap_or_default(),
            "items": shown.as_ref().map(shown::Shown::objects).unwrap_or_default(),
        }))?;
    } else {
        for problem in &problems {
            output.line(&format!("problem: {problem}"))?;
        }
        if let Some(shown) = &shown {
            for note in &shown.notes {
                output.say(&format!("note: {note}"));
            }
            output.line(&format!("kind {}, {} items", settings.kind, shown.items.len()))?;
            shown.print(&output)?;
        }
    }
    Ok(if shown.is_some() && problems.is_empty() { Exit::Done } else { Exit::Failure })
}

/// Tests a URL that nobody knows yet.
async fn probe(global: &Global, url: &str) -> anyhow::Result<Exit> {
    let bench = Bench::new(global, url)?;
    let id = bench.taken.free(url);
    let found = explore::explore(&bench, url, &id).await?;
    let shown = found.best.as_ref().map(|best| {
        let now = SystemClock.now();
        shown::of(&best.tried.plan, &best.tried.source.configured, &best.extraction, now)
    });
    print(&bench.output, url, &found, shown.as_ref())?;
    Ok(if shown.is_some() { Exit::Done } else { Exit::Failure })
}

fn print(
    output: &Output,
    url: &str,
    found: &Found,
    shown: Option<&shown::Shown>,
) -> anyhow::Result<()> {
    let Found { system, announced, remarks, problems, pins, best, sitemap } = found;
    let sitemap = sitemap.as_ref().map(block::Block::to_toml);
    let block = best.as_ref().map(|best| best.block.to_toml());
    let kind = best.as_ref().map(|best| best.tried.source.configured.settings.kind.as_str());
    if output.json {
        return output.object(&json!({
            "url": url,
            "kind": kind,
            "system": system,
            "feeds": announced,
            "remarks": remarks,
            "problems": problems,
            "notes": shown.map(|shown| shown.notes.as_slice()).unwrap_or_default(),
            "items": shown.map(shown::Shown::objects).unwrap_or_default(),
            "block": block,
            "sitemap": sitemap,
            "selectors": pins.as_ref().map(|pins| block::pins_table(pins).to_string()),
        }));
    }
    for remark in remarks {
        output.say(remark);
    }
    for problem in problems {
        output.line(&format!("problem: {problem}"))?;
    }
    if let (Some(shown), Some(kind)) = (shown, kind) {
        for note in &shown.notes {
            output.say(&format!("note: {note}"));
        }
        output.line(&format!("kind {kind}, {} items", shown.items.len()))?;
        shown.print(output)?;
    }
    if let Some(block) = block {
        output.line(&format!("\n{}", block.trim_end()))?;
    }
    if let Some(pins) = pins {
        output.say("to pin the list, so that nothing is looked for, add:");
        output.say(&format!("[source.page]\n{}", block::pins_table(pins).to_string().trim_end()));
    }
    if let Some(sitemap) = sitemap {
        output
            .say("to read the same by the site's sitemap, whose pages are asked for their titles:");
        output.say(sitemap.trim_end());
    }
    Ok(())
}
