//! A service with one feed a source, polled step by step.

use std::sync::Arc;
use std::time::Duration;

use amtsbote::fetch::{FetchError, ScriptedFetch, answer};
use amtsbote::model::{Condition, MailKind, Response};
use amtsbote::pipeline::{self, Choice, Plan, PollReport};
use amtsbote::store::{Store, outbox};

use super::service::Setup;
pub(crate) use super::service::{MONDAY, Service as Desk, TOPICS};

pub(crate) const HOUR: Duration = Duration::from_hours(1);

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

impl Desk {
    /// With those sources and the topic `ozg`, and one reader of all.
    pub(crate) async fn new(sources: &str) -> Self {
        Self::with(Store::open_in_memory().unwrap(), sources, TOPICS).await
    }

    pub(crate) async fn with(store: Store, sources: &str, topics: &str) -> Self {
        let desk = Setup::new().store(store).sources(sources).topics(topics).open();
        desk.subscribe("leserin@stadt.test", &[]).await;
        desk.pass(Duration::from_secs(1)).await;
        desk
    }

    /// The same database under another config.
    pub(crate) fn reconfigure(&mut self, sources: &str, topics: &str) {
        self.change(|setup| setup.sources(sources).topics(topics));
    }

    /// What such a config asks for, on that network.
    pub(crate) fn plan_of(sources: &str, topics: &str, net: Arc<ScriptedFetch>) -> Plan {
        Setup::new().sources(sources).topics(topics).net(net).plan()
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

    /// The titles that a digest sent now holds, and how many mails it makes.
    pub(crate) async fn digest(&self) -> (Vec<String>, usize) {
        // A digest made at the same instant as another would be the same one.
        self.pass(Duration::from_secs(1)).await;
        let (digest, messages) = self.compose().await;
        let sections = digest.into_iter().flat_map(|digest| digest.sections);
        let entries = sections.flat_map(|section| section.entries);
        let mut titles: Vec<String> = entries.map(|entry| entry.title).collect();
        titles.sort();
        (titles, messages)
    }

    /// Titles of the stored items, oldest first.
    pub(crate) async fn stored(&self) -> Vec<String> {
        self.items().await.into_iter().map(|item| item.title).collect()
    }

    /// How many mails the admin got.
    pub(crate) async fn notices(&self) -> usize {
        let all = self.ctx.store.read(|tx| outbox::list(tx, None, None, 1000)).await.unwrap();
        all.iter().filter(|entry| entry.kind == MailKind::Notice).count()
    }
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
