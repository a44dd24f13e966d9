//! `source doctor`: asks each source once, looks at how it fared, and says what
//! is wrong and what mends it. Nothing is written, neither database nor config.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use toml_edit::{Item, Table, value};

use super::bench::{self, Bench};
use super::block::{self, Block};
use super::explore::{self, Found};
use super::written::{self, Written};
use super::{feed_fit, patch};
use crate::answer::robots::{Place, Robots};
use crate::answer::{self, Failure, FailureKind, caching};
use crate::cli::{Exit, Global, Output, Session, named, session};
use crate::daemon;
use crate::fetch::FetchError;
use crate::model::{Budget, Condition, RawItem, SourceId, SourceState};
use crate::pipeline::{Plan, SourcePlan};
use crate::source::SourceError;
use crate::source::page::discover;
use crate::store::{robots, sources};

/// Something wrong with a source.
struct Finding {
    /// A word for machines.
    what: &'static str,
    /// For people.
    message: String,
    /// What to do, if it is no change of the block.
    remedy: Option<String>,
    /// What to change in the block.
    changes: Vec<Change>,
}

/// A change of a source's block.
enum Change {
    Set(&'static str, String),
    /// The table of this kind is replaced; none: goes.
    Table(&'static str, Option<Table>),
    SwitchOff,
}

impl Finding {
    fn new(what: &'static str, message: impl Into<String>) -> Self {
        Self { what, message: message.into(), remedy: None, changes: Vec::new() }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    fn changes(mut self, changes: Vec<Change>) -> Self {
        self.changes = changes;
        self
    }
}

pub(super) async fn doctor(
    global: &Global,
    ids: &[String],
    as_patch: bool,
) -> anyhow::Result<Exit> {
    let config = session::load(global)?;
    let output = Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
    // The config is loaded again for each thing tried; its warnings were said.
    let global = &Global { quiet: true, ..global.clone() };
    let directory = config.directory.clone();
    let has_history = daemon::database(&config).exists();
    let history = if has_history { history(global).await? } else { History::default() };
    let plan = daemon::plan(config)?;
    let chosen: Vec<&SourcePlan> = if ids.is_empty() {
        plan.sources.iter().map(Arc::as_ref).filter(|s| s.configured.settings.enabled).collect()
    } else {
        ids.iter().map(|id| named::source(&plan, id)).collect::<Result<_, _>>()?
    };
    let mut files = written::files(&directory);
    let mut is_well = true;
    let mut last_host = None;
    for source in chosen {
        // One after the other: a doctor's round must not crowd anyone.
        let host = url::Url::parse(&source.configured.settings.url)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        if host == last_host {
            tokio::time::sleep(plan.polling.host_spacing).await;
        }
        last_host = host;
        let id = &source.configured.settings.id;
        let mut findings = Vec::new();
        examine(global, &plan, source, &history, &mut findings).await?;
        is_well &= findings.is_empty();
        report(&output, id, &findings, &mut files, as_patch)?;
    }
    if as_patch {
        print_patch(&output, &directory, &files)?;
    } else if is_well && !output.json {
        output.line("nothing to mend")?;
    }
    Ok(if is_well { Exit::Done } else { Exit::Failure })
}

/// What the database knows of the sources.
#[derive(Default)]
struct History {
    states: HashMap<SourceId, SourceState>,
    robots: HashMap<SourceId, Robots>,
}

async fn history(global: &Global) -> anyhow::Result<History> {
    let session = Session::open(global)?;
    let sources: Vec<(SourceId, Option<Place>)> = session
        .plan
        .sources
        .iter()
        .map(|source| &source.configured.settings)
        .map(|settings| (settings.id.clone(), Place::of(&settings.url)))
        .collect();
    let read = session.ctx.store.read(move |tx| {
        let mut history = History::default();
        for (id, place) in sources {
            history.states.insert(id.clone(), sources::state(tx, &id)?);
            if let Some(place) = place
                && let Some(robots) = robots::get(tx, &place.origin)?
            {
                history.robots.insert(id, robots);
            }
        }
        Ok(history)
    });
    Ok(read.await?)
}

/// Finds everything that is wrong with one source.
async fn examine(
    global: &Global,
    plan: &Plan,
    source: &SourcePlan,
    history: &History,
    findings: &mut Vec<Finding>,
) -> anyhow::Result<()> {
    let settings = &source.configured.settings;
    let remembered = history.robots.get(&settings.id).cloned();
    if let Err(failure) = bench::check_robots(plan, source, remembered).await {
        findings.push(of_failure(&failure));
        return Ok(());
    }
    let response = match bench::answer_of(plan, source).await {
        Err(error) => {
            findings.push(unreachable(&error, settings.id.as_str()));
            return Ok(());
        }
        Ok(response) => response,
    };
    if let Err(failure) = answer::document(&response) {
        findings.push(of_failure(&failure));
        return Ok(());
    }
    match source.configured.source.extract(&response) {
        Ok(extraction) => {
            if let Some(moved) = response.moved.as_ref().filter(|_| !extraction.items.is_empty()) {
                let message = format!("it has moved for good, to {}", moved.permanent_url);
                let set = Change::Set("url", moved.permanent_url.clone());
                findings.push(Finding::new("moved", message).changes(vec![set]));
            }
            if settings.kind == "page" {
                findings
                    .extend(feed_beside(global, plan, source, &response, &extraction.items).await?);
            }
        }
        Err(error @ SourceError::Challenge { .. }) => findings.push(of_failure(&error.into())),
        Err(error) => {
            let what = match error {
                SourceError::ContainerMissing { .. }
                | SourceError::SelectorEmpty { .. }
                | SourceError::NoList { .. } => "empty-selector",
                SourceError::NotAFeed { .. } => "not-a-feed",
                _ => "unreadable",
            };
            let finding = Finding::new(what, error.to_string());
            findings.push(another_way(global, source, finding).await?);
        }
    }
    let state = history.states.get(&settings.id);
    findings.extend(state.into_iter().flat_map(|state| of_state(plan, source, state)));
    Ok(())
}

/// Returns what is wrong where there is nothing to read.
fn of_failure(failure: &Failure) -> Finding {
    let (what, changes) = match failure.kind {
        FailureKind::Gone => ("gone", vec![Change::SwitchOff]),
        FailureKind::Refused
        | FailureKind::Throttled
        | FailureKind::Challenge
        | FailureKind::RobotsDisallowed
        | FailureKind::RobotsUnreadable
        | FailureKind::Guarded => ("blocked", Vec::new()),
        FailureKind::EmptySelector => ("empty-selector", Vec::new()),
        FailureKind::Unreachable
        | FailureKind::Passing
        | FailureKind::Redirect
        | FailureKind::Missing
        | FailureKind::Unreadable
        | FailureKind::Setup => ("failing", Vec::new()),
    };
    let finding = Finding::new(what, failure.message.as_str()).changes(changes);
    Finding { remedy: failure.remedy.clone(), ..finding }
}

fn unreachable(error: &FetchError, id: &str) -> Finding {
    match error {
        FetchError::Tls { missing_issuer: Some(issuer), .. } => {
            Finding::new("missing-certificate", error.to_string()).remedy(format!(
                "the server forgets its intermediate certificate: save that of `{issuer}` as PEM, \
                 for example to `{id}.pem` beside the config, and add `ca_file = \"{id}.pem\"` to the block"
            ))
        }
        _ => of_failure(&Failure::from(error)),
    }
}

/// Returns a readable feed that the page announces.
async fn feed_beside(
    global: &Global,
    plan: &Plan,
    source: &SourcePlan,
    response: &crate::model::Response,
    listed: &[RawItem],
) -> anyhow::Result<Option<Finding>> {
    let settings = &source.configured.settings;
    let content_type = response.headers.get("content-type");
    let html = crate::extract::sniff::decode(&response.body, content_type).text;
    let bench = Bench::new(global, &settings.url)?;
    let id = bench.taken.free(&settings.url);
    let announced =
        discover::feed_links(&html, &response.final_url, &Budget::for_document(html.len()));
    for feed in announced.iter().filter(|feed| !feed.contains("/comments/")).take(3) {
        tokio::time::sleep(plan.polling.host_spacing).await;
        if let Some(found) = explore::readable_feed(&bench, &id, feed).await?
            && let Ok(why) = feed_fit::judge(listed, &found.extraction.items)
        {
            let message =
                format!("the page names a feed, which is surer than selectors: {feed} ({why})");
            return Ok(Some(Finding::new("feed-found", message).changes(vec![
                Change::Set("kind", "feed".to_owned()),
                Change::Set("url", feed.clone()),
                Change::Table("page", None),
            ])));
        }
    }
    let posts = explore::posts_beside(&bench, &id, response, listed, &mut Found::default()).await?;
    Ok(posts.map(|posts| {
        let Block { kind, url, own, .. } = posts.block;
        let message = format!("the interface of WordPress has the same news, whole: {url}");
        Finding::new("feed-found", message).changes(vec![
            Change::Set("kind", kind.to_owned()),
            Change::Set("url", url),
            Change::Table("page", None),
            Change::Table(kind, own),
        ])
    }))
}

/// Finds another way to read what cannot be read as configured.
async fn another_way(
    global: &Global,
    source: &SourcePlan,
    finding: Finding,
) -> anyhow::Result<Finding> {
    let url = &source.configured.settings.url;
    let bench = Bench::new(global, url)?;
    bench.pause().await;
    let id = bench.taken.free(url);
    let Ok(found) = explore::explore(&bench, url, &id).await else { return Ok(finding) };
    let Some(best) = found.best else {
        return Ok(finding.remedy(format!(
            "look at the page and write selectors under [source.page]; `amtsbote source test {url}` tries them"
        )));
    };
    let mut changes = Vec::new();
    let kind = &best.tried.source.configured.settings.kind;
    if *kind != source.configured.settings.kind {
        changes.push(Change::Set("kind", kind.to_owned()));
    }
    if best.block.url != *url {
        changes.push(Change::Set("url", best.block.url.clone()));
    }
    if source.configured.settings.kind == "page" {
        // Who wrote selectors gets selectors, where the page gives any.
        let pins = found.pins.filter(|_| kind == "page");
        changes.push(Change::Table("page", pins.as_ref().map(block::pins_table)));
    }
    if best.block.own.is_some() && kind != "page" {
        changes.push(Change::Table(best.block.kind, best.block.own));
    }
    Ok(Finding { remedy: found.remarks.last().cloned(), ..finding }.changes(changes))
}

/// Returns what only its history tells.
fn of_state(plan: &Plan, source: &SourcePlan, state: &SourceState) -> Vec<Finding> {
    let mut findings = Vec::new();
    let error = state.last_error.clone().unwrap_or_default();
    match state.condition {
        Condition::Silent => findings
            .push(Finding::new("silent", error).remedy("look whether its news has gone elsewhere")),
        Condition::Held => findings.push(
            Finding::new("held", error).remedy(format!("amtsbote source release {}", state.id)),
        ),
        Condition::Poison => findings.push(
            Finding::new("poison", error).remedy(format!("amtsbote source release {}", state.id)),
        ),
        Condition::Gap => {
            let half = source.configured.settings.interval / 2;
            let shorter = half.max(plan.polling.min_interval).as_secs() / 60;
            let set = Change::Set("interval", format!("{}m", shorter.max(1)));
            findings.push(Finding::new("gap", error).changes(vec![set]));
        }
        _ => {}
    }
    if caching::never_answers_304(&state.cursor) {
        findings.push(
            Finding::new("broken-304", "the server gives validators and then ignores them: each poll costs it the whole document")
                .remedy("tell its operator; it is asked less often by itself"),
        );
    }
    findings
}

/// Prints the findings with the mended block; notes the changes for the patch.
fn report(
    output: &Output,
    id: &SourceId,
    findings: &[Finding],
    files: &mut [Written],
    as_patch: bool,
) -> anyhow::Result<()> {
    let has_changes = findings.iter().any(|finding| !finding.changes.is_empty());
    let mut mended = None;
    if has_changes && let Some(table) = files.iter_mut().find_map(|file| file.block(id.as_str())) {
        for change in findings.iter().flat_map(|finding| &finding.changes) {
            mend(table, change);
        }
        let mut copy = table.clone();
        copy.decor_mut().clear();
        mended = Some(block::of_table(copy));
    }
    for finding in findings {
        if output.json {
            output.object(&json!({
                "id": id, "finding": finding.what, "message": finding.message,
                "remedy": finding.remedy, "block": mended.as_ref().filter(|_| !finding.changes.is_empty()),
            }))?;
            continue;
        }
        let line = format!("{id}: {}: {}", finding.what, finding.message);
        if as_patch {
            // The patch alone goes where it can be piped into `patch`.
            output.say(&line);
        } else {
            output.line(&line)?;
        }
        if let Some(remedy) = &finding.remedy {
            let line = format!("    to do: {remedy}");
            if as_patch { output.say(&line) } else { output.line(&line)? }
        }
    }
    match mended {
        Some(mended) if !as_patch && !output.json => {
            output.line(&format!("\n{}", mended.trim_end()))
        }
        _ => Ok(()),
    }
}

fn mend(table: &mut Table, change: &Change) {
    match change {
        Change::Set(key, text) => set(table, key, value(text.as_str())),
        Change::SwitchOff => set(table, "enabled", value(false)),
        Change::Table(kind, None) => {
            table.remove(kind);
        }
        Change::Table(kind, Some(new)) => match table.get_mut(kind).and_then(Item::as_table_mut) {
            Some(old) => {
                old.clear();
                for (key, said) in new {
                    old.insert(key, said.clone());
                }
            }
            None => {
                table.insert(kind, Item::Table(new.clone()));
            }
        },
    }
}

/// Sets a key and keeps the comment behind its value.
fn set(table: &mut Table, key: &str, new: Item) {
    let decor = table.get(key).and_then(Item::as_value).map(|old| old.decor().clone());
    table.insert(key, new);
    if let Some((decor, value)) = decor.zip(table.get_mut(key).and_then(Item::as_value_mut)) {
        *value.decor_mut() = decor;
    }
}

fn print_patch(output: &Output, directory: &Path, files: &[Written]) -> anyhow::Result<()> {
    for file in files {
        let name = file.path.strip_prefix(directory).unwrap_or(&file.path);
        let diff =
            patch::unified(&name.display().to_string(), &file.text, &file.document.to_string());
        output.bytes(diff.as_bytes())?;
    }
    Ok(())
}
