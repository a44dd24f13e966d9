//! Finds out what a URL is: a feed, a page that names its feed or keeps it at
//! a usual place, or a page of a known publishing system.

use super::bench::{self, Bench, Tried};
use super::beside;
use super::block::Block;
use super::feed_fit;
use super::proposal::Proposal;
use crate::answer;
use crate::clock::{Clock as _, SystemClock};
use crate::extract::{html, sniff};
use crate::model::{Budget, Cursor, Extraction, RawItem, Response};
use crate::source::page::{Pins, discover, propose};
use crate::text::clean_line;

/// Most places where a feed is looked for.
const MOST_FEEDS: usize = 8;
/// Most sitemaps that are asked for; the maps of an index beside.
const MOST_SITEMAPS: usize = 2;

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
    /// Selectors that pin the list that was found.
    pub(super) pins: Option<Pins>,
    /// The best way to read it, tried.
    pub(super) best: Option<Best>,
    /// The sitemap that has what the page lists.
    pub(super) sitemap: Option<Block>,
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
        return Ok(Found { problems: vec![failure.to_string()], ..Found::default() });
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
        }
        Err(why) => match Box::pin(for_programs(bench, &home, id, &response)).await? {
            Some(best) => {
                found.remarks.push(format!("it is made for programs: kind {}", best.block.kind));
                found.best = Some(best);
            }
            None => {
                Box::pin(look_round(bench, &home, id, &response, &why.to_string(), &mut found))
                    .await?;
            }
        },
    }
    // The page that was asked for names its site as well as a feed beside it.
    let document = sniff::decode(&response.body, response.headers.get("content-type")).text;
    let title = html::title(&document, &Budget::for_document(document.len()));
    if let Some(best) = &mut found.best {
        let items = &best.extraction.items;
        best.block.proposal = Proposal::of(title.as_deref(), &home, items, SystemClock.now());
    }
    Ok(found)
}

