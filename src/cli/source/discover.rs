//! `source discover`: for many hosts the best way to their news each, as blocks with evidence.
//!
//! Asks a host at most [`MOST_REQUESTS`] times, its robots.txt first, and writes nothing but the file of
//! `--state`, from which a run that was broken off goes on.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};
use url::Url;

use super::bench::{self, Bench};
use super::beside;
use super::block::{Block, Ids};
use super::feed_fit;
use crate::answer::robots::{self, Place, Robots};
use crate::answer::{self, Failure};
use crate::cli::{Exit, Global, Output, UsageError};
use crate::clock::{Clock as _, SystemClock};
use crate::extract::{html, sniff};
use crate::model::{Budget, Cursor, Extraction, RawItem, Response};
use crate::source::page::discover;
use crate::text::{Rubric, clean_line, rubric};

/// Most requests to one host.
const MOST_REQUESTS: usize = 8;
/// Most pages that the menu calls news and that are looked at.
const MOST_PAGES: usize = 2;
/// Most feeds that are asked for.
const MOST_FEEDS: usize = 3;

/// A host to look at.
#[derive(Debug, PartialEq, Eq)]
struct Host {
    name: String,
    url: String,
}

/// What was found of a host.
#[derive(Debug, Clone)]
struct Outcome {
    block: Option<String>,
    evidence: String,
}

pub(super) async fn discover(
    global: &Global,
    what: &[String],
    state: Option<&Path>,
) -> anyhow::Result<Exit> {
    let hosts = hosts_of(what)?;
    let mut known = state.map_or_else(|| Ok(HashMap::new()), read_state)?;
    let first = hosts.first().map(|host| host.url.clone());
    let Some(first) = first else {
        return Err(UsageError::new("no address: give URLs, or a file with one a line").into());
    };
    let bench = Bench::new(global, &first)?;
    let output = &bench.output;
    let mut taken = bench.taken.clone();
    let mut rows = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let outcome = if let Some(outcome) = known.remove(&host.url) {
            outcome
        } else {
            output.say(&format!("{}/{} {}", index + 1, hosts.len(), host.url));
            let outcome = Visit::new(global, host)?.look(host, &taken).await;
            if let Some(state) = state {
                remember(state, host, &outcome)?;
            }
            outcome
        };
        print(output, host, &outcome)?;
        if let Some(id) = outcome.block.as_deref().and_then(id_in) {
            taken.insert(id);
        }
        rows.push((host, outcome));
    }
    let found = rows.iter().filter(|(_, outcome)| outcome.block.is_some()).count();
    for (host, outcome) in &rows {
        let mark = if outcome.block.is_some() { "ok" } else { "--" };
        output.say(&format!("{mark}  {}  {}", host.url, outcome.evidence));
    }
    output.say(&format!("{found} of {} hosts have news that can be read", rows.len()));
    Ok(if found == rows.len() { Exit::Done } else { Exit::Failure })
}

fn print(output: &Output, host: &Host, outcome: &Outcome) -> anyhow::Result<()> {
    if output.json {
        return output.object(
            &json!({"url": host.url, "block": outcome.block, "evidence": outcome.evidence}),
        );
    }
    output.line(&match &outcome.block {
        Some(block) => format!("# {}\n{}", outcome.evidence, block),
        None => format!("# {}: {}\n", host.url, outcome.evidence),
    })
}

fn id_in(block: &str) -> Option<String> {
    let toml: toml::Table = block.parse().ok()?;
    Some(toml.get("source")?.get(0)?.get("id")?.as_str()?.to_owned())
}

/// Returns the addresses that were given, or those in the files that were given.
fn hosts_of(what: &[String]) -> anyhow::Result<Vec<Host>> {
    let mut hosts: Vec<Host> = Vec::new();
    for word in what {
        let found = if Path::new(word).is_file() {
            let text = fs::read(word).with_context(|| format!("cannot read `{word}`"))?;
            in_file(&sniff::decode(&text, None).text)
        } else {
            vec![Host { name: String::new(), url: in_full(word) }]
        };
        for host in found {
            if hosts.iter().all(|known| known.url != host.url) {
                hosts.push(host);
            }
        }
    }
    Ok(hosts)
}

