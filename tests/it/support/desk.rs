//! The journeys without a socket: a config from text, a scripted network, a
//! database in memory, and a clock that tests move.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amtsbote::clock::{Clock, TestClock};
use amtsbote::config::{self, Environment, Files};
use amtsbote::fetch::{Fetch, FetchError, ScriptedFetch, answer};
use amtsbote::model::{
    Condition, MailKind, Response, SeriesId, SourceId, SourceState, Timestamp, TopicId,
};
use amtsbote::pipeline::{self, Choice, Context, Moment, Plan, PollReport, SourcePlan};
use amtsbote::store::{Store, digests, items, outbox, sources};
use amtsbote::subscriber::token::{Key, Tokens};

/// A Monday, 07:00 in Berlin.
pub(crate) const MONDAY: Timestamp = Timestamp::from_seconds(1_768_197_600);

pub(crate) const HOUR: Duration = Duration::from_hours(1);

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

const MAIN: &str = r#"
[service]
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

/// One feed source called `id` on a host of its own.
pub(crate) fn feed_source(id: &str, more: &str) -> String {
    format!(
        "[[source]]\nid = '{id}'\nkind = 'feed'\ndetail = 'never'\nurl = 'https://{id}.test/feed'\n{more}\n"
    )
}

/// The URL of [`feed_source`].
pub(crate) fn feed_url(id: &str) -> String {
    format!("https://{id}.test/feed")
}

/// What one source's journey needs.
pub(crate) struct Desk {
    pub(crate) ctx: Context,
    pub(crate) plan: Arc<Plan>,
    pub(crate) net: Arc<ScriptedFetch>,
}

impl Desk {
    /// With those sources and the topic `ozg`, and one reader of all.
    pub(crate) async fn new(sources: &str) -> Self {
        Self::with(Store::open_in_memory().unwrap(), sources, TOPICS).await
    }