/// Returns the kind that reads the very answer, where it is a document made for programs.
async fn for_programs(
    bench: &Bench<'_>,
    url: &str,
    id: &str,
    response: &Response,
) -> anyhow::Result<Option<Best>> {
    for block in beside::for_programs(id, url, response) {
        let tried = bench.source(&block.to_toml())?;
        let is_read = |items: &[RawItem]| {
            // A preset that fits nothing makes items without a title.
            block.kind != "json" || items.iter().any(|item| item.title.is_some())
        };
        if !tried.source.configured.source.extract(response).is_ok_and(|read| is_read(&read.items))
        {
            continue;
        }
        let extraction = bench.read(&tried, response.clone()).await?;
        return Ok(Some(Best { block, tried, extraction }));
    }
    Ok(None)
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
    let page = sniff::decode(&response.body, response.headers.get("content-type")).text;
    found.system = discover::recognise(&page);
    found.announced =
        discover::feed_links(&page, &response.final_url, &Budget::for_document(page.len()));
    if let Some(system) = found.system {
        found.remarks.push(format!("a page made by {system}"));
    }
    let block = Block::page(id, url, None);
    let tried = bench.source(&block.to_toml())?;
    let (page, no_list) = match tried.source.configured.source.extract(response) {
        Ok(extraction) => (Some(Best { block, tried, extraction }), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let listed = page.as_ref().map_or(&[] as &[_], |page| &page.extraction.items);
    if let Some(feed) = fitting_feed(bench, id, response, listed, found).await? {
        found.best = Some(feed);
        return Ok(());
    }
    if let Some(posts) = posts_beside(bench, id, response, listed, found).await? {
        found.best = Some(posts);
        return Ok(());
    }
    let tried = bench.source(&Block::page(id, url, None).to_toml())?;
    bench.pause().await;
    let (named, refusal) = match bench::check_robots(&tried.plan, &tried.source, None).await {
        Ok(named) => (named, None),
        Err(failure) => (Vec::new(), Some(failure.to_string())),
    };
    let sitemap = sitemap_beside(bench, id, url, named, listed, found).await?;
    let Some(page) = page else {
        if sitemap.is_none() {
            let no_list = no_list.unwrap_or_default();
            found.problems.push(format!("{no_feed}; no feed was found beside it, and {no_list}"));
        }
        found.best = sitemap;
        return Ok(());
    };
    found.problems.extend(refusal);
    found.sitemap = sitemap.map(|sitemap| sitemap.block);
    tell_of_list(bench, url, id, response, &page, found);
    found.best = Some(page);
    Ok(())
}

/// Returns the posts of WordPress, if they are what the page lists.
pub(super) async fn posts_beside(
    bench: &Bench<'_>,
    id: &str,
    response: &Response,
    listed: &[RawItem],
    found: &mut Found,
) -> anyhow::Result<Option<Best>> {
    let Some(block) = beside::posts(id, response) else { return Ok(None) };
    let place = block.url.clone();
    bench.pause().await;
    let Some(posts) = readable(bench, block).await? else { return Ok(None) };
    let judged = feed_fit::judge(listed, &posts.extraction.items);
    let (what, why) = match &judged {
        Ok(why) => ("the interface of WordPress has it", why),
        Err(why) => ("the interface of WordPress has other things", why),
    };
    found.remarks.push(format!("{what}: {place} ({why})"));
    Ok(judged.is_ok().then_some(posts))
}

/// Returns the sitemap, or the map of its index, that has what the page lists; in doubt what lies
/// below the page.
async fn sitemap_beside(
    bench: &Bench<'_>,
    id: &str,
    url: &str,
    named: Vec<String>,
    listed: &[RawItem],
    found: &mut Found,
) -> anyhow::Result<Option<Best>> {
    let usual = discover::usual_sitemaps(url, found.system);
    let places = if named.is_empty() { usual } else { named };
    for place in places.into_iter().take(MOST_SITEMAPS) {
        let Ok(tried) = bench.source(&beside::sitemap(id, &place).to_toml()) else { continue };
        bench.pause().await;
        let Ok(mut last) = bench::ask(&tried.plan, &tried.source).await else { continue };
        let sitemap = tried.source.configured.source.as_ref();
        // An index names the maps that are asked for next.
        let mut walk = sitemap.walk(&Cursor::default());
        loop {
            let entries = sitemap.extract(&last).unwrap_or_default().items;
            if let Ok((block, why)) = beside::narrowed(id, &last.final_url, url, listed, &entries) {
                found.remarks.push(format!("a sitemap has it: {} ({why})", last.final_url));
                let tried = bench.source(&block.to_toml())?;
                let extraction = tried.source.configured.source.extract(&last)?;
                return Ok(Some(Best { block, tried, extraction }));
            }
            let Some(next) = walk.as_mut().and_then(|walk| walk.next(Some(&last))) else { break };
            let Ok(map) = bench.source(&beside::sitemap(id, &next).to_toml()) else { break };
            bench.pause().await;
            let Ok(answer) = bench::ask(&map.plan, &map.source).await else { break };
            last = answer;
        }
    }
    Ok(None)
}

/// Says what gave the list away, which selectors pin it, and what else it might be.
fn tell_of_list(
    bench: &Bench<'_>,
    url: &str,
    id: &str,
    response: &Response,
    page: &Best,
    found: &mut Found,
) {
    let zone = page.tried.source.configured.settings.timezone;
    let mut proposals = propose(response, zone).into_iter();
    if let Some(first) = proposals.next() {
        let reasons = first.reasons.join(", ");
        found.remarks.push(format!("the list was found by its structure: {reasons}"));
        found.pins = first.pins.filter(|pins| {
            // Only selectors that read the very same items.
            let pinned = bench.source(&Block::page(id, url, Some(pins.clone())).to_toml());
            let read = pinned
                .ok()
                .and_then(|pinned| pinned.source.configured.source.extract(response).ok());
            let told = |items: &[RawItem]| -> Vec<_> {
                items.iter().map(|item| (item.title.clone(), item.link.clone())).collect()
            };
            read.is_some_and(|read| told(&read.items) == told(&page.extraction.items))
        });
    }
    found.remarks.extend(proposals.next().map(|other| {
        let first = clean_line(&html::text_of(&other.first), 100);
        format!("runner-up: {} items, the first is `{first}`", other.items)
    }));
}

/// Returns the feed that brings what the page lists: an announced one, else one at a usual place.
async fn fitting_feed(
    bench: &Bench<'_>,
    id: &str,
    response: &Response,
    listed: &[RawItem],
    found: &mut Found,
) -> anyhow::Result<Option<Best>> {
    // What readers commented is no news.
    let announced: Vec<String> = found
        .announced
        .iter()
        .filter(|place| !place.contains("/comments/"))
        .take(MOST_FEEDS)
        .cloned()
        .collect();
    let usual = discover::usual_feeds(&response.final_url, found.system);
    let usual =
        usual.into_iter().filter(|place| !announced.contains(place)).map(|place| (false, place));
    for (is_announced, place) in announced.iter().cloned().map(|place| (true, place)).chain(usual) {
        bench.pause().await;
        let what = if is_announced { "the page names a feed" } else { "a feed at a usual place" };
        match readable_feed(bench, id, &place).await? {
            Some(feed) => match feed_fit::judge(listed, &feed.extraction.items) {
                Ok(why) => {
                    found.remarks.push(format!("{what}: {place} ({why})"));
                    return Ok(Some(feed));
                }
                Err(why) => {
                    found.remarks.push(format!("{what} that is not the list's: {place} ({why})"));
                }
            },
            None if is_announced => {
                found.problems.push(format!("the page names a feed that cannot be read: {place}"));
            }
            None => {}
        }
    }
    Ok(None)
}

/// Returns the feed at that place, if there is one with items.
pub(super) async fn readable_feed(
    bench: &Bench<'_>,
    id: &str,
    url: &str,
) -> anyhow::Result<Option<Best>> {
    readable(bench, Block::feed(id, url)).await
}

/// Returns what the block reads, if it has items and robots.txt lets it be asked for.
async fn readable(bench: &Bench<'_>, block: Block) -> anyhow::Result<Option<Best>> {
    let Ok(tried) = bench.source(&block.to_toml()) else { return Ok(None) };
    if tried.source.configured.source.obeys_robots() {
        if bench::check_robots(&tried.plan, &tried.source, None).await.is_err() {
            return Ok(None);
        }
        bench.pause().await;
    }
    let Ok(response) = bench::ask(&tried.plan, &tried.source).await else { return Ok(None) };
    let extraction = tried.source.configured.source.extract(&response).ok();
    let extraction = extraction.filter(|extraction| !extraction.items.is_empty());
    Ok(extraction.map(|extraction| Best { block, tried, extraction }))
}