/// Reads rows of names and addresses, in whatever order and parted by whatever mark.
fn in_file(text: &str) -> Vec<Host> {
    let row = |line: &str| {
        let cells: Vec<&str> =
            line.split([';', ',', '\t']).map(|cell| cell.trim().trim_matches('"')).collect();
        let is_address =
            |cell: &&&str| cell.contains("://") || cell.contains('.') && !cell.contains([' ', '@']);
        let address = *cells.iter().find(is_address)?;
        let name = cells.iter().find(|cell| **cell != address && cell.len() > 2);
        let name = name.map_or_else(String::new, |name| (*name).to_owned());
        Some(Host { name, url: in_full(address) })
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(row).collect()
}

fn in_full(address: &str) -> String {
    if address.contains("://") { address.to_owned() } else { format!("https://{address}") }
}

fn read_state(path: &Path) -> anyhow::Result<HashMap<String, Outcome>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).context(format!("cannot read `{}`", path.display())),
    };
    // The last line may be half written: its host is looked at again.
    let outcome = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let block = value["block"].as_str().map(str::to_owned);
        let evidence = value["evidence"].as_str()?.to_owned();
        Some((value["url"].as_str()?.to_owned(), Outcome { block, evidence }))
    };
    Ok(text.lines().filter_map(outcome).collect())
}

fn remember(path: &Path, host: &Host, outcome: &Outcome) -> anyhow::Result<()> {
    let line = json!({"url": host.url, "block": outcome.block, "evidence": outcome.evidence});
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("cannot write `{}`", path.display()))?;
    // A line of its own, even after one that was broken off.
    write!(file, "\n{line}\n")?;
    Ok(())
}

/// The requests to one host.
struct Visit<'a> {
    bench: Bench<'a>,
    left: usize,
    robots: Option<Robots>,
    /// Sitemaps that robots.txt names.
    sitemaps: Vec<String>,
}

/// A page whose list was found.
struct Listed {
    url: String,
    items: Vec<RawItem>,
}

impl<'a> Visit<'a> {
    fn new(global: &'a Global, host: &Host) -> anyhow::Result<Self> {
        let bench = Bench::new(global, &host.url)?;
        Ok(Self { bench, left: MOST_REQUESTS, robots: None, sitemaps: Vec::new() })
    }

    async fn look(mut self, host: &Host, taken: &Ids) -> Outcome {
        let id = taken.free(&host.url);
        let named = |mut block: Block| {
            if !host.name.is_empty() {
                block.name.clone_from(&host.name);
            }
            block.to_toml()
        };
        match self.best(&host.url, &id).await {
            Ok((block, evidence)) => Outcome { block: Some(named(block)), evidence },
            Err(failure) => Outcome { block: None, evidence: clean_line(&failure, 300) },
        }
    }

    /// Returns the best way to the host's news. Fails with the reason why there is none.
    async fn best(&mut self, url: &str, id: &str) -> Result<(Block, String), String> {
        let home = self.ask(Block::page(id, url, None)).await?;
        if let Ok(feed) = self.read(&Block::feed(id, url), &home)
            && !feed.items.is_empty()
        {
            return Ok((Block::feed(id, url), described(&feed.items, "a feed")));
        }
        let mut feeds = feeds_of(&home);
        let mut lists = Vec::new();
        let mut why = self.list(id, &home, &mut lists);
        let pages: Vec<String> = news_pages(&home)
            .into_iter()
            .filter(|page| self.permits(page))
            .take(MOST_PAGES)
            .collect();
        for page in &pages {
            if let Ok(answer) = self.ask(Block::page(id, page, None)).await {
                feeds.extend(feeds_of(&answer));
                why = self.list(id, &answer, &mut lists).or(why);
            }
        }
        // A page of its own says more than the few lines of a start page.
        lists.sort_by_key(|list| std::cmp::Reverse(worth(&list.items)));
        let listed = lists.first();
        feeds.dedup();
        let usual = discover::usual_feeds(url, discover::recognise(&text_of(&home)));
        feeds.extend(usual.into_iter().take(1));
        for feed in feeds.into_iter().take(MOST_FEEDS) {
            let block = Block::feed(id, &feed);
            let Ok(answer) = self.ask(block).await else { continue };
            let block = Block::feed(id, &feed);
            let Ok(read) = self.read(&block, &answer) else { continue };
            let items = listed.map_or(&[] as &[_], |list| &list.items);
            if !read.items.is_empty()
                && let Ok(fits) = feed_fit::judge(items, &read.items)
            {
                return Ok((block, described(&read.items, &format!("a feed, {fits}"))));
            }
        }
        let items = listed.map_or(&[] as &[_], |list| &list.items);
        let page = listed.map_or(url, |list| &list.url);
        if let Some(found) = self.posts(id, &home, items).await {
            return Ok(found);
        }
        if listed.is_none()
            && let Some(found) = self.sitemap(id, page, &pages).await
        {
            return Ok(found);
        }
        match listed {
            Some(list) => Ok((Block::page(id, &list.url, None), described(&list.items, "a list"))),
            None => Err(why.unwrap_or_else(|| "no news were found".to_owned())),
        }
    }

