//! Where blocks are tried: the config in place, else the shipped defaults.
//! Nothing is written, no database opened.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::cli::{Global, Output, UsageError, session};
use crate::config;
use crate::daemon;
use crate::fetch::{FetchError, robots};
use crate::model::{Headers, Method, Request, Response, SourceId};
use crate::pipeline::{Plan, SourcePlan};

/// A way to try sources.
pub(super) struct Bench<'a> {
    global: &'a Global,
    pub(super) output: Output,
    /// Ids that are taken.
    pub(super) taken: Vec<String>,
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
    /// A bench for `url`.
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
            let taken = config.sources.iter().map(|s| s.settings.id.to_string()).collect();
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
        Ok(Self { global, output, taken: Vec::new(), is_local, spacing })
    }

    /// The source of a block, as the config would build it.
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

    /// Waits as a poll would before the next request to the same host.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(self.spacing).await;
    }
}

/// Asks for the source's document once.
pub(super) async fn ask(plan: &Plan, source: &SourcePlan) -> Result<Response, FetchError> {
    let request = Request {
        method: Method::Get,
        url: source.configured.settings.url.clone(),
        accept: source.configured.source.accept().to_owned(),
        headers: Headers::new(),
        max_bytes: plan.polling.max_bytes,
        timeout: plan.polling.timeout,
    };
    source.fetch.fetch(&request).await
}

/// What robots.txt says against asking for the source, if it must be obeyed.
pub(super) async fn robots_problem(plan: &Plan, source: &SourcePlan) -> Option<String> {
    let url = Url::parse(&source.configured.settings.url).ok()?;
    if !source.configured.source.obeys_robots() {
        return None;
    }
    let file = format!("{}/robots.txt", url.origin().ascii_serialization());
    let request = Request {
        method: Method::Get,
        url: file.clone(),
        accept: "text/plain, */*;q=0.1".to_owned(),
        headers: Headers::new(),
        max_bytes: robots::MOST_BYTES as u64,
        timeout: plan.polling.timeout,
    };
    let response = source.fetch.fetch(&request).await.ok()?;
    let path = url
        .query()
        .map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    match response.status {
        200..=299 => {
            let text = String::from_utf8_lossy(&response.body);
            (!robots::allows(&text, "amtsbote", &path))
                .then(|| format!("`{file}` does not let `amtsbote` ask for `{path}`"))
        }
        429 | 500.. => Some(format!(
            "`{file}` cannot be read (the server answers {}): until it can, the page is not asked for",
            response.status
        )),
        _ => None,
    }
}
