//! The service within the test's own process, by parts of choice: a config from text, a network
//! that is scripted or real, a database in memory or on disk, a channel, and a clock.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amtsbote::clock::{Clock, TestClock};
use amtsbote::config::{self, Config, Environment, Files};
use amtsbote::daemon;
use amtsbote::deliver::Channel;
use amtsbote::fetch::{Fetch, ScriptedFetch, answer};
use amtsbote::model::{
    Digest, Fingerprint, Item, ItemId, Key, SeriesId, SourceId, SourceState, StoryId, SubscriberId,
    Tagging, Timestamp, TopicId,
};
use amtsbote::pipeline::{self, Choice, Context, Moment, Plan, PollReport, SourcePlan};
use amtsbote::store::items::{self, Listing, Stored};
use amtsbote::store::{Store, Transaction, digests, sources};
use amtsbote::subscriber::token::{self, Tokens};

/// A Monday, 07:00 in Berlin.
pub(crate) const MONDAY: Timestamp = Timestamp::from_seconds(1_768_197_600);

/// What every test has unless it says otherwise.
const SETTINGS: &str = r#"
[service]
name = "Kommunal-IT"
public_url = "https://meldungen.test/"
contact = "redaktion@meldungen.test"
data_dir = "/nowhere"
[fetch]
interval = "1h"
min_interval = "1m"
host_spacing = "0s"
[mail]
from = "Meldungen <meldungen@meldungen.test>"
admin = "admin@meldungen.test"
"#;

const SERIES: &str = r#"
[[series]]
id = "taeglich"
title = "Am Morgen"
schedule = "täglich 07:00"
"#;

pub(crate) const TOPICS: &str = "
[[topic]]
id = 'ozg'
title = 'OZG'
strong = ['OZG']
";

/// Files in memory, by path.
#[derive(Default)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(self.0.keys().filter(|path| path.parent() == Some(folder)).cloned().collect())
    }

    fn is_public(&self, _: &Path) -> bool {
        false
    }
}

/// The parts of a service. Without a word it has the series `taeglich`, the topic `ozg`, no source,
/// a scripted network, a database in memory, the maildir channel, and tokio's paused time.
#[derive(Clone)]
pub(crate) struct Setup {
    settings: String,
    series: String,
    sources: String,
    topics: String,
    model: Option<String>,
    store: Option<Store>,
    folder: Option<Arc<tempfile::TempDir>>,
    clock: Option<Arc<dyn Clock>>,
    start: Timestamp,
    net: Option<Arc<dyn Fetch>>,
    scripted: Arc<ScriptedFetch>,
    channel: Option<Arc<dyn Channel>>,
}

impl Setup {
    pub(crate) fn new() -> Self {
        Self {
            settings: String::new(),
            series: SERIES.to_owned(),
            sources: String::new(),
            topics: TOPICS.to_owned(),
            model: None,
            store: None,
            folder: None,
            clock: None,
            start: MONDAY,
            net: None,
            scripted: Arc::default(),
            channel: None,
        }
    }

    /// Tables that override single keys.
    pub(crate) fn settings(mut self, toml: impl Into<String>) -> Self {
        self.settings = toml.into();
        self
    }

    /// Other series than `taeglich`.
    pub(crate) fn series(mut self, toml: impl Into<String>) -> Self {
        self.series = toml.into();
        self
    }

    pub(crate) fn sources(mut self, toml: impl Into<String>) -> Self {
        self.sources = toml.into();
        self
    }

    /// Other topics than `ozg`.
    pub(crate) fn topics(mut self, toml: impl Into<String>) -> Self {
        self.topics = toml.into();
        self
    }

    /// A second opinion beside the topics.
    pub(crate) fn model(mut self, text: impl Into<String>) -> Self {
        self.model = Some(text.into());
        self
    }

    pub(crate) fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// A database and a maildir in a folder of its own.
    pub(crate) fn on_disk(mut self) -> Self {
        self.folder = Some(Arc::new(tempfile::tempdir().unwrap()));
        self
    }