    pub(crate) async fn with(store: Store, sources: &str, topics: &str) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::new(MONDAY));
        let net = Arc::new(ScriptedFetch::new());
        let (plan, channel) = plan(sources, topics, net.clone());
        let tokens = Tokens::new(Key::generate().unwrap());
        let ctx = Context::new(store, clock, tokens, channel);
        let desk = Self { ctx, plan: Arc::new(plan), net };
        desk.subscribe("leserin@stadt.test", &[]).await;
        desk.pass(Duration::from_secs(1)).await;
        desk
    }

    /// The same database under another config.
    pub(crate) fn reconfigure(&mut self, sources: &str, topics: &str) {
        self.plan = Arc::new(plan(sources, topics, self.net.clone()).0);
    }

    /// What such a config asks for, on that network.
    pub(crate) fn plan_of(sources: &str, topics: &str, net: Arc<ScriptedFetch>) -> Plan {
        plan(sources, topics, net).0
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

    pub(crate) async fn subscribe(&self, address: &str, topics: &[&str]) {
        let topics = topics.iter().map(|topic| TopicId::from(*topic)).collect();
        pipeline::subscribe(&self.ctx, address, vec![SeriesId::from("taeglich")], topics, "Test")
            .await
            .unwrap()
            .unwrap();
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    /// Waits until something is due and asks it.
    pub(crate) async fn poll(&self) -> Vec<PollReport> {
        let due = pipeline::next_due(&self.ctx, &self.plan).await.unwrap().unwrap();
        self.pass(due.since(self.ctx.clock.now())).await;
        pipeline::poll(&self.ctx, &self.plan, &Choice::default()).await.unwrap()
    }

    /// Scripts the next answer of source `id`, polls it when it is due, and
    /// tells the admin.
    pub(crate) async fn step(
        &self,
        id: &str,
        next: Result<Response, FetchError>,
    ) -> (usize, usize, Condition) {
        self.net.add(&feed_url(id), next);
        let reports = self.poll().await;
        assert_eq!(reports.len(), 1, "{reports:?}");
        pipeline::tell_admin(&self.ctx, &self.plan).await.unwrap();
        (reports[0].new, reports[0].changed, reports[0].condition)
    }

    /// [`Desk::step`] with a whole feed.
    pub(crate) async fn read(&self, id: &str, entries: &[Entry]) -> (usize, usize, Condition) {
        self.step(id, document(id, &rss(entries))).await
    }

    pub(crate) async fn state(&self, id: &str) -> SourceState {
        let id = SourceId::from(id);
        self.ctx.store.read(move |tx| sources::state(tx, &id)).await.unwrap()
    }

    /// The titles that a digest sent now holds, and how many mails it makes.
    pub(crate) async fn digest(&self) -> (Vec<String>, usize) {
        // A digest made at the same instant as another would be the same one.
        self.pass(Duration::from_secs(1)).await;
        let series = SeriesId::from("taeglich");
        let composed =
            pipeline::compose(&self.ctx, &self.plan, &series, Moment::Asked).await.unwrap();
        let Some(id) = composed.digest else { return (Vec::new(), 0) };
        let row = self.ctx.store.read(move |tx| digests::get(tx, &id)).await.unwrap().unwrap();
        let digest: amtsbote::model::Digest = serde_json::from_str(&row.content).unwrap();
        let entries = digest.sections.into_iter().flat_map(|section| section.entries);
        let mut titles: Vec<String> = entries.map(|entry| entry.title).collect();
        titles.sort();
        (titles, composed.messages)
    }

    /// Titles of the stored items, oldest first.
    pub(crate) async fn stored(&self) -> Vec<String> {
        let listing = items::Listing { limit: 1000, ..items::Listing::default() };
        let mut all = self.ctx.store.read(move |tx| items::list(tx, &listing)).await.unwrap();
        all.sort_by_key(|item| item.id);
        all.into_iter().map(|item| item.title).collect()
    }

    /// How many mails the admin got.
    pub(crate) async fn notices(&self) -> usize {
        let all = self.ctx.store.read(|tx| outbox::list(tx, None, None, 1000)).await.unwrap();
        all.iter().filter(|entry| entry.kind == MailKind::Notice).count()
    }
}

fn plan(
    sources: &str,
    topics: &str,
    net: Arc<dyn Fetch>,
) -> (Plan, Arc<dyn amtsbote::deliver::Channel>) {
    plan_from(MAIN, sources, topics, net)
}

/// What those three files ask for, on that network, and the channel they name.
pub(crate) fn plan_from(
    main: &str,
    sources: &str,
    topics: &str,
    net: Arc<dyn Fetch>,
) -> (Plan, Arc<dyn amtsbote::deliver::Channel>) {
    amtsbote::fetch::install_crypto();
    let mut files = Memory::default();
    for (name, text) in
        [("amtsbote.toml", main), ("sources.toml", sources), ("topics.toml", topics)]
    {
        files.0.insert(Path::new("etc").join(name), text.as_bytes().to_vec());
    }
    let config = config::load_from(&files, Path::new("etc"), &Environment::default())
        .unwrap_or_else(|error| panic!("{error}"));
    let channel = Arc::clone(&config.channel);
    let mut plan = amtsbote::daemon::plan(config).unwrap();
    plan.sources = plan
        .sources
        .into_iter()
        .map(|source| {
            let source = Arc::into_inner(source).unwrap();
            Arc::new(SourcePlan { configured: source.configured, fetch: Arc::clone(&net) })
        })
        .collect();
    (plan, channel)
}

/// An entry of a feed.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) guid: String,
    pub(crate) link: String,
    pub(crate) title: String,
    pub(crate) date: String,
    pub(crate) text: String,
}

/// The `n`-th entry: each in words and of an hour of its own.
pub(crate) fn entry(n: usize) -> Entry {
    Entry {
        guid: format!("id-{n}"),
        link: format!("https://stadt.test/meldungen/ozg-meldung-nummer-{n}"),
        title: format!("OZG im Rathaus, Teil {n}"),
        date: format!("Mon, 05 Jan 2026 {:02}:{:02}:00 +0100", n / 60 % 24, n % 60),
        text: format!("Der Bericht Nummer {n} steht für sich."),
    }
}

/// Entries of that many numbers, the newest first.
pub(crate) fn entries(numbers: impl DoubleEndedIterator<Item = usize>) -> Vec<Entry> {
    numbers.rev().map(entry).collect()
}

pub(crate) fn rss(entries: &[Entry]) -> String {
    let items: String = entries
        .iter()
        .map(|e| {
            format!(
                "<item><guid isPermaLink=\"false\">{}</guid><link>{}</link><title>{}</title><pubDate>{}</pubDate><description>{}</description></item>\n",
                e.guid, e.link, e.title, e.date, e.text
            )
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title><link>https://stadt.test/</link>{items}</channel></rss>"
    )
}

/// 200 with that body.
pub(crate) fn document(id: &str, body: &str) -> Result<Response, FetchError> {
    Ok(answer(200, &feed_url(id), &[("Content-Type", "application/rss+xml")], body.as_bytes()))
}

/// A status without a body.
pub(crate) fn status(
    id: &str,
    status: u16,
    headers: &[(&str, &str)],
) -> Result<Response, FetchError> {
    Ok(answer(status, &feed_url(id), headers, b""))
}
