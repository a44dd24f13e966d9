//! A service on a scripted network, with a database in memory and a clock that
//! a test moves.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amtsbote::clock::{Clock, TestClock};
use amtsbote::config::{self, Environment, Files};
use amtsbote::daemon;
use amtsbote::fetch::{Fetch, ScriptedFetch, answer};
use amtsbote::model::{Response, SourceState, Timestamp};
use amtsbote::pipeline::{self, Choice, Context, Plan, PollReport, SourcePlan};
use amtsbote::store::items::{self, Listing, Stored};
use amtsbote::store::{Store, sources};
use amtsbote::subscriber::token::{Key, Tokens};

const CONFIG: &str = r#"
[service]
name = "Test"
public_url = "https://meldungen.example.org/"
contact = "redaktion@example.org"
operator = "Test, Straße 1, 01234 Ort"
data_dir = "/nowhere"
[mail]
from = "Test <meldungen@example.org>"
admin = "admin@example.org"
channel = "maildir"
[[series]]
id = "taeglich"
title = "Täglich"
schedule = "täglich 07:00"
[[topic]]
id = "ozg"
title = "OZG"
strong = ["OZG"]
"#;

struct Memory(String);

impl Files for Memory {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("amtsbote.toml") => Ok(format!("{CONFIG}{}", self.0).into_bytes()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
    fn list(&self, _: &Path) -> std::io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
    fn is_public(&self, _: &Path) -> bool {
        false
    }
}

pub(crate) struct World {
    pub(crate) ctx: Context,
    pub(crate) plan: Arc<Plan>,
    pub(crate) net: Arc<ScriptedFetch>,
}

impl World {
    /// A service with those `[[source]]` blocks.
    pub(crate) fn new(sources: &str) -> Self {
        amtsbote::fetch::install_crypto();
        let net = Arc::new(ScriptedFetch::new());
        let config = load(sources);
        let channel = Arc::clone(&config.channel);
        let start = Timestamp::from_seconds(1_765_260_000);
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new(start));
        let tokens = Tokens::new(Key::generate().unwrap());
        let ctx = Context::new(Store::open_in_memory().unwrap(), clock, tokens, channel);
        Self { ctx, plan: plan(config, &net), net }
    }

    /// The same service after an edit of its sources.
    pub(crate) fn reload(&mut self, sources: &str) {
        self.plan = plan(load(sources), &self.net);
    }

    /// The next answer to `url`.
    pub(crate) fn say(&self, url: &str, status: u16, body: &str) -> &Self {
        self.say_with(url, status, &[("Content-Type", "text/html; charset=utf-8")], body)
    }

    pub(crate) fn say_with(
        &self,
        url: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> &Self {
        let response: Response = answer(status, url, headers, body.as_bytes());
        self.net.add(url, Ok(response));
        self
    }

    /// Polls the only source, whatever its due time.
    pub(crate) async fn poll(&self) -> PollReport {
        let choice = Choice { named: Vec::new(), force: true, spread: false };
        pipeline::poll(&self.ctx, &self.plan, &choice).await.unwrap().remove(0)
    }

    pub(crate) async fn items(&self) -> Vec<Stored> {
        let listing = Listing { limit: 1000, ..Listing::default() };
        self.ctx.store.read(move |tx| items::list(tx, &listing)).await.unwrap()
    }

    pub(crate) async fn state(&self, id: &str) -> SourceState {
        let id = id.into();
        self.ctx.store.read(move |tx| sources::state(tx, &id)).await.unwrap()
    }

    /// What was asked for since the last look.
    pub(crate) fn asked(&self, from: usize) -> Vec<String> {
        self.net
            .asked()
            .into_iter()
            .skip(from)
            .map(|request| format!("{:?} {}", request.method, request.url))
            .collect()
    }

    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::advance(span).await;
    }
}

fn load(sources: &str) -> config::Config {
    let files = Memory(sources.to_owned());
    config::load_from(&files, Path::new("/nowhere"), &Environment::default()).unwrap()
}

fn plan(config: config::Config, net: &Arc<ScriptedFetch>) -> Arc<Plan> {
    let mut plan = daemon::plan(config).unwrap();
    plan.sources = plan
        .sources
        .into_iter()
        .map(|source| {
            let source = Arc::into_inner(source).unwrap();
            let fetch: Arc<dyn Fetch> = Arc::<ScriptedFetch>::clone(net);
            Arc::new(SourcePlan { configured: source.configured, fetch })
        })
        .collect();
    Arc::new(plan)
}