    /// When paused time begins.
    pub(crate) fn at(mut self, start: Timestamp) -> Self {
        self.start = start;
        self
    }

    pub(crate) fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    pub(crate) fn net(mut self, net: Arc<dyn Fetch>) -> Self {
        self.net = Some(net);
        self
    }

    pub(crate) fn channel(mut self, channel: Arc<dyn Channel>) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Returns the files of these parts: name and text.
    fn files(&self) -> Vec<(&'static str, String)> {
        let folder = self.folder.as_ref().map_or(String::new(), |folder| {
            format!("[service]\ndata_dir = '{}'\n", folder.path().join("var").display())
        });
        let mut files = vec![
            ("amtsbote.toml", [SETTINGS, &self.series].concat()),
            ("sources.toml", self.sources.clone()),
            ("topics.toml", self.topics.clone()),
            ("conf.d/10-test.toml", self.settings.clone()),
            ("conf.d/20-folder.toml", folder),
        ];
        files.extend(self.model.clone().map(|model| ("topics.model", model)));
        files
    }

    /// Writes the files beside the data and returns their folder, for the command line.
    pub(crate) fn config_folder(&self) -> PathBuf {
        let config = self.folder.as_ref().unwrap().path().join("config");
        self.write(&config);
        config
    }

    /// Writes the files into a folder, for the built program.
    pub(crate) fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder.join("conf.d")).unwrap();
        for (name, text) in self.files() {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }

    /// The folder of the data.
    pub(crate) fn var(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().join("var")
    }

    /// Returns the config of these parts.
    pub(crate) fn config(&self) -> Config {
        let mut files = Memory::default();
        for (name, text) in self.files() {
            files.0.insert(Path::new("etc").join(name), text.into_bytes());
        }
        config::load_from(&files, Path::new("etc"), &Environment::default())
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Returns the plan of these parts, on their network.
    pub(crate) fn plan(&self) -> Plan {
        amtsbote::fetch::install_crypto();
        let mut plan = daemon::plan(self.config()).unwrap();
        let net = self.net.clone().unwrap_or_else(|| Arc::clone(&self.scripted) as Arc<dyn Fetch>);
        let on_net = |source: Arc<SourcePlan>| {
            let source = Arc::into_inner(source).unwrap();
            Arc::new(SourcePlan { fetch: Arc::clone(&net), ..source })
        };
        plan.sources = plan.sources.into_iter().map(on_net).collect();
        plan
    }

    pub(crate) fn open(self) -> Service {
        let plan = Arc::new(self.plan());
        let config = self.config();
        let clock = self.clock.clone().unwrap_or_else(|| Arc::new(TestClock::new(self.start)) as _);
        let mut ctx = if self.folder.is_some() {
            daemon::context(&config, clock).unwrap()
        } else {
            let store = self.store.clone().unwrap_or_else(|| Store::open_in_memory().unwrap());
            let tokens = Tokens::new(token::Key::from_bytes([7; 32]));
            Context::new(store, clock, tokens, Arc::clone(&config.channel))
        };
        if let Some(channel) = &self.channel {
            ctx = ctx.with_channel(Arc::clone(channel));
        }
        Service { ctx, plan, net: Arc::clone(&self.scripted), setup: self }
    }
}

/// An item that comes without a poll.
pub(crate) struct News<'a> {
    pub(crate) source: &'a str,
    /// Tells it from others of the source, and stands in its address.
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) topics: &'a [&'a str],
    pub(crate) at: Timestamp,
    /// The story that it joins; it has its own if none is named.
    pub(crate) joins: Option<StoryId>,
}