    /// Returns the posts of WordPress, if they are what was listed.
    async fn posts(
        &mut self,
        id: &str,
        home: &Response,
        listed: &[RawItem],
    ) -> Option<(Block, String)> {
        let block = beside::posts(id, home)?;
        let answer = self.ask(beside::posts(id, home)?).await.ok()?;
        let read = self.read(&block, &answer).ok().filter(|read| !read.items.is_empty())?;
        let fits = feed_fit::judge(listed, &read.items).ok()?;
        let evidence = described(&read.items, &format!("the interface of WordPress, {fits}"));
        Some((block, evidence))
    }

    /// Returns what a sitemap, or the maps of an index, names below one of the pages that
    /// are called news.
    async fn sitemap(&mut self, id: &str, url: &str, pages: &[String]) -> Option<(Block, String)> {
        let usual = || discover::usual_sitemaps(url, None).into_iter().next();
        let place = self.sitemaps.first().cloned().or_else(usual)?;
        let index = beside::sitemap(id, &place).to_toml();
        let index = self.bench.source(&index).ok()?.source;
        let mut last = self.ask(beside::sitemap(id, &place)).await.ok()?;
        let mut walk = index.configured.source.walk(&Cursor::default())?;
        loop {
            let entries = index.configured.source.extract(&last).unwrap_or_default().items;
            for page in pages {
                if let Ok((block, why)) = beside::narrowed(id, &last.final_url, page, &[], &entries)
                {
                    let read = self.read(&block, &last).ok()?;
                    return Some((block, described(&read.items, &format!("a sitemap, {why}"))));
                }
            }
            let next = walk.next(Some(&last))?;
            last = self.ask(beside::sitemap(id, &next)).await.ok()?;
        }
    }

    /// Adds the list of a page. Returns why there is none.
    fn list(&self, id: &str, answer: &Response, lists: &mut Vec<Listed>) -> Option<String> {
        let url = &answer.final_url;
        match self.read(&Block::page(id, url, None), answer) {
            Ok(read) if !read.items.is_empty() => {
                lists.push(Listed { url: url.clone(), items: read.items });
                None
            }
            Ok(_) => Some("the list is empty".to_owned()),
            Err(why) => Some(why),
        }
    }

    fn read(&self, block: &Block, answer: &Response) -> Result<Extraction, String> {
        let tried = self.bench.source(&block.to_toml()).map_err(|error| error.to_string())?;
        tried.source.configured.source.extract(answer).map_err(|error| error.to_string())
    }

    /// Asks for a block's address, if robots.txt and the number of requests allow it.
    async fn ask(&mut self, block: Block) -> Result<Response, String> {
        let tried = self.bench.source(&block.to_toml()).map_err(|error| error.to_string())?;
        let url = &tried.source.configured.settings.url;
        let place = Place::of(url).ok_or_else(|| format!("`{url}` is no web address"))?;
        let now = SystemClock.now();
        if self.robots.is_none() {
            self.spend().await?;
            let request = place.robots_request(tried.plan.polling.timeout);
            let answer = tried.source.fetch.fetch(&request).await;
            let answer = answer.map_err(|error| Failure::from(&error));
            self.sitemaps = answer.as_ref().map(robots::sitemaps_of).unwrap_or_default();
            self.robots =
                Some(Robots::after(None, &answer, now).map_err(|failure| failure.to_string())?);
        }
        if let Some(robots) = &self.robots {
            robots.permit(&place, now).map_err(|failure| failure.to_string())?;
        }
        self.spend().await?;
        let answer = bench::answer_of(&tried.plan, &tried.source).await;
        let answer = answer.map_err(|error| Failure::from(&error).to_string())?;
        answer::document(&answer).map_err(|failure| failure.to_string())?;
        Ok(answer)
    }

