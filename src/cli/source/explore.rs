//! Finds out what a URL is: a feed, a page that names its feed or keeps it at
//! a usual place, or a page of a known publishing system.

use super::bench::{self, Bench, Tried};
use super::block::Block;
use crate::answer;
use crate::extract::sniff;
use crate::model::{Extraction, Response};
use crate::source::page::{discover, preset_names};

/// Most places where a feed is looked for.
const MOST_FEEDS: usize = 8;

/// What was found out.
#[derive(Default)]
pub(super) struct Found {
    /// The publishing system, if it is known.
    pub(super) system: Option<&'static str>,
    /// Feeds that the page announces.
    pub(super) announced: Vec<String>,
    /// How we know: for people.
    pub(super) remarks: Vec<String>,
    pub(super) problems: Vec<String>,
    /// The best way to read it, tried.
    pub(super) best: Option<Best>,
}

/// A block and what it reads.
pub(super) struct Best {
    pub(super) block: Block,
    pub(super) tried: Tried,
    pub(super) extraction: Extraction,
}

/// Asks for the URL and looks further from there.
pub(super) async fn explore(bench: &Bench<'_>, url: &str, id: &str) -> anyhow::Result<Found> {
    let tried = bench.source(&Block::feed(id, url).to_toml())?;
    let response = bench::answer_of(&tried.plan, &tried.source).await?;
    if let Err(failure) = answer::document(&response) {
        return Ok(Found { problems: vec![failure.message], ..Found::default() });
    }
    // Where it lives for good is what belongs into the config.
    let home = response.moved.as_ref().map_or(url, |moved| moved.permanent_url.as_str()).to_owned();
    let mut found = Found::default();
    if home != url {
        found.remarks.push(format!("it has moved for good, to {home}"));
    }
    match tried.source.configured.source.extract(&response) {
        Ok(extraction) => {
            found.remarks.push("it is a feed".to_owned());
            let block = Block::feed(id, &home);
            found.best = Some(Best { block, tried, extraction });
            Ok(found)
        }
        Err(why) => {
            look_round(bench, &home, id, &response, &why.to_string(), &mut found).await?;
            Ok(found)
        }
    }
}

/// Looks for a feed of the page that answered, then for a way to read the page.
async fn look_round(
    bench: &Bench<'_>,
    url: &str,
    id: &str,
    response: &Response,
    no_feed: &str,
    found: &mut Found,
) -> anyhow::Result<()> {
    let html = sniff::decode(&response.body, response.headers.get("content-type")).text;
    found.system = discover::recognise(&html);
    found.announced = discover::feed_links(&html, &response.final_url);
    if let Some(system) = found.system {
        found.remarks.push(format!("a page made by {system}"));
    }
    found.best = announced_feed(bench, id, found).await?;
    if found.best.is_some() {
        return Ok(());
    }
    for place in discover::usual_feeds(&response.final_url, found.system) {
        bench.pause().await;
        if let Some(best) = readable_feed(bench, id, &place).await? {
            found.remarks.push(format!("a feed at a usual place: {place}"));
            found.best = Some(best);
            return Ok(());
        }
    }
    // The system's own preset first; without one, whichever reads most.
    let presets = found.system.map_or_else(preset_names, |system| vec![system]);
    let mut best: Option<Best> = None;
    for preset in presets {
        let block = Block::page(id, url, preset);
        let tried = bench.source(&block.to_toml())?;
        match tried.source.configured.source.extract(response) {
            Ok(extraction) if !extraction.items.is_empty() => {
                if best.as_ref().is_none_or(|b| b.extraction.items.len() < extraction.items.len()) {
                    best = Some(Best { block, tried, extraction });
                }
            }
            Ok(_) => found.problems.extend(
                found.system.map(|_| format!("the preset `{preset}` finds no item on the page")),
            ),
            Err(error) => {
                found.problems.extend(found.system.map(|_| format!("preset `{preset}`: {error}")));
            }
        }
    }
    match &best {
        Some(best) => {
            if found.system.is_none() {
                let preset = best.block.preset.unwrap_or_default();
                found.remarks.push(format!(
                    "no publishing system recognised, but the selectors of `{preset}` fit"
                ));
            }
            bench.pause().await;
            let allowed = bench::check_robots(&best.tried.plan, &best.tried.source, None).await;
            found.problems.extend(allowed.err().map(|failure| failure.message));
        }
        None => found.problems.push(format!(
            "{no_feed}; no feed was found beside it, and no preset reads it: write selectors under [source.page], for example `list = \".news\"`, `item = \"li\"`, `title = \"h3\"`, `link = \"a@href\"`, `date = \"time@datetime\"`"
        )),
    }
    found.best = best;
    Ok(())
}

/// The first announced feed that can be read.
async fn announced_feed(
    bench: &Bench<'_>,
    id: &str,
    found: &mut Found,
) -> anyhow::Result<Option<Best>> {
    // What readers commented is no news.
    let places: Vec<String> = found
        .announced
        .iter()
        .filter(|place| !place.contains("/comments/"))
        .take(MOST_FEEDS)
        .cloned()
        .collect();
    for place in places {
        bench.pause().await;
        match readable_feed(bench, id, &place).await? {
            Some(best) => {
                found.remarks.push(format!("the page names a feed: {place}"));
                return Ok(Some(best));
            }
            None => {
                found.problems.push(format!("the page names a feed that cannot be read: {place}"));
            }
        }
    }
    Ok(None)
}

/// The feed at that place, if there is one with items.
pub(super) async fn readable_feed(
    bench: &Bench<'_>,
    id: &str,
    url: &str,
) -> anyhow::Result<Option<Best>> {
    let block = Block::feed(id, url);
    let Ok(tried) = bench.source(&block.to_toml()) else { return Ok(None) };
    let Ok(response) = bench::ask(&tried.plan, &tried.source).await else { return Ok(None) };
    let extraction = tried.source.configured.source.extract(&response).ok();
    let extraction = extraction.filter(|extraction| !extraction.items.is_empty());
    Ok(extraction.map(|extraction| Best { block, tried, extraction }))
}