impl News<'_> {
    /// Stores it as a poll would.
    pub(crate) async fn store(self, ctx: &Context, plan: &Plan) -> ItemId {
        let Self { source, number, title, topics, at, joins } = self;
        let settings = plan.source(&source.into()).unwrap().configured.settings.clone();
        let tagging = |topic: &&str| Tagging {
            topic: TopicId::from(*topic),
            score: 3.0,
            evidence: Vec::new(),
        };
        let taggings: Vec<Tagging> = topics.iter().map(tagging).collect();
        let key = Key(format!("k{number}"));
        let item = Item {
            url: Some(format!("https://{source}.example/{number}")),
            published: Some(at),
            ..Item::new(key, Fingerprint(vec![1]), title, String::new())
        };
        let write = move |tx: &Transaction<'_>| {
            sources::name(tx, &settings)?;
            let id = items::insert(tx, &settings.id, &item, at, None, joins)?.unwrap();
            items::add_tags(tx, id, &taggings, "v")?;
            Ok(id)
        };
        ctx.store.write(write).await.unwrap()
    }
}

/// A service whose journeys a test walks by hand.
pub(crate) struct Service {
    pub(crate) ctx: Context,
    pub(crate) plan: Arc<Plan>,
    pub(crate) net: Arc<ScriptedFetch>,
    pub(crate) setup: Setup,
}

impl Service {
    /// The same database and network under another config.
    pub(crate) fn change(&mut self, change: impl FnOnce(Setup) -> Setup) {
        self.setup = change(self.setup.clone());
        self.plan = Arc::new(self.setup.plan());
    }

    /// A new process on the same database: what lived in memory is gone.
    pub(crate) fn restart(&mut self) {
        let ctx = &self.ctx;
        self.ctx = Context::new(
            ctx.store.clone(),
            Arc::clone(&ctx.clock),
            ctx.tokens.clone(),
            Arc::clone(&ctx.channel),
        );
    }

    /// Someone whom the operator subscribed to the first series.
    pub(crate) async fn subscribe(&self, address: &str, topics: &[&str]) -> SubscriberId {
        let topics = topics.iter().map(|topic| TopicId::from(*topic)).collect();
        let series = vec![self.plan.series[0].series.id.clone()];
        pipeline::subscribe(&self.ctx, address, series, topics, "Test").await.unwrap().unwrap()
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// The next answer to `url`.
    pub(crate) fn say(
        &self,
        url: &str,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> &Self {
        self.net.add(url, Ok(answer(status, url, headers, body.as_bytes())));
        self
    }

    /// Polls these sources, whatever their due time; without a name all.
    pub(crate) async fn ask(&self, named: &[&str]) -> Vec<PollReport> {
        let named = named.iter().map(|id| SourceId::from(*id)).collect();
        let choice = Choice { named, force: true, spread: false };
        pipeline::poll(&self.ctx, &self.plan, &choice).await.unwrap()
    }

    /// What was asked for since the first `from` requests.
    pub(crate) fn asked(&self, from: usize) -> Vec<String> {
        let asked = self.net.asked().into_iter().skip(from);
        asked.map(|request| format!("{:?} {}", request.method, request.url)).collect()
    }

    pub(crate) async fn state(&self, id: &str) -> SourceState {
        let id = SourceId::from(id);
        self.ctx.store.read(move |tx| sources::state(tx, &id)).await.unwrap()
    }

    /// The stored items, oldest first.
    pub(crate) async fn items(&self) -> Vec<Stored> {
        let listing = Listing { limit: 1000, ..Listing::default() };
        let mut all = self.ctx.store.read(move |tx| items::list(tx, &listing)).await.unwrap();
        all.sort_by_key(|item| item.id);
        all
    }

    /// A digest of what has come since the last one, and how many mails it makes.
    pub(crate) async fn compose(&self) -> (Option<Digest>, usize) {
        let series = SeriesId::from("taeglich");
        let report =
            pipeline::compose(&self.ctx, &self.plan, &series, Moment::Asked).await.unwrap();
        let Some(id) = report.digest else { return (None, 0) };
        let row = self.ctx.store.read(move |tx| digests::get(tx, &id)).await.unwrap().unwrap();
        (Some(serde_json::from_str(&row.content).unwrap()), report.messages)
    }
}
