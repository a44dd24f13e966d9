//! A service on a scripted network, with a database in memory and a clock that
//! a test moves.

use std::time::Duration;

use amtsbote::model::Timestamp;
use amtsbote::pipeline::PollReport;

use crate::support::service::{Service, Setup};

/// One source, its server scripted.
pub(crate) struct World(Service);

impl std::ops::Deref for World {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.0
    }
}

impl World {
    /// A service with those `[[source]]` blocks.
    pub(crate) fn new(sources: &str) -> Self {
        let start = Timestamp::from_seconds(1_765_260_000);
        Self(
            Setup::new()
                .settings("[fetch]\ninterval = '2h'\nmin_interval = '15m'\nhost_spacing = '2s'\n")
                .sources(sources)
                .at(start)
                .open(),
        )
    }

    /// The same service after an edit of its sources.
    pub(crate) fn reload(&mut self, sources: &str) {
        self.0.change(|setup| setup.sources(sources));
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
        self.0.say(url, status, headers, body);
        self
    }

    /// Polls the only source, whatever its due time.
    pub(crate) async fn poll(&self) -> PollReport {
        self.ask(&[]).await.remove(0)
    }

    pub(crate) async fn pass(&self, span: Duration) {
        tokio::time::advance(span).await;
    }
}
