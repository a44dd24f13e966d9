//! Where blocks are tried: the config in place, else the shipped defaults.
//! Nothing is written, no database opened.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::Ids;
use crate::answer::robots::{self, Place, Robots};
use crate::answer::{self, Failure};
use crate::cli::{Global, Output, UsageError, session};
use crate::clock::{Clock as _, SystemClock};
use crate::config;
use crate::daemon;
use crate::fetch::FetchError;
use crate::model::{Cursor, Extraction, Response, SourceId};
use crate::pipeline::{Plan, SourcePlan};
use crate::source::{Documents, SourceError, extract_all};

/// Most documents that a try asks for beside the first: enough to see what a source gives.
const MOST_FURTHER: usize = 6;

/// A way to try sources.
pub(super) struct Bench<'a> {
    global: &'a Global,
    pub(super) output: Output,
    /// Ids that are taken.
    pub(super) taken: Ids,
    /// What was typed leads to this machine, and no config says otherwise.
    is_local: bool,
    spacing: Duration,
}

/// A source that is tried.
pub(super) struct Tried {
    pub(super) plan: Plan,
    pub(super) source: Arc<SourcePlan>,
}

impl<'a> Bench<'a> {
    /// Returns a bench for `url`.
    pub(super) fn new(global: &'a Global, url: &str) -> anyhow::Result<Self> {
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
        let Some(parsed) = parsed else {
            return Err(UsageError::new(format!(
                "`{url}` is no URL; write it in full, for example `https://www.example.de/`"
            ))
            .into());
        };
        if config::is_in_place(&global.config_path()) {
            let config = session::load(global)?;
            let taken = Ids::of(&config);
            let output =
                Output { json: global.json, quiet: global.quiet, zone: config.service.timezone };
            let spacing = config.fetch.host_spacing;
            return Ok(Self { global, output, taken, is_local: false, spacing });
        }
        let host = parsed.host_str().unwrap_or_default();
        let is_local = host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let output =
            Output { json: global.json, quiet: global.quiet, zone: chrono_tz::Europe::Berlin };
        output.say("no config in place: the shipped defaults are used");
        let spacing = if is_local { Duration::ZERO } else { Duration::from_secs(2) };
        Ok(Self { global, output, taken: Ids::default(), is_local, spacing })
    }

    /// Returns the source of a block, as the config would build it.
    pub(super) fn source(&self, block: &str) -> anyhow::Result<Tried> {
        let more = if self.is_local {
            "\n[fetch]\nallow_private = [\"127.0.0.0/8\", \"::1/128\"]\n"
        } else {
            ""
        };
        let text = format!("{block}{more}");
        let config =
            config::load_with(&self.global.config_path(), &self.global.environment, &text)?;
        let toml: toml::Table = toml::from_str(block)?;
        let id = toml.get("source").and_then(|rows| rows.get(0)?.get("id")?.as_str());
        let id = SourceId::new(id.unwrap_or_default());
        let plan = daemon::plan(config)?;
        let source = plan.source(&id).cloned();
        let source = source.ok_or_else(|| UsageError::new("the block cannot be used"))?;
        Ok(Tried { plan, source })
    }

    /// Reads what is tried as its first poll would.
    pub(super) async fn read(
        &self,
        tried: &Tried,
        first: Response,
    ) -> Result<Extraction, SourceError> {
        read(&tried.plan, &tried.source, first, self.spacing).await
    }

    /// Waits as a poll would before the next request to the same host.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(self.spacing).await;
    }
}

/// Asks for the source's document once, without validators. Fails if the answer
/// holds none.
pub(in crate::cli) async fn ask(plan: &Plan, source: &SourcePlan) -> Result<Response, Failure> {
    let response = answer_of(plan, source).await.map_err(|error| Failure::from(&error))?;
    answer::document(&response)?;
    Ok(response)
}

/// Asks for the source's document once. Returns the answer whatever its status.
pub(super) async fn answer_of(plan: &Plan, source: &SourcePlan) -> Result<Response, FetchError> {
    answer_at(plan, source, &source.configured.settings.url).await
}

async fn answer_at(plan: &Plan, source: &SourcePlan, url: &str) -> Result<Response, FetchError> {
    let request = plan.polling.get(url, source.configured.source.accept());
    source.fetch.fetch(&request).await
}

/// Reads the source as its first poll would, but for what lies behind [`MOST_FURTHER`]
/// documents; `spacing` lies between two requests.
pub(super) async fn read(
    plan: &Plan,
    source: &SourcePlan,
    first: Response,
    spacing: Duration,
) -> Result<Extraction, SourceError> {
    let kind = source.configured.source.as_ref();
    let mut documents = Documents::new(kind, &Cursor::default(), first);
    let mut asked = 0;
    while let Some(url) = documents.next_url() {
        if asked == MOST_FURTHER {
            documents.notes.push(format!("{url} and what lies behind it is read by polls alone"));
            break;
        }
        asked += 1;
        tokio::time::sleep(spacing).await;
        let answer = answer_at(plan, source, &url).await.map_err(|error| Failure::from(&error));
        let answer = answer.and_then(|answer| answer::document(&answer).map(|()| answer));
        documents.take(answer);
    }
    let mut extraction = extract_all(kind, &documents.answers)?;
    extraction.notes.extend(documents.notes);
    Ok(extraction)
}

/// Returns the sitemaps that robots.txt names. Fails if it must be obeyed and does not let us
/// ask for the source, as a poll would find that remembers `before` of the file.
pub(super) async fn check_robots(
    plan: &Plan,
    source: &SourcePlan,
    before: Option<Robots>,
) -> Result<Vec<String>, Failure> {
    if !source.configured.source.obeys_robots() {
        return Ok(Vec::new());
    }
    let Some(place) = Place::of(&source.configured.settings.url) else { return Ok(Vec::new()) };
    let request = place.robots_request(plan.polling.timeout);
    let answer = source.fetch.fetch(&request).await.map_err(|error| Failure::from(&error));
    let now = SystemClock.now();
    Robots::after(before, &answer, now)?.permit(&place, now)?;
    Ok(answer.map(|answer| robots::sitemaps_of(&answer)).unwrap_or_default())
}