    /// Returns whether robots.txt, as far as it was read, lets us ask for an address.
    fn permits(&self, url: &str) -> bool {
        let now = SystemClock.now();
        let place = Place::of(url);
        let permit =
            self.robots.as_ref().zip(place).map(|(robots, place)| robots.permit(&place, now));
        permit.is_none_or(|permit| permit.is_ok())
    }

    async fn spend(&mut self) -> Result<(), String> {
        if self.left < MOST_REQUESTS {
            self.bench.pause().await;
        }
        let left = self.left.checked_sub(1);
        self.left = left.ok_or_else(|| format!("{MOST_REQUESTS} requests were not enough"))?;
        Ok(())
    }
}

fn text_of(answer: &Response) -> String {
    sniff::decode(&answer.body, answer.headers.get("content-type")).text
}

/// Returns feeds of the same host that a page announces; those of comments are no news.
fn feeds_of(answer: &Response) -> Vec<String> {
    let text = text_of(answer);
    let feeds = discover::feed_links(&text, &answer.final_url, &Budget::for_document(text.len()));
    let is_ours =
        |feed: &String| !feed.contains("/comments/") && same_host(feed, &answer.final_url);
    feeds.into_iter().filter(is_ours).collect()
}

/// Returns pages of the same host that links call news, those with the shortest paths first.
fn news_pages(answer: &Response) -> Vec<String> {
    let text = text_of(answer);
    let own = Url::parse(&answer.final_url).ok();
    let mut pages: Vec<String> = Vec::new();
    for (href, inside) in html::anchors(&text, &Budget::for_document(text.len())) {
        let words = html::text_of(inside);
        let url = own
            .as_ref()
            .and_then(|own| own.join(&htmlize::unescape_attribute(href.trim())).ok())
            .map(|mut url| {
                url.set_fragment(None);
                url.to_string()
            });
        let is_short = words.split_whitespace().count() <= 3;
        if let Some(url) = url
            && is_short
            && rubric(&words) == Some(Rubric::News)
            && same_host(&url, &answer.final_url)
            && url != answer.final_url
            && !pages.contains(&url)
        {
            pages.push(url);
        }
    }
    pages.sort_by_key(|url| url.matches('/').count());
    pages
}

fn same_host(one: &str, other: &str) -> bool {
    let host = |url: &str| {
        let url = Url::parse(url).ok()?;
        Some((url.host_str()?.trim_start_matches("www.").to_owned(), url.port()))
    };
    host(one) == host(other)
}

fn worth(items: &[RawItem]) -> usize {
    let dated = items.iter().filter(|item| item.published.is_some()).count();
    items.len() + dated
}

/// Returns what speaks for a way, for the line above its block.
fn described(items: &[RawItem], what: &str) -> String {
    let newest = items.iter().filter_map(|item| item.published).max_by_key(|date| date.at);
    let newest = newest.map_or_else(
        || "no dates".to_owned(),
        |date| {
            format!(
                "newest {}",
                date.at.utc().with_timezone(&chrono_tz::Europe::Berlin).format("%d.%m.%Y")
            )
        },
    );
    format!("{} items, {newest}, {what}", items.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_found_in_any_order() {
        let hosts = in_file(
            "# Kommunen\nMusterstadt;https://www.musterstadt.example/\nwww.amt.example,\"Amt am See\"\n\nohne Adresse;x\n",
        );
        let host = |name: &str, url: &str| Host { name: name.to_owned(), url: url.to_owned() };
        assert_eq!(
            hosts,
            [
                host("Musterstadt", "https://www.musterstadt.example/"),
                host("Amt am See", "https://www.amt.example")
            ]
        );
    }

    #[test]
    fn a_state_that_was_broken_off_is_read_as_far_as_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert!(read_state(&path).unwrap().is_empty());
        let host = Host { name: String::new(), url: "https://a.example".to_owned() };
        let outcome = Outcome { block: None, evidence: "nichts".to_owned() };
        fs::write(&path, "{\"url\":\"https://b.exa").unwrap();
        remember(&path, &host, &outcome).unwrap();
        let known = read_state(&path).unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(known["https://a.example"].evidence, "nichts");
    }
}
